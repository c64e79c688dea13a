// SPDX-License-Identifier: GPL-2.0-or-later
// Arithmetic on aggregation values, the same as the programs do in the kernel. Sums wrap.
// Must not know maps or text. Serves maps, VM and sinks.
#include "runtime/common/agg.h"

#include <math.h>
#include <string.h>
#include <time.h>

// What each aggregation does; types.def says which kind has which.
struct ops {
    void (*add)(const struct nd_mf_type *t, void *dst, int64_t v);
    void (*merge)(const struct nd_mf_type *t, void *dst, const void *src);
    bool (*integer)(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what, int64_t *out);
    double (*percentile)(const struct nd_mf_type *t, const void *val, double p); // NULL: has none
    struct nd_agg_bucket (*bucket)(const struct nd_mf_type *t, uint32_t slot);   // all of it slots
    const char *(*wrong)(const struct nd_mf_type *t);                            // NULL: nothing
};

static bool is_signed(const struct nd_mf_type *t)
{
    return t->flags & ND_TF_SIGNED;
}

static uint32_t log2_of(uint64_t v)
{
    return 63u - (uint32_t)__builtin_clzll(v);
}

// Log-linear: 2^bits buckets for each power of two, after one for each number below 2^bits.
static uint32_t sub_index(uint64_t v, uint32_t bits)
{
    uint32_t e;

    if (v >> bits == 0)
        return (uint32_t)v;
    e = log2_of(v) - bits;
    return (e << bits) + (uint32_t)(v >> e);
}

static void sub_range(uint32_t index, uint32_t bits, uint64_t *lo, uint64_t *hi)
{
    uint32_t e;

    if (index >> bits == 0) {
        *lo = *hi = index;
        return;
    }
    e = (index >> bits) - 1;
    *lo = (uint64_t)(index - (e << bits)) << e;
    *hi = *lo + ((1ull << e) - 1);
}

uint32_t nd_dist_index(uint64_t v)
{
    return sub_index(v, ND_DIST_BITS);
}

