// SPDX-License-Identifier: GPL-2.0-or-later
// Typing of built-ins that scripts for bpftrace use: what an expression is, what must hold, per-CPU
// variables, join(). Must not type expressions. Serves check_builtin.c.
#include "compiler/check/check_impl.h"

#include <string.h>
#include <sys/stat.h>

static struct nd_type *constant(struct nd_expr *e, const struct nd_builtin *b, bool yes)
{
    e->is_const = true;
    e->num = yes;
    return nd_ty(b->type);
}

static bool is_literal(const struct nd_expr *x)
{
    return x->kind == ND_E_INT || x->kind == ND_E_STRING || x->kind == ND_E_DOUBLE ||
           (x->builtin && (x->builtin->id == ND_B_TRUE || x->builtin->id == ND_B_FALSE)) ||
           (x->kind == ND_E_UNARY && x->op == ND_OP_NEG && is_literal(x->a));
}

struct nd_type *nd_check_is_kind(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    const struct nd_expr *x = e->args.v[0];
    const struct nd_type *t = x->type;

    (void)c;
    if (t->kind == ND_T_ERROR)
        return nd_ty(b->type);
    switch (b->id) {
    case ND_B_IS_PTR:
        return constant(e, b, t->kind == ND_T_PTR);
    case ND_B_IS_INTEGER:
        return constant(e, b, nd_type_is_int(t) && t->kind != ND_T_PTR && t->kind != ND_T_BOOL);
    case ND_B_IS_UNSIGNED:
        return constant(e, b, t->kind == ND_T_INT && !t->is_signed);
    case ND_B_IS_STR:
        return constant(e, b, nd_type_is_text(t));
    case ND_B_IS_ARRAY:
        return constant(e, b, t->kind == ND_T_ARRAY);
    default:
        return constant(e, b, is_literal(x));
    }
}

// Pointers of the last page are errors: -4095 to -1.
struct nd_type *nd_check_is_err(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    struct nd_expr *x = e->args.v[0], *as, *least;

    if (!nd_check_want_int(c, e, 0) || (x->kind == ND_E_BINARY && x->op == ND_OP_GE && x->paren))
        return nd_ty(b->type);
    least = nd_expr_new(c->a, ND_E_INT, x->span);
    least->num = (uint64_t)-4095;
    least->is_const = least->is_unsigned = true;
    least->type = nd_ty(&nd_type_u64);
    as = nd_expr_new(c->a, ND_E_CAST, x->span);
    as->texpr = ND_NEW(c->a, struct nd_texpr);
    as->texpr->name = "u64";
    as->texpr->span = x->span;
    as->a = x;
    as->type = nd_ty(&nd_type_u64);
    x = nd_expr_binary(c->a, ND_OP_GE, as, least);
    x->type = nd_ty(&nd_type_bool);
    x->paren = true; // done
    e->args.v[0] = x;
    return nd_ty(b->type);
}

static const char *text_of(const struct nd_expr *e, uint32_t i)
{
    return i < e->args.n && e->args.v[i]->kind == ND_E_STRING ? e->args.v[i]->str : NULL;
}

struct nd_type *nd_check_static_assert(struct nd_check *c, struct nd_expr *e,
                                       const struct nd_builtin *b)
{
    const struct nd_expr *x = e->args.v[0];
    const char *why = text_of(e, 1);
    int64_t v;

    if (x->type->kind == ND_T_ERROR || c->dead)
        return nd_ty(b->type);
    if (!nd_check_const_int(c, e->args.v[0], &v))
        nd_help(c->d,
                nd_error(c->d, ND_E0313, x->span,
                         "static_assert() expects a condition that is known when it is compiled"),
                "assert(condition, text) asks while the script runs");
    else if (!v)
        nd_error(c->d, ND_E0318, e->span, "this is false%s%s", why ? ": " : "", why ? why : "");
    return nd_ty(b->type);
}

