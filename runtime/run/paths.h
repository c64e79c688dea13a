// SPDX-License-Identifier: GPL-2.0-or-later
// Packets on paths: those that took too long are taken out and handed to the script. Must not know
// text. Serves the run.
#ifndef ND_PATHS_H
#define ND_PATHS_H

#include "runtime/kernel/maps.h"
#include "runtime/output/sink.h"
#include "runtime/vm/vm.h"

struct nd_paths;

// values: of the options, as nd_opts. NULL when out of memory.
struct nd_paths *nd_paths_new(const struct nd_mf *mf, struct nd_maps *maps, struct nd_vm *vm,
                              const struct nd_state *state, const uint8_t *values);
void nd_paths_free(struct nd_paths *p);
// ns between two sweeps: a quarter of the shortest timeout; 0 without paths.
uint64_t nd_paths_period(const struct nd_paths *p);
// Takes out the packets that timed out and runs the handlers. 0, or what ended a handler.
int nd_paths_sweep(struct nd_paths *p, int64_t now);
// One of these numbers since the start of the run: enum nd_path_count.
int64_t nd_paths_count(const struct nd_paths *p, uint32_t path, uint32_t what);
// What happened on each path since the last report, or in all.
void nd_paths_report(struct nd_paths *p, struct nd_sink *s, bool total);

#endif
