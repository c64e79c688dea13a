// SPDX-License-Identifier: GPL-2.0-or-later
// Paths: one packet through stages. A path owns a bounded map of packets under way; each of its
// stages is a program that looks its packet up there. Serves checker, lowering and the manifest.
#ifndef ND_PATHS_H
#define ND_PATHS_H

#include "compiler/check/check.h"

// Paths and their handlers, before other probes are expanded; then the programs of their stages.
void nd_paths_declare(struct nd_check *c);
void nd_paths_expand(struct nd_check *c);
bool nd_paths_is_handler(const struct nd_program *p, const struct nd_decl *d);
// Key and handlers of a stage's program.
void nd_path_check(struct nd_check *c, struct nd_probe *pr);
#endif
