// SPDX-License-Identifier: GPL-2.0-or-later
// Types of expressions that reach into something: fields, elements, tuples, maps, `in`.
#include "compiler/check/check_impl.h"
#include "compiler/lang/packet.h"

#include <string.h>

static struct nd_type *error_type(void)
{
    return nd_ty(&nd_type_error);
}

// A member by its path, "se.load.weight"; its offset counts from s.
static bool field_by_path(struct nd_check *c, const struct nd_type *s, const char *path,
                          struct nd_field *f)
{
    uint32_t off = 0;
    size_t n;

    for (;; path += n + 1) {
        n = strcspn(path, ".");
        if (s->kind != ND_T_STRUCT || !nd_type_field(c->t, s, nd_arena_strndup(c->a, path, n), f))
            return false;
        f->off += off;
        off = f->off;
        s = f->type;
        if (!path[n])
            return true;
    }
}

struct nd_type *nd_check_offsetof(struct nd_check *c, struct nd_expr *e)
{
    struct nd_type *s = e->texpr ? nd_type_resolve(c->t, e->texpr) : nd_check_expr(c, e->a);
    struct nd_field f;

    if (s->kind == ND_T_ERROR)
        return error_type();
    if (!field_by_path(c, s, e->name, &f)) {
        nd_error(c->d, ND_E0204, e->name_span, "%s has no field '%s'", nd_type_text(c->t, s),
                 e->name);
        return error_type();
    }
    if (e->kind == ND_E_OFFSETOF) {
        e->is_const = true;
        e->num = f.off;
        e->of = s;
        *ND_PUSH(c->a, &c->p->frozen) = e;
        return nd_ty(&nd_type_u64);
    }
    nd_check_expr(c, e->a);
    if (e->a->type->kind != ND_T_PTR && !nd_type_is_int(e->a->type)) {
        nd_error(c->d, ND_E0305, e->a->span, "container_of() expects a pointer");
        return error_type();
    }
    e->num = f.off;
    e->of = s;
    e->field = ND_NEW(c->a, struct nd_field);
    *e->field = f;
    return nd_type_ptr(c->t, s,
                       e->a->type->kind == ND_T_PTR && e->a->type->as == ND_AS_USER ? ND_AS_USER
                                                                                    : ND_AS_KERNEL);
}

struct near_fields {
    struct nd_near near;
    struct nd_arena *a;
    const char *list;
    uint32_t n;
};

static void collect_near(void *arg, const struct nd_field *f)
{
    struct near_fields *nf = arg;

    nd_near_try(&nf->near, f->name);
    if (nf->n++ < 12)
        nf->list = nd_arena_printf(nf->a, "%s%s%s", nf->list, nf->n > 1 ? ", " : "", f->name);
}

static void no_field(struct nd_check *c, struct nd_expr *e, struct nd_type *s)
{
    struct near_fields nf = {.near.name = e->name, .a = c->a, .list = ""};
    struct nd_diag *d = nd_error(c->d, ND_E0204, e->name_span, "%s has no field '%s'",
                                 nd_type_text(c->t, s), e->name);

    nd_type_each_field(c->t, s, collect_near, &nf);
    if (nf.near.n)
        nd_fix(c->d, d, nf.near.best[0]);
    else
        nd_help(c->d, d, "it has: %s%s", nf.list, nf.n > 12 ? ", ..." : "");
}

// A pointer that was itself read from memory at `as`.
static struct nd_type *loaded_ptr(struct nd_check *c, struct nd_type *t, enum nd_as as)
{
    if (t->as == ND_AS_USER) // __user in the kernel's BTF
        return t;
    if (as == ND_AS_BTF && nd_type_elem(c->t, t)->kind != ND_T_STRUCT)
        return nd_type_in(c->t, t, ND_AS_KERNEL);
    return nd_type_in(c->t, t, as == ND_AS_BPF || as == ND_AS_CTX ? ND_AS_KERNEL : as);
}

