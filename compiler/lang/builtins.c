// SPDX-License-Identifier: GPL-2.0-or-later
// The columns of the table that say what a built-in is.
#include "compiler/lang/builtins.h"

#include <string.h>

static const struct nd_builtin table[] = {
#define K ND_KERNEL
#define U ND_USER
#define KU (ND_KERNEL | ND_USER)
#define NAME false, false, 0, 0
#define CALL(min, max) true, false, min, max
#define STMT(min, max) true, true, min, max
#define TAKES_MAP ND_BF_TAKES_MAP
#define ONLY_MAPS ND_BF_ONLY_MAPS
#define STAT ND_BF_STAT
#define PERCENTILE ND_BF_PERCENTILE
#define AGGREGATES ND_BF_AGGREGATES
#define FIXED ND_BF_FIXED
#define RAW ND_BF_RAW
#define WEAK ND_BF_WEAK
#define T(type) &nd_type_##type
#define T0 NULL
#define ND_BUILTIN(id, name, worlds, form, flags, type, check, kernel, user, usage, help) \
    {name, ND_B_##id, worlds, form, flags, type, usage, help},
#include "runtime/common/builtins.def"
};

#define ROWS (sizeof(table) / sizeof(table[0]))

const struct nd_builtin *nd_builtin_at(uint32_t i)
{
    return i < ROWS ? &table[i] : NULL;
}

uint32_t nd_builtin_row(const struct nd_builtin *b)
{
    return (uint32_t)(b - table);
}

const struct nd_builtin *nd_builtin_of(enum nd_builtin_id id)
{
    size_t i = 0;

    while (table[i].id != id)
        i++;
    return &table[i];
}

const struct nd_builtin *nd_builtin_find(const char *name, bool is_call)
{
    size_t i;

    for (i = 0; i < ROWS; i++) {
        if (table[i].is_call == is_call && !strcmp(table[i].name, name))
            return &table[i];
    }
    return NULL;
}
