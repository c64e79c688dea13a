// SPDX-License-Identifier: GPL-2.0-or-later
// Declarations: constants, functions, structs, events, maps, and the handlers and hooks of user
// space. Bodies come later.
#include "compiler/check/check_impl.h"

#include "compiler/check/option.h"

#include <string.h>

// A name that is a built-in's for good.
static bool is_taken(const char *name, bool is_call)
{
    const struct nd_builtin *b = nd_builtin_find(name, is_call);

    return b && !(b->flags & ND_BF_WEAK);
}

static void declare_const(struct nd_check *c, struct nd_decl *d)
{
    struct nd_sym *s;
    struct nd_type *t;

    c->world = ND_USER; // doubles are allowed, probes' names are not
    t = nd_check_expr(c, d->expr);
    s = nd_check_global(c, ND_SYM_CONST, d->name, d->name_span);
    s->type = t;
    s->num = d->expr->num;
    s->asks = d->expr->asks;
    s->real = d->expr->real;
    if (d->expr->kind == ND_E_STRING) {
        s->str = d->expr->str;
        s->len = d->expr->len;
    }
    if (t->kind != ND_T_ERROR && !d->expr->is_const && d->expr->kind != ND_E_DOUBLE)
        nd_error(c->d, ND_E0313, d->expr->span,
                 "the value of a constant must be known at compile time");
    if (is_taken(d->name, false))
        nd_error(c->d, ND_E0211, d->name_span, "'%s' is a built-in name", d->name);
    *ND_PUSH(c->a, &c->scope->syms) = s;
}

static void declare_fn(struct nd_check *c, struct nd_decl *d)
{
    struct nd_fn *fn = ND_NEW(c->a, struct nd_fn);

    if (is_taken(d->name, true)) {
        nd_error(c->d, ND_E0211, d->name_span, "%s() is a built-in function", d->name);
        return;
    }
    fn->decl = d;
    nd_check_global(c, ND_SYM_FN, d->name, d->name_span)->fn = fn;
    *ND_PUSH(c->a, &c->p->fns) = fn;
}

static struct nd_field *decl_fields(struct nd_check *c, struct nd_decl *d)
{
    struct nd_field *f = ND_NEW_ARRAY(c->a, struct nd_field, d->fields.n + 1); // one more
    uint32_t i, k;

    for (i = 0; i < d->fields.n; i++) {
        f[i].name = d->fields.v[i].name;
        f[i].type = nd_type_resolve(c->t, d->fields.v[i].texpr);
        for (k = 0; k < i; k++) {
            if (!strcmp(f[k].name, f[i].name))
                nd_error(c->d, ND_E0210, d->fields.v[i].span, "field '%s' is declared twice",
                         f[i].name);
        }
    }
    return f;
}

// The fields of the event that this one extends come first.
static void extend(struct nd_check *c, struct nd_decl *d)
{
    struct nd_decl_fields all = {0};
    const char *name = d->base;
    struct nd_decl *base = NULL;
    uint32_t i;

    d->base = NULL;
    for (i = 0; name && i < c->p->decls.n; i++) {
        if (c->p->decls.v[i]->kind == ND_D_EVENT && !strcmp(c->p->decls.v[i]->name, name))
            base = c->p->decls.v[i];
    }
    if (name && (!base || base == d))
        nd_error(c->d, ND_E0208, d->base_span, "there is no event '%s' to extend", name);
    if (!base || base == d)
        return;
    extend(c, base);
    for (i = 0; i < base->fields.n; i++)
        *ND_PUSH(c->a, &all) = base->fields.v[i];
    for (i = 0; i < d->fields.n; i++)
        *ND_PUSH(c->a, &all) = d->fields.v[i];
    d->fields = all;
}

static void declare_event(struct nd_check *c, struct nd_decl *d)
{
    struct nd_event *ev = ND_NEW(c->a, struct nd_event);

    extend(c, d);
    ev->name = d->name;
    ev->span = d->name_span;
    ev->index = c->p->events.n;
    ev->type = nd_check_event_type(c, d->name, decl_fields(c, d), d->fields.n);
    *ND_PUSH(c->a, &c->t->events) = ev->type;
    nd_check_global(c, ND_SYM_EVENT, d->name, d->name_span)->event = ev;
    *ND_PUSH(c->a, &c->p->events) = ev;
}

