// SPDX-License-Identifier: GPL-2.0-or-later
// The values of a tseries(), as a chart and as JSON. Must not know maps or where text goes. Serves
// the printers.
#ifndef ND_SERIES_H
#define ND_SERIES_H

#include "runtime/output/format.h"

// The chart, of several lines.
void nd_series_text(const struct nd_fmt *f, const struct nd_mf_type *t, const void *val,
                    struct nd_buf *out);
// [{"interval_start": time, "value": 1}, ...], of the intervals with a value.
void nd_series_json(const struct nd_fmt *f, const struct nd_mf_type *t, const void *val,
                    struct nd_buf *out);

#endif
