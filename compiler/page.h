// SPDX-License-Identifier: GPL-2.0-or-later
// A page of sections, their items and details, printed as text, Markdown or JSON. Must not know
// what it says. Serves explain.
#ifndef ND_PAGE_H
#define ND_PAGE_H

#include "compiler/front/arena.h"

#include <stdint.h>
#include <stdio.h>

struct nd_page_item {
    const char *text;
    ND_VEC(const char *) details;
};

struct nd_page_section {
    const char *key; // in JSON
    const char *title;
    ND_VEC(struct nd_page_item *) items;
};

struct nd_page {
    struct nd_arena *a;
    const char *title;
    ND_VEC(struct nd_page_section *) sections;
};

void nd_page_section(struct nd_page *p, const char *key, const char *title);
// Of the last section.
void nd_page_item(struct nd_page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// Of the last item.
void nd_page_detail(struct nd_page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

enum nd_page_format { ND_PAGE_TEXT, ND_PAGE_MARKDOWN, ND_PAGE_JSON };
// What it says of others is made printable.
void nd_page_print(const struct nd_page *p, enum nd_page_format format, FILE *out);

#endif
