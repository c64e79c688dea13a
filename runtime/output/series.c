// SPDX-License-Identifier: GPL-2.0-or-later
// A time series as a chart: a line for each interval, from the oldest that has a value to the
// newest. Must not know maps or where text goes. Serves both printers.
#include "runtime/output/series.h"

#include "runtime/common/json.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WIDTH 53 // between the two edges, with them

struct point {
    int64_t start; // ns of CLOCK_MONOTONIC
    int64_t val;   // u64 unless the type is SIGNED
    bool has;      // false: nothing was recorded in this interval
};

// The intervals from the oldest with a value to the newest, without a gap.
static int points(const struct nd_mf_type *t, const void *val, struct point **out)
{
    struct point *p = *out = calloc(t->count + 1, sizeof(*p));
    uint64_t first = UINT64_MAX, last = 0, i;
    struct nd_interval s;
    int n = 0;

    for (i = 0; i < t->count; i++) {
        memcpy(&s, (const uint8_t *)val + i * sizeof(s), sizeof(s));
        last = s.number > last ? s.number : last;
    }
    for (i = 0; i < t->count; i++) { // what is older than its turn was left from the turn before
        memcpy(&s, (const uint8_t *)val + i * sizeof(s), sizeof(s));
        if (s.number && s.number + t->count > last && s.number < first)
            first = s.number;
    }
    for (; p && last && first <= last && n < (int)t->count; first++) {
        memcpy(&s, (const uint8_t *)val + (first - 1) % t->count * sizeof(s), sizeof(s));
        p[n].start = (int64_t)((first - 1) * (uint64_t)t->lo);
        p[n].has = s.number == first;
        p[n].val = (int64_t)s.val;
        if (t->step == ND_SERIES_AVG && s.n)
            p[n].val =
                t->flags & ND_TF_SIGNED ? (int64_t)s.val / (int64_t)s.n : (int64_t)(s.val / s.n);
        n++;
    }
    return n;
}

static void put(struct nd_buf *out, const struct nd_mf_type *t, int64_t v)
{
    if (t->flags & ND_TF_SIGNED)
        nd_buf_i64(out, v);
    else
        nd_buf_u64(out, (uint64_t)v);
}

// 20:15:01.250 of the interval that begins there.
static void put_start(const struct nd_fmt *f, int64_t start, struct nd_buf *out)
{
    int64_t wall = nd_format_wall(f, NULL, start);
    time_t seconds = wall / 1000000000;
    struct tm tm;
    char text[32];

    localtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%H:%M:%S", &tm);
    nd_buf_printf(out, "%s.%03d", text, (int)(wall % 1000000000 / 1000000));
}

struct axis {
    double lo, hi;
    char from[24], to[24];
};

static struct axis axis_of(const struct nd_mf_type *t, const struct point *p, int n)
{
    bool sign = t->flags & ND_TF_SIGNED;
    int64_t lo = 0, hi = 0;
    bool any = false;
    struct axis a;
    int i;

    for (i = 0; i < n; i++) {
        if (!p[i].has)
            continue;
        if (!any || (sign ? p[i].val < lo : (uint64_t)p[i].val < (uint64_t)lo))
            lo = p[i].val;
        if (!any || (sign ? p[i].val > hi : (uint64_t)p[i].val > (uint64_t)hi))
            hi = p[i].val;
        any = true;
    }
    if (lo == hi) { // in the middle
        int64_t v = lo;

        lo -= v != (sign ? INT64_MIN : 0);
        hi += v != (sign ? INT64_MAX : -1);
    }
    snprintf(a.from, sizeof(a.from), sign ? "%lld" : "%llu", (long long)lo);
    snprintf(a.to, sizeof(a.to), sign ? "%lld" : "%llu", (long long)hi);
    a.lo = sign ? (double)lo : (double)(uint64_t)lo;
    a.hi = sign ? (double)hi : (double)(uint64_t)hi;
    return a;
}

static int column(const struct axis *a, double v)
{
    return a->hi > a->lo ? (int)((v - a->lo) * (WIDTH - 1) / (a->hi - a->lo)) : WIDTH / 2;
}

static void put_edges(const struct axis *a, struct nd_buf *out)
{
    nd_buf_printf(out, "%-13s%s%*s\n", "", a->from, WIDTH - (int)strlen(a->from), a->to);
}

static void put_line(struct nd_buf *out, const char *head, char edge)
{
    nd_buf_printf(out, "%-13s%c", head, edge);
    nd_buf_fill(out, '_', WIDTH - 2);
    nd_buf_printf(out, "%c\n", edge);
}

void nd_series_text(const struct nd_fmt *f, const struct nd_mf_type *t, const void *val,
                    struct nd_buf *out)
{
    bool sign = t->flags & ND_TF_SIGNED;
    struct point *p;
    int n = points(t, val, &p), i;
    struct axis a = axis_of(t, p, n);

    put_edges(&a, out);
    put_line(out, "hh:mm:ss.ms", '|');
    for (i = 0; i < n; i++) {
        char row[WIDTH + 1];

        memset(row, ' ', WIDTH);
        row[0] = row[WIDTH - 1] = '|';
        row[WIDTH] = '\0';
        if (a.lo < 0 && a.hi > 0)
            row[column(&a, 0)] = '.';
        if (p[i].has)
            row[column(&a, sign ? (double)p[i].val : (double)(uint64_t)p[i].val)] = '*';
        put_start(f, p[i].start, out);
        nd_buf_printf(out, " %s ", row);
        if (p[i].has)
            put(out, t, p[i].val);
        else
            nd_buf_put(out, "-", 1);
        nd_buf_put(out, "\n", 1);
    }
    put_line(out, "", 'v');
    put_edges(&a, out);
    free(p);
}

void nd_series_json(const struct nd_fmt *f, const struct nd_mf_type *t, const void *val,
                    struct nd_buf *out)
{
    const char *comma = f->bpftrace ? ", " : ",", *colon = f->bpftrace ? ": " : ":", *sep = "";
    struct point *p;
    int n = points(t, val, &p), i;

    nd_buf_put(out, "[", 1);
    for (i = 0; i < n; i++) {
        char time[64];

        if (!p[i].has)
            continue;
        nd_buf_printf(out, "%s{\"interval_start\"%s", sep, colon);
        nd_json_string(time, nd_text_utc(nd_format_wall(f, NULL, p[i].start), time), out);
        nd_buf_printf(out, "%s\"value\"%s", comma, colon);
        put(out, t, p[i].val);
        nd_buf_put(out, "}", 1);
        sep = comma;
    }
    nd_buf_put(out, "]", 1);
    free(p);
}
