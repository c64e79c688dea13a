// SPDX-License-Identifier: GPL-2.0-or-later
// The tap devices of virtual machines that QEMU runs on this host. Must not know user code.
// Serves the VM.
#ifndef ND_QEMU_H
#define ND_QEMU_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

// The i-th tap device, in the order of their names, of the machine with this name or UUID; "" if
// there is none. 0, or -ENOMEM.
int nd_qemu_tap(const char *name, int64_t i, char tap[IFNAMSIZ]);

// Name, else UUID, of the machine that this process runs; "qemu" if it has neither; "" if the
// process is no QEMU or there is none. 0, or -ENOMEM.
int nd_qemu_name(int64_t pid, char *out, size_t size);

#endif
