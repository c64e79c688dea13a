// SPDX-License-Identifier: GPL-2.0-or-later
// Text without escapes is written in one piece.
#include "runtime/common/json.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// Length of the valid UTF-8 sequence at s, 0 if there is none (overlong forms, surrogates and
// values above U+10FFFF are none).
static size_t utf8_len(const uint8_t *s, size_t n)
{
    uint8_t lo = 0x80, hi = 0xbf;
    size_t len, i;

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
    for (i = 2; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    return len;
}

static void json_escape(uint8_t c, struct nd_buf *out)
{
    static const char brief[32] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    char esc[2] = {'\\', (char)c};

    if (c < 32 && !brief[c]) {
        nd_buf_printf(out, "\\u%04x", c);
        return;
    }
    if (c < 32)
        esc[1] = brief[c];
    nd_buf_put(out, esc, 2);
}

void nd_json_string(const char *s, size_t n, struct nd_buf *out)
{
    const uint8_t *p = (const uint8_t *)s;
    size_t from = 0, i = 0, len;

    nd_buf_put(out, "\"", 1);
    while (i < n) {
        bool escape = p[i] < 32 || p[i] == '"' || p[i] == '\\';

        len = escape ? 0 : utf8_len(p + i, n - i);
        if (len) {
            i += len;
            continue;
        }
        nd_buf_put(out, s + from, i - from);
        if (escape)
            json_escape(p[i], out);
        else
            nd_buf_put(out, "\xef\xbf\xbd", 3);
        from = ++i;
    }
    nd_buf_put(out, s + from, i - from);
    nd_buf_put(out, "\"", 1);
}

void nd_json_double(double v, struct nd_buf *out)
{
    char tmp[40];
    int digits;

    if (!isfinite(v)) {
        nd_buf_puts(out, "null");
        return;
    }
    for (digits = 15; digits <= 17; digits++) { // the shortest that reads back as the same value
        snprintf(tmp, sizeof(tmp), "%.*g", digits, v);
        if (strtod(tmp, NULL) == v)
            break;
    }
    nd_buf_puts(out, tmp);
}
