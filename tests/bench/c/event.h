// SPDX-License-Identifier: GPL-2.0-or-later
// One packet as the event baseline sends it.
#ifndef BENCH_EVENT_H
#define BENCH_EVENT_H

#include <linux/types.h>

struct bench_event {
    __u64 at;
    __u32 saddr, daddr;
    __u16 source, dest;
    __u32 len;
    char dev[16];
};

#endif
