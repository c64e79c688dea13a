// SPDX-License-Identifier: GPL-2.0-or-later
// The probes of this kernel and of programs, with their arguments if few or asked for. Must not
// know what a script does with them. Serves list.c.
#include "compiler/list_impl.h"

#include "compiler/kernel/btf.h"
#include "runtime/common/buf.h"
#include "runtime/common/json.h"
#include "runtime/common/printable.h"

#include <stdlib.h>
#include <string.h>

struct arg {
    const char *name, *type;
};

struct probes {
    struct nd_list_out *to;
    const char *prefix; // kind as scripts write it
    const char *path;   // of a file
    bool few;           // with arguments, although nobody asked
    ND_VEC(struct arg) args;
    ND_VEC(const char *) typed; // see read_typed
};

static void add_arg(struct probes *l, const char *name, const char *type)
{
    *ND_PUSH(l->to->a, &l->args) = (struct arg){name, type};
}

static void put_json(const struct probes *l, const char *spec)
{
    struct nd_buf b = {0};
    uint32_t i;

    nd_buf_puts(&b, "{\"type\":\"probe\",\"probe\":");
    nd_json_string(spec, strlen(spec), &b);
    nd_buf_puts(&b, ",\"args\":[");
    for (i = 0; i < l->args.n; i++) {
        nd_buf_puts(&b, i ? ",{\"name\":" : "{\"name\":");
        nd_json_string(l->args.v[i].name, strlen(l->args.v[i].name), &b);
        nd_buf_puts(&b, ",\"type\":");
        nd_json_string(l->args.v[i].type, strlen(l->args.v[i].type), &b);
        nd_buf_puts(&b, "}");
    }
    nd_buf_puts(&b, "]}\n");
    fwrite(b.v, 1, b.n, l->to->out);
    free(b.v);
}

// One probe, and its arguments: on lines of their own if they were asked for.
static void put(struct probes *l, const char *spec)
{
    FILE *out = l->to->out;
    uint32_t i;

    if (l->to->o->json) {
        put_json(l, spec);
    } else {
        nd_printable_write(spec, out);
        if (!l->to->o->verbose && l->few && l->args.n) {
            for (i = 0; i < l->args.n; i++)
                fprintf(out, "%s%s: %s", i ? ", " : "(", l->args.v[i].name, l->args.v[i].type);
            fputc(')', out);
        }
        fputc('\n', out);
        for (i = 0; l->to->o->verbose && i < l->args.n; i++)
            fprintf(out, "    %s %s\n", l->args.v[i].type, l->args.v[i].name);
    }
    l->args.n = 0;
}

static bool wants_args(const struct probes *l)
{
    return l->few || l->to->o->verbose || l->to->o->json;
}

static const char *type_text(struct probes *l, uint32_t btf_id)
{
    return nd_type_text(&l->to->types, nd_type_btf(&l->to->types, btf_id));
}

static void add_params(struct probes *l, const struct nd_func_sig *s, bool result)
{
    uint32_t i;

    for (i = 0; i < s->nparams; i++)
        add_arg(l, s->params[i].name, type_text(l, s->params[i].type));
    if (result && s->ret)
        add_arg(l, "retval", type_text(l, s->ret));
}

static int one_event(void *arg, const char *category, const char *event)
{
    struct probes *l = arg;
    const struct nd_tp_format *f;
    const char *why;
    uint32_t i;

    if (wants_args(l) && !nd_kernel_tracepoint(l->to->k, category, event, &f, &why)) {
        for (i = 0; i < f->nfields; i++)
            add_arg(l, f->fields[i].name, f->fields[i].type);
    }
    put(l, nd_arena_printf(l->to->a, "tracepoint:%s:%s", category, event));
    return 0;
}

static void list_events(struct probes *l, const char *a, const char *b)
{
    const char *why = NULL;

    if (nd_kernel_each_tracepoint(l->to->k, b ? a : "*", b ? b : a, one_event, l, &why) && why)
        fprintf(stderr, "ndtrace: tracepoints: %s\n", why);
}

