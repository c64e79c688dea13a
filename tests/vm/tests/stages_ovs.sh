#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# limit: 240
# The library's stages of Open vSwitch and of connection tracking: each fires as often as packets pass,
# with the packet itself.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
N=20
"$ND" list stages >"$TMP/stages" 2>"$TMP/e"
if grep -q '    not on this kernel' "$TMP/stages"; then not_ok served "wanted all served, got: $(grep -B2 'not on this kernel' "$TMP/stages" | tr '\n' '|')"; else ok served; fi
four='/skb->protocol == bswap((u16)ETH_P_IP)/' # neighbours and groups of IPv6 are told about now and then
ovs_flows <<<'actions=NORMAL'
same warm "$(pings a 10.1.0.2 3)" 3
way="
ovs_rx $four { @rx[skb->dev->name] = count() }
flow_extract_end { @extracted[skb != 0] = count() }
ovs_process $four { @process = count() }
ovs_upcall $four { @upcall = count() }
ovs_userspace { @userspace = count() }
ovs_tx $four { @tx = count(); @len = max(skb->len) }"
for without in none fentry; do
    [ $without = none ] || export NDTRACE_WITHOUT=$without
    name=way-$without
    traced "$name" "$way" pings a 10.1.0.2 $N
    same "$name-answered" "$(cat "$TMP/$name.cmd")" $N
    has "$name-rx-a" "$OUT" "^@rx\[va\]: $N\$"
    has "$name-rx-b" "$OUT" "^@rx\[vb\]: $N\$"
    for s in process tx; do same "$name-$s" "$(total "$OUT" @$s)" $((2 * N)); done
    same "$name-len" "$(total "$OUT" @len)" 98
    same "$name-upcalls" "$(total "$OUT" @upcall)" 0
    n=$(total "$OUT" @extracted)
    between "$name-extracted" "$n" $((2 * N)) $((2 * N + 10))
    unset NDTRACE_WITHOUT
done

# The first packet of each flow goes up, and comes back.
flushed() {
    local i
    for ((i = 0; i < 3; i++)); do ovs_flush && pings a 10.1.0.2 2 -i 0.3 || return 1; done
}
traced up "$way" flushed
same up-upcalls "$(total "$OUT" @upcall)" 6
n=$(total "$OUT" @userspace)
between up-userspace "$n" 6 12
same up-tx "$(total "$OUT" @tx)" 12

# By the internal port, there and back; each first packet of a flow is answered with a new flow. Then frames that are
# sent to all ports, because it is not known where their address is: each is one packet and copies of it, which pass the stages
# again.
all_ports() { for ((i = 0; i < 6; i++)); do inside a "$STIMULUS" frame eth0 1 "0200000000ee020000000101 88b5 $(printf 'aabbccd%d' $i) $(printf '00%.0s' {1..40})"; done; }
internal() { ovs_flush && pings a 10.1.0.3 $N && pings c fd01::1 $N && all_ports && all_ports; }
same warm-internal "$(pings a 10.1.0.3 3) $(pings c fd01::1 3)" '3 3'
traced internal '
ovs_frame /has(pkt.icmp)/ { @frame[skb->dev->name] = count() }
ovs_flow_new { @flows = count() }
internal_xmit /has(pkt.icmp)/ { @xmit[pkt.ip.version] = count() }
internal_rx /pkt.dev == "in0" && has(pkt.icmp)/ { @rx[pkt.ip.version] = count() }
internal_tx /has(pkt.icmp)/ { @tx[pkt.ip.version] = count() }
path p by *(u32 *)(skb->head + skb->mac_header + 14) timeout 60s = netif_rx if (pkt.dev == "va" && pkt.type == 0x88b5)
    -> ovs_tx if (pkt.type == 0x88b5) -> qdisc_enq if (pkt.type == 0x88b5 && pkt.dev == "vb") -> tx_xmit if (pkt.dev == "vb" && pkt.type == 0x88b5)
probe p:done { @done = count() }
ovs_tx /pkt.type == 0x88b5/ { @copies = count() }' internal
same internal-answered "$(xargs <"$TMP/internal.cmd")" "$N $N"
has internal-frame "$OUT" "^@frame\[va\]: $((2 * N))\$"
for s in xmit rx tx; do for v in 4 6; do has "internal-$s-$v" "$OUT" "^@$s\[$v\]: $N\$"; done; done
n=$(total "$OUT" @flows)
between internal-flows "$n" 4
copies=$(total "$OUT" @copies)
if ((copies >= 24 && copies % 12 == 0)); then ok flood-copies; else not_ok flood-copies "got $copies, wanted a multiple of 12, at least 24"; fi
has flood-path "$OUT" '^path p: started 12, done 12, lost 0, under way 0'

# Tracking: out of it, the packet is the one that went in.
ovs_tracked
same warm-tracked "$(pings a 10.1.0.2 3)" 3
traced tracked "ct_out { @out = count() } ct_in $four { @in = count() } ovs_rx $four { @rx = count() }" pings a 10.1.0.2 $N
same tracked-rx "$(total "$OUT" @rx)" $((2 * N))
n=$(total "$OUT" @in)
between tracked-in "$n" $((2 * N))
same tracked-out "$(total "$OUT" @out)" $((2 * N + 1)) # what the first one opens is kept, apart
# Each passes the flows twice: the second time is told, and no step; so it is of IPv6.
ovs_flows <<'F'
table=0,priority=20,ip,ct_state=-trk,actions=ct(table=1)
table=0,priority=20,ipv6,ct_state=-trk,actions=ct(table=1)
table=0,priority=1,actions=NORMAL
table=1,priority=20,ip,ct_state=+new,actions=ct(commit),NORMAL
table=1,priority=20,ipv6,ct_state=+new,actions=ct(commit),NORMAL
table=1,priority=1,actions=NORMAL
F
same warm-twice "$(pings a 10.1.0.2 3) $(pings a fd01::2 3)" '3 3'
twice() { pings a 10.1.0.2 $N && pings a fd01::2 $N; }
traced twice 'use conntrack
probe ovs_ct_run? { @run = count() }
probe ovs_ct_lookup? { @lookup = count() }
probe ovs_ct_update? { @update = count() }
path p by packet_id timeout 60s = netif_rx if (pkt.dev == "va" && has(pkt.icmp)) -> ovs_process -> ovs_tx -> tx_xmit if (pkt.dev == "vb")
probe p:step { @step[step.from, step.to] = count() }
probe p:done { @done[path.flow.src] = count() }' twice
same twice-answered "$(xargs <"$TMP/twice.cmd")" "$N $N"
has twice-path "$OUT" "^path p: started $((2 * N)), done $((2 * N)), lost 0, under way 0, .*passed a stage again $((2 * N))(,|\$)"
has twice-step "$OUT" "^@step\[netif_rx, ovs_process\]: $((2 * N))\$"
has twice-four "$OUT" "^@done\[10.1.0.1\]: $N\$"
has twice-six "$OUT" "^@done\[fd01::1\]: $N\$"
LEFT_OUT=$(left_out "$TMP/twice.err" | sed 's/ovs_ct_//g')
for s in run lookup update; do passed $s +$((4 * N)); done
ovs_flows <<<'actions=NORMAL'
finish
