// SPDX-License-Identifier: GPL-2.0-or-later
// Waits for what ends a run and for what has to be done meanwhile: events, intervals, the process
// watched. Must not know how runs start or end. Serves the run.
#include "runtime/common/msg.h"
#include "runtime/run/followed.h"
#include "runtime/run/run_impl.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS 50000000 // at processes, whose files can be opened only while they live
#define TICK_NS 20000000 // programs wake us only when the event buffer is a quarter full

enum source {
    SRC_SIGNAL,
    SRC_TICK,
    SRC_PROCESSES,
    SRC_RING,
    SRC_HOOK,
    SRC_INTERVAL,
    SRC_DURATION,
    SRC_PROCESS,
    SRC_COME,
    SRC_PATHS,
    SRC_POLL
};

struct loop {
    struct nd_run *r;
    int epoll;
    int *fds; // the ones opened here
    uint32_t nfds, cap;
};

// What epoll keeps for us: source, index (hooks and attach points are far fewer than 2^24), fd.
#define KEY(src, index, fd) \
    ((uint64_t)(src) << 56 | (uint64_t)((index)&0xffffff) << 32 | (uint32_t)(fd))
#define KEY_SRC(key) ((enum source)((key) >> 56))
#define KEY_INDEX(key) ((uint32_t)((key) >> 32) & 0xffffff)
#define KEY_FD(key) ((int)(uint32_t)(key))

static int watch(struct loop *w, int fd, enum source src, uint32_t index, uint32_t flags)
{
    struct epoll_event ev = {.events = EPOLLIN | flags, .data.u64 = KEY(src, index, fd)};

    return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static int own(struct loop *w, int fd, enum source src, uint32_t index)
{
    if (fd < 0)
        return -errno;
    if (w->nfds == w->cap) {
        uint32_t cap = w->cap ? w->cap * 2 : 8;
        int *fds = realloc(w->fds, cap * sizeof(*fds));

        if (!fds) {
            close(fd);
            return -ENOMEM;
        }
        w->fds = fds;
        w->cap = cap;
    }
    w->fds[w->nfds++] = fd;
    return watch(w, fd, src, index, 0);
}

static int timer(struct loop *w, uint64_t ns, bool once, enum source src, uint32_t index)
{
    struct itimerspec t = {.it_value = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)}};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    if (!once)
        t.it_interval = t.it_value;
    if (fd >= 0)
        timerfd_settime(fd, 0, &t, NULL);
    return own(w, fd, src, index);
}

// 0: only at the end, because the period is an option that was not given.
static uint64_t period(const struct nd_run *r, const struct nd_mf_hook *h)
{
    uint64_t ns = h->period;

    if (h->period_opt != ND_MF_NONE)
        memcpy(&ns, r->values->data + r->mf->options[h->period_opt].off, sizeof(ns));
    return ns;
}

// Run by a timer of ours?
static bool is_timed(const struct nd_mf_attach *a)
{
    return a->kind == ND_AT_INTERVAL || (a->kind == ND_AT_ITER && a->num);
}

static int watch_intervals(struct loop *w)
{
    const struct nd_mf *mf = w->r->mf;
    uint32_t i, j;
    int err = 0;

    for (i = 0; i < mf->nhooks && !err; i++) {
        if (mf->hooks[i].kind == ND_HOOK_EVERY && period(w->r, &mf->hooks[i]))
            err = timer(w, period(w->r, &mf->hooks[i]), false, SRC_HOOK, i);
    }
    for (i = 0; i < mf->nprogs && !err; i++) {
        for (j = mf->progs[i].first; j < mf->progs[i].first + mf->progs[i].count && !err; j++) {
            if (is_timed(&mf->attaches[j]) && nd_load_prog_fd(w->r->l, i) >= 0)
                err = timer(w, mf->attaches[j].num, false, SRC_INTERVAL, j);
        }
    }
    return err;
}

#define POLL_NS 50000000u

// A descriptor that signals the end of the process; without one (Linux < 5.3) we poll for it.
static int watch_process(struct loop *w)
{
    struct nd_run *r = w->r;
    int err;

    if (!nd_features_has(&r->l->features, ND_F_PIDFD))
        return timer(w, POLL_NS, false, SRC_POLL, 0);
    err = own(w, (int)syscall(SYS_pidfd_open, r->opts->pid, 0), SRC_PROCESS, 0);
    if (err == -ESRCH)
        r->stop = true; // it ended since the probes were attached
    return err == -ESRCH ? 0 : err;
}

static int watch_all(struct loop *w)
{
    struct nd_run *r = w->r;
    int err;

    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (w->epoll < 0)
        return -errno;
    err = watch(w, r->requests.fd, SRC_SIGNAL, 0, 0);
    // Edge-triggered: as a level, every single record at a high rate would wake us.
    if (!err && r->events)
        err = watch(w, nd_events_fd(r->events), SRC_RING, 0, EPOLLET);
    if (!err && (r->events || (nd_state_there(&r->l->state) && r->mf->h->exit_off != ND_MF_NONE)))
        err = timer(w, TICK_NS, false, SRC_TICK, 0);
    if (!err && r->followed)
        err = timer(w, LOOK_NS, false, SRC_PROCESSES, 0);
    if (!err && nd_paths_period(r->paths))
        err = timer(w, nd_paths_period(r->paths), false, SRC_PATHS, 0);
    if (!err)
        err = watch_intervals(w);
    if (!err && r->opts->duration)
        err = timer(w, (uint64_t)r->opts->duration, true, SRC_DURATION, 0);
    if (!err && nd_attach_come_fd(r->attach) >= 0)
        err = watch(w, nd_attach_come_fd(r->attach), SRC_COME, 0, 0);
    if (!err && r->opts->pid)
        err = watch_process(w);
    return err;
}

