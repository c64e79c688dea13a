// SPDX-License-Identifier: GPL-2.0-or-later
// The process is forked from us, not executed: that takes 0.3 ms, needs no file, and works where
// executing is forbidden. Messages are packets of a socket pair, numbered, so that an answer
// belongs to its question.
#include "runtime/common/aside.h"

#include "runtime/common/aside_impl.h"
#include "runtime/common/msg.h"
#include "runtime/common/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define IDLE_MS 1000   // without an answer, and without running
#define BUSY_MS 5000   // and running
#define ENDING_MS 300  // when we were told to end
#define SLICE_MS 20    // between two looks at that
#define CPU_S 5        // for one message
#define PAUSE_MS 10000 // before it is started again, from the second time on
#define USELESS 3      // starts without looking at anything: then it cannot work here

struct packet {
    uint32_t number; // 0: no answer is wanted
    uint8_t bytes[ND_ASIDE_MESSAGE];
};
#define HEAD offsetof(struct packet, bytes)

struct nd_aside {
    const struct nd_aside_job *job;
    pid_t pid; // 0: it does not run
    int fd;
    volatile uint64_t *at; // a word that we share
    uint64_t last_at;
    uint32_t starts, number;
    uint32_t useless; // starts since it last looked at something
    int64_t again_ms; // not before
    struct packet packet;
};

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

// ---- the process -------------------------------------------------------------------------------

static void serve(const struct nd_aside_job *job, int fd, volatile uint64_t *at)
{
    struct packet *in = malloc(sizeof(*in)), *out = malloc(sizeof(*out));
    void *state = job->start();
    ssize_t n;
    size_t len;

    while (in && out && state) {
        n = recv(fd, in, sizeof(*in), 0);
        if (n < (ssize_t)HEAD)
            break; // we are gone
        nd_aside_cpu(CPU_S);
        len = job->serve(state, in->bytes, (size_t)n - HEAD, out->bytes, at);
        *at = 0;
        out->number = in->number;
        if (in->number && send(fd, out, HEAD + len, MSG_NOSIGNAL) < 0)
            break;
    }
}

static void run_aside(const struct nd_aside *a, int fd, pid_t parent)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t held;
    int i;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    prctl(PR_SET_NAME, "ndtrace-reader");
    for (i = 1; i < 32; i++)
        sigaction(i, &usual, NULL);
    sigemptyset(&held); // keys of the terminal are for us: it ends with us
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGQUIT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGTSTP);
    sigprocmask(SIG_SETMASK, &held, NULL);
    if (!nd_aside_confine(fd))
        serve(a->job, fd, a->at);
    _exit(0);
}

static bool start(struct nd_aside *a)
{
    pid_t parent = getpid(), pid;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
        return false;
    *a->at = 0;
    pid = fork();
    if (!pid) {
        close(fds[0]);
        run_aside(a, fds[1], parent);
    }
    if (pid < 0) {
        int err = errno;

        close(fds[0]);
        close(fds[1]);
        errno = err;
        return false;
    }
    close(fds[1]);
    a->pid = pid;
    a->fd = fds[0];
    a->starts++;
    a->useless++;
    return true;
}

// ---- its end -----------------------------------------------------------------------------------

// Waits a moment, at most a tenth of a second: what hangs in a file system must not hold us.
static int reap(pid_t pid, int *status)
{
    struct timespec pause = {0, 50000};
    int got = waitpid(pid, status, WNOHANG);

    while (!got && pause.tv_nsec < 100000000) {
        nanosleep(&pause, NULL);
        pause.tv_nsec *= 2;
        got = waitpid(pid, status, WNOHANG);
    }
    return got == pid ? 0 : -ECHILD;
}

static void end_process(struct nd_aside *a, int *status)
{
    close(a->fd);
    a->fd = -1;
    kill(a->pid, SIGKILL);
    if (reap(a->pid, status))
        *status = SIGKILL;
    a->pid = 0;
}

// why: NULL: it ended by itself.
static void died(struct nd_aside *a, const char *why)
{
    char text[96];
    int status = 0;

    a->last_at = *a->at;
    if (a->last_at) // it came as far as looking at something
        a->useless = 0;
    if (!why && waitpid(a->pid, &status, WNOHANG) == a->pid) {
        close(a->fd);
        a->fd = -1;
        a->pid = 0;
    } else {
        end_process(a, &status);
    }
    if (!why) {
        if (WIFSIGNALED(status))
            snprintf(text, sizeof(text), "was ended by signal %d (%s)", WTERMSIG(status),
                     strsignal(WTERMSIG(status)));
        else
            snprintf(text, sizeof(text), "ended");
        why = text;
    }
    a->again_ms = a->useless >= USELESS ? INT64_MAX : a->starts < 2 ? 0 : now_ms() + PAUSE_MS;
    nd_msg("warning: the process that reads %s %s; %s", a->job->what, why,
           !a->again_ms               ? "it is started again"
           : a->again_ms == INT64_MAX ? "it does not work here, so there are none"
                                      : "it is started again in 10 s, until then there are none");
}

