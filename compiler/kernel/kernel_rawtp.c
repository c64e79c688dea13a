// SPDX-License-Identifier: GPL-2.0-or-later
// Raw tracepoints: which there are, and their arguments. BTF has a type for each event since Linux
// 5.5; names of the arguments are in functions. Must not know the language. Serves the checker.
#include "compiler/kernel/kernel_impl.h"

#include "runtime/common/kallsyms.h"

#include <errno.h>
#include <string.h>

#define TRACE_TYPEDEF "btf_trace_"
#define OBJECT "__tracepoint_" // the data of an event, in kallsyms
#define CALLER "__traceiter_"

// Functions that take a pointer of their own and the arguments: of an event (calls its probes,
// Linux 5.10; what fprobe attaches to, 6.6), of a class of events.
static const char *const by_event[] = {CALLER, "__probestub_"};
static const char *const by_class[] = {"__bpf_trace_", "trace_event_raw_event_", "perf_trace_"};

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))

bool nd_tp_has_raw(const char *category)
{
    static const char *const without[] = {"syscalls",  "ftrace",  "kprobes", "uprobes",
                                          "synthetic", "fprobes", "eprobes"};
    size_t i;

    for (i = 0; i < COUNT(without); i++) {
        if (!strcmp(category, without[i]))
            return false;
    }
    return true;
}

// ---- which there are ---------------------------------------------------------------------------

struct home {
    const char *category;
};

static int note_home(void *arg, const char *category, const char *event)
{
    struct home *h = arg;

    (void)event;
    if (!nd_tp_has_raw(category))
        return 0;
    h->category = category;
    return 1;
}

enum there { NO, YES, UNKNOWN };

// Asked of the trace events, then of the symbols, for some events are not among those.
static enum there exists(struct nd_kernel *k, const char *event)
{
    struct home h = {0};
    struct nd_kallsym s;
    int err;

    if (strchr(event, '/'))
        return NO;
    err = nd_kernel_each_tracepoint(k, "*", event, note_home, &h, NULL);
    if (h.category || nd_kernel_find_symbol(k, nd_arena_printf(k->a, OBJECT "%s", event), &s) ||
        nd_kernel_find_symbol(k, nd_arena_printf(k->a, CALLER "%s", event), &s))
        return YES;
    return err == -ENODATA ? UNKNOWN : NO;
}

// The module of an event; "" for vmlinux, and where nothing says so.
static const char *module_of(struct nd_kernel *k, const char *event)
{
    const char *module = nd_kernel_module_of(k, nd_arena_printf(k->a, CALLER "%s", event));

    return *module ? module : nd_kernel_module_of(k, nd_arena_printf(k->a, OBJECT "%s", event));
}

// The typedef of an event, 0 if BTF has none.
static uint32_t typedef_of(struct nd_kernel *k, const char *event)
{
    const char *name = nd_arena_printf(k->a, TRACE_TYPEDEF "%s", event);
    uint32_t id;

    if (k->no_btf_trace)
        return 0;
    id = nd_btf_find(k->btf, ND_BTF_TYPEDEF, name);
    if (id)
        return id;
    return nd_kernel_add_module(k, module_of(k, event)) ? nd_btf_find(k->btf, ND_BTF_TYPEDEF, name)
                                                        : 0;
}

// Are its types those of a module that has no BTF?
static bool types_missing(struct nd_kernel *k, const char *event)
{
    const char *module = module_of(k, event);

    return *module && !nd_kernel_module_btf(k, module);
}

// ---- arguments ---------------------------------------------------------------------------------

static bool proto_of(struct nd_kernel *k, uint32_t func, struct nd_btf_type *proto)
{
    struct nd_btf_type t;

    return func && nd_btf_get(k->btf, func, &t) && t.kind == ND_BTF_FUNC &&
           nd_btf_get(k->btf, t.type, proto) && proto->kind == ND_BTF_FUNC_PROTO && proto->vlen;
}

static bool func_proto(struct nd_kernel *k, const char *prefix, const char *name,
                       struct nd_btf_type *proto)
{
    const char *func = nd_arena_printf(k->a, "%s%s", prefix, name);

    return proto_of(k, nd_btf_find(k->btf, ND_BTF_FUNC, func), proto);
}

// Do both take the same arguments, the first one aside? names: by the same names as well.
static bool same_params(struct nd_kernel *k, const struct nd_btf_type *a,
                        const struct nd_btf_type *b, bool names)
{
    struct nd_btf_param p, q;
    uint32_t i;

    if (a->vlen != b->vlen)
        return false;
    for (i = 1; i < a->vlen; i++) {
        if (!nd_btf_param(k->btf, a->id, i, &p) || !nd_btf_param(k->btf, b->id, i, &q) ||
            p.type != q.type || (names && strcmp(p.name, q.name) != 0))
            return false;
    }
    return true;
}

// The prototype of a class of events, whichever function BTF has of it.
static bool class_proto(struct nd_kernel *k, const char *class, const struct nd_btf_type *typed,
                        struct nd_btf_type *out)
{
    size_t i;

    for (i = 0; i < COUNT(by_class); i++) {
        if (func_proto(k, by_class[i], class, out) && (!typed || same_params(k, typed, out, false)))
            return true;
    }
    return false;
}

