// SPDX-License-Identifier: GPL-2.0-or-later
// Built-ins whose typing needs more than a row of the table.
#include "compiler/check/check_impl.h"

#include "compiler/lang/packet.h"
#include "runtime/common/value.h"

#include <string.h>

static bool is_error(const struct nd_expr *e)
{
    return e->type->kind == ND_T_ERROR;
}

// An argument that must be known at compile time, within lo..hi.
static int64_t const_arg(struct nd_check *c, struct nd_expr *e, uint32_t i, int64_t lo, int64_t hi,
                         int64_t otherwise)
{
    int64_t v;

    if (i >= e->args.n)
        return otherwise;
    if (is_error(e->args.v[i]))
        return otherwise;
    if (!nd_check_const_int(c, e->args.v[i], &v)) {
        nd_error(c->d, ND_E0313, e->args.v[i]->span, "%s() expects a constant here", e->name);
        return otherwise;
    }
    if (v < lo || v > hi) {
        nd_error(c->d, ND_E0317, e->args.v[i]->span, "this must be between %lld and %lld",
                 (long long)lo, (long long)hi);
        return otherwise;
    }
    return v;
}

static struct nd_type *check_str(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    struct nd_type *a = e->args.v[0]->type;
    int64_t n = 0;

    (void)b;
    if (e->args.n > 1 && c->world == ND_KERNEL && !e->args.v[1]->is_const)
        nd_check_want_int(c, e, 1); // a length known at run time: at most that of str(pointer)
    else
        n = const_arg(c, e, 1, 1, 4096, 0);
    if (c->world == ND_USER)
        return nd_ty(&nd_type_str);
    if (nd_type_is_text(a)) // already a string: only cut or widened
        return a->kind == ND_T_STRING && (!n || (uint32_t)n == a->size)
                   ? a
                   : nd_type_string(c->t, n ? (uint32_t)n : nd_type_text_size(a));
    if (!nd_type_is_int(a) && a->kind != ND_T_ARRAY) {
        if (a->kind != ND_T_ERROR)
            nd_check_bad_arg(c, e, 0, "a pointer");
        return nd_ty(&nd_type_error);
    }
    return nd_type_string(c->t, n ? (uint32_t)n : c->p->config.strlen ?: 64);
}

static struct nd_type *check_buf(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    struct nd_type *t, *a = e->args.v[0]->type;
    int64_t n = c->p->config.strlen ?: 64;

    (void)b;
    if (!nd_type_is_int(a) && a->kind != ND_T_ARRAY && !nd_type_is_text(a) &&
        !is_error(e->args.v[0]))
        nd_check_bad_arg(c, e, 0, "a pointer or an array");
    if (e->args.n > 1 && nd_check_const_int(c, e->args.v[1], &n)) {
        if (n < 1 || n > 4096)
            nd_error(c->d, ND_E0317, e->args.v[1]->span, "a buf() must have 1 to 4096 bytes");
    } else if (e->args.n > 1) {
        nd_check_want_int(c, e, 1); // a length known at run time: up to 64 bytes
    } else if (a->size && !nd_type_is_int(a)) {
        n = a->size;
    }
    n = n < 1 || n > 4096 ? 64 : (n + 3) & ~3;
    t = nd_type_new(c->t, ND_T_BUF, (uint32_t)n + 4);
    t->align = 4;
    return t;
}

static struct nd_type *check_ptr(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    enum nd_as as = b->id == ND_B_KPTR ? ND_AS_KERNEL : ND_AS_USER;
    struct nd_type *a = e->args.v[0]->type;

    if (a->kind == ND_T_PTR)
        return nd_type_in(c->t, a, as);
    if (a->kind == ND_T_ARRAY || nd_type_is_text(a)) { // where it is, is known
        e->as = e->args.v[0]->as;
        return a;
    }
    if (nd_check_want_int(c, e, 0))
        return nd_type_ptr(c->t, nd_ty(&nd_type_void), as);
    return nd_ty(&nd_type_error);
}

// Address families of bpftrace's ntop(af, addr): the same number on every Linux.
#define FAMILY_INET 2
#define FAMILY_INET6 10

