// SPDX-License-Identifier: GPL-2.0-or-later
// The table of a histogram. Its columns are fixed; a value that does not fit widens its column for
// the whole table. Must not know maps or where text goes. Serves both printers.
#include "runtime/output/hist.h"

#include "runtime/common/agg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STARS 36

static uint32_t rows_log2(const uint64_t *slot, struct nd_hist_row *r)
{
    uint32_t n = 0, last = ND_HIST_SLOTS, i;

    while (last > 1 && !slot[last - 1])
        last--;
    if (slot[0])
        r[n++] = (struct nd_hist_row){.hi = -1, .below = true, .count = slot[0]};
    for (i = 1; i < last; i++) {
        r[n].lo = i == 1 ? 0 : (int64_t)(1ull << (i - 1));
        r[n].hi = i == 64 ? -1 : (int64_t)((1ull << i) - 1);
        r[n++].count = slot[i];
    }
    return n;
}

static uint32_t rows_linear(const struct nd_mf_type *t, const uint64_t *slot, struct nd_hist_row *r)
{
    uint32_t n = 0, last = t->count, i;

    while (last > 1 && !slot[last - 1])
        last--;
    if (slot[0])
        r[n++] = (struct nd_hist_row){
            .hi = (int64_t)((uint64_t)t->lo - 1), .below = true, .count = slot[0]};
    for (i = 1; i < last; i++) {
        uint64_t lo = (uint64_t)t->lo + (uint64_t)(i - 1) * (uint64_t)t->step;
        uint64_t left = (uint64_t)t->hi - lo; // the last bucket may be cut by hi

        r[n] = (struct nd_hist_row){.lo = (int64_t)lo, .count = slot[i]};
        r[n].above = i == t->count - 1;
        r[n].lo = r[n].above ? t->hi : r[n].lo;
        r[n].hi = (int64_t)(lo + (left < (uint64_t)t->step ? left : (uint64_t)t->step) - 1);
        n++;
    }
    return n;
}

uint32_t nd_hist_rows(const struct nd_mf_type *t, const void *val, struct nd_hist_row **rows)
{
    uint32_t cap = t->kind == ND_T_LHIST ? t->count + 1 : ND_HIST_SLOTS, i;
    const struct nd_dist *d = val;
    uint64_t slot[ND_HIST_SLOTS] = {0}, lo, hi;

    *rows = calloc(cap, sizeof(**rows));
    if (!*rows)
        return 0;
    if (t->kind == ND_T_LHIST)
        return rows_linear(t, val, *rows);
    if (t->kind == ND_T_HIST)
        return rows_log2(val, *rows);
    slot[0] = d->negative;
    for (i = 0; i < ND_DIST_SLOTS; i++) {
        nd_dist_range(i, &lo, &hi);
        slot[nd_hist_index((int64_t)lo, false)] += d->slot[i];
    }
    return rows_log2(slot, *rows);
}

struct label {
    char lo[24], hi[24]; // LHIST: all in lo
};

static void label(const struct nd_mf_type *t, const struct nd_hist_row *r, struct label *l)
{
    *l = (struct label){{0}, {0}};
    if (t->kind == ND_T_LHIST)
        return;
    if (r->below) {
        strcpy(l->lo, "< 0");
        return;
    }
    snprintf(l->lo, sizeof(l->lo), "%" PRIu64, (uint64_t)r->lo);
    snprintf(l->hi, sizeof(l->hi), "%" PRIu64, (uint64_t)r->hi);
}

static void label_linear(const struct nd_hist_row *r, char *out, size_t size)
{
    int64_t end = (int64_t)((uint64_t)r->hi + 1);

    if (r->below)
        snprintf(out, size, "     (..., %" PRId64 ")", end);
    else if (r->above)
        snprintf(out, size, "     [%" PRId64 ", ...)", r->lo);
    else
        snprintf(out, size, "     [%" PRId64 ", %" PRId64 ")", r->lo, end);
}

