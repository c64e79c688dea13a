// SPDX-License-Identifier: GPL-2.0-or-later
// The text a person reads: what %s and print() write. Must not know where values come from.
// Serves the text sink and printf.
#include "runtime/common/agg.h"
#include "runtime/common/printable.h"
#include "runtime/common/typed.h"
#include "runtime/output/format.h"
#include "runtime/output/hist.h"
#include "runtime/output/series.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct text {
    const struct nd_fmt *f;
    struct nd_buf *out;
};

void nd_format_outside(const struct nd_fmt *f, const char *s, size_t n, struct nd_buf *out)
{
    if (f->escape)
        nd_printable_put(s, n, out);
    else
        nd_buf_put(out, s, n);
}

static void put_frame(const struct text *x, uint64_t addr, uint32_t pid)
{
    size_t from = x->out->n;

    nd_format_addr(x->f, addr, pid, true, x->out);
    if (x->f->escape)
        nd_printable_from(x->out, from);
}

static void text_integer(void *arg, const struct nd_mf_type *t, int64_t v, bool is_unsigned)
{
    struct text *x = arg;
    char tmp[64];

    if (t->kind == ND_T_DURATION && !x->f->bpftrace) {
        nd_buf_put(x->out, tmp, nd_text_duration(v, tmp));
    } else if (t->kind == ND_T_TIME && !x->f->bpftrace && !(t->flags & ND_TF_PLAIN)) {
        nd_buf_put(x->out, tmp, nd_text_time(nd_format_wall(x->f, t, v), tmp));
    } else if (t->flags & ND_TF_HEX) {
        uint64_t mask = t->size >= 8 ? ~0ull : (1ull << (t->size * 8)) - 1;

        nd_buf_put(x->out, "0x", 2);
        nd_buf_hex(x->out, (uint64_t)v & mask);
    } else if (is_unsigned) {
        nd_buf_u64(x->out, (uint64_t)v);
    } else {
        nd_buf_i64(x->out, v);
    }
}

static void text_real(void *arg, double v)
{
    nd_text_double(v, ((struct text *)arg)->out);
}

static void text_boolean(void *arg, bool v)
{
    nd_buf_puts(((struct text *)arg)->out, v ? "true" : "false");
}

static void text_string(void *arg, const struct nd_mf_type *t, const char *s, size_t n)
{
    struct text *x = arg;

    if (t->kind == ND_T_STRFTIME) // its format is the script's
        nd_buf_put(x->out, s, n);
    else
        nd_format_outside(x->f, s, n, x->out);
}

static void text_begin(void *arg, const struct nd_mf_type *t, uint32_t n)
{
    (void)n;
    nd_buf_puts(((struct text *)arg)->out, t->kind == ND_T_STRUCT  ? "{ "
                                           : t->kind == ND_T_TUPLE ? "("
                                                                   : "[");
}

static void text_field(void *arg, const struct nd_mf_type *t, uint32_t i, const char *name)
{
    struct text *x = arg;

    if (i)
        nd_buf_puts(x->out, t->kind == ND_T_ARRAY ? "," : ", ");
    if (t->kind == ND_T_STRUCT) {
        nd_buf_put(x->out, ".", 1);
        nd_buf_puts(x->out, name);
        nd_buf_puts(x->out, " = ");
    }
}

static void text_end(void *arg, const struct nd_mf_type *t)
{
    nd_buf_puts(((struct text *)arg)->out, t->kind == ND_T_STRUCT  ? " }"
                                           : t->kind == ND_T_TUPLE ? ")"
                                                                   : "]");
}

static void text_flow(void *arg, const char *s, size_t n)
{
    nd_buf_put(((struct text *)arg)->out, s, n);
}

static void text_stack(void *arg, const struct nd_mf_type *t, const uint64_t *frames, int n,
                       uint32_t pid)
{
    struct text *x = arg;
    int i;

    if (n < 0) {
        if (n == -14) // EFAULT, whatever its number is called here
            nd_buf_puts(x->out, "<Stack trace unavailable in current context (EFAULT)>");
        else
            nd_buf_printf(x->out, "<Stack trace unavailable, error code: %d>", n);
        return;
    }
    nd_buf_put(x->out, "\n", 1);
    for (i = 0; i < n; i++) {
        nd_buf_puts(x->out, "    ");
        if (t->flags & ND_TF_PERF)
            nd_buf_printf(x->out, "%16" PRIx64 " ", frames[i]);
        if (t->flags & ND_TF_RAW)
            nd_buf_printf(x->out, x->f->bpftrace ? "%" PRIx64 : "0x%" PRIx64, frames[i]);
        else
            put_frame(x, frames[i], pid);
        nd_buf_put(x->out, "\n", 1);
    }
}

struct frames {
    struct text text;
    const char *sep;
    bool outer_first;
};

static void frames_stack(void *arg, const struct nd_mf_type *t, const uint64_t *frames, int n,
                         uint32_t pid)
{
    struct frames *x = arg;
    struct nd_buf *out = x->text.out;
    int i;

    (void)t;
    for (i = 0; i < n; i++) {
        uint64_t addr = frames[x->outer_first ? n - 1 - i : i];
        struct nd_symbol sym = nd_format_symbol(x->text.f, addr, pid);

        if (i)
            nd_buf_puts(out, x->sep);
        if (sym.name)
            nd_format_outside(x->text.f, sym.name, strlen(sym.name), out);
        else if (sym.in_file && sym.module)
            put_frame(&x->text, addr, pid);
        else
            nd_buf_printf(out, "0x%" PRIx64, addr);
    }
}

