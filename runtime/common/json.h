// SPDX-License-Identifier: GPL-2.0-or-later
// Strings and numbers as JSON (RFC 8259) has them. Must not know records. Serves diagnostics and
// the formats of records.
#ifndef ND_JSON_H
#define ND_JSON_H

#include "runtime/common/buf.h"

// With the quotes. Bytes that are not UTF-8 become U+FFFD.
void nd_json_string(const char *s, size_t n, struct nd_buf *out);
void nd_json_double(double v, struct nd_buf *out); // null if not finite

#endif