static struct nd_type *check_ntop(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    uint32_t at = e->args.n > 1;
    struct nd_type *a = e->args.v[at]->type;
    int64_t af;

    if (at && !nd_check_want_int(c, e, 0))
        return nd_ty(b->type);
    if (at && nd_check_const_int(c, e->args.v[0], &af) && af != FAMILY_INET && af != FAMILY_INET6)
        nd_help(c->d,
                nd_error(c->d, ND_E0317, e->args.v[0]->span, "unknown address family %lld",
                         (long long)af),
                "AF_INET is 2, AF_INET6 is 10");
    if (at && nd_check_const_int(c, e->args.v[0], &af) && af == FAMILY_INET6 && a->size == 4 &&
        (a->kind == ND_T_ARRAY || a->kind == ND_T_STRUCT || a->kind == ND_T_STRING))
        nd_error(c->d, ND_E0302, e->args.v[at]->span,
                 "an IPv6 address has 16 bytes, and this has 4");
    if (!nd_type_is_int(a) && a->kind != ND_T_IP &&
        !((a->kind == ND_T_ARRAY || a->kind == ND_T_STRUCT || a->kind == ND_T_STRING) &&
          (a->size == 16 || a->size == 4)))
        nd_check_bad_arg(c, e, at, "an IPv4 address as an integer, or 4 or 16 bytes");
    return nd_ty(b->type);
}

static struct nd_type *check_macaddr(struct nd_check *c, struct nd_expr *e,
                                     const struct nd_builtin *b)
{
    struct nd_type *a = e->args.v[0]->type;

    if (a->kind != ND_T_PTR && a->kind != ND_T_MAC && a->kind != ND_T_ERROR &&
        !((a->kind == ND_T_ARRAY || a->kind == ND_T_STRING) && a->size >= 6))
        nd_check_bad_arg(c, e, 0, "6 bytes");
    return nd_ty(b->type);
}

static struct nd_type *check_int1(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    nd_check_want_int(c, e, 0);
    return nd_ty(b->type);
}

// A number that a probe keeps and user space prints by its name; there it is the name.
static struct nd_type *check_named(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    nd_check_want_int(c, e, 0);
    if (e->args.n > 1 && e->args.v[1]->kind != ND_E_STRING && !is_error(e->args.v[1]))
        nd_check_bad_arg(c, e, 1, "a string literal");
    e->args.n = 1; // bpftrace's filter of hierarchies: there is one
    return nd_ty(c->world == ND_USER ? &nd_type_str : b->type);
}

static struct nd_type *check_bswap(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    struct nd_type *a = e->args.v[0]->type;

    (void)b;
    if (!nd_check_want_int(c, e, 0) || a->kind == ND_T_ERROR)
        return nd_ty(&nd_type_error);
    return nd_type_int(a->size ? a->size : 8, false);
}

static struct nd_type *check_text2(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    uint32_t i;

    for (i = 0; i < 2; i++) {
        if (!nd_type_is_text(e->args.v[i]->type) && !is_error(e->args.v[i]))
            nd_help(c->d, nd_check_bad_arg(c, e, i, "a string"),
                    "str(pointer) reads a string from memory");
    }
    if (e->args.n > 2)
        nd_check_want_int(c, e, 2);
    return nd_ty(b->type);
}

static struct nd_type *check_bytes2(struct nd_check *c, struct nd_expr *e,
                                    const struct nd_builtin *b)
{
    uint32_t i;

    for (i = 0; i < 2; i++) {
        const struct nd_type *t = e->args.v[i]->type;

        if (!nd_type_is_text(t) && !is_error(e->args.v[i]) &&
            (c->world == ND_USER ||
             (t->kind != ND_T_ARRAY && t->kind != ND_T_IP && t->kind != ND_T_MAC)))
            nd_check_bad_arg(c, e, i, c->world == ND_USER ? "a string" : "a string or an array");
    }
    if (c->world == ND_USER)
        nd_check_want_int(c, e, 2);
    else
        const_arg(c, e, 2, 0, 4096, 0);
    return nd_ty(b->type);
}

// pid(curr_ns), tid(init): as a word, which is not a name elsewhere.
static struct nd_type *check_namespace(struct nd_check *c, struct nd_expr *e,
                                       const struct nd_builtin *b)
{
    struct nd_expr *x = e->args.v[0];

    x->type = nd_ty(&nd_type_none);
    e->index = x->kind == ND_E_IDENT && !strcmp(x->name, "init");
    if (x->kind != ND_E_IDENT || (!e->index && strcmp(x->name, "curr_ns") != 0))
        nd_help(c->d, nd_error(c->d, ND_E0302, x->span, "unknown namespace"), "curr_ns or init");
    return nd_ty(b->type);
}

