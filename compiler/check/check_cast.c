// SPDX-License-Identifier: GPL-2.0-or-later
// Types of casts: between integers, pointers, texts, and arrays as the bytes of a number. Serves
// check_expr.c.
#include "compiler/check/check_impl.h"

#define NUMBER_BYTES 8u // an array that is cast has no more

// (type[])x: as many elements as x has bytes for.
static struct nd_type *target(struct nd_check *c, const struct nd_expr *e,
                              const struct nd_type *from)
{
    struct nd_type *to = nd_type_resolve(c->t, e->texpr);

    if (!e->texpr->is_list || to->kind == ND_T_ERROR || !to->size || from->size < to->size)
        return to;
    return nd_type_array(c->t, to, from->size / to->size);
}

static struct nd_type *to_pointer(struct nd_check *c, const struct nd_expr *e, struct nd_type *to,
                                  bool mem)
{
    enum nd_as as = ND_AS_KERNEL;

    if (mem)
        as = (enum nd_as)e->a->as;
    else if (e->a->type->kind == ND_T_PTR)
        as = e->a->type->as;
    else if (c->probe && c->probe->user_memory)
        as = ND_AS_USER;
    // A cast gives up what the verifier knew about the type.
    return nd_type_in(c->t, to, as == ND_AS_BTF ? ND_AS_KERNEL : as);
}

static struct nd_type *to_integer(struct nd_expr *e, struct nd_type *to)
{
    unsigned int shift = 64 - to->size * 8;

    e->is_const = e->a->is_const;
    e->num = e->a->num;
    if (e->is_const && to->kind == ND_T_BOOL)
        e->num = e->num != 0;
    else if (e->is_const && to->size < 8)
        e->num = to->is_signed ? (uint64_t)((int64_t)(e->num << shift) >> shift)
                               : e->num << shift >> shift;
    return to;
}

// What is not a number on both sides.
static bool can_be(const struct nd_check *c, const struct nd_type *to, const struct nd_type *from,
                   bool mem)
{
    bool number = nd_type_is_int(from);

    if (c->world == ND_USER && (to->kind == ND_T_DOUBLE || nd_type_is_int(to)) &&
        (from->kind == ND_T_DOUBLE || number))
        return true;
    if (to->kind == ND_T_BOOL && nd_type_is_text(from)) // is it not empty?
        return true;
    if (to->kind == ND_T_STRING && nd_type_is_text(from))
        return true;
    if (to->kind == ND_T_ARRAY)
        return (number && to->size <= NUMBER_BYTES) || nd_type_equal(to, from);
    return nd_type_is_int(to) && mem && from->size <= NUMBER_BYTES;
}

struct nd_type *nd_check_cast(struct nd_check *c, struct nd_expr *e)
{
    struct nd_type *from = e->a->type, *to = target(c, e, from);
    bool mem = from->kind == ND_T_ARRAY || from->kind == ND_T_STRING;

    e->is_const = false;
    if (from->kind == ND_T_ERROR || to->kind == ND_T_ERROR)
        return to;
    if (to->kind == ND_T_PTR && (nd_type_is_int(from) || mem))
        return to_pointer(c, e, to, mem);
    if (nd_type_is_int(to) && nd_type_is_int(from))
        return to_integer(e, to);
    e->as = ND_AS_BPF;
    if (can_be(c, to, from, mem))
        return to;
    nd_error(c->d, ND_E0303, e->span, "%s cannot be cast to %s", nd_type_text(c->t, from),
             nd_type_text(c->t, to));
    return nd_ty(&nd_type_error);
}
