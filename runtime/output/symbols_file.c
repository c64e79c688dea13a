// SPDX-License-Identifier: GPL-2.0-or-later
// Symbols of executables and libraries, also from their separate files. Names stay in the file and
// are read when they are wanted: many symbols can share one very long name. Must not know
// processes. Serves symbols_user.c.
#include "runtime/output/symbols_impl.h"

#include "runtime/common/demangle.h"
#include "runtime/common/regular.h"

#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define SYMBOLS 2000000u     // of a file, at most
#define TABLES 4u            // of symbols
#define SAME 16u             // names of one place that are looked at
#define CHECKED (1ull << 30) // bytes of a separate file whose checksum is made

struct usym {
    uint64_t addr;
    uint32_t size; // of larger ones that much
    uint32_t name; // in the names of its table
    uint32_t table;
};

struct table { // its names
    int fd;
    uint64_t off, size;
};

struct nd_symfile {
    struct usym *v;
    size_t n, cap;
    struct nd_symelf_segment *seg;
    uint32_t nseg, ntables;
    struct table table[TABLES];
    int fd[2]; // the file and its separate one; -1
    char name[ND_SYM_NAME];
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

// ---- reading -----------------------------------------------------------------------------------

static bool add_symbol(void *arg, uint64_t addr, uint64_t size, uint32_t name)
{
    struct nd_symfile *f = arg;

    if (f->n == SYMBOLS || !nd_symfile_room((void **)&f->v, f->n, &f->cap, sizeof(*f->v)))
        return false;
    f->v[f->n++] =
        (struct usym){addr, size > UINT32_MAX ? UINT32_MAX : (uint32_t)size, name, f->ntables - 1};
    return true;
}

static void read_tables(const struct nd_symelf *e, struct nd_symfile *f)
{
    uint32_t i;

    for (i = 0; i < e->nsections && f->ntables < TABLES; i++) {
        const struct nd_symelf_section *s = &e->section[i], *names;

        if ((s->type != SHT_SYMTAB && s->type != SHT_DYNSYM) || s->link >= e->nsections)
            continue;
        names = &e->section[s->link];
        f->table[f->ntables++] = (struct table){e->fd, names->off, names->size};
        if (!nd_symelf_functions(e, s, add_symbol, f))
            break;
    }
}

static int compare(const void *a, const void *b)
{
    const struct usym *x = a, *y = b;

    return (x->addr > y->addr) - (x->addr < y->addr);
}

// ---- symbols in a file of their own -------------------------------------------------------------

static bool has_checksum(int fd, uint32_t wanted)
{
    unsigned char buf[65536];
    uLong sum = crc32(0, NULL, 0);
    off_t at = 0;
    ssize_t n;

    while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
        sum = crc32(sum, buf, (uInt)n);
        at += n;
    }
    return !n && (uint32_t)sum == wanted;
}

// crc: what the content must have; NULL: its name says enough.
static bool read_separate(const char *root, const char *path, const uint32_t *crc,
                          struct nd_symfile *f)
{
    char name[2 * PATH_MAX];
    struct nd_symelf e;
    struct stat st;
    bool is_elf = false;
    int fd;

    snprintf(name, sizeof(name), "%s%s", root, path);
    fd = nd_regular_open(name, &st);
    if (fd < 0)
        return false;
    if (!crc || ((uint64_t)st.st_size <= CHECKED && has_checksum(fd, *crc))) {
        is_elf = nd_symelf_open(&e, fd, (uint64_t)st.st_size);
        if (is_elf)
            read_tables(&e, f);
        nd_symelf_close(&e);
    }
    if (is_elf)
        f->fd[1] = fd; // names are read from it
    else
        close(fd);
    return is_elf;
}

#define DEBUG_DIR "/usr/lib/debug"

// The id that the linker made, in hexadecimal: "ab/cdef...".
static bool build_id(const struct nd_symelf *e, char *out, size_t size)
{
    const struct nd_symelf_section *s = nd_symelf_section(e, ".note.gnu.build-id");
    uint8_t note[sizeof(Elf64_Nhdr) + 4 + 64]; // "GNU", and the id
    size_t n = s ? s->size : 0, i, at = 0;
    Elf64_Nhdr h;

    n = n < sizeof(note) ? n : sizeof(note);
    if (n < sizeof(h) + 4 || !nd_symelf_read(e, s->off, note, n))
        return false;
    memcpy(&h, note, sizeof(h));
    if (h.n_namesz != 4 || h.n_descsz < 2 || h.n_descsz > n - sizeof(h) - 4)
        return false;
    for (i = 0; i < h.n_descsz; i++)
        at += (size_t)snprintf(out + at, size - at, i ? "%02x" : "%02x/", note[sizeof(h) + 4 + i]);
    return at < size;
}

static bool by_build_id(const struct nd_symelf *e, const char *root, struct nd_symfile *f)
{
    char path[PATH_MAX], id[160];

    if (!build_id(e, id, sizeof(id)))
        return false;
    snprintf(path, sizeof(path), DEBUG_DIR "/.build-id/%s.debug", id);
    return read_separate(root, path, NULL, f) || (*root && read_separate("", path, NULL, f));
}

