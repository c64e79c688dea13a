// SPDX-License-Identifier: GPL-2.0-or-later
// Arithmetic and comparison in the five domains. Integers wrap; division by zero gives 0 and is
// counted. Must not know maps. Serves the instructions.
#include "runtime/common/typed.h"
#include "runtime/common/typekinds.h"
#include "runtime/vm/vm_impl.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static void zero_divisor(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    uint32_t site = (uint32_t)in->c;

    vm->div_zero++;
    if (site < vm->env.mf->nsites)
        vm->sites[site]++;
}

static uint64_t divide(struct nd_vm *vm, const struct nd_mf_insn *in, bool sign, uint64_t x,
                       uint64_t y)
{
    uint8_t op = in->op;

    if (!y) {
        zero_divisor(vm, in);
        return 0;
    }
    if (!sign)
        return op == ND_VM_DIV ? x / y : x % y;
    if (y == UINT64_MAX) // -1: the smallest number has no positive counterpart
        return op == ND_VM_DIV ? -x : 0;
    return op == ND_VM_DIV ? (uint64_t)((int64_t)x / (int64_t)y)
                           : (uint64_t)((int64_t)x % (int64_t)y);
}

static int integer_op(struct nd_vm *vm, const struct nd_mf_insn *in, const struct vm_value *a)
{
    bool sign = in->a == ND_D_I64;
    uint64_t x, y, r = 0;
    int64_t i, j;

    if (vm_i64(vm, &a[0], &i) || vm_i64(vm, &a[1], &j))
        return -EINVAL;
    x = (uint64_t)i;
    y = (uint64_t)j;
    switch (in->op) {
    case ND_VM_ADD:
        r = x + y;
        break;
    case ND_VM_SUB:
        r = x - y;
        break;
    case ND_VM_MUL:
        r = x * y;
        break;
    case ND_VM_DIV:
    case ND_VM_MOD:
        r = divide(vm, in, sign, x, y);
        break;
    case ND_VM_SHL:
        r = x << (y & 63);
        break;
    case ND_VM_SHR:
        r = sign ? (uint64_t)(i >> (y & 63)) : x >> (y & 63);
        break;
    case ND_VM_AND:
        r = x & y;
        break;
    case ND_VM_OR:
        r = x | y;
        break;
    case ND_VM_XOR:
        r = x ^ y;
        break;
    }
    if (vm_push_int(vm, (int64_t)r))
        return -E2BIG;
    vm->stack[vm->sp - 1].kind = sign ? VM_I64 : VM_U64;
    return 0;
}

static int double_op(struct nd_vm *vm, const struct nd_mf_insn *in, const struct vm_value *a)
{
    double x, y;

    if (vm_f64(vm, &a[0], &x) || vm_f64(vm, &a[1], &y))
        return -EINVAL;
    switch (in->op) {
    case ND_VM_ADD:
        return vm_push_double(vm, x + y);
    case ND_VM_SUB:
        return vm_push_double(vm, x - y);
    case ND_VM_MUL:
        return vm_push_double(vm, x * y);
    case ND_VM_DIV:
    case ND_VM_MOD:
        if (y == 0) {
            zero_divisor(vm, in);
            return vm_push_double(vm, 0);
        }
        return vm_push_double(vm, in->op == ND_VM_DIV ? x / y : fmod(x, y));
    }
    return vm_fail(vm, EINVAL, "a bit operation on doubles");
}

// Joined with text of the script, one from outside is made printable: the whole is the script's.
static int concat(struct nd_vm *vm, const struct vm_value *a)
{
    bool own = a[0].own || a[1].own;
    const char *s;
    uint32_t n, i;

    vm->text.n = 0;
    for (i = 0; i < 2; i++) {
        if (vm_str(vm, &a[i], &s, &n))
            return -EINVAL;
        if (own)
            vm_text(vm, &a[i], &vm->text);
        else
            nd_buf_put(&vm->text, s, n);
    }
    return vm_pushed_own(vm, own, vm_push_copy(vm, vm->text.v, vm->text.n));
}

int vm_op_binary(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *a = vm_pop(vm, 2);

    if (!a)
        return -EINVAL;
    switch (in->a) {
    case ND_D_I64:
    case ND_D_U64:
        return integer_op(vm, in, a);
    case ND_D_F64:
        return double_op(vm, in, a);
    case ND_D_STR:
        if (in->op == ND_VM_ADD)
            return concat(vm, a);
        break;
    }
    return vm_fail(vm, EINVAL, "arithmetic on %s", vm_kind_name(a->kind));
}

int vm_op_unary(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *a = vm_pop(vm, 1);
    int64_t i;
    double d;

    if (!a)
        return -EINVAL;
    if (in->op == ND_VM_NOT)
        return vm_push_int(vm, !vm_truth(a));
    if (in->a == ND_D_F64 && in->op == ND_VM_NEG)
        return vm_f64(vm, a, &d) ? -EINVAL : vm_push_double(vm, -d);
    if (vm_i64(vm, a, &i))
        return -EINVAL;
    i = in->op == ND_VM_NEG ? (int64_t)(0 - (uint64_t)i) : ~i;
    if (vm_push_int(vm, i))
        return -E2BIG;
    vm->stack[vm->sp - 1].kind = in->a == ND_D_U64 ? VM_U64 : VM_I64;
    return 0;
}

