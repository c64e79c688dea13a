// SPDX-License-Identifier: GPL-2.0-or-later
// `begin` and `end`: user space, unless they name what only probes have (pid, curtask, kstack, *p);
// then they are the probes BEGIN and END. The words decide, before types are known. Serves
// check_decl.c.
#include "compiler/check/check_impl.h"

#include <string.h>

#define CALLS 16u // functions that call each other, as deep as that

struct words {
    const struct nd_program *p;
    struct nd_block *body; // whose loop variables are not built-ins
    uint32_t depth;
    bool kernel, user;
};

static bool is_other(const struct nd_stmt *s, const char *name)
{
    uint32_t i;

    for (i = 0; i < s->others.n; i++) {
        if (s->others.v[i].name && !strcmp(s->others.v[i].name, name))
            return true;
    }
    return false;
}

static bool loops_over(const struct nd_block *b, const char *name)
{
    uint32_t i;

    for (i = 0; b && i < b->n; i++) {
        const struct nd_stmt *s = b->v[i];

        if ((s->key && !s->key_dollar && !strcmp(s->key, name)) ||
            (s->val && !strcmp(s->val, name)) || is_other(s, name) || loops_over(s->body, name) ||
            loops_over(s->else_body, name))
            return true;
    }
    return false;
}

static struct nd_decl *function(const struct words *w, const char *name)
{
    uint32_t i;

    for (i = 0; i < w->p->decls.n; i++) {
        struct nd_decl *d = w->p->decls.v[i];

        if (d->name && !strcmp(d->name, name) && (d->kind == ND_D_FN || d->kind == ND_D_CONST))
            return d;
    }
    return NULL;
}

static bool is_parameter(const struct nd_decl *fn, const char *name)
{
    uint32_t i;

    for (i = 0; i < fn->fields.n; i++) {
        if (!strcmp(fn->fields.v[i].name, name))
            return true;
    }
    return false;
}

static void note_world(struct words *w, const struct nd_expr *e, bool is_call)
{
    const struct nd_builtin *b = nd_builtin_find(e->name, is_call);

    if (!b && !is_call && !strncmp(e->name, "arg", 3))
        b = nd_builtin_of(ND_B_ARGN);
    if (!b)
        b = nd_builtin_find(e->name, !is_call);
    if (b && b->id != ND_B_REFUSED) {
        w->kernel |= b->worlds == ND_KERNEL;
        w->user |= b->worlds == ND_USER;
    }
}

static void note(void *arg, struct nd_expr *e);

static void note_call(struct words *w, const struct nd_expr *e)
{
    struct nd_decl *fn = function(w, e->name);
    struct nd_block *body = w->body;

    if (!fn) {
        note_world(w, e, true);
    } else if (fn->kind == ND_D_FN && w->depth < CALLS) {
        w->body = fn->body;
        w->depth++;
        nd_ast_walk(fn, note, w);
        w->depth--;
        w->body = body;
    }
}

static void note(void *arg, struct nd_expr *e)
{
    struct words *w = arg;
    uint32_t i;

    if (e->kind == ND_E_CALL)
        note_call(w, e);
    else if (e->kind == ND_E_DOUBLE)
        w->user = true;
    else if (e->kind == ND_E_UNARY && (e->op == ND_OP_DEREF || e->op == ND_OP_ADDR))
        w->kernel = true;
    if (e->kind != ND_E_IDENT || function(w, e->name) || loops_over(w->body, e->name))
        return;
    for (i = 0; i < w->p->decls.n; i++) {
        if (w->p->decls.v[i]->body == w->body && is_parameter(w->p->decls.v[i], e->name))
            return;
    }
    note_world(w, e, false);
}

// Loops that only user space has, and layouts.
static bool has_user_stmt(const struct nd_block *b)
{
    uint32_t i;

    for (i = 0; b && i < b->n; i++) {
        const struct nd_stmt *s = b->v[i];

        if (s->kind == ND_S_TEXT || (s->ranks.n && s->ranks.v[0].by) || s->limit || s->others.n ||
            has_user_stmt(s->body) || has_user_stmt(s->else_body))
            return true;
    }
    return false;
}

void nd_check_begin_end(struct nd_check *c)
{
    uint32_t i;

    for (i = 0; i < c->p->decls.n; i++) {
        struct nd_decl *d = c->p->decls.v[i];
        struct words w = {.p = c->p, .body = d->body};

        if (d->kind != ND_D_BEGIN && d->kind != ND_D_END)
            continue;
        nd_ast_walk(d, note, &w);
        if (!w.kernel || w.user || has_user_stmt(d->body))
            continue;
        *ND_PUSH(c->a, &d->points) = (struct nd_point){
            .text = d->kind == ND_D_BEGIN ? "begin" : "end", .span = d->name_span};
        d->kind = ND_D_PROBE;
    }
}
