// SPDX-License-Identifier: GPL-2.0-or-later
// Arithmetic on aggregation values, the same as the programs do in the kernel. Sums wrap.
// Must not know maps or text. Serves maps, VM and sinks.
#include "runtime/common/agg.h"

#include <math.h>
#include <string.h>

bool nd_agg_is(uint32_t kind)
{
    return kind >= ND_T_COUNT && kind <= ND_T_DIST;
}

static bool is_signed(const struct nd_mf_type *t)
{
    return t->flags & ND_TF_SIGNED;
}

static uint32_t log2_of(uint64_t v)
{
    return 63u - (uint32_t)__builtin_clzll(v);
}

uint32_t nd_dist_index(uint64_t v)
{
    uint32_t e;

    if (v < ND_DIST_SUB)
        return (uint32_t)v;
    e = log2_of(v);
    return (e - 3) * ND_DIST_SUB + (uint32_t)(v >> (e - 4) & (ND_DIST_SUB - 1));
}

void nd_dist_range(uint32_t index, uint64_t *lo, uint64_t *hi)
{
    uint32_t e;

    if (index < ND_DIST_SUB) {
        *lo = *hi = index;
        return;
    }
    e = index / ND_DIST_SUB + 3;
    *lo = (uint64_t)(ND_DIST_SUB + index % ND_DIST_SUB) << (e - 4);
    *hi = *lo + ((1ull << (e - 4)) - 1);
}

uint32_t nd_hist_index(int64_t v, bool with_sign)
{
    if (with_sign && v < 0)
        return 0;
    return (uint64_t)v < 2 ? 1 : 1 + log2_of((uint64_t)v);
}

// Is x below y, for this type's sign?
static bool below(const struct nd_mf_type *t, uint64_t x, uint64_t y)
{
    return is_signed(t) ? (int64_t)x < (int64_t)y : x < y;
}

static void add_words(void *dst, const void *src, size_t n)
{
    uint8_t *d = dst;
    const uint8_t *s = src;
    uint64_t x, y;

    for (; n; n--, d += 8, s += 8) {
        memcpy(&x, d, 8);
        memcpy(&y, s, 8);
        x += y;
        memcpy(d, &x, 8);
    }
}

static void merge_minmax(const struct nd_mf_type *t, void *dst, const void *src)
{
    struct nd_minmax d, s;

    memcpy(&d, dst, sizeof(d));
    memcpy(&s, src, sizeof(s));
    if (!s.set)
        return;
    if (!d.set || (t->kind == ND_T_MIN ? below(t, s.val, d.val) : below(t, d.val, s.val)))
        memcpy(dst, &s, sizeof(s));
}

static void merge_dist(const struct nd_mf_type *t, struct nd_dist *d, const struct nd_dist *s)
{
    if (!s->count)
        return;
    if (!d->count || below(t, (uint64_t)s->min, (uint64_t)d->min))
        d->min = s->min;
    if (!d->count || below(t, (uint64_t)d->max, (uint64_t)s->max))
        d->max = s->max;
    d->count += s->count;
    d->sum += s->sum;
    d->negative += s->negative;
    add_words(d->slot, s->slot, ND_DIST_SLOTS);
}

void nd_agg_merge(const struct nd_mf_type *t, void *dst, const void *src)
{
    switch (t->kind) {
    case ND_T_MIN:
    case ND_T_MAX:
        merge_minmax(t, dst, src);
        return;
    case ND_T_DIST:
        merge_dist(t, dst, src);
        return;
    case ND_T_COUNT:
    case ND_T_SUM:
    case ND_T_AVG:
    case ND_T_STATS:
    case ND_T_HIST:
    case ND_T_LHIST:
        add_words(dst, src, t->size / 8);
        return;
    }
    memmove(dst, src, t->size);
}

static uint32_t lhist_index(const struct nd_mf_type *t, int64_t v)
{
    uint64_t i, step = t->step > 0 ? (uint64_t)t->step : 1;

    if (!is_signed(t) && v < 0) // an unsigned value above every signed bound
        return t->count - 1;
    if (v < t->lo)
        return 0;
    if (v >= t->hi)
        return t->count - 1;
    i = 1 + ((uint64_t)v - (uint64_t)t->lo) / step;
    return i < t->count - 1 ? (uint32_t)i : t->count - 1;
}

