// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of user code: cells are kept as text until the table ends, then go to the sink; formats
// for programs get each row of a declared table as it is. Must not know how tables look. Serves the
// loop.
#include "runtime/vm/vm_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void vm_drop_table(struct nd_vm *vm)
{
    free(vm->table.cells);
    free(vm->table.levels);
    vm->table = (struct vm_table){0};
}

static int alloc_heads(struct nd_vm *vm, uint32_t ncols)
{
    struct vm_table *t = &vm->table;

    vm_drop_table(vm);
    t->heads = vm_alloc(vm, ncols * sizeof(*t->heads));
    t->numeric = vm_alloc(vm, ncols * sizeof(*t->numeric));
    if (!t->heads || !t->numeric)
        return -ENOMEM;
    t->ncols = ncols;
    t->head = true;
    return 0;
}

int vm_op_table(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf *mf = vm->env.mf;
    struct vm_table *t = &vm->table;
    uint32_t i;

    if (!in->a || (uint32_t)in->c > mf->nwords || in->a > mf->nwords - (uint32_t)in->c)
        return vm_fail(vm, EINVAL, "a bad table");
    if (alloc_heads(vm, in->a))
        return -ENOMEM;
    for (i = 0; i < in->a; i++) {
        t->heads[i] = nd_mf_str(mf, mf->words[(uint32_t)in->c + i]);
        t->numeric[i] = true; // until a cell is not a number
    }
    return 0;
}

// Room for one more row; its first cell.
static const char **new_row(struct nd_vm *vm)
{
    struct vm_table *t = &vm->table;

    if (t->nrows == t->cap) {
        uint32_t cap = t->cap ? t->cap * 2 : 64;
        const char **cells = realloc(t->cells, (size_t)cap * t->ncols * sizeof(*cells));
        uint64_t *levels;

        t->cells = cells ? cells : t->cells;
        levels = cells ? realloc(t->levels, cap * sizeof(*levels)) : NULL;
        if (!levels) {
            vm_fail(vm, ENOMEM, "out of memory");
            return NULL;
        }
        t->levels = levels;
        t->cap = cap;
    }
    t->levels[t->nrows] = 0;
    return &t->cells[(size_t)t->nrows++ * t->ncols];
}

// The text in scratch, as a cell.
static int put_cell(struct nd_vm *vm, const char **cell)
{
    char *text = vm_alloc(vm, vm->scratch.n + 1);

    if (!text)
        return -ENOMEM;
    memcpy(text, vm->scratch.n ? vm->scratch.v : "", vm->scratch.n);
    text[vm->scratch.n] = '\0';
    *cell = text;
    return 0;
}

int vm_op_table_row(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *v = vm_pop(vm, in->a);
    struct vm_table *t = &vm->table;
    const char **cell;
    uint32_t i;

    if (v && (!t->ncols || t->of))
        return vm_fail(vm, EINVAL, "a row of no table: table(\"head\", ...) starts one");
    if (!v || in->a != t->ncols)
        return vm_fail(vm, EINVAL, "a row of %u cells in a table of %u columns", in->a, t->ncols);
    cell = new_row(vm);
    if (!cell)
        return -ENOMEM;
    for (i = 0; i < in->a; i++) {
        vm->scratch.n = 0;
        vm_text(vm, &v[i], &vm->scratch);
        if (put_cell(vm, &cell[i]))
            return -ENOMEM;
        if (v[i].kind == VM_STR || v[i].kind == VM_BYTES)
            t->numeric[i] = false;
    }
    return 0;
}

static void print_table(struct nd_vm *vm)
{
    struct vm_table *t = &vm->table;
    const struct nd_sink_table x = {.heads = t->heads,
                                    .cells = t->cells,
                                    .numeric = t->numeric,
                                    .ncols = t->ncols,
                                    .nrows = t->nrows,
                                    .least = t->least,
                                    .levels = t->levels,
                                    .no_head = !t->head,
                                    .gap = t->of ? 1 : 2};

    nd_sink_table(vm->env.sink, &x);
    vm_drop_table(vm);
}

int vm_op_table_end(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    (void)in;
    if (vm->table.ncols && !vm->table.of) // else it was to begin in a branch that did not run
        print_table(vm);
    return 0;
}

// ---- declared tables ----------------------------------------------------------------------------

void vm_end_rows(struct nd_vm *vm)
{
    if (vm->table.of)
        print_table(vm);
}

