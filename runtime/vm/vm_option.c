// SPDX-License-Identifier: GPL-2.0-or-later
// Option values in user code. Must not know how options were given. Serves the loop.
#include "runtime/vm/vm_impl.h"

#include <errno.h>
#include <string.h>

static const struct nd_mf_option *option_of(struct nd_vm *vm, int32_t i)
{
    if ((uint32_t)i < vm->env.mf->noptions && vm->env.opts)
        return &vm->env.mf->options[i];
    vm_fail(vm, EINVAL, "no option %d", i);
    return NULL;
}

static uint32_t word(const struct nd_vm *vm, uint32_t off)
{
    uint32_t v;

    memcpy(&v, (const uint8_t *)vm->env.opts + off, sizeof(v));
    return v;
}

// Value i of the option, zero beyond the last.
static int push_option(struct nd_vm *vm, const struct nd_mf_option *o, int64_t i)
{
    uint32_t n = word(vm, o->count_off);
    struct vm_value v, *out;
    const uint8_t *p = (const uint8_t *)vm->env.opts + o->off;
    uint8_t *zero;

    if (i >= 0 && i < n && i < (o->cap ? o->cap : 1)) {
        p += (size_t)i * o->stride;
    } else {
        zero = vm_alloc(vm, o->stride + 8ul);
        if (!zero)
            return -ENOMEM;
        memset(zero, 0, o->stride + 8ul);
        p = zero;
    }
    if (vm_load(vm, o->type, p, false, &v))
        return -EINVAL;
    v.own = true; // who wrote it reads it
    out = vm_push(vm);
    if (out)
        *out = v;
    return out ? 0 : -E2BIG;
}

int vm_op_opt(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf_option *o = option_of(vm, in->c);

    return o ? push_option(vm, o, 0) : -EINVAL;
}

int vm_op_opt_at(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf_option *o = option_of(vm, in->c);
    const struct vm_value *v = vm_pop(vm, 1);
    int64_t i;

    if (!o || !v || vm_i64(vm, v, &i))
        return -EINVAL;
    return push_option(vm, o, i);
}

int vm_op_opt_has(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf_option *o = option_of(vm, in->c);

    return o ? vm_push_int(vm, word(vm, o->given_off) != 0) : -EINVAL;
}

int vm_op_opt_count(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf_option *o = option_of(vm, in->c);

    return o ? vm_push_int(vm, word(vm, o->count_off)) : -EINVAL;
}
