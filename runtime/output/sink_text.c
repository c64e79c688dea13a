// SPDX-License-Identifier: GPL-2.0-or-later
// Records as text for a person. Must not know files or buffers. Serves sink.c.
#include "runtime/output/sink_impl.h"

#include "runtime/common/agg.h"
#include "runtime/common/caps.h"
#include "runtime/output/hist.h"

#include <inttypes.h>
#include <string.h>

// Nothing: the run says on the terminal what is being attached, so that standard output holds
// results only.
static void text_header(struct nd_sink *s, const struct nd_sink_header *h)
{
    (void)s;
    (void)h;
}

static void text_printf(struct nd_sink *s, const char *text, size_t n)
{
    nd_buf_put(&s->out, text, n);
}

static void end_line(struct nd_sink *s)
{
    if (!s->out.n || s->out.v[s->out.n - 1] != '\n')
        nd_buf_put(&s->out, "\n", 1);
}

static void text_value(struct nd_sink *s, uint32_t type, const void *bytes, const char *title)
{
    if (*title && nd_agg_is(s->fmt->mf->types[type].kind))
        nd_format_agg(s->fmt, &s->fmt->mf->types[type], title, bytes, 1, &s->out);
    else
        nd_format_text(s->fmt, type, bytes, &s->out);
    end_line(s);
}

static void text_plain(struct nd_sink *s, const struct nd_plain *v)
{
    nd_text_plain(v, &s->out);
    end_line(s);
}

// A value of a map, integers divided by div.
static void map_value(struct nd_sink *s, uint32_t type, const void *val, uint64_t div)
{
    const struct nd_mf *mf = s->fmt->mf;
    const struct nd_mf_type *t = &mf->types[type];
    int64_t v;

    if (nd_agg_is(t->kind)) {
        nd_format_agg(s->fmt, t, nd_mf_str(mf, t->name), val, div, &s->out);
    } else if (div > 1 && t->kind == ND_T_INT && t->size == 8) {
        memcpy(&v, val, 8);
        if (t->flags & ND_TF_SIGNED)
            v = div > INT64_MAX ? 0 : v / (int64_t)div;
        else
            v = (int64_t)((uint64_t)v / div);
        nd_format_text(s->fmt, type, &v, &s->out);
    } else {
        nd_format_text(s->fmt, type, val, &s->out);
    }
}

static const char *map_title(const struct nd_mf *mf, const struct nd_mf_map *m)
{
    return nd_mf_str(mf, m->title ? m->title : m->name);
}

static bool is_block(const struct nd_mf_type *t) // of lines of its own
{
    return nd_typekind_is(t->kind, ND_IS_ROWS | ND_IS_SERIES);
}

static void map_entry(struct nd_sink *s, const struct nd_sink_entries *e, uint32_t i)
{
    const struct nd_mf *mf = s->fmt->mf;
    const struct nd_mf_map *m = &mf->maps[e->map];
    const struct nd_mf_type *t = &mf->types[m->val_type];
    const uint8_t *val = e->copy->vals + (size_t)i * e->copy->val_size;

    nd_buf_puts(&s->out, map_title(mf, m));
    if (e->copy->key_size) {
        nd_buf_put(&s->out, "[", 1);
        nd_format_key(s->fmt, m->key_type, e->copy->keys + (size_t)i * e->copy->key_size, &s->out);
        nd_buf_put(&s->out, "]", 1);
    }
    if (!is_block(t))
        nd_buf_put(&s->out, ": ", 2);
    else if (nd_sink_no_rows(t, val))
        nd_buf_puts(&s->out, ": (empty)\n");
    else
        nd_buf_put(&s->out, ":\n", 2);
    if (!is_block(t) || !nd_sink_no_rows(t, val))
        map_value(s, m->val_type, val, e->div);
    end_line(s);
}

static void text_map(struct nd_sink *s, const struct nd_sink_entries *e)
{
    const struct nd_mf_map *m = &s->fmt->mf->maps[e->map];
    uint32_t i;

    if (e->alone) {
        map_value(s, m->val_type, e->copy->vals, e->div);
        end_line(s);
        return;
    }
    if (s->apart)
        nd_buf_put(&s->out, "\n", 1);
    s->apart = false;

    if (!e->n && s->in_report) {
        nd_buf_puts(&s->out, map_title(s->fmt->mf, &s->fmt->mf->maps[e->map]));
        nd_buf_puts(&s->out, ": (empty)\n");
    }
    for (i = 0; i < e->n; i++)
        map_entry(s, e, e->order[i]);
    if (s->fmt->bpftrace && (e->copy->key_size || is_block(&s->fmt->mf->types[m->val_type])))
        nd_buf_put(&s->out, "\n", 1);
}

