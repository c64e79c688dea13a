// SPDX-License-Identifier: GPL-2.0-or-later
// Statements and functions of user code, and the way in: one function for each begin, end, every,
// on, `when` and group of calls that a probe leaves to user space. Must not know LLVM. Serves
// mfwrite.c.
#include "compiler/user/user_impl.h"

#include <string.h>

// ---- statements ---------------------------------------------------------------------------------

static bool is_agg(const struct nd_stmt *s)
{
    const struct nd_expr *r = s->rhs;

    return r->kind == ND_E_CALL && r->builtin && r->builtin->flags & ND_BF_AGGREGATES &&
           nd_type_is_agg(r->type);
}

static void assign_map(struct nd_user *u, struct nd_stmt *s)
{
    const struct nd_map *m = s->expr->map;
    enum nd_vm_domain d;

    nd_u_key(u, m, s->expr->a);
    if (is_agg(s)) {
        if (s->rhs->args.n)
            nd_u_expr(u, s->rhs->args.v[0]);
        else
            nd_u_int(u, 1, &nd_type_i64);
        nd_u_op(u, ND_VM_MAP_AGG, 0, 0, (int32_t)m->index);
        return;
    }
    if (s->op == ND_OP_NONE) {
        nd_u_operand(u, s->rhs, m->val->kind == ND_T_DOUBLE ? ND_D_F64 : ND_D_I64);
    } else {
        d = nd_u_common(m->val, s->rhs->type);
        if (m->key) { // evaluated once
            uint32_t key = nd_u_new_local(u);

            nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)key);
            nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)key);
            nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)key);
        }
        nd_u_op(u, ND_VM_MAP_GET, 0, 0, (int32_t)m->index);
        nd_u_as_domain(u, m->val, d);
        nd_u_operand(u, s->rhs, d);
        nd_u_scale(u, s->op, m->val, s->rhs->type);
        nd_u_binary(u, s->op, d, s->span);
        if (d == ND_D_F64 && m->val->kind != ND_T_DOUBLE)
            nd_u_op(u, ND_VM_D2I, 0, 0, 0);
    }
    nd_u_op(u, ND_VM_MAP_SET, 0, 0, (int32_t)m->index);
}

// A variable, parameter or result of a narrow type holds no more than its type can.
static void narrow(struct nd_user *u, const struct nd_type *t)
{
    if (t->kind == ND_T_INT && t->size < 8)
        nd_u_op(u, ND_VM_CAST, 0, nd_u_type(u, t), 0);
}

void nd_u_assign(struct nd_user *u, struct nd_stmt *s)
{
    enum nd_vm_domain d;

    if (s->expr->kind == ND_E_MAP) {
        assign_map(u, s);
        return;
    }
    if (!s->sym)
        return;
    if (s->op == ND_OP_NONE) {
        if (s->rhs)
            nd_u_value_for(u, s->rhs, s->sym->type);
        else if (nd_type_is_text(s->sym->type))
            nd_u_str(u, "");
        else
            nd_u_int(u, 0, &nd_type_i64);
    } else {
        d = nd_u_common(s->expr->type, s->rhs->type);
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)nd_u_local(u, s->sym));
        nd_u_as_domain(u, s->expr->type, d);
        nd_u_operand(u, s->rhs, d);
        nd_u_scale(u, s->op, s->expr->type, s->rhs->type);
        nd_u_binary(u, s->op, d, s->span);
        if (d == ND_D_F64 && s->expr->type->kind != ND_T_DOUBLE)
            nd_u_op(u, ND_VM_D2I, 0, 0, 0);
    }
    narrow(u, s->sym->type);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)nd_u_local(u, s->sym));
}

static void block(struct nd_user *u, struct nd_block *b);

static void lower_if(struct nd_user *u, struct nd_stmt *s)
{
    uint32_t no, end;

    nd_u_expr(u, s->expr);
    no = nd_u_jump(u, ND_VM_JZ);
    block(u, s->body);
    if (!s->else_body) {
        nd_u_land(u, no);
        return;
    }
    end = nd_u_jump(u, ND_VM_JMP);
    nd_u_land(u, no);
    block(u, s->else_body);
    nd_u_land(u, end);
}

static void start_loop(struct nd_user *u, struct nd_u_loop *l)
{
    memset(l, 0, sizeof(*l));
    l->up = u->loop;
    u->loop = l;
}

