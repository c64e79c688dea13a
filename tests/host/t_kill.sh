#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# After kill -9 at any moment, and after Ctrl-C, nothing stays: in the kernel, of processes, of files. KILL_MOMENTS: how many
# moments are tried (500 take three minutes).
. "$(dirname "$0")/lib.sh"
script='tracepoint:net:net_dev_queue, rawtracepoint:netif_receive_skb { @[comm, kstack] = count(); }
interval:ms:100 { printf("%d\n", nsecs); }
profile:hz:10 { @samples = count(); }'

for signal in KILL INT TERM; do
    trace kill-$signal -e "$script" || continue
    bpf_ids "$PID" >"$TMP/ids"
    stop "$PID" $signal 2>/dev/null
    case $signal in
    KILL) same kill-$signal-exit "$CODE" 137 ;;
    *) same kill-$signal-exit "$CODE" 0 ;;
    esac
    gone kill-$signal-gone <"$TMP/ids"
done

# Killed while it compiles, loads, attaches, runs or ends.
mkdir "$TMP/cache"
ours() { # processes that have our mark
    local f
    for f in /proc/[0-9]*/environ; do
        if grep -qzs "^NDTRACE_MARK=$$\$" "$f" 2>/dev/null; then basename "${f%/environ}"; fi
    done
}
none_of_ours() { [ -z "$(ours)" ]; }
for ((i = 0; i < ${KILL_MOMENTS:-25}; i++)); do
    NDTRACE_MARK=$$ NDTRACE_CACHE=$TMP/cache "$ND" -q --duration 30ms $([ $((i % 3)) = 0 ] && echo --no-cache) -e "$script" >/dev/null 2>&1 &
    pid=$!
    sleep "0.$(printf %03d $((RANDOM % 120)))"
    grep -s '^prog_id' /proc/$pid/fdinfo/* 2>/dev/null | awk '{ print "prog", $2 }' >>"$TMP/moments"
    { kill -KILL $pid && wait $pid; } 2>/dev/null
done
until_ok 10 none_of_ours && ok moments-processes || not_ok moments-processes "got $(ours | xargs), wanted none"
[ ! -s "$TMP/moments" ] || gone moments-programs <"$TMP/moments"
same moments-files "$(find "$TMP/cache" -name '.*' -type f)" ''
NDTRACE_CACHE=$TMP/cache "$ND" -q --duration 30ms -e "$script" >"$TMP/out" 2>&1
same moments-after $? 0

# Twenty at once see the same, and a line says that they are many.
for ((i = 0; i < 20; i++)); do
    "$ND" --duration 3s -e "rawtracepoint:sys_enter / pid == $$ / { @n = count() }" >"$TMP/crowd.$i" 2>"$TMP/crowd.$i.err" &
    PIDS+=($!)
    crowd[i]=$!
done
until_ok 30 grep -qs 'other traces' "$TMP"/crowd.*.err && ok crowd-told || not_ok crowd-told "got nothing, wanted a line"
# Calls for as long as there is one to count them.
while kill -0 "${crowd[@]}" 2>/dev/null; do read -r _ </proc/uptime; sleep 0.02; done
bad=0
for ((i = 0; i < 20; i++)); do
    wait "${crowd[i]}" || bad=$((bad + 1))
    grep -qE '^@n: [1-9]' "$TMP/crowd.$i" || bad=$((bad + 1))
done
same crowd $bad 0
same nothing-pinned "$(find /sys/fs/bpf -name 'nd_*' 2>/dev/null | wc -l)" 0
finish
