// SPDX-License-Identifier: GPL-2.0-or-later
// args.NAME: arguments of functions and events by their names, with the types of BTF or of the
// format file. Must not know other names.
#include "compiler/check/check_impl.h"

#include <string.h>

// Fields that a trace event copies straight from its arguments, so that a raw tracepoint, which is
// cheaper, can serve the script. From include/trace/events/{net,skb}.h.
static const struct {
    const char *category, *event, *field, *path;
} raw_paths[] = {
    {"net", "net_dev_queue", "skbaddr", "skb"},
    {"net", "net_dev_queue", "len", "skb.len"},
    {"net", "net_dev_queue", "name", "skb.dev.name"},
    {"net", "netif_receive_skb", "skbaddr", "skb"},
    {"net", "netif_receive_skb", "len", "skb.len"},
    {"net", "netif_receive_skb", "name", "skb.dev.name"},
    {"net", "netif_rx", "skbaddr", "skb"},
    {"net", "netif_rx", "len", "skb.len"},
    {"net", "netif_rx", "name", "skb.dev.name"},
    {"net", "net_dev_start_xmit", "skbaddr", "skb"},
    {"net", "net_dev_start_xmit", "len", "skb.len"},
    {"net", "net_dev_start_xmit", "name", "dev.name"},
    {"net", "net_dev_start_xmit", "queue_mapping", "skb.queue_mapping"},
    {"net", "net_dev_xmit", "skbaddr", "skb"},
    {"net", "net_dev_xmit", "rc", "rc"},
    {"net", "net_dev_xmit", "name", "dev.name"},
    {"skb", "kfree_skb", "skbaddr", "skb"},
    {"skb", "kfree_skb", "location", "location"},
    {"skb", "kfree_skb", "reason", "reason"},
    {"skb", "consume_skb", "skbaddr", "skb"},
    {"sched", "sched_switch", "prev_pid", "prev.pid"},
    {"sched", "sched_switch", "next_pid", "next.pid"},
    {"raw_syscalls", "sys_enter", "id", "id"},
    {"raw_syscalls", "sys_exit", "ret", "ret"},
};

const char *nd_raw_path(const char *category, const char *event, const char *field)
{
    size_t i;

    for (i = 0; i < sizeof(raw_paths) / sizeof(raw_paths[0]); i++) {
        if (!strcmp(raw_paths[i].category, category) && !strcmp(raw_paths[i].event, event) &&
            !strcmp(raw_paths[i].field, field))
            return raw_paths[i].path;
    }
    return NULL;
}

static struct nd_type *no_arg(struct nd_check *c, struct nd_expr *e, const char *of,
                              struct nd_near *near, const char *list)
{
    struct nd_diag *d =
        nd_error(c->d, ND_E0204, e->name_span, "%s has no argument '%s'", of, e->name);

    if (near->n)
        nd_fix(c->d, d, near->best[0]);
    if (*list)
        nd_help(c->d, d, "it has: %s", list);
    return nd_ty(&nd_type_error);
}

// The words of the parameter, which a return probe's entry has to record; false after an error.
static bool note_words(struct nd_check *c, struct nd_expr *e, const struct nd_func_sig *s,
                       uint32_t i)
{
    struct nd_param_place at;
    uint32_t w;

    nd_type_param(c->t, s, i, &at);
    if (at.first + at.words > ND_FUNC_ARGS) {
        nd_error(c->d, ND_E0605, e->name_span, "'%s' is too far up the stack: %u words can be read",
                 e->name, ND_FUNC_ARGS);
        return false;
    }
    for (w = at.first; c->probe->retprobe && w < at.first + at.words; w++)
        c->probe->entry_args |= 1u << w;
    return true;
}

