// SPDX-License-Identifier: GPL-2.0-or-later
// Lists by name: built-ins, error codes, tools, stages, and by list_probes.c probes.
#include "compiler/list_impl.h"

#include "compiler/library.h"
#include "compiler/net/net.h"

#include "compiler/front/parse.h"
#include "compiler/kernel/btf.h"
#include "compiler/lang/builtins.h"
#include "runtime/common/buf.h"
#include "runtime/common/json.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct member {
    const char *name, *text;
};

// One line: as a person reads it, or as JSON.
static void put(struct nd_list_out *l, const char *type, const char *text,
                const struct member *members, uint32_t n)
{
    struct nd_buf b = {0};
    uint32_t i;

    if (!l->o->json) {
        fprintf(l->out, "%s\n", text);
        return;
    }
    nd_buf_printf(&b, "{\"type\":\"%s\"", type);
    for (i = 0; i < n; i++) {
        nd_buf_printf(&b, ",\"%s\":", members[i].name);
        nd_json_string(members[i].text, strlen(members[i].text), &b);
    }
    nd_buf_puts(&b, "}\n");
    fwrite(b.v, 1, b.n, l->out);
    free(b.v);
}

static int list_builtins(struct nd_list_out *l, const char *glob)
{
    const struct nd_builtin *b;
    const char *world;
    uint32_t i;

    for (i = 0; (b = nd_builtin_at(i)); i++) {
        if (b->id == ND_B_REFUSED || !nd_glob_match(glob, b->name))
            continue;
        world = b->worlds == (ND_KERNEL | ND_USER) ? "both"
                : b->worlds == ND_KERNEL           ? "kernel"
                                                   : "user";
        put(l, "builtin", nd_arena_printf(l->a, "%-28s %-12s %s", b->usage, world, b->help),
            (struct member[]){
                {"name", b->name}, {"usage", b->usage}, {"world", world}, {"text", b->help}},
            4);
    }
    return 0;
}

static int list_errors(struct nd_list_out *l, const char *glob)
{
    static const enum nd_diag_code codes[] = {
#define ROW(code, title) ND_##code,
        ND_DIAG_CODES(ROW)
#undef ROW
    };
    size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        const char *code = nd_diag_code_name(codes[i]), *title = nd_diag_code_title(codes[i]);

        if (nd_glob_match(glob, code))
            put(l, "error", nd_arena_printf(l->a, "%s %s", code, title),
                (struct member[]){{"code", code}, {"text", title}}, 2);
    }
    return 0;
}

// Words with a meaning of their own, those of types apart.
static int list_keywords(struct nd_list_out *l, const char *glob)
{
    const char *word;
    uint32_t i;

    for (i = 0; (word = nd_parse_keyword(i)); i++) {
        if (nd_glob_match(glob, word))
            put(l, "keyword", word, (struct member[]){{"name", word}}, 1);
    }
    for (i = 0; (word = nd_parse_type_word(i)); i++) {
        if (nd_glob_match(glob, word))
            put(l, "type", word, (struct member[]){{"name", word}}, 1);
    }
    return 0;
}

struct names {
    char **v;
    uint32_t n, cap;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// The names in a folder that end so, sorted.
static void names_in(struct nd_list_out *l, const char *dir, const char *suffix,
                     struct names *names)
{
    size_t len = strlen(suffix);
    struct dirent *e;
    DIR *d = opendir(dir);

