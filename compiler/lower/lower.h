// SPDX-License-Identifier: GPL-2.0-or-later
// Checked program to ELF object through LLVM. Must not know the text. Serves compile.c.
#ifndef ND_LOWER_H
#define ND_LOWER_H

#include "compiler/check/check.h"
#include "runtime/common/plan.h"

#define ND_EACH_SUFFIX "_each" // of the function for the others of a list, see lower_each.c

struct nd_lower_opts {
    bool dump_ir;
    bool last; // nothing follows in this process: LLVM's memory is not given back
    // Called when it is known what the object will have and before its code is made; or NULL.
    void (*planned)(void *arg, const struct nd_plan *plan, const struct nd_plan_map *maps);
    void *arg;
};

// The object with its manifest inside, malloc'ed; NULL after a reported error.
void *nd_lower(struct nd_program *p, const struct nd_lower_opts *o, size_t *size);

// Completes the manifest from the finished code; reports code that the target kernel cannot take.
// False: a program and the function that it calls have more stack than a kernel gives.
bool nd_lower_object_finish(struct nd_program *p, void *object, size_t size);

// Reports that a probe is too long for a kernel without loops; n: its instructions, 0: far too
// many.
void nd_lower_too_long(struct nd_program *p, const struct nd_probe *pr, uint32_t n);

#endif