// The kernel's own number of a process, which is not the one that is seen in a PID namespace.
static void note_host_pid(struct nd_check *c, const struct nd_expr *e, const struct nd_type *s)
{
    if (c->probe && s->kind == ND_T_STRUCT && s->name && !strcmp(s->name, "task_struct") &&
        (!strcmp(e->name, "pid") || !strcmp(e->name, "tgid")))
        c->probe->host_pid = e->span;
}

// base->PATH ("real_parent.tgid"), where the kernel has it; otherwise NULL.
static struct nd_expr *member_path(struct nd_check *c, struct nd_expr *base, const char *path)
{
    struct nd_expr *x = base, *f;
    struct nd_trial trial;
    size_t n;

    nd_trial_begin(c->d, &trial);
    while (*path) {
        n = strcspn(path, ".");
        f = nd_expr_new(c->a, ND_E_FIELD, base->span);
        f->a = x;
        f->name = nd_arena_strndup(c->a, path, n);
        f->name_span = base->span;
        x = f;
        path += n + (path[n] == '.');
    }
    nd_check_expr(c, x);
    return nd_trial_end(c->d, &trial) ? x : NULL;
}

struct nd_type *nd_check_netns(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    struct nd_expr *x = nd_expr_new(c->a, ND_E_IDENT, e->span);

    x->name = "curtask";
    x = member_path(c, x, "nsproxy.net_ns.ns.inum");
    if (!x) {
        nd_error(c->d, ND_E0401, e->span,
                 "this kernel does not tell the network namespace of a "
                 "thread: it has no BTF, or no CONFIG_NET_NS");
        return nd_ty(&nd_type_error);
    }
    e->args.n = 0;
    *ND_PUSH(c->a, &e->args) = x;
    return nd_ty(b->type);
}

static struct nd_type *bad_pointer(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    if (e->args.v[0]->type->kind != ND_T_ERROR)
        nd_check_bad_arg(
            c, e, 0, b->id == ND_B_SOCKET_COOKIE ? "a struct sock *" : "a struct task_struct *");
    return error_type();
}

struct nd_type *nd_check_of_task(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    const char *path = b->id == ND_B_PPID    ? "real_parent.tgid"
                       : b->id == ND_B_PCOMM ? "group_leader.comm"
                                             : "__sk_common.skc_cookie.counter";
    struct nd_expr *x = e->args.n ? e->args.v[0] : nd_expr_new(c->a, ND_E_IDENT, e->span);

    if (e->field) // done before
        return nd_check_expr(c, x);
    if (!e->args.n)
        x->name = "curtask";
    else if (x->type->kind != ND_T_PTR)
        return bad_pointer(c, e, b);
    x = member_path(c, x, path);
    if (!x) {
        nd_help(c->d,
                nd_error(c->d, ND_E0401, e->span, "%s cannot be read here: there is no %s", e->name,
                         path),
                "it takes the BTF of the kernel and, if it is given one, a pointer to the struct");
        return error_type();
    }
    e->field = x->field;
    e->args.n = 0;
    *ND_PUSH(c->a, &e->args) = x;
    return b->type ? nd_ty(b->type) : x->type;
}

// Devices of different network namespaces may have the same name, so theirs are more than text.
static struct nd_type *device_name(struct nd_check *c, struct nd_expr *e, const struct nd_type *s)
{
    if (c->world != ND_KERNEL || !s->name || strcmp(s->name, "net_device") != 0 ||
        strcmp(e->name, "name") != 0 || e->field->type->kind != ND_T_STRING ||
        e->field->type->size != nd_type_text_size(&nd_type_ifname))
        return NULL;
    e->device = ND_NEW(c->a, struct nd_device_name);
    e->device->netns = member_path(c, e->a, "nd_net.net.ns.inum");
    e->device->index = member_path(c, e->a, "ifindex");
    return nd_ty(&nd_type_ifname);
}

