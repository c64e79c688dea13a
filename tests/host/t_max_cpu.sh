#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: times
# --max-cpu bounds what ndtrace takes for itself: events that come faster are lost, and each of them is counted.
. "$(dirname "$0")/lib.sh"

# A program that makes calls as fast as it can, for as long as it is let.
dd if=/dev/zero of=/dev/null bs=1 2>/dev/null &
LOAD=$!
PIDS+=($LOAD)
script="event e { n: u64, name: string[16] }
rawtracepoint:sys_enter / pid == $LOAD / { @sent = count(); send e { n: arg1, name: comm } }
on e { @got = count(); printf(\"%d %s\\n\", e.n, e.name) }"

# NAME ARGUMENTS...: sets SHARE, percent of a CPU that it took in three seconds.
run() {
    trace "$1" "${@:2}" --buffer 1M -e "$script" || finish
    local begin end
    begin=$(awk '{ print $14 + $15 }' /proc/$PID/stat)
    sleep 3
    end=$(awk '{ print $14 + $15 }' /proc/$PID/stat)
    SHARE=$(((end - begin) * 100 / 3 / $(getconf CLK_TCK)))
    stop "$PID"
    same "$1-exit" "$CODE" 0
}
run free
free=$SHARE
run bound --max-cpu 5
# What comes at the end of the run is not events that are taken.
at_most bound-share "$SHARE" 8
between free-share "$free" $((SHARE + 1))
sent=$(total "$TMP/bound.out" @sent) got=$(total "$TMP/bound.out" @got)
lost=$(sed -nE 's/^Lost events: ([0-9]+).*/\1/p' "$TMP/bound.out" "$TMP/bound.err")
between bound-lost "${lost:-0}" 1
same bound-sum $((got + ${lost:-0})) "$sent"
for bad in 0 101 x -1 ''; do
    "$ND" --max-cpu "$bad" -e 'BEGIN { exit() }' >"$TMP/out" 2>&1
    same "bad-$bad" $? 2
    has "bad-$bad-says" "$TMP/out" 'is not a share of a CPU; write 1 to 100'
done
finish
