#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# kernels: 6.12
# limit: 240
# stdlib/pair: datagrams between two ports of the switch, with known delay, loss and pauses.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
N=10
quiet='add table inet quiet; add chain inet quiet in { type filter hook input priority 0; }; add rule inet quiet in udp dport 9-19 drop'
inside b nft "$quiet"
modprobe sch_netem

tc qdisc replace dev vb root netem delay 20ms
action() { datagrams a 10.1.0.2 9 $N && datagrams a 10.1.0.2 10 3 && wait_until 30 drained vb; }
acting delay vm_pair_latency --send-dev va --recv-dev vb --ports 9,11 --interval 1h --verbose
same delay-lines "$(grep -cE '^[0-9]+\.[0-9]{9} +latency=[2-9][0-9]{4}\.[0-9]{3} us  10\.1\.0\.1:[0-9]+ -> 10\.1\.0\.2:9 UDP$' "$OUT")" $N
# NAME MOST: of N packets; the fastest takes at most that. On a busy machine some are late.
delayed() {
    local min p50
    read -r min p50 < <(sed -nE "s/^n $N  min ([0-9]+) .* P50 ([0-9]+) .*/\1 \2/p" "$OUT")
    if ((${min:-0} >= 19000 && min <= $2 && p50 <= 90000)); then ok "$1"; else not_ok "$1" "$(grep '^n ' "$OUT")"; fi
}
delayed delay-ms 60000 # all at once
has delay-path "$OUT" "^path pair: started $N, done $N, lost 0, under way 0(,|\$)"
has delay-banner "$OUT" '^Tracing ports 9, 11 from va -> vb; hit'
action() { pings a fd01::2 $N; }
acting six vm_pair_latency --send-dev va --recv-dev vb --protocol icmp --interval 1h
delayed six-ms 25000
has six-path "$OUT" "^path pair: started $N, done $N, lost 0, under way 0(,|\$)"

tc qdisc replace dev vb root netem loss 100%
action() { datagrams a 10.1.0.2 9 $N && sleep 1.5; } # longer than the timeout
acting loss vm_pair_latency --send-dev va --recv-dev vb --timeout 1s --interval 1h
has loss-path "$OUT" "^path pair: started $N, done 0, lost $N \(after netif_rx $N\)"
tc qdisc del dev vb root
"$ND" vm_pair_latency --send-dev va --recv-dev nosuch0 >"$TMP/wrong" 2>&1
same wrong-device $? 2
"$ND" vm_pair_latency --send-dev va >"$TMP/wrong" 2>&1
same wrong-missing $? 2
inside b nft delete table inet quiet
finish
