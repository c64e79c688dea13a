// SPDX-License-Identifier: GPL-2.0-or-later
// What the language server says of a place of a script: what is wrong, what it is, where it is
// declared. Must not know messages. Serves lsp.c.
#include "compiler/lsp_impl.h"

#include "compiler/front/fmt.h"
#include "compiler/lang/builtins.h"

#include <stdlib.h>
#include <string.h>

// ---- diagnostics -------------------------------------------------------------------------------

enum severity { SEVERITY_ERROR = 1, SEVERITY_WARNING };

static const char *with_help(struct nd_unit *u, const struct nd_diag *g)
{
    const char *text = g->text;
    uint32_t i;

    if (g->span.src != ND_NO_SRC && g->span.src) {
        struct nd_pos at = nd_source_pos(&u->sources, g->span.src, g->span.off);

        text =
            nd_arena_printf(u->arena, "%s:%u: %s", u->sources.v[g->span.src].path, at.line, text);
    }
    for (i = 0; i < g->nnotes; i++)
        text = nd_arena_printf(u->arena, "%s\n%s", text, g->notes[i].text);
    return text;
}

json_t *nd_lsp_diagnostics(struct nd_lsp *s, struct nd_lsp_doc *d)
{
    json_t *list = json_array();
    uint32_t i;

    for (i = 0; d->unit && i < d->unit->diags.n; i++) {
        const struct nd_diag *g = d->unit->diags.v[i];
        bool here = !g->span.src;
        // What this kernel lacks is not a mistake of the script.
        bool lacks = g->code == ND_E0213 || (g->code >= ND_E0601 && g->code <= ND_E0606);

        json_array_append_new(
            list,
            json_pack("{s:o, s:i, s:s, s:s, s:s}", "range",
                      nd_lsp_range(s, d->text, here ? g->span.off : 0, here ? g->span.len : 0),
                      "severity", g->warning || lacks ? SEVERITY_WARNING : SEVERITY_ERROR, "code",
                      nd_diag_code_name(g->code), "source", "ndtrace", "message",
                      with_help(d->unit, g)));
    }
    return list;
}

// What can be put in the place of a wrong word.
json_t *nd_lsp_fixes(struct nd_lsp *s, json_t *params)
{
    struct nd_lsp_doc *d = nd_lsp_doc_of(s, params);
    json_t *range = json_object_get(params, "range"), *list = json_array();
    size_t from, to;
    uint32_t i;

    if (!d || !d->unit || !d->text)
        return list;
    from = nd_lsp_offset(s, d->text, json_object_get(range, "start"));
    to = nd_lsp_offset(s, d->text, json_object_get(range, "end"));
    for (i = 0; i < d->unit->diags.n; i++) {
        const struct nd_diag *g = d->unit->diags.v[i];
        const char *title;

        if (g->span.src || !nd_diag_fixes(g, &d->unit->sources) || g->span.off > to ||
            g->span.off + g->span.len < from)
            continue;
        title = nd_arena_printf(d->unit->arena, "Change to '%s'", g->fix);
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:b, s:{s:{s:[{s:o, s:s}]}}}", "title", title, "kind",
                            "quickfix", "isPreferred", 1, "edit", "changes", d->uri, "range",
                            nd_lsp_range(s, d->text, g->span.off, g->span.len), "newText", g->fix));
    }
    return list;
}

// ---- a place -----------------------------------------------------------------------------------

struct place {
    struct nd_lsp_doc *doc;
    size_t off;       // the position asked for
    size_t from, len; // the word there
    char word[128];
};

static bool place_of(struct nd_lsp *s, json_t *params, struct place *p)
{
    p->doc = nd_lsp_doc_of(s, params);
    if (!p->doc || !p->doc->text || !p->doc->unit)
        return false;
    p->off = nd_lsp_offset(s, p->doc->text, json_object_get(params, "position"));
    p->from = nd_lsp_word(p->doc->text, p->off, &p->len);
    if (!p->len || p->len >= sizeof(p->word))
        return false;
    memcpy(p->word, p->doc->text + p->from, p->len);
    p->word[p->len] = 0;
    return true;
}

struct smallest {
    const struct place *at;
    struct nd_expr *e;
};

static void look_at(void *arg, struct nd_expr *e)
{
    struct smallest *x = arg;
    struct nd_span span = e->kind == ND_E_FIELD || e->kind == ND_E_CALL ? e->name_span : e->span;

    if (span.src || x->at->off < span.off || x->at->off > span.off + span.len || !e->type)
        return;
    if (!x->e || span.len <= x->e->span.len)
        x->e = e;
}

static struct nd_expr *expr_at(const struct place *p)
{
    struct nd_program *prog = &p->doc->unit->program;
    struct smallest x = {.at = p};
    uint32_t i, k;

