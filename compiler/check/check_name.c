// SPDX-License-Identifier: GPL-2.0-or-later
// What names refer to: variables and scopes, constants, enumerators, maps, built-in names, args.
#include "compiler/check/check_impl.h"

#include "compiler/kernel/btf.h"
#include "compiler/lang/constants.h"

#include <string.h>

static bool key_ok(const struct nd_type *t)
{
    return t->kind != ND_T_NONE && t->kind != ND_T_ARGS && t->kind != ND_T_OPTS &&
           t->kind != ND_T_DOUBLE && t->kind != ND_T_VOID && !nd_type_is_agg(t);
}

// ---- one type for all values of a map ----------------------------------------------------------
//
// Integers of a map are kept as u64 as soon as one of them is; then none may be negative. Which use
// comes first does not matter.

static bool is_unsigned(const struct nd_type *t)
{
    return t->kind == ND_T_INT && !nd_type_signed(t);
}

// May the value be negative? What is narrower than 64 bits and unsigned is not, nor is a constant
// that is not, nor a register whose type is not known.
static bool negative(const struct nd_expr *e, const struct nd_type *t)
{
    if (e && e->is_const && nd_type_is_int(t))
        return !is_unsigned(t) && (int64_t)e->num < 0;
    if (e && e->kind == ND_E_COND)
        return negative(e->b ? e->b : e->a, (e->b ? e->b : e->a)->type) ||
               negative(e->c, e->c->type);
    return (t->kind == ND_T_INT || t->kind == ND_T_ENUM) && t->is_signed && !t->is_word;
}

// A part of a key or value that is negative where the map's is unsigned; e: NULL, or its value.
static const struct nd_type *misfit(const struct nd_type *kept, const struct nd_type *t,
                                    const struct nd_expr *e)
{
    const struct nd_type *x = NULL;
    uint32_t i;

    if (kept->kind != ND_T_TUPLE || t->kind != ND_T_TUPLE)
        return is_unsigned(kept) && negative(e, t) ? t : NULL;
    for (i = 0; i < kept->nelems && i < t->nelems && !x; i++)
        x = misfit(kept->fields[i].type, t->fields[i].type,
                   e && e->kind == ND_E_TUPLE ? e->args.v[i] : NULL);
    return x;
}

static void two_signs(struct nd_check *c, struct nd_diag *d, struct nd_span other, const char *what)
{
    nd_note(c->d, d, other, "and %s here", what);
    nd_help(c->d, d, "no type holds both: cast one of them, (i64)x or (u64)x");
}

// A key that is only looked up says nothing about the sign of those that are there.
static struct nd_type *looked_up(struct nd_check *c, struct nd_type *t)
{
    struct nd_type **v;
    uint32_t i;

    if (t->kind != ND_T_TUPLE)
        return is_unsigned(t) ? nd_ty(&nd_type_word) : t;
    v = ND_NEW_ARRAY(c->a, struct nd_type *, t->nelems ? t->nelems : 1);
    for (i = 0; i < t->nelems; i++)
        v[i] = looked_up(c, t->fields[i].type);
    return nd_type_tuple_like(c->t, t, v);
}

void nd_check_map_key_set(struct nd_check *c, struct nd_expr *e)
{
    const struct nd_map *m;

    e->sets_key = true;
    nd_check_map_key(c, e);
    m = e->map;
    if (!c->last_pass || !e->a || !m->key || !misfit(m->key, e->a->type, e->a))
        return;
    two_signs(c,
              nd_error(c->d, ND_E0307, e->a->span, "%s has a key of type %s here", m->name,
                       nd_type_text(c->t, e->a->type)),
              m->key_span, nd_type_text(c->t, m->key));
}

// Checks the key of a use of a map and unifies it with the others'; NULL: none (scalar).
struct nd_type *nd_check_map_key(struct nd_check *c, struct nd_expr *e)
{
    struct nd_map *m = nd_check_map(c, e->name, e->span);
    struct nd_type *t, *u;

