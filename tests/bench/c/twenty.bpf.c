// SPDX-License-Identifier: GPL-2.0-or-later
// Baseline: twenty tracepoints, counted by which it was: for the time it takes to leave.
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 4096);
    __type(key, __u32);
    __type(value, __u64);
} counts SEC(".maps");

#define TRACE(n, category, event)   \
    SEC("tp/" #category "/" #event) \
    int on_##event(void *ctx)       \
    {                               \
        __u32 key = n;              \
                                    \
        count(&counts, &key);       \
        return 0;                   \
    }

TRACE(0, net, net_dev_queue)
TRACE(1, net, net_dev_start_xmit)
TRACE(2, net, net_dev_xmit)
TRACE(3, net, netif_receive_skb)
TRACE(4, net, netif_rx)
TRACE(5, skb, kfree_skb)
TRACE(6, skb, consume_skb)
TRACE(7, napi, napi_poll)
TRACE(8, sock, inet_sock_set_state)
TRACE(9, tcp, tcp_probe)
TRACE(10, tcp, tcp_retransmit_skb)
TRACE(11, tcp, tcp_send_reset)
TRACE(12, tcp, tcp_receive_reset)
TRACE(13, tcp, tcp_destroy_sock)
TRACE(14, irq, softirq_entry)
TRACE(15, irq, softirq_exit)
TRACE(16, sched, sched_process_exec)
TRACE(17, sched, sched_process_exit)
TRACE(18, syscalls, sys_enter_connect)
TRACE(19, syscalls, sys_exit_connect)
