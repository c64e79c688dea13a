// SPDX-License-Identifier: GPL-2.0-or-later
// What a statement needs of the packet, with all in it and the functions that it calls, and under
// which options: so that each packet is parsed once, and no more than is asked. Must not know LLVM.
// Serves lower_pktparse.c.
#include "compiler/lower/lower_impl.h"

#include <string.h>

// ---- layers ------------------------------------------------------------------------------------

#define ID_LAYERS (ND_PL_ADDR | ND_PL_L4 | ND_PL_ARP)

static void note_layers(struct nd_expr *e, uint32_t *mask)
{
    const struct nd_pkt_row *r;
    uint32_t i, one;
    bool inner;

    if (e->kind == ND_E_IDENT && e->builtin && e->builtin->id == ND_B_PACKET_ID)
        *mask |= ID_LAYERS;
    if (e->kind == ND_E_IDENT && e->builtin && e->builtin->id == ND_B_INNER_ID)
        *mask |= ID_LAYERS | ID_LAYERS << ND_PL_INNER | ND_PL_TUNNEL;
    r = nd_pkt_field_of(e, &inner);
    if (r)
        *mask |= inner ? r->layer << ND_PL_INNER | ND_PL_TUNNEL : r->layer;
    if (e->kind != ND_E_CALL || !e->builtin || e->builtin->id != ND_B_HAS ||
        e->args.v[0]->type->kind != ND_T_PKT)
        return;
    for (i = 0; (r = nd_pkt_row(i)); i++) { // has(pkt.tcp): what any field of it needs
        const struct nd_type *t = e->args.v[0]->type;
        const char *group = t->name ? t->name : "";

        one = !*group ? ND_PL_L3 : !strcmp(r->group, group) ? r->layer : 0;
        *mask |= t->depth ? one << ND_PL_INNER | ND_PL_TUNNEL : one;
    }
}

// Each layer stands on others.
static uint32_t close_layers(uint32_t m)
{
    if (m & ND_PL_AFTER_L4)
        m |= ND_PL_L4;
    return m & (ND_PL_ARP | ND_PL_ADDR | ND_PL_L4 | ND_PL_VLAN) ? m | ND_PL_L3 : m;
}

static uint32_t close_all(uint32_t m)
{
    m = close_layers(m & ND_PL_MASK) | close_layers(m >> ND_PL_INNER) << ND_PL_INNER;
    if (m & ND_PL_TUNNEL)
        m |= ND_PL_L4 | ND_PL_L3;
    return m ? m | ND_PL_SKB : 0;
}

// ---- where they are needed ---------------------------------------------------------------------

struct walk {
    struct nd_arena *a;
    struct nd_pkt_uses *u;
};

static void walk_block(struct walk *w, struct nd_block *b, const struct nd_pkt_cond *g);

static bool is_option(const struct nd_expr *e)
{
    return e->kind == ND_E_FIELD && e->sym && e->sym->kind == ND_SYM_OPTION;
}

// Is it known when the script is loaded, and one of the simple forms?
static bool known_at_load(const struct nd_expr *e)
{
    if (e->is_const)
        return true;
    switch (e->kind) {
    case ND_E_FIELD:
        return is_option(e) && nd_type_is_scalar(e->type);
    case ND_E_CALL:
        return e->builtin && e->builtin->id == ND_B_HAS && is_option(e->args.v[0]);
    case ND_E_UNARY:
        return e->op == ND_OP_NOT && known_at_load(e->a);
    case ND_E_BINARY:
        return (e->op >= ND_OP_EQ || e->op == ND_OP_LAND || e->op == ND_OP_LOR) &&
               known_at_load(e->a) && known_at_load(e->b);
    default:
        return false;
    }
}

static const struct nd_pkt_cond *also(struct walk *w, const struct nd_pkt_cond *g,
                                      struct nd_expr *e, bool negated)
{
    struct nd_pkt_cond *c;

    if (!known_at_load(e) || e->is_const)
        return g;
    c = ND_NEW(w->a, struct nd_pkt_cond);
    c->up = g;
    c->e = e;
    c->negated = negated;
    return c;
}

static bool same_cond(const struct nd_expr *x, const struct nd_expr *y)
{
    if (x->kind != y->kind || x->op != y->op || x->is_const != y->is_const)
        return false;
    if (x->is_const)
        return x->num == y->num;
    switch (x->kind) {
    case ND_E_FIELD:
        return x->sym == y->sym;
    case ND_E_CALL:
        return x->args.v[0]->sym == y->args.v[0]->sym;
    case ND_E_UNARY:
        return same_cond(x->a, y->a);
    default:
        return same_cond(x->a, y->a) && same_cond(x->b, y->b);
    }
}

