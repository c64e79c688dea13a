// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel waits for a grace period (20 to 75 ms) when a perf link is closed, and again when the
// last event of a tracepoint or uprobe is. The first waits run side by side, so links are closed by
// several threads. The second ones stand in line behind one lock (perf_trace_destroy), so threads
// do not help: one or two are closed while the results are printed; for more, a child that holds
// nothing but these descriptors waits in our place. Nothing runs there any more.
#include "runtime/kernel/detach.h"

#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS 32

struct closer {
    pthread_t thread;
    struct nd_point *v;
    uint32_t n, first, step;
    bool started;
};

static void *close_links(void *arg)
{
    struct closer *c = arg;
    uint32_t i;

    for (i = c->first; i < c->n; i += c->step) {
        struct nd_point *p = &c->v[i];

        if (p->link >= 0) {
            close(p->link);
            p->link = -1;
        } else if (p->perf >= 0) { // kernels before 5.15 have no link: only the event can go
            close(p->perf);
            p->perf = -1;
        }
    }
    return NULL;
}

void nd_detach_links(struct nd_point *v, uint32_t n)
{
    struct closer c[THREADS];
    uint32_t i, waits = 0, threads;

    for (i = 0; i < n; i++) {
        if (v[i].link >= 0 && v[i].perf >= 0)
            waits++;
        if (v[i].perf >= 0)
            ioctl(v[i].perf, PERF_EVENT_IOC_DISABLE, 0);
    }
    threads = waits < THREADS ? waits : THREADS;
    threads = threads ? threads : 1;
    for (i = 0; i < threads; i++) {
        c[i] = (struct closer){.v = v, .n = n, .first = i, .step = threads};
        c[i].started = i && !pthread_create(&c[i].thread, NULL, close_links, &c[i]);
    }
    for (i = 0; i < threads; i++) {
        if (!c[i].started)
            close_links(&c[i]);
    }
    for (i = 0; i < threads; i++) {
        if (c[i].started)
            pthread_join(c[i].thread, NULL);
    }
}

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

static void close_in_child(int *fds, int n)
{
    unsigned next = 0;
    pid_t pid;
    int i;

    qsort(fds, (size_t)n, sizeof(*fds), by_number);
    pid = fork();
    if (!pid) {
        for (i = 0; i < n; i++) {
            if ((unsigned)fds[i] > next)
                close_between(next, (unsigned)fds[i] - 1);
            next = (unsigned)fds[i] + 1;
        }
        close_between(next, ~0u);
        _exit(0);
    }
    for (i = 0; i < n; i++)
        close(fds[i]); // if there is no child: slow, but as right
}

static void *close_few(void *arg)
{
    struct nd_detach *d = arg;
    int i;

    for (i = 0; i < d->n; i++)
        close(d->fds[i]);
    return NULL;
}

void nd_detach_events(struct nd_detach *d, struct nd_point *v, uint32_t n)
{
    int *fds = calloc(n + 1, sizeof(*fds)), slow = 0;
    uint32_t i;

    for (i = 0; i < n; i++) {
        int fd = v[i].perf;

        v[i].perf = -1;
        if (fd >= 0 && v[i].slow && fds)
            fds[slow++] = fd;
        else if (fd >= 0)
            close(fd);
    }
    if (slow > (int)(sizeof(d->fds) / sizeof(*d->fds)) || (slow && d->running)) {
        close_in_child(fds, slow);
    } else if (slow) {
        for (d->n = 0; d->n < slow; d->n++)
            d->fds[d->n] = fds[d->n];
        d->running = !pthread_create(&d->thread, NULL, close_few, d);
        if (!d->running)
            close_few(d);
    }
    free(fds);
}

void nd_detach_wait(struct nd_detach *d)
{
    if (d->running)
        pthread_join(d->thread, NULL);
    d->running = false;
}
