// SPDX-License-Identifier: GPL-2.0-or-later
// Files with the types (BTF) of a kernel that has none itself, and of its modules: made by pahole,
// or in packages with debug information. Must not know what is in them. Serves compiler and
// runtime.
#ifndef ND_BTFFILE_H
#define ND_BTFFILE_H

#include <stdbool.h>
#include <stddef.h>

#define ND_BTF_OWN "/sys/kernel/btf/vmlinux"

// The file to be tried after `i` others; false: there are no more. given: what --btf names, a file
// or a folder that has "vmlinux" and a file for each module, or NULL for what NDTRACE_BTF names and
// where distributions put them. module: "" for the kernel itself.
bool nd_btffile_at(unsigned int i, const char *given, const char *release, const char *module,
                   char *path, size_t size);

// Is this line of modules.dep ("kernel/net/openvswitch/openvswitch.ko.xz: ...") or modules.builtin
// (without the colon) that of the module? - and _ are the same in names of modules.
bool nd_modfile_is(const char *line, size_t len, const char *module);

#endif
