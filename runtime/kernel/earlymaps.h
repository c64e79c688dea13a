// SPDX-License-Identifier: GPL-2.0-or-later
// Maps made while the compiler is still at work: creating a large one takes the kernel as long as
// the rest of a start. Must not know scripts. Serves the command line and the loader.
#ifndef ND_EARLYMAPS_H
#define ND_EARLYMAPS_H

#include "runtime/common/plan.h"

struct bpf_object;

struct nd_early {
    struct nd_early_map *v;
    uint32_t n;
};

// Makes the planned maps for which this is worthwhile. The loader makes those that fail.
void nd_early_make(struct nd_early *e, const struct nd_plan_map *maps, uint32_t n);
// Gives the object those that are exactly what it asks for; call it before loading.
void nd_early_use(const struct nd_early *e, struct bpf_object *obj);
void nd_early_free(struct nd_early *e); // also closes the maps; those in use stay
#endif
