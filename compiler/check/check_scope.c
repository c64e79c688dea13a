// SPDX-License-Identifier: GPL-2.0-or-later
// Scopes and maps by name, and small questions about arguments: the base of the checker.
// Must not know expressions' types. Serves the other check_*.c.
#include "compiler/check/check_impl.h"

#include <string.h>

bool nd_check_const_int(struct nd_check *c, struct nd_expr *e, int64_t *v)
{
    (void)c;
    if (!e->is_const || e->type->kind == ND_T_STRING || e->type->kind == ND_T_DOUBLE)
        return false;
    *v = (int64_t)e->num;
    return true;
}

struct nd_diag *nd_check_bad_arg(struct nd_check *c, struct nd_expr *e, uint32_t i,
                                 const char *want)
{
    return nd_error(c->d, ND_E0302, e->args.v[i]->span, "%s() expects %s here, not %s", e->name,
                    want, nd_type_text(c->t, e->args.v[i]->type));
}

bool nd_check_want_int(struct nd_check *c, struct nd_expr *e, uint32_t i)
{
    if (nd_type_is_int(e->args.v[i]->type))
        return true;
    nd_check_bad_arg(c, e, i, "an integer");
    return false;
}

struct nd_sym *nd_check_lookup(struct nd_check *c, const char *name)
{
    struct nd_scope *s;
    uint32_t i;

    for (s = c->scope; s; s = s->up) {
        for (i = s->syms.n; i-- > 0;) {
            if (!strcmp(s->syms.v[i]->name, name))
                return s->syms.v[i];
        }
    }
    return NULL;
}

struct nd_sym *nd_check_declare_var(struct nd_check *c, const char *name, struct nd_span span,
                                    struct nd_type *type)
{
    struct nd_sym *s = ND_NEW(c->a, struct nd_sym);

    s->kind = ND_SYM_VAR;
    s->name = name;
    s->span = span;
    s->type = type;
    s->index = c->nvars++;
    *ND_PUSH(c->a, &c->scope->syms) = s;
    return s;
}

struct nd_map *nd_check_map(struct nd_check *c, const char *name, struct nd_span span)
{
    struct nd_map *m;
    uint32_t i;

    for (i = 0; i < c->p->maps.n; i++) {
        m = c->p->maps.v[i];
        if (!strcmp(m->name, name)) {
            m->worlds |= c->world;
            return m;
        }
    }
    m = ND_NEW(c->a, struct nd_map);
    m->name = name;
    m->span = span;
    m->index = c->p->maps.n;
    m->worlds = c->world;
    m->max_entries = c->p->config.map_keys;
    *ND_PUSH(c->a, &c->p->maps) = m;
    return m;
}

void nd_check_exported(struct nd_check *c, struct nd_expr *e)
{
    const struct nd_sym *s;

    if (e->kind != ND_E_IDENT || !c->probe || !c->probe->stage || nd_check_lookup(c, e->name))
        return;
    s = nd_check_lookup(c, nd_arena_printf(c->a, "$%s", e->name));
    if (s && s->exported)
        e->kind = ND_E_VAR;
}

struct nd_sym *nd_check_global(struct nd_check *c, enum nd_sym_kind kind, const char *name,
                               struct nd_span span)
{
    struct nd_sym *s;
    uint32_t i;

    for (i = 0; i < c->p->globals.n; i++) {
        s = c->p->globals.v[i];
        if (!strcmp(s->name, name) && s->kind == kind) {
            nd_note(c->d, nd_error(c->d, ND_E0210, span, "'%s' is declared twice", name), s->span,
                    "first declared here");
            return s;
        }
    }
    s = ND_NEW(c->a, struct nd_sym);
    s->kind = kind;
    s->name = name;
    s->span = span;
    *ND_PUSH(c->a, &c->p->globals) = s;
    return s;
}
