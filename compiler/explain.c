// SPDX-License-Identifier: GPL-2.0-or-later
// Prints a checked program for a reviewer: what it is for, where it attaches and by what, what it
// reads, what it keeps and for how many bytes, what leaves the kernel, what runs in user space.
#include "compiler/explain.h"

#include "compiler/lang/builtins.h"
#include "runtime/vet/vet.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 100u // of an expression
#define TARGETS_SHOWN 8u

// The expression as the script has it, in one line.
static const char *text_of(struct nd_program *p, struct nd_span span)
{
    const char *text = p->sources->v[span.src].text + span.off;
    char *out = nd_arena_alloc(p->arena, TEXT_MAX * 2 + 8);
    uint32_t i, n = 0;
    bool gap = false;

    for (i = 0; i < span.len && n < TEXT_MAX; i++) {
        bool space = strchr(" \t\r\n", text[i]) != NULL;

        if (!space && gap)
            out[n++] = ' ';
        if (!space)
            out[n++] = text[i];
        gap = space && n;
    }
    strcpy(out + n, i < span.len ? " ..." : "");
    return out;
}

static const char *place_of(struct nd_program *p, struct nd_span span)
{
    struct nd_pos pos;

    if (span.src >= p->sources->n)
        return "";
    pos = nd_source_pos(p->sources, span.src, span.off);
    return nd_arena_printf(p->arena, " (%s%sline %u)", span.src ? p->sources->v[span.src].path : "",
                           span.src ? " " : "", pos.line);
}

// ---- purpose and scope -------------------------------------------------------------------------

static void purpose(struct nd_program *p, struct nd_page *page)
{
    nd_page_section(page, "purpose", "Purpose");
    nd_page_item(page, "%s", *p->title ? p->title : "the script does not say: it has no title");
}

// Who may be seen: everything the probes pass, unless an option narrows it.
static void scope(struct nd_program *p, struct nd_page *page)
{
    bool any = false;
    uint32_t i;

    nd_page_section(page, "scope", "Whom it sees");
    nd_page_item(page, "every process and packet of the host that passes the probes below; -p "
                       "PID limits it to one process");
    for (i = 0; i < p->decls.n; i++) {
        const struct nd_decl *d = p->decls.v[i];

        if (d->kind != ND_D_OPTION || d->file)
            continue;
        if (!any)
            nd_page_item(page, "options that the script offers:");
        any = true;
        nd_page_detail(page, "--%s%s%s%s", d->name, d->required ? " (required)" : "",
                       d->help ? ": " : "", d->help ? d->help : "");
    }
}

// ---- probes ------------------------------------------------------------------------------------

static void put_read(struct nd_program *p, const struct nd_lower_read *r, struct nd_page *page)
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
    const char *what = r->what ? r->what : r->span.src < p->sources->n ? text_of(p, r->span) : NULL;
    const char *size =
        r->size ? nd_arena_printf(p->arena, "%u byte%s of ", r->size, r->size == 1 ? "" : "s") : "";

    nd_page_detail(page, "reads %s%s%s%s%s", what ? what : "", what ? ": " : "", size,
                   from[r->from], place_of(p, r->span));
}

// What one run of it costs those who pass, besides the body (docs/performance.md has numbers).
static const char *cost_of(const struct nd_probe *pr)
{
    static const char *const by_program[] = {
        [ND_PROG_TRACEPOINT] = "medium: the kernel builds a record for each event",
        [ND_PROG_RAW_TP] = "low: a call from the event",
        [ND_PROG_TP_BTF] = "low: a call from the event",
        [ND_PROG_KPROBE] = "medium: a breakpoint in the function",
        [ND_PROG_PERF_EVENT] = "low: an interrupt as often as asked",
        [ND_PROG_FENTRY] = "low: a call from the function",
        [ND_PROG_FEXIT] = "low: a call from the function",
        [ND_PROG_TEST_RUN] = "none: nothing else waits for it",
        [ND_PROG_ITER] = "none: nothing else waits for it",
    };
    uint32_t kind = pr->targets.n ? pr->targets.v[0].kind : 0;

    if (pr->type == ND_PROG_KPROBE && nd_kind_attaches(kind, ND_AF_FILE))
        return "high: each call of the program's function enters the kernel";
    return pr->type < sizeof(by_program) / sizeof(*by_program) && by_program[pr->type]
               ? by_program[pr->type]
               : "not known";
}

static const char *targets_of(struct nd_program *p, const struct nd_probe *pr)
{
    const char *text = "";
    uint32_t i;

    for (i = 0; i < pr->targets.n && i < TARGETS_SHOWN; i++)
        text = nd_arena_printf(p->arena, "%s%s%s", text, i ? ", " : "", pr->targets.v[i].spec);
    if (i < pr->targets.n)
        text = nd_arena_printf(p->arena, "%s and %u more", text, pr->targets.n - i);
    return text;
}

