// SPDX-License-Identifier: GPL-2.0-or-later
// Takes attached programs off again, fast. Must not know what they are. Serves attach.c only.
#ifndef ND_DETACH_H
#define ND_DETACH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct nd_point {
    int link, perf;  // -1: none
    uint32_t attach; // index in the manifest's ATTACHES of what it serves, ND_MF_NONE: several
    uint32_t entry;  // of the list of attach points
    bool slow;       // the kernel waits when the perf event is closed (not for timers and counters)
};

struct nd_detach { // closing that still goes on
    pthread_t thread;
    bool running;
    int fds[2];
    int n;
};

// When this returns, no program starts any more.
void nd_detach_links(struct nd_point *v, uint32_t n);
// Has the perf events closed, without waiting for it.
void nd_detach_events(struct nd_detach *d, struct nd_point *v, uint32_t n);
// Waits for what this process itself still closes.
void nd_detach_wait(struct nd_detach *d);

#endif
