// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of user code: cells are kept as text until the table ends, then go to the sink. Must not
// know how tables look. Serves the loop.
#include "runtime/vm/vm_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
