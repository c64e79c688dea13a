// SPDX-License-Identifier: GPL-2.0-or-later
// Names of user stacks for processes that are gone when they are printed: what processes map is
// followed while they live. Must not know what is printed. Serves the run.
#ifndef ND_FOLLOWED_H
#define ND_FOLLOWED_H

#include "runtime/common/mf.h"
#include "runtime/output/symbols.h"

struct nd_followed;

// Before anything is attached. NULL: no stack of a process or address in one can be printed, or the
// kernel does not let us.
struct nd_followed *nd_followed_new(const struct nd_mf *mf, struct nd_syms *syms);
// Once everything is attached: what runs already; pid: only that, 0: all.
void nd_followed_begin(struct nd_followed *f, uint32_t pid);
void nd_followed_look(struct nd_followed *f); // now and then, while files can still be opened
void nd_followed_free(struct nd_followed *f);

#endif
