// SPDX-License-Identifier: GPL-2.0-or-later
// Text without escapes is written in one piece.
#include "runtime/common/json.h"

#include "runtime/common/printable.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void put_unit(uint32_t unit, struct nd_buf *out)
{
    nd_buf_printf(out, "\\u%04x", unit);
}

// Besides what JSON asks for, what a terminal would not show as text. Reads back as the same.
static void json_escape(uint32_t c, struct nd_buf *out)
{
    static const char brief[128] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
                                    ['\t'] = 't', ['"'] = '"',  ['\\'] = '\\'};

    if (c < sizeof(brief) && brief[c]) {
        nd_buf_put(out, "\\", 1);
        nd_buf_put(out, &brief[c], 1);
    } else if (c > 0xffff) { // a pair of surrogates
        put_unit(0xd800 + ((c - 0x10000) >> 10), out);
        put_unit(0xdc00 + ((c - 0x10000) & 0x3ff), out);
    } else {
        put_unit(c, out);
    }
}

void nd_json_string(const char *s, size_t n, struct nd_buf *out)
{
    size_t from = 0, i = 0, len;
    uint32_t c;

    nd_buf_put(out, "\"", 1);
    while (i < n) {
        len = nd_printable_char(s + i, n - i, &c);
        if (len && c != '"' && c != '\\' && nd_printable_is(c)) {
            i += len;
            continue;
        }
        nd_buf_put(out, s + from, i - from);
        if (len)
            json_escape(c, out);
        else
            nd_buf_put(out, "\xef\xbf\xbd", 3);
        i += len ? len : 1;
        from = i;
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
