// SPDX-License-Identifier: GPL-2.0-or-later
// Where an ELF file (a vmlinux or a module with debug information) has its BTF. Only its headers
// are read: the file may have a gigabyte. Must not know BTF.
#include "compiler/kernel/btf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SECTIONS_MAX 65280u // SHN_LORESERVE

static bool read_at(int fd, void *to, size_t n, uint64_t off)
{
    return off <= INT64_MAX && pread(fd, to, n, (off_t)off) == (ssize_t)n;
}

static bool section(int fd, const Elf64_Ehdr *h, uint32_t i, Elf64_Shdr *s)
{
    return i < h->e_shnum && read_at(fd, s, sizeof(*s), h->e_shoff + (uint64_t)i * sizeof(*s));
}

int nd_btf_in_elf(int fd, uint64_t *off, uint64_t *size)
{
    static const char wanted[] = ".BTF";
    char name[sizeof(wanted)];
    Elf64_Shdr names, s;
    Elf64_Ehdr h;
    uint32_t i;

    if (!read_at(fd, &h, sizeof(h), 0) || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0)
        return -ENOEXEC;
    if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_ident[EI_DATA] != ELFDATA2LSB ||
        h.e_shentsize != sizeof(s) || h.e_shnum > SECTIONS_MAX ||
        !section(fd, &h, h.e_shstrndx, &names))
        return -EINVAL;
    for (i = 1; i < h.e_shnum; i++) {
        if (!section(fd, &h, i, &s))
            return -EINVAL;
        if (s.sh_type != SHT_PROGBITS || s.sh_name >= names.sh_size ||
            !read_at(fd, name, sizeof(name), names.sh_offset + s.sh_name) ||
            memcmp(name, wanted, sizeof(wanted)) != 0)
            continue;
        *off = s.sh_offset;
        *size = s.sh_size;
        return 0;
    }
    return -ENOENT;
}
