// SPDX-License-Identifier: GPL-2.0-or-later
// Prints a checked program for a reviewer: where it attaches and by what, what it reads, what it
// keeps and for how many bytes, what leaves the kernel, what runs in user space.
#include "compiler/explain.h"

#include <string.h>

struct reads {
    struct nd_program *p;
    FILE *out;
    const char *seen[128];
    uint32_t n;
};

static const char *path_of(struct nd_program *p, const struct nd_expr *e)
{
    if (e->kind == ND_E_FIELD)
        return nd_arena_printf(p->arena, "%s%s%s", path_of(p, e->a), e->arrow ? "->" : ".",
                               e->name);
    if (e->kind == ND_E_VAR)
        return nd_arena_printf(p->arena, "$%s", e->name);
    if (e->kind == ND_E_CAST)
        return nd_arena_printf(p->arena, "(%s)%s", nd_type_text(&p->types, e->type),
                               path_of(p, e->a));
    return e->name ? e->name : "...";
}

static void note_read(void *arg, struct nd_expr *e)
{
    struct reads *r = arg;
    const char *text;
    uint32_t i;

    if (e->kind != ND_E_FIELD || !e->type || e->a->type->kind == ND_T_OPTS)
        return;
    text = nd_arena_printf(r->p->arena, "%s: %s", path_of(r->p, e),
                           nd_type_text(&r->p->types, e->type));
    for (i = 0; i < r->n; i++) {
        if (!strcmp(r->seen[i], text))
            return;
    }
    if (r->n == 128)
        return;
    r->seen[r->n++] = text;
    fprintf(r->out, "    reads %s\n", text);
}

#define TARGETS_SHOWN 8u

static void explain_stage(const struct nd_probe *pr, FILE *out)
{
    uint32_t i;

    fprintf(out, "    stage %s by alternative %u of %u\n", pr->stage->name, pr->via_index + 1,
            pr->stage->tries.n);
    for (i = 0; i < pr->failed.n; i++)
        fprintf(out, "      not %s: %s\n", pr->failed.v[i].spec, pr->failed.v[i].why);
}

static void explain_probe(struct nd_program *p, struct nd_probe *pr, FILE *out)
{
    struct nd_pos pos = nd_source_pos(p->sources, pr->decl->name_span.src, pr->decl->name_span.off);
    struct reads r = {.p = p, .out = out};
    uint32_t i;

    for (i = 0; i < pr->targets.n && i < TARGETS_SHOWN; i++)
        fprintf(out, "%s%s", i ? ", " : "  ", pr->targets.v[i].spec);
    if (i < pr->targets.n)
        fprintf(out, " and %u more", pr->targets.n - i);
    fprintf(out, "   (line %u)\n    served by: %s%s\n", pos.line, nd_kind_of_prog[pr->type].text,
            pr->targets.n && pr->targets.v[0].builtin ? "; the module is built in" : "");
    if (pr->stage)
        explain_stage(pr, out);
    if (pr->decl->when)
        fprintf(out, "    attached only if its condition on the options is true\n");
    if (pr->decl->pred)
        fprintf(out, "    returns at once unless its predicate is true\n");
    nd_probe_walk(pr, note_read, &r);
}

static void explain_maps(struct nd_program *p, FILE *out)
{
    uint64_t total = 0;
    uint32_t i;

    fprintf(out, "Maps:\n");
    for (i = 0; i < p->maps.n; i++) {
        const struct nd_map *m = p->maps.v[i];
        bool agg = m->val && nd_type_is_agg(m->val);
        uint64_t entries = nd_map_entries(m);
        uint64_t bytes = entries * ((m->key ? m->key->size : 4) + (m->val ? m->val->size : 8));

        if (!(m->worlds & ND_KERNEL)) {
            fprintf(out, "  %s: in user space only\n", m->name);
            continue;
        }
        if (m->gen)
            bytes *= 2;
        total += bytes;
        fprintf(out, "  %s[%s] = %s: at most %llu entries, %llu bytes%s%s\n", m->name,
                m->key ? nd_type_text(&p->types, m->key) : "",
                m->val ? nd_type_text(&p->types, m->val) : "?", (unsigned long long)entries,
                (unsigned long long)bytes, agg ? " for each CPU" : "",
                m->gen ? ", twice, so that it can be emptied without loss" : "");
    }
    if (!p->maps.n)
        fprintf(out, "  none\n");
    else
        fprintf(out, "  together %llu bytes (per-CPU ones counted once)\n",
                (unsigned long long)total);
}

static void explain_events(struct nd_program *p, FILE *out)
{
    uint32_t i, k;

    fprintf(out, "Leaves the kernel, in addition to the maps:\n");
    for (i = 0; i < p->events.n; i++) {
        const struct nd_event *ev = p->events.v[i];
        struct nd_pos pos = nd_source_pos(p->sources, ev->span.src, ev->span.off);

        if (!ev->sent)
            continue;
        fprintf(out,
                "  %s (line %u), %u bytes each time:", *ev->name ? ev->name : "a printed record",
                pos.line, ev->type->size + (uint32_t)sizeof(struct nd_mf_record));
        for (k = 0; k < ev->type->nelems; k++)
            fprintf(out, "%s %s: %s", k ? "," : "", ev->type->fields[k].name,
                    nd_type_text(&p->types, ev->type->fields[k].type));
        fprintf(out, "%s\n", k ? "" : " only that it happened");
    }
    if (!p->events.n)
        fprintf(out, "  nothing\n");
}

// A block that is nothing but a layout for a person.
static const char *only_text(const struct nd_block *b, const char *otherwise)
{
    bool layout = b->n == 1 && b->v[0]->kind == ND_S_TEXT && !b->v[0]->else_body;

    return layout ? otherwise : "";
}

void nd_explain(struct nd_program *p, FILE *out)
{
    static const char *const hooks[] = {"begin", "end", "every"};
    uint32_t i;

    fprintf(out, "%s on Linux %s\n", p->path, nd_kernel_release(p->kernel));
    fprintf(out, "Runs in the kernel:\n");
    for (i = 0; i < p->probes.n; i++)
        explain_probe(p, p->probes.v[i], out);
    explain_maps(p, out);
    explain_events(p, out);
    fprintf(out, "Runs in user space:\n");
    for (i = 0; i < p->hooks.n; i++) {
        const struct nd_hook *h = p->hooks.v[i];

        fprintf(out, "  %s", hooks[h->kind]);
        if (h->period_opt)
            fprintf(out, " opt.%s", h->period_opt->decl->name);
        else if (h->kind == ND_HOOK_EVERY)
            fprintf(out, " %g s", (double)h->period / 1e9);
        fprintf(out, "%s\n", only_text(h->decl->body, ", if the output is text"));
    }
    for (i = 0; i < p->events.n; i++) {
        const struct nd_decl *on = p->events.v[i]->on;

        if (on)
            fprintf(
                out, "  on %s%s\n", p->events.v[i]->name,
                only_text(on->body, ", if the output is text; otherwise its record is written"));
    }
    fprintf(out,
            "It changes nothing: scripts cannot write memory, send signals or run commands.\n");
}