struct nd_type *nd_check_assert(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    nd_help(c->d, nd_error(c->d, ND_E0302, e->span, "%s() is a statement", e->name), "usage: %s",
            b->usage);
    return nd_ty(&nd_type_error);
}

static struct nd_expr *call_of(struct nd_check *c, const char *name, struct nd_span span)
{
    struct nd_expr *e = nd_expr_new(c->a, ND_E_CALL, span);

    e->name = name;
    e->name_span = span;
    return e;
}

static struct nd_stmt *stmt_of(struct nd_check *c, struct nd_expr *e)
{
    struct nd_stmt *s = nd_stmt_new(c->a, ND_S_EXPR, e->span);

    s->expr = e;
    return s;
}

// assert(x, text): if (!x) { errorf("%s", text); exit(1); }
bool nd_check_assert_stmt(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_expr *e = s->expr, *say, *end, *one, *format;
    uint32_t i;

    if (e->kind != ND_E_CALL || strcmp(e->name, "assert") != 0 || !e->args.n || e->args.n > 2)
        return false;
    for (i = 0; i < c->p->fns.n; i++) {
        if (!strcmp(c->p->fns.v[i]->decl->name, e->name))
            return false;
    }
    say = call_of(c, "errorf", e->span);
    format = nd_expr_new(c->a, ND_E_STRING, e->span);
    format->str = e->args.n > 1 ? "assertion failed: %s" : "assertion failed";
    format->len = (uint32_t)strlen(format->str);
    *ND_PUSH(c->a, &say->args) = format;
    if (e->args.n > 1)
        *ND_PUSH(c->a, &say->args) = e->args.v[1];
    end = call_of(c, "exit", e->span);
    one = nd_expr_new(c->a, ND_E_INT, e->span);
    one->num = 1;
    *ND_PUSH(c->a, &end->args) = one;
    s->kind = ND_S_IF;
    s->expr = nd_expr_unary(c->a, ND_OP_NOT, e->args.v[0]->span, e->args.v[0]);
    s->body = ND_NEW(c->a, struct nd_block);
    s->body->span = s->span;
    *ND_PUSH(c->a, s->body) = stmt_of(c, say);
    *ND_PUSH(c->a, s->body) = stmt_of(c, end);
    return true;
}

#define ERRNO_MOST 4095

struct nd_type *nd_check_named_text(struct nd_expr *e, const struct nd_expr *with)
{
    const char *text;
    int n;

    if (e->kind != ND_E_STRING || with->type->kind != ND_T_STRERROR)
        return e->type;
    for (n = 0; n <= ERRNO_MOST; n++) {
        text = strerrordesc_np(n);
        if (text && !strcmp(text, e->str))
            break;
    }
    if (n > ERRNO_MOST)
        return e->type;
    e->kind = ND_E_INT;
    e->num = (uint64_t)n;
    e->is_const = true;
    e->type = nd_ty(&nd_type_i64);
    return e->type;
}

// fail("text %d", 1): what it says is known now.
const char *nd_check_formatted(struct nd_check *c, const struct nd_expr *e)
{
    const char *p = e->args.v[0]->str, *out = "";
    uint32_t arg = 1;

    for (; *p; p++) {
        const struct nd_expr *x = arg < e->args.n ? e->args.v[arg] : NULL;
        size_t n = strcspn(p, "%");

        out = nd_arena_printf(c->a, "%s%.*s", out, (int)n, p);
        p += n;
        if (!*p)
            break;
        if (p[1] == '%') {
            out = nd_arena_printf(c->a, "%s%%", out);
            p++;
            continue;
        }
        p += strcspn(p, "diuxXscpl");
        p += strspn(p, "l");
        if (!*p)
            break;
        if (x && x->kind == ND_E_STRING)
            out = nd_arena_printf(c->a, "%s%s", out, x->str);
        else if (x && x->is_const)
            out = nd_arena_printf(c->a, *p == 'x' ? "%s%llx" : "%s%lld", out, (long long)x->num);
        else
            out = nd_arena_printf(c->a, "%s?", out);
        arg++;
    }
    return out;
}

