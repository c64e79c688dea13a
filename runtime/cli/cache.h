// SPDX-License-Identifier: GPL-2.0-or-later
// Objects of scripts that were compiled before on this kernel: found again by everything that went
// into them. Must not know the language or BPF. Serves the command line.
#ifndef ND_CACHE_H
#define ND_CACHE_H

#include "runtime/cli/compiler.h"

#include <stdbool.h>

struct nd_cache; // what one object is looked up and kept by

// Where the cache is: NDTRACE_CACHE=off|DIR, or $XDG_CACHE_HOME/ndtrace, or ~/.cache/ndtrace.
// NULL: there is none, or it is not safe to use (a warning was printed). verbose: say what happens.
struct nd_cache *nd_cache_open(const struct nd_compiler_opts *o, bool verbose);
// 0: the object was found. A negative errno: it has to be compiled.
int nd_cache_find(struct nd_cache *c, struct nd_object *out);
// Stores what the compiler made, if it can be stored. Never fails for the caller.
void nd_cache_keep(struct nd_cache *c, const struct nd_object *obj);
void nd_cache_close(struct nd_cache *c);

#endif