static int one_raw(void *arg, const char *event)
{
    struct probes *l = arg;
    const struct nd_func_sig *s;

    if (wants_args(l) && !nd_kernel_raw_tracepoint(l->to->k, event, &s))
        add_params(l, s, false);
    put(l, nd_arena_printf(l->to->a, "rawtracepoint:%s", event));
    return 0;
}

static void list_raws(struct probes *l, const char *a, const char *b)
{
    nd_kernel_each_raw_tracepoint(l->to->k, b ? b : a, one_raw, l);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// The functions that the kernel's BTF describes, sorted: 50,000 of them are asked for one by one.
static void read_typed(struct probes *l)
{
    struct nd_btf *btf = nd_kernel_btf(l->to->k, NULL);
    struct nd_btf_type t;
    uint32_t id;

    for (id = 1; btf && id < nd_btf_count(btf); id++) {
        if (nd_btf_get(btf, id, &t) && t.kind == ND_BTF_FUNC)
            *ND_PUSH(l->to->a, &l->typed) = t.name;
    }
    if (l->typed.n)
        qsort(l->typed.v, l->typed.n, sizeof(*l->typed.v), by_name);
}

static bool is_typed(struct probes *l, const char *module, const char *func)
{
    const struct nd_func_sig *s;

    if (*module)
        return !nd_kernel_func(l->to->k, module, func, &s);
    return l->typed.n &&
           bsearch(&func, l->typed.v, l->typed.n, sizeof(*l->typed.v), by_name) != NULL;
}

static int one_func(void *arg, const char *module, const char *func)
{
    struct probes *l = arg;
    bool typed = l->prefix[0] == 'f', result = !strcmp(l->prefix, "fexit");
    const struct nd_func_sig *s = NULL;

    if (typed && !is_typed(l, module, func))
        return 0;
    if (wants_args(l) && !nd_kernel_func(l->to->k, module, func, &s))
        add_params(l, s, result);
    put(l, nd_arena_printf(l->to->a, "%s:%s%s%s", l->prefix, module, *module ? ":" : "", func));
    return 0;
}

struct in_module {
    struct probes *l;
    const char *module;
};

static int in_module(void *arg, const char *module, const char *func)
{
    const struct in_module *in = arg;
    const char *of = *module ? module : "vmlinux";

    return nd_glob_match(in->module, of) ? one_func(in->l, module, func) : 0;
}

static void list_funcs(struct probes *l, const char *a, const char *b)
{
    struct in_module in = {l, a};

    if (l->prefix[0] == 'f' && !l->typed.n)
        read_typed(l);
    if (b)
        nd_kernel_each_func(l->to->k, b, in_module, &in);
    else
        nd_kernel_each_func(l->to->k, a, one_func, l);
}

static void list_iters(struct probes *l, const char *a, const char *b)
{
    static const char prefix[] = "bpf_iter_";
    struct nd_btf *btf = nd_kernel_btf(l->to->k, NULL);
    const struct nd_func_sig *s;
    struct nd_btf_type t;
    uint32_t id;

    (void)b;
    for (id = 1; btf && id < nd_btf_count(btf); id++) {
        if (!nd_btf_get(btf, id, &t) || t.kind != ND_BTF_FUNC ||
            strncmp(t.name, prefix, strlen(prefix)) != 0 ||
            !nd_glob_match(a, t.name + strlen(prefix)) ||
            nd_kernel_func(l->to->k, "", t.name, &s) || !s->nparams ||
            strcmp(s->params[0].name, "meta") != 0)
            continue;
        add_params(l, s, false);
        put(l, nd_arena_printf(l->to->a, "iter:%s", t.name + strlen(prefix)));
    }
}

static void list_counters(struct probes *l, const char *a, const char *b)
{
    const char *name;
    uint32_t i;

    (void)b;
    for (i = 0; (name = nd_probes_counter(!strcmp(l->prefix, "software"), i)); i++) {
        if (nd_glob_match(a, name))
            put(l, nd_arena_printf(l->to->a, "%s:%s:", l->prefix, name));
    }
}

static void list_units(struct probes *l, const char *a, const char *b)
{
    static const char *const units[] = {"hz", "us", "ms", "s"};
    uint32_t i;

    (void)b;
    for (i = 0; i < 4; i++) {
        if (nd_glob_match(a, units[i]))
            put(l, nd_arena_printf(l->to->a, "%s:%s:", l->prefix, units[i]));
    }
}

static void list_plain(struct probes *l, const char *a, const char *b)
{
    (void)a, (void)b;
    put(l, l->prefix);
}

// ---- programs and libraries --------------------------------------------------------------------

static int one_symbol(void *arg, const struct nd_usym *sym)
{
    struct probes *l = arg;
    const char *quote = strpbrk(sym->name, ":,( ") ? "\"" : ""; // as a script has to write it

    put(l, nd_arena_printf(l->to->a, "%s:%s:%s%s%s", l->prefix, l->path, quote, sym->name, quote));
    return 0;
}

static int one_usdt(void *arg, const struct nd_usdt *u)
{
    struct probes *l = arg;
    uint32_t i;

    for (i = 0; i < u->nargs && wants_args(l); i++)
        add_arg(l, nd_arena_printf(l->to->a, "arg%u", i), "u64");
    put(l, nd_arena_printf(l->to->a, "usdt:%s:%s:%s", l->path, u->provider, u->name));
    return 0;
}

static void in_file(struct probes *l, const char *b)
{
    const char *why = NULL, *colon;

    if (strcmp(l->prefix, "usdt") != 0) {
        nd_kernel_each_usym(l->to->k, l->path, b ? b : "*", one_symbol, l, &why);
        return;
    }
    b = b ? b : "*";
    colon = strchr(b, ':');
    nd_kernel_each_usdt(l->to->k, l->path,
                        colon && colon > b ? nd_arena_strndup(l->to->a, b, (size_t)(colon - b))
                                           : "*",
                        colon ? colon + 1 : b, one_usdt, l, &why);
}

// ---- kinds -------------------------------------------------------------------------------------

static const struct kind {
    const char *name;
    void (*list)(struct probes *l, const char *a, const char *b);
    bool many; // not among what is listed if nothing is asked for
} kinds[] = {
    {"BEGIN", list_plain, true},        {"END", list_plain, true},
    {"tracepoint", list_events, false}, {"rawtracepoint", list_raws, false},
    {"software", list_counters, true},  {"hardware", list_counters, true},
    {"interval", list_units, true},     {"profile", list_units, true},
    {"iter", list_iters, true},         {"kprobe", list_funcs, true},
    {"kretprobe", list_funcs, true},    {"fentry", list_funcs, true},
    {"fexit", list_funcs, true},
};

static const char *const file_kinds[] = {"uprobe", "uretprobe", "usdt"};

static bool is_file_kind(const char *kind)
{
    uint32_t i;

    for (i = 0; i < 3; i++) {
        if (!strcmp(kind, file_kinds[i]))
            return true;
    }
    return false;
}

struct in_files {
    struct probes *l;
    const char *kind, *what;
    uint32_t n;
};

static void one_file(void *arg, const char *path)
{
    struct in_files *f = arg;
    uint32_t i;

    f->n++;
    f->l->path = path;
    for (i = 0; i < 3; i++) {
        f->l->prefix = file_kinds[i];
        if (nd_glob_match(f->kind, f->l->prefix))
            in_file(f->l, f->what);
    }
}

// Of one file, those that match, or all that the process has mapped; false: there are none.
static bool in_files(struct probes *l, const char *kind, const char *file, char *what)
{
    struct in_files f = {l, kind, what, 0};
    const char *path;

    if (what && *what == '"') {
        f.what = what + 1;
        what[1 + strcspn(what + 1, "\"")] = 0;
    }
    if (nd_glob_is(file))
        return nd_kernel_each_file(l->to->k, file, one_file, &f) && f.n;
    path = nd_kernel_exec_path(l->to->k, file);
    if (path)
        one_file(&f, path);
    return path;
}

// Names of before, and short ones.
static const char *kind_named(const char *kind)
{
    static const struct {
        const char *other, *name;
    } names[] = {{"t", "tracepoint"}, {"rt", "rawtracepoint"}, {"raw_tp", "rawtracepoint"},
                 {"k", "kprobe"},     {"kr", "kretprobe"},     {"f", "fentry"},
                 {"kfunc", "fentry"}, {"fr", "fexit"},         {"kretfunc", "fexit"},
                 {"u", "uprobe"},     {"ur", "uretprobe"},     {"U", "usdt"},
                 {"s", "software"},   {"h", "hardware"},       {"i", "interval"},
                 {"p", "profile"},    {"it", "iter"},          {"func", "fentry"},
                 {"funcret", "fexit"}};
    uint32_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!strcmp(kind, names[i].other))
            return names[i].name;
    }
    return kind;
}

