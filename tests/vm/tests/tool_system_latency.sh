#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# on demand
# limit: 600
# perf/system_network_latency_summary and _performance_metrics: packets of the host itself, through an internal
# port of the switch to the uplink and back, IPv4 and IPv6.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
. "$(dirname "$0")/../latency.sh"
N=10 M=3
FROM=(--internal-interface in0 --phy-interface "va,vb" --protocol icmp --src-ip "10.1.0.0/24,fd01::/64")
# The internal port belongs to the host, as it does elsewhere; va is the uplink.
ours() {
    ip -n c link set in0 netns 1 && ip link set in0 address 02:00:00:00:01:03 up && ip addr add 10.1.0.3/24 dev in0 &&
        ip addr add fd01::3/64 dev in0 nodad && ip neigh replace 10.1.0.1 lladdr 02:00:00:00:01:01 dev in0 nud permanent &&
        ip neigh replace fd01::1 lladdr 02:00:00:00:01:01 dev in0 nud permanent
}
back() { ip link set in0 netns c && address c in0 3 1 && neighbour c in0 1 1 && neighbour c in0 2 1; }
# ADDRESS N [OPTION...]: as pings, from the host.
host_pings() { ping -q -c "$2" -i 0.05 -W 5 "${@:3}" "$1" | sed -n 's/.* \([0-9]*\) received.*/\1/p'; }
until_ok 10 ours || not_ok host "the port does not come here"
warm() { [ "$(host_pings 10.1.0.1 3)$(host_pings fd01::1 3)" = 33 ]; }
until_ok 30 warm || not_ok warm "no answer"
queue va || not_ok queue "tc does not take it"

begin summary system_network_latency_summary "${FROM[@]}" --interval 1h --timeout 1s --verbose --top 2
same summary-answered "$(host_pings 10.1.0.1 $N)" $N
same summary-answered-6 "$(host_pings fd01::1 $N)" $N
same summary-dropped "$(host_pings 10.1.0.1 $M -Q 0x10 -W 1)" 0
sleep 2
over
same summary-exit "$CODE" 0
has summary-rx "$OUT.paths" "^path rx: started $((2 * N + M)), done $((2 * N)), lost $M \(after QDISC_ENQ $M\), under way 0(,|\$)"
has summary-tx "$OUT.paths" "^path tx: started $((2 * N)), done $((2 * N)), lost 0, under way 0(,|\$)"
has summary-incomplete "$OUT" "^Incomplete packets: $M, last seen at QDISC_ENQ\$"
has summary-total "$OUT" "^Total packets analyzed: $((4 * N + M))\$"
has summary-uplinks "$OUT" '^Physical interface: vb \(ifindex [0-9]+\)$'
has summary-session "$OUT" "^  RX: started $((2 * N + M)), completed $((2 * N)), incomplete $M \(13\.0%\)\$"
has summary-flows "$OUT" '^Flows: 4, Sorted by: count \(desc\), Showing top 2$'
same summary-flow "$(grep -c '^#' "$OUT"), $(grep -cE "^Count: $N Avg~: " "$OUT")" "2, 2"
same summary-delay "$(median QDISC_ENQ QDISC_DEQ)" "32767 $((2 * N))"
for pair in "INTERNAL_RX FLOW_EXTRACT_END_RX $((2 * N + M))" "QDISC_DEQ TX_QUEUE $((2 * N))" "TX_QUEUE TX_XMIT $((2 * N))" \
    "PHY_RX OVS_TX $((2 * N))" "OVS_TX FLOW_EXTRACT_END_TX $((2 * N))" "INTERNAL_TX INTERNAL_SOFTIRQ $((2 * N))"; do
    read -r from to n <<<"$pair"
    read -r upper all < <(median "$from" "$to")
    same "summary-$from-$to" "$all" "$n"
    between "summary-$from-$to-time" "$upper" 0 16383
done

