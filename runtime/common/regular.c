// SPDX-License-Identifier: GPL-2.0-or-later
// O_PATH names a file without opening it; only after a look at it is it opened, through /proc, so
// that it is the same one.
#include "runtime/common/regular.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

int nd_regular_pin(const char *path, bool follow)
{
    int fd = open(path, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));

    return fd < 0 ? -errno : fd;
}

int nd_regular_reopen(int pin, struct stat *st)
{
    char path[32];
    int fd;

    if (fstat(pin, st))
        return -errno;
    if (!S_ISREG(st->st_mode))
        return S_ISDIR(st->st_mode) ? -EISDIR : -EINVAL;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", pin);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return fd < 0 ? -errno : fd;
}

int nd_regular_open(const char *path, struct stat *st)
{
    struct stat unused;
    int pin = nd_regular_pin(path, true), fd;

    if (pin < 0)
        return pin;
    fd = nd_regular_reopen(pin, st ? st : &unused);
    close(pin);
    return fd;
}

#define LARGEST (4ll << 30) // a file can be all holes

// By reading: the kernel puts the breakpoints of all who trace a program into mappings of its file.
bool nd_regular_id(const char *path, char *id, size_t room)
{
    unsigned char part[16384];
    uint32_t sum = 0;
    long long size = 0;
    struct stat st;
    int fd = nd_regular_open(path, &st);
    ssize_t n = -1;

    if (fd < 0)
        return false;
    while (st.st_size <= LARGEST && size <= LARGEST && (n = read(fd, part, sizeof(part))) > 0) {
        sum = (uint32_t)crc32_z(sum, part, (size_t)n);
        size += n;
    }
    close(fd);
    snprintf(id, room, "%lld-%08x", size, sum);
    return !n && size;
}

const char *nd_regular_error(int err)
{
    return err == -EINVAL ? "it is not a regular file" : strerror(-err);
}
