// SPDX-License-Identifier: GPL-2.0-or-later
// Function symbols of executables and libraries. Must not know the language, nor how files are
// found. Serves the checker (uprobe, uretprobe).
#include "compiler/kernel/kernel_impl.h"
#include "runtime/common/elfsyms.h"
#include "runtime/common/regular.h"

#include <errno.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

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
    Elf *elf;
    int fd;

    for (e = k->elfs; e; e = e->next)
        if (!strcmp(e->path, path))
            return e;
    elf = nd_elfsyms_open(path, &fd, err);
    if (!elf) {
        *why = *err == -ENOEXEC
                   ? nd_arena_printf(k->a, "%s is not an executable or library (not an ELF file)",
                                     path)
                   : nd_arena_printf(k->a, "%s: %s", path, nd_regular_error(*err));
        return NULL;
    }
    e = ND_NEW(k->a, struct nd_elf);
    e->elf = elf;
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

int nd_elf_fd(const struct nd_elf *e)
{
    return e->fd;
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

const char *nd_kernel_file_id(struct nd_kernel *k, const char *path)
{
    char id[64];

    return nd_regular_id(path, id, sizeof(id)) ? nd_arena_strdup(k->a, id) : "";
}

struct each {
    struct nd_kernel *k;
    struct nd_elf *e;
    int (*fn)(void *arg, const struct nd_usym *sym);
    void *arg;
};

static int give(void *arg, const struct nd_elfsym *s)
{
    struct each *x = arg;
    const struct nd_usym u = {.name = nd_arena_strdup(x->k->a, s->name),
                              .addr = s->addr,
                              .off = nd_elf_offset(x->e, s->addr),
                              .size = s->size,
                              .chosen = s->chosen};

    return u.off == UINT64_MAX ? 0 : x->fn(x->arg, &u);
}

int nd_kernel_each_usym(struct nd_kernel *k, const char *path, const char *pattern,
                        int (*fn)(void *arg, const struct nd_usym *sym), void *arg,
                        const char **why)
{
    struct each x = {.k = k, .fn = fn, .arg = arg};
    const char *unused;
    int err = 0;

    why = why ? why : &unused;
    *why = NULL;
    x.e = nd_elf_get(k, path, &err, why);
    return x.e ? nd_elfsyms_each(x.e->elf, pattern, give, &x) : err;
}
