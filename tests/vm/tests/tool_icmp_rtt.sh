#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: ovs
# kernels: 6.12
# limit: 240
# stdlib/perf/system_network_icmp_rtt: c is this host with its internal port in0, va its uplink.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/ovs.sh"
N=5
modprobe sch_netem
same warm "$(pings c 10.1.0.1 3) $(pings c fd01::1 3)" "3 3"
# NAME FLAGS...: traces while `action` runs; the output is in $OUT.
during() { acting "$1" system_network_icmp_rtt --phy-interface va "${@:2}"; }
# NAME PATTERN MIN MAX: each of N lines has a time of at least MIN ms, the fastest at most MAX.
times() {
    local got
    got=$(sed -nE "s/^$2 ([0-9]+)[0-9]{3}\.[0-9]{3} us\$/\1/p" "$OUT" | awk -v a="$3" -v b="$4" '$1 >= a { n++ } $1 <= b { quick = 1 } END { print n * quick }')
    same "$1" "$got" $N
}

# The way to the wire has a queue of 20 ms.
tc qdisc replace dev va root netem delay 20ms
action() { pings c 10.1.0.1 $N; }
during tx --src-ip 10.1.0.3 --dst-ip 10.1.0.1
same tx-answered "$(cat "$TMP/tx.cmd")" $N
same tx-blocks "$(grep -cE '^=== ICMP RTT Trace: .* \(TX \(Local -> Remote\)\) ===$' "$OUT")" $N
same tx-sessions "$(sed -nE 's/^Session: 10\.1\.0\.3 \(10\.1\.0\.3\) -> 10\.1\.0\.1 \(10\.1\.0\.1\) \(ID: [0-9]+, Seq: ([0-9]+)\)$/\1/p' "$OUT" | sort | xargs)" "1 2 3 4 5"
same tx-request "$(grep -cE '^Path 1 \(Request: TX to 10\.1\.0\.1\) +: PID=[0-9]+ +COMM=ping +IF=in0@c +ICMP_Type=8$' "$OUT")" $N
same tx-reply "$(grep -cE '^Path 2 \(Reply: RX from 10\.1\.0\.1\) +: PID=[0-9]+ +COMM=.* IF=va +ICMP_Type=0$' "$OUT")" $N
times tx-wire 'Inter-Path Latency \(P1 end -> P2 start\):' 19 60
times tx-rtt 'Total RTT \(Path1 Start to Path2 End\):' 20 90
# The switch may look at a flow once more.
n=$(grep -cE '^  \[ 2->5 \] P1:S2_OVS_DP_PROC .* us \(OVS No Upcall\)$' "$OUT")
between tx-no-upcall "$n" $((N - 1)) $N
same tx-stages "$(grep -cE '^  Stage +[0-9]+ \(P[12]:S[01256]_.*\): 0xffff[0-9a-f]{12}$' "$OUT")" $((10 * N))
has tx-stack "$OUT" '^ +ip_output\+'
has tx-end "$OUT" "^\[.*\] sent $N, received $N, lost 0 \(0\.0%\), incomplete 0, under way 0\$"

# Half a second is too long for any of them; they are counted all the same.
during long --src-ip 10.1.0.3 --dst-ip 10.1.0.1 --latency-ms 0.5s
same long-blocks "$(grep -c '^=== ICMP RTT Trace' "$OUT")" 0
has long-end "$OUT" "^\[.*\] sent $N, received $N, lost 0 "

# As the one who is asked, by IPv6; the first packets of both ways go up to the daemon.
action() { ovs_flush; pings a fd01::3 $N; }
during rx --src-ip fd01::1 --dst-ip fd01::3 --direction rx --disable-kernel-stacks --latency-ms 0.001
same rx-blocks "$(grep -cE '^Session: fd01::1 .* -> fd01::3 ' "$OUT")" $N
same rx-request "$(grep -cE '^Path 1 \(Request: RX from fd01::1\) +: .* IF=va +ICMP_Type=128$' "$OUT")" $N
same rx-upcalls "$(grep -cE '^  \[ ?(3->4|10->11) ?\] P[12]:S3_OVS_UPCALL .*: +[0-9]+\.[0-9]{3} us$' "$OUT")" 2
same rx-stacks "$(grep -c 'Kernel Stack' "$OUT")" 0

tc qdisc replace dev va root netem loss 100%
action() { pings c 10.1.0.1 3 -W 1; sleep 1.5; }
during loss --src-ip 10.1.0.3 --dst-ip 10.1.0.1 --timeout 1s
same loss-lines "$(grep -cE '^Lost: ID [0-9]+ Seq [123], last seen at P1:S6_FINAL \(dev_queue_xmit\), QDISC_DROP, dropped at __dev_queue_xmit\+0x' "$OUT")" 3
has loss-end "$OUT" '^\[.*\] sent 3, received 0, lost 3 \(100\.0%\), incomplete 0, under way 0$'
tc qdisc del dev va root
"$ND" system_network_icmp_rtt --src-ip 10.1.0.3 --dst-ip nonsense --phy-interface va >"$TMP/wrong" 2>&1
same wrong-address $? 2
finish
