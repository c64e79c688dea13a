// SPDX-License-Identifier: GPL-2.0-or-later
// Small questions about a checked program.
#include "compiler/lang/program.h"

#include "runtime/common/value.h"

#include <string.h>

#define ENTRIES 4096u
#define ENTRIES_LARGE 1024u // values above LARGE bytes
#define ENTRIES_HUGE 128u   // values above HUGE_VALUE bytes: dist()
#define LARGE 256u
#define HUGE_VALUE 1024u

uint32_t nd_map_entries(const struct nd_map *m)
{
    if (!m->key)
        return 1;
    if (m->max_entries)
        return m->max_entries;
    if (m->val && m->val->size > HUGE_VALUE)
        return ENTRIES_HUGE;
    return m->val && m->val->size > LARGE ? ENTRIES_LARGE : ENTRIES;
}

bool nd_probe_has_regs(const struct nd_probe *p)
{
    return nd_kind_is(p->type, ND_PF_REGS) && p->type != ND_PROG_PERF_EVENT;
}

void nd_probe_walk(struct nd_probe *pr, void (*fn)(void *arg, struct nd_expr *e), void *arg)
{
    uint32_t i;

    if (pr->via)
        nd_ast_walk_try(pr->via, fn, arg);
    nd_ast_walk(pr->decl, fn, arg);
    for (i = 0; pr->path && i < pr->path->keeps->n; i++) {
        struct nd_decl kept = {.pred = pr->path->keeps->v[i].value};

        nd_ast_walk(&kept, fn, arg);
    }
    for (i = 0; pr->path && i < pr->path->on.n; i++)
        nd_ast_walk(pr->path->on.v[i].decl, fn, arg);
}

const struct nd_field *nd_path_member(const struct nd_path *path, bool own, const char *member)
{
    const struct nd_type *t = own ? path->own : path->step;
    uint32_t i;

    for (i = 0; i < t->nelems; i++) {
        if (!strcmp(t->fields[i].name, member))
            return &t->fields[i];
    }
    return NULL;
}

uint32_t nd_path_off(const struct nd_path *path, bool own, const char *member)
{
    return path->record->fields[own].off + nd_path_member(path, own, member)->off;
}

// A stage of the script takes precedence over one of a module.
struct nd_decl *nd_stage_find(struct nd_program *p, const char *name)
{
    struct nd_decl *found = NULL;
    uint32_t i;

    for (i = 0; i < p->decls.n; i++) {
        struct nd_decl *d = p->decls.v[i];

        if (d->kind == ND_D_STAGE && !strcmp(d->name, name) &&
            (!found || d->span.src == ND_SRC_SCRIPT))
            found = d;
    }
    return found;
}

int64_t nd_option_name(const struct nd_option *o, const char *name)
{
    uint32_t i;

    for (i = 0; o->kind == ND_OPT_ENUM && i < o->decl->texpr->args->n; i++) {
        if (nd_value_same_name(o->decl->texpr->args->v[i]->name, name))
            return i;
    }
    return -1;
}

struct nd_option *nd_option_find(const struct nd_program *p, const char *name)
{
    uint32_t i;

    for (i = 0; i < p->options.n; i++) {
        if (!strcmp(p->options.v[i]->decl->name, name))
            return p->options.v[i];
    }
    return NULL;
}

const char *nd_probe_type_name(const struct nd_target *at)
{
    static const struct {
        enum nd_mf_attach_kind kind;
        const char *name;
    } rows[] = {
        {ND_AT_BEGIN, "special"},         {ND_AT_END, "special"},
        {ND_AT_INTERVAL, "interval"},     {ND_AT_TRACEPOINT, "tracepoint"},
        {ND_AT_RAW_TP, "rawtracepoint"},  {ND_AT_UPROBE, "uprobe"},
        {ND_AT_URETPROBE, "uretprobe"},   {ND_AT_PROFILE, "profile"},
        {ND_AT_SOFTWARE, "software"},     {ND_AT_HARDWARE, "hardware"},
        {ND_AT_WATCHPOINT, "watchpoint"}, {ND_AT_KPROBE, "kprobe"},
        {ND_AT_KRETPROBE, "kretprobe"},   {ND_AT_FENTRY, "fentry"},
        {ND_AT_FEXIT, "fexit"},           {ND_AT_ITER, "iter"},
    };
    size_t i;

    if (at->usdt)
        return "usdt";
    if (at->format && at->kind == ND_AT_RAW_TP) // a trace event that it serves
        return "tracepoint";
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].kind == at->kind)
            return rows[i].name;
    }
    return "";
}
