// SPDX-License-Identifier: GPL-2.0-or-later
// One option value from its text, laid out as the manifest says. Must not know command lines.
// Serves the options of scripts.
#ifndef ND_OPTVALUE_H
#define ND_OPTVALUE_H

#include "runtime/common/mf.h"

#include <stdbool.h>

struct nd_why { // what is wrong with a value, for the message
    char text[1024];
};

// Writes o->stride bytes at dst (zero-padded). 0, or -EINVAL with *why.
int nd_optvalue_parse(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                      void *dst, struct nd_why *why);
// "1 to 4094", "at least 1ms"; false if the option may have any value.
bool nd_optvalue_range(const struct nd_mf_option *o, char *out, size_t size);
const char *nd_optvalue_kind_name(uint32_t kind); // for --help

#endif
