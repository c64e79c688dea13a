// SPDX-License-Identifier: GPL-2.0-or-later
// Types of Linux 4.19 (by pahole) and of a vendor's 5.4 (its own BTF), as far as tests need them:
// no types of events (4.19), or types without names of arguments (5.4); modules have none. Sizes
// and places are those of real builds on x86-64 with small configurations. See README.md.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef _Bool bool;
#define LINE __attribute__((aligned(64)))

struct list_head {
    struct list_head *next, *prev;
};
struct hlist_node {
    struct hlist_node *next, **pprev;
};
struct mutex {
    long owner;
    u32 wait_lock, osq;
    struct list_head wait_list;
};
struct wait_queue_head {
    u32 lock;
    struct list_head head;
};
struct wait_queue_entry {
    u32 flags;
    void *private, *func;
    struct list_head entry;
};
struct work_struct {
    long data;
    struct list_head entry;
    void *func;
};
struct iovec {
    void *iov_base;
    u64 iov_len;
};
struct eventfd_ctx {
    u32 kref;
    struct wait_queue_head wqh;
    u64 count;
};
struct file {
    u64 f_mode;
};
struct mm_struct {
    u64 pgd;
};
struct socket_wq {
    struct wait_queue_head wait;
    void *fasync_list;
    u64 flags;
} LINE;
struct sock {
    u64 data[SOCK_BYTES / 8];
};
struct socket {
    u32 state;
    short type;
    u64 flags;
#ifdef WQ_IN_SOCKET
    struct file *file;
    struct sock *sk;
    void *ops;
    struct socket_wq wq;
#else
    struct socket_wq *wq;
    struct file *file;
    struct sock *sk;
    void *ops;
#endif
};
struct napi_struct {
    u64 data[NAPI_BYTES / 8];
};
struct fasync_struct {
    int magic;
};
struct ptr_ring {
    LINE int producer;
    u32 producer_lock;
    LINE int consumer_head;
    int consumer_tail;
    u32 consumer_lock;
    LINE int size;
    int batch;
    void **queue;
};
struct net_device {
    char name[16];
    u32 mtu, ifindex;
    u64 rest[256];
};
struct sk_buff {
    struct sk_buff *next, *prev;
    struct net_device *dev;
    u32 len, data_len;
    unsigned char *head, *data;
};
struct nf_conntrack_zone {
    u16 id;
    u8 flags, dir;
};
struct nf_conn {
    u32 use, lock;
};
struct trace_entry {
    u16 type;
    u8 flags, preempt_count;
    int pid;
};

// ---- events: two classes with the same record, but other arguments; one whose functions are gone
// -

struct trace_event_raw_net_dev_template {
    struct trace_entry ent;
    void *skbaddr;
    u32 len;
    u32 __data_loc_name;
    char __data[0];
};
struct trace_event_raw_first {
    struct trace_entry ent;
    u32 value;
    char __data[0];
};
struct trace_event_raw_second {
    struct trace_entry ent;
    u32 value;
    char __data[0];
};
struct trace_event_raw_alone {
    struct trace_entry ent;
    u64 number;
    char __data[0];
};

void *keep[16];

void __bpf_trace_net_dev_template(void *__data, struct sk_buff *skb)
{
    keep[0] = __data;
    keep[1] = skb;
}
void trace_event_raw_event_first(void *__data, struct sk_buff *one)
{
    keep[0] = __data;
    keep[1] = one;
}
void trace_event_raw_event_second(void *__data, struct net_device *other)
{
    keep[0] = __data;
    keep[1] = other;
}
#ifdef EVENT_TYPES
typedef void (*btf_trace_net_dev_queue)(void *, struct sk_buff *);
typedef void (*btf_trace_unclear)(void *, struct sk_buff *);
typedef void (*btf_trace_nameless)(void *, u64);
btf_trace_net_dev_queue t1;
btf_trace_unclear t2;
btf_trace_nameless t3;
#endif

struct list_head v1;
struct hlist_node v2;
struct mutex v3;
struct wait_queue_head v4;
struct wait_queue_entry v5;
struct work_struct v6;
struct iovec v7;
struct eventfd_ctx v8;
struct mm_struct v9;
struct socket_wq v10;
struct socket v11;
struct napi_struct v12;
struct fasync_struct v13;
struct ptr_ring v14;
struct sk_buff v15;
struct nf_conntrack_zone v16;
struct nf_conn v17;
struct trace_event_raw_net_dev_template v18;
struct trace_event_raw_first v19;
struct trace_event_raw_second v20;
struct trace_event_raw_alone v21;
struct sock v22;
struct net_device v23;
struct file v24;
