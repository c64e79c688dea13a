// SPDX-License-Identifier: GPL-2.0-or-later
// The columns of probes.def that both programs read.
#include "runtime/common/probekinds.h"

const struct nd_prog_kind nd_kind_of_prog[ND_PROG_TYPE_MAX] = {
#define WORDS ND_PF_WORDS
#define REGS ND_PF_REGS
#define TYPED ND_PF_TYPED
#define GUARDED ND_PF_GUARDED
#define OWN_FRAMES ND_PF_OWN_FRAMES
#define OURS ND_PF_OURS
#define NULLS ND_PF_NULLS
#define SINCE(a, b) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8)
#define ND_PROGRAM(id, section, type, expected, flags, since, feature, text) \
    [ND_PROG_##id] = {section, text, flags, since, ND_F_##feature},
#include "runtime/common/probes.def"
};

const struct nd_attach_kind nd_kind_of_attach[ND_AT_KIND_MAX] = {
#define P(id) 1u << ND_PROG_##id
#define FUNCTION ND_AF_FUNCTION
#define FILE ND_AF_FILE
#define RETURNS ND_AF_RETURNS
#define CPUS ND_AF_CPUS
#define PERIOD ND_AF_PERIOD
#define LAST_FIRST ND_AF_LAST_FIRST
#define ND_ATTACH(id, programs, how, attach, flags) [ND_AT_##id] = {how, programs, flags},
#include "runtime/common/probes.def"
};
