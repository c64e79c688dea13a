// SPDX-License-Identifier: GPL-2.0-or-later
// The maps that an object describes: four numbers each and nothing else, and all as its manifest
// says. Must not know code. Serves vet.c and the loader.
#include "runtime/vet/vet_impl.h"

#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t kind_of(const struct btf_type *t)
{
    return t->info >> 24 & 31;
}
static const struct btf_type *type_at(const struct nd_vet *v, uint32_t id)
{
    return (const void *)(v->types + v->type_off[id]);
}
static const char *name_at(const struct nd_vet *v, uint32_t off)
{
    return v->strings + off;
}

// ---- as BTF has them ---------------------------------------------------------------------------

// The number that a member stands for: how many elements the array has that it points to.
static bool number(const struct nd_vet *v, uint32_t id, uint32_t *n)
{
    const struct btf_type *t = type_at(v, id);

    if (!id || kind_of(t) != BTF_KIND_PTR || !t->type)
        return false;
    t = type_at(v, t->type);
    *n = ((const struct btf_array *)(const void *)(t + 1))->nelems;
    return kind_of(t) == BTF_KIND_ARRAY;
}

static int define(struct nd_vet *v, uint32_t var)
{
    static const char *const names[] = {"type", "key_size", "value_size", "max_entries"};
    const struct btf_type *t = type_at(v, var), *def = type_at(v, t->type);
    const struct btf_member *m = (const void *)(def + 1);
    struct vet_map *x = &v->map[v->nmap];
    uint32_t *const to[] = {&x->is.type, &x->is.key, &x->is.value, &x->is.entries};
    uint32_t i, k, seen = 0;

    x->is.name = name_at(v, t->name_off);
    if (kind_of(def) != BTF_KIND_STRUCT || !*x->is.name)
        return nd_vet_refuse(v, "its map %.60s is not described as one", x->is.name);
    for (i = 0; i < (def->info & 0xffff); i++) {
        const char *name = name_at(v, m[i].name_off);

        for (k = 0; k < 4 && strcmp(names[k], name) != 0; k++)
            ;
        if (k == 4)
            return nd_vet_refuse(v, "its map %.60s asks for \"%.60s\", which no map may have",
                                 x->is.name, name);
        if (seen >> k & 1 || !number(v, m[i].type, to[k]))
            return nd_vet_refuse(v, "its map %.60s has no clear %s", x->is.name, name);
        seen |= 1u << k;
    }
    v->nmap++;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct vet_map *x = a, *y = b;

    return strcmp(x->is.name, y->is.name);
}

static int define_all(struct nd_vet *v, const struct btf_type *sec)
{
    const struct btf_var_secinfo *x = (const void *)(sec + 1);
    uint32_t n = sec->info & 0xffff, i;
    int err = 0;

    if (v->map)
        return nd_vet_refuse(v, "its BTF has the maps twice");
    v->map = calloc(n + 1ul, sizeof(*v->map));
    if (!v->map)
        return nd_vet_refuse(v, "out of memory");
    for (i = 0; i < n && !err; i++)
        err = define(v, x[i].type);
    if (err)
        return err;
    qsort(v->map, v->nmap, sizeof(*v->map), by_name);
    for (i = 1; i < v->nmap && !err; i++) {
        if (!strcmp(v->map[i - 1].is.name, v->map[i].is.name))
            err = nd_vet_refuse(v, "it has two maps %.60s", v->map[i].is.name);
    }
    return err;
}

int nd_vet_maps(struct nd_vet *v)
{
    uint32_t i;
    int err = 0;

    for (i = 1; i < v->ntypes && !err; i++) {
        const struct btf_type *t = type_at(v, i);

        if (kind_of(t) == BTF_KIND_DATASEC && !strcmp(name_at(v, t->name_off), ".maps"))
            err = define_all(v, t);
    }
    return err;
}

// ---- as the manifest says ----------------------------------------------------------------------

