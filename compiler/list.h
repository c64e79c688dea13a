// SPDX-License-Identifier: GPL-2.0-or-later
// ndtrace list: what this kernel, the standard library and the language offer.
#ifndef ND_LIST_H
#define ND_LIST_H

#include "compiler/compile.h"

#include <stdio.h>

struct nd_list_opts {
    bool verbose; // arguments on lines of their own
    bool json;    // JSON Lines
};

// what: tools, stages, probes, builtins, keywords, errors. Exit code.
int nd_list(const struct nd_compile_opts *o, const struct nd_list_opts *lo, const char *what,
            const char *glob, FILE *out);

#endif
