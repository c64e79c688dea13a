// SPDX-License-Identifier: GPL-2.0-or-later
// What this run does without because the kernel cannot serve it. Must not know stages or kernels.
// Serves the start of a run.
#ifndef ND_ABSENT_H
#define ND_ABSENT_H

#include "runtime/common/mf.h"

#include <stdbool.h>

// Says which stages are left out, in one line for each cause. matters: by number in `absent`, does
// it concern this run? verbose: also where they stand, and why each alternative failed.
void nd_run_absent(const struct nd_mf *mf, const bool *matters, bool verbose);

#endif
