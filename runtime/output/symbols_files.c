// SPDX-License-Identifier: GPL-2.0-or-later
// Files that processes map, by device and inode: pinned while they can be, opened and read when a
// name in them is wanted, forgotten when there are too many. Must not know mappings.
// Serves symbols_user.c.
#include "runtime/output/symbols_impl.h"

#include "runtime/common/regular.h"

#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define FILES 4096 // known by name
#define PINNED 200 // held until their symbols are wanted: others may be gone then
#define LOADED 64  // with symbols
#define LOADED_BYTES (64u << 20)

static void unpin(struct nd_symfiles *u, struct nd_symfiles_file *f)
{
    if (f->pin < 0)
        return;
    close(f->pin);
    f->pin = -1;
    u->npinned--;
}

static void unload(struct nd_symfiles *u, struct nd_symfiles_file *f)
{
    if (!f->syms)
        return;
    u->loaded_bytes -= nd_symfile_bytes(f->syms);
    u->nloaded--;
    nd_symfile_free(f->syms);
    f->syms = NULL;
    f->tried = false;
}

// The file for which `has` holds that was used least recently; NULL: none.
static struct nd_symfiles_file *oldest(const struct nd_symfiles *u,
                                       bool (*has)(const struct nd_symfiles_file *f))
{
    struct nd_symfiles_file *f, *best = NULL;
    uint32_t i;

    for (i = 0; i < ND_SYMFILES_BUCKETS; i++) {
        for (f = u->bucket[i]; f; f = f->next) {
            if (has(f) && (!best || f->used < best->used))
                best = f;
        }
    }
    return best;
}

static bool is_pinned(const struct nd_symfiles_file *f)
{
    return f->pin >= 0;
}

static bool is_loaded(const struct nd_symfiles_file *f)
{
    return f->syms != NULL;
}

void nd_symfiles_forget(struct nd_symfiles *u, uint64_t limit)
{
    uint32_t i;

    for (i = 0; i < ND_SYMFILES_BUCKETS; i++) {
        struct nd_symfiles_file **at = &u->bucket[i];

        while (*at) {
            struct nd_symfiles_file *f = *at;

            if (f->used >= limit) {
                at = &f->next;
                continue;
            }
            *at = f->next;
            unpin(u, f);
            unload(u, f);
            free(f->base);
            free(f->path);
            free(f);
            u->n--;
        }
    }
}

uint64_t nd_symfiles_limit(const struct nd_symfiles *u)
{
    return u->n < FILES ? 0 : u->uses > FILES / 2 ? u->uses - FILES / 2 : u->uses;
}

// The file as the process sees it, even when it was deleted or lives in another mount namespace.
static int pin_mapped(const struct nd_symfiles_of *p, const char *range, const char *path)
{
    char name[4352];
    int fd;

    if (p->banned)
        return -1;
    snprintf(name, sizeof(name), "/proc/%u/map_files/%s", p->pid, range);
    fd = nd_regular_pin(name, true);
    if (fd >= 0)
        return fd;
    snprintf(name, sizeof(name), "/proc/%u/root%s", p->pid, path);
    return nd_regular_pin(name, false);
}

static struct nd_symfiles_file *find_file(const struct nd_symfiles *u, dev_t dev, uint64_t inode)
{
    struct nd_symfiles_file *f = u->bucket[inode % ND_SYMFILES_BUCKETS];

    while (f && (f->inode != inode || f->dev != dev))
        f = f->next;
    return f;
}

static struct nd_symfiles_file *new_file(struct nd_symfiles *u, dev_t dev, uint64_t inode,
                                         const char *path)
{
    struct nd_symfiles_file *f = calloc(1, sizeof(*f));
    const char *slash = strrchr(path, '/');

    if (!f)
        return NULL;
    f->inode = inode;
    f->dev = dev;
    f->pin = -1;
    f->base = strdup(slash ? slash + 1 : path);
    f->path = strdup(path);
    if (!f->base || !f->path) {
        free(f->base);
        free(f->path);
        free(f);
        return NULL;
    }
    f->next = u->bucket[inode % ND_SYMFILES_BUCKETS];
    u->bucket[inode % ND_SYMFILES_BUCKETS] = f;
    u->n++;
    return f;
}

struct nd_symfiles_file *nd_symfiles_get(struct nd_symfiles *u, const struct nd_symfiles_of *p,
                                         const char *range, const char *dev, uint64_t inode,
                                         const char *path)
{
    unsigned int major = 0, minor = 0;
    struct nd_symfiles_file *f;

    if (sscanf(dev, "%x:%x", &major, &minor) != 2)
        return NULL;
    f = find_file(u, makedev(major, minor), inode);
    // Nothing holds it, and it is called otherwise: the number may be used again.
    if (f && f->pin < 0 && !f->syms && strcmp(f->path, path) != 0)
        f = NULL;
    if (!f) {
        f = new_file(u, makedev(major, minor), inode, path);
        if (!f)
            return NULL;
        if (u->npinned >= PINNED)
            unpin(u, oldest(u, is_pinned));
        f->pin = pin_mapped(p, range, path);
        u->npinned += f->pin >= 0;
    }
    f->used = ++u->uses;
    return f;
}

// Do files of this file system have another device than /proc/PID/maps says?
static bool says_other_device(int fd)
{
    struct statfs fs;

    return !fstatfs(fd, &fs) &&
           (fs.f_type == OVERLAYFS_SUPER_MAGIC || fs.f_type == BTRFS_SUPER_MAGIC);
}

// Opens what a pin holds, if it is the file that is mapped.
static int open_same(const struct nd_symfiles_file *f, int pin, struct stat *st)
{
    int fd = nd_regular_reopen(pin, st);

    if (fd < 0 || (st->st_ino == f->inode && (st->st_dev == f->dev || says_other_device(fd))))
        return fd;
    close(fd);
    return -1;
}

static int open_file(const struct nd_symfiles_of *p, const struct nd_symfiles_file *f,
                     struct stat *st)
{
    int pin = f->pin, fd = pin < 0 ? -1 : open_same(f, pin, st);

    if (fd >= 0)
        return fd;
    pin = pin_mapped(p, "none", f->path);
    fd = pin < 0 ? -1 : open_same(f, pin, st);
    if (pin >= 0)
        close(pin);
    if (fd >= 0 || p->banned)
        return fd;
    pin = nd_regular_pin(f->path, false); // of a process that is gone
    fd = pin < 0 ? -1 : open_same(f, pin, st);
    if (pin >= 0)
        close(pin);
    return fd;
}

struct nd_symfile *nd_symfiles_symbols(struct nd_symfiles *u, const struct nd_symfiles_of *p,
                                       struct nd_symfiles_file *f)
{
    char root[64];
    struct stat st;
    int fd;

    f->used = ++u->uses;
    if (f->tried)
        return f->syms;
    fd = open_file(p, f, &st);
    f->tried = !p->banned;
    unpin(u, f);
    if (fd < 0)
        return NULL;
    snprintf(root, sizeof(root), "/proc/%u/root", p->pid);
    f->syms = nd_symfile_read(fd, (uint64_t)st.st_size, f->path, root);
    if (!f->syms)
        return NULL;
    u->nloaded++;
    u->loaded_bytes += nd_symfile_bytes(f->syms);
    while (u->nloaded > 1 && (u->nloaded > LOADED || u->loaded_bytes > LOADED_BYTES))
        unload(u, oldest(u, is_loaded));
    return f->syms;
}
