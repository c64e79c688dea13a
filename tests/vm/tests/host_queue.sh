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

# What tc says: packets sent, and dropped.
told() { inside a tc -s qdisc show dev eth0 | sed -nE 's/.* ([0-9]+) pkt \(dropped ([0-9]+),.*/\1 \2/p' | head -n 1; }

host_queue netem loss 100%
read -r _ before < <(told)
traced loss '
kprobe:netem_enqueue { @netem = count(); }
tracepoint:skb:kfree_skb /args.protocol == 0x0800/ { @dropped = count(); }
' pings a 10.1.0.2 $N -W 1 -i 0.02
read -r _ after < <(told)
same loss-answered "$(cat "$TMP/loss.cmd")" 0
same loss-function "$(total "$OUT" @netem)" $N
same loss-dropped "$(total "$OUT" @dropped)" $N
same loss-by-tc $((after - before)) $N

# A small bucket drops what does not fit and says so; ping then tries again.
host_queue tbf rate 8kbit burst 1000 limit 1000
read -r sent0 dropped0 < <(told)
traced bucket '
kprobe:tbf_enqueue /((struct sk_buff *)arg0)->len == 142/ { @in = count(); }
kretprobe:tbf_enqueue { @verdict[(int32)retval] = count(); }
' pings a 10.1.0.2 $N -s 100 -W 1 -i 0.02
read -r sent dropped < <(told)
same bucket-answered "$(cat "$TMP/bucket.cmd")" $N
has bucket-taken "$OUT" "^@verdict\[0\]: $((sent - sent0))\$"
has bucket-dropped "$OUT" "^@verdict\[1\]: $((dropped - dropped0))\$"
same bucket-function "$(total "$OUT" @in)" $((sent - sent0 + dropped - dropped0))
between bucket-small "$dropped" $((dropped0 + 1))
host_queue
finish
