// SPDX-License-Identifier: GPL-2.0-or-later
// What another program, or another run of this one, may do on the same CPU before a program has
// ended, and how its memory is kept apart. Must not know types. Serves lower_program.c and
// lower_map.c.
//
// Kprobes, tracepoints and perf events exclude each other on a CPU (bpf_prog_active in
// kernel/trace/bpf_trace.c). Raw tracepoints and trampolines interrupt all others; themselves not
// since 6.2 and 5.12 (`active` of struct bpf_prog). Uprobes exclude nothing, and where the kernel
// preempts, another thread of the CPU may also be in one.
#include "compiler/check/check.h"
#include "compiler/kernel/kernel.h"
#include "compiler/lower/lower_impl.h"

static bool guarded(const struct nd_probe *pr)
{
    return !pr->user_memory && nd_kind_is(pr->type, ND_PF_GUARDED);
}

// Whether a second run of the program can begin on a CPU before the first has ended.
static bool reentered(const struct nd_lower *l, const struct nd_probe *pr)
{
    uint32_t version = l->p->portable ? 0 : nd_kernel_version(l->p->kernel);

    return pr->user_memory || version < nd_kind_of_prog[pr->type].since;
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

    if (e->kind == ND_E_CALL && !e->builtin && e->fn) {
        nd_ast_walk(e->fn->body[ND_KERNEL], note_map, arg);
        return;
    }
    if (e->kind != ND_E_MAP || !e->map)
        return;
    m = &u->l->maps[e->map->index];
    if (m->last_user == u->probe)
        return;
    m->last_user = u->probe;
    if (guarded(u->probe))
        m->guarded++;
    else
        m->others++;
}

void nd_lower_nest_plan(struct nd_lower *l)
{
    for (uint32_t i = 0; i < l->p->probes.n; i++) {
        struct users u = {l, l->p->probes.v[i]};

        nd_probe_walk(l->p->probes.v[i], note_map, &u);
    }
}

bool nd_lower_nest_shared(const struct nd_lower *l, const struct nd_map *m)
{
    const struct nd_lmap *lm = &l->maps[m->index];

    if (guarded(l->fn.probe))
        return lm->others > 0;
    return lm->others + lm->guarded > 1 || reentered(l, l->fn.probe);
}

// ---- the stack ---------------------------------------------------------------------------------

void nd_lower_nest_keep_stack(struct nd_lower *l)
{
    LLVMBasicBlockRef never, body;
    LLVMValueRef args[3];

    if (!l->fn.probe->user_memory)
        return;
    args[0] = nd_lower_ctx(l);
    args[1] = LLVMConstNull(l->ptr);
    args[2] = nd_ir_i64(l, 0);
    never = nd_ir_bb(l, "never");
    body = nd_ir_bb(l, "body");
    LLVMBuildCondBr(l->b, nd_ir_bool(l, nd_ir_pin(l, nd_ir_i64(l, 0))), never, body);
    nd_ir_at(l, never);
    nd_ir_call(l, ND_H_TAIL_CALL, args, 3);
    nd_ir_br(l, l->fn.end);
    nd_ir_at(l, body);
}

// ---- scratch -----------------------------------------------------------------------------------

#define SLOTS 4u // runs that have scratch on one CPU at a time: as many as interrupts can nest

// The entry `slot` of the map of scratch; ends the program if there is none, which cannot be.
static LLVMValueRef entry(struct nd_lower *l, LLVMValueRef key, uint32_t slot)
{
    LLVMValueRef args[2] = {l->scratch_map, key}, p;
    LLVMBasicBlockRef have = nd_ir_bb(l, "have");

    LLVMBuildStore(l->b, nd_ir_i64(l, slot), key);
    p = nd_ir_ptr(l, nd_ir_call(l, ND_H_MAP_LOOKUP, args, 2));
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntNE, p, LLVMConstNull(l->ptr), ""), have,
                    l->fn.end);
    nd_ir_at(l, have);
    return p;
}

// The first entry that no other run holds: its count of holders says one after this run has added
// itself. BPF before 5.12 has no exchange; two that come at once may both go on to the next.
static LLVMValueRef free_entry(struct nd_lower *l, LLVMValueRef key)
{
    LLVMBasicBlockRef got = nd_ir_bb(l, "own"), from[SLOTS], next;
    LLVMValueRef p[SLOTS], holders, n, phi;

    for (uint32_t i = 0; i < SLOTS; i++) {
        p[i] = entry(l, key, i);
        holders = nd_ir_gep(l, p[i], l->fn.scratch_base);
        nd_lower_atomic_add(l, holders, nd_ir_i64(l, 1));
        n = LLVMBuildLoad2(l->b, l->i64, holders, "");
        LLVMSetVolatile(n, true);
        from[i] = LLVMGetInsertBlock(l->b);
        next = nd_ir_bb(l, "busy");
        LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, n, nd_ir_i64(l, 1), ""), got, next);
        nd_ir_at(l, next);
        nd_lower_atomic_add(l, holders, nd_ir_i64(l, (uint64_t)-1));
    }
    nd_lower_count(l, ND_SITE_NESTED, l->fn.probe->decl->name_span, ND_MF_NONE);
    nd_ir_br(l, l->fn.end);
    nd_ir_at(l, got);
    phi = LLVMBuildPhi(l->b, l->ptr, "");
    LLVMAddIncoming(phi, p, from, SLOTS);
    return phi;
}

void nd_lower_nest_take_scratch(struct nd_lower *l)
{
    LLVMValueRef key = nd_lower_register(l, "slot");

    l->fn.scratch_held = reentered(l, l->fn.probe);
    if (l->fn.scratch_held) {
        l->fn.scratch_top = 8; // the holders
        l->scratch_slots = SLOTS;
        l->fn.scratch = free_entry(l, key);
    } else {
        l->fn.scratch = entry(l, key, 0);
    }
    l->fn.scratch_bb = nd_ir_bb(l, "scratch");
    nd_ir_br(l, l->fn.scratch_bb);
    nd_ir_at(l, l->fn.scratch_bb);
}

void nd_lower_nest_give_scratch(struct nd_lower *l)
{
    if (l->fn.scratch_held)
        nd_lower_atomic_add(l, nd_ir_gep(l, l->fn.scratch, l->fn.scratch_base),
                            nd_ir_i64(l, (uint64_t)-1));
}
