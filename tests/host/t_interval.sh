#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: times
# Two producers at full speed, reports every 100 ms: the sum over the intervals is what was sent.
. "$(dirname "$0")/lib.sh"
network i
A1=$A B1=$B
network j
A2=$A B2=$B

N=$((150000 / ${TEST_SLOW:-1}))
producers() {
    local one two
    (A=$A1 B=$B1 send $N >"$TMP/one") &
    one=$!
    (A=$A2 B=$B2 send $N >"$TMP/two") &
    two=$!
    wait $one $two
    SENT=$(($(cat "$TMP/one") + $(cat "$TMP/two")))
}

head='
option a: string "one"
option b: string "the other"
rawtracepoint:net_dev_queue
/(args.skb->dev->name == opt.a || args.skb->dev->name == opt.b) && args.skb->len == 242/ {'

# NAME BODY: BODY follows the opening brace of the probe.
one() {
    trace "$1" -e "$head $2" --a "$A1" --b "$A2" || return
    producers
    stop "$PID"
    same "$1-exit" "$CODE" 0
    same "$1-sent" "$SENT" $((2 * N))
    same "$1" "$(total "$TMP/$1.out" @n)" "$SENT"
}

one report '@n[args.skb->dev->name] = count(); } every 100ms { report(@n); }'
has report-often "$TMP/report.out" 'Interval: 0\.1s'
one report-scalar '@n = count(); } every 100ms { report(@n); }'
one print-clear '@n[cpu] = sum(1); } every 100ms { print(@n); clear(@n); }'
one plain-map '@n[cpu]++; } every 100ms { report(@n); }'
one for-clear '@x[cpu] = count(); }
every 100ms { for (k, v in @x) { printf("@n[%d]: %d\n", k, v) } clear(@x); }'
one hist '@h = hist(args.skb->len); } every 100ms { printf("@n: %d\n", count(@h)); clear(@h); }'
one layout '@x[cpu] = count(); @s = sum(1); }
every 100ms { report(@x, @s) text { if (len(@x) > 0) { for (k, v in @x) { printf("@n[%d]: %d\n", k, v) } return } printf("@n: 0\n") } }'
one layout-scalar '@s = sum(1); } every 100ms { report(@s) text { printf("@n: %d\n", @s) } }'
finish
