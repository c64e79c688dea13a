// SPDX-License-Identifier: GPL-2.0-or-later
// What all parts of the check need: why it refuses, and strings that end. Serves the other vet_*.c.
#include "runtime/vet/vet_impl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int nd_vet_refuse(struct nd_vet *v, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(v->why, sizeof(v->why), fmt, ap);
    va_end(ap);
    return -EINVAL;
}

const char *nd_vet_string(const struct nd_vet *v, uint32_t strtab, uint32_t off)
{
    const struct vet_section *s = strtab < v->nsec ? &v->sec[strtab] : NULL;

    if (!s || s->type != SHT_STRTAB || off >= s->size || s->data[s->size - 1])
        return NULL;
    return (const char *)s->data + off;
}