// Does y hold only where x does?
static bool implied(const struct nd_pkt_cond *x, const struct nd_pkt_cond *y)
{
    const struct nd_pkt_cond *i;

    for (; x; x = x->up) {
        for (i = y; i && (i->negated != x->negated || !same_cond(i->e, x->e)); i = i->up)
            ;
        if (!i)
            return false;
    }
    return true;
}

static void use(struct walk *w, uint32_t layers, const struct nd_pkt_cond *g)
{
    uint32_t i;

    if (!layers)
        return;
    w->u->layers |= close_all(layers);
    if (!g)
        w->u->always = true;
    for (i = 0; i < w->u->guards.n; i++) {
        if (implied(w->u->guards.v[i].conds, g))
            return;
    }
    if (g)
        ND_PUSH(w->a, &w->u->guards)->conds = g;
}

static void walk_expr(struct walk *w, struct nd_expr *e, const struct nd_pkt_cond *g)
{
    uint32_t layers = 0, i;
    bool logic;

    if (!e || e->is_const)
        return;
    note_layers(e, &layers);
    use(w, layers, g);
    logic = e->kind == ND_E_BINARY && (e->op == ND_OP_LAND || e->op == ND_OP_LOR);
    walk_expr(w, e->a, g);
    walk_expr(w, e->b,
              logic                  ? also(w, g, e->a, e->op == ND_OP_LOR)
              : e->kind == ND_E_COND ? also(w, g, e->a, false)
                                     : g);
    walk_expr(w, e->c, e->kind == ND_E_COND ? also(w, g, e->a, true) : g);
    for (i = 0; i < e->args.n; i++)
        walk_expr(w, e->args.v[i], g);
    if (e->kind == ND_E_CALL && !e->builtin && e->fn)
        walk_block(w, e->fn->body[ND_KERNEL]->body, g);
}

static void walk_stmt(struct walk *w, struct nd_stmt *s, const struct nd_pkt_cond *g)
{
    const bool branch = s->kind == ND_S_IF;
    uint32_t i;

    walk_expr(w, s->expr, g);
    walk_expr(w, s->rhs, g);
    walk_expr(w, s->hi, g);
    for (i = 0; i < s->fields.n; i++)
        walk_expr(w, s->fields.v[i].expr, g);
    walk_block(w, s->body, branch ? also(w, g, s->expr, false) : g);
    walk_block(w, s->else_body, branch ? also(w, g, s->expr, true) : g);
}

static void walk_block(struct walk *w, struct nd_block *b, const struct nd_pkt_cond *g)
{
    uint32_t i;

    for (i = 0; b && i < b->n; i++)
        walk_stmt(w, b->v[i], g);
}

void nd_lower_uses_expr(struct nd_arena *a, struct nd_expr *e, struct nd_pkt_uses *u)
{
    walk_expr(&(struct walk){a, u}, e, NULL);
}

void nd_lower_uses_stmt(struct nd_arena *a, struct nd_stmt *s, struct nd_pkt_uses *u)
{
    walk_stmt(&(struct walk){a, u}, s, NULL);
}

uint32_t nd_lower_layers_of_probe(struct nd_arena *a, const struct nd_probe *pr)
{
    struct nd_pkt_uses u = {0};
    struct walk w = {a, &u};
    uint32_t i;

    walk_expr(&w, pr->decl->pred, NULL);
    walk_block(&w, pr->decl->body, NULL);
    if (pr->path) {
        walk_expr(&w, pr->path->key, NULL);
        walk_expr(&w, pr->path->filter, NULL);
        if (pr->path->enter && nd_path_member(pr->path->path, true, "flow"))
            use(&w, ND_PL_ADDR | ND_PL_L4, NULL);
    }
    for (i = 0; pr->path && i < pr->path->keeps->n; i++) {
        const struct nd_path_keep *k = &pr->path->keeps->v[i];

        if (nd_path_member(pr->path->path, true, k->field.name))
            walk_expr(&w, k->value, NULL);
    }
    for (i = 0; pr->path && i < pr->path->on.n; i++) {
        walk_expr(&w, pr->path->on.v[i].decl->pred, NULL);
        walk_block(&w, pr->path->on.v[i].decl->body, NULL);
    }
    return u.layers;
}
