// SPDX-License-Identifier: GPL-2.0-or-later
// Constructors of C's declarations: a type, then declarators, with attributes before and after.
#include "compiler/front/parse.h"

#include <stdlib.h>
#include <string.h>

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

struct nd_decl *nd_parse_struct(struct nd_parse *p, struct nd_span span, bool is_union,
                                struct nd_attrs before, struct nd_attrs after)
{
    struct nd_decl *d = nd_decl_new(p->arena, ND_D_STRUCT, span);

    d->is_union = is_union;
    d->attrs.packed = before.packed || after.packed;
    d->attrs.align = larger(before.align, after.align);
    return d;
}

// __attribute__((packed, aligned(8))), __packed, ____cacheline_aligned
struct nd_attrs nd_parse_attribute(struct nd_attrs a, const char *text)
{
    const char *aligned = strstr(text, "aligned"), *paren = aligned ? strchr(aligned, '(') : NULL;

    a.packed |= strstr(text, "packed") != NULL;
    if (strstr(text, "cacheline"))
        a.align = larger(a.align, 64);
    else if (aligned)
        a.align = larger(
            a.align, paren ? (uint32_t)strtoul(paren + 1 + strspn(paren + 1, " \t"), NULL, 0) : 16);
    return a;
}

void nd_parse_append(struct nd_parse *p, struct nd_decl_fields *to,
                     const struct nd_decl_fields *from)
{
    for (uint32_t i = 0; i < from->n; i++)
        *ND_PUSH(p->arena, to) = from->v[i];
}

struct nd_texpr *nd_parse_stars(struct nd_parse *p, struct nd_span span, uint32_t n)
{
    struct nd_texpr *t = ND_NEW(p->arena, struct nd_texpr);

    t->span = span;
    t->stars = n;
    return t;
}

// The type before the declarators of a line, and one of these.
struct nd_decl_field nd_parse_field(struct nd_parse *p, const struct nd_texpr *spec,
                                    const struct nd_decl_field *f)
{
    struct nd_decl_field x = *f;
    struct nd_texpr *t = ND_NEW(p->arena, struct nd_texpr);

    *t = *spec;
    if (f->texpr) {
        t->span = f->texpr->span;
        t->stars = f->texpr->stars;
    }
    x.texpr = t;
    return x;
}

struct nd_decl_fields *nd_parse_members(struct nd_parse *p, const struct nd_texpr *spec,
                                        const struct nd_decl_fields *list, struct nd_expr *when)
{
    struct nd_decl_fields *all = ND_NEW(p->arena, struct nd_decl_fields);

    for (uint32_t i = 0; i < list->n; i++) {
        *ND_PUSH(p->arena, all) = nd_parse_field(p, spec, &list->v[i]);
        all->v[i].when = when;
    }
    return all;
}

struct nd_decl_field nd_parse_bits(struct nd_decl_field f, const struct nd_expr *n)
{
    f.bit_field = true;
    f.bits = n->kind == ND_E_INT && n->num <= 64 ? (uint32_t)n->num : UINT32_MAX;
    return f;
}