static struct nd_type *check_member(struct nd_check *c, struct nd_expr *e)
{
    struct nd_type *t = e->a->type, *s = t;
    enum nd_as as = (enum nd_as)e->a->as;
    struct nd_field f;

    if (t->kind == ND_T_ERROR)
        return t;
    if (t->kind == ND_T_PTR) {
        s = nd_type_elem(c->t, t);
        as = t->as;
    } else if (e->arrow) {
        nd_help(c->d,
                nd_error(c->d, ND_E0305, e->span, "%s is not a pointer", nd_type_text(c->t, t)),
                "cast it: ((struct name *)x)->%s", e->name);
        return error_type();
    }
    if (s->kind != ND_T_STRUCT && s->kind != ND_T_TUPLE) {
        nd_help(c->d,
                nd_error(c->d, ND_E0305, e->a->span, "%s has no fields", nd_type_text(c->t, s)),
                "cast it: ((struct name *)x)->%s", e->name);
        return error_type();
    }
    if (!nd_type_field(c->t, s, e->name, &f)) {
        if (s->kind == ND_T_TUPLE && !s->is_record)
            nd_error(c->d, ND_E0204, e->name_span, "this tuple has fields 0 to %u",
                     s->nelems ? s->nelems - 1 : 0);
        else
            no_field(c, e, s);
        return error_type();
    }
    note_host_pid(c, e, s);
    e->field = ND_NEW(c->a, struct nd_field);
    *e->field = f;
    e->as = s->kind == ND_T_TUPLE ? (uint32_t)ND_AS_BPF : as;
    e->device = NULL;
    t = s->kind == ND_T_STRUCT ? device_name(c, e, s) : NULL;
    if (t)
        return t;
    return f.type->kind == ND_T_PTR ? loaded_ptr(c, f.type, as) : f.type;
}

static struct nd_type *check_opt_field(struct nd_check *c, struct nd_expr *e)
{
    struct nd_near near = {.name = e->name};
    struct nd_diag *d;
    uint32_t i;

    for (i = 0; i < c->p->options.n; i++) {
        struct nd_option *o = c->p->options.v[i];

        if (!strcmp(o->decl->name, e->name)) {
            e->sym = o->decl->sym;
            return o->type;
        }
        nd_near_try(&near, o->decl->name);
    }
    d = nd_error(c->d, ND_E0207, e->name_span, "there is no option '%s'", e->name);
    if (near.n)
        nd_fix(c->d, d, near.best[0]);
    else
        nd_help(c->d, d, "declare it: option %s: int = 0 \"what it is for\"", e->name);
    return error_type();
}

struct nd_type *nd_check_field(struct nd_check *c, struct nd_expr *e)
{
    nd_check_join_reversed(c, e);
    if (c->probe && c->probe->type == ND_PROG_ITER && e->a->kind == ND_E_IDENT &&
        !strcmp(e->a->name, "ctx"))
        e->a->name = "args"; // as bpftrace calls them there
    nd_check_packet_expr(c, e->a);
    e->field = NULL;
    e->device = NULL;
    if (e->a->type->kind == ND_T_ARGS)
        return nd_check_args_field(c, e);
    if (e->a->type->kind == ND_T_OPTS)
        return check_opt_field(c, e);
    if (e->a->type->kind == ND_T_PKT)
        return nd_check_pkt(c, e);
    return check_member(c, e);
}

struct nd_type *nd_check_index(struct nd_check *c, struct nd_expr *e)
{
    struct nd_type *t = nd_check_expr(c, e->a), *elem;
    int64_t i;

