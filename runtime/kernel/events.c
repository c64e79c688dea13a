// SPDX-License-Identifier: GPL-2.0-or-later
// A ring buffer, or what replaces it. Programs commit without waking us until the buffer is a
// quarter full, so the run also looks here every few milliseconds. Must not know what events mean.
// Serves the run.
#include "runtime/kernel/events.h"

#include "runtime/kernel/perfbuf.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Then timers and signals get their turn: so many records, or so long, if handlers are slow.
#define BATCH 16384
#define BATCH_NS 20000000

struct nd_events {
    const struct nd_mf *mf;
    struct ring_buffer *ring;   // or
    struct nd_perfbuf *perfbuf; // ND_MF_PERF
    nd_event_fn fn;
    void *arg;
    uint64_t seen, bad, unhandled;
    uint32_t left; // of this batch
    int64_t until; // CLOCK_MONOTONIC: the end of this batch, ns
    int stop;      // what the callback returned
    bool ended;    // exit() was called: what comes is not wanted
    bool late;     // there is no time for what comes: it is counted
};

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void hand_on(struct nd_events *e, const void *data, size_t size)
{
    const struct nd_mf_event *ev;
    struct nd_mf_record r = {0};

    if (size >= sizeof(r))
        memcpy(&r, data, sizeof(r));
    if (r.event == ND_MF_NONE)
        e->ended = true;
    e->unhandled += e->late && !e->ended;
    if (e->ended || e->late)
        return;
    e->seen++;
    if (size < sizeof(r) || r.event >= e->mf->nevents || r.size > size - sizeof(r) ||
        r.size < e->mf->types[e->mf->events[r.event].type].size) {
        e->bad++;
        return;
    }
    ev = &e->mf->events[r.event];
    e->stop = e->fn(e->arg, ev, (const uint8_t *)data + sizeof(r));
}

static int take(void *arg, void *data, size_t size)
{
    struct nd_events *e = arg;

    hand_on(e, data, size);
    if (e->stop)
        return -ECANCELED;
    return --e->left && now() < e->until ? 0 : -EAGAIN;
}

static int open_buffer(struct nd_events *e, int fd)
{
    if (e->mf->h->flags & ND_MF_PERF)
        e->perfbuf = nd_perfbuf_new(fd, e->mf->h->ring_bytes, take, e);
    else
        e->ring = ring_buffer__new(fd, take, e, NULL);
    return e->perfbuf || e->ring ? 0 : errno;
}

struct nd_events *nd_events_new(const struct nd_mf *mf, struct bpf_object *obj, nd_event_fn fn,
                                void *arg)
{
    const struct bpf_map *map = bpf_object__find_map_by_name(obj, ND_RINGBUF_SYM);
    struct nd_events *e;
    int err;

    if (!map || bpf_map__fd(map) < 0) {
        errno = ENOENT;
        return NULL;
    }
    e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    e->mf = mf;
    e->fn = fn;
    e->arg = arg;
    err = open_buffer(e, bpf_map__fd(map));
    if (err) {
        free(e);
        errno = err;
        return NULL;
    }
    return e;
}

void nd_events_free(struct nd_events *e)
{
    if (!e)
        return;
    ring_buffer__free(e->ring);
    nd_perfbuf_free(e->perfbuf);
    free(e);
}

int nd_events_fd(const struct nd_events *e)
{
    return e->perfbuf ? nd_perfbuf_fd(e->perfbuf) : ring_buffer__epoll_fd(e->ring);
}

int nd_events_consume(struct nd_events *e)
{
    int n;

    e->left = BATCH;
    e->until = now() + BATCH_NS;
    e->stop = 0;
    n = e->perfbuf ? nd_perfbuf_consume(e->perfbuf) : ring_buffer__consume(e->ring);
    if (n == -ECANCELED)
        return e->stop;
    if (n == -EAGAIN)
        return 1;
    if (e->perfbuf && n > 0)
        return 1; // while they were handled others came
    return n < 0 ? n : 0;
}

void nd_events_end(struct nd_events *e)
{
    e->ended = true;
}

bool nd_events_ended(const struct nd_events *e)
{
    return e->ended;
}

void nd_events_again(struct nd_events *e)
{
    e->ended = e->late = false;
}

void nd_events_late(struct nd_events *e)
{
    e->late = true;
}

uint64_t nd_events_unhandled(const struct nd_events *e)
{
    return e->unhandled;
}

uint64_t nd_events_seen(const struct nd_events *e)
{
    return e->seen;
}

uint64_t nd_events_bad(const struct nd_events *e)
{
    return e->bad;
}

uint64_t nd_events_dropped(const struct nd_events *e)
{
    return e->perfbuf ? nd_perfbuf_lost(e->perfbuf) : 0;
}
