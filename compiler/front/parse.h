// SPDX-License-Identifier: GPL-2.0-or-later
// Text to tree: sets up scanner and parser, holds what they share. Must not know meaning.
#ifndef ND_PARSE_H
#define ND_PARSE_H

#include "compiler/front/ast.h"
#include "compiler/front/diag.h"

// Limits, each with a message.
#define ND_NEST_MAX 400u // nested parentheses, blocks, operators

struct nd_macros;

// What is known of the script besides its text.
struct nd_parse_given {
    const char *const *words; // of the command line after the script: $1, $2, ...
    uint32_t nwords;
    bool unknown;             // they are not: only the script's options are asked for
    const char *const *named; // and those with dashes, without them: name=value
    uint32_t nnamed;
    uint32_t version; // of the target kernel, as LINUX_VERSION_CODE; 0: not known
};

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
    bool in_cast;        // the next word is a type
    bool in_try;         // between try and its block
    bool stopped;        // nesting too deep: give up
    bool reported;       // the scanner has said what the parser will stumble over next
    struct nd_buf_text { // string literal being read
        char *v;
        uint32_t n, cap;
    } text;
    uint32_t start;
    ND_VEC(const char *) typedefs;      // names of types, so far
    const char *word;                   // the last token, if it is a word
    struct nd_macros *macros;           // and conditions; NULL: there was no directive so far
    const struct nd_parse_given *given; // never NULL
};

// Parses source src; never NULL. Errors are in diags (see diags->errors). given: NULL is nothing.
struct nd_script *nd_parse(struct nd_arena *arena, struct nd_diags *diags,
                           struct nd_sources *sources, uint32_t src,
                           const struct nd_parse_given *given);

// Word i that has a meaning of its own; NULL: there are no more.
const char *nd_parse_keyword(uint32_t i);
const char *nd_parse_type_word(uint32_t i); // the same of names of types

union ND_YYSTYPE;
// For the grammar: the next word, of the text or of a macro's expansion.
int nd_parse_next(union ND_YYSTYPE *val, struct nd_span *span, void *scanner);
// Declares variables at the start of the probe that are used outside the block that sets them.
void nd_parse_hoist(struct nd_arena *a, const struct nd_decls *decls);
// Replaces calls of macros by their bodies, in the declarations of all sources.
void nd_parse_expand_macros(struct nd_arena *a, struct nd_diags *d, const struct nd_decls *decls);
// For the scanner. A line that starts with #, which was n bytes: true if the lines after it are
// skipped.
bool nd_parse_directive(struct nd_parse *p, struct nd_span span, const char *text, size_t n);
// The end of the text: is a condition still open?
void nd_parse_end(struct nd_parse *p);
// The text of a probe with words of the command line for $1, $2 and $#; reports those missing.
const char *nd_parse_insert(struct nd_parse *p, struct nd_span span, const char *text, size_t n);

// For the grammar: statements. An expression as one: "c ? f() : g()" is an if, of which either side
// may have no value.
struct nd_stmt *nd_parse_evaluate(struct nd_parse *p, struct nd_expr *e);
// l op= r; "_ = r" is a value that is not wanted.
struct nd_stmt *nd_parse_assign(struct nd_parse *p, struct nd_span s, struct nd_expr *l,
                                enum nd_op op, struct nd_expr *r);
// A block of this statement alone.
struct nd_block *nd_parse_only(struct nd_parse *p, struct nd_stmt *s);
// b with one more call that a layout replaces.
struct nd_block *nd_parse_output(struct nd_parse *p, struct nd_block *b, struct nd_expr *e);

// For the grammar: declarations of C. A struct or union with the attributes on its two sides.
struct nd_decl *nd_parse_struct(struct nd_parse *p, struct nd_span span, bool is_union,
                                struct nd_attrs before, struct nd_attrs after);
