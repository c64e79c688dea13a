#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: vm
# kernels: 6.12
# limit: 600
# perf/vm_network_latency_summary and _details: each packet of the machine is followed to its end, in both directions, also
# those that go through the daemon of the switch; the time of a queue is found where it is, and what is dropped was last seen
# before.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/vm.sh"
. "$(dirname "$0")/../latency.sh"
N=10 M=3
AT=(--vm-interface vnet0 --phy-interface eth0)
warm() { [ "$(pings peer 10.3.0.2 3)" = 3 ]; }
until_ok 30 warm || not_ok warm "the machine does not answer"

# ---- a queue that delays by 20 ms, and that drops what has TOS 0x10 -------------------------------
# No queue at the tap, by which packets may pass or not.
tc qdisc replace dev vnet0 root noqueue && queue eth0 || not_ok queue "tc does not take it"
begin summary vm_network_latency_summary "${AT[@]}" --protocol icmp --vm-ip 10.3.0.2 --interval 1h --timeout 1s \
    --verbose --sort-by avg --top 1 --lang zh --max-sessions 64
same summary-answered "$(pings peer 10.3.0.2 $N)" $N
same summary-dropped "$(pings peer 10.3.0.2 $M -Q 0x10 -W 1)" 0
sleep 2
over
tc qdisc del dev eth0 root
tc qdisc del dev vnet0 root
same summary-exit "$CODE" 0
has summary-rx "$OUT.paths" "^path rx: started $((N + M)), done $N, lost $M \(after QDISC_ENQ $M\), under way 0(,|\$)"
has summary-tx "$OUT.paths" "^path tx: started $((N + M)), done $((N + M)), lost 0, under way 0(,|\$)"
has summary-incomplete "$OUT" "^Incomplete packets: $M, last seen at QDISC_ENQ\$"
has summary-total "$OUT" "^Total packets analyzed: $((2 * N + 2 * M))\$"
has summary-banner "$OUT" '^Physical interface: eth0 \(ifindex [0-9]+\)$'
# 16384 to 32767 us; the pair and no other.
same summary-delay "$(median QDISC_ENQ QDISC_DEQ)" "32767 $N"
for pair in "VNET_RX OVS_RX $((N + M))" "OVS_RX FLOW_EXTRACT_END_RX $((N + M))" "QDISC_DEQ TX_QUEUE $N" "TX_QUEUE TX_XMIT $N" \
    "PHY_RX OVS_TX $((N + M))" "OVS_TX FLOW_EXTRACT_END_TX $((N + M))" "VNET_QDISC_ENQ VNET_TX $((N + M))"; do
    read -r from to n <<<"$pair"
    read -r upper all < <(median "$from" "$to")
    same "summary-$from-$to" "$all" "$n"
    between "summary-$from-$to-time" "$upper" 0 16383
done

# Sessions and the whole way; of the flows the slow one first, although the other has more packets.
has summary-final "$OUT" '^Final statistics:$'
has summary-exiting "$OUT" '^Exiting\.\.\.$'
has summary-zh "$OUT" '^相邻阶段延迟分布 \(Adjacent Stage Latency Distribution\):$'
has summary-counters "$OUT" "^  RX packets: $((N + M))\$"
has summary-session "$OUT" "^  RX: started $((N + M)), completed $N, incomplete $M \(23\.1%\)\$"
has summary-session-tx "$OUT" "^  TX: started $((N + M)), completed $((N + M)), incomplete 0 \(0\.0%\)\$"
has summary-active "$OUT" '^Currently active flow sessions: 0$'
has summary-whole "$OUT" "^n $N  min (19|[2-9][0-9])[0-9]{3} "
has summary-flows "$OUT" '^Flows: 2, Sorted by: avg \(desc\), Showing top 1$'
same summary-flow "$(grep '^#' "$OUT")" '#1 10.3.0.2 -> 10.3.0.1 (ICMP)'
has summary-flow-numbers "$OUT" "^Count: $N Avg~: 2[0-9]{4}\.[0-9]us P50~: [23][0-9]{4}us P90~: [0-9]+us P99~: [0-9]+us Min: (19|2[0-9])[0-9]{3}\.[0-9]us Max: "

