// SPDX-License-Identifier: GPL-2.0-or-later
// The JSON of a value (docs/json.md). Must not know records or where values come from.
// Serves the JSON sink.
#include "runtime/common/json.h"
#include "runtime/common/typed.h"
#include "runtime/output/format.h"
#include "runtime/output/hist.h"
#include "runtime/output/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct json {
    const struct nd_fmt *f;
    struct nd_buf *out;
};

static void json_time(int64_t wall_ns, struct nd_buf *out)
{
    char tmp[64];

    nd_json_string(tmp, nd_text_utc(wall_ns, tmp), out);
}

static void json_integer(void *arg, const struct nd_mf_type *t, int64_t v, bool is_unsigned)
{
    struct json *x = arg;

    if (t->kind == ND_T_TIME && !x->f->bpftrace && !(t->flags & ND_TF_PLAIN))
        json_time(nd_format_wall(x->f, t, v), x->out);
    else if (is_unsigned)
        nd_buf_u64(x->out, (uint64_t)v);
    else
        nd_buf_i64(x->out, v);
}

static void json_real(void *arg, double v)
{
    nd_json_double(v, ((struct json *)arg)->out);
}

static void json_boolean(void *arg, bool v)
{
    nd_buf_puts(((struct json *)arg)->out, v ? "true" : "false");
}

static void json_string(void *arg, const struct nd_mf_type *t, const char *s, size_t n)
{
    (void)t;
    nd_json_string(s, n, ((struct json *)arg)->out);
}

static void json_begin(void *arg, const struct nd_mf_type *t, uint32_t n)
{
    (void)n;
    nd_buf_puts(((struct json *)arg)->out, t->kind == ND_T_STRUCT ? "{" : "[");
}

static bool json_absent(void *arg, bool begins)
{
    if (begins)
        nd_buf_puts(((struct json *)arg)->out, "null");
    return false;
}

static void json_field(void *arg, const struct nd_mf_type *t, uint32_t i, const char *name)
{
    struct json *x = arg;

    if (i)
        nd_buf_puts(x->out, x->f->bpftrace && t->kind == ND_T_STRUCT ? ", " : ",");
    if (t->kind == ND_T_STRUCT) {
        nd_json_string(name, strlen(name), x->out);
        nd_buf_puts(x->out, x->f->bpftrace ? ": " : ":");
    }
}

static void json_end(void *arg, const struct nd_mf_type *t)
{
    nd_buf_puts(((struct json *)arg)->out, t->kind == ND_T_STRUCT ? "}" : "]");
}

static void json_frame(const struct json *x, const struct nd_mf_type *t, uint64_t addr,
                       uint32_t pid)
{
    struct nd_symbol sym = {0};

    if (x->f->syms && !(t->flags & ND_TF_RAW)) {
        if (pid)
            nd_syms_user(x->f->syms, pid, addr, &sym);
        else
            nd_syms_kernel(x->f->syms, addr, &sym);
    }
    nd_buf_puts(x->out, "{\"addr\":\"0x");
    nd_buf_hex(x->out, addr);
    nd_buf_put(x->out, "\"", 1);
    if (sym.name) {
        nd_buf_puts(x->out, ",\"symbol\":");
        nd_json_string(sym.name, strlen(sym.name), x->out);
        nd_buf_puts(x->out, ",\"offset\":");
        nd_buf_u64(x->out, sym.off);
    }
    if (sym.in_file) {
        nd_buf_puts(x->out, ",\"offset\":");
        nd_buf_u64(x->out, sym.off);
    }
    if (sym.module) {
        nd_buf_puts(x->out, ",\"module\":");
        nd_json_string(sym.module, strlen(sym.module), x->out);
    }
    nd_buf_put(x->out, "}", 1);
}

static void json_stack(void *arg, const struct nd_mf_type *t, const uint64_t *frames, int n,
                       uint32_t pid)
{
    struct json *x = arg;
    int i;

    if (n < 0) {
        nd_buf_printf(x->out, "{\"error\":%d}", n);
        return;
    }
    nd_buf_put(x->out, "[", 1);
    for (i = 0; i < n; i++) {
        if (i)
            nd_buf_put(x->out, ",", 1);
        json_frame(x, t, frames[i], pid);
    }
    nd_buf_put(x->out, "]", 1);
}

static void put_edge(const struct nd_hist_row *r, bool upper, struct nd_buf *out)
{
    if (!nd_hist_edge(r, upper, out))
        nd_buf_puts(out, "null");
}

static void put_rows(const struct nd_mf_type *t, const void *val, struct nd_buf *out)
{
    struct nd_hist_row *r;
    uint32_t n = nd_hist_rows(t, val, &r), i;

    nd_buf_put(out, "[", 1);
    for (i = 0; i < n; i++) {
        nd_buf_puts(out, i ? ",{\"min\":" : "{\"min\":");
        put_edge(&r[i], false, out);
        nd_buf_puts(out, ",\"max\":");
        put_edge(&r[i], true, out);
        nd_buf_puts(out, ",\"count\":");
        nd_buf_u64(out, r[i].count);
        nd_buf_put(out, "}", 1);
    }
    nd_buf_put(out, "]", 1);
    free(r);
}

static void json_agg(void *arg, const struct nd_mf_type *t, const void *val)
{
    const struct json *x = arg;
    struct nd_buf *out = x->out;
    const struct nd_agg_part *p = nd_format_agg_parts(t);
    const char *sep = "{";

    if (nd_typekind_is(t->kind, ND_IS_SERIES))
        nd_series_json(x->f, t, val, out);

    if (p && !*p->name) {
        nd_format_agg_part(t, val, p->what, out);
        return;
    }
    for (; p && p->name; p++) {
        nd_buf_puts(out, sep);
        nd_buf_printf(out, "\"%s\":", p->name);
        nd_format_agg_part(t, val, p->what, out);
        sep = ",";
    }
    if (nd_hist_is(t) && p)
        nd_buf_puts(out, ",\"buckets\":");
    if (nd_hist_is(t))
        put_rows(t, val, out);
    if (p)
        nd_buf_put(out, "}", 1);
}

void nd_format_json(const struct nd_fmt *f, uint32_t type, const void *bytes, struct nd_buf *out)
{
    struct json x = {f, out};
    const struct nd_visitor v = {
        &x,       json_integer, json_real,  json_boolean, json_string, json_begin,  json_field,
        json_end, NULL,         json_stack, json_agg,     json_absent, f->bpftrace,
    };

    nd_visit(f, type, bytes, &v);
}

void nd_format_json_plain(const struct nd_plain *v, struct nd_buf *out)
{
    if (v->kind == ND_PLAIN_F64)
        nd_json_double(v->d, out);
    else if (v->kind == ND_PLAIN_STR)
        nd_json_string(v->s, v->n, out);
    else
        nd_text_plain(v, out);
}
