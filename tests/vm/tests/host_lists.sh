#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topology: host
# kernels: 5.10 6.1
# Packets that leave their queue as a list are seen each by itself, at every stage that is handed lists.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topology/host.sh"
N=32

# A device with two queues under one qdisc, which lets a slot's packets go at a time.
ip -n a link add many0 numtxqueues 2 numrxqueues 2 type veth peer name many0 numtxqueues 2 numrxqueues 2 netns b
address a many0 1 3 && address b many0 2 3 && neighbour a many0 2 3 && neighbour b many0 1 3
inside a tc qdisc replace dev many0 root netem slot 50ms 50ms packets 8
both_ping() {
    inside a ping -q -c $N -l 16 -i 0.002 -W 2 10.3.0.2 && inside a ping -q -c $N -l 16 -i 0.002 -W 2 fd03::2
}

traced lists '
use stages
use flow
path up by packet_id
  = qdisc_enq if (pkt.dev == "many0" && (pkt.icmp.type == 8 || pkt.icmp.type == 128 || pkt.icmp.type == 0 || pkt.icmp.type == 129)) -> qdisc_deq -> tx_queue -> tx_xmit
probe up:step { @steps[step.to, step.from, path.flow] = count() }
probe up:done { @done[path.flow] = count() }
func:dev_hard_start_xmit / args.first->next != 0 / { @lists = count() }
probe tx_queue / pkt.dev == "many0" && (pkt.icmp.type == 8 || pkt.icmp.type == 128 || pkt.icmp.type == 0 || pkt.icmp.type == 129) / { @each[dev->name] = count(); $skb = (struct sk_buff *)0 }
' both_ping
for flow in "10.3.0.1 10.3.0.2 ICMP" "fd03::1 fd03::2 ICMPV6"; do
    read -r from to proto <<<"$flow"
    for way in "$from -> $to $proto" "$to -> $from $proto"; do
        has "done $way" "$OUT" "^@done\[$way\]: $N\$"
        has "given to the driver $way" "$OUT" "^@steps\[tx_queue, .*$way\]: $N\$"
    done
    has "dequeued $proto" "$OUT" "^@steps\[qdisc_deq, qdisc_enq, $from -> $to $proto\]: $N\$"
done
same each "$(total "$OUT" @each)" $((4 * N))
between lists "$(total "$OUT" @lists)" 1
has lost "$OUT" "^path up: started $((4 * N)), done $((4 * N)), lost 0"

# Where the list cannot be walked this is said, and the first of each is seen.
export NDTRACE_WITHOUT=global_func
traced first '
use stages
probe tx_queue / has(pkt.icmp) && pkt.icmp.type == 8 / { @first = count() }
' inside a ping -q -c $N -l 16 -i 0.002 -W 2 10.3.0.2
has first-said "$TMP/first.err" 'W0905.*only the first packet of each list'
between first "$(total "$OUT" @first)" 0 $((N - 1))
finish
