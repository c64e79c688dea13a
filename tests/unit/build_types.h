// SPDX-License-Identifier: GPL-2.0-or-later
// Short forms to put types, fields and maps into a manifest under construction.
// Must not know what is tested. Serves the unit tests of output and VM.
#ifndef ND_BUILD_TYPES_H
#define ND_BUILD_TYPES_H

#include "compiler/front/arena.h"
#include "compiler/user/mfbuild.h"

static inline uint32_t add_type(struct nd_mfb *b, uint32_t kind, uint32_t size, uint32_t flags,
                                const char *name)
{
    struct nd_mf_type t = {.kind = kind, .size = size, .flags = flags, .name = nd_mfb_str(b, name)};

    return nd_mfb_add(b, ND_SEC_TYPES, &t, 1);
}

// Fields of a tuple or struct: add the type first, then its fields one after the other.
static inline void add_field(struct nd_mfb *b, uint32_t owner, const char *name, uint32_t type,
                             uint32_t off, uint16_t bit_off, uint16_t bits)
{
    struct nd_mf_field f = {nd_mfb_str(b, name), type, off, bit_off, bits};
    uint32_t i = nd_mfb_add(b, ND_SEC_FIELDS, &f, 1);
    struct nd_mf_type *t = nd_mfb_at(b, ND_SEC_TYPES, owner);

    if (!t->count)
        t->first = i;
    t->count++;
}

static inline uint32_t add_map(struct nd_mfb *b, const char *name, uint32_t key, uint32_t val)
{
    struct nd_mf_map m = {.name = nd_mfb_str(b, name),
                          .kind = ND_MAP_USER,
                          .flags = key == ND_MF_NONE ? ND_MAPF_SCALAR : 0,
                          .key_type = key,
                          .val_type = val};

    return nd_mfb_add(b, ND_SEC_MAPS, &m, 1);
}

static inline uint32_t add_file(struct nd_mfb *b, const char *name)
{
    uint32_t str = nd_mfb_str(b, name);

    nd_mfb_header(b)->files = nd_mfb_add(b, ND_SEC_WORDS, &str, 1);
    nd_mfb_header(b)->nfiles = 1;
    return 0;
}

#endif
