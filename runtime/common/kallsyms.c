// SPDX-License-Identifier: GPL-2.0-or-later
// Lines are parsed in place: the file has about 200,000 of them.
#include "runtime/common/kallsyms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *parse_hex(const char *p, const char *end, uint64_t *out)
{
    uint64_t v = 0;

    for (; p < end; p++) {
        uint32_t c = (unsigned char)*p, d = c - '0';

        if (d > 9) {
            d = (c | 32) - 'a' + 10;
            if (d < 10 || d > 15)
                break;
        }
        v = v << 4 | d;
    }
    *out = v;
    return p;
}

bool nd_kallsyms_line(const char *line, const char *end, struct nd_kallsym *s)
{
    const char *p = parse_hex(line, end, &s->addr), *tab;

    if (p == line || end - p < 4 || p[0] != ' ' || p[2] != ' ')
        return false;
    s->type = p[1];
    s->name = p + 3;
    tab = memchr(s->name, '\t', (size_t)(end - s->name));
    s->len = (uint32_t)((tab ? tab : end) - s->name);
    s->module = "";
    s->module_len = 0;
    if (tab && end - tab > 3 && tab[1] == '[' && end[-1] == ']') {
        s->module = tab + 2;
        s->module_len = (uint32_t)(end - 1 - s->module);
    }
    return true;
}

#define NAME_AT 19 // in a line of a 64-bit kernel

// Each line is looked at once, and parsed only if its name can be it.
const char *nd_kallsyms_find(const char *p, const char *name, struct nd_kallsym *s)
{
    size_t n = strlen(name);
    const char *end;

    p += *p == '\n';
    for (; n && *p; p = *end ? end + 1 : end) {
        end = strchrnul(p, '\n');
        if (end - p > NAME_AT && p[NAME_AT - 1] == ' ' &&
            ((size_t)(end - p) - NAME_AT < n || memcmp(p + NAME_AT, name, n) != 0))
            continue;
        if (nd_kallsyms_line(p, end, s) && s->len >= n && !memcmp(s->name, name, n))
            return end;
    }
    return NULL;
}

bool nd_kallsyms_is_func(const struct nd_kallsym *s)
{
    return s->type == 't' || s->type == 'T' || s->type == 'w' || s->type == 'W';
}

bool nd_kallsyms_runs(const struct nd_kallsym *s, const char *name)
{
    static const char *const made[] = {".isra.", ".constprop.", ".part.", ".llvm."};
    size_t len = strlen(name), left, n, i;
    const char *p = s->name + len;

    if (s->len < len || memcmp(s->name, name, len) != 0)
        return false;
    for (left = s->len - len; left; p += n, left -= n) {
        for (i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
            n = strlen(made[i]);
            if (left > n && !memcmp(p, made[i], n))
                break;
        }
        if (i == sizeof(made) / sizeof(made[0]))
            return false;
        while (n < left && p[n] >= '0' && p[n] <= '9')
            n++;
    }
    return true;
}

uint64_t nd_kallsyms_nth(const char *name, uint32_t n, const char *module)
{
    size_t len = strlen(name), mlen = strlen(module), cap = 0;
    FILE *f = fopen("/proc/kallsyms", "re");
    struct nd_kallsym s;
    uint64_t found = 0;
    char *line = NULL;
    ssize_t got;

    while (f && !found && (got = getline(&line, &cap, f)) > 0) {
        if (nd_kallsyms_line(line, line + got - (line[got - 1] == '\n'), &s) &&
            nd_kallsyms_is_func(&s) && s.len == len && !memcmp(s.name, name, len) &&
            s.module_len == mlen && !memcmp(s.module, module, mlen))
            found = --n ? 0 : s.addr;
    }
    if (f)
        fclose(f);
    free(line);
    return found;
}
