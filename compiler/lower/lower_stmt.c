// SPDX-License-Identifier: GPL-2.0-or-later
// Statements, functions of the script in place, and what the records of events hold.
#include "compiler/lower/lower_callback_impl.h"
#include "compiler/lower/lower_impl.h"

#include <string.h>

static void lower_stmt(struct nd_lower *l, struct nd_stmt *s);

static bool ended(struct nd_lower *l)
{
    return LLVMGetBasicBlockTerminator(LLVMGetInsertBlock(l->b)) != NULL;
}

void nd_lower_block(struct nd_lower *l, struct nd_block *b)
{
    bool covered = l->fn.pkt.covered;
    uint32_t i;

    for (i = 0; i < b->n && !ended(l); i++) {
        nd_ir_line(l, b->v[i]->span);
        if (!covered && l->fn.probe->pkt) {
            struct nd_pkt_uses u = {0};

            nd_lower_uses_stmt(l->a, b->v[i], &u);
            nd_lower_pkt_prepare(l, &u, b->v[i]->span);
            l->fn.pkt.covered = true;
        }
        lower_stmt(l, b->v[i]);
        l->fn.pkt.covered = covered;
        nd_lower_temps_release(l);
    }
}

// ---- variables ----------------------------------------------------------------------------------

static void set_var(struct nd_lower *l, struct nd_sym *s, struct nd_expr *rhs)
{
    struct nd_slot *slot = nd_lower_slot(l, s);

    if (!slot->direct) {
        LLVMValueRef tmp;

        if (!rhs) {
            nd_ir_zero(l, slot->ptr, 0, s->type->size);
            return;
        }
        tmp = nd_lower_temp(l, s->type->size); // the value may read the variable
        nd_lower_into(l, rhs, tmp, s->type);
        nd_lower_copy(l, slot->ptr, (struct nd_val){.v = tmp, .mem = true, .as = ND_AS_BPF},
                      s->type->size, s->span);
        return;
    }
    LLVMBuildStore(l->b, rhs ? nd_ir_extend(l, nd_lower_int(l, rhs), s->type) : nd_ir_i64(l, 0),
                   slot->ptr);
    nd_lower_window_reset(l, slot);
}

void nd_lower_unset(struct nd_lower *l, struct nd_sym *s)
{
    set_var(l, s, NULL);
}

static void assign_compound(struct nd_lower *l, struct nd_stmt *s)
{
    struct nd_expr bin = {
        .kind = ND_E_BINARY, .span = s->span, .op = s->op, .a = s->expr, .b = s->rhs};

    // $x op= y is $x = $x op y, with the type rules of the operator.
    bin.type = s->expr->type;
    if (s->expr->type->kind != ND_T_PTR)
        bin.type = nd_type_int(8, nd_type_signed(s->expr->type) && nd_type_signed(s->rhs->type));
    set_var(l, s->sym, &bin);
}

static bool is_agg(const struct nd_stmt *s)
{
    const struct nd_builtin *b = s->rhs->kind == ND_E_CALL ? s->rhs->builtin : NULL;

    return b && b->id >= ND_B_COUNT && b->id <= ND_B_DIST;
}

void nd_lower_assign(struct nd_lower *l, struct nd_stmt *s)
{
    if (s->expr->kind == ND_E_MAP) {
        if (is_agg(s))
            nd_lower_map_agg(l, s->expr, s->rhs);
        else
            nd_lower_map_set(l, s->expr, s->rhs, s->op);
    } else if (s->op != ND_OP_NONE) {
        assign_compound(l, s);
    } else if (s->sym) {
        set_var(l, s->sym, s->rhs);
    }
}

// ---- control flow -------------------------------------------------------------------------------

static void lower_if(struct nd_lower *l, struct nd_stmt *s)
{
    LLVMBasicBlockRef yes = nd_ir_bb(l, "then"), no = s->else_body ? nd_ir_bb(l, "else") : NULL,
                      done = nd_ir_bb(l, "endif");

    LLVMBuildCondBr(l->b, nd_lower_cond(l, s->expr), yes, no ? no : done);
    nd_ir_at(l, yes);
    nd_lower_block(l, s->body);
    nd_ir_br(l, done);
    if (no) {
        nd_ir_at(l, no);
        nd_lower_block(l, s->else_body);
        nd_ir_br(l, done);
    }
    nd_ir_at(l, done);
}

