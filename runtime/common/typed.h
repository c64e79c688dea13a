// SPDX-License-Identifier: GPL-2.0-or-later
// Reads, writes and compares typed bytes as integers and in order of their values.
// Must not know text, maps or user code. Serves formatting, sinks and the VM.
#ifndef ND_TYPED_H
#define ND_TYPED_H

#include "runtime/common/mf.h"

#include <stdbool.h>

// Is a value of this type one integer (numbers, enums, times, ports, counts, addresses)?
bool nd_typed_is_int(const struct nd_mf_type *t);
bool nd_typed_is_signed(const struct nd_mf_type *t);
// The integer at p, sign- or zero-extended; types stored in network order are converted.
int64_t nd_typed_int(const struct nd_mf_type *t, const void *p);
void nd_typed_put(const struct nd_mf_type *t, void *p, int64_t v);
// Address of a field. A bit-field is taken out into *tmp as an integer of the field's type.
const void *nd_typed_field(const struct nd_mf *mf, const struct nd_mf_field *f, const void *base,
                           uint64_t *tmp);
// Length of the string in a STRING or IFNAME.
uint32_t nd_typed_strlen(const struct nd_mf_type *t, const void *p);
// Order of two values of one type: numbers as numbers, strings as text, compounds field by field,
// aggregations by their rank, everything else by its bytes.
int nd_typed_cmp(const struct nd_mf *mf, uint32_t type, const void *a, const void *b);

#endif
