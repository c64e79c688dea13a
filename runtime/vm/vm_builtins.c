// SPDX-License-Identifier: GPL-2.0-or-later
// The functions of user code, a table by number. Must not know maps. Serves the loop.
#include "runtime/vm/vm_impl.h"

#include "runtime/common/msg.h"
#include "runtime/common/typed.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t monotonic(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

// The type of this kind in the manifest, so that a time prints as one; none: a plain number.
static int push_kind(struct nd_vm *vm, uint32_t kind, int64_t x)
{
    uint32_t i;

    if (vm_push_int(vm, x))
        return -E2BIG;
    for (i = 0; i < vm->env.mf->ntypes; i++) {
        if (vm->env.mf->types[i].kind == kind && !vm->env.mf->types[i].a) {
            vm_typed_int(vm, i, x, &vm->stack[vm->sp - 1]);
            break;
        }
    }
    return 0;
}

// Text in vm->scratch as a NUL terminated copy of a string value.
static int c_string(struct nd_vm *vm, const struct vm_value *v)
{
    const char *s;
    uint32_t n;

    if (vm_str(vm, v, &s, &n))
        return -EINVAL;
    vm->scratch.n = 0;
    nd_buf_put(&vm->scratch, s, n);
    return vm->scratch.v ? 0 : vm_fail(vm, ENOMEM, "out of memory");
}

static int vm_bi_strftime(struct nd_vm *vm, const struct vm_value *v)
{
    bool own = v[0].own;
    int64_t t;

    if (c_string(vm, &v[0]) || vm_i64(vm, &v[1], &t))
        return -EINVAL;
    vm->text.n = 0;
    nd_text_strftime(vm->scratch.v, vm_wall(vm, &v[1], t), &vm->text);
    return vm_pushed_own(vm, own, vm_push_copy(vm, vm->text.v, vm->text.n));
}

static int vm_bi_nsecs(struct nd_vm *vm, const struct vm_value *v)
{
    (void)v;
    return push_kind(vm, ND_T_TIME, monotonic());
}

static int vm_bi_elapsed(struct nd_vm *vm, const struct vm_value *v)
{
    (void)v;
    return push_kind(vm, ND_T_DURATION, monotonic() - vm->start);
}

static int vm_bi_interval(struct nd_vm *vm, const struct vm_value *v)
{
    (void)v;
    return push_kind(vm, ND_T_DURATION, vm->now - vm->interval_start);
}

static int vm_bi_str(struct nd_vm *vm, const struct vm_value *v)
{
    vm->text.n = 0;
    vm_text(vm, &v[0], &vm->text);
    return vm_pushed_own(vm, true, vm_push_copy(vm, vm->text.v, vm->text.n));
}

static int vm_bi_strlen(struct nd_vm *vm, const struct vm_value *v)
{
    const char *s;
    uint32_t n;

    return vm_str(vm, &v[0], &s, &n) ?: vm_push_int(vm, n);
}

static bool strings(struct nd_vm *vm, const struct vm_value *v, const char **s, uint32_t *n,
                    const char **t, uint32_t *m)
{
    return !vm_str(vm, &v[0], s, n) && !vm_str(vm, &v[1], t, m);
}

static int vm_bi_strcontains(struct nd_vm *vm, const struct vm_value *v)
{
    const char *s, *t;
    uint32_t n, m;

    if (!strings(vm, v, &s, &n, &t, &m))
        return -EINVAL;
    return vm_push_int(vm, !m || (n && memmem(s, n, t, m)));
}

static int vm_bi_strstarts(struct nd_vm *vm, const struct vm_value *v)
{
    const char *s, *t;
    uint32_t n, m;

    if (!strings(vm, v, &s, &n, &t, &m))
        return -EINVAL;
    return vm_push_int(vm, !m || (n >= m && !memcmp(s, t, m)));
}

