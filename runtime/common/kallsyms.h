// SPDX-License-Identifier: GPL-2.0-or-later
// The format of /proc/kallsyms: lines "ffffffffc0000000 t name\t[module]". Must not know where the
// text comes from. Serves kernel facts, loading and symbols.
#ifndef ND_KALLSYMS_H
#define ND_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nd_kallsym {
    uint64_t addr;             // 0 when addresses are hidden (kptr_restrict)
    const char *name, *module; // in the text, not terminated; module is "" of vmlinux
    uint32_t len, module_len;  // of the two
    char type;                 // as nm(1) prints it
};

// One line, without its line break. False: it is not a symbol.
bool nd_kallsyms_line(const char *line, const char *end, struct nd_kallsym *s);
// The first symbol from p on whose name begins with `name`; p is a text of such lines that ends in
// NUL, or what was returned for it before: where to go on. NULL: there is none.
const char *nd_kallsyms_find(const char *p, const char *name, struct nd_kallsym *s);
// Is it code?
bool nd_kallsyms_is_func(const struct nd_kallsym *s);
// Is it the function of this name, or a copy that the compiler made and that runs in its place:
// f.isra.0, f.constprop.0.isra.0, f.part.0, f.llvm.123; not f.cold?
bool nd_kallsyms_runs(const struct nd_kallsym *s, const char *name);
// Address of the n-th function (from 1) of that name in the module ("": vmlinux) of the running
// kernel, in the order of the file; 0: there is none, or addresses are hidden. Reads the file.
uint64_t nd_kallsyms_nth(const char *name, uint32_t n, const char *module);

#endif
