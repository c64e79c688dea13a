// SPDX-License-Identifier: GPL-2.0-or-later
// Does a thing a known number of times, so that probes can be held to it: calls of one kernel
// function, of one own function, of one static probe. Must not know tracers. Serves tests/vm/tests.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sdt.h>
#include <time.h>
#include <unistd.h>

#define LEN 1000

__attribute__((noinline)) long nd_target(long a, const char *text);
long nd_target(long a, const char *text)
{
    __asm__ volatile("" ::: "memory");
    return a * 2 + (long)strlen(text);
}

// vfs_fallocate(file, mode, offset, len): nobody else on an idle machine calls it.
static int fallocates(long n)
{
    int fd = memfd_create("stimulus", 0);
    long i, failed = 0;

    for (i = 0; i < n; i++) {
        if (fallocate(fd, 0, i, LEN))
            return 1;
        if (fallocate(fd, 0x1000, i, LEN)) // no such mode: -EOPNOTSUPP
            failed++;
    }
    printf("%ld good, %ld failed\n", n, failed);
    return failed != n;
}

static int targets(long n)
{
    long i, sum = 0;

    for (i = 0; i < n; i++) {
        sum += nd_target(i, "abc");
        DTRACE_PROBE2(ndtest, step, i, "abc");
    }
    printf("sum %ld\n", sum);
    return 0;
}

static int spin(long ms)
{
    struct timespec t;
    long end;

    clock_gettime(CLOCK_MONOTONIC, &t);
    end = t.tv_sec * 1000 + t.tv_nsec / 1000000 + ms;
    do
        clock_gettime(CLOCK_MONOTONIC, &t);
    while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < end);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(long n);
    } things[] = {{"fallocate", fallocates}, {"target", targets}, {"spin", spin}};
    size_t i;

    for (i = 0; argc == 3 && i < sizeof(things) / sizeof(*things); i++) {
        if (!strcmp(argv[1], things[i].name))
            return things[i].run(atol(argv[2]));
    }
    fprintf(stderr, "usage: stimulus fallocate|target|spin N\n");
    return 2;
}
