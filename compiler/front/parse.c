// SPDX-License-Identifier: GPL-2.0-or-later
// Sets up scanner and parser for one source.
#include "compiler/front/parse.h"

#include "grammar/ndtrace.tab.h"

#include "grammar/ndtrace.lex.h" // after the types of the parser

#include <string.h>

// The first comment line that is not the licence or the interpreter: what --help shows first.
static const char *find_title(struct nd_arena *a, const struct nd_source *src)
{
    const char *s = src->text, *end = src->text + src->size;

    while (s < end) {
        const char *eol = memchr(s, '\n', (size_t)(end - s));

        if (!eol)
            eol = end;
        while (s < eol && (*s == ' ' || *s == '\t'))
            s++;
        if (eol - s > 2 && s[0] == '/' && s[1] == '/') {
            s += 2;
            while (s < eol && (*s == ' ' || *s == '\t'))
                s++;
            if (eol > s && eol[-1] == '\r')
                eol--;
            if (s < eol && strncmp(s, "SPDX-", 5))
                return nd_arena_strndup(a, s, (size_t)(eol - s));
        } else if (eol > s && s[0] != '#' && s[0] != '\r') {
            return "";
        }
        s = eol + 1;
    }
    return "";
}

static struct nd_script *parse_all(struct nd_arena *arena, struct nd_diags *diags,
                                   struct nd_sources *sources, uint32_t src)
{
    struct nd_script *script = ND_NEW(arena, struct nd_script);
    struct nd_parse p = {
        .arena = arena, .diags = diags, .sources = sources, .src = src, .script = script};
    const struct nd_source *s = &sources->v[src];
    void *scanner;

    script->src = src;
    if (nd_yylex_init_extra(&p, &scanner))
        return script;
    nd_yy_scan_bytes(s->text, (int)s->size, scanner);
    nd_yyparse(scanner, &p);
    nd_yylex_destroy(scanner);
    return script;
}

struct nd_script *nd_parse(struct nd_arena *arena, struct nd_diags *diags,
                           struct nd_sources *sources, uint32_t src)
{
    const struct nd_source *s = &sources->v[src];
    struct nd_span at = {src, 0, 0};
    const char *zero = memchr(s->text, 0, s->size);
    struct nd_script *script;

    if (zero) {
        at.off = (uint32_t)(zero - s->text);
        at.len = 1;
        nd_error(diags, ND_E0112, at, "a zero byte: this is not a script");
        script = ND_NEW(arena, struct nd_script);
        script->title = "";
        return script;
    }
    script = parse_all(arena, diags, sources, src);
    script->title = find_title(arena, s);
    if (!script->decls.n && !diags->errors) {
        nd_help(diags, nd_error(diags, ND_E0110, at, "the script is empty"),
                "a minimal script: tracepoint:net:net_dev_queue { @[comm] = count(); }");
    }
    return script;
}
