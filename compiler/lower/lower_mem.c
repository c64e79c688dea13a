// SPDX-License-Identifier: GPL-2.0-or-later
// Memory of a program: temporaries on the stack or in per-CPU scratch, loads through every kind of
// pointer, copies. Serves the other lower_*.c.
#include "compiler/kernel/btf.h"
#include "compiler/lower/lower_impl.h"

#include <string.h>

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

#define SCRATCH_FROM 24u // bytes: smaller ones stay on the stack even when scratch is used

struct place { // where the builder was
    LLVMBasicBlockRef here;
    LLVMMetadataRef line;
};

static struct place go_to_front(struct nd_lower *l, LLVMBasicBlockRef bb)
{
    struct place was = {LLVMGetInsertBlock(l->b), LLVMGetCurrentDebugLocation2(l->b)};
    LLVMValueRef first = LLVMGetFirstInstruction(bb);

    if (first)
        LLVMPositionBuilderBefore(l->b, first);
    else
        LLVMPositionBuilderAtEnd(l->b, bb);
    return was;
}

static void go_back(struct nd_lower *l, struct place was)
{
    LLVMPositionBuilderAtEnd(l->b, was.here);
    LLVMSetCurrentDebugLocation2(l->b, was.line); // the builder took that of its neighbour
}

// Allocas live in the entry block, so that a loop does not grow the stack.
static LLVMValueRef entry_alloca(struct nd_lower *l, LLVMTypeRef type, const char *name)
{
    struct place was = go_to_front(l, l->fn.entry);
    LLVMValueRef v = LLVMBuildAlloca(l->b, type, name);

    LLVMSetAlignment(v, 8);
    go_back(l, was);
    return v;
}

LLVMValueRef nd_lower_register(struct nd_lower *l, const char *name)
{
    return entry_alloca(l, l->i64, name);
}

static LLVMValueRef stack_alloc(struct nd_lower *l, uint32_t size)
{
    l->fn.stack += size;
    return entry_alloca(l, LLVMArrayType(l->i64, size / 8), "");
}

// An address in scratch, computed where scratch was found: it serves all branches.
static LLVMValueRef in_scratch(struct nd_lower *l, uint32_t off)
{
    struct place was = go_to_front(l, l->fn.scratch_bb);
    LLVMValueRef v = nd_ir_gep(l, l->fn.scratch, off);

    go_back(l, was);
    return v;
}

static LLVMValueRef new_memory(struct nd_lower *l, uint32_t size)
{
    LLVMValueRef v;

    if (!l->fn.scratch ||
        (size < SCRATCH_FROM && !(l->force_scratch && (size > 8 || l->fn.spare_stack))))
        return stack_alloc(l, size);
    v = in_scratch(l, l->fn.scratch_base + l->fn.scratch_top);
    l->fn.scratch_top += size;
    return v;
}

LLVMValueRef nd_lower_keep(struct nd_lower *l, uint32_t size)
{
    size = (size + 7) & ~7u;
    return new_memory(l, size ? size : 8);
}

LLVMValueRef nd_lower_temp(struct nd_lower *l, uint32_t size)
{
    struct nd_lower_temp *t;
    uint32_t i;

    size = (size + 7) & ~7u;
    if (!size)
        size = 8;
    for (i = 0; i < l->fn.temps.n; i++) {
        t = &l->fn.temps.v[i];
        if (!t->busy && t->size == size) {
            t->busy = true;
            return t->ptr;
        }
    }
    t = ND_PUSH(l->a, &l->fn.temps);
    t->size = size;
    t->busy = true;
    t->ptr = new_memory(l, size);
    return t->ptr;
}

void nd_lower_temps_release(struct nd_lower *l)
{
    uint32_t i;

    for (i = 0; i < l->fn.temps.n; i++)
        l->fn.temps.v[i].busy = false;
}

static LLVMTypeRef int_of(struct nd_lower *l, uint32_t size)
{
    return size == 1 ? l->i8 : size == 2 ? l->i16 : size == 4 ? l->i32 : l->i64;
}

