#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is malformed, segments, comparisons with what is absent, the options of flow.nd.
. "$(dirname "$0")/packets.sh"

# Malformed packets: each is counted, and none has a flow.
read -r kinds bad < <($PACKETS count)
trace bad -e "use stages
option dev: ifname \"device\"
probe qdisc_enq /pkt.dev == opt.dev && pkt.mark != 0/ { @flow[pkt.flow, pkt.inner.flow] = count() }" --dev "$T" &&
    inside $PACKETS sendbad "$T" $N $TAG
stop "$PID"
same bad-counted "$(cat "$TMP/bad.out" "$TMP/bad.err" | sed -nE 's/^Packets not parsed: ([0-9]+).*/\1/p' | head -1)" $((bad * N))
# One flow is known: of a tunnel whose packet inside is cut off, or in fragments of the skb.
same bad-flows "$(grep '^@flow' "$TMP/bad.out" | grep -v '^@flow\[:: -> :: 0, :: -> :: 0\]: ')" \
    "@flow[10.77.0.1:40000 -> 10.77.0.2:4789 UDP, :: -> :: 0]: $((2 * N))"
# A path follows none of them, but those of which only the packet in the tunnel is malformed.
trace bad_path -e "use stages
option dev: ifname \"device\"
path p by packet_id timeout 60s = qdisc_enq if (pkt.dev == opt.dev) -> tx_xmit if (pkt.dev == opt.dev)
path i by inner_id timeout 60s = qdisc_enq if (pkt.dev == opt.dev) -> tx_xmit if (pkt.dev == opt.dev)
probe p:done { @done[path.flow] = count() } probe i:done { @inner = count() }" --dev "$T" &&
    inside $PACKETS sendbad "$T" $N $TAG
stop "$PID"
has bad-path "$TMP/bad_path.out" "^path p: started $((2 * N)), done $((2 * N)), lost 0, under way 0"
has bad-path-flow "$TMP/bad_path.out" "^@done\[10.77.0.1:40000 -> 10.77.0.2:4789 UDP\]: $((2 * N))\$"
has bad-path-inner "$TMP/bad_path.out" '^path i: started 0, '
# Segments to come, and packets that are not tracked: 5000 bytes of which 1000 go into each; a packet that is
# whole has none. SKB_GSO_TCPV4 | SKB_GSO_DODGY: user space said so.
trace gso -e "use stages
option dev: ifname \"device\"
probe qdisc_enq /pkt.dev == opt.dev/ {
    @all = count();
    @gso[has(pkt.gso), pkt.gso.size, pkt.gso.segs, pkt.gso.type] = count();
    if (pkt.gso.size != 7) { @other = count() }
    if (!(pkt.udp.dport == 1)) { @not_equal = count() }
    if (pkt.tcp.dport == 443 || pkt.udp.dport > 0) { @either = count() }
    if (has(pkt.tcp) ? pkt.tcp.seq == 2309737967 : false) { @branch = count() }
    if (pkt.tcp.dport + pkt.udp.dport >= 0) { @both = count() }
    if (has(pkt.ct) || pkt.ct.mark == 0 || pkt.ct.state == 0) { @tracked = count() }
}" --dev "$T" && inside $PACKETS gso "$T" $N && inside $PACKETS send "$T" 1 $TAG
stop "$PID"
# Newer kernels work out the segments of what user space sends: 5 of at most 1000 bytes; older: 0.
same gso "$(sed -nE 's/^(@gso\[true, 1000, )5,/\10,/; /^@gso/p' "$TMP/gso.out" | sort)" "@gso[false, 0, 0, 0]: $kinds
@gso[true, 1000, 0, 3]: $N"
same gso-compared "$(total "$TMP/gso.out" @other)" $N
inside $PACKETS want q "$T" "${fields[@]}" >"$TMP/want"
tcps=$(($(grep -cE ' tcp.dport=443/1' "$TMP/want") + N))
same not-equal "$(total "$TMP/gso.out" @not_equal)" $((kinds + N))
same either "$(total "$TMP/gso.out" @either)" $((tcps + $(grep -cE ' udp.dport=[1-9][0-9]*/1' "$TMP/want")))
same branch "$(total "$TMP/gso.out" @branch)" $tcps
same both "$(total "$TMP/gso.out" @both)" 0
same tracked-none "$(total "$TMP/gso.out" @tracked)" 0

# The filters of flow.nd let through what was sent so. By the frames' own notes.
filtered() { # NAME PATTERN-OF-EXPECTED-FLOWS OPTION...
    local name=$1 pattern=$2
    shift 2
    trace "$name" -e 'use stages
use flow
option dev: ifname "device"
probe qdisc_enq /pkt.dev == opt.dev && flow_match(pkt)/ { @ = count() }' --dev "$T" "$@" || return
    READS=$(bpf_ids "$PID" | awk '$1 == "prog" { print $2 }' | xargs -n 1 bpftool prog dump xlated id | grep -c 'call.*probe_read')
    inside $PACKETS send "$T" 1 $TAG
        stop "$PID"
    same "$name" "$(total "$TMP/$name.out" @)" "$(grep -cE "$pattern" "$TMP/want")"
}
filtered filter-none ' len='
same nothing-is-read "$READS" 0
filtered filter-port ' dport=443/' --dst-port 443
between headers-are-read "$READS" 1
filtered filter-ports ' dport=(443|4789)/' --dst-port 443,4789
filtered filter-udp ' ip.proto=17/1' --protocol udp
filtered filter-icmp ' ip.proto=(1|58)/1' --protocol icmp
filtered filter-ip4 ' ip.src=10\.77\.0\.1/' --src-ip 10.77.0.0/24
filtered filter-ip6 ' ip.src=fd77::1/' --src-ip fd77::1
filtered filter-backward ' ip.src=fd77::1/' --dst-ip fd77::/16 --src-ip fd77::2 --both-ways
filtered filter-nobody 'nothing' --src-ip fd77::2
finish