static int vm_bi_strends(struct nd_vm *vm, const struct vm_value *v)
{
    const char *s, *t;
    uint32_t n, m;

    if (!strings(vm, v, &s, &n, &t, &m))
        return -EINVAL;
    return vm_push_int(vm, !m || (n >= m && !memcmp(s + (n - m), t, m)));
}

static int vm_bi_substr(struct nd_vm *vm, const struct vm_value *v)
{
    bool own = v[0].own;
    const char *s;
    uint32_t n;
    int64_t from, len;

    if (vm_str(vm, &v[0], &s, &n) || vm_i64(vm, &v[1], &from) || vm_i64(vm, &v[2], &len))
        return -EINVAL;
    from = from < 0 ? 0 : from > n ? n : from;
    len = len < 0 ? 0 : len > n - from ? n - from : len;
    return vm_pushed_own(vm, own, vm_push_str(vm, s + from, (size_t)len));
}

static int vm_bi_repeat(struct nd_vm *vm, const struct vm_value *v)
{
    bool own = v[0].own;
    const char *s;
    uint32_t n;
    int64_t times;

    if (vm_str(vm, &v[0], &s, &n) || vm_i64(vm, &v[1], &times))
        return -EINVAL;
    for (vm->text.n = 0; n && times > 0 && vm->text.n + n <= 1024; times--)
        nd_buf_put(&vm->text, s, n);
    return vm_pushed_own(vm, own, vm_push_copy(vm, vm->text.v, vm->text.n));
}

static int change_case(struct nd_vm *vm, const struct vm_value *v, int (*change)(int))
{
    bool own = v[0].own;
    const char *s;
    uint32_t n, i;
    char *p;

    if (vm_str(vm, &v[0], &s, &n))
        return -EINVAL;
    p = vm_alloc(vm, n);
    for (i = 0; p && i < n; i++)
        p[i] = (char)change((unsigned char)s[i]);
    return p ? vm_pushed_own(vm, own, vm_push_str(vm, p, n)) : -ENOMEM;
}

static int vm_bi_upper(struct nd_vm *vm, const struct vm_value *v)
{
    return change_case(vm, v, toupper);
}

static int vm_bi_lower(struct nd_vm *vm, const struct vm_value *v)
{
    return change_case(vm, v, tolower);
}

static int vm_bi_pad(struct nd_vm *vm, const struct vm_value *v)
{
    bool own = v[0].own, left;
    const char *s;
    uint32_t n;
    int64_t width;

    if (vm_str(vm, &v[0], &s, &n) || vm_i64(vm, &v[1], &width))
        return -EINVAL;
    left = width < 0;
    width = width < -65536 || width > 65536 ? 65536 : left ? -width : width;
    vm->text.n = 0;
    if (!left && width > n)
        nd_buf_fill(&vm->text, ' ', (size_t)width - n);
    nd_buf_put(&vm->text, s, n);
    if (left && width > n)
        nd_buf_fill(&vm->text, ' ', (size_t)width - n);
    return vm_pushed_own(vm, own, vm_push_copy(vm, vm->text.v, vm->text.n));
}

static int vm_bi_num(struct nd_vm *vm, const struct vm_value *v)
{
    char *end;
    long long x;

    if (c_string(vm, &v[0]))
        return -EINVAL;
    errno = 0;
    x = strtoll(vm->scratch.v, &end, 0);
    return vm_push_int(vm, end == vm->scratch.v || *end || errno ? 0 : x);
}

static bool is_int(const struct vm_value *v)
{
    return v->kind == VM_I64 || v->kind == VM_U64;
}

