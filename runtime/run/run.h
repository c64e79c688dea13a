// SPDX-License-Identifier: GPL-2.0-or-later
// One run of a script: load, attach, loop, report, stop. Must not know command lines.
// Serves the command line.
#ifndef ND_RUN_H
#define ND_RUN_H

#include "runtime/common/options.h"
#include "runtime/kernel/load.h"
#include "runtime/output/sink.h"

struct nd_run_opts {
    const struct nd_sink_kind *format;
    bool verbose, quiet;
    bool bpftrace; // text is laid out as bpftrace does
    bool dry;      // load and attach, then end: nothing runs, nothing is printed
    enum nd_flush flush;
    enum nd_color color;
    uint32_t columns;    // width of tables; 0: that of the terminal
    bool raw;            // strings from outside are printed as they are
    const char *output;  // -o FILE or NULL
    const char *log;     // --log-file FILE or NULL
    int64_t duration;    // ns, 0: until interrupted
    const char *command; // -c or NULL
    uint32_t pid;        // -p or 0
    uint32_t buffer;     // --buffer in bytes or 0
    uint32_t max_cpu;    // --max-cpu: percent of one CPU that taking events may use, 0: no bound
    int64_t t_start;     // ns of CLOCK_MONOTONIC: start of the process
    int64_t t_object;    // and when the object was there
    // Called once all is attached: for what can wait until then. Or NULL.
    void (*attached)(void *arg);
    void *attached_arg;
};

// Runs to the end. The exit code: 0 done, 1 failed.
int nd_run(struct nd_load *l, const struct nd_options *values, const struct nd_run_opts *opts);
// Everything up to the verifier, nothing attached. The exit code.
int nd_run_check(struct nd_load *l, const struct nd_options *values, bool verbose);

int64_t nd_now(void); // ns of CLOCK_MONOTONIC

#endif
