// SPDX-License-Identifier: GPL-2.0-or-later
// The columns of types.def that both programs read. Must not know values. Serves both programs.
#include "runtime/common/typekinds.h"

#define INTEGER (ND_IS_INTEGER | ND_IS_WORD)
#define PRINTED (ND_IS_PRINTED | ND_IS_WORD)
#define REAL ND_IS_REAL
#define TEXT ND_IS_TEXT
#define BYTES ND_IS_BYTES
#define MEMBERS ND_IS_MEMBERS
#define ELEMENTS ND_IS_ELEMENTS
#define STACK ND_IS_STACK
#define SCRIPT ND_IS_SCRIPT
#define TALLY (ND_IS_AGGREGATION | ND_IS_NUMBER | ND_IS_WORD)
#define NUMBER (ND_IS_AGGREGATION | ND_IS_NUMBER)
#define PARTS ND_IS_AGGREGATION
#define SERIES (ND_IS_AGGREGATION | ND_IS_SERIES)
#define ROWS (ND_IS_AGGREGATION | ND_IS_ROWS)
#define SUMS (ND_IS_AGGREGATION | ND_IS_ROWS | ND_IS_SUMS)

const struct nd_typekind_row nd_typekinds[ND_T_KIND_MAX] = {
#define ND_TYPE(id, text, size, class, sign, visit) \
    [ND_T_##id] = {text, size, class, ND_SIGN_##sign, 0},
#define ND_AGGREGATION(id, text, size, class, sign, rank, made, ops, print) \
    [ND_T_##id] = {text, size, class, ND_SIGN_##sign, ND_AGG_##rank},
#include "runtime/common/types.def"
};
