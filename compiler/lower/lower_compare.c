// SPDX-License-Identifier: GPL-2.0-or-later
// Comparisons of numbers, texts, addresses and tuples, and `in`.
#include "compiler/lower/lower_impl.h"

#include <string.h>

static LLVMValueRef word_at(struct nd_lower *l, LLVMValueRef p, uint32_t off, uint32_t n)
{
    struct nd_type t = {.size = n};

    return nd_lower_load_int(l, nd_ir_gep(l, p, off), &t);
}

LLVMValueRef nd_lower_bytes_equal(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b, uint32_t size)
{
    LLVMValueRef diff = nd_ir_i64(l, 0);
    uint32_t off = 0;

    while (off < size) {
        uint32_t n = 8;

        while (n > size - off || off % n)
            n /= 2;
        diff = LLVMBuildOr(
            l->b, diff, LLVMBuildXor(l->b, word_at(l, a, off, n), word_at(l, b, off, n), ""), "");
        off += n;
    }
    return LLVMBuildICmp(l->b, LLVMIntEQ, diff, nd_ir_i64(l, 0), "");
}

static LLVMValueRef literal_equal(struct nd_lower *l, LLVMValueRef a, const char *s, uint32_t size)
{
    LLVMValueRef diff = nd_ir_i64(l, 0);
    uint32_t off = 0;

    while (off < size) {
        uint32_t n = 8, i;
        uint64_t v = 0;

        while (n > size - off || off % n)
            n /= 2;
        for (i = 0; i < n; i++)
            v |= (uint64_t)(uint8_t)s[off + i] << i * 8;
        diff = LLVMBuildOr(l->b, diff,
                           LLVMBuildXor(l->b, word_at(l, a, off, n), nd_ir_i64(l, v), ""), "");
        off += n;
    }
    return LLVMBuildICmp(l->b, LLVMIntEQ, diff, nd_ir_i64(l, 0), "");
}

// Every string that a program holds has only zeros after its end, so that equal texts are equal
// bytes.
void nd_lower_put_text(struct nd_lower *l, LLVMValueRef dst, struct nd_val v, uint32_t size,
                       struct nd_span span)
{
    if (v.as == ND_AS_BTF || v.as == ND_AS_CTX) {
        nd_lower_reads_bytes(l, size, v.as, span);
        nd_lower_copy_text(l, dst, v, size);
    } else if (v.as == ND_AS_BPF)
        nd_lower_copy(l, dst, v, size, span);
    else
        nd_lower_read_chars(l, dst, size, v, span);
}

// The value's bytes where the program can load them directly.
static LLVMValueRef local_bytes(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_val v = nd_lower_expr(l, e);
    LLVMValueRef tmp;

    if (v.as == ND_AS_BPF && !v.align)
        return v.v;
    tmp = nd_lower_temp(l, e->type->size);
    if (nd_type_is_text(e->type))
        nd_lower_put_text(l, tmp, v, e->type->size, e->span);
    else
        nd_lower_copy(l, tmp, v, e->type->size, e->span);
    return tmp;
}

// Strings up to the zero byte, in at most `most` steps.
static LLVMValueRef text_equal(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b, uint32_t most,
                               struct nd_span span)
{
    LLVMBasicBlockRef from = LLVMGetInsertBlock(l->b), loop = nd_ir_bb(l, "cmp"),
                      next = nd_ir_bb(l, "cmp.next"), done = nd_ir_bb(l, "cmp.done");
    LLVMValueRef i, x, y, more, phi, eq[3];
    LLVMBasicBlockRef bbs[3];

