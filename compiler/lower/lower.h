// SPDX-License-Identifier: GPL-2.0-or-later
// Checked program to ELF object through LLVM: the passes from lower to finish. Must not know the
// text. Serves compile.c.
#ifndef ND_LOWER_H
#define ND_LOWER_H

#include "compiler/check/check.h"
#include "runtime/common/plan.h"

#include <stdio.h>

#define ND_EACH_SUFFIX "_each" // of the function for the others of a list, see lower_each.c

struct nd_lower_opts {
    bool verify; // LLVM's verifier looks at the code before it is optimised
    bool reads;  // note what programs read
    bool last;   // nothing follows in this process: LLVM's memory is not given back
    // Called when it is known what the object will have and before its code is made; or NULL.
    void (*planned)(void *arg, const struct nd_plan *plan, const struct nd_plan_map *maps);
    void *arg;
};

// What is made here, from one pass to the next. nd_lower_new: NULL after a reported error.
struct nd_lowered;
struct nd_lowered *nd_lower_new(struct nd_program *p, const struct nd_lower_opts *o);
void nd_lower_free(struct nd_lowered *x); // NULL is fine

// The passes. Errors are in the program's diagnostics.
void nd_lower(struct nd_lowered *x);          // LLVM IR, with the manifest in it
void nd_lower_optimise(struct nd_lowered *x); // shorter IR
void nd_lower_emit(struct nd_lowered *x);     // the object
void nd_lower_finish(struct nd_lowered *x);   // what only the code tells is in its manifest

// After nd_lower_emit and nd_lower_finish: the stack was too small, so all of it has to be lowered
// again in a way that needs less. False: it fitted, or nothing can be done about it and an error
// says so.
bool nd_lower_again(struct nd_lowered *x);

// What a program reads from outside, as lowered: the finished code may read less.
enum nd_lower_from {
    ND_FROM_CONTEXT, // arguments, registers, the record of a trace event
    ND_FROM_TYPED,   // kernel memory, directly: the verifier knows the type
    ND_FROM_KERNEL,  // kernel memory, by a helper that cannot fault
    ND_FROM_USER,    // memory of the process
    ND_FROM_EITHER,  // whichever the address lies in
    ND_FROM_KSTACK,
    ND_FROM_USTACK,
    ND_FROM_OWN, // memory of the program's own: not noted
    ND_FROM_MAX = ND_FROM_OWN
};
struct nd_lower_read {
    const struct nd_probe *probe;
    struct nd_span span; // the expression
    const char *what;    // of the packet, which scripts do not spell out; NULL: the expression
    uint32_t line;       // that its instructions have: where the statement begins
    uint32_t size;       // bytes, of strings at most; 0: known only when the program runs
    enum nd_lower_from from;
};
// After nd_lower with `reads`: each once for each probe, in the order of the probes.
const struct nd_lower_read *nd_lower_reads(const struct nd_lowered *x, uint32_t *n);

// The finished object, which is x's.
void *nd_lower_object(const struct nd_lowered *x, size_t *size);

// For people who work on the compiler: the IR, and the functions of the object.
void nd_lower_dump_ir(const struct nd_lowered *x, FILE *out);
void nd_lower_dump_object(const struct nd_lowered *x, FILE *out);

// Completes the manifest from the finished code; reports code that the target kernel cannot take.
// False: a program and the function that it calls have more stack than a kernel gives.
bool nd_lower_object_finish(struct nd_program *p, void *object, size_t size);
// One line for each function (instructions, bytes of stack) and one for the manifest.
void nd_lower_object_dump(struct nd_program *p, const void *object, size_t size, FILE *out);

// Reports that a probe is too long for a kernel without loops; n: its instructions, 0: far too
// many.
void nd_lower_too_long(struct nd_program *p, const struct nd_probe *pr, uint32_t n);

#endif