    nd_check_expr(c, e->b);
    if (t->kind == ND_T_ERROR || e->b->type->kind == ND_T_ERROR)
        return error_type();
    if (!nd_type_is_int(e->b->type)) {
        nd_error(c->d, ND_E0304, e->b->span, "an index must be an integer");
        return error_type();
    }
    if (t->kind == ND_T_OPTS || (e->a->kind == ND_E_FIELD && e->a->a->type->kind == ND_T_OPTS))
        return t;
    if (t->kind == ND_T_PTR) {
        elem = nd_type_elem(c->t, t);
        e->as = t->as == ND_AS_BTF ? ND_AS_KERNEL : t->as;
        if (elem->size)
            return elem->kind == ND_T_PTR ? loaded_ptr(c, elem, (enum nd_as)e->as) : elem;
    }
    e->as = e->a->as;
    if (t->kind == ND_T_STRING) {
        if (t->size && nd_check_const_int(c, e->b, &i) && (i < 0 || i >= t->size)) {
            nd_error(c->d, ND_E0317, e->b->span, "this string has bytes 0 to %u", t->size - 1);
            return error_type();
        }
        return nd_ty(&nd_type_u8);
    }
    if (t->kind != ND_T_ARRAY) {
        nd_error(c->d, ND_E0305, e->a->span, "%s has no elements", nd_type_text(c->t, t));
        return error_type();
    }
    if (t->nelems && nd_check_const_int(c, e->b, &i) && (i < 0 || i >= t->nelems)) {
        nd_error(c->d, ND_E0317, e->b->span, "this array has elements 0 to %u", t->nelems - 1);
        return error_type();
    }
    return t->elem->kind == ND_T_PTR ? loaded_ptr(c, t->elem, (enum nd_as)e->as) : t->elem;
}

struct nd_type *nd_check_tuple(struct nd_check *c, struct nd_expr *e)
{
    struct nd_type **v = ND_NEW_ARRAY(c->a, struct nd_type *, e->args.n ? e->args.n : 1);
    const char **names;
    uint32_t i;

    for (i = 0; i < e->args.n; i++) {
        v[i] = nd_check_expr(c, e->args.v[i]);
        if (v[i]->kind == ND_T_ERROR)
            return v[i];
        if (v[i]->kind == ND_T_STRING && !v[i]->size) // user space: in a tuple a string has a size
            v[i] = nd_type_string(c->t, 64);
        if (nd_typekind_is(v[i]->kind, ND_IS_SCRIPT) || v[i]->kind == ND_T_VOID ||
            nd_type_is_agg(v[i])) {
            nd_check_no_value(c, e->args.v[i],
                              nd_error(c->d, ND_E0315, e->args.v[i]->span,
                                       "%s cannot be part of a tuple", nd_type_text(c->t, v[i])));
            return error_type();
        }
    }
    if (!e->args.n) {
        nd_error(c->d, ND_E0315, e->span, "a tuple needs at least one field");
        return error_type();
    }
    e->as = ND_AS_BPF;
    if (!e->names)
        return nd_type_tuple(c->t, v, e->args.n);
    names = ND_NEW_ARRAY(c->a, const char *, e->args.n);
    for (i = 0; i < e->args.n; i++)
        names[i] = e->names[i].text;
    return nd_type_record(c->t, v, names, e->args.n);
}

struct nd_type *nd_check_in(struct nd_check *c, struct nd_expr *e)
{
    struct nd_type *a = nd_check_expr(c, e->a), *b;
    uint32_t i;

