// SPDX-License-Identifier: GPL-2.0-or-later
// The clock of time limits: without what other work took of the CPUs, which a watcher writes to the
// file TEST_LOST (tests/host/within.c), and longer by TEST_SCALE percent. As tests/clock.sh.
#ifndef ND_TEST_CLOCK_H
#define ND_TEST_CLOCK_H

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static inline int64_t clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline int64_t counted_ms(void)
{
    const char *path = getenv("TEST_LOST");
    char text[17] = "";
    int fd = path && *path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        if (read(fd, text, 16) < 0)
            *text = 0;
        close(fd);
    }
    return clock_ms() - strtoll(text, NULL, 10);
}

static inline int64_t scaled_ms(int64_t ms)
{
    const char *scale = getenv("TEST_SCALE");
    int64_t percent = scale ? atoll(scale) : 100;

    return percent > 100 ? ms * percent / 100 : ms;
}

#endif
