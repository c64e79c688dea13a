// SPDX-License-Identifier: GPL-2.0-or-later
// Which stages packets may enter by and leave from, as far as the conditions on options tell. Must
// not know LLVM. Serves paths.
#include "compiler/net/net_impl.h"

#include <string.h>

// The same condition, as far as conditions on options go.
static bool same(const struct nd_expr *a, const struct nd_expr *b)
{
    if (!a || !b)
        return a == b;
    return a->kind == b->kind && a->op == b->op && a->num == b->num && a->real == b->real &&
           a->lit_unit == b->lit_unit && a->is_unsigned == b->is_unsigned && !a->texpr &&
           !b->texpr && !a->args.n && !b->args.n &&
           !strcmp(a->name ? a->name : "", b->name ? b->name : "") &&
           !strcmp(a->str ? a->str : "", b->str ? b->str : "") && same(a->a, b->a) &&
           same(a->b, b->b) && same(a->c, b->c);
}

bool nd_net_implies(const struct nd_expr *a, const struct nd_expr *b)
{
    return same(a, b) || (b->kind == ND_E_BINARY && b->op == ND_OP_LOR &&
                          (nd_net_implies(a, b->a) || nd_net_implies(a, b->b)));
}

// x == y and x != y: one of them holds.
static bool opposite(const struct nd_expr *a, const struct nd_expr *b)
{
    return a->kind == ND_E_BINARY && b->kind == ND_E_BINARY &&
           ((a->op == ND_OP_EQ && b->op == ND_OP_NE) || (a->op == ND_OP_NE && b->op == ND_OP_EQ)) &&
           same(a->a, b->a) && same(a->b, b->b);
}

enum nd_end nd_net_may_end(const struct nd_path *path, const struct nd_path_stages *s,
                           uint32_t stage, uint32_t from, uint32_t to)
{
    const struct nd_expr *own = s->v[stage].when;
    enum nd_end end = ND_END_ALWAYS;
    uint32_t i, k;

    for (i = from; i < to; i++) {
        if (!path->served[i])
            continue;
        if (!s->v[i].when || (own && nd_net_implies(own, s->v[i].when)))
            return ND_END_NEVER;
        for (k = from; k < i; k++) {
            if (path->served[k] && opposite(s->v[i].when, s->v[k].when))
                return ND_END_NEVER;
        }
        end = ND_END_SOMETIMES;
    }
    return end;
}