# The seven steps, through the IP layer and the switch to the transport.
begin steps system_network_latency_summary "${FROM[@]}" --stages path --interval 1h --timeout 1s
same steps-answered "$(host_pings 10.1.0.1 $N)" $N
same steps-answered-6 "$(host_pings fd01::1 $N)" $N
same steps-dropped "$(host_pings 10.1.0.1 $M -Q 0x10 -W 1)" 0
sleep 2
over
has steps-rx "$OUT.paths" "^path rx: started $((2 * N + M)), done $((2 * N + M)), lost 0, under way 0(,|\$)"
has steps-tx "$OUT.paths" "^path tx: started $((2 * N)), done $((2 * N)), lost 0, under way 0(,|\$)"
has steps-total "$OUT" "^Total packets analyzed: $((4 * N + M))\$"
for pair in "TX_S0_ip_layer_entry TX_S1_internal_dev_xmit $((2 * N + M))" "TX_S5_ovs_vport_send TX_S6_dev_queue_xmit $((2 * N + M))" \
    "TX_S1_internal_dev_xmit TX_S2_ovs_dp_process $((2 * N + M))" "RX_S0_netif_receive_skb RX_S1_netdev_frame_hook $((2 * N))" \
    "RX_S1_netdev_frame_hook RX_S2_ovs_dp_process $((2 * N))" "RX_S5_ovs_vport_send RX_S6_tcp_v4_rcv/udp_rcv $((2 * N))"; do
    read -r from to n <<<"$pair"
    read -r upper all < <(median "$from" "$to")
    same "steps-$from-$to" "$all" "$n"
done
same steps-others "$(grep -cE '^Stage: .*(INTERNAL|EXTRACT|QDISC|XMIT)' "$OUT")" 0

# As JSON: the same numbers.
begin json system_network_latency_summary -f json "${FROM[@]}" --direction from-host --interval 1h
same json-answered "$(host_pings 10.1.0.1 $N)" $N
over
has json-path "$OUT" "\"type\":\"path\",\"name\":\"rx\",\"started\":$N,\"done\":$N,.*\"lost\":0,"

