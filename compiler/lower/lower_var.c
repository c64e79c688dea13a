// SPDX-License-Identifier: GPL-2.0-or-later
// Variables: where they are kept, and which of them a function that is called for each entry of a
// map has in common with its program. Must not know expressions. Serves lower_stmt.c.
#include "compiler/lower/lower_callback_impl.h"
#include "compiler/lower/lower_impl.h"

#include <string.h>

static struct nd_slot *slot_at(struct nd_lower *l, const struct nd_sym *s)
{
    if (s->index >= l->fn.nslots) {
        uint32_t n = s->index + 16;
        struct nd_slot *v = ND_NEW_ARRAY(l->a, struct nd_slot, n);

        if (l->fn.nslots)
            memcpy(v, l->fn.slots, l->fn.nslots * sizeof(*v));
        l->fn.slots = v;
        l->fn.nslots = n;
    }
    return &l->fn.slots[s->index];
}

struct nd_slot *nd_lower_slot(struct nd_lower *l, struct nd_sym *s)
{
    struct nd_slot *slot = slot_at(l, s);

    if (!slot->ptr) {
        slot->type = s->type;
        slot->direct = nd_type_is_scalar(s->type);
        slot->ptr = slot->direct ? nd_lower_register(l, s->name) : nd_lower_keep(l, s->type->size);
        nd_lower_window_plan(l, slot, s);
    }
    return slot;
}

void nd_lower_bind(struct nd_lower *l, struct nd_sym *s, LLVMValueRef at)
{
    struct nd_slot *slot = slot_at(l, s);

    slot->type = s->type;
    slot->ptr = at;
}

void nd_lower_var(struct nd_lower *l, struct nd_sym *s, LLVMValueRef v)
{
    struct nd_slot *slot = nd_lower_slot(l, s);

    LLVMBuildStore(l->b, v, slot->ptr);
    nd_lower_window_reset(l, slot);
}

LLVMValueRef nd_lower_var_get(struct nd_lower *l, struct nd_sym *s)
{
    return LLVMBuildLoad2(l->b, l->i64, nd_lower_slot(l, s)->ptr, "");
}

static void capture(void *arg, struct nd_expr *e)
{
    struct nd_captured *x = arg;
    uint32_t i;

    if ((e->kind != ND_E_VAR && e->kind != ND_E_IDENT) || !e->sym || e->sym->kind != ND_SYM_VAR ||
        e->sym->index >= x->before)
        return;
    for (i = 0; i < x->syms.n; i++) {
        if (x->syms.v[i] == e->sym)
            return;
    }
    *ND_PUSH(x->a, &x->syms) = e->sym;
}

void nd_lower_capture(struct nd_captured *x, struct nd_block *b)
{
    struct nd_decl body = {.body = b};

    nd_ast_walk(&body, capture, x);
}

static LLVMValueRef shared_word(struct nd_lower *l, LLVMValueRef shared, uint32_t i)
{
    return nd_ir_gep(l, shared, ND_SHARED_FIRST + 8ul * i);
}

// Numbers are copied there and back, of everything else the function gets the address.
void nd_lower_captured_give(struct nd_lower *l, const struct nd_captured *x, LLVMValueRef shared)
{
    uint32_t i;

    for (i = 0; i < x->syms.n; i++) {
        const struct nd_slot *slot = nd_lower_slot(l, x->syms.v[i]);

        LLVMBuildStore(l->b, slot->direct ? LLVMBuildLoad2(l->b, l->i64, slot->ptr, "") : slot->ptr,
                       shared_word(l, shared, i));
    }
}

void nd_lower_captured_take(struct nd_lower *l, const struct nd_captured *x, LLVMValueRef shared)
{
    uint32_t i;

    for (i = 0; i < x->syms.n; i++) {
        struct nd_slot *slot = slot_at(l, x->syms.v[i]);

        slot->type = x->syms.v[i]->type;
        slot->direct = nd_type_is_scalar(slot->type);
        slot->ptr = shared_word(l, shared, i);
        if (!slot->direct)
            slot->ptr = LLVMBuildLoad2(l->b, l->ptr, slot->ptr, "");
    }
}

void nd_lower_captured_back(struct nd_lower *l, const struct nd_captured *x, LLVMValueRef shared)
{
    uint32_t i;

    for (i = 0; i < x->syms.n; i++) {
        if (nd_lower_slot(l, x->syms.v[i])->direct)
            nd_lower_var(l, x->syms.v[i],
                         LLVMBuildLoad2(l->b, l->i64, shared_word(l, shared, i), ""));
    }
}
