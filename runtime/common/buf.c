// SPDX-License-Identifier: GPL-2.0-or-later
// The growing text buffer that all output goes through. When memory runs out, text is cut.
// Must not know what is written. Serves formatting, sinks and the VM.
#include "runtime/common/buf.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct nd_buf *b, size_t n)
{
    size_t cap = b->cap ? b->cap : 256;
    char *v;

    if (b->n + n < b->cap)
        return true;
    while (cap <= b->n + n)
        cap *= 2;
    v = realloc(b->v, cap);
    if (!v)
        return false;
    b->v = v;
    b->cap = cap;
    return true;
}

void nd_buf_put(struct nd_buf *b, const char *s, size_t n)
{
    if (!reserve(b, n))
        return;
    if (n)
        memcpy(b->v + b->n, s, n);
    b->n += n;
    b->v[b->n] = '\0';
}

void nd_buf_puts(struct nd_buf *b, const char *s)
{
    nd_buf_put(b, s, strlen(s));
}

void nd_buf_fill(struct nd_buf *b, char c, size_t n)
{
    if (!n || !reserve(b, n))
        return;
    memset(b->v + b->n, c, n);
    b->n += n;
    b->v[b->n] = '\0';
}

void nd_buf_u64(struct nd_buf *b, uint64_t v)
{
    char tmp[20], *p = tmp + sizeof(tmp);

    do {
        *--p = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    nd_buf_put(b, p, (size_t)(tmp + sizeof(tmp) - p));
}

void nd_buf_i64(struct nd_buf *b, int64_t v)
{
    if (v < 0)
        nd_buf_put(b, "-", 1);
    nd_buf_u64(b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void nd_buf_hex(struct nd_buf *b, uint64_t v)
{
    char tmp[16], *p = tmp + sizeof(tmp);

    do {
        *--p = "0123456789abcdef"[v & 15];
        v >>= 4;
    } while (v);
    nd_buf_put(b, p, (size_t)(tmp + sizeof(tmp) - p));
}

void nd_buf_printf(struct nd_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    size_t room;
    int n;

    if (!reserve(b, 64)) // most texts fit at the first attempt
        return;
    room = b->cap - b->n;
    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(b->v + b->n, room, fmt, ap);
    if (n >= 0 && (size_t)n >= room) {
        if (reserve(b, (size_t)n))
            vsnprintf(b->v + b->n, (size_t)n + 1, fmt, again);
        else
            n = 0;
    }
    if (n > 0)
        b->n += (size_t)n;
    b->v[b->n] = '\0';
    va_end(again);
    va_end(ap);
}
