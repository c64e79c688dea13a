// SPDX-License-Identifier: GPL-2.0-or-later
// User symbols: the mappings of a process and the symbol tables of the mapped files. Both are
// kept: files by device and inode, mappings by process, read again when they may have changed.
// Must not know formats. Serves symbols.c.
#include "runtime/output/symbols_impl.h"

#include "runtime/common/demangle.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FRESH_NS 1000000000ll // mappings older than this are read again if the process lives
#define PROCESSES 1024        // kept; the one asked for first is forgotten for a new one
#define REREADS 16            // per process and that time, for addresses that miss

struct usym {
    uint64_t addr, size;
    char *name;
};

struct segment {
    uint64_t off, size, addr;
};

struct file {
    uint64_t inode;
    char dev[16];
    char *base; // last part of the path
    struct usym *v;
    size_t n, cap;
    struct segment *seg;
    size_t nseg;
    struct file *next;
};

struct region {
    uint64_t start, end, off;
    struct file *file; // NULL: no file
    const char *name;  // of regions without a file: "vdso", or NULL
};

struct process {
    uint32_t pid;
    uint32_t rereads;
    int64_t read_at;
    struct region *v;
    size_t n, cap;
    struct process *next;
};

struct nd_usyms {
    struct file *files;
    struct process *procs;
    uint32_t nprocs;
};

struct nd_usyms *nd_usyms_new(void)
{
    elf_version(EV_CURRENT);
    return calloc(1, sizeof(struct nd_usyms));
}

static void free_file(struct file *f)
{
    size_t i;

    for (i = 0; i < f->n; i++)
        free(f->v[i].name);
    free(f->v);
    free(f->seg);
    free(f->base);
    free(f);
}

void nd_usyms_free(struct nd_usyms *u)
{
    if (!u)
        return;
    while (u->files) {
        struct file *f = u->files;

        u->files = f->next;
        free_file(f);
    }
    while (u->procs) {
        struct process *p = u->procs;

        u->procs = p->next;
        free(p->v);
        free(p);
    }
    free(u);
}

// Room for one more item in a growing array.
static bool room(void **v, size_t n, size_t *cap, size_t item)
{
    size_t more = *cap ? *cap * 2 : 64;
    void *p;

    if (n < *cap)
        return true;
    p = realloc(*v, more * item);
    if (!p)
        return false;
    *v = p;
    *cap = more;
    return true;
}

static void read_symtab(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, struct file *f)
{
    Elf_Data *data = elf_getdata(scn, NULL);
    int n = sh->sh_entsize && data ? (int)(sh->sh_size / sh->sh_entsize) : 0, i;

    for (i = 0; i < n; i++) {
        GElf_Sym sym;
        const char *name;
        int type;

        if (!gelf_getsym(data, i, &sym))
            continue;
        type = GELF_ST_TYPE(sym.st_info);
        if ((type != STT_FUNC && type != STT_GNU_IFUNC) || sym.st_shndx == SHN_UNDEF)
            continue;
        name = elf_strptr(elf, sh->sh_link, sym.st_name);
        if (!name || !*name || !room((void **)&f->v, f->n, &f->cap, sizeof(*f->v)))
            continue;
        f->v[f->n] = (struct usym){sym.st_value, sym.st_size, strdup(name)};
        f->n += f->v[f->n].name != NULL;
    }
}

static void read_segments(Elf *elf, struct file *f)
{
    size_t n = 0, i;

    if (elf_getphdrnum(elf, &n) || !n)
        return;
    f->seg = calloc(n, sizeof(*f->seg));
    for (i = 0; f->seg && i < n; i++) {
        GElf_Phdr ph;

        if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD)
            f->seg[f->nseg++] = (struct segment){ph.p_offset, ph.p_filesz, ph.p_vaddr};
    }
}

