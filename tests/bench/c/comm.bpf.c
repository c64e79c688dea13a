// SPDX-License-Identifier: GPL-2.0-or-later
// Baseline: packets queued, by the name of the process.
#include "net.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, 4096);
    __type(key, char[16]);
    __type(value, __u64);
} counts SEC(".maps");

SEC("raw_tp/net_dev_queue") // reads no field: needs no BTF
int queue(void *ctx)
{
    char key[16];

    bpf_get_current_comm(key, sizeof(key));
    count(&counts, key);
    return 0;
}
