// SPDX-License-Identifier: GPL-2.0-or-later
// Text to tree: sets up scanner and parser, holds what they share. Must not know meaning.
#ifndef ND_PARSE_H
#define ND_PARSE_H

#include "compiler/front/ast.h"
#include "compiler/front/diag.h"

// Limits, each with a message.
#define ND_NEST_MAX 400u // nested parentheses, blocks, operators

struct nd_parse {
    struct nd_arena *arena;
    struct nd_diags *diags;
    struct nd_sources *sources;
    struct nd_script *script;
    uint32_t src;
    // scanner
    uint32_t off;        // offset of the next byte
    uint32_t depth;      // braces open
    uint32_t nest;       // ( [ { open
    int last;            // last token
    bool in_fn;          // between fn and its block
    bool in_try;         // between try and its block
    bool stopped;        // nesting too deep: give up
    bool reported;       // the scanner has said what the parser will stumble over next
    struct nd_buf_text { // string literal being read
        char *v;
        uint32_t n, cap;
    } text;
    uint32_t start;
};

// Parses source src; never NULL. Errors are in diags (see diags->errors).
struct nd_script *nd_parse(struct nd_arena *arena, struct nd_diags *diags,
                           struct nd_sources *sources, uint32_t src);

#endif
