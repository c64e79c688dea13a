// SPDX-License-Identifier: GPL-2.0-or-later
// Prints a checked program for a reviewer: where it attaches and by what, what it reads, what it
// keeps and for how many bytes, what leaves the kernel, what runs in user space.
#include "compiler/explain.h"

#include "runtime/common/printable.h"
#include "runtime/vet/vet.h"

#include <string.h>

#define TEXT_MAX 100u // of an expression

// The expression as the script has it, in one line.
static void put_text(struct nd_program *p, struct nd_span span, FILE *out)
{
    const char *text = p->sources->v[span.src].text + span.off;
    uint32_t i, n = 0;
    bool gap = false;

    for (i = 0; i < span.len && n < TEXT_MAX; i++) {
        bool space = strchr(" \t\r\n", text[i]) != NULL;

        if (!space && gap)
            fputc(' ', out);
        if (!space)
            fputc(text[i], out);
        n += !space + (!space && gap);
        gap = space && n;
    }
    if (i < span.len)
        fputs(" ...", out);
}

static void put_read(struct nd_program *p, const struct nd_lower_read *r, FILE *out)
{
    static const char *const from[ND_FROM_MAX] = {
        [ND_FROM_CONTEXT] = "the probe's context",
        [ND_FROM_TYPED] = "kernel memory, directly",
        [ND_FROM_KERNEL] = "kernel memory",
        [ND_FROM_USER] = "the process's memory",
        [ND_FROM_EITHER] = "memory of the kernel or the process, by its address",
        [ND_FROM_KSTACK] = "the kernel stack",
        [ND_FROM_USTACK] = "the process's stack",
    };
    struct nd_pos pos;

    fputs("    reads ", out);
    if (r->what)
        fprintf(out, "%s: ", r->what);
    else if (r->span.src < p->sources->n) {
        put_text(p, r->span, out);
        fputs(": ", out);
    }
    if (r->size)
        fprintf(out, "%u byte%s of ", r->size, r->size == 1 ? "" : "s");
    fputs(from[r->from], out);
    if (r->span.src < p->sources->n) {
        pos = nd_source_pos(p->sources, r->span.src, r->span.off);
        fprintf(out, " (");
        if (r->span.src)
            fprintf(out, "%s ", p->sources->v[r->span.src].path);
        fprintf(out, "line %u)", pos.line);
    }
    fputc('\n', out);
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

// reads: of all probes, in their order; *at: the first one not printed.
static void explain_probe(struct nd_program *p, const struct nd_probe *pr,
                          const struct nd_lower_read *reads, uint32_t n, uint32_t *at, FILE *out)
{
    struct nd_pos pos = nd_source_pos(p->sources, pr->decl->name_span.src, pr->decl->name_span.off);
    uint32_t i;

    for (i = 0; i < pr->targets.n && i < TARGETS_SHOWN; i++) {
        fputs(i ? ", " : "  ", out);
        nd_printable_write(pr->targets.v[i].spec, out);
    }
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
    for (; *at < n && reads[*at].probe == pr; ++*at)
        put_read(p, &reads[*at], out);
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

// What the finished object does is shown by the check that every object must pass before it is
// loaded.
static void explain_object(struct nd_program *p, const void *object, size_t size, FILE *out)
{
    struct nd_vet v;
    struct nd_mf mf;
    const char *why;

    if (nd_vet_open(&v, object, size))
        why = v.why;
    else if (!nd_mf_open(&mf, v.manifest, v.manifest_size, &why) && nd_vet_object(&v, &mf))
        why = v.why;
    if (why)
        nd_error(p->diags, ND_E0801, ND_NO_SPAN,
                 "internal error, please report it: the object is refused: %s", why);
    else
        nd_vet_print(&v, out);
    nd_vet_close(&v);
}

void nd_explain(struct nd_program *p, const struct nd_lowered *lowered, FILE *out)
{
    static const char *const hooks[] = {"begin", "end", "every"};
    const struct nd_lower_read *reads = NULL;
    const void *object = NULL;
    size_t size = 0;
    uint32_t i, n = 0, at = 0;

    if (lowered) {
        reads = nd_lower_reads(lowered, &n);
        object = nd_lower_object(lowered, &size);
    }

    fprintf(out, "%s on Linux %s\n", p->path, nd_kernel_release(p->kernel));
    fprintf(out, "Runs in the kernel:\n");
    for (i = 0; i < p->probes.n; i++)
        explain_probe(p, p->probes.v[i], reads, n, &at, out);
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
    if (object)
        explain_object(p, object, size, out);
}
