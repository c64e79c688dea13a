// SPDX-License-Identifier: GPL-2.0-or-later
// One compilation from text to object: a list of passes. Must not know what any of them does.
// Serves main, lists and tests.
#ifndef ND_COMPILE_H
#define ND_COMPILE_H

#include "compiler/check/check.h"
#include "runtime/common/plan.h"

struct nd_compile_opts {
    const char *file;         // script to read, or
    const char *text;         // the text of a one-liner (-e)
    const char *path;         // file whose text that is, or will be; NULL: none
    size_t text_size;         // its bytes; 0: up to its NUL
    const char *facts;        // recorded kernel description instead of the live kernel
    const char *pid;          // -p: whose programs and libraries are meant, or NULL
    const char *btf;          // --btf FILE
    int tracefs;              // of nd_kernel_mount_tracefs(), or 0
    const char *stdlib;       // folder of the standard library's modules, or NULL
    bool verbose;             // all reasons for what the kernel cannot serve
    bool no_modules;          // leave `use` alone (fmt)
    const char *const *words; // $1, $2, ... of the script
    uint32_t nwords;
    bool words_unknown;       // only the options are asked for
    const char *const *named; // for its getopt(): name=value
    uint32_t nnamed;
    const char *const *settings; // as config = { }: NAME=value
    uint32_t nsettings;
    const char *dump;             // what this pass made goes to stderr, or NULL
    bool reads;                   // note what is read: nd_lower_reads
    bool verify;                  // LLVM's verifier looks at what was lowered
    const struct nd_trust *trust; // whose files are read, NULL: all
    bool unsafe;                  // probes may be on functions that programs themselves run in
    bool bpftrace;                // as bpftrace has it where the two differ, as in files named *.bt
    bool portable;                // an object that other kernels load as well
    uint32_t without;             // ND_F_BIT()s: what the target kernel lacks
    // What the object will have, before its code is made: see lower.h; or NULL.
    void (*planned)(void *arg, const struct nd_plan *plan, const struct nd_plan_map *maps);
    void *planned_arg;
};

struct nd_unit { // what a compilation holds; free with nd_unit_free
    struct nd_arena *arena;
    struct nd_compile_opts opts;
    struct nd_sources sources;
    struct nd_diags diags;
    struct nd_program program;
    struct nd_kernel *kernel;
    struct nd_check *check;     // from the pass "options" on
    struct nd_lowered *lowered; // from the pass "lower" on
    void *object;               // after the last pass, of lowered; NULL: none was made
    size_t size;                // of the object
    bool expands;               // there are macros
    uint32_t done;              // passes that ran
    const char *back_to;        // the pass that has to run next, if it is an earlier one
};

// Reads and parses the script and its modules. Returns NULL only when out of memory; errors are in
// unit->diags.
struct nd_unit *nd_unit_new(const struct nd_compile_opts *o);
void nd_unit_free(struct nd_unit *u);

// Runs the passes up to the one named `last`, from where the unit is; false if there were errors.
// "options" is enough for --help, "check" finds all that is wrong with a script, "finish" makes
// u->object.
bool nd_compile(struct nd_unit *u, const char *last);
bool nd_compile_has_pass(const char *name);
// The manifest alone: complete after "check"; after "options" it has nothing but these.
void *nd_unit_manifest(struct nd_unit *u, uint32_t *size);

// ND_F_BIT()s of a list such as "ringbuf,loops"; false: it has an unknown name.
bool nd_without_parse(const char *list, uint32_t *without);

#endif
