// SPDX-License-Identifier: GPL-2.0-or-later
// Loops over maps in a probe: one that names variables of the probe runs in the kernel, as a
// function that is called for each entry; any other is left to user space. Must not type
// expressions. Serves check_stmt.c.
#include "compiler/check/check_impl.h"

#include <string.h>

struct names {
    struct nd_check *c;
    const struct nd_stmt *loop;
    bool outer;
};

static void find_outer(void *arg, struct nd_expr *e)
{
    struct names *n = arg;
    const struct nd_stmt *s = n->loop;
    const struct nd_sym *v;
    uint32_t i;

    if (e->kind != ND_E_VAR && e->kind != ND_E_IDENT)
        return;
    if ((!strcmp(e->name, s->key) && (e->kind == ND_E_VAR) == s->key_dollar) ||
        (s->val && !strcmp(e->name, s->val)))
        return;
    for (i = 0; i < s->others.n; i++) {
        if (s->others.v[i].name && !strcmp(e->name, s->others.v[i].name))
            return;
    }
    v = nd_check_lookup(n->c,
                        e->kind == ND_E_VAR ? nd_arena_printf(n->c->a, "$%s", e->name) : e->name);
    n->outer |= v && v->kind == ND_SYM_VAR;
}

bool nd_check_loop_in_probe(struct nd_check *c, const struct nd_stmt *s)
{
    struct names n = {.c = c, .loop = s};
    struct nd_decl body = {.body = s->body};

    if (s->in_probe)
        return true;
    nd_ast_walk(&body, find_outer, &n);
    return n.outer;
}

static bool returns(const struct nd_block *b)
{
    uint32_t i;

    for (i = 0; b && i < b->n; i++) {
        if (b->v[i]->kind == ND_S_RETURN || returns(b->v[i]->body) || returns(b->v[i]->else_body))
            return true;
    }
    return false;
}

// What the program alone has: its context, and the packet.
static void find_context(void *arg, struct nd_expr *e)
{
    static const enum nd_builtin_id ids[] = {
        ND_B_PKT,    ND_B_PACKET_ID, ND_B_INNER_ID, ND_B_ARGS,   ND_B_ARGN,
        ND_B_RETVAL, ND_B_CTX,       ND_B_KSTACK,   ND_B_USTACK, ND_B_REG};
    struct nd_check *c = arg;
    size_t i;

    for (i = 0; e->builtin && i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (e->builtin->id == ids[i])
            nd_help(c->d,
                    nd_error(c->d, ND_E0401, e->span,
                             "'%s' is not available in a loop over a map that uses variables of "
                             "the probe",
                             e->name),
                    "keep it in a variable before the loop");
    }
}

void nd_check_loop_body(struct nd_check *c, const struct nd_stmt *s)
{
    struct nd_decl body = {.body = s->body};

    if (!c->last_pass)
        return;
    nd_ast_walk(&body, find_context, c);
    if (s->others.n)
        nd_help(c->d,
                nd_error(c->d, ND_E0401, s->expr->span,
                         "a loop over several maps cannot use variables of the probe"),
                "loop in user space: every, end or on");
    if ((s->ranks.n && s->ranks.v[0].by) || s->limit)
        nd_help(c->d,
                nd_error(c->d, ND_E0401, s->expr->span,
                         "a loop over a map that uses variables of the probe has no order"),
                "sort in user space: every, end or on");
    if (c->fn && returns(s->body))
        nd_help(c->d,
                nd_error(c->d, ND_E0401, s->span,
                         "a function cannot return from a loop over a map in a probe"),
                "set a variable, and return it after the loop");
}

// ---- in either world ----------------------------------------------------------------------------

void nd_check_loop_map(struct nd_check *c, const struct nd_map *m, struct nd_span span)
{
    if (!c->last_pass)
        return;
    if (!c->incomplete && !m->written && !m->has_decl)
        nd_error(c->d, ND_E0308, span, "%s is never written", m->name);
    if (m->scalar)
        nd_error(c->d, ND_E0307, span, "%s has no keys", m->name);
}

struct nd_map *nd_check_other_map(struct nd_check *c, struct nd_map *m, struct nd_other *o)
{
    struct nd_map *b = nd_check_map(c, o->map->name, o->map->span);
    struct nd_type *key;

    o->map->map = b;
    nd_check_loop_map(c, b, o->map->span);
    if (m->key && b->key && !nd_type_equal(m->key, b->key)) {
        key = nd_type_unify(c->t, m->key, b->key);
        if (key) {
            m->key = b->key = key;
            c->changed = true;
        } else {
            nd_note(c->d,
                    nd_error(c->d, ND_E0307, o->map->span, "%s has a key of type %s", b->name,
                             nd_type_text(c->t, b->key)),
                    m->key_span, "and %s, in the same loop, of type %s", m->name,
                    nd_type_text(c->t, m->key));
        }
    }
    return b;
}
