// SPDX-License-Identifier: GPL-2.0-or-later
// Counters of network devices of this process's network namespace. Must not know user code.
// Serves the VM.
#ifndef ND_LINK_H
#define ND_LINK_H

#include <stddef.h>
#include <stdint.h>

// A counter of a device by its name; what: enum nd_link_stat of manifest.h. -1 if there is no such
// device or the kernel does not answer; 0 for a counter that this kernel does not have.
int64_t nd_link_stat(const char *name, uint32_t what);

// What a device is, as the kernel says: tap, tun, veth, bridge, openvswitch, ...; loopback;
// physical if it says nothing, which is also what a VM sees of its card; "" if there is no such
// device.
void nd_link_kind(const char *name, char *out, size_t size);

#endif
