// SPDX-License-Identifier: GPL-2.0-or-later
// The signals that end a run. They are blocked from early on, so that nothing is left half done:
// code that waits must ask. Serves the command line, the run and what they read.
#ifndef ND_SIGNALS_H
#define ND_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

void nd_signals_end(sigset_t *set); // which
// From here on Ctrl-C waits until the code asks; nd_run asks on its own.
void nd_signals_hold(void);
bool nd_signals_pending(void);

#endif
