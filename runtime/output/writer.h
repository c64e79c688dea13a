// SPDX-License-Identifier: GPL-2.0-or-later
// Writes to a descriptor that may not take it: a pipe nobody reads, a stopped terminal. Must not
// know what is written. Serves the sinks.
#ifndef ND_WRITER_H
#define ND_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What is to be done with what cannot be written now.
enum nd_write_wait {
    ND_WRITE_WAIT,  // wait for the reader, for as long as it takes
    ND_WRITE_LATER, // keep it: there is something more urgent
    ND_WRITE_LAST,  // wait, unless the reader takes nothing for ND_WRITE_STALL_MS: then drop it
};
#define ND_WRITE_STALL_MS 1500

struct nd_writer {
    int fd;
    int err;     // of the first write that failed, negative errno; nothing is written after it
    size_t most; // bytes that a write takes without blocking when poll(2) says so; 0: any number
    uint64_t dropped; // bytes
    bool stalled;     // the reader took nothing for so long: no more waiting
    int64_t look;     // CLOCK_MONOTONIC, ms: before that it is not asked again
    char *kept;       // for later
    size_t nkept, cap;
    // Asked before it waits and every 50 ms while it does. NULL: ND_WRITE_WAIT.
    enum nd_write_wait (*wait)(void *arg);
    void *arg;
};

void nd_writer_init(struct nd_writer *w, int fd); // does not own fd
// Opens a file to write: a FIFO without a reader is waited for, until nothing should be.
// Descriptor or negative errno; -EINTR: it waited in vain.
int nd_writer_open(const char *path, enum nd_write_wait (*wait)(void *arg), void *arg);
void nd_writer_put(struct nd_writer *w, const char *p, size_t n);
void nd_writer_free(struct nd_writer *w); // writes what was kept, if it can; does not close fd

#endif
