// SPDX-License-Identifier: GPL-2.0-or-later
// nd_maps_* in memory, a list of entries per map, and a manifest view made straight from a blob.
// Must not be used together with runtime/kernel/maps.c or runtime/common/mf.c. Serves the unit
// tests of output and VM.
#ifndef ND_FAKE_MAPS_H
#define ND_FAKE_MAPS_H

#include "runtime/common/agg.h"
#include "runtime/kernel/maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_MAPS 32

struct fake_map {
    struct nd_copy c;
    uint32_t cap;
};

struct nd_maps {
    const struct nd_mf *mf;
    struct fake_map m[FAKE_MAPS];
    uint64_t frames[8]; // every stack
    uint32_t nframes;
    int stack_err;
};

static inline void fake_mf(struct nd_mf *mf, const void *blob)
{
    const struct nd_mf_header *h = blob;
    const uint8_t *p = blob;

    memset(mf, 0, sizeof(*mf));
    mf->h = h;
#define SEC(field, which)                              \
    mf->field = (const void *)(p + h->sec[which].off); \
    mf->n##field = h->sec[which].count
    SEC(strings, ND_SEC_STRINGS);
    SEC(types, ND_SEC_TYPES);
    SEC(fields, ND_SEC_FIELDS);
    SEC(enumerators, ND_SEC_ENUMERATORS);
    SEC(maps, ND_SEC_MAPS);
    SEC(events, ND_SEC_EVENTS);
    SEC(options, ND_SEC_OPTIONS);
    SEC(sites, ND_SEC_SITES);
    SEC(funcs, ND_SEC_FUNCS);
    SEC(code, ND_SEC_CODE);
    SEC(consts, ND_SEC_CONSTS);
    SEC(words, ND_SEC_WORDS);
    SEC(blob, ND_SEC_BLOB);
    SEC(tables, ND_SEC_TABLES);
    SEC(columns, ND_SEC_COLUMNS);
#undef SEC
}

struct nd_maps *nd_maps_new(const struct nd_mf *mf, struct bpf_object *obj)
{
    struct nd_maps *m = calloc(1, sizeof(*m));
    uint32_t i;

    (void)obj;
    m->mf = mf;
    for (i = 0; i < mf->nmaps && i < FAKE_MAPS; i++) {
        uint32_t key = mf->maps[i].key_type;

        m->m[i].c.key_size = key == ND_MF_NONE ? 0 : mf->types[key].size;
        m->m[i].c.val_size = mf->types[mf->maps[i].val_type].size;
    }
    return m;
}

void nd_copy_free(struct nd_copy *c)
{
    free(c->keys);
    free(c->vals);
    c->keys = c->vals = NULL;
    c->n = 0;
}

void nd_maps_free(struct nd_maps *m)
{
    uint32_t i;

    for (i = 0; m && i < FAKE_MAPS; i++)
        nd_copy_free(&m->m[i].c);
    free(m);
}

static inline uint8_t *fake_find(struct nd_maps *m, uint32_t map, const void *key, bool add)
{
    struct fake_map *f = &m->m[map];
    struct nd_copy *c = &f->c;
    uint32_t i, max = m->mf->maps[map].max_entries;

    for (i = 0; i < c->n; i++) {
        if (!c->key_size || !memcmp(c->keys + (size_t)i * c->key_size, key, c->key_size))
            return c->vals + (size_t)i * c->val_size;
    }
    if (!add || (max && c->n >= max))
        return NULL;
    if (c->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 8;
        c->keys = realloc(c->keys, (size_t)f->cap * (c->key_size + 1));
        c->vals = realloc(c->vals, (size_t)f->cap * c->val_size);
    }
    if (c->key_size)
        memcpy(c->keys + (size_t)c->n * c->key_size, key, c->key_size);
    memset(c->vals + (size_t)c->n * c->val_size, 0, c->val_size);
    return c->vals + (size_t)c->n++ * c->val_size;
}

int nd_maps_get(struct nd_maps *m, uint32_t map, const void *key, void *val)
{
    const uint8_t *v = fake_find(m, map, key, false);

    memset(val, 0, m->m[map].c.val_size);
    if (v)
        memcpy(val, v, m->m[map].c.val_size);
    return v ? 0 : -ENOENT;
}

int nd_maps_set(struct nd_maps *m, uint32_t map, const void *key, const void *val)
{
    uint8_t *v = fake_find(m, map, key, true);

    if (v)
        memcpy(v, val, m->m[map].c.val_size);
    return v ? 0 : -E2BIG;
}

int nd_maps_add(struct nd_maps *m, uint32_t map, const void *key, uint64_t x)
{
    uint8_t *v = fake_find(m, map, key, true);

    if (v)
        nd_agg_add(&m->mf->types[m->mf->maps[map].val_type], v, (int64_t)x);
    return v ? 0 : -E2BIG;
}

int nd_maps_del(struct nd_maps *m, uint32_t map, const void *key)
{
    struct nd_copy *c = &m->m[map].c;
    uint8_t *v = fake_find(m, map, key, false);
    size_t i;

    if (!v)
        return -ENOENT;
    i = (size_t)(v - c->vals) / c->val_size;
    c->n--;
    memmove(v, c->vals + (size_t)c->n * c->val_size, c->val_size);
    if (c->key_size)
        memmove(c->keys + i * c->key_size, c->keys + (size_t)c->n * c->key_size, c->key_size);
    return 0;
}

int nd_maps_clear(struct nd_maps *m, uint32_t map)
{
    m->m[map].c.n = 0;
    return 0;
}

int nd_maps_restart(struct nd_maps *m, uint32_t map)
{
    return nd_maps_clear(m, map);
}

int nd_maps_zero(struct nd_maps *m, uint32_t map)
{
    struct nd_copy *c = &m->m[map].c;

    if (c->n)
        memset(c->vals, 0, (size_t)c->n * c->val_size);
    return 0;
}

int64_t nd_maps_len(struct nd_maps *m, uint32_t map)
{
    return m->m[map].c.n;
}

int nd_maps_copy(struct nd_maps *m, uint32_t map, struct nd_copy *copy)
{
    const struct nd_copy *c = &m->m[map].c;

    *copy = *c;
    copy->keys = malloc((size_t)c->n * c->key_size + 1);
    copy->vals = malloc((size_t)c->n * c->val_size + 1);
    if (c->n && c->key_size)
        memcpy(copy->keys, c->keys, (size_t)c->n * c->key_size);
    if (c->n)
        memcpy(copy->vals, c->vals, (size_t)c->n * c->val_size);
    return 0;
}

int nd_maps_stack(struct nd_maps *m, uint32_t map, int32_t id, uint64_t *frames, uint32_t max)
{
    uint32_t n = m->nframes < max ? m->nframes : max;

    (void)map;
    (void)id;
    if (m->stack_err)
        return m->stack_err;
    memcpy(frames, m->frames, n * sizeof(*frames));
    return (int)n;
}

#endif