    if (e->b->kind == ND_E_MAP && !e->b->a) { // key in @map
        struct nd_map *m = nd_check_map(c, e->b->name, e->b->span);

        e->b->sym = NULL;
        e->b->map = m;
        e->b->type = nd_ty(&nd_type_none);
        m->keyed = true;
        m->probed |= c->world == ND_KERNEL;
        if (!m->key && a->kind != ND_T_ERROR && c->last_pass && !c->incomplete)
            nd_error(c->d, ND_E0308, e->b->span, "%s is never written", m->name);
        else if (m->key && a->kind != ND_T_ERROR && !nd_type_unify(c->t, m->key, a))
            nd_note(c->d,
                    nd_error(c->d, ND_E0307, e->a->span, "%s has keys of type %s, this is %s",
                             m->name, nd_type_text(c->t, m->key), nd_type_text(c->t, a)),
                    m->key_span, "as used here");
        return nd_ty(&nd_type_bool);
    }
    if (e->b->kind == ND_E_TUPLE) {
        for (i = 0; i < e->b->args.n; i++) {
            nd_check_enum_name(e->a, e->b->args.v[i]);
            b = nd_check_expr(c, e->b->args.v[i]);
            if (b->kind != ND_T_ERROR && a->kind != ND_T_ERROR && !nd_type_unify(c->t, a, b) &&
                !(a->kind == ND_T_IP && b->kind == ND_T_PREFIX))
                nd_error(c->d, ND_E0303, e->b->args.v[i]->span, "%s cannot be compared with %s",
                         nd_type_text(c->t, a), nd_type_text(c->t, b));
            nd_check_sign(c, ND_OP_EQ, e->b->args.v[i]->span, e->a, e->b->args.v[i]);
            nd_check_length(c, true, e->b->args.v[i]->span, e->a, e->b->args.v[i]);
        }
        e->b->type = nd_ty(&nd_type_none);
        return nd_ty(&nd_type_bool);
    }
    b = nd_check_expr(c, e->b);
    if (a->kind == ND_T_ERROR || b->kind == ND_T_ERROR)
        return nd_ty(&nd_type_bool);
    if (a->kind == ND_T_IP && b->kind == ND_T_PREFIX)
        return nd_ty(&nd_type_bool);
    if (e->b->kind == ND_E_FIELD && e->b->sym && e->b->sym->kind == ND_SYM_OPTION &&
        nd_type_unify(c->t, a, b))
        return nd_ty(&nd_type_bool);
    nd_help(c->d,
            nd_error(c->d, ND_E0303, e->span, "'in' does not work with %s and %s",
                     nd_type_text(c->t, a), nd_type_text(c->t, b)),
            "x in (1, 2), address in prefix(\"10.0.0.0/8\"), key in @map, x in opt.list");
    return nd_ty(&nd_type_bool);
}

// It is added up over the CPUs; an average is that of integers.
struct nd_type *nd_check_number_of(const struct nd_type *agg)
{
    if (!nd_typekind_is(agg->kind, ND_IS_NUMBER) && agg->kind != ND_T_STATS)
        return NULL;
    return agg->elem ? agg->elem : nd_type_int(8, agg->is_signed);
}

static struct nd_type *agg_in_probe(struct nd_check *c, const struct nd_expr *e,
                                    const struct nd_map *m)
{
    if (nd_check_number_of(m->val))
        return nd_check_number_of(m->val);
    nd_help(c->d,
            nd_error(c->d, ND_E0401, e->span,
                     "%s holds %s, which is not one number and can only be read in user space",
                     m->name, nd_type_text(c->t, m->val)),
            "read it in 'every', 'end' or an 'on' handler");
    return error_type();
}

struct nd_type *nd_check_map_read(struct nd_check *c, struct nd_expr *e)
{
    struct nd_map *m = nd_check_map(c, e->name, e->span);

    nd_check_map_key(c, e);
    m->probed |= c->world == ND_KERNEL;
    e->as = ND_AS_BPF;
    if (!m->val) {
        if (c->last_pass && !c->incomplete && !m->written) {
            nd_help(c->d,
                    nd_error(c->d, ND_E0308, e->span, "%s is read but never written", m->name),
                    "assign to it in a probe or in begin");
        }
        return error_type();
    }
    if (nd_type_is_agg(m->val) && c->world == ND_KERNEL)
        return agg_in_probe(c, e, m);
    return c->world == ND_USER ? nd_type_seen(m->val) : m->val;
}
