// SPDX-License-Identifier: GPL-2.0-or-later
// What is at a place of a program, before the kernel writes there: a breakpoint, or into a USDT
// semaphore (a number that it increments while a probe is attached). It would do so wherever it is
// told to. Must not know probes. Serves attaching.
#ifndef ND_FILEPLACE_H
#define ND_FILEPLACE_H

#include <stdbool.h>
#include <stdint.h>

// A descriptor of the file, by which the kernel is to find it: another one may be at the path by
// then. sem: not 0: the file itself must say that the probe at `off` has its semaphore there, or it
// is -EBADMSG. start: a function must start at `off`, or a USDT probe be there, or it is
// -EADDRNOTAVAIL. Another negative errno: the file cannot be read.
int nd_fileplace_open(const char *path, uint64_t off, uint64_t sem, bool start);

// Does the kernel take the instruction there for another one? On x86 it looks at the opcode of AVX
// instructions as if it were one of the old ones, and acts as a jump, a call or nothing at all in
// their place (branch_setup_xol_ops() of arch/x86/kernel/uprobes.c): the program goes wrong.
bool nd_fileplace_misread(const char *path, uint64_t off);

#endif