#define LOOP_BOUND 1024u // iterations of while and of ranges that are not constant

// A loop whose counter the verifier can follow; cond (may be NULL) ends it, the bound is counted.
static void counted_loop(struct nd_lower *l, struct nd_stmt *s, uint64_t bound, bool count_bound,
                         LLVMValueRef (*cond)(struct nd_lower *l, struct nd_stmt *s,
                                              LLVMValueRef i))
{
    LLVMBasicBlockRef head = nd_ir_bb(l, "loop"), test = nd_ir_bb(l, "test"),
                      body = nd_ir_bb(l, "body"), next = nd_ir_bb(l, "next"),
                      over = nd_ir_bb(l, "over"), done = nd_ir_bb(l, "endloop");
    struct nd_loop loop = {.up = l->fn.loop, .brk = done, .cont = next};
    LLVMValueRef slot = nd_lower_register(l, "i"), i;

    nd_lower_need_loops(l, s->span);
    LLVMBuildStore(l->b, nd_ir_i64(l, 0), slot);
    nd_ir_br(l, head);
    nd_ir_at(l, head);
    i = LLVMBuildLoad2(l->b, l->i64, slot, "");
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntULT, i, nd_ir_i64(l, bound), ""), test, over);
    nd_ir_at(l, test);
    if (cond)
        LLVMBuildCondBr(l->b, cond(l, s, i), body, done);
    else
        nd_ir_br(l, body);
    nd_ir_at(l, body);
    l->fn.loop = &loop;
    nd_lower_block(l, s->body);
    l->fn.loop = loop.up;
    nd_ir_br(l, next);
    nd_ir_at(l, next);
    LLVMBuildStore(l->b,
                   LLVMBuildAdd(l->b, LLVMBuildLoad2(l->b, l->i64, slot, ""), nd_ir_i64(l, 1), ""),
                   slot);
    nd_ir_br(l, head);
    nd_ir_at(l, over);
    if (count_bound)
        nd_lower_count(l, ND_SITE_LOOP_BOUND, s->span, ND_MF_NONE);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

static LLVMValueRef while_cond(struct nd_lower *l, struct nd_stmt *s, LLVMValueRef i)
{
    (void)i;
    nd_ir_line(l, s->expr->span);
    return nd_lower_cond(l, s->expr);
}

// The loop variable is low + i; it is set here, where i is known to be below the bound.
static LLVMValueRef range_cond(struct nd_lower *l, struct nd_stmt *s, LLVMValueRef i)
{
    struct nd_slot *lo = s->ends, *var = nd_lower_slot(l, s->sym);
    LLVMValueRef v = LLVMBuildAdd(l->b, LLVMBuildLoad2(l->b, l->i64, lo[0].ptr, ""), i, "");

    LLVMBuildStore(l->b, v, var->ptr);
    return LLVMBuildICmp(l->b, LLVMIntSLT, v, LLVMBuildLoad2(l->b, l->i64, lo[1].ptr, ""), "");
}

// for (i in 0..len(opt.list)): as many rounds as a list has room for values.
static uint64_t range_bound(const struct nd_stmt *s)
{
    const struct nd_expr *x = s->hi->args.n ? s->hi->args.v[0] : NULL;

    if (s->rhs->is_const && !s->rhs->num && s->hi->builtin && s->hi->builtin->id == ND_B_LEN && x &&
        x->kind == ND_E_FIELD && x->sym && x->sym->kind == ND_SYM_OPTION)
        return x->sym->option->cap;
    return LOOP_BOUND;
}

static void lower_range(struct nd_lower *l, struct nd_stmt *s)
{
    struct nd_slot *ends = ND_NEW_ARRAY(l->a, struct nd_slot, 2);
    LLVMValueRef lo = nd_lower_int(l, s->rhs), hi = nd_lower_int(l, s->hi);
    uint64_t bound = range_bound(s);
    bool known = s->rhs->is_const && s->hi->is_const;

    if (known) {
        int64_t n = (int64_t)(s->hi->num - s->rhs->num);

        bound = n > 0 ? (uint64_t)n : 0;
        if (bound > 65536)
            nd_help(
                l->d,
                nd_error(l->d, ND_E0703, s->hi->span, "a loop in a probe runs at most 65536 times"),
                "this one would run %llu times", (unsigned long long)bound);
    }
    ends[0].ptr = nd_lower_register(l, "lo");
    ends[1].ptr = nd_lower_register(l, "hi");
    LLVMBuildStore(l->b, lo, ends[0].ptr);
    LLVMBuildStore(l->b, hi, ends[1].ptr);
    s->ends = ends;
    nd_lower_slot(l, s->sym);
    counted_loop(l, s, bound, !known, range_cond);
}

