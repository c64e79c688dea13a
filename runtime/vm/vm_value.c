// SPDX-License-Identifier: GPL-2.0-or-later
// Values of user code: from typed bytes and back, to numbers and to text; fields and elements.
// Must not know maps. Serves the instructions.
#include "runtime/common/typed.h"
#include "runtime/vm/vm_impl.h"

#include "runtime/common/agg.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *vm_kind_name(enum vm_kind k)
{
    static const char *const name[] = {[VM_I64] = "an integer",
                                       [VM_U64] = "an integer",
                                       [VM_F64] = "a double",
                                       [VM_STR] = "a string",
                                       [VM_BYTES] = "a compound value"};

    return name[k];
}

void vm_typed_int(const struct nd_vm *vm, uint32_t type, int64_t v, struct vm_value *out)
{
    const struct nd_mf_type *t = type < vm->env.mf->ntypes ? vm_type(vm, type) : NULL;
    bool known = t && nd_typed_is_int(t) && t->size <= 8;

    out->kind = known && !nd_typed_is_signed(t) ? VM_U64 : VM_I64;
    out->type = known ? type : ND_MF_NONE;
    out->n = 0;
    out->i = v;
}

// A device as text: eth0, or eth0@NAME in another network namespace.
static int load_ifname(struct nd_vm *vm, const void *p, struct vm_value *out)
{
    struct nd_buf b = {0};
    char *q;

    nd_format_ifname(vm->env.fmt, p, &b);
    q = vm_alloc(vm, b.n + 1);
    if (q && b.n)
        memcpy(q, b.v, b.n);
    out->kind = VM_STR;
    out->n = (uint32_t)b.n;
    out->p = (const uint8_t *)q;
    free(b.v);
    return q ? 0 : -ENOMEM;
}

// And back: a name alone is of a device in our own.
static void store_ifname(const struct nd_vm *vm, const char *s, uint32_t n, void *dst)
{
    const char *at = memchr(s, '@', n);
    struct nd_ifname dev = {.netns = n ? (uint32_t)vm->env.fmt->netns : 0};
    uint32_t len = at ? (uint32_t)(at - s) : n;
    char ns[256];

    memcpy(dev.name, s, len < sizeof(dev.name) ? len : sizeof(dev.name) - 1);
    if (at && vm->env.fmt->syms) {
        snprintf(ns, sizeof(ns), "%.*s", (int)(n - len - 1), at + 1);
        dev.netns = (uint32_t)nd_syms_netns_named(vm->env.fmt->syms, ns);
    }
    memcpy(dst, &dev, sizeof(dev));
}

int vm_load(struct nd_vm *vm, uint32_t type, const void *p, bool copy, struct vm_value *out)
{
    const struct nd_mf_type *t;
    void *q;

    if (type >= vm->env.mf->ntypes)
        return vm_fail(vm, EINVAL, "no type %u", type);
    t = vm_type(vm, type);
    if (nd_typed_is_int(t)) {
        vm_typed_int(vm, type, nd_typed_int(t, p), out);
        return 0;
    }
    if (t->kind == ND_T_DOUBLE) {
        *out = (struct vm_value){.kind = VM_F64, .type = type};
        memcpy(&out->d, p, 8);
        return 0;
    }
    *out = (struct vm_value){.kind = VM_BYTES, .type = type, .n = t->size, .p = p};
    if (t->kind == ND_T_IFNAME)
        return load_ifname(vm, p, out);
    if (nd_typekind_is(t->kind, ND_IS_TEXT)) {
        out->kind = VM_STR;
        out->n = nd_typed_strlen(t, p);
    }
    // Aggregations are read as words, and a constant may stand anywhere.
    if (!copy && !(nd_agg_is(t->kind) && (uintptr_t)p & 7))
        return 0;
    q = vm_alloc(vm, out->n);
    if (!q)
        return -ENOMEM;
    if (out->n)
        memcpy(q, p, out->n);
    out->p = q;
    return 0;
}

int64_t vm_trunc(double d)
{
    if (d != d)
        return 0;
    if (d >= 9223372036854775808.0)
        return d >= 18446744073709551616.0 ? -1 : (int64_t)(uint64_t)d;
    return d < -9223372036854775808.0 ? INT64_MIN : (int64_t)d;
}

int vm_f64(struct nd_vm *vm, const struct vm_value *v, double *out)
{
    const struct nd_mf_type *t;

    switch (v->kind) {
    case VM_I64:
        *out = (double)v->i;
        return 0;
    case VM_U64:
        *out = (double)(uint64_t)v->i;
        return 0;
    case VM_F64:
        *out = v->d;
        return 0;
    case VM_BYTES:
        t = vm_type(vm, v->type);
        if (nd_agg_is(t->kind)) { // min, max and avg as numbers
            *out = nd_agg_rank(t, v->p);
            return 0;
        }
        break;
    case VM_STR:
        break;
    }
    return vm_fail(vm, EINVAL, "%s where a number is needed", vm_kind_name(v->kind));
}