static const struct {
    const char *name;
    enum nd_mf_map_kind kind;
} map_kinds[] = {
    {"hash", ND_MAP_HASH},
    {"lruhash", ND_MAP_LRUHASH},
    {"percpuhash", ND_MAP_PERCPUHASH},
    {"percpulruhash", ND_MAP_PERCPULRUHASH},
};

#define MAP_ENTRIES 100000000 // at most

static struct nd_option *option_of(const struct nd_expr *e)
{
    return e->kind == ND_E_FIELD && e->sym && e->sym->kind == ND_SYM_OPTION ? e->sym->option : NULL;
}

// opt.flag ? n : 1: few entries, unless the flag is given. Gives what n is.
static struct nd_expr *size_if(struct nd_check *c, struct nd_map *m, struct nd_expr *e)
{
    struct nd_option *o = e->kind == ND_E_COND ? option_of(e->a) : NULL;
    int64_t n;

    if (!o || !e->b || o->kind != ND_OPT_BOOL || !nd_check_const_int(c, e->c, &n) || n < 1 ||
        n > MAP_ENTRIES)
        return e;
    m->size_if = o;
    m->size_else = (uint32_t)n;
    return e->b;
}

void nd_check_map_size(struct nd_check *c, struct nd_map *m, struct nd_expr *e, int64_t most,
                       const char *what)
{
    struct nd_option *o;
    int64_t n = 0;

    nd_check_expr(c, e);
    e = size_if(c, m, e);
    o = option_of(e);
    if (o && (o->kind != ND_OPT_INT || o->decl->texpr->is_list || !o->decl->expr)) {
        nd_help(c->d,
                nd_error(c->d, ND_E0317, e->span, "'%s' must be an int option with a default",
                         o->decl->name),
                "option %s: int = 10240 \"what for\"", o->decl->name);
        return;
    }
    if (!nd_check_const_int(c, o ? o->decl->expr : e, &n) || n < 1 || n > most)
        nd_error(c->d, ND_E0317, e->span, "a %s can hold 1 to %lld %s",
                 what[0] == 'p' ? "path" : "map", (long long)most, what);
    m->max_entries = (uint32_t)n;
    m->size_opt = o;
    if (o) {
        o->min = o->min < 1 ? 1 : o->min;
        o->max = o->max > most ? most : o->max;
    }
}

static void declare_map(struct nd_check *c, struct nd_decl *d)
{
    struct nd_map *m = nd_check_map(c, d->name, d->name_span);
    struct nd_expr *e = d->expr;
    size_t i;

    m->worlds = 0;
    if (m->has_decl || m->title || m->own) {
        nd_error(c->d, ND_E0210, d->name_span, "%s is declared twice", d->name);
        return;
    }
    m->title = d->help;
    m->own = d->own;
    if (!e) // of any kind and size
        return;
    m->has_decl = true;
    for (i = 0; e->kind == ND_E_CALL && i < sizeof(map_kinds) / sizeof(map_kinds[0]); i++) {
        if (strcmp(map_kinds[i].name, e->name))
            continue;
        m->decl_kind = map_kinds[i].kind;
        if (e->args.n == 1)
            nd_check_map_size(c, m, e->args.v[0], MAP_ENTRIES, "entries");
        if (e->args.n <= 1)
            return;
    }
    nd_help(c->d, nd_error(c->d, ND_E0503, e->span, "this does not declare a map"),
            "let %s = hash(1000), lruhash, percpuhash or percpulruhash", d->name);
}

static void declare_handler(struct nd_check *c, struct nd_decl *d)
{
    struct nd_near near = {.name = d->name};
    struct nd_diag *diag;
    uint32_t i;

    for (i = 0; i < c->p->events.n; i++) {
        struct nd_event *ev = c->p->events.v[i];

        nd_near_try(&near, ev->name);
        if (strcmp(ev->name, d->name))
            continue;
        if (ev->on)
            nd_help(
                c->d,
                nd_error(c->d, ND_E0210, d->name_span, "event %s already has a handler", d->name),
                "text { } inside it runs only when the output is text");
        ev->on = d;
        return;
    }
    diag = nd_error(c->d, ND_E0208, d->name_span, "there is no event '%s'", d->name);
    if (near.n)
        nd_fix(c->d, diag, near.best[0]);
    else
        nd_help(c->d, diag, "declare it: event %s { at: time, ... }", d->name);
}

