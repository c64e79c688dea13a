// SPDX-License-Identifier: GPL-2.0-or-later
// The built-in names and functions as a table: one row each. How a row is typed, lowered and run is
// a function by its id in each of the rooms that do so. Serves checking, lowering, user code, docs.
#ifndef ND_BUILTINS_H
#define ND_BUILTINS_H

#include "compiler/lang/program.h"

enum nd_builtin_id {
    ND_B_NONE,
#define ND_BUILTIN(id, ...) ND_B_##id,
#define ND_BUILTIN_AGAIN(...)
#include "runtime/common/builtins.def"
};

enum nd_builtin_flags { // see builtins.def
    ND_BF_TAKES_MAP = 1 << 0,
    ND_BF_ONLY_MAPS = 1 << 1 | ND_BF_TAKES_MAP,
    ND_BF_STAT = 1 << 2,
    ND_BF_PERCENTILE = 1 << 3,
    ND_BF_AGGREGATES = 1 << 4,
    ND_BF_FIXED = 1 << 5,
    ND_BF_RAW = 1 << 6,
    ND_BF_WEAK = 1 << 7,
};

struct nd_builtin {
    const char *name;
    enum nd_builtin_id id;
    uint8_t worlds; // enum nd_world bits
    bool is_call;
    bool async;                 // a statement that user space carries out
    uint8_t min, max;           // arguments of a call
    uint8_t flags;              // enum nd_builtin_flags
    const struct nd_type *type; // fixed result type, NULL: see check
    const char *usage;          // "str(pointer [, bytes])"
    const char *help;
};

// Is it a call that user space carries out when a probe makes it (print, clear, printf, ...)?
static inline bool nd_builtin_is_async(const struct nd_expr *e)
{
    return e->kind == ND_E_CALL && e->builtin && e->builtin->async;
}

// The row of a name, or NULL; calls and plain names are apart (nsecs and nsecs(boot)).
const struct nd_builtin *nd_builtin_find(const char *name, bool is_call);
const struct nd_builtin *nd_builtin_at(uint32_t i); // NULL past the end; for lists and docs
const struct nd_builtin *nd_builtin_of(enum nd_builtin_id id); // the first row of an id
uint32_t nd_builtin_row(const struct nd_builtin *b);           // its number, as in builtins.def

#endif
