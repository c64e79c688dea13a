// SPDX-License-Identifier: GPL-2.0-or-later
// Stages: named places that packets pass, each with alternatives in order of preference. The first
// one that resolves and checks on the target kernel serves; why the others cannot is kept for
// messages and explain. Must not know kinds of probes.
#include "compiler/net/net_impl.h"

#include <string.h>

void nd_stage_declare(struct nd_check *c, struct nd_decl *d)
{
    uint32_t i, k;

    for (i = 0; c->p->decls.v[i] != d; i++) {
        const struct nd_decl *x = c->p->decls.v[i];

        if (x->kind == ND_D_STAGE && !strcmp(x->name, d->name) &&
            (x->span.src == ND_SRC_SCRIPT) == (d->span.src == ND_SRC_SCRIPT)) {
            nd_note(c->d,
                    nd_error(c->d, ND_E0210, d->name_span, "stage '%s' is declared twice", d->name),
                    x->name_span, "first declared here");
            break;
        }
    }
    for (i = 0; i < d->fields.n; i++) {
        if (!d->fields.v[i].texpr) {
            static struct nd_texpr none = {.name = "u64"};

            nd_error(c->d, ND_E0409, d->fields.v[i].span,
                     "what a stage exports has a type: %s: u64", d->fields.v[i].name);
            d->fields.v[i].texpr = &none;
        }
        for (k = 0; k < i; k++) {
            if (!strcmp(d->fields.v[k].name, d->fields.v[i].name))
                nd_error(c->d, ND_E0210, d->fields.v[i].span, "'%s' is declared twice",
                         d->fields.v[i].name);
        }
    }
}

// ---- what a stage exports ----------------------------------------------------------------------

static struct nd_sym *find_export(struct nd_scope *s, const char *name)
{
    uint32_t i;

    for (i = 0; i < s->syms.n; i++) {
        if (!strcmp(s->syms.v[i]->name + 1, name))
            return s->syms.v[i];
    }
    return NULL;
}

// A pointer that the verifier knows stays one when nothing else is assigned.
static void keep_origin(struct nd_check *c, struct nd_block *b)
{
    struct nd_trial trial;
    uint32_t i;

    nd_trial_begin(c->d, &trial);
    for (i = 0; i < b->n; i++) {
        struct nd_stmt *s = b->v[i];
        struct nd_sym *v;
        struct nd_type *t;

        if (s->kind != ND_S_ASSIGN)
            break;
        v = s->expr->name ? find_export(c->scope, s->expr->name) : NULL;
        t = nd_check_expr(c, s->rhs);
        if (v && v->type->kind == ND_T_PTR && t->kind == ND_T_PTR)
            v->type = nd_type_in(c->t, v->type, t->as);
    }
    nd_trial_end(c->d, &trial);
}

// NAME->field, where field is the same kind of pointer as the export NAME.
static void check_each(struct nd_check *c, struct nd_expr *e)
{
    bool form = e->kind == ND_E_FIELD && (e->a->kind == ND_E_IDENT || e->a->kind == ND_E_VAR);
    struct nd_type *t = form ? nd_check_expr(c, e) : NULL;

    if (t && t->kind == ND_T_ERROR)
        return;
    if (!t || t->kind != ND_T_PTR || e->a->type->kind != ND_T_PTR || e->a->kind != ND_E_VAR ||
        !e->a->sym->exported || nd_type_elem(c->t, t) != nd_type_elem(c->t, e->a->type))
        nd_help(
            c->d,
            nd_error(c->d, ND_E0303, e->span, "'each' must name the packet after an exported one"),
            "each skb->next");
}

void nd_stage_check(struct nd_check *c, struct nd_probe *pr)
{
    struct nd_try *via = pr->via;
    uint32_t i;

    pr->skb = NULL;
    pr->pkt = NULL;
    for (i = 0; i < pr->stage->fields.n; i++) {
        const struct nd_decl_field *f = &pr->stage->fields.v[i];
        struct nd_sym *v = nd_check_declare_var(c, nd_arena_printf(c->a, "$%s", f->name), f->span,
                                                nd_type_resolve(c->t, f->texpr));

        v->exported = true;
        if (!strcmp(f->name, "skb"))
            pr->skb = v;
    }
    if (!via) // left out
        return;
    keep_origin(c, via->body);
    nd_check_cond(c, via->pred);
    nd_check_block(c, via->body);
    if (via->each)
        check_each(c, via->each);
    for (i = 0; i < c->scope->syms.n; i++) {
        const struct nd_sym *v = c->scope->syms.v[i];

        if (!v->nassign)
            nd_error(c->d, ND_E0409, via->span, "this alternative does not set '%s'", v->name + 1);
    }
    pr->exports = c->scope->syms.v;
    pr->nexports = c->scope->syms.n;
}

