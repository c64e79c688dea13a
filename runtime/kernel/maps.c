// SPDX-License-Identifier: GPL-2.0-or-later
// The script's maps: straight to the kernel, or through a snapshot for maps with two generations
// and maps of user code. Must not know user code or text. Serves the VM, sinks and the run.
#include "runtime/kernel/maps.h"

#include "runtime/common/agg.h"
#include "runtime/common/msg.h"
#include "runtime/kernel/bpfmap.h"
#include "runtime/kernel/feature.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct map {
    const struct nd_mf_map *d;
    struct nd_bpfmap gen[2]; // [0] only, unless ND_MAPF_GEN
    bool snap;               // reads and writes go to the table
    bool in_kernel;
    bool harvested; // in this handler
    bool cleared;   // a scalar that was cleared is absent while it is zero
    int64_t taken;  // see struct nd_bpfmap
    int64_t limit;  // entries of the table, 0: any number
    struct nd_table table;
};

struct nd_maps {
    const struct nd_mf *mf;
    struct map *v;
    const struct nd_state *state; // NULL: none
    uint32_t ngen;
    bool stopped; // no program runs by itself any more
    bool warned;  // that the kernel offers no grace period
};

static int open_bpf(struct nd_maps *m, struct map *p, struct bpf_object *obj, uint32_t sym,
                    struct nd_bpfmap *b)
{
    const char *name = nd_mf_str(m->mf, sym);
    const struct bpf_map *map = bpf_object__find_map_by_name(obj, name);
    int ncpu = libbpf_num_possible_cpus();

    if (!map || bpf_map__fd(map) < 0 || ncpu <= 0)
        return -ENOENT;
    b->fd = bpf_map__fd(map);
    b->percpu = p->d->kind == ND_MAP_PERCPUHASH || p->d->kind == ND_MAP_PERCPULRUHASH ||
                p->d->kind == ND_MAP_PERCPUARRAY;
    b->hash = p->d->kind != ND_MAP_ARRAY && p->d->kind != ND_MAP_PERCPUARRAY;
    b->summed = p->d->flags & ND_MAPF_SUMMED;
    b->type = &m->mf->types[p->d->val_type];
    b->key_size = p->table.key_size;
    b->val_size = p->table.val_size;
    b->bpf_key = bpf_map__key_size(map);
    b->bpf_one = bpf_map__value_size(map);
    b->ncpu = b->percpu ? (uint32_t)ncpu : 1;
    b->max_entries = bpf_map__max_entries(map);
    // A map of another shape than the manifest says would make the kernel write past our buffers.
    if (b->bpf_one < b->val_size || b->bpf_key < b->key_size || !b->bpf_key ||
        (!b->hash && b->bpf_key != 4))
        return -EINVAL;
    if (b->percpu)
        b->bpf_one = (b->bpf_one + 7) & ~7u; // as the kernel does
    b->bpf_val = b->bpf_one * b->ncpu;
    return 0;
}

static bool type_matches(const struct nd_mf_map *d, enum bpf_map_type t)
{
    static const enum bpf_map_type want[] = {
        [ND_MAP_HASH] = BPF_MAP_TYPE_HASH,
        [ND_MAP_LRUHASH] = BPF_MAP_TYPE_LRU_HASH,
        [ND_MAP_PERCPUHASH] = BPF_MAP_TYPE_PERCPU_HASH,
        [ND_MAP_PERCPULRUHASH] = BPF_MAP_TYPE_LRU_PERCPU_HASH,
        [ND_MAP_ARRAY] = BPF_MAP_TYPE_ARRAY,
        [ND_MAP_PERCPUARRAY] = BPF_MAP_TYPE_PERCPU_ARRAY,
    };

    return d->kind < sizeof(want) / sizeof(*want) && want[d->kind] == t;
}

static int open_map(struct nd_maps *m, struct map *p, struct bpf_object *obj)
{
    uint32_t syms[2] = {p->d->sym, p->d->sym2};
    int i, n = p->d->flags & ND_MAPF_GEN ? 2 : 1, err = 0;

    for (i = 0; i < n && !err; i++) {
        const char *name = nd_mf_str(m->mf, syms[i]);

        p->gen[i].taken = p->d->pop_off ? &p->taken : NULL;
        const struct bpf_map *map = bpf_object__find_map_by_name(obj, name);

        if (!map || !type_matches(p->d, bpf_map__type(map)))
            err = -EINVAL;
        else
            err = open_bpf(m, p, obj, syms[i], &p->gen[i]);
    }
    return err;
}

static bool has_data(const struct nd_mf_map *d)
{
    return d->kind != ND_MAP_STACK && d->kind != ND_MAP_SCRATCH;
}

