// SPDX-License-Identifier: GPL-2.0-or-later
// Symbols of executables and libraries, also from their separate files, and of code that a process
// made and tells about in /tmp/perf-PID.map. Must not know processes. Serves symbols_user.c.
#include "runtime/output/symbols_impl.h"

#include "runtime/common/demangle.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

struct usym {
    uint64_t addr, size;
    char *name;
};

struct segment {
    uint64_t off, size, addr;
};

struct nd_symfile {
    struct usym *v;
    size_t n, cap;
    struct segment *seg;
    size_t nseg;
};

bool nd_symfile_room(void **v, size_t n, size_t *cap, size_t item)
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

static void read_symtab(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, struct nd_symfile *f)
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
        if (!name || !*name || !nd_symfile_room((void **)&f->v, f->n, &f->cap, sizeof(*f->v)))
            continue;
        f->v[f->n] = (struct usym){sym.st_value, sym.st_size, strdup(name)};
        f->n += f->v[f->n].name != NULL;
    }
}

static void read_segments(Elf *elf, struct nd_symfile *f)
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

static void read_tables(Elf *elf, struct nd_symfile *f)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr sh;

    while ((scn = elf_nextscn(elf, scn))) {
        if (gelf_getshdr(scn, &sh) && (sh.sh_type == SHT_SYMTAB || sh.sh_type == SHT_DYNSYM))
            read_symtab(elf, scn, &sh, f);
    }
}

// ---- symbols in a file of their own -------------------------------------------------------------

static Elf_Data *section(Elf *elf, const char *name)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr sh;
    size_t strings;

    if (elf_getshdrstrndx(elf, &strings))
        return NULL;
    while ((scn = elf_nextscn(elf, scn))) {
        const char *s = gelf_getshdr(scn, &sh) ? elf_strptr(elf, strings, sh.sh_name) : NULL;

        if (s && !strcmp(s, name))
            return elf_getdata(scn, NULL);
    }
    return NULL;
}

static uint32_t checksum(int fd)
{
    unsigned char buf[65536];
    uLong sum = crc32(0, NULL, 0);
    ssize_t n;

    lseek(fd, 0, SEEK_SET);
    while ((n = read(fd, buf, sizeof(buf))) > 0)
        sum = crc32(sum, buf, (uInt)n);
    return (uint32_t)sum;
}

// crc: what the content must have; NULL: its name says enough.
static bool read_separate(const char *root, const char *path, const uint32_t *crc,
                          struct nd_symfile *f)
{
    char name[2 * PATH_MAX];
    Elf *elf;
    int fd;

    snprintf(name, sizeof(name), "%s%s", root, path);
    fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    elf = !crc || checksum(fd) == *crc ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
    if (elf && elf_kind(elf) == ELF_K_ELF)
        read_tables(elf, f);
    elf_end(elf);
    close(fd);
    return elf != NULL;
}

#define DEBUG_DIR "/usr/lib/debug"

static bool by_build_id(Elf *elf, const char *root, struct nd_symfile *f)
{
    Elf_Data *d = section(elf, ".note.gnu.build-id");
    char path[PATH_MAX] = DEBUG_DIR "/.build-id/";
    const uint8_t *id;
    size_t at = 0, name, desc, i, n = strlen(path);
    GElf_Nhdr note;

    if (!d || !gelf_getnote(d, at, &note, &name, &desc) || note.n_descsz < 2 || note.n_descsz > 64)
        return false;
    id = (const uint8_t *)d->d_buf + desc;
    for (i = 0; i < note.n_descsz; i++)
        n += (size_t)snprintf(path + n, sizeof(path) - n, i ? "%02x" : "%02x/", id[i]);
    snprintf(path + n, sizeof(path) - n, ".debug");
    return read_separate(root, path, NULL, f) || (*root && read_separate("", path, NULL, f));
}

