// SPDX-License-Identifier: GPL-2.0-or-later
// Parts of the manifest's check, split by subject. Must not know the kernel. Serves mf.c only.
#ifndef ND_MF_IMPL_H
#define ND_MF_IMPL_H

#include "runtime/common/mf.h"

#include <stdbool.h>

// Each gives NULL, or a static text: what is wrong.
const char *nd_mf_check_types(const struct nd_mf *mf);
const char *nd_mf_check_code(const struct nd_mf *mf);

static inline bool nd_mf_str_ok(const struct nd_mf *mf, uint32_t off)
{
    return off < mf->nstrings; // the section ends with a NUL
}
static inline bool nd_mf_span_ok(const struct nd_mf *mf, const struct nd_mf_span *s)
{
    return !s->line || s->file < mf->h->nfiles;
}
// Are first .. first + count - 1 below n?
static inline bool nd_mf_run_ok(uint32_t first, uint32_t count, uint32_t n)
{
    return first <= n && count <= n - first;
}
static inline bool nd_mf_strings_ok(const struct nd_mf *mf, uint32_t first, uint32_t count)
{
    uint32_t i;

    if (!nd_mf_run_ok(first, count, mf->nwords))
        return false;
    for (i = 0; i < count; i++) {
        if (!nd_mf_str_ok(mf, mf->words[first + i]))
            return false;
    }
    return true;
}

#endif
