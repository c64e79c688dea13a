// SPDX-License-Identifier: GPL-2.0-or-later
// Sections, segments and functions of an ELF file that its owner may change, cut or make up while
// it is read: by pread(), never mapped, each number checked before it is used. Must not know what
// is searched. Serves symbols_file.c.
#include "runtime/output/symbols_impl.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTIONS 65536u
#define SEGMENTS 1024u

bool nd_symelf_read(const struct nd_symelf *e, uint64_t off, void *to, size_t n)
{
    size_t done = 0;

    if (off > e->size || n > e->size - off)
        return false;
    while (done < n) {
        ssize_t got = pread(e->fd, (char *)to + done, n - done, (off_t)(off + done));

        if (got <= 0)
            return false; // cut since
        done += (size_t)got;
    }
    return true;
}

// Of a 32-bit file too: entry i of a table, as the 64-bit kind.
static bool read_section(const struct nd_symelf *e, uint64_t at, Elf64_Shdr *out)
{
    Elf32_Shdr s;

    if (e->wide)
        return nd_symelf_read(e, at, out, sizeof(*out));
    if (!nd_symelf_read(e, at, &s, sizeof(s)))
        return false;
    *out = (Elf64_Shdr){.sh_name = s.sh_name,
                        .sh_type = s.sh_type,
                        .sh_flags = s.sh_flags,
                        .sh_offset = s.sh_offset,
                        .sh_size = s.sh_size,
                        .sh_link = s.sh_link,
                        .sh_entsize = s.sh_entsize};
    return true;
}

static bool read_segment(const struct nd_symelf *e, uint64_t at, Elf64_Phdr *out)
{
    Elf32_Phdr p;

    if (e->wide)
        return nd_symelf_read(e, at, out, sizeof(*out));
    if (!nd_symelf_read(e, at, &p, sizeof(p)))
        return false;
    *out = (Elf64_Phdr){
        .p_type = p.p_type, .p_offset = p.p_offset, .p_filesz = p.p_filesz, .p_vaddr = p.p_vaddr};
    return true;
}

static bool read_header(const struct nd_symelf *e, Elf64_Ehdr *out)
{
    Elf32_Ehdr h;

    if (e->wide)
        return nd_symelf_read(e, 0, out, sizeof(*out));
    if (!nd_symelf_read(e, 0, &h, sizeof(h)))
        return false;
    *out = (Elf64_Ehdr){.e_phoff = h.e_phoff,
                        .e_shoff = h.e_shoff,
                        .e_phentsize = h.e_phentsize,
                        .e_phnum = h.e_phnum,
                        .e_shentsize = h.e_shentsize,
                        .e_shnum = h.e_shnum,
                        .e_shstrndx = h.e_shstrndx};
    return true;
}

static void read_sections(struct nd_symelf *e, const Elf64_Ehdr *h)
{
    uint32_t n = h->e_shnum, i;
    Elf64_Shdr first;

    e->names = h->e_shstrndx;
    if (!h->e_shoff || !read_section(e, h->e_shoff, &first))
        return;
    if (!n) // more than fit into the header
        n = first.sh_size > SECTIONS ? SECTIONS : (uint32_t)first.sh_size;
    if (e->names == SHN_XINDEX)
        e->names = first.sh_link;
    e->section = calloc(n, sizeof(*e->section));
    for (i = 0; e->section && i < n; i++) {
        Elf64_Shdr s;

        if (!read_section(e, h->e_shoff + (uint64_t)i * h->e_shentsize, &s))
            break;
        e->section[e->nsections++] = (struct nd_symelf_section){
            s.sh_name, s.sh_type, s.sh_link, s.sh_offset,
            s.sh_type == SHT_NOBITS || s.sh_flags & SHF_COMPRESSED ? 0 : s.sh_size};
    }
}

