// SPDX-License-Identifier: GPL-2.0-or-later
// The one table of helpers.
#include "runtime/common/helpers.h"

#include <linux/bpf.h>
#include <stddef.h>

static const struct nd_helper_row rows[] = {
#define ND_HELPER(id, number, name, text) {number, name, text},
#include "runtime/common/helpers.def"
};

static const bool allowed[ND_HELPERS_MAX] = {
#define ND_HELPER(id, number, name, text) [number] = true,
#include "runtime/common/helpers.def"
};

static const char *const names[] = {
#define NAME(name) [BPF_FUNC_##name] = #name
    __BPF_FUNC_MAPPER(NAME)
#undef NAME
};

const struct nd_helper_row *nd_helpers_row(uint32_t i)
{
    return i < sizeof(rows) / sizeof(*rows) ? &rows[i] : NULL;
}

bool nd_helpers_allowed(uint32_t number)
{
    return number < ND_HELPERS_MAX && allowed[number];
}

const char *nd_helpers_name(uint32_t number)
{
    return number < sizeof(names) / sizeof(*names) ? names[number] : NULL;
}
