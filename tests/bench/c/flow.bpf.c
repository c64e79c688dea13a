// SPDX-License-Identifier: GPL-2.0-or-later
// Baseline: packets of one flow; the values are filled in before the program is loaded.
#include "net.h"

const volatile __be32 want_saddr, want_daddr;
const volatile __be16 want_source, want_dest;
const volatile __u8 want_protocol;

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} counts SEC(".maps");

SEC("tp_btf/net_dev_queue")
int BPF_PROG(queue, struct sk_buff *skb)
{
    unsigned char *head = skb->head;
    struct ports p;
    struct ip4 ip;
    __u32 zero = 0;
    __u64 *n;

    if (bpf_probe_read_kernel(&ip, sizeof(ip), head + skb->network_header) ||
        ip.ver_ihl >> 4 != 4 || ip.saddr != want_saddr || ip.daddr != want_daddr ||
        ip.protocol != want_protocol)
        return 0;
    if (bpf_probe_read_kernel(&p, sizeof(p), head + skb->transport_header) ||
        p.source != want_source || p.dest != want_dest)
        return 0;
    n = bpf_map_lookup_elem(&counts, &zero);
    if (n)
        ++*n;
    return 0;
}