# ---- each packet -----------------------------------------------------------------------------------
begin details vm_network_latency_details "${AT[@]}" --vm-ip 10.3.0.2 --latency-us 0.5 --verbose
same details-answered "$(pings peer 10.3.0.2 $N)" $N
ovs_flush
same details-more "$(pings peer 10.3.0.2 1)" 1
same details-echoed "$(vm_echoes 1)" 1
over
same details-exit "$CODE" 0
has details-rx "$OUT.paths" '^path rx: started ([0-9]+), done \1, lost 0, under way 0'
has details-tx "$OUT.paths" '^path tx: started ([0-9]+), done \1, lost 0, under way 0'
same details-there "$(grep -cE '^ICMP: 10\.3\.0\.1 -> 10\.3\.0\.2 \(id=[0-9]+, seq=[1-9][0-9]*, type=8\)$' "$OUT")" $((N + 1))
same details-back "$(grep -cE '^ICMP: 10\.3\.0\.2 -> 10\.3\.0\.1 \(id=[0-9]+, seq=[1-9][0-9]*, type=0\)$' "$OUT")" $((N + 1))
# "line 0" and a line break, there and back.
same details-tcp-there "$(grep -cE '^TCP: 10\.3\.0\.1:[0-9]+ -> 10\.3\.0\.2:7 \(seq=[0-9]+, payload=7 bytes\)$' "$OUT")" 1
same details-tcp-back "$(grep -cE '^TCP: 10\.3\.0\.2:7 -> 10\.3\.0\.1:[0-9]+ \(seq=[0-9]+, payload=7 bytes\)$' "$OUT")" 1
to=$(grep -c '^Physical Interface: eth0 -> VM Interface: vnet0$' "$OUT")
from=$(grep -c '^VM Interface: vnet0 -> Physical Interface: eth0$' "$OUT")
# Each through the daemon, or not; at least one was.
direct=$(grep -c '^  \[9->12\] TX_S2_ovs_dp_process -> TX_S5_ovs_vport_send: ' "$OUT")
asked=$(grep -c '^  \[10->11\] TX_S3_ovs_dp_upcall -> TX_S4_ovs_flow_key_extract: ' "$OUT")
same details-ways $((direct + asked)) "$to"
if ((asked >= 1 && direct >= 1)); then ok details-upcall; else not_ok details-upcall "got $asked asked and $direct direct of $to, wanted some of each"; fi
same details-skb "$(grep -cE '^  SKB: \[0\] ptr=0xffff[0-9a-f]{12} DEV: vnet0$' "$OUT")" "$from"
has details-threshold "$OUT" '^Latency threshold: 0\.5 us$'
# The total is the sum of the steps.
same details-sum "$(awk '/^  \[/ { s += $(NF - 1) } /^  Total/ { d = s - $(NF - 1); bad += d > 0.02 || d < -0.02; s = 0; n++ }
    END { print n, bad + 0 }' "$OUT")" "$((to + from)) 0"

# Fragments but the first have no ports; they belong to what is asked for all the same. Short ones: of others this
# card's driver leaves the headers where nothing looks before the switch does.
ip -n peer route add 10.3.0.2/32 dev eth1 mtu 100
begin fragments vm_network_latency_details "${AT[@]}" --proto udp --dst-port 9 --direction to-vm
to_vm() { [ "$(cat /sys/class/net/vnet0/statistics/tx_packets)" -ge "$1" ]; }
before=$(cat /sys/class/net/vnet0/statistics/tx_packets)
inside peer bash -c 'head -c 200 /dev/zero >/dev/udp/10.3.0.2/9'
wait_until 30 to_vm $((before + 3))
over
same fragments "$(grep -cE '^UDP: 10\.3\.0\.1(:[0-9]+)? -> 10\.3\.0\.2(:9)? \(ip_id=[0-9]+, frag_off=(0|80|160)\)$' "$OUT")" 3
ip -n peer route del 10.3.0.2/32 dev eth1
has fragments-path "$OUT.paths" '^path tx: started 3, done 3, lost 0, under way 0(,|$)'

# ---- what cannot be -------------------------------------------------------------------------------
# NAME PATTERN ARGUMENTS...: ends with 2 and says it.
wrong() {
    "$ND" "${@:3}" >"$TMP/wrong" 2>&1
    same "wrong-$1" $? 2
    has "wrong-$1-says" "$TMP/wrong" "$2"
}
wrong device 'there is no device "nosuch0"' vm_network_latency_details --vm-interface nosuch0 --phy-interface eth0
wrong uplink 'phy-interface is required' vm_network_latency_details --vm-interface vnet0
wrong latency '"5x" is not a duration' vm_network_latency_details "${AT[@]}" --latency-us 5x
wrong sessions '0 is out of range: it must be 1 to 10000000' vm_network_latency_summary "${AT[@]}" --max-sessions 0
wrong order '"median" is not one of: count, avg, p90, p99' vm_network_latency_summary "${AT[@]}" --sort-by median
wrong direction '"up" is not one of: both, rx, tx, from_vm, to_vm' vm_network_latency_details "${AT[@]}" --direction up
finish
