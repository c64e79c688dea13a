#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 6.12
# What a packet carries beside its headers: the state of its connection, and no Ethernet header on
# devices that have none.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=10

# Zone 5 and mark 77 are given by rules; a new connection's packet, then those of an established one.
inside b nft -f - <<'E2'
table inet marks {
    chain raw { type filter hook prerouting priority raw; ip saddr 10.1.0.1 ct zone set 5; }
    chain in { type filter hook input priority 0; ct mark set 77; ct state established accept; }
}
E2
modprobe nf_conntrack
if "$ND" check -e 'use stages probe icmp_rx { @[pkt.ct.zone] = count() }' >"$TMP/none" 2>&1; then
    traced ct 'use stages
probe icmp_rx /pkt.ip.dst == ip("10.1.0.2") && has(pkt.ct)/ { @ct[pkt.ct.zone, pkt.ct.mark, pkt.ct.state] = count() }
probe icmp_rx /pkt.ip.dst == ip("10.1.0.2") && !has(pkt.ct)/ { @none = count() }
probe icmp_rx /pkt.ip.dst == ip("10.1.0.1") && has(pkt.ct)/ { @tracked_in_a = count() }' pings a 10.1.0.2 $N
    same ct-answered "$(cat "$TMP/ct.cmd")" $N
    same ct-all "$(total "$OUT" @ct)" $N
    has ct-new "$OUT" '^@ct\[5, 77, IP_CT_NEW\]: [1-9]'
    same ct-other "$(grep '^@ct' "$OUT" | grep -cv '^@ct\[5, 77, IP_CT_\(NEW\|ESTABLISHED\)\]')" 0
    same ct-none "$(total "$OUT" @none):$(total "$OUT" @tracked_in_a)" 0:0
else # its struct is of a module without types
    has ct-help "$TMP/none" 'nf_conntrack to be loaded and to have BTF'
fi
inside b nft delete table inet marks
inside b conntrack -F 2>/dev/null # other tests count entries

# IPv4 in IPv4: the device inside has packets that begin with their network header.
modprobe -q ipip
for end in 'a 1 2' 'b 2 1'; do
    read -r ns i other <<<"$end"
    ip -n "$ns" link add bare type ipip local "10.1.0.$i" remote "10.1.0.$other" &&
        ip -n "$ns" addr add "10.6.0.$i/24" dev bare && ip -n "$ns" link set bare up || not_ok bare "no such device"
done
traced bare 'use stages
probe qdisc_enq /pkt.dev == "bare"/ { @sent[has(pkt.eth), has(pkt.icmp), pkt.ip.len] = count() }
probe netif_rx /pkt.dev == "bare"/ { @got[has(pkt.eth), has(pkt.icmp), pkt.ip.len] = count() }
probe qdisc_enq /pkt.dev == "eth0"/ { @outer[has(pkt.eth), pkt.ip.proto, pkt.ip.len] = count() }
path p by packet_id timeout 2s = qdisc_enq if (pkt.dev == "bare") -> netif_rx if (pkt.dev == "bare")
probe p:done { @done = count() }' pings a 10.6.0.2 $N
same bare-answered "$(cat "$TMP/bare.cmd")" $N
has bare-sent "$OUT" "^@sent\[false, true, 84\]: $((2 * N))\$"
has bare-got "$OUT" "^@got\[false, true, 84\]: $((2 * N))\$"
has bare-outer "$OUT" "^@outer\[true, (4|IPIP), 104\]: $((2 * N))\$"
has bare-path "$OUT" "^@done: $((2 * N))\$"
ip -n a link del bare
ip -n b link del bare
finish
