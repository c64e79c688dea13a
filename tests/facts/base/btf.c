// SPDX-License-Identifier: GPL-2.0-or-later
// Types of a small kernel that never was, for tests that need no kernel: compiled to BTF only (see
// README.md). Layouts are plausible, not those of a release; tests depend on them.

typedef _Bool bool;
typedef unsigned char __u8, u8;
typedef unsigned short __u16, u16;
typedef unsigned int __u32, u32;
typedef unsigned long long __u64, u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef s64 ktime_t;
typedef unsigned long size_t;
typedef int pid_t;
typedef unsigned int gfp_t;
typedef long long loff_t;
typedef unsigned int sk_buff_data_t;
typedef struct {
    int counter;
} atomic_t;
typedef struct {
    s64 counter;
} atomic64_t;
typedef struct refcount_struct {
    atomic_t refs;
} refcount_t;
typedef struct {
    u32 val;
} kuid_t;
typedef struct {
    unsigned int slock;
} spinlock_t;
typedef struct {
    void *net;
} possible_net_t;

struct list_head {
    struct list_head *next, *prev;
};
struct hlist_node {
    struct hlist_node *next, **pprev;
};
struct rb_node {
    unsigned long __rb_parent_color;
    struct rb_node *rb_right, *rb_left;
};

// ---- packets ---------------------------------------------------------------------------------

struct in_addr {
    __be32 s_addr;
};
struct in6_addr {
    union {
        __u8 u6_addr8[16];
        __be16 u6_addr16[8];
        __be32 u6_addr32[4];
    } in6_u;
};
struct ethhdr {
    unsigned char h_dest[6];
    unsigned char h_source[6];
    __be16 h_proto;
} __attribute__((packed));
struct vlan_hdr {
    __be16 h_vlan_TCI;
    __be16 h_vlan_encapsulated_proto;
};
struct iphdr {
    __u8 ihl : 4, version : 4;
    __u8 tos;
    __be16 tot_len;
    __be16 id;
    __be16 frag_off;
    __u8 ttl;
    __u8 protocol;
    __sum16 check;
    union {
        struct {
            __be32 saddr;
            __be32 daddr;
        };
        struct {
            __be32 saddr;
            __be32 daddr;
        } addrs;
    };
};
struct ipv6hdr {
    __u8 priority : 4, version : 4;
    __u8 flow_lbl[3];
    __be16 payload_len;
    __u8 nexthdr;
    __u8 hop_limit;
    struct in6_addr saddr;
    struct in6_addr daddr;
};
struct tcphdr {
    __be16 source;
    __be16 dest;
    __be32 seq;
    __be32 ack_seq;
    __u16 res1 : 4, doff : 4, fin : 1, syn : 1, rst : 1, psh : 1, ack : 1, urg : 1, ece : 1,
        cwr : 1;
    __be16 window;
    __sum16 check;
    __be16 urg_ptr;
};
struct udphdr {
    __be16 source;
    __be16 dest;
    __be16 len;
    __sum16 check;
};
struct icmphdr {
    __u8 type;
    __u8 code;
    __sum16 checksum;
    union {
        struct {
            __be16 id;
            __be16 sequence;
        } echo;
        __be32 gateway;
    } un;
};
struct arphdr {
    __be16 ar_hrd;
    __be16 ar_pro;
    unsigned char ar_hln;
    unsigned char ar_pln;
    __be16 ar_op;
};

struct net;
struct sock;
struct sk_buff;
struct net_device;

enum skb_drop_reason {
    SKB_NOT_DROPPED_YET = 0,
    SKB_CONSUMED,
    SKB_DROP_REASON_NOT_SPECIFIED,
    SKB_DROP_REASON_NO_SOCKET,
    SKB_DROP_REASON_SOCKET_CLOSE,
    SKB_DROP_REASON_SOCKET_FILTER,
    SKB_DROP_REASON_PKT_TOO_SMALL,
    SKB_DROP_REASON_TCP_CSUM,
    SKB_DROP_REASON_UDP_CSUM,
    SKB_DROP_REASON_NETFILTER_DROP,
    SKB_DROP_REASON_IP_CSUM,
    SKB_DROP_REASON_QDISC_DROP,
    SKB_DROP_REASON_MAX,
    SKB_DROP_REASON_SUBSYS_MASK = 0xffff0000,
};

