// SPDX-License-Identifier: GPL-2.0-or-later
// nd_state, the words that programs and the runtime share: in shared memory where the kernel has
// it, otherwise read and written by system calls. Must not know what the words mean. Serves
// loading, losses, maps and the run.
#ifndef ND_STATE_H
#define ND_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct nd_state {
    uint8_t *shared; // nd_state itself; NULL: the maps below
    bool split;
    int words_fd, data_fd; // words written by us, and the others
    uint32_t words;        // bytes of the former
    uint32_t off;          // of nd_state in the value of data_fd
    uint8_t *value;        // room for that value
};

bool nd_state_there(const struct nd_state *s); // does the object have any?
// The u64 at off; 0 if there is no state.
uint64_t nd_state_get(const struct nd_state *s, uint32_t off);
// Only for words that the manifest gives to the runtime (words_size).
void nd_state_put(const struct nd_state *s, uint32_t off, uint64_t v);
void nd_state_flip(const struct nd_state *s, uint32_t off); // u32: its lowest bit

#endif