// The prototype of the class whose records have the fields of this event: of several, they must all
// take the same arguments. typed: which they are, NULL if that is not known.
static bool proto_by_record(struct nd_kernel *k, const char *event, const struct nd_btf_type *typed,
                            struct nd_btf_type *out)
{
    const struct nd_tp_format *f = NULL;
    struct nd_btf_type t, proto;
    struct home h = {0};
    bool found = false;
    uint32_t id;

    nd_kernel_each_tracepoint(k, "*", event, note_home, &h, NULL);
    if (!h.category || nd_kernel_tracepoint(k, h.category, event, &f, NULL))
        return false;
    for (id = 1; id < nd_btf_count(k->btf); id++) {
        const char *class;

        if (!nd_btf_get(k->btf, id, &t) || t.kind != ND_BTF_STRUCT ||
            !(class = nd_tp_class(t.name)) || !nd_tp_is_record(k->btf, id, f) ||
            !class_proto(k, class, typed, &proto))
            continue;
        if (found && !same_params(k, out, &proto, true))
            return false;
        found = true;
        *out = proto;
    }
    return found;
}

static bool proto_with_names(struct nd_kernel *k, const char *event,
                             const struct nd_btf_type *typed, struct nd_btf_type *out)
{
    size_t i;

    for (i = 0; i < COUNT(by_event) && !k->no_btf_names; i++) {
        if (func_proto(k, by_event[i], event, out) && (!typed || typed->vlen == out->vlen))
            return true;
    }
    // Most events are a class of their own.
    return class_proto(k, event, typed, out) || proto_by_record(k, event, typed, out);
}

static bool typed_proto(struct nd_kernel *k, uint32_t id, struct nd_btf_type *t)
{
    return nd_btf_get(k->btf, id, t) && nd_btf_resolve(k->btf, t->type, t) &&
           t->kind == ND_BTF_PTR && nd_btf_resolve(k->btf, t->type, t) &&
           t->kind == ND_BTF_FUNC_PROTO && t->vlen;
}

// Names are worth having only where there are arguments.
static void name_params(struct nd_kernel *k, const char *event, const struct nd_btf_type *typed,
                        struct nd_func_sig *sig)
{
    struct nd_btf_type proto;
    struct nd_btf_param p;
    uint32_t i;

    if (!sig->nparams || !proto_with_names(k, event, typed, &proto))
        return;
    for (i = 0; i < sig->nparams; i++) {
        if (nd_btf_param(k->btf, proto.id, i + 1, &p) && *p.name)
            sig->params[i].name = p.name;
    }
}

int nd_kernel_raw_tracepoint(struct nd_kernel *k, const char *event, const struct nd_func_sig **out)
{
    struct nd_func_sig *sig;
    struct nd_btf_type t;
    uint32_t id;
    int err;

    *out = NULL;
    if (!nd_kernel_btf(k, NULL))
        return exists(k, event) == NO ? -ENOENT : -ENODATA;
    id = typedef_of(k, event);
    if (!id && exists(k, event) == NO)
        return -ENOENT;
    if (!id && types_missing(k, event))
        return -ENODATA;
    if (id ? !typed_proto(k, id, &t) : !proto_with_names(k, event, NULL, &t))
        return -ENODATA;
    sig = ND_NEW(k->a, struct nd_func_sig);
    sig->name = nd_arena_strdup(k->a, event);
    sig->module = nd_kernel_module_of_id(k, t.id);
    sig->btf_id = *sig->module ? 0 : id; // that of a module is served raw: no id to attach by
    err = nd_kernel_fill_sig(k, &t, 1, sig);
    if (err)
        return err;
    if (id)
        name_params(k, event, &t, sig);
    *out = sig;
    return 0;
}

// ---- patterns ----------------------------------------------------------------------------------

struct names {
    struct nd_kernel *k;
    struct nd_strings v;
};

static int note_event(void *arg, const char *category, const char *event)
{
    struct names *n = arg;

    if (nd_tp_has_raw(category))
        *ND_PUSH(n->k->a, &n->v) = event;
    return 0;
}

static void names_in_btf(struct names *n, const char *glob)
{
    struct nd_kernel *k = n->k;
    const char *event;
    struct nd_btf_type t;
    uint32_t id;

    for (id = 1; k->btf && !k->no_btf_trace && id < nd_btf_count(k->btf); id++) {
        if (!nd_btf_get(k->btf, id, &t) || t.kind != ND_BTF_TYPEDEF ||
            strncmp(t.name, TRACE_TYPEDEF, strlen(TRACE_TYPEDEF)) != 0)
            continue;
        event = t.name + strlen(TRACE_TYPEDEF);
        if (nd_glob_match(glob, event))
            *ND_PUSH(k->a, &n->v) = event;
    }
}

int nd_kernel_each_raw_tracepoint(struct nd_kernel *k, const char *glob,
                                  int (*fn)(void *arg, const char *event), void *arg)
{
    struct names n = {.k = k};
    uint32_t i;
    int err = 0;

    if (nd_kernel_btf(k, NULL) && !nd_glob_is(glob) && typedef_of(k, glob))
        return fn(arg, glob);
    names_in_btf(&n, glob);
    if (!n.v.n && nd_kernel_each_tracepoint(k, "*", glob, note_event, &n, NULL) == -ENODATA &&
        !k->btf)
        return -ENODATA;
    nd_strings_sort(&n.v);
    for (i = 0; i < n.v.n && !err; i++)
        err = fn(arg, n.v.v[i]);
    return err;
}