struct skb_frag {
    unsigned long netmem;
    unsigned int len;
    unsigned int offset;
};
struct skb_shared_info {
    __u8 flags;
    __u8 meta_len;
    __u8 nr_frags;
    __u8 tx_flags;
    unsigned short gso_size;
    unsigned short gso_segs;
    struct sk_buff *frag_list;
    unsigned int gso_type;
    u32 tskey;
    atomic_t dataref;
    void *destructor_arg;
    struct skb_frag frags[17];
};

struct sk_buff {
    union {
        struct {
            struct sk_buff *next;
            struct sk_buff *prev;
            union {
                struct net_device *dev;
                unsigned long dev_scratch;
            };
        };
        struct rb_node rbnode;
        struct list_head list;
    };
    struct sock *sk;
    union {
        ktime_t tstamp;
        u64 skb_mstamp_ns;
    };
    char cb[48];
    union {
        struct {
            unsigned long _skb_refdst;
            void (*destructor)(struct sk_buff *skb);
        };
        struct list_head tcp_tsorted_anchor;
    };
    unsigned long _nfct;
    unsigned int len, data_len;
    __u16 mac_len, hdr_len;
    __u16 queue_mapping;
    __u8 __cloned_offset[0];
    __u8 cloned : 1, nohdr : 1, fclone : 2, peeked : 1, head_frag : 1, pfmemalloc : 1,
        pp_recycle : 1;
    __u8 active_extensions;
    union {
        struct {
            __u8 pkt_type : 3, ignore_df : 1, dst_pending_confirm : 1, ip_summed : 2, ooo_okay : 1;
            __u8 l4_hash : 1, sw_hash : 1, encapsulation : 1, inner_protocol_type : 1;
            int skb_iif;
            __u32 priority;
            __u32 hash;
            union {
                u32 vlan_all;
                struct {
                    __be16 vlan_proto;
                    __u16 vlan_tci;
                };
            };
            union {
                unsigned int napi_id;
                unsigned int sender_cpu;
            };
            __u32 mark;
            __be16 inner_protocol;
            __u16 inner_transport_header;
            __u16 inner_network_header;
            __u16 inner_mac_header;
            __be16 protocol;
            __u16 transport_header;
            __u16 network_header;
            __u16 mac_header;
        };
        struct {
            __u8 first;
        } headers;
    };
    sk_buff_data_t tail;
    sk_buff_data_t end;
    unsigned char *head, *data;
    unsigned int truesize;
    refcount_t users;
};

struct net_device_stats {
    unsigned long rx_packets;
    unsigned long tx_packets;
    unsigned long rx_dropped;
    unsigned long tx_dropped;
};
struct net_device {
    unsigned long priv_flags : 32;
    unsigned long lltx : 1;
    unsigned int mtu;
    unsigned int flags;
    unsigned int real_num_tx_queues;
    possible_net_t nd_net;
    char name[16];
    int ifindex;
    unsigned short type;
    unsigned char min_header_len;
    unsigned char addr_len;
    unsigned char dev_addr_shadow[32];
    const unsigned char *dev_addr;
    struct net_device_stats stats;
    unsigned int num_tx_queues;
    u32 priv_len;
    u8 priv[] __attribute__((aligned(32)));
};

// ---- sockets ---------------------------------------------------------------------------------

enum tcp_state {
    TCP_ESTABLISHED = 1,
    TCP_SYN_SENT,
    TCP_SYN_RECV,
    TCP_FIN_WAIT1,
    TCP_FIN_WAIT2,
    TCP_TIME_WAIT,
    TCP_CLOSE,
    TCP_CLOSE_WAIT,
    TCP_LAST_ACK,
    TCP_LISTEN,
    TCP_CLOSING,
};
enum big_flags {
    BIG_NONE = 0,
    BIG_FLAG = 0x100000000ull,
};
enum signed_reason {
    REASON_BAD = -2,
    REASON_NONE = 0,
};

