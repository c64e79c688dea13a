#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# on demand
# limit: 240
# A packet is the same in a tunnel and out of it: paths that begin before and end in one, and the other
# way round, for IPv4 and IPv6.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=10

# NAMESPACE NUMBER OTHER WORDS: tun0, with a fixed neighbour.
end_of() {
    local ns=$1 i=$2 other=$3
    ip -n "$ns" link add tun0 type ${4//REMOTE/10.1.0.$other} && address "$ns" tun0 "$i" 5 && neighbour "$ns" tun0 "$other" 5
}
both() { pings a 10.5.0.2 $N; pings a fd05::2 $N; }
# NAME WORDS OF IP-LINK
tunnel() {
    modprobe -q "$1"
    end_of a 1 2 "$2" && end_of b 2 1 "$2" || { not_ok "$1-up" "no such device"; return; }
    traced "$1" '
use stages
path inward by inner_id timeout 3s = qdisc_enq if (pkt.dev == "tun0") -> tx_xmit if (pkt.dev == "eth0")
path outward by inner_id timeout 3s = tx_xmit if (pkt.dev == "eth0" && has(pkt.inner)) -> icmp_rx
probe inward:done { @in = count() }
probe inward:lost { @in_lost = count() }
probe outward:done { @out = count() }
probe outward:lost { @out_lost = count() }' both
    same "$1-answered" "$(tr '\n' ' ' <"$TMP/$1.cmd")" "$N $N "
    has "$1-in" "$OUT" "^@in: $((4 * N))\$"
    has "$1-out" "$OUT" "^@out: $((4 * N))\$"
    same "$1-lost" "$(grep -c _lost "$OUT")" 0
    ip -n a link del tun0
    ip -n b link del tun0
}
tunnel vxlan 'vxlan id 42 remote REMOTE dstport 4789'
tunnel geneve 'geneve id 43 remote REMOTE'
tunnel ip_gre 'gretap remote REMOTE'
finish
