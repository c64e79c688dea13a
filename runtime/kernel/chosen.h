// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of a library that are chosen when it is loaded (IFUNC): memcpy() is one of a dozen, by
// what the CPU has. Must not know probes. Serves attaching.
#ifndef ND_CHOSEN_H
#define ND_CHOSEN_H

#include <stdint.h>

// Where in the file the function is that the library chose for this name, NAME or NAME@VERSION.
// Known of libraries that we use ourselves: 0, or -ENOTSUP for others, -ENXIO: no such function.
int nd_chosen_find(const char *path, const char *name, uint64_t *off);

#endif
