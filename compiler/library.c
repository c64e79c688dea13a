// SPDX-License-Identifier: GPL-2.0-or-later
// `use NAME` is looked for next to the script that has it, then in the standard library.
#include "compiler/library.h"

#include "compiler/front/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), k = strlen(suffix);

    return n > k && !strcmp(name + n - k, suffix);
}

static bool is_file_name(const char *name) // use "file.nd"
{
    return has_suffix(name, ".nd") || has_suffix(name, ".bt");
}

// NULL: it is not looked for there. The current folder is nobody's library: a one-liner takes from
// it what it names as a file, and nothing else.
static const char *beside(struct nd_arena *a, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    bool whole = is_file_name(name);

    if (!whole && !strcmp(path, "-e"))
        return NULL;
    return nd_arena_printf(a, "%.*s%s%s", slash ? (int)(slash - path) + 1 : 0, path, name,
                           whole ? "" : ".nd");
}

static void load_source(struct nd_unit *u, uint32_t src, const struct nd_decl *use);

static bool seen(const struct nd_unit *u, const char *path)
{
    uint32_t i;

    for (i = 0; i < u->sources.n; i++) {
        if (!strcmp(u->sources.v[i].path, path))
            return true;
    }
    return false;
}

const char *nd_library_dir(struct nd_arena *a, const char *given)
{
    static const char *const places[] = {"../stdlib", "../../stdlib", "../../share/ndtrace/stdlib"};
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    char *slash;
    size_t i;

    if (given)
        return given;
    exe[n > 0 ? n : 0] = 0;
    slash = strrchr(exe, '/');
    for (i = 0; slash && i < sizeof(places) / sizeof(places[0]); i++) {
        const char *dir = nd_arena_printf(a, "%.*s/%s", (int)(slash - exe), exe, places[i]);

        if (!faccessat(AT_FDCWD, dir, R_OK, AT_EACCESS))
            return dir;
    }
    return ND_DATADIR "/stdlib";
}

static const char *in_stdlib(struct nd_unit *u, const char *name)
{
    return nd_arena_printf(u->arena, "%s/lib/%s.nd", nd_library_dir(u->arena, u->opts.stdlib),
                           name);
}

void nd_library_refuse(struct nd_unit *u, struct nd_span span, const char *path)
{
    nd_help(&u->diags,
            nd_error(&u->diags, ND_E0113, span, "%s is not read: %s", path, u->sources.refused),
            "whoever can change it would decide what this user runs; ndtrace --any-owner reads it "
            "all the same");
}

// anywhere: not only from the library.
static void load_module(struct nd_unit *u, struct nd_decl *d, bool anywhere)
{
    const char *paths[2];
    struct nd_diag *diag;
    int src = -1, i;

    paths[0] = anywhere ? beside(u->arena, u->sources.v[d->span.src].path, d->name) : NULL;
    paths[1] = in_stdlib(u, d->name);
    for (i = 0; i < 2 && src < 0; i++) {
        if (!paths[i])
            continue;
        if (seen(u, paths[i]))
            return;
        src = nd_source_file(&u->sources, paths[i]);
        if (src == -EPERM && u->sources.refused) {
            nd_library_refuse(u, d->name_span, paths[i]);
            return;
        }
    }
    if (src >= 0) {
        load_source(u, (uint32_t)src, d);
        return;
    }
    diag = nd_error(&u->diags, ND_E0209, d->name_span, "there is no module '%s'", d->name);
    nd_help(&u->diags, diag, "looked for %s%s%s", paths[0] ? paths[0] : "", paths[0] ? " and " : "",
            paths[1]);
}

// use: the declaration that asks for it, NULL: it is the script.
static void load_source(struct nd_unit *u, uint32_t src, const struct nd_decl *use)
{
    const struct nd_parse_given given = {.words = u->opts.words,
                                         .nwords = u->opts.nwords,
                                         .unknown = u->opts.words_unknown,
                                         .named = u->opts.named,
                                         .nnamed = u->opts.nnamed,
                                         .version = nd_kernel_version(u->kernel)};
    struct nd_script *s = nd_parse(u->arena, &u->diags, &u->sources, src, &given);
    uint32_t i;

    u->expands |= s->expands;
    if (has_suffix(u->sources.v[src].path, ".bt"))
        nd_parse_hoist(u->arena, &s->decls);
    u->program.bpftrace |= !src && has_suffix(u->sources.v[src].path, ".bt");
    if (!src) {
        u->program.title = s->title;
        u->program.notes = s->notes;
    }
    for (i = 0; i < s->decls.n; i++) {
        if (use && (s->decls.v[i]->kind == ND_D_USE || s->decls.v[i]->kind == ND_D_NEEDS))
            s->decls.v[i]->used = use->used.len ? use->used : use->name_span;
        if (s->decls.v[i]->kind == ND_D_USE && !u->opts.no_modules)
            load_module(u, s->decls.v[i], true);
        *ND_PUSH(u->arena, &u->program.decls) = s->decls.v[i];
    }
}

// Is this a stage that has not been declared?
static bool lacks_stage(struct nd_unit *u, const struct nd_point *pt)
{
    return !strchr(pt->text, ':') && strcmp(pt->text, "BEGIN") != 0 &&
           strcmp(pt->text, "END") != 0 && !nd_stage_find(&u->program, pt->text);
}

// A handler of packets that do not arrive needs the stages where they may be instead.
static bool lacks_fates(struct nd_unit *u, const struct nd_point *pt)
{
    const char *event = strchr(pt->text, ':');

    return event &&
           (!strcmp(event, ":lost") || !strcmp(event, ":elsewhere") ||
            !strcmp(event, ":vanished")) &&
           !nd_stage_find(&u->program, "pkt_drop");
}

// A probe on a bare word is on a stage, and so is all of a path: one-liners need no `use stages`.
static void load_stages(struct nd_unit *u)
{
    struct nd_decl use = {.kind = ND_D_USE, .name = "stages"};
    bool lacks = false;
    uint32_t i, k;

    for (i = 0; i < u->program.decls.n && !lacks; i++) {
        struct nd_decl *d = u->program.decls.v[i];

        use.span = d->name_span;
        for (k = 0; d->kind == ND_D_PROBE && k < d->points.n; k++)
            lacks |= lacks_stage(u, &d->points.v[k]) || lacks_fates(u, &d->points.v[k]);
        for (k = 0; d->kind == ND_D_PATH && k < d->path->stages.n; k++)
            lacks |= lacks_stage(u, &d->path->stages.v[k].point);
    }
    if (lacks && !faccessat(AT_FDCWD, in_stdlib(u, "stages"), R_OK, AT_EACCESS))
        load_module(u, &use, false);
}

void nd_library_load(struct nd_unit *u)
{
    load_source(u, 0, NULL);
    if (!u->opts.no_modules)
        load_stages(u);
    if (u->expands)
        nd_parse_expand_macros(u->arena, &u->diags, &u->program.decls);
}
