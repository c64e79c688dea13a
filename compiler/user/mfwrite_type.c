// SPDX-License-Identifier: GPL-2.0-or-later
// Types and places of the script as the manifest has them. Must not know user code. Serves
// mfwrite.c and user*.c.
#include "compiler/user/user_impl.h"

#include "compiler/check/need.h"
#include "compiler/kernel/btf.h"
#include "compiler/user/mfbuild.h"

#include <string.h>

struct nd_mf_span nd_mfw_span(struct nd_mfw *e, struct nd_span span)
{
    struct nd_mf_span out = {0};

    if (span.src < e->p->sources->n) {
        struct nd_pos pos = nd_source_pos(e->p->sources, span.src, span.off);

        out.file = span.src;
        out.line = pos.line;
        out.col = pos.col;
        out.len = span.len;
    }
    return out;
}

// ---- types --------------------------------------------------------------------------------------

static void enum_names(struct nd_mfw *e, const struct nd_type *t, struct nd_mf_type *m)
{
    const char *why;
    struct nd_btf *btf = t->btf_id ? nd_kernel_btf(e->p->kernel, &why) : NULL;
    struct nd_btf_enumerator en;
    uint32_t i;

    m->first = nd_mfb_count(e->b, ND_SEC_ENUMERATORS);
    for (i = 0; btf && nd_btf_enumerator(btf, t->btf_id, i, &en); i++) {
        struct nd_mf_enumerator x = {.name = nd_mfb_str(e->b, en.name), .value = en.value};

        nd_mfb_add(e->b, ND_SEC_ENUMERATORS, &x, 1);
    }
    for (i = 0; !btf && t->fields && i < t->nelems; i++) {
        struct nd_mf_enumerator x = {.name = nd_mfb_str(e->b, t->fields[i].name),
                                     .value = t->fields[i].value};

        nd_mfb_add(e->b, ND_SEC_ENUMERATORS, &x, 1);
    }
    m->count = nd_mfb_count(e->b, ND_SEC_ENUMERATORS) - m->first;
}

struct field_list {
    struct nd_mfw *e;
    ND_VEC(struct nd_field) v;
};

static void collect(void *arg, const struct nd_field *f)
{
    struct field_list *l = arg;

    if (f->type->size) // flexible arrays have nothing to print
        *ND_PUSH(l->e->a, &l->v) = *f;
}

static void struct_fields(struct nd_mfw *e, const struct nd_type *t, struct nd_mf_type *m)
{
    struct field_list l = {.e = e};
    uint32_t i, *types;

    nd_need_struct(e->p, t, ND_NO_SPAN);
    nd_type_each_field(&e->p->types, t, collect, &l);
    types = ND_NEW_ARRAY(e->a, uint32_t, l.v.n + 1);
    for (i = 0; i < l.v.n; i++)
        types[i] = nd_mfw_type(e, l.v.v[i].type);
    m->first = nd_mfb_count(e->b, ND_SEC_FIELDS);
    m->count = l.v.n;
    for (i = 0; i < l.v.n; i++) {
        const struct nd_field *f = &l.v.v[i];
        struct nd_mf_field x = {
            .name = nd_mfb_str(e->b, t->kind == ND_T_TUPLE && !t->is_record ? "" : f->name),
            .type = types[i],
            .off = f->off,
            .bits = f->bits,
            .bit_off = f->bit_off};

        if (x.bits) { // counted from the aligned unit of the field's type
            uint32_t unit = f->type->size * 8, at = f->off * 8 + f->bit_off;

            x.off = at / unit * unit / 8;
            x.bit_off = (uint16_t)(at % unit);
        }
        nd_mfb_add(e->b, ND_SEC_FIELDS, &x, 1);
    }
}

static uint32_t find_stack(struct nd_mfw *e, const struct nd_type *t)
{
    uint32_t i;

    for (i = 0; e->layout && i < e->layout->stacks.n; i++) {
        const struct nd_layout_stack *s = &e->layout->stacks.v[i];

        if (s->kernel == (t->kind == ND_T_KSTACK) && s->depth == t->depth)
            return e->stack_base + i;
    }
    return ND_MF_NONE;
}

static void fill_type(struct nd_mfw *e, const struct nd_type *t, struct nd_mf_type *m)
{
    m->kind = nd_typekind_is(t->kind, ND_IS_SCRIPT) ? ND_T_VOID
              : t->is_record                        ? ND_T_STRUCT
                                                    : t->kind;
    m->size = t->size;
    m->flags = t->flags | (t->is_signed || t->kind == ND_T_DURATION ? ND_TF_SIGNED : 0);
    m->name = nd_mfb_str(e->b, t->name);
    switch (t->kind) {
    case ND_T_ENUM:
        m->flags |= t->btf_id ? ND_TF_KERNEL : 0;
        enum_names(e, t, m);
        m->a = nd_mfb_str(e->b, t->other);
        break;
    case ND_T_STRUCT:
    case ND_T_TUPLE:
        struct_fields(e, t, m);
        break;
    case ND_T_ARRAY:
        m->elem = nd_mfw_type(e, t->elem);
        m->count = t->nelems;
        break;
    case ND_T_KSTACK:
    case ND_T_USTACK:
        m->elem = find_stack(e, t);
        m->a = t->depth;
        break;
    case ND_T_TIME:
    case ND_T_STRFTIME:
        m->a = t->clock;
        break;
    default:
        break;
    }
    if (nd_type_is_agg(t)) {
        m->count = t->nelems;
        m->lo = t->lo;
        m->hi = t->hi;
        m->step = t->step;
    }
}

static bool same(const struct nd_type *a, const struct nd_type *b)
{
    const char *x = a->name ? a->name : "", *y = b->name ? b->name : "";

    if (a == b)
        return true;
    if (a->kind == ND_T_TUPLE || a->kind == ND_T_STRUCT || a->kind == ND_T_PTR)
        return false;
    return nd_type_equal(a, b) && a->flags == b->flags && !strcmp(x, y);
}

uint32_t nd_mfw_type(struct nd_mfw *e, const struct nd_type *t)
{
    struct nd_mf_type m = {0};
    uint32_t i, index;

    for (i = 0; i < e->types.n; i++) {
        if (same(e->types.v[i].type, t))
            return e->types.v[i].index;
    }
    fill_type(e, t, &m); // the types inside first: they have lower numbers
    index = nd_mfb_add(e->b, ND_SEC_TYPES, &m, 1);
    *ND_PUSH(e->a, &e->types) = (struct nd_mfw_type){t, index};
    return index;
}

// ---- options ------------------------------------------------------------------------------------
