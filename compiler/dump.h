// SPDX-License-Identifier: GPL-2.0-or-later
// What a pass made, as text for people who work on the compiler: ndtrace-compile --dump PASS. The
// form is not an interface. Serves the list of passes.
#ifndef ND_DUMP_H
#define ND_DUMP_H

#include "compiler/compile.h"

void nd_dump_sources(const struct nd_unit *u, FILE *out); // files that were read
void nd_dump_tree(const struct nd_unit *u, FILE *out);    // declarations, one node a line
void nd_dump_options(const struct nd_unit *u, FILE *out); // types and places of options
void nd_dump_names(const struct nd_unit *u, FILE *out);   // what is declared
void nd_dump_probes(const struct nd_unit *u, FILE *out);  // programs and where they attach
void nd_dump_maps(const struct nd_unit *u, FILE *out);    // types of maps, events and functions
void nd_dump_ir(const struct nd_unit *u, FILE *out);      // LLVM's text
void nd_dump_object(const struct nd_unit *u, FILE *out);  // functions and the manifest

#endif
