// SPDX-License-Identifier: GPL-2.0-or-later
// #define: the tokens of a macro's body take the place of its name, as in C. They stand where the
// name is written, so that messages point there.
#include "compiler/front/parse_impl.h"

#include "grammar/ndtrace.lex.h"

#include <string.h>

#define MADE_MAX 1000000u // tokens of all expansions of a script

struct macro *nd_parse_macro(const struct nd_parse *p, const char *name)
{
    uint32_t i;

    for (i = p->macros ? p->macros->all.n : 0; i-- > 0;) {
        if (!strcmp(p->macros->all.v[i]->name, name))
            return p->macros->all.v[i]->gone ? NULL : p->macros->all.v[i];
    }
    return NULL;
}

static void scan(struct nd_parse *p, void *scanner, struct token *t)
{
    p->word = NULL;
    t->tok = nd_parse_scan(&t->val, &t->span, scanner);
    t->word = p->word;
}

void nd_parse_tokens(struct nd_parse *p, const char *text, size_t n, struct nd_span at,
                     struct tokens *out)
{
    uint32_t off = p->off;
    int last = p->last;
    struct token t = {.span = at};
    void *scanner;

    if (nd_yylex_init_extra(p, &scanner))
        return;
    p->off = at.off;
    p->macros->inside++;
    nd_yy_scan_bytes(text, (int)n, scanner);
    for (scan(p, scanner, &t); t.tok && !p->stopped; scan(p, scanner, &t))
        *ND_PUSH(p->arena, out) = t;
    nd_yylex_destroy(scanner);
    p->macros->inside--;
    p->off = off;
    p->last = last;
}

// The next token before expansion; 0 at the end, or where an argument ends.
static void next(struct nd_parse *p, void *scanner, struct token *t)
{
    struct nd_macros *m = p->macros;

    while (m->frames.n) {
        struct frame *f = &m->frames.v[m->frames.n - 1];

        if (f->at < f->list.n) {
            *t = f->list.v[f->at++];
            p->last = t->tok;
            return;
        }
        if (f->wall) {
            t->tok = 0;
            t->word = NULL;
            return;
        }
        m->frames.n--;
    }
    scan(p, scanner, t);
}

static void push(struct nd_parse *p, struct tokens list, const struct macro *of, bool wall)
{
    *ND_PUSH(p->arena, &p->macros->frames) = (struct frame){.list = list, .of = of, .wall = wall};
}

static void put_back(struct nd_parse *p, const struct token *t)
{
    struct tokens one = {0};

    *ND_PUSH(p->arena, &one) = *t;
    push(p, one, NULL, false);
}

static bool active(const struct nd_parse *p, const struct macro *m)
{
    uint32_t i;

    for (i = 0; i < p->macros->frames.n; i++) {
        if (p->macros->frames.v[i].of == m)
            return true;
    }
    return false;
}

// After "NAME(": the tokens of each argument, up to the ')'. False: it is missing.
static bool read_args(struct nd_parse *p, void *scanner, struct tokens *args, uint32_t most,
                      uint32_t *n)
{
    uint32_t open = 0;
    struct token t;

    *n = 0;
    for (next(p, scanner, &t); t.tok; next(p, scanner, &t)) {
        if (!open && t.tok == ')')
            return true;
        if (!open && t.tok == ',') {
            ++*n;
            continue;
        }
        open += t.tok == '(' || t.tok == '[' || t.tok == '{';
        open -= open && (t.tok == ')' || t.tok == ']' || t.tok == '}');
        if (*n < most)
            *ND_PUSH(p->arena, &args[*n]) = t;
    }
    return false;
}

static int param(const struct macro *m, const struct token *t)
{
    uint32_t i;

    for (i = 0; t->word && i < m->params.n; i++) {
        if (!strcmp(m->params.v[i].text, t->word))
            return (int)i;
    }
    return -1;
}

// Puts the body in front of what comes. at: where its name is.
static void replace(struct nd_parse *p, const struct macro *m, const struct tokens *args,
                    struct nd_span at)
{
    struct tokens body = {0}, out = {0};
    uint32_t i, k;

    nd_parse_tokens(p, m->body, m->nbody, m->span, &body);
    for (i = 0; i < body.n; i++) {
        int a = param(m, &body.v[i]);

        for (k = 0; a >= 0 && k < args[a].n; k++)
            *ND_PUSH(p->arena, &out) = args[a].v[k];
        if (a >= 0)
            continue;
        *ND_PUSH(p->arena, &out) = body.v[i];
        out.v[out.n - 1].span = at;
    }
    p->macros->made += out.n + 1;
    if (p->macros->made > MADE_MAX && !p->stopped) {
        nd_error(p->diags, ND_E0109, at, "macros expand to more than %u words here", MADE_MAX);
        p->stopped = true;
    }
    push(p, out, m, false);
}

static void bad_call(struct nd_parse *p, const struct macro *m, struct nd_span at, uint32_t n)
{
    nd_note(p->diags,
            nd_error(p->diags, ND_E0301, at, "macro %s takes %u argument%s, not %u", m->name,
                     m->params.n, m->params.n == 1 ? "" : "s", n),
            m->span, "it is defined here");
}

// Is t the name of a macro? Then its expansion comes next.
static bool expand(struct nd_parse *p, void *scanner, struct token *t)
{
    const struct macro *m = t->word ? nd_parse_macro(p, t->word) : NULL;
    struct tokens *args = NULL;
    struct token paren;
    uint32_t i, n = 0, most;

    if (!m || p->stopped || active(p, m))
        return false;
    if (!m->call) {
        replace(p, m, NULL, t->span);
        return true;
    }
    next(p, scanner, &paren);
    if (paren.tok != '(') {
        put_back(p, &paren);
        return false;
    }
    most = m->params.n ? m->params.n : 1;
    args = ND_NEW_ARRAY(p->arena, struct tokens, most);
    if (!read_args(p, scanner, args, most, &n)) {
        nd_error(p->diags, ND_E0301, t->span, "the arguments of macro %s do not end", m->name);
        p->stopped = true;
        return false;
    }
    n += n || args[0].n || m->params.n == 1;
    if (n != m->params.n) {
        bad_call(p, m, t->span, n);
        p->reported = true;
    }
    for (i = 0; i < most; i++) {
        struct tokens whole = {0};

        nd_parse_expand(p, &args[i], &whole);
        args[i] = whole;
    }
    replace(p, m, args, t->span);
    return true;
}

void nd_parse_expand(struct nd_parse *p, const struct tokens *in, struct tokens *out)
{
    struct token t;

    push(p, *in, NULL, true);
    for (;;) {
        next(p, NULL, &t);
        if (!t.tok)
            break;
        if (!expand(p, NULL, &t))
            *ND_PUSH(p->arena, out) = t;
    }
    p->macros->frames.n--;
}

int nd_parse_next(union ND_YYSTYPE *val, struct nd_span *span, void *scanner)
{
    struct nd_parse *p = nd_yyget_extra(scanner);
    struct token t = {.span = *span};

    if (!p->macros)
        scan(p, scanner, &t);
    else
        next(p, scanner, &t);
    while (p->macros && expand(p, scanner, &t))
        next(p, scanner, &t);
    *val = t.val;
    *span = t.span;
    p->last = t.tok;
    return t.tok;
}
