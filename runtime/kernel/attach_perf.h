// SPDX-License-Identifier: GPL-2.0-or-later
// Opens the perf events for tracepoints, uprobes, kprobes, timers and counters. Must not know
// programs. Serves attach.c only.
#ifndef ND_ATTACH_PERF_H
#define ND_ATTACH_PERF_H

#include "runtime/common/mf.h"

#include <stdbool.h>

struct nd_perf {            // what is asked of the machine once, when first needed
    int tracefs;            // directory fd; -1: not opened yet
    int64_t uprobe, kprobe; // PMU types; 0: not asked yet
    int64_t uret, kret;     // bit of "retprobe" in config
    const char *path;       // of the uprobe to be opened, and where in there;
    uint64_t off;           // NULL: as the manifest says
    bool unsafe;            // also where the kernel would act wrongly
    bool strict;            // breakpoints in files only where functions start or USDT probes are
    int cpus[1024];
    int ncpus;
};

// The caller owns p; nd_perf_close closes what was opened for it, not the events.
void nd_perf_init(struct nd_perf *p);
void nd_perf_close(struct nd_perf *p);
// Is there one event for each CPU?
bool nd_perf_per_cpu(uint32_t kind);
// fd or a negative errno; cpu only where nd_perf_per_cpu. pid: the process whose
// memory gets breakpoints; 0: all.
int nd_perf_open(struct nd_perf *p, const struct nd_mf *mf, const struct nd_mf_attach *a,
                 uint32_t pid, int cpu);
// Why that failed and what to do, for the message.
const char *nd_perf_why(const struct nd_mf_attach *a, int err);

// A uprobe on an executable, for this process only; disabled.
int nd_perf_open_own(const char *path, uint64_t offset);

#endif
