// SPDX-License-Identifier: GPL-2.0-or-later
// Makes and compares types. Kernel types come from types_btf.c, names from types_text.c.
#include "compiler/lang/types.h"

#include <string.h>

#define TYPE(var, k, sz, sg, al) \
    const struct nd_type var = {.kind = (k), .size = (sz), .is_signed = (sg), .align = (al)}

TYPE(nd_type_error, ND_TY_ERROR, 8, false, 8);
TYPE(nd_type_none, ND_TY_NONE, 0, false, 1);
TYPE(nd_type_void, ND_TY_VOID, 0, false, 1);
TYPE(nd_type_i64, ND_TY_INT, 8, true, 8);
TYPE(nd_type_u64, ND_TY_INT, 8, false, 8);
static TYPE(type_i32, ND_TY_INT, 4, true, 4);
TYPE(nd_type_u32, ND_TY_INT, 4, false, 4);
static TYPE(type_i16, ND_TY_INT, 2, true, 2);
TYPE(nd_type_u16, ND_TY_INT, 2, false, 2);
static TYPE(type_i8, ND_TY_INT, 1, true, 1);
TYPE(nd_type_u8, ND_TY_INT, 1, false, 1);
TYPE(nd_type_bool, ND_TY_BOOL, 1, false, 1);
TYPE(nd_type_double, ND_TY_DOUBLE, 8, true, 8);
TYPE(nd_type_time, ND_TY_TIME, 8, false, 8);
TYPE(nd_type_duration, ND_TY_DURATION, 8, true, 8);
TYPE(nd_type_ip, ND_TY_IP, 16, false, 1);
TYPE(nd_type_prefix, ND_TY_PREFIX, 20, false, 1);
TYPE(nd_type_mac, ND_TY_MAC, 6, false, 1);
TYPE(nd_type_port, ND_TY_PORT, 2, false, 2);
TYPE(nd_type_proto, ND_TY_PROTO, 1, false, 1);
TYPE(nd_type_ifname, ND_TY_IFNAME, 16, false, 1);
TYPE(nd_type_str, ND_TY_STRING, 0, false, 1);
TYPE(nd_type_ksym, ND_TY_KSYM, 8, false, 8);
TYPE(nd_type_usym, ND_TY_USYM, 16, false, 8);
TYPE(nd_type_cgroup, ND_TY_CGROUP, 8, false, 8);
TYPE(nd_type_username, ND_TY_USERNAME, 4, false, 4);
TYPE(nd_type_args, ND_TY_ARGS, 0, false, 1);
TYPE(nd_type_opts, ND_TY_OPTS, 0, false, 1);
TYPE(nd_type_pkt, ND_TY_PKT, 0, false, 1);

struct nd_type *nd_type_flow(struct nd_types *t)
{
    static const struct {
        const char *name;
        const struct nd_type *type;
    } members[] = {{"src", &nd_type_ip},
                   {"dst", &nd_type_ip},
                   {"sport", &nd_type_port},
                   {"dport", &nd_type_port},
                   {"proto", &nd_type_proto}};
    struct nd_field *f;
    uint32_t i;

    if (t->flow)
        return t->flow;
    f = ND_NEW_ARRAY(t->arena, struct nd_field, 5);
    for (i = 0; i < 5; i++) {
        f[i].name = members[i].name;
        f[i].type = nd_ty(members[i].type);
    }
    t->flow = nd_type_struct(t, "flow", f, 5, true);
    t->flow->flags |= ND_TF_FLOW;
    return t->flow;
}

struct nd_type *nd_type_int(uint32_t size, bool is_signed)
{
    static const struct nd_type *const v[2][4] = {
        {&nd_type_u8, &nd_type_u16, &nd_type_u32, &nd_type_u64},
        {&type_i8, &type_i16, &type_i32, &nd_type_i64},
    };

    return nd_ty(v[is_signed][size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3]);
}

struct nd_type *nd_type_new(struct nd_types *t, enum nd_tk kind, uint32_t size)
{
    struct nd_type *x = ND_NEW(t->arena, struct nd_type);

    x->kind = kind;
    x->size = size;
    x->align = size >= 8 ? 8 : size ? size : 1;
    return x;
}

struct nd_type *nd_type_string(struct nd_types *t, uint32_t size)
{
    struct nd_type *x = nd_type_new(t, ND_TY_STRING, size);