static int pick(struct nd_vm *vm, const struct vm_value *v, bool max)
{
    bool second;
    double x, y;
    struct vm_value copy[2] = {v[0], v[1]}, *out;

    if (vm_f64(vm, &v[0], &x) || vm_f64(vm, &v[1], &y))
        return -EINVAL;
    if (v[0].kind == VM_I64 && v[1].kind == VM_I64)
        second = max ? v[1].i > v[0].i : v[1].i < v[0].i;
    else if (v[0].kind == VM_U64 && v[1].kind == VM_U64)
        second = max ? (uint64_t)v[1].i > (uint64_t)v[0].i : (uint64_t)v[1].i < (uint64_t)v[0].i;
    else if (is_int(&v[0]) && is_int(&v[1]) && v[0].i >= 0 && v[1].i >= 0)
        second = max ? v[1].i > v[0].i : v[1].i < v[0].i;
    else // a negative number, or one that only a u64 holds: so far apart that no digit matters
        second = max ? y > x : y < x;
    out = vm_push(vm);
    if (out)
        *out = copy[second];
    return out ? 0 : -E2BIG;
}

static int vm_bi_min2(struct nd_vm *vm, const struct vm_value *v)
{
    return pick(vm, v, false);
}

static int vm_bi_max2(struct nd_vm *vm, const struct vm_value *v)
{
    return pick(vm, v, true);
}

static int vm_bi_abs(struct nd_vm *vm, const struct vm_value *v)
{
    struct vm_value x = v[0], *out;

    if (x.kind == VM_F64)
        x.d = fabs(x.d);
    else if (vm_i64(vm, &v[0], &x.i))
        return -EINVAL;
    else if (x.kind != VM_U64 && x.i < 0)
        x.i = (int64_t)(0 - (uint64_t)x.i);
    out = vm_push(vm);
    if (out)
        *out = x;
    return out ? 0 : -E2BIG;
}

// A function of one double; integers stay as they are when `whole`.
static int real(struct nd_vm *vm, const struct vm_value *v, double (*f)(double), bool whole)
{
    double d;

    if (whole && (v->kind == VM_I64 || v->kind == VM_U64)) {
        struct vm_value x = *v, *out = vm_push(vm);

        if (out)
            *out = x;
        return out ? 0 : -E2BIG;
    }
    return vm_f64(vm, v, &d) ?: vm_push_double(vm, f(d));
}

static int vm_bi_round(struct nd_vm *vm, const struct vm_value *v)
{
    return real(vm, v, round, true);
}

static int vm_bi_floor(struct nd_vm *vm, const struct vm_value *v)
{
    return real(vm, v, floor, true);
}

static int vm_bi_ceil(struct nd_vm *vm, const struct vm_value *v)
{
    return real(vm, v, ceil, true);
}

static int vm_bi_sqrt(struct nd_vm *vm, const struct vm_value *v)
{
    return real(vm, v, sqrt, false);
}

static int vm_bi_log2(struct nd_vm *vm, const struct vm_value *v)
{
    return real(vm, v, log2, false);
}

static int vm_bi_ksym(struct nd_vm *vm, const struct vm_value *v)
{
    int64_t addr;

    if (vm_i64(vm, &v[0], &addr))
        return -EINVAL;
    vm->text.n = 0;
    nd_format_addr(vm->env.fmt, (uint64_t)addr, 0, false, &vm->text);
    return vm_push_copy(vm, vm->text.v, vm->text.n);
}

// The name of a number, or the number.
static int push_name(struct nd_vm *vm, const char *name, uint64_t number)
{
    if (name)
        return vm_push_copy(vm, name, strlen(name));
    vm->text.n = 0;
    nd_buf_u64(&vm->text, number);
    return vm_push_copy(vm, vm->text.v, vm->text.n);
}

static int vm_bi_cgroup_path(struct nd_vm *vm, const struct vm_value *v)
{
    struct nd_syms *s = vm->env.fmt->syms;
    int64_t id;

    if (vm_i64(vm, &v[0], &id))
        return -EINVAL;
    return push_name(vm, s ? nd_syms_cgroup(s, (uint64_t)id) : NULL, (uint64_t)id);
}

static int vm_bi_strerror(struct nd_vm *vm, const struct vm_value *v)
{
    int64_t n;

    if (vm_i64(vm, &v[0], &n))
        return -EINVAL;
    n = n < 0 ? (int64_t)(0 - (uint64_t)n) : n;
    return push_name(vm, nd_text_errno(n), (uint64_t)n);
}

