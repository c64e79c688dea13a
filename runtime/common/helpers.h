// SPDX-License-Identifier: GPL-2.0-or-later
// Which functions of the kernel programs may call (helpers.def), and the names of all others. Must
// not know libbpf. Serves the check of objects and explain.
#ifndef ND_HELPERS_H
#define ND_HELPERS_H

#include <stdbool.h>
#include <stdint.h>

#define ND_HELPERS_MAX 256u // a set of them has a bit for each number below

struct nd_helper_row {
    uint32_t number;
    const char *name; // without bpf_
    const char *text; // what it does
};

// Row of the table, by position; NULL: the end.
const struct nd_helper_row *nd_helpers_row(uint32_t i);
bool nd_helpers_allowed(uint32_t number);
// As linux/bpf.h calls it; NULL: not known to the header that this was built with.
const char *nd_helpers_name(uint32_t number);

#endif