static char *part(char **s)
{
    char *p = *s, *colon = p ? strchr(p, ':') : NULL;

    if (colon)
        *colon++ = 0;
    *s = colon;
    return p;
}

static void put_member(void *arg, const struct nd_field *f)
{
    struct nd_list_out *l = arg;

    fprintf(l->out, "    %s: %s", f->name, nd_type_text(&l->types, f->type));
    if (f->bits)
        fprintf(l->out, " : %u", f->bits);
    fputc('\n', l->out);
}

// "struct sk_buff": its members.
static int list_struct(struct nd_list_out *l, const char *text)
{
    bool is_union = !strncmp(text, "union ", 6);
    const char *name = strchr(text, ' ') + 1, *why = NULL;
    struct nd_type *t;

    t = nd_type_named_struct(&l->types, is_union ? ND_TAG_UNION : ND_TAG_STRUCT, name, &why);
    if (!t) {
        fprintf(stderr, "ndtrace: there is no %s on this kernel%s%s\n", text, why ? ": " : "",
                why ? why : "");
        return 2;
    }
    fprintf(l->out, "%s {\n", text);
    nd_type_each_field(&l->types, t, put_member, l);
    fprintf(l->out, "}\n");
    return 0;
}

int nd_list_probes(struct nd_list_out *to, const char *glob)
{
    struct probes l = {.to = to};
    char *copy = nd_arena_strdup(to->a, glob), *rest = copy, *a, *b;
    const char *kind;
    char star[] = "*";
    bool all;
    size_t i;

    if (!strncmp(glob, "struct ", 7) || !strncmp(glob, "union ", 6))
        return list_struct(to, glob);
    kind = part(&rest);
    all = !rest && !strcmp(kind, "*");
    if (!rest && !all) { // a bare word: in any kind
        rest = nd_arena_printf(to->a, "%s%s%s", nd_glob_is(kind) ? "" : "*", kind,
                               nd_glob_is(kind) ? "" : "*");
        kind = "*";
    }
    kind = kind_named(kind);
    a = part(&rest);
    if (a && !*a)
        a = star;
    if (is_file_kind(kind)) {
        if (a && in_files(&l, kind, a, rest))
            return 0;
        fprintf(stderr, "ndtrace: there is no executable or library '%s'%s\n", a ? a : "",
                a && nd_glob_is(a) ? "; -p PID looks in all that a process has mapped" : "");
        return 2;
    }
    b = rest;
    // Files as well, if one is named or the process is.
    if (a && nd_glob_is(kind) && (strchr(a, '/') || (to->process && nd_glob_is(a))))
        in_files(&l, kind, a, nd_arena_strdup(to->a, b ? b : "*"));
    l.few = a && !all && strcmp(a, "*") != 0;
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        l.prefix = kinds[i].name;
        if (nd_glob_match(kind, l.prefix) && !(all && kinds[i].many) &&
            (a || kinds[i].list != list_plain))
            kinds[i].list(&l, a ? a : "*", b);
    }
    return 0;
}
