// SPDX-License-Identifier: GPL-2.0-or-later
// Checked program to manifest: types, maps, probes, options, user code. Must not know LLVM.
#ifndef ND_MFWRITE_H
#define ND_MFWRITE_H

#include "compiler/check/check.h"

// What the lowering decided, for the manifest.
struct nd_layout {
    uint32_t state_size, words_size, exit_off;
    uint32_t features;     // ND_F_BIT()s
    uint32_t ring_bytes;   // of the event ring, 0: nothing is sent
    struct nd_layout_map { // by nd_map index
        enum nd_mf_map_kind kind;
        uint32_t max_entries, gen_off, pop_off, pop_less[2];
    } * maps;
    ND_VEC(struct nd_layout_stack {
        const char *sym;
        uint32_t depth;
        bool kernel;
    })
    stacks;
    ND_VEC(struct nd_layout_site {
        enum nd_mf_site_kind kind;
        struct nd_span span;
        uint32_t map, off;
    })
    sites;
    const struct nd_layout_path *paths; // by nd_path index
};

// The whole manifest; layout NULL: nothing but the options, for --help.
void *nd_mfw_manifest(struct nd_program *p, const struct nd_layout *layout, uint32_t *size);

#endif
