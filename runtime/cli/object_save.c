// SPDX-License-Identifier: GPL-2.0-or-later
// Objects as files. Must not know what is in them. Serves `ndtrace compile`.
#include "runtime/cli/compiler.h"
#include "runtime/common/msg.h"
#include "runtime/common/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);

        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return w ? -errno : -ENOSPC;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

// Under another name first, unless it is something to write into: a device, a pipe, or a link to
// one.
static bool is_plain(const char *path)
{
    struct stat st;

    return stat(path, &st) ? errno == ENOENT : S_ISREG(st.st_mode);
}

static int save(const struct nd_object *o, const char *path, char *why, size_t size)
{
    char part[PATH_MAX], real[PATH_MAX];
    struct nd_trust trust;
    bool plain = is_plain(path);
    int fd, err;

    nd_trust_init(&trust);
    if (plain && realpath(path, real)) {
        // What is there already is replaced, where a link leads, only if it could be written to.
        fd = nd_trust_create(&trust, path, 0, why, size);
        if (fd < 0)
            return fd;
        close(fd);
        path = real;
    }
    if (snprintf(part, sizeof(part), plain ? "%s.new-%d" : "%s", path, getpid()) >=
        (int)sizeof(part))
        return -ENAMETOOLONG;
    fd = nd_trust_create(&trust, part, plain ? O_EXCL : O_TRUNC, why, size);
    if (fd < 0) {
        if (plain && fd != -EEXIST)
            unlink(part); // made, but of no use
        return fd;
    }
    err = write_all(fd, o->data, o->size);
    if (close(fd) && !err)
        err = -errno;
    if (plain && !err && rename(part, path))
        err = -errno;
    if (plain && err)
        unlink(part);
    return err;
}

int nd_object_save(const struct nd_object *o, const char *path)
{
    char why[160] = "";
    int err = save(o, path, why, sizeof(why));

    if (err)
        nd_msg("error: cannot write %s: %s", path, *why ? why : strerror(-err));
    return err;
}
