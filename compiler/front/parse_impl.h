// SPDX-License-Identifier: GPL-2.0-or-later
// Inside the parser: words, macros and conditions between the scanner and the grammar.
#ifndef ND_PARSE_IMPL_H
#define ND_PARSE_IMPL_H

#include "compiler/front/parse.h"

#include "grammar/ndtrace.tab.h"

struct token {
    int tok;
    ND_YYSTYPE val;
    struct nd_span span;
    const char *word; // as written, if it is a word; otherwise NULL
};

struct tokens {
    struct token *v;
    uint32_t n, cap;
};

struct macro {
    const char *name;
    bool call; // it has parameters: NAME(a, b)
    struct nd_points params;
    const char *body;
    uint32_t nbody;
    struct nd_span span; // of the body
    bool gone;           // #undef
};

struct frame { // tokens that come before those of the text
    struct tokens list;
    uint32_t at;
    const struct macro *of; // not expanded again while these last; NULL: an argument
    bool wall;              // the end of these is an end
};

struct condition {
    struct nd_span span;
    bool skipped; // as a whole, because it is in a part that is skipped
    bool taken;   // a branch was
    bool skips;   // the branch at hand is not
    bool last;    // #else was seen
};

struct nd_macros {
    ND_VEC(struct macro *) all;
    ND_VEC(struct frame) frames;
    ND_VEC(struct condition) conditions;
    uint32_t made;   // tokens of expansions so far
    uint32_t inside; // texts of directives being scanned
};

// The scanner (grammar/ndtrace.l).
int nd_parse_scan(ND_YYSTYPE *val, struct nd_span *span, void *scanner);
// The tokens of a piece of the script, as the scanner tells them.
void nd_parse_tokens(struct nd_parse *p, const char *text, size_t n, struct nd_span at,
                     struct tokens *out);
// These tokens with all macros in them expanded.
void nd_parse_expand(struct nd_parse *p, const struct tokens *in, struct tokens *out);
struct macro *nd_parse_macro(const struct nd_parse *p, const char *name);

#endif
