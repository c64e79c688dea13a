// SPDX-License-Identifier: GPL-2.0-or-later
// What is true of all types of a kind: the rows of types.def for both programs. Must not know
// values. Serves both programs.
#ifndef ND_TYPEKINDS_H
#define ND_TYPEKINDS_H

#include "runtime/common/manifest.h"

#include <stdbool.h>

enum {                   // the classes of types.def
    ND_IS_WORD = 1 << 0, // one integer in memory
    ND_IS_INTEGER = 1 << 1,
    ND_IS_PRINTED = 1 << 13,
    ND_IS_REAL = 1 << 2,
    ND_IS_TEXT = 1 << 3,
    ND_IS_BYTES = 1 << 4,
    ND_IS_MEMBERS = 1 << 5,
    ND_IS_ELEMENTS = 1 << 6,
    ND_IS_STACK = 1 << 7,
    ND_IS_SCRIPT = 1 << 8,
    ND_IS_AGGREGATION = 1 << 9,
    ND_IS_NUMBER = 1 << 10,
    ND_IS_ROWS = 1 << 11,
    ND_IS_SUMS = 1 << 12,
    ND_IS_SERIES = 1 << 13,
};

enum nd_typekind_sign { ND_SIGN_NEVER, ND_SIGN_FLAG, ND_SIGN_ALWAYS };

struct nd_typekind_row {
    const char *text;
    uint16_t size; // of every type of the kind; 0: they differ
    uint16_t is;   // ND_IS_*
    uint8_t sign;  // enum nd_typekind_sign
    uint8_t rank;  // enum nd_vm_agg, of an aggregation
};

extern const struct nd_typekind_row nd_typekinds[ND_T_KIND_MAX];

// Is it of one of these classes? kind may be any number.
static inline bool nd_typekind_is(uint32_t kind, uint32_t classes)
{
    return kind < ND_T_KIND_MAX && nd_typekinds[kind].is & classes;
}

#endif
