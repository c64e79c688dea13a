// SPDX-License-Identifier: GPL-2.0-or-later
// A compiled object: its manifest, and its way into the kernel with the option values in place.
// Must not know how programs are attached. Serves the run.
#ifndef ND_LOAD_H
#define ND_LOAD_H

#include "runtime/common/mf.h"
#include "runtime/kernel/earlymaps.h"
#include "runtime/kernel/feature_try.h"
#include "runtime/kernel/state.h"
#include "runtime/vet/vet.h"

#include <stdbool.h>

struct bpf_object;
struct bpf_program;

struct nd_load {
    struct nd_mf mf;
    uint64_t *manifest; // copy of the section, aligned
    void *names;        // of enums as they are on this kernel; NULL: as compiled
    void *elf;          // copy of the object
    size_t elf_size;
    struct nd_vet vet;          // what was found in it
    struct bpf_object *obj;     // NULL until loaded, or if no program is wanted
    struct bpf_program **progs; // for each program of the manifest, NULL if it is not wanted
    bool *multi;                // for each: loaded for kprobe.multi
    bool direct;      // raw tracepoints are loaded as nd_mf_prog.direct where they have it
    bool unsafe;      // the caller's: probes may be on functions that programs run in
    bool foreign;     // the caller's: it was not compiled by this run, nor by an earlier one here
    bool no_test_run; // programs that we run ourselves hang on a uprobe (trigger.h)
    uint8_t *bss;     // the section that nd_state is in
    size_t bss_size;
    struct nd_state state; // nd_state
    struct nd_features features;
    const char *btf_file;   // what --btf names, or NULL; the caller's
    char *btf_path;         // of the file that has the kernel's types; NULL: it has them itself
    struct nd_early *early; // maps that are there already, or NULL; the caller's
    uint32_t ring_bytes;    // of the event ring, instead of what the object says; or 0
    char *log;              // what libbpf said, for messages
    size_t log_size;
};

// Both print their own messages and return 0 or a negative errno. The object is copied and vetted
// first (vet.h); nothing in it is interpreted before.
int nd_load_open(struct nd_load *l, const void *file, size_t size);
// The same for a manifest without an object (`--help`).
int nd_load_open_manifest(struct nd_load *l, const void *blob, size_t size);
// Is this kernel what the object was made for, or like it in all that counts? Prints what is not.
int nd_load_fits(struct nd_load *l);
// opts: the values laid out as nd_opts. wanted: for each program, load it? verbose: raw logs.
int nd_load_kernel(struct nd_load *l, const void *opts, const bool *wanted, bool verbose);
void nd_load_free(struct nd_load *l);

// Is this program loaded in the form that reads through typed pointers?
bool nd_load_is_direct(const struct nd_load *l, uint32_t prog);
int nd_load_prog_fd(const struct nd_load *l, uint32_t prog); // -1 if it is not loaded

#endif
