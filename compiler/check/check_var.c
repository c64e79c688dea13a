// SPDX-License-Identifier: GPL-2.0-or-later
// Variables: what type the first value gives them, and whether the next ones fit. Must not know
// expressions. Serves check_stmt.c.
#include "compiler/check/check_impl.h"

// How a variable is kept: integers in 64 bits.
static struct nd_type *kept_as(struct nd_check *c, struct nd_type *t)
{
    if (t->is_word)
        return t;
    if (t->kind == ND_T_INT || t->kind == ND_T_PORT || t->kind == ND_T_PROTO)
        return nd_type_int(8, nd_type_signed(t));
    if (t->kind == ND_T_STRING && c->world == ND_USER)
        return nd_ty(&nd_type_str);
    return t;
}

static bool can_be_kept(struct nd_check *c, struct nd_expr *e)
{
    struct nd_type *t = e->type;

    if (t->kind != ND_T_NONE && t->kind != ND_T_ARGS && t->kind != ND_T_OPTS &&
        t->kind != ND_T_VOID && !(nd_type_is_agg(t) && c->world == ND_KERNEL))
        return true;
    nd_error(c->d, ND_E0311, e->span, "%s cannot be kept in a variable", nd_type_text(c->t, t));
    return false;
}

struct nd_type *nd_check_declared(struct nd_check *c, struct nd_type *want, struct nd_type *have)
{
    bool user =
        have && have->kind == ND_T_PTR ? have->as == ND_AS_USER : c->probe && c->probe->user_memory;

    if (want->kind == ND_T_TIME && have && have->kind == ND_T_TIME)
        return nd_type_time_of(have->clock);
    return nd_type_in(c->t, want, user ? ND_AS_USER : ND_AS_KERNEL);
}

// let $x: type = value
static struct nd_type *declared_type(struct nd_check *c, struct nd_stmt *s, const char *name,
                                     struct nd_type *t)
{
    struct nd_type *want = nd_check_declared(c, nd_type_resolve(c->t, s->texpr), t);

    if (t && t->kind != ND_T_ERROR && want->kind != ND_T_ERROR && !nd_type_unify(c->t, want, t))
        nd_error(c->d, ND_E0303, s->rhs->span, "$%s is declared as %s, not %s", name,
                 nd_type_text(c->t, want), nd_type_text(c->t, t));
    return want;
}

void nd_check_first_value(struct nd_check *c, struct nd_stmt *s, const char *name,
                          struct nd_type *t)
{
    struct nd_sym *v;

    if (s->op != ND_OP_NONE) {
        nd_error(c->d, ND_E0312, s->expr->span, "$%s is used before it is set", name);
        t = nd_ty(&nd_type_error);
    }
    if (s->texpr)
        t = declared_type(c, s, name, t);
    else if (s->grown)
        t = t ? nd_type_unify(c->t, t, s->grown) : s->grown;
    if (!t)
        t = nd_ty(c->last_pass ? &nd_type_i64 : &nd_type_error);
    else if (s->rhs && !can_be_kept(c, s->rhs))
        t = nd_ty(&nd_type_error);
    if (s->real && nd_type_is_int(t))
        t = nd_ty(&nd_type_double);
    if (s->plain_ptr)
        t = nd_type_in(c->t, t, ND_AS_KERNEL);
    if (s->user_ptr)
        t = nd_type_in(c->t, t, ND_AS_USER);
    v = nd_check_declare_var(c, nd_arena_printf(c->a, "$%s", name), s->expr->span,
                             s->texpr ? t : kept_as(c, t));
    v->nassign = 1;
    v->first = s;
    s->expr->type = v->type;
    s->expr->sym = v;
    s->sym = v;
}

// What is first assigned is kept with room for this type, from the next pass on.
static void grow(struct nd_check *c, struct nd_sym *v, struct nd_type *t)
{
    v->first->grown = t;
    v->type = t;
    c->changed = true;
}

// Texts, buffers and tuples of them have the size of the largest that is assigned.
static bool grows(const struct nd_type *t)
{
    return t->kind == ND_T_STRING || t->kind == ND_T_BUF || t->kind == ND_T_TUPLE;
}

// The first value is kept otherwise from the next pass on, when a later one asks for it.
static void widen(struct nd_check *c, struct nd_sym *v, struct nd_type *t)
{
    if (!v->first)
        return;
    // A pointer that the verifier knows and one that it does not: both are read by address.
    if (v->type->kind == ND_T_PTR && v->type->as != ND_AS_USER && t->kind == ND_T_PTR &&
        t->as == ND_AS_USER) {
        v->first->user_ptr = true;
        c->changed = true;
    }
    if (v->type->kind == ND_T_PTR && v->type->as == ND_AS_BTF &&
        (t->kind != ND_T_PTR || t->as != ND_AS_BTF)) {
        v->first->plain_ptr = true;
        c->changed = true;
    }
    if (!v->first->texpr && !v->first->rhs && v->type->kind == ND_T_ERROR)
        grow(c, v, kept_as(c, t)); // let $x
    if (c->world == ND_USER && t->kind == ND_T_DOUBLE && nd_type_is_int(v->type) &&
        !v->first->texpr) {
        v->first->real = true;
        c->changed = true;
    }
}

void nd_check_next_value(struct nd_check *c, struct nd_stmt *s, struct nd_sym *v, const char *name,
                         struct nd_type *t)
{
    struct nd_type *u;

    if (v->loop_var || v->kind != ND_SYM_VAR) {
        nd_error(c->d, ND_E0311, s->expr->span,
                 v->loop_var ? "%s is set by its loop" : "%s cannot be assigned", name);
        return;
    }
    v->nassign++;
    s->expr->type = v->type;
    s->expr->sym = v;
    s->sym = v;
    if (t->kind == ND_T_ERROR)
        return;
    nd_check_order_parts(c, s->rhs, v->type);
    widen(c, v, t);
    if (v->type->kind == ND_T_ERROR)
        return;
    u = nd_type_unify(c->t, v->type, t);
    if (u && v->first && !v->first->texpr && grows(u) && !nd_type_equal(u, v->type)) {
        grow(c, v, u);
        s->expr->type = u;
    }
    if (!u || (u->kind == ND_T_TUPLE && !nd_type_equal(u, v->type))) {
        nd_note(c->d,
                nd_error(c->d, ND_E0303, s->rhs->span, "$%s holds %s, not %s", name,
                         nd_type_text(c->t, v->type), nd_type_text(c->t, t)),
                v->span, "first set here");
    } else if (v->type->kind == ND_T_STRING && t->kind == ND_T_STRING && c->world == ND_KERNEL &&
               t->size > v->type->size) {
        nd_help(c->d,
                nd_error(c->d, ND_E0303, s->rhs->span, "$%s has room for %u bytes; this has %u",
                         name, v->type->size, t->size),
                "declare it with room for it: let $%s: string[%u]", name, t->size);
    }
}