// reads: of all probes, in their order; *at: the first one not printed.
static void explain_probe(struct nd_program *p, const struct nd_probe *pr,
                          const struct nd_lower_read *reads, uint32_t n, uint32_t *at,
                          struct nd_page *page)
{
    struct nd_pos pos = nd_source_pos(p->sources, pr->decl->name_span.src, pr->decl->name_span.off);
    uint32_t i;

    nd_page_item(page, "%s   (line %u)", targets_of(p, pr), pos.line);
    nd_page_detail(page, "served by: %s%s", nd_kind_of_prog[pr->type].text,
                   pr->targets.n && pr->targets.v[0].builtin ? "; the module is built in" : "");
    nd_page_detail(page, "cost %s", cost_of(pr));
    if (pr->stage)
        nd_page_detail(page, "stage %s by alternative %u of %u", pr->stage->name, pr->via_index + 1,
                       pr->stage->tries.n);
    for (i = 0; pr->stage && i < pr->failed.n; i++)
        nd_page_detail(page, "  not %s: %s", pr->failed.v[i].spec, pr->failed.v[i].why);
    if (pr->decl->when)
        nd_page_detail(page, "attached only if its condition on the options is true");
    if (pr->decl->pred)
        nd_page_detail(page, "returns at once unless its predicate is true");
    for (; *at < n && reads[*at].probe == pr; ++*at)
        put_read(p, &reads[*at], page);
}

// ---- what it keeps and sends -------------------------------------------------------------------

static void explain_maps(struct nd_program *p, struct nd_page *page)
{
    uint64_t total = 0;
    uint32_t i;

    nd_page_section(page, "maps", "Maps");
    for (i = 0; i < p->maps.n; i++) {
        const struct nd_map *m = p->maps.v[i];
        bool agg = m->val && nd_type_is_agg(m->val);
        uint64_t entries = nd_map_entries(m);
        uint64_t bytes = entries * ((m->key ? m->key->size : 4) + (m->val ? m->val->size : 8));

        if (!(m->worlds & ND_KERNEL)) {
            nd_page_item(page, "%s: in user space only", m->name);
            continue;
        }
        if (m->gen)
            bytes *= 2;
        total += bytes;
        nd_page_item(page, "%s[%s] = %s: at most %llu entries, %llu bytes%s%s", m->name,
                     m->key ? nd_type_text(&p->types, m->key) : "",
                     m->val ? nd_type_text(&p->types, m->val) : "?", (unsigned long long)entries,
                     (unsigned long long)bytes, agg ? " for each CPU" : "",
                     m->gen ? ", twice, so that it can be emptied without loss" : "");
    }
    if (!p->maps.n)
        nd_page_item(page, "none");
    else
        nd_page_item(page, "together %llu bytes (per-CPU ones counted once)",
                     (unsigned long long)total);
}

struct sends { // of one event
    struct nd_program *p;
    struct nd_page *page;
    const struct nd_event *ev;
};

static void put_sends(const struct sends *s, const struct nd_block *b)
{
    uint32_t i, k;

    for (i = 0; b && i < b->n; i++) {
        const struct nd_stmt *st = b->v[i];

        for (k = 0; st->kind == ND_S_SEND && !strcmp(st->name, s->ev->name) && k < st->fields.n;
             k++)
            nd_page_detail(s->page, "%s is %s%s", st->fields.v[k].name,
                           text_of(s->p, st->fields.v[k].expr->span),
                           place_of(s->p, st->fields.v[k].expr->span));
        put_sends(s, st->body);
        put_sends(s, st->else_body);
    }
}

// Where each field of an event comes from.
static void put_sources(const struct sends *s)
{
    uint32_t i;

    for (i = 0; i < s->p->decls.n; i++) {
        if (s->p->decls.v[i]->kind == ND_D_PROBE || s->p->decls.v[i]->kind == ND_D_FN)
            put_sends(s, s->p->decls.v[i]->body);
    }
}

static void explain_events(struct nd_program *p, struct nd_page *page)
{
    uint32_t i, k;
    bool any = false;

    nd_page_section(page, "leaves_the_kernel", "Leaves the kernel, in addition to the maps");
    for (i = 0; i < p->events.n; i++) {
        const struct nd_event *ev = p->events.v[i];
        const struct sends s = {p, page, ev};
        const char *fields = "";

        if (!ev->sent)
            continue;
        any = true;
        for (k = 0; k < ev->type->nelems; k++)
            fields = nd_arena_printf(p->arena, "%s%s %s: %s", fields, k ? "," : "",
                                     ev->type->fields[k].name,
                                     nd_type_text(&p->types, ev->type->fields[k].type));
        nd_page_item(page, "%s%s, %u bytes each time:%s", *ev->name ? ev->name : "a printed record",
                     place_of(p, ev->span), ev->type->size + (uint32_t)sizeof(struct nd_mf_record),
                     k ? fields : " only that it happened");
        if (*ev->name)
            put_sources(&s);
    }
    if (!any)
        nd_page_item(page, "nothing");
}

