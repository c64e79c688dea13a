// SPDX-License-Identifier: GPL-2.0-or-later
// A growing text buffer. Must not know what is written. Serves everything that makes text.
#ifndef ND_BUF_H
#define ND_BUF_H

#include <stddef.h>
#include <stdint.h>

// .v is NUL terminated. Zero-initialised is empty. The owner frees .v. When memory runs out, text
// is cut.
struct nd_buf {
    char *v;
    size_t n, cap;
};
void nd_buf_put(struct nd_buf *b, const char *s, size_t n);
void nd_buf_puts(struct nd_buf *b, const char *s);
void nd_buf_fill(struct nd_buf *b, char c, size_t n);
void nd_buf_u64(struct nd_buf *b, uint64_t v);
void nd_buf_i64(struct nd_buf *b, int64_t v);
void nd_buf_hex(struct nd_buf *b, uint64_t v); // without 0x
void nd_buf_printf(struct nd_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
