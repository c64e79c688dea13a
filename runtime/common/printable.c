// SPDX-License-Identifier: GPL-2.0-or-later
// Most text is plain: that is found out by looking at each byte once, and written in one piece.
#include "runtime/common/printable.h"

#include <stdlib.h>
#include <string.h>

size_t nd_printable_char(const char *text, size_t n, uint32_t *c)
{
    const uint8_t *s = (const uint8_t *)text;
    uint8_t lo = 0x80, hi = 0xbf;
    size_t len, i;

    *c = s[0];
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        len = 2;
    else if (s[0] >= 0xe0 && s[0] <= 0xef)
        len = 3;
    else if (s[0] >= 0xf0 && s[0] <= 0xf4)
        len = 4;
    else
        return 0;
    if (len > n)
        return 0;
    lo = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : lo;
    hi = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : hi;
    if (s[1] < lo || s[1] > hi)
        return 0;
    *c = s[0] & (0x7fu >> len);
    for (i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (s[i] & 0x3f);
    }
    return len;
}

bool nd_printable_is(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x061c, 0x061c},
        {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},
        {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
    };
    size_t i;

    for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (c <= hidden[i].last)
            return c < hidden[i].first;
    }
    return true;
}

// Are all 8 bytes from ' ' to '~'?
static bool plain_word(const char *s)
{
    const uint64_t each = 0x0101010101010101, high = each << 7;
    uint64_t w;

    memcpy(&w, s, sizeof(w));
    return !((w | (w - each * ' ') | (w + each)) & high);
}

size_t nd_printable_span(const char *s, size_t n)
{
    size_t i = 0, len;
    uint32_t c;

    while (i < n) {
        if (n - i >= sizeof(uint64_t) && plain_word(s + i)) {
            i += sizeof(uint64_t);
            continue;
        }
        if (s[i] >= 32 && s[i] < 127) {
            i++;
            continue;
        }
        len = nd_printable_char(s + i, n - i, &c);
        if (!len || !nd_printable_is(c))
            break;
        i += len;
    }
    return i;
}

// What nd_printable_span() stopped at; returns its length.
static size_t put_escape(const char *s, size_t n, struct nd_buf *out)
{
    uint32_t c;
    size_t len = nd_printable_char(s, n, &c);

    if (len <= 1)
        nd_buf_printf(out, "\\x%02x", (unsigned int)(unsigned char)*s);
    else
        nd_buf_printf(out, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
    return len ? len : 1;
}

void nd_printable_put(const char *s, size_t n, struct nd_buf *out)
{
    size_t len;

    for (;;) {
        len = nd_printable_span(s, n);
        nd_buf_put(out, s, len);
        s += len;
        n -= len;
        if (!n)
            return;
        len = put_escape(s, n, out);
        s += len;
        n -= len;
    }
}

void nd_printable_from(struct nd_buf *out, size_t from)
{
    size_t n, clean;
    char *rest;

    if (out->n <= from)
        return;
    n = out->n - from;
    clean = nd_printable_span(out->v + from, n);
    if (clean == n)
        return;
    from += clean;
    n -= clean;
    rest = malloc(n);
    if (rest)
        memcpy(rest, out->v + from, n);
    out->n = from; // without memory it is cut, as any text
    out->v[from] = '\0';
    if (rest)
        nd_printable_put(rest, n, out);
    free(rest);
}

void nd_printable_write(const char *s, FILE *out)
{
    struct nd_buf b = {0};

    nd_printable_put(s, strlen(s), &b);
    if (b.n)
        fwrite(b.v, 1, b.n, out);
    free(b.v);
}