// .gnu_debuglink: a name, zeros up to a multiple of 4, and the checksum of the file.
static bool by_link(Elf *elf, const char *root, const char *path, struct nd_symfile *f)
{
    static const char *const places[][2] = {{"", "/"}, {"", "/.debug/"}, {DEBUG_DIR, "/"}};
    Elf_Data *d = section(elf, ".gnu_debuglink");
    const char *slash = strrchr(path, '/');
    int dir = slash ? (int)(slash - path) : 0;
    char file[2 * PATH_MAX];
    uint32_t crc;
    size_t n, i;

    n = d ? strnlen(d->d_buf, d->d_size) : 0;
    if (!n || (n / 4 + 1) * 4 + 4 > d->d_size)
        return false;
    memcpy(&crc, (const char *)d->d_buf + (n / 4 + 1) * 4, 4);
    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(file, sizeof(file), "%s%.*s%s%s", places[i][0], dir, path, places[i][1],
                 (const char *)d->d_buf);
        if (read_separate(root, file, &crc, f) || (*root && read_separate("", file, &crc, f)))
            return true;
    }
    return false;
}

struct nd_symfile *nd_symfile_read(int fd, const char *path, const char *root)
{
    struct nd_symfile *f = calloc(1, sizeof(*f));
    Elf *elf;

    elf_version(EV_CURRENT);
    elf = f ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
    if (elf && elf_kind(elf) == ELF_K_ELF) {
        read_segments(elf, f);
        read_tables(elf, f);
        if (!section(elf, ".symtab") && !by_build_id(elf, root, f))
            by_link(elf, root, path, f);
        if (f->n)
            qsort(f->v, f->n, sizeof(*f->v), compare);
    }
    elf_end(elf);
    return f;
}

void nd_symfile_free(struct nd_symfile *f)
{
    size_t i;

    for (i = 0; f && i < f->n; i++)
        free(f->v[i].name);
    if (f) {
        free(f->v);
        free(f->seg);
    }
    free(f);
}

// ---- looking up --------------------------------------------------------------------------------

// Virtual address in the file of an offset in the file.
static bool to_vaddr(const struct nd_symfile *f, uint64_t off, uint64_t *addr)
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

static void find_symbol(struct nd_symfile *f, uint64_t addr, struct nd_symbol *out)
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

void nd_symfile_find(struct nd_symfile *f, uint64_t off, struct nd_symbol *out)
{
    uint64_t addr = off;

    if (to_vaddr(f, off, &addr))
        find_symbol(f, addr, out);
    out->in_file = !out->name;
    if (out->in_file)
        out->off = addr;
}

// ---- code that a process made -------------------------------------------------------------------

struct nd_symjit {
    struct usym *v;
    size_t n, cap;
};

struct nd_symjit *nd_symjit_read(uint32_t pid)
{
    struct nd_symjit *j = calloc(1, sizeof(*j));
    unsigned long long addr, size;
    char path[96], line[1024];
    int at;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%u/root/tmp/perf-%u.map", pid, pid);
    f = fopen(path, "re");
    if (!f) {
        snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
        f = fopen(path, "re");
    }
    while (j && f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "%llx %llx %n", &addr, &size, &at) < 2 ||
            !nd_symfile_room((void **)&j->v, j->n, &j->cap, sizeof(*j->v)))
            continue;
        j->v[j->n] = (struct usym){addr, size, strdup(line + at)};
        j->n += j->v[j->n].name != NULL;
    }
    if (f)
        fclose(f);
    return j;
}

// What was written last: code moves.
void nd_symjit_find(const struct nd_symjit *j, uint64_t addr, struct nd_symbol *out)
{
    size_t i;

    for (i = j ? j->n : 0; i > 0 && !out->name; i--) {
        if (addr < j->v[i - 1].addr || addr - j->v[i - 1].addr >= j->v[i - 1].size)
            continue;
        out->name = j->v[i - 1].name;
        out->off = addr - j->v[i - 1].addr;
    }
}

void nd_symjit_free(struct nd_symjit *j)
{
    size_t i;

    for (i = 0; j && i < j->n; i++)
        free(j->v[i].name);
    if (j)
        free(j->v);
    free(j);
}
