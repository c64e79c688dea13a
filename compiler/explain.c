// SPDX-License-Identifier: GPL-2.0-or-later
// Prints a checked program for a reviewer.
#include "explain.h"

void nd_explain(struct nd_program *p, FILE *out)
{
    fprintf(out, "%u probes\n", p->probes.n);
}
