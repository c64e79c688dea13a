// SPDX-License-Identifier: GPL-2.0-or-later
// The language server: messages, open documents, which request is answered by what. Must not know
// what answers say.
#include "compiler/lsp_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MESSAGE_MAX (32u << 20) // bytes

// ---- messages ----------------------------------------------------------------------------------

static void put(struct nd_lsp *s, json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);

    if (text) {
        fprintf(s->out, "Content-Length: %zu\r\n\r\n%s", strlen(text), text);
        fflush(s->out);
    }
    free(text);
    json_decref(message);
}

static void answer(struct nd_lsp *s, json_t *id, json_t *result)
{
    put(s, json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id, "result",
                     result ? result : json_null()));
}

static void refuse(struct nd_lsp *s, json_t *id, int code, const char *why)
{
    put(s, json_pack("{s:s, s:O, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", id, "error", "code", code,
                     "message", why));
}

static void notify(struct nd_lsp *s, const char *method, json_t *params)
{
    put(s, json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params));
}

// The next message; NULL: the input has ended, or is not one.
static json_t *next_message(struct nd_lsp *s)
{
    char line[512], *text;
    size_t n = 0;
    json_t *m;

    for (;;) {
        if (!fgets(line, sizeof(line), s->in))
            return NULL;
        if (!strcmp(line, "\r\n") || !strcmp(line, "\n"))
            break;
        if (!strncasecmp(line, "Content-Length:", 15))
            n = strtoul(line + 15, NULL, 10);
    }
    if (!n || n > MESSAGE_MAX)
        return NULL;
    text = malloc(n);
    m = text && fread(text, 1, n, s->in) == n ? json_loadb(text, n, 0, NULL) : NULL;
    free(text);
    return m;
}

// ---- documents ---------------------------------------------------------------------------------

// The path of a file: URI, with %XX as the character; of another one, the URI itself.
static char *path_of(const char *uri)
{
    char *path = strdup(strncmp(uri, "file://", 7) ? uri : uri + 7), *to = path;
    const char *p;

    for (p = path; path && *p; p++) {
        char hex[3] = {p[0] == '%' ? p[1] : 0, p[0] == '%' && p[1] ? p[2] : 0, 0};

        if (isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1])) {
            *to++ = (char)strtol(hex, NULL, 16);
            p += 2;
        } else {
            *to++ = *p;
        }
    }
    if (to)
        *to = 0;
    return path;
}

static void free_doc(struct nd_lsp_doc *d)
{
    if (d->unit != d->good)
        nd_unit_free(d->unit);
    nd_unit_free(d->good);
    free(d->uri);
    free(d->path);
    free(d->text);
    free(d);
}

static void look(struct nd_lsp *s, struct nd_lsp_doc *d)
{
    struct nd_compile_opts o = *s->opts;
    json_t *list;

    o.text = d->text;
    o.path = d->path;
    if (d->unit != d->good)
        nd_unit_free(d->unit);
    d->unit = nd_unit_new(&o);
    if (d->unit)
        nd_compile(d->unit, "check");
    if (d->unit && d->unit->check) { // got beyond the syntax
        nd_unit_free(d->good);
        d->good = d->unit;
    }
    list = nd_lsp_diagnostics(s, d);
    notify(s, "textDocument/publishDiagnostics",
           json_pack("{s:s, s:o}", "uri", d->uri, "diagnostics", list));
}

static void set_text(struct nd_lsp *s, struct nd_lsp_doc *d, const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    if (!copy)
        return;
    free(d->text);
    d->text = copy;
    look(s, d);
}

static void on_open(struct nd_lsp *s, json_t *params)
{
    json_t *t = json_object_get(params, "textDocument");
    const char *uri = json_string_value(json_object_get(t, "uri"));
    struct nd_lsp_doc *d = uri ? calloc(1, sizeof(*d)) : NULL;

    if (!d)
        return;
    d->uri = strdup(uri);
    d->path = path_of(uri);
    if (!d->uri || !d->path) {
        free_doc(d);
        return;
    }
    d->next = s->docs;
    s->docs = d;
    set_text(s, d, json_string_value(json_object_get(t, "text")));
}

