// SPDX-License-Identifier: GPL-2.0-or-later
// What a probe sends: the fields of an event and the values that it gives them. Must not know how
// expressions are checked or records are sent. Serves check_stmt.c.
#include "compiler/check/check_impl.h"

#include <string.h>

// An array of the same elements, or of integers of their size, that is not longer.
static bool fills(const struct nd_type *field, const struct nd_type *t)
{
    return field->kind == ND_T_ARRAY && t->kind == ND_T_ARRAY && t->nelems <= field->nelems &&
           (nd_type_equal(field->elem, t->elem) ||
            (nd_type_is_int(field->elem) && nd_type_is_int(t->elem) &&
             field->elem->size == t->elem->size));
}

static struct nd_type *set_field(struct nd_type *of, const char *name, struct nd_type *t)
{
    uint32_t i;

    for (i = 0; i < of->nelems; i++) {
        if (!strcmp(of->fields[i].name, name))
            of->fields[i].type = t;
    }
    return t;
}

static void unknown_field(struct nd_check *c, const struct nd_type *of, const char *what,
                          const struct nd_named *n)
{
    struct nd_near near = {.name = n->name};
    struct nd_diag *d =
        nd_error(c->d, ND_E0408, n->span, "%s %s has no field '%s'", what, of->name, n->name);
    uint32_t i;

    for (i = 0; i < of->nelems; i++)
        nd_near_try(&near, of->fields[i].name);
    if (near.n)
        nd_fix(c->d, d, near.best[0]);
}

// A field is given the value of n.
static void check_given(struct nd_check *c, struct nd_type *of, const char *what,
                        const struct nd_named *n)
{
    struct nd_type *t = n->expr->type;
    struct nd_field f;

    if (!nd_type_field(c->t, of, n->name, &f)) {
        unknown_field(c, of, what, n);
        return;
    }
    if (t->kind == ND_T_ERROR || f.type->kind == ND_T_ERROR)
        return;
    if ((f.type->kind == ND_T_KSTACK && t->kind == ND_T_KSTACK) ||
        (f.type->kind == ND_T_USTACK && t->kind == ND_T_USTACK)) {
        set_field(of, n->name, t); // the depth sent is the depth declared
        return;
    }
    if (f.type->kind == ND_T_BUF && n->expr->kind == ND_E_CALL && n->expr->builtin &&
        n->expr->builtin->id == ND_B_BUF)
        return; // as many bytes as the field has room for
    if (fills(f.type, t))
        return;
    if (t->kind == ND_T_TIME && f.type == nd_ty(&nd_type_time) && t->clock) {
        f.type = set_field( // declared as time: of this clock, from now on
            of, n->name, nd_type_time_of(t->clock));
        c->changed = true;
    }
    if (!nd_type_unify(c->t, f.type, t) ||
        (f.type->kind == ND_T_TUPLE && !nd_type_equal(f.type, t)))
        nd_error(c->d, ND_E0408, n->expr->span, "field '%s' of %s %s is %s, not %s", n->name, what,
                 of->name, nd_type_text(c->t, f.type), nd_type_text(c->t, t));
}

// ---- fields that are left out -------------------------------------------------------------------

static bool leaves_out(const struct nd_block *b, const char *name, uint32_t n)
{
    uint32_t i;

    for (i = 0; b && i < b->n; i++) {
        const struct nd_stmt *s = b->v[i];

        if (s->kind == ND_S_SEND && !strcmp(s->name, name) && s->fields.n < n)
            return true;
        if (leaves_out(s->body, name, n) || leaves_out(s->else_body, name, n))
            return true;
    }
    return false;
}

struct literals {
    const char *name;
    uint32_t n;
    bool less;
};

static void look(void *arg, struct nd_expr *e)
{
    struct literals *l = arg;

    l->less |= e->kind == ND_E_STRUCT && !strcmp(e->name, l->name) && e->args.n < l->n;
}

