#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: vm
# scripts/vm_latency_summary.nd: the packets that the machine sends, through all stages to the wire.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/vm.sh"
N=20
same warm "$(pings peer 10.3.0.2 3)" 3

trace summary scripts/vm_latency_summary.nd --vm-interface vnet0 --phy-interface eth0 --protocol icmp || finish
same answered "$(pings peer 10.3.0.2 $N)" $N
stop "$PID"
same summary-exit "$CODE" 0
has summary-path "$TMP/summary.out" "^path vm_out: started $N, done $N, lost 0, under way 0(,|\$)"
for pair in "vnet_rx, ovs_rx" "ovs_rx, flow_extract_end" "flow_extract_end, qdisc_enq" \
    "qdisc_enq, tx_queue" "tx_queue, tx_xmit"; do
    has "summary-${pair//, /-}" "$TMP/summary.out" "^@latency\[$pair\]:"
done
has summary-total "$TMP/summary.out" "^n $N "

# The same of IPv6.
same warm-6 "$(pings peer fd03::2 3)" 3
trace six scripts/vm_latency_summary.nd --vm-interface vnet0 --phy-interface eth0 --src-ip fd03::2 || finish
same answered-6 "$(pings peer fd03::2 $N)" $N
stop "$PID"
has six-path "$TMP/six.out" "^path vm_out: started $N, done $N, lost 0, under way 0(,|\$)"
has six-total "$TMP/six.out" "^n $N "
finish