struct nd_type *nd_check_nsecs(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    static const struct {
        const char *name;
        const struct nd_type *type;
    } clocks[] = {
        {"monotonic", &nd_type_nsecs},
        {"boot", &nd_type_nsecs_boot},
        {"tai", &nd_type_nsecs_tai},
        {"sw_tai", &nd_type_nsecs_tai}, // bpftrace's, computed; the kernel's is exact
    };
    struct nd_expr *x = e->args.v[0];
    uint32_t i;

    (void)b;
    x->type = nd_ty(&nd_type_none);
    for (i = 0; x->kind == ND_E_IDENT && i < 4; i++) {
        if (!strcmp(clocks[i].name, x->name)) {
            e->index = i < 3 ? i : 2;
            return nd_ty(clocks[i].type);
        }
    }
    nd_help(c->d, nd_error(c->d, ND_E0302, x->span, "unknown clock"), "monotonic, boot or tai");
    return nd_ty(&nd_type_error);
}

// ---- probes -------------------------------------------------------------------------------------

struct nd_type *nd_check_percpu(struct nd_check *c, struct nd_expr *e)
{
    static const char offsets[] = "__per_cpu_offset";
    const char *name = text_of(e, 0);
    struct nd_type *t = nd_type_ptr(c->t, nd_ty(&nd_type_u64), ND_AS_KERNEL);

    if (e->args.n > 1)
        nd_check_want_int(c, e, 1);
    if (!name) {
        if (e->args.v[0]->type->kind != ND_T_ERROR)
            nd_error(c->d, ND_E0313, e->args.v[0]->span, "%s() expects a string literal here",
                     e->name);
        return t;
    }
    e->num = nd_kernel_symbol(c->p->kernel, name);
    e->index = 0;
    if (!e->num || !nd_kernel_symbol(c->p->kernel, offsets))
        nd_help(c->d,
                nd_error(c->d, ND_E0604, e->args.v[0]->span,
                         "the kernel has no symbol '%s', or hides its address",
                         e->num ? offsets : name),
                "variables are listed where the kernel has CONFIG_KALLSYMS_ALL, for root");
    if (c->p->portable)
        nd_error(c->d, ND_E0604, e->span, "where it is differs from kernel to kernel");
    return t;
}

struct nd_type *nd_check_cgroupid_path(struct nd_check *c, struct nd_expr *e,
                                       const struct nd_builtin *b)
{
    const char *path = text_of(e, 0);
    struct stat st;

    if (!path) {
        if (e->args.v[0]->type->kind != ND_T_ERROR)
            nd_error(c->d, ND_E0313, e->args.v[0]->span, "%s() expects a string literal here",
                     e->name);
        return nd_ty(b->type);
    }
    if (c->p->portable || stat(path, &st) || !S_ISDIR(st.st_mode)) {
        nd_help(c->d,
                nd_error(c->d, ND_E0317, e->args.v[0]->span, "there is no cgroup '%s' here", path),
                "the whole path: /sys/fs/cgroup/system.slice");
        return nd_ty(b->type);
    }
    e->is_const = true;
    e->num = st.st_ino;
    return nd_ty(b->type);
}

#define JOIN_STRINGS 16u
#define JOIN_BYTES 128u

