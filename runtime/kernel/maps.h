// SPDX-License-Identifier: GPL-2.0-or-later
// The maps of a script as user code sees them: typed keys and merged values, whatever kind of BPF
// map is there, with two generations for maps that are emptied while probes run, and maps that
// live in user space only. Must not know user code or text. Serves the VM, sinks and the run.
//
// Keys and values are the bytes described by the manifest's types; a scalar map has the key NULL.
// Values of per-CPU aggregations are merged with nd_agg_merge (agg.h).
//
// Maps with ND_MAPF_GEN: the first use in a handler flips the generation, waits until no running
// program can still write to the old one, merges what it holds into the user-space snapshot and
// empties it. Every function on such a map reads and changes the snapshot only. So print + clear in
// one handler is exact: clear drops exactly what print showed.
#ifndef ND_MAPS_H
#define ND_MAPS_H

#include "runtime/common/mf.h"
#include "runtime/kernel/state.h"

#include <stdbool.h>

struct nd_maps;
struct bpf_object;

// obj may be NULL when the script has no kernel side. Free with nd_maps_free (NULL is fine).
struct nd_maps *nd_maps_new(const struct nd_mf *mf, struct bpf_object *obj);
void nd_maps_free(struct nd_maps *m);
// The sizes of maps that user space keeps, where they are those of options. Without, options have
// their defaults.
void nd_maps_sizes(struct nd_maps *m, const uint8_t *opts);
// Where nd_state is mapped: the generation words are in it. Needed if any map has ND_MAPF_GEN.
void nd_maps_set_state(struct nd_maps *m, const struct nd_state *state);
// As on kernels before 5.6, which read no batches.
void nd_maps_key_by_key(struct nd_maps *m);
// No program runs any more but those the caller starts and waits for: harvests need not wait.
void nd_maps_stopped(struct nd_maps *m);

// A new handler (hook or event) starts: generational maps are harvested again at first touch.
void nd_maps_handler(struct nd_maps *m);

// All return 0 or a negative errno. get: -ENOENT and a zeroed value if the key is absent; val has
// room for the size of the map's val_type.
int nd_maps_get(struct nd_maps *m, uint32_t map, const void *key, void *val);
int nd_maps_set(struct nd_maps *m, uint32_t map, const void *key, const void *val);
int nd_maps_del(struct nd_maps *m, uint32_t map, const void *key);
// Adds v (i64 as u64) to the aggregation stored under key.
int nd_maps_add(struct nd_maps *m, uint32_t map, const void *key, uint64_t v);
int nd_maps_clear(struct nd_maps *m, uint32_t map);
// For the next interval: as cleared, but an aggregation without keys is there with nothing in it.
int nd_maps_restart(struct nd_maps *m, uint32_t map);
int nd_maps_zero(struct nd_maps *m, uint32_t map);
int64_t nd_maps_len(struct nd_maps *m, uint32_t map);

// Entries that an LRU map dropped to make room, 0 for other maps; exact once programs have ended.
uint64_t nd_maps_evicted(struct nd_maps *m, uint32_t map);

// A copy of all entries at one moment; free with nd_copy_free.
struct nd_copy {
    uint32_t n;
    uint32_t key_size, val_size; // key_size 0: scalar
    uint8_t *keys;               // n * key_size
    uint8_t *vals;               // n * val_size
};
int nd_maps_copy(struct nd_maps *m, uint32_t map, struct nd_copy *copy);
void nd_copy_free(struct nd_copy *copy);

// Frames of stack `id` of the stack map (MAPS index), at most max; returns how many, or -errno.
int nd_maps_stack(struct nd_maps *m, uint32_t map, int32_t id, uint64_t *frames, uint32_t max);

#endif
