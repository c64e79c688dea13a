// SPDX-License-Identifier: GPL-2.0-or-later
// Predicates: a program ends where one does not hold. Cheap tests that stand first stay first, and
// the packet is parsed before the first part that needs it, for all that follow. Serves
// lower_program.c and lower_path.c.
#include "compiler/lower/lower_impl.h"

static void take_apart(struct nd_lower *l, struct nd_expr *pred, struct nd_expr_list *parts)
{
    if (pred->kind == ND_E_BINARY && pred->op == ND_OP_LAND && !pred->is_const) {
        take_apart(l, pred->a, parts);
        take_apart(l, pred->b, parts);
        return;
    }
    *ND_PUSH(l->a, parts) = pred;
}

// Before the first part that needs the packet, for all that follow: cheap tests that stand first
// stay first.
static void prepare_parts(struct nd_lower *l, const struct nd_expr_list *parts, uint32_t from)
{
    struct nd_pkt_uses u = {0};
    uint32_t i;

    if (!l->fn.probe->pkt || l->fn.pkt.covered)
        return;
    nd_lower_uses_expr(l->a, parts->v[from], &u);
    if (!u.layers)
        return;
    for (i = from + 1; i < parts->n; i++)
        nd_lower_uses_expr(l->a, parts->v[i], &u);
    nd_lower_pkt_prepare(l, &u, parts->v[from]->span);
    l->fn.pkt.covered = true;
}

void nd_lower_leave_unless(struct nd_lower *l, struct nd_expr *pred)
{
    struct nd_expr_list parts = {0};
    bool covered = l->fn.pkt.covered;
    LLVMBasicBlockRef yes;
    uint32_t i;

    if (!pred)
        return;
    take_apart(l, pred, &parts);
    for (i = 0; i < parts.n; i++) {
        yes = nd_ir_bb(l, "match");
        nd_ir_line(l, parts.v[i]->span);
        prepare_parts(l, &parts, i);
        LLVMBuildCondBr(l->b, nd_lower_cond(l, parts.v[i]), yes, l->fn.out);
        nd_lower_temps_release(l);
        nd_ir_at(l, yes);
    }
    l->fn.pkt.covered = covered;
}
