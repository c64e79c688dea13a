// SPDX-License-Identifier: GPL-2.0-or-later
// The table of a histogram. Its columns are fixed; a value that does not fit widens its column for
// the whole table. Must not know maps or where text goes. Serves both printers.
#include "runtime/output/hist.h"

#include "runtime/common/agg.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STARS 36

struct label {
    char lo[24], hi[24];
};

static void label(const struct nd_agg_bucket *b, struct label *l)
{
    *l = (struct label){{0}, {0}};
    if (b->below) {
        strcpy(l->lo, "< 0");
        return;
    }
    snprintf(l->lo, sizeof(l->lo), "%" PRIu64, (uint64_t)b->lo);
    snprintf(l->hi, sizeof(l->hi), "%" PRIu64, (uint64_t)b->hi);
}

static void label_even(const struct nd_agg_bucket *b, char *out, size_t size)
{
    int64_t end = (int64_t)((uint64_t)b->hi + 1);

    if (b->below)
        snprintf(out, size, "     (..., %" PRId64 ")", end);
    else if (b->above)
        snprintf(out, size, "     [%" PRId64 ", ...)", b->lo);
    else
        snprintf(out, size, "     [%" PRId64 ", %" PRId64 ")", b->lo, end);
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

static void measure(const char *unit, const struct nd_hist_row *r, uint32_t n, struct widths *w)
{
    char text[80];
    struct label l;
    uint32_t i;

    *w = (struct widths){.lo = 9, .hi = 8, .left = 21, .count = 6};
    for (i = 0; i < n; i++) {
        widen(&w->count, (size_t)snprintf(text, sizeof(text), "%" PRIu64, r[i].count));
        if (r[i].of.even) {
            label_even(&r[i].of, text, sizeof(text));
            widen(&w->left, strlen(text) + 1);
            continue;
        }
        label(&r[i].of, &l);
        widen(&w->lo, strlen(l.lo));
        widen(&w->hi, strlen(l.hi));
    }
    widen(&w->left, (size_t)(w->lo + 4 + w->hi));
    widen(&w->left, 5 + strlen(unit) + 1);
}

static void print_row(const struct nd_hist_row *r, const struct widths *w, uint64_t max,
                      struct nd_buf *out)
{
    char left[80];
    struct label l;
    int stars = max ? (int)((unsigned __int128)r->count * STARS / max) : 0;

    if (r->of.even) {
        label_even(&r->of, left, sizeof(left));
    } else {
        label(&r->of, &l);
        snprintf(left, sizeof(left), "%*s %s %-*s", w->lo, l.lo, r->of.below ? "  " : "->", w->hi,
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
    measure(unit, r, n, &w);
    nd_buf_printf(out, "     %-*s: count%*sdistribution\n", w.left - 5, unit, w.count - 2, "");
    for (i = 0; i < n; i++)
        print_row(&r[i], &w, max, out);
    free(r);
}

// ---- as bpftrace prints it ---------------------------------------------------------------------

#define AT_SIGNS 52

// 1048576 is 1M; a number that is not a multiple of 1024 is written in full.
static int scaled(int64_t v, char *out, size_t size)
{
    static const char letters[] = " KMGTPE";
    int i = 0;

    while (v && !(v % 1024) && letters[i + 1]) {
        v /= 1024;
        i++;
    }
    return snprintf(out, size, i ? "%" PRId64 "%c" : "%" PRId64, v, letters[i]);
}

static void half_open(const struct nd_agg_bucket *b, char *out, size_t size)
{
    int64_t end = (int64_t)((uint64_t)b->hi + 1);
    char lo[32], hi[32];

    scaled(b->lo, lo, sizeof(lo));
    scaled(end, hi, sizeof(hi));
    if (b->below)
        snprintf(out, size, "(..., %s)", b->even ? hi : "0");
    else if (b->above && b->even)
        snprintf(out, size, "[%s, ...)", lo);
    else if (b->lo == b->hi)
        snprintf(out, size, "[%s]", lo);
    else
        snprintf(out, size, "[%s, %s)", lo, hi);
}

void nd_hist_bpftrace(const struct nd_mf_type *t, const char *unit, const void *val, uint64_t div,
                      struct nd_buf *out)
{
    struct nd_hist_row *r;
    uint32_t n = nd_hist_rows(t, val, &r), first = 0, i;
    uint64_t max = 1;
    char label[80];

    (void)unit;
    while (n && !r[n - 1].count)
        n--;
    while (first < n && !r[first].count)
        first++;
    for (i = first; i < n; i++)
        max = r[i].count > max ? r[i].count : max;
    for (i = first; i < n; i++) {
        size_t at_signs = (size_t)((unsigned __int128)r[i].count * AT_SIGNS / max);

        half_open(&r[i].of, label, sizeof(label));
        nd_buf_printf(out, "%-16s%8" PRIu64 " |", label, r[i].count / (div > 1 ? div : 1));
        nd_buf_fill(out, '@', at_signs);
        nd_buf_fill(out, ' ', AT_SIGNS - at_signs);
        nd_buf_puts(out, "|\n");
    }
    free(r);
}

void nd_dist_line(const struct nd_mf_type *t, const void *val, struct nd_buf *out)
{
    static const struct {
        const char *name;
        enum nd_vm_agg what;
    } part[] = {{"min", ND_AGG_MIN}, {"avg", ND_AGG_AVG}, {"P50", ND_AGG_P50},
                {"P95", ND_AGG_P95}, {"P99", ND_AGG_P99}, {"max", ND_AGG_MAX}};
    int64_t v;
    size_t i;

    nd_buf_puts(out, "n ");
    nd_agg_int(t, val, ND_AGG_COUNT, &v);
    nd_buf_u64(out, (uint64_t)v);
    for (i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        nd_buf_printf(out, "  %s ", part[i].name);
        if (!nd_agg_int(t, val, part[i].what, &v))
            nd_text_double(nd_agg_get(t, val, part[i].what), out);
        else if (t->flags & ND_TF_SIGNED)
            nd_buf_i64(out, v);
        else
            nd_buf_u64(out, (uint64_t)v);
    }
    nd_buf_put(out, "\n", 1);
}
