// SPDX-License-Identifier: GPL-2.0-or-later
// Buffers output, remembers the first failed write, puts map entries in order. Must not know how a
// record looks. Serves the VM and the run.
#include "runtime/output/sink_impl.h"

#include "runtime/common/agg.h"
#include "runtime/common/typed.h"
#include "runtime/output/hist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

// path NULL: stdout. 0 or a negative errno.
static int open_to(const struct nd_sink *s, struct nd_writer *w, const char *path)
{
    int fd = path ? nd_writer_open(path, s->wait, s->wait_arg) : STDOUT_FILENO;

    if (fd < 0)
        return fd;
    nd_writer_init(w, fd);
    w->wait = s->wait;
    w->arg = s->wait_arg;
    return 0;
}

// How wide a table may be: as it was said, else as the terminal is.
static uint32_t width_of(const struct nd_sink *s, uint32_t said)
{
    struct winsize w = {0};

    if (said || ioctl(s->to.fd, TIOCGWINSZ, &w))
        return said;
    return w.ws_col;
}

// Colours are for a person who looks on: NO_COLOR (no-color.org) says that it is not wanted.
static bool colors(const struct nd_sink *s, enum nd_color how)
{
    const char *no = getenv("NO_COLOR");

    return how == ND_COLOR_ALWAYS || (how == ND_COLOR_AUTO && isatty(s->to.fd) && !(no && *no));
}

struct nd_sink *nd_sink_new(const struct nd_sink_opts *opts, const struct nd_fmt *fmt)
{
    struct nd_sink *s = calloc(1, sizeof(*s));
    int err;

    if (!s)
        return NULL;
    s->kind = opts->kind ? opts->kind : nd_sink_kind_at(0);
    s->ops = s->kind->ops;
    s->fmt = fmt;
    s->quiet = opts->quiet;
    s->log.fd = -1;
    s->wait = opts->wait;
    s->wait_arg = opts->wait_arg;
    err = open_to(s, &s->to, opts->path);
    if (err) {
        free(s);
        errno = -err;
        return NULL;
    }
    s->own_fd = opts->path != NULL;
    s->columns = width_of(s, opts->columns);
    s->color = colors(s, opts->color);
    s->each = opts->flush == ND_FLUSH_RECORD || (opts->flush == ND_FLUSH_AUTO && isatty(s->to.fd));
    return s;
}

int nd_sink_log(struct nd_sink *s, const char *path)
{
    s->columns = 0; // a file has all of it, and no colours
    s->color = false;
    return open_to(s, &s->log, path);
}

int nd_sink_log_error(const struct nd_sink *s)
{
    return s->log.err;
}

uint64_t nd_sink_dropped(const struct nd_sink *s)
{
    return s->to.dropped + s->to.nkept + s->log.dropped + s->log.nkept;
}

bool nd_sink_records(const struct nd_sink *s)
{
    return s->kind->records;
}

int nd_sink_flush(struct nd_sink *s)
{
    nd_writer_put(&s->to, s->buf, s->n);
    s->n = 0;
    return s->to.err;
}

static void emit(struct nd_sink *s, const char *p, size_t n)
{
    if (s->to.err)
        return;
    if (n > sizeof(s->buf) - s->n)
        nd_sink_flush(s);
    if (n > sizeof(s->buf)) {
        nd_writer_put(&s->to, p, n);
        return;
    }
    memcpy(s->buf + s->n, p, n);
    s->n += n;
}

// The record in s->out is complete.
static void done(struct nd_sink *s)
{
    if (s->out.n)
        emit(s, s->out.v, s->out.n);
    s->wrote |= s->out.n > 0;
    if (s->out.n && s->log.fd >= 0)
        nd_writer_put(&s->log, s->out.v, s->out.n);
    s->out.n = 0;
    if (s->each)
        nd_sink_flush(s);
}

int nd_sink_close(struct nd_sink *s)
{
    int err;

    if (!s)
        return 0;
    err = nd_sink_flush(s);
    nd_writer_free(&s->to);
    if (s->own_fd && close(s->to.fd) && !err)
        err = -errno;
    nd_writer_free(&s->log);
    if (s->log.fd >= 0)
        close(s->log.fd);
    free(s->out.v);
    free(s->kept.v);
    free(s);
    return err;
}

int nd_sink_error(const struct nd_sink *s)
{
    return s->to.err;
}

struct order {
    const struct nd_mf *mf;
    const struct nd_mf_map *map;
    const struct nd_mf_type *val;
    const struct nd_copy *copy;
    bool by_value;
};

