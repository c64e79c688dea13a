// SPDX-License-Identifier: GPL-2.0-or-later
// USDT semaphores: numbers in a program that the kernel increments while a probe is attached. It
// would do so wherever it is told to. Must not know probes. Serves attaching.
#ifndef ND_SEMAPHORE_H
#define ND_SEMAPHORE_H

#include <stdint.h>

// Does the file itself say that the probe at `off` has its semaphore at `sem`? Then a descriptor of
// it, by which the kernel is to find it: another file may be at the path by then. -EBADMSG: it does
// not say so; another negative errno: it cannot be read.
int nd_semaphore_open(const char *path, uint64_t off, uint64_t sem);

#endif
