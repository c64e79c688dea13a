// SPDX-License-Identifier: GPL-2.0-or-later
// Lists by name: probes of this kernel with their arguments, built-ins, error codes, tools.
#include "compiler/list.h"

#include "compiler/library.h"
#include "compiler/net/net.h"

#include "compiler/kernel/btf.h"
#include "compiler/lang/builtins.h"
#include "runtime/common/printable.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct list {
    struct nd_kernel *k;
    struct nd_arena *a;
    struct nd_types types;
    struct nd_diags diags;
    FILE *out;
    const char *path;
    bool args; // with argument types: when few are asked for
    uint32_t n;
};

static void print_sig(struct list *l, const struct nd_func_sig *s)
{
    uint32_t i;

    fputc('(', l->out);
    for (i = 0; i < s->nparams; i++)
        fprintf(l->out, "%s%s: %s", i ? ", " : "", s->params[i].name,
                nd_type_text(&l->types, nd_type_btf(&l->types, s->params[i].type)));
    fputc(')', l->out);
}

static int list_event(void *arg, const char *category, const char *event)
{
    struct list *l = arg;
    const struct nd_tp_format *f;
    const char *why;
    uint32_t i;

    fprintf(l->out, "tracepoint:%s:%s", category, event);
    if (l->args && !nd_kernel_tracepoint(l->k, category, event, &f, &why)) {
        fputc('(', l->out);
        for (i = 0; i < f->nfields; i++)
            fprintf(l->out, "%s%s: %s", i ? ", " : "", f->fields[i].name, f->fields[i].type);
        fputc(')', l->out);
    }
    fputc('\n', l->out);
    l->n++;
    return 0;
}

static int list_raw(void *arg, const char *event)
{
    struct list *l = arg;
    const struct nd_func_sig *s;

    fprintf(l->out, "rawtracepoint:%s", event);
    if (l->args && !nd_kernel_raw_tracepoint(l->k, event, &s))
        print_sig(l, s);
    fputc('\n', l->out);
    l->n++;
    return 0;
}

static int list_func(void *arg, const char *module, const char *func)
{
    struct list *l = arg;
    const struct nd_func_sig *s;

    fprintf(l->out, "kprobe:%s%s%s", module, *module ? ":" : "", func);
    if (l->args && !nd_kernel_func(l->k, module, func, &s))
        print_sig(l, s);
    fputc('\n', l->out);
    l->n++;
    return 0;
}

static int list_usym(void *arg, const struct nd_usym *sym)
{
    struct list *l = arg;

    const char *quote = strpbrk(sym->name, ":,( ") ? "\"" : ""; // as a script has to write it

    fprintf(l->out, "uprobe:%s:%s", l->path, quote);
    nd_printable_write(sym->name, l->out);
    fprintf(l->out, "%s\n", quote);
    l->n++;
    return 0;
}

static int list_usdt(void *arg, const struct nd_usdt *u)
{
    struct list *l = arg;

    fprintf(l->out, "usdt:%s:", l->path);
    nd_printable_write(u->provider, l->out);
    fputc(':', l->out);
    nd_printable_write(u->name, l->out);
    fprintf(l->out, "   (%u arguments)\n", u->nargs);
    l->n++;
    return 0;
}

static void list_iters(struct list *l, const char *glob)
{
    static const char prefix[] = "bpf_iter_";
    struct nd_btf *btf = nd_kernel_btf(l->k, NULL);
    const struct nd_func_sig *s;
    struct nd_btf_type t;

    for (uint32_t id = 1; btf && id < nd_btf_count(btf); id++) {
        if (!nd_btf_get(btf, id, &t) || t.kind != ND_BTF_FUNC ||
            strncmp(t.name, prefix, strlen(prefix)) != 0 ||
            !nd_glob_match(glob, t.name + strlen(prefix)) || nd_kernel_func(l->k, "", t.name, &s) ||
            !s->nparams || strcmp(s->params[0].name, "meta") != 0)
            continue;
        fprintf(l->out, "iter:%s", t.name + strlen(prefix));
        print_sig(l, s);
        fputc('\n', l->out);
        l->n++;
    }
}

static char *part(char **s)
{
    char *p = *s, *colon = p ? strchr(p, ':') : NULL;

    if (colon)
        *colon++ = 0;
    *s = colon;
    return p;
}

static bool kind_is(const char *glob, const char *name)
{
    return nd_glob_match(glob, name) || !strcmp(glob, "*");
}

