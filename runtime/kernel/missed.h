// SPDX-License-Identifier: GPL-2.0-or-later
// Calls that the kernel left out. Must not know scripts. Serves attaching.
#ifndef ND_MISSED_H
#define ND_MISSED_H

#include <stdint.h>

// Because the program was running on that CPU already (Linux 5.12; 0 before). The kernel counts
// them for each program, however many attach points it has.
uint64_t nd_missed_by_prog(int prog);
// Because a return probe had no room for one more call under way, or a kprobe was hit inside of
// another: of a link of a kprobe or kretprobe. -ENODATA: this kernel does not report it
// (before 6.7).
int64_t nd_missed_by_link(int link);

#endif
