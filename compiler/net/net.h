// SPDX-License-Identifier: GPL-2.0-or-later
// Stages and paths: what of a packet's way serves a probe on the target kernel, and one packet
// followed through several stages. Must not know how attach points are written or LLVM. Serves the
// list of passes and ndtrace list.
#ifndef ND_NET_H
#define ND_NET_H

#include "compiler/check/check.h"

// What paths share is put into each, and the enums of their names are made: before what may name
// them is declared.
void nd_net_names(struct nd_check *c);
// Stages and paths, and which probes are handlers of a path.
void nd_net_declare(struct nd_check *c);
// Every probe and path into the programs that serve it; reports what cannot be served.
void nd_net_expand(struct nd_check *c);

// A stage's alternatives, tried on this kernel: the index of the one that serves or -1.
int nd_stage_try(struct nd_check *c, struct nd_decl *stage, struct nd_tries_failed *failed);
// The points of an alternative as written.
const char *nd_stage_spec(struct nd_program *p, const struct nd_try *t);

#endif
