// SPDX-License-Identifier: GPL-2.0-or-later
// The formatter: one style for all scripts.
#ifndef ND_FMT_H
#define ND_FMT_H

#include "compiler/front/arena.h"
#include "compiler/front/source.h"

#include <stdio.h>

// Indentation, spaces and blank lines in order; comments and words untouched. The result parses to
// the same tree, and formatting it again changes nothing.
void nd_fmt_script(const struct nd_source *src, struct nd_arena *a, FILE *out);

#endif