    for (i = 0; i < prog->decls.n; i++) {
        nd_ast_walk(prog->decls.v[i], look_at, &x);
        for (k = 0; k < prog->decls.v[i]->tries.n; k++)
            nd_ast_walk_try(&prog->decls.v[i]->tries.v[k], look_at, &x);
    }
    for (i = 0; i < prog->probes.n; i++) // with trees of their own
        nd_ast_walk(prog->probes.v[i]->decl, look_at, &x);
    return x.e;
}

static struct nd_decl *decl_named(const struct place *p)
{
    struct nd_program *prog = &p->doc->unit->program;
    uint32_t i;

    for (i = 0; i < prog->decls.n; i++) {
        struct nd_decl *d = prog->decls.v[i];

        if (d->name && !strcmp(d->name, p->word))
            return d;
    }
    return NULL;
}

// ---- hover -------------------------------------------------------------------------------------

static const char *const decl_words[] = {
    [ND_D_USE] = "use",     [ND_D_OPTION] = "option", [ND_D_CONST] = "const",
    [ND_D_FN] = "fn",       [ND_D_STRUCT] = "struct", [ND_D_EVENT] = "event",
    [ND_D_MAP] = "let",     [ND_D_PATH] = "path",     [ND_D_STAGE] = "stage",
    [ND_D_TABLE] = "table",
};

// The first lines of a declaration as its source has them.
static const char *source_text(struct nd_unit *u, const struct nd_decl *d)
{
    const struct nd_source *src = &u->sources.v[d->span.src];
    size_t n = d->span.len;
    const char *open;

    if (d->span.off + n > src->size)
        return "";
    open = d->kind == ND_D_FN ? memchr(src->text + d->span.off, '{', n) : NULL;
    if (open)
        n = (size_t)(open - src->text - d->span.off);
    return nd_arena_strndup(u->arena, src->text + d->span.off, n < 600 ? n : 600);
}

static const char *about_decl(struct nd_unit *u, const struct nd_decl *d)
{
    const char *text = source_text(u, d);
    bool named = d->kind < sizeof(decl_words) / sizeof(*decl_words) && decl_words[d->kind];

    if (!*text && named)
        text = nd_arena_printf(u->arena, "%s %s", decl_words[d->kind], d->name);
    return nd_arena_printf(u->arena, "```ndtrace\n%s\n```%s%s", text, d->help ? "\n" : "",
                           d->help ? d->help : "");
}

static const char *about_builtin(struct nd_unit *u, const struct nd_builtin *b)
{
    return nd_arena_printf(u->arena, "```ndtrace\n%s\n```\n%s", b->usage, b->help);
}

static const char *about_map(struct nd_unit *u, const struct nd_map *m)
{
    return nd_arena_printf(u->arena, "```ndtrace\n%s%s%s%s = %s\n```", m->name, m->key ? "[" : "",
                           m->key ? nd_type_text(&u->program.types, m->key) : "", m->key ? "]" : "",
                           m->val ? nd_type_text(&u->program.types, m->val) : "?");
}

static const char *about(const struct place *p)
{
    struct nd_unit *u = p->doc->unit;
    const struct nd_builtin *b;
    const struct nd_decl *d;
    struct nd_expr *e = expr_at(p);
    uint32_t i;

    for (i = 0; i < u->program.maps.n; i++) {
        if (!strcmp(u->program.maps.v[i]->name, p->word))
            return about_map(u, u->program.maps.v[i]);
    }
    if (e && e->kind == ND_E_FIELD)
        return nd_arena_printf(u->arena, "```ndtrace\n%s: %s\n```", e->name,
                               nd_type_text(&u->program.types, e->type));
    d = decl_named(p);
    if (d)
        return about_decl(u, d);
    b = e && e->builtin ? e->builtin : nd_builtin_find(p->word, false);
    b = b ? b : nd_builtin_find(p->word, true);
    if (b && b->id != ND_B_REFUSED)
        return about_builtin(u, b);
    if (e && e->type->kind != ND_T_ERROR)
        return nd_arena_printf(u->arena, "```ndtrace\n%s: %s\n```", p->word,
                               nd_type_text(&u->program.types, e->type));
    return NULL;
}

json_t *nd_lsp_hover(struct nd_lsp *s, json_t *params)
{
    struct place p;
    const char *text = place_of(s, params, &p) ? about(&p) : NULL;

    if (!text)
        return NULL;
    return json_pack("{s:{s:s, s:s}, s:o}", "contents", "kind", "markdown", "value", text, "range",
                     nd_lsp_range(s, p.doc->text, p.from, p.len));
}

// ---- definition --------------------------------------------------------------------------------

static json_t *location(struct nd_lsp *s, const struct place *p, struct nd_span span)
{
    struct nd_unit *u = p->doc->unit;
    const char *path = u->sources.v[span.src].path;
    const char *uri = span.src ? nd_arena_printf(u->arena, "file://%s", path) : p->doc->uri;

    return json_pack("{s:s, s:o}", "uri", uri, "range",
                     nd_lsp_range(s, u->sources.v[span.src].text, span.off, span.len));
}

