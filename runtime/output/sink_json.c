// SPDX-License-Identifier: GPL-2.0-or-later
// Records as JSON Lines (docs/json.md). Must not know files or buffers. Serves sink.c.
#include "runtime/output/sink_impl.h"

#include "runtime/common/agg.h"
#include "runtime/common/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA 1
#ifndef ND_VERSION
#define ND_VERSION "0.1.0"
#endif

static void put(struct nd_sink *s, const char *text)
{
    nd_buf_puts(&s->out, text);
}

static void put_string(struct nd_sink *s, const char *text)
{
    nd_json_string(text, strlen(text), &s->out);
}

// ,"name":
static void put_name(struct nd_sink *s, const char *name)
{
    nd_buf_put(&s->out, ",\"", 2);
    put(s, name);
    nd_buf_put(&s->out, "\":", 2);
}

static void put_count(struct nd_sink *s, const char *name, uint64_t v)
{
    put_name(s, name);
    nd_buf_u64(&s->out, v);
}

static void put_time(struct nd_sink *s, int64_t wall)
{
    char tmp[64];

    nd_text_utc(wall, tmp);
    put_name(s, "time");
    put_string(s, tmp);
}

static void end_record(struct nd_sink *s)
{
    nd_buf_put(&s->out, "}\n", 2);
}

// What the tables of the script have: the type of a value follows from what it is in a row.
static void put_tables(struct nd_sink *s)
{
    const struct nd_mf *mf = s->fmt->mf;
    uint32_t i, k;

    put_name(s, "tables");
    for (i = 0; i < mf->ntables; i++) {
        const struct nd_mf_table *t = &mf->tables[i];

        put(s, i ? ",{\"name\":" : "[{\"name\":");
        put_string(s, nd_mf_str(mf, t->name));
        put_name(s, "columns");
        for (k = 0; k < t->count; k++) {
            const struct nd_mf_column *c = &mf->columns[t->first + k];

            put(s, k ? ",{\"name\":" : "[{\"name\":");
            put_string(s, nd_mf_str(mf, mf->fields[mf->types[t->type].first + k].name));
            put_name(s, "title");
            put_string(s, nd_mf_str(mf, c->title));
            put_name(s, "unit");
            put_string(s, nd_mf_str(mf, c->base));
            put(s, "}");
        }
        put(s, "]}");
    }
    put(s, "]");
}

static void json_header(struct nd_sink *s, const struct nd_sink_header *h)
{
    uint32_t i;

    put(s, "{\"type\":\"header\"");
    put_count(s, "schema", SCHEMA);
    put_name(s, "version");
    put_string(s, ND_VERSION);
    put_name(s, "script");
    put_string(s, h->script);
    put_name(s, "options");
    put(s, "{");
    for (i = 0; i < h->nopts; i++) {
        put(s, i ? "," : "");
        put_string(s, h->opt_names[i]);
        put(s, ":");
        put_string(s, h->opt_values[i]);
    }
    put(s, "}");
    put_name(s, "probes");
    put(s, "[");
    for (i = 0; i < h->nat; i++) {
        put(s, i ? ",{\"probe\":" : "{\"probe\":");
        put_string(s, h->at[i].spec);
        put_name(s, "how");
        put_string(s, h->at[i].how ? h->at[i].how : "");
        put(s, "}");
    }
    put(s, "]");
    if (s->fmt->mf->ntables)
        put_tables(s);
    put_time(s, nd_sink_wall());
    end_record(s);
}

static void json_printf(struct nd_sink *s, const char *text, size_t n)
{
    put(s, "{\"type\":\"printf\",\"text\":");
    nd_json_string(text, n, &s->out);
    end_record(s);
}

static void json_value(struct nd_sink *s, uint32_t type, const void *bytes, const char *title)
{
    (void)title; // a layout
    put(s, "{\"type\":\"value\",\"value\":");
    nd_format_json(s->fmt, type, bytes, &s->out);
    end_record(s);
}

static void json_plain(struct nd_sink *s, const struct nd_plain *v)
{
    put(s, "{\"type\":\"value\",\"value\":");
    nd_format_json_plain(v, &s->out);
    end_record(s);
}

