// SPDX-License-Identifier: GPL-2.0-or-later
// Probes become programs: those on stages and paths through what serves them on the target kernel,
// the others where they stand. Must not know what bodies do.
#include "compiler/net/net_impl.h"

#include <string.h>

// Is `when` known to be false on the target kernel?
static bool ruled_out(struct nd_check *c, struct nd_decl *d)
{
    struct nd_trial trial;

    if (!d->when)
        return false;
    nd_trial_begin(c->d, &trial);
    c->world = ND_USER;
    nd_check_expr(c, d->when);
    return nd_trial_end(c->d, &trial) && d->when->is_const && d->when->asks && !d->when->num;
}

static void expand_points(struct nd_check *c, struct nd_decl *d)
{
    uint32_t i;

    for (i = 0; i < d->points.n; i++) {
        const struct nd_point *pt = &d->points.v[i];
        struct nd_decl *stage = strchr(pt->text, ':') ? NULL : nd_stage_find(c->p, pt->text);
        struct nd_targets out;

        if (stage) {
            nd_stage_expand(c, stage, d, pt);
        } else {
            nd_probes_point(c->p, pt, &out);
            nd_probes_serve(c->p, d, NULL, 0, &out, pt->span);
        }
        // Points of different kinds are different programs, with a tree each.
        if (i + 1 < d->points.n)
            d = nd_ast_clone(c->a, d);
    }
}

// The programs of a probe, without those that its `when` rules out on the target kernel: before
// the places are looked up, which may not exist there, and again for each of them.
static void expand_probe(struct nd_check *c, struct nd_decl *d)
{
    uint32_t from = c->p->probes.n, n = from, i;

    if (ruled_out(c, d)) {
        nd_probes_leave_out(c->p, d, NULL);
        return;
    }
    expand_points(c, d);
    for (i = from; i < c->p->probes.n; i++) {
        struct nd_probe *pr = c->p->probes.v[i];
        bool out;

        c->probe = pr;
        out = ruled_out(c, pr->decl);
        c->probe = NULL;
        if (out) {
            *ND_PUSH(c->a, &c->p->left_out) = pr;
            continue;
        }
        pr->index = n;
        pr->name = nd_arena_printf(c->a, "nd_p%u", n);
        c->p->probes.v[n++] = pr;
    }
    c->p->probes.n = n;
}

void nd_net_declare(struct nd_check *c)
{
    uint32_t i;

    for (i = 0; i < c->p->decls.n; i++) {
        if (c->p->decls.v[i]->kind == ND_D_STAGE)
            nd_stage_declare(c, c->p->decls.v[i]);
    }
    nd_net_paths_declare(c);
}

void nd_net_expand(struct nd_check *c)
{
    uint32_t i;

    nd_probes_scan_func(c->p);
    nd_net_paths_expand(c);
    for (i = 0; i < c->p->decls.n; i++) {
        struct nd_decl *d = c->p->decls.v[i];

        if (d->kind == ND_D_PROBE && !nd_net_paths_is_handler(c->p, d))
            expand_probe(c, d);
    }
}