// A name, or the number with its sign.
static int push_named(struct nd_vm *vm, const struct vm_value *v, const char *(*name)(int64_t n))
{
    const char *text;
    int64_t n;

    if (vm_i64(vm, &v[0], &n))
        return -EINVAL;
    text = name(n);
    if (text)
        return vm_push_copy(vm, text, strlen(text));
    vm->text.n = 0;
    nd_buf_printf(&vm->text, "%lld", (long long)n);
    return vm_push_copy(vm, vm->text.v, vm->text.n);
}

static int vm_bi_signal_name(struct nd_vm *vm, const struct vm_value *v)
{
    return push_named(vm, v, nd_text_signal);
}

static int vm_bi_syscall_name(struct nd_vm *vm, const struct vm_value *v)
{
    return push_named(vm, v, nd_text_syscall);
}

static int vm_bi_kaddr(struct nd_vm *vm, const struct vm_value *v)
{
    struct nd_syms *s = vm->env.fmt->syms;

    if (c_string(vm, &v[0]))
        return -EINVAL;
    return vm_push_int(vm, s ? (int64_t)nd_syms_kaddr(s, vm->scratch.v) : 0);
}

static int vm_bi_ifindex(struct nd_vm *vm, const struct vm_value *v)
{
    return c_string(vm, &v[0]) ?: vm_push_int(vm, if_nametoindex(vm->scratch.v));
}

static int vm_bi_ifname(struct nd_vm *vm, const struct vm_value *v)
{
    char name[IF_NAMESIZE] = "";
    int64_t i;

    if (vm_i64(vm, &v[0], &i))
        return -EINVAL;
    if (i <= 0 || i > INT32_MAX || !if_indextoname((unsigned int)i, name))
        snprintf(name, sizeof(name), "%lld", (long long)i);
    return vm_push_copy(vm, name, strlen(name));
}

static int vm_bi_lost(struct nd_vm *vm, const struct vm_value *v)
{
    (void)v;
    return vm_push_int(vm, vm->env.lost ? (int64_t)vm->env.lost(vm->env.losses_arg) : 0);
}

static int vm_bi_ncpus(struct nd_vm *vm, const struct vm_value *v)
{
    (void)v;
    return vm_push_int(vm, sysconf(_SC_NPROCESSORS_CONF));
}

static int vm_bi_cpid(struct nd_vm *vm, const struct vm_value *v)
{
    const struct nd_mf_scope *s = vm->env.opts;

    (void)v;
    return vm_push_int(vm, s ? (int64_t)s->cpid : 0);
}

static int vm_bi_has_cpid(struct nd_vm *vm, const struct vm_value *v)
{
    const struct nd_mf_scope *s = vm->env.opts;

    (void)v;
    return push_kind(vm, ND_T_BOOL, s && s->cpid);
}

static int vm_bi_records(struct nd_vm *vm, const struct vm_value *v)
{
    (void)v;
    return vm_push_int(vm, nd_sink_records(vm->env.sink));
}

static int vm_bi_ending(struct nd_vm *vm, const struct vm_value *v)
{
    (void)v;
    return vm_push_int(vm, vm->ending);
}

// For the person and, as a record, for the program that reads us.
static int vm_bi_fail(struct nd_vm *vm, const struct vm_value *v)
{
    int64_t code;

    if (vm_i64(vm, &v[0], &code) || c_string(vm, &v[1]))
        return -EINVAL;
    nd_msg("error: %s", vm->scratch.v);
    nd_sink_fail(vm->env.sink, (int)(code & 0xff), vm->scratch.v);
    vm->exited = vm->done = vm->refused = true;
    vm->exit_code = (int)(code & 0xff);
    return 0;
}

static int vm_bi_warn(struct nd_vm *vm, const struct vm_value *v)
{
    if (c_string(vm, &v[0]))
        return -EINVAL;
    nd_msg("warning: %s", vm->scratch.v);
    nd_sink_fail(vm->env.sink, 0, vm->scratch.v);
    return 0;
}

