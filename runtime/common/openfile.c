// SPDX-License-Identifier: GPL-2.0-or-later
// The file is named first and opened by that name's descriptor: nobody can exchange it in between.
#include "runtime/common/openfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int reopen(int named, bool pipes)
{
    char path[64];
    struct stat st;
    int fd;

    if (fstat(named, &st))
        return -errno;
    if (!S_ISREG(st.st_mode) && !(pipes && S_ISFIFO(st.st_mode)))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", named);
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int open_named(const char *path, bool pipes)
{
    int named = open(path, O_PATH | O_CLOEXEC), fd;

    if (named < 0)
        return -errno;
    fd = reopen(named, pipes);
    close(named);
    return fd;
}

int nd_openfile_regular(const char *path)
{
    return open_named(path, false);
}

int nd_openfile_stream(const char *path)
{
    return open_named(path, true);
}