    e->map = m;
    if (!e->a) {
        m->scalar = true;
        if (m->keyed && c->last_pass)
            nd_note(c->d,
                    nd_error(c->d, ND_E0307, e->span, "%s is used without a key here", m->name),
                    m->key_span, "and with a key of type %s here",
                    m->key ? nd_type_text(c->t, m->key) : "?");
        return NULL;
    }
    t = nd_check_expr(c, e->a);
    m->keyed = true;
    if (t->kind == ND_T_ERROR)
        return t;
    if (!key_ok(t)) {
        nd_error(c->d, ND_E0315, e->a->span, "%s cannot be a key", nd_type_text(c->t, t));
        return t;
    }
    if (t->kind == ND_T_STRING && !t->size) // user space: as wide as the others, or 64
        t = nd_type_string(c->t, m->key && m->key->kind == ND_T_STRING ? m->key->size : 64);
    if (!e->sets_key)
        t = looked_up(c, t);
    if (!m->key) {
        m->key = t;
        m->key_span = e->a->span;
        c->changed = true;
        return t;
    }
    u = nd_type_unify(c->t, m->key, t);
    if (!u) {
        nd_note(c->d,
                nd_error(c->d, ND_E0307, e->a->span, "%s has a key of type %s here", m->name,
                         nd_type_text(c->t, t)),
                m->key_span, "and of type %s here", nd_type_text(c->t, m->key));
        return m->key;
    }
    if (!nd_type_equal(u, m->key)) {
        m->key = u;
        m->key_span = e->a->span;
        c->changed = true;
    }
    return m->key;
}

// How a value is kept in a map: integers in 64 bits, so that they can be added to atomically.
static struct nd_type *kept_type(struct nd_check *c, struct nd_type *t)
{
    struct nd_type *x;

    switch (t->kind) {
    case ND_T_INT:
    case ND_T_PORT:
    case ND_T_PROTO:
        return nd_type_int(8, t->kind != ND_T_INT || nd_type_signed(t));
    case ND_T_BOOL:
    case ND_T_ENUM:
        x = ND_NEW(c->a, struct nd_type);
        *x = *t;
        x->size = 8;
        x->align = 8;
        return x;
    case ND_T_PTR:
        return nd_type_in(c->t, t, t->as == ND_AS_USER ? ND_AS_USER : ND_AS_KERNEL);
    case ND_T_STRING:
        return t->size ? t : nd_type_string(c->t, 64);
    default:
        return t;
    }
}

// Aggregations of one kind, and of one form: of unsigned numbers as soon as one is, of times if all
// are.
static struct nd_type *unify_aggs(struct nd_check *c, struct nd_type *a, struct nd_type *b)
{
    struct nd_type *x;

    if (a->kind != b->kind || a->size != b->size || a->lo != b->lo || a->hi != b->hi ||
        a->step != b->step || (a->elem && b->elem && !nd_type_equal(a->elem, b->elem)))
        return NULL;
    if ((!a->is_signed || b->is_signed) && (!a->elem || b->elem))
        return a;
    x = ND_NEW(c->a, struct nd_type);
    *x = *a;
    x->is_signed = a->is_signed && b->is_signed;
    x->elem = b->elem ? a->elem : NULL;
    return x;
}

static void check_value_sign(struct nd_check *c, const struct nd_map *m, const struct nd_type *val,
                             const struct nd_expr *e)
{
    bool agg = nd_type_is_agg(m->val);
    const struct nd_type *of = agg && e->args.n ? e->args.v[0]->type : val;
    const char *kind = agg ? nd_arena_printf(c->a, "%s of ", nd_type_text(c->t, m->val)) : "";

    if (!c->last_pass || !(agg ? nd_typekinds[m->val->kind].sign == ND_SIGN_FLAG &&
                                     !m->val->is_signed && negative(e->args.v[0], of)
                               : misfit(m->val, of, e) != NULL))
        return;
    two_signs(c,
              nd_error(c->d, ND_E0306, e->span, "%s holds %s%s here", m->name, kind,
                       nd_type_text(c->t, of)),
              m->val_span, agg ? nd_arena_printf(c->a, "%su64", kind) : nd_type_text(c->t, m->val));
}

