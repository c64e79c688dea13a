// SPDX-License-Identifier: GPL-2.0-or-later
// A map entry that a probe names more than once is looked up once: "/@start[tid]/ { nsecs -
// @start[tid] }". Only for keys that cannot change while the probe runs. Serves the lowering of
// maps.
//
// A word says whether the value is there; every write of the probe to that map clears it, so loops
// and branches need no thought here, and LLVM removes the tests whose outcome it can see.
#include "compiler/lower/lower_impl.h"

#include <string.h>

// Are both the same expression, of a form whose value is the same all through a probe?
static bool same(const struct nd_expr *a, const struct nd_expr *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case ND_E_INT:
        return a->num == b->num;
    case ND_E_IDENT:
        return a->builtin && a->builtin->flags & ND_BF_FIXED && !strcmp(a->name, b->name);
    case ND_E_FIELD:
        return a->a->type->kind == ND_T_ARGS && b->a->type->kind == ND_T_ARGS &&
               !strcmp(a->name, b->name);
    case ND_E_CAST:
        return a->type->kind == b->type->kind && a->type->size == b->type->size &&
               a->type->is_signed == b->type->is_signed && same(a->a, b->a);
    case ND_E_TUPLE:
        if (a->args.n != b->args.n)
            return false;
        for (uint32_t i = 0; i < a->args.n; i++)
            if (!same(a->args.v[i], b->args.v[i]))
                return false;
        return true;
    default:
        return false;
    }
}

static bool usable(const struct nd_expr *e)
{
    const struct nd_map *m = e->map;

    return e->kind == ND_E_MAP && m && e->a && m->key && m->val && nd_type_is_scalar(m->val) &&
           same(e->a, e->a);
}

static struct nd_reuse *find(struct nd_lower *l, const struct nd_expr *e)
{
    for (uint32_t i = 0; i < l->fn.reuse.n; i++)
        if (l->fn.reuse.v[i].map == e->map && same(l->fn.reuse.v[i].key, e->a))
            return &l->fn.reuse.v[i];
    return NULL;
}

static void note(void *arg, struct nd_expr *e)
{
    struct nd_lower *l = arg;
    struct nd_reuse *r;

    if (!usable(e))
        return;
    r = find(l, e);
    if (!r) {
        r = ND_PUSH(l->a, &l->fn.reuse);
        *r = (struct nd_reuse){.map = e->map, .key = e->a};
    }
    r->n++;
}

void nd_lower_reuse_plan(struct nd_lower *l)
{
    LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b);

    nd_probe_walk(l->fn.probe, note, l);
    for (uint32_t i = 0; i < l->fn.reuse.n; i++) {
        struct nd_reuse *r = &l->fn.reuse.v[i];

        if (r->n < 2)
            continue;
        r->value = nd_lower_register(l, "value");
        r->filled = nd_lower_register(l, "filled");
        LLVMPositionBuilderAtEnd(l->b, l->fn.prologue);
        LLVMBuildStore(l->b, nd_ir_i64(l, 0), r->filled);
        LLVMPositionBuilderAtEnd(l->b, here);
    }
}

const struct nd_reuse *nd_lower_reuse_find(struct nd_lower *l, const struct nd_expr *e)
{
    const struct nd_reuse *r = usable(e) ? find(l, e) : NULL;

    return r && r->filled ? r : NULL;
}

void nd_lower_reuse_written(struct nd_lower *l, const struct nd_map *m)
{
    for (uint32_t i = 0; i < l->fn.reuse.n; i++)
        if ((!m || l->fn.reuse.v[i].map == m) && l->fn.reuse.v[i].filled)
            LLVMBuildStore(l->b, nd_ir_i64(l, 0), l->fn.reuse.v[i].filled);
}
