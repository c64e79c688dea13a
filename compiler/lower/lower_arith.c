// SPDX-License-Identifier: GPL-2.0-or-later
// Arithmetic of values in registers that takes more than one instruction. Must not know the tree's
// expressions, but for a divisor that is constant.
#include "compiler/lower/lower_impl.h"

// BPF before version 4 divides unsigned only: by magnitudes, the sign put back.
LLVMValueRef nd_lower_signed_div(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b, bool mod)
{
    LLVMValueRef zero = nd_ir_i64(l, 0);
    LLVMValueRef na = LLVMBuildICmp(l->b, LLVMIntSLT, a, zero, "");
    LLVMValueRef nb = LLVMBuildICmp(l->b, LLVMIntSLT, b, zero, "");
    LLVMValueRef ua = LLVMBuildSelect(l->b, na, LLVMBuildNeg(l->b, a, ""), a, "");
    LLVMValueRef ub = LLVMBuildSelect(l->b, nb, LLVMBuildNeg(l->b, b, ""), b, "");
    LLVMValueRef q = mod ? LLVMBuildURem(l->b, ua, ub, "") : LLVMBuildUDiv(l->b, ua, ub, "");
    LLVMValueRef neg = mod ? na : LLVMBuildXor(l->b, na, nb, "");

    return LLVMBuildSelect(l->b, neg, LLVMBuildNeg(l->b, q, ""), q, "");
}

LLVMValueRef nd_lower_divide(struct nd_lower *l, enum nd_op op, LLVMValueRef a, LLVMValueRef b,
                             const struct nd_expr *by, bool is_signed, struct nd_span span)
{
    bool mod = op == ND_OP_MOD;
    LLVMValueRef zero, safe, v;

    if (by->is_const && (int64_t)by->num > 0) { // no test, and unsigned where it can be
        if (!is_signed)
            return mod ? LLVMBuildURem(l->b, a, b, "") : LLVMBuildUDiv(l->b, a, b, "");
        return nd_lower_signed_div(l, a, b, mod);
    }
    zero = LLVMBuildICmp(l->b, LLVMIntEQ, b, nd_ir_i64(l, 0), "");
    nd_lower_count_if(l, zero, ND_SITE_DIV_ZERO, span, ND_MF_NONE);
    safe = LLVMBuildSelect(l->b, zero, nd_ir_i64(l, 1), b, "");
    if (is_signed)
        v = nd_lower_signed_div(l, a, safe, mod);
    else
        v = mod ? LLVMBuildURem(l->b, a, safe, "") : LLVMBuildUDiv(l->b, a, safe, "");
    return LLVMBuildSelect(l->b, zero, nd_ir_i64(l, 0), v, "");
}

LLVMValueRef nd_lower_bit_field(struct nd_lower *l, LLVMValueRef v, const struct nd_field *f,
                                const struct nd_type *t)
{
    uint32_t up = 64u - f->bit_off - f->bits;

    v = LLVMBuildShl(l->b, v, nd_ir_i64(l, up), "");
    return t->is_signed ? LLVMBuildAShr(l->b, v, nd_ir_i64(l, 64u - f->bits), "")
                        : LLVMBuildLShr(l->b, v, nd_ir_i64(l, 64u - f->bits), "");
}