static void land_all(struct nd_user *u, const struct nd_u_jumps *j)
{
    uint32_t i;

    for (i = 0; i < j->n; i++)
        nd_u_land(u, j->v[i]);
}

static void end_loop(struct nd_user *u, struct nd_u_loop *l)
{
    land_all(u, &l->brk);
    u->loop = l->up;
}

static void lower_stmt(struct nd_user *u, struct nd_stmt *s);

static void lower_while(struct nd_user *u, struct nd_stmt *s)
{
    uint32_t top = nd_u_here(u), out;
    struct nd_u_loop l;

    nd_u_expr(u, s->expr);
    out = nd_u_jump(u, ND_VM_JZ);
    start_loop(u, &l);
    block(u, s->body);
    land_all(u, &l.cont);
    nd_u_op(u, ND_VM_JMP, 0, 0, (int32_t)top);
    nd_u_land(u, out);
    end_loop(u, &l);
}

// The body of a loop that counts local i from the test at top on; out: the jump at its end.
static void count_on(struct nd_user *u, struct nd_block *body, uint32_t i, uint32_t top,
                     uint32_t out)
{
    struct nd_u_loop l;

    start_loop(u, &l);
    block(u, body);
    land_all(u, &l.cont);
    nd_u_next(u, i, top);
    nd_u_land(u, out);
    end_loop(u, &l);
}

static void lower_range(struct nd_user *u, struct nd_stmt *s)
{
    uint32_t i = nd_u_local(u, s->sym), hi = nd_u_new_local(u), top, out;

    nd_u_expr(u, s->rhs);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)i);
    nd_u_expr(u, s->hi);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)hi);
    top = nd_u_here(u);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)i);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)hi);
    nd_u_op(u, ND_VM_LT, ND_D_I64, 0, 0);
    out = nd_u_jump(u, ND_VM_JZ);
    if (s->texpr) { // an enum, which prints as its names
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)i);
        nd_u_op(u, ND_VM_CAST, 0, nd_u_type(u, s->sym->type), 0);
        nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)i);
    }
    count_on(u, s->body, i, top, out);
}

// for (r in rows(h)): the histogram is evaluated once.
static void lower_rows(struct nd_user *u, struct nd_stmt *s)
{
    uint32_t i = nd_u_local(u, s->sym), r = nd_u_local(u, s->sym2), h = nd_u_new_local(u), top, out;
    uint64_t part;

    nd_u_expr(u, s->expr->args.v[0]);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)h);
    nd_u_int(u, 0, &nd_type_i64);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)i);
    top = nd_u_here(u);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)i);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)h);
    nd_u_op(u, ND_VM_BUILTIN, 1, 0, ND_BI_ROWS);
    nd_u_op(u, ND_VM_LT, ND_D_I64, 0, 0);
    out = nd_u_jump(u, ND_VM_JZ);
    for (part = ND_ROW_LOW; part < ND_ROW_MAX; part++) {
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)h);
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)i);
        nd_u_int(u, part, &nd_type_i64);
        nd_u_op(u, ND_VM_BUILTIN, 3, 0, ND_BI_ROW);
    }
    nd_u_op(u, ND_VM_MAKE, ND_ROW_MAX, nd_u_type(u, s->sym2->type), 0);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)r);
    count_on(u, s->body, i, top, out);
}

// for (line in source_lines(…)), file_lines(…): which text is evaluated once.
static void lower_lines(struct nd_user *u, struct nd_stmt *s)
{
    bool file = s->expr->builtin->id == ND_B_FILE_LINES;
    uint32_t i = nd_u_local(u, s->sym), line = nd_u_local(u, s->sym2), top, out, k;
    uint32_t of[1 + ND_U_SOURCE_OF], n = file ? 1 : 1 + ND_U_SOURCE_OF;

    if (file)
        nd_u_expr(u, s->expr->args.v[0]);
    else
        nd_u_source(u, s->expr);
    for (k = n; k-- > 0;) {
        of[k] = nd_u_new_local(u);
        nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)of[k]);
    }
    nd_u_int(u, 0, &nd_type_i64);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)i);
    top = nd_u_here(u);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)i);
    for (k = 0; k < n; k++)
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)of[k]);
    nd_u_op(u, ND_VM_BUILTIN, (uint8_t)n, 0, file ? ND_BI_FILE_LINES : ND_BI_SOURCE_LINES);
    nd_u_op(u, ND_VM_LT, ND_D_I64, 0, 0);
    out = nd_u_jump(u, ND_VM_JZ);
    for (k = 0; k < n; k++)
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)of[k]);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)i);
    nd_u_int(u, 1, &nd_type_i64);
    nd_u_op(u, ND_VM_ADD, ND_D_I64, 0, 0);
    nd_u_op(u, ND_VM_BUILTIN, (uint8_t)(n + 1), 0, file ? ND_BI_FILE_LINE : ND_BI_SOURCE_LINE);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)line);
    count_on(u, s->body, i, top, out);
}

