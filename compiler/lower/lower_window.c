// SPDX-License-Identifier: GPL-2.0-or-later
// Fields reached through one pointer variable are fetched together: the first one read brings all
// that the probe reads through that variable, the others come from the copy. Serves the lowering of
// fields.
//
// A word says whether the copy is filled. It is cleared when the variable is set, so loops and
// branches need no thought here, and LLVM removes the tests whose outcome it can see.
//
// In a portable program the places of fields are known only when it is loaded. The copy begins at
// the first field, and each field is looked for in it, or read by itself if it is too far away. To
// the verifier the places are constants, so it removes whichever of the two never happens.
#include "compiler/lower/lower_impl.h"

#define WINDOW_MAX 64u // bytes; fields further apart are read one by one

struct reads {
    const struct nd_sym *sym;
    uint32_t n, lo, hi; // how many, and the bytes that hold them all
    struct nd_expr *first;
};

static void note_read(void *arg, struct nd_expr *e)
{
    struct reads *r = arg;
    uint32_t end;

    if (e->kind != ND_E_FIELD || e->a->kind != ND_E_VAR || e->a->sym != r->sym || !e->field ||
        e->a->type->kind != ND_T_PTR || !nd_type_is_scalar(e->field->type))
        return;
    end = e->field->off + e->field->type->size;
    if (!r->n || e->field->off < r->lo) {
        r->lo = e->field->off;
        r->first = e;
    }
    if (end > r->hi)
        r->hi = end;
    r->n++;
}

void nd_lower_window_plan(struct nd_lower *l, struct nd_slot *slot, const struct nd_sym *sym)
{
    struct reads r = {.sym = sym};
    LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b);

    if (!slot->direct || slot->type->kind != ND_T_PTR ||
        nd_lower_as(l, slot->type->as) != ND_AS_KERNEL)
        return;
    nd_probe_walk(l->fn.probe, note_read, &r);
    r.lo &= ~7u; // fields stay aligned
    if (r.n < 2 || r.hi - r.lo > WINDOW_MAX)
        return;
    slot->win_off = r.lo;
    slot->win_first = r.first;
    slot->win_size = r.hi - r.lo;
    slot->copy = nd_lower_keep(l, slot->win_size);
    nd_lower_defined(l, slot->copy, slot->win_size);
    slot->filled = nd_lower_register(l, "filled");
    LLVMPositionBuilderAtEnd(l->b, l->fn.prologue);
    LLVMBuildStore(l->b, nd_ir_i64(l, 0), slot->filled);
    LLVMPositionBuilderAtEnd(l->b, here);
}

void nd_lower_window_reset(struct nd_lower *l, const struct nd_slot *slot)
{
    if (slot->filled)
        LLVMBuildStore(l->b, nd_ir_i64(l, 0), slot->filled);
}

// The variable that the field is read through, if it has a copy.
static const struct nd_slot *slot_of(const struct nd_lower *l, const struct nd_expr *e)
{
    const struct nd_slot *slot;

    if (e->kind != ND_E_FIELD || e->a->kind != ND_E_VAR || e->a->type->kind != ND_T_PTR ||
        nd_lower_as(l, (enum nd_as)e->as) != ND_AS_KERNEL || !nd_type_is_scalar(e->field->type))
        return NULL;
    slot = &l->fn.slots[e->a->sym->index];
    return slot->filled ? slot : NULL;
}

static void fill(struct nd_lower *l, const struct nd_slot *slot, LLVMValueRef off,
                 struct nd_span span)
{
    LLVMBasicBlockRef fill = nd_ir_bb(l, "fetch"), done = nd_ir_bb(l, "fetched");
    LLVMValueRef is_filled = LLVMBuildLoad2(l->b, l->i64, slot->filled, ""), from;