// Without a probe, a timer or a process to wait for, nothing can happen any more.
static bool idle_forever(const struct nd_run *r)
{
    const struct nd_mf *mf = r->mf;
    bool waits =
        nd_attach_count(r->attach) || r->opts->duration || r->opts->command || r->opts->pid;
    uint32_t i, j;

    for (i = 0; i < mf->nhooks && !waits; i++)
        waits = mf->hooks[i].kind == ND_HOOK_EVERY;
    for (i = 0; i < mf->nprogs && !waits; i++) {
        for (j = mf->progs[i].first; j < mf->progs[i].first + mf->progs[i].count && !waits; j++)
            waits = (is_timed(&mf->attaches[j]) || mf->attaches[j].kind == ND_AT_SIGNAL) &&
                    nd_load_prog_fd(r->l, i) >= 0;
    }
    return !waits;
}

static void print_now(struct nd_run *r)
{
    nd_run_drain(r); // what was printed before comes before
    nd_maps_handler(r->maps);
    nd_run_print_maps(r);
    nd_sink_flush(r->sink);
}

// Does the script have probes on SIGUSR1?
static bool has_signals(const struct nd_mf *mf)
{
    uint32_t i;

    for (i = 0; i < mf->nattaches; i++) {
        if (mf->attaches[i].kind == ND_AT_SIGNAL)
            return true;
    }
    return false;
}

static void on_signal(struct nd_run *r)
{
    if (nd_run_asked(r))
        r->stop = true;
    else if (r->requests.print && has_signals(r->mf))
        nd_run_called(r, ND_AT_SIGNAL, ND_MF_NONE);
    else if (r->requests.print)
        print_now(r);
    r->requests.print = false;
}

static void dispatch(struct nd_run *r, uint64_t key)
{
    enum source src = KEY_SRC(key);
    uint64_t expirations;

    if (src != SRC_SIGNAL && src != SRC_RING && src != SRC_PROCESS && src != SRC_COME &&
        read(KEY_FD(key), &expirations, sizeof(expirations)) != (ssize_t)sizeof(expirations))
        return; // not due after all
    switch (src) {
    case SRC_SIGNAL:
        on_signal(r);
        break;
    case SRC_HOOK:
        nd_run_drain(r); // what was sent in this interval belongs into it
        if (!r->stop)
            nd_run_hook(r, KEY_INDEX(key));
        break;
    case SRC_INTERVAL:
        nd_run_called(r, r->mf->attaches[KEY_INDEX(key)].kind, KEY_INDEX(key));
        break;
    case SRC_PROCESSES:
        nd_followed_look(r->followed);
        break;
    case SRC_PATHS:
        nd_run_sweep(r);
        break;
    case SRC_COME:
        nd_attach_come(r->attach);
        break;
    case SRC_DURATION:
    case SRC_PROCESS:
        r->stop = true;
        break;
    case SRC_POLL:
        if (kill((pid_t)r->opts->pid, 0) && errno == ESRCH)
            r->stop = true;
        break;
    default:
        break; // events are taken after every wait
    }
}

// ---- a bound on our own CPU time ---------------------------------------------------------------

struct budget { // since when it is counted, ns: a second at most, so that idle time is not saved up
    int64_t wall, cpu;
};

static int64_t cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// For how many milliseconds no events are to be taken; 0: they may be. Meanwhile the kernel's side
// drops and counts what finds no room.
static int over_budget(const struct nd_run *r, struct budget *b)
{
    int64_t now, cpu, allowed, wait;

    if (!r->opts->max_cpu)
        return 0;
    now = nd_now();
    cpu = cpu_now();
    allowed = (now - b->wall) * r->opts->max_cpu / 100;
    if (cpu - b->cpu <= allowed) {
        if (now - b->wall > 1000000000)
            *b = (struct budget){now, cpu};
        return 0;
    }
    wait = (cpu - b->cpu - allowed) * 100 / r->opts->max_cpu / 1000000 + 1;
    return wait < 100 ? (int)wait : 100;
}

void nd_loop(struct nd_run *r)
{
    struct loop w = {.r = r, .epoll = -1};
    struct budget budget = {nd_now(), cpu_now()};
    struct epoll_event ev[16];
    uint32_t i;
    int n, err, more = 0, pause = 0;

    err = watch_all(&w);
    if (err) {
        nd_msg("error: cannot wait for events: %s", strerror(-err));
        nd_run_fail(r, err);
    }
    if (idle_forever(r))
        r->stop = true;
    nd_child_go(&r->child);
    while (!r->stop) {
        n = epoll_wait(w.epoll, ev, 16, pause ? pause : more > 0 ? 0 : -1);
        if (n < 0 && errno != EINTR) {
            nd_run_fail(r, -errno);
            break;
        }
        for (i = 0; (int)i < n && !r->stop; i++)
            dispatch(r, ev[i].data.u64);
        if (r->stop)
            break;
        pause = over_budget(r, &budget);
        if (!pause)
            more = nd_run_take(r);
    }
    for (i = 0; i < w.nfds; i++)
        close(w.fds[i]);
    free(w.fds);
    if (w.epoll >= 0)
        close(w.epoll);
}