static void json_map(struct nd_sink *s, const struct nd_sink_entries *e)
{
    const struct nd_mf *mf = s->fmt->mf;
    const struct nd_mf_map *m = &mf->maps[e->map];
    const struct nd_copy *c = e->copy;
    uint32_t i;

    put(s, s->in_report && s->nmaps ? ",{" : s->in_report ? "{" : "{\"type\":\"map\",");
    put(s, "\"name\":");
    put_string(s, nd_mf_str(mf, m->name));
    if (e->div > 1)
        put_count(s, "div", e->div);
    put_name(s, "entries");
    put(s, "[");
    for (i = 0; i < e->n; i++) {
        put(s, i ? ",{\"key\":" : "{\"key\":");
        if (c->key_size)
            nd_format_json(s->fmt, m->key_type, c->keys + (size_t)e->order[i] * c->key_size,
                           &s->out);
        else
            put(s, "null");
        put_name(s, "value");
        nd_format_json(s->fmt, m->val_type, c->vals + (size_t)e->order[i] * c->val_size, &s->out);
        put(s, "}");
    }
    put(s, s->in_report ? "]}" : "]}\n");
}

static void json_report_begin(struct nd_sink *s, int64_t interval_ns)
{
    put(s, "{\"type\":\"report\"");
    put_time(s, s->report_time);
    put_name(s, "interval_ns");
    nd_buf_i64(&s->out, interval_ns);
    put(s, ",\"maps\":[");
}

static void put_sites(struct nd_sink *s, const struct nd_loss *loss, uint32_t n, bool total)
{
    const struct nd_mf *mf = s->fmt->mf;
    const char *sep = "";
    uint32_t i;

    put(s, "[");
    for (i = 0; i < n; i++) {
        const struct nd_mf_site *site = loss[i].site;
        uint64_t count = total ? loss[i].total : loss[i].count;

        if (!count)
            continue;
        put(s, sep);
        put(s, "{\"kind\":");
        put_string(s, nd_sink_site_kind(site));
        put_name(s, "file");
        put_string(s, nd_sink_site_file(mf, site));
        put_count(s, "line", site->span.line);
        put_count(s, "col", site->span.col);
        put_name(s, "map");
        if (site->map == ND_MF_NONE)
            put(s, "null");
        else
            put_string(s, nd_mf_str(mf, mf->maps[site->map].name));
        put_count(s, "count", count);
        put(s, "}");
        sep = ",";
    }
    put(s, "]");
}

static void json_report_end(struct nd_sink *s, const struct nd_loss *loss, uint32_t nloss)
{
    put(s, "]");
    put_name(s, "loss");
    put_sites(s, loss, nloss, false);
    end_record(s);
}

static void json_event(struct nd_sink *s, const struct nd_mf_event *e, const void *payload)
{
    put(s, "{\"type\":\"event\",\"name\":");
    put_string(s, nd_mf_str(s->fmt->mf, e->name));
    put_name(s, "fields");
    nd_format_json(s->fmt, e->type, payload, &s->out);
    end_record(s);
}

// Is this text a number as JSON writes it?
static bool is_number(const char *p)
{
    p += *p == '-';
    if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    p += strspn(p, "0123456789");
    if (*p == '.') {
        if (p[1] < '0' || p[1] > '9')
            return false;
        p += 1 + strspn(p + 1, "0123456789");
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '+' || *p == '-';
        if (*p < '0' || *p > '9')
            return false;
        p += strspn(p, "0123456789");
    }
    return !*p;
}

static void put_after(struct nd_sink *s, const char *name, const struct nd_path_stat *st,
                      const uint64_t *after)
{
    const struct nd_mf *mf = s->fmt->mf;
    uint32_t i, n = 0;

    put_name(s, name);
    put(s, "{");
    for (i = 0; after && i < st->path->nstages; i++) {
        if (!after[i])
            continue;
        put(s, n++ ? "," : "");
        put_string(s, nd_mf_str(mf, mf->words[st->path->stages + i]));
        nd_buf_printf(&s->out, ":%" PRIu64, after[i]);
    }
    put(s, "}");
}

