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

static struct nd_type *set_field(struct nd_event *ev, const char *name, struct nd_type *t)
{
    uint32_t i;

    for (i = 0; i < ev->type->nelems; i++) {
        if (!strcmp(ev->type->fields[i].name, name))
            ev->type->fields[i].type = t;
    }
    return t;
}

static void check_send_field(struct nd_check *c, struct nd_stmt *s, struct nd_event *ev,
                             const struct nd_named *n)
{
    struct nd_type *t = n->expr->type;
    struct nd_near near = {.name = n->name};
    struct nd_diag *d;
    struct nd_field f;
    uint32_t i;

    if (!nd_type_field(c->t, ev->type, n->name, &f)) {
        d = nd_error(c->d, ND_E0408, n->span, "event %s has no field '%s'", s->name, n->name);
        for (i = 0; i < ev->type->nelems; i++)
            nd_near_try(&near, ev->type->fields[i].name);
        if (near.n)
            nd_fix(c->d, d, near.best[0]);
        return;
    }
    if (t->kind == ND_T_ERROR || f.type->kind == ND_T_ERROR)
        return;
    if ((f.type->kind == ND_T_KSTACK && t->kind == ND_T_KSTACK) ||
        (f.type->kind == ND_T_USTACK && t->kind == ND_T_USTACK)) {
        set_field(ev, n->name, t); // the depth sent is the depth declared
        return;
    }
    if (f.type->kind == ND_T_BUF && n->expr->kind == ND_E_CALL && n->expr->builtin &&
        n->expr->builtin->id == ND_B_BUF)
        return; // as many bytes as the field has room for
    if (fills(f.type, t))
        return;
    if (t->kind == ND_T_TIME && f.type == nd_ty(&nd_type_time) && t->clock) {
        f.type = set_field(
            ev, n->name, nd_type_time_of(t->clock)); // declared as time: of this clock, from now on
        c->changed = true;
    }
    if (!nd_type_unify(c->t, f.type, t) ||
        (f.type->kind == ND_T_TUPLE && !nd_type_equal(f.type, t)))
        nd_error(c->d, ND_E0408, n->expr->span, "field '%s' of event %s is %s, not %s", n->name,
                 s->name, nd_type_text(c->t, f.type), nd_type_text(c->t, t));
}

void nd_check_send(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_near near = {.name = s->name};
    struct nd_event *ev = NULL;
    struct nd_diag *d;
    uint32_t i, k;

    for (i = 0; i < c->p->events.n; i++) {
        if (!strcmp(c->p->events.v[i]->name, s->name))
            ev = c->p->events.v[i];
        nd_near_try(&near, c->p->events.v[i]->name);
    }
    if (!ev) {
        d = nd_error(c->d, ND_E0208, s->name_span, "there is no event '%s'", s->name);
        if (near.n)
            nd_fix(c->d, d, near.best[0]);
        else
            nd_help(c->d, d, "declare it: event %s { at: time, ... }", s->name);
        return;
    }
    if (c->world == ND_USER) {
        nd_help(c->d, nd_error(c->d, ND_E0402, s->span, "only probes send events"),
                "in user space, print directly");
        return;
    }
    s->event = ev;
    ev->sent = true;
    for (i = 0; i < s->fields.n; i++) {
        check_send_field(c, s, ev, &s->fields.v[i]);
        for (k = 0; k < i; k++) {
            if (!strcmp(s->fields.v[k].name, s->fields.v[i].name))
                nd_error(c->d, ND_E0408, s->fields.v[i].span, "field '%s' is given twice",
                         s->fields.v[i].name);
        }
    }
    for (i = 0; i < ev->type->nelems; i++) {
        for (k = 0; k < s->fields.n; k++) {
            if (!strcmp(s->fields.v[k].name, ev->type->fields[i].name))
                break;
        }
        if (k == s->fields.n)
            nd_error(c->d, ND_E0408, s->name_span, "field '%s' of event %s is missing",
                     ev->type->fields[i].name, s->name);
    }
}