static void text_report_begin(struct nd_sink *s, int64_t interval_ns)
{
    char time[64];

    nd_text_time(s->report_time, time);
    time[19] = '\0'; // without the milliseconds
    nd_buf_printf(&s->out, "[%s] === report (Interval: %.1fs) ===\n", time,
                  (double)interval_ns / 1e9);
}

// How losses are named; col: a line may have several such places; more: said once after them.
static const struct {
    const char *text;
    bool col;
    const char *more;
} losses[ND_SITE_KIND_MAX] = {
    [ND_SITE_EVENT_LOST] = {"lost events", false, NULL},
    [ND_SITE_MAP_FULL] = {"map full", false, NULL},
    [ND_SITE_MAP_ERROR] = {"map errors", false, NULL},
    [ND_SITE_STACK_FAIL] = {"stacks not stored", false, NULL},
    [ND_SITE_READ_FAIL] = {"failed reads", true, "; a pointer to user memory needs uptr()"},
    [ND_SITE_PARSE] = {"packets not parsed", false, NULL},
    [ND_SITE_NO_ENTRY] = {"returns without an entry", false, NULL},
    [ND_SITE_STR_TRUNC] = {"strings cut", true, NULL},
    [ND_SITE_DIV_ZERO] = {"divisions by zero", true, NULL},
    [ND_SITE_INDEX] = {"indexes out of range", true, NULL},
    [ND_SITE_LOOP_BOUND] = {"loops cut short at their bound", false, NULL},
    [ND_SITE_NESTED] = {"runs left out", false, NULL},
    [ND_SITE_EVICTED] = {"entries evicted", false, NULL},
};

static uint64_t loss_value(const struct nd_loss *l, bool total)
{
    return total ? l->total : l->count;
}

// "file:line: N" of each site of this kind, with the map where there is one.
static void loss_sites(struct nd_sink *s, const struct nd_loss *loss, uint32_t n, uint32_t kind,
                       bool total)
{
    const struct nd_mf *mf = s->fmt->mf;
    const char *sep = kind == ND_SITE_EVENT_LOST ? " (ring buffer full; " : " (";
    uint32_t i;

    for (i = 0; i < n; i++) {
        const struct nd_mf_site *site = loss[i].site;

        if (site->kind != kind || !loss_value(&loss[i], total))
            continue;
        nd_buf_puts(&s->out, sep);
        if (site->span.line)
            nd_buf_printf(&s->out, "%s:%u",
                          nd_mf_str(mf, mf->words[mf->h->files + site->span.file]),
                          site->span.line);
        else
            nd_buf_puts(&s->out, "?");
        if (site->span.line && losses[kind].col)
            nd_buf_printf(&s->out, ":%u", site->span.col);
        if (site->map != ND_MF_NONE)
            nd_buf_printf(&s->out, " %s", nd_mf_str(mf, mf->maps[site->map].name));
        nd_buf_puts(&s->out, ": ");
        nd_buf_u64(&s->out, loss_value(&loss[i], total));
        sep = ", ";
    }
    if (total && losses[kind].more)
        nd_buf_puts(&s->out, losses[kind].more);
    nd_buf_put(&s->out, ")", 1);
}

// One line: "Lost events: 5 (ring buffer full; a.nd:3: 5), map full: 2 (a.nd:7 @m: 2)".
static bool loss_line(struct nd_sink *s, const struct nd_loss *loss, uint32_t n, bool total)
{
    size_t start = s->out.n;
    uint32_t kind, i;

    for (kind = 0; kind < ND_SITE_KIND_MAX; kind++) {
        uint64_t sum = 0;

        for (i = 0; i < n; i++)
            sum += loss[i].site->kind == kind ? loss_value(&loss[i], total) : 0;
        if (!sum)
            continue;
        if (s->out.n > start)
            nd_buf_put(&s->out, ", ", 2);
        nd_buf_puts(&s->out, losses[kind].text);
        nd_buf_put(&s->out, ": ", 2);
        nd_buf_u64(&s->out, sum);
        loss_sites(s, loss, n, kind, total);
    }
    if (s->out.n == start)
        return false;
    s->out.v[start] = (char)(s->out.v[start] - ('a' - 'A')); // all the texts start in lower case
    nd_buf_put(&s->out, "\n", 1);
    return true;
}

static void text_report_end(struct nd_sink *s, const struct nd_loss *loss, uint32_t nloss)
{
    loss_line(s, loss, nloss, false);
}

static const char *const path_text[ND_PATHC_MAX] = {
    [ND_PATHC_STARTED] = "started",
    [ND_PATHC_DONE] = "done",
    [ND_PATHC_AGAIN] = "started again",
    [ND_PATHC_UNMATCHED] = "unmatched",
    [ND_PATHC_REHIT] = "passed a stage again",
    [ND_PATHC_ORDER] = "out of order",
};