// What a format begins with moves the title along with the cells.
static const char *head_text(struct nd_vm *vm, const struct nd_mf_column *c)
{
    const char *title = nd_mf_str(vm->env.mf, c->title), *format = nd_mf_str(vm->env.mf, c->format);
    size_t blanks = c->flags & ND_COLF_RIGHT ? 0 : strspn(format, " "), n = strlen(title);
    char *s;

    if (!blanks || blanks > 256)
        return title;
    s = vm_alloc(vm, blanks + n + 1);
    if (!s)
        return title;
    memset(s, ' ', blanks);
    memcpy(s + blanks, title, n + 1);
    return s;
}

// Characters of a column: as its format says, or that all values of its type have.
static uint32_t least(const struct nd_vm *vm, const struct nd_mf_table *d, uint32_t i)
{
    const struct nd_mf *mf = vm->env.mf;
    const char *format = nd_mf_str(mf, mf->columns[d->first + i].format);
    uint32_t type = mf->fields[mf->types[d->type].first + i].type;

    if (*format)
        return vm_format_width(format);
    return mf->types[type].kind == ND_T_TIME  ? sizeof("YYYY-MM-DD HH:MM:SS.mmm") - 1
           : mf->types[type].kind == ND_T_MAC ? sizeof("00:00:00:00:00:00") - 1
                                              : 0;
}

// The head is printed once by each hook, and once in the run by the handlers of events.
static int open_table(struct nd_vm *vm, uint32_t table, bool head)
{
    const struct nd_mf *mf = vm->env.mf;
    const struct nd_mf_table *d = &mf->tables[table];
    struct vm_table *t = &vm->table;
    uint32_t i;

    if (t->of == d && !head)
        return 0;
    vm_end_rows(vm);
    if (alloc_heads(vm, d->count))
        return -ENOMEM;
    t->of = d;
    t->least = vm_alloc(vm, d->count * sizeof(*t->least));
    if (!t->least)
        return -ENOMEM;
    t->head = head || (vm->in_event ? !vm->headed[table] : vm->headed[table] != vm->calls);
    vm->headed[table] = vm->calls;
    for (i = 0; i < d->count; i++) {
        t->heads[i] = head_text(vm, &mf->columns[d->first + i]);
        t->numeric[i] = mf->columns[d->first + i].flags & ND_COLF_RIGHT;
        t->least[i] = least(vm, d, i);
    }
    return 0;
}

static int no_table(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    return (uint32_t)in->c < vm->env.mf->ntables ? 0 : vm_fail(vm, EINVAL, "no table %d", in->c);
}

int vm_op_head(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    int err = no_table(vm, in);

    return err || nd_sink_records(vm->env.sink) ? err : open_table(vm, (uint32_t)in->c, true);
}

// The value of a column as text shows it.
static int put_column(struct nd_vm *vm, const struct nd_mf_column *c, struct vm_value *v)
{
    const char *format = nd_mf_str(vm->env.mf, c->format);
    double d;

    if (c->div > 1) {
        if (vm_f64(vm, v, &d))
            return -EINVAL;
        *v = (struct vm_value){.kind = VM_F64, .type = ND_MF_NONE, .d = d / (double)c->div};
        format = *format ? format : "%.1f";
    }
    vm->scratch.n = 0;
    if (*format)
        return vm_format(vm, format, v, &vm->scratch);
    vm_text(vm, v, &vm->scratch);
    return 0;
}

int vm_op_row(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf *mf = vm->env.mf;
    const struct vm_value *row = vm_pop(vm, 2);
    const struct nd_mf_table *d;
    const struct nd_mf_field *f;
    struct vm_value v;
    uint64_t absent;
    const char **cell;
    uint32_t i;

    if (!row || no_table(vm, in))
        return -EINVAL;
    d = &mf->tables[in->c];
    f = &mf->fields[mf->types[d->type].first];
    if (row->kind != VM_BYTES || row->type != d->type || f[d->count].off + 8 > row->n)
        return vm_fail(vm, EINVAL, "not a row of this table");
    if (nd_sink_records(vm->env.sink)) {
        nd_sink_row(vm->env.sink, d, row->p);
        return 0;
    }
    memcpy(&absent, row->p + f[d->count].off, sizeof(absent));
    if (open_table(vm, (uint32_t)in->c, false) || !(cell = new_row(vm)))
        return -ENOMEM;
    vm->table.levels[vm->table.nrows - 1] = (uint64_t)row[1].i;
    for (i = 0; i < d->count; i++) {
        vm->scratch.n = 0;
        if (!(absent >> i & 1) && (vm_load(vm, f[i].type, row->p + f[i].off, false, &v) ||
                                   put_column(vm, &mf->columns[d->first + i], &v)))
            return -EINVAL;
        if (put_cell(vm, &cell[i]))
            return -ENOMEM;
    }
    return 0;
}
