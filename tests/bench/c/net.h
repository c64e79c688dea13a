// SPDX-License-Identifier: GPL-2.0-or-later
// The few kernel types that the baselines read, relocated by libbpf (CO-RE).
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct net_device {
    char name[16];
    int ifindex;
};
struct sk_buff {
    struct net_device *dev;
    unsigned int len;
    __u16 transport_header;
    __u16 network_header;
    __u16 mac_header;
    __be16 protocol;
    unsigned int tail;
    unsigned char *head, *data;
};
#pragma clang attribute pop

// As on the wire.
struct ip4 {
    __u8 ver_ihl, tos;
    __be16 tot_len, id, frag_off;
    __u8 ttl, protocol;
    __be16 check;
    __be32 saddr, daddr;
};
struct ports {
    __be16 source, dest;
};

// A per-CPU count: the value is this CPU's own, a plain increment is enough.
static __always_inline void count(void *map, const void *key)
{
    __u64 zero = 0, *n = bpf_map_lookup_elem(map, key);

    if (!n) {
        bpf_map_update_elem(map, key, &zero, BPF_NOEXIST);
        n = bpf_map_lookup_elem(map, key);
        if (!n)
            return;
    }
    ++*n;
}

// floor(log2 v); 0 for 0.
static __always_inline __u32 log2_of(__u64 v)
{
    __u32 r, s, w = v >> 32 ? v >> 32 : (__u32)v;

    r = (w > 0xffff) << 4;
    w >>= r;
    s = (w > 0xff) << 3;
    w >>= s;
    r |= s;
    s = (w > 0xf) << 2;
    w >>= s;
    r |= s;
    s = (w > 3) << 1;
    w >>= s;
    r |= s;
    r |= w >> 1;
    return v >> 32 ? r + 32 : r;
}

char LICENSE[] SEC("license") = "GPL";

#endif
