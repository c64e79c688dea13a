// SPDX-License-Identifier: GPL-2.0-or-later
// One run's state, shared by start and stop (run.c), the loop (loop.c) and what both do
// (run_steps.c).
// Must not be included elsewhere.
#ifndef ND_RUN_IMPL_H
#define ND_RUN_IMPL_H

#include "runtime/kernel/attach.h"
#include "runtime/kernel/events.h"
#include "runtime/run/child.h"
#include "runtime/run/loss.h"
#include "runtime/run/paths.h"
#include "runtime/run/requests.h"
#include "runtime/run/run.h"
#include "runtime/sources/devices.h"
#include "runtime/vm/vm.h"

struct nd_run {
    struct nd_load *l;
    const struct nd_mf *mf;
    const struct nd_options *values;
    const struct nd_run_opts *opts;
    struct nd_fmt fmt;
    struct nd_sink *sink;
    struct nd_maps *maps;
    struct nd_vm *vm;
    struct nd_losses *losses;
    struct nd_paths *paths;
    struct nd_events *events; // NULL: the script sends nothing
    struct nd_attach_set *attach;
    struct nd_followed *followed; // NULL: nothing of processes is printed by name
    struct nd_devices *devices;   // NULL: options name none
    int instance;                 // that we are one of those that trace, see instance.h
    struct nd_child child;
    struct nd_trigger *trigger; // see trigger.h; NULL: not needed
    int64_t start;
    int64_t *every_start; // for each hook: start of its interval
    bool *wanted;         // for each program
    struct nd_requests requests;
    bool stop;    // end the loop
    bool ending;  // probes are detached and their records taken
    bool hurried; // requests now interrupt, see requests.h
    bool cut;     // user code was interrupted; it is not continued
    int err;      // first failure, negative errno; 0 is a good end
};

// The loop, until something ends the run; r->err says what.
void nd_loop(struct nd_run *r);

// Shared steps; failures go to r->err and set r->stop.
void nd_run_hook(struct nd_run *r, uint32_t hook);
void nd_run_sweep(struct nd_run *r); // packets on paths that timed out
void nd_run_drain(struct nd_run *r); // all events that are there now
int nd_run_take(struct nd_run *r);   // a batch of them; positive: there may be more
// Runs the programs of a kind that are called and not attached: BEGIN, END, interval, iter. attach:
// those of one attach point, or ND_MF_NONE for all of the kind.
void nd_run_called(struct nd_run *r, uint32_t attach_kind, uint32_t attach);
uint32_t
nd_run_ours(const struct nd_run *r);      // probes that are attached nowhere: BEGIN, END, interval
void nd_run_print_maps(struct nd_run *r); // those that are printed when the run ends
// Takes pending signals: was it asked to end, or did the command of -c end?
bool nd_run_asked(struct nd_run *r);
void nd_run_fail(struct nd_run *r, int err);
int64_t nd_run_wall_offset(void); // CLOCK_REALTIME minus CLOCK_MONOTONIC, ns
// An event for its handler; arg: the run.
int nd_run_event(void *arg, const struct nd_mf_event *e, const void *payload);
uint64_t nd_run_exit_word(const struct nd_run *r); // what exit() in a probe left: 1, code above it

#endif
