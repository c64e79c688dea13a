// SPDX-License-Identifier: GPL-2.0-or-later
// How many variables a body has: the checker numbered them. Serves user_stmt.c.
#include "compiler/user/user_impl.h"

struct max_index {
    uint32_t n;
};

static void look(void *arg, struct nd_expr *e)
{
    struct max_index *m = arg;

    if ((e->kind == ND_E_IDENT || e->kind == ND_E_VAR) && e->sym && e->sym->kind == ND_SYM_VAR &&
        e->sym->index >= m->n)
        m->n = e->sym->index + 1;
}

static uint32_t block_locals(struct nd_block *b)
{
    uint32_t n = 0, i, k;

    for (i = 0; b && i < b->n; i++) {
        const struct nd_stmt *s = b->v[i];
        uint32_t inner[2] = {block_locals(s->body), block_locals(s->else_body)};

        if (s->sym && s->sym->kind == ND_SYM_VAR && s->sym->index >= n)
            n = s->sym->index + 1;
        if (s->sym2 && s->sym2->index >= n)
            n = s->sym2->index + 1;
        for (k = 0; k < s->others.n; k++) {
            if (s->others.v[k].sym && s->others.v[k].sym->index >= n)
                n = s->others.v[k].sym->index + 1;
        }
        for (k = 0; k < 2; k++)
            n = inner[k] > n ? inner[k] : n;
    }
    return n;
}

uint32_t nd_u_locals(struct nd_block *b)
{
    struct nd_decl d = {.body = b};
    struct max_index m = {block_locals(b)};

    nd_ast_walk(&d, look, &m);
    return m.n;
}
