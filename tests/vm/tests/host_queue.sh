#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# A queue that delays and one that drops: the time and the number are those that were asked for.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=20

host_queue netem delay 30ms
traced delay '
rawtracepoint:net_dev_queue /args.skb->len == 98/ { @q[args.skb] = nsecs; }
rawtracepoint:net_dev_start_xmit /args.skb->len == 98 && @q[args.skb]/ {
    $d = nsecs - @q[args.skb];
    if ($d >= 30ms) { @slow = count(); } else { @fast = count(); }
    delete(@q, args.skb);
}
kprobe:netem_enqueue { @netem = count(); }
' pings a 10.1.0.2 $N
same delay-answered "$(cat "$TMP/delay.cmd")" $N
same delay-slow "$(total "$OUT" @slow)" $N
same delay-fast "$(total "$OUT" @fast)" $N
same delay-function "$(total "$OUT" @netem)" $N

host_queue netem loss 100%
traced loss '
kprobe:netem_enqueue { @netem = count(); }
tracepoint:skb:kfree_skb /args.protocol == 0x0800/ { @dropped = count(); }
' pings a 10.1.0.2 $N -W 1 -i 0.02
same loss-answered "$(cat "$TMP/loss.cmd")" 0
same loss-function "$(total "$OUT" @netem)" $N
same loss-dropped "$(total "$OUT" @dropped)" $N
same loss-by-tc "$(inside a tc -s qdisc show dev eth0 | sed -n 's/.*(dropped \([0-9]*\),.*/\1/p' | head -n 1)" $N

# A small bucket: what does not fit is dropped, and the rest was sent.
host_queue tbf rate 8kbit burst 1000 limit 1000
traced bucket '
rawtracepoint:net_dev_queue /args.skb->len == 1042/ { @queued = count(); }
rawtracepoint:net_dev_start_xmit /args.skb->len == 1042/ { @sent = count(); }
kprobe:tbf_enqueue { @bucket = count(); }
' pings a 10.1.0.2 $N -s 100 -W 1 -i 0.02
same bucket-function "$(total "$OUT" @bucket)" $N
host_queue
finish
