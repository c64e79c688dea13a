// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/sources/namespaces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMED "/run/netns"      // where `ip netns` keeps those that have a name
#define FIRST_INODE 0xf0000000u // of namespaces; processes have lower numbers

#define INITIAL_PID_NS 0xeffffffcu // PROC_PID_INIT_INO

// Is the process that /proc calls "self" the one we are by our own count?
static bool proc_is_ours(void)
{
    char name[16];
    ssize_t n = readlink("/proc/self", name, sizeof(name) - 1);

    name[n > 0 ? n : 0] = 0;
    return atoi(name) == getpid();
}

struct nd_ns_pid nd_ns_own_pid(void)
{
    struct nd_ns_pid ns = {.own_proc = true};
    struct stat st;

    if (stat("/proc/self/ns/pid", &st) || st.st_ino == INITIAL_PID_NS)
        return ns;
    ns.dev = st.st_dev;
    ns.ino = st.st_ino;
    ns.own_proc = proc_is_ours();
    return ns;
}

// ---- network namespaces ------------------------------------------------------------------------

uint64_t nd_ns_own_net(void)
{
    struct stat st;

    return stat("/proc/self/ns/net", &st) ? 0 : st.st_ino;
}

static bool is_inode(int dir, const char *name, uint64_t inode)
{
    struct stat st;

    return !fstatat(dir, name, &st, 0) && st.st_ino == inode;
}

// What is called so below one of the things in a folder, where that is the namespace with the
// inode.
static int open_in(const char *folder, const char *below, uint64_t inode)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    char name[300];
    int fd = -1;

    while (d && fd < 0 && (e = readdir(d))) {
        snprintf(name, sizeof(name), "%s%s", e->d_name, below);
        if (*e->d_name != '.' && is_inode(dirfd(d), name, inode))
            fd = openat(dirfd(d), name, O_RDONLY | O_CLOEXEC);
    }
    if (d)
        closedir(d);
    return fd;
}

static int open_net(const char *which)
{
    char path[300], *end;
    uint64_t n = strtoull(which, &end, 10);
    int fd;

    if (strchr(which, '/'))
        return open(which, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof(path), NAMED "/%s", which);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 || *end || end == which)
        return fd;
    if (n < FIRST_INODE) {
        snprintf(path, sizeof(path), "/proc/%llu/ns/net", (unsigned long long)n);
        return open(path, O_RDONLY | O_CLOEXEC);
    }
    fd = open_in(NAMED, "", n);
    return fd < 0 ? open_in("/proc", "/ns/net", n) : fd;
}

static void list_named(char *out, size_t size)
{
    DIR *d = opendir(NAMED);
    struct dirent *e;
    size_t n = 0;

    *out = 0;
    while (d && (e = readdir(d)) && n < size) {
        if (*e->d_name != '.')
            n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", e->d_name);
    }
    if (d)
        closedir(d);
}

int nd_ns_enter_net(const char *which, char *why, size_t size)
{
    int fd = open_net(which), err = 0;
    char names[300];

    if (fd < 0) {
        list_named(names, sizeof(names));
        snprintf(why, size, "there is no network namespace \"%.200s\"; %s%s", which,
                 *names ? "ip netns has: "
                        : "give a name of ip netns, a process in it, or an inode",
                 names);
        return -ENOENT;
    }
    if (setns(fd, CLONE_NEWNET)) {
        err = -errno;
        snprintf(why, size, "cannot enter the network namespace \"%.200s\": %s", which,
                 err == -EINVAL  ? "it is not a network namespace"
                 : err == -EPERM ? "this needs CAP_SYS_ADMIN"
                                 : strerror(-err));
    }
    close(fd);
    return err;
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) || stat(b, &y) || (x.st_ino == y.st_ino && x.st_dev == y.st_dev);
}

bool nd_ns_same_files(uint32_t pid)
{
    char root[40], mounts[40];

    snprintf(root, sizeof(root), "/proc/%u/root", pid);
    snprintf(mounts, sizeof(mounts), "/proc/%u/ns/mnt", pid);
    return same_file("/", root) && same_file("/proc/self/ns/mnt", mounts);
}