static int compare_str(const struct vm_value *a, const struct vm_value *b)
{
    uint32_t n = a->n < b->n ? a->n : b->n;
    int r = n ? memcmp(a->p, b->p, n) : 0;

    return r ? r : (a->n > b->n) - (a->n < b->n);
}

// Equal is 0; values of different sizes are not equal.
static int compare_bytes(const struct vm_value *a, const struct vm_value *b)
{
    if (a->kind == VM_BYTES && b->kind == VM_BYTES)
        return compare_str(a, b);
    return (a->i > b->i) - (a->i < b->i);
}

static bool holds(uint8_t op, bool less, bool equal, bool greater)
{
    switch (op) {
    case ND_VM_EQ:
        return equal;
    case ND_VM_NE:
        return !equal;
    case ND_VM_LT:
        return less;
    case ND_VM_LE:
        return less || equal;
    case ND_VM_GT:
        return greater;
    }
    return greater || equal;
}

int vm_op_compare(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *a = vm_pop(vm, 2);
    int64_t i, j;
    double x, y;
    int r;

    if (!a)
        return -EINVAL;
    switch (in->a) {
    case ND_D_I64:
    case ND_D_U64:
        if (vm_i64(vm, &a[0], &i) || vm_i64(vm, &a[1], &j))
            return -EINVAL;
        if (in->a == ND_D_U64)
            r = ((uint64_t)i > (uint64_t)j) - ((uint64_t)i < (uint64_t)j);
        else
            r = (i > j) - (i < j);
        break;
    case ND_D_F64:
        if (vm_f64(vm, &a[0], &x) || vm_f64(vm, &a[1], &y))
            return -EINVAL;
        return vm_push_int(vm, holds(in->op, x<y, x == y, x> y));
    case ND_D_STR:
        if (a[0].kind != VM_STR || a[1].kind != VM_STR)
            return vm_fail(vm, EINVAL, "%s compared with %s", vm_kind_name(a[0].kind),
                           vm_kind_name(a[1].kind));
        r = compare_str(&a[0], &a[1]);
        break;
    default:
        if ((a[0].kind == VM_BYTES) != (a[1].kind == VM_BYTES) || a[0].kind == VM_STR ||
            a[1].kind == VM_STR || a[0].kind == VM_F64 || a[1].kind == VM_F64)
            return vm_fail(vm, EINVAL, "%s compared with %s", vm_kind_name(a[0].kind),
                           vm_kind_name(a[1].kind));
        r = compare_bytes(&a[0], &a[1]);
        break;
    }
    return vm_push_int(vm, holds(in->op, r<0, r == 0, r> 0));
}

int vm_op_in_prefix(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *a = vm_pop(vm, 2);
    uint32_t bits, full;
    bool hit;

    (void)in;
    if (!a)
        return -EINVAL;
    if (a[0].kind != VM_BYTES || a[0].n != 16 || a[1].kind != VM_BYTES || a[1].n != 20)
        return vm_fail(vm, EINVAL, "\"in\" needs an address and a prefix");
    bits = a[1].p[16] < 128 ? a[1].p[16] : 128;
    full = bits / 8;
    hit = !memcmp(a[0].p, a[1].p, full);
    if (hit && bits % 8)
        hit = !((a[0].p[full] ^ a[1].p[full]) >> (8 - bits % 8));
    return vm_push_int(vm, hit);
}

int vm_op_convert(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *a = vm_pop(vm, 1);
    int64_t i;
    double d;

    if (!a)
        return -EINVAL;
    if (in->op == ND_VM_D2I)
        return vm_f64(vm, a, &d) ? -EINVAL : vm_push_int(vm, vm_trunc(d));
    if (a->kind == VM_F64)
        return vm_push_double(vm, a->d);
    if (vm_i64(vm, a, &i))
        return -EINVAL;
    return vm_push_double(vm, in->op == ND_VM_I2D ? (double)i : (double)(uint64_t)i);
}

int vm_op_cast(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    struct vm_value *a = vm_pop(vm, 1);
    const struct nd_mf_type *t;
    uint64_t bytes = 0;
    uint8_t *p;

    if (!a)
        return -EINVAL;
    if (in->b >= vm->env.mf->ntypes)
        return vm_fail(vm, EINVAL, "no type %u", in->b);
    t = vm_type(vm, in->b);
    vm->sp++; // the value is changed where it is
    if (nd_typed_is_int(t)) {
        if (a->kind == VM_BYTES && a->n <= sizeof(bytes) &&
            vm_type(vm, a->type)->kind == ND_T_ARRAY)
            memcpy(&bytes, a->p, a->n);
        else if (vm_store(vm, a, in->b, &bytes))
            return -EINVAL;
        vm_typed_int(vm, in->b, nd_typed_int(t, &bytes), a);
        return 0;
    }
    if (a->kind == VM_STR && nd_typekind_is(t->kind, ND_IS_TEXT)) {
        if (t->kind == ND_T_STRING && a->n > t->size)
            a->n = t->size;
        a->type = in->b;
        return 0;
    }
    if (a->kind == VM_BYTES && a->n == t->size)
        return vm_load(vm, in->b, a->p, false, a);
    p = vm_alloc(vm, t->size);
    if (p && t->kind == ND_T_ARRAY && t->size <= sizeof(a->i) && a->kind != VM_BYTES &&
        a->kind != VM_STR)
        memcpy(p, &a->i, t->size); // the low bytes of a number
    else if (!p || vm_store(vm, a, in->b, p))
        return -EINVAL;
    return vm_load(vm, in->b, p, false, a);
}
