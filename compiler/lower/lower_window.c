// SPDX-License-Identifier: GPL-2.0-or-later
// Fields behind one pointer variable are fetched together: the first one read brings all that the
// probe reads through that variable, the others come from the copy. Serves the lowering of fields.
//
// A word says whether the copy is filled. It is cleared when the variable is set, so loops and
// branches need no thought here, and LLVM removes the tests whose outcome it can see.
#include "compiler/lower/lower_impl.h"

#define WINDOW_MAX 64u // bytes; fields further apart are read one by one

struct reads {
    const struct nd_sym *sym;
    uint32_t n, lo, hi; // how many, and the bytes that hold them all
};

static void note_read(void *arg, struct nd_expr *e)
{
    struct reads *r = arg;
    uint32_t end;

    if (e->kind != ND_E_FIELD || e->a->kind != ND_E_VAR || e->a->sym != r->sym || !e->field ||
        e->a->type->kind != ND_TY_PTR || !nd_type_is_scalar(e->field->type))
        return;
    end = e->field->off + e->field->type->size;
    if (!r->n || e->field->off < r->lo)
        r->lo = e->field->off;
    if (end > r->hi)
        r->hi = end;
    r->n++;
}

void nd_lower_window_plan(struct nd_lower *l, struct nd_slot *slot, const struct nd_sym *sym)
{
    struct reads r = {.sym = sym};
    LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b);

    if (l->p->portable) // how far fields are apart is known where it runs only
        return;
    if (!slot->direct || slot->type->kind != ND_TY_PTR ||
        nd_lower_as(l, slot->type->as) != ND_AS_KERNEL)
        return;
    nd_probe_walk(l->fn.probe, note_read, &r);
    r.lo &= ~7u; // fields stay aligned
    if (r.n < 2 || r.hi - r.lo > WINDOW_MAX)
        return;
    slot->win_off = r.lo;
    slot->win_size = r.hi - r.lo;
    slot->copy = nd_lower_keep(l, slot->win_size);
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

LLVMValueRef nd_lower_window_field(struct nd_lower *l, const struct nd_expr *e)
{
    const struct nd_slot *slot;
    uint32_t off, size = e->field->type->size;
    LLVMBasicBlockRef fill, done;
    LLVMValueRef from, is_filled;

    if (e->a->kind != ND_E_VAR || e->a->type->kind != ND_TY_PTR ||
        nd_lower_as(l, (enum nd_as)e->as) != ND_AS_KERNEL)
        return NULL;
    slot = &l->fn.slots[e->a->sym->index];
    off = e->field->off - slot->win_off;
    if (!slot->filled || !nd_type_is_scalar(e->field->type) || e->field->off < slot->win_off ||
        off + size > slot->win_size || (size && off % size))
        return NULL;
    fill = nd_ir_bb(l, "fetch");
    done = nd_ir_bb(l, "fetched");
    is_filled = LLVMBuildLoad2(l->b, l->i64, slot->filled, "");
    LLVMBuildCondBr(l->b, nd_ir_bool(l, is_filled), done, fill);
    nd_ir_at(l, fill);
    from = LLVMBuildLoad2(l->b, l->i64, slot->ptr, "");
    nd_lower_copy(l, slot->copy,
                  (struct nd_val){.v = nd_ir_gep(l, nd_ir_ptr(l, from), slot->win_off),
                                  .mem = true,
                                  .as = ND_AS_KERNEL},
                  slot->win_size, e->span);
    LLVMBuildStore(l->b, nd_ir_i64(l, 1), slot->filled);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
    return nd_ir_gep(l, slot->copy, off);
}