// These attributes and one as written: __attribute__((packed, aligned(8))), __packed.
struct nd_attrs nd_parse_attribute(struct nd_attrs a, const char *text);
void nd_parse_append(struct nd_parse *p, struct nd_decl_fields *to,
                     const struct nd_decl_fields *from);
// One declarator, or all of a line, with the type before them.
struct nd_decl_field nd_parse_field(struct nd_parse *p, const struct nd_texpr *spec,
                                    const struct nd_decl_field *f);
struct nd_decl_fields *nd_parse_members(struct nd_parse *p, const struct nd_texpr *spec,
                                        const struct nd_decl_fields *list, struct nd_expr *when);
// What a declarator adds to its type: n stars; a width in bits.
struct nd_texpr *nd_parse_stars(struct nd_parse *p, struct nd_span span, uint32_t n);
struct nd_decl_field nd_parse_bits(struct nd_decl_field f, const struct nd_expr *n);

// For the grammar. $i: a number, a text, or 0 if the word is missing.
struct nd_expr *nd_parse_word(struct nd_parse *p, struct nd_span span, uint64_t i);
// A call as it is, or what it says of words of the command line: str($1), getopt("name").
struct nd_expr *nd_parse_call(struct nd_parse *p, struct nd_expr *call);

// ---- for the grammar: nodes of several parts ----------------------------------------------------

// A map that is not printed; what a module needs; the head of a path. `word` is what stands where
// the grammar expects "private" or "needs".
struct nd_decl *nd_parse_own_map(struct nd_parse *p, struct nd_span at, const char *word,
                                 struct nd_span span, const char *name, struct nd_expr *size);
struct nd_decl *nd_parse_needs(struct nd_parse *p, struct nd_span at, const char *word,
                               enum nd_decl_kind kind, struct nd_span span, const char *name);
struct nd_ranks *nd_parse_rank(struct nd_parse *p, struct nd_ranks *r, struct nd_expr *e,
                               bool desc);
// for (key, values in maps): over all keys of several maps.
struct nd_stmt *nd_parse_go_over(struct nd_parse *p, struct nd_span span,
                                 const struct nd_points *names, const struct nd_expr_list *maps,
                                 const struct nd_ranks *ranks, struct nd_expr *limit);
struct nd_decl *nd_parse_path(struct nd_parse *p, struct nd_span span, const char *name,
                              struct nd_span name_span);
struct nd_stmt *nd_parse_go_through(struct nd_parse *p, struct nd_span span, const char *name,
                                    struct nd_span name_span, struct nd_expr *e);
struct nd_stmt *nd_parse_send(struct nd_parse *p, struct nd_span span, const char *name,
                              struct nd_span name_span, struct nd_named_list *v,
                              struct nd_expr *base);
struct nd_expr *nd_parse_literal(struct nd_parse *p, struct nd_span span, const char *name,
                                 struct nd_span name_span, struct nd_named_list *v);
// Parameters that are variables are set at the start of the function.
void nd_parse_params(struct nd_parse *p, struct nd_decl *fn);
struct nd_expr *nd_parse_record(struct nd_parse *p, struct nd_span span,
                                const struct nd_named_list *v);

// Tables (parse_table.c). `word` is what stands where the grammar expects "table", "unit", "warn".
struct nd_decl *nd_parse_table(struct nd_parse *p, struct nd_span span, const char *word,
                               struct nd_span at, const char *name, struct nd_span name_span,
                               const struct nd_columns *columns);
// The column with one more of what follows its type: a title or a format; a unit; a level.
struct nd_column nd_parse_column_text(struct nd_parse *p, struct nd_column c, struct nd_span at,
                                      const char *text);
struct nd_column nd_parse_column_unit(struct nd_parse *p, struct nd_column c, const char *word,
                                      struct nd_span at, const char *unit, struct nd_span unit_span,
                                      bool text);
struct nd_column nd_parse_column_level(struct nd_parse *p, struct nd_column c, const char *word,
                                       struct nd_span at, enum nd_op op, struct nd_expr *than);

#endif
