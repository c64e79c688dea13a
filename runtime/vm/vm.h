// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the user code of a script: a stack machine over typed values (instructions in
// runtime/common/manifest.h). Must not know libbpf. Serves the run.
#ifndef ND_VM_H
#define ND_VM_H

#include "runtime/output/sink.h"

struct nd_vm;

struct nd_vm_env {
    const struct nd_mf *mf;
    struct nd_maps *maps;
    struct nd_sink *sink;
    struct nd_fmt *fmt;
    const void *opts; // the option values, laid out as nd_opts
    // Losses since the last report, for report(); the callee keeps the array.
    uint32_t (*losses)(void *arg, const struct nd_loss **out);
    void (*reported)(void *arg); // a report is printed; may be NULL
    uint64_t (*lost)(void *arg); // events lost so far, for LOST; may be NULL
    // For PATH_COUNT; may be NULL.
    int64_t (*path_count)(void *arg, uint32_t path, uint32_t what);
    void *losses_arg; // of these
    // Asked every few thousand backward jumps and calls; true ends the code with -EINTR. May be
    // NULL: then a loop without end has none.
    bool (*interrupted)(void *arg);
    void *interrupted_arg;
};

// env is copied, what it points to must outlive the VM. NULL: out of memory.
struct nd_vm *nd_vm_new(const struct nd_vm_env *env);
void nd_vm_free(struct nd_vm *vm);

// Calls a function: a hook (no parameters), an event handler (payload: bytes of payload_type as
// local 0) or a `when` condition. Returns 0, or a negative errno after a run-time error, whose text
// nd_vm_error gives. *result (may be NULL): the returned value as a truth value.
int nd_vm_call(struct nd_vm *vm, uint32_t func, uint32_t payload_type, const void *payload,
               bool *result);
const char *nd_vm_error(const struct nd_vm *vm);
void nd_vm_ending(struct nd_vm *vm); // what is called from now on comes at the end of the run
bool nd_vm_exited(const struct nd_vm *vm, int *code); // was EXIT executed?
bool nd_vm_refused(const struct nd_vm *vm);           // fail() was called: nothing else may run
// Lengths for INTERVAL and report(); start of the run for ELAPSED. ns of CLOCK_MONOTONIC.
void nd_vm_times(struct nd_vm *vm, int64_t start, int64_t interval_start, int64_t now);
uint64_t nd_vm_div_zero(const struct nd_vm *vm);     // divisions by zero so far
const uint64_t *nd_vm_sites(const struct nd_vm *vm); // counts of user code, by index in SITES
// Updates of this map by user code that found no room.
uint64_t nd_vm_map_full(const struct nd_vm *vm, uint32_t map);

#endif
