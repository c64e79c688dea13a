// SPDX-License-Identifier: GPL-2.0-or-later
// macro f($x, @m) { ... }: each call is replaced by the body, in which parameters are what the call
// names and all other variables have names of their own. Statements of a body whose value is used,
// and of { ...; value }, go before the statement that uses it.
#include "compiler/front/parse.h"

#include <string.h>

#define DEEPEST 32u  // calls inside each other
#define MOST 100000u // calls of a script

struct expand {
    struct nd_arena *a;
    struct nd_diags *d;
    const struct nd_decls *decls;
    const struct nd_decl *active[DEEPEST];
    uint32_t depth, made;
};

// What names in one copy of a body stand for.
struct names {
    const struct nd_decl *macro; // NULL: of a block, whose own variables are renamed
    const struct nd_expr_list *args;
    struct nd_points own;
    uint32_t id;
    uint32_t outer; // one more than the calls around this one
};

static void expand_block(struct expand *x, struct nd_block *b);
static struct nd_expr *expand_expr(struct expand *x, struct nd_expr *e, struct nd_block *pre);

static void push(struct expand *x, struct nd_block *b, struct nd_stmt *s)
{
    *ND_PUSH(x->a, b) = s;
}

static void push_all(struct expand *x, struct nd_block *b, const struct nd_block *from)
{
    uint32_t i;

    for (i = 0; i < from->n; i++)
        push(x, b, from->v[i]);
}

// ---- names in a copy
// -----------------------------------------------------------------------------

static void name_block(struct expand *x, struct nd_block *b, const struct names *n);

static int param(const struct names *n, char sigil, const char *name)
{
    uint32_t i;

    for (i = 0; n->macro && i < n->macro->fields.n; i++) {
        const char *p = n->macro->fields.v[i].name;

        if (sigil ? p[0] == sigil && !strcmp(p + (sigil == '$'), name) : !strcmp(p, name))
            return (int)i;
    }
    return -1;
}

// The name of a variable in this copy.
static const char *own(struct expand *x, const struct names *n, const char *name)
{
    bool found = n->macro != NULL;
    uint32_t i;

    for (i = 0; i < n->own.n && !found; i++)
        found = !strcmp(n->own.v[i].text, name);
    return found ? nd_arena_printf(x->a, "%s#%u", name, n->id) : name;
}

static struct nd_expr *name_expr(struct expand *x, struct nd_expr *e, const struct names *n)
{
    int i = -1;
    uint32_t k;

    if (!e)
        return NULL;
    if (e->kind == ND_E_VAR)
        i = param(n, '$', e->name);
    else if (e->kind == ND_E_IDENT)
        i = param(n, 0, e->name);
    if (i >= 0) {
        struct nd_expr *arg = nd_ast_clone_expr(x->a, n->args->v[i]);

        arg->paren = arg->kind == ND_E_BINARY || arg->kind == ND_E_COND;
        if (!arg->outer)
            arg->outer = n->outer;
        return arg;
    }
    if (e->kind == ND_E_VAR)
        e->name = own(x, n, e->name);
    if (e->kind == ND_E_MAP && (i = param(n, '@', e->name)) >= 0)
        e->name = n->args->v[i]->name;
    e->a = name_expr(x, e->a, n);
    e->b = name_expr(x, e->b, n);
    e->c = name_expr(x, e->c, n);
    for (k = 0; k < e->args.n; k++)
        e->args.v[k] = name_expr(x, e->args.v[k], n);
    if (e->body)
        name_block(x, e->body, n);
    return e;
}

static void name_stmt(struct expand *x, struct nd_stmt *s, const struct names *n)
{
    uint32_t i;

    s->expr = name_expr(x, s->expr, n);
    s->rhs = name_expr(x, s->rhs, n);
    s->hi = name_expr(x, s->hi, n);
    s->limit = name_expr(x, s->limit, n);
    for (i = 0; i < s->others.n; i++)
        s->others.v[i].map = name_expr(x, s->others.v[i].map, n);
    for (i = 0; i < s->ranks.n; i++)
        s->ranks.v[i].by = name_expr(x, s->ranks.v[i].by, n);
    for (i = 0; i < s->fields.n; i++)
        s->fields.v[i].expr = name_expr(x, s->fields.v[i].expr, n);
    if (s->key && s->key_dollar)
        s->key = own(x, n, s->key);
    if (s->body)
        name_block(x, s->body, n);
    if (s->else_body)
        name_block(x, s->else_body, n);
}