static struct nd_type *arg_of_sig(struct nd_check *c, struct nd_expr *e,
                                  const struct nd_func_sig *s)
{
    // Which pointers the verifier follows differs between kernels: where a portable program takes
    // them for typed there is another one that does not.
    bool typed = c->probe->type != ND_PROG_KPROBE && c->probe->type != ND_PROG_RAW_TP;
    enum nd_as as = (typed && !c->p->portable) || c->probe->typed ? ND_AS_BTF : ND_AS_KERNEL;
    struct nd_near near = {.name = e->name};
    const char *list = "";
    uint32_t i;

    for (i = 0; i < s->nparams; i++) {
        struct nd_type *t = nd_type_btf(c->t, s->params[i].type);

        if (strcmp(s->params[i].name, e->name)) {
            nd_near_try(&near, s->params[i].name);
            list = nd_arena_printf(c->a, "%s%s%s: %s", list, i ? ", " : "", s->params[i].name,
                                   nd_type_text(c->t, t));
            continue;
        }
        if (nd_probe_has_regs(c->probe) && !note_words(c, e, s, i))
            return nd_ty(&nd_type_error);
        e->field = ND_NEW(c->a, struct nd_field);
        e->field->name = e->name;
        e->field->type = t;
        e->field->off = i;
        if (t->kind == ND_T_PTR && as == ND_AS_BTF && nd_type_elem(c->t, t)->kind != ND_T_STRUCT)
            as = ND_AS_KERNEL;
        e->as =
            t->kind == ND_T_STRUCT || t->kind == ND_T_ARRAY ? (uint32_t)ND_AS_BPF : (uint32_t)as;
        return t->kind == ND_T_PTR ? nd_type_in(c->t, t, as) : t;
    }
    return no_arg(c, e, s->name, &near, list);
}

// The C types of trace event format files.
static struct nd_type *format_type(struct nd_check *c, const struct nd_tp_format *f,
                                   const struct nd_tp_field *fd)
{
    // Pointers that a system call was given are the program's.
    bool call = !strcmp(f->category, "syscalls");
    const char *type = fd->type;
    struct nd_type *t;

    if (fd->data_loc || fd->rel_loc) {
        if (!strstr(type, "char"))
            return nd_ty(&nd_type_error);
        // Device names of network events are kept in 16 bytes everywhere.
        if ((!strcmp(f->category, "net") || !strcmp(f->category, "qdisc") ||
             !strcmp(f->category, "napi") || !strcmp(f->category, "xdp")) &&
            (!strcmp(fd->name, "name") || !strcmp(fd->name, "dev_name") ||
             !strcmp(fd->name, "dev")))
            return nd_ty(&nd_type_ifname);
        return nd_type_string(c->t, 64);
    }
    if (fd->nelems || strchr(type, '[')) {
        uint32_t n = fd->nelems ? fd->nelems : fd->size;

        if (!n)
            return nd_ty(&nd_type_error);
        if (!strncmp(type, "char", 4) || !strncmp(type, "const char", 10))
            return nd_type_string(c->t, fd->size);
        return nd_type_array(c->t, nd_type_int(fd->size / n ? fd->size / n : 1, fd->is_signed), n);
    }
    t = nd_type_from_c(c->t, type, call ? ND_AS_USER : ND_AS_KERNEL);
    if (t && (t->kind == ND_T_PTR || (t->kind == ND_T_ENUM && t->size == fd->size)))
        return t;
    // Arguments of system calls all have 8 bytes, of which those of their type count.
    if (call && t && nd_type_is_int(t) && t->size <= fd->size)
        return t;
    if (fd->size == 1 || fd->size == 2 || fd->size == 4 || fd->size == 8)
        return t && t->kind == ND_T_BOOL ? t : nd_type_int(fd->size, fd->is_signed);
    return nd_type_array(c->t, nd_ty(&nd_type_u8), fd->size);
}

// prev_pid, child_pid, ...
static bool is_pid(const char *name)
{
    size_t n = strlen(name);

    return n >= 3 && !strcmp(name + n - 3, "pid");
}

static struct nd_type *arg_of_format(struct nd_check *c, struct nd_expr *e,
                                     const struct nd_tp_format *f)
{
    struct nd_near near = {.name = e->name};
    const char *list = "";
    uint32_t i;

    for (i = 0; i < f->nfields; i++) {
        const struct nd_tp_field *fd = &f->fields[i];
        struct nd_type *t;

        if (strcmp(fd->name, e->name)) {
            nd_near_try(&near, fd->name);
            list = nd_arena_printf(c->a, "%s%s%s", list, *list ? ", " : "", fd->name);
            continue;
        }
        t = format_type(c, f, fd);
        if (t->kind == ND_T_ERROR) {
            nd_error(c->d, ND_E0605, e->name_span, "'%s' of type %s cannot be read", e->name,
                     fd->type);
            return t;
        }
        if (is_pid(fd->name))
            c->probe->host_pid = e->span;
        e->field = ND_NEW(c->a, struct nd_field);
        e->field->name = e->name;
        e->field->type = t;
        e->field->off = fd->off;
        e->field->bits = 0;
        e->tp_field = fd;
        e->as = ND_AS_CTX;
        return t;
    }
    return no_arg(c, e, nd_arena_printf(c->a, "tracepoint:%s:%s", f->category, f->event), &near,
                  list);
}

