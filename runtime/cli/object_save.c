// SPDX-License-Identifier: GPL-2.0-or-later
// Objects as files. Must not know what is in them. Serves `ndtrace compile`.
#include "runtime/cli/compiler.h"
#include "runtime/common/msg.h"
#include "runtime/common/newfile.h"
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

// Something to write into: a device, a pipe, or a link to one.
static bool is_special(const char *path)
{
    struct stat st;

    return !stat(path, &st) && !S_ISREG(st.st_mode);
}

static int save_into(const struct nd_object *o, const char *path, struct nd_trust *trust, char *why,
                     size_t size)
{
    int fd = nd_trust_create(trust, path, O_TRUNC, why, size), err;

    if (fd < 0)
        return fd;
    err = write_all(fd, o->data, o->size);
    return close(fd) && !err ? -errno : err;
}

// In the folder of its path: appears when it is whole.
static int save_new(const struct nd_object *o, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    struct nd_newfile f;
    int dir, err;

    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    err = dir < 0 ? -errno : nd_newfile_begin(&f, dir);
    if (!err)
        err = nd_newfile_end(&f, slash ? slash + 1 : path, write_all(f.fd, o->data, o->size));
    if (dir >= 0)
        close(dir);
    return err;
}

static int save(const struct nd_object *o, const char *path, char *why, size_t size)
{
    char real[PATH_MAX];
    struct nd_trust trust;
    int fd;

    nd_trust_init(&trust);
    if (is_special(path))
        return save_into(o, path, &trust, why, size);
    if (realpath(path, real)) {
        // What is there already is replaced, where a link leads, only if it could be written to.
        fd = nd_trust_create(&trust, path, 0, why, size);
        if (fd < 0)
            return fd;
        close(fd);
        path = real;
    }
    return save_new(o, path);
}

int nd_object_save(const struct nd_object *o, const char *path)
{
    char why[160] = "";
    int err = save(o, path, why, sizeof(why));

    if (err)
        nd_msg("error: cannot write %s: %s", path, *why ? why : strerror(-err));
    return err;
}