// The largest unit for a copy at `off` with `left` bytes to go, all addresses 8-byte aligned.
static uint32_t unit(uint32_t off, uint32_t left)
{
    uint32_t n = 8;

    while (n > left || off % n)
        n /= 2;
    return n;
}

void nd_ir_zero(struct nd_lower *l, LLVMValueRef dst, uint32_t off, uint32_t size)
{
    while (size) {
        uint32_t n = unit(off, size);
        LLVMValueRef st =
            LLVMBuildStore(l->b, LLVMConstInt(int_of(l, n), 0, 0), nd_ir_gep(l, dst, off));

        LLVMSetAlignment(st, n);
        off += n;
        size -= n;
    }
}

void nd_ir_store(struct nd_lower *l, LLVMValueRef dst, uint32_t size, LLVMValueRef v)
{
    LLVMTypeRef t = int_of(l, size);
    LLVMValueRef st = LLVMBuildStore(l->b, size < 8 ? LLVMBuildTrunc(l->b, v, t, "") : v, dst);

    LLVMSetAlignment(st, size);
}

LLVMValueRef nd_lower_load_int(struct nd_lower *l, LLVMValueRef ptr, const struct nd_type *t)
{
    uint32_t size = t->size == 1 || t->size == 2 || t->size == 4 ? t->size : 8;
    LLVMValueRef v = LLVMBuildLoad2(l->b, int_of(l, size), ptr, "");

    LLVMSetAlignment(v, size);
    if (size == 8)
        return v;
    return t->is_signed ? LLVMBuildSExt(l->b, v, l->i64, "") : LLVMBuildZExt(l->b, v, l->i64, "");
}

static bool is_direct(enum nd_as as)
{
    return as == ND_AS_BPF || as == ND_AS_BTF || as == ND_AS_CTX;
}

void nd_lower_probe_read(struct nd_lower *l, LLVMValueRef dst, LLVMValueRef size, LLVMValueRef addr,
                         enum nd_as as, struct nd_span span)
{
    LLVMValueRef args[3] = {dst, size, nd_ir_ptr(l, addr)}, r;

    r = nd_ir_call(l, as == ND_AS_USER ? ND_H_PROBE_READ_USER : ND_H_PROBE_READ_KERNEL, args, 3);
    nd_lower_count_if(l, LLVMBuildICmp(l->b, LLVMIntNE, r, nd_ir_i64(l, 0), ""), ND_SITE_READ_FAIL,
                      span, ND_MF_NONE);
}

// Pointers to no struct that are loaded from typed memory: numbers until Linux 6.16. Later ones are
// memory to the verifier, which then refuses most arithmetic. The kernels that do so know untrusted
// arguments, by this name.
bool nd_lower_leaves_are_memory(struct nd_lower *l)
{
    struct nd_btf *btf;
    int64_t value;

    if (l->leaves == ND_LEAVES_UNKNOWN) {
        btf = nd_kernel_btf(l->p->kernel, NULL);
        l->leaves = btf && nd_btf_find_enumerator(btf, "ARG_TAG_UNTRUSTED", &value)
                        ? ND_LEAVES_MEMORY
                        : ND_LEAVES_NUMBERS;
    }
    return l->leaves == ND_LEAVES_MEMORY;
}

static bool loads_as_memory(struct nd_lower *l, const struct nd_type *t)
{
    return t->kind == ND_TY_PTR && nd_type_elem(&l->p->types, t)->kind != ND_TY_STRUCT &&
           nd_lower_leaves_are_memory(l);
}

// A number again, as memory of maps keeps no types: by way of scratch, where the program has any.
static LLVMValueRef untyped(struct nd_lower *l, LLVMValueRef v)
{
    LLVMValueRef slot = in_scratch(l, l->fn.scratch_base + l->fn.scratch_top), store, load;

    l->fn.scratch_top += 8;
    store = LLVMBuildStore(l->b, v, slot);
    LLVMSetVolatile(store, true);
    load = LLVMBuildLoad2(l->b, l->i64, slot, "");
    LLVMSetVolatile(load, true);
    return load;
}

