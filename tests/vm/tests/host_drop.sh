#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# Dropped packets: the function that each kernel has for it, the trace event, its reason.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=200
# What frees a packet without a receiver, by kernel: it was renamed twice.
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

# M of N are dropped by a rule: M are lost, last seen before it; IPv4 and IPv6.
M=7 N=20
inside b nft 'add table inet filter; add chain inet filter in { type filter hook input priority 0; }; add rule inet filter in udp dport 7 drop'
# ADDRESS PORT N: each with a payload of its own, by which datagrams of IPv6 are told apart.
numbered() {
    inside a bash -c 'exec 3>"/dev/udp/$1/$2"; for ((i = 0; i < $3; i++)); do until echo "$i" >&3; do :; done; done' - "$@" 2>/dev/null
}
some() { for to in 10.1.0.2 fd01::2; do numbered $to 7 $M && numbered $to 9 $((N - M)); done && sleep 1.5; }
traced rule '
path p by packet_id timeout 1s = netif_rx if (pkt.udp.dport in (7, 9)) -> ip_rx if (pkt.udp.dport in (7, 9)) -> udp_rx if (pkt.udp.dport in (7, 9))
probe p:done { @done[path.flow.dport] = count() }
probe p:lost { @lost[path.flow.dport, step.from] = count() }' some
has rule-path "$OUT" "^path p: started $((2 * N)), done $((2 * (N - M))), lost $((2 * M)) \(after netif_rx $M, ip_rx $M\), under way 0\$"
has rule-done "$OUT" "^@done\[9\]: $((2 * (N - M)))\$"
has rule-lost "$OUT" "^@lost\[7, ip_rx\]: $M\$"
has rule-lost-6 "$OUT" "^@lost\[7, netif_rx\]: $M\$" # ip_rx is of IPv4
inside b nft delete table inet filter
finish
