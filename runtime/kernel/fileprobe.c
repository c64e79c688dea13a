// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of programs and libraries by name. Must not know how probes are attached.
#include "runtime/kernel/fileprobe.h"

#include "runtime/common/elfsyms.h"
#include "runtime/common/msg.h"
#include "runtime/common/regular.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

// Several names of one function are one place.
static int add_place(Elf *elf, uint64_t addr, struct nd_fileprobe *out)
{
    uint64_t off = 0;
    GElf_Phdr ph;
    size_t n, i;

    if (elf_getphdrnum(elf, &n))
        return 0;
    for (i = 0; i < n && !off && gelf_getphdr(elf, (int)i, &ph); i++) {
        if (ph.p_type == PT_LOAD && addr >= ph.p_vaddr && addr - ph.p_vaddr < ph.p_filesz)
            off = addr - ph.p_vaddr + ph.p_offset;
    }
    for (i = 0; i < out->n && out->off[i] != off; i++)
        ;
    if (!off || i < out->n)
        return 0;
    if (out->n == ND_FILEPROBE_MAX)
        return -E2BIG;
    out->off[out->n++] = off;
    return 0;
}

struct search {
    Elf *elf;
    struct nd_fileprobe *out;
};

static int add_symbol(void *arg, const struct nd_elfsym *sym)
{
    struct search *s = arg;

    return sym->chosen ? 0 : add_place(s->elf, sym->addr, s->out);
}

static int search(Elf *elf, const char *pattern, struct nd_fileprobe *out)
{
    struct search s = {elf, out};
    int err = nd_elfsyms_each(elf, pattern, add_symbol, &s);

    return err ? err : out->n || strpbrk(pattern, "*?[") ? 0 : -ENXIO;
}

int nd_fileprobe_find(const struct nd_mf *mf, const struct nd_mf_attach *a, const uint8_t *opts,
                      struct nd_fileprobe *out)
{
    int fd, err;
    Elf *elf;

    out->path = (const char *)opts + mf->options[a->num].off;
    out->n = 0;
    if (!*out->path)
        return -ENODATA;
    elf = nd_elfsyms_open(out->path, &fd, &err);
    if (!elf)
        return err;
    err = search(elf, nd_mf_str(mf, a->s1), out);
    elf_end(elf);
    close(fd);
    return err;
}

static int check_attach(const struct nd_mf *mf, const struct nd_mf_attach *a, const uint8_t *opts)
{
    const char *flag = nd_mf_str(mf, mf->options[a->num].flag);
    struct nd_fileprobe at;
    int err = nd_fileprobe_find(mf, a, opts, &at);

    if (!err || err == -ENODATA)
        return 0;
    if (err == -ENXIO)
        nd_msg("error: --%s: %s has no function %s", flag, at.path, nd_mf_str(mf, a->s1));
    else if (err == -E2BIG)
        nd_msg("error: --%s: %s has more than %u functions %s", flag, at.path, ND_FILEPROBE_MAX,
               nd_mf_str(mf, a->s1));
    else
        nd_msg("error: --%s: %s: %s", flag, at.path,
               err == -ENOEXEC ? "this is not a program or library (not an ELF file)"
                               : nd_regular_error(err));
    return -EINVAL;
}

int nd_fileprobe_check(const struct nd_mf *mf, const struct nd_options *values)
{
    int err = 0;
    uint32_t i;

    for (i = 0; i < mf->nattaches && !err; i++) {
        if (mf->attaches[i].flags & ND_ATF_OPTION)
            err = check_attach(mf, &mf->attaches[i], values->data);
    }
    return err;
}
