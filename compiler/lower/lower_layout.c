// SPDX-License-Identifier: GPL-2.0-or-later
// What an object has besides programs: the script's maps and how each is kept, stacks, the event
// buffer, counters. Must not know what programs do. Serves lower_program.c and lower_map.c.
#include "compiler/lower/lower_impl.h"

#include "runtime/common/mf.h"

static const uint32_t bpf_map_types[] = {
    // BPF_MAP_TYPE_* of linux/bpf.h
    [ND_MAP_HASH] = 1,           [ND_MAP_LRUHASH] = 9, [ND_MAP_PERCPUHASH] = 5,
    [ND_MAP_PERCPULRUHASH] = 10, [ND_MAP_ARRAY] = 2,   [ND_MAP_PERCPUARRAY] = 6,
    [ND_MAP_STACK] = 7,          [ND_MAP_SCRATCH] = 6,
};
#define BPF_PERF_EVENT_ARRAY 4u
#define BPF_RINGBUF 27u

static void choose_kind(struct nd_map *m, struct nd_lmap *lm)
{
    bool agg = m->val && nd_type_is_agg(m->val);

    if (!m->key)
        lm->kind = agg ? ND_MAP_PERCPUARRAY : ND_MAP_ARRAY;
    else if (!m->has_decl)
        lm->kind = agg ? ND_MAP_PERCPUHASH : ND_MAP_HASH;
    else if (agg) // aggregations are always kept per CPU
        lm->kind = m->decl_kind == ND_MAP_LRUHASH || m->decl_kind == ND_MAP_PERCPULRUHASH
                       ? ND_MAP_PERCPULRUHASH
                       : ND_MAP_PERCPUHASH;
    else // and other values never: their parts could not be put together
        lm->kind = m->decl_kind == ND_MAP_LRUHASH || m->decl_kind == ND_MAP_PERCPULRUHASH
                       ? ND_MAP_LRUHASH
                       : ND_MAP_HASH;
    lm->percpu = agg;
}

static void make_map(struct nd_lower *l, struct nd_map *m)
{
    struct nd_lmap *lm = &l->maps[m->index];
    uint32_t type;
    const char *name = nd_arena_printf(l->a, "nd_m%u", m->index);

    choose_kind(m, lm);
    lm->gen_off = ND_MF_NONE;
    lm->key_size = m->key ? m->key->size : 4;
    lm->val_size = m->val ? m->val->size : 8;
    lm->max_entries = nd_map_entries(m);
    if (!(m->worlds & ND_KERNEL)) {
        lm->kind = ND_MAP_USER;
        return;
    }
    if (lm->kind == ND_MAP_ARRAY)
        lm->pop_off = nd_lower_state_alloc(l, 8);
    type = bpf_map_types[lm->kind];
    lm->g = nd_lower_define_map(l, name, type, lm->key_size, lm->val_size, lm->max_entries);
    if (m->gen) {
        lm->gen_off = nd_lower_state_alloc(l, 8);
        lm->g2 = nd_lower_define_map(l, nd_arena_printf(l->a, "%sb", name), type, lm->key_size,
                                     lm->val_size, lm->max_entries);
    }
}

// Counts of entries are written by programs only.
static void count_entries(struct nd_lower *l, const struct nd_map *m)
{
    struct nd_lmap *lm = &l->maps[m->index];

    if ((lm->kind == ND_MAP_LRUHASH || lm->kind == ND_MAP_PERCPULRUHASH) && !m->hidden)
        lm->pop_off = nd_lower_state_alloc(l, 8);
}

// Packets under way are those that started, not those that did so again, until they are done.
static void count_packets(struct nd_lower *l, const struct nd_path *path)
{
    struct nd_lmap *lm = &l->maps[path->map->index];
    const uint32_t *count = l->paths[path->index].count;

    lm->pop_off = count[ND_PATHC_STARTED];
    lm->pop_less[0] = count[ND_PATHC_AGAIN];
    lm->pop_less[1] = count[ND_PATHC_DONE];
}

#define STACK_ENTRIES 8192u

