// SPDX-License-Identifier: GPL-2.0-or-later
// Devices that options name: reports when one goes away or comes back while the script runs. Its
// packets are known by its name, so nothing else need be done. Must not know the kernel side.
// Serves run.c.
#ifndef ND_DEVICES_H
#define ND_DEVICES_H

#include "runtime/common/options.h"

struct nd_devices;

// NULL if no option names one, or without memory.
struct nd_devices *nd_devices_new(const struct nd_mf *mf, const struct nd_options *o);
// One line on stderr for each that went away or came back since the last look. NULL is fine.
void nd_devices_look(struct nd_devices *d);
void nd_devices_free(struct nd_devices *d);

#endif
