// SPDX-License-Identifier: GPL-2.0-or-later
// Baseline for start-up: five probes that read fields of packets.
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 4096);
    __type(key, __u64);
    __type(value, __u64);
} counts SEC(".maps");

#define PROBE(event)                                           \
    SEC("tp_btf/" #event)                                      \
    int BPF_PROG(on_##event, struct sk_buff *skb)              \
    {                                                          \
        __u64 key = (__u64)skb->dev->ifindex << 32 | skb->len; \
                                                               \
        count(&counts, &key);                                  \
        return 0;                                              \
    }

PROBE(net_dev_queue)
PROBE(net_dev_start_xmit)
PROBE(netif_receive_skb)
PROBE(netif_rx)
PROBE(consume_skb)
