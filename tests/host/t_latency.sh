#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# not sanitized: times
# Stages: each packet of a device is followed from its queue to the receiver, none twice.
. "$(dirname "$0")/lib.sh"
network l
send 100 >/dev/null

# FILE STAGE: the packets in all histograms of the stage, of device A.
packets() {
    awk -v head="@latency[$A, $2]" 'index($0, "@") == 1 { on = index($0, head) == 1; next }
        on && / -> [0-9]/ && /\|/ { split($0, a, ":"); n += a[2] }
        END { print n + 0 }' "$1"
}

trace latency scripts/net_latency_summary.nd --interface "$A" --interval 500ms || finish
N=$(send 20000)
stop "$PID"
same latency-exit "$CODE" 0
same latency-wire "$(packets "$TMP/latency.out" 'queue -> wire')" "$N"
same latency-receiver "$(packets "$TMP/latency.out" 'wire -> receiver')" "$N"
same latency-other "$(grep '^@latency\[' "$TMP/latency.out" | grep -vc "\\[$A,")" 0
same latency-losses "$(grep -ciE 'lost events|map full|failed reads' "$TMP/latency.out" "$TMP/latency.err" | awk -F: '{ n += $NF } END { print n }')" 0

# The same time measured twice must agree: the stage's hist and the plain difference.
trace twice -e '
option dev: ifname "device"
rawtracepoint:net_dev_queue /args.skb->dev->name == opt.dev && args.skb->len == 242/ { @q[args.skb] = nsecs; }
rawtracepoint:net_dev_start_xmit /@q[args.skb]/ {
    $d = nsecs - @q[args.skb];
    @d = dist($d); @sum = sum($d); @n = count(); @negative = sum($d < 0 ? 1 : 0);
    delete(@q, args.skb);
}
end {
    printf("%d %d %d\n", count(@d) == count(@n), sum(@d) == sum(@sum), sum(@negative));
    printf("%d\n", p50(@d) <= p99(@d) && p99(@d) <= max(@d) && min(@d) > 0);
    clear(@q);
}' --dev "$A" || finish
N=$(send 5000)
stop "$PID"
same twice-n "$(total "$TMP/twice.out" @n)" "$N"
has twice-agree "$TMP/twice.out" '^1 1 0$'
has twice-order "$TMP/twice.out" '^1$'
finish
