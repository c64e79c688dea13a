// SPDX-License-Identifier: GPL-2.0-or-later
// What a script does on this kernel, for a reviewer.
#ifndef ND_EXPLAIN_H
#define ND_EXPLAIN_H

#include "compiler/check/check.h"

#include <stdio.h>

// Attach points and how they are served, fields read, what leaves the kernel, maps and bytes.
void nd_explain(struct nd_program *p, FILE *out);

#endif