struct nd_type *nd_check_event_type(struct nd_check *c, const char *name, struct nd_field *f,
                                    uint32_t n)
{
    struct literals l = {.name = name, .n = n};
    uint32_t i;

    for (i = 0; i < c->p->decls.n && !l.less; i++) {
        nd_ast_walk(c->p->decls.v[i], look, &l);
        l.less |= leaves_out(c->p->decls.v[i]->body, name, n);
    }
    if (l.less && n <= 64) {
        f[n].name = ND_ABSENT_FIELD;
        f[n].type = nd_ty(&nd_type_u64);
        n++;
    }
    return nd_type_struct(c->t, name, f, n, false);
}

static struct nd_named *given(struct nd_stmt *s, const char *name)
{
    uint32_t i;

    for (i = 0; i < s->fields.n; i++) {
        if (!strcmp(s->fields.v[i].name, name))
            return &s->fields.v[i];
    }
    return NULL;
}

struct nd_expr *nd_check_member(struct nd_check *c, const struct nd_expr *of, const char *name)
{
    struct nd_expr *e = nd_expr_new(c->a, ND_E_FIELD, of->span), *base;

    base = nd_expr_new(c->a, ND_E_ERROR, of->span);
    *base = *of;
    e->a = base;
    e->name = name;
    e->name_span = of->span;
    return e;
}

static struct nd_expr *number(struct nd_check *c, struct nd_span span, uint64_t v)
{
    struct nd_expr *e = nd_expr_new(c->a, ND_E_INT, span);

    e->num = v;
    e->is_unsigned = true;
    return e;
}

static struct nd_event *find_event(const struct nd_check *c, const char *name)
{
    uint32_t i;

    for (i = 0; i < c->p->events.n; i++) {
        if (!strcmp(c->p->events.v[i]->name, name))
            return c->p->events.v[i];
    }
    return NULL;
}

static bool has_absent(const struct nd_type *t)
{
    return t->nelems && !strcmp(t->fields[t->nelems - 1].name, ND_ABSENT_FIELD);
}

struct nd_expr *nd_check_absent_of(struct nd_check *c, const struct nd_expr *of,
                                   const struct nd_type *t, uint64_t fields)
{
    struct nd_expr *all = number(c, of->span, 0), *bit;
    uint32_t i, k;

    for (i = 0; has_absent(of->type) && i + 1 < t->nelems; i++) {
        for (k = 0;
             k < of->type->nelems && strcmp(of->type->fields[k].name, t->fields[i].name) != 0; k++)
            ;
        if (!(fields >> i & 1) || k == of->type->nelems)
            continue;
        bit = nd_expr_binary(c->a, ND_OP_SHR, nd_check_member(c, of, ND_ABSENT_FIELD),
                             number(c, of->span, k));
        bit = nd_expr_binary(c->a, ND_OP_AND, bit, number(c, of->span, 1));
        bit = nd_expr_binary(c->a, ND_OP_SHL, bit, number(c, of->span, i));
        all = nd_expr_binary(c->a, ND_OP_OR, all, bit);
    }
    return all;
}

// Bits of the fields that nobody gives; those of the base that are absent there are absent here.
static struct nd_expr *absent(struct nd_check *c, struct nd_stmt *s, const struct nd_type *t,
                              bool base)
{
    uint64_t none = 0, theirs = 0;
    const struct nd_named *n;
    struct nd_expr *e;
    uint32_t i;

    for (i = 0; i + 1 < t->nelems; i++) {
        n = given(s, t->fields[i].name);
        if (!n)
            none |= 1ull << i;
        else if (s->rhs && n->span.off == s->rhs->span.off) // it was not written
            theirs |= 1ull << i;
    }
    e = number(c, s->span, none);
    if (!base || !theirs || !has_absent(s->rhs->type))
        return e;
    if (!nd_type_equal(s->rhs->type, t))
        return nd_expr_binary(c->a, ND_OP_OR, e, nd_check_absent_of(c, s->rhs, t, theirs));
    return nd_expr_binary(c->a, ND_OP_OR, e,
                          nd_expr_binary(c->a, ND_OP_AND,
                                         nd_check_member(c, s->rhs, ND_ABSENT_FIELD),
                                         number(c, s->span, theirs)));
}

