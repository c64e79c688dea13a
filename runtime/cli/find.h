// SPDX-License-Identifier: GPL-2.0-or-later
// Where scripts are: a path, or a name in the standard library. Must not know what they contain.
// Serves the command line.
#ifndef ND_FIND_H
#define ND_FIND_H

#include <stdbool.h>
#include <stddef.h>

// Path of the script or object that the user named: a tool of $NDTRACE_PATH or the library, or a
// file with a folder or the ending .nd, .ndo or .bt. 0, or -ENOENT.
int nd_find_script(const char *name, char *path, size_t size);
// A script that can be read only once (a pipe, a terminal) becomes a file in memory, which `path`
// then names. 0 or a negative errno; -EPERM, after a message, if who is not trusted feeds it.
int nd_find_once(char *path, size_t size, bool any_owner);
bool nd_find_is_object(const char *path); // an ELF file?

// The tool whose name is most like this one, or "".
void nd_find_near(const char *name, char *out, size_t size);

#endif