static void read_segments(struct nd_symelf *e, const Elf64_Ehdr *h)
{
    uint32_t n = h->e_phnum > SEGMENTS ? SEGMENTS : h->e_phnum, i;

    e->segment = calloc(n + 1, sizeof(*e->segment));
    for (i = 0; e->segment && i < n; i++) {
        Elf64_Phdr p;

        if (!read_segment(e, h->e_phoff + (uint64_t)i * h->e_phentsize, &p))
            break;
        if (p.p_type == PT_LOAD)
            e->segment[e->nsegments++] =
                (struct nd_symelf_segment){p.p_offset, p.p_filesz, p.p_vaddr};
    }
}

bool nd_symelf_open(struct nd_symelf *e, int fd, uint64_t size)
{
    const uint16_t one = 1;
    unsigned char ident[EI_NIDENT];
    Elf64_Ehdr h;

    memset(e, 0, sizeof(*e));
    e->fd = fd;
    e->size = size;
    if (!nd_symelf_read(e, 0, ident, sizeof(ident)) || memcmp(ident, ELFMAG, SELFMAG) != 0 ||
        (ident[EI_DATA] == ELFDATA2LSB) != (*(const uint8_t *)&one == 1))
        return false;
    e->wide = ident[EI_CLASS] == ELFCLASS64;
    if (!read_header(e, &h))
        return false;
    read_segments(e, &h);
    read_sections(e, &h);
    return true;
}

void nd_symelf_close(struct nd_symelf *e)
{
    free(e->section);
    free(e->segment);
}

const struct nd_symelf_section *nd_symelf_section(const struct nd_symelf *e, const char *name)
{
    const struct nd_symelf_section *names = e->names < e->nsections ? &e->section[e->names] : NULL;
    char text[64];
    size_t len = strlen(name) + 1;
    uint32_t i;

    if (!names || len > sizeof(text))
        return NULL;
    for (i = 0; i < e->nsections; i++) {
        const struct nd_symelf_section *s = &e->section[i];

        if (s->name < names->size && len <= names->size - s->name &&
            nd_symelf_read(e, names->off + s->name, text, len) && !memcmp(text, name, len))
            return s;
    }
    return NULL;
}

// ---- functions ---------------------------------------------------------------------------------

#define AT_ONCE 2048u // entries of a table

static bool function(const Elf64_Sym *s)
{
    unsigned int type = ELF64_ST_TYPE(s->st_info);

    return (type == STT_FUNC || type == STT_GNU_IFUNC) && s->st_shndx != SHN_UNDEF && s->st_name;
}

static Elf64_Sym entry(const struct nd_symelf *e, const void *table, size_t i)
{
    Elf32_Sym s;
    Elf64_Sym wide;

    if (e->wide) {
        memcpy(&wide, (const Elf64_Sym *)table + i, sizeof(wide));
        return wide;
    }
    memcpy(&s, (const Elf32_Sym *)table + i, sizeof(s));
    return (Elf64_Sym){.st_name = s.st_name,
                       .st_info = s.st_info,
                       .st_shndx = s.st_shndx,
                       .st_value = s.st_value,
                       .st_size = s.st_size};
}

bool nd_symelf_functions(const struct nd_symelf *e, const struct nd_symelf_section *s,
                         bool (*fn)(void *arg, uint64_t addr, uint64_t size, uint32_t name),
                         void *arg)
{
    size_t each = e->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym), i;
    Elf64_Sym *part = malloc(AT_ONCE * sizeof(*part));
    uint64_t left = s->off < e->size ? e->size - s->off : 0, at = s->off;
    bool more = part != NULL;

    left = (s->size < left ? s->size : left) / each;
    while (more && left) {
        size_t n = left < AT_ONCE ? (size_t)left : AT_ONCE;

        if (!nd_symelf_read(e, at, part, n * each))
            break;
        for (i = 0; more && i < n; i++) {
            const Elf64_Sym sym = entry(e, part, i);

            if (function(&sym))
                more = fn(arg, sym.st_value, sym.st_size, sym.st_name);
        }
        at += n * each;
        left -= n;
    }
    free(part);
    return more;
}
