// SPDX-License-Identifier: GPL-2.0-or-later
// Baseline: log2 histogram of the time from queue to wire, keyed by packet.
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4096);
    __type(key, __u64);
    __type(value, __u64);
} start SEC(".maps");

struct slots {
    __u64 slot[65];
};
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct slots);
} hist SEC(".maps");

SEC("tp_btf/net_dev_queue")
int BPF_PROG(queue, struct sk_buff *skb)
{
    __u64 key = (__u64)skb, now = bpf_ktime_get_ns();

    bpf_map_update_elem(&start, &key, &now, BPF_ANY);
    return 0;
}

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(xmit, struct sk_buff *skb)
{
    __u64 key = (__u64)skb, *at = bpf_map_lookup_elem(&start, &key), ns;
    struct slots *h;
    __u32 zero = 0, i;

    if (!at)
        return 0;
    ns = bpf_ktime_get_ns() - *at;
    h = bpf_map_lookup_elem(&hist, &zero);
    if (h) {
        i = 1 + log2_of(ns);
        if (i < 65)
            h->slot[i]++;
    }
    bpf_map_delete_elem(&start, &key);
    return 0;
}