    x->align = 1;
    return x;
}

struct nd_type *nd_type_ptr(struct nd_types *t, struct nd_type *elem, enum nd_as as)
{
    struct nd_type *x = nd_type_new(t, ND_TY_PTR, 8);

    x->elem = elem;
    x->as = as;
    return x;
}

struct nd_type *nd_type_array(struct nd_types *t, struct nd_type *elem, uint32_t n)
{
    struct nd_type *x = nd_type_new(t, ND_TY_ARRAY, 0);

    x->elem = elem;
    x->nelems = n;
    x->size = elem->size * n;
    x->align = nd_type_align(elem);
    return x;
}

uint32_t nd_type_align(const struct nd_type *t)
{
    return t->align ? t->align : 1;
}

// Bytes are copied in the largest units that fit; on the stack these must be aligned.
static uint32_t copy_align(const struct nd_type *t)
{
    return t->size >= 8 ? 8 : t->size >= 4 ? 4 : t->size >= 2 ? 2 : 1;
}

struct nd_type *nd_type_struct(struct nd_types *t, const char *name, struct nd_field *f, uint32_t n,
                               bool as_in_c)
{
    struct nd_type *x = nd_type_new(t, ND_TY_STRUCT, 0);
    uint32_t i, off = 0;

    x->align = 1;
    for (i = 0; i < n; i++) {
        uint32_t al = as_in_c ? nd_type_align(f[i].type) : copy_align(f[i].type);

        if (f[i].align > al)
            al = f[i].align;
        off = (off + al - 1) / al * al;
        f[i].off = off;
        off += f[i].type->size;
        if (al > x->align)
            x->align = al;
    }
    x->name = name;
    x->fields = f;
    x->nelems = n;
    x->size = (off + x->align - 1) / x->align * x->align;
    return x;
}

struct nd_type *nd_type_tuple(struct nd_types *t, struct nd_type **v, uint32_t n)
{
    struct nd_field *f = ND_NEW_ARRAY(t->arena, struct nd_field, n ? n : 1);
    struct nd_type *x;
    uint32_t i;

    for (i = 0; i < n; i++) {
        f[i].name = nd_arena_printf(t->arena, "%u", i);
        f[i].type = v[i];
    }
    x = nd_type_struct(t, NULL, f, n, false);
    x->kind = ND_TY_TUPLE;
    return x;
}

struct nd_type *nd_type_in(struct nd_types *t, struct nd_type *ptr, enum nd_as as)
{
    struct nd_type *x;

    if (ptr->kind != ND_TY_PTR || ptr->as == as)
        return ptr;
    x = ND_NEW(t->arena, struct nd_type);
    *x = *ptr;
    x->as = as;
    return x;
}

bool nd_type_is_int(const struct nd_type *t)
{
    switch (t->kind) {
    case ND_TY_INT:
    case ND_TY_BOOL:
    case ND_TY_ENUM:
    case ND_TY_PORT:
    case ND_TY_PROTO:
    case ND_TY_TIME:
    case ND_TY_DURATION:
    case ND_TY_PTR:
    case ND_TY_KSYM:
    case ND_TY_CGROUP:
    case ND_TY_USERNAME:
    case ND_TY_ERROR:
        return true;
    default:
        return false;
    }
}

bool nd_type_is_scalar(const struct nd_type *t)
{
    return nd_type_is_int(t) || t->kind == ND_TY_STRFTIME || t->kind == ND_TY_DOUBLE;
}

bool nd_type_is_agg(const struct nd_type *t)
{
    return t->kind >= ND_TY_COUNT && t->kind <= ND_TY_DIST;
}

bool nd_type_is_text(const struct nd_type *t)
{
    return t->kind == ND_TY_STRING || t->kind == ND_TY_IFNAME;
}

bool nd_type_signed(const struct nd_type *t)
{
    switch (t->kind) {
    case ND_TY_INT:
    case ND_TY_ENUM:
        return t->is_signed || t->size < 8;
    case ND_TY_BOOL:
    case ND_TY_PORT:
    case ND_TY_PROTO:
    case ND_TY_DURATION:
    case ND_TY_USERNAME:
        return true;
    default:
        return false;
    }
}