LLVMValueRef nd_lower_load_scalar(struct nd_lower *l, struct nd_val at, const struct nd_type *t,
                                  struct nd_span span)
{
    uint32_t size = t->size ? t->size : 8;
    bool as_memory = at.as == ND_AS_BTF && loads_as_memory(l, t);
    LLVMValueRef tmp;

    if (is_direct(at.as) && (!as_memory || l->fn.scratch)) {
        tmp = nd_lower_load_int(l, nd_ir_ptr(l, at.v), t);
        return as_memory ? untyped(l, tmp) : tmp;
    }
    tmp = nd_lower_temp(l, size);
    nd_lower_probe_read(l, tmp, nd_ir_i32(l, size), at.v, at.as, span);
    return nd_lower_load_int(l, tmp, t);
}

#define COPY_INLINE 256u // bytes: more goes by a helper

void nd_lower_copy(struct nd_lower *l, LLVMValueRef dst, struct nd_val src, uint32_t size,
                   struct nd_span span)
{
    uint32_t off = 0;

    // Typed kernel memory is loaded directly member by member only; a copy may span several.
    if (!is_direct(src.as) || src.as == ND_AS_BTF) {
        nd_lower_probe_read(l, dst, nd_ir_i32(l, size), src.v, src.as, span);
        return;
    }
    if (size > COPY_INLINE) {
        LLVMValueRef args[3] = {dst, nd_ir_i32(l, size), nd_ir_ptr(l, src.v)};

        nd_ir_call(l, ND_H_PROBE_READ_KERNEL, args, 3);
        return;
    }
    while (off < size) {
        uint32_t n = unit(off, size - off);
        LLVMValueRef v = LLVMBuildLoad2(l->b, int_of(l, n), nd_ir_gep(l, nd_ir_ptr(l, src.v), off),
                                        ""),
                     st;

        LLVMSetAlignment(v, n);
        st = LLVMBuildStore(l->b, v, nd_ir_gep(l, dst, off));
        LLVMSetAlignment(st, n);
        off += n;
    }
}

void nd_lower_read_str(struct nd_lower *l, LLVMValueRef dst, uint32_t size, LLVMValueRef addr,
                       enum nd_as as, struct nd_span span)
{
    LLVMValueRef args[3], r;

    nd_ir_zero(l, dst, 0, size);
    args[0] = dst;
    args[1] = nd_ir_i32(l, size);
    args[2] = nd_ir_ptr(l, addr);
    r = nd_ir_call(l, as == ND_AS_USER ? ND_H_PROBE_READ_USER_STR : ND_H_PROBE_READ_KERNEL_STR,
                   args, 3);
    nd_lower_count_if(l, LLVMBuildICmp(l->b, LLVMIntSLT, r, nd_ir_i64(l, 0), ""), ND_SITE_READ_FAIL,
                      span, ND_MF_NONE);
    // The length includes the zero byte: all of the room used means cut, or just fitting.
    nd_lower_count_if(l, LLVMBuildICmp(l->b, LLVMIntEQ, r, nd_ir_i64(l, size), ""),
                      ND_SITE_STR_TRUNC, span, ND_MF_NONE);
}

// Loads `n` bytes at off as a word whose missing bytes are not zero.
static LLVMValueRef text_word(struct nd_lower *l, LLVMValueRef p, uint32_t off, uint32_t n)
{
    LLVMValueRef v = LLVMBuildLoad2(l->b, int_of(l, n), nd_ir_gep(l, p, off), "");

    LLVMSetAlignment(v, n);
    if (n == 8)
        return v;
    return LLVMBuildOr(l->b, LLVMBuildZExt(l->b, v, l->i64, ""), nd_ir_i64(l, UINT64_MAX << n * 8),
                       "");
}

