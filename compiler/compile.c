// SPDX-License-Identifier: GPL-2.0-or-later
// The list of passes.
#include "compiler/compile.h"

#include "compiler/front/parse.h"
#include "compiler/lower/lower.h"
#include "compiler/user/emit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- modules ------------------------------------------------------------------------------------

static const char *beside(struct nd_arena *a, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');

    size_t n = strlen(name);
    bool whole = n > 3 && !strcmp(name + n - 3, ".nd"); // use "file.nd"

    return nd_arena_printf(a, "%.*s%s%s", slash ? (int)(slash - path) + 1 : 0, path, name,
                           whole ? "" : ".nd");
}

static void load_source(struct nd_unit *u, const struct nd_compile_opts *o, uint32_t src);

static bool seen(const struct nd_unit *u, const char *path)
{
    uint32_t i;

    for (i = 0; i < u->sources.n; i++) {
        if (!strcmp(u->sources.v[i].path, path))
            return true;
    }
    return false;
}

const char *nd_stdlib_dir(struct nd_arena *a, const char *given)
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

        if (!access(dir, R_OK))
            return dir;
    }
    return ND_DATADIR "/stdlib";
}

static const char *in_stdlib(struct nd_unit *u, const struct nd_compile_opts *o, const char *name)
{
    return nd_arena_printf(u->arena, "%s/lib/%s.nd", nd_stdlib_dir(u->arena, o->stdlib), name);
}

static void load_module(struct nd_unit *u, const struct nd_compile_opts *o, struct nd_decl *d)
{
    const char *paths[2];
    struct nd_diag *diag;
    int src = -1, i;

    paths[0] = beside(u->arena, u->sources.v[d->span.src].path, d->name);
    paths[1] = in_stdlib(u, o, d->name);
    for (i = 0; i < 2 && src < 0; i++) {
        if (!paths[i])
            continue;
        if (seen(u, paths[i]))
            return;
        src = nd_source_file(&u->sources, paths[i]);
    }
    if (src >= 0) {
        load_source(u, o, (uint32_t)src);
        return;
    }
    diag = nd_error(&u->diags, ND_E0209, d->name_span, "there is no module '%s'", d->name);
    if (paths[0])
        nd_help(&u->diags, diag, "looked for %s and %s", paths[0], paths[1]);
}

static void load_source(struct nd_unit *u, const struct nd_compile_opts *o, uint32_t src)
{
    struct nd_script *s = nd_parse(u->arena, &u->diags, &u->sources, src);
    uint32_t i;

    if (!src)
        u->program.title = s->title;
    for (i = 0; i < s->decls.n; i++) {
        if (s->decls.v[i]->kind == ND_D_USE && !o->no_modules)
            load_module(u, o, s->decls.v[i]);
        *ND_PUSH(u->arena, &u->program.decls) = s->decls.v[i];
    }
}

// Is this a stage that nobody has declared?
static bool lacks_stage(struct nd_unit *u, const struct nd_point *pt)
{
    return !strchr(pt->text, ':') && strcmp(pt->text, "BEGIN") != 0 &&
           strcmp(pt->text, "END") != 0 && !nd_stage_find(&u->program, pt->text);
}

// A probe on a bare word is on a stage, and so is all of a path: one-liners need no `use stages`.
static void load_stages(struct nd_unit *u, const struct nd_compile_opts *o)
{
    struct nd_decl use = {.kind = ND_D_USE, .name = "stages"};
    bool lacks = false;
    uint32_t i, k;

    for (i = 0; i < u->program.decls.n && !lacks; i++) {
        struct nd_decl *d = u->program.decls.v[i];

        use.span = d->name_span;
        for (k = 0; d->kind == ND_D_PROBE && k < d->points.n; k++)
            lacks |= lacks_stage(u, &d->points.v[k]);
        for (k = 0; d->kind == ND_D_PATH && k < d->path->stages.n; k++)
            lacks |= lacks_stage(u, &d->path->stages.v[k].point);
    }
    if (lacks && !access(in_stdlib(u, o, "stages"), R_OK))
        load_module(u, o, &use);
}

