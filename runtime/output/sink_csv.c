// SPDX-License-Identifier: GPL-2.0-or-later
// Records as CSV (docs/csv.md): rows of one kind and name are under their own header. Must
// not know files or buffers. Serves sink.c.
#include "runtime/common/agg.h"
#include "runtime/common/json.h"
#include "runtime/common/printable.h"
#include "runtime/output/hist.h"
#include "runtime/output/sink_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 32 // of values inside each other; what is deeper shares the column of its parent

// ---- cells and rows -----------------------------------------------------------------------------

// RFC 4180: what holds a comma, a quote or a line break is quoted.
static void cell(struct nd_buf *b, const char *s, size_t n)
{
    size_t i;

    nd_buf_put(b, ",", 1);
    for (i = 0; i < n && !strchr(",\"\r\n", s[i]); i++)
        ;
    if (i == n) {
        nd_buf_put(b, s, n);
        return;
    }
    nd_buf_put(b, "\"", 1);
    for (i = 0; i < n; i++) {
        if (s[i] == '"')
            nd_buf_put(b, "\"", 1);
        nd_buf_put(b, s + i, 1);
    }
    nd_buf_put(b, "\"", 1);
}

// CSV has no escapes: a string from outside is made printable, so that it stays in its line.
static void cell_outside(const struct nd_fmt *f, struct nd_buf *b, const char *s, size_t n)
{
    struct nd_buf text = {0};

    if (!f->escape || nd_printable_span(s, n) == n) {
        cell(b, s, n);
        return;
    }
    nd_printable_put(s, n, &text);
    cell(b, text.v ? text.v : "", text.n);
    free(text.v);
}

static void cell_text(struct nd_buf *b, const char *s)
{
    cell(b, s, strlen(s));
}

static void cell_u64(struct nd_buf *b, uint64_t v)
{
    nd_buf_put(b, ",", 1);
    nd_buf_u64(b, v);
}

static void cell_i64(struct nd_buf *b, int64_t v)
{
    nd_buf_put(b, ",", 1);
    nd_buf_i64(b, v);
}

// A number that there may not be: then the cell is empty.
static void cell_double(struct nd_buf *b, double v)
{
    nd_buf_put(b, ",", 1);
    if (v - v == 0)
        nd_json_double(v, b);
}

static void cell_time(struct nd_buf *b, int64_t wall)
{
    char text[64];

    cell(b, text, nd_text_utc(wall, text));
}

static void end_row(struct nd_sink *s)
{
    nd_buf_put(&s->out, "\n", 1);
}

// Rows of this kind, name and shape follow. true: the last row was another, so that a header has to
// be written; its first columns are.
static bool new_section(struct nd_sink *s, const char *kind, const char *name, uint32_t shape)
{
    struct nd_buf is = {0};
    bool same;

    nd_buf_printf(&is, "%s,%s,%" PRIu32, kind, name, shape);
    same = s->kept.n == is.n && !memcmp(s->kept.v, is.v, is.n);
    free(s->kept.v);
    s->kept = is;
    if (!same)
        nd_buf_puts(&s->out, "record,name");
    return !same;
}

static void start_row(struct nd_sink *s, const char *kind, const char *name)
{
    nd_buf_puts(&s->out, kind);
    cell_text(&s->out, name);
}

// A row whose columns are always these.
static void fixed_row(struct nd_sink *s, const char *kind, const char *name, const char *columns)
{
    if (new_section(s, kind, name, UINT32_MAX)) // of no type
        nd_buf_printf(&s->out, ",%s\n", columns);
    start_row(s, kind, name);
}

// ---- values: a cell for each part ---------------------------------------------------------------

struct columns {
    const struct nd_fmt *f;
    struct nd_buf *out;
    bool names;  // the header: where parts are, instead of what they are
    bool absent; // this part is not there: its cells are empty
    char path[512];
    size_t len[DEPTH]; // of the path where each level begins
    uint32_t depth;
};

static size_t append(char *path, size_t at, size_t size, const char *text)
{
    int n = snprintf(path + at, size - at, "%s%s", at && *text ? "." : "", text);

    return at + (size_t)n < size ? at + (size_t)n : size - 1;
}

static bool named(struct columns *x)
{
    if (x->names)
        cell_text(x->out, x->path);
    else if (x->absent)
        cell_text(x->out, "");
    return x->names || x->absent;
}

static bool csv_absent(void *arg, bool begins)
{
    ((struct columns *)arg)->absent = begins;
    return true;
}

static void csv_integer(void *arg, const struct nd_mf_type *t, int64_t v, bool is_unsigned)
{
    struct columns *x = arg;

    if (named(x))
        return;
    if (t->kind == ND_T_TIME)
        cell_time(x->out, nd_format_wall(x->f, t, v));
    else if (is_unsigned)
        cell_u64(x->out, (uint64_t)v);
    else
        cell_i64(x->out, v);
}