uint64_t nd_check_duration(struct nd_check *c, struct nd_expr *e, struct nd_option **opt,
                           const char *who, const char *example)
{
    int64_t ns = 0;

    c->world = ND_USER;
    nd_check_expr(c, e);
    if (e->type->kind == ND_T_ERROR)
        return 0;
    if (e->kind == ND_E_FIELD && e->sym && e->sym->kind == ND_SYM_OPTION &&
        e->sym->option->kind == ND_OPT_DURATION) {
        *opt = e->sym->option;
        return 0;
    }
    if (!nd_check_const_int(c, e, &ns) || e->type->kind != ND_T_DURATION)
        nd_help(c->d, nd_error(c->d, ND_E0313, e->span, "%s expects a duration", who),
                "%s, or an option of type duration", example);
    else if (ns < 1000000)
        nd_error(c->d, ND_E0317, e->span, "the time must be at least 1ms");
    return (uint64_t)ns;
}

static void declare_hook(struct nd_check *c, struct nd_decl *d)
{
    struct nd_hook *h = ND_NEW(c->a, struct nd_hook);
    struct nd_expr *e = d->expr;

    h->decl = d;
    h->kind = d->kind == ND_D_BEGIN ? ND_HOOK_BEGIN
              : d->kind == ND_D_END ? ND_HOOK_END
                                    : ND_HOOK_EVERY;
    *ND_PUSH(c->a, &c->p->hooks) = h;
    if (h->kind != ND_HOOK_EVERY)
        return;
    h->period = nd_check_duration(c, e, &h->period_opt, "'every'", "every 5s { }");
}

void nd_check_options(struct nd_check *c)
{
    uint32_t i;

    for (i = 0; i < c->p->decls.n; i++) {
        if (c->p->decls.v[i]->kind == ND_D_OPTION)
            nd_option_declare(c, c->p->decls.v[i]);
    }
    nd_option_join_files(c);
}

static void declare_table(struct nd_check *c, struct nd_decl *d)
{
    uint32_t i, k;

    c->world = ND_USER;
    for (i = 0; i < d->columns.n; i++) {
        for (k = 0; k < ND_LEVELS; k++) {
            if (d->columns.v[i].level[k].than)
                nd_check_expr(c, d->columns.v[i].level[k].than);
        }
    }
    nd_check_table(c, d);
}

static void (*const declare[])(struct nd_check *c, struct nd_decl *d) = {
    [ND_D_CONST] = declare_const,      [ND_D_FN] = declare_fn,
    [ND_D_STRUCT] = nd_check_struct,   [ND_D_ENUM] = nd_check_enum,
    [ND_D_TYPEDEF] = nd_check_typedef, [ND_D_EVENT] = declare_event,
    [ND_D_MAP] = declare_map,          [ND_D_ON] = declare_handler,
    [ND_D_BEGIN] = declare_hook,       [ND_D_END] = declare_hook,
    [ND_D_EVERY] = declare_hook,       [ND_D_TABLE] = declare_table,
};

static void declare_all(struct nd_check *c, bool names)
{
    uint32_t i;

    for (i = 0; i < c->p->decls.n; i++) {
        struct nd_decl *d = c->p->decls.v[i];
        bool later = d->kind == ND_D_ON || d->kind == ND_D_BEGIN || d->kind == ND_D_END ||
                     d->kind == ND_D_EVERY || d->kind == ND_D_TABLE;

        if (later != names && d->kind < sizeof(declare) / sizeof(declare[0]) && declare[d->kind])
            declare[d->kind](c, d);
    }
}

void nd_check_declare(struct nd_check *c)
{
    nd_check_begin_end(c);
    declare_all(c, true);
    declare_all(c, false); // handlers name events, periods and levels constants, of any place
}
