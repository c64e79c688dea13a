// SPDX-License-Identifier: GPL-2.0-or-later
// User symbols: what processes map, from /proc while they live and from what the kernel reports,
// which stays when they are gone. All of it has bounds, for whoever runs programs makes it grow.
// Runs in the process aside. Must not know formats. Serves symbols_serve.c.
#include "runtime/output/symbols_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FRESH_NS 1000000000ll  // mappings older than this are read again if the process lives
#define REREADS 1              // per process and that time, for addresses that miss
#define READING_NS 300000000ll // of that time, for mappings of all processes
#define FIRST_NS 2000000000ll  // and when all are looked at, once
#define MAPS_BYTES (4u << 20)  // of a file of mappings

#define PROCESSES 1024 // kept; of those that are gone the first is forgotten for a new one
#define REGIONS 4096   // of a process
#define JIT_BYTES (64u << 20)

struct region {
    uint64_t start, end, off;
    struct nd_symfiles_file *file; // NULL: no file
    const char *name;              // of regions without a file: "vdso", or NULL
};

struct process {
    struct nd_symfiles_of of;
    bool gone; // it was seen to end: /proc has nothing of it, or another one of its number
    uid_t owner;
    struct nd_symjit *jit; // names of code that it made itself
    uint32_t rereads;
    int64_t read_at;
    struct region *v;
    size_t n, cap;
    struct process *next;
};

struct nd_usyms {
    struct nd_symfiles files;
    struct process *procs;
    uint32_t nprocs;
    size_t jit_bytes;
    bool watched;
    int64_t second, reading; // since when, and how long in it mappings were read
};

struct nd_usyms *nd_usyms_new(void)
{
    return calloc(1, sizeof(struct nd_usyms));
}

static int64_t now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

// ---- mappings ----------------------------------------------------------------------------------

// A file, if there is room for one; else the older half is forgotten, by regions first.
static struct nd_symfiles_file *get_file(struct nd_usyms *u, const struct process *p,
                                         const char *range, const char *dev, uint64_t inode,
                                         const char *path)
{
    uint64_t limit = nd_symfiles_limit(&u->files);
    struct process *q;
    size_t k;

    for (q = u->procs; q && limit; q = q->next) {
        for (k = 0; k < q->n; k++) {
            if (q->v[k].file && q->v[k].file->used < limit)
                q->v[k].file = NULL;
        }
    }
    if (limit)
        nd_symfiles_forget(&u->files, limit);
    return nd_symfiles_get(&u->files, &p->of, range, dev, inode, path);
}

// Those that the new one replaces go, and when there are too many, the older half.
static struct region *new_region(struct process *p, uint64_t start, uint64_t end, uint64_t off)
{
    size_t i, n = 0;

    for (i = 0; i < p->n; i++) {
        if (p->v[i].start < start || p->v[i].end > end)
            p->v[n++] = p->v[i];
    }
    p->n = n;
    if (p->n >= REGIONS) {
        memmove(p->v, p->v + REGIONS / 2, (p->n - REGIONS / 2) * sizeof(*p->v));
        p->n -= REGIONS / 2;
    }
    if (!nd_symfile_room((void **)&p->v, p->n, &p->cap, sizeof(*p->v)))
        return NULL;
    p->v[p->n] = (struct region){start, end, off, NULL, NULL};
    return &p->v[p->n++];
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
    r->file = get_file(u, p, range, dev, inode, line);
}

// What was known of a process that is gone stays.
static void read_maps(struct nd_usyms *u, struct process *p)
{
    char path[64], *line = NULL;
    size_t cap = 0, bytes = 0;
    ssize_t n;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%u/maps", p->of.pid);
    f = fopen(path, "re");
    if (!f)
        return;
    n = getline(&line, &cap, f);
    if (n > 0) // a process about to end has an empty file: keep the old mappings then
        p->n = 0;
    for (; n > 0 && bytes < MAPS_BYTES && p->n < REGIONS; n = getline(&line, &cap, f)) {
        bytes += (size_t)n;
        add_region(u, p, line);
    }
    free(line);
    fclose(f);
}

// Not too long in each second: who has many mappings, or many processes, must not hold up others.
static void look(struct nd_usyms *u, struct process *p, int64_t most)
{
    int64_t t = now();

    if (p->of.banned || p->gone)
        return;
    if (t - u->second >= FRESH_NS) {
        u->second = t;
        u->reading = 0;
    }
    if (u->reading > most)
        return;
    p->read_at = t;
    read_maps(u, p);
    u->reading += now() - t;
}

// ---- processes ---------------------------------------------------------------------------------

static void drop_jit(struct nd_usyms *u, struct process *p)
{
    u->jit_bytes -= nd_symjit_bytes(p->jit);
    nd_symjit_free(p->jit);
    p->jit = NULL;
}

