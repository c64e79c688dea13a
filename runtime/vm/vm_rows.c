// SPDX-License-Identifier: GPL-2.0-or-later
// Rows of a histogram as numbers: those that it is printed with. Must not know maps. Serves the
// instructions.
#include "runtime/output/hist.h"
#include "runtime/vm/vm_impl.h"

#include <errno.h>
#include <stdlib.h>

// NULL: failed, after a message.
static const struct nd_mf_type *hist_of(struct nd_vm *vm, const struct vm_value *v)
{
    const struct nd_mf_type *t = v->kind == VM_BYTES ? vm_type(vm, v->type) : NULL;

    if (t && nd_hist_is(t))
        return t;
    vm_fail(vm, EINVAL, "a histogram is needed, not %s", vm_kind_name(v->kind));
    return NULL;
}

// Where a row of hist() ends may be more than a signed number can be.
static int64_t edge(const struct nd_agg_bucket *b, int64_t v)
{
    return !b->even && !b->below && v < 0 ? INT64_MAX : v;
}

static int64_t part(const struct nd_hist_row *r, int64_t what)
{
    const struct nd_agg_bucket *b = &r->of;

    switch (what) {
    case ND_ROW_LOW:
        return b->below ? INT64_MIN : edge(b, b->lo);
    case ND_ROW_HIGH:
        return b->above ? INT64_MAX : edge(b, b->hi);
    default:
        return (int64_t)r->count;
    }
}

int vm_bi_rows(struct nd_vm *vm, const struct vm_value *v)
{
    const struct nd_mf_type *t = hist_of(vm, &v[0]);
    struct nd_hist_row *rows = NULL;
    uint32_t n = t ? nd_hist_rows(t, v[0].p, &rows) : 0;

    free(rows);
    return t ? vm_push_int(vm, n) : -EINVAL;
}

int vm_bi_row(struct nd_vm *vm, const struct vm_value *v)
{
    const struct nd_mf_type *t = hist_of(vm, &v[0]);
    struct nd_hist_row *rows = NULL;
    int64_t i, what, n = 0;
    uint32_t count;

    if (!t || vm_i64(vm, &v[1], &i) || vm_i64(vm, &v[2], &what))
        return -EINVAL;
    count = nd_hist_rows(t, v[0].p, &rows);
    if (i >= 0 && i < count)
        n = part(&rows[i], what);
    free(rows);
    return vm_push_int(vm, n);
}