// Each change is the whole text: that is what the server asks for.
static void on_change(struct nd_lsp *s, json_t *params)
{
    json_t *changes = json_object_get(params, "contentChanges");
    json_t *last = json_array_get(changes, json_array_size(changes) - 1);
    struct nd_lsp_doc *d = nd_lsp_doc_of(s, params);

    if (d && last)
        set_text(s, d, json_string_value(json_object_get(last, "text")));
}

static void on_close(struct nd_lsp *s, json_t *params)
{
    struct nd_lsp_doc *d = nd_lsp_doc_of(s, params), **at;

    for (at = &s->docs; d && *at; at = &(*at)->next) {
        if (*at == d) {
            *at = d->next;
            free_doc(d);
            return;
        }
    }
}

static void on_exit_note(struct nd_lsp *s, json_t *params)
{
    (void)params;
    s->over = true;
}

// ---- requests ----------------------------------------------------------------------------------

static json_t *initialize(struct nd_lsp *s, json_t *params)
{
    json_t *general = json_object_get(json_object_get(params, "capabilities"), "general"), *e;
    size_t i;

    json_array_foreach(json_object_get(general, "positionEncodings"), i, e)
    {
        s->utf8 |= json_is_string(e) && !strcmp(json_string_value(e), "utf-8");
    }
    return json_pack("{s:{s:s, s:i, s:b, s:b, s:b, s:b, s:b, s:{s:[s,s,s,s,s]}}, s:{s:s}}",
                     "capabilities", "positionEncoding", s->utf8 ? "utf-8" : "utf-16",
                     "textDocumentSync", 1, "hoverProvider", 1, "definitionProvider", 1,
                     "documentSymbolProvider", 1, "documentFormattingProvider", 1,
                     "codeActionProvider", 1, "completionProvider", "triggerCharacters", ":", ".",
                     "$", "@", ">", "serverInfo", "name", "ndtrace");
}

static json_t *shut_down(struct nd_lsp *s, json_t *params)
{
    (void)params;
    s->down = true;
    return NULL;
}

static const struct {
    const char *method;
    json_t *(*answer)(struct nd_lsp *s, json_t *params);
} requests[] = {
    {"initialize", initialize},
    {"shutdown", shut_down},
    {"textDocument/hover", nd_lsp_hover},
    {"textDocument/codeAction", nd_lsp_fixes},
    {"textDocument/completion", nd_lsp_complete},
    {"textDocument/definition", nd_lsp_definition},
    {"textDocument/documentSymbol", nd_lsp_symbols},
    {"textDocument/formatting", nd_lsp_format},
};

static const struct {
    const char *method;
    void (*take)(struct nd_lsp *s, json_t *params);
} notes[] = {
    {"textDocument/didOpen", on_open},
    {"textDocument/didChange", on_change},
    {"textDocument/didClose", on_close},
    {"exit", on_exit_note},
};

static void take(struct nd_lsp *s, json_t *m)
{
    const char *method = json_string_value(json_object_get(m, "method"));
    json_t *id = json_object_get(m, "id"), *params = json_object_get(m, "params");
    size_t i;

    for (i = 0; method && !id && i < sizeof(notes) / sizeof(*notes); i++) {
        if (!strcmp(notes[i].method, method))
            notes[i].take(s, params);
    }
    for (i = 0; method && id && i < sizeof(requests) / sizeof(*requests); i++) {
        if (!strcmp(requests[i].method, method)) {
            answer(s, id, requests[i].answer(s, params));
            return;
        }
    }
    if (method && id)
        refuse(s, id, -32601, "this server does not do that");
}

int nd_lsp(const struct nd_compile_opts *o, FILE *in, FILE *out)
{
    struct nd_lsp s = {.opts = o, .in = in, .out = out};
    struct nd_lsp_doc *d;
    json_t *m;

    while (!s.over && (m = next_message(&s))) {
        take(&s, m);
        json_decref(m);
    }
    while ((d = s.docs)) {
        s.docs = d->next;
        free_doc(d);
    }
    return s.down ? 0 : 1;
}
