// SPDX-License-Identifier: GPL-2.0-or-later
// Function symbols of executables and libraries. Must not know the language, nor how files are
// found. Serves the checker (uprobe, uretprobe).
#include "compiler/kernel/kernel_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

struct nd_elf {
    struct nd_elf *next;
    const char *path;
    int fd;
    Elf *elf;
};

// ---- ELF -------------------------------------------------------------------------------------

struct nd_elf *nd_elf_get(struct nd_kernel *k, const char *path, int *err, const char **why)
{
    struct nd_elf *e;
    int fd;

    for (e = k->elfs; e; e = e->next)
        if (!strcmp(e->path, path))
            return e;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *err = -errno;
        *why = nd_arena_printf(k->a, "%s: %s", path, strerror(errno));
        return NULL;
    }
    elf_version(EV_CURRENT);
    e = ND_NEW(k->a, struct nd_elf);
    e->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (!e->elf || elf_kind(e->elf) != ELF_K_ELF) {
        *err = -ENOEXEC;
        *why = nd_arena_printf(k->a, "%s is not an executable or library (not an ELF file)", path);
        elf_end(e->elf);
        close(fd);
        return NULL;
    }
    e->path = nd_arena_strdup(k->a, path);
    e->fd = fd;
    e->next = k->elfs;
    k->elfs = e;
    return e;
}

void nd_elf_free_all(struct nd_kernel *k)
{
    for (; k->elfs; k->elfs = k->elfs->next) {
        elf_end(k->elfs->elf);
        close(k->elfs->fd);
    }
}

void *nd_elf_handle(struct nd_elf *e)
{
    return e->elf;
}

uint64_t nd_elf_offset(struct nd_elf *e, uint64_t addr)
{
    GElf_Phdr ph;
    size_t n;

    if (elf_getphdrnum(e->elf, &n))
        return UINT64_MAX;
    for (size_t i = 0; i < n && i < INT32_MAX; i++)
        if (gelf_getphdr(e->elf, (int)i, &ph) && ph.p_type == PT_LOAD && addr >= ph.p_vaddr &&
            addr - ph.p_vaddr < ph.p_filesz)
            return addr - ph.p_vaddr + ph.p_offset;
    return UINT64_MAX;
}

uint64_t nd_kernel_addr_offset(struct nd_kernel *k, const char *path, uint64_t addr)
{
    const char *why;
    int err;
    struct nd_elf *e = nd_elf_get(k, path, &err, &why);

    return e ? nd_elf_offset(e, addr) : UINT64_MAX;
}

struct syms {
    struct nd_usym *v;
    uint32_t n, cap;
};

static void collect(struct nd_kernel *k, struct nd_elf *e, uint32_t type, const char *glob,
                    struct syms *out)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr sh;
    GElf_Sym sym;

    while ((scn = elf_nextscn(e->elf, scn))) {
        Elf_Data *data;
        size_t n;

        if (!gelf_getshdr(scn, &sh) || sh.sh_type != type || !sh.sh_entsize)
            continue;
        data = elf_getdata(scn, NULL);
        n = data ? data->d_size / sh.sh_entsize : 0;
        for (size_t i = 0; i < n && i < INT32_MAX; i++) {
            const char *name, *at;
            struct nd_usym s;

            if (!gelf_getsym(data, (int)i, &sym) || GELF_ST_TYPE(sym.st_info) != STT_FUNC ||
                sym.st_shndx == SHN_UNDEF || !sym.st_value)
                continue;
            name = elf_strptr(e->elf, sh.sh_link, sym.st_name);
            if (!name || !*name)
                continue;
            at = strchr(name, '@'); // name@@VERSION
            if (at)
                name = nd_arena_strndup(k->a, name, (size_t)(at - name));
            if (!nd_glob_match(glob, name))
                continue;
            s = (struct nd_usym){name, sym.st_value, nd_elf_offset(e, sym.st_value), sym.st_size};
            if (s.off != UINT64_MAX)
                *ND_PUSH(k->a, out) = s;
        }
    }
}

const char *nd_kernel_file_id(struct nd_kernel *k, const char *path)
{
    size_t size = 0;
    uint32_t sum;
    char *data;

    if (nd_read_text(AT_FDCWD, path, &data, &size))
        return "";
    sum = (uint32_t)crc32_z(0, (const uint8_t *)data, size);
    free(data);
    return nd_arena_printf(k->a, "%zu-%08x", size, sum);
}

// By name; of several of one name the one that was found first (.symtab before .dynsym).
static int compare_syms(const void *a, const void *b)
{
    const struct nd_usym *x = a, *y = b;
    int c = strcmp(x->name, y->name);

    return c ? c : (x->addr > y->addr) - (x->addr < y->addr);
}

int nd_kernel_each_usym(struct nd_kernel *k, const char *path, const char *glob,
                        int (*fn)(void *arg, const struct nd_usym *sym), void *arg,
                        const char **why)
{
    const char *unused;
    struct syms found = {0};
    struct nd_elf *e;
    int err = 0;

    why = why ? why : &unused;
    *why = NULL;
    e = nd_elf_get(k, path, &err, why);
    if (!e)
        return err;
    collect(k, e, SHT_SYMTAB, glob, &found);
    collect(k, e, SHT_DYNSYM, glob, &found);
    if (found.n)
        qsort(found.v, found.n, sizeof(*found.v), compare_syms);
    for (uint32_t i = 0; i < found.n && !err; i++)
        if (!i || strcmp(found.v[i - 1].name, found.v[i].name))
            err = fn(arg, &found.v[i]);
    return err;
}
