# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 6.12
# boot: -n
# Two hosts on one wire, and two more on a wire of real (virtio) cards:
#
#   [a: eth0 10.1.0.1 fd01::1] -- veth -- [b: eth0 10.1.0.2 fd01::2]
#   [c: eth0 10.2.0.1 fd02::1] -- virtio -- [d: eth1 10.2.0.2 fd02::2]
#
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

host_up() {
    modprobe -a veth virtio_net nf_conntrack nf_tables nft_ct sch_netem sch_tbf sch_htb sch_fq_codel &&
        netns a && netns b && netns c && netns d &&
        ip -n a link add eth0 type veth peer name eth0 netns b &&
        until_ok 10 ip link set eth0 netns c && until_ok 10 ip link set eth1 netns d || return 1
    address a eth0 1 1 && address b eth0 2 1 && neighbour a eth0 2 1 && neighbour b eth0 1 1 &&
        address c eth0 1 2 && address d eth1 2 2 && neighbour c eth0 2 2 && neighbour d eth1 1 2 &&
        until_ok 10 inside a ping -c 1 -W 1 10.1.0.2 && until_ok 10 inside a ping -c 1 -W 1 fd01::2 &&
        until_ok 10 inside c ping -c 1 -W 1 10.2.0.2
}
host_down() {
    ip -n c link set eth0 netns 1 && ip -n d link set eth1 netns 1 && ip -all netns del
}
# WORDS OF TC...: the queue of a's end of the wire; without words, the one it had.
host_queue() {
    if [ $# = 0 ]; then
        inside a tc qdisc del dev eth0 root
    else
        inside a tc qdisc replace dev eth0 root "$@"
    fi
}
