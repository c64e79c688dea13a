// SPDX-License-Identifier: GPL-2.0-or-later
// What the grammar's actions build of more than one node. Must not know meaning. Serves the
// grammar.
#include "compiler/front/parse.h"

#include <string.h>

// A map that is not printed: the word before it is a name everywhere else.
struct nd_decl *nd_parse_own_map(struct nd_parse *p, struct nd_span at, const char *word,
                                 struct nd_span span, const char *name, struct nd_expr *size)
{
    struct nd_decl *d = nd_decl_new(p->arena, ND_D_MAP, span);

    if (strcmp(word, "private"))
        nd_help(p->diags, nd_error(p->diags, ND_E0101, at, "unexpected '%s'", word),
                "a map is declared by let @name, or private @name");
    d->name = name;
    d->name_span = span;
    d->expr = size;
    d->own = true;
    return d;
}

// What a module expects of its user: the word before it is a name everywhere else.
struct nd_decl *nd_parse_needs(struct nd_parse *p, struct nd_span at, const char *word,
                               enum nd_decl_kind kind, struct nd_span span, const char *name)
{
    struct nd_decl *d = nd_decl_new(p->arena, ND_D_NEEDS, span);

    if (strcmp(word, "needs"))
        nd_help(p->diags, nd_error(p->diags, ND_E0101, at, "unexpected '%s'", word),
                "a module says what its user declares: needs path name, needs option name, needs "
                "fn name()");
    d->name = name;
    d->name_span = d->used = span;
    d->needs = kind;
    return d;
}

struct nd_ranks *nd_parse_rank(struct nd_parse *p, struct nd_ranks *r, struct nd_expr *e, bool desc)
{
    *ND_PUSH(p->arena, r) = (struct nd_rank){e, desc};
    return r;
}

struct nd_decl *nd_parse_path(struct nd_parse *p, struct nd_span span, const char *name,
                              struct nd_span name_span)
{
    struct nd_decl *d = nd_decl_new(p->arena, ND_D_PATH, span);

    d->name = name;
    d->name_span = name_span;
    d->path = ND_NEW(p->arena, struct nd_path_decl);
    return d;
}

// for (name in e): over a map, or over what the checker finds that e lists.
struct nd_stmt *nd_parse_go_through(struct nd_parse *p, struct nd_span span, const char *name,
                                    struct nd_span name_span, struct nd_expr *e)
{
    bool map = e->kind == ND_E_MAP && !e->a && !e->paren;
    struct nd_stmt *s = nd_stmt_new(p->arena, map ? ND_S_FOR_MAP : ND_S_FOR_RANGE, span);

    s->key = name;
    s->key_span = name_span;
    s->expr = e;
    if (map)
        nd_parse_rank(p, &s->ranks, NULL, false);
    return s;
}

// names: of the key, then, if there are more, of a value of each map.
struct nd_stmt *nd_parse_go_over(struct nd_parse *p, struct nd_span span,
                                 const struct nd_points *names, const struct nd_expr_list *maps,
                                 const struct nd_ranks *ranks, struct nd_expr *limit)
{
    struct nd_stmt *s = nd_stmt_new(p->arena, ND_S_FOR_MAP, span);
    uint32_t i;

    s->key = names->v[0].text;
    s->key_span = names->v[0].span;
    s->expr = maps->v[0];
    s->ranks = *ranks;
    s->limit = limit;
    if (names->n > 1) {
        s->val = names->v[1].text;
        s->val_span = names->v[1].span;
    }
    if (names->n > 1 && names->n != maps->n + 1)
        nd_help(p->diags,
                nd_error(p->diags, ND_E0101, names->v[names->n - 1].span,
                         "%u name%s of values for %u map%s", names->n - 1, names->n == 2 ? "" : "s",
                         maps->n, maps->n == 1 ? "" : "s"),
                "for (key, a, b in @a, @b), or for (key in @a, @b)");
    for (i = 1; i < maps->n; i++) {
        struct nd_other *o = ND_PUSH(p->arena, &s->others);

        o->map = maps->v[i];
        if (i + 1 < names->n) {
            o->name = names->v[i + 1].text;
            o->span = names->v[i + 1].span;
        }
    }
    return s;
}

// The struct that is sent is evaluated once, whatever it is made of.
static struct nd_stmt *once(struct nd_parse *p, struct nd_stmt *s)
{
    struct nd_stmt *let, *b;

