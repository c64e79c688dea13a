// SPDX-License-Identifier: GPL-2.0-or-later
// The table of built-ins, and the typing of those that need more than a row.
#include "compiler/check/check_impl.h"

#include "compiler/check/values.h"
#include "compiler/lang/packet.h"

#include <string.h>

#define K ND_KERNEL
#define U ND_USER
#define KU (ND_KERNEL | ND_USER)

static bool is_error(const struct nd_expr *e)
{
    return e->type->kind == ND_TY_ERROR;
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
        nd_error(c->d, ND_E0313, e->args.v[i]->span, "%s() wants a constant here", e->name);
        return otherwise;
    }
    if (v < lo || v > hi) {
        nd_error(c->d, ND_E0317, e->args.v[i]->span, "this must be within %lld to %lld",
                 (long long)lo, (long long)hi);
        return otherwise;
    }
    return v;
}

static struct nd_type *check_str(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    struct nd_type *a = e->args.v[0]->type;
    int64_t n = const_arg(c, e, 1, 1, 4096, 0);

    (void)b;
    if (c->world == ND_USER)
        return nd_ty(&nd_type_str);
    if (nd_type_is_text(a)) // already a string: only cut or widened
        return n && (uint32_t)n != a->size ? nd_type_string(c->t, (uint32_t)n) : a;
    if (!nd_type_is_int(a) && a->kind != ND_TY_ARRAY) {
        if (a->kind != ND_TY_ERROR)
            nd_check_bad_arg(c, e, 0, "a pointer");
        return nd_ty(&nd_type_error);
    }
    return nd_type_string(c->t, n ? (uint32_t)n : 64);
}

static struct nd_type *check_buf(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    struct nd_type *t, *a = e->args.v[0]->type;
    int64_t n = 64;

    (void)b;
    if (!nd_type_is_int(a) && a->kind != ND_TY_ARRAY && !nd_type_is_text(a) &&
        !is_error(e->args.v[0]))
        nd_check_bad_arg(c, e, 0, "a pointer or an array");
    if (e->args.n > 1 && nd_check_const_int(c, e->args.v[1], &n)) {
        if (n < 1 || n > 4096)
            nd_error(c->d, ND_E0317, e->args.v[1]->span, "a buf() has 1 to 4096 bytes");
    } else if (e->args.n > 1) {
        nd_check_want_int(c, e, 1); // a length known at run time: up to 64 bytes
    } else if (a->size && !nd_type_is_int(a)) {
        n = a->size;
    }
    n = n < 1 || n > 4096 ? 64 : (n + 3) & ~3;
    t = nd_type_new(c->t, ND_TY_BUF, (uint32_t)n + 4);
    t->align = 4;
    return t;
}

static struct nd_type *check_ptr(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    enum nd_as as = b->id == ND_B_KPTR ? ND_AS_KERNEL : ND_AS_USER;
    struct nd_type *a = e->args.v[0]->type;

    if (a->kind == ND_TY_PTR)
        return nd_type_in(c->t, a, as);
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
    if (!nd_type_is_int(a) && a->kind != ND_TY_IP &&
        !((a->kind == ND_TY_ARRAY || a->kind == ND_TY_STRUCT || a->kind == ND_TY_STRING) &&
          (a->size == 16 || a->size == 4)))
        nd_check_bad_arg(c, e, at, "an IPv4 address as an integer, or 4 or 16 bytes");
    return nd_ty(b->type);
}

static struct nd_type *check_macaddr(struct nd_check *c, struct nd_expr *e,
                                     const struct nd_builtin *b)
{
    struct nd_type *a = e->args.v[0]->type;

    if (a->kind != ND_TY_PTR && a->kind != ND_TY_MAC && a->kind != ND_TY_ERROR &&
        !((a->kind == ND_TY_ARRAY || a->kind == ND_TY_STRING) && a->size >= 6))
        nd_check_bad_arg(c, e, 0, "6 bytes");
    return nd_ty(b->type);
}

static struct nd_type *check_int1(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    nd_check_want_int(c, e, 0);
    return nd_ty(b->type);
}

