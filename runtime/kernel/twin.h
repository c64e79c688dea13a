// SPDX-License-Identifier: GPL-2.0-or-later
// Verifiers from Linux 4.18 to 5.6 believe that bpf_probe_read_str() and bpf_get_stack() never
// fail; the code for a failure is dead code to them, and an endless jump in its place hangs the
// CPU. Where a kernel has this fault, each program that calls such a helper is loaded twice: as it
// is, and with a helper in its place whose result the verifier knows nothing about. What options
// and reasoning prune is the same in both. Must not know how programs are attached. Serves load.c.
#ifndef ND_TWIN_H
#define ND_TWIN_H

#include "runtime/kernel/load.h"

struct bpf_insn;
struct bpf_prog_load_opts;

struct nd_twin_code { // what the kernel made of a program
    uint32_t insns, endless;
};

struct nd_twin {
    bool wanted; // there is something to compare
    bool loaded; // as without the fault
    struct nd_twin_code code;
};

// Before `prog` is loaded with these options: its twin, where the kernel has the fault.
struct nd_twin nd_twin_of(struct nd_features *f, const struct bpf_program *prog,
                          const struct bpf_prog_load_opts *opts);
// Once all are loaded; v[i] is the twin of program i. Negative errno after a message: something is
// gone from a program that a failing read needs, or it cannot be told.
int nd_twin_compare(const struct nd_load *l, const struct nd_twin *v);

#endif