void nd_format_frames(const struct nd_fmt *f, uint32_t type, const void *bytes, const char *sep,
                      bool outer_first, struct nd_buf *out)
{
    struct frames x = {{f, out}, sep, outer_first};
    const struct nd_visitor v = {
        .arg = &x, .integer = text_integer, .stack = frames_stack, // an integer: without maps
    };

    if (nd_typekind_is(f->mf->types[type].kind, ND_IS_STACK))
        nd_visit(f, type, bytes, &v);
}

struct frame {
    struct text text;
    int64_t i;
    int depth;
};

static void frame_stack(void *arg, const struct nd_mf_type *t, const uint64_t *frames, int n,
                        uint32_t pid)
{
    struct frame *x = arg;

    (void)t;
    x->depth = n > 0 ? n : 0;
    if (x->text.out && x->i >= 0 && x->i < x->depth)
        put_frame(&x->text, frames[x->i], pid);
}

static void no_integer(void *arg, const struct nd_mf_type *t, int64_t v, bool is_unsigned)
{
    (void)arg, (void)t, (void)v, (void)is_unsigned; // a stack's number, without maps
}

int nd_format_frame(const struct nd_fmt *f, uint32_t type, const void *bytes, int64_t i,
                    struct nd_buf *out)
{
    struct frame x = {{f, out}, i, 0};
    const struct nd_visitor v = {.arg = &x, .integer = no_integer, .stack = frame_stack};

    if (nd_typekind_is(f->mf->types[type].kind, ND_IS_STACK))
        nd_visit(f, type, bytes, &v);
    return x.depth;
}

// An integer answer of an aggregation, or n/a; whole: also an average is one.
static void agg_number(const struct nd_mf_type *t, const void *val, enum nd_vm_agg what,
                       uint64_t div, bool whole, struct nd_buf *out)
{
    int64_t v;

    if (!nd_agg_int(t, val, what, &v)) {
        double d = nd_agg_get(t, val, what) / (double)div;

        nd_text_double(whole ? trunc(d) : d, out);
        return;
    }
    if (what != ND_AGG_COUNT && t->flags & ND_TF_SIGNED)
        nd_buf_i64(out, div > INT64_MAX ? 0 : v / (int64_t)div);
    else
        nd_buf_u64(out, (uint64_t)v / div);
}

void nd_format_agg(const struct nd_fmt *f, const struct nd_mf_type *t, const char *unit,
                   const void *val, uint64_t div, struct nd_buf *out)
{
    const struct nd_agg_part *p = nd_format_agg_parts(t);
    const char *sep = "";

    div = div > 1 ? div : 1;
    if (nd_typekind_is(t->kind, ND_IS_SERIES)) {
        nd_series_text(f, t, val, out);
        return;
    }
    if (nd_hist_is(t)) {
        (f->bpftrace ? nd_hist_bpftrace : nd_hist_text)(t, unit, val, div, out);
        if (p)
            nd_dist_line(t, val, out);
        return;
    }
    for (; p && p->name; p++, sep = ", ") {
        bool count = *p->name && p->what == ND_AGG_COUNT; // how many stays how many

        nd_buf_printf(out, "%s%s%s", sep, p->name, *p->name ? " " : "");
        agg_number(t, val, p->what, count ? 1 : div, f->bpftrace && !nd_hist_is(t), out);
    }
}

static void text_agg(void *arg, const struct nd_mf_type *t, const void *val)
{
    struct text *x = arg;

    nd_format_agg(x->f, t, nd_mf_str(x->f->mf, t->name), val, 1, x->out);
}

void nd_format_text(const struct nd_fmt *f, uint32_t type, const void *bytes, struct nd_buf *out)
{
    const struct nd_mf_type *t = &f->mf->types[type];
    struct text x = {f, out};
    const struct nd_visitor v = {
        &x,       text_integer, text_real,  text_boolean, text_string, text_begin, text_field,
        text_end, text_flow,    text_stack, text_agg,     NULL,        false,
    };

    // The most common kinds first, without the walk.
    if (t->kind == ND_T_INT)
        text_integer(&x, t, nd_typed_int(t, bytes), !(t->flags & ND_TF_SIGNED));
    else if (t->kind == ND_T_STRING)
        nd_format_outside(f, bytes, nd_typed_strlen(t, bytes), out);
    else
        nd_visit(f, type, bytes, &v);
}

void nd_format_key(const struct nd_fmt *f, uint32_t type, const void *key, struct nd_buf *out)
{
    const struct nd_mf_type *t = &f->mf->types[type];
    uint64_t tmp;
    uint32_t i;

    if (t->kind != ND_T_TUPLE) {
        nd_format_text(f, type, key, out);
        return;
    }
    for (i = 0; i < t->count; i++) {
        const struct nd_mf_field *fl = &f->mf->fields[t->first + i];

        if (i)
            nd_buf_put(out, ", ", 2);
        nd_format_text(f, fl->type, nd_typed_field(f->mf, fl, key, &tmp), out);
    }
}
