// SPDX-License-Identifier: GPL-2.0-or-later
// Records as bpftrace's -f json has them: {"type": ..., "data": ...}, with blanks after colons and
// commas as its readers compare them. Must not know files or buffers. Serves sink.c.
#include "runtime/output/sink_impl.h"

#include "runtime/common/agg.h"
#include "runtime/common/json.h"
#include "runtime/common/typed.h"
#include "runtime/output/hist.h"
#include "runtime/output/series.h"

#include <stdlib.h>
#include <string.h>

static void put(struct nd_sink *s, const char *text)
{
    nd_buf_puts(&s->out, text);
}

static void begin(struct nd_sink *s, const char *type)
{
    nd_buf_printf(&s->out, "{\"type\": \"%s\", \"data\": ", type);
}

static void end(struct nd_sink *s)
{
    put(s, "}\n");
}

static void bt_header(struct nd_sink *s, const struct nd_sink_header *h)
{
    nd_buf_printf(&s->out, "{\"type\": \"attached_probes\", \"data\": {\"probes\": %u}}\n",
                  h->nat + h->others);
}

static void bt_printf(struct nd_sink *s, const char *text, size_t n)
{
    begin(s, "printf");
    nd_json_string(text, n, &s->out);
    end(s);
}

static void put_rows(struct nd_sink *s, const struct nd_mf_type *t, const void *val, uint64_t div)
{
    struct nd_hist_row *r;
    uint32_t n = nd_hist_rows(t, val, &r), i = 0;
    const char *sep = "";

    while (n && !r[n - 1].count)
        n--;
    while (i < n && !r[i].count)
        i++;
    put(s, "[");
    for (; i < n; i++, sep = ", ") {
        nd_buf_printf(&s->out, "%s{", sep);
        if (!r[i].of.below) {
            put(s, "\"min\": ");
            nd_hist_edge(&r[i], false, &s->out);
            put(s, ", ");
        }
        if (!r[i].of.above) {
            put(s, "\"max\": ");
            nd_hist_edge(&r[i], true, &s->out);
            put(s, ", ");
        }
        put(s, "\"count\": ");
        nd_buf_u64(&s->out, r[i].count / (div > 1 ? div : 1));
        put(s, "}");
    }
    put(s, "]");
    free(r);
}

// A number divided as print(@m, top, div) asks.
static void put_number(struct nd_sink *s, const struct nd_mf_type *t, const void *val,
                       enum nd_vm_agg what, uint64_t div)
{
    int64_t v;

    if (!nd_agg_int(t, val, what, &v)) {
        double d = nd_agg_get(t, val, what);

        v = d == d ? (int64_t)d : 0;
    }
    if (what != ND_AGG_COUNT && t->flags & ND_TF_SIGNED)
        nd_buf_i64(&s->out, v / (int64_t)(div > 1 && div < INT64_MAX ? div : 1));
    else
        nd_buf_u64(&s->out, (uint64_t)v / (div > 1 ? div : 1));
}

static void put_value(struct nd_sink *s, uint32_t type, const void *val, uint64_t div)
{
    const struct nd_mf_type *t = &s->fmt->mf->types[type];
    const struct nd_agg_part *p = nd_agg_is(t->kind) ? nd_format_agg_parts(t) : NULL;
    const char *sep = "{";

    if (nd_typekind_is(t->kind, ND_IS_SERIES)) {
        nd_series_json(s->fmt, t, val, &s->out);
    } else if (nd_agg_is(t->kind) && nd_hist_is(t)) {
        put_rows(s, t, val, div);
    } else if (p && !*p->name) {
        put_number(s, t, val, p->what, div);
    } else if (p) {
        for (; p->name; p++, sep = ", ") {
            nd_buf_printf(&s->out, "%s\"%s\": ", sep, p->name);
            put_number(s, t, val, p->what, p->what == ND_AGG_COUNT ? 1 : div);
        }
        put(s, "}");
    } else {
        nd_format_json(s->fmt, type, val, &s->out);
    }
}

static void bt_value(struct nd_sink *s, uint32_t type, const void *bytes, const char *title)
{
    (void)title;
    begin(s, "value");
    put_value(s, type, bytes, 1);
    end(s);
}

static void bt_plain(struct nd_sink *s, const struct nd_plain *v)
{
    begin(s, "value");
    nd_format_json_plain(v, &s->out);
    end(s);
}

