// SPDX-License-Identifier: GPL-2.0-or-later
// What formats of records call things, so that all of them use the same words (docs/json.md). Must
// not know how a record is written. Serves the formats of records.
#include "runtime/output/sink_impl.h"

#include "runtime/common/agg.h"
#include "runtime/common/printable.h"
#include "runtime/output/hist.h"

#include <time.h>

const char *nd_sink_site_kind(const struct nd_mf_site *site)
{
    static const char *const names[ND_SITE_KIND_MAX] = {
        [ND_SITE_EVENT_LOST] = "event_lost", [ND_SITE_MAP_FULL] = "map_full",
        [ND_SITE_MAP_ERROR] = "map_error",   [ND_SITE_STACK_FAIL] = "stack_fail",
        [ND_SITE_READ_FAIL] = "read_fail",   [ND_SITE_STR_TRUNC] = "str_trunc",
        [ND_SITE_DIV_ZERO] = "div_zero",     [ND_SITE_INDEX] = "index",
        [ND_SITE_LOOP_BOUND] = "loop_bound", [ND_SITE_EVICTED] = "evicted",
        [ND_SITE_NO_ENTRY] = "no_entry",     [ND_SITE_PARSE] = "parse_fail",
        [ND_SITE_NESTED] = "nested",
    };

    return names[site->kind];
}

const char *nd_sink_site_file(const struct nd_mf *mf, const struct nd_mf_site *site)
{
    return site->span.line ? nd_mf_str(mf, mf->words[mf->h->files + site->span.file]) : "";
}

const char *nd_sink_path_count(uint32_t i)
{
    static const char *const names[ND_PATHC_MAX] = {
        [ND_PATHC_STARTED] = "started",     [ND_PATHC_DONE] = "done",
        [ND_PATHC_AGAIN] = "started_again", [ND_PATHC_UNMATCHED] = "unmatched",
        [ND_PATHC_REHIT] = "rehit",         [ND_PATHC_ORDER] = "out_of_order",
    };

    return names[i];
}

uint64_t nd_sink_lost(const struct nd_sink_summary *m, uint32_t kind)
{
    uint64_t sum = 0;
    uint32_t i;

    for (i = 0; i < m->nloss; i++)
        sum += m->loss[i].site->kind == kind ? m->loss[i].total : 0;
    return sum;
}

uint64_t nd_sink_missed(const struct nd_sink_summary *m, bool *told)
{
    uint64_t missed = 0;
    uint32_t i;

    *told = true;
    for (i = 0; i < m->nat; i++) {
        missed += m->at[i].missed;
        *told &= !m->at[i].untold;
    }
    return missed;
}

int64_t nd_sink_wall(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

bool nd_sink_no_rows(const struct nd_mf_type *t, const void *val)
{
    int64_t n;

    return nd_typekind_is(t->kind, ND_IS_ROWS | ND_IS_SERIES) &&
           nd_agg_int(t, val, ND_AGG_COUNT, &n) && !n;
}

void nd_sink_other(const struct nd_sink *s, const struct nd_path_other *o, struct nd_buf *out)
{
    size_t from = out->n;

    if (*o->dev.name)
        nd_format_ifname(s->fmt, &o->dev, out);
    else
        nd_buf_puts(out, "this host");
    if (s->fmt->escape)
        nd_printable_from(out, from);
}
