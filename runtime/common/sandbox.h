// SPDX-License-Identifier: GPL-2.0-or-later
// Less power: what a process that reads what it must not trust gives up for good. Must not know
// what the process does. Serves both programs; docs/security.md tells the model.
#ifndef ND_SANDBOX_H
#define ND_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

// For a process that only reads files and writes to what it has open already (the compiler): no new
// files, network, processes, tracing, signals to others or BPF; another user than root, who can
// read as root does; limits on memory, CPU time and the size of files. What the kernel or a
// container does not allow to give up stays, except that the system calls are refused everywhere.
// process: it looks at files of processes. 0, or a negative errno: the system calls could not be
// shut off.
int nd_sandbox_reader(bool process);

// For a process that traces, once it has attached: capabilities that tracing does not need, and the
// system calls to run programs, change the system or reach the network. kill: it has a child of its
// own to end. attach: it may attach more, when a module or a CPU comes. 0 or a negative errno.
int nd_sandbox_tracer(bool kill, bool attach);

#endif