uint32_t nd_lower_stack_map(struct nd_lower *l, const struct nd_type *t)
{
    bool kernel = t->kind == ND_T_KSTACK;
    struct nd_stackmap *s;
    uint32_t i;

    for (i = 0; i < l->stacks.n; i++) {
        if (l->stacks.v[i].kernel == kernel && l->stacks.v[i].depth == t->depth)
            return i;
    }
    s = ND_PUSH(l->a, &l->stacks);
    s->kernel = kernel;
    s->depth = t->depth;
    s->sym = nd_arena_printf(l->a, "nd_%cstack%u", kernel ? 'k' : 'u', t->depth);
    s->g =
        nd_lower_define_map(l, s->sym, bpf_map_types[ND_MAP_STACK], 4, t->depth * 8, STACK_ENTRIES);
    return i;
}

static void add_string_section(struct nd_lower *l, const char *name, const char *section,
                               const void *data, uint32_t size)
{
    LLVMValueRef g, c = LLVMConstStringInContext(l->cx, data, size, 1);

    g = LLVMAddGlobal(l->m, LLVMTypeOf(c), name);
    LLVMSetInitializer(g, c);
    LLVMSetSection(g, section);
    LLVMSetGlobalConstant(g, 1);
}

void nd_lower_layout_end(struct nd_lower *l)
{
    LLVMValueRef g;

    if (l->scratch_map) {
        g = nd_lower_define_map(l, "nd_scratch", bpf_map_types[ND_MAP_SCRATCH], 4,
                                l->scratch_size ? (l->scratch_size + 7) & ~7u : 8,
                                l->scratch_slots ? l->scratch_slots : 1);
        LLVMReplaceAllUsesWith(l->scratch_map, g);
        LLVMDeleteGlobal(l->scratch_map);
        l->scratch_map = g;
    }
    nd_lower_state_end(l);
}

static LLVMValueRef event_map(struct nd_lower *l)
{
    uint32_t largest = 0, i;

    for (i = 0; i < l->p->events.n; i++) {
        const struct nd_event *ev = l->p->events.v[i];

        if (ev->sent && ev->type && ev->type->size > largest)
            largest = ev->type->size;
    }
    l->ring_bytes = nd_mf_ring_bytes((uint32_t)sizeof(struct nd_mf_record) + largest);
    while (l->ring_bytes < ND_RING_MOST && l->ring_bytes / 4096 < l->p->config.ring_pages)
        l->ring_bytes *= 2;
    if (nd_without(l->p, ND_F_RINGBUF)) // libbpf makes an entry for each CPU
        return nd_lower_define_map(l, ND_RINGBUF_SYM, BPF_PERF_EVENT_ARRAY, 4, 4, 0);
    nd_lower_feature(l, ND_F_RINGBUF);
    return nd_lower_define_map(l, ND_RINGBUF_SYM, BPF_RINGBUF, 0, 0, l->ring_bytes);
}

void nd_lower_layout_begin(struct nd_lower *l)
{
    uint32_t k, i;

    nd_lower_state_begin(l);
    l->maps = ND_NEW_ARRAY(l->a, struct nd_lmap, l->p->maps.n + 1);
    l->paths = ND_NEW_ARRAY(l->a, struct nd_layout_path, l->p->paths.n + 1);
    for (i = 0; i < l->p->paths.n; i++) {
        for (k = 0; k < ND_PATHC_MAX; k++)
            l->paths[i].count[k] = nd_lower_state_alloc(l, 8);
    }
    for (i = 0; i < l->p->maps.n; i++)
        make_map(l, l->p->maps.v[i]);
    nd_lower_state_words_end(l);
    for (i = 0; i < l->p->maps.n; i++)
        count_entries(l, l->p->maps.v[i]);
    for (i = 0; i < l->p->paths.n; i++)
        count_packets(l, l->p->paths.v[i]);
    for (i = 0; i < l->p->events.n && !l->ring; i++) {
        if (l->p->events.v[i]->sent)
            l->ring = event_map(l);
    }
    add_string_section(l, "LICENSE", "license", "GPL", 4);
}