void nd_check_map_value(struct nd_check *c, struct nd_map *m, struct nd_type *val,
                        const struct nd_expr *e)
{
    struct nd_type *u, *kept;

    m->written = true;
    if (val->kind == ND_T_ERROR)
        return;
    if (val->kind == ND_T_NONE || val->kind == ND_T_ARGS || val->kind == ND_T_OPTS ||
        (val->kind == ND_T_DOUBLE && c->world == ND_KERNEL)) {
        nd_error(c->d, ND_E0315, e->span, "%s cannot be kept in a map", nd_type_text(c->t, val));
        return;
    }
    kept = kept_type(c, val);
    if (!m->val) {
        m->val = kept;
        m->val_span = e->span;
        c->changed = true;
        return;
    }
    u = nd_type_is_agg(m->val) || nd_type_is_agg(kept) ? unify_aggs(c, m->val, kept)
                                                       : nd_type_unify(c->t, m->val, kept);
    if (!u) {
        nd_note(
            c->d,
            nd_error(c->d, ND_E0306, e->span, "%s holds %s here", m->name, nd_type_text(c->t, val)),
            m->val_span, "and %s here", nd_type_text(c->t, m->val));
        return;
    }
    u = kept_type(c, u);
    nd_check_order_parts(c, (struct nd_expr *)(uintptr_t)e, u);
    if (!nd_type_equal(u, m->val) || u->as != m->val->as) {
        m->val_span = e->span;
        m->val = u;
        c->changed = true;
    }
    check_value_sign(c, m, val, e);
}

// ---- built-in names ----------------------------------------------------------------------------

static bool arg_number(const char *name, uint32_t *n)
{
    if (strncmp(name, "arg", 3) || name[3] < '0' || name[3] > '9' || (name[4] && name[5]))
        return false;
    *n = (uint32_t)(name[3] - '0');
    if (name[4]) {
        if (name[4] < '0' || name[4] > '9')
            return false;
        *n = *n * 10 + (uint32_t)(name[4] - '0');
    }
    return true;
}

struct nd_type *nd_check_not_here(struct nd_check *c, struct nd_expr *e, const char *help)
{
    struct nd_diag *d =
        nd_error(c->d, ND_E0403, e->span, "'%s' is not available in this kind of probe", e->name);

    nd_help(c->d, d, "%s", help);
    return nd_ty(&nd_type_error);
}

static bool on_kernel_func(const struct nd_probe *p)
{
    return (p->type == ND_PROG_KPROBE && !p->user_memory) || p->type == ND_PROG_FENTRY ||
           p->type == ND_PROG_FEXIT;
}

// A static probe says whether an argument has a sign: -4@%eax.
static bool usdt_signed(const struct nd_probe *p, uint32_t n)
{
    uint32_t i;

    for (i = 0; i < p->targets.n; i++) {
        const struct nd_usdt *u = p->targets.v[i].usdt;

        if (!u || n >= u->nargs || u->args[n].size >= 0)
            return false;
    }
    return p->targets.n > 0;
}

static struct nd_type *check_argn(struct nd_check *c, struct nd_expr *e, uint32_t n)
{
    struct nd_probe *p = c->probe;

    e->builtin = nd_builtin_of(ND_B_ARGN);
    e->index = n;
    if (!p)
        return nd_check_not_here(c, e, "it can only be used in a probe on a function");
    if (p->args == ND_ARGS_USDT) {
        const struct nd_usdt *u = p->targets.v[0].usdt;

        if (u && n >= u->nargs)
            nd_error(c->d, ND_E0605, e->span, "this probe has %u arguments", u->nargs);
        else if (u && u->args[n].where == ND_USDT_UNUSABLE)
            nd_error(c->d, ND_E0605, e->span, "argument %u is kept as '%s', which cannot be read",
                     n, u->args[n].text);
        return nd_type_int(8, usdt_signed(p, n));
    }
    if (nd_probe_has_regs(p)) {
        if (n >= ND_FUNC_ARGS)
            nd_error(c->d, ND_E0605, e->span, "arguments go up to arg%u", ND_FUNC_ARGS - 1);
        else if (p->retprobe)
            p->entry_args |= 1u << n;
        return nd_ty(&nd_type_u64);
    }
    if (nd_kind_is(p->type, ND_PF_WORDS)) {
        const struct nd_func_sig *s = p->targets.n ? p->targets.v[0].sig : NULL;

        uint32_t all = nd_type_param_slots(c->t, s);

        if (s && n >= all) {
            nd_error(c->d, ND_E0605, e->span, "%s has %u arguments", s->name, all);
            return nd_ty(&nd_type_error);
        }
        return nd_ty(&nd_type_u64);
    }
    return nd_check_not_here(c, e, "tracepoints have args.NAME");
}

