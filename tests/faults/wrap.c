// SPDX-License-Identifier: GPL-2.0-or-later
// Functions that can fail, made to fail: linked in front of those of the C library (ld --wrap). The
// call that $NDTRACE_FAULT names by its number fails, counted from 1 over all of its kind
// ("alloc:17" or "call:230"); with a + after it, so do all that follow. What was counted is written
// to $NDTRACE_FAULT_COUNT when the program ends. Serves tests/faults/run.sh.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { ALLOC, CALL, KINDS };
static const char *const names[KINDS] = {"alloc", "call"};
static atomic_long counted[KINDS];
static long first[KINDS]; // 0: none fails
static bool all_after[KINDS];
static int report = -1;

static void tell(void)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "alloc %ld\ncall %ld\n", counted[ALLOC], counted[CALL]);

    if (report >= 0 && pwrite(report, text, (size_t)n, 0) != n)
        report = -1;
}

__attribute__((constructor)) static void begin(void)
{
    const char *v = getenv("NDTRACE_FAULT"), *to = getenv("NDTRACE_FAULT_COUNT");
    int i;

    for (i = 0; v && i < KINDS; i++) {
        size_t n = strlen(names[i]);
        char *end;

        if (strncmp(v, names[i], n) != 0 || v[n] != ':')
            continue;
        first[i] = strtol(v + n + 1, &end, 10);
        all_after[i] = *end == '+';
    }
    if (to)
        report = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    atexit(tell);
}

static bool fails(enum kind k, int err)
{
    long n = ++counted[k];

    if (!first[k] || (all_after[k] ? n < first[k] : n != first[k]))
        return false;
    errno = err;
    return true;
}

#define WRAP(kind, err, failed, ret, name, params, args)       \
    ret __real_##name params;                                  \
    ret __wrap_##name params;                                  \
    ret __wrap_##name params                                   \
    {                                                          \
        return fails(kind, err) ? failed : __real_##name args; \
    }

WRAP(ALLOC, ENOMEM, NULL, void *, malloc, (size_t n), (n))
WRAP(ALLOC, ENOMEM, NULL, void *, calloc, (size_t n, size_t m), (n, m))
WRAP(ALLOC, ENOMEM, NULL, void *, realloc, (void *p, size_t n), (p, n))
WRAP(ALLOC, ENOMEM, NULL, char *, strdup, (const char *s), (s))
WRAP(ALLOC, ENOMEM, NULL, char *, strndup, (const char *s, size_t n), (s, n))
WRAP(CALL, ENOMEM, MAP_FAILED, void *, mmap, (void *a, size_t n, int p, int f, int fd, off_t o),
     (a, n, p, f, fd, o))
WRAP(CALL, EIO, -1, ssize_t, read, (int fd, void *p, size_t n), (fd, p, n))
WRAP(CALL, EIO, -1, ssize_t, pread, (int fd, void *p, size_t n, off_t o), (fd, p, n, o))
WRAP(CALL, EIO, -1, ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n))
WRAP(CALL, EIO, -1, ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
WRAP(CALL, EMFILE, NULL, FILE *, fopen, (const char *p, const char *m), (p, m))
WRAP(CALL, ENOMEM, NULL, FILE *, fdopen, (int fd, const char *m), (fd, m))
WRAP(CALL, EACCES, -1, int, stat, (const char *p, struct stat *st), (p, st))
WRAP(CALL, EACCES, -1, int, lstat, (const char *p, struct stat *st), (p, st))
WRAP(CALL, EIO, -1, int, fstat, (int fd, struct stat *st), (fd, st))
WRAP(CALL, EACCES, -1, ssize_t, readlink, (const char *p, char *to, size_t n), (p, to, n))
WRAP(CALL, EMFILE, -1, int, pipe2, (int *fds, int flags), (fds, flags))
WRAP(CALL, EMFILE, -1, int, memfd_create, (const char *n, unsigned int f), (n, f))
WRAP(CALL, EMFILE, -1, int, socket, (int d, int t, int p), (d, t, p))
WRAP(CALL, EMFILE, -1, int, socketpair, (int d, int t, int p, int *v), (d, t, p, v))
WRAP(CALL, EADDRINUSE, -1, int, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
WRAP(CALL, EAGAIN, -1, pid_t, fork, (void), ())
WRAP(CALL, EMFILE, -1, int, epoll_create1, (int f), (f))
WRAP(CALL, ENOMEM, -1, int, epoll_ctl, (int e, int op, int fd, struct epoll_event *ev),
     (e, op, fd, ev))
WRAP(CALL, EINVAL, -1, int, munmap, (void *p, size_t n), (p, n))
WRAP(CALL, EAGAIN, EAGAIN, int, pthread_create,
     (pthread_t * t, const pthread_attr_t *a, void *(*fn)(void *), void *arg), (t, a, fn, arg))
WRAP(CALL, ENOMEM, ENOMEM, int, posix_spawn,
     (pid_t * pid, const char *path, const posix_spawn_file_actions_t *fa,
      const posix_spawnattr_t *at, char *const *argv, char *const *env),
     (pid, path, fa, at, argv, env))

// Those that take what follows by its kind.
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list ap;
    mode_t mode;

    va_start(ap, flags);
    mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return fails(CALL, EMFILE) ? -1 : __real_open(path, flags, mode);
}

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...)
{
    va_list ap;
    mode_t mode;

    va_start(ap, flags);
    mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return fails(CALL, EMFILE) ? -1 : __real_openat(dir, path, flags, mode);
}

int __real_ioctl(int fd, unsigned long what, ...);
int __wrap_ioctl(int fd, unsigned long what, ...);
int __wrap_ioctl(int fd, unsigned long what, ...)
{
    va_list ap;
    void *arg;

    va_start(ap, what);
    arg = va_arg(ap, void *);
    va_end(ap);
    return fails(CALL, EINVAL) ? -1 : __real_ioctl(fd, what, arg);
}

// bpf(2), perf_event_open(2) and others that the C library has no function for.
long __real_syscall(long nr, ...);
long __wrap_syscall(long nr, ...);
long __wrap_syscall(long nr, ...)
{
    long a[6];
    va_list ap;
    int i;

    va_start(ap, nr);
    for (i = 0; i < 6; i++)
        a[i] = va_arg(ap, long);
    va_end(ap);
    return fails(CALL, ENOMEM) ? -1 : __real_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}