// ---- choosing ----------------------------------------------------------------------------------

const char *nd_stage_spec(struct nd_program *p, const struct nd_try *t)
{
    const char *s = "";
    uint32_t i;

    for (i = 0; i < t->points.n; i++)
        s = nd_arena_printf(p->arena, "%s%s%s", s, i ? ", " : "", t->points.v[i].text);
    return s;
}

// What the first message said, with its first hint.
static const char *first_message(struct nd_program *p, const struct nd_diags *d)
{
    const struct nd_diag *first = d->n ? d->v[0] : NULL;
    uint32_t i;

    if (!first)
        return "it does not compile";
    for (i = 0; i < first->nnotes; i++) {
        if (first->notes[i].text)
            return nd_arena_printf(p->arena, "%s (%s)", first->text, first->notes[i].text);
    }
    return first->text;
}

static void check_trial(struct nd_check *c, struct nd_probe *pr)
{
    struct nd_scope exports = {.up = c->scope};

    c->probe = pr;
    c->world = ND_KERNEL;
    c->scope = &exports;
    c->nvars = 0;
    nd_stage_check(c, pr);
    if (pr->via->pred && pr->via->pred->is_const && !pr->via->pred->num)
        nd_error(c->d, ND_E0213, pr->via->pred->span, "its predicate is false on this kernel");
    c->scope = exports.up;
    c->probe = NULL;
}

// Adds the programs of alternative i for the probe d. False: it cannot serve, nothing is added.
static bool try_one(struct nd_check *c, struct nd_decl *stage, uint32_t i, struct nd_decl *d,
                    struct nd_tries_failed *failed)
{
    struct nd_program *p = c->p;
    struct nd_trial trial;
    uint32_t from = p->probes.n, needs = p->needs.n, frozen = p->frozen.n, k;
    bool ok;

    nd_trial_begin_kept(p->diags, &trial);
    for (k = 0; k < stage->tries.v[i].points.n && !p->diags->n; k++) {
        const struct nd_point *pt = &stage->tries.v[i].points.v[k];
        uint32_t at = p->probes.n;
        struct nd_targets out;

        nd_probes_point(p, pt, &out);
        nd_probes_serve(p, k ? nd_ast_clone(p->arena, d) : d, stage, i, &out, pt->span);
        for (; at < p->probes.n && !p->diags->n; at++)
            check_trial(c, p->probes.v[at]);
    }
    // Also what is only a warning elsewhere: another alternative may be certain.
    ok = !p->diags->n && p->probes.n > from;
    if (!ok) {
        *ND_PUSH(p->arena, failed) =
            (struct nd_tried){nd_stage_spec(p, &stage->tries.v[i]), first_message(p, p->diags),
                              p->diags->n ? p->diags->v[0]->module : NULL};
        p->probes.n = from;
        p->needs.n = needs; // nor does anything follow for other kernels
        p->frozen.n = frozen;
    }
    nd_trial_end(p->diags, &trial);
    return ok;
}

int nd_stage_try(struct nd_check *c, struct nd_decl *stage, struct nd_tries_failed *failed)
{
    struct nd_decl *d = nd_decl_new(c->a, ND_D_PROBE, stage->span);
    uint32_t from = c->p->probes.n, i;

    d->body = ND_NEW(c->a, struct nd_block);
    for (i = 0; i < stage->tries.n; i++) {
        if (try_one(c, stage, i, d, failed)) {
            c->p->probes.n = from;
            return (int)i;
        }
    }
    return -1;
}

void nd_stage_expand(struct nd_check *c, struct nd_decl *stage, struct nd_decl *d,
                     const struct nd_point *pt)
{
    static const struct nd_probe_place on_stage = {nd_stage_check, NULL};
    struct nd_tries_failed failed = {0};
    uint32_t from = c->p->probes.n, i, k;
    struct nd_probe *left;

    for (i = 0; i < stage->tries.n; i++) {
        if (!try_one(c, stage, i, d, &failed))
            continue;
        for (k = from; k < c->p->probes.n; k++) {
            c->p->probes.v[k]->failed = failed;
            c->p->probes.v[k]->place = &on_stage;
        }
        return;
    }
    nd_stage_absent(c, stage, d, pt, &failed);
    left = nd_probes_leave_out(c->p, d, stage);
    if (left)
        left->place = &on_stage;
}
