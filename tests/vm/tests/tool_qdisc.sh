#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 6.12
# limit: 240
# stdlib/perf/qdisc_latency_details: queues of known delay, order, loss and none.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=10
IN=a
TOOL=qdisc_latency_details
# NAME COMMAND...: traces while the command runs; the output is in $OUT.
during() {
    local -a command=("${@:2}")
    action() { "${command[@]}"; }
    acting "$1" "$TOOL" --dev eth0 "${FLAGS[@]}"
}
# PATTERN: lines of $OUT.
lines() { grep -cE -- "$1" "$OUT"; }

both() { pings a 10.1.0.2 $N && pings a fd01::2 $N; }
host_queue netem delay 20ms
FLAGS=(--src-ip 10.1.0.2,fd01::1 --protocol icmp) # either side
during delay both
same delay-answered "$(xargs <"$TMP/delay.cmd")" "$N $N"
same delay-blocks "$(lines '^\[[0-9:.]{12}\] 10\.1\.0\.1 -> 10\.1\.0\.2 ICMP id=[0-9]+ seq=[0-9]+ dev=eth0$')" $N
same delay-six "$(lines '^\[[0-9:.]{12}\] fd01::1 -> fd01::2 ICMPV6 id=[0-9]+ seq=[0-9]+ dev=eth0$')" $N
# On a busy machine some are late.
m=$(sed -nE 's/^  Qdisc delay: ([0-9]+)\.[0-9]{3}us$/\1/p' "$OUT" | sort -n | awk '{ v[NR] = $1 } END { print NR, int(v[1] / 1000), int(v[int(NR / 2)] / 1000) < 60 }')
case $m in "$((2 * N)) "19\ 1 | "$((2 * N)) "2[0-5]\ 1) ok delay-ms ;; *) not_ok delay-ms "got '$m', wanted '$((2 * N)), 19 to 25 ms at least, 1: half of them below 60 ms'" ;; esac
same delay-kind "$(lines '^  Qdisc: netem 8[0-9a-f]+:0 queue 0, 0 packets and 0 bytes before it, enq #[0-9]+ deq #[0-9]+$')" $((2 * N))
has delay-count "$OUT" "^packets by device and how they left\[eth0, dequeued\]: $((2 * N))\$"
has delay-dist "$OUT" "^n $((2 * N))  min (19|20)[0-9]{3} "

# A bucket that lets 100 kbit/s through: of 10 packets of 1042 bytes at once the last waits for those before it, 80 ms each.
inside b nft 'add table inet quiet; add chain inet quiet in { type filter hook input priority 0; }; add rule inet quiet in udp dport 9 drop'
host_queue
host_queue tbf rate 100kbit burst 1600 limit 100000
burst() { inside a bash -c 'exec 3>/dev/udp/10.1.0.2/9; for ((i = 0; i < 10; i++)); do printf %01000d 0 >&3; done'; wait_until 30 drained eth0 a; }
FLAGS=(--dst-port 9)
during bucket burst
same bucket-blocks "$(lines ' 10\.1\.0\.1 -> 10\.1\.0\.2 UDP [0-9]+->9 id=[0-9]+ dev=eth0$')" 10
# Each but those that found room waits longer than the one before; some may be late.
sed -nE 's/^  Qdisc delay: ([0-9]+)\.[0-9]{3}us$/\1/p' "$OUT" >"$TMP/delays"
same bucket-grows "$(awk 'NR > 2 && $1 < last + 30000 { bad++ } { last = $1 } END { print NR, bad + 0, (last >= 500000) }' "$TMP/delays")" "10 0 1"
inside b nft delete table inet quiet

# Four wait, the fifth goes at once, and so on: those that wait see a later one leave before them.
inside b nft 'add table inet quiet; add chain inet quiet in { type filter hook input priority 0; }; add rule inet quiet in udp dport 9 drop'
host_queue # netem counts on, else
host_queue netem delay 500ms reorder 100% gap 5
late() { datagrams a 10.1.0.2 9 20 && wait_until 30 drained eth0 a; }
FLAGS=(--dst-port 9)
during order late
same order-blocks "$(lines ' 10\.1\.0\.1 -> 10\.1\.0\.2 UDP [0-9]+->9 id=[0-9]+ dev=eth0$')" 20
same order-late "$(lines '^  REORDERED \(enq #[0-9]+ deq #[0-9]+\)$')" 16
has order-first "$OUT" 'enq #5 deq #1$'
has order-count "$OUT" '^packets that left out of order\[eth0\]: 16$'

ends() {
    host_queue netem loss 100% && pings a 10.1.0.2 $N -W 1 -i 0.02
    host_queue fq_codel && pings a 10.1.0.2 $N # into an empty queue
    host_queue && pings a 10.1.0.2 $N
    host_queue netem delay 100s && pings a 10.1.0.2 3 -W 1 -i 0.02
}
host_queue
FLAGS=(--protocol icmp --latency-us 999999.5)
during ends ends
has ends-dropped "$OUT" "^packets by device and how they left\[eth0, dropped\]: $N\$"
has ends-bypass "$OUT" "^packets by device and how they left\[eth0, bypass\]: $N\$"
has ends-none "$OUT" "^packets of devices without a queue\[eth0\]: $N\$" # not b's answers, whose device has that name
has ends-pending "$OUT" '^packets by device and how they left\[eth0, pending\]: 3$'
same ends-status "$(lines '^  Status: Packet entered qdisc$')" 3
same ends-fast "$(lines '^  Qdisc delay')" 0
host_queue
inside a "$ND" $TOOL --dev nosuch0 >"$TMP/wrong" 2>&1
same wrong-device $? 2
has wrong-says "$TMP/wrong" 'nosuch0'
inside b nft delete table inet quiet
finish