static void forget_one(struct nd_usyms *u)
{
    struct process **at = &u->procs, **last = NULL, **gone = NULL, *p;

    for (; *at; at = &(*at)->next) {
        last = at;
        gone = (*at)->gone ? at : gone;
    }
    at = gone ? gone : last;
    if (!at)
        return;
    p = *at;
    *at = p->next;
    drop_jit(u, p);
    free(p->v);
    free(p);
    u->nprocs--;
}

static struct process *known(const struct nd_usyms *u, uint32_t pid)
{
    struct process *p = u->procs;

    while (p && p->of.pid != pid)
        p = p->next;
    return p;
}

static uid_t owner_of(uint32_t pid)
{
    char path[32];
    struct stat st;

    snprintf(path, sizeof(path), "/proc/%u", pid);
    return stat(path, &st) ? (uid_t)-1 : st.st_uid;
}

static struct process *get_process(struct nd_usyms *u, uint32_t pid)
{
    struct process *p = known(u, pid);

    if (p)
        return p;
    p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    if (u->nprocs >= PROCESSES)
        forget_one(u);
    p->of.pid = pid;
    p->owner = owner_of(pid);
    p->next = u->procs;
    u->procs = p;
    u->nprocs++;
    return p;
}

// ---- what is told ------------------------------------------------------------------------------

void nd_usyms_watched(struct nd_usyms *u)
{
    u->watched = true;
}

void nd_usyms_ban(struct nd_usyms *u, uint32_t pid)
{
    struct process *p = get_process(u, pid);

    if (p)
        p->of.banned = true;
}

void nd_usyms_mapped(struct nd_usyms *u, const struct nd_usyms_map *m)
{
    struct process *p = get_process(u, m->pid);
    char range[48];
    struct region *r = p ? new_region(p, m->start, m->start + m->len, m->off) : NULL;

    if (!r || *m->path != '/' || !m->inode)
        return;
    snprintf(range, sizeof(range), "%llx-%llx", (unsigned long long)m->start,
             (unsigned long long)(m->start + m->len));
    r->file = get_file(u, p, range, m->dev, m->inode, m->path);
}

// Also to what the number stood for before.
static void start_again(struct nd_usyms *u, struct process *p)
{
    p->n = 0;
    p->gone = p->of.banned = false;
    p->read_at = 0;
    p->rereads = 0;
    p->owner = owner_of(p->of.pid);
    drop_jit(u, p);
}

void nd_usyms_forked(struct nd_usyms *u, uint32_t parent, uint32_t child)
{
    struct process *from, *p = known(u, child);
    size_t i;

    if (p && !p->gone)
        return; // what it did since is known already
    p = get_process(u, child);
    if (!p)
        return;
    start_again(u, p);
    from = known(u, parent);
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
        start_again(u, p);
}

void nd_usyms_exited(struct nd_usyms *u, uint32_t pid)
{
    struct process *p = known(u, pid);

    if (p)
        p->gone = true;
}

void nd_usyms_look(struct nd_usyms *u, uint32_t pid)
{
    struct process *p = get_process(u, pid);

    if (p && !p->read_at)
        look(u, p, FIRST_NS);
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

// The mapping of an address; mappings are read again for one that misses, but not for each.
static const struct region *region_of(struct nd_usyms *u, struct process *p, uint64_t addr)
{
    const struct region *r;
    int64_t age = now() - p->read_at;

    if (age >= FRESH_NS)
        p->rereads = 0;
    if (!p->read_at || age >= (u->watched ? 10 * FRESH_NS : FRESH_NS))
        look(u, p, READING_NS);
    r = find_region(p, addr);
    if (r || p->rereads >= REREADS)
        return r;
    p->rereads++;
    look(u, p, READING_NS);
    return find_region(p, addr);
}

static void find_jit(struct nd_usyms *u, struct process *p, uint64_t addr, struct nd_symbol *out)
{
    struct process *other;

    if (!p->jit && !p->of.banned) {
        p->jit = nd_symjit_read(p->of.pid, p->owner);
        u->jit_bytes += nd_symjit_bytes(p->jit);
        for (other = u->procs; other && u->jit_bytes > JIT_BYTES; other = other->next) {
            if (other != p)
                drop_jit(u, other);
        }
    }
    nd_symjit_find(p->jit, addr, out);
}

void nd_usyms_find(struct nd_usyms *u, uint32_t pid, uint64_t addr, struct nd_symbol *out)
{
    struct process *p = get_process(u, pid);
    const struct region *r;
    struct nd_symfile *syms;

    *out = (struct nd_symbol){0};
    if (!p)
        return;
    r = region_of(u, p, addr);
    if (r)
        out->module = r->file ? r->file->base : r->name;
    syms = r && r->file ? nd_symfiles_symbols(&u->files, &p->of, r->file) : NULL;
    if (syms) {
        nd_symfile_find(syms, addr - r->start + r->off, out);
    } else if (r && r->file) {
        out->in_file = true;
        out->off = addr - r->start + r->off;
    } else if (!r || !r->name) {
        find_jit(u, p, addr, out);
    }
}