// Locals of key and value; "$kv" is a pair made of two hidden ones. Of other maps the values.
static void load_entry(struct nd_user *u, struct nd_stmt *s, uint32_t key, uint32_t val, bool pair)
{
    uint32_t i;

    for (i = 0; i < s->others.n; i++) {
        const struct nd_other *o = &s->others.v[i];

        if (!o->sym)
            continue;
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)key);
        nd_u_op(u, ND_VM_MAP_GET, 0, 0, (int32_t)o->map->map->index);
        nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)nd_u_local(u, o->sym));
    }
    if (!pair)
        return;
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)key);
    if (!nd_u_agg_number(u, s->expr->map, val))
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)val);
    nd_u_op(u, ND_VM_MAKE, 2, nd_u_type(u, s->sym->type), 0);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)nd_u_local(u, s->sym));
}

// What the entries are sorted by, once for each of them; the bits of the ranks that go downwards.
static uint8_t rank_entries(struct nd_user *u, struct nd_stmt *s, uint32_t key, uint32_t val,
                            bool pair)
{
    uint32_t top = nd_u_here(u), out, i;
    uint8_t down = 0;

    for (i = 0; i < s->ranks.n; i++)
        down |= (uint8_t)(s->ranks.v[i].desc << i);
    if (!s->ranks.v[0].by)
        return down;
    nd_u_op(u, ND_VM_ITER_LOAD, 1, (uint16_t)key, (int32_t)val);
    out = nd_u_jump(u, ND_VM_JZ);
    load_entry(u, s, key, val, pair);
    for (i = 0; i < s->ranks.n; i++)
        nd_u_expr(u, s->ranks.v[i].by);
    nd_u_op(u, ND_VM_ITER_RANK, (uint8_t)(s->ranks.n - 1), 0, 0);
    nd_u_op(u, ND_VM_JMP, 0, 0, (int32_t)top);
    nd_u_land(u, out);
    return down;
}

static void lower_for_map(struct nd_user *u, struct nd_stmt *s)
{
    const struct nd_map *m = s->expr->map;
    bool pair = !s->val && s->key_dollar;
    uint32_t key = pair ? nd_u_new_local(u) : nd_u_local(u, s->sym),
             val = s->val ? nd_u_local(u, s->sym2) : nd_u_new_local(u), top, out, none = 0,
             limit = 0, i;
    struct nd_u_loop l;
    uint8_t down;

    if (key >= u->nlocals)
        u->nlocals = key + 1;
    nd_u_op(u, ND_VM_ITER_NEW, 0, 0, (int32_t)m->index);
    for (i = 0; i < s->others.n; i++)
        nd_u_op(u, ND_VM_ITER_JOIN, 0, 0, (int32_t)s->others.v[i].map->map->index);
    if (s->limit) { // limit 0: none at all
        limit = nd_u_new_local(u);
        nd_u_expr(u, s->limit);
        nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)limit);
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)limit);
        none = nd_u_jump(u, ND_VM_JZ);
    }
    down = rank_entries(u, s, key, val, pair);
    if (s->limit)
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)limit);
    else
        nd_u_int(u, 0, &nd_type_i64);
    nd_u_op(u, ND_VM_ITER_SORT, down, 0, 0);
    top = nd_u_here(u);
    nd_u_op(u, ND_VM_ITER_LOAD, 1, (uint16_t)key, (int32_t)val);
    out = nd_u_jump(u, ND_VM_JZ);
    load_entry(u, s, key, val, pair);
    start_loop(u, &l);
    l.map = true;
    block(u, s->body);
    land_all(u, &l.cont);
    nd_u_op(u, ND_VM_JMP, 0, 0, (int32_t)top);
    nd_u_land(u, out);
    end_loop(u, &l);
    if (s->limit)
        nd_u_land(u, none);
    nd_u_op(u, ND_VM_ITER_END, 0, 0, 0);
}

