// SPDX-License-Identifier: GPL-2.0-or-later
// pkt and its fields in expressions: which packet, which member of the skb, of what type. Must not
// know how headers are read. Serves the checker.
#include "compiler/check/check_impl.h"

#include "compiler/lang/packet.h"

#include <string.h>

static const char *const skb_paths[] = {
#define ND_PKT_SKB_PATH(id, name) [ND_PK_##id] = name,
    ND_PKT_SKB(ND_PKT_SKB_PATH)
#undef ND_PKT_SKB_PATH
};

static struct nd_expr *arrow(struct nd_check *c, struct nd_expr *base, const char *name)
{
    struct nd_expr *f = nd_expr_new(c->a, ND_E_FIELD, base->span);

    f->a = base;
    f->arrow = true;
    f->name = name;
    f->name_span = base->span;
    return f;
}

static struct nd_expr *variable(struct nd_check *c, struct nd_span span)
{
    struct nd_expr *x = nd_expr_new(c->a, ND_E_VAR, span);

    x->name = "skb";
    return x;
}

static struct nd_expr *cast(struct nd_check *c, enum nd_tag tag, const char *name, uint32_t stars,
                            struct nd_expr *x)
{
    struct nd_expr *e = nd_expr_new(c->a, ND_E_CAST, x->span);

    e->texpr = ND_NEW(c->a, struct nd_texpr);
    e->texpr->span = x->span;
    e->texpr->tag = tag;
    e->texpr->name = name;
    e->texpr->stars = stars;
    e->a = x;
    return e;
}

static struct nd_expr *masked_nfct(struct nd_check *c, struct nd_span span, uint64_t mask)
{
    struct nd_expr *n = nd_expr_new(c->a, ND_E_INT, span);

    n->num = mask;
    n->is_unsigned = mask > INT64_MAX;
    return nd_expr_binary(c->a, ND_OP_AND, arrow(c, variable(c, span), "_nfct"), n);
}

#define CT_INFO_BITS 7u // of _nfct; the others are the address of the connection

// (struct skb_shared_info *)(skb->head + skb->end)
static struct nd_expr *base_shared(struct nd_check *c, struct nd_span span)
{
    struct nd_expr *head = arrow(c, variable(c, span), "head");
    struct nd_expr *end = arrow(c, variable(c, span), "end");

    return cast(c, ND_TAG_STRUCT, "skb_shared_info", 1, nd_expr_binary(c->a, ND_OP_ADD, head, end));
}

// The struct is the module's, where connection tracking is one.
static struct nd_expr *base_ct(struct nd_check *c, struct nd_span span)
{
    nd_kernel_module_btf(c->p->kernel, "nf_conntrack");
    return cast(c, ND_TAG_STRUCT, "nf_conn", 1, masked_nfct(c, span, ~(uint64_t)CT_INFO_BITS));
}

static struct nd_expr *base_ctinfo(struct nd_check *c, struct nd_span span)
{
    nd_kernel_module_btf(c->p->kernel, "nf_conntrack");
    return cast(c, ND_TAG_ENUM, "ip_conntrack_info", 0, masked_nfct(c, span, CT_INFO_BITS));
}

static const struct {
    const char *prefix;
    struct nd_expr *(*make)(struct nd_check *c, struct nd_span span);
} bases[] = {{"shared:", base_shared}, {"ct:", base_ct}, {"ctinfo:", base_ctinfo}, {"", variable}};

// $skb->path, in a scope that has nothing but $skb; NULL: this kernel's struct has it not.
static struct nd_expr *skb_member(struct nd_check *c, struct nd_sym *skb, const char *path,
                                  struct nd_span span)
{
    struct nd_scope scope = {.up = NULL}, *was = c->scope;
    struct nd_expr *x;
    struct nd_trial trial;
    bool inside = false;
    uint32_t i;

    for (i = 0; strncmp(path, bases[i].prefix, strlen(bases[i].prefix)) != 0; i++)
        ;
    x = bases[i].make(c, span);
    path += strlen(bases[i].prefix);
    *ND_PUSH(c->a, &scope.syms) = skb;
    nd_trial_begin(c->d, &trial);
    c->scope = &scope;
    while (*path) {
        size_t n = strcspn(path, ".");

        x = arrow(c, x, nd_arena_strndup(c->a, path, n));
        x->arrow = !inside;
        inside = true; // "zone.id": a struct in a struct
        path += n + (path[n] == '.');
    }
    nd_check_expr(c, x);
    c->scope = was;
    return nd_trial_end(c->d, &trial) ? x : NULL;
}

static struct nd_pkt *packet_of(struct nd_check *c, struct nd_expr *e)
{
    struct nd_probe *pr = c->probe;
    uint32_t i;

