// SPDX-License-Identifier: GPL-2.0-or-later
// Calls: built-ins and functions of the script.
#include "compiler/check/check_impl.h"

#include <string.h>

static struct nd_type *error_type(void)
{
    return nd_ty(&nd_type_error);
}

static bool is_percentile(const struct nd_builtin *b)
{
    return b->flags & ND_BF_PERCENTILE;
}

// Asks for a number of an aggregation: sum(@m), p99(v); not min(a, b).
static bool is_stat(const struct nd_builtin *b, uint32_t nargs)
{
    return (b->flags & ND_BF_STAT && nargs == 1) || is_percentile(b);
}

// A map as an argument: with its key checked, the value untouched.
static struct nd_type *map_arg(struct nd_check *c, struct nd_expr *x)
{
    struct nd_map *m = nd_check_map(c, x->name, x->span);

    x->map = m;
    if (x->a)
        nd_check_map_key(c, x);
    x->type = m->val ? m->val : error_type();
    return x->type;
}

static void check_worlds(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    if (b->worlds & c->world)
        return;
    nd_help(c->d,
            nd_error(c->d, c->world == ND_USER ? ND_E0402 : ND_E0401, e->name_span,
                     "%s() is not available %s", e->name,
                     c->world == ND_USER ? "in user space" : "in a kernel probe"),
            c->world == ND_USER ? "call it in a probe, and keep the result in a map or an event"
                                : "call it in every, end or an on handler");
}

static bool check_count(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    struct nd_diag *d;

    if (e->args.n >= b->min && e->args.n <= b->max)
        return true;
    if (b->min == b->max)
        d = nd_error(c->d, ND_E0301, e->span, "%s() takes %u argument%s, not %u", e->name, b->min,
                     b->min == 1 ? "" : "s", e->args.n);
    else
        d = nd_error(c->d, ND_E0301, e->span, "%s() takes %u to %u arguments, not %u", e->name,
                     b->min, b->max, e->args.n);
    nd_help(c->d, d, "usage: %s", b->usage);
    return false;
}

// Does it keep the numbers that it is given, so that their sign matters? count() does not.
static bool adds(const struct nd_type *agg)
{
    return nd_typekinds[agg->kind].sign == ND_SIGN_FLAG;
}

// What sum(), p99() and the like make of a value of type v.
static struct nd_type *stat_type(struct nd_check *c, const struct nd_expr *x, const char *what,
                                 const struct nd_builtin *b, const struct nd_type *v)
{
    bool hist = nd_typekind_is(v->kind, ND_IS_ROWS);

    if (is_percentile(b) && !hist) {
        nd_help(c->d,
                nd_error(c->d, ND_E0309, x->span, "%s holds %s, which has no percentiles", what,
                         nd_type_text(c->t, v)),
                "only hist(), lhist() and dist() have percentiles");
        return error_type();
    }
    if (!nd_type_is_agg(v) && !nd_type_is_int(v)) {
        nd_error(c->d, ND_E0309, x->span, "%s holds %s", what, nd_type_text(c->t, v));
        return error_type();
    }
    if (!is_percentile(b) && b->id != ND_B_COUNT && hist && !nd_typekind_is(v->kind, ND_IS_SUMS)) {
        nd_help(c->d,
                nd_error(c->d, ND_E0309, x->span, "%s holds %s, which does not keep the %s", what,
                         nd_type_text(c->t, v), b->name),
                "dist() and stats() keep it");
        return error_type();
    }
    if (is_percentile(b) || b->id == ND_B_AVG)
        return nd_ty(&nd_type_double);
    if (b->id == ND_B_COUNT)
        return nd_ty(&nd_type_u64);
    if (nd_type_is_agg(v) && v->elem)
        return v->elem;
    return nd_type_int(8, nd_type_is_agg(v) ? v->is_signed || !adds(v) : nd_type_signed(v));
}

