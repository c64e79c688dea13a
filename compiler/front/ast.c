// SPDX-License-Identifier: GPL-2.0-or-later
// Constructors of the tree.
#include "compiler/front/ast.h"

static const char *const op_text[] = {
    [ND_OP_NONE] = "=",    [ND_OP_ADD] = "+",     [ND_OP_SUB] = "-",      [ND_OP_MUL] = "*",
    [ND_OP_DIV] = "/",     [ND_OP_MOD] = "%",     [ND_OP_SHL] = "<<",     [ND_OP_SHR] = ">>",
    [ND_OP_AND] = "&",     [ND_OP_OR] = "|",      [ND_OP_XOR] = "^",      [ND_OP_EQ] = "==",
    [ND_OP_NE] = "!=",     [ND_OP_LT] = "<",      [ND_OP_LE] = "<=",      [ND_OP_GT] = ">",
    [ND_OP_GE] = ">=",     [ND_OP_LAND] = "&&",   [ND_OP_LOR] = "||",     [ND_OP_NEG] = "-",
    [ND_OP_NOT] = "!",     [ND_OP_BNOT] = "~",    [ND_OP_DEREF] = "*",    [ND_OP_ADDR] = "&",
    [ND_OP_PREINC] = "++", [ND_OP_PREDEC] = "--", [ND_OP_POSTINC] = "++", [ND_OP_POSTDEC] = "--",
};

const char *nd_op_text(enum nd_op op)
{
    return op_text[op];
}

struct nd_expr *nd_expr_new(struct nd_arena *a, enum nd_expr_kind kind, struct nd_span span)
{
    struct nd_expr *e = ND_NEW(a, struct nd_expr);

    e->kind = kind;
    e->span = span;
    return e;
}

struct nd_expr *nd_expr_binary(struct nd_arena *a, enum nd_op op, struct nd_expr *l,
                               struct nd_expr *r)
{
    struct nd_expr *e = nd_expr_new(a, ND_E_BINARY, nd_span_join(l->span, r->span));

    e->op = op;
    e->a = l;
    e->b = r;
    return e;
}

struct nd_expr *nd_expr_unary(struct nd_arena *a, enum nd_op op, struct nd_span span,
                              struct nd_expr *x)
{
    struct nd_expr *e = nd_expr_new(a, ND_E_UNARY, span);

    e->op = op;
    e->a = x;
    return e;
}

struct nd_stmt *nd_stmt_new(struct nd_arena *a, enum nd_stmt_kind kind, struct nd_span span)
{
    struct nd_stmt *s = ND_NEW(a, struct nd_stmt);

    s->kind = kind;
    s->span = span;
    return s;
}

struct nd_decl *nd_decl_new(struct nd_arena *a, enum nd_decl_kind kind, struct nd_span span)
{
    struct nd_decl *d = ND_NEW(a, struct nd_decl);

    d->kind = kind;
    d->span = span;
    return d;
}

static void walk_expr(struct nd_expr *e, void (*fn)(void *arg, struct nd_expr *e), void *arg)
{
    uint32_t i;

    if (!e)
        return;
    fn(arg, e);
    walk_expr(e->a, fn, arg);
    walk_expr(e->b, fn, arg);
    walk_expr(e->c, fn, arg);
    for (i = 0; i < e->args.n; i++)
        walk_expr(e->args.v[i], fn, arg);
}

static void walk_block(struct nd_block *b, void (*fn)(void *arg, struct nd_expr *e), void *arg)
{
    uint32_t i, k;

    for (i = 0; b && i < b->n; i++) {
        struct nd_stmt *s = b->v[i];

        walk_expr(s->expr, fn, arg);
        walk_expr(s->rhs, fn, arg);
        walk_expr(s->hi, fn, arg);
        for (k = 0; k < s->ranks.n; k++)
            walk_expr(s->ranks.v[k].by, fn, arg);
        walk_expr(s->limit, fn, arg);
        for (k = 0; k < s->others.n; k++)
            walk_expr(s->others.v[k].map, fn, arg);
        for (k = 0; k < s->fields.n; k++)
            walk_expr(s->fields.v[k].expr, fn, arg);
        walk_block(s->body, fn, arg);
        walk_block(s->else_body, fn, arg);
    }
}

void nd_ast_walk_try(struct nd_try *t, void (*fn)(void *arg, struct nd_expr *e), void *arg)
{
    walk_expr(t->pred, fn, arg);
    walk_block(t->body, fn, arg);
    walk_expr(t->each, fn, arg);
}

void nd_ast_walk(struct nd_decl *d, void (*fn)(void *arg, struct nd_expr *e), void *arg)
{
    walk_expr(d->pred, fn, arg);
    walk_block(d->body, fn, arg);
}