int vm_i64(struct nd_vm *vm, const struct vm_value *v, int64_t *out)
{
    double d;
    int err;

    if (v->kind == VM_I64 || v->kind == VM_U64) {
        *out = v->i;
        return 0;
    }
    err = vm_f64(vm, v, &d);
    *out = err ? 0 : vm_trunc(d);
    return err;
}

int vm_str(struct nd_vm *vm, const struct vm_value *v, const char **s, uint32_t *n)
{
    *s = (const char *)v->p;
    *n = v->n;
    if (v->kind != VM_STR)
        return vm_fail(vm, EINVAL, "%s where a string is needed", vm_kind_name(v->kind));
    return 0;
}

bool vm_truth(const struct vm_value *v)
{
    uint32_t i;

    switch (v->kind) {
    case VM_I64:
    case VM_U64:
        return v->i != 0;
    case VM_F64:
        return v->d != 0;
    case VM_STR:
        return v->n != 0;
    case VM_BYTES:
        break;
    }
    for (i = 0; i < v->n; i++) {
        if (v->p[i])
            return true;
    }
    return false;
}

static int store_fields(struct nd_vm *vm, const struct vm_value *v, const struct nd_mf_type *t,
                        uint8_t *dst);

static int store_compound(struct nd_vm *vm, const struct vm_value *v, uint32_t type, uint8_t *dst)
{
    const struct nd_mf_type *t = vm_type(vm, type), *from;

    if (v->kind == VM_BYTES) {
        from = vm_type(vm, v->type);
        if (v->type == type ||
            (from->kind == t->kind && v->n == t->size && !nd_typekind_is(t->kind, ND_IS_MEMBERS))) {
            memcpy(dst, v->p, t->size);
            return 0;
        }
        if (from->count == t->count && nd_typekind_is(from->kind, ND_IS_MEMBERS) &&
            nd_typekind_is(t->kind, ND_IS_MEMBERS))
            return store_fields(vm, v, t, dst);
    }
    return vm_fail(vm, EINVAL, "%s where bytes of another type are needed", vm_kind_name(v->kind));
}

static int store_field(struct nd_vm *vm, const struct vm_value *v, const struct nd_mf_field *f,
                       uint8_t *dst)
{
    const struct nd_mf_type *t = vm_type(vm, f->type);
    struct nd_mf_type plain = *t;
    uint64_t old, mask;
    int64_t i;

    if (!f->bits)
        return vm_store(vm, v, f->type, dst + f->off);
    if (vm_i64(vm, v, &i))
        return -EINVAL;
    plain.kind = ND_T_INT;
    mask = (f->bits >= 64 ? ~0ull : (1ull << f->bits) - 1) << (f->bit_off & 63);
    old = (uint64_t)nd_typed_int(&plain, dst + f->off);
    old = (old & ~mask) | ((uint64_t)i << (f->bit_off & 63) & mask);
    nd_typed_put(&plain, dst + f->off, (int64_t)old);
    return 0;
}

static int load_field(struct nd_vm *vm, const struct vm_value *s, const struct nd_mf_field *f,
                      struct vm_value *out)
{
    uint64_t tmp;
    const void *p;

    if (s->kind != VM_BYTES || f->off > s->n || vm_type(vm, f->type)->size > s->n - f->off)
        return vm_fail(vm, EINVAL, "a field of %s", vm_kind_name(s->kind));
    p = nd_typed_field(vm->env.mf, f, s->p, &tmp);
    return vm_load(vm, f->type, p, false, out); // bit-fields are integers: nothing refers to tmp
}

static int store_fields(struct nd_vm *vm, const struct vm_value *v, const struct nd_mf_type *t,
                        uint8_t *dst)
{
    const struct nd_mf_type *from = vm_type(vm, v->type);
    const struct nd_mf_field *fields = vm->env.mf->fields;
    struct vm_value part;
    uint32_t i;
    int err = 0;

    memset(dst, 0, t->size);
    for (i = 0; i < t->count && !err; i++) {
        err = load_field(vm, v, &fields[from->first + i], &part);
        if (!err)
            err = store_field(vm, &part, &fields[t->first + i], dst);
    }
    return err;
}

int vm_store(struct nd_vm *vm, const struct vm_value *v, uint32_t type, void *dst)
{
    const struct nd_mf_type *t;
    uint32_t n;
    int64_t i;
    double d;

    if (type >= vm->env.mf->ntypes)
        return vm_fail(vm, EINVAL, "no type %u", type);
    t = vm_type(vm, type);
    if (nd_typed_is_int(t)) {
        if (vm_i64(vm, v, &i))
            return -EINVAL;
        nd_typed_put(t, dst, i);
        return 0;
    }
    if (t->kind == ND_T_DOUBLE) {
        if (vm_f64(vm, v, &d))
            return -EINVAL;
        memcpy(dst, &d, 8);
        return 0;
    }
    if (!nd_typekind_is(t->kind, ND_IS_TEXT))
        return store_compound(vm, v, type, dst);
    if (v->kind != VM_STR)
        return vm_fail(vm, EINVAL, "%s where a string is needed", vm_kind_name(v->kind));
    if (t->kind == ND_T_IFNAME) {
        store_ifname(vm, (const char *)v->p, v->n, dst);
        return 0;
    }
    n = v->n < t->size ? v->n : t->size;
    memset(dst, 0, t->size);
    if (n)
        memcpy(dst, v->p, n);
    return 0;
}

