// SPDX-License-Identifier: GPL-2.0-or-later
// Statements: assignments, control flow, send, and the calls that user space carries out.
#include "compiler/check/check_impl.h"

#include "runtime/common/value.h"

#include <string.h>

// A layout replaces what these print.
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
            "text { } on its own runs only when the output is text");
}

static void check_text(struct nd_check *c, struct nd_stmt *s)
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

static void check_stmt(struct nd_check *c, struct nd_stmt *s);

static void push(struct nd_check *c, struct nd_scope *s)
{
    memset(s, 0, sizeof(*s));
    s->up = c->scope;
    c->scope = s;
}

static void pop(struct nd_check *c)
{
    c->scope = c->scope->up;
}

void nd_check_block(struct nd_check *c, struct nd_block *b)
{
    struct nd_scope scope;
    uint32_t i;

    push(c, &scope);
    for (i = 0; i < b->n; i++)
        check_stmt(c, b->v[i]);
    pop(c);
    if (c->world == ND_KERNEL && c->last_pass)
        nd_check_async(c, b);
}

static void assign_var(struct nd_check *c, struct nd_stmt *s, const char *name, bool declare)
{
    const char *full = nd_arena_printf(c->a, "$%s", name);
    struct nd_sym *v = declare ? NULL : nd_check_lookup(c, full);
    struct nd_type *t = s->rhs ? nd_check_expr(c, s->rhs) : NULL;

    if (!v)
        v = nd_check_lookup(c, name); // a loop variable or parameter has no $
    if (declare || !v)
        nd_check_first_value(c, s, name, t);
    else
        nd_check_next_value(c, s, v, name, t);
}

static bool is_agg_call(const struct nd_expr *e)
{
    const struct nd_builtin *b = e->kind == ND_E_CALL ? nd_builtin_find(e->name, true) : NULL;

    return b && b->flags & ND_BF_AGGREGATES;
}

// "hist(x / 1us)" prints with the unit us.
static const char *unit_of(const struct nd_expr *e)
{
    int i;

    if (e->type->kind == ND_T_DURATION)
        return "ns";
    if (e->kind != ND_E_BINARY || e->op != ND_OP_DIV || !e->b->is_const ||
        (e->b->type->kind != ND_T_DURATION && e->a->type->kind != ND_T_DURATION))
        return "";
    for (i = 0; i <= ND_VALUE_UNIT_S; i++) {
        if (e->b->num == nd_value_units[i].ns)
            return nd_value_units[i].name;
    }
    return "";
}

static void assign_agg(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_expr *lhs = s->expr, *call = s->rhs;
    struct nd_map *m = nd_check_map(c, lhs->name, lhs->span);
    struct nd_type *t;

    nd_check_map_key_set(c, lhs);
    if (s->op != ND_OP_NONE)
        nd_error(c->d, ND_E0311, s->span, "an aggregation must be assigned with '='");
    c->aggregates = call;
    t = nd_check_expr(c, call);
    c->aggregates = NULL;
    if (t->kind != ND_T_ERROR && !nd_type_is_agg(t)) {
        nd_check_map_value(c, m, t, call); // sum(@other) in user space: a number
        lhs->type = m->val;
        return;
    }
    if (t->kind != ND_T_ERROR && call->args.n)
        t->name = unit_of(call->args.v[0]);
    nd_check_map_value(c, m, t, call);
    lhs->type = m->val ? m->val : nd_ty(&nd_type_error);
}

// A key with the CPU or the thread in it: no two programs at once have the same one.
static bool is_own(const struct nd_expr *e)
{
    uint32_t i;

    for (i = 0; e && e->kind == ND_E_TUPLE && i < e->args.n; i++) {
        if (is_own(e->args.v[i]))
            return true;
    }
    return e && e->builtin && (e->builtin->id == ND_B_CPU || e->builtin->id == ND_B_TID);
}

