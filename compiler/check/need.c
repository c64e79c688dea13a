// SPDX-License-Identifier: GPL-2.0-or-later
// Records what must hold on another kernel; equal needs are kept once, with the first place.
#include "compiler/check/need.h"

#include "compiler/kernel/btf.h"

#include <string.h>

static bool same(const struct nd_need *a, const struct nd_need *b)
{
    return a->kind == b->kind && a->tag == b->tag && a->value == b->value && a->bytes == b->bytes &&
           a->flags == b->flags && !strcmp(a->type, b->type) && !strcmp(a->path, b->path);
}

void nd_need_note(struct nd_program *p, const struct nd_need *n)
{
    struct nd_need x = *n;
    uint32_t i;

    if (!p->portable)
        return;
    x.type = x.type ? x.type : "";
    x.path = x.path ? x.path : "";
    for (i = 0; i < p->needs.n; i++) {
        if (same(&p->needs.v[i], &x))
            return;
    }
    *ND_PUSH(p->arena, &p->needs) = x;
}

bool nd_need_name(struct nd_program *p, const struct nd_type *s, uint32_t *tag, const char **name)
{
    const char *why;
    struct nd_btf *btf = nd_kernel_btf(p->kernel, &why);
    uint32_t i, n = btf ? nd_btf_count(btf) : 0;
    struct nd_btf_type t;

    *tag = s->is_union ? ND_TAGGED_UNION : ND_TAGGED_STRUCT;
    *name = s->name;
    if (s->name && *s->name)
        return true;
    *tag = ND_TAGGED_TYPEDEF;
    for (i = 1; i < n; i++) {
        if (!nd_btf_get(btf, i, &t) || t.kind != ND_BTF_TYPEDEF || t.type != s->btf_id)
            continue;
        *name = t.name;
        return true;
    }
    return false;
}

struct walk { // through the fields of a struct
    struct nd_program *p;
    struct nd_need need;
    const char *prefix;
    uint32_t base; // bytes
    uint32_t depth;
};

#define DEPTH_MAX 8u

static void place(void *arg, const struct nd_field *f)
{
    struct walk *w = arg, in = *w;

    w->need.path =
        nd_arena_printf(w->p->arena, "%s%s%s", w->prefix, *w->prefix ? "." : "", f->name);
    w->need.value = (int64_t)(w->base + f->off) * 8 + f->bit_off;
    w->need.bytes = f->bits ? 0 : f->type->size;
    nd_need_note(w->p, &w->need);
    if (f->type->kind != ND_T_STRUCT || !f->type->btf_id || ++in.depth > DEPTH_MAX)
        return;
    in.prefix = w->need.path;
    in.base += f->off;
    nd_type_each_field(&w->p->types, f->type, place, &in);
}

void nd_need_struct(struct nd_program *p, const struct nd_type *s, struct nd_span span)
{
    struct walk w = {.p = p, .prefix = ""};

    if (!p->portable || s->kind != ND_T_STRUCT || !s->btf_id)
        return;
    w.need.span = span;
    if (!nd_need_name(p, s, &w.need.tag, &w.need.type)) {
        nd_help(
            p->diags,
            nd_error(p->diags, ND_E0609, span,
                     "a struct without a name cannot be copied into an object for other kernels"),
            "name the fields that you want");
        return;
    }
    w.need.kind = ND_NEED_SIZE;
    w.need.bytes = s->size;
    nd_need_note(p, &w.need);
    w.need.kind = ND_NEED_PLACE;
    nd_type_each_field(&p->types, s, place, &w);
}

static void frozen_enum(struct nd_program *p, const struct nd_expr *e)
{
    struct nd_need n = {.kind = ND_NEED_ENUM,
                        .type = e->type->name,
                        .path = e->name,
                        .value = (int64_t)e->num,
                        .span = e->span};

    nd_need_note(p, &n);
}

static void frozen_size(struct nd_program *p, const struct nd_expr *e)
{
    const struct nd_type *s = e->of;
    struct nd_need n = {.kind = ND_NEED_SIZE, .bytes = (uint32_t)e->num, .span = e->span};

    while (s && s->kind == ND_T_ARRAY)
        s = s->elem;
    if (!s || s->kind != ND_T_STRUCT || !s->btf_id)
        return;
    n.bytes = s->size;
    if (nd_need_name(p, s, &n.tag, &n.type))
        nd_need_note(p, &n);
}

static void frozen_offset(struct nd_program *p, const struct nd_expr *e)
{
    const struct nd_type *s = e->of;
    struct nd_need n = {
        .kind = ND_NEED_PLACE, .path = e->name, .value = (int64_t)e->num * 8, .span = e->span};

    if (s->btf_id && nd_need_name(p, s, &n.tag, &n.type))
        nd_need_note(p, &n);
}

void nd_need_frozen(struct nd_program *p)
{
    uint32_t i;

    for (i = 0; i < p->frozen.n; i++) {
        const struct nd_expr *e = p->frozen.v[i];

        if (e->relocated)
            continue;
        if (e->kind == ND_E_SIZEOF)
            frozen_size(p, e);
        else if (e->kind == ND_E_OFFSETOF)
            frozen_offset(p, e);
        else
            frozen_enum(p, e);
    }
}

void nd_need_probe(struct nd_program *p, const struct nd_probe *pr)
{
    uint32_t i;

    for (i = 0; p->portable && i < pr->targets.n; i++) {
        const struct nd_target *t = &pr->targets.v[i];
        struct nd_need n = {.kind = ND_NEED_FILE, .type = t->s0, .span = t->span};

        if ((t->kind == ND_AT_KPROBE || t->kind == ND_AT_KRETPROBE) && !*t->s1) {
            nd_help(p->diags,
                    nd_error(p->diags, ND_E0609, t->span,
                             "an address is valid only for this boot of this kernel"),
                    "name the function, with an offset if need be: kprobe:function+0x10");
            return;
        }
        if ((t->kind != ND_AT_UPROBE && t->kind != ND_AT_URETPROBE) || t->in_option)
            continue;
        n.path = nd_kernel_file_id(p->kernel, t->s0);
        nd_need_note(p, &n);
    }
}