// .gnu_debuglink: a name, zeros up to a multiple of 4, and the checksum of the file.
static bool by_link(const struct nd_symelf *e, const char *root, const char *path,
                    struct nd_symfile *f)
{
    static const char *const places[][2] = {{"", "/"}, {"", "/.debug/"}, {DEBUG_DIR, "/"}};
    const struct nd_symelf_section *s = nd_symelf_section(e, ".gnu_debuglink");
    const char *slash = strrchr(path, '/');
    int dir = slash ? (int)(slash - path) : 0;
    char file[2 * PATH_MAX], link[NAME_MAX + 9];
    uint32_t crc;
    size_t n, i;

    if (!s || s->size > sizeof(link) || !nd_symelf_read(e, s->off, link, s->size))
        return false;
    n = strnlen(link, s->size);
    if (!n || (n / 4 + 1) * 4 + 4 > s->size || memchr(link, '/', n))
        return false;
    memcpy(&crc, link + (n / 4 + 1) * 4, 4);
    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(file, sizeof(file), "%s%.*s%s%s", places[i][0], dir, path, places[i][1], link);
        if (read_separate(root, file, &crc, f) || (*root && read_separate("", file, &crc, f)))
            return true;
    }
    return false;
}

struct nd_symfile *nd_symfile_read(int fd, uint64_t size, const char *path, const char *root)
{
    struct nd_symfile *f = calloc(1, sizeof(*f));
    struct usym *less;
    struct nd_symelf e;

    if (!f) {
        close(fd);
        return NULL;
    }
    f->fd[0] = fd;
    f->fd[1] = -1;
    if (nd_symelf_open(&e, fd, size)) {
        read_tables(&e, f);
        if (!nd_symelf_section(&e, ".symtab") && !by_build_id(&e, root, f))
            by_link(&e, root, path, f);
        f->seg = e.segment;
        f->nseg = e.nsegments;
        e.segment = NULL;
    }
    nd_symelf_close(&e);
    if (f->n)
        qsort(f->v, f->n, sizeof(*f->v), compare);
    less = f->n ? realloc(f->v, f->n * sizeof(*f->v)) : NULL;
    f->v = less ? less : f->v;
    return f;
}

size_t nd_symfile_bytes(const struct nd_symfile *f)
{
    return sizeof(*f) + f->n * sizeof(*f->v);
}

void nd_symfile_free(struct nd_symfile *f)
{
    int i;

    for (i = 0; f && i < 2; i++) {
        if (f->fd[i] >= 0)
            close(f->fd[i]);
    }
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
    uint32_t i;

    for (i = 0; i < f->nseg; i++) {
        if (off >= f->seg[i].off && off - f->seg[i].off < f->seg[i].size) {
            *addr = off - f->seg[i].off + f->seg[i].addr;
            return true;
        }
    }
    return false;
}

// The name as it is in the file, cut if it is too long, without its version; false: there is none.
static bool raw_name(const struct nd_symfile *f, const struct usym *s, char out[ND_SYM_NAME])
{
    const struct table *t = &f->table[s->table];
    uint64_t left = s->name < t->size ? t->size - s->name : 0;
    ssize_t n = left < ND_SYM_NAME - 1 ? (ssize_t)left : ND_SYM_NAME - 1;

    n = n ? pread(t->fd, out, (size_t)n, (off_t)(t->off + s->name)) : 0;
    out[n > 0 ? n : 0] = 0;
    out[strcspn(out, "@")] = 0; // name@@VERSION
    return *out != 0;
}

// As people write it.
static void readable(struct nd_symfile *f)
{
    char *text = nd_demangle(f->name, false);

    if (text)
        snprintf(f->name, sizeof(f->name), "%s", text);
    free(text);
}

// Of several names for one place the first, in the order of the alphabet, that covers the address;
// without a size it reaches to the next symbol.
static bool best_name(struct nd_symfile *f, size_t last, uint64_t addr)
{
    char name[ND_SYM_NAME];
    bool found = false;
    size_t i;

    for (i = last + 1; i && last + 1 - i < SAME && f->v[i - 1].addr == f->v[last].addr; i--) {
        const struct usym *s = &f->v[i - 1];

        if ((s->size && addr - s->addr >= s->size) || !raw_name(f, s, name))
            continue;
        if (!found || strcmp(name, f->name) < 0)
            memcpy(f->name, name, sizeof(name));
        found = true;
    }
    return found;
}

static void find_symbol(struct nd_symfile *f, uint64_t addr, struct nd_symbol *out)
{
    size_t lo = 0, hi = f->n;

    while (lo < hi) { // the first symbol above addr
        size_t mid = lo + (hi - lo) / 2;

        if (f->v[mid].addr <= addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (!lo || !best_name(f, lo - 1, addr))
        return;
    readable(f);
    out->name = f->name;
    out->off = addr - f->v[lo - 1].addr;
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
