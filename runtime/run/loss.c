// SPDX-License-Identifier: GPL-2.0-or-later
// Counters only grow, so a difference is what was lost between two looks. Must not know output.
#include "runtime/run/loss.h"

#include <stdlib.h>
#include <string.h>

struct nd_losses {
    const struct nd_mf *mf;
    const struct nd_state *state;
    const uint64_t *user; // counts of the sites of user code, or NULL
    uint64_t *last;       // for each site: the value at the last report
    struct nd_loss *out;
    // Of the runtime: lost events, then each map's full and evicted entries.
    struct own {
        struct nd_mf_site site;
        uint64_t count, last;
    } * own;
    uint32_t nown;
};

enum { OWN_EVENTS, OWN_MAPS };
static const uint32_t of_maps[] = {ND_SITE_MAP_FULL, ND_SITE_EVICTED};
#define OF_MAPS (sizeof(of_maps) / sizeof(of_maps[0]))

// Where a map's loss of kind of_maps[k] is.
static struct own *own_of(const struct nd_losses *l, uint32_t map, uint32_t k)
{
    return &l->own[OWN_MAPS + map * OF_MAPS + k];
}

struct nd_losses *nd_losses_new(const struct nd_mf *mf, const struct nd_state *state)
{
    struct nd_losses *l = calloc(1, sizeof(*l));
    uint32_t i;

    if (!l)
        return NULL;
    l->mf = mf;
    l->state = state;
    l->nown = OWN_MAPS + mf->nmaps * OF_MAPS;
    l->last = calloc(mf->nsites + 1, sizeof(*l->last));
    l->out = calloc(mf->nsites + l->nown, sizeof(*l->out));
    l->own = calloc(l->nown, sizeof(*l->own));
    if (!l->last || !l->out || !l->own) {
        nd_losses_free(l);
        return NULL;
    }
    l->own[OWN_EVENTS].site = (struct nd_mf_site){.kind = ND_SITE_EVENT_LOST, .map = ND_MF_NONE};
    for (i = 0; i < mf->nmaps * OF_MAPS; i++)
        own_of(l, i / OF_MAPS, i % OF_MAPS)->site = (struct nd_mf_site){
            .kind = of_maps[i % OF_MAPS], .map = i / OF_MAPS, .span = mf->maps[i / OF_MAPS].span};
    return l;
}

void nd_losses_user(struct nd_losses *l, const uint64_t *counts)
{
    l->user = counts;
}

void nd_losses_free(struct nd_losses *l)
{
    if (!l)
        return;
    free(l->last);
    free(l->out);
    free(l->own);
    free(l);
}

static uint64_t counter(const struct nd_losses *l, uint32_t site)
{
    uint32_t off = l->mf->sites[site].counter_off;

    if (off == ND_MF_NONE)
        return l->user ? l->user[site] : 0;
    return l->state ? nd_state_get(l->state, off) : 0;
}

static uint32_t collect(struct nd_losses *l, bool all, bool keep, const struct nd_loss **out)
{
    uint32_t i, n = 0;

    for (i = 0; i < l->mf->nsites + l->nown; i++) {
        struct own *own = i < l->mf->nsites ? NULL : &l->own[i - l->mf->nsites];
        uint64_t now = own ? own->count : counter(l, i);
        uint64_t *last = own ? &own->last : &l->last[i];

        if (now > *last || (all && now))
            l->out[n++] = (struct nd_loss){
                .site = own ? &own->site : &l->mf->sites[i], .count = now - *last, .total = now};
        if (!keep)
            *last = now;
    }
    *out = l->out;
    return n;
}

uint32_t nd_losses_report(struct nd_losses *l, const struct nd_loss **out)
{
    return collect(l, false, false, out);
}

uint32_t nd_losses_total(struct nd_losses *l, const struct nd_loss **out)
{
    return collect(l, true, true, out);
}

static uint64_t counted_events(const struct nd_losses *l)
{
    uint64_t n = 0;
    uint32_t i;

    for (i = 0; i < l->mf->nsites; i++) {
        if (l->mf->sites[i].kind == ND_SITE_EVENT_LOST)
            n += counter(l, i);
    }
    return n;
}

uint64_t nd_losses_events(const struct nd_losses *l)
{
    return l->own[OWN_EVENTS].count + counted_events(l);
}

void nd_losses_buffers(struct nd_losses *l, uint64_t bad, uint64_t dropped)
{
    uint64_t known = counted_events(l);

    l->own[OWN_EVENTS].count = bad + (dropped > known ? dropped - known : 0);
}

void nd_losses_map(struct nd_losses *l, uint32_t kind, uint32_t map, uint64_t n)
{
    for (uint32_t k = 0; k < OF_MAPS; k++) {
        if (of_maps[k] == kind)
            own_of(l, map, k)->count = n;
    }
}