    if (s->rhs->kind == ND_E_VAR)
        return s;
    let = nd_stmt_new(p->arena, ND_S_LET, s->rhs->span);
    let->expr = nd_expr_new(p->arena, ND_E_VAR, s->rhs->span);
    let->expr->name = ".sent";
    let->rhs = s->rhs;
    s->rhs = nd_expr_new(p->arena, ND_E_VAR, s->rhs->span);
    s->rhs->name = ".sent";
    b = nd_stmt_new(p->arena, ND_S_BLOCK, s->span);
    b->body = ND_NEW(p->arena, struct nd_block);
    b->body->span = s->span;
    *ND_PUSH(p->arena, b->body) = let;
    *ND_PUSH(p->arena, b->body) = s;
    return b;
}

// send name { v }, send name { ...base, v }, send name base
struct nd_stmt *nd_parse_send(struct nd_parse *p, struct nd_span span, const char *name,
                              struct nd_span name_span, struct nd_named_list *v,
                              struct nd_expr *base)
{
    struct nd_stmt *s = nd_stmt_new(p->arena, ND_S_SEND, span);

    s->name = name;
    s->name_span = name_span;
    s->rhs = base;
    for (uint32_t i = 0; v && i < v->n; i++) {
        if (v->v[i].name)
            *ND_PUSH(p->arena, &s->fields) = v->v[i];
        else if (s->rhs)
            nd_error(p->diags, ND_E0101, v->v[i].span, "only one '...' can be sent");
        else
            s->rhs = v->v[i].expr;
    }
    return s->rhs ? once(p, s) : s;
}

// struct name { v }
struct nd_expr *nd_parse_literal(struct nd_parse *p, struct nd_span span, const char *name,
                                 struct nd_span name_span, struct nd_named_list *v)
{
    struct nd_expr *e = nd_expr_new(p->arena, ND_E_STRUCT, span);

    e->name = name;
    e->name_span = name_span;
    e->names = ND_NEW_ARRAY(p->arena, struct nd_point, v->n);
    for (uint32_t i = 0; i < v->n; i++) {
        if (!v->v[i].name)
            nd_help(p->diags,
                    nd_error(p->diags, ND_E0101, v->v[i].span, "'...' is for what is sent"),
                    "send event { ...value }");
        e->names[i] =
            (struct nd_point){.text = v->v[i].name ? v->v[i].name : "", .span = v->v[i].span};
        *ND_PUSH(p->arena, &e->args) = v->v[i].expr;
    }
    return e;
}

// (name = v, ...): a tuple whose fields have names
struct nd_expr *nd_parse_record(struct nd_parse *p, struct nd_span span,
                                const struct nd_named_list *v)
{
    struct nd_expr *e = nd_expr_new(p->arena, ND_E_TUPLE, span);
    uint32_t i, k;

    e->names = ND_NEW_ARRAY(p->arena, struct nd_point, v->n);
    for (i = 0; i < v->n; i++) {
        for (k = 0; k < i; k++) {
            if (!strcmp(v->v[k].name, v->v[i].name))
                nd_error(p->diags, ND_E0210, v->v[i].span, "there is a field '%s' already",
                         v->v[i].name);
        }
        e->names[i] = (struct nd_point){.text = v->v[i].name, .span = v->v[i].span};
        *ND_PUSH(p->arena, &e->args) = v->v[i].expr;
    }
    return e;
}

void nd_parse_params(struct nd_parse *p, struct nd_decl *fn)
{
    struct nd_block *b = ND_NEW(p->arena, struct nd_block);
    uint32_t i;

    b->span = fn->body->span;
    for (i = 0; i < fn->fields.n; i++) {
        const struct nd_decl_field *f = &fn->fields.v[i];
        struct nd_stmt *s;

        if (!f->dollar)
            continue;
        s = nd_stmt_new(p->arena, ND_S_LET, f->span);
        s->expr = nd_expr_new(p->arena, ND_E_VAR, f->span);
        s->expr->name = f->name;
        s->rhs = nd_expr_new(p->arena, ND_E_IDENT, f->span);
        s->rhs->name = f->name;
        s->rhs->name_span = f->span;
        *ND_PUSH(p->arena, b) = s;
    }
    for (i = 0; b->n && i < fn->body->n; i++)
        *ND_PUSH(p->arena, b) = fn->body->v[i];
    if (b->n)
        fn->body = b;
}