    while (d && (e = readdir(d))) {
        size_t n = strlen(e->d_name);

        if (e->d_name[0] != '.' && n > len && !strcmp(e->d_name + n - len, suffix))
            *ND_PUSH(l->a, names) = nd_arena_strdup(l->a, e->d_name);
    }
    if (d)
        closedir(d);
    if (names->n)
        qsort(names->v, names->n, sizeof(*names->v), by_name);
}

// One line for each tool of a folder: the name it is run by, and the question it answers.
static void list_group(struct nd_list_out *l, const char *dir, const char *group, const char *glob)
{
    struct names names = {0};
    uint32_t i;

    names_in(l, dir, ".nd", &names);
    for (i = 0; i < names.n; i++) {
        struct nd_compile_opts o = {.file = nd_arena_printf(l->a, "%s/%s", dir, names.v[i]),
                                    .no_modules = true};
        char *name = nd_arena_strdup(l->a, names.v[i]);
        const char *title;
        struct nd_unit *u;

        name[strlen(name) - 3] = 0;
        if (group)
            name = nd_arena_printf(l->a, "%s/%s", group, name);
        if (!nd_glob_match(glob, name))
            continue;
        u = nd_unit_new(&o);
        title = nd_arena_strdup(l->a, u && u->program.title ? u->program.title : "");
        put(l, "tool", nd_arena_printf(l->a, "%-44s %s", name, title),
            (struct member[]){{"name", name}, {"text", title}}, 2);
        nd_unit_free(u);
    }
}

static int list_tools(struct nd_list_out *l, const struct nd_compile_opts *o, const char *glob)
{
    const char *stdlib = nd_library_dir(l->a, o->stdlib);
    struct names groups = {0};
    uint32_t i;

    glob = nd_glob_is(glob) ? glob : nd_arena_printf(l->a, "*%s*", glob);
    names_in(l, stdlib, "", &groups);
    for (i = 0; i < groups.n; i++) {
        if (strcmp(groups.v[i], "lib") != 0)
            list_group(l, nd_arena_printf(l->a, "%s/%s", stdlib, groups.v[i]), groups.v[i], glob);
    }
    list_group(l, nd_arena_printf(l->a, "%s/../scripts", stdlib), NULL, glob);
    return 0;
}

// ---- stages ------------------------------------------------------------------------------------

static const char *fields_of(struct nd_check *c, const struct nd_decl *d)
{
    const char *text = "";
    struct nd_trial trial;
    uint32_t i;

    nd_trial_begin(c->d, &trial); // its types may be those of a module that is not loaded
    for (i = 0; i < d->fields.n; i++)
        text = nd_arena_printf(c->a, "%s%s%s: %s", text, i ? ", " : "", d->fields.v[i].name,
                               nd_type_text(c->t, nd_type_resolve(c->t, d->fields.v[i].texpr)));
    nd_trial_end(c->d, &trial);
    return text;
}

static void list_stage(struct nd_list_out *l, struct nd_check *c, struct nd_decl *d)
{
    struct nd_tries_failed failed = {0};
    int via = nd_stage_try(c, d, &failed);
    const char *by = via < 0 ? "" : nd_stage_spec(c->p, &d->tries.v[via]),
               *fields = fields_of(c, d);
    const char *text = nd_arena_printf(c->a, "%-20s %s\n%s%s\n    %s %s", d->name, d->help,
                                       *fields ? "    sets " : "", fields,
                                       via < 0 ? "not on this kernel" : "by", by);
    uint32_t i;

    for (i = 0; i < failed.n; i++)
        text = nd_arena_printf(c->a, "%s\n    not %s: %s", text, failed.v[i].spec, failed.v[i].why);
    put(l, "stage", text,
        (struct member[]){{"name", d->name}, {"text", d->help}, {"sets", fields}, {"by", by}}, 4);
}

static int list_stages(struct nd_list_out *l, const struct nd_compile_opts *o, const char *glob)
{
    struct nd_compile_opts own = *o;
    struct nd_unit *u;
    uint32_t i;

    own.file = NULL;
    own.text = "use stages";
    u = nd_unit_new(&own);
    if (!u)
        return 1;
    glob = nd_glob_is(glob) ? glob : nd_arena_printf(u->arena, "*%s*", glob);
    nd_compile(u, "declare");
    for (i = 0; i < u->program.decls.n; i++) {
        struct nd_decl *d = u->program.decls.v[i];

        if (d->kind == ND_D_STAGE && nd_glob_match(glob, d->name))
            list_stage(l, u->check, d);
    }
    nd_diags_text(&u->diags, &u->sources, stderr, false);
    nd_unit_free(u);
    return 0;
}

int nd_list(const struct nd_compile_opts *o, const struct nd_list_opts *lo, const char *what,
            const char *glob, FILE *out)
{
    struct nd_kernel_opts ko = {
        .facts = o->facts, .pid = o->pid, .btf_file = o->btf, .tracefs = o->tracefs};
    struct nd_list_out l = {.out = out, .o = lo, .process = o->pid};
    int ret;

    l.a = nd_arena_new();
    if (!l.a) {
        fputs("ndtrace-compile: out of memory\n", stderr);
        return 1;
    }
    l.k = nd_kernel_new(l.a, &ko);
    l.diags.arena = l.types.arena = l.a;
    l.types.diags = &l.diags;
    l.types.kernel = l.k;
    if (!strcmp(what, "probes"))
        ret = nd_list_probes(&l, glob);
    else if (!strcmp(what, "builtins"))
        ret = list_builtins(&l, glob);
    else if (!strcmp(what, "errors"))
        ret = list_errors(&l, glob);
    else if (!strcmp(what, "keywords"))
        ret = list_keywords(&l, glob);
    else if (!strcmp(what, "stages"))
        ret = list_stages(&l, o, glob);
    else if (!strcmp(what, "tools"))
        ret = list_tools(&l, o, glob);
    else // ndtrace list 'tracepoint:net:*'
        ret = nd_list_probes(&l, what);
    if (fflush(out)) {
        ret = errno == EPIPE ? 0 : 1;
        if (ret)
            fprintf(stderr, "ndtrace-compile: writing: %s\n", strerror(errno));
    }
    nd_kernel_free(l.k);
    nd_arena_free(l.a);
    return ret;
}
