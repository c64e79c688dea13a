// SPDX-License-Identifier: GPL-2.0-or-later
// Documents by name, positions of the protocol, lines and columns from 0, and offsets in a text.
// Must not know scripts. Serves the language server.
#include "compiler/lsp_impl.h"

#include <ctype.h>
#include <string.h>

// Units of a column: bytes, or UTF-16 code units, of which a character beyond U+FFFF has two.
static size_t units(const struct nd_lsp *s, const char *p, size_t n)
{
    size_t i, count = 0;

    if (s->utf8)
        return n;
    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];

        count += (c & 0xc0) != 0x80;
        count += c >= 0xf0;
    }
    return count;
}

static json_t *position(const struct nd_lsp *s, const char *text, size_t off)
{
    size_t line = 0, start = 0, i;

    for (i = 0; i < off && text[i]; i++) {
        if (text[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    return json_pack("{s:I, s:I}", "line", (json_int_t)line, "character",
                     (json_int_t)units(s, text + start, i - start));
}

json_t *nd_lsp_range(const struct nd_lsp *s, const char *text, size_t off, size_t len)
{
    return json_pack("{s:o, s:o}", "start", position(s, text, off), "end",
                     position(s, text, off + len));
}

size_t nd_lsp_offset(const struct nd_lsp *s, const char *text, json_t *at)
{
    json_int_t line = json_integer_value(json_object_get(at, "line"));
    json_int_t want = json_integer_value(json_object_get(at, "character"));
    const char *p = text, *eol;
    size_t n = 0;

    while (line-- > 0 && (eol = strchr(p, '\n')))
        p = eol + 1;
    while (p[n] && p[n] != '\n' && (json_int_t)units(s, p, n) < want)
        n++;
    return (size_t)(p - text) + n;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

size_t nd_lsp_word(const char *text, size_t off, size_t *len)
{
    size_t from = off, to = off;

    if (text[from] == '$' || text[from] == '@')
        to++;
    while (from && in_word(text[from - 1]))
        from--;
    while (in_word(text[to]))
        to++;
    if (from && (text[from - 1] == '$' || text[from - 1] == '@'))
        from--;
    *len = to - from;
    return from;
}

struct nd_lsp_doc *nd_lsp_doc_of(struct nd_lsp *s, json_t *params)
{
    const char *uri =
        json_string_value(json_object_get(json_object_get(params, "textDocument"), "uri"));
    struct nd_lsp_doc *d;

    for (d = s->docs; d && uri; d = d->next) {
        if (!strcmp(d->uri, uri))
            return d;
    }
    return NULL;
}