static void lower_unroll(struct nd_user *u, struct nd_stmt *s)
{
    struct nd_u_loop l;
    uint64_t i;

    start_loop(u, &l);
    for (i = 0; i < s->rhs->num; i++) {
        l.cont.n = 0;
        block(u, s->body);
        land_all(u, &l.cont);
    }
    end_loop(u, &l);
}

// A report that was laid out ends its interval as report() does; what is then left, which is
// nothing, is not printed at the end of the run.
static void end_layout(struct nd_user *u, const struct nd_stmt *s)
{
    const struct nd_block *calls = s ? s->else_body : NULL;
    uint32_t i, k;

    for (i = 0; calls && i < calls->n; i++) {
        const struct nd_expr *e = calls->v[i]->expr;

        for (k = 0; e->builtin->id == ND_B_REPORT && k < e->args.n; k++)
            nd_u_op(u, ND_VM_MAP_CLEAR, 0, 0, (int32_t)e->args.v[k]->map->index);
    }
}

// The loop that break or continue means; layouts between are left.
static struct nd_u_loop *leave_to_loop(struct nd_user *u)
{
    struct nd_u_loop *l;

    for (l = u->loop; l->text; l = l->up)
        end_layout(u, l->text);
    return l;
}

// A table ends where nothing after it continues it.
static void lower_body(struct nd_user *u, struct nd_block *b)
{
    bool open = u->table; // begun outside
    uint32_t i;

    for (i = 0; i < b->n; i++) {
        lower_stmt(u, b->v[i]);
        if (!open)
            nd_u_table_done(u, b, i);
    }
}

// For records, the calls or the record of the event; for text, the layout.
static void lower_text(struct nd_user *u, struct nd_stmt *s)
{
    uint32_t records, end;
    struct nd_u_loop l;

    nd_u_op(u, ND_VM_BUILTIN, 0, 0, ND_BI_RECORDS);
    records = nd_u_jump(u, ND_VM_JNZ);
    start_loop(u, &l);
    l.text = s;
    lower_body(u, s->body);
    u->loop = l.up;
    end_layout(u, s);
    end = nd_u_jump(u, ND_VM_JMP);
    nd_u_land(u, records);
    if (s->name) {
        nd_u_op(u, ND_VM_LOCAL, 0, 0, 0);
        nd_u_op(u, ND_VM_RECORD, 0, 0, (int32_t)u->on->index);
    }
    if (s->else_body)
        block(u, s->else_body);
    nd_u_land(u, end);
}

static void lower_return(struct nd_user *u, struct nd_stmt *s)
{
    const struct nd_u_loop *l;

    if (s->expr) {
        nd_u_expr(u, s->expr);
        if (u->fn)
            narrow(u, u->fn->ret);
    }
    for (l = u->loop; l; l = l->up) {
        if (l->map)
            nd_u_op(u, ND_VM_ITER_END, 0, 0, 0);
        end_layout(u, l->text);
    }
    nd_u_op(u, ND_VM_RET, s->expr != NULL, 0, 0);
}

static void lower_stmt(struct nd_user *u, struct nd_stmt *s)
{
    switch (s->kind) {
    case ND_S_EXPR:
        nd_u_expr(u, s->expr);
        if (s->expr->type->kind != ND_T_NONE)
            nd_u_op(u, ND_VM_POP, 0, 0, 0);
        break;
    case ND_S_ASSIGN:
    case ND_S_LET:
        nd_u_assign(u, s);
        break;
    case ND_S_IF:
        lower_if(u, s);
        break;
    case ND_S_WHILE:
        lower_while(u, s);
        break;
    case ND_S_FOR_RANGE:
        (!s->expr                            ? lower_range
         : s->expr->builtin->id == ND_B_ROWS ? lower_rows
                                             : lower_lines)(u, s);
        break;
    case ND_S_FOR_MAP:
        lower_for_map(u, s);
        break;
    case ND_S_UNROLL:
        lower_unroll(u, s);
        break;
    case ND_S_BREAK:
        *ND_PUSH(u->a, &leave_to_loop(u)->brk) = nd_u_jump(u, ND_VM_JMP);
        break;
    case ND_S_CONTINUE:
        *ND_PUSH(u->a, &leave_to_loop(u)->cont) = nd_u_jump(u, ND_VM_JMP);
        break;
    case ND_S_RETURN:
        lower_return(u, s);
        break;
    case ND_S_BLOCK:
        block(u, s->body);
        break;
    case ND_S_TEXT:
        lower_text(u, s);
        break;
    default:
        break;
    }
}