static struct nd_type *check_usermode(struct nd_check *c, struct nd_expr *e,
                                      const struct nd_builtin *b)
{
    const char *arch = nd_kernel_arch(c->p->kernel);
    uint32_t off;

    if (nd_arch_reg(arch, "cs", &off) || nd_arch_reg(arch, "pstate", &off))
        e->index = off;
    return nd_ty(b->type);
}

static struct nd_type *check_percpu_kaddr(struct nd_check *c, struct nd_expr *e,
                                          const struct nd_builtin *b)
{
    (void)b;
    return nd_check_percpu(c, e);
}

static struct nd_type *check_cgroupid(struct nd_check *c, struct nd_expr *e,
                                      const struct nd_builtin *b)
{
    return nd_check_cgroupid_path(c, e, b);
}

static struct nd_type *check_join(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    return nd_check_join_strings(c, e, b);
}

static struct nd_type *check_probetype(struct nd_check *c, struct nd_expr *e,
                                       const struct nd_builtin *b)
{
    const struct nd_target *at = c->probe && c->probe->targets.n ? &c->probe->targets.v[0] : NULL;

    (void)b;
    if (!at)
        return nd_check_not_here(c, e, "it can only be used in a probe");
    e->str = nd_probe_type_name(at);
    e->len = (uint32_t)strlen(e->str);
    e->kind = ND_E_STRING;
    e->is_const = true;
    e->as = ND_AS_BPF;
    return nd_type_string(c->t, e->len + 1);
}

static struct nd_type *check_text1(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    if (!nd_type_is_text(e->args.v[0]->type) && !is_error(e->args.v[0]))
        nd_check_bad_arg(c, e, 0, "a string");
    return nd_ty(b->type);
}

static struct nd_type *check_frames(struct nd_check *c, struct nd_expr *e,
                                    const struct nd_builtin *b)
{
    const struct nd_expr *x = e->args.v[0];

    if (!nd_typekind_is(x->type->kind, ND_IS_STACK) && !is_error(x))
        nd_check_bad_arg(c, e, 0, "a stack");
    if (b->id == ND_B_FRAME)
        nd_check_want_int(c, e, 1);
    else if (e->args.n > 1 && !nd_type_is_text(e->args.v[1]->type) && !is_error(e->args.v[1]))
        nd_check_bad_arg(c, e, 1, "a string");
    return nd_ty(b->type);
}

static struct nd_type *check_rows(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    if (!nd_typekind_is(e->args.v[0]->type->kind, ND_IS_ROWS) && !is_error(e->args.v[0]))
        nd_help(c->d, nd_check_bad_arg(c, e, 0, "a histogram"),
                "for (k, v in @m) { … rows(v) … }, or @m[key] of hist(), lhist() or dist()");
    if (e->args.n > 1)
        nd_check_want_int(c, e, 1);
    return nd_ty(b->type);
}

static struct nd_type *check_usym(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    nd_check_want_int(c, e, 0);
    return nd_ty(b->type);
}

static const char *text_arg(struct nd_check *c, struct nd_expr *e, uint32_t i)
{
    if (e->args.v[i]->kind == ND_E_STRING)
        return e->args.v[i]->str;
    if (!is_error(e->args.v[i]))
        nd_error(c->d, ND_E0313, e->args.v[i]->span, "%s() expects a string literal here", e->name);
    return NULL;
}

static struct nd_type *check_kaddr(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    const char *name = text_arg(c, e, 0);

    if (!name || c->world == ND_USER)
        return nd_ty(b->type);
    e->num = nd_kernel_symbol(c->p->kernel, name);
    e->is_const = true;
    if (!e->num)
        nd_help(c->d,
                nd_error(c->d, ND_E0604, e->args.v[0]->span,
                         "the kernel has no symbol '%s', or hides its address", name),
                "run as root; see /proc/sys/kernel/kptr_restrict");
    return nd_ty(b->type);
}

static struct nd_type *check_reg(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    const char *name = text_arg(c, e, 0);
    uint32_t off;

    if (!name)
        return nd_ty(b->type);
    if (c->probe && !nd_kind_is(c->probe->type, ND_PF_REGS)) {
        nd_help(c->d, nd_error(c->d, ND_E0403, e->span, "this kind of probe has no registers"),
                "kprobe, kretprobe, uprobe, uretprobe, usdt and profile have them");
        return nd_ty(b->type);
    }
    if (!nd_arch_reg(nd_kernel_arch(c->p->kernel), name, &off)) {
        nd_error(c->d, ND_E0212, e->args.v[0]->span, "%s has no register '%s'",
                 nd_kernel_arch(c->p->kernel), name);
        return nd_ty(b->type);
    }
    e->index = off;
    return nd_ty(b->type);
}

