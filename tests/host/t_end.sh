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
    sleep 0.3
    stop "$PID" $signal
    same end-$signal-exit "$CODE" 0
    same end-$signal-order "$(grep -oE 'last interval|the end|@ticks' "$TMP/end-$signal.out" | tr '\n' ',')" \
        'last interval,the end,@ticks,'
done

start=$(date +%s%N)
"$WITHIN" 20 "$ND" -q --duration 500ms -e "$script" >"$TMP/duration.out" 2>&1
same duration-exit $? 0
took=$((($(date +%s%N) - start) / 1000000))
if ((took >= 500 && took < 3000)); then ok duration-time; else not_ok duration-time "$took ms"; fi
has duration-maps "$TMP/duration.out" '^@ticks: [1-9]'

start=$(date +%s%N)
"$WITHIN" 20 "$ND" -q -c 'sleep 0.4' -e "$script" >"$TMP/command.out" 2>&1
same command-exit $? 0
took=$((($(date +%s%N) - start) / 1000000))
if ((took >= 400 && took < 3000)); then ok command-time; else not_ok command-time "$took ms"; fi

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
    *) not_ok early-$wait "exit $CODE: $(tr '\n' '|' <"$TMP/early.err")" ;;
    esac
done
finish
