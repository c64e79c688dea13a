// SPDX-License-Identifier: GPL-2.0-or-later
// Collects diagnostics and renders them: "file:line:col: error[E0101]: text", the line, a caret.
#include "compiler/front/diag.h"

#include "compiler/front/arena.h"
#include "runtime/common/json.h"
#include "runtime/common/printable.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *title;
} codes[] = {
#define ND_DIAG_ROW(code, title) {#code, title},
    ND_DIAG_CODES(ND_DIAG_ROW)
#undef ND_DIAG_ROW
};

const char *nd_diag_code_name(enum nd_diag_code code)
{
    return codes[code].name;
}

const char *nd_diag_code_title(enum nd_diag_code code)
{
    return codes[code].title;
}

static bool seen(const struct nd_diags *d, struct nd_span span)
{
    uint32_t i;

    for (i = 0; i < d->n; i++) {
        const struct nd_diag *x = d->v[i];

        if (!x->warning && x->span.src == span.src && x->span.off == span.off &&
            x->span.len == span.len)
            return true;
    }
    return false;
}

struct nd_diag *nd_error(struct nd_diags *d, enum nd_diag_code code, struct nd_span span,
                         const char *fmt, ...)
{
    struct nd_diag *diag = ND_NEW(d->arena, struct nd_diag);
    bool warning = codes[code].name[0] == 'W';
    va_list ap;

    diag->code = code;
    diag->span = span;
    diag->warning = warning;
    if (!warning && !d->quiet && seen(d, span))
        return diag;
    if (!warning)
        d->errors++;
    if (d->quiet)
        return diag;
    va_start(ap, fmt);
    diag->text = nd_arena_vprintf(d->arena, fmt, ap);
    va_end(ap);
    if (d->n >= ND_DIAG_LIMIT) {
        d->dropped++;
        return diag;
    }
    *ND_PUSH(d->arena, d) = diag;
    return diag;
}

__attribute__((format(printf, 4, 0))) static void
add_note(struct nd_diags *d, struct nd_diag *diag, struct nd_span span, const char *fmt, va_list ap)
{
    struct nd_note *note;

    if (d->quiet)
        return;
    diag->notes =
        nd_arena_grow(d->arena, diag->notes, diag->nnotes, &diag->notes_cap, sizeof(*diag->notes));
    note = &diag->notes[diag->nnotes++];
    note->span = span;
    note->text = nd_arena_vprintf(d->arena, fmt, ap);
}

void nd_trial_begin(struct nd_diags *d, struct nd_trial *t)
{
    t->before = *d;
    t->errors = d->errors;
    d->quiet = true;
}

void nd_trial_begin_kept(struct nd_diags *d, struct nd_trial *t)
{
    t->before = *d;
    t->errors = 0;
    *d = (struct nd_diags){.arena = d->arena};
}

bool nd_trial_end(struct nd_diags *d, const struct nd_trial *t)
{
    bool right = d->errors == t->errors;

    *d = t->before;
    return right;
}

void nd_help(struct nd_diags *d, struct nd_diag *diag, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add_note(d, diag, ND_NO_SPAN, fmt, ap);
    va_end(ap);
}

void nd_fix(struct nd_diags *d, struct nd_diag *diag, const char *word)
{
    nd_help(d, diag, "did you mean '%s'?", word);
    diag->fix = nd_arena_strdup(d->arena, word);
}

void nd_note(struct nd_diags *d, struct nd_diag *diag, struct nd_span span, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add_note(d, diag, span, fmt, ap);
    va_end(ap);
}

#define LINE_MAX_SHOWN 160u

// The line with the span, cut around it when it is long; control bytes as '?'.
static void print_excerpt(struct nd_sources *s, struct nd_span span, FILE *out)
{
    struct nd_pos pos = nd_source_pos(s, span.src, span.off);
    uint32_t len, from = 0, i, carets;
    const char *line = nd_source_line(s, span.src, pos.line, &len);
    uint32_t col = pos.col - 1;

    if (col > len)
        col = len;
    if (len > LINE_MAX_SHOWN && col > LINE_MAX_SHOWN / 2)
        from = col - LINE_MAX_SHOWN / 2;
    fprintf(out, "%5u | %s", pos.line, from ? "..." : "");
    for (i = from; i < len && i < from + LINE_MAX_SHOWN; i++) {
        unsigned char c = (unsigned char)line[i];

        fputc(c == '\t' ? ' ' : c < 32 || c == 127 ? '?' : c, out);
    }
    fprintf(out, "%s\n      | %*s", i < len ? "..." : "", (int)(col - from + (from ? 3 : 0)), "");
    carets = span.len;
    if (carets > len - col)
        carets = len - col;
    if (carets > LINE_MAX_SHOWN / 2)
        carets = LINE_MAX_SHOWN / 2;
    fputc('^', out);
    for (i = 1; i < carets; i++)
        fputc('~', out);
    fputc('\n', out);
}

