#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# kernels: 6.12
# limit: 400
# What became of packets that do not reach the uplink, as the tools tell it: to another port of the same switch, up to
# the host, dropped by the switch, by a queue, never seen again. va is the VM's port, vb the uplink.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
. "$(dirname "$0")/../latency.sh"
N=10 M=3
AT=(--vm-interface va --phy-interface vb --protocol icmp --src-ip 10.1.0.1 --direction from-vm)
warm() { [ "$(pings a 10.1.0.2 3)$(pings a 10.1.0.3 3)" = 33 ]; }
until_ok 30 warm || not_ok warm "no answer"
queue vb || not_ok queue "tc does not take it"

begin summary vm_network_latency_summary "${AT[@]}" --interval 1h --timeout 1s --verbose
same summary-uplink "$(pings a 10.1.0.2 $N)" $N
same summary-port "$(pings a 10.1.0.3 $((N + 1)))" $((N + 1))
same summary-dropped "$(pings a 10.1.0.2 $M -Q 0x10 -W 1)" 0
sleep 2
over
same summary-exit "$CODE" 0
has summary-path "$OUT.paths" "^path rx: started $((2 * N + 1 + M)), done $N, lost $M \(after QDISC_ENQ $M\), elsewhere $((N + 1)) \(in0@c $((N + 1))\), under way 0(,|\$)"
has summary-incomplete "$OUT" "^Incomplete packets: $M, last seen at QDISC_ENQ\$"
has summary-reason "$OUT" "^  $M ([A-Z_]+, )?dropped at [a-z_]+\+0x" # before 5.17 there are no reasons
# The first of them went up to the daemon, which is another last stage.
same summary-elsewhere "$(awk -F'[:,] ' '/^Packets elsewhere: / { n += $2; where[$4] } END { for (w in where) print n, w }' "$OUT")" "$((N + 1)) then received by in0@c"
has summary-session "$OUT" "^  RX: started $((2 * N + 1 + M)), completed $N, incomplete $M \(12\.5%\), elsewhere $((N + 1))\$"
tc qdisc del dev vb root

# The switch drops by a flow; each packet alone.
begin metrics vm_network_performance_metrics "${AT[@]}" --timeout 1s --verbose
ovs_flows <<<'priority=1,actions=NORMAL
priority=9,icmp,nw_dst=10.1.0.2,actions=drop'
same metrics-dropped "$(pings a 10.1.0.2 $M -W 1)" 0
same metrics-port "$(pings a 10.1.0.3 $M)" $M
sleep 2
over
ovs_flows <<<'actions=NORMAL'
# The first goes up to the daemon, which then has the packet. What a flow drops is a drop to the kernel since 6.6.
! kernel_at_least 6 6 || same metrics-lost "$(grep -A2 '=== FLOW INCOMPLETE: ' "$OUT" | grep -cE '^([A-Z_0-9]+, )?dropped at [a-z_]+\+0x')" $((M - 1))
same metrics-incomplete "$(grep -c '=== FLOW INCOMPLETE: ' "$OUT")" $M
same metrics-elsewhere "$(grep -cE '=== FLOW ELSEWHERE: last seen at [A-Z_]+, then received by in0@c ===$' "$OUT")" $M

# Between two VMs: what is for another one.
begin pair vm_pair_latency --send-dev va --recv-dev vb --protocol icmp --timeout 1s --interval 1h
same pair-arrived "$(pings a 10.1.0.2 $N)" $N
same pair-other "$(pings a 10.1.0.3 $M)" $M
sleep 2
over
has pair-elsewhere "$OUT" "^$M packets elsewhere: received by in0@c\$"
finish
