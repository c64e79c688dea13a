#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every way to end prints the last interval and the maps, in time.
. "$(dirname "$0")/lib.sh"
script='
interval:ms:10 { @ticks = count(); }
every 1h { printf("last interval\n"); }
end { printf("the end\n"); }'

for signal in INT TERM HUP; do
    trace end-$signal -e "$script" || continue
    sleep 0.3 # thirty ticks
    stop "$PID" $signal
    same end-$signal-exit "$CODE" 0
    same end-$signal-order "$(grep -oE 'last interval|the end|@ticks' "$TMP/end-$signal.out" | tr '\n' ',')" \
        'last interval,the end,@ticks,'
done

# SIGUSR1 has the maps printed, and the run goes on.
trace end-USR1 -e "$script" && {
    sleep 0.1
    kill -USR1 "$PID"
    until_ok 10 grep -q '^@ticks' "$TMP/end-USR1.out" && ok end-USR1-prints || not_ok end-USR1-prints "no map"
    first=$(sed -n 's/^@ticks: //p' "$TMP/end-USR1.out")
    sleep 0.1
    stop "$PID" INT
    same end-USR1-exit "$CODE" 0
    between end-USR1-goes-on "$(sed -n 's/^@ticks: //p' "$TMP/end-USR1.out" | tail -n 1)" $((first + 5))
}

# Two requests at once are one; a later one cuts what still runs, and the maps are printed.
slow='interval:ms:10 { @ticks = count(); } end { $t = nsecs; while (nsecs - $t < 3s) { } printf("the end\n"); }'
again() { # NAME PAUSE...
    local name=$1 pause
    trace "$name" -e "$slow" || return
    sleep 0.1
    for pause in "${@:2}"; do
        kill -INT "$PID"
        [ "$pause" = 0 ] || sleep "$pause"
    done
    counted_ms
    begin=$NOW
    wait "$PID"
    CODE=$?
    counted_ms
}
again end-twice 0 0
same end-twice-exit "$CODE" 0
same end-twice-all "$(grep -oE 'the end|@ticks' "$TMP/end-twice.out" | tr '\n' ',')" 'the end,@ticks,'
again end-now 0.6 0
same end-now-exit "$CODE" 0
same end-now-maps "$(grep -oE 'the end|@ticks' "$TMP/end-now.out" | tr '\n' ',')" '@ticks,'

# NAME LEAST ARGUMENTS...: ends by itself, not before LEAST ms, and soon.
ends() {
    local wall=$EPOCHREALTIME begin
    counted_ms
    begin=$NOW
    "$WITHIN" 20 "$ND" -q "${@:3}" -e "$script" >"$TMP/$1.out" 2>&1
    same "$1-exit" $? 0
    wall=$(((${EPOCHREALTIME/./} - ${wall/./}) / 1000))
    counted_ms
    between "$1-time" $wall "$2"
    at_most "$1-soon" $((NOW - begin)) 2999
}
ends duration 500 --duration 500ms
has duration-maps "$TMP/duration.out" '^@ticks: [1-9]'
ends command 400 -c 'sleep 0.4'

"$WITHIN" 20 "$ND" -q -e 'interval:ms:50 { @n++; if (@n >= 3) { exit(4) } }' >"$TMP/exit.out" 2>&1
same exit-in-probe $? 4
has exit-in-probe-map "$TMP/exit.out" '^@n: [3-9]'

# What comes after exit() is not printed, however much of it waits; what the probe that called it
# printed is. NAME BODY OF THE PROBE, [MORE]: "last" is its last line.
exits() {
    "$WITHIN" 20 "$ND" -q -e "rawtracepoint:sys_enter { $2 } ${3:-} END { printf(\"END\n\") }" \
        -c 'dd if=/dev/zero of=/dev/null bs=1 count=100000' >"$TMP/$1.out" 2>"$TMP/$1.err"
    same "$1-exit" $? 7
    same "$1-last" "$(tail -n 2 "$TMP/$1.out" | tr '\n' ' ')" 'last END '
    between "$1-before" "$(grep -c "^n " "$TMP/$1.out")" 900
}
probe='@n++; if (@n == 1000) { printf("almost\n"); printf("last\n"); exit(7) } printf("n %d\n", @n);'
exits exit-after "$probe" 'end { clear(@n) }'
NDTRACE_WITHOUT=ringbuf exits exit-after-perf "$probe" 'end { clear(@n) }'
exits exit-after-on '@k++; send e { k: @k }' 'event e { k: i64 }
    on e { if (k == 1000) { printf("last\n"); exit(7) } printf("n %d\n", k) } end { clear(@k) }'

# Ctrl-C while it still compiles or loads: no output, nothing left, no error.
for wait in 0.005 0.02 0.04 0.08; do
    "$ND" -e "$script" >"$TMP/early.out" 2>"$TMP/early.err" &
    pid=$!
    PIDS+=("$pid")
    sleep $wait
    stop "$pid" INT
    case $CODE in
    0 | 130) ok early-$wait ;;
    *) not_ok early-$wait "got exit $CODE, wanted 0 or 130: $(tr '\n' '|' <"$TMP/early.err")" ;;
    esac
done
finish
