// SPDX-License-Identifier: GPL-2.0-or-later
// Names of C++ and Rust as their source has them. Must not know files. Serves both programs.
#ifndef ND_DEMANGLE_H
#define ND_DEMANGLE_H

#include <stdbool.h>

bool nd_demangle_wanted(const char *name); // may it be such a name?
// Without the hash that Rust adds; parameters: with their types, as C++ has them. To be freed;
// NULL: it is not such a name.
char *nd_demangle(const char *name, bool parameters);

#endif
