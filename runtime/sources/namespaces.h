// SPDX-License-Identifier: GPL-2.0-or-later
// The namespaces that this process is in, as far as they decide what a run sees. Must not know
// scripts. Serves the command line.
#ifndef ND_NAMESPACES_H
#define ND_NAMESPACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nd_ns_pid {
    uint64_t dev, ino; // of the PID namespace; ino 0: the initial one, or not known
    bool own_proc;     // /proc is that of this namespace
};

// The PID namespace of this process.
struct nd_ns_pid nd_ns_own_pid(void);

// Has a process the files that this one has: the same mounts and root? True if that cannot be told.
bool nd_ns_same_files(uint32_t pid);

// Inode of the network namespace of this process; 0: not known.
uint64_t nd_ns_own_net(void);
// Makes another one ours: by its name in /run/netns, its path, a process in it, or its inode. 0, or
// a negative errno and the reason.
int nd_ns_enter_net(const char *which, char *why, size_t size);

#endif