// A key is the name of a member: its parts with commas between.
static void put_key(struct nd_sink *s, uint32_t type, const uint8_t *key)
{
    const struct nd_mf *mf = s->fmt->mf;
    const struct nd_mf_type *t = &mf->types[type];
    struct nd_buf text = {0};
    uint64_t tmp;
    uint32_t i;

    if (t->kind != ND_T_TUPLE)
        nd_format_text(s->fmt, type, key, &text);
    for (i = 0; t->kind == ND_T_TUPLE && i < t->count; i++) {
        const struct nd_mf_field *f = &mf->fields[t->first + i];

        if (i)
            nd_buf_puts(&text, ",");
        nd_format_text(s->fmt, f->type, nd_typed_field(mf, f, key, &tmp), &text);
    }
    nd_json_string(text.v ? text.v : "", text.n, &s->out);
    free(text.v);
}

static const char *type_of(const struct nd_mf_type *t)
{
    if (!nd_agg_is(t->kind))
        return "map";
    if (nd_typekind_is(t->kind, ND_IS_SERIES))
        return "tseries";
    return nd_hist_is(t) ? "hist" : t->kind == ND_T_AVG || t->kind == ND_T_STATS ? "stats" : "map";
}

static void bt_map(struct nd_sink *s, const struct nd_sink_entries *e)
{
    const struct nd_mf *mf = s->fmt->mf;
    const struct nd_mf_map *m = &mf->maps[e->map];
    const struct nd_copy *c = e->copy;
    const char *name = nd_mf_str(mf, m->name);
    uint32_t i;

    if (e->alone) {
        bt_value(s, m->val_type, c->vals, "");
        return;
    }
    begin(s, type_of(&mf->types[m->val_type]));
    put(s, "{");
    nd_json_string(name, strlen(name), &s->out);
    put(s, c->key_size ? ": {" : ": ");
    for (i = 0; i < e->n; i++) {
        put(s, i ? ", " : "");
        if (c->key_size) {
            put_key(s, m->key_type, c->keys + (size_t)e->order[i] * c->key_size);
            put(s, ": ");
        }
        put_value(s, m->val_type, c->vals + (size_t)e->order[i] * c->val_size, e->div);
    }
    put(s, c->key_size ? "}}" : "}");
    end(s);
}

static void bt_event(struct nd_sink *s, const struct nd_mf_event *e, const void *payload)
{
    bt_value(s, e->type, payload, "");
}

static void bt_summary(struct nd_sink *s, const struct nd_sink_summary *m)
{
    uint64_t lost = nd_sink_lost(m, ND_SITE_EVENT_LOST);

    if (lost)
        nd_buf_printf(&s->out, "{\"type\": \"lost_events\", \"data\": {\"events\": %llu}}\n",
                      (unsigned long long)lost);
}

// What bpftrace has not: nothing of that in its output.
static void no_report(struct nd_sink *s, int64_t interval_ns)
{
    (void)s, (void)interval_ns;
}

static void no_report_end(struct nd_sink *s, const struct nd_loss *loss, uint32_t nloss)
{
    (void)s, (void)loss, (void)nloss;
}

static void no_path(struct nd_sink *s, const struct nd_path_stat *st)
{
    (void)s, (void)st;
}

static void no_fail(struct nd_sink *s, int code, const char *text)
{
    (void)s, (void)code, (void)text; // said on stderr
}

static void bt_table(struct nd_sink *s, const struct nd_sink_table *t)
{
    uint32_t r, c;

    begin(s, "table");
    put(s, "[");
    for (r = 0; r < t->nrows; r++) {
        put(s, r ? ", {" : "{");
        for (c = 0; c < t->ncols; c++) {
            const char *cell = t->cells[(size_t)r * t->ncols + c];

            put(s, c ? ", " : "");
            nd_json_string(t->heads[c], strlen(t->heads[c]), &s->out);
            put(s, ": ");
            nd_json_string(cell, strlen(cell), &s->out);
        }
        put(s, "}");
    }
    put(s, "]");
    end(s);
}

static void bt_row(struct nd_sink *s, const struct nd_mf_table *t, const void *row)
{
    bt_value(s, t->type, row, "");
}

const struct nd_sink_ops nd_sink_btjson = {
    .header = bt_header,
    .printf = bt_printf,
    .value = bt_value,
    .plain = bt_plain,
    .map = bt_map,
    .report_begin = no_report,
    .report_end = no_report_end,
    .event = bt_event,
    .table = bt_table,
    .row = bt_row,
    .path = no_path,
    .fail = no_fail,
    .summary = bt_summary,
};