// *= and the like read, compute and write: what another CPU writes in between is lost. Not where
// each CPU or thread has its own entry, or where the probe runs on one CPU only.
static void warn_not_atomic(struct nd_check *c, const struct nd_stmt *s, const struct nd_map *m)
{
    const struct nd_target *at = c->probe && c->probe->targets.n ? c->probe->targets.v : NULL;

    if (!c->last_pass || !at || c->world != ND_KERNEL || at->kind == ND_AT_BEGIN ||
        at->kind == ND_AT_END || at->kind == ND_AT_INTERVAL || at->kind == ND_AT_ITER ||
        (s->op != ND_OP_MUL && s->op != ND_OP_DIV && s->op != ND_OP_MOD && s->op != ND_OP_SHL &&
         s->op != ND_OP_SHR))
        return;
    if (!is_own(s->expr->a))
        nd_help(c->d,
                nd_error(c->d, ND_W0912, s->span,
                         "'%s=' is not atomic: what another CPU writes to %s meanwhile is lost",
                         nd_op_text(s->op), m->name),
                "keep an entry for each: %s[cpu]", m->name);
}

static void assign_map(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_map *m = nd_check_map(c, s->expr->name, s->expr->span);
    struct nd_type *t;

    nd_check_map_key_set(c, s->expr);
    t = nd_check_expr(c, s->rhs);
    if (s->op != ND_OP_NONE) {
        if (t->kind != ND_T_ERROR && !nd_type_is_int(t) && t->kind != ND_T_DOUBLE)
            nd_error(c->d, ND_E0304, s->rhs->span, "'%s=' expects an integer, not %s",
                     nd_op_text(s->op), nd_type_text(c->t, t));
        if (m->val && nd_type_is_agg(m->val)) {
            nd_error(c->d, ND_E0311, s->span, "%s holds %s", m->name, nd_type_text(c->t, m->val));
            return;
        }
    }
    warn_not_atomic(c, s, m);
    if (c->world == ND_KERNEL)
        *(s->op == ND_OP_NONE                        ? &m->assigned
          : s->op == ND_OP_ADD || s->op == ND_OP_SUB ? &m->added
                                                     : &m->probed) = true;
    m->computed |= s->rhs->kind == ND_E_BINARY || s->rhs->kind == ND_E_UNARY ||
                   s->rhs->kind == ND_E_VAR || s->op != ND_OP_NONE;
    if (s->op == ND_OP_SHL || s->op == ND_OP_SHR) // the count has no say in the type
        t = nd_ty(&nd_type_word);
    nd_check_map_value(c, m, t, s->rhs);
    s->expr->type = m->val ? m->val : nd_ty(&nd_type_error);
}

static void check_assign_op(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_expr *r = s->rhs;

    if ((s->op == ND_OP_DIV || s->op == ND_OP_MOD) && r->is_const && r->type &&
        nd_type_is_int(r->type) && !r->num)
        nd_error(c->d, ND_E0316, r->span, "division by zero");
}

void nd_check_assign(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_expr *l = s->expr;

    nd_check_exported(c, l);
    switch (l->kind) {
    case ND_E_MAP:
        if (is_agg_call(s->rhs))
            assign_agg(c, s);
        else
            assign_map(c, s);
        return;
    case ND_E_VAR:
        if (is_agg_call(s->rhs) && c->world == ND_KERNEL) {
            nd_help(c->d,
                    nd_error(c->d, ND_E0310, s->rhs->span, "%s() must be stored in a map",
                             s->rhs->name),
                    "write @name = %s(...)", s->rhs->name);
            return;
        }
        assign_var(c, s, l->name, false);
        return;
    default:
        nd_check_expr(c, l);
        nd_check_expr(c, s->rhs);
        nd_help(c->d, nd_error(c->d, ND_E0311, l->span, "cannot assign to this"),
                "only variables ($x) and maps (@x) can be assigned; scripts never write to memory");
    }
}

static void check_body(struct nd_check *c, struct nd_block *b)
{
    c->loops++;
    nd_check_block(c, b);
    c->loops--;
}

// All values of an enum, which are those from 0 on: its type.
static struct nd_type *check_range_enum(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_type *t = nd_type_resolve(c->t, s->texpr);
    uint32_t i;

    s->rhs = nd_expr_new(c->a, ND_E_INT, s->texpr->span);
    s->hi = nd_expr_new(c->a, ND_E_INT, s->texpr->span);
    if (t->kind != ND_T_ENUM)
        return nd_ty(&nd_type_i64);
    for (i = 0; i < t->nelems && t->fields[i].value == i; i++)
        ;
    s->hi->num = i;
    if (!i || i < t->nelems)
        nd_help(c->d,
                nd_error(c->d, ND_E0304, s->texpr->span,
                         "a loop needs an enum of the script whose values are 0, 1, 2, and so on"),
                "for example: for (p in enum paths)");
    return t;
}

