// SPDX-License-Identifier: GPL-2.0-or-later
// Calls in a probe that user space carries out (printf, print, clear, loops over maps): those that
// follow each other directly are one event. Must not know how it is sent. Serves check_stmt.c.
#include "compiler/check/check_impl.h"

static bool is_async_stmt(const struct nd_stmt *s)
{
    return (s->kind == ND_S_FOR_MAP && !s->in_probe) ||
           (s->kind == ND_S_EXPR && nd_builtin_is_async(s->expr) &&
            s->expr->builtin->id != ND_B_EXIT);
}

// The first argument of these names a map; its value is not asked for.
static bool names_map(enum nd_builtin_id id)
{
    return id == ND_B_PRINT || id == ND_B_CLEAR || id == ND_B_ZERO || id == ND_B_TOP;
}

// What user space needs for one argument.
static void async_arg(struct nd_check *c, struct nd_async *as, struct nd_expr *e, bool by_name)
{
    const struct nd_map *m = e->kind == ND_E_MAP && e->type->kind != ND_T_ERROR ? e->map : NULL;

    if (m && by_name) {
        if (e->a) // the key travels, the value is read in user space
            *ND_PUSH(c->a, &as->args) = (struct nd_async_arg){e->a, m->key};
        return;
    }
    if (e->is_const && (e->kind == ND_E_STRING || nd_type_is_int(e->type)))
        return; // known to both sides
    *ND_PUSH(c->a, &as->args) = (struct nd_async_arg){e, e->type};
}

static void async_args(struct nd_check *c, struct nd_async *as, struct nd_expr *call)
{
    struct nd_expr *row = call->table && call->args.n > 1 ? call->args.v[1] : NULL;
    uint32_t i;

    for (i = 0; row && i < row->args.n; i++)
        async_arg(c, as, row->args.v[i], false);
    for (i = 0; !call->table && i < call->args.n; i++)
        async_arg(c, as, call->args.v[i], !i && names_map(call->builtin->id));
}

static struct nd_async *new_async(struct nd_check *c, struct nd_span span)
{
    struct nd_async *as = ND_NEW(c->a, struct nd_async);
    struct nd_event *ev = ND_NEW(c->a, struct nd_event);

    ev->name = "";
    ev->span = span;
    ev->index = c->p->events.n;
    ev->async = as;
    ev->sent = true;
    as->event = ev;
    *ND_PUSH(c->a, &c->p->events) = ev;
    return as;
}

static void finish_async(struct nd_check *c, struct nd_async *as)
{
    struct nd_field *f = ND_NEW_ARRAY(c->a, struct nd_field, as->args.n ? as->args.n : 1);
    uint32_t i;

    for (i = 0; i < as->args.n; i++) {
        f[i].name = nd_arena_printf(c->a, "arg%u", i);
        f[i].type = as->args.v[i].type;
    }
    as->event->type = nd_type_struct(c->t, "", f, as->args.n, false);
}

void nd_check_async(struct nd_check *c, struct nd_block *b)
{
    struct nd_async *as = NULL;
    uint32_t i;

    if (c->d->errors || c->d->quiet)
        return;
    for (i = 0; i < b->n; i++) {
        struct nd_stmt *s = b->v[i];

        if (!is_async_stmt(s)) {
            if (as)
                finish_async(c, as);
            as = NULL;
            continue;
        }
        if (!as)
            as = new_async(c, s->span);
        *ND_PUSH(c->a, &as->calls) = s;
        if (s->kind == ND_S_EXPR)
            async_args(c, as, s->expr);
        // The event is sent by the last of the calls; those before it only belong to it.
        s->async = as;
    }
    if (as)
        finish_async(c, as);
}