// Is it doing something, or waiting to?
static bool runs(pid_t pid)
{
    char path[48], text[256], *p;
    FILE *f;
    size_t n;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    f = fopen(path, "re");
    n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = 0;
    p = strrchr(text, ')');
    return p && p[1] == ' ' && p[2] == 'R';
}

// Until the socket is ready for events; false: it took too long.
static bool wait_for(const struct nd_aside *a, short events)
{
    struct pollfd p = {.fd = a->fd, .events = events};
    int64_t from = now_ms(), waited;

    for (;;) {
        if (poll(&p, 1, SLICE_MS) > 0)
            return true;
        waited = now_ms() - from;
        if (nd_signals_pending() && waited >= ENDING_MS)
            return false;
        if (waited >= BUSY_MS || (waited >= IDLE_MS && !runs(a->pid)))
            return false;
    }
}

// ---- messages ----------------------------------------------------------------------------------

#define TOO_LONG "took too long, and was ended"

static int put(struct nd_aside *a, uint32_t number, const void *msg, size_t n)
{
    if (!nd_aside_up(a))
        return -EAGAIN;
    if (n > sizeof(a->packet.bytes))
        return -E2BIG;
    a->packet.number = number;
    if (n)
        memcpy(a->packet.bytes, msg, n);
    while (send(a->fd, &a->packet, HEAD + n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            died(a, NULL);
            return -EPIPE;
        }
        if (!wait_for(a, POLLOUT)) {
            died(a, TOO_LONG);
            return -ETIMEDOUT;
        }
    }
    return 0;
}

int nd_aside_tell(struct nd_aside *a, const void *msg, size_t n)
{
    return put(a, 0, msg, n);
}

ssize_t nd_aside_ask(struct nd_aside *a, const void *msg, size_t n, void *out, size_t size)
{
    ssize_t got;
    int err;

    a->number = a->number == UINT32_MAX ? 1 : a->number + 1;
    err = put(a, a->number, msg, n);
    if (err)
        return err;
    if (!wait_for(a, POLLIN)) {
        died(a, TOO_LONG);
        return -ETIMEDOUT;
    }
    got = recv(a->fd, &a->packet, sizeof(a->packet), MSG_DONTWAIT | MSG_TRUNC);
    if (got <= 0) {
        died(a, NULL);
        return -EPIPE;
    }
    if (got < (ssize_t)HEAD || (size_t)got > sizeof(a->packet) || a->packet.number != a->number ||
        (size_t)got - HEAD > size) {
        died(a, "gave a wrong answer, and was ended");
        return -EPROTO;
    }
    a->useless = 0;
    memcpy(out, a->packet.bytes, (size_t)got - HEAD);
    return got - (ssize_t)HEAD;
}

uint32_t nd_aside_up(struct nd_aside *a)
{
    if (a->pid)
        return a->starts;
    if (a->again_ms && now_ms() < a->again_ms)
        return 0;
    if (start(a))
        return a->starts;
    if (!a->again_ms)
        nd_msg("warning: the process that reads %s cannot be started: %s", a->job->what,
               strerror(errno));
    a->again_ms = now_ms() + PAUSE_MS;
    return 0;
}

uint64_t nd_aside_at(const struct nd_aside *a)
{
    return a->last_at;
}

// ---- life --------------------------------------------------------------------------------------

struct nd_aside *nd_aside_new(const struct nd_aside_job *job)
{
    struct nd_aside *a = calloc(1, sizeof(*a));
    void *page;

    if (!a)
        return NULL;
    page = mmap(NULL, sizeof(*a->at), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        free(a);
        return NULL;
    }
    a->job = job;
    a->at = page;
    a->fd = -1;
    return a;
}

void nd_aside_free(struct nd_aside *a)
{
    int status;

    if (!a)
        return;
    if (a->pid)
        end_process(a, &status);
    munmap((void *)(uintptr_t)a->at, sizeof(*a->at));
    free(a);
}
