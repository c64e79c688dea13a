// SPDX-License-Identifier: GPL-2.0-or-later
// USDT probes of an executable or library: the notes of .note.stapsdt. Must not know what arguments
// mean. Serves both programs.
#ifndef ND_SDTNOTES_H
#define ND_SDTNOTES_H

#include <stdint.h>

struct nd_sdtnote {
    const char *provider, *name, *args; // as long as the ELF is open
    uint64_t pc;                        // address in the file
    uint64_t off;                       // where that is in the file
    uint64_t sem_off;                   // of its semaphore in the file, 0: none
};

// Calls fn for each, in their order; a non-zero result ends it and is returned. elf: an Elf *, as
// void * so that libelf's header stays in few files. Files of another byte order have none.
int nd_sdtnotes_each(void *elf, int (*fn)(void *arg, const struct nd_sdtnote *n), void *arg);

#endif