static void csv_real(void *arg, double v)
{
    if (!named(arg))
        cell_double(((struct columns *)arg)->out, v);
}

static void csv_boolean(void *arg, bool v)
{
    if (!named(arg))
        cell_text(((struct columns *)arg)->out, v ? "true" : "false");
}

static void csv_string(void *arg, const struct nd_mf_type *t, const char *text, size_t n)
{
    struct columns *x = arg;

    if (named(x))
        return;
    if (t->kind == ND_T_STRFTIME) // its format is the script's
        cell(x->out, text, n);
    else
        cell_outside(x->f, x->out, text, n);
}

static void csv_begin(void *arg, const struct nd_mf_type *t, uint32_t n)
{
    struct columns *x = arg;

    (void)t;
    (void)n;
    if (x->depth < DEPTH)
        x->len[x->depth] = strlen(x->path);
    x->depth++;
}

static void csv_field(void *arg, const struct nd_mf_type *t, uint32_t i, const char *name)
{
    struct columns *x = arg;
    char number[16];

    if (x->depth > DEPTH)
        return;
    snprintf(number, sizeof(number), "%" PRIu32, i);
    append(x->path, x->len[x->depth - 1], sizeof(x->path), t->kind == ND_T_STRUCT ? name : number);
}

static void csv_end(void *arg, const struct nd_mf_type *t)
{
    struct columns *x = arg;

    (void)t;
    x->depth--;
    if (x->depth < DEPTH)
        x->path[x->len[x->depth]] = '\0';
}

// Frames in one cell, the innermost first.
static void csv_stack(void *arg, const struct nd_mf_type *t, const uint64_t *frames, int n,
                      uint32_t pid)
{
    struct columns *x = arg;
    struct nd_buf text = {0};
    int i;

    if (named(x))
        return;
    if (n < 0)
        nd_buf_printf(&text, "error %d", n);
    for (i = 0; i < n; i++) {
        nd_buf_put(&text, ";", i > 0);
        if (t->flags & ND_TF_RAW)
            nd_buf_printf(&text, "0x%" PRIx64, frames[i]);
        else
            nd_format_addr(x->f, frames[i], pid, true, &text);
    }
    cell_outside(x->f, x->out, text.v ? text.v : "", text.n);
    free(text.v);
}

static void csv_agg(void *arg, const struct nd_mf_type *t, const void *val)
{
    static const struct nd_agg_part only_count[] = {{"count", ND_AGG_COUNT}, {NULL, 0}};
    const struct nd_agg_part *p = nd_format_agg_parts(t);
    struct columns *x = arg;
    size_t at = strlen(x->path);
    int64_t v;

    for (p = p ? p : only_count; p->name; p++) {
        append(x->path, at, sizeof(x->path), p->name);
        if (named(x))
            continue;
        if (nd_agg_int(t, val, p->what, &v)) {
            nd_buf_put(x->out, ",", 1);
            nd_format_agg_part(t, val, p->what, x->out);
        } else {
            cell_double(x->out, nd_agg_get(t, val, p->what));
        }
    }
    x->path[at] = '\0';
}

// The cells of a value, or with names those of its header; root: what stands before each name.
static void cells(struct nd_sink *s, uint32_t type, const void *bytes, const char *root, bool names)
{
    struct columns x = {.f = s->fmt, .out = &s->out, .names = names};
    const struct nd_visitor v = {
        &x,      csv_integer, csv_real,  csv_boolean, csv_string, csv_begin, csv_field,
        csv_end, NULL,        csv_stack, csv_agg,     csv_absent, false,
    };

    append(x.path, 0, sizeof(x.path), root);
    nd_visit(s->fmt, type, bytes, &v);
}

// ---- maps and values ----------------------------------------------------------------------------

struct entry { // what the rows of one value have before it
    const char *name;
    uint32_t key_type, type;
    const void *key; // NULL: none
    uint64_t div;
};

static void entry_start(struct nd_sink *s, const struct entry *e, const char *kind)
{
    start_row(s, kind, e->name);
    cell_time(&s->out, s->in_report ? s->report_time : nd_sink_wall());
    if (s->in_report)
        cell_i64(&s->out, s->interval);
    else
        cell_text(&s->out, "");
    if (e->div > 1)
        cell_u64(&s->out, e->div);
    if (e->key)
        cells(s, e->key_type, e->key, "key", false);
}

// true: the columns of the value itself follow.
static bool entry_header(struct nd_sink *s, const struct entry *e, const char *kind)
{
    if (!new_section(s, kind, e->name, e->type << 1 | (e->div > 1)))
        return false;
    nd_buf_puts(&s->out, e->div > 1 ? ",time,interval_ns,div" : ",time,interval_ns");
    if (e->key)
        cells(s, e->key_type, e->key, "key", true);
    return true;
}