static struct nd_type *check_retval(struct nd_check *c, struct nd_expr *e)
{
    struct nd_probe *p = c->probe;
    const struct nd_func_sig *s;

    if (!p || !p->retprobe)
        return nd_check_not_here(c, e, "return probes have it: kretprobe, uretprobe, fexit");
    s = p->targets.n ? p->targets.v[0].sig : NULL;
    if (s && s->ret) {
        struct nd_type *t = nd_type_btf(c->t, s->ret);

        if (t->kind == ND_T_PTR)
            return nd_type_in(c->t, t, ND_AS_KERNEL);
        if (nd_type_is_int(t))
            return t;
    }
    return nd_ty(s ? &nd_type_i64 : &nd_type_word);
}

static struct nd_type *check_builtin_name(struct nd_check *c, struct nd_expr *e,
                                          const struct nd_builtin *b)
{
    const char *why = NULL;
    struct nd_type *t;

    e->builtin = b;
    if (!(b->worlds & c->world)) {
        nd_help(c->d,
                nd_error(c->d, c->world == ND_USER ? ND_E0402 : ND_E0401, e->span,
                         "'%s' is not available %s", e->name,
                         c->world == ND_USER ? "in user space" : "in a kernel probe"),
                c->world == ND_USER ? "store it in a map or an event in a probe, and use that here"
                                    : "use it in every, end or on");
        return nd_ty(&nd_type_error);
    }
    switch (b->id) {
    case ND_B_TRUE:
    case ND_B_FALSE:
        e->is_const = true;
        e->num = b->id == ND_B_TRUE;
        return nd_ty(b->type);
    case ND_B_COMM:
        e->as = ND_AS_BPF;
        return nd_type_string(c->t, 16);
    case ND_B_RETVAL:
        return check_retval(c, e);
    case ND_B_FUNC:
    case ND_B_PROBE: {
        const struct nd_target *at =
            c->probe && c->probe->targets.n ? &c->probe->targets.v[0] : NULL;

        if (!at)
            return nd_check_not_here(c, e, "it can only be used in a probe");
        if (b->id == ND_B_FUNC && c->p->func_sym && on_kernel_func(c->probe))
            return nd_ty(&nd_type_ksym);
        e->kind = ND_E_STRING;
        e->str = b->id == ND_B_PROBE ? at->spec : at->s1 && *at->s1 ? at->s1 : at->spec;
        e->len = (uint32_t)strlen(e->str);
        return nd_check_expr(c, e);
    }
    case ND_B_CURTASK:
        t = nd_type_named_struct(c->t, ND_TAG_STRUCT, "task_struct", &why);
        if (!t)
            t = nd_ty(&nd_type_void);
        return nd_type_ptr(c->t, t, ND_AS_KERNEL);
    case ND_B_CTX:
        return nd_type_ptr(c->t, nd_ty(&nd_type_void), ND_AS_CTX);
    default:
        return nd_check_builtin(c, e);
    }
}

// A path of the script.
static bool path_name(struct nd_check *c, struct nd_expr *e)
{
    uint32_t i;

    for (i = 0; i < c->p->paths.n; i++) {
        if (strcmp(c->p->paths.v[i]->decl->name, e->name))
            continue;
        e->is_const = true;
        e->num = i;
        e->type = nd_type_resolve(
            c->t, &(struct nd_texpr){.span = e->span, .tag = ND_TAG_ENUM, .name = ND_PATH_ENUM});
        return true;
    }
    return false;
}

static bool enumerator(struct nd_check *c, struct nd_expr *e)
{
    const char *why;
    struct nd_btf *btf = nd_kernel_btf(c->p->kernel, &why);
    uint32_t id = btf ? nd_btf_find_enumerator(btf, e->name, (int64_t *)&e->num) : 0;

    if (!id)
        return false;
    e->is_const = true;
    e->type = nd_type_btf(c->t, id);
    *ND_PUSH(c->a, &c->p->frozen) = e;
    return true;
}

