// SPDX-License-Identifier: GPL-2.0-or-later
// The numbers that an aggregation is to a program: one without a name or several with one, and the
// edges of the rows of a histogram. Must not know how a record is written. Serves the formats of
// records.
#include "runtime/common/agg.h"
#include "runtime/common/json.h"
#include "runtime/output/hist.h"

const struct nd_agg_part *nd_format_agg_parts(const struct nd_mf_type *t)
{
    static const struct nd_agg_part sum[] = {{"", ND_AGG_SUM}, {NULL, 0}};
    static const struct nd_agg_part min[] = {{"", ND_AGG_MIN}, {NULL, 0}};
    static const struct nd_agg_part max[] = {{"", ND_AGG_MAX}, {NULL, 0}};
    static const struct nd_agg_part avg[] = {{"", ND_AGG_AVG}, {NULL, 0}};
    static const struct nd_agg_part stats[] = {
        {"count", ND_AGG_COUNT}, {"average", ND_AGG_AVG}, {"total", ND_AGG_SUM}, {NULL, 0}};
    static const struct nd_agg_part dist[] = {
        {"count", ND_AGG_COUNT}, {"sum", ND_AGG_SUM}, {"min", ND_AGG_MIN},
        {"max", ND_AGG_MAX},     {"avg", ND_AGG_AVG}, {"p50", ND_AGG_P50},
        {"p95", ND_AGG_P95},     {"p99", ND_AGG_P99}, {NULL, 0}};
    static const struct nd_agg_part *const parts[ND_T_KIND_MAX] = {
        [ND_T_COUNT] = sum, [ND_T_SUM] = sum,     [ND_T_MIN] = min,   [ND_T_MAX] = max,
        [ND_T_AVG] = avg,   [ND_T_STATS] = stats, [ND_T_DIST] = dist,
    };

    return parts[t->kind];
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
    return t->kind == ND_T_HIST || t->kind == ND_T_LHIST || t->kind == ND_T_DIST;
}

bool nd_hist_edge(const struct nd_mf_type *t, const struct nd_hist_row *r, bool upper,
                  struct nd_buf *out)
{
    int64_t v = upper ? r->hi : r->lo;

    if (upper ? r->above : r->below)
        return false;
    if (t->kind == ND_T_LHIST || (upper && r->below))
        nd_buf_i64(out, v);
    else
        nd_buf_u64(out, (uint64_t)v);
    return true;
}