    LLVMBuildCondBr(l->b, nd_ir_bool(l, is_filled), done, fill);
    nd_ir_at(l, fill);
    from = LLVMBuildAdd(l->b, LLVMBuildLoad2(l->b, l->i64, slot->ptr, ""), off, "");
    nd_lower_copy(l, slot->copy,
                  (struct nd_val){.v = nd_ir_ptr(l, from), .mem = true, .as = ND_AS_KERNEL},
                  slot->win_size, span);
    LLVMBuildStore(l->b, nd_ir_i64(l, 1), slot->filled);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

LLVMValueRef nd_lower_window_field(struct nd_lower *l, const struct nd_expr *e)
{
    const struct nd_slot *slot = slot_of(l, e);
    uint32_t off, size = e->field->type->size;

    if (!slot)
        return NULL;
    off = e->field->off - slot->win_off;
    if (e->field->off < slot->win_off || off + size > slot->win_size || (size && off % size))
        return NULL;
    nd_lower_reads_bytes(l, size, ND_AS_KERNEL, e->span);
    fill(l, slot, nd_ir_i64(l, slot->win_off), e->span);
    return nd_ir_gep(l, slot->copy, off);
}

// Goes to `in` if a unit of `size` bytes at off (of the copy) is one as compiled and in the copy,
// else to `out`. The oldest verifiers do not follow comparisons of constants: for them it is
// arithmetic that ends in 0 or not.
static void if_fits(struct nd_lower *l, const struct nd_slot *slot, LLVMValueRef off,
                    LLVMValueRef size, uint32_t unit, LLVMBasicBlockRef in, LLVMBasicBlockRef out)
{
    LLVMValueRef most = nd_ir_i64(l, slot->win_size - unit), is = nd_ir_i64(l, unit), bad;
    bool typed = l->fn.probe->typed && !l->fn.numbers; // Linux 5.5
    LLVMValueRef wrong[3];
    LLVMBasicBlockRef next;
    uint32_t i;

    bad = LLVMBuildAnd(l->b, off, nd_ir_i64(l, unit - 1), "");
    if (!typed) {
        LLVMValueRef past = LLVMBuildOr(l->b, LLVMBuildSub(l->b, most, off, ""), off, "");

        bad = LLVMBuildOr(l->b, bad, LLVMBuildLShr(l->b, past, nd_ir_i64(l, 63), ""), "");
        bad = LLVMBuildOr(l->b, bad, LLVMBuildXor(l->b, size, is, ""), "");
        LLVMBuildCondBr(l->b, nd_ir_bool(l, bad), out, in);
        return;
    }
    wrong[0] = LLVMBuildICmp(l->b, LLVMIntUGT, off, most, "");
    wrong[1] = LLVMBuildICmp(l->b, LLVMIntNE, size, is, "");
    wrong[2] = nd_ir_bool(l, bad);
    for (i = 0; i < 3; i++) { // comparisons that the verifier removes, not their sum
        next = i < 2 ? nd_ir_bb(l, "fits") : in;
        LLVMBuildCondBr(l->b, wrong[i], out, next);
        if (i < 2)
            nd_ir_at(l, next);
    }
}

bool nd_lower_window_unit(struct nd_lower *l, struct nd_expr *e, LLVMValueRef size,
                          LLVMValueRef (*place)(struct nd_lower *l, struct nd_expr *e),
                          struct nd_window_unit *out)
{
    const struct nd_slot *slot = slot_of(l, e);
    uint32_t unit = e->field->type->size;
    LLVMValueRef first, off;
    LLVMBasicBlockRef in;

    if (!slot || !slot->win_first || unit > slot->win_size || (unit & (unit - 1)) || !unit)
        return false;
    in = nd_ir_bb(l, "in_copy");
    out->out = nd_ir_bb(l, "not_in_copy");
    out->done = nd_ir_bb(l, "unit");
    first = LLVMBuildAnd(l->b, place(l, slot->win_first), nd_ir_i64(l, ~7ull), "");
    off = LLVMBuildSub(l->b, place(l, e), first, "");
    if_fits(l, slot, off, size, unit, in, out->out);
    nd_ir_at(l, in);
    fill(l, slot, first, e->span);
    // LLVM would add with OR, which the verifier does not take for an address.
    off = nd_ir_pin(l, off);
    out->v = nd_lower_load_int(l, LLVMBuildGEP2(l->b, l->i8, slot->copy, &off, 1, ""),
                               nd_type_int(unit, false));
    out->from = LLVMGetInsertBlock(l->b);
    nd_ir_br(l, out->done);
    nd_ir_at(l, out->out);
    return true;
}