static int list_probes(struct list *l, const char *glob)
{
    char *copy = nd_arena_strdup(l->a, glob), *rest = copy, *kind = part(&rest), *a, *b;
    const char *why = NULL;
    bool all = !rest && !strcmp(kind, "*");

    if (!rest && !all) { // a bare word: in any kind
        rest = nd_arena_printf(l->a, "%s%s%s", nd_glob_is(kind) ? "" : "*", kind,
                               nd_glob_is(kind) ? "" : "*");
        kind = (char *)(uintptr_t) "*";
    }
    a = part(&rest);
    b = rest;
    l->args = a && !all && !(b && !strcmp(b, "*") && !strcmp(a, "*"));
    if (b && *b == '"') {
        b++;
        b[strcspn(b, "\"")] = 0;
    }
    if (a && (kind_is("uprobe", kind) || !strcmp(kind, "usdt") || !strcmp(kind, "uretprobe"))) {
        l->path = nd_kernel_exec_path(l->k, a);
        if (!l->path) {
            fprintf(stderr, "ndtrace: there is no executable or library '%s'\n", a);
            return 2;
        }
        if (!strcmp(kind, "usdt"))
            nd_kernel_each_usdt(l->k, l->path, "*", b && strcmp(b, "*") ? b : "*", list_usdt, l,
                                &why);
        else
            nd_kernel_each_usym(l->k, l->path, b ? b : "*", list_usym, l, &why);
        return 0;
    }
    if (kind_is(kind, "tracepoint")) {
        if (nd_kernel_each_tracepoint(l->k, b ? a : "*",
                                      b   ? b
                                      : a ? a
                                          : "*",
                                      list_event, l, &why) &&
            why)
            fprintf(stderr, "ndtrace: tracepoints: %s\n", why);
    }
    if (kind_is(kind, "rawtracepoint") && !b)
        nd_kernel_each_raw_tracepoint(l->k, a ? a : "*", list_raw, l);
    if (kind_is(kind, "iter") && !all && !b)
        list_iters(l, a ? a : "*");
    if (kind_is(kind, "kprobe") && !all && !b)
        nd_kernel_each_func(l->k, a ? a : "*", list_func, l);
    return 0;
}

static int list_builtins(struct list *l, const char *glob)
{
    const struct nd_builtin *b;
    uint32_t i;

    for (i = 0; (b = nd_builtin_at(i)); i++) {
        if (b->id == ND_B_REFUSED || !nd_glob_match(glob, b->name))
            continue;
        fprintf(l->out, "%-28s %-12s %s\n", b->usage,
                b->worlds == (ND_KERNEL | ND_USER) ? "both"
                : b->worlds == ND_KERNEL           ? "kernel"
                                                   : "user",
                b->help);
    }
    return 0;
}

static int list_errors(struct list *l, const char *glob)
{
    static const enum nd_diag_code codes[] = {
#define ROW(code, title) ND_##code,
        ND_DIAG_CODES(ROW)
#undef ROW
    };
    size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (nd_glob_match(glob, nd_diag_code_name(codes[i])))
            fprintf(l->out, "%s %s\n", nd_diag_code_name(codes[i]), nd_diag_code_title(codes[i]));
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
static void names_in(struct list *l, const char *dir, const char *suffix, struct names *names)
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
static void list_group(struct list *l, const char *dir, const char *group, const char *glob)
{
    struct names names = {0};
    uint32_t i;

    names_in(l, dir, ".nd", &names);
    for (i = 0; i < names.n; i++) {
        struct nd_compile_opts o = {.file = nd_arena_printf(l->a, "%s/%s", dir, names.v[i]),
                                    .no_modules = true};
        char *name = nd_arena_strdup(l->a, names.v[i]);
        struct nd_unit *u;

        name[strlen(name) - 3] = 0;
        if (group)
            name = nd_arena_printf(l->a, "%s/%s", group, name);
        if (!nd_glob_match(glob, name))
            continue;
        u = nd_unit_new(&o);
        fprintf(l->out, "%-44s %s\n", name, u && u->program.title ? u->program.title : "");
        nd_unit_free(u);
    }
}

static int list_tools(struct list *l, const struct nd_compile_opts *o, const char *glob)
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

static void list_stage(struct nd_check *c, struct nd_decl *d, FILE *out)
{
    struct nd_tries_failed failed = {0};
    int via = nd_stage_try(c, d, &failed);
    struct nd_trial trial;
    uint32_t i;

    fprintf(out, "%-20s %s\n", d->name, d->help);
    nd_trial_begin(c->d, &trial); // its types may be those of a module that is not loaded
    for (i = 0; i < d->fields.n; i++)
        fprintf(out, "%s%s: %s", i ? ", " : "    sets ", d->fields.v[i].name,
                nd_type_text(c->t, nd_type_resolve(c->t, d->fields.v[i].texpr)));
    nd_trial_end(c->d, &trial);
    fprintf(out, "\n    %s %s\n", via < 0 ? "not on this kernel" : "by",
            via < 0 ? "" : nd_stage_spec(c->p, &d->tries.v[via]));
    for (i = 0; i < failed.n; i++)
        fprintf(out, "    not %s: %s\n", failed.v[i].spec, failed.v[i].why);
}

static int list_stages(const struct nd_compile_opts *o, const char *glob, FILE *out)
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
            list_stage(u->check, d, out);
    }
    nd_diags_text(&u->diags, &u->sources, stderr, false);
    nd_unit_free(u);
    return 0;
}

int nd_list(const struct nd_compile_opts *o, const char *what, const char *glob, FILE *out)
{
    struct nd_kernel_opts ko = {
        .facts = o->facts, .pid = o->pid, .btf_file = o->btf, .tracefs = o->tracefs};
    struct list l = {.out = out};
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
        ret = list_probes(&l, glob);
    else if (!strcmp(what, "builtins"))
        ret = list_builtins(&l, glob);
    else if (!strcmp(what, "errors"))
        ret = list_errors(&l, glob);
    else if (!strcmp(what, "stages"))
        ret = list_stages(o, glob, out);
    else if (!strcmp(what, "tools"))
        ret = list_tools(&l, o, glob);
    else // ndtrace list 'tracepoint:net:*'
        ret = list_probes(&l, what);
    if (fflush(out)) {
        ret = errno == EPIPE ? 0 : 1;
        if (ret)
            fprintf(stderr, "ndtrace-compile: writing: %s\n", strerror(errno));
    }
    nd_kernel_free(l.k);
    nd_arena_free(l.a);
    return ret;
}
