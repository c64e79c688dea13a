// SPDX-License-Identifier: GPL-2.0-or-later
// Three ways to print one page.
#include "compiler/page.h"

#include "runtime/common/buf.h"
#include "runtime/common/json.h"
#include "runtime/common/printable.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void nd_page_section(struct nd_page *p, const char *key, const char *title)
{
    struct nd_page_section *s = ND_NEW(p->a, struct nd_page_section);

    s->key = key;
    s->title = title;
    *ND_PUSH(p->a, &p->sections) = s;
}

void nd_page_item(struct nd_page *p, const char *fmt, ...)
{
    struct nd_page_section *s = p->sections.v[p->sections.n - 1];
    struct nd_page_item *item = ND_NEW(p->a, struct nd_page_item);
    va_list ap;

    va_start(ap, fmt);
    item->text = nd_arena_vprintf(p->a, fmt, ap);
    va_end(ap);
    *ND_PUSH(p->a, &s->items) = item;
}

void nd_page_detail(struct nd_page *p, const char *fmt, ...)
{
    struct nd_page_section *s = p->sections.v[p->sections.n - 1];
    struct nd_page_item *item = s->items.v[s->items.n - 1];
    va_list ap;

    va_start(ap, fmt);
    *ND_PUSH(p->a, &item->details) = nd_arena_vprintf(p->a, fmt, ap);
    va_end(ap);
}

static void put_line(const char *before, const char *text, FILE *out)
{
    fputs(before, out);
    nd_printable_write(text, out);
    fputc('\n', out);
}

static void print_text(const struct nd_page *p, FILE *out)
{
    uint32_t i, k, d;

    put_line("", p->title, out);
    for (i = 0; i < p->sections.n; i++) {
        const struct nd_page_section *s = p->sections.v[i];

        fprintf(out, "%s:\n", s->title);
        for (k = 0; k < s->items.n; k++) {
            put_line("  ", s->items.v[k]->text, out);
            for (d = 0; d < s->items.v[k]->details.n; d++)
                put_line("    ", s->items.v[k]->details.v[d], out);
        }
    }
}

// Text in which nothing is a mark of Markdown.
static void put_marked(const char *before, const char *text, FILE *out)
{
    struct nd_buf b = {0};
    size_t i;

    nd_printable_put(text, strlen(text), &b);
    fputs(before, out);
    for (i = 0; i < b.n; i++) {
        if (strchr("\\`*_{}[]<>#|", b.v[i]))
            fputc('\\', out);
        fputc(b.v[i], out);
    }
    fputc('\n', out);
    free(b.v);
}

static void print_markdown(const struct nd_page *p, FILE *out)
{
    uint32_t i, k, d;

    put_marked("# ", p->title, out);
    for (i = 0; i < p->sections.n; i++) {
        const struct nd_page_section *s = p->sections.v[i];

        fprintf(out, "\n## %s\n\n", s->title);
        for (k = 0; k < s->items.n; k++) {
            put_marked("- ", s->items.v[k]->text, out);
            for (d = 0; d < s->items.v[k]->details.n; d++)
                put_marked("  - ", s->items.v[k]->details.v[d], out);
        }
    }
    fputs("\nApproved by: ____________________    on: __________\n", out);
}

static void json_item(const struct nd_page_item *item, struct nd_buf *b)
{
    uint32_t d;

    nd_buf_puts(b, "{\"text\":");
    nd_json_string(item->text, strlen(item->text), b);
    nd_buf_puts(b, ",\"details\":[");
    for (d = 0; d < item->details.n; d++) {
        nd_buf_puts(b, d ? "," : "");
        nd_json_string(item->details.v[d], strlen(item->details.v[d]), b);
    }
    nd_buf_puts(b, "]}");
}

static void print_json(const struct nd_page *p, FILE *out)
{
    struct nd_buf b = {0};
    uint32_t i, k;

    nd_buf_puts(&b, "{\"type\":\"explain\",\"title\":");
    nd_json_string(p->title, strlen(p->title), &b);
    for (i = 0; i < p->sections.n; i++) {
        const struct nd_page_section *s = p->sections.v[i];

        nd_buf_printf(&b, ",\"%s\":[", s->key);
        for (k = 0; k < s->items.n; k++) {
            nd_buf_puts(&b, k ? "," : "");
            json_item(s->items.v[k], &b);
        }
        nd_buf_puts(&b, "]");
    }
    nd_buf_puts(&b, "}\n");
    fwrite(b.v, 1, b.n, out);
    free(b.v);
}

void nd_page_print(const struct nd_page *p, enum nd_page_format format, FILE *out)
{
    static void (*const print[])(const struct nd_page *p, FILE *out) = {
        [ND_PAGE_TEXT] = print_text,
        [ND_PAGE_MARKDOWN] = print_markdown,
        [ND_PAGE_JSON] = print_json,
    };

    print[format](p, out);
}