struct sock_common {
    union {
        u64 skc_addrpair;
        struct {
            __be32 skc_daddr;
            __be32 skc_rcv_saddr;
        };
    };
    union {
        unsigned int skc_hash;
        __u16 skc_u16hashes[2];
    };
    union {
        u32 skc_portpair;
        struct {
            __be16 skc_dport;
            __u16 skc_num;
        };
    };
    unsigned short skc_family;
    volatile unsigned char skc_state;
    unsigned char skc_reuse : 4;
    unsigned char skc_reuseport : 1;
    unsigned char skc_ipv6only : 1;
    unsigned char skc_net_refcnt : 1;
    int skc_bound_dev_if;
    struct hlist_node skc_bind_node;
    possible_net_t skc_net;
    struct in6_addr skc_v6_daddr;
    struct in6_addr skc_v6_rcv_saddr;
    atomic64_t skc_cookie;
};
struct sk_buff_head {
    struct sk_buff *next;
    struct sk_buff *prev;
    __u32 qlen;
    spinlock_t lock;
};
struct sock {
    struct sock_common __sk_common;
    atomic_t sk_drops;
    struct sk_buff_head sk_receive_queue;
    int sk_rcvbuf;
    int sk_sndbuf;
    int sk_wmem_queued;
    u8 sk_shutdown;
    u16 sk_type;
    u16 sk_protocol;
    u32 sk_ack_backlog;
    u32 sk_max_ack_backlog;
    kuid_t sk_uid;
    int sk_err;
    u32 sk_mark;
};
struct inet_sock {
    struct sock sk;
    unsigned long inet_flags;
    __be32 inet_saddr;
    s16 uc_ttl;
    __be16 inet_sport;
};
struct inet_connection_sock {
    struct inet_sock icsk_inet;
    u8 icsk_retransmits;
    u8 icsk_ca_state : 5, icsk_ca_initialized : 1;
    u32 icsk_rto;
};
struct tcp_sock {
    struct inet_connection_sock inet_conn;
    u32 srtt_us;
    u32 snd_cwnd;
    u32 snd_nxt;
    u32 total_retrans;
    u64 bytes_acked;
    u64 bytes_received;
};
struct sockaddr {
    unsigned short sa_family;
    char sa_data[14];
};
struct request_sock {
    struct sock_common __req_common;
};

// ---- processes and files ---------------------------------------------------------------------

struct pt_regs {
    unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs,
        flags, sp, ss;
};
struct mm_struct;
struct nsproxy;
struct task_struct {
    unsigned int __state;
    void *stack;
    unsigned int flags;
    int on_cpu;
    int prio;
    int static_prio;
    unsigned int policy;
    struct mm_struct *mm;
    int exit_state;
    int exit_code;
    unsigned int sched_reset_on_fork : 1;
    unsigned int sched_contributes_to_load : 1;
    unsigned int : 0;
    unsigned int in_execve : 1;
    unsigned int in_iowait : 1;
    int signed_bits : 3;
    pid_t pid;
    pid_t tgid;
    struct task_struct *real_parent;
    struct task_struct *parent;
    struct list_head children;
    struct task_struct *group_leader;
    u64 utime;
    u64 stime;
    u64 start_time;
    char comm[16];
    struct nsproxy *nsproxy;
    unsigned long nvcsw;
};
struct qstr {
    union {
        struct {
            u32 hash;
            u32 len;
        };
        u64 hash_len;
    };
    const unsigned char *name;
};
struct inode {
    unsigned short i_mode;
    kuid_t i_uid;
    unsigned long i_ino;
    loff_t i_size;
};
struct dentry {
    struct dentry *d_parent;
    struct qstr d_name;
    struct inode *d_inode;
};
struct path {
    void *mnt;
    struct dentry *dentry;
};
struct file {
    unsigned int f_mode;
    unsigned int f_flags;
    struct inode *f_inode;
    struct path f_path;
    loff_t f_pos;
};
struct linux_binprm {
    struct file *file;
    int argc, envc;
    const char *filename;
};

// ---- raw tracepoints and functions -----------------------------------------------------------

