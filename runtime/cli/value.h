// SPDX-License-Identifier: GPL-2.0-or-later
// One option value from its text, laid out as the manifest says. Must not know command lines.
// Serves options and the general flags.
#ifndef ND_VALUE_H
#define ND_VALUE_H

#include "runtime/common/mf.h"

#include <stdbool.h>

struct nd_why { // what is wrong with a value, for the message
    char text[1024];
};

// Writes o->stride bytes at dst (zero-padded). 0, or -EINVAL with *why.
int nd_value_parse(const struct nd_mf *mf, const struct nd_mf_option *o, const char *text,
                   void *dst, struct nd_why *why);
// 5s 200ms 50us 100ns 1m 1h, fractions allowed, a bare number is seconds. ns; false if it is none.
bool nd_value_duration(const char *text, int64_t *ns);
// 65536, 64K, 4M, 1G; false if it is not a size.
bool nd_value_bytes(const char *text, uint64_t *n);
// "1 to 4094", "at least 1ms"; false if the option may have any value.
bool nd_value_range(const struct nd_mf_option *o, char *out, size_t size);
const char *nd_value_kind_name(uint32_t kind); // for --help

#endif
