// SPDX-License-Identifier: GPL-2.0-or-later
// Instructions on maps: entries, aggregations, printing, reports. Must not know how maps are kept.
// Serves the loop.
#include "runtime/vm/vm_impl.h"

#include "runtime/common/agg.h"
#include "runtime/common/typed.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct nd_mf_map *map_of(struct nd_vm *vm, uint32_t map)
{
    if (map < vm->env.mf->nmaps && vm->env.mf->maps[map].val_type < vm->env.mf->ntypes)
        return &vm->env.mf->maps[map];
    vm_fail(vm, EINVAL, "no map %u", map);
    return NULL;
}

static bool is_scalar(const struct nd_mf_map *m)
{
    return m->flags & ND_MAPF_SCALAR || m->key_type == ND_MF_NONE;
}

// Takes the key of the map off the stack; NULL in *key for a scalar one.
static int pop_key(struct nd_vm *vm, const struct nd_mf_map *m, const void **key)
{
    const struct vm_value *v;
    const struct nd_mf_type *t;

    *key = NULL;
    if (is_scalar(m))
        return 0;
    v = vm_pop(vm, 1);
    if (!v || m->key_type >= vm->env.mf->ntypes)
        return vm_fail(vm, EINVAL, "a bad key");
    if (v->kind == VM_BYTES && v->type == m->key_type) {
        *key = v->p;
        return 0;
    }
    t = vm_type(vm, m->key_type);
    *key = vm->key;
    memset(vm->key, 0, t->size);
    if (t->kind == ND_T_TUPLE && t->count == 1 && v->kind != VM_BYTES)
        return vm_store(vm, v, vm->env.mf->fields[t->first].type,
                        vm->key + vm->env.mf->fields[t->first].off);
    return vm_store(vm, v, m->key_type, vm->key);
}

// 0 for what is not worth ending the code: an absent entry, a full map (counted).
static int check(struct nd_vm *vm, const struct nd_mf_map *m, int err, const char *what)
{
    if (!err || err == -ENOENT)
        return 0;
    if (err == -E2BIG || err == -ENOSPC || err == -ENOMEM) {
        vm->map_full[m - vm->env.mf->maps]++;
        return 0;
    }
    return vm_fail(vm, -err, "cannot %s %s: %s", what, nd_mf_str(vm->env.mf, m->name),
                   strerror(-err));
}

// The entry whose key is on the stack, in vm->val; 0 where there is none. NULL after an error.
static const struct nd_mf_map *read_entry(struct nd_vm *vm, const struct nd_mf_insn *in,
                                          const void **key, bool *found)
{
    const struct nd_mf_map *m = map_of(vm, (uint32_t)in->c);
    int err;

    if (!m || pop_key(vm, m, key))
        return NULL;
    err = nd_maps_get(vm->env.maps, (uint32_t)in->c, *key, vm->val);
    *found = !err;
    if (err)
        memset(vm->val, 0, vm_type(vm, m->val_type)->size);
    return check(vm, m, err, "read") ? NULL : m;
}

int vm_op_map_get(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    struct vm_value v, *out;
    const struct nd_mf_map *m;
    const void *key;
    bool found;

    m = read_entry(vm, in, &key, &found);
    if (!m || vm_load(vm, m->val_type, vm->val, true, &v))
        return -EINVAL;
    out = vm_push(vm);
    if (out)
        *out = v;
    return out ? 0 : -E2BIG;
}

int vm_op_map_set(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf_map *m = map_of(vm, (uint32_t)in->c);
    const struct vm_value *v = vm_pop(vm, 1);
    const void *key;

    if (!m || !v || vm_store(vm, v, m->val_type, vm->val) || pop_key(vm, m, &key))
        return -EINVAL;
    return check(vm, m, nd_maps_set(vm->env.maps, (uint32_t)in->c, key, vm->val), "change");
}

int vm_op_map_agg(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf_map *m = map_of(vm, (uint32_t)in->c);
    const struct vm_value *v = vm_pop(vm, 1);
    const void *key;
    int64_t i;

    if (!m || !v || vm_i64(vm, v, &i) || pop_key(vm, m, &key))
        return -EINVAL;
    return check(vm, m, nd_maps_add(vm->env.maps, (uint32_t)in->c, key, (uint64_t)i), "add to");
}

int vm_op_map_has(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const void *key;
    bool found;

    return read_entry(vm, in, &key, &found) ? vm_push_int(vm, found) : -EINVAL;
}

