// SPDX-License-Identifier: GPL-2.0-or-later
// Virtual machines that QEMU runs on this host: their names and tap devices. A process is QEMU if
// its program is one of the system's, in our user namespace, and it has a machine of KVM open: a
// command line can say anything. Must not know user code. Serves the VM.
#ifndef ND_QEMU_H
#define ND_QEMU_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

struct nd_qemu;

// /proc is read by a process of its own (aside.h), which is started by the first question. proc:
// another folder than /proc, for tests, or NULL. NULL: out of memory.
struct nd_qemu *nd_qemu_new(const char *proc);
void nd_qemu_free(struct nd_qemu *q); // NULL is fine

// The i-th tap device, in the order of their names, of the machine with this name or UUID; "" if
// there is none. 0; -EEXIST if there are several such machines, pids[] are two of their processes;
// or another negative errno.
int nd_qemu_tap(struct nd_qemu *q, const char *name, int64_t i, char tap[IFNAMSIZ],
                uint32_t pids[2]);

// Name, else UUID, of the machine that this process runs; "qemu" if it has neither; "" if the
// process is not QEMU, or is not there. 0, or a negative errno.
int nd_qemu_name(struct nd_qemu *q, int64_t pid, char *out, size_t size);

#endif
