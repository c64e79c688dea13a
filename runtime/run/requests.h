// SPDX-License-Identifier: GPL-2.0-or-later
// Signals to a run: SIGINT, SIGTERM and SIGHUP end it, SIGUSR1 has its maps printed. Must not know
// what a run prints. Serves the run.
#ifndef ND_REQUESTS_H
#define ND_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

struct nd_requests {
    int fd;      // readable when there are signals; -1: not open
    int64_t end; // ns of CLOCK_MONOTONIC: first request to end, or 0
    bool print;  // the maps are wanted; whoever prints them resets it
};

// From here on signals wait for nd_requests_take. child: SIGCHLD is among those that make the
// descriptor readable. 0 or a negative errno.
int nd_requests_open(struct nd_requests *q, bool child);
// Takes what is pending; true once a request to end was among them.
bool nd_requests_take(struct nd_requests *q);
// From here on requests to end interrupt. What comes within 300 ms of the one before is the same
// request; the next one means "now" (nd_requests_hurry), the one after it ends the process.
void nd_requests_ending(const struct nd_requests *q);
bool nd_requests_hurry(void);

#endif