// for (r in rows(h)), for (l in source_lines("stat")): sym is the number of the row, sym2 the row.
static void check_for_rows(struct nd_check *c, struct nd_stmt *s, bool rows)
{
    struct nd_scope scope;

    nd_check_expr(c, s->expr);
    push(c, &scope);
    s->sym = nd_check_declare_var(c, "", s->key_span, nd_ty(&nd_type_i64));
    s->sym2 = nd_check_declare_var(c, s->key_dollar ? nd_arena_printf(c->a, "$%s", s->key) : s->key,
                                   s->key_span, rows ? nd_check_row_type(c) : nd_ty(&nd_type_str));
    s->sym2->loop_var = true;
    check_body(c, s->body);
    pop(c);
}

static void check_for_range(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_type *t = s->texpr ? check_range_enum(c, s) : nd_ty(&nd_type_i64);
    struct nd_scope scope;
    struct nd_sym *v;

    nd_check_expr(c, s->rhs);
    nd_check_expr(c, s->hi);
    if (!nd_type_is_int(s->rhs->type))
        nd_error(c->d, ND_E0304, s->rhs->span, "a range must begin with an integer");
    if (!nd_type_is_int(s->hi->type))
        nd_error(c->d, ND_E0304, s->hi->span, "a range must end with an integer");
    push(c, &scope);
    v = nd_check_declare_var(c, s->key_dollar ? nd_arena_printf(c->a, "$%s", s->key) : s->key,
                             s->key_span, t);
    v->loop_var = true;
    s->sym = v;
    check_body(c, s->body);
    pop(c);
}

static void check_for(struct nd_check *c, struct nd_stmt *s)
{
    if (s->expr && s->expr->kind != ND_E_CALL) // a list: in place of it, a range
        nd_check_list_loop(c, s, nd_check_expr(c, s->expr));
    if (s->expr && s->expr->kind == ND_E_CALL && nd_check_has_rows(s->expr))
        check_for_rows(c, s, !strcmp(s->expr->name, "rows"));
    else if (s->expr)
        nd_check_not_a_list(c, s);
    else
        check_for_range(c, s);
}

static void check_for_map(struct nd_check *c, struct nd_stmt *s);

// A probe leaves a loop over a map to user space, as it does printf(): the body sees no variables
// of the probe.
static void check_for_map_async(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_scope *probe = c->scope, *global = c->scope;
    uint32_t nvars = c->nvars, loops = c->loops;
    struct nd_fn *fn = c->fn;

    while (global->up)
        global = global->up;
    c->scope = global;
    c->world = ND_USER;
    c->nvars = 1; // local 0 is the event
    c->loops = 0;
    c->fn = NULL;
    check_for_map(c, s);
    c->fn = fn;
    c->loops = loops;
    c->nvars = nvars;
    c->world = ND_KERNEL;
    c->scope = probe;
}

#define RANKS_MAX 8u

static void check_ranks(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_expr *e;
    uint32_t i;

    for (i = 0; i < s->ranks.n; i++) {
        e = s->ranks.v[i].by;
        if (e && nd_check_expr(c, e) && nd_type_is_agg(e->type))
            nd_help(c->d,
                    nd_error(c->d, ND_E0304, e->span, "entries cannot be sorted by %s",
                             nd_type_text(c->t, e->type)),
                    "say by which number of it: count(v), p99(v)");
    }
    if (s->ranks.n > RANKS_MAX)
        nd_error(c->d, ND_E0701, s->ranks.v[RANKS_MAX].by->span,
                 "entries are sorted by at most %u values", RANKS_MAX);
}

// What the loop sees of a value.
static struct nd_type *loop_value(const struct nd_check *c, struct nd_type *val)
{
    struct nd_type *t;

    if (c->world == ND_USER || !nd_type_is_agg(val))
        return nd_type_seen(val);
    t = nd_check_number_of(val);
    return t ? t : val;
}

