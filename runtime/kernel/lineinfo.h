// SPDX-License-Identifier: GPL-2.0-or-later
// Line information of an object (.BTF.ext): which line of the script made an instruction.
// Must not know the verifier. Serves messages about rejected programs.
#ifndef ND_LINEINFO_H
#define ND_LINEINFO_H

#include <stddef.h>
#include <stdint.h>

struct nd_line {
    char file[256];
    uint32_t line, col;
};

// Line of instruction `insn` of the function `func`. 0, or -ENOENT if the object does not say.
int nd_line_find(const void *elf, size_t size, const char *func, long insn, struct nd_line *out);

#endif
