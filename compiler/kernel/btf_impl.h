// SPDX-License-Identifier: GPL-2.0-or-later
// What the files of the BTF reader share. Must not be included by anything else.
// Serves btf.c and btf_text.c.
#ifndef ND_BTF_IMPL_H
#define ND_BTF_IMPL_H

#include "compiler/kernel/btf.h"

#define ND_BTF_MAX_DEPTH 64 // longest chain of types followed: damaged data can have cycles

struct nd_btf {
    struct nd_btf_asked *asked; // names that were looked for
    struct nd_btf *base;
    const uint8_t *types;
    const char *str;
    uint32_t type_len, str_len;
    uint32_t first_id;  // id of the first type in this part
    uint32_t first_str; // offset of the first string in this part
    // A part on top of another module's: it was written as if its ids began at own_id.
    uint32_t own_id;
    uint32_t n;
    uint32_t *off;   // of each type in types
    uint32_t *names; // name_off of each type, next to each other: what a lookup runs over
    void *map;
    size_t map_size;
    void *buf;
};

#endif