int vm_op_map_del(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf_map *m = map_of(vm, (uint32_t)in->c);
    const void *key;
    int err;

    if (!m || pop_key(vm, m, &key))
        return -EINVAL;
    err = nd_maps_del(vm->env.maps, (uint32_t)in->c, key);
    return check(vm, m, err, "delete from") ?: vm_push_int(vm, !err);
}

int vm_op_map_len(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf_map *m = map_of(vm, (uint32_t)in->c);
    int64_t n = m ? nd_maps_len(vm->env.maps, (uint32_t)in->c) : 0;

    if (!m || (n < 0 && check(vm, m, (int)n, "count")))
        return -EINVAL;
    return vm_push_int(vm, n < 0 ? 0 : n);
}

int vm_op_map_clear(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf_map *m = map_of(vm, (uint32_t)in->c);

    if (!m)
        return -EINVAL;
    if (in->op == ND_VM_MAP_CLEAR)
        return check(vm, m, nd_maps_clear(vm->env.maps, (uint32_t)in->c), "clear");
    return check(vm, m, nd_maps_zero(vm->env.maps, (uint32_t)in->c), "zero");
}

static int print_map(struct nd_vm *vm, uint32_t map, uint32_t top, uint64_t div)
{
    const struct nd_mf_map *m = map_of(vm, map);
    struct nd_copy copy = {0};
    int err = m ? nd_maps_copy(vm->env.maps, map, &copy) : -EINVAL;

    if (err)
        return m ? vm_fail(vm, -err, "cannot read %s: %s", nd_mf_str(vm->env.mf, m->name),
                           strerror(-err))
                 : err;
    nd_sink_map(vm->env.sink, map, &copy, top, div);
    nd_copy_free(&copy);
    return 0;
}

int vm_op_map_print(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *v = vm_pop(vm, 2);
    int64_t top, div;

    if (!v || vm_i64(vm, &v[0], &top) || vm_i64(vm, &v[1], &div))
        return -EINVAL;
    top = top < 0 || top > UINT32_MAX ? 0 : top;
    return print_map(vm, (uint32_t)in->c, (uint32_t)top, div > 0 ? (uint64_t)div : 0);
}

int vm_op_map_at_print(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const void *key;
    bool found;

    if (!read_entry(vm, in, &key, &found))
        return -EINVAL;
    nd_sink_entry(vm->env.sink, (uint32_t)in->c, key, vm->val);
    return 0;
}

static void report_end(struct nd_vm *vm)
{
    const struct nd_loss *loss = NULL;
    uint32_t n = vm->env.losses ? vm->env.losses(vm->env.losses_arg, &loss) : 0;

    nd_sink_report_end(vm->env.sink, loss, n);
}

int vm_op_report(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf *mf = vm->env.mf;
    uint32_t i;
    int err = 0;

    if ((uint32_t)in->c > mf->nwords || in->a > mf->nwords - (uint32_t)in->c)
        return vm_fail(vm, EINVAL, "a bad report");
    if (in->b) { // losses alone: records have them with each report
        if (!nd_sink_records(vm->env.sink))
            report_end(vm);
        return 0;
    }
    nd_sink_report_begin(vm->env.sink, vm->now - vm->interval_start);
    for (i = 0; i < in->a && !err; i++) {
        uint32_t map = mf->words[(uint32_t)in->c + i];

        err = print_map(vm, map, 0, 0);
        if (!err)
            err = check(vm, &mf->maps[map], nd_maps_restart(vm->env.maps, map), "clear");
    }
    report_end(vm);
    if (vm->env.reported)
        vm->env.reported(vm->env.losses_arg);
    return err;
}

// ---- numbers out of aggregations ----------------------------------------------------------------

static int push_agg(struct nd_vm *vm, const struct nd_mf_type *t, const void *val,
                    enum nd_vm_agg what)
{
    int64_t v;

    if (!nd_agg_int(t, val, what, &v))
        return vm_push_double(vm, nd_agg_get(t, val, what));
    if (vm_push_int(vm, v))
        return -E2BIG;
    vm->stack[vm->sp - 1].kind =
        what == ND_AGG_COUNT || !(t->flags & ND_TF_SIGNED) ? VM_U64 : VM_I64;
    return 0;
}

// The same questions over ordinary integers, one per entry.
struct plain {
    uint64_t count, sum;
    int64_t min, max;
};

