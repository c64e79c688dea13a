// SPDX-License-Identifier: GPL-2.0-or-later
// Finds and reads the modules that a script uses. Must not know what they declare. Serves the list
// of passes and ndtrace list.
#ifndef ND_LIBRARY_H
#define ND_LIBRARY_H

#include "compiler/compile.h"

// Parses the script, source 0, and what it uses, into u->program.decls.
void nd_library_load(struct nd_unit *u);

// Folder of the standard library: as given, next to the program in the source tree or where it is
// installed, otherwise where the build says. May not exist.
const char *nd_library_dir(struct nd_arena *a, const char *given);

// The error for a file that is not trusted: u->sources.refused says why.
void nd_library_refuse(struct nd_unit *u, struct nd_span span, const char *path);

#endif