static int init_map(struct nd_maps *m, struct map *p, struct bpf_object *obj)
{
    uint32_t key = 0;
    int err;

    if (p->d->kind == ND_MAP_STACK && obj) {
        const struct bpf_map *map = bpf_object__find_map_by_name(obj, nd_mf_str(m->mf, p->d->sym));

        p->gen[0].fd = map ? bpf_map__fd(map) : -1;
        p->gen[0].bpf_val = map ? bpf_map__value_size(map) : 0;
        p->in_kernel = p->gen[0].fd >= 0;
    }
    if (!has_data(p->d))
        return 0;
    if (p->d->key_type != ND_MF_NONE)
        key = m->mf->types[p->d->key_type].size;
    nd_table_init(&p->table, key, m->mf->types[p->d->val_type].size);
    p->snap = !obj || p->d->kind == ND_MAP_USER || (p->d->flags & ND_MAPF_GEN);
    if (!obj || p->d->kind == ND_MAP_USER)
        return 0;
    p->in_kernel = true;
    m->ngen += !!(p->d->flags & ND_MAPF_GEN);
    err = open_map(m, p, obj);
    if (err)
        nd_msg("error: the object's map %s is not what its manifest says",
               nd_mf_str(m->mf, p->d->name));
    return err;
}

struct nd_maps *nd_maps_new(const struct nd_mf *mf, struct bpf_object *obj)
{
    struct nd_maps *m = calloc(1, sizeof(*m));
    uint32_t i;
    int err = 0;

    if (!m)
        return NULL;
    m->mf = mf;
    m->v = calloc(mf->nmaps + 1, sizeof(*m->v));
    for (i = 0; m->v && i < mf->nmaps && !err; i++) {
        m->v[i].d = &mf->maps[i];
        m->v[i].limit = mf->maps[i].max_entries;
        m->v[i].gen[0].fd = -1;
        err = init_map(m, &m->v[i], obj);
    }
    if (!m->v || err) {
        nd_maps_free(m);
        errno = err ? -err : ENOMEM;
        return NULL;
    }
    return m;
}

void nd_maps_sizes(struct nd_maps *m, const uint8_t *opts)
{
    uint32_t i;

    for (i = 0; i < m->mf->nmaps; i++)
        m->v[i].limit = nd_mf_map_entries(m->mf, i, opts);
}

void nd_maps_free(struct nd_maps *m)
{
    uint32_t i;

    if (!m)
        return;
    for (i = 0; m->v && i < m->mf->nmaps; i++)
        nd_table_free(&m->v[i].table);
    free(m->v);
    free(m);
}

void nd_maps_set_state(struct nd_maps *m, const struct nd_state *state)
{
    m->state = nd_state_there(state) ? state : NULL;
}

void nd_maps_key_by_key(struct nd_maps *m)
{
    uint32_t i;

    for (i = 0; i < m->mf->nmaps; i++)
        m->v[i].gen[0].no_batch = m->v[i].gen[1].no_batch = true;
}

void nd_maps_stopped(struct nd_maps *m)
{
    m->stopped = true;
}

void nd_maps_handler(struct nd_maps *m)
{
    uint32_t i;

    for (i = 0; m->ngen && i < m->mf->nmaps; i++)
        m->v[i].harvested = false;
}

// ---- generations -------------------------------------------------------------------------------

static int collect(void *arg, const void *key, const void *val)
{
    struct map *p = arg;
    bool fresh;
    void *mine = nd_table_put(&p->table, key, &fresh);

    if (!mine)
        return -ENOMEM;
    if (fresh)
        memcpy(mine, val, p->table.val_size);
    else
        nd_bpfmap_merge(&p->gen[0], mine, val);
    return 0;
}

static bool due(const struct map *p)
{
    return p->in_kernel && p->snap && !p->harvested;
}

static void flip_all(struct nd_maps *m)
{
    uint32_t i;

    for (i = 0; i < m->mf->nmaps; i++) {
        if (due(&m->v[i]))
            nd_state_flip(m->state, m->v[i].d->gen_off);
    }
    if (nd_feature_grace() && !m->warned) {
        m->warned = true;
        nd_msg("warning: this kernel cannot wait for running programs; an event at the end of an "
               "interval may be lost");
    }
}

// All maps with generations are flipped together and pay for one grace period: a report of three
// maps then shows one moment, and waits once.
static int harvest_all(struct nd_maps *m)
{
    uint32_t i;
    int err = 0;

    if (!m->state)
        return -EINVAL;
    if (!m->stopped)
        flip_all(m);
    for (i = 0; i < m->mf->nmaps && !err; i++) {
        struct map *p = &m->v[i];
        uint32_t now;

        if (!due(p))
            continue;
        now = nd_state_get(m->state, p->d->gen_off) & 1;
        p->harvested = true;
        err = nd_bpfmap_each(&p->gen[now ^ 1], true, collect, p);
        if (!err && m->stopped)
            err = nd_bpfmap_each(&p->gen[now], true, collect, p);
    }
    return err;
}

