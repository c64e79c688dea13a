// SPDX-License-Identifier: GPL-2.0-or-later
// Text that others made (names of processes, files, functions, devices; bytes of packets) as text
// that neither steers a terminal nor passes for another line. Must not know where it comes from.
// Serves messages and formats.
#ifndef ND_PRINTABLE_H
#define ND_PRINTABLE_H

#include "runtime/common/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// The character at s and its length; 0: it is not UTF-8 (overlong forms, surrogates and values
// above U+10FFFF are not). n > 0.
size_t nd_printable_char(const char *s, size_t n, uint32_t *c);
// False of control characters (C0, DEL, C1), line separators, and of what has no width or changes
// the direction of what follows.
bool nd_printable_is(uint32_t c);
// How many bytes from s on can be written as they are.
size_t nd_printable_span(const char *s, size_t n);
// Writes all of it, the rest as \xNN, or \uNNNN and \UNNNNNNNN of characters beyond ASCII. A
// backslash stays what it is, so nothing is escaped twice.
void nd_printable_put(const char *s, size_t n, struct nd_buf *out);
// The same with what is in the buffer from this place on.
void nd_printable_from(struct nd_buf *out, size_t from);
// A string to a stream.
void nd_printable_write(const char *s, FILE *out);

#endif