    nd_lower_need_loops(l, span);
    nd_ir_br(l, loop);
    nd_ir_at(l, loop);
    i = LLVMBuildPhi(l->b, l->i64, "");
    x = LLVMBuildLoad2(l->b, l->i8, LLVMBuildGEP2(l->b, l->i8, a, &i, 1, ""), "");
    y = LLVMBuildLoad2(l->b, l->i8, LLVMBuildGEP2(l->b, l->i8, b, &i, 1, ""), "");
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, x, y, ""), next, done);
    nd_ir_at(l, next);
    more = LLVMBuildAnd(l->b, LLVMBuildICmp(l->b, LLVMIntNE, x, LLVMConstInt(l->i8, 0, 0), ""),
                        LLVMBuildICmp(l->b, LLVMIntULT, i, nd_ir_i64(l, most - 1), ""), "");
    x = LLVMBuildAdd(l->b, i, nd_ir_i64(l, 1), "");
    LLVMBuildCondBr(l->b, more, loop, done);
    LLVMAddIncoming(i, (LLVMValueRef[]){nd_ir_i64(l, 0), x}, (LLVMBasicBlockRef[]){from, next}, 2);
    nd_ir_at(l, done);
    phi = LLVMBuildPhi(l->b, l->i1, "");
    eq[0] = LLVMConstInt(l->i1, 0, 0);
    eq[1] = LLVMConstInt(l->i1, 1, 0);
    bbs[0] = loop;
    bbs[1] = next;
    LLVMAddIncoming(phi, eq, bbs, 2);
    return phi;
}

static LLVMValueRef compare_text(struct nd_lower *l, struct nd_expr *a, struct nd_expr *b)
{
    uint32_t most = a->type->size < b->type->size ? a->type->size : b->type->size;

    if (a->kind == ND_E_STRING && b->kind != ND_E_STRING)
        return compare_text(l, b, a);
    if (b->kind == ND_E_STRING) {
        if (b->len > a->type->size)
            return LLVMConstInt(l->i1, 0, 0);
        // With its zero byte, unless the array is just full.
        return literal_equal(l, local_bytes(l, a), b->str,
                             b->len < a->type->size ? b->len + 1 : b->len);
    }
    if (a->type->size == b->type->size)
        return nd_lower_bytes_equal(l, local_bytes(l, a), local_bytes(l, b), most);
    return text_equal(l, local_bytes(l, a), local_bytes(l, b), most, a->span);
}

// The literal prefix("10.0.0.0/8"): two words against constants.
static LLVMValueRef in_literal_prefix(struct nd_lower *l, LLVMValueRef ip,
                                      const struct nd_expr *prefix)
{
    const uint8_t *p = (const uint8_t *)prefix->str;
    LLVMValueRef diff = nd_ir_i64(l, 0), x;
    uint32_t w, i, len = p[16];

    for (w = 0; w < 2; w++) {
        uint64_t mask = 0, want = 0;

        for (i = 0; i < 8; i++) {
            uint32_t at = (w * 8 + i) * 8, bits = len <= at ? 0 : len - at >= 8 ? 8 : len - at;

            mask |= (uint64_t)(0xff00u >> bits & 0xff) << i * 8;
            want |= (uint64_t)p[w * 8 + i] << i * 8;
        }
        if (!mask)
            continue;
        x = LLVMBuildXor(l->b, word_at(l, ip, w * 8, 8), nd_ir_i64(l, want), "");
        diff = LLVMBuildOr(l->b, diff, LLVMBuildAnd(l->b, x, nd_ir_i64(l, mask), ""), "");
    }
    return LLVMBuildICmp(l->b, LLVMIntEQ, diff, nd_ir_i64(l, 0), "");
}

static LLVMValueRef operands_equal(struct nd_lower *l, struct nd_expr *a, struct nd_expr *b)
{
    LLVMValueRef x, y;

    if (nd_type_is_text(a->type) && nd_type_is_text(b->type))
        return compare_text(l, a, b);
    if (a->type->kind == ND_T_IP && b->builtin && b->builtin->id == ND_B_PREFIX && b->str)
        return in_literal_prefix(l, local_bytes(l, a), b);
    if (a->type->kind == ND_T_IP && b->type->kind == ND_T_PREFIX)
        return nd_lower_prefix_match(l, local_bytes(l, a), local_bytes(l, b));
    if (nd_type_is_int(a->type)) {
        x = nd_lower_int(l, a);
        y = nd_lower_int(l, b);
        return LLVMBuildICmp(l->b, LLVMIntEQ, x, y, "");
    }
    x = local_bytes(l, a);
    return nd_lower_bytes_equal(l, x, local_bytes(l, b), a->type->size);
}

