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

// ---- probes that this kernel, or a program, does not have
// ------------------------------------------

struct found {
    struct nd_targets at;
    const char *missing; // why there is none; NULL: there is, or something else is wrong
};

// In a trial that keeps messages: is all that is wrong with a point that it does not exist?
static const char *why_missing(const struct nd_diags *d)
{
    static const enum nd_diag_code codes[] = {ND_E0206, ND_E0603, ND_E0604};
    const char *why = NULL;
    uint32_t i, k;

    for (i = 0; i < d->n; i++) {
        if (d->v[i]->warning)
            continue;
        for (k = 0; k < 3 && codes[k] != d->v[i]->code; k++)
            ;
        if (k == 3)
            return NULL;
        why = why ? why : d->v[i]->text;
    }
    return why;
}

static void look_for(struct nd_check *c, const struct nd_point *pt, struct found *f)
{
    struct nd_trial trial;
    bool silent;

    nd_trial_begin_kept(c->d, &trial);
    nd_probes_point(c->p, pt, &f->at);
    f->missing = why_missing(c->d);
    silent = !c->d->n;
    nd_trial_end(c->d, &trial);
    if (!silent && !f->missing) // once more, aloud
        nd_probes_point(c->p, pt, &f->at);
}

static struct nd_decl *stage_of(struct nd_check *c, const struct nd_point *pt)
{
    return strchr(pt->text, ':') ? NULL : nd_stage_find(c->p, pt->text);
}

// Of a list some may be missing, and by config = { missing_probes = warn } all of them.
static bool look_for_all(struct nd_check *c, const struct nd_decl *d, struct found *f)
{
    bool lenient = c->p->config.missing != ND_MISSING_ERROR, any = lenient;
    uint32_t i;

    for (i = 0; i < d->points.n; i++) {
        if (stage_of(c, &d->points.v[i]))
            any = true;
        else if (lenient || d->points.n > 1)
            look_for(c, &d->points.v[i], &f[i]);
        else
            nd_probes_point(c->p, &d->points.v[i], &f[i].at);
        any |= !f[i].missing;
    }
    for (i = 0; i < d->points.n && !any; i++) {
        if (f[i].missing)
            nd_probes_point(c->p, &d->points.v[i], &f[i].at); // says so
    }
    return any;
}

static void expand_points(struct nd_check *c, struct nd_decl *d)
{
    struct found *f = ND_NEW_ARRAY(c->a, struct found, d->points.n);
    struct nd_decl *whole = d;
    uint32_t i, gone = 0;

    if (!look_for_all(c, d, f))
        return;
    for (i = 0; i < d->points.n; i++) {
        const struct nd_point *pt = &d->points.v[i];
        struct nd_decl *stage = stage_of(c, pt);

        gone += f[i].missing != NULL;
        if (stage)
            nd_stage_expand(c, stage, d, pt);
        else if (!f[i].missing)
            nd_probes_serve(c->p, d, NULL, 0, &f[i].at, pt->span);
        else if (c->p->config.missing != ND_MISSING_IGNORE)
            nd_error(c->d, ND_W0916, pt->span, "this probe is left out: %s", f[i].missing);
        // Points of different kinds are different programs, with a tree each.
        if (i + 1 < d->points.n)
            d = nd_ast_clone(c->a, d);
    }
    if (gone == d->points.n)
        nd_probes_leave_out(c->p, whole, NULL);
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