static void name_block(struct expand *x, struct nd_block *b, const struct names *n)
{
    uint32_t i;

    for (i = 0; i < b->n; i++)
        name_stmt(x, b->v[i], n);
}

// ---- calls
// ---------------------------------------------------------------------------------------

static const struct nd_decl *find(const struct expand *x, const char *name)
{
    uint32_t i;

    for (i = 0; i < x->decls->n; i++) {
        if (x->decls->v[i]->kind == ND_D_MACRO && !strcmp(x->decls->v[i]->name, name))
            return x->decls->v[i];
    }
    return NULL;
}

// The macro that an expression calls, or names if it has no parameters.
static const struct nd_decl *called(const struct expand *x, const struct nd_expr *e)
{
    const struct nd_decl *m =
        e->kind == ND_E_CALL || e->kind == ND_E_IDENT ? find(x, e->name) : NULL;

    return m && (e->kind == ND_E_CALL || !m->fields.n) ? m : NULL;
}

static bool check_call(struct expand *x, const struct nd_decl *m, const struct nd_expr *call)
{
    uint32_t i;

    if (call->args.n != m->fields.n) {
        nd_note(x->d,
                nd_error(x->d, ND_E0301, call->span, "macro %s takes %u argument%s, not %u",
                         m->name, m->fields.n, m->fields.n == 1 ? "" : "s", call->args.n),
                m->name_span, "it is declared here");
        return false;
    }
    for (i = 0; i < x->depth; i++) {
        if (x->active[i] == m) {
            nd_error(x->d, ND_E0404, call->span, "macro %s calls itself", m->name);
            return false;
        }
    }
    if (x->depth == DEEPEST || x->made >= MOST) {
        nd_error(x->d, ND_E0109, call->span, "macros call each other too often here");
        return false;
    }
    for (i = 0; i < call->args.n; i++) {
        const struct nd_expr *arg = call->args.v[i];

        if (m->fields.v[i].name[0] == '@' && (arg->kind != ND_E_MAP || arg->a)) {
            nd_help(x->d,
                    nd_error(x->d, ND_E0302, arg->span, "macro %s expects a map here", m->name),
                    "its parameter is %s: name a map without a key", m->fields.v[i].name);
            return false;
        }
    }
    return true;
}

static struct nd_expr *block_value(struct expand *x, const struct nd_block *b);

// The value of a statement: an expression, or an if of which both sides have one; NULL: it has
// none.
static struct nd_expr *value_of(struct expand *x, const struct nd_stmt *s)
{
    struct nd_expr *e;

    if (s->kind == ND_S_EXPR)
        return s->expr;
    if (s->kind != ND_S_IF || !s->else_body)
        return NULL;
    e = nd_expr_new(x->a, ND_E_COND, s->span);
    e->a = s->expr;
    e->b = block_value(x, s->body);
    e->c = block_value(x, s->else_body);
    return e->b && e->c ? e : NULL;
}

// { ...; value } of a block whose last statement has a value.
static struct nd_expr *block_value(struct expand *x, const struct nd_block *b)
{
    struct nd_expr *e = nd_expr_new(x->a, ND_E_BLOCK, b->span);

    e->a = b->n ? value_of(x, b->v[b->n - 1]) : NULL;
    if (!e->a || b->n == 1)
        return e->a;
    e->body = ND_NEW(x->a, struct nd_block);
    *e->body = *b;
    e->body->n--;
    return e;
}

// The statements of a call go to out; the last one is its value if that is asked for.
static struct nd_expr *instantiate(struct expand *x, const struct nd_decl *m,
                                   const struct nd_expr *call, bool value, struct nd_block *out)
{
    struct names n = {.macro = m, .args = &call->args, .id = ++x->made, .outer = x->depth + 1};
    struct nd_decl *copy;
    struct nd_expr *v = NULL;

    if (!check_call(x, m, call))
        return nd_expr_new(x->a, ND_E_ERROR, call->span);
    copy = nd_ast_clone(x->a, m);
    name_block(x, copy->body, &n);
    x->active[x->depth++] = m;
    if (value && copy->body->n)
        v = value_of(x, copy->body->v[copy->body->n - 1]);
    if (value && !v)
        nd_help(x->d, nd_error(x->d, ND_E0303, call->span, "macro %s has no value", m->name),
                "end its body with an expression");
    copy->body->n -= v != NULL;
    expand_block(x, copy->body);
    push_all(x, out, copy->body);
    if (v) {
        v = expand_expr(x, v, out);
        v->paren = true;
    }
    x->depth--;
    return v ? v : nd_expr_new(x->a, ND_E_ERROR, call->span);
}

