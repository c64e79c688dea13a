// SPDX-License-Identifier: GPL-2.0-or-later
// What people ask of a run by signals. Until the run ends they are read from a descriptor, so that
// nothing is left half done. While it ends they interrupt: a second request cuts user code short, a
// third one ends the process. Must not know what a run prints. Serves the run.
#include "runtime/run/requests.h"

#include "runtime/common/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define SAME_NS 300000000 // timeout(1), terminals and impatient people send one request twice

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int nd_requests_open(struct nd_requests *q, bool child)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    nd_signals_end(&set);
    sigaddset(&set, SIGUSR1);
    if (child)
        sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    q->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return q->fd < 0 ? -errno : 0;
}

bool nd_requests_take(struct nd_requests *q)
{
    struct signalfd_siginfo si;

    while (q->fd >= 0 && read(q->fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
        if (si.ssi_signo == SIGUSR1)
            q->print = true;
        else if (si.ssi_signo != SIGCHLD && !q->end)
            q->end = now();
    }
    return q->end != 0;
}

// ---- while the run ends -------------------------------------------------------------------------

// A handler has no other way to the run than a variable of the file.
static _Atomic int64_t last;
static atomic_bool hurry;

static void again(int signo)
{
    int64_t t = now();

    if (t - last < SAME_NS)
        return;
    last = t;
    if (!hurry) {
        hurry = true;
        return;
    }
    signal(signo, SIG_DFL);
    raise(signo); // delivered when this handler returns
}

void nd_requests_ending(const struct nd_requests *q)
{
    struct sigaction act = {.sa_handler = again, .sa_flags = SA_RESTART};
    sigset_t set;
    int s;

    last = q->end ? q->end : now() - SAME_NS;
    nd_signals_end(&set);
    for (s = 1; s < NSIG; s++) {
        if (sigismember(&set, s) == 1)
            sigaction(s, &act, NULL);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

bool nd_requests_hurry(void)
{
    return hurry;
}