static const struct {
    uint32_t type;
    const char *text;
} types[] = {
    {BPF_MAP_TYPE_HASH, "hash"},
    {BPF_MAP_TYPE_ARRAY, "array"},
    {BPF_MAP_TYPE_PERF_EVENT_ARRAY, "buffer of events for each CPU"},
    {BPF_MAP_TYPE_PERCPU_HASH, "hash for each CPU"},
    {BPF_MAP_TYPE_PERCPU_ARRAY, "array for each CPU"},
    {BPF_MAP_TYPE_STACK_TRACE, "stacks"},
    {BPF_MAP_TYPE_LRU_HASH, "hash that drops the oldest"},
    {BPF_MAP_TYPE_LRU_PERCPU_HASH, "hash for each CPU that drops the oldest"},
    {27 /* RINGBUF */, "buffer of events"},
};

const char *nd_vet_map_type(uint32_t type)
{
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (types[i].type == type)
            return types[i].text;
    }
    return NULL;
}

static const uint32_t type_of_kind[] = {
    [ND_MAP_HASH] = BPF_MAP_TYPE_HASH,
    [ND_MAP_LRUHASH] = BPF_MAP_TYPE_LRU_HASH,
    [ND_MAP_PERCPUHASH] = BPF_MAP_TYPE_PERCPU_HASH,
    [ND_MAP_PERCPULRUHASH] = BPF_MAP_TYPE_LRU_PERCPU_HASH,
    [ND_MAP_ARRAY] = BPF_MAP_TYPE_ARRAY,
    [ND_MAP_PERCPUARRAY] = BPF_MAP_TYPE_PERCPU_ARRAY,
    [ND_MAP_STACK] = BPF_MAP_TYPE_STACK_TRACE,
    [ND_MAP_SCRATCH] = BPF_MAP_TYPE_PERCPU_ARRAY,
};

#define MAX_OWN (1u << 20) // bytes of a map of the programs' own
#define MAX_NOTES 8192u    // calls that have not returned yet
#define MAX_ARGS 64u       // bytes noted of each
#define MAX_SLOTS 16u
#define STACK_DEPTH 1024u
#define ANY UINT32_MAX

static uint32_t up(uint32_t n)
{
    return (n + 7) & ~7u;
}

// What maps of fixed names are, and their largest sizes; key and, where `exact`, all must be so.
static bool own_map(const struct nd_mf *mf, const char *name, struct nd_vet_map *is, bool *exact)
{
    const struct nd_mf_header *h = mf->h;
    bool perf = h->flags & ND_MF_PERF, imm = h->flags & ND_MF_IMM, split = h->flags & ND_MF_SPLIT;
    const struct {
        const char *name;
        bool there, exact;
        struct nd_vet_map is;
    } maps[] = {
        {ND_RINGBUF_SYM, !perf, true, {NULL, 27, 0, 0, h->ring_bytes}},
        {ND_RINGBUF_SYM, perf, true, {NULL, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0}},
        {ND_WORDS_SYM, split, true, {NULL, BPF_MAP_TYPE_ARRAY, 4, 8, h->words_size / 8}},
        {ND_STATE_SYM, imm, true, {NULL, BPF_MAP_TYPE_ARRAY, 4, up(h->state_size), 1}},
        {ND_OPTS_SYM, imm, true, {NULL, BPF_MAP_TYPE_ARRAY, 4, up(h->opts_size), 1}},
        {"nd_zero", imm, false, {NULL, BPF_MAP_TYPE_ARRAY, 4, MAX_OWN, 1}},
        {"nd_scratch", true, false, {NULL, BPF_MAP_TYPE_PERCPU_ARRAY, 4, MAX_OWN, MAX_SLOTS}},
        {"nd_args_", true, false, {NULL, BPF_MAP_TYPE_LRU_HASH, 16, MAX_ARGS, MAX_NOTES}},
    };
    size_t i;

    for (i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
        size_t n = strlen(maps[i].name);

        if (!maps[i].there || strncmp(name, maps[i].name, n) != 0 ||
            (name[n] && maps[i].name[n - 1] != '_'))
            continue;
        *is = maps[i].is;
        *exact = maps[i].exact;
        return true;
    }
    return false;
}

