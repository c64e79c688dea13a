// SPDX-License-Identifier: GPL-2.0-or-later
// What a script does on this kernel, for a reviewer.
#ifndef ND_EXPLAIN_H
#define ND_EXPLAIN_H

#include "compiler/lower/lower.h"
#include "compiler/page.h"

#include <stdio.h>

// What it is for, whom it sees, attach points and how they are served, all that is read (lowered
// with `reads`; NULL: nothing was), what leaves the kernel, maps and bytes, what it cannot do.
void nd_explain(struct nd_program *p, const struct nd_lowered *lowered, enum nd_page_format format,
                FILE *out);

#endif
