// SPDX-License-Identifier: GPL-2.0-or-later
// The functions of an executable or library that a name or pattern means: by symbol versions, of
// several of one name, by names of C++ and Rust. Must not know who attaches there. Serves both
// programs.
#ifndef ND_ELFSYMS_H
#define ND_ELFSYMS_H

#include <stdbool.h>
#include <stdint.h>

struct nd_elfsym {
    const char *name; // as people write it; alive during the call
    uint64_t addr;    // virtual, in the file
    uint64_t size;
    bool chosen; // IFUNC: at addr is a function that chooses the one that is used
};

// Calls fn for each function that `pattern` means, sorted by name and address; a non-zero result
// ends it and is returned. elf: an Elf *, as void * so that libelf's header stays in few files.
//   name            the default version; of several in the file (static ones) all
//   name@VERSION    that version
//   a::b, a::b(int) a name of C++ or Rust, all overloads or one
//   globs of these
// -ENOMEM: without memory, or more than a million.
int nd_elfsyms_each(void *elf, const char *pattern, int (*fn)(void *arg, const struct nd_elfsym *s),
                    void *arg);

// An ELF file that others may own (regular.h), to be read, not mapped: it may be cut meanwhile. Its
// Elf * and in *fd what it is read from; NULL: *err is -ENOEXEC, it is not one, or another negative
// errno for nd_regular_error().
void *nd_elfsyms_open(const char *path, int *fd, int *err);
// The bytes of a section (Elf_Scn *), as an Elf_Data *; NULL: none, or more than 512 MiB.
void *nd_elfsyms_data(void *scn);
// The string there in a section of strings (Elf_Data *); NULL: none, or longer than 4 KiB.
const char *nd_elfsyms_string(const void *data, uint64_t off);

#endif
