// SPDX-License-Identifier: GPL-2.0-or-later
// Stages that this kernel cannot serve: one message for all that have the same cause, and a list
// for the run, which knows the options and says only what concerns it. Serves stages and paths.
#include "compiler/net/net_impl.h"

#include <string.h>

// The module for want of which none of the alternatives can serve; NULL: it is something else.
static const char *missing_module(const struct nd_tries_failed *failed)
{
    const char *module = failed->n ? failed->v[0].module : NULL;
    uint32_t i;

    for (i = 1; module && i < failed->n; i++) {
        if (!failed->v[i].module || strcmp(failed->v[i].module, module) != 0)
            module = NULL;
    }
    return module;
}

// The names of all stages that lack what this one lacks, each once.
static const char *stages_like(struct nd_check *c, const struct nd_absent *a)
{
    const char *names = "";
    uint32_t i, k;

    for (i = 0; i < c->p->absent.n; i++) {
        const struct nd_absent *v = c->p->absent.v, *b = &v[i];

        for (k = 0; k < i && (v[k].diag != a->diag || strcmp(v[k].stage, b->stage) != 0); k++)
            ;
        if (k == i && b->diag == a->diag)
            names = nd_arena_printf(c->a, "%s%s%s", names, *names ? ", " : "", b->stage);
    }
    return names;
}

static void list_reasons(struct nd_check *c, struct nd_diag *d,
                         const struct nd_tries_failed *failed)
{
    uint32_t i;

    for (i = 0; i < failed->n; i++)
        nd_help(c->d, d, "%s: %s", failed->v[i].spec, failed->v[i].why);
}

// A module that is not loaded is one message, whichever of its stages are asked for.
static void lacks_module(struct nd_check *c, struct nd_absent *a, struct nd_span span)
{
    const char *names;
    uint32_t i;

    for (i = 0; i < c->p->absent.n && !a->diag; i++) {
        const struct nd_absent *b = &c->p->absent.v[i];

        if (b->module && !strcmp(b->module, a->module) && b->optional == a->optional)
            a->diag = b->diag;
    }
    if (!a->diag) {
        a->diag = nd_error(c->d, a->optional ? ND_W0902 : ND_E0213, span, "%s", a->module);
        nd_help(c->d, a->diag, "modprobe %s", a->module);
        a->diag->module = a->module;
    }
    if (c->p->verbose)
        list_reasons(c, a->diag, &a->failed);
    *ND_PUSH(c->a, &c->p->absent) = *a;
    names = stages_like(c, a);
    a->diag->text = nd_arena_printf(
        c->a, "%s is not loaded: stage%s %s %s %s", a->module, strchr(names, ',') ? "s" : "", names,
        strchr(names, ',') ? "are" : "is", a->optional ? "left out" : "needed here");
}

// A stage of a part is reported once, whichever paths it is in.
static const struct nd_absent *same_place(const struct nd_check *c, const struct nd_absent *a)
{
    uint32_t i;

    for (i = 0; i < c->p->absent.n; i++) {
        const struct nd_absent *b = &c->p->absent.v[i];

        if (!strcmp(b->stage, a->stage) && b->span.src == a->span.src &&
            b->span.off == a->span.off && b->optional == a->optional)
            return b;
    }
    return NULL;
}

static void cannot_serve(struct nd_check *c, struct nd_absent *a, struct nd_span span)
{
    const struct nd_absent *same = same_place(c, a);

    if (same) {
        a->diag = same->diag;
        *ND_PUSH(c->a, &c->p->absent) = *a;
        return;
    }
    a->diag = a->optional ? nd_error(c->d, ND_W0902, span,
                                     "this kernel cannot serve the stage '%s': left out", a->stage)
                          : nd_error(c->d, ND_E0213, span,
                                     "this kernel cannot serve the stage '%s'", a->stage);
    list_reasons(c, a->diag, &a->failed);
    if (!a->optional)
        nd_help(c->d, a->diag, "'%s?' leaves it out if it cannot be served", a->stage);
    *ND_PUSH(c->a, &c->p->absent) = *a;
}

void nd_stage_absent(struct nd_check *c, const struct nd_decl *stage, const struct nd_decl *d,
                     const struct nd_point *pt, const struct nd_tries_failed *failed)
{
    struct nd_absent a = {.stage = stage->name,
                          .span = pt->span,
                          .optional = pt->optional,
                          .module = missing_module(failed),
                          .when = nd_ast_clone(c->a, d)->when,
                          .failed = *failed};

    if (a.module)
        lacks_module(c, &a, pt->span);
    else
        cannot_serve(c, &a, pt->span);
    a.diag->at_run = pt->optional;
}
