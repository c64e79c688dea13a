// SPDX-License-Identifier: GPL-2.0-or-later
// Baseline: packets queued, by the kernel's stack.
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(max_entries, 4096);
    __uint(key_size, 4);
    __uint(value_size, 127 * 8);
} stacks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 4096);
    __type(key, __u64);
    __type(value, __u64);
} counts SEC(".maps");

SEC("raw_tp/net_dev_queue") // reads no field: needs no BTF
int queue(void *ctx)
{
    __u64 id = bpf_get_stackid(ctx, &stacks, 0);

    count(&counts, &id);
    return 0;
}