// { ...; value }: what it declares is its own.
static struct nd_expr *open_block(struct expand *x, struct nd_expr *e, struct nd_block *pre)
{
    struct names n = {.id = ++x->made};
    uint32_t i;

    for (i = 0; i < e->body->n; i++) {
        if (e->body->v[i]->kind == ND_S_LET)
            *ND_PUSH(x->a, &n.own) = (struct nd_point){.text = e->body->v[i]->expr->name};
    }
    name_block(x, e->body, &n);
    e->a = name_expr(x, e->a, &n);
    if (!e->a && e->body->n)
        e->a = value_of(x, e->body->v[--e->body->n]);
    if (!e->a) {
        nd_help(x->d, nd_error(x->d, ND_E0303, e->span, "this block has no value"),
                "end it with an expression");
        return nd_expr_new(x->a, ND_E_ERROR, e->span);
    }
    expand_block(x, e->body);
    push_all(x, pre, e->body);
    return expand_expr(x, e->a, pre);
}

// ---- expressions
// ---------------------------------------------------------------------------------

static struct nd_expr *variable(struct expand *x, struct nd_span span, const char *name)
{
    struct nd_expr *v = nd_expr_new(x->a, ND_E_VAR, span);

    v->name = name;
    return v;
}

// One side of a choice: its statements, then $name = value.
static struct nd_block *side(struct expand *x, struct nd_block *b, const char *name,
                             struct nd_expr *value)
{
    struct nd_stmt *s = nd_stmt_new(x->a, ND_S_ASSIGN, value->span);

    s->expr = variable(x, value->span, name);
    s->rhs = value;
    b->span = value->span;
    push(x, b, s);
    return b;
}

// a ? b : c, of which b or c have statements: an if.
static struct nd_expr *choice(struct expand *x, struct nd_expr *e, struct nd_block *pre)
{
    struct nd_block *yes = ND_NEW(x->a, struct nd_block), *no = ND_NEW(x->a, struct nd_block);
    bool logic = e->kind == ND_E_BINARY;
    struct nd_expr *a = expand_expr(x, e->a, pre), *b, *c;
    struct nd_stmt *let, *s;
    const char *name;

    b = e->b ? expand_expr(x, e->b, yes) : NULL;
    c = e->c ? expand_expr(x, e->c, no) : NULL;
    e->a = a;
    e->b = b;
    e->c = c;
    if (!yes->n && !no->n)
        return e;
    name = nd_arena_printf(x->a, "choice#%u", ++x->made);
    let = nd_stmt_new(x->a, ND_S_LET, e->span);
    let->expr = variable(x, e->span, name);
    s = nd_stmt_new(x->a, ND_S_IF, e->span);
    s->expr = a;
    if (logic) { // a && b is a ? !!b : 0, and a || b is a ? 1 : !!b
        struct nd_expr *known = nd_expr_new(x->a, ND_E_INT, e->span);

        known->num = e->op == ND_OP_LOR;
        b = nd_expr_unary(x->a, ND_OP_NOT, b->span, nd_expr_unary(x->a, ND_OP_NOT, b->span, b));
        s->body = e->op == ND_OP_LOR ? side(x, no, name, known) : side(x, yes, name, b);
        s->else_body = e->op == ND_OP_LOR ? side(x, yes, name, b) : side(x, no, name, known);
    } else {
        s->body = side(x, yes, name, b ? b : nd_ast_clone_expr(x->a, a));
        s->else_body = side(x, no, name, c);
    }
    push(x, pre, let);
    push(x, pre, s);
    return variable(x, e->span, name);
}

// An argument: it may call the macro that it is given to.
static struct nd_expr *expand_arg(struct expand *x, struct nd_expr *e, struct nd_block *pre)
{
    struct expand there = *x;

    there.depth = e->outer - 1;
    e->outer = 0;
    e = expand_expr(&there, e, pre);
    x->made = there.made;
    return e;
}

static struct nd_expr *expand_expr(struct expand *x, struct nd_expr *e, struct nd_block *pre)
{
    const struct nd_decl *m;
    uint32_t i;

