// SPDX-License-Identifier: GPL-2.0-or-later
// Functions with open parameters: one without a type has that of the argument, and stands for it
// if that is an option or a literal text; @m stands for the map that is given. In user space such a
// function is made once for each kind of arguments; in a probe each call has its own tree in any
// case. Must not know how arguments are checked. Serves check_call.c.
#include "compiler/check/check_impl.h"

#include <string.h>

bool nd_check_fn_returns(const struct nd_block *b)
{
    const struct nd_stmt *s = b && b->n ? b->v[b->n - 1] : NULL;

    if (!s)
        return false;
    if (s->kind == ND_S_RETURN)
        return true;
    if (s->kind == ND_S_BLOCK)
        return nd_check_fn_returns(s->body);
    return s->kind == ND_S_IF && s->else_body && nd_check_fn_returns(s->body) &&
           nd_check_fn_returns(s->else_body);
}

bool nd_check_fn_open(const struct nd_decl *d)
{
    uint32_t i;

    for (i = 0; i < d->fields.n; i++) {
        if (!d->fields.v[i].texpr)
            return true;
    }
    return false;
}

bool nd_check_takes_map(const struct nd_decl *d, uint32_t i)
{
    return i < d->fields.n && d->fields.v[i].name[0] == '@';
}

void nd_check_map_arg(struct nd_check *c, struct nd_expr *call, uint32_t i)
{
    struct nd_expr *x = call->args.v[i];

    x->type = nd_ty(&nd_type_none);
    if (x->kind == ND_E_MAP && !x->a) {
        x->map = nd_check_map(c, x->name, x->span);
        return;
    }
    x->type = nd_ty(&nd_type_error);
    nd_help(c->d,
            nd_error(c->d, ND_E0302, x->span, "%s() expects a map here, as a whole", call->name),
            "write %s(@name)", call->name);
}

// An option as an argument is a constant: the parameter stands for it.
static const struct nd_option *option_arg(const struct nd_expr *x)
{
    return x->kind == ND_E_FIELD && x->sym && x->sym->kind == ND_SYM_OPTION ? x->sym->option : NULL;
}

struct names {
    struct nd_arena *a;
    ND_VEC(struct nd_expr *) v;
};

static void collect(void *arg, struct nd_expr *e)
{
    struct names *n = arg;

    if (e->kind == ND_E_MAP || e->kind == ND_E_IDENT)
        *ND_PUSH(n->a, &n->v) = e;
}

static void put_option(struct nd_check *c, struct nd_expr *e, const struct nd_option *o)
{
    struct nd_expr *opt = nd_expr_new(c->a, ND_E_IDENT, e->span);

    opt->name = "opt";
    opt->name_span = e->span;
    *e = (struct nd_expr){.kind = ND_E_FIELD,
                          .span = e->span,
                          .depth = e->depth,
                          .name = o->decl->name,
                          .name_span = e->span,
                          .a = opt};
}

// A name of a parameter, where it stands for what is given.
static void put(struct nd_check *c, struct nd_expr *e, const struct nd_expr *x)
{
    if (option_arg(x)) {
        put_option(c, e, option_arg(x));
    } else if (x->kind == ND_E_STRING) {
        e->kind = ND_E_STRING;
        e->str = x->str;
        e->len = x->len;
    }
}

// Puts what parameters stand for into the function's own tree.
static void fill(struct nd_check *c, struct nd_decl *tree, const struct nd_expr *call)
{
    struct names n = {.a = c->a};
    uint32_t i, k;

    nd_ast_walk(tree, collect, &n);
    for (i = 0; i < n.v.n; i++) {
        struct nd_expr *e = n.v.v[i];

        for (k = 0; k < tree->fields.n && k < call->args.n; k++) {
            const struct nd_expr *x = call->args.v[k];

            if (strcmp(tree->fields.v[k].name, e->name) != 0)
                continue;
            if (e->kind == ND_E_MAP && x->kind == ND_E_MAP)
                e->name = x->name;
            else if (e->kind == ND_E_IDENT && !tree->fields.v[k].texpr)
                put(c, e, x);
            break;
        }
    }
}

struct nd_decl *nd_check_fn_tree(struct nd_check *c, const struct nd_decl *d,
                                 const struct nd_expr *call)
{
    struct nd_decl *tree = nd_ast_clone(c->a, d);

    if (nd_check_fn_open(d))
        fill(c, tree, call);
    return tree;
}

// Two calls of the same kind share a function.
static bool same_arg(const struct nd_expr *x, const struct nd_expr *y)
{
    if (x->type->kind == ND_T_NONE || y->type->kind == ND_T_NONE)
        return x->map == y->map && x->type->kind == y->type->kind;
    if (option_arg(x) || option_arg(y))
        return option_arg(x) == option_arg(y);
    if (x->kind == ND_E_STRING || y->kind == ND_E_STRING)
        return x->kind == y->kind && x->len == y->len && !memcmp(x->str, y->str, x->len);
    return nd_type_is_text(x->type) ? nd_type_is_text(y->type) : nd_type_equal(x->type, y->type);
}

static bool same_kind(const struct nd_decl *d, const struct nd_expr *x, const struct nd_expr *y)
{
    uint32_t i;

    for (i = 0; i < d->fields.n; i++) {
        if (!d->fields.v[i].texpr && !same_arg(x->args.v[i], y->args.v[i]))
            return false;
    }
    return true;
}

struct nd_fn *nd_check_fn_for(struct nd_check *c, struct nd_fn *fn, const struct nd_expr *call)
{
    struct nd_expr *with;
    struct nd_fn *x;
    uint32_t i;

    if (c->world == ND_KERNEL || !nd_check_fn_open(fn->decl))
        return fn;
    for (i = 0; i < fn->made.n; i++) {
        if (same_kind(fn->decl, fn->made.v[i]->with, call))
            return fn->made.v[i];
    }
    with = ND_NEW(c->a, struct nd_expr);
    *with = *call;
    with->args = (struct nd_expr_list){0};
    for (i = 0; i < call->args.n; i++) { // as they are now: their types may change in a later pass
        struct nd_expr *arg = ND_NEW(c->a, struct nd_expr);

        *arg = *call->args.v[i];
        *ND_PUSH(c->a, &with->args) = arg;
    }
    x = ND_NEW(c->a, struct nd_fn);
    x->decl = fn->decl;
    x->with = with;
    *ND_PUSH(c->a, &fn->made) = x;
    return x;
}

struct nd_type *nd_check_open_type(struct nd_check *c, struct nd_type *have)
{
    if (!have)
        return nd_ty(&nd_type_error);
    if (have->kind == ND_T_STRING && c->world == ND_USER)
        return nd_ty(&nd_type_str);
    return have;
}

// Each call is checked separately and in a probe also gets its own code: few lines can make a lot.
bool nd_check_too_many_calls(struct nd_check *c, struct nd_expr *call)
{
    if (c->fn_depth >= ND_FN_DEPTH)
        nd_error(c->d, ND_E0109, call->name_span,
                 "functions call each other more than %u levels deep", ND_FN_DEPTH);
    else if (c->fn_checks >= ND_FN_CHECKS)
        nd_help(
            c->d,
            nd_error(c->d, ND_E0701, call->name_span, "more than %u function calls", ND_FN_CHECKS),
            "a call inside a function counts again each time that function is called");
    else
        return false;
    return true;
}