// ---- units --------------------------------------------------------------------------------------

struct nd_unit *nd_unit_new(const struct nd_compile_opts *o)
{
    struct nd_unit *u = calloc(1, sizeof(*u));
    struct nd_kernel_opts ko = {.facts = o->facts,
                                .btf_file = o->btf,
                                .no_btf = o->without & ND_F_BIT(BTF),
                                .no_module_btf = o->without & ND_F_BIT(MODULE_BTF)};
    struct nd_program *p;
    int src;

    if (!u)
        return NULL;
    u->arena = nd_arena_new();
    if (!u->arena) {
        free(u);
        return NULL;
    }
    u->sources.arena = u->diags.arena = u->arena;
    u->kernel = nd_kernel_new(u->arena, &ko);
    p = &u->program;
    p->arena = u->arena;
    p->diags = &u->diags;
    p->sources = &u->sources;
    p->kernel = u->kernel;
    p->types.arena = u->arena;
    p->types.diags = &u->diags;
    p->types.kernel = u->kernel;
    p->path = o->file ? o->file : "-e";
    p->title = "";
    p->portable = o->portable;
    p->without = o->without;
    src = o->file ? nd_source_file(&u->sources, o->file)
                  : nd_source_text(&u->sources, "-e", o->text, strlen(o->text));
    if (src < 0) {
        struct nd_span at = ND_NO_SPAN;

        nd_error(&u->diags, ND_E0100, at, "%s: %s", p->path, strerror(-src));
        return u;
    }
    load_source(u, o, (uint32_t)src);
    if (!o->no_modules)
        load_stages(u, o);
    return u;
}

void nd_unit_free(struct nd_unit *u)
{
    if (!u)
        return;
    nd_kernel_free(u->kernel);
    nd_arena_free(u->arena);
    free(u);
}

bool nd_unit_check(struct nd_unit *u)
{
    if (!u->diags.errors)
        nd_check(&u->program);
    return !u->diags.errors;
}

bool nd_unit_options(struct nd_unit *u)
{
    if (!u->diags.errors)
        nd_check_options(&u->program);
    return !u->diags.errors;
}

void *nd_unit_manifest(struct nd_unit *u, uint32_t *size)
{
    return nd_emit(&u->program, NULL, size);
}

void *nd_unit_object(struct nd_unit *u, const struct nd_compile_opts *o, size_t *size)
{
    return nd_lower(&u->program, o->dump_ir, size);
}

bool nd_without_parse(const char *list, uint32_t *without)
{
    static const struct nd_feature_row rows[] = {ND_FEATURES(ND_FEATURE_ROW)};
    size_t len;
    uint32_t i;

    for (*without = 0; *list; list += len + (list[len] == ',')) {
        len = strcspn(list, ",");
        for (i = 0; i < ND_F_MAX; i++) {
            if (strlen(rows[i].name) == len && !memcmp(rows[i].name, list, len))
                break;
        }
        if (len && i == ND_F_MAX)
            return false;
        if (len)
            *without |= 1u << i;
    }
    return true;
}

int nd_compile_check(const char *text, size_t size, const char *facts)
{
    struct nd_compile_opts o = {.text = "", .facts = facts};
    struct nd_unit *u;
    int errors, src;

    u = nd_unit_new(&o);
    if (!u)
        return -1;
    memset(&u->diags.v, 0, sizeof(u->diags.v));
    u->diags.n = u->diags.cap = u->diags.errors = 0;
    src = nd_source_text(&u->sources, "-e", text, size);
    if (src >= 0) {
        load_source(u, &o, (uint32_t)src);
        nd_unit_check(u);
    }
    errors = (int)u->diags.errors;
    nd_unit_free(u);
    return errors;
}
