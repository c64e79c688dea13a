// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzz target: any bytes as a program or library, as the process aside reads those that are mapped
// (addresses to names) and as both programs read those to attach to (names to addresses). The first
// byte says where the file is cut while it is read.
#include "fuzz.h"
#include "runtime/common/elfsyms.h"
#include "runtime/output/symbols_impl.h"

#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int tell(void *arg, const struct nd_elfsym *s)
{
    volatile size_t *sum = arg;

    *sum += strlen(s->name) + s->size;
    return 0;
}

static void by_name(const char *path)
{
    static const char *const patterns[] = {"*", "main", "call@V_1", "call@@*", "ns::*"};
    volatile size_t sum = 0;
    int fd, err;
    void *elf = nd_elfsyms_open(path, &fd, &err);
    size_t i;

    if (!elf)
        return;
    for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        nd_elfsyms_each(elf, patterns[i], tell, (void *)(uintptr_t)&sum);
    elf_end(elf);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("elf", MFD_CLOEXEC);
    struct nd_symfile *f;
    struct nd_symbol sym;
    char path[48];
    uint64_t at;

    if (fd < 0 || size < 2 || write(fd, data + 1, size - 1) != (ssize_t)size - 1) {
        close(fd);
        return 0;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    by_name(path);
    f = nd_symfile_read(dup(fd), size - 1, "/nowhere/file", "/nowhere");
    if (f && *data && ftruncate(fd, (off_t)(size * *data / 256)))
        _exit(1);
    for (at = 0; f && at < 0x4000; at += 0x3d) {
        memset(&sym, 0, sizeof(sym));
        nd_symfile_find(f, at, &sym);
        if (sym.name && strlen(sym.name) >= ND_SYM_NAME)
            __builtin_trap();
    }
    nd_symfile_free(f);
    close(fd);
    return 0;
}