static struct nd_type *check_bswap(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    struct nd_type *a = e->args.v[0]->type;

    (void)b;
    if (!nd_check_want_int(c, e, 0) || a->kind == ND_TY_ERROR)
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
    if (b->id == ND_B_STRNCMP)
        const_arg(c, e, 2, 1, 4096, 1);
    return nd_ty(b->type);
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

    if (x->type->kind != ND_TY_KSTACK && x->type->kind != ND_TY_USTACK && !is_error(x))
        nd_check_bad_arg(c, e, 0, "a stack");
    if (b->id == ND_B_FRAME)
        nd_check_want_int(c, e, 1);
    else if (e->args.n > 1 && !nd_type_is_text(e->args.v[1]->type) && !is_error(e->args.v[1]))
        nd_check_bad_arg(c, e, 1, "a string");
    return nd_ty(b->type);
}

static struct nd_type *check_rows(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    enum nd_tk kind = e->args.v[0]->type->kind;

    if (kind != ND_TY_HIST && kind != ND_TY_LHIST && kind != ND_TY_DIST && !is_error(e->args.v[0]))
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
        nd_error(c->d, ND_E0313, e->args.v[i]->span, "%s() wants a string literal here", e->name);
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
    if (c->probe && c->probe->type != ND_PROG_KPROBE && c->probe->type != ND_PROG_PERF_EVENT) {
        nd_help(c->d, nd_error(c->d, ND_E0403, e->span, "this kind of probe has no registers"),
                "kprobe, kretprobe, uprobe, uretprobe, usdt and profile have");
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

static struct nd_type *check_hist(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    static const struct {
        enum nd_builtin_id id;
        enum nd_tk kind;
        uint32_t size;
    } rows[] = {
        {ND_B_COUNT, ND_TY_COUNT, 8},
        {ND_B_SUM, ND_TY_SUM, 8},
        {ND_B_MIN, ND_TY_MIN, sizeof(struct nd_minmax)},
        {ND_B_MAX, ND_TY_MAX, sizeof(struct nd_minmax)},
        {ND_B_AVG, ND_TY_AVG, sizeof(struct nd_avg)},
        {ND_B_STATS, ND_TY_STATS, sizeof(struct nd_avg)},
        {ND_B_HIST, ND_TY_HIST, sizeof(struct nd_hist)},
        {ND_B_DIST, ND_TY_DIST, sizeof(struct nd_dist)},
        {ND_B_LHIST, ND_TY_LHIST, 8},
    };
    struct nd_type *t = nd_ty(&nd_type_error);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].id == b->id) {
            t = nd_type_new(c->t, rows[i].kind, rows[i].size);
            t->align = 8;
        }
    }
    if (b->id != ND_B_COUNT) {
        if (!nd_check_want_int(c, e, 0))
            return nd_ty(&nd_type_error);
        t->is_signed = nd_type_signed(e->args.v[0]->type);
    }
    if (b->id == ND_B_LHIST) {
        int64_t n;

        t->lo = const_arg(c, e, 1, INT64_MIN / 2, INT64_MAX / 2, 0);
        t->hi = const_arg(c, e, 2, INT64_MIN / 2, INT64_MAX / 2, 1);
        t->step = const_arg(c, e, 3, 1, INT64_MAX, 1);
        n = t->hi > t->lo ? (t->hi - t->lo - 1) / t->step + 1 : 0;
        if (n < 1 || n > 1000) {
            nd_error(c->d, ND_E0317, e->span, "lhist() needs 1 to 1000 steps, this has %lld",
                     (long long)n);
            n = 1;
        }
        t->nelems = (uint32_t)n + 2;
        t->size = t->nelems * 8;
    }
    return t;
}

