// SPDX-License-Identifier: GPL-2.0-or-later
// Constructors of statements.
#include "compiler/front/parse.h"

#include <string.h>

struct nd_stmt *nd_parse_assign(struct nd_parse *p, struct nd_span s, struct nd_expr *l,
                                enum nd_op op, struct nd_expr *r)
{
    struct nd_stmt *st;
    struct nd_expr *var;

    if (l->kind == ND_E_IDENT && !strcmp(l->name, "_") && !op) { // a value that is not wanted
        var = nd_expr_new(p->arena, ND_E_VAR, l->span);
        var->name = nd_arena_printf(p->arena, "_#%u", l->span.off);
        l = var;
    }
    st = nd_stmt_new(p->arena, ND_S_ASSIGN, s);

    st->expr = l;
    st->op = op;
    st->rhs = r;
    return st;
}

static struct nd_block *branch(struct nd_parse *p, struct nd_expr *e, struct nd_span span)
{
    struct nd_block *b = ND_NEW(p->arena, struct nd_block);

    b->span = e ? e->span : span;
    if (e)
        *ND_PUSH(p->arena, b) = nd_parse_evaluate(p, e);
    return b;
}

// An expression as a statement: "c ? f() : g()" is an if, of which either side may have no value.
struct nd_stmt *nd_parse_evaluate(struct nd_parse *p, struct nd_expr *e)
{
    struct nd_stmt *s = nd_stmt_new(p->arena, e->kind == ND_E_COND ? ND_S_IF : ND_S_EXPR, e->span);

    s->expr = e;
    if (e->kind != ND_E_COND)
        return s;
    s->expr = e->a;
    s->body = branch(p, e->b, e->span);
    s->else_body = branch(p, e->c, e->span);
    return s;
}

// A block of this statement alone.
struct nd_block *nd_parse_only(struct nd_parse *p, struct nd_stmt *s)
{
    struct nd_block *b = ND_NEW(p->arena, struct nd_block);

    b->span = s->span;
    *ND_PUSH(p->arena, b) = s;
    return b;
}

// One more call that a layout replaces.
struct nd_block *nd_parse_output(struct nd_parse *p, struct nd_block *b, struct nd_expr *e)
{
    struct nd_stmt *s = nd_stmt_new(p->arena, ND_S_EXPR, e->span);

    s->expr = e;
    b->span = b->n ? nd_span_join(b->span, s->span) : s->span;
    *ND_PUSH(p->arena, b) = s;
    return b;
}
