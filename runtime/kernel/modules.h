// SPDX-License-Identifier: GPL-2.0-or-later
// Hears of kernel modules that come and go. Must not know probes. Serves attaching.
#ifndef ND_MODULES_H
#define ND_MODULES_H

#include <stdbool.h>

// A socket that becomes readable when something happens to a device or module, or a negative errno.
int nd_modules_open(void);
// Calls fn for each module that was loaded or is being unloaded since the last call.
void nd_modules_read(int fd, void (*fn)(void *arg, const char *module, bool loaded), void *arg);
bool nd_module_loaded(const char *module);

#endif
