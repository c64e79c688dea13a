// SPDX-License-Identifier: GPL-2.0-or-later
// What is loaded from here runs in the kernel: folder and entries must belong to us and be
// not writable by anyone else, and symbolic links to them are not followed.
#include "runtime/cli/cache_dir.h"

#include "runtime/common/msg.h"
#include "runtime/common/newfile.h"
#include "runtime/common/trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- the folder --------------------------------------------------------------------------------

static bool path_of(char *path, size_t size)
{
    const char *given = secure_getenv("NDTRACE_CACHE"), *xdg = secure_getenv("XDG_CACHE_HOME"),
               *home = secure_getenv("HOME");
    struct passwd *pw;

    if (given && *given) {
        snprintf(path, size, "%s", given);
        return strcmp(given, "off") != 0;
    }
    if (xdg && *xdg == '/') {
        snprintf(path, size, "%s/ndtrace", xdg);
        return true;
    }
    pw = geteuid() ? NULL : getpwuid(0); // with sudo, HOME may be another user's
    if (pw)
        home = pw->pw_dir;
    if (!home || *home != '/')
        return false;
    snprintf(path, size, "%s/.cache/ndtrace", home);
    return true;
}

static void make_folders(const char *path)
{
    char part[PATH_MAX];
    const char *slash = path;

    while ((slash = strchr(slash + 1, '/'))) {
        snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        mkdir(part, 0700);
    }
    mkdir(path, 0700);
}

static bool safe(const struct stat *st)
{
    return st->st_uid == geteuid() && !(st->st_mode & 022);
}

static int refused(const char *path, const char *why)
{
    nd_msg("warning: the cache %s is not used: %s", path, why);
    return -1;
}

int nd_cache_dir(void)
{
    char path[PATH_MAX], why[PATH_MAX + 200];
    struct nd_trust trust;
    struct stat st;
    int fd;

    if (!path_of(path, sizeof(path)))
        return -1;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        nd_trust_init(&trust);
        // Whoever owns a folder or link on the way decides where the new folders are.
        if (nd_trust_why_not_way(&trust, path, why, sizeof(why)))
            return refused(path, why);
        make_folders(path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return refused(path, "it is a symbolic link, or not a folder");
    if (fd < 0) // nowhere to write, as in a read-only system: nothing to warn of
        return -1;
    if (!fstat(fd, &st) && safe(&st))
        return fd;
    close(fd);
    return refused(path, st.st_uid == geteuid() ? "others can write to it; run chmod 700 on it"
                                                : "it belongs to another user");
}

// ---- entries -----------------------------------------------------------------------------------

int nd_cache_map(int dir, const char *name, void **map, size_t *size)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK), err = 0;
    struct stat st;

    if (fd < 0)
        return errno == ELOOP ? -EPERM : -errno;
    if (fstat(fd, &st))
        err = -errno;
    else if (!S_ISREG(st.st_mode) || !safe(&st))
        err = -EPERM;
    else if (st.st_size <= 0 || st.st_size > ND_CACHE_BYTES)
        err = -EINVAL;
    if (!err) {
        *size = (size_t)st.st_size;
        *map = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (*map == MAP_FAILED)
            err = -errno;
    }
    if (!err)
        futimens(fd, NULL); // used now; the oldest go first
    close(fd);
    return err;
}

struct entry {
    char name[64];
    struct timespec t;
    uint64_t size;
};

static int older(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->t.tv_sec != y->t.tv_sec)
        return x->t.tv_sec < y->t.tv_sec ? -1 : 1;
    return (x->t.tv_nsec > y->t.tv_nsec) - (x->t.tv_nsec < y->t.tv_nsec);
}

static struct entry *list_entries(int dir, uint32_t *n, uint64_t *bytes)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    struct entry *v = NULL, *bigger;
    uint32_t cap = 0;
    struct dirent *e;
    struct stat st;

    while (d && (e = readdir(d))) {
        if (strlen(e->d_name) >= sizeof(v->name) ||
            fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
            continue;
        if (*n == cap) {
            cap = cap ? cap * 2 : 64;
            bigger = realloc(v, cap * sizeof(*v));
            if (!bigger)
                break;
            v = bigger;
        }
        strcpy(v[*n].name, e->d_name);
        v[*n].t = st.st_mtim;
        v[(*n)++].size = (uint64_t)st.st_size;
        *bytes += (uint64_t)st.st_size;
    }
    if (d)
        closedir(d);
    return v;
}

static void shrink(int dir, uint64_t max_bytes, uint32_t max_entries)
{
    uint64_t bytes = 0;
    uint32_t n = 0, i;
    struct entry *v = list_entries(dir, &n, &bytes);

    if (v && (bytes > max_bytes || n > max_entries)) {
        qsort(v, n, sizeof(*v), older);
        // Down to three quarters, so that not each new entry has to look through all.
        for (i = 0; i < n && (bytes > max_bytes / 4 * 3 || n - i > max_entries / 4 * 3); i++) {
            if (!unlinkat(dir, v[i].name, 0))
                bytes -= v[i].size;
        }
    }
    free(v);
}

int nd_cache_write(int dir, const char *name, const struct iovec *v, int n, uint64_t max_bytes,
                   uint32_t max_entries)
{
    struct nd_newfile f;
    size_t want = 0;
    int err = nd_newfile_begin(&f, dir), i;

    if (err)
        return err;
    for (i = 0; i < n; i++)
        want += v[i].iov_len;
    errno = 0;
    if (writev(f.fd, v, n) != (ssize_t)want)
        err = errno ? -errno : -ENOSPC;
    err = nd_newfile_end(&f, name, err);
    if (!err)
        shrink(dir, max_bytes, max_entries);
    return err;
}