# ---- each packet, through connection tracking -----------------------------------------------------
ovs_tracked
same tracked "$(host_pings 10.1.0.1 2)" 2
begin metrics system_network_performance_metrics "${FROM[@]}" --enable-ct
same metrics-answered "$(host_pings 10.1.0.1 $N)" $N
same metrics-answered-6 "$(host_pings fd01::1 1)" 1
over
same metrics-exit "$CODE" 0
same metrics-out "$(grep -c '^5-TUPLE: 10.1.0.3 -> 10.1.0.1 ICMP (id=[0-9]* seq=[0-9]* type=8) DIR=INTERNAL_RX$' "$OUT")" $N
same metrics-in "$(grep -c '^5-TUPLE: 10.1.0.1 -> 10.1.0.3 ICMP (id=[0-9]* seq=[0-9]* type=0) DIR=PHY_RX$' "$OUT")" $N
same metrics-six "$(grep -c '^FLOW: fd01::3 -> fd01::1 (ICMPV6 id=[0-9]* seq=1 type=128)$' "$OUT")" 1
# What the host sends, the host may have tracked already (up to 6.1): then the switch finds it tracked.
same metrics-tracked "$(awk '/^5-TUPLE/ { on = /DIR=PHY_RX$/ } on && /^  CT: lookup=[0-9.]*us$/ { n++ } END { print n + 0 }' "$OUT")" $N
same metrics-device "$(grep -c '^  FINAL_STAGE: dev=va(ifindex=[0-9]*) cpu=[0-9]*$' "$OUT")" $((N + 1))
same metrics-first "$(grep -c '^  PROCESS: pid=[0-9]* comm=ping first_dev=in0$' "$OUT")" $((N + 1))
# 98 bytes of Ethernet, at the port and at the uplink.
same metrics-length "$(grep -A1 '^  Stage TX_XMIT' "$OUT" | grep -c ' len=98 data_len=0 ')" $N
ms=$(sed -n 's/^  QDISC: sojourn=\([0-9]*\)\..*us qlen=.*/\1/p' "$OUT" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
between metrics-sojourn "$ms" 19000 25000
has metrics-counts "$OUT" "^  Probe 1 \(INTERNAL_RX\): $((N + 1)) events\$"
has metrics-counts-last "$OUT" "^  Probe 11 \(TX_XMIT\): $((N + 1)) events\$"

# With the host's own stack; a connection that is refused, and a datagram without a receiver.
begin stack system_network_performance_metrics --internal-interface in0 --phy-interface "va,vb" --stack-stages
same stack-answered "$(host_pings 10.1.0.1 $M)" $M
(exec 3<>/dev/tcp/10.1.0.1/9) 2>/dev/null
(exec 3<>'/dev/tcp/fd01::1/9') 2>/dev/null
echo x >/dev/udp/10.1.0.1/9
sleep 0.3
over
same stack-echo "$(grep -cE '^5-TUPLE: 10\.1\.0\.3 -> 10\.1\.0\.1 ICMP \(id=[0-9]+ seq=[0-9]+ type=8\) DIR=IP_OUTPUT$' "$OUT")" $M
same stack-tcp "$(grep -cE '^5-TUPLE: 10\.1\.0\.3:[0-9]+ -> 10\.1\.0\.1:9 TCP \(seq=[0-9]+\) DIR=IP_OUTPUT$' "$OUT")" 1
same stack-tcp-6 "$(grep -cE '^5-TUPLE: \[fd01::3\]:[0-9]+ -> \[fd01::1\]:9 TCP \(seq=[0-9]+\) DIR=IP_OUTPUT$' "$OUT")" 1
same stack-udp "$(grep -cE '^5-TUPLE: 10\.1\.0\.3:[0-9]+ -> 10\.1\.0\.1:9 UDP \(id=[0-9]+\) DIR=IP_OUTPUT$' "$OUT")" 1
# Of each packet that comes back: the echoes, two resets, and that the port is unreachable.
same stack-ip "$(grep -cE '^  Stage IP_RCV: KTIME=[0-9]+ns \(\+[0-9.]+us\)$' "$OUT")" $((M + 3))
same stack-icmp "$(grep -cE '^  Stage ICMP_RCV: KTIME=[0-9]+ns \(\+[0-9.]+us\)$' "$OUT")" $((M + 1))
same stack-reset "$(grep -cE '^  Stage TCP_UDP_RCV: KTIME=[0-9]+ns \(\+[0-9.]+us\)$' "$OUT")" 2
has stack-rx "$OUT.paths" "^path rx: started $((M + 3)), done $((M + 3)), lost 0, under way 0(,|\$)"
has stack-tx "$OUT.paths" "^path tx: started $((M + 3)), done $((M + 3)), lost 0, under way 0(,|\$)"
# No device before there is one; the first is the port.
same stack-first "$(grep -c '^  PROCESS: pid=[0-9]* comm=.* first_dev=in0$' "$OUT")" $((M + 3))
same stack-device "$(grep -A2 '^  Stage IP_OUTPUT' "$OUT" | grep -cE '^    DEV:  \(ifindex=0\) CPU=[0-9]+$')" $((M + 3))

# A record for each packet, with the seven steps of its way.
begin details system_network_latency_details --phy-interface va --src-ip "10.1.0.0/24,fd01::/64" --verbose
same details-answered "$(host_pings 10.1.0.1 $M)" $M
same details-answered-6 "$(host_pings fd01::1 $M)" $M
over
same details-tx "$(grep -c '^Direction: TX (System -> Remote)$' "$OUT")" $((2 * M))
same details-rx "$(grep -c '^Direction: RX (Remote -> System)$' "$OUT")" $((2 * M))
same details-first "$(grep -cE '^  \[0->1\] TX_S0_ip_layer_entry -> TX_S1_internal_dev_xmit: +[0-9.]+ us$' "$OUT")" $((2 * M))
same details-last "$(grep -cE '^  \[(5|8|9|11|12)->(6|13)\] .* -> (TX_S6_dev_queue_xmit|RX_S6_tcp_v4_rcv/udp_rcv): +[0-9.]+ us$' "$OUT")" $((4 * M))
same details-ports "$(grep -cE '^TX Process: PID=[0-9]+ COMM=ping IF=in0$' "$OUT")" $((2 * M))
same details-stacks "$(grep -cE '^    (icmp_rcv|icmpv6_rcv)\+' "$OUT")" $((2 * M))

tc qdisc del dev va root
ovs_flows <<<'actions=NORMAL'
until_ok 10 back || not_ok back "the port stays here"

"$ND" system_network_latency_summary --internal-interface va >"$TMP/wrong" 2>&1
same wrong-uplink $? 2
has wrong-uplink-says "$TMP/wrong" 'phy-interface is required'
finish
