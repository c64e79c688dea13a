// SPDX-License-Identifier: GPL-2.0-or-later
// Baseline: packets queued, by the name of the device.
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 4096);
    __type(key, char[16]);
    __type(value, __u64);
} counts SEC(".maps");

SEC("tp_btf/net_dev_queue")
int BPF_PROG(queue, struct sk_buff *skb)
{
    const __u64 *name = (const __u64 *)skb->dev->name;
    __u64 key[2] = {name[0], name[1]};

    count(&counts, key);
    return 0;
}
