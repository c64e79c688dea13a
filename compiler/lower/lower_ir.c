// SPDX-License-Identifier: GPL-2.0-or-later
// The words that build IR: constants, blocks, jumps, calls of helpers, functions with their line
// information. Must not know memory, maps or the tree. Serves the other lower_*.c.
#include "compiler/lower/lower_impl.h"

#include <string.h>

void nd_lower_feature(struct nd_lower *l, enum nd_feature f)
{
    if (!nd_without(l->p, f))
        l->features |= 1u << f;
}

LLVMValueRef nd_ir_i64(struct nd_lower *l, uint64_t v)
{
    return LLVMConstInt(l->i64, v, 0);
}

LLVMValueRef nd_ir_i32(struct nd_lower *l, uint32_t v)
{
    return LLVMConstInt(l->i32, v, 0);
}

LLVMValueRef nd_ir_gep(struct nd_lower *l, LLVMValueRef base, uint64_t off)
{
    LLVMValueRef i = nd_ir_i64(l, off);

    return off ? LLVMBuildGEP2(l->b, l->i8, base, &i, 1, "") : base;
}

LLVMValueRef nd_ir_bool(struct nd_lower *l, LLVMValueRef v)
{
    return LLVMBuildICmp(l->b, LLVMIntNE, v, nd_ir_i64(l, 0), "");
}

LLVMValueRef nd_ir_from_bool(struct nd_lower *l, LLVMValueRef i1)
{
    return LLVMBuildZExt(l->b, i1, l->i64, "");
}

LLVMValueRef nd_ir_extend(struct nd_lower *l, LLVMValueRef v, const struct nd_type *t)
{
    LLVMTypeRef n;

    if (t->size >= 8 || !nd_type_is_int(t) || !t->size)
        return v;
    n = t->size == 1 ? l->i8 : t->size == 2 ? l->i16 : l->i32;
    v = LLVMBuildTrunc(l->b, v, n, "");
    return t->is_signed ? LLVMBuildSExt(l->b, v, l->i64, "") : LLVMBuildZExt(l->b, v, l->i64, "");
}

// Not moved before the test, which LLVM would do: the verifier knows the pointer only after it.
LLVMValueRef nd_ir_pin(struct nd_lower *l, LLVMValueRef v)
{
    LLVMTypeRef t = LLVMFunctionType(l->i64, &l->i64, 1, 0);
    char none[] = "", same[] = "=r,0";

    return LLVMBuildCall2(
        l->b, t,
        LLVMGetInlineAsm(t, none, 0, same, sizeof(same) - 1, 1, 0, LLVMInlineAsmDialectATT, 0), &v,
        1, "");
}

LLVMValueRef nd_ir_bound(struct nd_lower *l, LLVMValueRef index, uint64_t last)
{
    LLVMValueRef i = nd_ir_pin(l, index), max = nd_ir_i64(l, last);

    return LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntUGT, i, max, ""), max, i, "");
}

LLVMValueRef nd_ir_addr(struct nd_lower *l, LLVMValueRef v)
{
    if (LLVMGetTypeKind(LLVMTypeOf(v)) == LLVMPointerTypeKind)
        return LLVMBuildPtrToInt(l->b, v, l->i64, "");
    return v;
}

LLVMValueRef nd_ir_ptr(struct nd_lower *l, LLVMValueRef v)
{
    if (LLVMGetTypeKind(LLVMTypeOf(v)) == LLVMPointerTypeKind)
        return v;
    return LLVMBuildIntToPtr(l->b, v, l->ptr, "");
}

void nd_lower_atomic_add(struct nd_lower *l, LLVMValueRef p, LLVMValueRef v)
{
    LLVMBuildAtomicRMW(l->b, LLVMAtomicRMWBinOpAdd, p, v, LLVMAtomicOrderingMonotonic, 0);
}

LLVMMetadataRef nd_lower_function_scope(struct nd_lower *l, const char *name, struct nd_span span,
                                        LLVMMetadataRef type, bool is_static)
{
    struct nd_pos pos = nd_source_pos(l->p->sources, span.src, span.off);
    LLVMMetadataRef file = l->files[span.src < l->p->sources->n ? span.src : 0];

    return LLVMDIBuilderCreateFunction(l->di, file, name, strlen(name), name, strlen(name), file,
                                       pos.line, type, is_static, 1, pos.line, LLVMDIFlagZero, 1);
}

void nd_lower_function_open(struct nd_lower *l, LLVMValueRef func, LLVMMetadataRef scope)
{
    l->fn = (struct nd_lower_fn){.probe = l->fn.probe,
                                 .numbers = l->fn.numbers,
                                 .spare_stack = l->fn.spare_stack,
                                 .scratch_base = l->fn.scratch_base,
                                 .func = func,
                                 .scope = scope};
    LLVMSetSubprogram(func, scope);
    l->fn.entry = l->fn.prologue = nd_ir_bb(l, "entry");
    l->fn.start = nd_ir_bb(l, "start");
    l->fn.out = nd_ir_bb(l, "out"); // a handler of a path has one of its own
    l->fn.end = nd_ir_bb(l, "end");
    LLVMPositionBuilderAtEnd(l->b, l->fn.entry);
    nd_ir_at(l, l->fn.start);
    nd_ir_line(l, l->fn.probe->decl->name_span);
}

enum nd_as nd_lower_as(const struct nd_lower *l, enum nd_as as)
{
    return as == ND_AS_BTF && l->fn.numbers ? ND_AS_KERNEL : as;
}

LLVMValueRef nd_lower_ctx(struct nd_lower *l)
{
    if (l->fn.ctx)
        return l->fn.ctx;
    l->fn.ctx_wanted = true;
    return LLVMGetUndef(l->ptr);
}

