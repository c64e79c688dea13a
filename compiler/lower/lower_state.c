// SPDX-License-Identifier: GPL-2.0-or-later
// What programs share with the runtime: counters and generation words (nd_state), the place of
// options (nd_opts), zeros. Global data if the kernel has it; otherwise maps, looked up before the
// program does anything else. Serves the other lower_*.c.
#include "compiler/lower/lower_impl.h"

#include <string.h>

#define BPF_ARRAY 2u // BPF_MAP_TYPE_ARRAY

void nd_lower_need_loops(struct nd_lower *l, struct nd_span span)
{
    nd_lower_feature(l, ND_F_LOOPS);
    if (!l->fn.probe->loop.len)
        l->fn.probe->loop = span;
}

static bool split(const struct nd_lower *l)
{
    return nd_without(l->p, ND_F_GLOBALS) || nd_without(l->p, ND_F_MMAP);
}

// ---- lookups at the start of a program ----------------------------------------------------------

// Address of an array's entry, looked up once for each program, before its body begins: what is
// found there is known not to be NULL all through it.
LLVMValueRef nd_lower_state_entry(struct nd_lower *l, LLVMValueRef map, uint32_t index)
{
    LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b), ok;
    LLVMValueRef key, args[2], p;
    uint32_t i;

    for (i = 0; i < l->fn.early.n; i++) {
        if (l->fn.early.v[i].map == map && l->fn.early.v[i].index == index)
            return l->fn.early.v[i].ptr;
    }
    key = nd_lower_register(l, "index");
    ok = LLVMInsertBasicBlockInContext(l->cx, l->fn.start, "found");
    LLVMPositionBuilderAtEnd(l->b, l->fn.prologue);
    LLVMBuildStore(l->b, nd_ir_i64(l, index), key);
    args[0] = map;
    args[1] = key;
    p = nd_ir_ptr(l, nd_ir_call(l, ND_H_MAP_LOOKUP, args, 2));
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntNE, p, LLVMConstNull(l->ptr), ""), ok,
                    l->fn.end);
    l->fn.prologue = ok;
    LLVMPositionBuilderAtEnd(l->b, here);
    *ND_PUSH(l->a, &l->fn.early) = (struct nd_lower_early){map, index, p};
    return p;
}

// ---- nd_state -----------------------------------------------------------------------------------

uint32_t nd_lower_state_alloc(struct nd_lower *l, uint32_t size)
{
    uint32_t off = l->state_size;

    l->state_size += (size + 7) & ~7u;
    return off;
}

LLVMValueRef nd_lower_state_ptr(struct nd_lower *l, uint32_t off)
{
    if (split(l) && off < l->words_size)
        return nd_ir_gep(l, nd_lower_state_entry(l, l->words, off / 8), off % 8);
    if (nd_without(l->p, ND_F_GLOBALS))
        return nd_ir_gep(l, nd_lower_state_entry(l, l->state, 0), off);
    return nd_ir_gep(l, l->state, off);
}

static uint32_t site(struct nd_lower *l, enum nd_mf_site_kind kind, struct nd_span span,
                     uint32_t map)
{
    struct nd_site *s;
    uint32_t i;

    for (i = 0; i < l->sites.n; i++) {
        s = &l->sites.v[i];
        if (s->kind == kind && s->span.src == span.src && s->span.off == span.off && s->map == map)
            return s->off;
    }
    s = ND_PUSH(l->a, &l->sites);
    s->kind = kind;
    s->span = span;
    s->map = map;
    s->off = nd_lower_state_alloc(l, 8);
    return s->off;
}

// A program that looks out for packets of a path sees all packets of the host: what it cannot read
// is not a loss of the script's.
static bool of_others(const struct nd_lower *l)
{
    const struct nd_path_at *at = l->fn.probe ? l->fn.probe->path : NULL;

    return at && at->role != ND_PATH_STAGE;
}

void nd_lower_count(struct nd_lower *l, enum nd_mf_site_kind kind, struct nd_span span,
                    uint32_t map)
{
    if (of_others(l))
        return;
    nd_lower_atomic_add(l, nd_lower_state_ptr(l, site(l, kind, span, map)), nd_ir_i64(l, 1));
}

