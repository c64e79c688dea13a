// SPDX-License-Identifier: GPL-2.0-or-later
// See earlymaps.h. The object gets a map only if it has one of that name and all its numbers agree,
// so a plan that was dropped for another one costs time and nothing else.
#include "runtime/kernel/earlymaps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SMALL 256u // entries: as quick to make later
#define LARGE \
    (16ull << 20) // bytes, about: for these the loader looks first at what memory there is

struct nd_early_map {
    struct nd_plan_map is;
    int fd;
};

static bool worth_it(const struct nd_plan_map *m)
{
    switch (m->type) {
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_LRU_HASH:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH:
    case BPF_MAP_TYPE_STACK_TRACE:
        return m->entries >= SMALL;
    case BPF_MAP_TYPE_RINGBUF:
        return true;
    default:
        return false;
    }
}

static uint64_t bytes_of(const struct nd_plan_map *m, uint64_t ncpus)
{
    bool percpu = m->type == BPF_MAP_TYPE_PERCPU_HASH || m->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;

    if (m->type == BPF_MAP_TYPE_RINGBUF)
        return m->entries;
    return m->entries * (64ull + m->key + m->val * (percpu ? ncpus : 1));
}

void nd_early_make(struct nd_early *e, const struct nd_plan_map *maps, uint32_t n)
{
    int cpus = libbpf_num_possible_cpus(), fd;
    uint64_t ncpus = cpus > 0 ? (uint64_t)cpus : 1, sum = 0;
    uint32_t i;

    nd_early_free(e);
    e->v = calloc(n + 1, sizeof(*e->v));
    for (i = 0; e->v && i < n; i++) {
        if (!worth_it(&maps[i]) || sum + bytes_of(&maps[i], ncpus) > LARGE)
            continue;
        sum += bytes_of(&maps[i], ncpus);
        fd = bpf_map_create((enum bpf_map_type)maps[i].type, maps[i].name, maps[i].key, maps[i].val,
                            maps[i].entries, NULL);
        if (fd >= 0)
            e->v[e->n++] = (struct nd_early_map){maps[i], fd};
    }
}

static bool same(const struct nd_plan_map *m, const struct bpf_map *map)
{
    return bpf_map__type(map) == (enum bpf_map_type)m->type && bpf_map__key_size(map) == m->key &&
           bpf_map__value_size(map) == m->val && bpf_map__max_entries(map) == m->entries &&
           !bpf_map__map_flags(map) && !bpf_map__pin_path(map);
}

void nd_early_use(const struct nd_early *e, struct bpf_object *obj)
{
    uint32_t i;

    for (i = 0; i < e->n; i++) {
        struct bpf_map *map = bpf_object__find_map_by_name(obj, e->v[i].is.name);

        if (map && same(&e->v[i].is, map))
            bpf_map__reuse_fd(map, e->v[i].fd); // what cannot be used is made again by the loader
    }
}

void nd_early_free(struct nd_early *e)
{
    uint32_t i;

    for (i = 0; i < e->n; i++)
        close(e->v[i].fd);
    free(e->v);
    memset(e, 0, sizeof(*e));
}
