// SPDX-License-Identifier: GPL-2.0-or-later
// Expressions. Scalars are i64 in registers, extended by their own sign; everything else is bytes
// in memory, written straight to where it is wanted.
#include "compiler/check/need.h"
#include "compiler/lower/lower_impl.h"

#include <string.h>

static struct nd_val scalar(LLVMValueRef v)
{
    return (struct nd_val){.v = v};
}

static struct nd_val memory(LLVMValueRef v, enum nd_as as)
{
    return (struct nd_val){.v = v, .mem = true, .as = as};
}

LLVMValueRef nd_lower_int(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_val v;

    v = nd_lower_expr(l, e);
    if (v.mem) // an array of at most 8 bytes used as a number
        return nd_lower_load_scalar(l, v, e->type, e->span);
    return nd_ir_addr(l, v.v);
}

// The address that a chain of relocated fields begins at.
static LLVMValueRef core_base(struct nd_lower *l, struct nd_expr *e)
{
    return nd_ir_ptr(l, nd_lower_expr(l, nd_lower_core_base(l, e)).v);
}

LLVMValueRef nd_lower_cond(struct nd_lower *l, struct nd_expr *e)
{
    return nd_ir_bool(l, nd_lower_int(l, e));
}

// ---- arithmetic ---------------------------------------------------------------------------------

bool nd_lower_operands_signed(const struct nd_expr *e)
{
    return nd_type_signed(e->a->type) && nd_type_signed(e->b->type);
}

LLVMValueRef nd_lower_scaled(struct nd_lower *l, const struct nd_type *ptr, LLVMValueRef n,
                             struct nd_span span)
{
    struct nd_type *elem = ptr->kind == ND_T_PTR ? nd_type_elem(&l->p->types, ptr) : NULL;

    return elem && elem->size > 1 ? LLVMBuildMul(l->b, n, nd_lower_core_size(l, elem, span), "")
                                  : n;
}

// Of two pointers: the number of elements between them, bytes if they have no size in common.
static LLVMValueRef distance(struct nd_lower *l, struct nd_expr *e, LLVMValueRef bytes)
{
    struct nd_type *of = nd_type_distance_elem(&l->p->types, e->a->type, e->b->type);

    return of ? nd_lower_signed_div(l, bytes, nd_lower_core_size(l, of, e->span), false) : bytes;
}

static LLVMValueRef arith(struct nd_lower *l, struct nd_expr *e)
{
    LLVMValueRef a = nd_lower_int(l, e->a), b = nd_lower_int(l, e->b);
    bool sgn = nd_lower_operands_signed(e);

    if (e->type->kind == ND_T_PTR && e->a->type->kind == ND_T_PTR)
        b = nd_lower_scaled(l, e->a->type, b, e->a->span);
    else if (e->type->kind == ND_T_PTR && e->b->type->kind == ND_T_PTR)
        a = nd_lower_scaled(l, e->b->type, a, e->b->span);
    switch (e->op) {
    case ND_OP_ADD:
        return LLVMBuildAdd(l->b, a, b, "");
    case ND_OP_SUB:
        return distance(l, e, LLVMBuildSub(l->b, a, b, ""));
    case ND_OP_MUL:
        return LLVMBuildMul(l->b, a, b, "");
    case ND_OP_DIV:
    case ND_OP_MOD:
        return nd_lower_divide(l, e->op, a, b, e->b, sgn, e->span);
    case ND_OP_SHL:
        return LLVMBuildShl(l->b, a, LLVMBuildAnd(l->b, b, nd_ir_i64(l, 63), ""), "");
    case ND_OP_SHR:
        b = LLVMBuildAnd(l->b, b, nd_ir_i64(l, 63), "");
        return nd_type_signed(e->a->type) ? LLVMBuildAShr(l->b, a, b, "")
                                          : LLVMBuildLShr(l->b, a, b, "");
    case ND_OP_AND:
        return LLVMBuildAnd(l->b, a, b, "");
    case ND_OP_OR:
        return LLVMBuildOr(l->b, a, b, "");
    default:
        return LLVMBuildXor(l->b, a, b, "");
    }
}

// ---- logic ----