// " (after qdisc_enq 2)"
static void put_after(struct nd_sink *s, const struct nd_path_stat *st, const uint64_t *after)
{
    const struct nd_mf *mf = s->fmt->mf;
    const char *sep = " (after ";
    uint32_t i;

    for (i = 0; after && i < st->path->nstages; i++) {
        if (!after[i])
            continue;
        nd_buf_printf(&s->out, "%s%s %" PRIu64, sep, nd_mf_str(mf, mf->words[st->path->stages + i]),
                      after[i]);
        sep = ", ";
    }
    if (*sep == ',')
        nd_buf_put(&s->out, ")", 1);
}

static void put_others(struct nd_sink *s, const struct nd_path_other *others)
{
    const char *sep = " (";
    uint32_t i;

    for (i = 0; others && i < ND_PATH_OTHERS; i++) {
        if (!others[i].count)
            continue;
        nd_buf_puts(&s->out, sep);
        nd_sink_other(s, &others[i], &s->out);
        nd_buf_printf(&s->out, " %" PRIu64, others[i].count);
        sep = ", ";
    }
    if (*sep == ',')
        nd_buf_put(&s->out, ")", 1);
}

// path vm_out: started 100, done 90, lost 2 (after qdisc_enq 2), elsewhere 8 (vnet1 8), under way 0
static void text_path(struct nd_sink *s, const struct nd_path_stat *st)
{
    uint32_t i;

    nd_buf_printf(&s->out, "path %s: started %" PRIu64 ", done %" PRIu64 ", lost %" PRIu64,
                  nd_mf_str(s->fmt->mf, st->path->name), st->count[ND_PATHC_STARTED],
                  st->count[ND_PATHC_DONE], st->lost);
    put_after(s, st, st->lost_after);
    if (st->elsewhere) {
        nd_buf_printf(&s->out, ", elsewhere %" PRIu64, st->elsewhere);
        put_others(s, st->others);
    }
    if (st->vanished) {
        nd_buf_printf(&s->out, ", vanished %" PRIu64, st->vanished);
        put_after(s, st, st->vanished_after);
    }
    nd_buf_printf(&s->out, ", under way %" PRIu64, st->under_way);
    for (i = ND_PATHC_DONE + 1; i < ND_PATHC_MAX; i++) {
        if (st->count[i])
            nd_buf_printf(&s->out, ", %s %" PRIu64, path_text[i], st->count[i]);
    }
    end_line(s);
}

static void text_event(struct nd_sink *s, const struct nd_mf_event *e, const void *payload)
{
    nd_buf_puts(&s->out, nd_mf_str(s->fmt->mf, e->name));
    nd_buf_put(&s->out, " ", 1);
    nd_format_text(s->fmt, e->type, payload, &s->out);
    end_line(s);
}

static void missed_lines(struct nd_sink *s, const struct nd_sink_summary *m)
{
    bool untold = false;
    uint32_t i;

    for (i = 0; i < m->nat; i++) {
        if (m->at[i].missed) {
            nd_buf_puts(&s->out, "Missed: ");
            nd_format_outside(s->fmt, m->at[i].spec, strlen(m->at[i].spec), &s->out);
            nd_buf_printf(&s->out, ": %llu\n", (unsigned long long)m->at[i].missed);
        }
        untold |= m->at[i].untold;
    }
    if (untold)
        nd_buf_puts(&s->out, "Missed: this kernel (before Linux 6.7) does not report how many "
                             "calls return probes missed.\n");
}

static void text_summary(struct nd_sink *s, const struct nd_sink_summary *m)
{
    loss_line(s, m->loss, m->nloss, true);
    if (s->fmt->syms && nd_syms_kernel_hidden(s->fmt->syms))
        nd_buf_printf(&s->out, "Kernel addresses have no names here: %s.\n",
                      nd_caps_has(ND_CAP_SYSLOG)
                          ? "sysctl kernel.kptr_restrict hides them"
                          : "CAP_SYSLOG is missing, so /proc/kallsyms does not show them");
    missed_lines(s, m);
}

static void text_fail(struct nd_sink *s, int code, const char *text)
{
    (void)s;
    (void)code;
    (void)text; // said on stderr
}

const struct nd_sink_ops nd_sink_text = {
    .header = text_header,
    .printf = text_printf,
    .value = text_value,
    .plain = text_plain,
    .map = text_map,
    .report_begin = text_report_begin,
    .report_end = text_report_end,
    .event = text_event,
    .table = nd_sink_text_table,
    .path = text_path,
    .fail = text_fail,
    .summary = text_summary,
};
