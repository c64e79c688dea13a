// SPDX-License-Identifier: GPL-2.0-or-later
// What the kinds of probes share while a point is looked up: adding a place, saying what is wrong.
// Must not know any kind. Serves probes.c and probes_func.c.
#include "compiler/check/probes_impl.h"

#include <string.h>

struct nd_target *nd_expand_add(struct nd_expand *x, const char *s0, const char *s1)
{
    struct nd_target *t = ND_PUSH(x->p->arena, &x->out);

    memset(t, 0, sizeof(*t));
    t->kind = x->kind->attach;
    t->s0 = s0 ? nd_arena_strdup(x->p->arena, s0) : "";
    t->s1 = s1 ? nd_arena_strdup(x->p->arena, s1) : "";
    t->builtin = x->builtin != NULL;
    t->span = x->pt.span;
    t->spec = x->pt.text;
    return t;
}

struct nd_diag *nd_expand_fail(struct nd_expand *x, enum nd_diag_code code, const char *text)
{
    return nd_error(x->p->diags, code, x->pt.span, "%s", text);
}

void nd_expand_malformed(struct nd_expand *x, const char *text)
{
    nd_help(x->p->diags, nd_expand_fail(x, ND_E0502, text), "write %s", x->kind->usage);
}

bool nd_expand_inside(struct nd_expand *x, uint64_t off, uint64_t size)
{
    if (!off || !size || off < size)
        return true;
    nd_help(
        x->p->diags,
        nd_expand_fail(x, ND_E0502,
                       nd_arena_printf(x->p->arena,
                                       "the offset is not in the function, which has %llu bytes",
                                       (unsigned long long)size)),
        "use a smaller offset");
    return false;
}

void nd_expand_near(struct nd_expand *x, struct nd_diag *d, const struct nd_near *near,
                    const char *prefix)
{
    if (near->n)
        nd_fix(x->p->diags, d, nd_arena_printf(x->p->arena, "%s%s", prefix, near->best[0]));
}
