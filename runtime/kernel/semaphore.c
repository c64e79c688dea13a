// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/kernel/semaphore.h"

#include "runtime/common/openfile.h"
#include "runtime/common/sdtnotes.h"

#include <errno.h>
#include <libelf.h>
#include <unistd.h>

struct wanted {
    uint64_t off, sem;
};

static int is_it(void *arg, const struct nd_sdtnote *n)
{
    const struct wanted *w = arg;

    return n->off == w->off && n->sem_off == w->sem;
}

int nd_semaphore_open(const char *path, uint64_t off, uint64_t sem)
{
    struct wanted w = {off, sem};
    int fd = nd_openfile_regular(path), err = -EBADMSG;
    Elf *elf;

    if (fd < 0)
        return fd;
    elf_version(EV_CURRENT);
    elf = elf_begin(fd, ELF_C_READ, NULL); // by reading: a mapped file may be cut meanwhile
    if (elf && elf_kind(elf) == ELF_K_ELF && sem <= UINT32_MAX && nd_sdtnotes_each(elf, is_it, &w))
        err = 0;
    elf_end(elf);
    if (err)
        close(fd);
    return err ? err : fd;
}