static void declare_other(struct nd_check *c, struct nd_map *m, struct nd_other *o)
{
    struct nd_map *b = nd_check_other_map(c, m, o);

    if (!o->name)
        return;
    o->sym = nd_check_declare_var(c, o->name, o->span,
                                  b->val ? loop_value(c, b->val) : nd_ty(&nd_type_error));
    o->sym->loop_var = true;
    o->sym->map = b;
}

static void check_for_map(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_map *m = nd_check_map(c, s->expr->name, s->expr->span);
    struct nd_type *key = m->key, *val = m->val;
    struct nd_scope scope;
    uint32_t i;

    s->expr->map = m;
    if (c->world == ND_KERNEL) {
        s->in_probe = true;
        s->first_var = c->nvars;
        m->probed = true;
    }
    nd_check_loop_map(c, m, s->expr->span);
    if (!key)
        key = nd_ty(&nd_type_error);
    if (!val)
        val = nd_ty(&nd_type_error);
    push(c, &scope);
    if (s->val) {
        s->sym = nd_check_declare_var(c, s->key, s->key_span, key);
        s->sym2 = nd_check_declare_var(c, s->val, s->val_span, loop_value(c, val));
        s->sym2->loop_var = true;
        if (c->world == ND_USER)
            s->sym2->map =
                m; // its value is an aggregation, also where its type is that of a number
    } else {
        struct nd_type *pair[2] = {key, loop_value(c, val)};
        struct nd_type *t = key->kind == ND_T_ERROR || val->kind == ND_T_ERROR
                                ? nd_ty(&nd_type_error)
                            : s->key_dollar ? nd_type_tuple(c->t, pair, 2)
                                            : key;

        if (s->key_dollar && nd_type_is_agg(pair[1]))
            nd_help(c->d,
                    nd_error(c->d, ND_E0309, s->expr->span, "$%s.1 cannot hold %s", s->key,
                             nd_type_text(c->t, val)),
                    "give key and value names: for (k, v in %s)", m->name);
        s->sym = nd_check_declare_var(
            c, s->key_dollar ? nd_arena_printf(c->a, "$%s", s->key) : s->key, s->key_span, t);
    }
    s->sym->loop_var = true;
    for (i = 0; i < s->others.n; i++)
        declare_other(c, m, &s->others.v[i]);
    check_ranks(c, s);
    if (s->limit && !nd_type_is_int(nd_check_expr(c, s->limit)))
        nd_error(c->d, ND_E0304, s->limit->span, "limit expects an integer");
    check_body(c, s->body);
    if (c->world == ND_KERNEL)
        nd_check_loop_body(c, s);
    pop(c);
}

static void check_while(struct nd_check *c, struct nd_stmt *s)
{
    nd_check_cond(c, s->expr);
    check_body(c, s->body);
}

#define UNROLL_MAX 100
#define UNROLL_ALL 10000u // rounds of unrolls inside each other

static void check_unroll(struct nd_check *c, struct nd_stmt *s)
{
    uint32_t was;
    int64_t n;

    nd_check_expr(c, s->rhs);
    if (s->rhs->type->kind != ND_T_ERROR) {
        if (!nd_check_const_int(c, s->rhs, &n))
            nd_error(c->d, ND_E0313, s->rhs->span, "unroll expects a constant");
        else if (n < 1 || n > UNROLL_MAX)
            nd_error(c->d, ND_E0703, s->rhs->span, "unroll takes 1 to %d", UNROLL_MAX);
    }
    was = c->unrolled;
    c->unrolled = (was ? was : 1) *
                  (s->rhs->is_const && s->rhs->num <= UNROLL_MAX ? (uint32_t)s->rhs->num : 1);
    if (c->unrolled > UNROLL_ALL) {
        nd_error(c->d, ND_E0703, s->rhs->span, "nested unrolls make %u copies; the limit is %u",
                 c->unrolled, UNROLL_ALL);
        c->unrolled = UNROLL_ALL;
    }
    check_body(c, s->body);
    c->unrolled = was;
}

