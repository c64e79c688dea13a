// SPDX-License-Identifier: GPL-2.0-or-later
// Closing a perf link makes the kernel wait for a grace period (20 to 75 ms). Closing the last
// event of a tracepoint or uprobe makes it wait for another one, and those waits stand in line
// behind one lock (perf_trace_destroy). The user should not have to wait for either, so a child
// that holds nothing but these descriptors does. We only have to know that no program starts any
// more. The kernel takes a program off its list before it waits, and for tracepoints it tells us
// who is on the list. For other events (kprobes, uprobes) it does not, so we close their links
// ourselves, in several threads.
#include "runtime/kernel/detach.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS 64u
#define ON_A_TRACEPOINT 64u // programs: BPF_TRACE_MAX_PROGS
#define NAP_NS 100000       // between two looks at the list
#define PATIENCE 20000u     // polls: two seconds; the kernel continues without us

// ---- descriptors, closed in parallel ------------------------------------------------------------

struct closer {
    pthread_t thread;
    const int *fds;
    uint32_t n, first, step;
    bool started;
};

static void *close_some(void *arg)
{
    const struct closer *c = arg;
    uint32_t i;

    for (i = c->first; i < c->n; i += c->step)
        close(c->fds[i]);
    return NULL;
}

static void close_all(const int *fds, uint32_t n)
{
    struct closer c[THREADS];
    uint32_t i, threads = n < THREADS ? n : THREADS;

    for (i = 0; i < threads; i++) {
        c[i] = (struct closer){.fds = fds, .n = n, .first = i, .step = threads};
        c[i].started = i && !pthread_create(&c[i].thread, NULL, close_some, &c[i]);
    }
    for (i = 0; i < threads; i++) {
        if (!c[i].started)
            close_some(&c[i]);
    }
    for (i = 0; i < threads; i++) {
        if (c[i].started)
            pthread_join(c[i].thread, NULL);
    }
}

// ---- the child ---------------------------------------------------------------------------------

struct load { // what a child is to close: first the links, then the events
    int *fds;
    uint32_t links, n;
};

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

// All descriptors from .. to (~0u: the last one); Linux before 5.9 has no call for that.
static void close_between(unsigned from, unsigned to)
{
    struct rlimit r;

    if (!syscall(SYS_close_range, from, to, 0) || getrlimit(RLIMIT_NOFILE, &r))
        return;
    for (; from <= to && from < r.rlim_cur && from < 1u << 20; from++)
        close((int)from);
}

static void keep_only(const struct load *d, int *sorted)
{
    unsigned next = 0;
    uint32_t i;

    memcpy(sorted, d->fds, d->n * sizeof(*sorted));
    qsort(sorted, d->n, sizeof(*sorted), by_number);
    for (i = 0; i < d->n; i++) {
        if ((unsigned)sorted[i] > next)
            close_between(next, (unsigned)sorted[i] - 1);
        next = (unsigned)sorted[i] + 1;
    }
    close_between(next, ~0u);
}

// Starts it and returns a descriptor; the child begins when that is closed. Whoever closes a link
// or an event last has to wait, so ours must be closed first. -1: there is no child.
static int start_child(const struct load *d)
{
    int *sorted = calloc(d->n + 1, sizeof(*sorted)), ends[2] = {-1, -1};
    pid_t pid = -1;
    char c;

    if (sorted && !pipe2(ends, O_CLOEXEC))
        pid = fork();
    if (!pid) {
        close(ends[1]);
        while (read(ends[0], &c, 1) < 0 && errno == EINTR)
            ;
        keep_only(d, sorted);
        close_all(d->fds, d->links);
        _exit(0);
    }
    free(sorted);
    if (ends[0] >= 0)
        close(ends[0]);
    if (pid < 0 && ends[1] >= 0)
        close(ends[1]);
    return pid < 0 ? -1 : ends[1];
}

// ---- what is on a tracepoint's list ------------------------------------------------------------

static uint32_t prog_of(int link)
{
    struct bpf_link_info info;
    uint32_t size = sizeof(info);

    memset(&info, 0, sizeof(info));
    return bpf_obj_get_info_by_fd(link, &info, &size) ? 0 : info.prog_id;
}

