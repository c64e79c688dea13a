// SPDX-License-Identifier: GPL-2.0-or-later
// Option values and tables of user code. Must not know how options were given or tables look.
// Serves the loop.
#include "runtime/vm/vm_impl.h"

#include <errno.h>
#include <stdlib.h>
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

// ---- tables -------------------------------------------------------------------------------------

void vm_drop_table(struct nd_vm *vm)
{
    free(vm->table.cells);
    vm->table = (struct vm_table){0};
}

int vm_op_table(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf *mf = vm->env.mf;
    struct vm_table *t = &vm->table;
    uint32_t i;

    vm_drop_table(vm);
    if (!in->a || (uint32_t)in->c > mf->nwords || in->a > mf->nwords - (uint32_t)in->c)
        return vm_fail(vm, EINVAL, "a bad table");
    t->heads = vm_alloc(vm, in->a * sizeof(*t->heads));
    t->numeric = vm_alloc(vm, in->a * sizeof(*t->numeric));
    if (!t->heads || !t->numeric)
        return -ENOMEM;
    t->ncols = in->a;
    for (i = 0; i < in->a; i++) {
        t->heads[i] = nd_mf_str(mf, mf->words[(uint32_t)in->c + i]);
        t->numeric[i] = true; // until a cell is not a number
    }
    return 0;
}

int vm_op_table_row(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *v = vm_pop(vm, in->a);
    struct vm_table *t = &vm->table;
    uint32_t i;

    if (!v || !t->ncols || in->a != t->ncols)
        return vm_fail(vm, EINVAL, "a row of %u cells in a table of %u columns", in->a, t->ncols);
    if (t->nrows == t->cap) {
        uint32_t cap = t->cap ? t->cap * 2 : 64;
        const char **cells = realloc(t->cells, (size_t)cap * t->ncols * sizeof(*cells));

        if (!cells)
            return vm_fail(vm, ENOMEM, "out of memory");
        t->cells = cells;
        t->cap = cap;
    }
    for (i = 0; i < in->a; i++) {
        char *text;

        vm->scratch.n = 0;
        vm_text(vm, &v[i], &vm->scratch);
        text = vm_alloc(vm, vm->scratch.n + 1);
        if (!text)
            return -ENOMEM;
        memcpy(text, vm->scratch.n ? vm->scratch.v : "", vm->scratch.n);
        text[vm->scratch.n] = '\0';
        t->cells[(size_t)t->nrows * t->ncols + i] = text;
        if (v[i].kind == VM_STR || v[i].kind == VM_BYTES)
            t->numeric[i] = false;
    }
    t->nrows++;
    return 0;
}

int vm_op_table_end(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    struct vm_table *t = &vm->table;

    (void)in;
    if (!t->ncols) // it was to begin in a branch that did not run
        return 0;
    nd_sink_table(vm->env.sink, t->heads, t->ncols, t->cells, t->nrows, t->numeric);
    vm_drop_table(vm);
    return 0;
}