static int harvest(struct nd_maps *m, uint32_t map)
{
    struct map *p = &m->v[map];

    if (!p->in_kernel || !p->snap || p->harvested)
        return 0;
    return harvest_all(m);
}

// Is there a word that says whether this variable without a key was ever set?
static bool has_word(const struct nd_maps *m, const struct map *p)
{
    return p->d->kind == ND_MAP_ARRAY && p->d->pop_off && m->state;
}

static void set_present(struct nd_maps *m, const struct map *p, bool present)
{
    if (has_word(m, p))
        nd_state_put(m->state, p->d->pop_off, present);
}

// ---- access ------------------------------------------------------------------------------------

// Snapshot maps are brought up to date once for each handler.
static int touch(struct nd_maps *m, uint32_t map, struct map **out)
{
    *out = &m->v[map];
    if (!has_data((*out)->d))
        return -EINVAL;
    return harvest(m, map);
}

int nd_maps_get(struct nd_maps *m, uint32_t map, const void *key, void *val)
{
    const void *mine;
    struct map *p;
    int err = touch(m, map, &p);

    if (err)
        return err;
    if (!p->snap)
        return nd_bpfmap_get(&p->gen[0], key, val);
    mine = nd_table_get(&p->table, key);
    if (mine)
        memcpy(val, mine, p->table.val_size);
    else
        memset(val, 0, p->table.val_size);
    return mine ? 0 : -ENOENT;
}

int nd_maps_set(struct nd_maps *m, uint32_t map, const void *key, const void *val)
{
    struct map *p;
    void *mine;
    int err = touch(m, map, &p);

    if (err)
        return err;
    p->cleared = false;
    set_present(m, p, true);
    if (!p->snap)
        return nd_bpfmap_set(&p->gen[0], key, val);
    if (p->limit && p->table.n >= p->limit && !nd_table_get(&p->table, key))
        return -E2BIG;
    mine = nd_table_put(&p->table, key, NULL);
    if (!mine)
        return -ENOMEM;
    memcpy(mine, val, p->table.val_size);
    return 0;
}

int nd_maps_del(struct nd_maps *m, uint32_t map, const void *key)
{
    struct map *p;
    int err = touch(m, map, &p);

    if (err)
        return err;
    if (!p->table.key_size)
        p->cleared = true;
    set_present(m, p, false);
    if (!p->snap)
        return nd_bpfmap_del(&p->gen[0], key);
    return nd_table_del(&p->table, key) ? 0 : -ENOENT;
}

int nd_maps_add(struct nd_maps *m, uint32_t map, const void *key, uint64_t v)
{
    const struct nd_mf_type *t = &m->mf->types[m->mf->maps[map].val_type];
    void *val = calloc(1, t->size ? t->size : 1);
    int err;

    if (!val)
        return -ENOMEM;
    err = nd_maps_get(m, map, key, val);
    if (err == -ENOENT)
        err = 0;
    if (!err) {
        nd_agg_add(t, val, (int64_t)v);
        err = nd_maps_set(m, map, key, val);
    }
    free(val);
    return err;
}

int nd_maps_clear(struct nd_maps *m, uint32_t map)
{
    struct map *p;
    int err = touch(m, map, &p);

    if (err)
        return err;
    p->cleared = true;
    set_present(m, p, false);
    if (!p->snap)
        return nd_bpfmap_clear(&p->gen[0]);
    nd_table_clear(&p->table);
    return 0;
}

int nd_maps_restart(struct nd_maps *m, uint32_t map)
{
    int err = nd_maps_clear(m, map);

    m->v[map].cleared = false;
    return err;
}

int nd_maps_zero(struct nd_maps *m, uint32_t map)
{
    struct nd_copy c;
    struct map *p;
    uint32_t i;
    int err = touch(m, map, &p);

    if (!err)
        err = nd_maps_copy(m, map, &c);
    if (err)
        return err;
    memset(c.vals, 0, c.val_size);
    for (i = 0; i < c.n && !err; i++)
        err = nd_maps_set(m, map, c.keys + (size_t)i * c.key_size, c.vals);
    nd_copy_free(&c);
    return err;
}

// ---- copies ------------------------------------------------------------------------------------

struct filler {
    struct nd_copy *copy;
    uint32_t cap;
    bool skip_zero;
};

