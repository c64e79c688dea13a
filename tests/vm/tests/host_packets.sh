#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# Packets on their way through a host: sent, tracked, cut in fragments, received, dropped. N pings
# are N times each function that one ping passes.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=20

# The whole way, each point by the number of pings: both directions are on devices named eth0.
traced way '
fentry:dev_hard_start_xmit /args.first->len == 98 && args.dev->name == "eth0"/ { @xmit = count(); }
kprobe:dev_hard_start_xmit /args.first->len == 98 && args.dev->name == "eth0"/ { @kxmit = count(); }
kprobe:icmp_rcv { @icmp = count(); }
rawtracepoint:net_dev_queue /args.skb->len == 98/ { @queued[args.skb->dev->name] = count(); }
fexit:ip_rcv { @rcv[retval] = count(); }
' pings a 10.1.0.2 $N
same way-answered "$(cat "$TMP/way.cmd")" $N
same way-fentry "$(total "$OUT" @xmit)" $((2 * N))
same way-kprobe "$(total "$OUT" @kxmit)" $((2 * N))
same way-icmp "$(total "$OUT" @icmp)" $((2 * N))
for ns in a b; do has "way-queued-$ns" "$OUT" "^@queued\[eth0@$ns\]: $N\$"; done
same way-received "$(total "$OUT" @rcv)" $((2 * N))

# Headers through the pointers of a trampoline: newer verifiers take them for memory.
traced headers 'stage come(skb: struct sk_buff *) "a message came" { try fentry:icmp_rcv { skb = args.skb } }
probe come { @type[pkt.icmp.type] = count(); @len[pkt.ip.len] = count(); }' pings a 10.1.0.2 $N
same headers-answered "$(cat "$TMP/headers.cmd")" $N
has headers-requests "$OUT" "^@type\[8\]: $N\$"
has headers-answers "$OUT" "^@type\[0\]: $N\$"
has headers-length "$OUT" "^@len\[84\]: $((2 * N))\$"

# The same with IPv6: 128 is a request, 129 the answer.
traced six 'fentry:icmpv6_rcv {
    $icmp = (struct icmp6hdr *)(args.skb->head + args.skb->transport_header);
    @type[$icmp->icmp6_type] = count();
}' pings a fd01::2 $N
same six-answered "$(cat "$TMP/six.cmd")" $N
has six-requests "$OUT" "^@type\[128\]: $N\$"
has six-answers "$OUT" "^@type\[129\]: $N\$"

# 4000 bytes are three fragments, there and back.
traced fragments '
fentry:ip_defrag { @user[args.user] = count(); }
kprobe:ip_defrag { @all = count(); @net[args.net->ns.inum] = count(); }
kprobe:ip_do_fragment { @cut = count(); }
' pings a 10.1.0.2 $N -s 4000
same fragments-answered "$(cat "$TMP/fragments.cmd")" $N
has fragments-fentry "$OUT" "^@user\[(0|IP_DEFRAG_LOCAL_DELIVER)\]: $((6 * N))\$"
same fragments-kprobe "$(total "$OUT" @all)" $((6 * N))
same fragments-by-namespace "$(grep -cE "^@net\[[0-9]+\]: $((3 * N))\$" "$OUT")" 2
same fragments-cut "$(total "$OUT" @cut)" $((2 * N))
traced fragments6 'kprobe:ipv6_frag_rcv { @all = count(); } kprobe:ip6_fragment { @cut = count(); }' pings a fd01::2 $N -s 4000
same fragments6-answered "$(cat "$TMP/fragments6.cmd")" $N
same fragments6 "$(total "$OUT" @all)" $((6 * N))
same fragments6-cut "$(total "$OUT" @cut)" $((2 * N))

# Real cards: what arrives comes through their interrupt and poll.
traced cards '
rawtracepoint:netif_receive_skb /args.skb->dev->name == "eth1" && args.skb->len == 84/ { @rx = count(); }
kprobe:virtnet_poll { @poll = count(); }
kprobe:skb_recv_done { @irq = count(); }
rawtracepoint:net_dev_start_xmit /args.dev->name == "eth1" && args.skb->len == 98/ { @tx = count(); }
' pings c 10.2.0.2 $N
same cards-answered "$(cat "$TMP/cards.cmd")" $N
same cards-received "$(total "$OUT" @rx)" $N
same cards-sent "$(total "$OUT" @tx)" $N
for what in poll irq; do
    n=$(total "$OUT" @$what)
    between cards-$what "$n" $((2 * N))
done
finish
