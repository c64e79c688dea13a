// SPDX-License-Identifier: GPL-2.0-or-later
// What became of packets that do not arrive: programs at the places where they may be instead look
// them up in the path's map, by the path's own key. Only for paths whose handlers ask. Must not
// know LLVM. Serves paths.
#include "compiler/net/net_impl.h"

#include <string.h>

#define REASON "skb_drop_reason"

// Where to look, by role: stages of the library.
static const char *const places[ND_PATH_ROLES] = {
    [ND_PATH_DROP] = "pkt_drop",
    [ND_PATH_SENT] = "tx_xmit",
    [ND_PATH_RECEIVED] = "netif_rx",
    [ND_PATH_DELIVERED] = "delivered",
};

static struct nd_type *how_type(struct nd_check *c)
{
    static const char *const names[] = {"", "", "sent", "received", "delivered"};
    struct nd_type *t = nd_type_new(c->t, ND_T_ENUM, 8);
    uint32_t i;

    t->is_signed = true;
    t->name = "path_how";
    t->nelems = ND_PATH_ROLES - ND_PATH_SENT;
    t->fields = ND_NEW_ARRAY(c->a, struct nd_field, t->nelems);
    for (i = 0; i < t->nelems; i++) {
        t->fields[i].name = names[ND_PATH_SENT + i];
        t->fields[i].value = ND_PATH_SENT + i;
    }
    return t;
}

uint32_t nd_net_fate_fields(struct nd_check *c, struct nd_field *f)
{
    const char *why = NULL;
    struct nd_type *reason = nd_type_named_struct(c->t, ND_TAG_ENUM, REASON, &why);
    const struct {
        const char *name;
        struct nd_type *type;
    } all[] = {{"reason", reason ? reason : nd_ty(&nd_type_u32)}, // none before Linux 5.17
               {"place", nd_ty(&nd_type_ksym)},
               {"other", nd_ty(&nd_type_ifname)},
               {"how", how_type(c)},
               {ND_PATH_FATE, nd_ty(&nd_type_u64)},
               {ND_PATH_DEV, nd_ty(&nd_type_u64)},
               {ND_PATH_SKB, nd_ty(&nd_type_u64)},
               {ND_PATH_TAKEN, nd_ty(&nd_type_u64)}};
    uint32_t i;

    for (i = 0; i < sizeof(all) / sizeof(*all); i++) {
        f[i].name = all[i].name;
        f[i].type = all[i].type;
    }
    return i;
}

static void check_look(struct nd_check *c, struct nd_probe *pr);

static void enter(struct nd_check *c, struct nd_probe *pr)
{
    nd_stage_check(c, pr);
}

static const struct nd_probe_place on_look = {enter, check_look};

static void place(struct nd_check *c, struct nd_probe *pr, struct nd_path *path,
                  enum nd_path_role role, struct nd_span span)
{
    struct nd_decl *tree = nd_ast_clone(c->a, path->decl);
    struct nd_path_at *at = ND_NEW(c->a, struct nd_path_at);

    at->path = path;
    at->role = role;
    at->key = tree->path->key;
    at->keeps = ND_NEW(c->a, struct nd_path_keeps);
    at->filter = nd_net_path_filter(c, path, tree->path->stages.n);
    pr->decl = nd_decl_new(c->a, ND_D_PROBE, span);
    pr->decl->name_span = span;
    pr->decl->when = tree->when;
    pr->decl->body = ND_NEW(c->a, struct nd_block);
    pr->body = pr->decl->body;
    pr->path = at;
    pr->place = &on_look;
}

void nd_net_fate_expand(struct nd_check *c, struct nd_path *path)
{
    const struct nd_span span = path->decl->name_span;
    enum nd_path_role role;

    for (role = ND_PATH_DROP; role < ND_PATH_ROLES; role++) {
        struct nd_decl *stage = nd_stage_find(c->p, places[role]);
        struct nd_decl *d = nd_decl_new(c->a, ND_D_PROBE, span);
        const struct nd_point pt = {places[role], span, true};
        uint32_t i = c->p->probes.n;

        if (!stage)
            continue;
        d->body = ND_NEW(c->a, struct nd_block);
        d->when = nd_ast_clone(c->a, path->decl)->when;
        nd_stage_expand(c, stage, d, &pt);
        for (; i < c->p->probes.n; i++)
            place(c, c->p->probes.v[i], path, role, span);
    }
}

// The key of the path, where it was not written for; what makes no sense here is not an error.
static void check_look(struct nd_check *c, struct nd_probe *pr)
{
    struct nd_path_at *at = pr->path;
    struct nd_expr map = {
        .kind = ND_E_MAP, .name = at->path->map->name, .a = at->key, .span = at->key->span};
    struct nd_trial trial;

    nd_trial_begin(c->d, &trial);
    nd_check_map_key(c, &map);
    if (at->filter)
        nd_check_cond(c, at->filter);
    nd_net_fate_check(c, pr);
    at->idle = !nd_trial_end(c->d, &trial) || !pr->skb;
}

void nd_net_fate_check(struct nd_check *c, struct nd_probe *pr)
{
    struct nd_expr *pkt = nd_expr_new(c->a, ND_E_IDENT, pr->decl->name_span);

    pkt->name = "pkt";
    if (pr->skb) {
        c->takes_packet = true;
        nd_check_expr(c, pkt);
    }
}
