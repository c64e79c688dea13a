// SPDX-License-Identifier: GPL-2.0-or-later
// Takes attached programs off again, fast. Must not know what they are. Serves attach.c only.
#ifndef ND_DETACH_H
#define ND_DETACH_H

#include <stdbool.h>
#include <stdint.h>

struct nd_attach_point {
    int link, perf;  // -1: none
    uint32_t attach; // index in the manifest's ATTACHES of what it serves, ND_MF_NONE: several
    uint32_t entry;  // of the list of attach points
    int cpu;         // that it is on alone, -1: all
    bool slow;       // the kernel waits when the perf event is closed (not for timers and counters)
};

// When this returns, no program starts any more. The kernel may still be busy with taking them off,
// in a child that ends by itself.
void nd_detach_all(struct nd_attach_point *v, uint32_t n);

#endif