static LLVMValueRef logic(struct nd_lower *l, struct nd_expr *e)
{
    LLVMBasicBlockRef rhs = nd_ir_bb(l, "rhs"), done = nd_ir_bb(l, "logic"), from, end;
    LLVMValueRef a = nd_lower_cond(l, e->a), b, phi;
    bool is_and = e->op == ND_OP_LAND;

    from = LLVMGetInsertBlock(l->b);
    LLVMBuildCondBr(l->b, a, is_and ? rhs : done, is_and ? done : rhs);
    nd_ir_at(l, rhs);
    b = nd_lower_cond(l, e->b);
    end = LLVMGetInsertBlock(l->b);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
    phi = LLVMBuildPhi(l->b, l->i1, "");
    LLVMAddIncoming(phi, (LLVMValueRef[]){LLVMConstInt(l->i1, !is_and, 0), b},
                    (LLVMBasicBlockRef[]){from, end}, 2);
    return nd_ir_from_bool(l, phi);
}

static struct nd_val cond(struct nd_lower *l, struct nd_expr *e)
{
    LLVMBasicBlockRef yes = nd_ir_bb(l, "yes"), no = nd_ir_bb(l, "no"), done = nd_ir_bb(l, "cond"),
                      y, n;
    bool sc = nd_type_is_scalar(e->type);
    LLVMValueRef tmp = sc ? NULL : nd_lower_temp(l, e->type->size), a = NULL, b = NULL, phi;

    if (!e->b) // a ?: b
        a = nd_lower_int(l, e->a);
    LLVMBuildCondBr(l->b, a ? nd_ir_bool(l, a) : nd_lower_cond(l, e->a), yes, no);
    nd_ir_at(l, yes);
    if (sc)
        a = a ? a : nd_lower_int(l, e->b);
    else
        nd_lower_into(l, e->b, tmp, e->type);
    y = LLVMGetInsertBlock(l->b);
    nd_ir_br(l, done);
    nd_ir_at(l, no);
    if (sc)
        b = nd_lower_int(l, e->c);
    else
        nd_lower_into(l, e->c, tmp, e->type);
    n = LLVMGetInsertBlock(l->b);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
    if (!sc)
        return memory(tmp, ND_AS_BPF);
    phi = LLVMBuildPhi(l->b, l->i64, "");
    LLVMAddIncoming(phi, (LLVMValueRef[]){a, b}, (LLVMBasicBlockRef[]){y, n}, 2);
    return scalar(phi);
}

// ---- unary, casts, variables --------------------------------------------------------------------

static LLVMValueRef step_var(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_slot *s = &l->fn.slots[e->a->sym->index];
    LLVMValueRef old = LLVMBuildLoad2(l->b, l->i64, s->ptr, ""), v,
                 one = nd_lower_scaled(l, e->a->type, nd_ir_i64(l, 1), e->a->span);

    v = e->op == ND_OP_PREINC || e->op == ND_OP_POSTINC ? LLVMBuildAdd(l->b, old, one, "")
                                                        : LLVMBuildSub(l->b, old, one, "");
    LLVMBuildStore(l->b, v, s->ptr);
    nd_lower_window_reset(l, s);
    return e->op == ND_OP_POSTINC || e->op == ND_OP_POSTDEC ? old : v;
}

// The bytes at an address, as a value: loaded if it is a scalar.
static struct nd_val value_at(struct nd_lower *l, struct nd_val at, const struct nd_type *t,
                              struct nd_span span)
{
    return nd_type_is_scalar(t) ? scalar(nd_lower_load_scalar(l, at, t, span)) : at;
}

static struct nd_val unary(struct nd_lower *l, struct nd_expr *e)
{
    switch (e->op) {
    case ND_OP_NEG:
        return scalar(LLVMBuildNeg(l->b, nd_lower_int(l, e->a), ""));
    case ND_OP_BNOT:
        return scalar(LLVMBuildNot(l->b, nd_lower_int(l, e->a), ""));
    case ND_OP_NOT:
        return scalar(nd_ir_from_bool(l, LLVMBuildNot(l->b, nd_lower_cond(l, e->a), "")));
    case ND_OP_DEREF:
        return value_at(l, memory(nd_lower_int(l, e->a), nd_lower_as(l, (enum nd_as)e->as)),
                        e->type, e->span);
    case ND_OP_ADDR: {
        struct nd_expr *f = e->a;
        struct nd_val base;

        if (f->kind == ND_E_VAR)
            return scalar(nd_ir_addr(l, l->fn.slots[f->sym->index].ptr));
        if (f->kind == ND_E_MAP)
            return scalar(nd_ir_addr(l, nd_lower_map_address(l, f)));
        if (nd_lower_core_wanted(l, f))
            return scalar(nd_ir_addr(l, nd_lower_core_address(l, f, core_base(l, f))));
        base = nd_lower_expr(l, f->a);
        return scalar(LLVMBuildAdd(l->b, nd_ir_addr(l, base.v), nd_ir_i64(l, f->field->off), ""));
    }
    default:
        if (e->a->kind == ND_E_MAP)
            return scalar(nd_lower_map_step(l, e));
        return scalar(step_var(l, e));
    }
}

