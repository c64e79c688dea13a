// SPDX-License-Identifier: GPL-2.0-or-later
// Inside of the language server; included by lsp*.c only.
#ifndef ND_LSP_IMPL_H
#define ND_LSP_IMPL_H

#include "compiler/lsp.h"

#include <jansson.h>

struct nd_lsp_doc { // one open script
    char *uri, *path;
    char *text;
    struct nd_unit *unit; // the last compilation of the text; NULL: there was none
    struct nd_unit *good; // the last one that was no syntax error; may be `unit`
    struct nd_lsp_doc *next;
};

struct nd_lsp {
    const struct nd_compile_opts *opts;
    FILE *in, *out;
    struct nd_lsp_doc *docs;
    bool utf8; // columns count bytes; else UTF-16 code units
    bool down; // shutdown was asked for
    bool over; // exit
};

// lsp_text.c: documents and positions. Offsets count bytes of the text.
struct nd_lsp_doc *nd_lsp_doc_of(struct nd_lsp *s, json_t *params); // textDocument.uri; or NULL
json_t *nd_lsp_range(const struct nd_lsp *s, const char *text, size_t off, size_t len);
size_t nd_lsp_offset(const struct nd_lsp *s, const char *text, json_t *position);
// The word around an offset: letters, digits, _ and a $ or @ before them.
size_t nd_lsp_word(const char *text, size_t off, size_t *len);

// lsp_answers.c: results of requests; NULL: none.
json_t *nd_lsp_diagnostics(struct nd_lsp *s, struct nd_lsp_doc *d);
json_t *nd_lsp_fixes(struct nd_lsp *s, json_t *params);
json_t *nd_lsp_hover(struct nd_lsp *s, json_t *params);
json_t *nd_lsp_definition(struct nd_lsp *s, json_t *params);
json_t *nd_lsp_symbols(struct nd_lsp *s, json_t *params);
json_t *nd_lsp_format(struct nd_lsp *s, json_t *params);
// lsp_complete.c
json_t *nd_lsp_complete(struct nd_lsp *s, json_t *params);

#endif
