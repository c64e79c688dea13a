#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: what tools find, not how
# The scripts of scripts/ say what is true: each is run while something known happens.
. "$(dirname "$0")/lib.sh"
network s
a=$A b=$B
inside() { ip netns exec "$@"; }
send 100 >/dev/null

# ADDRESS PORT [SECONDS]: a TCP connection from a, one line long.
connect() { inside $a timeout "${3:-5}" bash -c "echo hello >/dev/tcp/$1/$2" 2>/dev/null; }

# NAME ARGUMENTS...: as trace, for a script of scripts/.
tool() { trace "$1" "scripts/$1.nd" "${@:2}" || finish; }

tool connections
inside $b timeout 5 nc -l 10.77.0.2 8080 >/dev/null &
listener=$!
wait_until 20 listening $b 8080
connect 10.77.0.2 8080
connect 10.77.0.2 8081
wait $listener
stop "$PID"
out=$TMP/connections.out
same connections-exit "$CODE" 0
has connections-open "$out" 'open +bash +[0-9]+ +10\.77\.0\.1:[0-9]+ -> 10\.77\.0\.2:8080$'
has connections-accepted "$out" 'open +- +0 +10\.77\.0\.2:8080 -> 10\.77\.0\.1:[0-9]+$'
has connections-close "$out" 'close +bash .*-> 10\.77\.0\.2:8080 +after [0-9.]+[um]s$'
has connections-failed "$out" 'failed +bash .*-> 10\.77\.0\.2:8081$'

tool connections --port 8081
connect 10.77.0.2 8080
connect 10.77.0.2 8081
stop "$PID"
same connections-port "$(grep -c '10\.77\.0\.2:808' "$out"):$(grep -c ':8081$' "$out")" 1:1

# A neighbour that does not exist: SYNs after 1 and 3 seconds, or after 1, 2 and 3 (Linux 6.5).
ip -n $a neigh replace 10.77.0.9 lladdr 02:00:00:00:00:99 dev $a nud permanent
tool tcp_retransmits --interval 1h
sent=$(counters $a snmp RetransSegs)
connect 10.77.0.9 9 60 &
connecting=$!
wait_until 30 counted_to $((sent + 2)) $a snmp RetransSegs
kill $connecting
wait $connecting
stop "$PID"
has tcp-retransmits "$TMP/tcp_retransmits.out" '^ +[23]  10\.77\.0\.1:[0-9]+ -> 10\.77\.0\.9:9  syn sent$'

tool drop_reasons --protocol 0x0800
for _ in {1..30}; do inside $a bash -c 'echo x >/dev/udp/10.77.0.2/9' 2>/dev/null; done
stop "$PID"
# Before Linux 5.17 there are no reasons, but places.
n=$(awk '$1 ~ /^(SKB_DROP_REASON_NO_SOCKET|__udp4_lib_rcv\+0x[0-9a-f]+)$/ { print $2; exit }' "$TMP/drop_reasons.out")
between drop-reasons "$n" 30
has drop-stack "$TMP/drop_reasons.out" '^    (__udp4_lib_rcv|udp_rcv)\+0x'

tool busiest_flows --interface $a --interval 1h
N=$(send 10000 1000)
stop "$PID"
has busiest-flow "$TMP/busiest_flows.out" '^ +[1-9][0-9.]* Mbit/s  UDP   10\.77\.0\.1:40000 -> 10\.77\.0\.2:5201$'
same busiest-first "$(sed -n 2p "$TMP/busiest_flows.out" | awk '{ print $3 }')" UDP

tool packet_sizes --interface $a
N=$(send 3000)
stop "$PID"
has packet-sizes "$TMP/packet_sizes.out" "128 -> 255 +: +$N "
same packet-sizes-device "$(grep '^@' "$TMP/packet_sizes.out" | grep -vc "\\[$a\\]")" 0

tool queue_to_wire --interface $a --interval 1h
N=$(send 3000)
stop "$PID"
same queue-to-wire "$(awk -v d=$a '$1 == d { print $2 }' "$TMP/queue_to_wire.out")" "$N"

IN=
tool exec_snoop
/bin/true
stop "$PID"
has exec-snoop "$TMP/exec_snoop.out" "^2[0-9]{3}-.* +$$ root +bash +/bin/true\$"

tool name_lookups
getent ahosts localhost >/dev/null
stop "$PID"
has name-lookups "$TMP/name_lookups.out" ' getent +[0-9]+ +[0-9]+ us ok +localhost$'

sleep 5 &
sleeper=$!
tool syscall_latency --pid $$
for _ in {1..20}; do read -rt 0.01 <> <(:); done
kill $sleeper
stop "$PID"
has syscall-latency "$TMP/syscall_latency.out" '^bash +[0-9]+ +[0-9]+ '
same syscall-pid "$(awk 'NR > 1 && $1 != "bash"' "$TMP/syscall_latency.out" | wc -l)" 0

tool on_cpu
dd if=/dev/zero of=/dev/null bs=64 count=1000000 2>/dev/null
stop "$PID"
has on-cpu "$TMP/on_cpu.out" '^[0-9]+ samples of dd$'

tool softirq_time --interval 1h
N=$(send 20000)
stop "$PID"
has softirq "$TMP/softirq_time.out" '^ +[0-9]+ net_rx +[0-9.]+% +[0-9.]+$'

tool run_queue_latency --comm traffic --interval 1h
N=$(send 20000)
stop "$PID"
has run-queue "$TMP/run_queue_latency.out" '^  traffic +[0-9]+ us$'
has run-queue-hist "$TMP/run_queue_latency.out" ' -> [0-9]+ +: +[1-9]'

if command -v script >/dev/null; then
    tool bash_lines
    printf 'echo traced line\nexit\n' | "$WITHIN" 20 script -qc 'bash --norc -i' /dev/null >/dev/null 2>&1
    stop "$PID"
    has bash-lines "$TMP/bash_lines.out" ' echo traced line$'
fi
finish
