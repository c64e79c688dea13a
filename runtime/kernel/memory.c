// SPDX-License-Identifier: GPL-2.0-or-later
// Will the maps fit into memory? The kernel makes room for all entries at once and does not ask: it
// takes minutes, and all that others have, before it fails. Must not know manifests. Serves the
// loader.
#include "runtime/kernel/memory.h"

#include "runtime/common/msg.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define ENTRY 64u // what the kernel stores besides key and value, with its share of the buckets

// Bytes, about.
static uint64_t wants(const struct bpf_map *map, uint64_t ncpus)
{
    uint64_t key = bpf_map__key_size(map), value = (bpf_map__value_size(map) + 7u) & ~7u;
    uint64_t n = bpf_map__max_entries(map);

    switch (bpf_map__type(map)) {
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_LRU_HASH:
    case BPF_MAP_TYPE_STACK_TRACE:
        return n * (key + value + ENTRY);
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH:
        return n * (key + value * ncpus + ENTRY);
    case BPF_MAP_TYPE_ARRAY:
        return n * value;
    case BPF_MAP_TYPE_PERCPU_ARRAY:
        return n * value * ncpus;
    default:
        return 0;
    }
}

// What is available without making others go to disk; UINT64_MAX: unknown.
static uint64_t available(void)
{
    FILE *f = fopen("/proc/meminfo", "re");
    uint64_t kb = UINT64_MAX / 1024;
    char line[128];

    while (f && fgets(line, sizeof(line), f) &&
           sscanf(line, "MemAvailable: %" SCNu64 " kB", &kb) != 1)
        ;
    if (f)
        fclose(f);
    return kb * 1024;
}

int nd_memory_check(const struct bpf_object *obj)
{
    uint64_t sum = 0, most = 0, has = available(), ncpus = 1;
    const struct bpf_map *map, *largest = NULL;
    int n = libbpf_num_possible_cpus();

    if (n > 0)
        ncpus = (uint64_t)n;
    bpf_object__for_each_map(map, obj)
    {
        uint64_t want = bpf_map__autocreate(map) ? wants(map, ncpus) : 0;

        sum += want;
        if (want > most) {
            most = want;
            largest = map;
        }
    }
    if (!largest || sum <= has)
        return 0;
    nd_msg("error: the maps need %" PRIu64 " MiB of memory, and %" PRIu64
           " MiB are available; the largest has %u entries: use smaller ones",
           sum >> 20, has >> 20, bpf_map__max_entries(largest));
    return -ENOMEM;
}
