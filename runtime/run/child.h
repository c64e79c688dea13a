// SPDX-License-Identifier: GPL-2.0-or-later
// The command of -c: made before probes are attached, let go after. Must not know probes.
// Serves the run.
#ifndef ND_CHILD_H
#define ND_CHILD_H

#include <sys/types.h>

struct nd_child {
    pid_t pid;  // 0: none
    int go;     // a byte here starts it; closing without one ends it
    int failed; // a byte here: it could not be started
};

int nd_child_make(struct nd_child *c, const char *command); // 0 or a negative errno
void nd_child_go(struct nd_child *c);                       // starts the command
// Ended? Then 1 and its exit status in *code (128 + signal), or -1: it could not be started, which
// was said.
int nd_child_ended(struct nd_child *c, int *code);
void nd_child_end(struct nd_child *c); // ends it if it still runs, and takes its status

#endif
