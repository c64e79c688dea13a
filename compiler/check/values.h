// SPDX-License-Identifier: GPL-2.0-or-later
// Literal addresses: text to the bytes of a typed value. Serves the checker.
#ifndef ND_VALUES_H
#define ND_VALUES_H

#include "compiler/lang/types.h"

// "10.0.0.1", "fd00::/8", "52:54:00:12:34:56", "eth0" to the bytes described in manifest.h (at most
// 20). False if the text is none.
bool nd_parse_value(enum nd_typekind kind, const char *s, uint8_t *bytes);

#endif