static void give_others(struct nd_check *c, struct nd_stmt *s, const struct nd_type *t,
                        const struct nd_type *base)
{
    struct nd_field f;
    uint32_t i;

    for (i = 0; i < t->nelems; i++) {
        const char *name = t->fields[i].name;

        if (!given(s, name) && strcmp(name, ND_ABSENT_FIELD) != 0 &&
            nd_type_field(c->t, base, name, &f))
            *ND_PUSH(c->a, &s->fields) =
                (struct nd_named){name, s->rhs->span, nd_check_member(c, s->rhs, name), NULL};
    }
}

void nd_check_send_others(struct nd_check *c, struct nd_stmt *s)
{
    const struct nd_event *ev = find_event(c, s->name);
    const struct nd_type *t = ev ? ev->type : NULL, *b = s->rhs ? s->rhs->type : NULL;
    bool base = t && b && b->kind == ND_T_STRUCT;
    struct nd_named *n;

    if (b && b->kind != ND_T_STRUCT && b->kind != ND_T_ERROR)
        nd_error(c->d, ND_E0408, s->rhs->span, "%s has no fields to send", nd_type_text(c->t, b));
    if (base)
        give_others(c, s, t, b);
    if (!t || !has_absent(t))
        return;
    n = given(s, ND_ABSENT_FIELD);
    if (!n) {
        n = ND_PUSH(c->a, &s->fields);
        n->name = ND_ABSENT_FIELD;
        n->span = s->span;
    }
    n->expr = absent(c, s, t, base);
}

// ---- statements and values ----------------------------------------------------------------------

static struct nd_event *event_sent(struct nd_check *c, const struct nd_stmt *s)
{
    struct nd_event *ev = find_event(c, s->name);
    struct nd_near near = {.name = s->name};
    struct nd_diag *d;
    uint32_t i;

    if (!ev) {
        for (i = 0; i < c->p->events.n; i++)
            nd_near_try(&near, c->p->events.v[i]->name);
        d = nd_error(c->d, ND_E0208, s->name_span, "there is no event '%s'", s->name);
        if (near.n)
            nd_fix(c->d, d, near.best[0]);
        else
            nd_help(c->d, d, "declare it: event %s { at: time, ... }", s->name);
    } else if (c->world == ND_USER) {
        nd_help(c->d, nd_error(c->d, ND_E0402, s->span, "only probes send events"),
                "in user space, print directly");
        ev = NULL;
    }
    return ev;
}

void nd_check_send(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_event *ev = event_sent(c, s);
    uint32_t i, k;

    if (!ev)
        return;
    s->event = ev;
    ev->sent = true;
    for (i = 0; i < s->fields.n; i++) {
        check_given(c, ev->type, "event", &s->fields.v[i]);
        for (k = 0; k < i; k++) {
            if (!strcmp(s->fields.v[k].name, s->fields.v[i].name))
                nd_error(c->d, ND_E0408, s->fields.v[i].span, "field '%s' is given twice",
                         s->fields.v[i].name);
        }
    }
    if (!s->rhs && ev->type->nelems && s->fields.n == has_absent(ev->type))
        nd_help(c->d,
                nd_error(c->d, ND_E0408, s->name_span, "no field of event %s is given", s->name),
                "send %s { %s: ... }", s->name, ev->type->fields[0].name);
}

struct nd_type *nd_check_literal(struct nd_check *c, struct nd_expr *e)
{
    const char *why = NULL;
    struct nd_type *t = e->row ? e->type : nd_type_named_struct(c->t, ND_TAG_STRUCT, e->name, &why);
    uint32_t i, k;

    if (!t || !t->fields) {
        nd_help(c->d,
                t ? nd_error(c->d, ND_E0203, e->name_span,
                             "struct %s is the kernel's: values of it cannot be made", e->name)
                  : nd_error(c->d, ND_E0203, e->name_span, "there is no struct '%s'", e->name),
                "declare one, struct name { u64 at; }, or an event");
        return nd_ty(&nd_type_error);
    }
    for (i = 0; i < e->args.n; i++) {
        const struct nd_named n = {e->names[i].text, e->names[i].span, e->args.v[i], NULL};

        check_given(c, t, e->row ? "table" : "struct", &n);
        for (k = 0; k < i; k++) {
            if (!strcmp(e->names[k].text, n.name))
                nd_error(c->d, ND_E0408, n.span, "field '%s' is given twice", n.name);
        }
    }
    e->as = ND_AS_BPF;
    return t;
}
