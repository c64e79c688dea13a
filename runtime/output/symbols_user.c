// SPDX-License-Identifier: GPL-2.0-or-later
// User symbols: what processes map, from /proc while they live and from what the kernel reports,
// which stays when they are gone; and the mapped files, by device and inode. Must not know formats.
// Serves symbols.c.
#include "runtime/output/symbols_impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FRESH_NS 1000000000ll // mappings older than this are read again if the process lives
#define JUST_NS 1000000ll     // for each address of a stack there is no news
#define PROCESSES 1024        // kept; the one asked for first is forgotten for a new one
#define REREADS 16            // per process and that time, for addresses that miss

#define OPEN_FILES 200 // files kept open until their symbols are wanted: others may be gone then

struct file {
    uint64_t inode;
    char dev[16];
    char *base; // last part of the path
    char *path; // and all of it, as the process has it
    int fd;     // -1: opened by its path when it is wanted
    bool tried;
    struct nd_symfile *syms;
    struct file *next;
};

struct region {
    uint64_t start, end, off;
    struct file *file; // NULL: no file
    const char *name;  // of regions without a file: "vdso", or NULL
};

struct process {
    uint32_t pid;
    bool gone; // it was seen to end: /proc has nothing of it, or another one of its number
    struct nd_symjit *jit; // names of code that it made itself
    uint32_t rereads;
    int64_t read_at;
    struct region *v;
    size_t n, cap;
    struct process *next;
};

struct nd_usyms {
    struct file *files;
    struct process *procs;
    uint32_t nprocs, nopen;
    void (*fresh)(void *arg);
    void *fresh_arg;
    int64_t fresh_at;
};

struct nd_usyms *nd_usyms_new(void)
{
    return calloc(1, sizeof(struct nd_usyms));
}

static void free_process(struct process *p)
{
    nd_symjit_free(p->jit);
    free(p->v);
    free(p);
}

void nd_usyms_free(struct nd_usyms *u)
{
    if (!u)
        return;
    while (u->files) {
        struct file *f = u->files;

        u->files = f->next;
        if (f->fd >= 0)
            close(f->fd);
        nd_symfile_free(f->syms);
        free(f->base);
        free(f->path);
        free(f);
    }
    while (u->procs) {
        struct process *p = u->procs;

        u->procs = p->next;
        free_process(p);
    }
    free(u);
}

// The file as the process sees it, even when it was deleted or lives in another mount namespace.
static int open_mapped(uint32_t pid, const char *range, const char *path)
{
    char name[4352];
    int fd;

    snprintf(name, sizeof(name), "/proc/%u/map_files/%s", pid, range);
    fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    snprintf(name, sizeof(name), "/proc/%u/root%s", pid, path);
    return open(name, O_RDONLY | O_CLOEXEC);
}

static struct file *get_file(struct nd_usyms *u, uint32_t pid, const char *range, const char *dev,
                             uint64_t inode, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct file *f;

    for (f = u->files; f; f = f->next) {
        if (f->inode == inode && !strcmp(f->dev, dev))
            return f;
    }
    f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    f->inode = inode;
    snprintf(f->dev, sizeof(f->dev), "%s", dev);
    f->base = strdup(slash ? slash + 1 : path);
    f->path = strdup(path);
    f->fd = u->nopen < OPEN_FILES ? open_mapped(pid, range, path) : -1;
    u->nopen += f->fd >= 0;
    f->next = u->files;
    u->files = f;
    return f;
}

// Its symbols; read when they are first wanted.
static struct nd_symfile *symbols_of(struct nd_usyms *u, uint32_t pid, struct file *f)
{
    char root[64];
    struct stat st;

    if (f->tried || !f->path)
        return f->syms;
    f->tried = true;
    if (f->fd < 0)
        f->fd = open_mapped(pid, "none", f->path);
    if (f->fd < 0) { // of a process that is gone: only if it is still that file
        f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
        if (f->fd >= 0 && (fstat(f->fd, &st) || st.st_ino != f->inode)) {
            close(f->fd);
            f->fd = -1;
        }
    } else {
        u->nopen -= u->nopen > 0;
    }
    if (f->fd < 0)
        return NULL;
    snprintf(root, sizeof(root), "/proc/%u/root", pid);
    f->syms = nd_symfile_read(f->fd, f->path, root);
    close(f->fd);
    f->fd = -1;
    return f->syms;
}

static struct region *new_region(struct process *p, uint64_t start, uint64_t end, uint64_t off)
{
    struct region *r;

    if (!nd_symfile_room((void **)&p->v, p->n, &p->cap, sizeof(*p->v)))
        return NULL;
    r = &p->v[p->n++];
    *r = (struct region){start, end, off, NULL, NULL};
    return r;
}

// One line of /proc/PID/maps; only what can be executed counts.
static void add_region(struct nd_usyms *u, struct process *p, char *line)
{
    unsigned long long start, end, off, inode;
    char perms[8], dev[16], range[48], *del;
    int at = 0;
    struct region *r;

    if (sscanf(line, "%llx-%llx %7s %llx %15s %llu %n", &start, &end, perms, &off, dev, &inode,
               &at) < 6 ||
        perms[2] != 'x')
        return;
    r = new_region(p, start, end, off);
    if (!r)
        return;
    line += at;
    line[strcspn(line, "\n")] = '\0';
    if (!strcmp(line, "[vdso]")) {
        r->name = "vdso";
        return;
    }
    if (line[0] != '/' || !inode)
        return;
    snprintf(range, sizeof(range), "%llx-%llx", start, end);
    del = strstr(line, " (deleted)");
    if (del && !del[10])
        *del = '\0';
    r->file = get_file(u, p->pid, range, dev, inode, line);
}

