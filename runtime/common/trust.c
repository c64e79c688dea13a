// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/common/trust.h"

#include "runtime/common/caps.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static bool is_trusted(const struct nd_trust *t, uid_t uid)
{
    unsigned int i;

    for (i = 0; i < t->n; i++) {
        if (t->uid[i] == uid)
            return true;
    }
    return t->all;
}

static void add(struct nd_trust *t, uid_t uid)
{
    if (!is_trusted(t, uid) && t->n < ND_TRUST_UIDS)
        t->uid[t->n++] = uid;
}

// sudo and pkexec set these; who can set them for root runs programs as root anyway.
static void add_caller(struct nd_trust *t, const char *name)
{
    const char *v = secure_getenv(name);
    char *end;
    unsigned long uid;

    if (!v || *v < '0' || *v > '9')
        return;
    errno = 0;
    uid = strtoul(v, &end, 10);
    if (!errno && !*end && uid < UINT_MAX)
        add(t, (uid_t)uid);
}

void nd_trust_init(struct nd_trust *t)
{
    struct stat st;

    memset(t, 0, sizeof(*t));
    t->all = geteuid() != 0 && !getauxval(AT_SECURE) && !nd_caps_may_trace();
    add(t, 0);
    add(t, geteuid());
    add_caller(t, "SUDO_UID");
    add_caller(t, "PKEXEC_UID");
    if (!stat("/proc/self/exe", &st))
        add(t, st.st_uid); // who could have changed the program itself
}

// A group of root, or one that has the number of the owner, whose own group it is by convention, is
// nobody else.
static bool others_write(const struct stat *st)
{
    return (st->st_mode & S_IWOTH) ||
           ((st->st_mode & S_IWGRP) && st->st_gid != 0 && st->st_gid != (gid_t)st->st_uid);
}

const char *nd_trust_why_not(const struct nd_trust *t, const struct stat *st, char *why,
                             size_t size)
{
    if (t->all || S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
        return NULL;
    if (!is_trusted(t, st->st_uid)) {
        // Without a name: looking it up can ask the network, and not in a sandbox.
        snprintf(why, size, "it belongs to another user (uid %u)", st->st_uid);
        return why;
    }
    // A link's own mode means nothing, and a sticky folder keeps what is in it apart by its owner.
    if (S_ISLNK(st->st_mode) || (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX)) ||
        !others_write(st))
        return NULL;
    snprintf(why, size, "others can write to it (mode %03o)", st->st_mode & 0777);
    return why;
}

// Each folder of the path, and its last part, as far as they exist.
static const char *look(const struct nd_trust *t, const char *path, char *why, size_t size)
{
    char part[PATH_MAX], reason[160];
    const char *slash = path;
    struct stat st;

    do {
        slash = strchr(slash + 1, '/');
        snprintf(part, sizeof(part), "%.*s", slash ? (int)(slash - path) : (int)strlen(path), path);
        if (lstat(part, &st))
            return NULL;
        if (!nd_trust_why_not(t, &st, reason, sizeof(reason)))
            continue;
        snprintf(why, size, "%s: %s", part, reason);
        return why;
    } while (slash);
    return NULL;
}

const char *nd_trust_why_not_way(const struct nd_trust *t, const char *path, char *why, size_t size)
{
    char real[PATH_MAX], part[PATH_MAX], *slash;
    const char *bad = t->all ? NULL : look(t, path, why, size);

    if (bad || t->all)
        return bad;
    // Where links lead, as far as there is something.
    snprintf(part, sizeof(part), "%s", path);
    while (!realpath(part, real)) {
        slash = strrchr(part, '/');
        if (!slash || slash == part)
            return NULL;
        *slash = 0;
    }
    return look(t, real, why, size);
}

// A file that exists: is it one that may be written to?
static int may_write(const struct nd_trust *t, int fd, char *why, size_t size)
{
    struct stat st;

    if (fstat(fd, &st))
        return -errno;
    if ((!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) || is_trusted(t, st.st_uid))
        return 0;
    snprintf(why, size, "it belongs to another user (uid %u)", st.st_uid);
    return -EPERM;
}

int nd_trust_create(const struct nd_trust *t, const char *path, int flags, char *why, size_t size)
{
    const int how = O_WRONLY | O_CREAT | O_CLOEXEC | (flags & ~O_TRUNC);
    int fd = open(path, how | O_NOFOLLOW, 0600), err;
    struct stat st;

    *why = 0;
    if (fd < 0 && errno == ELOOP && !lstat(path, &st)) {
        if (!is_trusted(t, st.st_uid)) {
            snprintf(why, size, "it is a link of another user (uid %u)", st.st_uid);
            return -EPERM;
        }
        fd = open(path, how, 0600);
    }
    if (fd < 0)
        return -errno;
    err = may_write(t, fd, why, size);
    if (!err && (flags & O_TRUNC) && !fstat(fd, &st) && S_ISREG(st.st_mode) && ftruncate(fd, 0))
        err = -errno;
    if (err)
        close(fd);
    return err ? err : fd;
}