// The strings travel as an array, which a call with the same name inside this one makes.
struct nd_type *nd_check_join_strings(struct nd_check *c, struct nd_expr *e,
                                      const struct nd_builtin *b)
{
    struct nd_expr *x = e->args.v[0], *inner;
    struct nd_type *array = nd_type_array(c->t, nd_type_string(c->t, JOIN_BYTES), JOIN_STRINGS);

    if (e->index)
        return array;
    if (e->args.n > 1 && e->args.v[1]->kind != ND_E_STRING)
        nd_error(c->d, ND_E0313, e->args.v[1]->span, "%s() expects a string literal here", e->name);
    if (x->kind == ND_E_CALL && x->builtin == b)
        return nd_ty(b->type);
    if (x->type->kind == ND_T_ERROR)
        return nd_ty(b->type);
    if (!nd_type_is_int(x->type)) {
        nd_help(c->d, nd_check_bad_arg(c, e, 0, "a pointer to pointers"),
                "join(args.argv) of tracepoint:syscalls:sys_enter_execve");
        return nd_ty(b->type);
    }
    inner = call_of(c, e->name, x->span);
    inner->builtin = b;
    inner->index = 1;
    inner->type = array;
    *ND_PUSH(c->a, &inner->args) = x;
    e->args.v[0] = inner;
    return nd_ty(b->type);
}

struct nd_type *nd_check_len(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    const struct nd_expr *x = e->args.v[0];
    bool stack = nd_typekind_is(x->type->kind, ND_IS_STACK);
    bool option = x->kind == ND_E_FIELD && x->sym && x->sym->kind == ND_SYM_OPTION;
    const char *instead = nd_type_is_text(x->type) ? "strlen(text)"
                          : stack
                              ? "len(kstack), of the current stack; of another one in user space"
                          : x->kind == ND_E_MAP ? "len(@m), of all of it"
                                                : "a map, or an option of several values";

    if (stack && c->world == ND_USER) {
        e->builtin = nd_builtin_of(ND_B_DEPTH);
        return nd_ty(e->builtin->type);
    }
    if (stack && (x->builtin || x->kind == ND_E_VAR)) // of a variable: the probe has only one
        return nd_ty(b->type);
    if ((x->kind != ND_E_MAP || x->a) && !option && x->type->kind != ND_T_ERROR)
        nd_help(c->d,
                nd_error(c->d, ND_E0302, x->span, "len() takes a map, not %s",
                         nd_type_text(c->t, x->type)),
                "write %s", instead);
    return nd_ty(b->type);
}

uint32_t nd_check_series_how(struct nd_check *c, const struct nd_expr *e)
{
    static const char *const hows[] = {"last", "avg", "max", "min", "sum"};
    const char *how = text_of(e, 3);
    uint32_t i;

    if (e->args.n < 4)
        return ND_SERIES_LAST;
    for (i = 0; how && i <= ND_SERIES_SUM; i++) {
        if (!strcmp(hows[i], how))
            return i;
    }
    nd_help(c->d,
            nd_error(c->d, ND_E0317, e->args.v[3]->span,
                     "this says what is kept of an interval's values"),
            "\"avg\", \"max\", \"min\" or \"sum\"; without it, the last one");
    return ND_SERIES_LAST;
}

void nd_check_order_parts(struct nd_check *c, struct nd_expr *e, const struct nd_type *as)
{
    uint32_t i, k;

    if (!e || e->kind != ND_E_TUPLE || !e->names || !as->is_record || as->nelems != e->args.n)
        return;
    for (i = 0; i < as->nelems; i++) {
        for (k = i; k < as->nelems && strcmp(e->names[k].text, as->fields[i].name) != 0; k++)
            continue;
        if (k == as->nelems)
            return;
        if (k != i) {
            struct nd_point name = e->names[i];
            struct nd_expr *x = e->args.v[i];

            e->names[i] = e->names[k];
            e->names[k] = name;
            e->args.v[i] = e->args.v[k];
            e->args.v[k] = x;
            c->changed = true;
        }
        nd_check_order_parts(c, e->args.v[i], as->fields[i].type);
    }
}

struct nd_type *nd_check_strcap(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    const struct nd_type *t = e->args.v[0]->type;

    if (!nd_type_is_text(t) && t->kind != ND_T_ARRAY && t->kind != ND_T_ERROR)
        nd_check_bad_arg(c, e, 0, "a string or an array");
    e->is_const = true;
    e->num = t->kind == ND_T_ARRAY ? t->nelems : nd_type_text_size(t);
    return nd_ty(b->type);
}
