// SPDX-License-Identifier: GPL-2.0-or-later
// What modules need of their user is there, and as they say; functions that nobody declares are
// made of their defaults. Must not know bodies. Serves the list of passes.
#include "compiler/check/check_impl.h"

#include <string.h>

static const struct nd_decl *find(const struct nd_check *c, const struct nd_decl *need)
{
    uint32_t i;

    for (i = 0; i < c->p->decls.n; i++) {
        const struct nd_decl *d = c->p->decls.v[i];

        if (d->kind == need->needs && !strcmp(d->name, need->name))
            return d;
    }
    return NULL;
}

static const char *type_text(struct nd_check *c, const struct nd_texpr *x)
{
    return nd_type_text(c->t, nd_type_resolve(c->t, x));
}

// A function as it is declared: name(a: type) -> type.
static const char *signature(struct nd_check *c, const struct nd_decl *d)
{
    const char *text = nd_arena_printf(c->a, "fn %s(", d->name);
    uint32_t i;

    for (i = 0; i < d->fields.n; i++) {
        const struct nd_decl_field *f = &d->fields.v[i];

        text = nd_arena_printf(c->a, "%s%s%s%s%s", text, i ? ", " : "", f->name,
                               f->texpr ? ": " : "", f->texpr ? type_text(c, f->texpr) : "");
    }
    return nd_arena_printf(c->a, "%s)%s%s", text, d->texpr ? " -> " : "",
                           d->texpr ? type_text(c, d->texpr) : "");
}

static bool same_type(struct nd_check *c, const struct nd_texpr *a, const struct nd_texpr *b)
{
    return a && b ? nd_type_equal(nd_type_resolve(c->t, a), nd_type_resolve(c->t, b)) : a == b;
}

// A parameter without a type takes any.
static bool same_form(struct nd_check *c, const struct nd_decl *need, const struct nd_decl *d)
{
    uint32_t i;

    if (need->fields.n != d->fields.n || !same_type(c, need->texpr, d->texpr))
        return false;
    for (i = 0; i < need->fields.n; i++) {
        const struct nd_texpr *x = need->fields.v[i].texpr, *y = d->fields.v[i].texpr;

        if (x && y && !same_type(c, x, y))
            return false;
    }
    return true;
}

// fn name(fields) -> texpr { return expr }
static struct nd_decl *by_default(struct nd_check *c, const struct nd_decl *need)
{
    struct nd_decl *d = nd_ast_clone(c->a, need);
    struct nd_stmt *s = nd_stmt_new(c->a, ND_S_RETURN, need->expr->span);

    s->expr = d->expr;
    d->expr = NULL;
    d->kind = ND_D_FN;
    d->body = ND_NEW(c->a, struct nd_block);
    d->body->span = s->span;
    *ND_PUSH(c->a, d->body) = s;
    return d;
}

static void check_need(struct nd_check *c, const struct nd_decl *need)
{
    static const char *const kinds[] = {[ND_D_PATH] = "path", [ND_D_OPTION] = "option"};
    const struct nd_decl *d = find(c, need);
    const char *what = need->needs == ND_D_FN
                           ? signature(c, need)
                           : nd_arena_printf(c->a, "%s %s", kinds[need->needs], need->name);
    struct nd_diag *diag;

    if (!d && need->expr) {
        *ND_PUSH(c->a, &c->p->decls) = by_default(c, need);
        return;
    }
    if (!d) {
        diag = nd_error(c->d, ND_E0214, need->used, "this needs %s", what);
        nd_note(c->d, diag, need->name_span, "for this");
        nd_help(c->d, diag, "declare it");
    } else if (d->kind == ND_D_FN && !same_form(c, need, d)) {
        diag = nd_error(c->d, ND_E0214, need->used, "this needs %s", what);
        nd_note(c->d, diag, d->name_span, "and not %s", signature(c, d));
    }
}

void nd_check_needs(struct nd_check *c)
{
    uint32_t i, n = c->p->decls.n;

    for (i = 0; i < n; i++) {
        if (c->p->decls.v[i]->kind == ND_D_NEEDS)
            check_need(c, c->p->decls.v[i]);
    }
}
