// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/sources/devices.h"

#include "runtime/common/msg.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <net/if.h>

struct device {
    const char *flag;
    char name[IFNAMSIZ], now[IFNAMSIZ]; // as the option says, and as it was last seen
    uint32_t index;                     // which is followed, also by another name
    bool gone, two;                     // two: another device has taken the name
};

struct nd_devices {
    uint32_t n;
    struct device v[];
};

static uint32_t values_of(const struct nd_mf_option *o, const struct nd_options *all)
{
    uint32_t n;

    if (o->kind != ND_OPT_IFNAME)
        return 0;
    memcpy(&n, all->data + o->count_off, sizeof(n));
    return n < o->cap ? n : o->cap;
}

static void add(struct nd_devices *d, const struct nd_mf *mf, const struct nd_mf_option *o,
                const struct nd_options *all)
{
    uint32_t i, n = values_of(o, all);

    for (i = 0; i < n; i++) {
        struct device *dev = &d->v[d->n];
        struct nd_ifname value;

        memcpy(&value, all->data + o->off + i * o->stride, sizeof(value));
        memcpy(dev->name, value.name, sizeof(dev->name) - 1);
        memcpy(dev->now, dev->name, sizeof(dev->now));
        dev->index = value.index;
        dev->flag = nd_mf_str(mf, o->flag);
        d->n += *dev->name && value.netns; // else that of any namespace
    }
}

struct nd_devices *nd_devices_new(const struct nd_mf *mf, const struct nd_options *o)
{
    struct nd_devices *d;
    uint32_t i, n = 0;

    for (i = 0; i < mf->noptions; i++)
        n += values_of(&mf->options[i], o);
    if (!n)
        return NULL;
    d = calloc(1, sizeof(*d) + (n + 1) * sizeof(*d->v));
    for (i = 0; d && i < mf->noptions; i++)
        add(d, mf, &mf->options[i], o);
    return d;
}

// Is it still there? Its new name, if it has another, is told once.
static bool is_there(struct device *dev)
{
    char now[IFNAMSIZ];

    if (!dev->index || !if_indextoname(dev->index, now))
        return if_nametoindex(dev->name) != 0;
    if (strcmp(now, dev->now) != 0)
        nd_msg("device %s (--%s) is now called %s, and is followed", dev->name, dev->flag, now);
    memcpy(dev->now, now, sizeof(now));
    if (!dev->two && strcmp(now, dev->name) != 0 && if_nametoindex(dev->name)) {
        nd_msg("warning: another device is called %s (--%s) now: its packets are seen as well",
               dev->name, dev->flag);
        dev->two = true;
    }
    return true;
}

void nd_devices_look(struct nd_devices *d)
{
    uint32_t i;

    for (i = 0; d && i < d->n; i++) {
        struct device *dev = &d->v[i];
        bool gone = !is_there(dev);

        if (gone && !dev->gone)
            nd_msg("warning: device %s (--%s) is gone; its packets will be seen again when it "
                   "comes back",
                   dev->name, dev->flag);
        else if (!gone && dev->gone)
            nd_msg("device %s (--%s) is back", dev->name, dev->flag);
        dev->gone = gone;
    }
}

void nd_devices_free(struct nd_devices *d)
{
    free(d);
}
