// SPDX-License-Identifier: GPL-2.0-or-later
// Values of options in a program: read-only data if the kernel has it, otherwise immediates that
// the runtime fills in, so that the verifier knows them. Serves the other lower_*.c.
#include "compiler/lower/lower_impl.h"

#define BPF_ARRAY 2u // BPF_MAP_TYPE_ARRAY

// A word of nd_opts as an immediate that the runtime fills in, so that the verifier knows it.
static LLVMValueRef opt_word(struct nd_lower *l, uint32_t off)
{
    static const char name[] = "llvm.bpf.pseudo";
    unsigned int id = LLVMLookupIntrinsicID(name, sizeof(name) - 1);
    LLVMValueRef args[2] = {nd_ir_i64(l, ND_OPT_IMM), nd_ir_i64(l, off / 8)};

    return LLVMBuildCall2(l->b, LLVMIntrinsicGetType(l->cx, id, NULL, 0),
                          LLVMGetIntrinsicDeclaration(l->m, id, NULL, 0), args, 2, "");
}

LLVMValueRef nd_lower_option_load(struct nd_lower *l, uint32_t off, const struct nd_type *t)
{
    LLVMValueRef v;

    if (nd_without(l->p, ND_F_GLOBALS)) {
        v = opt_word(l, off);
        if (off % 8)
            v = LLVMBuildLShr(l->b, v, nd_ir_i64(l, off % 8 * 8), "");
        if (t->size >= 8 || !t->size)
            return v;
        v = LLVMBuildShl(l->b, v, nd_ir_i64(l, 64 - t->size * 8), "");
        return t->is_signed ? LLVMBuildAShr(l->b, v, nd_ir_i64(l, 64 - t->size * 8), "")
                            : LLVMBuildLShr(l->b, v, nd_ir_i64(l, 64 - t->size * 8), "");
    }
    v = nd_lower_load_int(l, nd_ir_gep(l, l->opts, off), t);
    // Not folded by LLVM; the verifier knows the value, because the section is frozen.
    LLVMSetVolatile(LLVMIsALoadInst(v) ? v : LLVMGetOperand(v, 0), 1);
    return v;
}

LLVMValueRef nd_lower_option_bytes(struct nd_lower *l, const struct nd_option *o)
{
    LLVMValueRef tmp;
    uint32_t i;

    if (!nd_without(l->p, ND_F_GLOBALS))
        return nd_ir_gep(l, l->opts, o->off);
    tmp = nd_lower_temp(l, o->stride);
    for (i = 0; i < o->stride; i += 8)
        nd_ir_store(l, nd_ir_gep(l, tmp, i), 8, opt_word(l, o->off + i));
    return tmp;
}

LLVMValueRef nd_lower_option_at(struct nd_lower *l, const struct nd_option *o, LLVMValueRef index)
{
    LLVMValueRef at = LLVMBuildMul(l->b, index, nd_ir_i64(l, o->stride), ""), base = l->opts;

    if (nd_without(l->p, ND_F_GLOBALS)) {
        if (!l->opts)
            l->opts =
                nd_lower_define_map(l, ND_OPTS_SYM, BPF_ARRAY, 4, (l->p->opts_size + 7) & ~7u, 1);
        base = nd_lower_state_entry(l, l->opts, 0);
    }
    return LLVMBuildGEP2(l->b, l->i8, nd_ir_gep(l, base, o->off), &at, 1, "");
}