    if (!e)
        return NULL;
    if (e->outer)
        return expand_arg(x, e, pre);
    m = called(x, e);
    if (m)
        return instantiate(x, m, e, true, pre);
    if (e->kind == ND_E_BLOCK)
        return open_block(x, e, pre);
    if (e->kind == ND_E_COND ||
        (e->kind == ND_E_BINARY && (e->op == ND_OP_LAND || e->op == ND_OP_LOR)))
        return choice(x, e, pre);
    e->a = expand_expr(x, e->a, pre);
    e->b = expand_expr(x, e->b, pre);
    e->c = expand_expr(x, e->c, pre);
    for (i = 0; i < e->args.n; i++)
        e->args.v[i] = expand_expr(x, e->args.v[i], pre);
    return e;
}

// ---- statements
// ----------------------------------------------------------------------------------

// while (c) { } whose condition has statements: while (true) { statements; if (!c) { break } ... }
static void loop(struct expand *x, struct nd_stmt *s, struct nd_block *pre)
{
    struct nd_stmt *leave = nd_stmt_new(x->a, ND_S_IF, s->expr->span);
    struct nd_block *body = ND_NEW(x->a, struct nd_block);

    leave->expr = nd_expr_unary(x->a, ND_OP_NOT, s->expr->span, s->expr);
    leave->body = ND_NEW(x->a, struct nd_block);
    leave->body->span = s->expr->span;
    push(x, leave->body, nd_stmt_new(x->a, ND_S_BREAK, s->expr->span));
    body->span = s->body->span;
    push_all(x, body, pre);
    push(x, body, leave);
    push_all(x, body, s->body);
    s->body = body;
    s->expr = nd_expr_new(x->a, ND_E_INT, s->expr->span);
    s->expr->num = 1;
    pre->n = 0;
}

static void expand_stmt(struct expand *x, struct nd_stmt *s, struct nd_block *out)
{
    const struct nd_decl *m = s->kind == ND_S_EXPR && s->expr ? called(x, s->expr) : NULL;
    struct nd_block pre = {0};
    uint32_t i;

    if (m) {
        struct nd_stmt *block = nd_stmt_new(x->a, ND_S_BLOCK, s->span);

        block->body = ND_NEW(x->a, struct nd_block);
        block->body->span = s->span;
        instantiate(x, m, s->expr, false, block->body);
        push(x, out, block);
        return;
    }
    s->expr = expand_expr(x, s->expr, &pre);
    s->rhs = expand_expr(x, s->rhs, &pre);
    s->hi = expand_expr(x, s->hi, &pre);
    s->limit = expand_expr(x, s->limit, &pre);
    for (i = 0; i < s->ranks.n; i++)
        s->ranks.v[i].by = expand_expr(x, s->ranks.v[i].by, &pre);
    for (i = 0; i < s->fields.n; i++)
        s->fields.v[i].expr = expand_expr(x, s->fields.v[i].expr, &pre);
    if (s->body)
        expand_block(x, s->body);
    if (s->else_body)
        expand_block(x, s->else_body);
    if (s->kind == ND_S_WHILE && pre.n)
        loop(x, s, &pre);
    push_all(x, out, &pre);
    push(x, out, s);
}

static void expand_block(struct expand *x, struct nd_block *b)
{
    struct nd_block out = {.span = b->span};
    uint32_t i;

    for (i = 0; i < b->n; i++)
        expand_stmt(x, b->v[i], &out);
    *b = out;
}

// Where there is no place for statements.
static struct nd_expr *alone(struct expand *x, struct nd_expr *e)
{
    struct nd_block pre = {0};
    struct nd_span span = e ? e->span : ND_NO_SPAN;

    e = expand_expr(x, e, &pre);
    if (pre.n)
        nd_help(x->d, nd_error(x->d, ND_E0101, span, "there is no place for statements here"),
                "a macro whose body is a single expression can be used");
    return e;
}

void nd_parse_expand_macros(struct nd_arena *a, struct nd_diags *d, const struct nd_decls *decls)
{
    struct expand x = {.a = a, .d = d, .decls = decls};
    uint32_t i, k;

    for (i = 0; i < decls->n; i++) {
        struct nd_decl *decl = decls->v[i];

        if (decl->kind == ND_D_MACRO) { // itself is a pattern
            if (find(&x, decl->name) != decl)
                nd_error(d, ND_E0210, decl->name_span, "macro '%s' is declared twice", decl->name);
            continue;
        }
        decl->pred = alone(&x, decl->pred);
        decl->expr = alone(&x, decl->expr);
        decl->when = alone(&x, decl->when);
        if (decl->body)
            expand_block(&x, decl->body);
        for (k = 0; k < decl->tries.n; k++) {
            decl->tries.v[k].pred = alone(&x, decl->tries.v[k].pred);
            expand_block(&x, decl->tries.v[k].body);
        }
    }
}
