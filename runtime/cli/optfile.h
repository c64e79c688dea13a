// SPDX-License-Identifier: GPL-2.0-or-later
// Lists whose values are in a file: a JSON list of objects, one column for each list. Serves
// options.
#ifndef ND_OPTFILE_H
#define ND_OPTFILE_H

#include "runtime/cli/arguments.h"

// Reads the files that were given and fills the lists. 0, or -EINVAL after a message with the
// file's line and column.
int nd_optfile_fill(const struct nd_mf *mf, struct nd_options *out);

#endif
