#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# Dropped packets: the function that each kernel has for it, the trace event, its reason.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=200
# What frees a packet that nobody wanted, by kernel: it was renamed twice.
for f in sk_skb_reason_drop kfree_skb_reason kfree_skb; do
    ! grep -qE "^$f( |$)" /sys/kernel/tracing/available_filter_functions || break
done
ours='((struct udphdr *)(args.skb->head + args.skb->transport_header))->dest == bswap((u16)9)'
script="kprobe:$f /args.skb != 0 && $ours/ { @function = count(); }
fentry:$f /args.skb != 0 && $ours/ { @fentry = count(); }"
if kernel_at_least 5 17; then
    script+=' tracepoint:skb:kfree_skb /args.reason == SKB_DROP_REASON_NO_SOCKET/ { @event = count(); }'
else
    script+=' tracepoint:skb:kfree_skb /args.protocol == 0x0800/ { @event = count(); }'
fi
traced drop "$script" datagrams a 10.1.0.2 9 $N
same drop-function "$(total "$OUT" @function)" $N
same drop-fentry "$(total "$OUT" @fentry)" $N
same drop-event "$(total "$OUT" @event)" $N
finish
