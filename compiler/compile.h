// SPDX-License-Identifier: GPL-2.0-or-later
// One compilation from text to object: the list of passes, nothing else. Serves main and tests.
#ifndef ND_COMPILE_H
#define ND_COMPILE_H

#include "compiler/check/check.h"

struct nd_compile_opts {
    const char *file;   // script to read, or
    const char *text;   // the text of a one-liner (-e)
    const char *facts;  // recorded kernel description instead of the live kernel
    const char *btf;    // --btf FILE
    const char *stdlib; // folder of the standard library's modules, or NULL
    bool no_modules;    // leave `use` alone (fmt)
    bool dump_ir;       // LLVM IR to stderr
    bool portable;      // an object for other kernels, too
    uint32_t without;   // ND_F_BIT()s: what the target kernel lacks
};

struct nd_unit { // what a compilation holds; free with nd_unit_free
    struct nd_arena *arena;
    struct nd_sources sources;
    struct nd_diags diags;
    struct nd_program program;
    struct nd_kernel *kernel;
};

// Reads and parses the script and its modules. Returns NULL only when out of memory; errors are in
// unit->diags.
struct nd_unit *nd_unit_new(const struct nd_compile_opts *o);
void nd_unit_free(struct nd_unit *u);

// Names and types (all of nd_check); false if there were errors.
bool nd_unit_check(struct nd_unit *u);
// The options only, for --help; false if there were errors.
bool nd_unit_options(struct nd_unit *u);
// The manifest alone: complete after nd_unit_check, else with nothing but options.
void *nd_unit_manifest(struct nd_unit *u, uint32_t *size);
// The ELF object, malloc'ed; NULL after a reported error.
void *nd_unit_object(struct nd_unit *u, const struct nd_compile_opts *o, size_t *size);

// Folder of the standard library: as given, beside the program in the source tree or where it is
// installed, else where the build says. May not exist.
const char *nd_stdlib_dir(struct nd_arena *a, const char *given);

// ND_F_BIT()s of a list such as "ringbuf,loops"; false: it has an unknown name.
bool nd_without_parse(const char *list, uint32_t *without);

// For fuzzing: parse and check a text against a recorded kernel.
int nd_compile_check(const char *text, size_t size, const char *facts);

#endif