static void add_dist(const struct nd_mf_type *t, struct nd_dist *d, int64_t v)
{
    if (!d->count || below(t, (uint64_t)v, (uint64_t)d->min))
        d->min = v;
    if (!d->count || below(t, (uint64_t)d->max, (uint64_t)v))
        d->max = v;
    d->count++;
    d->sum += (uint64_t)v;
    if (is_signed(t) && v < 0)
        d->negative++;
    else
        d->slot[nd_dist_index((uint64_t)v)]++;
}

void nd_agg_add(const struct nd_mf_type *t, void *dst, int64_t v)
{
    struct nd_minmax mm = {.val = (uint64_t)v, .set = 1};
    uint64_t *w = dst;

    switch (t->kind) {
    case ND_T_COUNT:
        w[0] += 1;
        break;
    case ND_T_SUM:
        w[0] += (uint64_t)v;
        break;
    case ND_T_MIN:
    case ND_T_MAX:
        merge_minmax(t, dst, &mm);
        break;
    case ND_T_AVG:
    case ND_T_STATS:
        w[0] += 1;
        w[1] += (uint64_t)v;
        break;
    case ND_T_HIST:
        w[nd_hist_index(v, is_signed(t))] += 1;
        break;
    case ND_T_LHIST:
        w[lhist_index(t, v)] += 1;
        break;
    case ND_T_DIST:
        add_dist(t, dst, v);
        break;
    }
}

static double number(const struct nd_mf_type *t, uint64_t v)
{
    return is_signed(t) ? (double)(int64_t)v : (double)v;
}

static uint32_t slots(const struct nd_mf_type *t)
{
    return t->kind == ND_T_HIST ? ND_HIST_SLOTS : t->count;
}

static uint64_t total(const struct nd_mf_type *t, const uint64_t *slot)
{
    uint64_t n = 0;
    uint32_t i;

    for (i = 0; i < slots(t); i++)
        n += slot[i];
    return n;
}

// Upper edge (inclusive) of a slot of HIST or LHIST, lower edge if `low`.
static double slot_edge(const struct nd_mf_type *t, uint32_t i, bool low)
{
    if (t->kind == ND_T_HIST) {
        if (i == 0)
            return -1;
        if (low)
            return i == 1 ? 0 : ldexp(1, (int)i - 1);
        return (double)(i == 64 ? UINT64_MAX : (1ull << i) - 1);
    }
    if (i == 0)
        return (double)t->lo - 1;
    if (i == t->count - 1)
        return (double)t->hi;
    if (low)
        return (double)t->lo + (double)(i - 1) * (double)t->step;
    return fmin((double)t->lo + (double)i * (double)t->step, (double)t->hi) - 1;
}

// The slot that holds the value of this rank (1..n).
static uint32_t slot_of_rank(const uint64_t *slot, uint32_t n, uint64_t rank)
{
    uint64_t seen = 0;
    uint32_t i;

    for (i = 0; i + 1 < n; i++) {
        seen += slot[i];
        if (seen >= rank)
            break;
    }
    return i;
}

static uint64_t rank_of(double p, uint64_t n)
{
    long double r = ceill((long double)p * (long double)n - 1e-9L);

    if (r < 1)
        return 1;
    return r > (long double)n ? n : (uint64_t)r;
}

static double dist_percentile(const struct nd_mf_type *t, const struct nd_dist *d, double p)
{
    uint64_t lo, hi, rank;
    double v;

    if (!d->count)
        return NAN;
    rank = rank_of(p, d->count);
    if (rank <= d->negative) {
        v = -1;
    } else {
        nd_dist_range(slot_of_rank(d->slot, ND_DIST_SLOTS, rank - d->negative), &lo, &hi);
        v = (double)hi;
    }
    v = fmax(v, number(t, (uint64_t)d->min));
    return fmin(v, number(t, (uint64_t)d->max));
}