static void print_head(struct nd_sources *s, struct nd_span span, const char *kind,
                       const char *code, const char *text, FILE *out)
{
    if (span.src < s->n) {
        struct nd_pos pos = nd_source_pos(s, span.src, span.off);

        fprintf(out, "%s:%u:%u: ", s->v[span.src].path, pos.line, pos.col);
    }
    fprintf(out, "%s%s%s%s: ", kind, code ? "[" : "", code ? code : "", code ? "]" : "");
    nd_printable_write(text, out); // names of files and functions are in it, which others chose
    fputc('\n', out);
    if (span.src < s->n)
        print_excerpt(s, span, out);
}

void nd_diags_text(const struct nd_diags *d, struct nd_sources *s, FILE *out, bool colour)
{
    uint32_t i, k;

    for (i = 0; i < d->n; i++) {
        const struct nd_diag *x = d->v[i];
        const char *kind = x->warning ? "warning" : "error";

        if (colour)
            kind = x->warning ? "\033[35mwarning\033[0m" : "\033[31merror\033[0m";
        print_head(s, x->span, kind, codes[x->code].name, x->text, out);
        for (k = 0; k < x->nnotes; k++) {
            const struct nd_note *n = &x->notes[k];

            if (n->span.src == ND_NO_SRC) {
                fputs("      = ", out);
                nd_printable_write(n->text, out);
                fputc('\n', out);
            } else {
                print_head(s, n->span, "note", NULL, n->text, out);
            }
        }
    }
    if (d->dropped)
        fprintf(out, "%u more messages not shown\n", d->dropped);
}

static void json_text(const char *s, struct nd_buf *out)
{
    nd_json_string(s, strlen(s), out);
}

static void json_pos(struct nd_sources *s, struct nd_span span, struct nd_buf *out)
{
    if (span.src < s->n) {
        struct nd_pos pos = nd_source_pos(s, span.src, span.off);

        nd_buf_puts(out, "\"file\":");
        json_text(s->v[span.src].path, out);
        nd_buf_printf(out, ",\"line\":%u,\"col\":%u,\"len\":%u,", pos.line, pos.col, span.len);
        pos = nd_source_pos(s, span.src, span.off + span.len);
        nd_buf_printf(out, "\"end_line\":%u,\"end_col\":%u,", pos.line, pos.col);
    }
}

bool nd_diag_fixes(const struct nd_diag *x, const struct nd_sources *s)
{
    const char *text;
    uint32_t i;

    if (!x->fix || x->span.src >= s->n || !x->span.len)
        return false;
    text = s->v[x->span.src].text + x->span.off;
    for (i = 0; i < x->span.len; i++) {
        if (!isalnum((unsigned char)text[i]) && !strchr("_:@$.", text[i]))
            return false;
    }
    return true;
}

static void json_diag(const struct nd_diag *x, struct nd_sources *s, struct nd_buf *out)
{
    uint32_t i;

    nd_buf_printf(out, "{\"type\":\"diagnostic\",\"severity\":\"%s\",\"code\":\"%s\",",
                  x->warning ? "warning" : "error", codes[x->code].name);
    json_pos(s, x->span, out);
    nd_buf_puts(out, "\"text\":");
    json_text(x->text, out);
    nd_buf_puts(out, ",\"notes\":[");
    for (i = 0; i < x->nnotes; i++) {
        nd_buf_puts(out, i ? ",{" : "{");
        json_pos(s, x->notes[i].span, out);
        nd_buf_puts(out, "\"text\":");
        json_text(x->notes[i].text, out);
        nd_buf_puts(out, "}");
    }
    nd_buf_puts(out, "]");
    if (x->fix && nd_diag_fixes(x, s)) {
        nd_buf_puts(out, ",\"fix\":");
        json_text(x->fix, out);
    }
    nd_buf_puts(out, "}\n");
}

void nd_diags_json(const struct nd_diags *d, struct nd_sources *s, FILE *out)
{
    struct nd_buf b = {0};
    uint32_t i;

    for (i = 0; i < d->n; i++)
        json_diag(d->v[i], s, &b);
    if (d->dropped)
        nd_buf_printf(&b,
                      "{\"type\":\"diagnostic\",\"severity\":\"error\",\"text\":\"%u more "
                      "messages\"}\n",
                      d->dropped);
    if (b.n)
        fwrite(b.v, 1, b.n, out);
    free(b.v);
}