// sum(@m), p99(@m[k]) in user space.
static struct nd_type *stat_of_map(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    struct nd_expr *x = e->args.v[0];
    struct nd_type *v = map_arg(c, x);

    if (v->kind == ND_T_ERROR) {
        struct nd_map *m = x->map;

        if (c->last_pass && !c->incomplete && !m->written)
            nd_error(c->d, ND_E0308, x->span, "%s is never written", m->name);
        return error_type();
    }
    return stat_type(c, x, x->name, b, v);
}

// The aggregation that is the value of a loop over its map: v in sum(v), $kv.1; NULL: it is none.
static const struct nd_type *loop_value(const struct nd_check *c, const struct nd_expr *e)
{
    const struct nd_expr *x = e->args.v[0];
    const struct nd_map *m = x->sym ? x->sym->map : NULL;

    if (nd_type_is_agg(x->type))
        return x->type;
    // A number: @all = sum(v) adds it up, sum(v) elsewhere asks for it.
    return m && m->val && nd_type_is_agg(m->val) && c->aggregates != e ? m->val : NULL;
}

static void never_written(struct nd_check *c, struct nd_expr *x)
{
    struct nd_map *m = x->map;

    if (c->last_pass && !c->incomplete && !m->written && !m->has_decl)
        nd_help(c->d, nd_error(c->d, ND_E0308, x->span, "%s is never written", m->name),
                "assign to it in a probe or in begin");
}

// clear() and report() in user space while probes run: the map needs two generations.
static void mark_gen(struct nd_check *c, struct nd_map *m)
{
    bool running = !c->hook || c->hook->kind == ND_D_EVERY || c->hook->kind == ND_D_ON;
    const struct nd_target *at = c->probe && c->probe->targets.n ? c->probe->targets.v : NULL;

    if (at && (at->kind == ND_AT_BEGIN || at->kind == ND_AT_END))
        running = false; // before or after everything else
    if (running && m)
        m->gen = true;
}

// print(value, "title"): what stands over a histogram instead of its unit.
static bool is_titled(const struct nd_check *c, const struct nd_expr *e)
{
    const struct nd_expr *x = e->args.v[0];
    const struct nd_map *m = x->kind == ND_E_MAP ? x->map : NULL;
    const struct nd_type *t = m ? m->val : x->type;

    if (c->world != ND_USER || e->args.n != 2 || e->args.v[1]->kind != ND_E_STRING || !t)
        return false;
    return (!m || x->a || m->scalar) && // of one entry
           nd_typekind_is(t->kind, ND_IS_ROWS);
}

// find(@m, key, $v): `$v = @m[key]` if the key is there.
static void check_find(struct nd_check *c, struct nd_expr *e)
{
    struct nd_expr *x = e->args.v[0], *v = e->args.v[e->args.n - 1];

    if (v->kind != ND_E_VAR) {
        nd_error(c->d, ND_E0302, v->span, "find() expects a variable here");
        return;
    }
    if (!e->found) {
        e->found = nd_stmt_new(c->a, ND_S_ASSIGN, e->span);
        e->found->expr = v;
        e->found->rhs = x;
        if (!x->a)
            x->a = e->args.v[1];
    }
    nd_check_assign(c, e->found);
}

// delete(@m, key), has_key(@m, key): as @m[key].
static void check_key(struct nd_check *c, struct nd_expr *e)
{
    struct nd_expr *x = e->args.v[0];

    if (x->map)
        x->map->probed |= c->world == ND_KERNEL;
    if (e->args.n < 2)
        return;
    if (x->a) {
        nd_error(c->d, ND_E0301, x->span, "the key is given twice");
        return;
    }
    x->a = e->args.v[1];
    e->args.n = 1;
    nd_check_map_key(c, x);
}