static int compare(const void *x, const void *y, void *arg)
{
    const struct order *o = arg;
    size_t i = *(const uint32_t *)x, j = *(const uint32_t *)y;
    const uint8_t *keys = o->copy->keys, *vals = o->copy->vals;
    int r = 0;

    if (o->by_value)
        r = nd_typed_cmp(o->mf, o->map->val_type, vals + i * o->copy->val_size,
                         vals + j * o->copy->val_size);
    if (!r && o->copy->key_size)
        r = nd_typed_cmp(o->mf, o->map->key_type, keys + i * o->copy->key_size,
                         keys + j * o->copy->key_size);
    return r ? r : (i > j) - (i < j);
}

void nd_sink_map(struct nd_sink *s, uint32_t map, const struct nd_copy *copy, uint32_t top,
                 uint64_t div)
{
    const struct nd_mf *mf = s->fmt->mf;
    const struct nd_mf_map *m = &mf->maps[map];
    const struct nd_mf_type *t = &mf->types[m->val_type];
    struct order o = {mf, m, t, copy, false};
    struct nd_sink_entries e = {.map = map, .copy = copy, .n = copy->n, .div = div};
    uint32_t *order = calloc(copy->n + 1ul, sizeof(*order)), i;

    if (!order)
        return;
    for (i = 0; i < copy->n; i++)
        order[i] = i;
    o.by_value = nd_agg_is(t->kind) || t->kind == ND_T_DOUBLE || nd_typed_is_int(t);
    if (copy->n > 1)
        qsort_r(order, copy->n, sizeof(*order), compare, &o);
    e.order = order;
    if (top && top < copy->n) {
        e.order = order + (copy->n - top);
        e.n = top;
    }
    s->ops->map(s, &e);
    s->nmaps++;
    free(order);
    done(s);
}

void nd_sink_last_maps(struct nd_sink *s)
{
    s->apart = s->wrote || s->fmt->bpftrace;
}

void nd_sink_entry(struct nd_sink *s, uint32_t map, const void *key, const void *val)
{
    const struct nd_mf *mf = s->fmt->mf;
    const struct nd_mf_map *m = &mf->maps[map];
    static const uint32_t first = 0;
    struct nd_copy copy = {.n = 1, .vals = (uint8_t *)val, .keys = (uint8_t *)key};
    struct nd_sink_entries e = {.map = map, .copy = &copy, .order = &first, .n = 1, .alone = true};

    copy.val_size = mf->types[m->val_type].size;
    if (key && m->key_type != ND_MF_NONE)
        copy.key_size = mf->types[m->key_type].size;
    s->ops->map(s, &e);
    s->nmaps++;
    done(s);
}

void nd_sink_header(struct nd_sink *s, const char *script, const struct nd_attached *at,
                    uint32_t nat, uint32_t others, const char *const *opt_names,
                    const char *const *opt_values, uint32_t nopts)
{
    struct nd_sink_header h = {script, at, nat, others, opt_names, opt_values, nopts};

    s->ops->header(s, &h);
    done(s);
}

void nd_sink_printf(struct nd_sink *s, const char *text, size_t n)
{
    s->ops->printf(s, text, n);
    done(s);
}

void nd_sink_value(struct nd_sink *s, uint32_t type, const void *bytes, const char *title)
{
    s->ops->value(s, type, bytes, title);
    done(s);
}

void nd_sink_plain(struct nd_sink *s, const struct nd_plain *v)
{
    s->ops->plain(s, v);
    done(s);
}

void nd_sink_report_begin(struct nd_sink *s, int64_t interval_ns)
{
    s->in_report = true;
    s->nmaps = 0;
    s->report_time = nd_sink_wall();
    s->interval = interval_ns;
    s->ops->report_begin(s, interval_ns);
    done(s);
}

void nd_sink_report_end(struct nd_sink *s, const struct nd_loss *loss, uint32_t nloss)
{
    s->ops->report_end(s, loss, nloss);
    s->in_report = false;
    done(s);
}

void nd_sink_event(struct nd_sink *s, const struct nd_mf_event *e, const void *payload)
{
    s->ops->event(s, e, payload);
    done(s);
}

void nd_sink_path(struct nd_sink *s, const struct nd_path_stat *st)
{
    s->ops->path(s, st);
    done(s);
}

void nd_sink_table(struct nd_sink *s, const struct nd_sink_table *t)
{
    s->ops->table(s, t);
    done(s);
}

void nd_sink_row(struct nd_sink *s, const struct nd_mf_table *t, const void *row)
{
    s->ops->row(s, t, row);
    done(s);
}

void nd_sink_fail(struct nd_sink *s, int code, const char *text)
{
    s->ops->fail(s, code, text);
    done(s);
}

void nd_sink_summary(struct nd_sink *s, const struct nd_loss *loss, uint32_t nloss,
                     const struct nd_attached *at, uint32_t nat, uint64_t events,
                     int64_t duration_ns)
{
    struct nd_sink_summary m = {loss, nloss, at, nat, events, duration_ns};

    s->ops->summary(s, &m);
    done(s);
}
