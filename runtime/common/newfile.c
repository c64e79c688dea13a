// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/common/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void other_name(struct nd_newfile *f)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(f->tmp, sizeof(f->tmp), ".new-%d-%ld", getpid(), now.tv_nsec);
}

int nd_newfile_begin(struct nd_newfile *f, int dir)
{
    f->dir = dir;
    f->tmp[0] = 0;
    f->fd = openat(dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    if (f->fd >= 0)
        return 0;
    other_name(f); // NFS and others make none without a name
    f->fd = openat(dir, f->tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return f->fd < 0 ? -errno : 0;
}

// A link does not replace a file; a rename does.
static int give_name(struct nd_newfile *f, const char *name)
{
    char self[32];

    snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
    if (!f->tmp[0] && !linkat(AT_FDCWD, self, f->dir, name, AT_SYMLINK_FOLLOW))
        return 0;
    if (!f->tmp[0]) {
        if (errno != EEXIST)
            return -errno;
        other_name(f);
        if (linkat(AT_FDCWD, self, f->dir, f->tmp, AT_SYMLINK_FOLLOW)) {
            f->tmp[0] = 0;
            return -errno;
        }
    }
    return renameat(f->dir, f->tmp, f->dir, name) ? -errno : 0;
}

int nd_newfile_end(struct nd_newfile *f, const char *name, int err)
{
    if (!err)
        err = give_name(f, name);
    if (err && f->tmp[0])
        unlinkat(f->dir, f->tmp, 0);
    if (close(f->fd) && !err)
        err = -errno;
    return err;
}
