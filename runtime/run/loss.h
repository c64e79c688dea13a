// SPDX-License-Identifier: GPL-2.0-or-later
// The counters of what was lost, read out of nd_state. Must not know output. Serves the run.
#ifndef ND_LOSS_H
#define ND_LOSS_H

#include "runtime/kernel/state.h"
#include "runtime/output/sink.h"

struct nd_losses;

// state: nd_state as the programs see it, or NULL when there is none.
struct nd_losses *nd_losses_new(const struct nd_mf *mf, const struct nd_state *state);
void nd_losses_free(struct nd_losses *l);
// Where the counts of user code are kept, by site; must outlive l. See nd_vm_sites.
void nd_losses_user(struct nd_losses *l, const uint64_t *counts);
// Sites that counted something since the last call; the array lives until the next call.
uint32_t nd_losses_report(struct nd_losses *l, const struct nd_loss **out);
// Sites that counted something at all (count: since the last report).
uint32_t nd_losses_total(struct nd_losses *l, const struct nd_loss **out);
uint64_t nd_losses_events(const struct nd_losses *l); // events lost so far
// What the event buffers know: records that made no sense, and lost ones, which count as far as
// programs have not counted them themselves.
void nd_losses_buffers(struct nd_losses *l, uint64_t bad, uint64_t dropped);
// A map has n entries that user code had no room for (ND_SITE_MAP_FULL), or lost n
// (ND_SITE_EVICTED).
void nd_losses_map(struct nd_losses *l, uint32_t kind, uint32_t map, uint64_t n);

#endif