static void lower_unroll(struct nd_lower *l, struct nd_stmt *s)
{
    LLVMBasicBlockRef done = nd_ir_bb(l, "unrolled");
    struct nd_loop loop = {.up = l->fn.loop, .brk = done};
    uint64_t i;

    for (i = 0; i < s->rhs->num && !ended(l); i++) {
        loop.cont = nd_ir_bb(l, "again");
        l->fn.loop = &loop;
        nd_lower_block(l, s->body);
        l->fn.loop = loop.up;
        nd_ir_br(l, loop.cont);
        nd_ir_at(l, loop.cont);
    }
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

// ---- loops over maps with the variables of the probe
// ---------------------------------------------

// A part of an entry where it is wanted; an aggregation as the number that a probe reads.
static void entry_into(struct nd_lower *l, struct nd_stmt *s, bool value, LLVMValueRef dst,
                       const struct nd_type *t)
{
    const struct nd_map *m = s->expr->map;
    LLVMValueRef key = LLVMGetParam(l->fn.func, 1), at = value ? LLVMGetParam(l->fn.func, 2) : key;

    if (value && nd_type_is_agg(m->val))
        nd_ir_store(l, dst, 8,
                    nd_lower_agg_read(l, m->val, nd_lower_map_ptr(l, m), key, s->expr->span));
    else
        nd_lower_copy(l, dst, (struct nd_val){.v = at, .mem = true, .as = ND_AS_BPF}, t->size,
                      s->span);
}

static void set_entry(struct nd_lower *l, struct nd_stmt *s, struct nd_sym *sym, bool value)
{
    struct nd_slot *slot = nd_lower_slot(l, sym);
    const struct nd_type *t = sym->type;
    LLVMValueRef tmp;

    if (!slot->direct) {
        entry_into(l, s, value, slot->ptr, t);
        return;
    }
    tmp = nd_lower_temp(l, 8);
    entry_into(l, s, value, tmp, t);
    LLVMBuildStore(l->b, nd_lower_load_int(l, tmp, t), slot->ptr);
}

static void set_entries(struct nd_lower *l, struct nd_stmt *s)
{
    struct nd_slot *slot;
    uint32_t i;

    if (s->val || !s->key_dollar) {
        set_entry(l, s, s->sym, false);
        if (s->val)
            set_entry(l, s, s->sym2, true);
        return;
    }
    slot = nd_lower_slot(l, s->sym);
    nd_ir_zero(l, slot->ptr, 0, s->sym->type->size);
    for (i = 0; i < 2; i++) {
        const struct nd_field *f = &s->sym->type->fields[i];

        entry_into(l, s, i, nd_ir_gep(l, slot->ptr, f->off), f->type);
    }
}

static void lower_for_map(struct nd_lower *l, struct nd_stmt *s)
{
    struct nd_captured x = {.a = l->a, .before = s->first_var};
    struct nd_loop loop = {.up = NULL};
    struct nd_callback cb;
    LLVMValueRef shared, map = nd_lower_map_ptr(l, s->expr->map);

    nd_lower_capture(&x, s->body);
    shared = nd_lower_callback_shared(l, x.syms.n);
    nd_lower_captured_give(l, &x, shared);
    nd_lower_callback_open(l, &cb, s->span);
    nd_lower_captured_take(l, &x, cb.shared);
    set_entries(l, s);
    nd_lower_temps_release(l);
    loop.brk = cb.stop;
    loop.cont = cb.next;
    l->fn.loop = &loop;
    nd_lower_block(l, s->body);
    nd_lower_callback_close(l, &cb, map, shared, s->span);
    nd_lower_captured_back(l, &x, shared);
    nd_lower_reuse_written(l, NULL);
    nd_lower_callback_leave(l, shared);
}

// ---- return -------------------------------------------------------------------------------------

static void lower_return(struct nd_lower *l, struct nd_stmt *s)
{
    if (!l->fn.inl) {
        nd_ir_br(l, l->fn.out);
        return;
    }
    if (s->expr && l->fn.inl->ret) {
        if (nd_type_is_scalar(l->fn.inl->type))
            LLVMBuildStore(l->b, nd_ir_extend(l, nd_lower_int(l, s->expr), l->fn.inl->type),
                           l->fn.inl->ret);
        else
            nd_lower_into(l, s->expr, l->fn.inl->ret, l->fn.inl->type);
    }
    nd_ir_br(l, l->fn.inl->done);
}

// ---- functions of the script, in place ----------------------------------------------------------

struct nd_val nd_lower_call(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_fn *fn = e->fn;
    struct nd_inline inl = {.up = l->fn.inl, .type = fn->ret};
    struct nd_loop *loop = l->fn.loop;
    bool sc = nd_type_is_scalar(fn->ret);
    uint32_t i;

    for (i = 0; i < e->args.n; i++) {
        if (fn->params[ND_KERNEL][i]->type->kind != ND_T_PKT &&
            fn->params[ND_KERNEL][i]->type->kind != ND_T_NONE)
            set_var(l, fn->params[ND_KERNEL][i], e->args.v[i]);
    }
    inl.done = nd_ir_bb(l, "return");
    if (fn->ret->kind != ND_T_NONE && fn->ret->kind != ND_T_VOID) {
        inl.ret = sc ? nd_lower_register(l, "ret") : nd_lower_keep(l, fn->ret->size);
        nd_ir_zero(l, inl.ret, 0, sc ? 8 : fn->ret->size);
    }
    l->fn.inl = &inl;
    l->fn.loop = NULL;
    {
        // Temporaries of the caller's statement stay in use while the body runs.
        struct nd_lower_temp *held = l->fn.temps.v;
        uint32_t n = l->fn.temps.n, cap = l->fn.temps.cap;

        l->fn.temps.v = NULL;
        l->fn.temps.n = l->fn.temps.cap = 0;
        nd_lower_block(l, fn->body[ND_KERNEL]->body);
        l->fn.temps.v = held;
        l->fn.temps.n = n;
        l->fn.temps.cap = cap;
    }
    nd_ir_br(l, inl.done);
    l->fn.inl = inl.up;
    l->fn.loop = loop;
    nd_ir_at(l, inl.done);
    nd_ir_line(l, e->span);
    if (!inl.ret)
        return (struct nd_val){.v = nd_ir_i64(l, 0)};
    if (sc)
        return (struct nd_val){.v = LLVMBuildLoad2(l->b, l->i64, inl.ret, "")};
    return (struct nd_val){.v = inl.ret, .mem = true, .as = ND_AS_BPF};
}

// ---- events -------------------------------------------------------------------------------------

static bool calls_script(const struct nd_expr *e)
{
    uint32_t i;

    if (!e)
        return false;
    if (e->kind == ND_E_CALL && !e->builtin)
        return true;
    for (i = 0; i < e->args.n; i++) {
        if (calls_script(e->args.v[i]))
            return true;
    }
    return calls_script(e->a) || calls_script(e->b) || calls_script(e->c);
}

// Fields that call functions of the script, which may exit(): before there is a record to give
// back.
static LLVMValueRef *early_fields(struct nd_lower *l, struct nd_event *ev, struct nd_expr **vals)
{
    LLVMValueRef *early = ND_NEW_ARRAY(l->a, LLVMValueRef, ev->type->nelems + 1);
    uint32_t i;

    for (i = 0; i < ev->type->nelems; i++) {
        struct nd_type *t = ev->type->fields[i].type;

        if (!calls_script(vals[i]))
            continue;
        early[i] = nd_lower_temp(l, t->size);
        nd_lower_into(l, vals[i], early[i], t);
    }
    return early;
}

// struct nd_mf_record and the payload.
static void fill_record(struct nd_lower *l, struct nd_event *ev, struct nd_expr **vals,
                        LLVMValueRef *early, LLVMValueRef rec, struct nd_span span)
{
    uint32_t size = ev->type->size, i, end = 0;

    nd_ir_store(l, rec, 8, nd_ir_i64(l, (uint64_t)size << 32 | ev->index));
    for (i = 0; i < ev->type->nelems; i++) {
        const struct nd_field *f = &ev->type->fields[i];
        LLVMValueRef at = nd_ir_gep(l, rec, sizeof(struct nd_mf_record) + f->off);

        nd_ir_zero(l, rec, (uint32_t)sizeof(struct nd_mf_record) + end, f->off - end);
        if (early[i])
            nd_lower_copy(l, at, (struct nd_val){.v = early[i], .mem = true, .as = ND_AS_BPF},
                          f->type->size, span);
        else if (vals[i])
            nd_lower_into(l, vals[i], at, f->type);
        else // left out
            nd_ir_zero(l, at, 0, f->type->size);
        end = f->off + f->type->size;
    }
    nd_ir_zero(l, rec, (uint32_t)sizeof(struct nd_mf_record) + end, size - end);
}

static void send_event(struct nd_lower *l, struct nd_event *ev, struct nd_expr **vals,
                       struct nd_span span)
{
    LLVMValueRef *early = early_fields(l, ev, vals);
    struct nd_sending x = nd_lower_record_open(l, ev, span);

    fill_record(l, ev, vals, early, x.rec, span);
    nd_lower_record_send(l, &x, span);
}

static void lower_send(struct nd_lower *l, struct nd_stmt *s)
{
    struct nd_event *ev = s->event;
    struct nd_expr **vals = ND_NEW_ARRAY(l->a, struct nd_expr *, ev->type->nelems + 1);
    uint32_t i, k;

    for (i = 0; i < ev->type->nelems; i++) {
        for (k = 0; k < s->fields.n; k++) {
            if (!strcmp(s->fields.v[k].name, ev->type->fields[i].name))
                vals[i] = s->fields.v[k].expr;
        }
    }
    send_event(l, ev, vals, s->span);
}

// printf() and the like: the first call of a group sends the event for all of them.
static void lower_async(struct nd_lower *l, struct nd_stmt *s)
{
    struct nd_async *as = s->async;
    struct nd_expr **vals;
    uint32_t i;

    if (as->calls.v[0] != s)
        return;
    vals = ND_NEW_ARRAY(l->a, struct nd_expr *, as->args.n + 1);
    for (i = 0; i < as->args.n; i++)
        vals[i] = as->args.v[i].expr;
    send_event(l, as->event, vals, s->span);
}

static void lower_exit(struct nd_lower *l, struct nd_expr *e)
{
    LLVMValueRef code = e->args.n ? nd_lower_int(l, e->args.v[0]) : nd_ir_i64(l, 0);

    nd_lower_end_run(l, code);
    nd_ir_br(l, l->fn.out);
}

static void lower_expr_stmt(struct nd_lower *l, struct nd_stmt *s)
{
    struct nd_expr *e = s->expr;

    if (nd_builtin_is_async(e)) {
        if (e->builtin->id == ND_B_EXIT)
            lower_exit(l, e);
        else if (s->async)
            lower_async(l, s);
        return;
    }
    nd_lower_expr(l, e);
}

static void lower_stmt(struct nd_lower *l, struct nd_stmt *s)
{
    switch (s->kind) {
    case ND_S_EXPR:
        lower_expr_stmt(l, s);
        break;
    case ND_S_ASSIGN:
        nd_lower_assign(l, s);
        break;
    case ND_S_LET:
        set_var(l, s->sym, s->rhs);
        break;
    case ND_S_IF:
        lower_if(l, s);
        break;
    case ND_S_WHILE:
        counted_loop(l, s, LOOP_BOUND, true, while_cond);
        break;
    case ND_S_FOR_RANGE:
        lower_range(l, s);
        break;
    case ND_S_UNROLL:
        lower_unroll(l, s);
        break;
    case ND_S_BREAK:
        nd_ir_br(l, l->fn.loop->brk);
        break;
    case ND_S_CONTINUE:
        nd_ir_br(l, l->fn.loop->cont);
        break;
    case ND_S_RETURN:
        lower_return(l, s);
        break;
    case ND_S_BLOCK:
        nd_lower_block(l, s->body);
        break;
    case ND_S_SEND:
        lower_send(l, s);
        break;
    case ND_S_FOR_MAP:
        if (s->in_probe)
            lower_for_map(l, s);
        else
            lower_async(l, s);
        break;
    case ND_S_TEXT: // in user space only
        break;
    }
}
