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