static int fill(void *arg, const void *key, const void *val)
{
    struct filler *f = arg;
    struct nd_copy *c = f->copy;
    uint32_t i;

    for (i = 0; f->skip_zero && i < c->val_size && !((const uint8_t *)val)[i]; i++)
        ;
    if (f->skip_zero && i == c->val_size)
        return 0;
    if (c->n == f->cap) {
        uint32_t cap = f->cap ? f->cap * 2 : 64;
        uint8_t *keys = realloc(c->keys, (size_t)cap * c->key_size + 1);
        uint8_t *vals;

        if (!keys)
            return -ENOMEM;
        c->keys = keys;
        vals = realloc(c->vals, (size_t)cap * c->val_size + 1);
        if (!vals)
            return -ENOMEM;
        c->vals = vals;
        f->cap = cap;
    }
    if (c->key_size)
        memcpy(c->keys + (size_t)c->n * c->key_size, key, c->key_size);
    memcpy(c->vals + (size_t)c->n * c->val_size, val, c->val_size);
    c->n++;
    return 0;
}

int nd_maps_copy(struct nd_maps *m, uint32_t map, struct nd_copy *copy)
{
    struct filler f = {.copy = copy};
    struct map *p;
    uint32_t i;
    int err;

    memset(copy, 0, sizeof(*copy));
    err = touch(m, map, &p);
    if (err)
        return err;
    copy->key_size = p->table.key_size;
    copy->val_size = p->table.val_size;
    copy->vals = calloc(1, copy->val_size); // so that vals is never NULL
    if (!copy->vals)
        return -ENOMEM;
    f.skip_zero = p->cleared && !copy->key_size;
    if (!p->snap && has_word(m, p) && !nd_state_get(m->state, p->d->pop_off))
        return 0;
    if (!p->snap)
        err = nd_bpfmap_each(&p->gen[0], false, fill, &f);
    for (i = 0; p->snap && i < p->table.n && !err; i++)
        err = fill(&f, nd_table_key(&p->table, i), nd_table_val(&p->table, i));
    if (err)
        nd_copy_free(copy);
    return err;
}

void nd_copy_free(struct nd_copy *copy)
{
    free(copy->keys);
    free(copy->vals);
    memset(copy, 0, sizeof(*copy));
}

static int count_one(void *arg, const void *key, const void *val)
{
    (void)key;
    (void)val;
    ++*(int64_t *)arg;
    return 0;
}

int64_t nd_maps_len(struct nd_maps *m, uint32_t map)
{
    struct map *p;
    int64_t n = 0;
    int err = touch(m, map, &p);

    if (err)
        return err;
    if (p->snap)
        return p->table.n;
    err = nd_bpfmap_each(&p->gen[0], false, count_one, &n);
    return err ? err : n;
}

static int64_t entries_made(const struct nd_maps *m, const struct nd_mf_map *d)
{
    int64_t n = (int64_t)nd_state_get(m->state, d->pop_off);

    for (int i = 0; i < 2; i++)
        n -= d->pop_less[i] ? (int64_t)nd_state_get(m->state, d->pop_less[i]) : 0;
    return n;
}

uint64_t nd_maps_evicted(struct nd_maps *m, uint32_t map)
{
    struct map *p = &m->v[map];
    int64_t made, there = 0;
    uint32_t g;

    if (!m->state || !p->in_kernel || !has_data(p->d) || !p->d->pop_off)
        return 0;
    for (g = 0; g < (p->d->flags & ND_MAPF_GEN ? 2u : 1u); g++) {
        if (nd_bpfmap_each(&p->gen[g], false, count_one, &there))
            return 0;
    }
    made = entries_made(m, p->d) - p->taken;
    return made > there ? (uint64_t)(made - there) : 0;
}

int nd_maps_stack(struct nd_maps *m, uint32_t map, int32_t id, uint64_t *frames, uint32_t max)
{
    const struct map *p = map < m->mf->nmaps ? &m->v[map] : NULL;
    uint32_t n = p ? p->gen[0].bpf_val / 8 : 0, i;
    uint64_t *buf;
    int err = 0;

    if (!p) // a stack that no program takes: there is none
        return -ENOENT;
    if (p->d->kind != ND_MAP_STACK || !p->in_kernel || !n)
        return -EINVAL;
    if (id < 0)
        return id;
    buf = calloc(n, 8);
    if (!buf)
        return -ENOMEM;
    if (bpf_map_lookup_elem(p->gen[0].fd, &id, buf))
        err = -errno;
    for (i = 0; !err && i < n && i < max && buf[i]; i++)
        frames[i] = buf[i];
    free(buf);
    return err ? err : (int)i;
}
