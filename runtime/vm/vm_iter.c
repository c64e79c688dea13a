// SPDX-License-Identifier: GPL-2.0-or-later
// `for` over maps: an iterator walks a copy, in its order or sorted. Must not know how maps are
// kept. Serves the loop.
#include "runtime/common/table.h"
#include "runtime/common/typed.h"
#include "runtime/vm/vm_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void vm_drop_iters(struct nd_vm *vm, uint32_t keep)
{
    while (vm->niters > keep) {
        struct vm_iter *it = &vm->iters[--vm->niters];

        nd_copy_free(&it->copy);
        free(it->order);
        free(it->rank);
        *it = (struct vm_iter){0};
    }
}

// The innermost iterator of this function.
static struct vm_iter *top(struct nd_vm *vm)
{
    if (vm->niters > vm->fr->niters)
        return &vm->iters[vm->niters - 1];
    vm_fail(vm, EINVAL, "no iterator");
    return NULL;
}

int vm_op_iter_new(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    struct vm_iter *it = &vm->iters[vm->niters];
    uint32_t i;
    int err;

    if (vm->niters == VM_ITERS)
        return vm_fail(vm, ELOOP, "more than %d nested loops over maps", VM_ITERS);
    if ((uint32_t)in->c >= vm->env.mf->nmaps)
        return vm_fail(vm, EINVAL, "no map %d", in->c);
    *it = (struct vm_iter){.map = (uint32_t)in->c};
    err = nd_maps_copy(vm->env.maps, it->map, &it->copy);
    if (err)
        return vm_fail(vm, -err, "cannot read %s: %s",
                       nd_mf_str(vm->env.mf, vm->env.mf->maps[it->map].name), strerror(-err));
    vm->niters++;
    it->limit = it->copy.n;
    it->order = calloc(it->copy.n + 1ul, sizeof(*it->order));
    if (!it->order)
        return vm_fail(vm, ENOMEM, "out of memory");
    for (i = 0; i < it->copy.n; i++)
        it->order[i] = i;
    return 0;
}

// The entries of `from` whose keys `to` lacks come after its own, with values of zero.
static int join(struct nd_copy *to, const struct nd_copy *from)
{
    size_t n = (size_t)to->n + from->n + 1;
    uint8_t *keys = realloc(to->keys, n * to->key_size);
    uint8_t *vals = realloc(to->vals, n * to->val_size);
    bool fresh = true, ok = keys && vals;
    struct nd_table known;
    uint32_t i;

    to->keys = keys ? keys : to->keys;
    to->vals = vals ? vals : to->vals;
    nd_table_init(&known, to->key_size, 1);
    for (i = 0; i < to->n && ok; i++)
        ok = nd_table_put(&known, to->keys + (size_t)i * to->key_size, NULL);
    for (i = 0; i < from->n && ok; i++) {
        const uint8_t *key = from->keys + (size_t)i * from->key_size;

        ok = nd_table_put(&known, key, &fresh);
        if (!ok || !fresh)
            continue;
        memcpy(to->keys + (size_t)to->n * to->key_size, key, to->key_size);
        memset(to->vals + (size_t)to->n * to->val_size, 0, to->val_size);
        to->n++;
    }
    nd_table_free(&known);
    return ok ? 0 : -ENOMEM;
}

int vm_op_iter_join(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    struct vm_iter *it = top(vm);
    struct nd_copy other = {0};
    uint32_t *order, i;
    int err;

    if (!it)
        return -EINVAL;
    if ((uint32_t)in->c >= vm->env.mf->nmaps || it->rank || it->pos)
        return vm_fail(vm, EINVAL, "no map %d to add to a loop", in->c);
    err = nd_maps_copy(vm->env.maps, (uint32_t)in->c, &other);
    if (!err && (!other.key_size || other.key_size != it->copy.key_size))
        err = -EINVAL;
    if (!err)
        err = join(&it->copy, &other);
    nd_copy_free(&other);
    order = err ? NULL : realloc(it->order, (it->copy.n + 1ul) * sizeof(*order));
    if (!order)
        return vm_fail(vm, err ? -err : ENOMEM, "cannot read %s",
                       nd_mf_str(vm->env.mf, vm->env.mf->maps[in->c].name));
    it->order = order;
    it->limit = it->copy.n;
    for (i = 0; i < it->copy.n; i++)
        order[i] = i;
    return 0;
}

static int set_local(struct nd_vm *vm, uint32_t local, uint32_t type, const void *bytes)
{
    if (local >= vm->fr->f->nlocals)
        return vm_fail(vm, EINVAL, "no local %u", local);
    // Not copied for a loop that only looks; the copy lives as long as the iterator, and a value
    // that is kept longer must be: so strings and bytes are copied.
    return vm_load(vm, type, bytes, true, &vm->stack[vm->fr->base + local]);
}

