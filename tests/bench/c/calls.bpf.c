// SPDX-License-Identifier: GPL-2.0-or-later
// Baseline: twenty tracepoints of system calls, counted by which it was: for the time it takes to
// leave.
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 4096);
    __type(key, __u32);
    __type(value, __u64);
} counts SEC(".maps");

#define TRACE(n, call)                  \
    SEC("tp/syscalls/sys_enter_" #call) \
    int on_##call(void *ctx)            \
    {                                   \
        __u32 key = n;                  \
                                        \
        count(&counts, &key);           \
        return 0;                       \
    }

TRACE(0, accept)
TRACE(1, accept4)
TRACE(2, bind)
TRACE(3, connect)
TRACE(4, getpeername)
TRACE(5, getsockname)
TRACE(6, getsockopt)
TRACE(7, listen)
TRACE(8, recvfrom)
TRACE(9, recvmmsg)
TRACE(10, recvmsg)
TRACE(11, sendmmsg)
TRACE(12, sendmsg)
TRACE(13, sendto)
TRACE(14, setsockopt)
TRACE(15, shutdown)
TRACE(16, socket)
TRACE(17, socketpair)
TRACE(18, splice)
TRACE(19, sendfile64)
