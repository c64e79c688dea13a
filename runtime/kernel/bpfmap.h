// SPDX-License-Identifier: GPL-2.0-or-later
// One BPF map, its per-CPU values merged: single entries, all entries, emptying. Must not know
// generations or the manifest's names. Serves maps.c.
#ifndef ND_BPFMAP_H
#define ND_BPFMAP_H

#include "runtime/common/table.h"

#include "runtime/common/manifest.h"

struct nd_bpfmap {
    int fd;
    bool percpu, hash, summed;
    bool no_batch;                 // key by key, as on kernels before 5.6
    const struct nd_mf_type *type; // of the value
    uint32_t key_size, val_size;   // as in the script; key_size 0: scalar
    uint32_t bpf_key, bpf_val;     // as the kernel has them; bpf_val rounded up and times CPUs
    uint32_t bpf_one;              // of one CPU
    uint32_t ncpu;
    uint32_t max_entries;
    int64_t
        *taken; // LRU maps: entries that user space took away minus those it made; otherwise NULL
};

// What nd_bpfmap_each calls for every entry, with the merged value. Nonzero ends the walk.
typedef int (*nd_bpfmap_fn)(void *arg, const void *key, const void *val);

int nd_bpfmap_get(const struct nd_bpfmap *b, const void *key, void *val); // -ENOENT if absent
// Both: 0 or a negative errno. The value of a per-CPU map goes to the first CPU; deleting from an
// array sets the value to zero.
int nd_bpfmap_set(const struct nd_bpfmap *b, const void *key, const void *val);
int nd_bpfmap_del(const struct nd_bpfmap *b, const void *key);
// Every key that is in the map during the whole walk is seen exactly once, whatever order keys have
// and whatever programs add or delete meanwhile. With `take` every entry is deleted as it is read:
// exact only when no program writes to the map.
int nd_bpfmap_each(const struct nd_bpfmap *b, bool take, nd_bpfmap_fn fn, void *arg);
int nd_bpfmap_clear(const struct nd_bpfmap *b);
// dst (zeroed, or holding earlier values) += what one CPU counted.
void nd_bpfmap_merge(const struct nd_bpfmap *b, void *dst, const void *src);

#endif
