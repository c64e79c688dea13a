// SPDX-License-Identifier: GPL-2.0-or-later
// Scripts of older releases of bpftrace use variables outside the block that sets them first. In
// files named *.bt such a variable is declared at the start of the probe.
#include "compiler/front/parse.h"

#include <string.h>

struct scope {
    struct scope *up;
    struct nd_points names; // variables first set here
};

struct hoist {
    struct nd_arena *a;
    struct scope *scope;
    struct nd_points ever;   // set in some block
    struct nd_points wanted; // and used outside it
};

static bool has(const struct nd_points *v, const char *name)
{
    uint32_t i;

    for (i = 0; i < v->n; i++) {
        if (!strcmp(v->v[i].text, name))
            return true;
    }
    return false;
}

static bool visible(const struct hoist *h, const char *name)
{
    const struct scope *s;

    for (s = h->scope; s; s = s->up) {
        if (has(&s->names, name))
            return true;
    }
    return false;
}

static void add(struct hoist *h, struct nd_points *v, const char *name, struct nd_span span)
{
    if (!has(v, name))
        *ND_PUSH(h->a, v) = (struct nd_point){.text = name, .span = span};
}

static void set(struct hoist *h, const struct nd_expr *var, bool declares)
{
    if (!declares && visible(h, var->name))
        return;
    add(h, &h->scope->names, var->name, var->span);
    if (h->scope->up)
        add(h, &h->ever, var->name, var->span);
}

static void look_expr(struct hoist *h, const struct nd_expr *e)
{
    uint32_t i;

    if (!e)
        return;
    if (e->kind == ND_E_VAR && !visible(h, e->name) && has(&h->ever, e->name))
        add(h, &h->wanted, e->name, e->span);
    look_expr(h, e->a);
    look_expr(h, e->b);
    look_expr(h, e->c);
    for (i = 0; i < e->args.n; i++)
        look_expr(h, e->args.v[i]);
}

static void look_block(struct hoist *h, const struct nd_block *b, const struct nd_stmt *loop);

static void look_stmt(struct hoist *h, const struct nd_stmt *s)
{
    bool sets =
        (s->kind == ND_S_ASSIGN && !s->op && s->expr->kind == ND_E_VAR) || s->kind == ND_S_LET;
    uint32_t i;

    look_expr(h, s->rhs);
    look_expr(h, s->hi);
    look_expr(h, s->limit);
    for (i = 0; i < s->fields.n; i++)
        look_expr(h, s->fields.v[i].expr);
    if (sets)
        set(h, s->expr, s->kind == ND_S_LET);
    else
        look_expr(h, s->expr);
    if (s->body)
        look_block(h, s->body, s);
    if (s->else_body)
        look_block(h, s->else_body, NULL);
}

static void look_block(struct hoist *h, const struct nd_block *b, const struct nd_stmt *loop)
{
    struct scope scope = {.up = h->scope};
    uint32_t i;

    h->scope = &scope;
    if (loop && loop->key)
        add(h, &scope.names, loop->key, loop->key_span);
    for (i = 0; i < b->n; i++)
        look_stmt(h, b->v[i]);
    h->scope = scope.up;
}

static void hoist(struct nd_arena *a, struct nd_decl *d)
{
    struct hoist h = {.a = a};
    struct nd_block *body;
    uint32_t i;

    look_block(&h, d->body, NULL);
    if (!h.wanted.n)
        return;
    body = ND_NEW(a, struct nd_block);
    body->span = d->body->span;
    for (i = 0; i < h.wanted.n; i++) {
        struct nd_stmt *let = nd_stmt_new(a, ND_S_LET, h.wanted.v[i].span);

        let->expr = nd_expr_new(a, ND_E_VAR, let->span);
        let->expr->name = h.wanted.v[i].text;
        *ND_PUSH(a, body) = let;
    }
    for (i = 0; i < d->body->n; i++)
        *ND_PUSH(a, body) = d->body->v[i];
    d->body = body;
}

void nd_parse_hoist(struct nd_arena *a, const struct nd_decls *decls)
{
    uint32_t i;

    for (i = 0; i < decls->n; i++) {
        if (decls->v[i]->kind == ND_D_PROBE && decls->v[i]->body)
            hoist(a, decls->v[i]);
    }
}
