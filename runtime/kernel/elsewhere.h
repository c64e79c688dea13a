// SPDX-License-Identifier: GPL-2.0-or-later
// Processes that have another program or library of the name than the one that is traced: those of
// containers, and those that still run what was replaced. Must not know how probes are attached.
// Serves the run.
#ifndef ND_ELSEWHERE_H
#define ND_ELSEWHERE_H

#include "runtime/common/mf.h"

#include <stdbool.h>

// One line on stderr for each file of a uprobe of which some process executes another. wanted: by
// program, which ones are attached; opts: values of options, as nd_opts.
void nd_elsewhere_warn(const struct nd_mf *mf, const bool *wanted, const uint8_t *opts);

#endif
