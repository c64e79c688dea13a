// SPDX-License-Identifier: GPL-2.0-or-later
// Buckets of HIST, LHIST and DIST as rows, and the rows as a table of stars. Must not know maps or
// where text goes. Serves both printers: the rows of text and JSON are the same.
#ifndef ND_HIST_H
#define ND_HIST_H

#include "runtime/common/agg.h"
#include "runtime/output/format.h"

struct nd_hist_row {
    struct nd_agg_bucket of;
    uint64_t count;
};

// Rows from 0 or lo (and before it one of what is below, if there is any) to the last that is not
// empty. Returns how many; *rows is freed by the caller.
uint32_t nd_hist_rows(const struct nd_mf_type *t, const void *val, struct nd_hist_row **rows);
bool nd_hist_is(const struct nd_mf_type *t); // has it rows?
// The smallest or the largest value of a row; false, and no text: it has no such edge.
bool nd_hist_edge(const struct nd_hist_row *r, bool upper, struct nd_buf *out);
// The table. unit: what the values are, NULL or "" for "value"; div > 1 divides the counts.
void nd_hist_text(const struct nd_mf_type *t, const char *unit, const void *val, uint64_t div,
                  struct nd_buf *out);
// The same as bpftrace prints it: rows [lo, hi) from the first to the last that is not empty,
// powers of 1024 with a letter.
void nd_hist_bpftrace(const struct nd_mf_type *t, const char *unit, const void *val, uint64_t div,
                      struct nd_buf *out);
// The line of a DIST below its table.
void nd_dist_line(const struct nd_mf_type *t, const void *val, struct nd_buf *out);

#endif
