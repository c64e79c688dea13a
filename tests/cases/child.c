// SPDX-License-Identifier: GPL-2.0-or-later
// One child with a time limit: what it wrote on stdout and stderr, and how it ended. Must not know
// cases. Serves the runner of cases.
#include "case.h"
#include "tests/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 10000, LOOK_MS = 200 };

struct stream {
    int fd;
    char *v;
    size_t n, cap;
};

static void read_some(struct stream *s)
{
    ssize_t r;

    if (s->n + 4096 > s->cap) {
        s->cap = s->cap * 2 + 65536;
        s->v = realloc(s->v, s->cap);
        if (!s->v)
            abort();
    }
    r = read(s->fd, s->v + s->n, s->cap - s->n - 1);
    if (r < 0 && errno == EINTR)
        return;
    if (r <= 0) {
        close(s->fd);
        s->fd = -1;
        return;
    }
    s->n += (size_t)r;
}

static char *text_of(struct stream *s)
{
    if (!s->v)
        return strdup("");
    s->v[s->n] = 0;
    return s->v;
}

static void child(char *const argv[], const int out[2], const int err[2])
{
    int null = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    dup2(null, 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    close(out[0]);
    close(err[0]);
    setenv("NDTRACE_CACHE", "off", 1); // each case compiles
    execv(argv[0], argv);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

void run_child(char *const argv[], struct outcome *o)
{
    int out[2], err[2];
    struct stream s[2];
    int64_t end = counted_ms() + scaled_ms(LIMIT_MS);
    pid_t pid;

    memset(o, 0, sizeof(*o));
    memset(s, 0, sizeof(s));
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
        abort();
    pid = fork();
    if (pid == 0)
        child(argv, out, err);
    setpgid(pid, pid);
    close(out[1]);
    close(err[1]);
    s[0].fd = out[0];
    s[1].fd = err[0];
    while (s[0].fd >= 0 || s[1].fd >= 0) {
        struct pollfd p[2] = {{.fd = s[0].fd, .events = POLLIN}, {.fd = s[1].fd, .events = POLLIN}};

        if (counted_ms() >= end) {
            o->timeout = true;
            kill(-pid, SIGKILL);
            break;
        }
        if (poll(p, 2, LOOK_MS) <= 0)
            continue;
        if (p[0].revents)
            read_some(&s[0]);
        if (p[1].revents)
            read_some(&s[1]);
    }
    waitpid(pid, &o->status, 0);
    o->out = text_of(&s[0]);
    o->err = text_of(&s[1]);
}
