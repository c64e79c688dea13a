// SPDX-License-Identifier: GPL-2.0-or-later
// Loops over the values of a list option and over the rows of a histogram. Must not know how
// expressions are checked. Serves check_stmt.c.
#include "compiler/check/check_impl.h"

#include <string.h>

struct nd_type *nd_check_row_type(struct nd_check *c)
{
    struct nd_field *f = ND_NEW_ARRAY(c->a, struct nd_field, 3);

    f[0] = (struct nd_field){.name = "low", .type = nd_ty(&nd_type_i64)};
    f[1] = (struct nd_field){.name = "high", .type = nd_ty(&nd_type_i64)};
    f[2] = (struct nd_field){.name = "count", .type = nd_ty(&nd_type_i64)};
    return nd_type_struct(c->t, "row", f, 3, false);
}

void nd_check_not_a_list(struct nd_check *c, const struct nd_stmt *s)
{
    if (s->expr->type && s->expr->type->kind == ND_T_ERROR)
        return;
    nd_help(c->d, nd_error(c->d, ND_E0304, s->expr->span, "there is nothing to go through here"),
            "for (i in 0..3), (k, v in @map), (x in opt.list), (r in rows(histogram)), "
            "(p in enum paths), (line in source_lines(\"stat\"))");
}

bool nd_check_has_rows(const struct nd_expr *call)
{
    return !strcmp(call->name, "rows") || !strcmp(call->name, "source_lines") ||
           !strcmp(call->name, "file_lines");
}

struct uses {
    struct nd_arena *a;
    const char *name;
    ND_VEC(struct nd_expr *) v;
};

static void collect(void *arg, struct nd_expr *e)
{
    struct uses *u = arg;

    if (e->kind == ND_E_IDENT && !strcmp(e->name, u->name))
        *ND_PUSH(u->a, &u->v) = e;
}

static struct nd_expr *name(struct nd_check *c, struct nd_span span, const char *text)
{
    struct nd_expr *e = nd_expr_new(c->a, ND_E_IDENT, span);

    e->name = text;
    e->name_span = span;
    return e;
}

static struct nd_expr *option(struct nd_check *c, const struct nd_expr *list, struct nd_span span)
{
    struct nd_expr *e = nd_expr_new(c->a, ND_E_FIELD, span);

    e->a = name(c, span, "opt");
    e->name = list->name;
    e->name_span = span;
    return e;
}

void nd_check_list_loop(struct nd_check *c, struct nd_stmt *s, const struct nd_type *t)
{
    const struct nd_expr *list = s->expr;
    struct uses u = {.a = c->a, .name = s->key};
    struct nd_decl body = {.body = s->body};
    const char *index = nd_arena_printf(c->a, "%s in opt.%s", s->key, list->name);
    uint32_t i;

    if (t->kind == ND_T_ERROR || list->kind != ND_E_FIELD || !list->sym ||
        list->sym->kind != ND_SYM_OPTION || !list->sym->option->decl->texpr->is_list)
        return;
    nd_ast_walk(&body, collect, &u);
    for (i = 0; i < u.v.n; i++) {
        struct nd_expr *e = u.v.v[i];

        *e = (struct nd_expr){.kind = ND_E_INDEX,
                              .span = e->span,
                              .depth = e->depth + 1,
                              .a = option(c, list, e->span),
                              .b = name(c, e->span, index)};
    }
    s->rhs = nd_expr_new(c->a, ND_E_INT, list->span);
    s->hi = nd_expr_new(c->a, ND_E_CALL, list->span);
    s->hi->name = "len";
    s->hi->name_span = list->span;
    *ND_PUSH(c->a, &s->hi->args) = option(c, list, list->span);
    s->key = index;
    s->expr = NULL;
}