static struct nd_type *check_map_call(struct nd_check *c, struct nd_expr *e,
                                      const struct nd_builtin *b)
{
    struct nd_expr *x = e->args.v[0];
    struct nd_map *m = x->map;
    uint32_t i;

    if ((b->flags & ND_BF_ONLY_MAPS) == ND_BF_ONLY_MAPS && x->kind != ND_E_MAP) {
        nd_error(c->d, ND_E0302, x->span, "%s() expects a map here", e->name);
        return b->type ? nd_ty(b->type) : error_type();
    }
    switch (b->id) {
    case ND_B_REPORT:
        for (i = 0; i < e->args.n; i++) {
            if (e->args.v[i]->kind != ND_E_MAP || e->args.v[i]->a) {
                nd_error(c->d, ND_E0302, e->args.v[i]->span, "report() expects whole maps");
                continue;
            }
            mark_gen(c, e->args.v[i]->map);
            never_written(c, e->args.v[i]);
        }
        break;
    case ND_B_CLEAR:
    case ND_B_ZERO:
        if (x->a)
            nd_error(c->d, ND_E0302, x->span,
                     "%s() expects a whole map; delete(@m, key) removes one entry", e->name);
        mark_gen(c, m);
        never_written(c, x);
        break;
    case ND_B_PRINT:
    case ND_B_TOP:
        if (x->kind == ND_E_MAP)
            never_written(c, x);
        if (b->id == ND_B_PRINT && is_titled(c, e))
            break;
        for (i = 1; i < e->args.n; i++) {
            if (!nd_type_is_int(e->args.v[i]->type))
                nd_error(c->d, ND_E0304, e->args.v[i]->span, "%s() expects an integer here",
                         e->name);
        }
        break;
    case ND_B_LEN:
        if (m)
            m->probed |= c->world == ND_KERNEL;
        break;
    case ND_B_FIND:
        check_find(c, e);
        never_written(c, x);
        break;
    case ND_B_DELETE:
    case ND_B_HAS_KEY:
        check_key(c, e);
        never_written(c, x);
        break;
    default:
        break;
    }
    return b->type ? nd_ty(b->type) : error_type();
}

static void unknown_function(struct nd_check *c, struct nd_expr *e)
{
    struct nd_near near = {.name = e->name};
    const struct nd_builtin *b;
    struct nd_diag *d;
    uint32_t i;

    for (i = 0; i < c->p->decls.n; i++) {
        if (c->p->decls.v[i]->kind == ND_D_NEEDS && !strcmp(c->p->decls.v[i]->name, e->name))
            return; // that it is missing was said
    }
    for (i = 0; (b = nd_builtin_at(i)); i++) {
        if (b->is_call && b->id != ND_B_REFUSED)
            nd_near_try(&near, b->name);
    }
    for (i = 0; i < c->p->fns.n; i++)
        nd_near_try(&near, c->p->fns.v[i]->decl->name);
    d = nd_error(c->d, ND_E0202, e->name_span, "unknown function '%s'", e->name);
    if (near.n)
        nd_fix(c->d, d, near.best[0]);
}

struct nd_type *nd_check_has(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    struct nd_expr *x = e->args.v[0];

    (void)b;
    nd_check_packet_expr(c, x);
    if (x->type->kind == ND_T_PKT || (x->kind == ND_E_FIELD && x->a->type->kind == ND_T_PKT))
        return nd_ty(&nd_type_bool);
    if (x->sym && x->sym->kind == ND_SYM_FIELD) // of the event: was it sent?
        return nd_ty(&nd_type_bool);
    if (x->type->kind != ND_T_ERROR &&
        (x->kind != ND_E_FIELD || !x->sym || x->sym->kind != ND_SYM_OPTION))
        nd_error(c->d, ND_E0302, x->span,
                 "has() expects an option or a header: has(opt.name), has(pkt.tcp)");
    return nd_ty(&nd_type_bool);
}

