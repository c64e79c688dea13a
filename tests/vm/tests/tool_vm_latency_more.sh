#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: vm
# kernels: 6.12
# check: none, as it takes three minutes
# limit: 600
# perf/vm_network_latency_summary in its older layouts, and vm_network_performance_metrics: what tool_vm_latency does not look at.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/vm.sh"
. "$(dirname "$0")/../latency.sh"
N=10 M=3
AT=(--vm-interface vnet0 --phy-interface eth0)
warm() { [ "$(pings peer 10.3.0.2 3)" = 3 ]; }
until_ok 30 warm || not_ok warm "the machine does not answer"

# ---- rows of the older layout; the slow packets alone, and those that do not arrive ----------------
begin ref vm_network_latency_summary "${AT[@]}" --proto icmp --direction from-vm --style ref --ascii --interval 1h --verbose --max-flows 8
same ref-answered "$(pings peer 10.3.0.2 $N)" $N
over
same ref-rows "$(awk '/^Stage: VNET_RX -> OVS_RX$/ { on = 1; next } on && NF == 0 { exit } on { n += $3 } END { print n }' "$OUT")" $N
has ref-bar "$OUT" '^    [0-9]+-[0-9]+us +: +[0-9]+ \|\*{40}\|$'
same ref-no-stars "$(grep -cE '\|\*{36}\|$' "$OUT")" 0
has ref-flow "$OUT" '^#1 10\.3\.0\.2 -> 10\.3\.0\.1 \(ICMP\)$'
queue eth0 || not_ok queue "tc does not take it"
begin slow vm_network_performance_metrics "${AT[@]}" --protocol icmp --latency-us 15ms --verbose --timeout 1s
same slow-answered "$(pings peer 10.3.0.2 $N)" $N
same slow-dropped "$(pings peer 10.3.0.2 $M -Q 0x10 -W 1)" 0
sleep 2
over
tc qdisc del dev eth0 root
same slow-out "$(grep -c ' DIR=VNET_RX$' "$OUT")" $N
same slow-incomplete "$(grep -c '=== FLOW INCOMPLETE: last seen at QDISC_ENQ ===$' "$OUT")" $M
n=$(grep -c ' DIR=PHY_RX$' "$OUT")
between slow-in "$n" 0 $((N / 2 - 1))
has slow-banner "$OUT" '^Latency threshold: 15000 us$'

# ---- the older layout, one direction; the switch asks its daemon about the first packet -----------
begin legacy vm_network_latency_summary "${AT[@]}" --proto icmp --direction from-vm --report legacy --interval 1h
ovs_flush
same legacy-answered "$(pings peer 10.3.0.2 $N)" $N
over
has legacy-head "$OUT" '^Interval: 3600 seconds$'
has legacy-names "$OUT" '^  - OVS_RX to FLOW_EXTRACT: [0-9.]+ us \([0-9.]+%\)$'
has legacy-packets "$OUT" "^Packets analyzed: $N\$"
has legacy-flows "$OUT" '^  - Complete flows: 1$'
has legacy-cpu "$OUT" "^  - CPU 0: $N packets \(100\.0%\)\$"
has legacy-upcall "$OUT" '^  - OVS_UPCALL_RX to OVS_USERSPACE_RX: [1-9][0-9.]* us \([0-9.]+%\)$'
same legacy-shares "$(awk '/^  - [A-Z_]* to / { gsub(/[(%)]/, "", $NF); s += $NF } END { print (s > 99 && s < 101) }' "$OUT")" 1
has legacy-path "$OUT.paths" "^path rx: started $N, done $N, lost 0, under way 0(,|\$)"
has legacy-one-way "$OUT.paths" '^path tx: started 0, '

# ---- what each packet was like at each stage -------------------------------------------------------
warm_six() { [ "$(pings peer fd03::2 3)" = 3 ]; }
until_ok 30 warm_six || not_ok warm-6 "the machine does not answer"
begin metrics vm_network_performance_metrics "${AT[@]}" --protocol icmp
same metrics-answered "$(pings peer 10.3.0.2 $N) $(pings peer fd03::2 $N)" "$N $N"
over
same metrics-exit "$CODE" 0
has metrics-path "$OUT.paths" "^path rx: started $((2 * N)), done $((2 * N)), lost 0, under way 0"
same metrics-six-out "$(grep -cE '^FLOW: fd03::2 -> fd03::1 \(ICMPV6 id=[0-9]+ seq=[0-9]+ type=129\)$' "$OUT")" $N
same metrics-six-in "$(grep -cE '^FLOW: fd03::1 -> fd03::2 \(ICMPV6 id=[0-9]+ seq=[0-9]+ type=128\)$' "$OUT")" $N
same metrics-out "$(grep -cE '^5-TUPLE: 10\.3\.0\.2 -> 10\.3\.0\.1 ICMP \(id=[0-9]+ seq=[0-9]+ type=0\) DIR=VNET_RX$' "$OUT")" $N
same metrics-in "$(grep -cE '^5-TUPLE: 10\.3\.0\.1 -> 10\.3\.0\.2 ICMP \(id=[0-9]+ seq=[0-9]+ type=8\) DIR=PHY_RX$' "$OUT")" $N
same metrics-final-out "$(grep -cE '^  FINAL_STAGE: dev=eth0\(ifindex=[0-9]+\) cpu=0$' "$OUT")" $((2 * N))
same metrics-final-in "$(grep -cE '^  FINAL_STAGE: dev=vnet0\(ifindex=[0-9]+\) cpu=0$' "$OUT")" $((2 * N))
same metrics-process "$(grep -cE '^  PROCESS: pid=[0-9]+ comm=vhost-[0-9]+ first_dev=vnet0$' "$OUT")" $((2 * N))
# 84 bytes after Ethernet where the stack received them, 98 where they leave.
same metrics-length-in "$(grep -A1 '^  Stage VNET_RX' "$OUT" | grep -c ' len=84 ')" $N
same metrics-length-out "$(grep -A1 '^  Stage TX_XMIT' "$OUT" | grep -c ' len=98 ')" $N

finish