static struct nd_type *check_addr(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    const char *s = text_arg(c, e, 0);
    uint8_t bytes[20];

    if (!s)
        return nd_ty(b->type);
    if (!nd_parse_value(b->type->kind, s, bytes)) {
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
    const_arg(c, e, 0, 1, 255, 1);
    nd_check_format(c, e, 1);
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
    t = nd_type_new(c->t, ND_TY_STRFTIME, 8);
    t->name = fmt ? fmt : "";
    return t;
}

static struct nd_type *check_num(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    uint32_t i;
    bool real = false;

    for (i = 0; i < e->args.n; i++) {
        struct nd_type *a = e->args.v[i]->type;

        if (!nd_type_is_int(a) && a->kind != ND_TY_DOUBLE)
            nd_check_bad_arg(c, e, i, "a number");
        real |= a->kind == ND_TY_DOUBLE;
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
    struct nd_type *t = nd_type_new(c->t, kernel ? ND_TY_KSTACK : ND_TY_USTACK, kernel ? 4 : 8);

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
    uint32_t flags = 0, i;
    int64_t depth = 127;

    for (i = 0; e->kind == ND_E_CALL && i < e->args.n; i++) {
        struct nd_expr *x = e->args.v[i];

        if (x->kind == ND_E_IDENT && !strcmp(x->name, "perf"))
            flags = ND_TF_PERF;
        else if (x->kind == ND_E_IDENT && !strcmp(x->name, "raw"))
            flags = ND_TF_RAW;
        else if (x->kind == ND_E_IDENT && !strcmp(x->name, "bpftrace"))
            flags = 0;
        else if (nd_check_expr(c, x)->kind != ND_TY_ERROR)
            depth = const_arg(c, e, i, 1, 127, 127);
    }
    return stack_type(c, kernel, depth, flags);
}

// clang-format off
static const struct nd_builtin table[] = {
    // name       id            worlds call async min max type check usage help
    {"pid", ND_B_PID, K, 0, 0, 0, 0, &nd_type_u32, NULL, "pid", "process id (thread group)"},
    {"tid", ND_B_TID, K, 0, 0, 0, 0, &nd_type_u32, NULL, "tid", "thread id"},
    {"uid", ND_B_UID, K, 0, 0, 0, 0, &nd_type_u32, NULL, "uid", "user id"},
    {"gid", ND_B_GID, K, 0, 0, 0, 0, &nd_type_u32, NULL, "gid", "group id"},
    {"username", ND_B_USERNAME, K, 0, 0, 0, 0, &nd_type_username, NULL, "username", "user name"},
    {"comm", ND_B_COMM, K, 0, 0, 0, 0, NULL, NULL, "comm", "name of the thread, 16 bytes"},
    {"cpu", ND_B_CPU, K, 0, 0, 0, 0, &nd_type_u32, NULL, "cpu", "number of the CPU"},
    {"nsecs", ND_B_NSECS, KU, 0, 0, 0, 0, &nd_type_time, NULL, "nsecs", "ns of CLOCK_MONOTONIC"},
    {"nsecs", ND_B_NSECS, K, 1, 0, 1, 1, &nd_type_u64, check_any, "nsecs(clock)", "clock: monotonic, boot, tai"},
    {"elapsed", ND_B_ELAPSED, KU, 0, 0, 0, 0, &nd_type_duration, NULL, "elapsed", "time since the start"},
    {"interval", ND_B_INTERVAL, U, 0, 0, 0, 0, &nd_type_duration, NULL, "interval", "true length of this interval"},
    {"lost", ND_B_LOST, U, 0, 0, 0, 0, &nd_type_u64, NULL, "lost", "events lost so far"},
    {"ncpus", ND_B_NCPUS, U, 0, 0, 0, 0, &nd_type_u32, NULL, "ncpus", "possible CPUs"},
    {"ending", ND_B_ENDING, U, 0, 0, 0, 0, &nd_type_bool, NULL, "ending", "is this the last report of the run?"},
    {"json", ND_B_JSON, U, 0, 0, 0, 0, &nd_type_bool, NULL, "json", "records are written, not text"},
    {"ctx", ND_B_CTX, K, 0, 0, 0, 0, NULL, NULL, "ctx", "the program's context"},
    {"args", ND_B_ARGS, K, 0, 0, 0, 0, &nd_type_args, NULL, "args.NAME", "arguments by name"},
    {"retval", ND_B_RETVAL, K, 0, 0, 0, 0, NULL, NULL, "retval", "value a function returns"},
    {"func", ND_B_FUNC, K, 0, 0, 0, 0, NULL, NULL, "func", "function or event of the probe"},
    {"probe", ND_B_PROBE, K, 0, 0, 0, 0, NULL, NULL, "probe", "the probe as written"},
    {"curtask", ND_B_CURTASK, K, 0, 0, 0, 0, NULL, NULL, "curtask", "struct task_struct * of the thread"},
    {"cgroup", ND_B_CGROUP, K, 0, 0, 0, 0, &nd_type_cgroup, NULL, "cgroup", "cgroup v2 of the thread"},
    {"rand", ND_B_RAND, K, 0, 0, 0, 0, &nd_type_u32, NULL, "rand", "random number"},
    {"kstack", ND_B_KSTACK, K, 0, 0, 0, 0, NULL, check_stack, "kstack", "kernel stack"},
    {"ustack", ND_B_USTACK, K, 0, 0, 0, 0, NULL, check_stack, "ustack", "user stack"},
    {"opt", ND_B_OPT, KU, 0, 0, 0, 0, &nd_type_opts, NULL, "opt.NAME", "value of an option"},
    {"pkt", ND_B_PKT, K, 0, 0, 0, 0, NULL, nd_check_pkt_name, "pkt", "the packet of the stage"},
    {"packet_id", ND_B_PACKET_ID, K, 0, 0, 0, 0, NULL, nd_check_packet_id, "packet_id", "what a packet is known by at every stage"},
    {"inner_id", ND_B_INNER_ID, K, 0, 0, 0, 0, NULL, nd_check_packet_id, "inner_id", "the same of the packet in a tunnel, if there is one"},
    {"true", ND_B_TRUE, KU, 0, 0, 0, 0, &nd_type_bool, NULL, "true", ""},
    {"false", ND_B_FALSE, KU, 0, 0, 0, 0, &nd_type_bool, NULL, "false", ""},

    {"kstack", ND_B_KSTACK, K, 1, 0, 0, 2, NULL, check_stack, "kstack([mode,] [depth])", "modes: bpftrace, perf, raw"},
    {"ustack", ND_B_USTACK, K, 1, 0, 0, 2, NULL, check_stack, "ustack([mode,] [depth])", "modes: bpftrace, perf, raw"},
    {"str", ND_B_STR, KU, 1, 0, 1, 2, NULL, check_str, "str(pointer [, bytes])", "string in memory, 64 bytes unless told"},
    {"buf", ND_B_BUF, K, 1, 0, 1, 2, NULL, check_buf, "buf(pointer [, bytes])", "bytes in memory"},
    {"kptr", ND_B_KPTR, K, 1, 0, 1, 1, NULL, check_ptr, "kptr(pointer)", "read through it from kernel memory"},
    {"uptr", ND_B_UPTR, K, 1, 0, 1, 1, NULL, check_ptr, "uptr(pointer)", "read through it from user memory"},
    {"ntop", ND_B_NTOP, K, 1, 0, 1, 2, &nd_type_ip, check_ntop, "ntop([family,] address)", "an address as ip"},
    {"pton", ND_B_PTON, KU, 1, 0, 1, 1, &nd_type_ip, check_addr, "pton(\"address\")", "the same as ip()"},
    {"ip", ND_B_IP, KU, 1, 0, 1, 1, &nd_type_ip, check_addr, "ip(\"10.0.0.1\")", "an IPv4 or IPv6 address"},
    {"prefix", ND_B_PREFIX, KU, 1, 0, 1, 1, &nd_type_prefix, check_addr, "prefix(\"fd00::/8\")", "for: address in prefix"},
    {"mac", ND_B_MAC, KU, 1, 0, 1, 1, &nd_type_mac, check_addr, "mac(\"52:54:00:12:34:56\")", "a MAC address"},
    {"ifname", ND_B_IFNAME, KU, 1, 0, 1, 1, &nd_type_ifname, check_addr, "ifname(\"eth0\")", "a device name"},
    {"macaddr", ND_B_MACADDR, K, 1, 0, 1, 1, &nd_type_mac, check_macaddr, "macaddr(bytes)", "6 bytes as a MAC address"},
    {"bswap", ND_B_BSWAP, KU, 1, 0, 1, 1, NULL, check_bswap, "bswap(x)", "bytes in reverse order"},
    {"strncmp", ND_B_STRNCMP, K, 1, 0, 3, 3, &nd_type_i64, check_text2, "strncmp(a, b, n)", "0 if the first n bytes are equal"},
    {"strcontains", ND_B_STRCONTAINS, KU, 1, 0, 2, 2, &nd_type_bool, check_text2, "strcontains(s, part)", ""},
    {"strlen", ND_B_STRLEN, KU, 1, 0, 1, 1, &nd_type_i64, check_text1, "strlen(s)", ""},
    {"ksym", ND_B_KSYM, KU, 1, 0, 1, 1, &nd_type_ksym, check_int1, "ksym(address)", "kernel symbol of an address"},
    {"usym", ND_B_USYM, K, 1, 0, 1, 1, &nd_type_usym, check_usym, "usym(address)", "symbol in this process"},
    {"kaddr", ND_B_KADDR, KU, 1, 0, 1, 1, &nd_type_u64, check_kaddr, "kaddr(\"symbol\")", "address of a kernel symbol"},
    {"reg", ND_B_REG, K, 1, 0, 1, 1, &nd_type_u64, check_reg, "reg(\"ip\")", "a CPU register"},
    {"has_key", ND_B_HAS_KEY, KU, 1, 0, 1, 2, &nd_type_bool, check_any, "has_key(@m, key)", "is the key in the map?"},
    {"delete", ND_B_DELETE, KU, 1, 0, 1, 2, &nd_type_bool, check_any, "delete(@m, key)", "removes a key"},
    {"len", ND_B_LEN, KU, 1, 0, 1, 1, &nd_type_i64, check_any, "len(@m)", "entries of a map, values of a list option"},
    {"has", ND_B_HAS, KU, 1, 0, 1, 1, &nd_type_bool, check_any, "has(opt.x)", "was the option given?"},

    {"has_param", ND_B_HAS_PARAM, KU, 1, 0, 1, 2, &nd_type_bool, nd_ask_param, "has_param([probe,] \"name\")", "does this kernel's probe have args.name?"},
    {"has_func", ND_B_HAS_FUNC, KU, 1, 0, 1, 1, &nd_type_bool, nd_ask_func, "has_func(\"[module:]function\")", "has this kernel the function?"},
    {"kernel_at_least", ND_B_KERNEL_AT_LEAST, KU, 1, 0, 2, 3, &nd_type_bool, nd_ask_version, "kernel_at_least(5, 17)", "is the kernel this or newer?"},

    {"count", ND_B_COUNT, KU, 1, 0, 0, 1, NULL, check_hist, "@m = count()", "counts"},
    {"sum", ND_B_SUM, KU, 1, 0, 1, 1, NULL, check_hist, "@m = sum(x)", "adds up; sum(@m) in user space"},
    {"avg", ND_B_AVG, KU, 1, 0, 1, 1, NULL, check_hist, "@m = avg(x)", "average"},
    {"min", ND_B_MIN, KU, 1, 0, 1, 2, NULL, check_hist, "@m = min(x)", "smallest"},
    {"max", ND_B_MAX, KU, 1, 0, 1, 2, NULL, check_hist, "@m = max(x)", "largest"},
    {"stats", ND_B_STATS, KU, 1, 0, 1, 1, NULL, check_hist, "@m = stats(x)", "count, average, total"},
    {"hist", ND_B_HIST, KU, 1, 0, 1, 1, NULL, check_hist, "@m = hist(x)", "power-of-two histogram"},
    {"lhist", ND_B_LHIST, KU, 1, 0, 4, 4, NULL, check_hist, "@m = lhist(x, min, max, step)", "linear histogram"},
    {"dist", ND_B_DIST, KU, 1, 0, 1, 1, NULL, check_hist, "@m = dist(x)", "histogram with percentiles, error at most 6.25 %"},
    {"p50", ND_B_P50, U, 1, 0, 1, 1, &nd_type_double, check_any, "p50(@m[key])", "median of hist, lhist, dist"},
    {"p90", ND_B_P90, U, 1, 0, 1, 1, &nd_type_double, check_any, "p90(@m[key])", "percentile"},
    {"p95", ND_B_P95, U, 1, 0, 1, 1, &nd_type_double, check_any, "p95(@m[key])", "percentile"},
    {"p99", ND_B_P99, U, 1, 0, 1, 1, &nd_type_double, check_any, "p99(@m[key])", "percentile"},
    {"p999", ND_B_P999, U, 1, 0, 1, 1, &nd_type_double, check_any, "p999(@m[key])", "percentile"},

    {"printf", ND_B_PRINTF, KU, 1, 1, 1, 32, &nd_type_none, check_printf, "printf(format, ...)", "prints"},
    {"sprintf", ND_B_SPRINTF, U, 1, 0, 1, 32, &nd_type_str, check_printf, "sprintf(format, ...)", "formats"},
    {"print", ND_B_PRINT, KU, 1, 1, 1, 3, &nd_type_none, check_any, "print(x [, top [, div]])", "prints a map or a value"},
    {"clear", ND_B_CLEAR, KU, 1, 1, 1, 1, &nd_type_none, check_any, "clear(@m)", "empties a map"},
    {"zero", ND_B_ZERO, KU, 1, 1, 1, 1, &nd_type_none, check_any, "zero(@m)", "sets all values to 0"},
    {"exit", ND_B_EXIT, KU, 1, 1, 0, 1, &nd_type_none, check_exit, "exit([code])", "ends the run"},
    {"time", ND_B_TIME, KU, 1, 1, 0, 1, &nd_type_none, check_time, "time([format])", "prints the wall-clock time"},
    {"strftime", ND_B_STRFTIME, KU, 1, 0, 2, 2, NULL, check_strftime, "strftime(format, time)", "a time as text"},
    {"report", ND_B_REPORT, U, 1, 0, 1, 32, &nd_type_none, check_any, "report(@m, ...)", "prints the interval's values and starts the next"},
    {"losses", ND_B_LOSSES, U, 1, 0, 0, 0, &nd_type_none, check_any, "losses()", "prints what was lost since the last report, if anything"},
    {"top", ND_B_TOP, KU, 1, 1, 2, 2, &nd_type_none, check_any, "top(@m, n)", "prints the n largest"},
    {"table", ND_B_TABLE, U, 1, 0, 1, 32, &nd_type_none, check_any, "table(\"head\", ...)", "starts a table; rows: table(v, ...)"},
    {"starts_with", ND_B_STARTS, U, 1, 0, 2, 2, &nd_type_bool, check_text2, "starts_with(s, prefix)", ""},
    {"ends_with", ND_B_ENDS, U, 1, 0, 2, 2, &nd_type_bool, check_text2, "ends_with(s, suffix)", ""},
    {"substr", ND_B_SUBSTR, U, 1, 0, 3, 3, &nd_type_str, check_any, "substr(s, start, len)", ""},
    {"repeat", ND_B_REPEAT, U, 1, 0, 2, 2, &nd_type_str, check_any, "repeat(s, n)", ""},
    {"upper", ND_B_UPPER, U, 1, 0, 1, 1, &nd_type_str, check_text1, "upper(s)", ""},
    {"lower", ND_B_LOWER, U, 1, 0, 1, 1, &nd_type_str, check_text1, "lower(s)", ""},
    {"pad", ND_B_PAD, U, 1, 0, 2, 2, &nd_type_str, check_any, "pad(s, width)", ""},
    {"num", ND_B_NUM, U, 1, 0, 1, 1, &nd_type_i64, check_text1, "num(s)", "number in a string"},
    {"abs", ND_B_ABS, U, 1, 0, 1, 1, NULL, check_num, "abs(x)", ""},
    {"round", ND_B_ROUND, U, 1, 0, 1, 1, &nd_type_double, check_num, "round(x)", ""},
    {"floor", ND_B_FLOOR, U, 1, 0, 1, 1, &nd_type_double, check_num, "floor(x)", ""},
    {"ceil", ND_B_CEIL, U, 1, 0, 1, 1, &nd_type_double, check_num, "ceil(x)", ""},
    {"sqrt", ND_B_SQRT, U, 1, 0, 1, 1, &nd_type_double, check_num, "sqrt(x)", ""},
    {"log2", ND_B_LOG2, U, 1, 0, 1, 1, &nd_type_double, check_num, "log2(x)", ""},
    {"frames", ND_B_FRAMES, U, 1, 0, 2, 2, &nd_type_str, check_frames, "frames(stack, separator)", "functions of a stack, the innermost first"},
    {"folded", ND_B_FOLDED, U, 1, 0, 1, 1, &nd_type_str, check_frames, "folded(stack)", "functions of a stack, the outermost first, ; between"},
    {"depth", ND_B_DEPTH, U, 1, 0, 1, 1, &nd_type_i64, check_frames, "depth(stack)", "frames of a stack"},
    {"frame", ND_B_FRAME, U, 1, 0, 2, 2, &nd_type_str, check_frames, "frame(stack, i)", "line i of a stack, the innermost is 0"},
    {"rows", ND_B_ROWS, U, 1, 0, 1, 1, &nd_type_i64, check_rows, "rows(v)", "rows of a histogram"},
    {"row_low", ND_B_ROW_LOW, U, 1, 0, 2, 2, &nd_type_i64, check_rows, "row_low(v, i)", "smallest value of row i"},
    {"row_high", ND_B_ROW_HIGH, U, 1, 0, 2, 2, &nd_type_i64, check_rows, "row_high(v, i)", "largest value of row i"},
    {"row_count", ND_B_ROW_COUNT, U, 1, 0, 2, 2, &nd_type_i64, check_rows, "row_count(v, i)", "values in row i"},
    {"ifindex", ND_B_IFINDEX, U, 1, 0, 1, 1, &nd_type_i64, check_text1, "ifindex(name)", "0 if there is no such device"},

    {"path_count", ND_B_PATH_COUNT, U, 1, 0, 2, 2, &nd_type_i64, nd_check_path_count, "path_count(\"path\", \"started\")", "a counter of a path since the start of the run"},
    {"link_stat", ND_B_LINK_STAT, U, 1, 0, 2, 2, &nd_type_i64, nd_check_link_stat, "link_stat(device, \"rx_errors\")", "a counter of a device, or rx_queues, tx_queues, tx_queue_len, mtu; -1: no such device"},
    {"get_num", ND_B_GET_NUM, U, 1, 0, 3, 3, &nd_type_u64, nd_check_get, "get_num(buf, offset, bytes)", "a number of 1, 2, 4 or 8 bytes in a buf; 0 if it is not all there"},
    {"get_be", ND_B_GET_BE, U, 1, 0, 3, 3, &nd_type_u64, nd_check_get, "get_be(buf, offset, bytes)", "the same in network byte order"},
    {"get_ip", ND_B_GET_IP, U, 1, 0, 3, 3, &nd_type_ip, nd_check_get, "get_ip(buf, offset, bytes)", "an address of 4 or 16 bytes in a buf"},
    {"get_mac", ND_B_GET_MAC, U, 1, 0, 2, 2, &nd_type_mac, nd_check_get, "get_mac(buf, offset)", "a MAC address in a buf"},
    {"file_lines", ND_B_FILE_LINES, U, 1, 0, 1, 1, &nd_type_i64, nd_check_file, "file_lines(opt.file)", "lines of the file that an option of type path names"},
    {"file_line", ND_B_FILE_LINE, U, 1, 0, 2, 2, &nd_type_str, nd_check_file, "file_line(opt.file, n)", "the n-th line, from 1"},
    {"file_error", ND_B_FILE_ERROR, U, 1, 0, 4, 4, &nd_type_none, nd_check_file, "file_error(opt.file, line, column, text)", "prints the error with its place and ends the run with 2"},
    {"fail", ND_B_FAIL, U, 1, 0, 2, 32, &nd_type_none, check_fail, "fail(code, format, ...)", "prints an error on stderr and ends the run with this code"},
    {"word", ND_B_WORD, U, 1, 0, 2, 3, &nd_type_str, nd_check_word, "word(s, i [, separators])", "the i-th word between blanks, or between these characters, from 0; \"\" if there are not so many"},
    {"word_column", ND_B_WORD_COLUMN, U, 1, 0, 2, 3, &nd_type_i64, nd_check_word, "word_column(s, i [, separators])", "where it begins, from 1; 0: nowhere"},
    {"vm_tap", ND_B_VM_TAP, U, 1, 0, 2, 2, &nd_type_str, nd_check_word, "vm_tap(name, i)", "the i-th tap device, from 0, of the VM (QEMU) of this name or UUID; \"\" if there are not so many"},

    {"system", ND_B_REFUSED, KU, 1, 0, 0, 32, NULL, check_refused, "", "ndtrace only observes: scripts cannot run commands"},
    {"signal", ND_B_REFUSED, KU, 1, 0, 0, 32, NULL, check_refused, "", "ndtrace only observes: scripts cannot send signals"},
    {"override", ND_B_REFUSED, KU, 1, 0, 0, 32, NULL, check_refused, "", "ndtrace only observes: scripts cannot change return values"},
    {"cat", ND_B_REFUSED, KU, 1, 0, 0, 32, NULL, check_refused, "", "files are not read by scripts"},
};
// clang-format on

const struct nd_builtin *nd_builtin_at(uint32_t i)
{
    return i < sizeof(table) / sizeof(table[0]) ? &table[i] : NULL;
}

const struct nd_builtin *nd_builtin_find(const char *name, bool is_call)
{
    size_t i;

    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].is_call == is_call && !strcmp(table[i].name, name))
            return &table[i];
    }
    return NULL;
}