// print(drop) in `on drop` prints the record as it would be without a handler.
static bool is_record(struct nd_check *c, const struct nd_expr *e)
{
    const struct nd_sym *s;

    if (e->builtin->id != ND_B_PRINT || c->world != ND_USER || !c->on || c->on->async ||
        e->args.n != 1 || e->args.v[0]->kind != ND_E_IDENT)
        return false;
    s = nd_check_lookup(c, e->args.v[0]->name);
    return s && s->kind == ND_SYM_FIELD && s->type == c->on->type &&
           s->index == c->on->type->nelems;
}

static void check_title(struct nd_check *c, const struct nd_expr *e)
{
    if (e->args.n < 2 || e->args.v[0]->type->kind == ND_T_ERROR || is_titled(c, e))
        return;
    nd_help(c->d,
            nd_error(c->d, ND_E0302, e->args.v[1]->span,
                     "print() expects a title only for the value of a histogram"),
            "in user space: for (k, v in @m) { print(v, \"latency (us)\") }");
}

// Arguments that are expressions.
static struct nd_type *check_plain(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    const struct nd_type *v;
    uint32_t i;

    for (i = 0; i < e->args.n; i++)
        nd_check_expr(c, e->args.v[i]);
    if ((b->flags & ND_BF_ONLY_MAPS) == ND_BF_ONLY_MAPS)
        return check_map_call(c, e, b);
    if (b->id == ND_B_PRINT &&
        (e->args.v[0]->type->kind == ND_T_NONE || e->args.v[0]->type->kind == ND_T_OPTS ||
         e->args.v[0]->type->kind == ND_T_ARGS))
        nd_error(c->d, ND_E0302, e->args.v[0]->span, "there is nothing to print");
    if (b->id == ND_B_PRINT)
        check_title(c, e);
    v = c->world == ND_USER && is_stat(b, e->args.n) ? loop_value(c, e) : NULL;
    if (v)
        return stat_type(c, e->args.v[0], "this", b, v);
    if (is_percentile(b) && e->args.v[0]->type->kind != ND_T_ERROR) {
        nd_error(c->d, ND_E0309, e->args.v[0]->span,
                 "%s() expects a value of hist(), lhist() or dist()", e->name);
        return error_type();
    }
    if (c->world == ND_USER && (b->id == ND_B_MIN || b->id == ND_B_MAX) && e->args.n == 2) {
        const struct nd_type *x = e->args.v[0]->type, *y = e->args.v[1]->type;
        bool least = b->id == ND_B_MIN, sx = nd_type_signed(x), sy = nd_type_signed(y);

        if (x->kind == ND_T_DOUBLE || y->kind == ND_T_DOUBLE)
            return nd_ty(&nd_type_double);
        return nd_type_int(8, least ? sx || sy : sx && sy); // what holds it, whichever it is
    }
    return nd_check_builtin(c, e);
}

static struct nd_type *check_fn(struct nd_check *c, struct nd_fn *fn, struct nd_expr *call);

struct nd_type *nd_check_call(struct nd_check *c, struct nd_expr *e)
{
    const struct nd_builtin *b = nd_builtin_find(e->name, true);
    uint32_t i;

    for (i = 0; i < c->p->fns.n; i++) {
        if (!strcmp(c->p->fns.v[i]->decl->name, e->name))
            return check_fn(c, c->p->fns.v[i], e);
    }
    if (!e->args.n && nd_builtin_find(e->name, false) && (!b || b->min)) { // pid() is pid
        e->kind = ND_E_IDENT;
        return nd_check_expr(c, e);
    }
    if (!b) {
        for (i = 0; i < e->args.n; i++)
            nd_check_expr(c, e->args.v[i]);
        unknown_function(c, e);
        return error_type();
    }
    e->builtin = b;
    check_worlds(c, e, b);
    if (!check_count(c, e, b))
        return b->type && b->type->kind != ND_T_NONE ? nd_ty(b->type) : error_type();
    if (is_record(c, e)) {
        e->record = c->on;
        return nd_ty(b->type);
    }
    if (b->flags & ND_BF_RAW)
        return nd_check_builtin(c, e);
    if (b->flags & ND_BF_TAKES_MAP && e->args.n && e->args.v[0]->kind == ND_E_MAP &&
        (!(b->flags & ND_BF_AGGREGATES) || (c->world == ND_USER && e->args.n == 1))) {
        if (is_stat(b, e->args.n))
            return stat_of_map(c, e, b);
        for (i = 0; i < e->args.n; i++) {
            if (e->args.v[i]->kind == ND_E_MAP && (i == 0 || b->id == ND_B_REPORT))
                map_arg(c, e->args.v[i]);
            else if (b->id != ND_B_FIND)
                nd_check_expr(c, e->args.v[i]);
        }
        return check_map_call(c, e, b);
    }
    return check_plain(c, e, b);
}

