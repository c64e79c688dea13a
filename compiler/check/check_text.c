// SPDX-License-Identifier: GPL-2.0-or-later
// Text layouts: `text { }`, alone or after the calls whose output it replaces for a person.
#include "compiler/check/builtins.h"

// A layout stands for what these print.
static bool prints(const struct nd_expr *e)
{
    return e->kind == ND_E_CALL && e->builtin &&
           (e->builtin->id == ND_B_PRINT || e->builtin->id == ND_B_REPORT ||
            e->builtin->id == ND_B_TOP);
}

static void check_output(struct nd_check *c, const struct nd_expr *e)
{
    if (prints(e) || e->kind == ND_E_ERROR)
        return;
    nd_help(c->d,
            nd_error(c->d, ND_E0410, e->span, "a text layout follows print(), report() or top()%s",
                     e->kind != ND_E_CALL ? "" : nd_arena_printf(c->a, ", not %s()", e->name)),
            "text { } alone runs what is for a person");
}

void nd_check_text(struct nd_check *c, struct nd_stmt *s)
{
    uint32_t i;

    if (c->world == ND_KERNEL) {
        nd_help(c->d,
                nd_error(c->d, ND_E0401, s->name_span,
                         "a text layout is not available in a kernel probe"),
                "send an event, and lay it out: on NAME text { }");
        return;
    }
    if (s->else_body)
        nd_check_block(c, s->else_body);
    for (i = 0; s->else_body && i < s->else_body->n; i++)
        check_output(c, s->else_body->v[i]->expr);
    nd_check_block(c, s->body);
}