LLVMValueRef nd_lower_compare(struct nd_lower *l, struct nd_expr *e)
{
    static const LLVMIntPredicate preds[2][6] = {
        {LLVMIntEQ, LLVMIntNE, LLVMIntULT, LLVMIntULE, LLVMIntUGT, LLVMIntUGE},
        {LLVMIntEQ, LLVMIntNE, LLVMIntSLT, LLVMIntSLE, LLVMIntSGT, LLVMIntSGE},
    };
    LLVMValueRef a, b;

    if (!nd_type_is_int(e->a->type)) {
        a = operands_equal(l, e->a, e->b);
        return nd_ir_from_bool(l, e->op == ND_OP_NE ? LLVMBuildNot(l->b, a, "") : a);
    }
    a = nd_lower_int(l, e->a);
    b = nd_lower_int(l, e->b);
    return nd_ir_from_bool(
        l, LLVMBuildICmp(l->b, preds[nd_lower_operands_signed(e)][e->op - ND_OP_EQ], a, b, ""));
}

struct in_option {
    const struct nd_option *o;
    LLVMValueRef n, x, bytes; // values given; what is looked for, as a number or as bytes
};

static LLVMValueRef option_hit(struct nd_lower *l, LLVMValueRef i, void *arg)
{
    const struct in_option *in = arg;
    LLVMValueRef at = nd_lower_option_at(l, in->o, i), eq;

    if (in->x)
        eq = LLVMBuildICmp(l->b, LLVMIntEQ, in->x, nd_lower_load_int(l, at, in->o->type), "");
    else if (in->o->type->kind == ND_T_PREFIX)
        eq = nd_lower_prefix_match(l, in->bytes, at);
    else
        eq = nd_lower_bytes_equal(l, in->bytes, at, in->o->type->size);
    return LLVMBuildOr(l->b, eq, LLVMBuildICmp(l->b, LLVMIntUGE, i, in->n, ""), "");
}

static LLVMValueRef in_option(struct nd_lower *l, struct nd_expr *e)
{
    struct in_option in = {.o = e->b->sym->option};
    LLVMValueRef i;

    in.n = nd_lower_option_load(l, in.o->count_off, &nd_type_u32);
    if (nd_type_is_int(e->a->type)) {
        in.x = nd_lower_int(l, e->a);
    } else if (nd_type_is_text(e->a->type)) { // as wide as the option's, zeros after it
        in.bytes = nd_lower_temp(l, in.o->type->size);
        nd_lower_into(l, e->a, in.bytes, in.o->type);
    } else {
        in.bytes = local_bytes(l, e->a);
    }
    i = nd_lower_scan(l, in.o->cap, e->span, option_hit, &in);
    return nd_ir_from_bool(l, LLVMBuildICmp(l->b, LLVMIntULT, i, in.n, ""));
}

LLVMValueRef nd_lower_in(struct nd_lower *l, struct nd_expr *e)
{
    LLVMValueRef any = LLVMConstInt(l->i1, 0, 0), x;
    uint32_t i;

    if (e->b->kind == ND_E_MAP && !e->b->a)
        return nd_lower_map_has(l, e->b->map, e->a);
    if (e->b->kind == ND_E_FIELD && e->b->sym && e->b->sym->kind == ND_SYM_OPTION)
        return in_option(l, e);
    if (e->b->kind != ND_E_TUPLE)
        return nd_ir_from_bool(l, operands_equal(l, e->a, e->b));
    if (nd_type_is_int(e->a->type)) { // evaluated once
        x = nd_lower_int(l, e->a);
        for (i = 0; i < e->b->args.n; i++)
            any = LLVMBuildOr(
                l->b, any, LLVMBuildICmp(l->b, LLVMIntEQ, x, nd_lower_int(l, e->b->args.v[i]), ""),
                "");
        return nd_ir_from_bool(l, any);
    }
    for (i = 0; i < e->b->args.n; i++)
        any = LLVMBuildOr(l->b, any, operands_equal(l, e->a, e->b->args.v[i]), "");
    return nd_ir_from_bool(l, any);
}