static void block(struct nd_user *u, struct nd_block *b)
{
    uint32_t i;

    for (i = 0; i < b->n; i++)
        lower_stmt(u, b->v[i]);
}

// ---- functions ----------------------------------------------------------------------------------

static uint32_t finish(struct nd_user *u, const char *name, uint32_t nparams, struct nd_span span)
{
    struct nd_mf_func f = {.name = nd_mfb_str(u->e->b, name),
                           .nparams = nparams,
                           .nlocals = u->nlocals,
                           .span = nd_mfw_span(u->e, span)};

    if (u->table)
        nd_u_op(u, ND_VM_TABLE_END, 0, 0, 0);
    nd_u_op(u, ND_VM_RET, 0, 0, 0);
    f.first = nd_mfb_add(u->e->b, ND_SEC_CODE, u->code.v, u->code.n);
    f.count = u->code.n;
    if (f.nlocals < nparams)
        f.nlocals = nparams;
    return nd_mfb_add(u->e->b, ND_SEC_FUNCS, &f, 1);
}

uint32_t nd_user_body(struct nd_mfw *e, const char *name, struct nd_block *b, struct nd_event *on,
                      struct nd_span span)
{
    struct nd_user u = {.e = e, .a = e->a, .on = on};

    u.nlocals = nd_u_locals(b);
    if (on && !u.nlocals)
        u.nlocals = 1;
    lower_body(&u, b);
    return finish(&u, name, on != NULL, span);
}

uint32_t nd_user_fn(struct nd_mfw *e, struct nd_fn *fn)
{
    struct nd_user u = {.e = e, .a = e->a, .fn = fn};
    struct nd_block *b = fn->body[ND_USER]->body;
    uint32_t i;

    u.nlocals = nd_u_locals(b);
    if (u.nlocals < fn->decl->fields.n)
        u.nlocals = fn->decl->fields.n;
    for (i = 0; i < fn->decl->fields.n; i++) {
        const struct nd_type *t = fn->params[ND_USER][i]->type;

        if (t->kind != ND_T_INT || t->size == 8)
            continue;
        nd_u_op(&u, ND_VM_LOCAL, 0, 0, (int32_t)i);
        narrow(&u, t);
        nd_u_op(&u, ND_VM_SET, 0, 0, (int32_t)i);
    }
    block(&u, b);
    if (fn->ret->kind != ND_T_NONE) { // falling off the end gives 0
        nd_u_int(&u, 0, &nd_type_i64);
        nd_u_op(&u, ND_VM_RET, 1, 0, 0);
    }
    return finish(&u, fn->decl->name, fn->decl->fields.n, fn->decl->name_span);
}

uint32_t nd_user_async(struct nd_mfw *e, struct nd_event *ev)
{
    struct nd_user u = {.e = e, .a = e->a, .on = ev, .nlocals = 1};
    uint32_t i;

    for (i = 0; i < ev->async->calls.n; i++) {
        struct nd_stmt *s = ev->async->calls.v[i];
        struct nd_block one = {.v = &s, .n = 1};
        uint32_t n = nd_u_locals(&one);

        if (s->kind ==
            ND_S_EXPR) { // its variables are the probe's: what it needs came with the event
            nd_u_call(&u, s->expr);
            continue;
        }
        if (n > u.nlocals)
            u.nlocals = n;
        lower_stmt(&u, s);
    }
    return finish(&u, "printf", 1, ev->span);
}

uint32_t nd_user_when(struct nd_mfw *e, struct nd_expr *x)
{
    struct nd_user u = {.e = e, .a = e->a};

    nd_u_expr(&u, x);
    nd_u_op(&u, ND_VM_RET, 1, 0, 0);
    return finish(&u, "when", 0, x->span);
}