// args.NAME of a trace event served by a raw tracepoint: its path through the arguments.
static struct nd_type *arg_by_path(struct nd_check *c, struct nd_expr *e, const char *path)
{
    struct nd_expr *x = e->a;

    while (*path) {
        size_t n = strcspn(path, ".");
        struct nd_expr *f = path[n] ? nd_expr_new(c->a, ND_E_FIELD, e->span) : e;

        f->name = nd_arena_strndup(c->a, path, n);
        f->name_span = e->name_span;
        f->a = x;
        f->arrow = false;
        if (f != e && !nd_check_expr(c, f))
            break;
        x = f;
        path += n + (path[n] == '.');
    }
    return nd_check_expr(c, e);
}

struct nd_type *nd_check_args_field(struct nd_check *c, struct nd_expr *e)
{
    struct nd_probe *p = c->probe;
    const struct nd_target *at = p && p->targets.n ? &p->targets.v[0] : NULL;
    const char *why = NULL;

    if (!at)
        return nd_check_not_here(c, e->a, "it can only be used in a probe");
    if (p->args == ND_ARGS_FORMAT)
        return at->format ? arg_of_format(c, e, at->format)
                          : nd_ty(&nd_type_error); // reported before
    if (at->sig && at->kind == ND_AT_RAW_TP && at->format && e->a->kind == ND_E_IDENT &&
        e->a->paren == false && !e->sym) {
        const char *path = nd_raw_path(at->format->category, at->format->event, e->name);

        if (path && strcmp(path, e->name)) {
            e->sym = NULL;
            if (strchr(path, '.') || strcmp(path, e->name)) {
                e->a->paren = true; // the path's own args: taken like the raw ones
                return arg_by_path(c, e, path);
            }
        }
    }
    if (at->sig)
        return arg_of_sig(c, e, at->sig);
    if (!nd_kernel_btf(c->p->kernel, &why)) {
        nd_help(
            c->d,
            nd_error(c->d, ND_E0601, e->a->span, "arguments have names only where there is BTF"),
            "%s", why ? why : "this kernel has none");
        return nd_ty(&nd_type_error);
    }
    if (at->kind == ND_AT_RAW_TP) {
        nd_help(c->d,
                nd_error(c->d, ND_E0601, e->a->span,
                         "this kernel's BTF does not tell the arguments of this event"),
                "use arg0, arg1, ... or, with the fields of its record, tracepoint:CATEGORY:%s",
                at->s1);
        return nd_ty(&nd_type_error);
    }
    return nd_check_not_here(
        c, e->a,
        p->type == ND_PROG_KPROBE
            ? "there is no BTF for this function; use arg0, arg1, ..."
            : "only tracepoints, raw tracepoints and functions with BTF have named arguments");
}

// args: a tuple of all of them, by name.
struct nd_type *nd_check_args_whole(struct nd_check *c, struct nd_expr *e)
{
    const struct nd_probe *p = c->probe;
    const struct nd_target *at = p && p->targets.n ? &p->targets.v[0] : NULL;
    const struct nd_tp_format *f = at && p->args == ND_ARGS_FORMAT ? at->format : NULL;
    const struct nd_func_sig *s = at && !f ? at->sig : NULL;
    uint32_t i, n = f ? f->nfields : s ? s->nparams : 0;

    if (!n) {
        nd_error(c->d, ND_E0403, e->span, "this probe has no arguments with names");
        return nd_ty(&nd_type_error);
    }
    e->names = ND_NEW_ARRAY(c->a, struct nd_point, n);
    for (i = 0; i < n; i++) {
        const char *name = f ? f->fields[i].name : s->params[i].name;
        struct nd_expr *args = nd_expr_new(c->a, ND_E_IDENT, e->span), *x;

        if (f && format_type(c, f, &f->fields[i])->kind == ND_T_ERROR)
            continue;
        args->name = "args";
        args->name_span = e->span;
        x = nd_expr_new(c->a, ND_E_FIELD, e->span);
        x->a = args;
        x->name = name;
        x->name_span = e->span;
        e->names[e->args.n] = (struct nd_point){.text = name, .span = e->span};
        *ND_PUSH(c->a, &e->args) = x;
    }
    e->kind = ND_E_TUPLE;
    e->builtin = NULL;
    return nd_check_expr(c, e);
}