// false: the process is gone; what was known of it stays.
static bool read_maps(struct nd_usyms *u, struct process *p)
{
    char path[64], *line = NULL;
    size_t cap = 0;
    ssize_t n;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%u/maps", p->pid);
    f = fopen(path, "re");
    if (!f)
        return false;
    n = getline(&line, &cap, f);
    if (n > 0) // a process about to end has an empty file: keep the old mappings then
        p->n = 0;
    for (; n > 0; n = getline(&line, &cap, f))
        add_region(u, p, line);
    free(line);
    fclose(f);
    return true;
}

static int64_t now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static void forget_oldest(struct nd_usyms *u)
{
    struct process **p = &u->procs;

    while (*p && (*p)->next)
        p = &(*p)->next;
    if (!*p)
        return;
    free_process(*p);
    *p = NULL;
    u->nprocs--;
}

static struct process *known(const struct nd_usyms *u, uint32_t pid)
{
    struct process *p = u->procs;

    while (p && p->pid != pid)
        p = p->next;
    return p;
}

static struct process *new_process(struct nd_usyms *u, uint32_t pid)
{
    struct process *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    if (u->nprocs == PROCESSES)
        forget_oldest(u);
    p->pid = pid;
    p->next = u->procs;
    u->procs = p;
    u->nprocs++;
    return p;
}

static struct process *get_process(struct nd_usyms *u, uint32_t pid)
{
    struct process *p = known(u, pid);
    int64_t t = now();

    if (u->fresh && t - u->fresh_at >= JUST_NS && (!p || !p->gone)) {
        u->fresh_at = t;
        u->fresh(u->fresh_arg);
        p = known(u, pid);
    }
    if (p && (p->gone || t - p->read_at < FRESH_NS))
        return p;
    if (!p)
        p = new_process(u, pid);
    if (!p)
        return NULL;
    p->read_at = t;
    p->rereads = 0;
    read_maps(u, p);
    return p;
}

// ---- what the kernel reports -------------------------------------------------------------------

void nd_usyms_watch(struct nd_usyms *u, void (*fresh)(void *arg), void *arg)
{
    u->fresh = fresh;
    u->fresh_arg = arg;
}

void nd_usyms_mapped(struct nd_usyms *u, const struct nd_usyms_map *m)
{
    struct process *p = known(u, m->pid);
    char range[48];
    struct region *r;

    if (!p)
        p = new_process(u, m->pid);
    r = p ? new_region(p, m->start, m->start + m->len, m->off) : NULL;
    if (!r || *m->path != '/' || !m->inode)
        return;
    snprintf(range, sizeof(range), "%llx-%llx", (unsigned long long)m->start,
             (unsigned long long)(m->start + m->len));
    r->file = get_file(u, m->pid, range, m->dev, m->inode, m->path);
}

// Also to what the number stood for before.
static void start_again(struct process *p)
{
    p->n = 0;
    p->gone = false;
    p->read_at = 0;
    nd_symjit_free(p->jit);
    p->jit = NULL;
}

void nd_usyms_forked(struct nd_usyms *u, uint32_t parent, uint32_t child)
{
    struct process *from = known(u, parent), *p = known(u, child);
    size_t i;

    if (p && !p->gone)
        return; // what it did since is known already
    if (!p)
        p = new_process(u, child);
    if (!p)
        return;
    start_again(p);
    for (i = 0; from && from != p && i < from->n; i++) {
        struct region *r = new_region(p, from->v[i].start, from->v[i].end, from->v[i].off);

        if (r) {
            r->file = from->v[i].file;
            r->name = from->v[i].name;
        }
    }
}

void nd_usyms_execed(struct nd_usyms *u, uint32_t pid)
{
    struct process *p = known(u, pid);

    if (p)
        start_again(p);
}

void nd_usyms_exited(struct nd_usyms *u, uint32_t pid)
{
    struct process *p = known(u, pid);

    if (p)
        p->gone = true;
}

void nd_usyms_snapshot(struct nd_usyms *u, uint32_t pid)
{
    struct dirent *e;
    DIR *d;

    if (pid) {
        get_process(u, pid);
        return;
    }
    d = opendir("/proc");
    while (d && (e = readdir(d))) {
        if (*e->d_name >= '1' && *e->d_name <= '9')
            get_process(u, (uint32_t)atoi(e->d_name));
    }
    if (d)
        closedir(d);
}

// ---- looking up --------------------------------------------------------------------------------

static const struct region *find_region(const struct process *p, uint64_t addr)
{
    size_t i;

    for (i = p->n; i > 0; i--) { // the newest first: mappings may have been replaced
        if (addr >= p->v[i - 1].start && addr < p->v[i - 1].end)
            return &p->v[i - 1];
    }
    return NULL;
}

void nd_usyms_find(struct nd_usyms *u, uint32_t pid, uint64_t addr, struct nd_symbol *out)
{
    struct process *p = get_process(u, pid);
    const struct region *r;
    struct nd_symfile *syms;

    *out = (struct nd_symbol){0};
    if (!p)
        return;
    r = find_region(p, addr);
    if (!r && !p->gone && p->rereads < REREADS) {
        p->rereads++;
        if (read_maps(u, p))
            r = find_region(p, addr);
    }
    if (r)
        out->module = r->file ? r->file->base : r->name;
    syms = r && r->file ? symbols_of(u, pid, r->file) : NULL;
    if (syms) {
        nd_symfile_find(syms, addr - r->start + r->off, out);
    } else if (r && r->file) {
        out->in_file = true;
        out->off = addr - r->start + r->off;
    } else if (!r || !r->name) {
        if (!p->jit)
            p->jit = nd_symjit_read(pid);
        nd_symjit_find(p->jit, addr, out);
    }
}