static int compare(const void *a, const void *b)
{
    const struct usym *x = a, *y = b;

    if (x->addr != y->addr)
        return x->addr < y->addr ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void read_elf(int fd, struct file *f)
{
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    Elf_Scn *scn = NULL;
    GElf_Shdr sh;

    if (!elf)
        return;
    if (elf_kind(elf) == ELF_K_ELF) {
        read_segments(elf, f);
        while ((scn = elf_nextscn(elf, scn))) {
            if (gelf_getshdr(scn, &sh) && (sh.sh_type == SHT_SYMTAB || sh.sh_type == SHT_DYNSYM))
                read_symtab(elf, scn, &sh, f);
        }
        if (f->n)
            qsort(f->v, f->n, sizeof(*f->v), compare);
    }
    elf_end(elf);
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
    int fd;

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
    fd = open_mapped(pid, range, path);
    if (fd >= 0) {
        read_elf(fd, f);
        close(fd);
    }
    f->next = u->files;
    u->files = f;
    return f;
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
    if (!room((void **)&p->v, p->n, &p->cap, sizeof(*p->v)))
        return;
    r = &p->v[p->n++];
    *r = (struct region){start, end, off, NULL, NULL};
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
    free((*p)->v);
    free(*p);
    *p = NULL;
    u->nprocs--;
}

static struct process *get_process(struct nd_usyms *u, uint32_t pid)
{
    struct process *p = u->procs;
    int64_t t = now();

    while (p && p->pid != pid)
        p = p->next;
    if (!p) {
        p = calloc(1, sizeof(*p));
        if (!p)
            return NULL;
        if (u->nprocs == PROCESSES)
            forget_oldest(u);
        p->pid = pid;
        p->next = u->procs;
        u->procs = p;
        u->nprocs++;
    } else if (t - p->read_at < FRESH_NS) {
        return p;
    }
    p->read_at = t;
    p->rereads = 0;
    read_maps(u, p);
    return p;
}

static const struct region *find_region(const struct process *p, uint64_t addr)
{
    size_t i;

    for (i = 0; i < p->n; i++) {
        if (addr >= p->v[i].start && addr < p->v[i].end)
            return &p->v[i];
    }
    return NULL;
}

// Virtual address in the file of an offset in the file.
static bool to_vaddr(const struct file *f, uint64_t off, uint64_t *addr)
{
    size_t i;

    for (i = 0; i < f->nseg; i++) {
        if (off >= f->seg[i].off && off - f->seg[i].off < f->seg[i].size) {
            *addr = off - f->seg[i].off + f->seg[i].addr;
            return true;
        }
    }
    return false;
}

// As people write it; once, and only for those that are printed.
static const char *readable(struct usym *s)
{
    char *text;

    s->name[strcspn(s->name, "@")] = 0; // name@@VERSION
    text = nd_demangle(s->name, false);
    if (text) {
        free(s->name);
        s->name = text;
    }
    return s->name;
}

static void find_symbol(struct file *f, uint64_t addr, struct nd_symbol *out)
{
    size_t lo = 0, hi = f->n, i;
    struct usym *best = NULL;

    while (lo < hi) { // the first symbol above addr
        size_t mid = lo + (hi - lo) / 2;

        if (f->v[mid].addr <= addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (!lo)
        return;
    // Of several names for one place the first that covers the address; without a size it reaches
    // to the next symbol.
    for (i = lo; i && f->v[i - 1].addr == f->v[lo - 1].addr; i--) {
        struct usym *s = &f->v[i - 1];

        if (!s->size || addr - s->addr < s->size)
            best = s;
    }
    if (!best)
        return;
    out->name = readable(best);
    out->off = addr - best->addr;
}

void nd_usyms_find(struct nd_usyms *u, uint32_t pid, uint64_t addr, struct nd_symbol *out)
{
    struct process *p = get_process(u, pid);
    const struct region *r;
    uint64_t vaddr;

    *out = (struct nd_symbol){0};
    if (!p)
        return;
    r = find_region(p, addr);
    if (!r && p->rereads < REREADS) {
        p->rereads++;
        if (read_maps(u, p))
            r = find_region(p, addr);
    }
    if (!r)
        return;
    out->module = r->file ? r->file->base : r->name;
    if (r->file && to_vaddr(r->file, addr - r->start + r->off, &vaddr))
        find_symbol(r->file, vaddr, out);
}
