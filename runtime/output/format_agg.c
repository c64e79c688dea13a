// SPDX-License-Identifier: GPL-2.0-or-later
// The numbers that an aggregation is to a program: one without a name or several with one, and the
// edges of the rows of a histogram. Must not know how a record is written. Serves the formats of
// records.
#include "runtime/common/json.h"
#include "runtime/output/hist.h"

#include <stdlib.h>

// How an aggregation prints; types.def says which kind prints as which.
struct print {
    const struct nd_agg_part *parts; // NULL: nothing besides rows, or one number
    uint32_t (*rows)(const struct nd_mf_type *t, const void *val, struct nd_hist_row **rows);
};

static const struct print print_number = {NULL, NULL};

static const struct nd_agg_part stats_parts[] = {
    {"count", ND_AGG_COUNT}, {"average", ND_AGG_AVG}, {"total", ND_AGG_SUM}, {NULL, 0}};
static const struct print print_stats = {stats_parts, NULL};

static uint32_t rows_hist(const struct nd_mf_type *t, const void *val, struct nd_hist_row **rows)
{
    uint32_t last = t->size / 8, n = 0, i;
    const uint64_t *slot = val;
    struct nd_hist_row *r;

    while (last > 1 && !slot[last - 1])
        last--;
    r = *rows = calloc(last, sizeof(*r));
    for (i = slot[0] ? 0 : 1; r && i < last; i++)
        r[n++] = (struct nd_hist_row){nd_agg_bucket(t, i), slot[i]};
    return n;
}

static const struct print print_hist = {NULL, rows_hist};

// From the first that is not empty: there are many below it.
static uint32_t rows_subhist(const struct nd_mf_type *t, const void *val, struct nd_hist_row **rows)
{
    uint32_t first = 0, last = t->size / 8, n = 0, i;
    const uint64_t *slot = val;
    struct nd_hist_row *r;

    while (last && !slot[last - 1])
        last--;
    while (first < last && !slot[first])
        first++;
    r = *rows = calloc(last - first + 1, sizeof(*r));
    for (i = first; r && i < last; i++)
        r[n++] = (struct nd_hist_row){nd_agg_bucket(t, i), slot[i]};
    return n;
}

static const struct print print_subhist = {NULL, rows_subhist};

// A row for each power of two: its buckets are too many to look at.
static uint32_t rows_dist(const struct nd_mf_type *t, const void *val, struct nd_hist_row **rows)
{
    const struct nd_mf_type log2 = {.kind = ND_T_HIST, .size = sizeof(struct nd_hist)};
    const struct nd_dist *d = val;
    struct nd_hist h = {0};
    uint64_t lo, hi;
    uint32_t i;

    (void)t;
    h.slot[0] = d->negative;
    for (i = 0; i < ND_DIST_SLOTS; i++) {
        nd_dist_range(i, &lo, &hi);
        h.slot[nd_hist_index((int64_t)lo, false)] += d->slot[i];
    }
    return rows_hist(&log2, &h, rows);
}

static const struct nd_agg_part dist_parts[] = {
    {"count", ND_AGG_COUNT}, {"sum", ND_AGG_SUM}, {"min", ND_AGG_MIN},
    {"max", ND_AGG_MAX},     {"avg", ND_AGG_AVG}, {"p50", ND_AGG_P50},
    {"p95", ND_AGG_P95},     {"p99", ND_AGG_P99}, {NULL, 0}};
static const struct print print_dist = {dist_parts, rows_dist};

static const struct print print_tseries = {NULL, NULL}; // a chart, see series.c

static const struct print *const print_of[ND_T_KIND_MAX] = {
#define ND_AGGREGATION(id, text, size, class, sign, rank, made, ops, print) \
    [ND_T_##id] = &print_##print,
#include "runtime/common/types.def"
};

const struct nd_agg_part *nd_format_agg_parts(const struct nd_mf_type *t)
{
    static const struct nd_agg_part one[][2] = {
        [ND_AGG_COUNT] = {{"", ND_AGG_COUNT}}, [ND_AGG_SUM] = {{"", ND_AGG_SUM}},
        [ND_AGG_AVG] = {{"", ND_AGG_AVG}},     [ND_AGG_MIN] = {{"", ND_AGG_MIN}},
        [ND_AGG_MAX] = {{"", ND_AGG_MAX}},
    };

    if (nd_typekind_is(t->kind, ND_IS_NUMBER))
        return one[nd_typekinds[t->kind].rank];
    return print_of[t->kind] ? print_of[t->kind]->parts : NULL;
}

void nd_format_agg_part(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what,
                        struct nd_buf *out)
{
    int64_t v;

    if (!nd_agg_int(t, val, what, &v))
        nd_json_double(nd_agg_get(t, val, what), out);
    else if (what != ND_AGG_COUNT && t->flags & ND_TF_SIGNED)
        nd_buf_i64(out, v);
    else
        nd_buf_u64(out, (uint64_t)v);
}

bool nd_hist_is(const struct nd_mf_type *t)
{
    return nd_typekind_is(t->kind, ND_IS_ROWS);
}

uint32_t nd_hist_rows(const struct nd_mf_type *t, const void *val, struct nd_hist_row **rows)
{
    return print_of[t->kind]->rows(t, val, rows);
}

bool nd_hist_edge(const struct nd_hist_row *r, bool upper, struct nd_buf *out)
{
    const struct nd_agg_bucket *b = &r->of;
    int64_t v = upper ? b->hi : b->lo;

    if (upper ? b->above : b->below)
        return false;
    if (b->even || (upper && b->below))
        nd_buf_i64(out, v);
    else
        nd_buf_u64(out, (uint64_t)v);
    return true;
}
