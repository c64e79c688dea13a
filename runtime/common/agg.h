// SPDX-License-Identifier: GPL-2.0-or-later
// Aggregation values: merge, add, percentiles. Layouts are in runtime/common/manifest.h.
// Must not know maps or text. Serves maps, VM and sinks.
#ifndef ND_AGG_H
#define ND_AGG_H

#include "runtime/common/typekinds.h"

static inline bool nd_agg_is(uint32_t kind) // is it an aggregation at all?
{
    return nd_typekind_is(kind, ND_IS_AGGREGATION);
}
// NULL, or what is wrong with a type out of a file besides its size.
const char *nd_agg_wrong(const struct nd_mf_type *t);
// dst += src, both values of type t. For types that are not aggregations, src replaces dst.
void nd_agg_merge(const struct nd_mf_type *t, void *dst, const void *src);
// Adds one value, as the programs do.
void nd_agg_add(const struct nd_mf_type *t, void *dst, int64_t v);
// A number from an aggregation. NaN when n = 0 and the question has no answer (min, max,
// percentiles of nothing), or when this aggregation cannot answer it at all.
double nd_agg_get(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what);
// The same, exact, when the answer is an integer (count, sum, min, max); u64 unless SIGNED. false:
// it is not, or there is none.
bool nd_agg_int(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what, int64_t *out);
// The value to sort by (bpftrace: count, sum, min, max, average; histograms: number of values).
double nd_agg_rank(const struct nd_mf_type *t, const void *val);

// Percentile p in 0..1 = upper edge of the bucket that holds rank ceil(p * n); for DIST clamped to
// the recorded min and max.
double nd_agg_percentile(const struct nd_mf_type *t, const void *val, double p);

// The values that a slot of a HIST or LHIST counts: lo to hi, both inclusive.
struct nd_agg_bucket {
    int64_t lo, hi;    // u64 unless even
    bool below, above; // no lower edge, no upper edge
    bool even;         // one of equal steps
};
struct nd_agg_bucket nd_agg_bucket(const struct nd_mf_type *t, uint32_t slot);

uint32_t nd_dist_index(uint64_t v);
void nd_dist_range(uint32_t index, uint64_t *lo, uint64_t *hi); // inclusive
uint32_t nd_hist_index(int64_t v, bool is_signed);              // slot, see struct nd_hist
#endif
