// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a program once on kernels that cannot be asked to (Linux < 5.10): a uprobe on code
// of our own, which is then called. Must not know scripts. Serves the run.
#ifndef ND_TRIGGER_H
#define ND_TRIGGER_H

#include <stdint.h>

struct nd_trigger; // the programs hung up so far

struct nd_trigger *nd_trigger_new(void); // NULL: out of memory
// Runs a program of type KPROBE; index: its number. 0 or a negative errno.
int nd_trigger_run(struct nd_trigger *t, uint32_t index, int prog);
void nd_trigger_free(struct nd_trigger *t);

#endif