static int vm_bi_message(struct nd_vm *vm, const struct vm_value *v)
{
    const char *place;
    uint32_t n;

    if (vm_str(vm, &v[0], &place, &n) || c_string(vm, &v[1]))
        return -EINVAL;
    while (vm->scratch.n && vm->scratch.v[vm->scratch.n - 1] == '\n')
        vm->scratch.v[--vm->scratch.n] = '\0';
    nd_msg_plain("%.*s%s\n", (int)n, place, vm->scratch.v);
    nd_sink_fail(vm->env.sink, 0, vm->scratch.v);
    return 0;
}

static int vm_bi_path_count(struct nd_vm *vm, const struct vm_value *v)
{
    int64_t path, what, n = 0;

    if (vm_i64(vm, &v[0], &path) || vm_i64(vm, &v[1], &what))
        return -EINVAL;
    if (path < 0 || path >= vm->env.mf->npaths || what < 0 || what >= ND_PATHC_ASK_MAX)
        return vm_fail(vm, EINVAL, "no such counter of a path");
    if (vm->env.path_count)
        n = vm->env.path_count(vm->env.losses_arg, (uint32_t)path, (uint32_t)what);
    return vm_push_int(vm, n);
}

static int stack_text(struct nd_vm *vm, const struct vm_value *v, const char *sep, bool outer_first)
{
    if (v->kind != VM_BYTES)
        return vm_fail(vm, EINVAL, "a stack is needed, not %s", vm_kind_name(v->kind));
    vm->text.n = 0;
    nd_format_frames(vm->env.fmt, v->type, v->p, sep, outer_first, &vm->text);
    return vm_pushed_own(vm, true, vm_push_copy(vm, vm->text.v, vm->text.n));
}

static int vm_bi_frames(struct nd_vm *vm, const struct vm_value *v)
{
    return c_string(vm, &v[1]) ?: stack_text(vm, &v[0], vm->scratch.v, false);
}

static int vm_bi_folded(struct nd_vm *vm, const struct vm_value *v)
{
    return stack_text(vm, &v[0], ";", true);
}

static int frame_of(struct nd_vm *vm, const struct vm_value *v, int64_t i, int *depth)
{
    if (v->kind != VM_BYTES)
        return vm_fail(vm, EINVAL, "a stack is needed, not %s", vm_kind_name(v->kind));
    vm->text.n = 0;
    *depth = nd_format_frame(vm->env.fmt, v->type, v->p, i, &vm->text);
    return 0;
}

static int vm_bi_depth(struct nd_vm *vm, const struct vm_value *v)
{
    int depth = 0;

    return frame_of(vm, &v[0], -1, &depth) ?: vm_push_int(vm, depth);
}

static int vm_bi_frame(struct nd_vm *vm, const struct vm_value *v)
{
    int64_t i;
    int depth = 0;

    return vm_i64(vm, &v[1], &i) ?: frame_of(vm, &v[0], i, &depth)
               ?: vm_pushed_own(vm, true, vm_push_copy(vm, vm->text.v, vm->text.n));
}

static const struct {
    vm_builtin *fn;
    uint8_t nargs;
} builtins[ND_BI_MAX] = {
#define ND_VM_FUNCTION(name, nargs, fn) [ND_BI_##name] = {vm_bi_##fn, nargs},
#include "runtime/common/builtins.def"
};

int vm_op_builtin(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *v;

    if ((uint32_t)in->c >= ND_BI_MAX)
        return vm_fail(vm, EINVAL, "no function %d", in->c);
    if (in->a != builtins[in->c].nargs)
        return vm_fail(vm, EINVAL, "a function with %u parameters was called with %u",
                       builtins[in->c].nargs, in->a);
    v = vm_pop(vm, in->a);
    return v ? builtins[in->c].fn(vm, v) : -EINVAL;
}