LLVMBasicBlockRef nd_ir_bb(struct nd_lower *l, const char *name)
{
    return LLVMAppendBasicBlockInContext(l->cx, l->fn.func, name);
}

void nd_ir_at(struct nd_lower *l, LLVMBasicBlockRef bb)
{
    LLVMMoveBasicBlockAfter(bb, LLVMGetLastBasicBlock(l->fn.func));
    LLVMPositionBuilderAtEnd(l->b, bb);
}

void nd_ir_br(struct nd_lower *l, LLVMBasicBlockRef bb)
{
    if (!LLVMGetBasicBlockTerminator(LLVMGetInsertBlock(l->b)))
        LLVMBuildBr(l->b, bb);
}

LLVMValueRef nd_ir_join(struct nd_lower *l, LLVMValueRef *v, LLVMBasicBlockRef *from,
                        LLVMBasicBlockRef done)
{
    LLVMValueRef phi;

    from[1] = LLVMGetInsertBlock(l->b);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
    phi = LLVMBuildPhi(l->b, LLVMTypeOf(v[0]), "");
    LLVMAddIncoming(phi, v, from, 2);
    return phi;
}

void nd_ir_line(struct nd_lower *l, struct nd_span span)
{
    struct nd_pos pos;

    if (span.src >= l->p->sources->n || !l->fn.scope)
        return;
    pos = nd_source_pos(l->p->sources, span.src, span.off);
    l->fn.line = pos.line;
    LLVMSetCurrentDebugLocation2(
        l->b, LLVMDIBuilderCreateDebugLocation(l->cx, pos.line, pos.col, l->fn.scope, NULL));
}

// Helpers that kernels of interest may lack, and what does the same there.
static const struct {
    enum nd_helper helper;
    enum nd_feature feature;
    enum nd_helper older; // 0: none
} newer[] = {
    {ND_H_PROBE_READ_KERNEL, ND_F_PROBE_READ_KERNEL, ND_H_PROBE_READ},
    {ND_H_PROBE_READ_USER, ND_F_PROBE_READ_KERNEL, ND_H_PROBE_READ},
    {ND_H_PROBE_READ_KERNEL_STR, ND_F_PROBE_READ_KERNEL, ND_H_PROBE_READ_STR},
    {ND_H_PROBE_READ_USER_STR, ND_F_PROBE_READ_KERNEL, ND_H_PROBE_READ_STR},
    {ND_H_KTIME_GET_BOOT_NS, ND_F_BOOT_CLOCK, 0},
    {ND_H_KTIME_GET_TAI_NS, ND_F_TAI_CLOCK, 0},
};

static enum nd_helper helper_of(struct nd_lower *l, enum nd_helper h)
{
    size_t i;

    for (i = 0; i < sizeof(newer) / sizeof(newer[0]); i++) {
        if (newer[i].helper != h)
            continue;
        if (newer[i].older && nd_without(l->p, newer[i].feature))
            return newer[i].older;
        nd_lower_feature(l, newer[i].feature);
    }
    return h;
}

// A helper call: the number is the address. Pointers and integers go as they are.
LLVMValueRef nd_ir_call(struct nd_lower *l, enum nd_helper h, LLVMValueRef *args, unsigned int n)
{
    LLVMTypeRef types[5], ft;
    unsigned int i;

    for (i = 0; i < n; i++)
        types[i] = LLVMTypeOf(args[i]);
    ft = LLVMFunctionType(l->i64, types, n, 0);
    return LLVMBuildCall2(l->b, ft, LLVMConstIntToPtr(nd_ir_i64(l, helper_of(l, h)), l->ptr), args,
                          n, "");
}

LLVMTypeRef nd_ir_int_of(struct nd_lower *l, uint32_t size)
{
    return size == 1 ? l->i8 : size == 2 ? l->i16 : size == 4 ? l->i32 : l->i64;
}

// The largest unit for a copy at `off` with `left` bytes to go, all addresses 8-byte aligned.
uint32_t nd_ir_unit(uint32_t off, uint32_t left)
{
    uint32_t n = 8;

    while (n > left || off % n)
        n /= 2;
    return n;
}

void nd_ir_zero(struct nd_lower *l, LLVMValueRef dst, uint32_t off, uint32_t size)
{
    while (size) {
        uint32_t n = nd_ir_unit(off, size);
        LLVMValueRef st =
            LLVMBuildStore(l->b, LLVMConstInt(nd_ir_int_of(l, n), 0, 0), nd_ir_gep(l, dst, off));

        LLVMSetAlignment(st, n);
        off += n;
        size -= n;
    }
}

void nd_ir_store(struct nd_lower *l, LLVMValueRef dst, uint32_t size, LLVMValueRef v)
{
    LLVMTypeRef t = nd_ir_int_of(l, size);
    LLVMValueRef st = LLVMBuildStore(l->b, size < 8 ? LLVMBuildTrunc(l->b, v, t, "") : v, dst);

    LLVMSetAlignment(st, size);
}

LLVMValueRef nd_lower_load_int(struct nd_lower *l, LLVMValueRef ptr, const struct nd_type *t)
{
    uint32_t size = t->size == 1 || t->size == 2 || t->size == 4 ? t->size : 8;
    LLVMValueRef v = LLVMBuildLoad2(l->b, nd_ir_int_of(l, size), ptr, "");

    LLVMSetAlignment(v, size);
    if (size == 8)
        return v;
    return t->is_signed ? LLVMBuildSExt(l->b, v, l->i64, "") : LLVMBuildZExt(l->b, v, l->i64, "");
}
