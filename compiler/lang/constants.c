// SPDX-License-Identifier: GPL-2.0-or-later
// Looks a name up in constants.def, which is sorted.
#include "compiler/lang/constants.h"

#include <string.h>

#define NONE INT64_MIN

static const struct row {
    const char *name;
    int64_t x86, arm;
} rows[] = {
#define C(name, v) {#name, (v), (v)},
#define A(name, x86, arm) {#name, (x86), (arm)},
#include "compiler/lang/constants.def"
#undef C
#undef A
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

bool nd_constant_find(const char *name, const char *arch, int64_t *v)
{
    size_t lo = 0, hi = ROWS, mid;
    int order;

    while (lo < hi) {
        mid = lo + (hi - lo) / 2;
        order = strcmp(name, rows[mid].name);
        if (!order) {
            *v = strcmp(arch, "aarch64") ? rows[mid].x86 : rows[mid].arm;
            return *v != NONE;
        }
        if (order < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return false;
}

const char *nd_constant_name(uint32_t i)
{
    return i < ROWS ? rows[i].name : NULL;
}