static struct nd_val cast(struct nd_lower *l, struct nd_expr *e)
{
    LLVMValueRef tmp;
    struct nd_val v;

    if (e->type->kind == ND_T_ARRAY && nd_type_equal(e->type, e->a->type))
        return nd_lower_expr(l, e->a);
    if (e->type->kind == ND_T_ARRAY) {
        tmp = nd_lower_temp(l, 8);
        nd_ir_store(l, tmp, 8, nd_lower_int(l, e->a));
        return memory(tmp, ND_AS_BPF);
    }
    if (nd_type_is_text(e->type)) {
        tmp = nd_lower_temp(l, e->type->size);
        nd_lower_text_into(l, e->a, tmp, e->type);
        return memory(tmp, ND_AS_BPF);
    }
    v = nd_lower_expr(l, e->a);
    if (v.mem && e->type->kind == ND_T_BOOL && nd_type_is_text(e->a->type)) // not empty
        return scalar(
            nd_ir_from_bool(l, nd_ir_bool(l, nd_lower_load_scalar(l, v, &nd_type_u8, e->span))));
    if (!v.mem)
        return scalar(e->type->kind == ND_T_BOOL
                          ? nd_ir_from_bool(l, nd_ir_bool(l, nd_ir_addr(l, v.v)))
                          : nd_ir_extend(l, nd_ir_addr(l, v.v), e->type));
    if (e->type->kind == ND_T_PTR) // an array gives its address
        return scalar(nd_ir_addr(l, v.v));
    tmp = nd_lower_temp(l, 8); // of any size up to that
    nd_ir_zero(l, tmp, 0, 8);
    nd_lower_copy(l, tmp, v, e->a->type->size, e->span);
    return scalar(nd_ir_extend(l, nd_lower_load_int(l, tmp, &nd_type_u64), e->type));
}

static struct nd_val variable(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_slot *s = &l->fn.slots[e->sym->index];

    if (s->direct)
        return scalar(LLVMBuildLoad2(l->b, l->i64, s->ptr, ""));
    return memory(s->ptr, ND_AS_BPF);
}

// ---- fields and elements ------------------------------------------------------------------------

static struct nd_val option_value(struct nd_lower *l, const struct nd_option *o)
{
    if (!nd_type_is_scalar(o->type))
        return memory(nd_lower_option_bytes(l, o), ND_AS_BPF);
    return scalar(nd_lower_option_load(l, o->off, o->type));
}

// A field whose place a relocation tells.
static struct nd_val core_field(struct nd_lower *l, struct nd_expr *e)
{
    const struct nd_type *t = e->field->type;
    struct nd_val at;

    if (nd_type_is_int(t) && t->kind != ND_T_PTR)
        return scalar(nd_lower_core_load(l, e, core_base(l, e)));
    nd_need_struct(l->p, t, e->span); // the whole of it is wanted, or it would not be asked for
    at = memory(nd_lower_core_address(l, e, core_base(l, e)), nd_lower_as(l, (enum nd_as)e->as));
    if (at.as == ND_AS_BPF && !nd_type_is_scalar(t)) // where it will be is not known
        at.align = 1;
    return value_at(l, at, t, e->span);
}

// The pointer that a chain of fields starts from, if the verifier loads through it directly and may
// hold that it can be null: all but arguments, which programs get as they are.
static struct nd_expr *nullable(const struct nd_lower *l, const struct nd_expr *e)
{
    while (e->kind == ND_E_FIELD && e->a->type->kind != ND_T_PTR)
        e = e->a;
    if (e->kind != ND_E_FIELD || nd_lower_as(l, e->a->type->as) != ND_AS_BTF ||
        e->a == l->fn.tested.expr || (e->a->kind == ND_E_FIELD && e->a->a->type->kind == ND_T_ARGS))
        return NULL;
    return e->a;
}

static struct nd_val in_temp(struct nd_lower *l, struct nd_expr *e);