void nd_lower_count_if(struct nd_lower *l, LLVMValueRef cond, enum nd_mf_site_kind kind,
                       struct nd_span span, uint32_t map)
{
    LLVMBasicBlockRef yes = nd_ir_bb(l, "count"), done = nd_ir_bb(l, "counted");

    LLVMBuildCondBr(l->b, cond, yes, done);
    nd_ir_at(l, yes);
    nd_lower_count(l, kind, span, map);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

// ---- zeros --------------------------------------------------------------------------------------

LLVMValueRef nd_ir_zeros(struct nd_lower *l, uint32_t size)
{
    if (size > l->zero_size)
        l->zero_size = size;
    return nd_without(l->p, ND_F_GLOBALS) ? nd_lower_state_entry(l, l->zero, 0) : l->zero;
}

// ---- begin and end of a module ------------------------------------------------------------------

// A variable of n bytes that every program refers to; its size is known when all are lowered.
static LLVMValueRef replace(LLVMValueRef old, LLVMValueRef g)
{
    LLVMReplaceAllUsesWith(old, g);
    LLVMDeleteGlobal(old);
    return g;
}

static LLVMValueRef data(struct nd_lower *l, const char *name, uint32_t size)
{
    LLVMValueRef g = LLVMAddGlobal(l->m, LLVMArrayType(l->i64, (size + 7) / 8), name);

    LLVMSetInitializer(g, LLVMConstNull(LLVMGlobalGetValueType(g)));
    LLVMSetAlignment(g, 8);
    return g;
}

void nd_lower_state_begin(struct nd_lower *l)
{
    uint32_t opts = l->p->opts_size;

    l->exit_off = ND_MF_NONE;
    nd_lower_state_alloc(l, 8); // ND_STATE_START
    l->state = LLVMAddGlobal(l->m, l->i64, "nd_state_tmp");
    l->zero = LLVMAddGlobal(l->m, l->i64, "nd_zero_tmp");
    l->words = LLVMAddGlobal(l->m, l->i64, "nd_words_tmp");
    if (nd_without(l->p, ND_F_GLOBALS))
        return;
    l->opts = data(l, ND_OPTS_SYM, opts);
    LLVMSetSection(l->opts, ".rodata");
    nd_lower_describe_data(l, l->opts, ND_OPTS_SYM, (opts + 7) & ~7u);
    LLVMSetGlobalConstant(l->opts, 1);
    LLVMSetExternallyInitialized(l->opts, 1); // the runtime writes the values: nothing to fold
}

// All words that the runtime writes have their place: what is allocated next is written by
// programs only.
void nd_lower_state_words_end(struct nd_lower *l)
{
    l->words_size = l->state_size;
}

static void end_maps(struct nd_lower *l)
{
    l->state = replace(
        l->state, nd_lower_define_map(l, ND_STATE_SYM, BPF_ARRAY, 4, (l->state_size + 7) & ~7u, 1));
    if (l->zero_size)
        l->zero = replace(
            l->zero, nd_lower_define_map(l, "nd_zero", BPF_ARRAY, 4, (l->zero_size + 7) & ~7u, 1));
    else
        LLVMDeleteGlobal(l->zero);
}

static void end_globals(struct nd_lower *l)
{
    l->state = replace(l->state, data(l, ND_STATE_SYM, l->state_size));
    nd_lower_describe_data(l, l->state, ND_STATE_SYM, (l->state_size + 7) & ~7u);
    if (!l->zero_size) {
        LLVMDeleteGlobal(l->zero);
        return;
    }
    l->zero = replace(l->zero, data(l, "nd_zero", l->zero_size));
    LLVMSetSection(l->zero, ".rodata");
    LLVMSetGlobalConstant(l->zero, 1);
}

void nd_lower_state_end(struct nd_lower *l)
{
    if (split(l))
        l->words = replace(
            l->words, nd_lower_define_map(l, ND_WORDS_SYM, BPF_ARRAY, 4, 8, l->words_size / 8));
    else
        LLVMDeleteGlobal(l->words);
    if (nd_without(l->p, ND_F_GLOBALS))
        end_maps(l);
    else
        end_globals(l);
    if (!l->p->probes.n)
        return;
    nd_lower_feature(l, ND_F_GLOBALS);
    if (!split(l))
        nd_lower_feature(l, ND_F_MMAP);
}