static void check_return(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_type *t = s->expr ? nd_check_expr(c, s->expr) : NULL;
    struct nd_type *want;

    if (!c->fn) {
        if (t)
            nd_error(c->d, ND_E0406, s->span, "only a function can return a value");
        return;
    }
    want = c->fn->ret;
    if (t && t->kind == ND_T_TIME && want->kind == ND_T_TIME && !want->clock)
        want = c->fn->ret = nd_type_time_of(t->clock);
    if (!t && want->kind != ND_T_NONE) {
        nd_error(c->d, ND_E0407, s->span, "%s() returns %s", c->fn->decl->name,
                 nd_type_text(c->t, want));
    } else if (t && want->kind == ND_T_NONE) {
        nd_help(c->d,
                nd_error(c->d, ND_E0303, s->span, "%s() is declared without a result",
                         c->fn->decl->name),
                "fn %s(...) -> %s { }", c->fn->decl->name, nd_type_text(c->t, t));
    } else if (t && t->kind != ND_T_ERROR && want->kind != ND_T_ERROR &&
               !nd_type_unify(c->t, want, t)) {
        nd_error(c->d, ND_E0303, s->expr->span, "%s() returns %s, not %s", c->fn->decl->name,
                 nd_type_text(c->t, want), nd_type_text(c->t, t));
    } else if (t && t->kind == ND_T_PTR && t->as == ND_AS_USER) {
        c->fn->ret = nd_type_in(c->t, want, ND_AS_USER);
    }
}

static void check_expr_stmt(struct nd_check *c, struct nd_stmt *s)
{
    struct nd_expr *e = s->expr;

    if (is_agg_call(e)) {
        nd_check_expr(c, e);
        if (c->world == ND_KERNEL || e->type->kind == ND_T_ERROR)
            nd_help(c->d,
                    nd_error(c->d, ND_E0310, e->span, "%s() must be stored in a map", e->name),
                    "write @name = %s(...)", e->name);
        return;
    }
    e->unused = true;
    nd_check_expr(c, e);
    if (c->last_pass && e->kind != ND_E_CALL && e->kind != ND_E_ERROR &&
        !(e->kind == ND_E_UNARY && e->op >= ND_OP_PREINC))
        nd_error(c->d, ND_W0901, e->span, "this value is not used");
}

// What fail() and static_assert() say counts only where it can be reached.
static void check_branch(struct nd_check *c, struct nd_block *b, bool dead)
{
    c->dead += dead;
    nd_check_block(c, b);
    c->dead -= dead;
}

static void check_if(struct nd_check *c, struct nd_stmt *s)
{
    const struct nd_expr *e = s->expr;
    bool known;

    nd_check_cond(c, s->expr);
    nd_ask_prune_if(c, s);
    known = s->kind == ND_S_IF && e->is_const && e->kind != ND_E_STRING;
    check_branch(c, s->body, known && !e->num);
    if (s->else_body)
        check_branch(c, s->else_body, known && e->num);
}

static void check_stmt(struct nd_check *c, struct nd_stmt *s)
{
    uint32_t i;

    switch (s->kind) {
    case ND_S_EXPR:
        if (nd_check_assert_stmt(c, s))
            check_if(c, s);
        else
            check_expr_stmt(c, s);
        break;
    case ND_S_ASSIGN:
        nd_check_assign(c, s);
        check_assign_op(c, s);
        break;
    case ND_S_LET:
        assign_var(c, s, s->expr->name, true);
        break;
    case ND_S_IF:
        check_if(c, s);
        break;
    case ND_S_WHILE:
        check_while(c, s);
        break;
    case ND_S_FOR_RANGE:
        check_for(c, s);
        break;
    case ND_S_FOR_MAP:
        if (c->world == ND_KERNEL && !nd_check_loop_in_probe(c, s))
            check_for_map_async(c, s);
        else
            check_for_map(c, s);
        break;
    case ND_S_UNROLL:
        check_unroll(c, s);
        break;
    case ND_S_BREAK:
    case ND_S_CONTINUE:
        if (!c->loops)
            nd_error(c->d, ND_E0405, s->span, "'%s' is not inside a loop",
                     s->kind == ND_S_BREAK ? "break" : "continue");
        break;
    case ND_S_RETURN:
        check_return(c, s);
        break;
    case ND_S_BLOCK:
        nd_check_block(c, s->body);
        break;
    case ND_S_SEND:
        if (s->rhs)
            nd_check_expr(c, s->rhs);
        nd_check_send_others(c, s);
        for (i = 0; i < s->fields.n; i++)
            nd_check_expr(c, s->fields.v[i].expr);
        nd_check_send(c, s);
        break;
    case ND_S_TEXT:
        check_text(c, s);
        break;
    }
}
