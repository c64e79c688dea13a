// SPDX-License-Identifier: GPL-2.0-or-later
// What this kernel and this process can do, found by asking when it matters, never up front.
// Must not know scripts. Serves loading and attaching.
#ifndef ND_FEATURE_H
#define ND_FEATURE_H

#include <stdbool.h>
#include <stdint.h>

// Directory fd of tracefs: the mount if there is one, otherwise a private mount that nothing else
// sees. The caller closes it. Negative errno if there is none.
int nd_feature_tracefs(void);
// Waits until every BPF program that was running has ended. 0, or a negative errno when the kernel
// offers no way (then a short sleep was made instead).
int nd_feature_grace(void);
// First integer of a small file, or a negative errno.
int64_t nd_feature_read_int(int dir, const char *path, const char *prefix);
// The online CPUs, at most max; returns how many.
int nd_feature_online(int *cpus, int max);

#endif
