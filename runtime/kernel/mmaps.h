// SPDX-License-Identifier: GPL-2.0-or-later
// What processes map to execute it, and when they start, replace themselves and end, as the kernel
// reports it: a process that is gone can no longer be asked. Must not know symbols. Serves the run.
#ifndef ND_MMAPS_H
#define ND_MMAPS_H

#include <stdint.h>

struct nd_mmaps;

struct nd_mmaps_fns {
    void (*mapped)(void *arg, uint32_t pid, uint64_t start, uint64_t len, uint64_t off,
                   const char *dev, uint64_t inode, const char *path);
    void (*forked)(void *arg, uint32_t parent, uint32_t child);
    void (*execed)(void *arg, uint32_t pid);
    void (*exited)(void *arg, uint32_t pid);
};

// NULL: the kernel does not let us; errno says why.
struct nd_mmaps *nd_mmaps_open(void);
// All that was reported since the last call.
void nd_mmaps_read(struct nd_mmaps *m, const struct nd_mmaps_fns *fns, void *arg);
void nd_mmaps_free(struct nd_mmaps *m);

#endif
