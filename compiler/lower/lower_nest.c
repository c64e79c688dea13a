// SPDX-License-Identifier: GPL-2.0-or-later
// What another program, or another run of this one, may do on the same CPU before a program has
// ended, and how its memory is kept apart. Must not know types. Serves lower.c and lower_map.c.
//
// Kprobes, tracepoints and perf events exclude each other on a CPU (bpf_prog_active in
// kernel/trace/bpf_trace.c). Raw tracepoints and trampolines interrupt all others; themselves not
// since 6.2 and 5.12 (`active` of struct bpf_prog). Uprobes exclude nothing, and where the kernel
// preempts, another thread of the CPU may be in one, too.
#include "compiler/check/check.h"
#include "compiler/kernel/kernel.h"
#include "compiler/lower/lower.h"

#define VERSION(a, b) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8)

static bool guarded(const struct nd_probe *pr)
{
    return !pr->user_memory && (pr->type == ND_PROG_KPROBE || pr->type == ND_PROG_TRACEPOINT ||
                                pr->type == ND_PROG_PERF_EVENT);
}

// Whether a second run of the program can begin on a CPU before the first has ended.
static bool reentered(const struct nd_lower *l, const struct nd_probe *pr)
{
    uint32_t version = l->p->portable ? 0 : nd_kernel_version(l->p->kernel);

    switch (pr->type) {
    case ND_PROG_RAW_TP:
    case ND_PROG_TP_BTF:
        return version < VERSION(6, 2);
    case ND_PROG_FENTRY:
    case ND_PROG_FEXIT:
        return version < VERSION(5, 12);
    default:
        return pr->user_memory;
    }
}

// ---- who updates which map ---------------------------------------------------------------------

struct users {
    struct nd_lower *l;
    const struct nd_probe *probe;
};

static void note_map(void *arg, struct nd_expr *e)
{
    const struct users *u = arg;
    struct nd_lmap *m;

    if (e->kind == ND_E_CALL && !e->builtin && e->info) {
        nd_ast_walk(((struct nd_fn *)e->info)->body[ND_KERNEL], note_map, arg);
        return;
    }
    if (e->kind != ND_E_MAP || !e->info)
        return;
    m = &u->l->maps[((struct nd_map *)e->info)->index];
    if (m->last_user == u->probe)
        return;
    m->last_user = u->probe;
    if (guarded(u->probe))
        m->guarded++;
    else
        m->others++;
}

void nd_nest_plan(struct nd_lower *l)
{
    for (uint32_t i = 0; i < l->p->probes.n; i++) {
        struct users u = {l, l->p->probes.v[i]};

        nd_probe_walk(l->p->probes.v[i], note_map, &u);
    }
}

bool nd_nest_shared(const struct nd_lower *l, const struct nd_map *m)
{
    const struct nd_lmap *lm = &l->maps[m->index];

    if (guarded(l->probe))
        return lm->others > 0;
    return lm->others + lm->guarded > 1 || reentered(l, l->probe);
}

// ---- the stack ---------------------------------------------------------------------------------

void nd_nest_keep_stack(struct nd_lower *l)
{
    LLVMBasicBlockRef never, body;
    LLVMValueRef args[3];

    if (!l->probe->user_memory)
        return;
    args[0] = nd_ctx(l);
    args[1] = LLVMConstNull(l->ptr);
    args[2] = nd_i64(l, 0);
    never = nd_bb(l, "never");
    body = nd_bb(l, "body");
    LLVMBuildCondBr(l->b, nd_bool(l, nd_pin(l, nd_i64(l, 0))), never, body);
    nd_at(l, never);
    nd_call(l, ND_H_TAIL_CALL, args, 3);
    nd_br(l, l->end);
    nd_at(l, body);
}

// ---- scratch -----------------------------------------------------------------------------------

#define SLOTS 4u // runs that have scratch on one CPU at a time: as many as interrupts can nest

// The entry `slot` of the map of scratch; ends the program if there is none, which cannot be.
static LLVMValueRef entry(struct nd_lower *l, LLVMValueRef key, uint32_t slot)
{
    LLVMValueRef args[2] = {l->scratch_map, key}, p;
    LLVMBasicBlockRef have = nd_bb(l, "have");

    LLVMBuildStore(l->b, nd_i64(l, slot), key);
    p = nd_ptr(l, nd_call(l, ND_H_MAP_LOOKUP, args, 2));
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntNE, p, LLVMConstNull(l->ptr), ""), have,
                    l->end);
    nd_at(l, have);
    return p;
}

// The first entry that no other run holds: its count of holders says one after this run has added
// itself. BPF before 5.12 has no exchange; two that come at once may both go on to the next.
static LLVMValueRef free_entry(struct nd_lower *l, LLVMValueRef key)
{
    LLVMBasicBlockRef got = nd_bb(l, "own"), from[SLOTS], next;
    LLVMValueRef p[SLOTS], holders, n, phi;

    for (uint32_t i = 0; i < SLOTS; i++) {
        p[i] = entry(l, key, i);
        holders = nd_gep(l, p[i], l->scratch_base);
        nd_atomic_add(l, holders, nd_i64(l, 1));
        n = LLVMBuildLoad2(l->b, l->i64, holders, "");
        LLVMSetVolatile(n, true);
        from[i] = LLVMGetInsertBlock(l->b);
        next = nd_bb(l, "busy");
        LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, n, nd_i64(l, 1), ""), got, next);
        nd_at(l, next);
        nd_atomic_add(l, holders, nd_i64(l, (uint64_t)-1));
    }
    nd_count(l, ND_SITE_NESTED, l->probe->decl->name_span, ND_MF_NONE);
    nd_br(l, l->end);
    nd_at(l, got);
    phi = LLVMBuildPhi(l->b, l->ptr, "");
    LLVMAddIncoming(phi, p, from, SLOTS);
    return phi;
}

void nd_nest_take_scratch(struct nd_lower *l)
{
    LLVMValueRef key = nd_register(l, "slot");

    l->scratch_held = reentered(l, l->probe);
    if (l->scratch_held) {
        l->scratch_top = 8; // the holders
        l->scratch_slots = SLOTS;
        l->scratch = free_entry(l, key);
    } else {
        l->scratch = entry(l, key, 0);
    }
    l->scratch_bb = nd_bb(l, "scratch");
    nd_br(l, l->scratch_bb);
    nd_at(l, l->scratch_bb);
}

void nd_nest_give_scratch(struct nd_lower *l)
{
    if (l->scratch_held)
        nd_atomic_add(l, nd_gep(l, l->scratch, l->scratch_base), nd_i64(l, (uint64_t)-1));
}
