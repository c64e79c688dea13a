// SPDX-License-Identifier: GPL-2.0-or-later
// What may stand at a place of a script that is being written. Must not know messages. Serves
// lsp.c.
#include "compiler/lsp_impl.h"

#include "compiler/front/parse.h"
#include "compiler/lang/builtins.h"
#include "compiler/list.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 500u // more are not read by anybody

// enum CompletionItemKind
enum item {
    ITEM_FUNCTION = 3,
    ITEM_FIELD = 5,
    ITEM_VARIABLE,
    ITEM_PROPERTY = 10,
    ITEM_KEYWORD = 14,
    ITEM_EVENT = 23
};

struct complete {
    struct nd_lsp_doc *doc;
    struct nd_unit *unit; // while a line is being written, one from before
    size_t off;           // of the position
    const char *prefix;   // what of the word is there, len bytes
    size_t len;
    json_t *items;
};

static void add(struct complete *c, const char *label, enum item kind, const char *detail)
{
    size_t i;
    json_t *old;

    if (strncmp(label, c->prefix, c->len) != 0 || json_array_size(c->items) >= ITEMS_MAX)
        return;
    json_array_foreach(c->items, i, old)
    {
        if (!strcmp(json_string_value(json_object_get(old, "label")), label))
            return;
    }
    json_array_append_new(c->items, json_pack("{s:s, s:i, s:s}", "label", label, "kind", (int)kind,
                                              "detail", detail ? detail : ""));
}

static void add_options(struct complete *c)
{
    const struct nd_program *p = &c->unit->program;
    uint32_t i;

    for (i = 0; i < p->decls.n; i++) {
        if (p->decls.v[i]->kind == ND_D_OPTION)
            add(c, p->decls.v[i]->name, ITEM_PROPERTY, p->decls.v[i]->help);
    }
}

static bool is_around(const struct complete *c, const struct nd_decl *d)
{
    return !d->span.src && c->off >= d->span.off && c->off <= d->span.off + d->span.len;
}

static void add_target(struct complete *c, const struct nd_target *t)
{
    struct nd_types *types = &c->unit->program.types;
    uint32_t i;

    for (i = 0; t->format && i < t->format->nfields; i++)
        add(c, t->format->fields[i].name, ITEM_FIELD, t->format->fields[i].type);
    for (i = 0; t->sig && i < t->sig->nparams; i++)
        add(c, t->sig->params[i].name, ITEM_FIELD,
            nd_type_text(types, nd_type_btf(types, t->sig->params[i].type)));
}

static void add_args(struct complete *c)
{
    const struct nd_program *p = &c->unit->program;
    uint32_t i;

    for (i = 0; i < p->probes.n; i++) {
        if (is_around(c, p->probes.v[i]->decl) && p->probes.v[i]->targets.n)
            add_target(c, &p->probes.v[i]->targets.v[0]);
    }
}

// Words of the text that begin so: variables.
static void add_words(struct complete *c, char first)
{
    const char *p = c->doc->text;
    char word[64];

    for (p = strchr(p, first); p; p = strchr(p + 1, first)) {
        size_t n = 1;

        while ((isalnum((unsigned char)p[n]) || p[n] == '_') && n < sizeof(word) - 1)
            n++;
        memcpy(word, p, n);
        word[n] = 0;
        if (n > 1 && p != c->prefix)
            add(c, word, ITEM_VARIABLE, "");
    }
}

// "tracepoint:net:net_": what follows the last colon, of the probes that begin so.
static void add_probes(struct complete *c, const char *spec, size_t n)
{
    const struct nd_list_opts lo = {0};
    char *text = NULL, *line, *save = NULL;
    size_t size, skip = n - c->len;
    FILE *f = open_memstream(&text, &size);

    if (!f)
        return;
    nd_list(
        &(struct nd_compile_opts){.tracefs = c->unit->opts.tracefs, .facts = c->unit->opts.facts},
        &lo, "probes", nd_arena_printf(c->unit->arena, "%.*s*", (int)n, spec), f);
    fclose(f);
    for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        line[strcspn(line, "( ")] = 0;
        if (strlen(line) > skip)
            add(c, line + skip, ITEM_EVENT, "");
    }
    free(text);
}

static void add_names(struct complete *c)
{
    const struct nd_program *p = &c->unit->program;
    const struct nd_builtin *b;
    const char *word;
    uint32_t i;

    for (i = 0; i < p->decls.n; i++) {
        const struct nd_decl *d = p->decls.v[i];

        if (d->kind == ND_D_FN || d->kind == ND_D_CONST || d->kind == ND_D_EVENT ||
            d->kind == ND_D_STAGE || d->kind == ND_D_PATH)
            add(c, d->name, d->kind == ND_D_FN ? ITEM_FUNCTION : ITEM_EVENT, d->help);
    }
    for (i = 0; (b = nd_builtin_at(i)); i++) {
        if (b->id != ND_B_REFUSED)
            add(c, b->name, b->is_call ? ITEM_FUNCTION : ITEM_VARIABLE, b->help);
    }
    for (i = 0; (word = nd_parse_keyword(i)); i++)
        add(c, word, ITEM_KEYWORD, "");
}

static bool is_spec(char c)
{
    return isalnum((unsigned char)c) || strchr("_:*./+-", c);
}

json_t *nd_lsp_complete(struct nd_lsp *s, json_t *params)
{
    struct complete c = {.doc = nd_lsp_doc_of(s, params)};
    size_t from, len, start;
    const char *text;

    if (!c.doc || !c.doc->unit || !c.doc->text)
        return NULL;
    c.unit = c.doc->good ? c.doc->good : c.doc->unit;
    text = c.doc->text;
    c.off = nd_lsp_offset(s, text, json_object_get(params, "position"));
    from = nd_lsp_word(text, c.off, &len);
    c.prefix = text + from;
    c.len = c.off - from;
    c.items = json_array();
    for (start = from; start && is_spec(text[start - 1]);)
        start--;
    if (from >= 4 && !strncmp(text + from - 4, "opt.", 4))
        add_options(&c);
    else if (from >= 5 && !strncmp(text + from - 5, "args.", 5))
        add_args(&c);
    else if (from && text[from - 1] == ':' && start < from)
        add_probes(&c, text + start, c.off - start);
    else if (c.len && (*c.prefix == '$' || *c.prefix == '@'))
        add_words(&c, *c.prefix);
    else
        add_names(&c);
    return c.items;
}