double nd_agg_percentile(const struct nd_mf_type *t, const void *val, double p)
{
    const uint64_t *slot = val;
    uint64_t n;

    if (t->kind == ND_T_DIST)
        return dist_percentile(t, val, p);
    if (t->kind != ND_T_HIST && t->kind != ND_T_LHIST)
        return NAN;
    n = total(t, slot);
    return n ? slot_edge(t, slot_of_rank(slot, slots(t), rank_of(p, n)), false) : NAN;
}

bool nd_agg_int(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what, int64_t *out)
{
    const uint64_t *w = val;
    const struct nd_dist *d = val;

    *out = 0;
    switch (t->kind) {
    case ND_T_COUNT:
    case ND_T_SUM:
        *out = (int64_t)w[0];
        return what == ND_AGG_SUM || (what == ND_AGG_COUNT && t->kind == ND_T_COUNT);
    case ND_T_MIN:
    case ND_T_MAX:
        *out = (int64_t)w[0];
        return w[1] && what == (t->kind == ND_T_MIN ? ND_AGG_MIN : ND_AGG_MAX);
    case ND_T_AVG:
    case ND_T_STATS:
        *out = (int64_t)(what == ND_AGG_COUNT ? w[0] : w[1]);
        return what == ND_AGG_COUNT || what == ND_AGG_SUM;
    case ND_T_HIST:
    case ND_T_LHIST:
        *out = (int64_t)total(t, w);
        return what == ND_AGG_COUNT;
    case ND_T_DIST:
        *out = (int64_t)(what == ND_AGG_COUNT ? d->count
                         : what == ND_AGG_SUM ? d->sum
                         : what == ND_AGG_MIN ? (uint64_t)d->min
                                              : (uint64_t)d->max);
        return what == ND_AGG_COUNT || what == ND_AGG_SUM ||
               (d->count && (what == ND_AGG_MIN || what == ND_AGG_MAX));
    }
    return false;
}

// Lowest or highest edge of the slots in use.
static double slots_end(const struct nd_mf_type *t, const uint64_t *slot, bool low)
{
    uint32_t n = slots(t), k;

    for (k = 0; k < n; k++) {
        uint32_t i = low ? k : n - 1 - k;

        if (slot[i])
            return slot_edge(t, i, low);
    }
    return NAN;
}

double nd_agg_get(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what)
{
    static const double p[ND_AGG_MAX_KIND] = {[ND_AGG_P50] = 0.5,
                                              [ND_AGG_P90] = 0.9,
                                              [ND_AGG_P95] = 0.95,
                                              [ND_AGG_P99] = 0.99,
                                              [ND_AGG_P999] = 0.999};
    int64_t n, sum;

    if (nd_agg_int(t, val, what, &n))
        return what == ND_AGG_COUNT ? (double)(uint64_t)n : number(t, (uint64_t)n);
    if (what >= ND_AGG_P50 && what < ND_AGG_MAX_KIND)
        return nd_agg_percentile(t, val, p[what]);
    if (what == ND_AGG_AVG && nd_agg_int(t, val, ND_AGG_COUNT, &n) &&
        nd_agg_int(t, val, ND_AGG_SUM, &sum) && t->kind != ND_T_COUNT && n)
        return number(t, (uint64_t)sum) / (double)(uint64_t)n;
    if ((t->kind == ND_T_HIST || t->kind == ND_T_LHIST) &&
        (what == ND_AGG_MIN || what == ND_AGG_MAX))
        return slots_end(t, val, what == ND_AGG_MIN);
    return NAN;
}

double nd_agg_rank(const struct nd_mf_type *t, const void *val)
{
    switch (t->kind) {
    case ND_T_SUM:
        return nd_agg_get(t, val, ND_AGG_SUM);
    case ND_T_MIN:
        return nd_agg_get(t, val, ND_AGG_MIN);
    case ND_T_MAX:
        return nd_agg_get(t, val, ND_AGG_MAX);
    case ND_T_AVG:
    case ND_T_STATS:
        return nd_agg_get(t, val, ND_AGG_AVG);
    }
    return nd_agg_get(t, val, ND_AGG_COUNT);
}
