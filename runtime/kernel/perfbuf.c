// SPDX-License-Identifier: GPL-2.0-or-later
// All available records are copied, sorted by time and handed on. A record whose program was
// not done when its buffer was read comes with the next batch. Must not know what events mean.
#include "runtime/kernel/perfbuf.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LEAST (64u << 10) // bytes of a buffer

struct record {
    uint64_t ns;
    size_t at; // in bytes; also the order of arrival
    uint32_t size;
};

struct nd_perfbuf {
    struct perf_buffer *pb;
    nd_perfbuf_fn fn;
    void *arg;
    uint8_t *bytes;
    size_t n, cap;
    struct record *v;
    size_t nv, capv;
    size_t at; // of v: the first one not handed on
    uint64_t lost;
};

struct sample { // PERF_RECORD_SAMPLE with PERF_SAMPLE_TIME and PERF_SAMPLE_RAW
    struct perf_event_header head;
    uint64_t ns;
    uint32_t size;
    uint8_t data[];
};

struct lost { // PERF_RECORD_LOST
    struct perf_event_header head;
    uint64_t id, n;
};

// Memory for `want` elements; NULL if there is none (then the old one stays as it was).
static void *grow(void *v, size_t *cap, size_t want, size_t elem)
{
    size_t n = *cap ? *cap : 1024;
    void *p;

    if (v && want <= *cap)
        return v;
    while (n < want)
        n *= 2;
    p = realloc(v, n * elem);
    if (p)
        *cap = n;
    return p;
}

static int keep(struct nd_perfbuf *p, const struct sample *s)
{
    size_t size = (s->size + 7ul) & ~7ul;
    uint8_t *bytes = grow(p->bytes, &p->cap, p->n + size, 1);
    struct record *v = grow(p->v, &p->capv, p->nv + 1, sizeof(*v));

    if (bytes)
        p->bytes = bytes;
    if (v)
        p->v = v;
    if (!bytes || !v)
        return -ENOMEM;
    memcpy(p->bytes + p->n, s->data, s->size);
    p->v[p->nv++] = (struct record){s->ns, p->n, s->size};
    p->n += size;
    return 0;
}

static enum bpf_perf_event_ret one(void *arg, int cpu, struct perf_event_header *head)
{
    const void *at = head;
    struct nd_perfbuf *p = arg;

    (void)cpu;
    if (head->type == PERF_RECORD_LOST)
        p->lost += ((const struct lost *)at)->n;
    if (head->type != PERF_RECORD_SAMPLE)
        return LIBBPF_PERF_EVENT_CONT;
    if (keep(p, at))
        p->lost++; // no memory for it
    return LIBBPF_PERF_EVENT_CONT;
}

static uint32_t pages(uint32_t bytes)
{
    uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE), n = 1;
    int ncpu = libbpf_num_possible_cpus();

    bytes /= ncpu > 0 ? (uint32_t)ncpu : 1;
    if (bytes < LEAST)
        bytes = LEAST;
    while (n * page < bytes)
        n *= 2;
    return n;
}

struct nd_perfbuf *nd_perfbuf_new(int map, uint32_t bytes, nd_perfbuf_fn fn, void *arg)
{
    uint32_t n = pages(bytes);
    struct perf_event_attr attr = {
        .size = sizeof(attr),
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_BPF_OUTPUT,
        .sample_period = 1,
        .sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
        .watermark = 1, // we look by ourselves every few ms; woken only when a quarter is full
        .wakeup_watermark = n * (uint32_t)sysconf(_SC_PAGESIZE) / 4,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
    };
    struct nd_perfbuf *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->fn = fn;
    p->arg = arg;
    p->pb = perf_buffer__new_raw(map, n, &attr, one, p, NULL);
    if (!p->pb) {
        int err = errno;

        free(p);
        errno = err;
        return NULL;
    }
    return p;
}

void nd_perfbuf_free(struct nd_perfbuf *p)
{
    if (!p)
        return;
    perf_buffer__free(p->pb);
    free(p->bytes);
    free(p->v);
    free(p);
}

int nd_perfbuf_fd(const struct nd_perfbuf *p)
{
    return perf_buffer__epoll_fd(p->pb);
}

static int by_time(const void *a, const void *b)
{
    const struct record *x = a, *y = b;

    if (x->ns != y->ns)
        return x->ns < y->ns ? -1 : 1;
    return x->at < y->at ? -1 : 1;
}

int nd_perfbuf_consume(struct nd_perfbuf *p)
{
    int err = 0;

    if (p->at == p->nv) {
        p->n = p->nv = p->at = 0;
        err = perf_buffer__consume(p->pb);
        if (err < 0)
            return err;
        if (p->nv)
            qsort(p->v, p->nv, sizeof(*p->v), by_time);
    }
    for (; p->at < p->nv && !err; p->at++)
        err = p->fn(p->arg, p->bytes + p->v[p->at].at, p->v[p->at].size);
    return err ? err : (int)p->nv;
}

uint64_t nd_perfbuf_lost(const struct nd_perfbuf *p)
{
    return p->lost;
}
