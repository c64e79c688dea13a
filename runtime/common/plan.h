// SPDX-License-Identifier: GPL-2.0-or-later
// What the compiler says through a pipe before the object is finished, so that ndtrace can get
// ready meanwhile: the maps that it will have and the features that it needs. It is only a hint:
// what counts is the object.
#ifndef ND_PLAN_H
#define ND_PLAN_H

#include <stdint.h>

#define ND_PLAN_MAGIC 0x70646e4eu // "Nndp"

enum nd_plan_kind {
    ND_PLAN_MAPS = 1, // features and n are set, n maps follow; may come again with others
    ND_PLAN_END,      // nothing follows: the object is complete, or code says what went wrong
};

struct nd_plan {
    uint32_t magic;
    uint32_t kind;     // enum nd_plan_kind
    uint32_t features; // ND_F_BIT()s
    uint32_t n;        // maps
    uint32_t code;     // exit code of the compiler
};

struct nd_plan_map { // as the kernel takes it
    char name[16];
    uint32_t type, key, val, entries; // type: BPF_MAP_TYPE_*
};

#define ND_PLAN_MAPS_MAX 1024u

#endif