    if (!pr || !pr->skb) {
        nd_help(c->d,
                nd_error(c->d, ND_E0403, e->span,
                         "'pkt' needs a stage that exports skb, and there is none here"),
                "put the probe on a stage: ndtrace list stages");
        return NULL;
    }
    if (!pr->pkt) {
        pr->pkt = ND_NEW(c->a, struct nd_pkt);
        for (i = 0; i < ND_PK_CT_STATE; i++)
            pr->pkt->skb[i] = skb_member(c, pr->skb, skb_paths[i], e->span);
    }
    return pr->pkt;
}

struct nd_type *nd_check_pkt_name(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    (void)b;
    return packet_of(c, e) ? nd_ty(&nd_type_pkt) : nd_ty(&nd_type_error);
}

#define PACKET_ID_WORDS 14u

struct nd_type *nd_check_packet_id(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    (void)b;
    e->as = ND_AS_BPF;
    return packet_of(c, e) ? nd_type_array(c->t, nd_ty(&nd_type_u32), PACKET_ID_WORDS)
                           : nd_ty(&nd_type_error);
}

static void unknown_field(struct nd_check *c, struct nd_expr *e, const char *group)
{
    struct nd_near near = {.name = e->name};
    const struct nd_pkt_row *r;
    struct nd_diag *d;
    const bool inner = e->a->type->depth != 0;
    const char *list = "";
    uint32_t i;

    for (i = 0; (r = nd_pkt_row(i)); i++) {
        bool opens = !*group && *r->group && !strstr(list, r->group);

        if (inner && r->src == ND_PS_SKB)
            continue;
        if (strcmp(r->group, group) != 0 && !opens)
            continue;
        nd_near_try(&near, opens ? r->group : r->name);
        list = nd_arena_printf(c->a, "%s%s%s", list, *list ? ", " : "", opens ? r->group : r->name);
    }
    d = nd_error(c->d, ND_E0204, e->name_span, "%s has no '%s%s%s'",
                 inner ? "the packet in a tunnel" : "a packet", group, *group ? "." : "", e->name);
    if (near.n)
        nd_fix(c->d, d, near.best[0]);
    if (*list)
        nd_help(c->d, d, "it has: %s", list);
}

static struct nd_expr *member_of(struct nd_check *c, const struct nd_pkt_row *r,
                                 struct nd_span span)
{
    struct nd_expr **x = &c->probe->pkt->skb[r->off];

    if (!*x)
        *x = skb_member(c, c->probe->skb, skb_paths[r->off], span);
    return *x;
}

// e->a is pkt, a group of it, or its inner packet: types of kind ND_T_PKT, whose name is the group
// and whose depth says whether it is the inner packet.
struct nd_type *nd_check_pkt(struct nd_check *c, struct nd_expr *e)
{
    const struct nd_type *at = e->a->type;
    const char *group = at->name ? at->name : "";
    const struct nd_pkt_row *r;
    struct nd_type *t;

    e->pkt = NULL;
    if (c->probe && !packet_of(c, e)) // no probe: a function that nothing calls
        return nd_ty(&nd_type_error);
    if (!*group && (nd_pkt_is_group(e->name) || (!at->depth && !strcmp(e->name, "inner")))) {
        t = nd_type_new(c->t, ND_T_PKT, 0);
        t->name = nd_pkt_is_group(e->name) ? e->name : "";
        t->depth = at->depth || !nd_pkt_is_group(e->name);
        return t;
    }
    r = nd_pkt_find(group, e->name);
    if (!r || (at->depth && r->src == ND_PS_SKB)) {
        unknown_field(c, e, group);
        return nd_ty(&nd_type_error);
    }
    if (!c->probe)
        return r->type               ? nd_ty(r->type)
               : r->src == ND_PS_SKB ? nd_ty(&nd_type_u32)
                                     : nd_type_flow(c->t);
    if (r->src == ND_PS_SKB && !member_of(c, r, e->span)) {
        struct nd_diag *d =
            nd_error(c->d, ND_E0204, e->name_span, "packets on this kernel have no '%s'", e->name);

        if (r->layer & ND_PL_CT)
            nd_help(c->d, d, "it needs nf_conntrack to be loaded and to have BTF (Linux 5.11)");
        return nd_ty(&nd_type_error);
    }
    e->pkt = r;
    e->as = ND_AS_BPF;
    return r->type               ? nd_ty(r->type)
           : r->src == ND_PS_SKB ? c->probe->pkt->skb[r->off]->type
                                 : nd_type_flow(c->t);
}

void nd_check_join_reversed(struct nd_check *c, struct nd_expr *e)
{
    struct nd_expr *flow = e->a;

    if (strcmp(e->name, "reversed") != 0 || flow->kind != ND_E_FIELD ||
        strcmp(flow->name, "flow") != 0 || nd_check_packet_expr(c, flow->a)->kind != ND_T_PKT)
        return;
    e->a = flow->a;
    e->name = "flow.reversed";
}
