// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel modules: those that come and go, and the BTF of those that are loaded. Must not know
// probes. Serves attaching.
#ifndef ND_MODULES_H
#define ND_MODULES_H

#include <stdbool.h>
#include <stdint.h>

// A socket that becomes readable when something happens to a device or module, or a negative errno.
int nd_modules_open(void);
enum nd_modules_what { ND_MODULES_MODULE, ND_MODULES_CPU };
// Calls fn for each module that was loaded or is being unloaded since the last call, and each CPU
// (name: its number) that went online or offline.
void nd_modules_read(int fd,
                     void (*fn)(void *arg, enum nd_modules_what what, const char *name, bool here),
                     void *arg);
bool nd_module_loaded(const char *module);

#define ND_MODULE_NAME 64
// The BTF of the next loaded module (Linux 5.11) after the BTF object *id; begin with 0. Returns a
// file descriptor for the caller to close, sets *id and the name; -1 when there are no more.
int nd_module_btf_next(uint32_t *id, char name[ND_MODULE_NAME]);

#endif