#define PARAMS(...) __VA_ARGS__
#define TRACE(event, proto)                                 \
    typedef void (*btf_trace_##event)(void *__data, proto); \
    btf_trace_##event keep_##event;                         \
    __attribute__((noinline)) int __traceiter_##event(void *__data, proto)

TRACE(net_dev_queue, struct sk_buff *skb)
{
    return 0;
}
TRACE(netif_receive_skb, struct sk_buff *skb)
{
    return 0;
}
TRACE(net_dev_start_xmit, PARAMS(const struct sk_buff *skb, const struct net_device *dev))
{
    return 0;
}
TRACE(net_dev_xmit,
      PARAMS(struct sk_buff *skb, int rc, struct net_device *dev, unsigned int skb_len))
{
    return 0;
}
TRACE(kfree_skb,
      PARAMS(struct sk_buff *skb, void *location, enum skb_drop_reason reason, struct sock *rx_sk))
{
    return 0;
}
TRACE(consume_skb, PARAMS(struct sk_buff *skb, void *location))
{
    return 0;
}
TRACE(tcp_retransmit_skb, PARAMS(const struct sock *sk, const struct sk_buff *skb))
{
    return 0;
}
TRACE(inet_sock_set_state, PARAMS(const struct sock *sk, const int oldstate, const int newstate))
{
    return 0;
}
TRACE(sched_switch, PARAMS(bool preempt, struct task_struct *prev, struct task_struct *next,
                           unsigned int prev_state))
{
    return 0;
}
TRACE(sched_wakeup, struct task_struct *p)
{
    return 0;
}
TRACE(sched_process_exec, PARAMS(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm))
{
    return 0;
}
TRACE(sys_enter, PARAMS(struct pt_regs *regs, long id))
{
    return 0;
}
TRACE(sys_exit, PARAMS(struct pt_regs *regs, long ret))
{
    return 0;
}
TRACE(softirq_entry, unsigned int vec_nr)
{
    return 0;
}
TRACE(softirq_exit, unsigned int vec_nr)
{
    return 0;
}
TRACE(netif_rx, struct sk_buff *skb)
{
    return 0;
}
TRACE(napi_poll, PARAMS(void *napi, int work, int budget))
{
    return 0;
}
TRACE(tcp_probe, PARAMS(struct sock *sk, struct sk_buff *skb))
{
    return 0;
}
// A kernel before 5.10 has the typedef only, and one of 6.6 the stub as well.
typedef void (*btf_trace_old_event)(void *__data, int first, u64 second);
btf_trace_old_event keep_old_event;
typedef void (*btf_trace_stub_event)(void *__data, struct sk_buff *skb);
btf_trace_stub_event keep_stub_event;
__attribute__((noinline)) void __probestub_stub_event(void *__data, struct sk_buff *packet)
{
}

__attribute__((noinline)) int tcp_v4_rcv(struct sk_buff *skb)
{
    return 0;
}
__attribute__((noinline)) int ip_rcv(struct sk_buff *skb, struct net_device *dev, void *pt,
                                     struct net_device *orig_dev)
{
    return 0;
}
__attribute__((noinline)) int tcp_connect(struct sock *sk)
{
    return 0;
}
__attribute__((noinline)) int tcp_v4_connect(struct sock *sk, struct sockaddr *uaddr, int addr_len)
{
    return 0;
}
__attribute__((noinline)) int tcp_retransmit_skb(struct sock *sk, struct sk_buff *skb, int segs)
{
    return 0;
}
__attribute__((noinline)) int tcp_sendmsg(struct sock *sk, void *msg, size_t size)
{
    return 0;
}
__attribute__((noinline)) long vfs_read(struct file *file, char *buf, size_t count, loff_t *pos)
{
    return 0;
}
// The BPF target has no variadic functions, but pointers to them.
typedef int (*printer_t)(const char *fmt, ...);
printer_t keep_printer;

// What no function names: kept as variables, so that the types are there.
struct ethhdr keep_ethhdr;
struct vlan_hdr keep_vlan;
struct iphdr keep_iphdr;
struct ipv6hdr keep_ipv6hdr;
struct tcphdr keep_tcphdr;
struct udphdr keep_udphdr;
struct icmphdr keep_icmphdr;
struct arphdr keep_arphdr;
struct in_addr keep_in_addr;
struct skb_shared_info keep_shared;
struct tcp_sock keep_tcp_sock;
struct request_sock keep_request;
struct net_device keep_dev;
struct task_struct keep_task;
struct file keep_file;
struct dentry keep_dentry;
struct inode keep_inode;
enum tcp_state keep_state;
enum big_flags keep_big;
enum signed_reason keep_signed;
enum skb_drop_reason keep_reason;