bool nd_type_equal(const struct nd_type *a, const struct nd_type *b)
{
    uint32_t i;

    if (a == b)
        return true;
    if (a->kind != b->kind || a->size != b->size || a->is_signed != b->is_signed)
        return false;
    switch (a->kind) {
    case ND_TY_STRUCT:
    case ND_TY_ENUM:
        return a->btf_id == b->btf_id && !strcmp(a->name ? a->name : "", b->name ? b->name : "");
    case ND_TY_ARRAY:
        return a->nelems == b->nelems && nd_type_equal(a->elem, b->elem);
    case ND_TY_TUPLE:
        if (a->nelems != b->nelems)
            return false;
        for (i = 0; i < a->nelems; i++) {
            if (!nd_type_equal(a->fields[i].type, b->fields[i].type))
                return false;
        }
        return true;
    case ND_TY_KSTACK:
    case ND_TY_USTACK:
        return a->depth == b->depth && a->flags == b->flags;
    case ND_TY_LHIST:
        return a->lo == b->lo && a->hi == b->hi && a->step == b->step;
    case ND_TY_STRFTIME:
        return !strcmp(a->name, b->name);
    default:
        return true;
    }
}

static bool plain_int(const struct nd_type *t)
{
    return t->kind == ND_TY_INT || t->kind == ND_TY_BOOL || t->kind == ND_TY_ENUM ||
           t->kind == ND_TY_PTR || t->kind == ND_TY_PORT || t->kind == ND_TY_PROTO;
}

// Integers of different width: a 64-bit one that keeps the sign rule of the language.
static struct nd_type *unify_ints(const struct nd_type *a, const struct nd_type *b)
{
    if (a->kind == ND_TY_INT && b->kind == ND_TY_INT && a->is_signed == b->is_signed)
        return nd_ty(a->size >= b->size ? a : b);
    return nd_type_int(8, nd_type_signed(a) && nd_type_signed(b));
}

static struct nd_type *unify_tuples(struct nd_types *t, struct nd_type *a, struct nd_type *b)
{
    struct nd_type **v;
    uint32_t i;

    if (a->nelems != b->nelems)
        return NULL;
    v = ND_NEW_ARRAY(t->arena, struct nd_type *, a->nelems ? a->nelems : 1);
    for (i = 0; i < a->nelems; i++) {
        v[i] = nd_type_unify(t, a->fields[i].type, b->fields[i].type);
        if (!v[i])
            return NULL;
    }
    return nd_type_tuple(t, v, a->nelems);
}

struct nd_type *nd_type_unify(struct nd_types *t, struct nd_type *a, struct nd_type *b)
{
    if (a->kind == ND_TY_ERROR)
        return b;
    if (b->kind == ND_TY_ERROR || nd_type_equal(a, b))
        return a;
    if (a->kind == ND_TY_STRING && b->kind == ND_TY_STRING)
        return a->size == 0 || b->size == 0 ? nd_ty(&nd_type_str) : a->size > b->size ? a : b;
    if (nd_type_is_text(a) && nd_type_is_text(b)) {
        struct nd_type *s = a->kind == ND_TY_STRING ? a : b;

        return s->size > 16 || !s->size ? s : nd_ty(&nd_type_ifname);
    }
    if (a->kind == ND_TY_PTR && b->kind == ND_TY_PTR)
        return nd_type_in(t, a, ND_AS_KERNEL);
    if (a->kind == ND_TY_PTR && b->kind == ND_TY_INT) // a pointer or 0: read by address
        return nd_type_in(t, a, a->as == ND_AS_USER ? ND_AS_USER : ND_AS_KERNEL);
    if (b->kind == ND_TY_PTR && a->kind == ND_TY_INT)
        return nd_type_unify(t, b, a);
    if (plain_int(a) && plain_int(b))
        return unify_ints(a, b);
    if ((a->kind == ND_TY_DOUBLE && nd_type_is_int(b)) ||
        (b->kind == ND_TY_DOUBLE && nd_type_is_int(a)))
        return nd_ty(&nd_type_double);
    if (nd_type_is_int(a) && b->kind == ND_TY_INT) // time, duration, ksym: with a bare number
        return a;
    if (nd_type_is_int(b) && a->kind == ND_TY_INT)
        return b;
    if (a->kind == ND_TY_TUPLE && b->kind == ND_TY_TUPLE)
        return unify_tuples(t, a, b);
    return NULL;
}
