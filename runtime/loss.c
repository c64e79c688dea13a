// SPDX-License-Identifier: GPL-2.0-or-later
// Counters only grow, so a difference is what was lost between two looks. Must not know output.
#include "loss.h"

#include <stdlib.h>
#include <string.h>

struct nd_losses {
    const struct nd_mf *mf;
    const struct nd_state *state;
    const uint64_t *user; // counts of the sites of user code, or NULL
    uint64_t *last;       // for each site: the value at the last report
    struct nd_loss *out;
    struct nd_mf_site own[ND_SITE_KIND_MAX]; // of the runtime
    uint64_t own_count[ND_SITE_KIND_MAX], own_last[ND_SITE_KIND_MAX];
};

struct nd_losses *nd_losses_new(const struct nd_mf *mf, const struct nd_state *state)
{
    struct nd_losses *l = calloc(1, sizeof(*l));
    uint32_t i;

    if (!l)
        return NULL;
    l->mf = mf;
    l->state = state;
    l->last = calloc(mf->nsites + 1, sizeof(*l->last));
    l->out = calloc(mf->nsites + ND_SITE_KIND_MAX + 1, sizeof(*l->out));
    if (!l->last || !l->out) {
        nd_losses_free(l);
        return NULL;
    }
    for (i = 0; i < ND_SITE_KIND_MAX; i++) {
        l->own[i].kind = i;
        l->own[i].map = ND_MF_NONE;
    }
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

    for (i = 0; i < l->mf->nsites + ND_SITE_KIND_MAX; i++) {
        bool own = i >= l->mf->nsites;
        uint32_t k = own ? i - l->mf->nsites : i;
        uint64_t now = own ? l->own_count[k] : counter(l, k);
        uint64_t *last = own ? &l->own_last[k] : &l->last[k];

        if (now > *last || (all && now))
            l->out[n++] = (struct nd_loss){
                .site = own ? &l->own[k] : &l->mf->sites[k], .count = now - *last, .total = now};
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
    return l->own_count[ND_SITE_EVENT_LOST] + counted_events(l);
}

void nd_losses_buffers(struct nd_losses *l, uint64_t bad, uint64_t dropped)
{
    uint64_t known = counted_events(l);

    l->own_count[ND_SITE_EVENT_LOST] = bad + (dropped > known ? dropped - known : 0);
}

void nd_losses_add(struct nd_losses *l, uint32_t kind, uint64_t n)
{
    l->own_count[kind] += n;
}