// ---- functions of the script -------------------------------------------------------------------

static bool fits(struct nd_check *c, struct nd_type *want, struct nd_type *have)
{
    if (have->kind == ND_T_ERROR || want->kind == ND_T_ERROR || nd_type_equal(want, have))
        return true;
    if (want->kind == ND_T_STRUCT || have->kind == ND_T_STRUCT)
        return false;
    return nd_type_unify(c->t, want, have) != NULL;
}

// A function has one body in user space: a time that it takes has the same clock in all calls.
// NULL: its type is as declared.
static struct nd_type *one_clock(struct nd_sym **params, uint32_t i, struct nd_type *have)
{
    if (params && params[i]->type->kind == ND_T_TIME && params[i]->type->clock)
        return params[i]->type;
    return have && have->kind == ND_T_TIME ? nd_type_time_of(have->clock) : NULL;
}

// call: NULL, or what it is called with.
static void check_fn_body(struct nd_check *c, struct nd_fn *fn, uint32_t w,
                          const struct nd_expr *call)
{
    struct nd_scope scope = {.up = NULL}, *outer = c->scope, *s;
    struct nd_fn *was = c->fn;
    struct nd_decl *d = fn->body[w];
    struct nd_sym **was_params;
    uint32_t loops = c->loops, nvars = c->nvars, i;

    for (s = c->scope; s && s->up; s = s->up)
        ;
    scope.up = s; // the globals
    c->scope = &scope;
    c->fn = fn;
    c->loops = 0;
    fn->busy = true;
    if (w == ND_USER)
        c->nvars = 0; // a separate function; in a probe it is lowered in place
    was_params = fn->params[w];
    fn->params[w] = ND_NEW_ARRAY(c->a, struct nd_sym *, d->fields.n ? d->fields.n : 1);
    for (i = 0; i < d->fields.n; i++) {
        const struct nd_decl_field *f = &d->fields.v[i];

        struct nd_type *have = call && i < call->args.n ? call->args.v[i]->type : NULL;

        fn->params[w][i] = nd_check_declare_var(
            c, f->name, f->span,
            f->texpr ? nd_check_declared(c, nd_type_resolve(c->t, f->texpr),
                                         w == ND_KERNEL ? have : one_clock(was_params, i, have))
                     : nd_check_open_type(c, have));
        fn->params[w][i]->nassign = 2;
    }
    nd_check_block(c, d->body);
    if (fn->ret->kind != ND_T_NONE && fn->ret->kind != ND_T_VOID && !nd_check_fn_returns(d->body))
        nd_help(c->d,
                nd_error(c->d, ND_E0407, d->name_span, "%s() can end without returning a value",
                         d->name),
                "end it with a return");
    fn->busy = false;
    if (w == ND_USER)
        c->nvars = nvars;
    c->fn = was;
    c->scope = outer;
    c->loops = loops;
}

