// SPDX-License-Identifier: GPL-2.0-or-later
// Makes and compares types. Kernel types come from types_btf.c, names from types_text.c.
#include "compiler/lang/types.h"

#include <string.h>
#include <time.h>

#define TYPE(var, k, sz, sg, al) \
    const struct nd_type var = {.kind = (k), .size = (sz), .is_signed = (sg), .align = (al)}

const struct nd_type nd_type_word = {
    .kind = ND_T_INT, .size = 8, .is_signed = true, .align = 8, .is_word = true};
TYPE(nd_type_i64, ND_T_INT, 8, true, 8);
TYPE(nd_type_u64, ND_T_INT, 8, false, 8);
static TYPE(type_i32, ND_T_INT, 4, true, 4);
TYPE(nd_type_u32, ND_T_INT, 4, false, 4);
static TYPE(type_i16, ND_T_INT, 2, true, 2);
TYPE(nd_type_u16, ND_T_INT, 2, false, 2);
static TYPE(type_i8, ND_T_INT, 1, true, 1);
TYPE(nd_type_u8, ND_T_INT, 1, false, 1);
TYPE(nd_type_bool, ND_T_BOOL, 1, false, 1);
#define ND_TYPE_ONE(id, name, text, size, align, class, sign, visit) \
    TYPE(nd_type_##name, ND_T_##id, size, ND_SIGN_##sign == ND_SIGN_ALWAYS, align);
#include "runtime/common/types.def"

#define TIME_OF(id, how)                                                        \
    {                                                                           \
        .kind = ND_T_TIME, .size = 8, .align = 8, .clock = (id), .flags = (how) \
    }
const struct nd_type nd_type_nsecs = TIME_OF(0, ND_TF_PLAIN);
const struct nd_type nd_type_nsecs_boot = TIME_OF(CLOCK_BOOTTIME, ND_TF_PLAIN);
const struct nd_type nd_type_nsecs_tai = TIME_OF(CLOCK_TAI, ND_TF_PLAIN);
static const struct nd_type time_boot = TIME_OF(CLOCK_BOOTTIME, 0);
static const struct nd_type time_tai = TIME_OF(CLOCK_TAI, 0);

struct nd_type *nd_type_time_of(uint32_t clock)
{
    return nd_ty(clock == CLOCK_BOOTTIME ? &time_boot
                 : clock == CLOCK_TAI    ? &time_tai
                                         : &nd_type_time);
}

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

struct nd_type *nd_type_new(struct nd_types *t, enum nd_typekind kind, uint32_t size)
{
    struct nd_type *x = ND_NEW(t->arena, struct nd_type);

    x->kind = kind;
    x->size = size;
    x->align = size >= 8 ? 8 : size ? size : 1;
    return x;
}

struct nd_type *nd_type_string(struct nd_types *t, uint32_t size)
{
    struct nd_type *x = nd_type_new(t, ND_T_STRING, size);

    x->align = 1;
    return x;
}

struct nd_type *nd_type_ptr(struct nd_types *t, struct nd_type *elem, enum nd_as as)
{
    struct nd_type *x = nd_type_new(t, ND_T_PTR, 8);

    x->elem = elem;
    x->as = as;
    return x;
}

struct nd_type *nd_type_array(struct nd_types *t, struct nd_type *elem, uint32_t n)
{
    struct nd_type *x = nd_type_new(t, ND_T_ARRAY, 0);

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
    struct nd_type *x = nd_type_new(t, ND_T_STRUCT, 0);
    uint32_t i, off = 0;

    x->align = 1;
    for (i = 0; i < n; i++) {
        uint32_t al = as_in_c ? nd_type_align(f[i].type) : copy_align(f[i].type);

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
    x->kind = ND_T_TUPLE;
    return x;
}

struct nd_type *nd_type_record(struct nd_types *t, struct nd_type **v, const char *const *names,
                               uint32_t n)
{
    struct nd_type *x = nd_type_tuple(t, v, n);
    uint32_t i;

    for (i = 0; i < n; i++)
        x->fields[i].name = names[i];
    x->is_record = true;
    return x;
}

struct nd_type *nd_type_tuple_like(struct nd_types *t, const struct nd_type *of, struct nd_type **v)
{
    struct nd_type *x = nd_type_tuple(t, v, of->nelems);
    uint32_t i;

    for (i = 0; of->is_record && i < of->nelems; i++)
        x->fields[i].name = of->fields[i].name;
    x->is_record = of->is_record;
    return x;
}

struct nd_type *nd_type_in(struct nd_types *t, struct nd_type *ptr, enum nd_as as)
{
    struct nd_type *x;

    if (ptr->kind != ND_T_PTR || ptr->as == as)
        return ptr;
    x = ND_NEW(t->arena, struct nd_type);
    *x = *ptr;
    x->as = as;
    return x;
}

bool nd_type_is_int(const struct nd_type *t)
{
    return nd_typekinds[t->kind].is & ND_IS_INTEGER || t->kind == ND_T_ERROR;
}

bool nd_type_is_scalar(const struct nd_type *t)
{
    return nd_typekinds[t->kind].is & (ND_IS_INTEGER | ND_IS_PRINTED | ND_IS_REAL) ||
           t->kind == ND_T_ERROR;
}

bool nd_type_is_agg(const struct nd_type *t)
{
    return nd_typekinds[t->kind].is & ND_IS_AGGREGATION;
}

bool nd_type_is_text(const struct nd_type *t)
{
    return nd_typekinds[t->kind].is & ND_IS_TEXT;
}

uint32_t nd_type_text_size(const struct nd_type *t)
{
    return t->kind == ND_T_IFNAME ? sizeof(((struct nd_ifname *)NULL)->name) : t->size;
}

// What is narrower than 64 bits fits a signed number whatever its own sign.
bool nd_type_signed(const struct nd_type *t)
{
    const struct nd_typekind_row *k = &nd_typekinds[t->kind];

    return k->is & ND_IS_INTEGER &&
           (t->size < 8 || k->sign == ND_SIGN_ALWAYS || (k->sign == ND_SIGN_FLAG && t->is_signed));
}

struct nd_type *nd_type_seen(const struct nd_type *t)
{
    if (!(nd_typekinds[t->kind].is & ND_IS_NUMBER))
        return nd_ty(t);
    if (nd_typekinds[t->kind].rank == ND_AGG_AVG)
        return nd_ty(&nd_type_double);
    if (t->elem)
        return t->elem;
    return nd_type_int(8, t->is_signed);
}

// Do the names of both enums mean the same?
static bool same_values(const struct nd_type *a, const struct nd_type *b)
{
    uint32_t i;

    if (a->fields == b->fields)
        return true;
    if (!a->fields || !b->fields || a->nelems != b->nelems)
        return false;
    for (i = 0; i < a->nelems; i++) {
        if (a->fields[i].value != b->fields[i].value ||
            strcmp(a->fields[i].name, b->fields[i].name) != 0)
            return false;
    }
    return true;
}

bool nd_type_equal(const struct nd_type *a, const struct nd_type *b)
{
    uint32_t i;

    if (a == b)
        return true;
    if (a->kind != b->kind || a->size != b->size || a->is_signed != b->is_signed)
        return false;
    switch (a->kind) {
    case ND_T_STRUCT:
    case ND_T_ENUM:
        return a->btf_id == b->btf_id && !strcmp(a->name ? a->name : "", b->name ? b->name : "") &&
               (a->kind == ND_T_STRUCT || same_values(a, b)); // an option may have that name
    case ND_T_ARRAY:
        return a->nelems == b->nelems && nd_type_equal(a->elem, b->elem);
    case ND_T_TUPLE:
        if (a->nelems != b->nelems || a->is_record != b->is_record)
            return false;
        for (i = 0; i < a->nelems; i++) {
            if (!nd_type_equal(a->fields[i].type, b->fields[i].type) ||
                strcmp(a->fields[i].name, b->fields[i].name) != 0)
                return false;
        }
        return true;
    case ND_T_KSTACK:
    case ND_T_USTACK:
        return a->depth == b->depth && a->flags == b->flags;
    case ND_T_STRFTIME:
        return !strcmp(a->name, b->name) && a->clock == b->clock;
    case ND_T_TIME:
        return a->clock == b->clock;
    case ND_T_MIN:
    case ND_T_MAX:
        return a->elem && b->elem ? nd_type_equal(a->elem, b->elem) : a->elem == b->elem;
    default: // 0 but in aggregations
        return a->lo == b->lo && a->hi == b->hi && a->step == b->step;
    }
}

static bool plain_int(const struct nd_type *t)
{
    return t->kind == ND_T_INT || t->kind == ND_T_BOOL || t->kind == ND_T_ENUM ||
           t->kind == ND_T_PTR || t->kind == ND_T_PORT || t->kind == ND_T_PROTO;
}

// Integers of different width: a 64-bit one that keeps the sign rule of the language.
static struct nd_type *unify_ints(const struct nd_type *a, const struct nd_type *b)
{
    if (a->kind == ND_T_INT && b->kind == ND_T_INT && a->is_signed == b->is_signed)
        return nd_ty(a->size >= b->size ? a : b);
    return nd_type_int(8, nd_type_signed(a) && nd_type_signed(b));
}

// Pointers of two origins are read by address: those of a program only where one is known to be.
static struct nd_type *unify_pointers(struct nd_types *t, struct nd_type *a,
                                      const struct nd_type *b)
{
    if (a->as == b->as)
        return a;
    return nd_type_in(t, a, a->as == ND_AS_USER || b->as == ND_AS_USER ? ND_AS_USER : ND_AS_KERNEL);
}

uint32_t nd_type_part(const struct nd_type *t, const char *name)
{
    uint32_t i = 0;

    while (i < t->nelems && strcmp(t->fields[i].name, name) != 0)
        i++;
    return i;
}

// Records by the names of their fields, whose order is that of the first.
static struct nd_type *unify_tuples(struct nd_types *t, struct nd_type *a, struct nd_type *b)
{
    struct nd_type **v;
    uint32_t i, k;

    if (a->nelems != b->nelems || a->is_record != b->is_record)
        return NULL;
    v = ND_NEW_ARRAY(t->arena, struct nd_type *, a->nelems ? a->nelems : 1);
    for (i = 0; i < a->nelems; i++) {
        k = nd_type_part(b, a->fields[i].name);
        v[i] = k < b->nelems ? nd_type_unify(t, a->fields[i].type, b->fields[k].type) : NULL;
        if (!v[i])
            return NULL;
    }
    return nd_type_tuple_like(t, a, v);
}

struct nd_type *nd_type_unify(struct nd_types *t, struct nd_type *a, struct nd_type *b)
{
    if (a->kind == ND_T_ERROR)
        return b;
    if (a->kind == ND_T_PTR && b->kind == ND_T_PTR)
        return unify_pointers(t, a, b);
    if (a->kind == ND_T_TIME && a->flags & ND_TF_PLAIN && nd_type_equal(a, b))
        return b; // if one of them is called a time, both are
    if (b->kind == ND_T_ERROR || nd_type_equal(a, b))
        return a;
    if (a->kind == ND_T_STRING && b->kind == ND_T_STRING)
        return a->size == 0 || b->size == 0 ? nd_ty(&nd_type_str) : a->size > b->size ? a : b;
    if (nd_type_is_text(a) && nd_type_is_text(b)) {
        struct nd_type *s = a->kind == ND_T_STRING ? a : b;

        return s->size > 16 || !s->size ? s : nd_ty(&nd_type_ifname);
    }
    if (a->kind == ND_T_PTR && b->kind == ND_T_INT) // a pointer or 0: read by address
        return nd_type_in(t, a, a->as == ND_AS_USER ? ND_AS_USER : ND_AS_KERNEL);
    if (b->kind == ND_T_PTR && a->kind == ND_T_INT)
        return nd_type_unify(t, b, a);
    if (plain_int(a) && plain_int(b))
        return unify_ints(a, b);
    if ((a->kind == ND_T_DOUBLE && nd_type_is_int(b)) ||
        (b->kind == ND_T_DOUBLE && nd_type_is_int(a)))
        return nd_ty(&nd_type_double);
    if (nd_type_is_int(a) && b->kind == ND_T_INT) // time, duration, ksym: with a bare number
        return a;
    if (nd_type_is_int(b) && a->kind == ND_T_INT)
        return b;
    if (a->kind == ND_T_BUF && b->kind == ND_T_BUF)
        return a->size > b->size ? a : b;
    if (a->kind == ND_T_TUPLE && b->kind == ND_T_TUPLE)
        return unify_tuples(t, a, b);
    return NULL;
}