// A row for each bucket; an edge that it does not have is empty.
static void put_buckets(struct nd_sink *s, const struct entry *e, const struct nd_mf_type *t,
                        const void *val)
{
    struct nd_hist_row *r;
    uint32_t n = nd_hist_rows(t, val, &r), i;

    if (n && entry_header(s, e, "bucket"))
        nd_buf_puts(&s->out, ",min,max,count\n");
    for (i = 0; i < n; i++) {
        entry_start(s, e, "bucket");
        nd_buf_put(&s->out, ",", 1);
        nd_hist_edge(&r[i], false, &s->out);
        nd_buf_put(&s->out, ",", 1);
        nd_hist_edge(&r[i], true, &s->out);
        cell_u64(&s->out, r[i].count);
        end_row(s);
    }
    free(r);
}

static void put_value(struct nd_sink *s, const struct entry *e, const char *kind, const void *val)
{
    const struct nd_mf_type *t = &s->fmt->mf->types[e->type];

    if (nd_hist_is(t) && !nd_format_agg_parts(t)) {
        put_buckets(s, e, t, val);
        return;
    }
    if (entry_header(s, e, kind)) {
        cells(s, e->type, val, "value", true);
        end_row(s);
    }
    entry_start(s, e, kind);
    cells(s, e->type, val, "value", false);
    end_row(s);
}

static void csv_map(struct nd_sink *s, const struct nd_sink_entries *m)
{
    const struct nd_mf *mf = s->fmt->mf;
    const struct nd_mf_map *d = &mf->maps[m->map];
    const struct nd_copy *c = m->copy;
    struct entry e = {.name = nd_mf_str(mf, d->name),
                      .key_type = d->key_type,
                      .type = d->val_type,
                      .div = m->div};
    uint32_t i;

    for (i = 0; i < m->n; i++) {
        e.key = c->key_size ? c->keys + (size_t)m->order[i] * c->key_size : NULL;
        put_value(s, &e, "map", c->vals + (size_t)m->order[i] * c->val_size);
    }
}

static void csv_value(struct nd_sink *s, uint32_t type, const void *bytes, const char *title)
{
    const struct entry e = {.name = title, .type = type};

    put_value(s, &e, "value", bytes);
}

static void csv_plain(struct nd_sink *s, const struct nd_plain *v)
{
    fixed_row(s, "value", "", "time,interval_ns,value");
    cell_time(&s->out, nd_sink_wall());
    cell_text(&s->out, "");
    if (v->kind == ND_PLAIN_F64)
        cell_double(&s->out, v->d);
    else if (v->kind == ND_PLAIN_STR)
        cell(&s->out, v->s, v->n);
    else if (v->kind == ND_PLAIN_I64)
        cell_i64(&s->out, v->i);
    else
        cell_u64(&s->out, (uint64_t)v->i);
    end_row(s);
}

// ---- the other records --------------------------------------------------------------------------

// Options and probes are not a table of the script; JSON has them.
static void csv_header(struct nd_sink *s, const struct nd_sink_header *h)
{
    (void)s;
    (void)h;
}

static void csv_printf(struct nd_sink *s, const char *text, size_t n)
{
    fixed_row(s, "printf", "", "time,text");
    cell_time(&s->out, nd_sink_wall());
    cell(&s->out, text, n);
    end_row(s);
}

static void csv_report_begin(struct nd_sink *s, int64_t interval_ns)
{
    (void)s; // time and interval are in each row
    (void)interval_ns;
}

static void put_losses(struct nd_sink *s, const struct nd_loss *loss, uint32_t n, bool total)
{
    const struct nd_mf *mf = s->fmt->mf;
    uint32_t i;

    for (i = 0; i < n; i++) {
        const struct nd_mf_site *site = loss[i].site;
        uint64_t count = total ? loss[i].total : loss[i].count;

        if (!count)
            continue;
        fixed_row(s, "loss", nd_sink_site_kind(site), "time,since,file,line,col,map,count");
        cell_time(&s->out, total ? nd_sink_wall() : s->report_time);
        cell_text(&s->out, total ? "start" : "report");
        cell_text(&s->out, nd_sink_site_file(mf, site));
        cell_u64(&s->out, site->span.line);
        cell_u64(&s->out, site->span.col);
        cell_text(&s->out, site->map == ND_MF_NONE ? "" : nd_mf_str(mf, mf->maps[site->map].name));
        cell_u64(&s->out, count);
        end_row(s);
    }
}

static void csv_report_end(struct nd_sink *s, const struct nd_loss *loss, uint32_t nloss)
{
    put_losses(s, loss, nloss, false);
}