int64_t vm_wall(const struct nd_vm *vm, const struct vm_value *v, int64_t ns)
{
    const struct nd_mf_type *t = v->type < vm->env.mf->ntypes ? vm_type(vm, v->type) : NULL;

    return nd_format_wall(vm->env.fmt, t && t->kind == ND_T_TIME ? t : NULL, ns);
}

void vm_text(const struct nd_vm *vm, const struct vm_value *v, struct nd_buf *out)
{
    uint64_t bytes;

    switch (v->kind) {
    case VM_I64:
    case VM_U64:
        if (v->type == ND_MF_NONE) {
            if (v->kind == VM_I64)
                nd_buf_i64(out, v->i);
            else
                nd_buf_u64(out, (uint64_t)v->i);
            return;
        }
        bytes = 0;
        nd_typed_put(vm_type(vm, v->type), &bytes, v->i);
        nd_format_text(vm->env.fmt, v->type, &bytes, out);
        return;
    case VM_F64:
        nd_text_double(v->d, out);
        return;
    case VM_STR:
        if (v->own)
            nd_buf_put(out, (const char *)v->p, v->n);
        else
            nd_format_outside(vm->env.fmt, (const char *)v->p, v->n, out);
        return;
    case VM_BYTES:
        nd_format_text(vm->env.fmt, v->type, v->p, out);
        return;
    }
}

int vm_op_field(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *s = vm_pop(vm, 1);
    struct vm_value v, *out;

    if (!s)
        return -EINVAL;
    if ((uint32_t)in->c >= vm->env.mf->nfields)
        return vm_fail(vm, EINVAL, "no field %d", in->c);
    if (load_field(vm, s, &vm->env.mf->fields[in->c], &v))
        return -EINVAL;
    out = vm_push(vm);
    if (out)
        *out = v;
    return out ? 0 : -E2BIG;
}

static int element(struct nd_vm *vm, const struct vm_value *arr, int64_t i, struct vm_value *out)
{
    const struct nd_mf_type *t;
    uint32_t size;
    void *zero;

    if (arr->kind == VM_STR) {
        *out = (struct vm_value){.kind = VM_I64, .type = ND_MF_NONE};
        out->i = i >= 0 && i < arr->n ? arr->p[i] : 0;
        return 0;
    }
    t = arr->kind == VM_BYTES ? vm_type(vm, arr->type) : NULL;
    if (!t || t->kind != ND_T_ARRAY)
        return vm_fail(vm, EINVAL, "an element of %s", vm_kind_name(arr->kind));
    size = vm_type(vm, t->elem)->size;
    if (i >= 0 && i < t->count)
        return vm_load(vm, t->elem, arr->p + (size_t)i * size, false, out);
    zero = vm_alloc(vm, size);
    if (!zero)
        return -ENOMEM;
    memset(zero, 0, size);
    return vm_load(vm, t->elem, zero, false, out);
}

int vm_op_index(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *x = vm_pop(vm, 2);
    struct vm_value v, *out;
    int64_t i;

    (void)in;
    if (!x || vm_i64(vm, &x[1], &i) || element(vm, &x[0], i, &v))
        return -EINVAL;
    out = vm_push(vm);
    if (out)
        *out = v;
    return out ? 0 : -E2BIG;
}

int vm_op_make(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *x = vm_pop(vm, in->a);
    const struct nd_mf_type *t;
    struct vm_value v = {0}, *out;
    uint32_t i;
    uint8_t *p;
    int err = 0;

    if (!x)
        return -EINVAL;
    if (in->b >= vm->env.mf->ntypes)
        return vm_fail(vm, EINVAL, "no type %u", in->b);
    t = vm_type(vm, in->b);
    p = vm_alloc(vm, t->size);
    if (!p)
        return -ENOMEM;
    memset(p, 0, t->size);
    if (nd_typekind_is(t->kind, ND_IS_MEMBERS) && in->a == t->count) {
        for (i = 0; i < in->a && !err; i++)
            err = store_field(vm, &x[i], &vm->env.mf->fields[t->first + i], p);
    } else if (t->kind == ND_T_ARRAY && in->a <= t->count) {
        for (i = 0; i < in->a && !err; i++)
            err = vm_store(vm, &x[i], t->elem, p + (size_t)i * vm_type(vm, t->elem)->size);
    } else if (in->a == 1) {
        err = vm_store(vm, x, in->b, p);
    } else {
        err = vm_fail(vm, EINVAL, "%u values for a type of %u", in->a, t->count);
    }
    if (err || vm_load(vm, in->b, p, false, &v))
        return -EINVAL;
    out = vm_push(vm);
    if (out)
        *out = v;
    return out ? 0 : -E2BIG;
}
