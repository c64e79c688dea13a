// SPDX-License-Identifier: GPL-2.0-or-later
// Names of users and control groups, remembered once looked up. Must not know formats.
// Serves symbols.c.
#include "runtime/output/symbols_impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <mntent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct name {
    uint64_t id;
    char *text; // NULL: asked, and there is none
};

struct list {
    struct name *v;
    uint32_t n, cap;
};

struct nd_names {
    struct list users, cgroups, netns;
    char *mount;  // of cgroup2
    int mount_fd; // -1: not looked for, -2: there is none
};

struct nd_names *nd_names_new(void)
{
    struct nd_names *n = calloc(1, sizeof(*n));

    if (n)
        n->mount_fd = -1;
    return n;
}

static void drop(struct list *l)
{
    uint32_t i;

    for (i = 0; i < l->n; i++)
        free(l->v[i].text);
    free(l->v);
}

void nd_names_free(struct nd_names *n)
{
    if (!n)
        return;
    drop(&n->users);
    drop(&n->cgroups);
    drop(&n->netns);
    if (n->mount_fd >= 0)
        close(n->mount_fd);
    free(n->mount);
    free(n);
}

#define NAMES 4096u // known of a kind: control groups come and go

static const struct name *find(const struct list *l, uint64_t id)
{
    uint32_t i;

    for (i = 0; i < l->n; i++) {
        if (l->v[i].id == id)
            return &l->v[i];
    }
    return NULL;
}

static const char *keep(struct list *l, uint64_t id, const char *text)
{
    if (l->n == NAMES) {
        drop(l);
        *l = (struct list){0};
    }
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 16;
        struct name *v = realloc(l->v, cap * sizeof(*v));

        if (!v)
            return NULL;
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n] = (struct name){id, text ? strdup(text) : NULL};
    return l->v[l->n++].text;
}

const char *nd_names_user(struct nd_names *n, uint32_t uid)
{
    const struct name *known = find(&n->users, uid);
    struct passwd pw, *found = NULL;
    char buf[4096];

    if (known)
        return known->text;
    if (getpwuid_r(uid, &pw, buf, sizeof(buf), &found))
        found = NULL;
    return keep(&n->users, uid, found ? found->pw_name : NULL);
}

// ---- network namespaces ------------------------------------------------------------------------

#define NAMED "/run/netns" // where `ip netns` keeps those that have a name

static uint64_t inode_of(int dir, const char *name)
{
    struct stat st;

    return fstatat(dir, name, &st, 0) ? 0 : st.st_ino;
}

// Namespaces come and go: the folder is read again for each one that is not known yet.
const char *nd_names_netns(struct nd_names *n, uint64_t inode)
{
    const struct name *known = find(&n->netns, inode);
    const char *found = NULL;
    DIR *d;
    struct dirent *e;

    if (known)
        return known->text;
    d = opendir(NAMED);
    while (d && !found && (e = readdir(d))) {
        if (*e->d_name != '.' && inode_of(dirfd(d), e->d_name) == inode)
            found = keep(&n->netns, inode, e->d_name);
    }
    if (d)
        closedir(d);
    return found ? found : keep(&n->netns, inode, NULL);
}

uint64_t nd_names_netns_named(struct nd_names *n, const char *name)
{
    char path[300];
    uint32_t i;

    for (i = 0; i < n->netns.n; i++) {
        if (n->netns.v[i].text && !strcmp(n->netns.v[i].text, name))
            return n->netns.v[i].id;
    }
    if (*name >= '0' && *name <= '9')
        return strtoull(name, NULL, 10);
    snprintf(path, sizeof(path), NAMED "/%s", name);
    return strchr(name, '/') ? 0 : inode_of(AT_FDCWD, path);
}

// ---- control groups ----------------------------------------------------------------------------

static void find_mount(struct nd_names *n)
{
    FILE *f = setmntent("/proc/self/mounts", "re");
    struct mntent m;
    char buf[4096];

    n->mount_fd = -2;
    while (f && n->mount_fd < 0 && getmntent_r(f, &m, buf, sizeof(buf))) {
        if (strcmp(m.mnt_type, "cgroup2"))
            continue;
        n->mount_fd = open(m.mnt_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (n->mount_fd < 0)
            n->mount_fd = -2;
        else
            n->mount = strdup(m.mnt_dir);
    }
    if (f)
        endmntent(f);
}

// The id of a cgroup is the file handle of its folder (kernfs).
static int open_cgroup(int mount_fd, uint64_t id)
{
    union {
        struct file_handle h;
        char room[sizeof(struct file_handle) + 8];
    } u;

    memset(&u, 0, sizeof(u));
    u.h.handle_bytes = 8;
    u.h.handle_type = 0xfe; // FILEID_KERNFS
    memcpy(u.room + sizeof(struct file_handle), &id, 8);
    return open_by_handle_at(mount_fd, &u.h, O_PATH | O_CLOEXEC);
}

const char *nd_names_cgroup(struct nd_names *n, uint64_t id)
{
    const struct name *known = find(&n->cgroups, id);
    char link[64], path[4096];
    size_t skip;
    ssize_t len;
    int fd;

    if (known)
        return known->text;
    if (n->mount_fd == -1)
        find_mount(n);
    fd = n->mount_fd < 0 || !n->mount ? -1 : open_cgroup(n->mount_fd, id);
    if (fd < 0)
        return keep(&n->cgroups, id, NULL);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path) - 1);
    close(fd);
    if (len < 0)
        return keep(&n->cgroups, id, NULL);
    path[len] = '\0';
    skip = strlen(n->mount);
    if (strncmp(path, n->mount, skip))
        skip = 0;
    return keep(&n->cgroups, id, path[skip] ? path + skip : "/");
}