// What stands behind the zero byte of a text in the kernel is not part of it (a device that was
// renamed keeps the end of its old name): it becomes zero, in a few operations on words and without
// a branch. The lowest bit of (w - 0x01..01) & ~w & 0x80..80 marks the first zero byte of w.
void nd_lower_copy_text(struct nd_lower *l, LLVMValueRef dst, LLVMValueRef src, uint32_t size)
{
    LLVMValueRef open = nd_ir_i64(l, UINT64_MAX); // all ones until a zero byte was seen
    uint32_t off = 0;

    while (off < size) {
        uint32_t n = unit(off, size - off);
        LLVMValueRef w = text_word(l, src, off, n), m, low, st;

        m = LLVMBuildAnd(l->b, LLVMBuildSub(l->b, w, nd_ir_i64(l, 0x0101010101010101), ""),
                         LLVMBuildNot(l->b, w, ""), "");
        m = LLVMBuildAnd(l->b, m, nd_ir_i64(l, 0x8080808080808080), "");
        low = LLVMBuildSub(l->b, LLVMBuildAnd(l->b, m, LLVMBuildNeg(l->b, m, ""), ""),
                           nd_ir_i64(l, 1), "");
        w = LLVMBuildAnd(l->b, LLVMBuildAnd(l->b, w, low, ""), open, "");
        st = LLVMBuildStore(l->b, n < 8 ? LLVMBuildTrunc(l->b, w, int_of(l, n), "") : w,
                            nd_ir_gep(l, dst, off));
        LLVMSetAlignment(st, n);
        off += n;
        if (off < size) { // (m | -m) >> 63 is 1 if there was one
            m = LLVMBuildLShr(l->b, LLVMBuildOr(l->b, m, LLVMBuildNeg(l->b, m, ""), ""),
                              nd_ir_i64(l, 63), "");
            open = LLVMBuildAnd(l->b, open, LLVMBuildSub(l->b, m, nd_ir_i64(l, 1), ""), "");
        }
    }
}

// An array of characters: without a zero byte it is full, and its last character counts, too.
void nd_lower_read_chars(struct nd_lower *l, LLVMValueRef dst, uint32_t size, struct nd_val src,
                         struct nd_span span)
{
    LLVMBasicBlockRef full = nd_ir_bb(l, "full"), done = nd_ir_bb(l, "chars");
    LLVMValueRef args[3], r;

    nd_ir_zero(l, dst, 0, size);
    args[0] = dst;
    args[1] = nd_ir_i32(l, size);
    args[2] = nd_ir_ptr(l, src.v);
    r = nd_ir_call(l, src.as == ND_AS_USER ? ND_H_PROBE_READ_USER_STR : ND_H_PROBE_READ_KERNEL_STR,
                   args, 3);
    nd_lower_count_if(l, LLVMBuildICmp(l->b, LLVMIntSLT, r, nd_ir_i64(l, 0), ""), ND_SITE_READ_FAIL,
                      span, ND_MF_NONE);
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, r, nd_ir_i64(l, size), ""), full, done);
    nd_ir_at(l, full);
    args[0] = nd_ir_gep(l, dst, size - 1);
    args[1] = nd_ir_i32(l, 1);
    args[2] = nd_ir_gep(l, nd_ir_ptr(l, src.v), size - 1);
    nd_ir_call(l, src.as == ND_AS_USER ? ND_H_PROBE_READ_USER : ND_H_PROBE_READ_KERNEL, args, 3);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

void nd_lower_put_literal(struct nd_lower *l, LLVMValueRef dst, const char *s, uint32_t len,
                          uint32_t size)
{
    uint32_t off = 0;

    while (off < size) {
        uint32_t n = unit(off, size - off), i;
        uint64_t v = 0;
        LLVMValueRef st;

        for (i = 0; i < n && off + i < len; i++)
            v |= (uint64_t)(uint8_t)s[off + i] << i * 8;
        st = LLVMBuildStore(l->b, LLVMConstInt(int_of(l, n), v, 0), nd_ir_gep(l, dst, off));
        LLVMSetAlignment(st, n);
        off += n;
    }
}
