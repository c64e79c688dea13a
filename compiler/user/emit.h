// SPDX-License-Identifier: GPL-2.0-or-later
// Checked program to manifest: types, maps, probes, options, user code. Must not know LLVM.
#ifndef ND_EMIT_H
#define ND_EMIT_H

#include "compiler/check/check.h"

struct nd_mfb;

// What the lowering decided, for the manifest.
struct nd_layout {
    uint32_t state_size, words_size, exit_off;
    uint32_t needs;        // ND_F_BIT()s
    uint32_t ring_bytes;   // of the event ring, 0: nothing is sent
    struct nd_layout_map { // by nd_map index
        enum nd_mf_map_kind kind;
        uint32_t max_entries, gen_off, pop_off, pop_less[2];
    } * maps;
    ND_VEC(struct nd_layout_stack {
        const char *sym;
        uint32_t depth;
        bool kernel;
    })
    stacks;
    ND_VEC(struct nd_layout_site {
        enum nd_mf_site_kind kind;
        struct nd_span span;
        uint32_t map, off;
    })
    sites;
    const struct nd_layout_path *paths; // by nd_path index
};

struct nd_emit {
    struct nd_program *p;
    struct nd_arena *a;
    struct nd_mfb *b;
    const struct nd_layout *layout; // NULL: options only
    ND_VEC(struct nd_emit_type {
        const struct nd_type *type;
        uint32_t index;
    })
    types;
    ND_VEC(struct nd_emit_fn {
        struct nd_fn *fn;
        uint32_t index; // in FUNCS
    })
    fns;
    uint32_t stack_base; // MAPS index of the first stack map
};

// The whole manifest; layout NULL: nothing but the options, for --help.
void *nd_emit(struct nd_program *p, const struct nd_layout *layout, uint32_t *size);

// Inside: index of a type in the manifest; a span.
uint32_t nd_emit_type(struct nd_emit *e, const struct nd_type *t);
struct nd_mf_span nd_emit_span(struct nd_emit *e, struct nd_span span);

// user.c: code of hooks, handlers, asynchronous calls and `when`; index of the function.
uint32_t nd_user_body(struct nd_emit *e, const char *name, struct nd_block *b, struct nd_event *on,
                      struct nd_span span);
uint32_t nd_user_async(struct nd_emit *e, struct nd_event *ev);
uint32_t nd_user_when(struct nd_emit *e, struct nd_expr *cond);

#endif