// The maps of the manifest by the names that they have in the object.
struct named {
    const char *name;
    uint32_t map;
};
struct names {
    struct named *v;
    uint32_t n;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static bool sort_names(const struct nd_mf *mf, struct names *s)
{
    uint32_t i;

    s->v = calloc(2ul * mf->nmaps + 1, sizeof(*s->v));
    for (i = 0; s->v && i < mf->nmaps; i++) {
        const struct nd_mf_map *m = &mf->maps[i];

        if (m->kind == ND_MAP_USER)
            continue;
        s->v[s->n++] = (struct named){nd_mf_str(mf, m->sym), i};
        if (m->flags & ND_MAPF_GEN)
            s->v[s->n++] = (struct named){nd_mf_str(mf, m->sym2), i};
    }
    if (s->v)
        qsort(s->v, s->n, sizeof(*s->v), by_text);
    return s->v != NULL;
}

// Bytes of a map of stacks: what is read of it is as deep as the types say that refer to it.
static uint32_t stack_bytes(const struct nd_mf *mf, uint32_t map)
{
    uint32_t depth = 0, i;

    for (i = 0; i < mf->ntypes; i++) {
        const struct nd_mf_type *t = &mf->types[i];

        if ((t->kind == ND_T_KSTACK || t->kind == ND_T_USTACK) && t->elem == map && t->a > depth)
            depth = t->a;
    }
    return depth ? depth * 8 : ANY;
}

static void script_map(const struct nd_mf *mf, uint32_t map, struct nd_vet_map *is)
{
    const struct nd_mf_map *m = &mf->maps[map];

    is->type = type_of_kind[m->kind];
    is->key = m->key_type == ND_MF_NONE ? 4 : mf->types[m->key_type].size;
    is->value = m->val_type == ND_MF_NONE ? ANY : mf->types[m->val_type].size;
    is->entries = m->max_entries;
    if (m->kind == ND_MAP_STACK)
        is->value = stack_bytes(mf, map);
}

static bool shape_is(const struct nd_vet_map *m, const struct nd_vet_map *is, bool exact)
{
    if (m->type != is->type || m->key != is->key)
        return false;
    if (!exact)
        return m->entries >= 1 && m->entries <= is->entries && m->value % 8 == 0 && m->value &&
               m->value <= is->value;
    if (m->entries != is->entries)
        return false;
    if (is->value == ANY) // stacks that no type refers to
        return m->value && m->value % 8 == 0 && m->value <= STACK_DEPTH * 8;
    return m->value == is->value;
}

static int fits(struct nd_vet *v, const struct nd_mf *mf, const struct names *names,
                const struct nd_vet_map *m)
{
    const struct named key = {.name = m->name}, *at;
    struct nd_vet_map is;
    bool exact = true;

    if (!nd_vet_map_type(m->type))
        return nd_vet_refuse(v, "its map %.60s is of type %u, which no map may have", m->name,
                             m->type);
    if (!own_map(mf, m->name, &is, &exact)) {
        at = bsearch(&key, names->v, names->n, sizeof(*names->v), by_text);
        if (!at)
            return nd_vet_refuse(v, "its map %.60s is not in its manifest", m->name);
        script_map(mf, at->map, &is);
    }
    if (shape_is(m, &is, exact))
        return 0;
    return nd_vet_refuse(v,
                         "its map %.60s (%s, %u entries, keys of %u and values of %u bytes) is not "
                         "what its manifest says",
                         m->name, nd_vet_map_type(m->type), m->entries, m->key, m->value);
}

int nd_vet_maps_fit(struct nd_vet *v, const struct nd_mf *mf)
{
    struct names names = {0};
    int err = sort_names(mf, &names) ? 0 : nd_vet_refuse(v, "out of memory");
    uint32_t i;

    for (i = 0; i < v->nmap && !err; i++)
        err = fits(v, mf, &names, &v->map[i].is);
    free(names.v);
    return err;
}

bool nd_vet_map_at(const struct nd_vet *v, uint32_t i, struct nd_vet_map *out)
{
    if (i < v->nmap)
        *out = v->map[i].is;
    return i < v->nmap;
}

bool nd_vet_map_is(const struct nd_vet *v, const struct nd_vet_map *m)
{
    const struct vet_map key = {.is = *m}, *at;

    at = v->nmap ? bsearch(&key, v->map, v->nmap, sizeof(*v->map), by_name) : NULL;
    return at && at->is.type == m->type && at->is.key == m->key && at->is.value == m->value &&
           at->is.entries == m->entries;
}