struct widths {
    int lo, hi; // log2: the two numbers
    int left;   // everything left of the colon
    int count;
};

static void widen(int *w, size_t n)
{
    if ((int)n > *w)
        *w = (int)n;
}

static void measure(const struct nd_mf_type *t, const char *unit, const struct nd_hist_row *r,
                    uint32_t n, struct widths *w)
{
    char text[80];
    struct label l;
    uint32_t i;

    *w = (struct widths){.lo = 9, .hi = 8, .left = 21, .count = 6};
    for (i = 0; i < n; i++) {
        widen(&w->count, (size_t)snprintf(text, sizeof(text), "%" PRIu64, r[i].count));
        if (t->kind == ND_T_LHIST) {
            label_linear(&r[i], text, sizeof(text));
            widen(&w->left, strlen(text) + 1);
            continue;
        }
        label(t, &r[i], &l);
        widen(&w->lo, strlen(l.lo));
        widen(&w->hi, strlen(l.hi));
    }
    widen(&w->left, (size_t)(w->lo + 4 + w->hi));
    widen(&w->left, 5 + strlen(unit) + 1);
}

static void print_row(const struct nd_mf_type *t, const struct nd_hist_row *r,
                      const struct widths *w, uint64_t max, struct nd_buf *out)
{
    char left[80];
    struct label l;
    int stars = max ? (int)((unsigned __int128)r->count * STARS / max) : 0;

    if (t->kind == ND_T_LHIST) {
        label_linear(r, left, sizeof(left));
    } else {
        label(t, r, &l);
        snprintf(left, sizeof(left), "%*s %s %-*s", w->lo, l.lo, r->below ? "  " : "->", w->hi,
                 l.hi);
    }
    nd_buf_printf(out, "%-*s:   %-*" PRIu64 "|", w->left, left, w->count, r->count);
    nd_buf_fill(out, '*', (size_t)stars);
    nd_buf_fill(out, ' ', (size_t)(STARS - stars));
    nd_buf_puts(out, "|\n");
}

void nd_hist_text(const struct nd_mf_type *t, const char *unit, const void *val, uint64_t div,
                  struct nd_buf *out)
{
    struct nd_hist_row *r;
    uint32_t n = nd_hist_rows(t, val, &r), i;
    struct widths w;
    uint64_t max = 0;

    unit = unit && *unit ? unit : "value";
    for (i = 0; i < n; i++) {
        r[i].count /= div > 1 ? div : 1;
        max = r[i].count > max ? r[i].count : max;
    }
    measure(t, unit, r, n, &w);
    nd_buf_printf(out, "     %-*s: count%*sdistribution\n", w.left - 5, unit, w.count - 2, "");
    for (i = 0; i < n; i++)
        print_row(t, &r[i], &w, max, out);
    free(r);
}

void nd_dist_line(const struct nd_mf_type *t, const struct nd_dist *d, struct nd_buf *out)
{
    static const struct {
        const char *name;
        enum nd_vm_agg what;
    } part[] = {{"min", ND_AGG_MIN}, {"avg", ND_AGG_AVG}, {"P50", ND_AGG_P50},
                {"P95", ND_AGG_P95}, {"P99", ND_AGG_P99}, {"max", ND_AGG_MAX}};
    int64_t v;
    size_t i;

    nd_buf_puts(out, "n ");
    nd_buf_u64(out, d->count);
    for (i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        nd_buf_printf(out, "  %s ", part[i].name);
        if (!nd_agg_int(t, d, part[i].what, &v))
            nd_text_double(nd_agg_get(t, d, part[i].what), out);
        else if (t->flags & ND_TF_SIGNED)
            nd_buf_i64(out, v);
        else
            nd_buf_u64(out, (uint64_t)v);
    }
    nd_buf_put(out, "\n", 1);
}