static bool check_fn_args(struct nd_check *c, const struct nd_fn *fn, struct nd_expr *call)
{
    uint32_t i;

    for (i = 0; i < call->args.n; i++) {
        struct nd_type *t;

        if (nd_check_takes_map(fn->decl, i)) {
            nd_check_map_arg(c, call, i);
            continue;
        }
        t = nd_check_packet_expr(c, call->args.v[i]);
        if (t->kind == ND_T_PKT && t != nd_ty(&nd_type_pkt)) {
            nd_help(c->d,
                    nd_error(c->d, ND_E0302, call->args.v[i]->span,
                             "a function takes the whole packet, not a part of it"),
                    "pass pkt, and name the header in the function");
            return false;
        }
    }
    return true;
}

static struct nd_type *check_fn(struct nd_check *c, struct nd_fn *fn, struct nd_expr *call)
{
    uint32_t w = c->world, i;
    struct nd_fn *of = fn;
    struct nd_decl *d;

    if (!check_fn_args(c, fn, call))
        return error_type();
    call->fn = fn;
    if (fn->busy) {
        nd_help(c->d, nd_error(c->d, ND_E0404, call->name_span, "%s() calls itself", call->name),
                "the kernel has no recursion; use a loop");
        return error_type();
    }
    if (nd_check_too_many_calls(c, call))
        return error_type();
    d = fn->decl;
    if (call->args.n != d->fields.n) {
        nd_note(c->d,
                nd_error(c->d, ND_E0301, call->span, "%s() takes %u argument%s, not %u", call->name,
                         d->fields.n, d->fields.n == 1 ? "" : "s", call->args.n),
                d->name_span, "declared here");
        return error_type();
    }
    // Each call in a probe is lowered in place with its own tree.
    if (w == ND_KERNEL) {
        if (!call->tree)
            call->tree = nd_check_fn_tree(c, d, call);
        fn->body[w] = call->tree;
    } else {
        of->busy = true;
        fn = call->fn = nd_check_fn_for(c, fn, call);
        if (!fn->body[w])
            fn->body[w] = of->body[w] = nd_check_fn_tree(c, d, call);
    }
    fn->ret = d->texpr ? nd_type_resolve(c->t, d->texpr) : nd_ty(&nd_type_none);
    c->fn_checks++;
    c->fn_depth++;
    check_fn_body(c, fn, w, call);
    of->busy = false;
    c->fn_depth--;
    for (i = 0; i < call->args.n; i++) {
        struct nd_type *want = fn->params[w][i]->type, *have = call->args.v[i]->type;

        if (!fits(c, want, have))
            nd_error(c->d, ND_E0302, call->args.v[i]->span, "%s() expects %s here, not %s",
                     call->name, nd_type_text(c->t, want), nd_type_text(c->t, have));
    }
    if (w == ND_KERNEL) { // what lowering needs of this call
        struct nd_fn *copy = ND_NEW(c->a, struct nd_fn);

        *copy = *fn;
        call->fn = copy;
    }
    return fn->ret;
}

static void check_alone(struct nd_check *c, struct nd_fn *fn, enum nd_world w)
{
    c->world = w;
    fn->body[w] = nd_ast_clone(c->a, fn->decl);
    check_fn_body(c, fn, w, NULL);
    fn->body[w] = NULL;
}

// A function that is never called is right if it is right in one of the worlds.
void nd_check_fn_alone(struct nd_check *c, struct nd_fn *fn)
{
    static const enum nd_world worlds[] = {ND_USER, ND_KERNEL};
    struct nd_trial trial;
    bool right = false;
    uint32_t i;

    if (nd_check_fn_open(fn->decl)) // only a call says what it means
        return;
    fn->ret = fn->decl->texpr ? nd_type_resolve(c->t, fn->decl->texpr) : nd_ty(&nd_type_none);
    for (i = 0; i < 2 && !right; i++) {
        nd_trial_begin(c->d, &trial);
        check_alone(c, fn, worlds[i]);
        right = nd_trial_end(c->d, &trial);
    }
    if (!right) // once more, aloud
        check_alone(c, fn, worlds[0]);
}
