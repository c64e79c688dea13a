#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 6.12
# The same with a VLAN tag, apart from the packet and in it: a path, and the time in a queue.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=10
modprobe -q 8021q
for end in 'a 1 2' 'b 2 1'; do
    read -r ns i other <<<"$end"
    ip -n "$ns" link add link eth0 name eth0.5 type vlan id 5 && address "$ns" eth0.5 "$i" 7 && neighbour "$ns" eth0.5 "$other" 7 ||
        not_ok vlan "no such device"
done
both() { pings a 10.7.0.2 $N; pings a fd07::2 $N; }

# NAME: with the tag where the card puts it.
way() {
    traced "$1" 'use stages
path p by packet_id timeout 2s = qdisc_enq if (pkt.dev == "eth0.5" && pkt.ip.ttl == 64) -> tx_xmit if (pkt.dev == "eth0" && pkt.vlan.id == 5)
    -> netif_rx if (pkt.dev == "eth0")
probe p:done { @done = count() }
probe p:lost { @lost = count() }
probe tx_xmit /pkt.dev == "eth0" && has(pkt.icmp)/ { @sent[pkt.vlan.id, pkt.ip.ttl] = count() }' both
    same "$1-answered" "$(xargs <"$TMP/$1.cmd")" "$N $N"
    has "$1-done" "$OUT" "^@done: $((4 * N))\$"
    same "$1-lost" "$(grep -c '^@lost' "$OUT")" 0
    has "$1-tag" "$OUT" "^@sent\[5, 64\]: $((4 * N))\$"
}
way apart
if type -P ethtool >/dev/null && inside a ethtool -K eth0 txvlan off && inside b ethtool -K eth0 txvlan off; then way inline; fi

host_queue netem delay 20ms
IN=a
action() { both; }
acting queue qdisc_latency_details --dev eth0 --src-ip 10.7.0.1,fd07::1 --protocol icmp
lines() { grep -cE -- "$1" "$OUT"; }
same queue-four "$(lines '^\[[0-9:.]{12}\] 10\.7\.0\.1 -> 10\.7\.0\.2 ICMP id=[0-9]+ seq=[0-9]+ dev=eth0$')" $N
same queue-six "$(lines '^\[[0-9:.]{12}\] fd07::1 -> fd07::2 ICMPV6 id=[0-9]+ seq=[0-9]+ dev=eth0$')" $N
same queue-delay "$(sed -nE 's/^  Qdisc delay: ([0-9]+)\.[0-9]{3}us$/\1/p' "$OUT" | awk '$1 >= 19000 { n++ } END { print n + 0 }')" $((2 * N))
host_queue
ip -n a link del eth0.5
ip -n b link del eth0.5
finish