void nd_dist_range(uint32_t index, uint64_t *lo, uint64_t *hi)
{
    sub_range(index, ND_DIST_BITS, lo, hi);
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

static void merge_words(const struct nd_mf_type *t, void *dst, const void *src)
{
    add_words(dst, src, t->size / 8);
}

static double number(const struct nd_mf_type *t, uint64_t v)
{
    return is_signed(t) ? (double)(int64_t)v : (double)v;
}

// ---- count, sum, avg, stats ---------------------------------------------------------------------

static void add_count(const struct nd_mf_type *t, void *dst, int64_t v)
{
    (void)t;
    (void)v;
    *(uint64_t *)dst += 1;
}

static bool integer_count(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what,
                          int64_t *out)
{
    (void)t;
    *out = *(const int64_t *)val;
    return what == ND_AGG_SUM || what == ND_AGG_COUNT;
}

static const struct ops ops_count = {add_count, merge_words, integer_count, NULL, NULL, NULL};

static void add_sum(const struct nd_mf_type *t, void *dst, int64_t v)
{
    (void)t;
    *(uint64_t *)dst += (uint64_t)v;
}

static bool integer_sum(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what,
                        int64_t *out)
{
    (void)t;
    *out = *(const int64_t *)val;
    return what == ND_AGG_SUM;
}

static const struct ops ops_sum = {add_sum, merge_words, integer_sum, NULL, NULL, NULL};

static void add_avg(const struct nd_mf_type *t, void *dst, int64_t v)
{
    struct nd_avg *d = dst;

    (void)t;
    d->count += 1;
    d->total += (uint64_t)v;
}

static bool integer_avg(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what,
                        int64_t *out)
{
    const struct nd_avg *d = val;

    (void)t;
    *out = (int64_t)(what == ND_AGG_COUNT ? d->count : d->total);
    return what == ND_AGG_COUNT || what == ND_AGG_SUM;
}

static const struct ops ops_avg = {add_avg, merge_words, integer_avg, NULL, NULL, NULL};

// ---- min and max --------------------------------------------------------------------------------

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

static void add_minmax(const struct nd_mf_type *t, void *dst, int64_t v)
{
    struct nd_minmax mm = {.val = (uint64_t)v, .set = 1};

    merge_minmax(t, dst, &mm);
}

static bool integer_minmax(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what,
                           int64_t *out)
{
    const struct nd_minmax *mm = val;

    *out = (int64_t)mm->val;
    return mm->set && what == nd_typekinds[t->kind].rank;
}

static const struct ops ops_minmax = {add_minmax, merge_minmax, integer_minmax, NULL, NULL, NULL};

// ---- hist and lhist: slots ----------------------------------------------------------------------

static uint32_t slots(const struct nd_mf_type *t)
{
    return t->size / 8;
}

static uint64_t total(const struct nd_mf_type *t, const uint64_t *slot)
{
    uint64_t n = 0;
    uint32_t i;

    for (i = 0; i < slots(t); i++)
        n += slot[i];
    return n;
}

// An edge as a number; the one edge of an open bucket is both.
static double edge(const struct nd_agg_bucket *b, bool low)
{
    bool lo = b->above || (low && !b->below);
    int64_t v = lo ? b->lo : b->hi;

    return b->even || b->below ? (double)v : (double)(uint64_t)v;
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

static double percentile_slots(const struct nd_mf_type *t, const void *val, double p)
{
    uint64_t n = total(t, val);
    struct nd_agg_bucket b;

    if (!n)
        return NAN;
    b = nd_agg_bucket(t, slot_of_rank(val, slots(t), rank_of(p, n)));
    return edge(&b, false);
}

// Lowest or highest edge of the slots in use.
static double slots_end(const struct nd_mf_type *t, const uint64_t *slot, bool low)
{
    uint32_t n = slots(t), k;

    for (k = 0; k < n; k++) {
        uint32_t i = low ? k : n - 1 - k;
        struct nd_agg_bucket b;

        if (slot[i]) {
            b = nd_agg_bucket(t, i);
            return edge(&b, low);
        }
    }
    return NAN;
}

static bool integer_slots(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what,
                          int64_t *out)
{
    *out = (int64_t)total(t, val);
    return what == ND_AGG_COUNT;
}

static void add_hist(const struct nd_mf_type *t, void *dst, int64_t v)
{
    ((struct nd_hist *)dst)->slot[nd_hist_index(v, is_signed(t))]++;
}

static struct nd_agg_bucket bucket_hist(const struct nd_mf_type *t, uint32_t i)
{
    (void)t;
    if (i == 0)
        return (struct nd_agg_bucket){.hi = -1, .below = true};
    return (struct nd_agg_bucket){.lo = i == 1 ? 0 : (int64_t)(1ull << (i - 1)),
                                  .hi = i == 64 ? -1 : (int64_t)((1ull << i) - 1)};
}

static const struct ops ops_hist = {add_hist,         merge_words, integer_slots,
                                    percentile_slots, bucket_hist, NULL};

static const char *wrong_lhist(const struct nd_mf_type *t)
{
    return t->count >= 2 && t->size == t->count * 8ull && t->step > 0 && t->lo <= t->hi
               ? NULL
               : "an lhist with impossible bounds";
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

static void add_lhist(const struct nd_mf_type *t, void *dst, int64_t v)
{
    ((uint64_t *)dst)[lhist_index(t, v)]++;
}

static struct nd_agg_bucket bucket_lhist(const struct nd_mf_type *t, uint32_t i)
{
    uint64_t lo = (uint64_t)t->lo + (uint64_t)(i - 1) * (uint64_t)t->step;
    uint64_t left = (uint64_t)t->hi - lo; // the last step may be cut by hi
    struct nd_agg_bucket b = {.lo = (int64_t)lo, .even = true};

    b.hi = (int64_t)(lo + (left < (uint64_t)t->step ? left : (uint64_t)t->step) - 1);
    b.below = i == 0;
    b.above = i == t->count - 1;
    if (b.below)
        b.hi = (int64_t)((uint64_t)t->lo - 1);
    if (b.above)
        b.lo = t->hi;
    return b;
}

static const struct ops ops_lhist = {add_lhist,        merge_words,  integer_slots,
                                     percentile_slots, bucket_lhist, wrong_lhist};

// ---- hist with sub-buckets ----------------------------------------------------------------------

static const char *wrong_subhist(const struct nd_mf_type *t)
{
    return t->step >= 0 && t->step <= 5 && t->count == 1 + ((65u - (uint32_t)t->step) << t->step) &&
                   t->size == t->count * 8ull
               ? NULL
               : "a hist with impossible sub-buckets";
}

static void add_subhist(const struct nd_mf_type *t, void *dst, int64_t v)
{
    bool below = is_signed(t) && v < 0;

    ((uint64_t *)dst)[below ? 0 : 1 + sub_index((uint64_t)v, (uint32_t)t->step)]++;
}

static struct nd_agg_bucket bucket_subhist(const struct nd_mf_type *t, uint32_t i)
{
    uint64_t lo, hi;

    if (i == 0)
        return (struct nd_agg_bucket){.hi = -1, .below = true};
    sub_range(i - 1, (uint32_t)t->step, &lo, &hi);
    return (struct nd_agg_bucket){.lo = (int64_t)lo, .hi = (int64_t)hi};
}

static const struct ops ops_subhist = {add_subhist,      merge_words,    integer_slots,
                                       percentile_slots, bucket_subhist, wrong_subhist};

// ---- dist ---------------------------------------------------------------------------------------

static void merge_dist(const struct nd_mf_type *t, void *dst, const void *src)
{
    struct nd_dist *d = dst;
    const struct nd_dist *s = src;

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

static void add_dist(const struct nd_mf_type *t, void *dst, int64_t v)
{
    struct nd_dist *d = dst;

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

static double percentile_dist(const struct nd_mf_type *t, const void *val, double p)
{
    const struct nd_dist *d = val;
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

static bool integer_dist(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what,
                         int64_t *out)
{
    const struct nd_dist *d = val;

    (void)t;
    *out = (int64_t)(what == ND_AGG_COUNT ? d->count
                     : what == ND_AGG_SUM ? d->sum
                     : what == ND_AGG_MIN ? (uint64_t)d->min
                                          : (uint64_t)d->max);
    return what == ND_AGG_COUNT || what == ND_AGG_SUM ||
           (d->count && (what == ND_AGG_MIN || what == ND_AGG_MAX));
}

static const struct ops ops_dist = {add_dist,        merge_dist, integer_dist,
                                    percentile_dist, NULL,       NULL};

// ---- time series --------------------------------------------------------------------------------

static const char *wrong_tseries(const struct nd_mf_type *t)
{
    return t->count && t->size == t->count * sizeof(struct nd_interval) && t->lo > 0 &&
                   t->step >= ND_SERIES_LAST && t->step <= ND_SERIES_SUM
               ? NULL
               : "a time series with impossible intervals";
}

// s is of the same interval as d, or of a newer one.
static void merge_interval(const struct nd_mf_type *t, struct nd_interval *d,
                           const struct nd_interval *s)
{
    bool sums = t->step == ND_SERIES_AVG || t->step == ND_SERIES_SUM;

    if (s->number < d->number)
        return;
    if (s->number > d->number || (t->step == ND_SERIES_LAST && s->n >= d->n) ||
        (t->step == ND_SERIES_MAX && below(t, d->val, s->val)) ||
        (t->step == ND_SERIES_MIN && below(t, s->val, d->val))) {
        *d = *s;
    } else if (sums) {
        d->val += s->val;
        d->n += s->n;
    }
}

static void merge_tseries(const struct nd_mf_type *t, void *dst, const void *src)
{
    struct nd_interval d, s;
    uint32_t i;

    for (i = 0; i < t->count; i++) {
        memcpy(&d, (uint8_t *)dst + i * sizeof(d), sizeof(d));
        memcpy(&s, (const uint8_t *)src + i * sizeof(s), sizeof(s));
        merge_interval(t, &d, &s);
        memcpy((uint8_t *)dst + i * sizeof(d), &d, sizeof(d));
    }
}

static void add_tseries(const struct nd_mf_type *t, void *dst, int64_t v)
{
    struct nd_interval d, s = {.val = (uint64_t)v};
    struct timespec ts;
    uint64_t now;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    now = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
    s.number = 1 + now / (uint64_t)t->lo;
    s.n = t->step == ND_SERIES_LAST ? now : 1;
    dst = (uint8_t *)dst + (s.number - 1) % t->count * sizeof(d);
    memcpy(&d, dst, sizeof(d));
    merge_interval(t, &d, &s);
    memcpy(dst, &d, sizeof(d));
}

// How many intervals have a value.
static bool integer_tseries(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what,
                            int64_t *out)
{
    struct nd_interval s;
    uint32_t i;

    for (i = 0; i < t->count; i++) {
        memcpy(&s, (const uint8_t *)val + i * sizeof(s), sizeof(s));
        *out += s.number != 0;
    }
    return what == ND_AGG_COUNT;
}

static const struct ops ops_tseries = {add_tseries, merge_tseries, integer_tseries,
                                       NULL,        NULL,          wrong_tseries};

// ---- all of them --------------------------------------------------------------------------------

static const struct ops *const ops_of[ND_T_KIND_MAX] = {
#define ND_AGGREGATION(id, text, size, class, sign, rank, made, ops, print) \
    [ND_T_##id] = &ops_##ops,
#include "runtime/common/types.def"
};

void nd_agg_merge(const struct nd_mf_type *t, void *dst, const void *src)
{
    if (ops_of[t->kind])
        ops_of[t->kind]->merge(t, dst, src);
    else
        memmove(dst, src, t->size);
}

void nd_agg_add(const struct nd_mf_type *t, void *dst, int64_t v)
{
    if (ops_of[t->kind])
        ops_of[t->kind]->add(t, dst, v);
}

const char *nd_agg_wrong(const struct nd_mf_type *t)
{
    return ops_of[t->kind] && ops_of[t->kind]->wrong ? ops_of[t->kind]->wrong(t) : NULL;
}

struct nd_agg_bucket nd_agg_bucket(const struct nd_mf_type *t, uint32_t slot)
{
    return ops_of[t->kind]->bucket(t, slot);
}

double nd_agg_percentile(const struct nd_mf_type *t, const void *val, double p)
{
    const struct ops *ops = ops_of[t->kind];

    return ops && ops->percentile ? ops->percentile(t, val, p) : NAN;
}

bool nd_agg_int(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what, int64_t *out)
{
    *out = 0;
    return ops_of[t->kind] && ops_of[t->kind]->integer(t, val, what, out);
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
    if (ops_of[t->kind] && ops_of[t->kind]->bucket && (what == ND_AGG_MIN || what == ND_AGG_MAX))
        return slots_end(t, val, what == ND_AGG_MIN);
    return NAN;
}

double nd_agg_rank(const struct nd_mf_type *t, const void *val)
{
    return nd_agg_get(t, val, nd_typekinds[t->kind].rank);
}