// What the kernel's headers define as macros.
static bool header_constant(struct nd_check *c, struct nd_expr *e)
{
    int64_t v;

    if (!nd_constant_find(e->name, nd_kernel_arch(c->p->kernel), &v))
        return false;
    e->is_const = true;
    e->num = (uint64_t)v;
    e->type = nd_ty(&nd_type_i64);
    return true;
}

static struct nd_type *unknown_name(struct nd_check *c, struct nd_expr *e)
{
    struct nd_near near = {.name = e->name};
    const struct nd_builtin *b;
    struct nd_scope *s;
    struct nd_diag *d;
    uint32_t i;

    for (i = 0; (b = nd_builtin_at(i)); i++) {
        if (!b->is_call && (b->worlds & c->world))
            nd_near_try(&near, b->name);
    }
    for (s = c->scope; s; s = s->up) {
        for (i = 0; i < s->syms.n; i++)
            nd_near_try(&near, s->syms.v[i]->name);
    }
    for (i = 0; nd_constant_name(i); i++)
        nd_near_try(&near, nd_constant_name(i));
    d = nd_error(c->d, ND_E0201, e->span, "unknown name '%s'", e->name);
    if (nd_builtin_find(e->name, true))
        nd_help(c->d, d, "it is a function: %s", nd_builtin_find(e->name, true)->usage);
    else if (near.n)
        nd_fix(c->d, d, near.best[0]);
    return nd_ty(&nd_type_error);
}

static struct nd_type *use_sym(struct nd_check *c, struct nd_expr *e, struct nd_sym *s)
{
    e->sym = s;
    if (s->kind == ND_SYM_CONST && s->type->kind == ND_T_DOUBLE && c->world == ND_KERNEL) {
        nd_help(c->d, nd_error(c->d, ND_E0401, e->span, "the kernel has no floating point numbers"),
                "compute with integers here, or in user space (every, end, on)");
        return nd_ty(&nd_type_error);
    }
    if (s->kind == ND_SYM_CONST) {
        e->is_const = true;
        e->asks = s->asks;
        e->num = s->num;
        e->real = s->real;
        if (s->str) {
            e->kind = ND_E_STRING;
            e->str = s->str;
            e->len = s->len;
            e->as = ND_AS_BPF;
        }
    }
    if (s->kind == ND_SYM_VAR || s->kind == ND_SYM_FIELD)
        e->as = ND_AS_BPF;
    (void)c;
    return s->type;
}

struct nd_type *nd_check_ident(struct nd_check *c, struct nd_expr *e)
{
    const struct nd_builtin *b;
    struct nd_sym *s;
    uint32_t n;

    nd_check_exported(c, e);
    s = nd_check_lookup(c, e->kind == ND_E_VAR ? nd_arena_printf(c->a, "$%s", e->name) : e->name);
    if (s)
        return use_sym(c, e, s);
    if (e->kind == ND_E_VAR) {
        nd_help(c->d, nd_error(c->d, ND_E0312, e->span, "$%s is used before it is set", e->name),
                e->name[0] >= '0' && e->name[0] <= '9'
                    ? "command-line arguments are options: option name: int \"what for\""
                    : "variables live in the block in which they are first assigned");
        return nd_ty(&nd_type_error);
    }
    b = nd_builtin_find(e->name, false);
    if (b)
        return check_builtin_name(c, e, b);
    if (arg_number(e->name, &n) && c->world == ND_KERNEL)
        return check_argn(c, e, n);
    if (path_name(c, e) || enumerator(c, e) || header_constant(c, e))
        return e->type;
    return unknown_name(c, e);
}

// table(name): its head; table(name, cells): a row.
struct nd_type *nd_check_table_call(struct nd_check *c, struct nd_expr *e,
                                    const struct nd_builtin *b)
{
    bool made = e->args.n > 1 && e->args.v[1]->row;
    struct nd_expr *row;
    uint32_t i;

    if (!nd_check_table_named(c, e))
        return nd_ty(b->type);
    for (i = e->table != NULL; !made && i < e->args.n; i++)
        nd_check_expr(c, e->args.v[i]);
    row = nd_check_table_row(c, e);
    for (i = 0; row && i < row->args.n; i++)
        nd_check_expr(c, row->args.v[i]);
    if (row)
        nd_check_table_cells(c, e, row);
    return nd_ty(b->type);
}
