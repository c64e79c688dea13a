// SPDX-License-Identifier: GPL-2.0-or-later
// Inside of `ndtrace list`; included by list*.c only.
#ifndef ND_LIST_IMPL_H
#define ND_LIST_IMPL_H

#include "compiler/list.h"

struct nd_list_out {
    struct nd_kernel *k;
    struct nd_arena *a;
    struct nd_types types;
    struct nd_diags diags;
    const struct nd_list_opts *o;
    bool process; // -p: the files that it has mapped are looked at as well
    FILE *out;
};

// list_probes.c: probes of this kernel, or a struct ("struct NAME"); exit code.
int nd_list_probes(struct nd_list_out *l, const char *glob);

#endif
