// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/kernel/chosen.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct search {
    struct stat file;
    const char *name;
    uint64_t off;
    int err;
};

// Offset in the file of an address in the memory of a library.
static int to_offset(const struct dl_phdr_info *lib, uintptr_t addr, uint64_t *off)
{
    int i;

    for (i = 0; i < lib->dlpi_phnum; i++) {
        const ElfW(Phdr) *ph = &lib->dlpi_phdr[i];
        uintptr_t start = lib->dlpi_addr + ph->p_vaddr;

        if (ph->p_type == PT_LOAD && addr >= start && addr - start < ph->p_filesz) {
            *off = addr - start + ph->p_offset;
            return 0;
        }
    }
    return -ENXIO;
}

static int look(struct dl_phdr_info *lib, size_t size, void *arg)
{
    struct search *s = arg;
    const char *at = strchr(s->name, '@');
    char *name = strndup(s->name, strcspn(s->name, "@"));
    void *handle = NULL, *addr = NULL;
    struct stat st;

    (void)size;
    if (name && *lib->dlpi_name && !stat(lib->dlpi_name, &st) && st.st_ino == s->file.st_ino &&
        st.st_dev == s->file.st_dev)
        handle = dlopen(lib->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
    if (handle) {
        addr = at ? dlvsym(handle, name, at + 1 + (at[1] == '@')) : dlsym(handle, name);
        s->err = addr ? to_offset(lib, (uintptr_t)addr, &s->off) : -ENXIO;
        dlclose(handle);
    }
    free(name);
    return handle != NULL;
}

int nd_chosen_find(const char *path, const char *name, uint64_t *off)
{
    struct search s = {.name = name, .err = -ENOTSUP};

    if (stat(path, &s.file))
        return -errno;
    dl_iterate_phdr(look, &s);
    *off = s.off;
    return s.err;
}
