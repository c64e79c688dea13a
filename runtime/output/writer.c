// SPDX-License-Identifier: GPL-2.0-or-later
// The descriptor stays blocking, because whoever gave it to us may share it. poll(2) tells when a
// pipe takes a page and a terminal a line; no more than that is written at once.
#include "runtime/output/writer.h"

#include "runtime/common/msg.h"
#include "runtime/common/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 50
#define TTY_MOST 256u         // n_tty says "writable" from so many characters on
#define KEPT_MAX (16ul << 20) // bytes kept for later

static size_t most_of(int fd)
{
    struct stat st;

    if (fstat(fd, &st) || S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
        return 0;
    return isatty(fd) ? TTY_MOST : PIPE_BUF;
}

void nd_writer_init(struct nd_writer *w, int fd)
{
    *w = (struct nd_writer){.fd = fd, .most = most_of(fd)};
}

int nd_writer_open(const char *path, enum nd_write_wait (*wait)(void *arg), void *arg)
{
    const struct timespec nap = {.tv_nsec = LOOK_MS * 1000000};
    struct nd_trust trust;
    char why[160];
    int fd;

    nd_trust_init(&trust);
    for (;;) {
        fd = nd_trust_create(&trust, path, O_TRUNC | O_NONBLOCK, why, sizeof(why));
        if (fd >= 0)
            break;
        if (fd == -EPERM && *why)
            nd_msg("error: %s is not written to: %s", path, why);
        if (fd != -ENXIO) // a FIFO that nobody reads yet
            return fd;
        if (wait && wait(arg) != ND_WRITE_WAIT)
            return -EINTR;
        nanosleep(&nap, NULL);
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// What one write takes; 0: nothing now.
static size_t take(struct nd_writer *w, const char *p, size_t n)
{
    struct pollfd pfd = {.fd = w->fd, .events = POLLOUT};
    ssize_t r;

    if (w->most && now_ms() < w->look)
        return 0;
    if (w->most && poll(&pfd, 1, 0) <= 0) {
        w->look = now_ms() + LOOK_MS / 2;
        return 0;
    }
    r = write(w->fd, p, w->most && n > w->most ? w->most : n);
    if (r >= 0)
        return (size_t)r;
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        w->err = -errno;
    return 0;
}

static void keep(struct nd_writer *w, const char *p, size_t n)
{
    size_t room = KEPT_MAX - w->nkept;
    char *kept;

    if (w->nkept + n > w->cap && w->cap < KEPT_MAX) {
        kept = realloc(w->kept, KEPT_MAX);
        if (kept) {
            w->kept = kept;
            w->cap = KEPT_MAX;
        }
    }
    if (!w->cap)
        room = 0;
    if (n > room) {
        w->dropped += n - room;
        n = room;
    }
    if (n)
        memcpy(w->kept + w->nkept, p, n);
    w->nkept += n;
}

// How many of the bytes were written; the others are for later, or dropped.
static size_t put(struct nd_writer *w, const char *p, size_t n, bool *later)
{
    struct pollfd pfd = {.fd = w->fd, .events = POLLOUT};
    int64_t moved = now_ms();
    size_t done = 0, r;

    while (done < n && !w->err) {
        enum nd_write_wait how;

        r = take(w, p + done, n - done);
        done += r;
        if (r)
            moved = now_ms();
        if (r || w->err)
            continue;
        how = w->wait ? w->wait(w->arg) : ND_WRITE_WAIT;
        *later = how == ND_WRITE_LATER;
        if (*later)
            break;
        if (how == ND_WRITE_LAST && (w->stalled || now_ms() - moved >= ND_WRITE_STALL_MS)) {
            w->stalled = true;
            w->dropped += n - done;
            break;
        }
        poll(&pfd, 1, LOOK_MS);
    }
    return done;
}

static void put_kept(struct nd_writer *w)
{
    bool later = false;
    size_t n = w->nkept, done;

    if (!n)
        return;
    done = put(w, w->kept, n, &later);
    w->nkept = later ? n - done : 0;
    if (w->nkept)
        memmove(w->kept, w->kept + done, w->nkept);
}

void nd_writer_put(struct nd_writer *w, const char *p, size_t n)
{
    bool later = false;
    size_t done;

    put_kept(w);
    if (w->nkept) {
        keep(w, p, n);
        return;
    }
    done = put(w, p, n, &later);
    if (later)
        keep(w, p + done, n - done);
}

void nd_writer_free(struct nd_writer *w)
{
    put_kept(w);
    w->dropped += w->nkept;
    free(w->kept);
    w->kept = NULL;
    w->nkept = w->cap = 0;
}