// A field of a struct whose pointer may be null: then 0, and counted as a read that failed.
static struct nd_val field_if(struct nd_lower *l, struct nd_expr *e, struct nd_expr *ptr)
{
    LLVMBasicBlockRef have = nd_ir_bb(l, "have"), none = nd_ir_bb(l, "null"),
                      done = nd_ir_bb(l, "tested"), in;
    LLVMValueRef p = nd_lower_int(l, ptr), phi, tmp = NULL, zero = nd_ir_i64(l, 0);
    const struct nd_type *t = e->field->type;
    struct nd_val v;

    if (nd_type_is_text(t))
        tmp = nd_lower_temp(l, t->size);
    LLVMBuildCondBr(l->b, nd_ir_bool(l, p), have, none);
    nd_ir_at(l, none);
    nd_lower_count(l, ND_SITE_READ_FAIL, e->span, ND_MF_NONE);
    if (tmp)
        nd_ir_zero(l, tmp, 0, t->size);
    nd_ir_br(l, done);
    nd_ir_at(l, have);
    l->fn.tested.expr = ptr;
    l->fn.tested.v = nd_ir_pin(l, p);
    v = nd_lower_member(l, e);
    l->fn.tested.expr = NULL;
    if (tmp)
        nd_lower_put_text(l, tmp, v, t->size, e->span);
    else
        v.v = nd_ir_addr(l, v.v);
    in = LLVMGetInsertBlock(l->b);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
    if (tmp)
        return memory(tmp, ND_AS_BPF);
    phi = LLVMBuildPhi(l->b, l->i64, "");
    LLVMAddIncoming(phi, (LLVMValueRef[]){v.v, zero}, (LLVMBasicBlockRef[]){in, none}, 2);
    return v.mem ? memory(phi, ND_AS_KERNEL) : scalar(phi);
}

struct nd_val nd_lower_member(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_expr *ptr = nullable(l, e);
    struct nd_val base, at;
    LLVMValueRef addr;

    if (ptr)
        return field_if(l, e, ptr);
    if (nd_lower_core_wanted(l, e))
        return core_field(l, e);
    addr = nd_lower_window_field(l, e);
    if (addr) {
        at = memory(addr, ND_AS_BPF);
    } else {
        base = nd_lower_expr(l, e->a);
        if (!base.mem)
            base = memory(base.v, nd_lower_as(l, (enum nd_as)e->as));
        at = nd_lower_bytes_at(l, base, e->field->off);
    }
    if (e->field->bits)
        return scalar(nd_lower_bit_field(
            l, nd_lower_load_scalar(l, at, nd_type_int(e->field->type->size, false), e->span),
            e->field, e->field->type));
    return value_at(l, at, e->field->type, e->span);
}

static struct nd_val field(struct nd_lower *l, struct nd_expr *e)
{
    if (e->a->type->kind == ND_T_ARGS)
        return nd_lower_arg(l, e);
    if (e->a->type->kind == ND_T_OPTS)
        return option_value(l, e->sym->option);
    if (e->a->type->kind == ND_T_PKT)
        return nd_lower_pkt(l, e);
    return e->device ? in_temp(l, e) : nd_lower_member(l, e);
}

// Bytes from one element to the next.
static LLVMValueRef stride(struct nd_lower *l, const struct nd_type *t, struct nd_span span)
{
    if (t->kind == ND_T_STRING)
        return nd_ir_i64(l, 1);
    return nd_lower_core_size(l, t->kind == ND_T_PTR ? nd_type_elem(&l->p->types, t) : t->elem,
                              span);
}

// opt.list[i]: values not given are 0.
// What an index out of range gives: zeros, not a neighbour.
static struct nd_val zero_if(struct nd_lower *l, LLVMValueRef bad, struct nd_val v,
                             const struct nd_type *t, struct nd_span span)
{
    LLVMBasicBlockRef zero, done;
    LLVMValueRef tmp;

    if (!v.mem) {
        v.v = LLVMBuildSelect(l->b, bad, nd_ir_i64(l, 0), v.v, "");
        return v;
    }
    tmp = nd_lower_temp(l, t->size);
    if (t->kind == ND_T_STRING)
        nd_lower_put_text(l, tmp, v, t->size, span);
    else
        nd_lower_copy(l, tmp, v, t->size, span);
    zero = nd_ir_bb(l, "outside");
    done = nd_ir_bb(l, "inside");
    LLVMBuildCondBr(l->b, bad, zero, done);
    nd_ir_at(l, zero);
    nd_ir_zero(l, tmp, 0, t->size);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
    return memory(tmp, ND_AS_BPF);
}