// The type of what the call `e` adds its first argument to.
static struct nd_type *aggregation(struct nd_check *c, struct nd_expr *e, enum nd_typekind kind)
{
    bool adds = nd_typekinds[kind].sign == ND_SIGN_FLAG; // else it counts
    struct nd_type *t;

    if (adds && (!nd_check_want_int(c, e, 0) || is_error(e->args.v[0])))
        return nd_ty(&nd_type_error);
    t = nd_type_new(c->t, kind, nd_typekinds[kind].size);
    t->align = 8;
    t->is_signed = adds && nd_type_signed(e->args.v[0]->type);
    if ((kind == ND_T_MIN || kind == ND_T_MAX) && e->args.v[0]->type->kind == ND_T_TIME)
        t->elem = e->args.v[0]->type;
    return t;
}

static struct nd_type *check_agg(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    static const struct {
        enum nd_builtin_id id;
        enum nd_typekind kind;
    } rows[] = {
#define ND_AGGREGATION(id, text, size, class, sign, rank, made, ops, print) \
    {ND_B_##made, ND_T_##id},
#include "runtime/common/types.def"
    };
    size_t i = 0;

    while (rows[i].id != b->id)
        i++;
    return aggregation(c, e, rows[i].kind);
}

static struct nd_type *check_hist(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    int64_t bits = const_arg(c, e, 1, 0, 5, 0);
    struct nd_type *t =
        bits || c->p->bpftrace ? aggregation(c, e, ND_T_SUBHIST) : check_agg(c, e, b);

    if (t->kind == ND_T_SUBHIST) {
        t->step = bits;
        t->nelems = 1 + ((65 - (uint32_t)bits) << bits);
        t->size = t->nelems * 8;
    }
    return t;
}

static struct nd_type *check_lhist(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    struct nd_type *t = check_agg(c, e, b);
    int64_t n;

    if (t->kind == ND_T_ERROR)
        return t;
    t->lo = const_arg(c, e, 1, INT64_MIN / 2, INT64_MAX / 2, 0);
    t->hi = const_arg(c, e, 2, INT64_MIN / 2, INT64_MAX / 2, 1);
    t->step = const_arg(c, e, 3, 1, INT64_MAX, 1);
    n = t->hi > t->lo ? (t->hi - t->lo - 1) / t->step + 1 : 0;
    if (n < 1 || n > 1000) {
        nd_error(c->d, ND_E0317, e->span, "lhist() takes 1 to 1000 steps; this has %lld",
                 (long long)n);
        n = 1;
    }
    t->nelems = (uint32_t)n + 2;
    t->size = t->nelems * 8;
    return t;
}

static struct nd_type *check_tseries(struct nd_check *c, struct nd_expr *e,
                                     const struct nd_builtin *b)
{
    struct nd_type *t = check_agg(c, e, b);

    if (t->kind == ND_T_ERROR)
        return t;
    t->lo = const_arg(c, e, 1, 1, INT64_MAX, 1000000000);
    t->nelems = (uint32_t)const_arg(c, e, 2, 1, ND_SERIES_MOST, 1);
    t->step = nd_check_series_how(c, e);
    t->size = t->nelems * (uint32_t)sizeof(struct nd_interval);
    return t;
}

static struct nd_type *check_addr(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    const char *s = text_arg(c, e, 0);
    uint8_t bytes[sizeof(struct nd_ifname)] = {0};

    if (!s)
        return nd_ty(b->type);
    if (!nd_value_address(b->type->kind, s, bytes)) {
        nd_error(c->d, ND_E0317, e->args.v[0]->span, "'%s' is not a valid %s", s, e->name);
        return nd_ty(b->type);
    }
    e->str = nd_arena_strndup(c->a, (char *)bytes, b->type->size);
    e->len = b->type->size;
    return nd_ty(b->type);
}

static struct nd_type *check_exit(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    if (e->args.n)
        nd_check_want_int(c, e, 0);
    return nd_ty(b->type);
}

static struct nd_type *check_printf(struct nd_check *c, struct nd_expr *e,
                                    const struct nd_builtin *b)
{
    nd_check_format(c, e, 0);
    return nd_ty(b->type);
}

static struct nd_type *check_fail(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    if (e->args.v[0]->kind == ND_E_STRING) { // bpftrace's
        if (!c->dead && c->last_pass)
            nd_error(c->d, ND_E0318, e->span, "%s", nd_check_formatted(c, e));
        return nd_ty(b->type);
    }
    if (c->world == ND_KERNEL) {
        nd_help(c->d,
                nd_error(c->d, ND_E0401, e->name_span,
                         "fail(code, ...) is not available in a kernel probe"),
                "errorf(...) and exit(code)");
        return nd_ty(b->type);
    }
    const_arg(c, e, 0, 1, 255, 1);
    if (e->args.n > 1)
        nd_check_format(c, e, 1);
    else
        nd_help(c->d, nd_error(c->d, ND_E0301, e->span, "fail() takes a format after the code"),
                "usage: %s", b->usage);
    return nd_ty(b->type);
}

static struct nd_type *check_time(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    if (e->args.n)
        text_arg(c, e, 0);
    return nd_ty(b->type);
}

static struct nd_type *check_strftime(struct nd_check *c, struct nd_expr *e,
                                      const struct nd_builtin *b)
{
    const char *fmt = text_arg(c, e, 0);
    struct nd_type *t;

    (void)b;
    nd_check_want_int(c, e, 1);
    if (c->world == ND_USER)
        return nd_ty(&nd_type_str);
    t = nd_type_new(c->t, ND_T_STRFTIME, 8);
    t->name = fmt ? fmt : "";
    t->clock = e->args.v[1]->type->clock;
    return t;
}

static struct nd_type *check_num(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    uint32_t i;
    bool real = false;

    for (i = 0; i < e->args.n; i++) {
        struct nd_type *a = e->args.v[i]->type;

        if (!nd_type_is_int(a) && a->kind != ND_T_DOUBLE)
            nd_check_bad_arg(c, e, i, "a number");
        real |= a->kind == ND_T_DOUBLE;
    }
    if (b->id == ND_B_ABS)
        return real ? nd_ty(&nd_type_double) : nd_ty(&nd_type_i64);
    return nd_ty(b->type);
}

static struct nd_type *check_any(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    (void)c;
    (void)e;
    return nd_ty(b->type);
}

static struct nd_type *check_refused(struct nd_check *c, struct nd_expr *e,
                                     const struct nd_builtin *b)
{
    nd_help(c->d, nd_error(c->d, ND_E0202, e->name_span, "there is no %s()", e->name), "%s",
            b->help);
    return nd_ty(&nd_type_error);
}

static struct nd_type *stack_type(struct nd_check *c, bool kernel, int64_t depth, uint32_t flags)
{
    struct nd_type *t = nd_type_new(c->t, kernel ? ND_T_KSTACK : ND_T_USTACK, kernel ? 4 : 8);

    t->depth = (uint32_t)depth;
    t->flags = flags;
    t->align = 4;
    return t;
}

// kstack, kstack(n), kstack(mode), kstack(mode, n); modes bpftrace, perf, raw.
static struct nd_type *check_stack(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    bool kernel = b->id == ND_B_KSTACK;
    static const uint32_t modes[] = {
        [ND_STACK_BPFTRACE] = 0, [ND_STACK_PERF] = ND_TF_PERF, [ND_STACK_RAW] = ND_TF_RAW};
    uint32_t flags = modes[c->p->config.stack_mode], i;
    int64_t depth = 127;

    for (i = 0; e->kind == ND_E_CALL && i < e->args.n; i++) {
        struct nd_expr *x = e->args.v[i];

        if (x->kind == ND_E_IDENT && !strcmp(x->name, "perf"))
            flags = ND_TF_PERF;
        else if (x->kind == ND_E_IDENT && !strcmp(x->name, "raw"))
            flags = ND_TF_RAW;
        else if (x->kind == ND_E_IDENT && !strcmp(x->name, "bpftrace"))
            flags = 0;
        else if (nd_check_expr(c, x)->kind != ND_T_ERROR)
            depth = const_arg(c, e, i, 1, 127, 127);
    }
    return stack_type(c, kernel, depth, flags);
}

// ---- by row -------------------------------------------------------------------------------------

typedef struct nd_type *typing(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);

static typing *const by_row[] = {
#define C(fn) check_##fn
#define CX(fn) nd_##fn
#define C0 NULL
#define ND_BUILTIN(id, name, worlds, form, flags, type, check, ...) check,
#include "runtime/common/builtins.def"
#undef C
#undef CX
#undef C0
};

struct nd_type *nd_check_builtin(struct nd_check *c, struct nd_expr *e)
{
    typing *fn = by_row[nd_builtin_row(e->builtin)];

    return fn ? fn(c, e, e->builtin) : nd_ty(e->builtin->type);
}
