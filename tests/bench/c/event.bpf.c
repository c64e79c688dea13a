// SPDX-License-Identifier: GPL-2.0-or-later
// Baseline: one record per packet to user space, woken in batches.
#include "net.h"

#include "event.h"

#define WAKE_AT (64 << 10) // bytes waiting; user space looks by itself every few milliseconds

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4 << 20);
} events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} lost SEC(".maps");

SEC("tp_btf/net_dev_queue")
int BPF_PROG(queue, struct sk_buff *skb)
{
    unsigned char *head = skb->head;
    const __u64 *name = (const __u64 *)skb->dev->name;
    struct bench_event *e;
    struct ports p;
    struct ip4 ip;
    __u32 zero = 0;

    if (bpf_probe_read_kernel(&ip, sizeof(ip), head + skb->network_header) ||
        bpf_probe_read_kernel(&p, sizeof(p), head + skb->transport_header))
        return 0;
    e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
    if (!e) {
        __u64 *n = bpf_map_lookup_elem(&lost, &zero);

        if (n)
            ++*n;
        return 0;
    }
    e->at = bpf_ktime_get_ns();
    e->saddr = ip.saddr;
    e->daddr = ip.daddr;
    e->source = bpf_ntohs(p.source);
    e->dest = bpf_ntohs(p.dest);
    e->len = skb->len;
    ((__u64 *)e->dev)[0] = name[0];
    ((__u64 *)e->dev)[1] = name[1];
    bpf_ringbuf_submit(e, bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= WAKE_AT
                              ? BPF_RB_FORCE_WAKEUP
                              : BPF_RB_NO_WAKEUP);
    return 0;
}