// 1: on the list, 0: not, -1: the kernel does not say (not a tracepoint).
static int is_listed(int perf, uint32_t prog)
{
    struct { // perf_event_query_bpf
        uint32_t ids_len, prog_cnt, ids[ON_A_TRACEPOINT];
    } q;
    uint32_t i;

    memset(&q, 0, sizeof(q));
    q.ids_len = ON_A_TRACEPOINT;
    if (ioctl(perf, PERF_EVENT_IOC_QUERY_BPF, &q))
        return -1;
    for (i = 0; i < q.prog_cnt && i < ON_A_TRACEPOINT; i++) {
        if (q.ids[i] == prog)
            return 1;
    }
    return 0;
}

static void wait_unlisted(int perf, uint32_t prog)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};
    uint32_t i;

    for (i = 0; i < PATIENCE && is_listed(perf, prog) > 0; i++)
        nanosleep(&nap, NULL);
}

// ---- all of it ---------------------------------------------------------------------------------

// Takes the links that the child is to close: those whose end we can see. progs: for each point the
// program of such a link, or 0.
static void take_listed(struct nd_attach_point *v, uint32_t n, struct load *d, uint32_t *progs)
{
    uint32_t i;

    for (i = 0; i < n; i++) {
        uint32_t prog = v[i].link >= 0 && v[i].perf >= 0 && v[i].slow ? prog_of(v[i].link) : 0;

        if (!prog || is_listed(v[i].perf, prog) != 1)
            continue;
        progs[i] = prog;
        d->fds[d->links++] = v[i].link;
        v[i].link = -1;
    }
}

// All others are closed here. Kernels before 5.15 have no links, where only the event can go.
static void close_others(struct nd_attach_point *v, uint32_t n, const uint32_t *progs, int *fds)
{
    uint32_t i, many = 0;

    for (i = 0; i < n; i++) {
        if (v[i].perf >= 0)
            ioctl(v[i].perf, PERF_EVENT_IOC_DISABLE, 0);
        if (v[i].link >= 0) {
            fds[many++] = v[i].link;
            v[i].link = -1;
        } else if (v[i].perf >= 0 && !progs[i]) {
            fds[many++] = v[i].perf;
            v[i].perf = -1;
        }
    }
    close_all(fds, many);
}

static void close_event(struct nd_attach_point *p)
{
    if (p->perf >= 0)
        close(p->perf);
    p->perf = -1;
}

// progs: zeros.
static void detach(struct nd_attach_point *v, uint32_t n, struct load *d, int *fds, uint32_t *progs)
{
    int child = -1;
    uint32_t i;

    take_listed(v, n, d, progs);
    close_others(v, n, progs, fds);
    d->n = d->links;
    for (i = 0; i < n; i++) {
        if (v[i].perf >= 0 && v[i].slow)
            d->fds[d->n++] = v[i].perf;
    }
    if (d->n)
        child = start_child(d);
    close_all(d->fds, d->links);
    for (i = 0; i < n; i++) {
        if (!progs[i])
            close_event(&v[i]);
    }
    if (child >= 0)
        close(child);
    for (i = 0; i < n; i++) {
        if (progs[i])
            wait_unlisted(v[i].perf, progs[i]);
        close_event(&v[i]);
    }
}

void nd_detach_all(struct nd_attach_point *v, uint32_t n)
{
    struct load d = {.fds = calloc(2ul * n + 1, sizeof(*d.fds))};
    int *fds = calloc(n + 1, sizeof(*fds));
    uint32_t *progs = calloc(n + 1, sizeof(*progs)), i;

    if (d.fds && fds && progs) {
        detach(v, n, &d, fds, progs);
    } else { // no memory: one by one
        for (i = 0; i < n; i++) {
            if (v[i].link >= 0)
                close(v[i].link);
            if (v[i].perf >= 0)
                close(v[i].perf);
            v[i].link = v[i].perf = -1;
        }
    }
    free(d.fds);
    free(fds);
    free(progs);
}