static void plain_add(struct plain *p, bool sign, int64_t v)
{
    uint64_t flip = sign ? 0 : 1ull << 63; // makes a signed comparison one of unsigned values
    int64_t x = (int64_t)((uint64_t)v ^ flip);

    if (!p->count || x < (int64_t)((uint64_t)p->min ^ flip))
        p->min = v;
    if (!p->count || x > (int64_t)((uint64_t)p->max ^ flip))
        p->max = v;
    p->count++;
    p->sum += (uint64_t)v;
}

static int push_plain(struct nd_vm *vm, const struct plain *p, bool sign, enum nd_vm_agg what)
{
    double sum = sign ? (double)(int64_t)p->sum : (double)p->sum;
    int64_t v;

    if (what > ND_AGG_MAX || (!p->count && what != ND_AGG_COUNT && what != ND_AGG_SUM))
        return vm_push_double(vm, NAN);
    if (what == ND_AGG_AVG)
        return vm_push_double(vm, sum / (double)p->count);
    v = what == ND_AGG_COUNT ? (int64_t)p->count
        : what == ND_AGG_SUM ? (int64_t)p->sum
        : what == ND_AGG_MIN ? p->min
                             : p->max;
    if (vm_push_int(vm, v))
        return -E2BIG;
    vm->stack[vm->sp - 1].kind = sign && what != ND_AGG_COUNT ? VM_I64 : VM_U64;
    return 0;
}

int vm_op_agg(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf_map *m = map_of(vm, (uint32_t)in->c);
    const struct nd_mf_type *t;
    struct plain p = {0};
    const void *key;
    int err;

    if (!m || pop_key(vm, m, &key))
        return -EINVAL;
    t = vm_type(vm, m->val_type);
    err = nd_maps_get(vm->env.maps, (uint32_t)in->c, key, vm->val);
    if (check(vm, m, err, "read"))
        return -EINVAL;
    if (err)
        memset(vm->val, 0, t->size);
    if (nd_agg_is(t->kind))
        return push_agg(vm, t, vm->val, in->a);
    if (!nd_typed_is_int(t))
        return vm_fail(vm, EINVAL, "%s does not hold numbers", nd_mf_str(vm->env.mf, m->name));
    if (!err)
        plain_add(&p, nd_typed_is_signed(t), nd_typed_int(t, vm->val));
    return push_plain(vm, &p, nd_typed_is_signed(t), in->a);
}

int vm_op_agg_of(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *v = vm_pop(vm, 1);
    const struct nd_mf_type *t;
    struct plain p = {0};

    if (!v)
        return -EINVAL;
    t = v->type < vm->env.mf->ntypes ? vm_type(vm, v->type) : NULL;
    if (t && nd_agg_is(t->kind)) // count() and sum() are words
        return push_agg(vm, t, v->kind == VM_BYTES ? v->p : (const void *)&v->i, in->a);
    if (v->kind != VM_I64 && v->kind != VM_U64)
        return vm_fail(vm, EINVAL, "%s where an aggregation is needed", vm_kind_name(v->kind));
    plain_add(&p, v->kind == VM_I64, v->i);
    return push_plain(vm, &p, v->kind == VM_I64, in->a);
}

int vm_op_agg_all(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf_map *m = map_of(vm, (uint32_t)in->c);
    const struct nd_mf_type *t;
    struct nd_copy copy = {0};
    struct plain p = {0};
    uint32_t i;
    int err;

    if (!m)
        return -EINVAL;
    t = vm_type(vm, m->val_type);
    if (!nd_agg_is(t->kind) && !nd_typed_is_int(t))
        return vm_fail(vm, EINVAL, "%s does not hold numbers", nd_mf_str(vm->env.mf, m->name));
    err = nd_maps_copy(vm->env.maps, (uint32_t)in->c, &copy);
    if (err)
        return vm_fail(vm, -err, "cannot read %s: %s", nd_mf_str(vm->env.mf, m->name),
                       strerror(-err));
    memset(vm->val, 0, t->size);
    for (i = 0; i < copy.n; i++) {
        const uint8_t *val = copy.vals + (size_t)i * copy.val_size;

        if (nd_agg_is(t->kind))
            nd_agg_merge(t, vm->val, val);
        else
            plain_add(&p, nd_typed_is_signed(t), nd_typed_int(t, val));
    }
    nd_copy_free(&copy);
    if (nd_agg_is(t->kind))
        return push_agg(vm, t, vm->val, in->a);
    return push_plain(vm, &p, nd_typed_is_signed(t), in->a);
}
