// SPDX-License-Identifier: GPL-2.0-or-later
// Sets up scanner and parser for one source.
#include "compiler/front/parse.h"

#include "grammar/ndtrace.tab.h"

#include "grammar/ndtrace.lex.h" // after the types of the parser

#include <string.h>

// The text of a comment line, from s up to eol; NULL: it is another line.
static const char *comment(const char *s, const char *eol, size_t *n)
{
    while (s < eol && (*s == ' ' || *s == '\t'))
        s++;
    if (eol - s < 2 || s[0] != '/' || s[1] != '/')
        return NULL;
    s += 2;
    if (s < eol && *s == ' ')
        s++;
    if (eol > s && eol[-1] == '\r')
        eol--;
    *n = (size_t)(eol - s);
    return s;
}

// The first comment, without the licence and the interpreter: its first line is what --help shows
// first, the others are what it ends with.
static void find_title(struct nd_arena *a, const struct nd_source *src, struct nd_script *script)
{
    const char *s = src->text, *end = src->text + src->size, *eol, *text;
    size_t n;

    script->title = script->notes = "";
    for (; s < end; s = eol + 1) {
        eol = memchr(s, '\n', (size_t)(end - s));
        if (!eol)
            eol = end;
        text = comment(s, eol, &n);
        if (text && !*script->title) {
            n -= strspn(text, " \t") < n ? strspn(text, " \t") : n;
            text += strspn(text, " \t");
            if (n && strncmp(text, "SPDX-", 5) != 0)
                script->title = nd_arena_strndup(a, text, n);
        } else if (text && (n || *script->notes)) {
            script->notes = nd_arena_printf(a, "%s%.*s\n", script->notes, (int)n, text);
        } else if (!text && (*script->title || (eol > s && s[0] != '#' && s[0] != '\r'))) {
            return;
        }
    }
}

static struct nd_script *parse_all(struct nd_arena *arena, struct nd_diags *diags,
                                   struct nd_sources *sources, uint32_t src,
                                   const struct nd_parse_given *given)
{
    static const struct nd_parse_given nothing;
    struct nd_script *script = ND_NEW(arena, struct nd_script);
    struct nd_parse p = {.arena = arena,
                         .diags = diags,
                         .sources = sources,
                         .src = src,
                         .script = script,
                         .given = given ? given : &nothing};
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
                           struct nd_sources *sources, uint32_t src,
                           const struct nd_parse_given *given)
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
        script->title = script->notes = "";
        return script;
    }
    script = parse_all(arena, diags, sources, src, given);
    find_title(arena, s, script);
    if (!script->decls.n && !diags->errors) {
        nd_help(diags, nd_error(diags, ND_E0110, at, "the script is empty"),
                "a minimal script: tracepoint:net:net_dev_queue { @[comm] = count(); }");
    }
    return script;
}
