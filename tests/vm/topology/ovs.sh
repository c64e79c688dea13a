# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 6.12
# boot: -p ovs-vswitchd -p ovs-vsctl -p ovs-appctl -p ovs-ofctl
# A switch with two ports and an internal one; the flows are those of tests.
#
#   [a: eth0 10.1.0.1] -- va -- br0 -- vb -- [b: eth0 10.1.0.2]
#                               in0 [c: 10.1.0.3]
#
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

ovs_up() {
    local ns
    modprobe -a veth nf_conntrack && endpoint a va 1 1 && endpoint b vb 2 1 && netns c &&
        ovs_start br0 va vb &&
        timeout 60 ovs-vsctl add-port br0 in0 -- set Interface in0 type=internal &&
        until_ok 10 ip link set in0 netns c && address c in0 3 1 || return 1
    for ns in 'a eth0' 'b eth0' 'c in0'; do
        # shellcheck disable=SC2086
        neighbour $ns 1 1 && neighbour $ns 2 1 && neighbour $ns 3 1 || return 1
    done
    until_ok 20 inside a ping -c 1 -W 1 10.1.0.2 && until_ok 20 inside a ping -c 1 -W 1 10.1.0.3
}
ovs_down() {
    ip -n c link set in0 netns 1 && ovs_stop && ip -all netns del
}
# Connections are tracked by the switch.
ovs_tracked() {
    ovs_flows <<-'E'
	table=0,priority=20,ip,ct_state=-trk,actions=ct(table=1)
	table=0,priority=1,actions=NORMAL
	table=1,priority=20,ip,ct_state=+new,actions=ct(commit),NORMAL
	table=1,priority=1,actions=NORMAL
	E
}