static void csv_path(struct nd_sink *s, const struct nd_path_stat *st)
{
    const struct nd_mf *mf = s->fmt->mf;
    const char *name = nd_mf_str(mf, st->path->name);
    uint32_t i;

    if (new_section(s, "path", name, 0)) {
        cell_text(&s->out, "time");
        for (i = 0; i < ND_PATHC_MAX; i++)
            cell_text(&s->out, nd_sink_path_count(i));
        nd_buf_puts(&s->out, ",lost,under_way");
        for (i = 0; i < st->path->nstages; i++) {
            struct nd_buf column = {0};

            nd_buf_printf(&column, "lost_after.%s", nd_mf_str(mf, mf->words[st->path->stages + i]));
            cell(&s->out, column.v, column.n);
            free(column.v);
        }
        if (st->path->fate_off != ND_MF_NONE)
            nd_buf_puts(&s->out, ",elsewhere,vanished");
        end_row(s);
    }
    start_row(s, "path", name);
    cell_time(&s->out, nd_sink_wall());
    for (i = 0; i < ND_PATHC_MAX; i++)
        cell_u64(&s->out, st->count[i]);
    cell_u64(&s->out, st->lost);
    cell_u64(&s->out, st->under_way);
    for (i = 0; i < st->path->nstages; i++)
        cell_u64(&s->out, st->lost_after ? st->lost_after[i] : 0);
    if (st->path->fate_off != ND_MF_NONE) {
        cell_u64(&s->out, st->elsewhere);
        cell_u64(&s->out, st->vanished);
    }
    end_row(s);
}

// A struct, each member in a cell.
static void struct_row(struct nd_sink *s, const char *kind, uint32_t name, uint32_t type,
                       const void *bytes)
{
    const char *text = nd_mf_str(s->fmt->mf, name);

    if (new_section(s, kind, text, type)) {
        cells(s, type, bytes, "", true);
        end_row(s);
    }
    start_row(s, kind, text);
    cells(s, type, bytes, "", false);
    end_row(s);
}

static void csv_event(struct nd_sink *s, const struct nd_mf_event *e, const void *payload)
{
    struct_row(s, "event", e->name, e->type, payload);
}

static void csv_declared(struct nd_sink *s, const struct nd_mf_table *t, const void *row)
{
    struct_row(s, "row", t->name, t->type, row);
}

// Each table has its header: the script may give another the same number of columns.
static void csv_table(struct nd_sink *s, const struct nd_sink_table *t)
{
    int64_t now = nd_sink_wall();
    uint32_t r, c;

    s->kept.n = 0;
    new_section(s, "table", "", 0);
    cell_text(&s->out, "time");
    for (c = 0; c < t->ncols; c++)
        cell_text(&s->out, t->heads[c]);
    end_row(s);
    for (r = 0; r < t->nrows; r++) {
        start_row(s, "table", "");
        cell_time(&s->out, now);
        for (c = 0; c < t->ncols; c++)
            cell_text(&s->out, t->cells[(size_t)r * t->ncols + c]);
        end_row(s);
    }
}

static void csv_fail(struct nd_sink *s, int code, const char *text)
{
    fixed_row(s, code ? "error" : "warning", "", "time,code,text");
    cell_time(&s->out, nd_sink_wall());
    cell_i64(&s->out, code);
    cell_text(&s->out, text);
    end_row(s);
}

static void csv_summary(struct nd_sink *s, const struct nd_sink_summary *m)
{
    bool told;
    uint64_t missed = nd_sink_missed(m, &told);

    put_losses(s, m->loss, m->nloss, true);
    fixed_row(s, "summary", "", "time,events,lost,missed,missed_told,map_full,evicted,duration_ns");
    cell_time(&s->out, nd_sink_wall());
    cell_u64(&s->out, m->events);
    cell_u64(&s->out, nd_sink_lost(m, ND_SITE_EVENT_LOST));
    cell_u64(&s->out, missed);
    cell_text(&s->out, told ? "true" : "false");
    cell_u64(&s->out, nd_sink_lost(m, ND_SITE_MAP_FULL));
    cell_u64(&s->out, nd_sink_lost(m, ND_SITE_EVICTED));
    cell_i64(&s->out, m->duration_ns);
    end_row(s);
}

const struct nd_sink_ops nd_sink_csv = {
    .header = csv_header,
    .printf = csv_printf,
    .value = csv_value,
    .plain = csv_plain,
    .map = csv_map,
    .report_begin = csv_report_begin,
    .report_end = csv_report_end,
    .event = csv_event,
    .table = csv_table,
    .row = csv_declared,
    .path = csv_path,
    .fail = csv_fail,
    .summary = csv_summary,
};
