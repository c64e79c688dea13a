// SPDX-License-Identifier: GPL-2.0-or-later
// What bpf_prog_info and bpf_link_info report. Must not know scripts.
#include "runtime/kernel/missed.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

uint64_t nd_missed_by_prog(int prog)
{
    struct bpf_prog_info info;
    uint32_t size = sizeof(info);

    memset(&info, 0, sizeof(info));
    if (prog < 0 || bpf_obj_get_info_by_fd(prog, &info, &size))
        return 0;
    return info.recursion_misses;
}

// struct bpf_link_info of Linux 6.7 (include/uapi/linux/bpf.h), as far as it is used here: headers
// of older systems have less of it.
struct link_info {
    uint32_t type, id, prog_id, pad;
    union {
        struct {
            uint64_t addrs;
            uint32_t count, flags;
            uint64_t missed;
        } multi;
        struct {
            uint32_t kind, pad; // enum bpf_perf_event_type
            uint64_t name;
            uint32_t name_len, offset;
            uint64_t addr, missed;
        } perf;
    };
};

enum { LINK_PERF_EVENT = 7, LINK_KPROBE_MULTI = 8 };
enum { PERF_EVENT_KPROBE = 3, PERF_EVENT_KRETPROBE = 4 };

int64_t nd_missed_by_link(int link)
{
    struct link_info info;
    uint32_t size = sizeof(info);

    memset(&info, 0, sizeof(info));
    if (bpf_obj_get_info_by_fd(link, (struct bpf_link_info *)(void *)&info, &size))
        return -errno;
    if (size < sizeof(info)) // how much the kernel knows of
        return -ENODATA;
    if (info.type == LINK_KPROBE_MULTI)
        return (int64_t)info.multi.missed;
    if (info.type == LINK_PERF_EVENT &&
        (info.perf.kind == PERF_EVENT_KPROBE || info.perf.kind == PERF_EVENT_KRETPROBE))
        return (int64_t)info.perf.missed;
    return -ENODATA;
}