int vm_op_iter_load(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    struct vm_iter *it = top(vm);
    const struct nd_mf_map *m;
    size_t i;
    int err = 0;

    if (!it)
        return -EINVAL;
    if (it->pos >= it->limit)
        return vm_push_int(vm, 0);
    m = &vm->env.mf->maps[it->map];
    i = it->order[it->pos++];
    if (it->copy.key_size)
        err = set_local(vm, in->b, m->key_type, it->copy.keys + i * it->copy.key_size);
    if (!err && in->a && in->c >= 0)
        err = set_local(vm, (uint32_t)in->c, m->val_type, it->copy.vals + i * it->copy.val_size);
    return err ?: vm_push_int(vm, 1);
}

int vm_op_iter_rank(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    uint32_t n = in->a + 1u;
    struct vm_iter *it = top(vm);
    const struct vm_value *v = vm_pop(vm, n);

    if (!it || !v)
        return -EINVAL;
    if (!it->pos || (it->rank && it->nranks != n))
        return vm_fail(vm, EINVAL, "a sort key before the first entry");
    if (!it->rank) {
        it->rank = calloc((it->copy.n + 1ul) * n, sizeof(*it->rank));
        if (!it->rank)
            return vm_fail(vm, ENOMEM, "out of memory");
        it->nranks = n;
    }
    memcpy(&it->rank[(size_t)it->order[it->pos - 1] * n], v, n * sizeof(*v));
    return 0;
}

struct sort {
    const struct nd_mf *mf;
    const struct vm_iter *it;
    uint32_t key_type;
    uint8_t down; // bits of the ranks that go downwards
};

static double as_double(const struct vm_value *v)
{
    return v->kind == VM_F64 ? v->d : v->kind == VM_U64 ? (double)(uint64_t)v->i : (double)v->i;
}

static int compare_rank(const struct nd_mf *mf, const struct vm_value *a, const struct vm_value *b)
{
    double x, y;
    int r;

    if (a->kind == VM_BYTES && b->kind == VM_BYTES)
        return a->type == b->type ? nd_typed_cmp(mf, a->type, a->p, b->p) : 0;
    if (a->kind == VM_STR && b->kind == VM_STR) {
        uint32_t n = a->n < b->n ? a->n : b->n;

        r = n ? memcmp(a->p, b->p, n) : 0;
        return r ? r : (a->n > b->n) - (a->n < b->n);
    }
    if (a->kind == VM_STR || b->kind == VM_STR) // mixed: numbers first
        return (a->kind == VM_STR) - (b->kind == VM_STR);
    if (a->kind == VM_I64 && b->kind == VM_I64)
        return (a->i > b->i) - (a->i < b->i);
    if (a->kind == VM_U64 && b->kind == VM_U64)
        return ((uint64_t)a->i > (uint64_t)b->i) - ((uint64_t)a->i < (uint64_t)b->i);
    x = as_double(a);
    y = as_double(b);
    if (x != x || y != y) // no value sorts first
        return (x == x) - (y == y);
    return (x > y) - (x < y);
}

// By rank, equal ones by key (always upwards), so that the order never depends on the map.
static int compare(const void *x, const void *y, void *arg)
{
    const struct sort *s = arg;
    const struct nd_copy *c = &s->it->copy;
    size_t i = *(const uint32_t *)x, j = *(const uint32_t *)y;
    uint32_t k;
    int r = 0;

    for (k = 0; k < s->it->nranks && !r; k++) {
        r = compare_rank(s->mf, &s->it->rank[i * s->it->nranks + k],
                         &s->it->rank[j * s->it->nranks + k]);
        if (r && s->down >> k & 1)
            r = -r;
    }
    if (r)
        return r;
    if (c->key_size)
        r = nd_typed_cmp(s->mf, s->key_type, c->keys + i * c->key_size, c->keys + j * c->key_size);
    if (r && !s->it->rank && s->down)
        return -r;
    return r ? r : (i > j) - (i < j);
}

int vm_op_iter_sort(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    struct vm_iter *it = top(vm);
    const struct vm_value *v = vm_pop(vm, 1);
    struct sort s = {vm->env.mf, it, 0, in->a};
    int64_t limit;

    if (!it || !v || vm_i64(vm, v, &limit))
        return -EINVAL;
    s.key_type = vm->env.mf->maps[it->map].key_type;
    if (it->copy.n > 1)
        qsort_r(it->order, it->copy.n, sizeof(*it->order), compare, &s);
    it->pos = 0;
    it->limit = limit > 0 && limit < it->copy.n ? (uint32_t)limit : it->copy.n;
    return 0;
}

int vm_op_iter_end(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    (void)in;
    if (!top(vm))
        return -EINVAL;
    vm_drop_iters(vm, vm->niters - 1);
    return 0;
}
