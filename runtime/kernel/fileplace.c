// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/kernel/fileplace.h"

#include "runtime/common/elfsyms.h"
#include "runtime/common/regular.h"
#include "runtime/common/sdtnotes.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <unistd.h>

struct wanted {
    uint64_t off, sem;
};

static int is_probe(void *arg, const struct nd_sdtnote *n)
{
    const struct wanted *w = arg;

    return n->off == w->off && (!w->sem || n->sem_off == w->sem);
}

// The address of what is at this place of the file; false: it is not code.
static bool address_of(Elf *elf, uint64_t off, uint64_t *addr)
{
    GElf_Phdr ph;
    size_t n, i;

    if (elf_getphdrnum(elf, &n))
        return false;
    for (i = 0; i < n && i < INT32_MAX; i++) {
        if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD && ph.p_flags & PF_X &&
            off >= ph.p_offset && off - ph.p_offset < ph.p_filesz) {
            *addr = off - ph.p_offset + ph.p_vaddr;
            return true;
        }
    }
    return false;
}

static bool function_at(Elf *elf, uint64_t addr)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr sh;
    GElf_Sym sym;

    while ((scn = elf_nextscn(elf, scn))) {
        Elf_Data *data;
        size_t n, i;

        if (!gelf_getshdr(scn, &sh) || !sh.sh_entsize ||
            (sh.sh_type != SHT_SYMTAB && sh.sh_type != SHT_DYNSYM))
            continue;
        data = nd_elfsyms_data(scn);
        n = data ? data->d_size / sh.sh_entsize : 0;
        for (i = 0; i < n && i < INT32_MAX && gelf_getsym(data, (int)i, &sym); i++) {
            if (sym.st_value == addr && sym.st_shndx != SHN_UNDEF &&
                GELF_ST_TYPE(sym.st_info) == STT_FUNC)
                return true;
        }
    }
    return false;
}

static int check(Elf *elf, const struct wanted *w, bool start)
{
    bool probe = nd_sdtnotes_each(elf, is_probe, (void *)(uintptr_t)w);
    uint64_t addr;

    if (w->sem && (!probe || w->sem > UINT32_MAX))
        return -EBADMSG;
    return !start || probe || (address_of(elf, w->off, &addr) && function_at(elf, addr))
               ? 0
               : -EADDRNOTAVAIL;
}

int nd_fileplace_open(const char *path, uint64_t off, uint64_t sem, bool start)
{
    struct wanted w = {off, sem};
    int fd, err;
    Elf *elf = nd_elfsyms_open(path, &fd, &err);

    if (!elf)
        return err;
    err = check(elf, &w, start);
    elf_end(elf);
    if (err)
        close(fd);
    return err ? err : fd;
}

// The opcode of an instruction with a VEX or EVEX prefix, as 64-bit programs have them; -1: it has
// none.
static int avx_opcode(const uint8_t *b)
{
    switch (b[0]) {
    case 0xc5:
        return b[2];
    case 0xc4:
        return b[3];
    case 0x62:
        return b[4];
    default:
        return -1;
    }
}

bool nd_fileplace_misread(const char *path, uint64_t off)
{
#ifdef __x86_64__
    uint8_t b[8] = {0};
    int fd = nd_regular_open(path, NULL), op = -1;

    if (fd < 0)
        return false; // the kernel will say what is wrong with it
    if (pread(fd, b, sizeof(b), (off_t)off) > 0)
        op = avx_opcode(b);
    close(fd);
    return (op & ~0xf) == 0x70 || op == 0xe8 || op == 0xe9 || op == 0xeb || op == 0x90;
#else
    (void)path, (void)off;
    return false;
#endif
}
