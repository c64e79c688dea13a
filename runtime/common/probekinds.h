// SPDX-License-Identifier: GPL-2.0-or-later
// What programs and attach points of each kind are (probes.def), for both programs. Must not know
// libbpf. Serves checking, lowering, the manifest's check, loading and attaching.
#ifndef ND_PROBEKINDS_H
#define ND_PROBEKINDS_H

#include "runtime/common/manifest.h"

#include <stdbool.h>

enum nd_prog_flags { // see probes.def
    ND_PF_WORDS = 1 << 0,
    ND_PF_REGS = 1 << 1,
    ND_PF_TYPED = 1 << 2,
    ND_PF_GUARDED = 1 << 3,
    ND_PF_OWN_FRAMES = 1 << 4,
    ND_PF_OURS = 1 << 5,
    ND_PF_NULLS = 1 << 6,
};

struct nd_prog_kind {
    const char *section, *text;
    uint32_t flags;          // enum nd_prog_flags
    uint32_t since;          // major << 16 | minor << 8; 0: it never runs inside itself
    enum nd_feature feature; // ND_F_MAX: every kernel has it
};
extern const struct nd_prog_kind nd_kind_of_prog[ND_PROG_TYPE_MAX];

enum nd_attach_flags { // see probes.def
    ND_AF_FUNCTION = 1 << 0,
    ND_AF_FILE = 1 << 1,
    ND_AF_RETURNS = 1 << 2,
    ND_AF_CPUS = 1 << 3,
    ND_AF_PERIOD = 1 << 4,
    ND_AF_LAST_FIRST = 1 << 5,
};

struct nd_attach_kind {
    const char *how;
    uint32_t progs; // a bit for each program type that it takes
    uint32_t flags; // enum nd_attach_flags
};
extern const struct nd_attach_kind nd_kind_of_attach[ND_AT_KIND_MAX];

static inline bool nd_kind_is(uint32_t prog_type, enum nd_prog_flags f)
{
    return nd_kind_of_prog[prog_type].flags & f;
}
static inline bool nd_kind_attaches(uint32_t attach_kind, enum nd_attach_flags f)
{
    return nd_kind_of_attach[attach_kind].flags & f;
}

#endif
