// SPDX-License-Identifier: GPL-2.0-or-later
// Constants of the kernel's headers by name, for what BTF does not hold. Must not know expressions.
// Serves the checker.
#ifndef ND_CONSTANTS_H
#define ND_CONSTANTS_H

#include <stdbool.h>
#include <stdint.h>

// The value on an architecture, as uname -m says it. False: there is no such constant.
bool nd_constant_find(const char *name, const char *arch, int64_t *v);
// The name of row i, NULL after the last.
const char *nd_constant_name(uint32_t i);

#endif
