// SPDX-License-Identifier: GPL-2.0-or-later
// Words of the command line in the script: $1, $2, $#, str($1), getopt("name", 10). They are what
// is written there, before anything is compiled.
#include "compiler/front/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// Word i from 1 of the command line; NULL: there is none.
static const char *param(const struct nd_parse *p, uint64_t i)
{
    return i && i <= p->given->nwords ? p->given->words[i - 1] : NULL;
}

const char *nd_parse_insert(struct nd_parse *p, struct nd_span span, const char *text, size_t n)
{
    const char *out = "", *end = text + n;

    while (text < end) {
        const char *dollar = memchr(text, '$', (size_t)(end - text)), *word;
        uint64_t i = 0;

        if (!dollar)
            dollar = end;
        out = nd_arena_printf(p->arena, "%s%.*s", out, (int)(dollar - text), text);
        if (dollar == end)
            break;
        for (text = dollar + 1; text < end && *text >= '0' && *text <= '9'; text++)
            i = i < 100000 ? i * 10 + (uint64_t)(*text - '0') : i;
        word = param(p, i);
        if (!word && p->given->unknown)
            word = "1";
        if (!word && text > dollar + 1)
            nd_help(p->diags,
                    nd_error(p->diags, ND_E0502, span,
                             "the probe names word %llu of the command line, which is missing",
                             (unsigned long long)i),
                    "give it after the script");
        if (text < end && *text == '#' && text == dollar + 1) {
            word = nd_arena_printf(p->arena, "%u", p->given->nwords);
            text++;
        } else if (text == dollar + 1) {
            word = "$";
        }
        out = nd_arena_printf(p->arena, "%s%s", out, word ? word : "");
    }
    return out;
}

// A number as bpftrace takes it: decimal, octal, hexadecimal.
static bool is_number(const char *word, uint64_t *v)
{
    bool minus = *word == '-';
    char *end;

    word += minus;
    if (*word < '0' || *word > '9')
        return false;
    errno = 0;
    *v = strtoull(word, &end, 0);
    if (minus)
        *v = -*v;
    return !*end && !errno;
}

static struct nd_expr *text(struct nd_parse *p, struct nd_span span, const char *s, size_t n)
{
    struct nd_expr *e = nd_expr_new(p->arena, ND_E_STRING, span);

    e->str = nd_arena_strndup(p->arena, s, n);
    e->len = (uint32_t)n;
    return e;
}

static struct nd_expr *number(struct nd_parse *p, struct nd_span span, const char *word, uint64_t v)
{
    struct nd_expr *e = nd_expr_new(p->arena, ND_E_INT, span);

    e->num = *word == '-' ? -v : v;
    e->is_unsigned = e->num > INT64_MAX;
    if (*word == '-')
        e = nd_expr_unary(p->arena, ND_OP_NEG, span, e);
    e->word = word;
    return e;
}

struct nd_expr *nd_parse_word(struct nd_parse *p, struct nd_span span, uint64_t i)
{
    const char *word = param(p, i);
    struct nd_expr *e;
    uint64_t v = 0;

    if (!word || is_number(word, &v))
        return number(p, span, word ? word : "", v);
    e = text(p, span, word, strlen(word));
    e->word = word;
    return e;
}

// str($1), str($1 + n), str($1, bytes)
static struct nd_expr *word_text(struct nd_parse *p, struct nd_expr *call)
{
    const struct nd_expr *of = call->args.v[0];
    uint64_t skip = 0, most = UINT64_MAX;
    size_t n;

    if (of->kind == ND_E_BINARY && of->op == ND_OP_ADD && of->b->kind == ND_E_INT && !of->b->word) {
        skip = of->b->num;
        of = of->a;
    }
    if (!of->word)
        return call;
    if (call->args.n > 1 && call->args.v[1]->kind == ND_E_INT)
        most = call->args.v[1]->num;
    n = strlen(of->word);
    if (skip > n) {
        if (!p->given->unknown)
            nd_error(p->diags, ND_E0317, call->args.v[0]->span, "the text has only %zu bytes", n);
        skip = n;
    }
    n -= skip;
    return text(p, call->span, of->word + skip, n < most ? n : most ? most - 1 : 0);
}

static bool is_false(const char *word)
{
    return !strcmp(word, "0") || !strcasecmp(word, "false") || !strcasecmp(word, "no");
}

static struct nd_expr *truth(struct nd_parse *p, struct nd_span span, bool v)
{
    struct nd_expr *e = nd_expr_new(p->arena, ND_E_IDENT, span);

    e->name = v ? "true" : "false";
    e->name_span = span;
    return e;
}

// getopt("name"), getopt("name", 10): --name=value among the words.
static struct nd_expr *named(struct nd_parse *p, struct nd_expr *call)
{
    const struct nd_expr *name = call->args.n ? call->args.v[0] : NULL;
    struct nd_expr *otherwise = call->args.n > 1 ? call->args.v[1] : NULL;
    const char *word = NULL;
    uint64_t v = 0;
    uint32_t i;

    if (!name || name->kind != ND_E_STRING || call->args.n > 2) {
        nd_help(p->diags,
                nd_error(p->diags, ND_E0301, call->span,
                         "getopt() expects the name of an option and its default"),
                "getopt(\"port\", 80), or getopt(\"all\") for one that is given or not");
        return call;
    }
    for (i = 0; i < p->given->nnamed; i++) {
        const char *s = p->given->named[i];

        if (!strncmp(s, name->str, name->len) && (!s[name->len] || s[name->len] == '='))
            word = s[name->len] ? s + name->len + 1 : "true";
    }
    if (!otherwise || (otherwise->kind == ND_E_IDENT &&
                       (!strcmp(otherwise->name, "true") || !strcmp(otherwise->name, "false"))))
        return word || !otherwise ? truth(p, call->span, word && !is_false(word)) : otherwise;
    if (!word)
        return otherwise;
    if (otherwise->kind == ND_E_STRING)
        return text(p, call->span, word, strlen(word));
    if (is_number(word, &v) || is_false(word) || !strcasecmp(word, "true"))
        return number(p, call->span, word, strcasecmp(word, "true") ? v : 1);
    nd_error(p->diags, ND_E0302, call->span, "option %.*s expects a number, not \"%s\"",
             (int)name->len, name->str, word);
    return otherwise;
}

struct nd_expr *nd_parse_call(struct nd_parse *p, struct nd_expr *call)
{
    if (!strcmp(call->name, "str") && call->args.n)
        return word_text(p, call);
    return strcmp(call->name, "getopt") ? call : named(p, call);
}
