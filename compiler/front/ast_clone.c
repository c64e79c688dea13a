// SPDX-License-Identifier: GPL-2.0-or-later
// Copies of trees: a body that is checked for several places, or for both worlds, has one for each.
// The results of checking are not copied: the copy is checked again. Must not know meaning.
#include "compiler/front/ast.h"

#include <string.h>

static struct nd_expr *clone_expr(struct nd_arena *a, const struct nd_expr *e);
static struct nd_block *clone_block(struct nd_arena *a, const struct nd_block *b);

static void *copy_of(struct nd_arena *a, const void *p, size_t size)
{
    return memcpy(nd_arena_alloc(a, size), p, size);
}

#define COPY(a, p) ((p) ? copy_of(a, p, sizeof(*(p))) : NULL)

// The elements of a list belong to the copy.
#define COPY_LIST(a, list)                                                                    \
    do {                                                                                      \
        (list)->v = (list)->n ? copy_of(a, (list)->v, (list)->n * sizeof(*(list)->v)) : NULL; \
        (list)->cap = (list)->n;                                                              \
    } while (0)

static void clone_exprs(struct nd_arena *a, struct nd_expr_list *list)
{
    uint32_t i;

    COPY_LIST(a, list);
    for (i = 0; i < list->n; i++)
        list->v[i] = clone_expr(a, list->v[i]);
}

static struct nd_texpr *clone_texpr(struct nd_arena *a, const struct nd_texpr *t)
{
    struct nd_texpr *c = COPY(a, t);

    if (!c || !c->args)
        return c;
    c->args = COPY(a, c->args);
    clone_exprs(a, c->args);
    return c;
}

static struct nd_expr *clone_expr(struct nd_arena *a, const struct nd_expr *e)
{
    struct nd_expr *c = COPY(a, e);

    if (!c)
        return NULL;
    c->a = clone_expr(a, e->a);
    c->b = clone_expr(a, e->b);
    c->c = clone_expr(a, e->c);
    clone_exprs(a, &c->args);
    c->texpr = clone_texpr(a, e->texpr);
    c->body = clone_block(a, e->body);
    c->tree = NULL; // each call has its own
    return c;
}

static struct nd_stmt *clone_stmt(struct nd_arena *a, const struct nd_stmt *s)
{
    struct nd_stmt *c = COPY(a, s);
    uint32_t i;

    c->expr = clone_expr(a, s->expr);
    c->rhs = clone_expr(a, s->rhs);
    c->hi = clone_expr(a, s->hi);
    COPY_LIST(a, &c->ranks);
    for (i = 0; i < c->ranks.n; i++)
        c->ranks.v[i].by = clone_expr(a, s->ranks.v[i].by);
    COPY_LIST(a, &c->others);
    for (i = 0; i < c->others.n; i++)
        c->others.v[i].map = clone_expr(a, s->others.v[i].map);
    c->limit = clone_expr(a, s->limit);
    c->body = clone_block(a, s->body);
    c->else_body = clone_block(a, s->else_body);
    c->texpr = clone_texpr(a, s->texpr);
    COPY_LIST(a, &c->fields);
    for (i = 0; i < c->fields.n; i++)
        c->fields.v[i].expr = clone_expr(a, c->fields.v[i].expr);
    return c;
}

static struct nd_block *clone_block(struct nd_arena *a, const struct nd_block *b)
{
    struct nd_block *c = COPY(a, b);
    uint32_t i;

    if (!c)
        return NULL;
    COPY_LIST(a, c);
    for (i = 0; i < c->n; i++)
        c->v[i] = clone_stmt(a, c->v[i]);
    return c;
}

static void clone_tries(struct nd_arena *a, struct nd_tries *tries)
{
    uint32_t i;

    COPY_LIST(a, tries);
    for (i = 0; i < tries->n; i++) {
        struct nd_try *t = &tries->v[i];

        COPY_LIST(a, &t->points);
        t->pred = clone_expr(a, t->pred);
        t->body = clone_block(a, t->body);
        t->each = clone_expr(a, t->each);
    }
}

static struct nd_path_decl *clone_path(struct nd_arena *a, const struct nd_path_decl *p)
{
    struct nd_path_decl *c = COPY(a, p);
    uint32_t i;

    if (!c)
        return NULL;
    c->key = clone_expr(a, p->key);
    c->timeout = clone_expr(a, p->timeout);
    c->limit = clone_expr(a, p->limit);
    COPY_LIST(a, &c->keeps);
    for (i = 0; i < c->keeps.n; i++) {
        c->keeps.v[i].field.texpr = clone_texpr(a, c->keeps.v[i].field.texpr);
        c->keeps.v[i].value = clone_expr(a, c->keeps.v[i].value);
    }
    COPY_LIST(a, &c->stages);
    for (i = 0; i < c->stages.n; i++) {
        c->stages.v[i].when = clone_expr(a, c->stages.v[i].when);
        c->stages.v[i].cond = clone_expr(a, c->stages.v[i].cond);
    }
    return c;
}

struct nd_expr *nd_ast_clone_expr(struct nd_arena *a, const struct nd_expr *e)
{
    return clone_expr(a, e);
}

struct nd_decl *nd_ast_clone(struct nd_arena *a, const struct nd_decl *d)
{
    struct nd_decl *c = COPY(a, d);
    uint32_t i;

    c->texpr = clone_texpr(a, d->texpr);
    c->expr = clone_expr(a, d->expr);
    COPY_LIST(a, &c->fields);
    for (i = 0; i < c->fields.n; i++)
        c->fields.v[i].texpr = clone_texpr(a, c->fields.v[i].texpr);
    c->body = clone_block(a, d->body);
    COPY_LIST(a, &c->points);
    c->when = clone_expr(a, d->when);
    c->pred = clone_expr(a, d->pred);
    clone_tries(a, &c->tries);
    c->path = clone_path(a, d->path);
    return c;
}
