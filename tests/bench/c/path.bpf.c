// SPDX-License-Identifier: GPL-2.0-or-later
// Baseline: packets known by what is in them at two stages; histogram of the time between, and a
// count.
#include "net.h"

enum { ETH_IP = 0x0800, ETH_IP6 = 0x86dd, ETH_VLAN = 0x8100, ETH_QINQ = 0x88a8 };
enum { TCP = 6, UDP = 17, ICMP = 1, ICMP6 = 58, ROOM = 64, EXTENSIONS = 6 };

struct id {
    __u32 src[4], dst[4], proto, ports, a, b, ip, c;
};
struct session {
    __u64 first, last;
    __u32 stage, dev;
};
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 10240);
    __type(key, struct id);
    __type(value, struct session);
} sessions SEC(".maps");

struct slots {
    __u64 slot[65];
};
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 1024);
    __type(key, __u32);
    __type(value, struct slots);
} latency SEC(".maps");
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct slots);
} zeros SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} total SEC(".maps");

__u64 started, done, unmatched;

// The transport header by protocol; false: there is none that is known.
static __always_inline int transport(struct id *id, const unsigned char *at, __u32 proto)
{
    __u8 h[20];

    id->proto = proto;
    if (proto != TCP && proto != UDP && proto != ICMP && proto != ICMP6)
        return 1;
    if (bpf_probe_read_kernel(h, sizeof(h), at))
        return 0;
    if (proto == TCP) {
        id->ports = *(__u32 *)h;
        id->a = *(__u32 *)(h + 4);
        id->b = *(__u32 *)(h + 8);
    } else if (proto == UDP) {
        id->ports = *(__u32 *)h;
        id->a = *(__u16 *)(h + 4);
        id->b = *(__u32 *)(h + 8);
        id->c = *(__u32 *)(h + 12);
    } else {
        id->ports = *(__u16 *)h;
        id->a = *(__u32 *)(h + 4);
    }
    return 1;
}

static __always_inline int ip4(struct id *id, const unsigned char *at)
{
    __u8 h[20];
    __u32 frag;

    if (bpf_probe_read_kernel(h, sizeof(h), at) || h[0] >> 4 != 4 || (h[0] & 15) < 5)
        return 0;
    id->src[2] = id->dst[2] = 0xffff0000;
    id->src[3] = *(__u32 *)(h + 12);
    id->dst[3] = *(__u32 *)(h + 16);
    frag = (h[6] & 0x1f) << 8 | h[7];
    id->ip = (__u32)h[4] << 24 | h[5] << 16 | frag;
    if (frag) {
        id->proto = h[9];
        return 1;
    }
    return transport(id, at + (h[0] & 15) * 4, h[9]);
}

static __always_inline int ip6(struct id *id, const unsigned char *at)
{
    __u8 h[40], x[8];
    __u32 proto;

    if (bpf_probe_read_kernel(h, sizeof(h), at) || h[0] >> 4 != 6)
        return 0;
    __builtin_memcpy(id->src, h + 8, 32);
    id->ip = *(__u32 *)h & 0xffff0f00;
    proto = h[6];
    at += 40;
    for (int i = 0; i < EXTENSIONS; i++) {
        if (proto != 0 && proto != 43 && proto != 44 && proto != 60)
            break;
        if (bpf_probe_read_kernel(x, sizeof(x), at))
            return 0;
        at += proto == 44 ? 8 : (x[1] + 1) * 8;
        proto = x[0];
    }
    return transport(id, at, proto);
}

static __always_inline int identify(struct sk_buff *skb, struct id *id)
{
    unsigned char *head = skb->head;
    __u32 l3 = skb->network_header, mac = skb->mac_header;
    __u16 type = __builtin_bswap16(skb->protocol), tag[2];

    if (!l3 || l3 == 0xffff || l3 > (__u32)skb->tail)
        l3 = (__u32)(skb->data - head) + (mac == (__u32)(skb->data - head) ? 14 : 0);
    for (int i = 0; i < 2; i++) {
        if (type != ETH_VLAN && type != ETH_QINQ)
            break;
        if (bpf_probe_read_kernel(tag, sizeof(tag), head + l3))
            return 0;
        type = __builtin_bswap16(tag[1]);
        l3 += 4;
    }
    if (l3 + 20 > (__u32)skb->tail)
        return 0;
    return type == ETH_IP ? ip4(id, head + l3) : type == ETH_IP6 ? ip6(id, head + l3) : 0;
}

SEC("tp_btf/net_dev_queue")
int BPF_PROG(queue, struct sk_buff *skb)
{
    struct id id = {};
    struct session s = {};

    if (!identify(skb, &id))
        return 0;
    s.first = s.last = bpf_ktime_get_ns();
    s.dev = skb->dev->ifindex;
    bpf_map_update_elem(&sessions, &id, &s, BPF_ANY);
    __sync_fetch_and_add(&started, 1);
    return 0;
}

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(xmit, struct sk_buff *skb)
{
    struct id id = {};
    struct session *s;
    struct slots *h, *z;
    __u32 zero = 0, pair = 1, i;
    __u64 now;

    if (!identify(skb, &id))
        return 0;
    s = bpf_map_lookup_elem(&sessions, &id);
    if (!s) {
        __sync_fetch_and_add(&unmatched, 1);
        return 0;
    }
    now = bpf_ktime_get_ns();
    h = bpf_map_lookup_elem(&latency, &pair);
    if (!h) {
        z = bpf_map_lookup_elem(&zeros, &zero);
        if (!z)
            return 0;
        bpf_map_update_elem(&latency, &pair, z, BPF_NOEXIST);
        h = bpf_map_lookup_elem(&latency, &pair);
    }
    i = 1 + log2_of(now - s->last);
    if (h && i < 65)
        h->slot[i]++;
    bpf_map_delete_elem(&sessions, &id);
    count(&total, &zero);
    __sync_fetch_and_add(&done, 1);
    return 0;
}
