#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check: 5.10 7
# A CPU that goes off and comes back, and one that comes later, is sampled.
. "$(dirname "$0")/../lib.sh"
cpu=/sys/devices/system/cpu/cpu1/online
[ -w $cpu ] || { not_ok cpus "got one CPU, wanted two"; finish; }
# NAME: samples on CPU 1 while it computes for a second.
spin() { taskset -c 1 timeout 1 sh -c 'while :; do :; done'; true; }
sampled() { awk -v c="@[$1]:" 'index($0, c) == 1 { print $2 }' "$OUT"; }
script='profile:hz:50 /comm == "sh"/ { @[cpu] = count() } software:cpu-clock:20000000 /comm == "sh"/ { @soft[cpu] = count() } every 1h { }'

trace back -e "$script" || finish
echo 0 >$cpu
wait_until 20 there "$TMP/back.err" 'CPU 1 is offline: it is not sampled'
echo 1 >$cpu
wait_until 20 there "$TMP/back.err" 'CPU 1 is online: profile:hz:50 is attached to it'
wait_until 20 there "$TMP/back.err" 'CPU 1 is online: software:cpu-clock:20000000 is attached to it'
spin
stop "$PID"
OUT=$TMP/back.out
same back-exit "$CODE" 0
between back-sampled "$(sampled 1)" 10 60
between back-counted "$(awk '/^@soft\[1\]/ { print $2 }' "$OUT")" 10 60

echo 0 >$cpu
trace later -e "$script" || finish
echo 1 >$cpu
wait_until 20 there "$TMP/later.err" 'CPU 1 is online: profile:hz:50 is attached to it'
spin
stop "$PID"
OUT=$TMP/later.out
between later-sampled "$(sampled 1)" 10 60
same later-offline "$(grep -c 'is offline' "$TMP/later.err")" 0
finish
