// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/kernel/mmaps.h"

#include "runtime/kernel/feature.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CPUS 1024
#define RING (64u << 10) // bytes for each CPU: a few hundred records between two looks

struct ring {
    int fd;
    struct perf_event_mmap_page *page; // and the ring after it
};

struct nd_mmaps {
    struct ring v[CPUS];
    int n;
    // Copies of what all rings have, as one may go round the end of its ring; in the order of time.
    uint8_t *bytes;
    size_t n_bytes, cap_bytes;
    struct record {
        uint64_t time;
        size_t at;
    } * records;
    size_t n_records, cap_records;
};

struct mmap2 { // PERF_RECORD_MMAP2
    struct perf_event_header head;
    uint32_t pid, tid;
    uint64_t start, len, off;
    uint32_t major, minor;
    uint64_t inode, generation;
    uint32_t prot, flags;
    char path[];
};

struct task { // PERF_RECORD_FORK, PERF_RECORD_EXIT
    struct perf_event_header head;
    uint32_t pid, ppid, tid, ptid;
};

struct comm { // PERF_RECORD_COMM
    struct perf_event_header head;
    uint32_t pid, tid;
};

static int open_ring(struct ring *r, int cpu, size_t page)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
                                   .size = sizeof(attr),
                                   .config = PERF_COUNT_SW_DUMMY,
                                   .mmap = 1,
                                   .mmap2 = 1,
                                   .comm = 1,
                                   .comm_exec = 1,
                                   .task = 1,
                                   .sample_type = PERF_SAMPLE_TIME,
                                   .sample_id_all = 1, // at the end of each record
                                   .exclude_kernel = 1,
                                   .watermark = 1,
                                   .wakeup_watermark = RING};

    r->fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    if (r->fd < 0)
        return -errno;
    r->page = mmap(NULL, page + RING, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
    if (r->page != MAP_FAILED)
        return 0;
    r->page = NULL;
    return -errno;
}

struct nd_mmaps *nd_mmaps_open(void)
{
    struct nd_mmaps *m = calloc(1, sizeof(*m));
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int cpus[CPUS], n = nd_feature_online(cpus, CPUS), i, err = m ? 0 : -ENOMEM;

    for (i = 0; i < n && !err; i++) {
        err = open_ring(&m->v[i], cpus[i], page);
        m->n = i + 1;
    }
    if (!err)
        return m;
    nd_mmaps_free(m);
    errno = -err;
    return NULL;
}

static void take(const struct perf_event_header *h, const struct nd_mmaps_fns *fns, void *arg)
{
    const struct task *t = (const void *)h;
    const struct mmap2 *map = (const void *)h;
    char dev[24];

    switch (h->type) {
    case PERF_RECORD_MMAP2:
        snprintf(dev, sizeof(dev), "%02x:%02x", map->major, map->minor);
        fns->mapped(arg, map->pid, map->start, map->len, map->off, dev, map->inode, map->path);
        break;
    case PERF_RECORD_FORK:
        if (t->pid != t->ppid) // else a thread
            fns->forked(arg, t->ppid, t->pid);
        break;
    case PERF_RECORD_EXIT:
        if (t->pid == t->tid)
            fns->exited(arg, t->pid);
        break;
    case PERF_RECORD_COMM:
        if (h->misc & PERF_RECORD_MISC_COMM_EXEC)
            fns->execed(arg, ((const struct comm *)h)->pid);
        break;
    default:
        break;
    }
}

static void copy(void *to, const uint8_t *ring, uint64_t at, size_t n)
{
    size_t first = RING - at % RING;

    first = n < first ? n : first;
    memcpy(to, ring + at % RING, first);
    memcpy((char *)to + first, ring, n - first);
}

// Room for n more elements; false: no memory, and what is there stays.
static bool grow(void *v, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap ? *cap * 2 : 4096;
    void *p;

    if (n <= *cap)
        return true;
    while (more < n)
        more *= 2;
    memcpy(&p, v, sizeof(p));
    p = realloc(p, more * size);
    if (!p)
        return false;
    memcpy(v, &p, sizeof(p));
    *cap = more;
    return true;
}

static void add(struct nd_mmaps *m, const uint8_t *ring, uint64_t at, uint32_t size)
{
    size_t room = (size + sizeof(struct mmap2) + 15) & ~(size_t)7; // short ones read as any other
    struct record *r;

    if (size < sizeof(struct perf_event_header) + 8 ||
        !grow(&m->bytes, m->n_bytes + room, &m->cap_bytes, 1) ||
        !grow(&m->records, m->n_records + 1, &m->cap_records, sizeof(*r)))
        return;
    r = &m->records[m->n_records++];
    r->at = m->n_bytes;
    memset(m->bytes + m->n_bytes, 0, room);
    copy(m->bytes + m->n_bytes, ring, at, size);
    memcpy(&r->time, m->bytes + m->n_bytes + size - 8, 8);
    m->n_bytes += room;
}

static void read_ring(struct nd_mmaps *m, struct ring *r)
{
    const uint8_t *ring = (const uint8_t *)r->page + sysconf(_SC_PAGESIZE);
    uint64_t head = __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE),
             tail = r->page->data_tail;
    struct perf_event_header h;

    while (tail < head) {
        copy(&h, ring, tail, sizeof(h));
        if (h.size < sizeof(h))
            break;
        add(m, ring, tail, h.size);
        tail += h.size;
    }
    __atomic_store_n(&r->page->data_tail, tail, __ATOMIC_RELEASE);
}

static int compare(const void *a, const void *b)
{
    const struct record *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

// A process can start on one CPU and end on another.
void nd_mmaps_read(struct nd_mmaps *m, const struct nd_mmaps_fns *fns, void *arg)
{
    size_t k;
    int i;

    m->n_bytes = m->n_records = 0;
    for (i = 0; i < m->n; i++)
        read_ring(m, &m->v[i]);
    if (m->n_records)
        qsort(m->records, m->n_records, sizeof(*m->records), compare);
    for (k = 0; k < m->n_records; k++)
        take((const void *)(m->bytes + m->records[k].at), fns, arg);
}

void nd_mmaps_free(struct nd_mmaps *m)
{
    int i;

    for (i = 0; m && i < m->n; i++) {
        if (m->v[i].page)
            munmap(m->v[i].page, (size_t)sysconf(_SC_PAGESIZE) + RING);
        if (m->v[i].fd >= 0)
            close(m->v[i].fd);
    }
    if (m) {
        free(m->bytes);
        free(m->records);
    }
    free(m);
}