static struct nd_val option_element(struct nd_lower *l, struct nd_expr *e)
{
    const struct nd_option *o = e->a->sym->option;
    LLVMValueRef i = nd_lower_int(l, e->b),
                 bad = LLVMBuildICmp(l->b, LLVMIntUGE, i, nd_ir_i64(l, o->cap), "");
    struct nd_val v;

    nd_lower_count_if(l, bad, ND_SITE_INDEX, e->b->span, ND_MF_NONE);
    v = memory(nd_lower_option_at(l, o, nd_ir_bound(l, i, o->cap - 1)), ND_AS_BPF);
    return zero_if(l, bad, value_at(l, v, e->type, e->span), e->type, e->span);
}

static struct nd_val element(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_type *t = e->a->type;
    LLVMValueRef i, bad = NULL;
    struct nd_val base, v;
    LLVMValueRef step;
    uint32_t n;

    if (e->a->kind == ND_E_FIELD && e->a->a->type->kind == ND_T_OPTS)
        return option_element(l, e);
    step = stride(l, t, e->span);
    base = nd_lower_expr(l, e->a);
    if (!base.mem)
        base = memory(base.v, nd_lower_as(l, (enum nd_as)e->as));
    if (e->b->is_const && LLVMIsConstant(step))
        return value_at(l, nd_lower_bytes_at(l, base, e->b->num * LLVMConstIntGetZExtValue(step)),
                        e->type, e->span);
    i = nd_lower_int(l, e->b);
    n = t->kind == ND_T_STRING ? t->size : t->kind == ND_T_ARRAY ? t->nelems : 0;
    if (n) {
        bad = LLVMBuildICmp(l->b, LLVMIntUGE, i, nd_ir_i64(l, n), "");
        nd_lower_count_if(l, bad, ND_SITE_INDEX, e->b->span, ND_MF_NONE);
        i = nd_ir_bound(l, i, n - 1);
    }
    i = LLVMBuildMul(l->b, i, step, "");
    // The verifier takes no variable offset into typed memory: read by address instead.
    if (base.as == ND_AS_BTF || base.as == ND_AS_CTX)
        base.as = ND_AS_KERNEL;
    base.v = LLVMBuildGEP2(l->b, l->i8, nd_ir_ptr(l, base.v), &i, 1, "");
    if (base.as == ND_AS_BPF)
        base.align = LLVMIsConstant(step)
                         ? nd_lower_align_at(base.align, LLVMConstIntGetZExtValue(step))
                         : 1;
    v = value_at(l, base, e->type, e->span);
    return bad ? zero_if(l, bad, v, e->type, e->span) : v;
}

// ---- all ----------------------------------------------------------------------------------------

static struct nd_val in_temp(struct nd_lower *l, struct nd_expr *e)
{
    LLVMValueRef tmp = nd_lower_temp(l, e->type->size);

    nd_lower_into(l, e, tmp, e->type);
    return memory(tmp, ND_AS_BPF);
}

struct nd_val nd_lower_expr(struct nd_lower *l, struct nd_expr *e)
{
    if (e == l->fn.tested.expr)
        return scalar(l->fn.tested.v);
    if (e->is_const && nd_type_is_int(e->type)) {
        LLVMValueRef v = nd_lower_core_const(l, e);

        return scalar(v ? v : nd_ir_i64(l, e->num));
    }
    switch (e->kind) {
    case ND_E_INT:
        return scalar(nd_ir_i64(l, e->num));
    case ND_E_STRING:
        return in_temp(l, e);
    case ND_E_IDENT:
    case ND_E_VAR:
        return e->builtin && !e->sym ? nd_lower_builtin(l, e) : variable(l, e);
    case ND_E_MAP:
        return nd_lower_map_get(l, e);
    case ND_E_UNARY:
        return unary(l, e);
    case ND_E_BINARY:
        if (e->op == ND_OP_LAND || e->op == ND_OP_LOR)
            return scalar(logic(l, e));
        if (e->op >= ND_OP_EQ && e->op <= ND_OP_GE)
            return scalar(nd_lower_pkt_if_there(l, e, nd_lower_compare(l, e)));
        return scalar(arith(l, e));
    case ND_E_COND:
        return cond(l, e);
    case ND_E_CAST:
        return cast(l, e);
    case ND_E_CONTAINER_OF:
        return scalar(LLVMBuildSub(l->b, nd_lower_int(l, e->a),
                                   l->p->portable && e->field->btf_type ? nd_lower_core_offset(l, e)
                                                                        : nd_ir_i64(l, e->num),
                                   ""));
    case ND_E_CALL:
        return e->builtin ? nd_lower_builtin(l, e) : nd_lower_call(l, e);
    case ND_E_FIELD:
        return field(l, e);
    case ND_E_INDEX:
        return element(l, e);
    case ND_E_TUPLE:
    case ND_E_STRUCT:
        return in_temp(l, e);
    case ND_E_IN:
        return scalar(nd_lower_pkt_if_there(l, e, nd_lower_in(l, e)));
    default:
        return scalar(nd_ir_i64(l, 0));
    }
}

