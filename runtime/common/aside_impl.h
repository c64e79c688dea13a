// SPDX-License-Identifier: GPL-2.0-or-later
// Inside of aside*.c: what the process gives up before it reads anything.
#ifndef ND_ASIDE_IMPL_H
#define ND_ASIDE_IMPL_H

// Closes all descriptors but fd, takes limits, gives up capabilities, and allows the few system
// calls that reading takes. 0, or a negative errno: then nothing must be read.
int nd_aside_confine(int fd);
// Seconds of CPU from here on, for the message that comes.
void nd_aside_cpu(unsigned int seconds);

#endif
