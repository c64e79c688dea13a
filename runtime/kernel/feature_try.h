// SPDX-License-Identifier: GPL-2.0-or-later
// The features of runtime/common/manifest.h on this kernel: each is tried, when something needs it,
// once. Must not know scripts. Serves loading, attaching and the command line.
#ifndef ND_FEATURE_TRY_H
#define ND_FEATURE_TRY_H

#include "runtime/common/manifest.h"

#include <stdbool.h>
#include <stdint.h>

struct nd_features {   // ND_F_BIT()s
    uint32_t off;      // switched off by NDTRACE_WITHOUT
    uint32_t tried;    // the kernel was asked
    uint32_t lacking;  // and does not have it
    uint32_t trace_id; // id of a function in vmlinux BTF that a trial of fentry may use, 0: none
};

// Reads NDTRACE_WITHOUT. False if it has an unknown name: then *bad is that word, *len bytes.
bool nd_features_init(struct nd_features *f, const char **bad, int *len);
bool nd_features_has(struct nd_features *f, enum nd_feature what);
uint32_t nd_features_missing(struct nd_features *f, uint32_t wanted); // those that it lacks
// What an old kernel lacks, all of it at once (0.4 ms), so that a script is compiled once; 0 where
// the kernel is not old: there what a script needs is tried when that is known.
uint32_t nd_features_profile(struct nd_features *f);
const struct nd_feature_row *nd_features_row(enum nd_feature what);

#endif