// A module: the beginning of its file.
static bool module_span(struct nd_unit *u, const char *name, struct nd_span *span)
{
    const char *tail = nd_arena_printf(u->arena, "/%s.nd", name);
    uint32_t i;

    for (i = 1; i < u->sources.n; i++) {
        size_t n = strlen(u->sources.v[i].path), m = strlen(tail);

        if (n >= m && !strcmp(u->sources.v[i].path + n - m, tail)) {
            *span = (struct nd_span){i, 0, 0};
            return true;
        }
    }
    return false;
}

// A variable: where its name stands first in this declaration.
static bool variable_span(const struct place *p, struct nd_span *span)
{
    struct nd_program *prog = &p->doc->unit->program;
    uint32_t i, off;

    for (i = 0; i < prog->decls.n; i++) {
        struct nd_span d = prog->decls.v[i]->span;

        if (d.src || p->off < d.off || p->off >= d.off + d.len)
            continue;
        for (off = d.off; off + p->len <= d.off + d.len; off++) {
            size_t len, from = nd_lsp_word(p->doc->text, off, &len);

            if (len == p->len && !memcmp(p->doc->text + from, p->word, len)) {
                *span = (struct nd_span){0, (uint32_t)from, (uint32_t)len};
                return true;
            }
        }
    }
    return false;
}

json_t *nd_lsp_definition(struct nd_lsp *s, json_t *params)
{
    struct nd_span span;
    struct nd_decl *d;
    struct place p;
    uint32_t i;

    if (!place_of(s, params, &p))
        return NULL;
    if (p.word[0] == '$')
        return variable_span(&p, &span) ? location(s, &p, span) : NULL;
    for (i = 0; i < p.doc->unit->program.maps.n; i++) {
        if (!strcmp(p.doc->unit->program.maps.v[i]->name, p.word))
            return location(s, &p, p.doc->unit->program.maps.v[i]->span);
    }
    d = decl_named(&p);
    if (d && d->kind != ND_D_USE)
        return location(s, &p, d->name_span.len ? d->name_span : d->span);
    return module_span(p.doc->unit, p.word, &span) ? location(s, &p, span) : NULL;
}

// ---- the whole script --------------------------------------------------------------------------

enum symbol_kind { SYMBOL_MODULE = 2, SYMBOL_FUNCTION = 12, SYMBOL_VARIABLE, SYMBOL_EVENT = 24 };

static const char *title_of(struct nd_unit *u, const struct nd_decl *d)
{
    static const char *const hooks[] = {
        [ND_D_BEGIN] = "begin", [ND_D_END] = "end", [ND_D_EVERY] = "every"};

    if (d->kind == ND_D_PROBE && d->points.n)
        return d->points.v[0].text;
    if (d->kind == ND_D_ON)
        return nd_arena_printf(u->arena, "on %s", d->name);
    if (d->kind < sizeof(hooks) / sizeof(*hooks) && hooks[d->kind])
        return hooks[d->kind];
    return d->name;
}

json_t *nd_lsp_symbols(struct nd_lsp *s, json_t *params)
{
    struct nd_lsp_doc *doc = nd_lsp_doc_of(s, params);
    json_t *list = json_array();
    uint32_t i;

    for (i = 0; doc && doc->unit && i < doc->unit->program.decls.n; i++) {
        const struct nd_decl *d = doc->unit->program.decls.v[i];
        const char *title = title_of(doc->unit, d);
        int kind = d->kind == ND_D_USE     ? SYMBOL_MODULE
                   : d->kind == ND_D_FN    ? SYMBOL_FUNCTION
                   : d->kind >= ND_D_PROBE ? SYMBOL_EVENT
                                           : SYMBOL_VARIABLE;

        if (d->span.src || !title || !*title)
            continue;
        json_array_append_new(
            list, json_pack("{s:s, s:i, s:o, s:o}", "name", title, "kind", kind, "range",
                            nd_lsp_range(s, doc->text, d->span.off, d->span.len), "selectionRange",
                            nd_lsp_range(s, doc->text, d->span.off, d->span.len)));
    }
    return list;
}

json_t *nd_lsp_format(struct nd_lsp *s, json_t *params)
{
    struct nd_lsp_doc *d = nd_lsp_doc_of(s, params);
    struct nd_source src;
    json_t *edits;
    char *text = NULL;
    size_t n;
    FILE *f;

    if (!d || !d->unit || !d->unit->sources.n)
        return NULL;
    f = open_memstream(&text, &n);
    if (!f)
        return NULL;
    src = d->unit->sources.v[0];
    nd_fmt_script(&src, d->unit->arena, f);
    fclose(f);
    edits = json_pack("[{s:o, s:s#}]", "range", nd_lsp_range(s, d->text, 0, strlen(d->text)),
                      "newText", text, (int)n);
    free(text);
    return edits;
}
