// SPDX-License-Identifier: GPL-2.0-or-later
// Whether this machine has what an object made on another one takes for granted. Serves loading.
#ifndef ND_NEEDS_RT_H
#define ND_NEEDS_RT_H

#include "mf.h"

#include <stdbool.h>

// Prints what does not hold, each at its place of the script. 0, or -EINVAL if anything does not.
// needed: for each program, will it be loaded?
int nd_needs_check(const struct nd_mf *mf);
// Was the object compiled on the kernel that runs here?
bool nd_needs_same_kernel(const struct nd_mf *mf);

#endif
