// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a program once on kernels that cannot be asked to (Linux < 5.10): a uprobe on a function of
// our own, which is then called. Must not know scripts. Serves the run.
#ifndef ND_TRIGGER_H
#define ND_TRIGGER_H

// prog: of type KPROBE. 0 or a negative errno.
int nd_trigger(int prog);

#endif