static void put_others(struct nd_sink *s, const struct nd_path_other *others)
{
    struct nd_buf name = {0};
    uint32_t i, n = 0;

    put_name(s, "elsewhere_at");
    put(s, "{");
    for (i = 0; others && i < ND_PATH_OTHERS; i++) {
        if (!others[i].count)
            continue;
        put(s, n++ ? "," : "");
        name.n = 0;
        nd_sink_other(s, &others[i], &name);
        nd_buf_put(&name, "", 1);
        put_string(s, name.v ? name.v : "");
        nd_buf_printf(&s->out, ":%" PRIu64, others[i].count);
    }
    free(name.v);
    put(s, "}");
}

static void json_path(struct nd_sink *s, const struct nd_path_stat *st)
{
    const struct nd_mf *mf = s->fmt->mf;
    uint32_t i;

    put(s, "{\"type\":\"path\"");
    put_name(s, "name");
    put_string(s, nd_mf_str(mf, st->path->name));
    for (i = 0; i < ND_PATHC_MAX; i++)
        put_count(s, nd_sink_path_count(i), st->count[i]);
    put_count(s, "lost", st->lost);
    put_count(s, "under_way", st->under_way);
    put_after(s, "lost_after", st, st->lost_after);
    if (st->path->fate_off != ND_MF_NONE) {
        put_count(s, "elsewhere", st->elsewhere);
        put_others(s, st->others);
        put_count(s, "vanished", st->vanished);
        put_after(s, "vanished_after", st, st->vanished_after);
    }
    end_record(s);
}

static void json_table(struct nd_sink *s, const struct nd_sink_table *t)
{
    uint32_t r, c;

    put(s, "{\"type\":\"table\",\"columns\":[");
    for (c = 0; c < t->ncols; c++) {
        put(s, c ? "," : "");
        put_string(s, t->heads[c]);
    }
    put(s, "],\"rows\":[");
    for (r = 0; r < t->nrows; r++) {
        put(s, r ? ",[" : "[");
        for (c = 0; c < t->ncols; c++) {
            const char *cell = t->cells[(size_t)r * t->ncols + c];

            put(s, c ? "," : "");
            if (t->numeric[c] && is_number(cell))
                put(s, cell);
            else
                put_string(s, cell);
        }
        put(s, "]");
    }
    put(s, "]");
    end_record(s);
}

static void json_row(struct nd_sink *s, const struct nd_mf_table *t, const void *row)
{
    put(s, "{\"type\":\"row\",\"table\":");
    put_string(s, nd_mf_str(s->fmt->mf, t->name));
    put_name(s, "fields");
    nd_format_json(s->fmt, t->type, row, &s->out);
    end_record(s);
}

static void json_summary(struct nd_sink *s, const struct nd_sink_summary *m)
{
    bool told;
    uint64_t missed = nd_sink_missed(m, &told);

    put(s, "{\"type\":\"summary\"");
    put_count(s, "events", m->events);
    put_count(s, "lost", nd_sink_lost(m, ND_SITE_EVENT_LOST));
    put_count(s, "missed", missed);
    if (!told)
        nd_buf_puts(&s->out, ",\"missed_told\":false");
    put_count(s, "map_full", nd_sink_lost(m, ND_SITE_MAP_FULL));
    put_count(s, "evicted", nd_sink_lost(m, ND_SITE_EVICTED));
    put_name(s, "sites");
    put_sites(s, m->loss, m->nloss, true);
    put_name(s, "duration_ns");
    nd_buf_i64(&s->out, m->duration_ns);
    end_record(s);
}

static void json_fail(struct nd_sink *s, int code, const char *text)
{
    put(s, code ? "{\"type\":\"error\",\"text\":" : "{\"type\":\"warning\",\"text\":");
    put_string(s, text);
    if (code) {
        put_name(s, "code");
        nd_buf_printf(&s->out, "%d", code);
    }
    end_record(s);
}

const struct nd_sink_ops nd_sink_json = {
    .header = json_header,
    .printf = json_printf,
    .value = json_value,
    .plain = json_plain,
    .map = json_map,
    .report_begin = json_report_begin,
    .report_end = json_report_end,
    .event = json_event,
    .table = json_table,
    .row = json_row,
    .path = json_path,
    .fail = json_fail,
    .summary = json_summary,
};
