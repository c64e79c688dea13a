// SPDX-License-Identifier: GPL-2.0-or-later
// A process of our own beside us, for reading what others made: files that traced programs map,
// /proc/PID of processes that we must not trust. It can open files for reading and answer, nothing
// else; it has limits, and a time to answer; when it dies, a line says so and it is started again.
// What it answers is not to be trusted more than what it reads. Must not know what is read.
#ifndef ND_ASIDE_H
#define ND_ASIDE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ND_ASIDE_MESSAGE (64u << 10) // bytes of a message or an answer, at most

struct nd_aside_job {
    const char *what; // for messages: what is missing without it
    // Both run in the process. start: its memory, NULL if there is none. serve: the answer to a
    // message of n bytes goes to `out` (ND_ASIDE_MESSAGE), its length is returned. *at: what is
    // being looked at, for nd_aside_at().
    void *(*start)(void);
    size_t (*serve)(void *state, const void *msg, size_t n, void *out, volatile uint64_t *at);
};

struct nd_aside;

struct nd_aside *nd_aside_new(const struct nd_aside_job *job); // NULL: out of memory
void nd_aside_free(struct nd_aside *a);                        // ends the process; NULL is fine
// Starts the process if it does not run. How often it was started so far: with each start its
// memory is empty. 0: it cannot be started, or not yet again.
uint32_t nd_aside_up(struct nd_aside *a);
// A message without an answer, 0, and one with an answer: its length. Negative: the process does
// not run, or was ended because of this message. Waits no longer than a second for a process that
// does nothing, and a few for one that is busy.
int nd_aside_tell(struct nd_aside *a, const void *msg, size_t n);
ssize_t nd_aside_ask(struct nd_aside *a, const void *msg, size_t n, void *out, size_t size);
// What the last process that died was looking at; 0: nothing.
uint64_t nd_aside_at(const struct nd_aside *a);

#endif
