// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/common/spec.h"

#include <string.h>

static const char *number(const char *s, int *out)
{
    if (*s == '*') {
        *out = ND_SPEC_STAR;
        return s + 1;
    }
    for (; *s >= '0' && *s <= '9'; s++) {
        if (*out < 0)
            *out = 0;
        if (*out < 65536)
            *out = *out * 10 + (*s - '0');
    }
    return s;
}

// What follows the %. Of lengths, only h and hh say something; t is the time, and r is followed by
// its form.
static const char *conversion(const char *s, struct nd_spec *p)
{
    static const char names[] = "-0+ #'";
    const char *flag;

    for (; *s && (flag = strchr(names, *s)); s++)
        p->flags |= (uint8_t)(1 << (flag - names));
    s = number(s, &p->width);
    if (*s == '.') {
        p->prec = 0;
        s = number(s + 1, &p->prec);
    }
    if (*s == 'h')
        p->bits = s[1] == 'h' ? 8 : 16;
    s += strspn(s, "hlLqjz");
    p->conv = *s;
    if (*s == 'r' && (s[1] == 'x' || s[1] == 'h'))
        p->form = *++s;
    return *s ? s + 1 : s;
}

const char *nd_spec_next(const char *s, struct nd_spec *p)
{
    const char *end;

    if (!*s)
        return NULL;
    *p = (struct nd_spec){.lit = s, .width = ND_SPEC_NONE, .prec = ND_SPEC_NONE};
    p->nlit = (uint32_t)strcspn(s, "%");
    s += p->nlit;
    if (!*s)
        return s;
    if (s[1] == '%') { // the first of the two belongs to the text
        p->nlit++;
        return s + 2;
    }
    end = conversion(s + 1, p);
    p->len = (uint32_t)(end - s);
    return end;
}

enum nd_spec_class nd_spec_class(char conv)
{
    static const struct {
        const char *letters;
        enum nd_spec_class class;
    } rows[] = {{"diuxXop", ND_SPEC_INTEGER}, {"fFeEgG", ND_SPEC_REAL}, {"c", ND_SPEC_CHAR},
                {"s", ND_SPEC_TEXT},          {"t", ND_SPEC_TIME},      {"r", ND_SPEC_RAW}};
    size_t i;

    for (i = 0; conv && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strchr(rows[i].letters, conv))
            return rows[i].class;
    }
    return ND_SPEC_UNKNOWN;
}
