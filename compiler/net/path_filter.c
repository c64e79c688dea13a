// SPDX-License-Identifier: GPL-2.0-or-later
// Which packets a path is about: those that its first stage lets in. At a later stage only what
// that says about the packet's headers can be asked again: the device, the length, or whatever else
// the stage knows is another one there. Must not know LLVM. Serves paths.
#include "compiler/net/net_impl.h"

#include "compiler/lang/builtins.h"

#include <string.h>

#define DEPTH 16u // of functions that call each other

struct look {
    const struct nd_program *p;
    const struct nd_decl *stage; // what it exports is known there only
    const struct nd_decl *fn;    // in whose body we are, or NULL
    uint32_t depth;
    bool other; // something that is not the same at every stage
};

// Is it a name of the packet: pkt, or a parameter of that type?
static bool is_packet(const struct look *k, const struct nd_expr *e)
{
    uint32_t i;

    if (e->kind != ND_E_IDENT)
        return false;
    for (i = 0; k->fn && i < k->fn->fields.n; i++) {
        const struct nd_decl_field *f = &k->fn->fields.v[i];

        if (!strcmp(f->name, e->name))
            return f->texpr && f->texpr->name && !strcmp(f->texpr->name, "pkt");
    }
    return !strcmp(e->name, "pkt");
}

// What the skb says of a packet, and what is put on and taken off on its way.
static bool changes(const char *member)
{
    static const char *const all[] = {"len", "dev", "ifindex", "mark", "hash", "queue",
                                      "gso", "ct",  "eth",     "vlan", "vlan2"};
    uint32_t i;

    for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
        if (!strcmp(member, all[i]))
            return true;
    }
    return false;
}

static bool is_export(const struct look *k, const char *name)
{
    uint32_t i;

    for (i = 0; !k->fn && k->stage && i < k->stage->fields.n; i++) {
        if (!strcmp(k->stage->fields.v[i].name, name))
            return true;
    }
    return false;
}

static bool is_parameter(const struct look *k, const char *name)
{
    uint32_t i;

    for (i = 0; k->fn && i < k->fn->fields.n; i++) {
        if (!strcmp(k->fn->fields.v[i].name, name))
            return true;
    }
    return false;
}

// cpu, comm, nsecs, ...: of the moment.
static bool is_of_the_moment(const struct look *k, const char *name)
{
    static const char *const lasting[] = {"pkt", "opt", "true", "false"};
    uint32_t i;

    for (i = 0; i < sizeof(lasting) / sizeof(*lasting); i++) {
        if (!strcmp(name, lasting[i]))
            return false;
    }
    return !is_parameter(k, name) && nd_builtin_find(name, false);
}

static void look(void *arg, struct nd_expr *e);

static void look_into(const struct look *k, const char *name, bool *other)
{
    struct look in = {.p = k->p, .stage = k->stage, .depth = k->depth + 1};
    uint32_t i;

    for (i = 0; i < k->p->decls.n; i++) {
        struct nd_decl *d = k->p->decls.v[i];

        if (d->kind != ND_D_FN || strcmp(d->name, name) != 0)
            continue;
        in.fn = d;
        if (in.depth < DEPTH)
            nd_ast_walk(d, look, &in);
        *other |= in.other || in.depth == DEPTH;
        return;
    }
}

static void look(void *arg, struct nd_expr *e)
{
    struct look *k = arg;

    switch (e->kind) {
    case ND_E_MAP:
        k->other = true;
        break;
    case ND_E_FIELD:
        k->other |= is_packet(k, e->a) && changes(e->name);
        break;
    case ND_E_IDENT:
        k->other |= is_export(k, e->name) || is_of_the_moment(k, e->name);
        break;
    case ND_E_VAR:
        k->other |= !k->fn; // $skb: an export
        break;
    case ND_E_CALL:
        k->other |= is_of_the_moment(k, e->name);
        look_into(k, e->name, &k->other);
        break;
    default:
        break;
    }
}

// The parts of a condition, joined by &&, that can be asked at any stage; NULL: none.
static struct nd_expr *lasting(struct nd_check *c, const struct nd_decl *stage, struct nd_expr *e)
{
    struct nd_decl of = {.pred = e};
    struct look k = {.p = c->p, .stage = stage};
    struct nd_expr *a, *b;

    if (e && e->kind == ND_E_BINARY && e->op == ND_OP_LAND) {
        a = lasting(c, stage, e->a);
        b = lasting(c, stage, e->b);
        return a && b ? nd_expr_binary(c->a, ND_OP_LAND, a, b) : a ? a : b;
    }
    if (e)
        nd_ast_walk(&of, look, &k);
    return k.other ? NULL : e;
}

// Several stages may be the first, depending on options: each with its condition.
struct nd_expr *nd_net_path_filter(struct nd_check *c, const struct nd_path *path, uint32_t stage)
{
    struct nd_path_stages *all = &nd_ast_clone(c->a, path->decl)->path->stages;
    struct nd_expr *any = NULL;
    uint32_t i;

    for (i = 0; i < stage; i++) {
        struct nd_path_stage *s = &all->v[i];
        struct nd_expr *one;

        if (!path->served[i] || nd_net_may_end(path, all, i, 0, i) == ND_END_NEVER)
            continue;
        one = lasting(c, nd_stage_find(c->p, s->point.text), s->cond);
        if (!one && !s->when)
            return NULL;
        if (one && s->when)
            one = nd_expr_binary(c->a, ND_OP_LAND, s->when, one);
        else if (!one)
            one = s->when;
        any = any ? nd_expr_binary(c->a, ND_OP_LOR, any, one) : one;
        if (!s->when) // whichever comes after it is not the first
            break;
    }
    return any;
}