static void tuple_into(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    uint32_t i, end = 0;

    for (i = 0; i < t->nelems; i++) {
        const struct nd_field *f = &t->fields[i];

        nd_ir_zero(l, dst, end, f->off - end); // padding is part of a key
        nd_lower_into(l, e->args.v[nd_type_part(e->type, f->name)], nd_ir_gep(l, dst, f->off),
                      f->type);
        end = f->off + f->type->size;
    }
    nd_ir_zero(l, dst, end, t->size - end);
}

static struct nd_expr *given(const struct nd_expr *e, const char *name)
{
    uint32_t i;

    for (i = 0; i < e->args.n; i++) {
        if (!strcmp(e->names[i].text, name))
            return e->args.v[i];
    }
    return NULL;
}

// What is left out is 0, and absent where the struct can say so.
static void struct_into(struct nd_lower *l, const struct nd_expr *e, LLVMValueRef dst,
                        const struct nd_type *t)
{
    uint64_t none = 0;
    uint32_t i;

    nd_ir_zero(l, dst, 0, t->size);
    for (i = 0; i < t->nelems; i++) {
        const struct nd_field *f = &t->fields[i];
        struct nd_expr *x = given(e, f->name);

        if (x)
            nd_lower_into(l, x, nd_ir_gep(l, dst, f->off), f->type);
        else if (!strcmp(f->name, ND_ABSENT_FIELD))
            nd_ir_store(l, nd_ir_gep(l, dst, f->off), 8, nd_ir_i64(l, none));
        else
            none |= 1ull << (i & 63);
    }
}

// A tuple in memory as another tuple type: field by field.
static void tuple_convert(struct nd_lower *l, struct nd_val v, const struct nd_type *from,
                          LLVMValueRef dst, const struct nd_type *t, struct nd_span span)
{
    uint32_t i;

    nd_ir_zero(l, dst, 0, t->size);
    for (i = 0; i < t->nelems; i++) {
        const struct nd_field *f = &t->fields[i], *g = &from->fields[nd_type_part(from, f->name)];
        struct nd_val at = nd_lower_bytes_at(l, memory(v.v, ND_AS_BPF), g->off);

        if (nd_type_is_scalar(f->type))
            nd_ir_store(l, nd_ir_gep(l, dst, f->off), f->type->size,
                        nd_lower_load_scalar(l, at, g->type, span));
        else if (f->type->kind == ND_T_TUPLE)
            tuple_convert(l, at, g->type, nd_ir_gep(l, dst, f->off), f->type, span);
        else
            nd_lower_copy(l, nd_ir_gep(l, dst, f->off), at,
                          f->type->size < g->type->size ? f->type->size : g->type->size, span);
    }
}

void nd_lower_into(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    struct nd_val v;

    if (e->builtin && !e->sym && (e->kind == ND_E_CALL || e->kind == ND_E_IDENT) &&
        nd_lower_builtin_into(l, e, dst, t))
        return;
    if (nd_type_is_scalar(t)) {
        nd_ir_store(l, dst, t->size, nd_lower_int(l, e));
    } else if (nd_type_is_text(t)) {
        nd_lower_text_into(l, e, dst, t);
    } else if (t->kind == ND_T_TUPLE && e->kind == ND_E_TUPLE) {
        tuple_into(l, e, dst, t);
    } else if (e->kind == ND_E_STRUCT) {
        struct_into(l, e, dst, t);
    } else {
        v = nd_lower_expr(l, e);
        if (t->kind == ND_T_TUPLE && !nd_type_equal(t, e->type)) {
            tuple_convert(l, v, e->type, dst, t, e->span);
        } else if ((t->kind == ND_T_ARRAY || t->kind == ND_T_BUF) && e->type->size < t->size) {
            nd_ir_zero(l, dst, e->type->size, t->size - e->type->size);
            nd_lower_copy(l, dst, v, e->type->size, e->span);
        } else
            nd_lower_copy(l, dst, v, t->size, e->span);
    }
}