// ---- user space --------------------------------------------------------------------------------

// A block that is nothing but a layout for a person.
static const char *only_text(const struct nd_block *b, const char *otherwise)
{
    bool layout = b->n == 1 && b->v[0]->kind == ND_S_TEXT && !b->v[0]->else_body;

    return layout ? otherwise : "";
}

// Texts of the kernel that user code asks for.
static void explain_texts(struct nd_program *p, struct nd_page *page)
{
    static const struct {
        const char *path, *help;
    } texts[] = {
#define ND_SOURCE(id, name, of, kind, path, help) {path, help},
#include "runtime/common/sources.def"
    };
    uint32_t i;

    for (i = 0; i < ND_LINES_MAX; i++) {
        if (p->texts & 1ull << i)
            nd_page_item(page, "reads %s: %s", texts[i].path, texts[i].help);
    }
}

static void explain_user(struct nd_program *p, struct nd_page *page)
{
    static const char *const hooks[] = {"begin", "end", "every"};
    uint32_t i;

    nd_page_section(page, "user_space", "Runs in user space");
    for (i = 0; i < p->hooks.n; i++) {
        const struct nd_hook *h = p->hooks.v[i];
        const char *period = "";

        if (h->period_opt)
            period = nd_arena_printf(p->arena, " opt.%s", h->period_opt->decl->name);
        else if (h->kind == ND_HOOK_EVERY)
            period = nd_arena_printf(p->arena, " %g s", (double)h->period / 1e9);
        nd_page_item(page, "%s%s%s", hooks[h->kind], period,
                     only_text(h->decl->body, ", if the output is text"));
    }
    for (i = 0; i < p->events.n; i++) {
        const struct nd_decl *on = p->events.v[i]->on;

        if (on)
            nd_page_item(
                page, "on %s%s", p->events.v[i]->name,
                only_text(on->body, ", if the output is text; otherwise its record is written"));
    }
    explain_texts(p, page);
}

// ---- the object --------------------------------------------------------------------------------

// Lines "title:", "  item" and the last one, which stands alone.
static void put_lines(struct nd_program *p, char *text, struct nd_page *page)
{
    char *line, *save = NULL;

    for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        size_t n = strlen(line);

        if (n && line[n - 1] == ':' && line[0] != ' ') {
            nd_page_section(page, "calls", nd_arena_strndup(p->arena, line, n - 1));
        } else if (!strncmp(line, "  ", 2)) {
            nd_page_item(page, "%s", line + 2);
        } else {
            nd_page_section(page, "cannot", "What it cannot do");
            nd_page_item(page, "%s", line);
            nd_page_item(page,
                         "There is no way in the language to write memory of the kernel or of "
                         "programs, to change or drop packets, to send signals or to run "
                         "programs.");
        }
    }
}

// What the finished object does is shown by the check that every object must pass before it is
// loaded.
static void explain_object(struct nd_program *p, const void *object, size_t size,
                           struct nd_page *page)
{
    struct nd_vet v;
    struct nd_mf mf;
    const char *why;
    char *text = NULL;
    size_t n;
    FILE *f;

    if (nd_vet_open(&v, object, size))
        why = v.why;
    else if (!nd_mf_open(&mf, v.manifest, v.manifest_size, &why) && nd_vet_object(&v, &mf))
        why = v.why;
    f = why ? NULL : open_memstream(&text, &n);
    if (why)
        nd_error(p->diags, ND_E0801, ND_NO_SPAN,
                 "internal error, please report it: the object is refused: %s", why);
    if (f) {
        nd_vet_print(&v, f);
        fclose(f);
        put_lines(p, text, page);
    }
    free(text);
    nd_vet_close(&v);
}

void nd_explain(struct nd_program *p, const struct nd_lowered *lowered, enum nd_page_format format,
                FILE *out)
{
    struct nd_page page = {.a = p->arena};
    const struct nd_lower_read *reads = NULL;
    const void *object = NULL;
    size_t size = 0;
    uint32_t i, n = 0, at = 0;

    if (lowered) {
        reads = nd_lower_reads(lowered, &n);
        object = nd_lower_object(lowered, &size);
    }
    page.title = nd_arena_printf(p->arena, "%s on Linux %s", p->path, nd_kernel_release(p->kernel));
    purpose(p, &page);
    scope(p, &page);
    nd_page_section(&page, "probes", "Runs in the kernel");
    for (i = 0; i < p->probes.n; i++)
        explain_probe(p, p->probes.v[i], reads, n, &at, &page);
    explain_maps(p, &page);
    explain_events(p, &page);
    explain_user(p, &page);
    if (object)
        explain_object(p, object, size, &page);
    nd_page_print(&page, format, out);
}
