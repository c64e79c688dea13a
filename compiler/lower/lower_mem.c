// SPDX-License-Identifier: GPL-2.0-or-later
// Loads through every kind of pointer, copies of bytes and texts. Serves the other lower_*.c.
#include "compiler/kernel/btf.h"
#include "compiler/lower/lower_impl.h"

#include <string.h>

static bool is_direct(enum nd_as as)
{
    return as == ND_AS_BPF || as == ND_AS_BTF || as == ND_AS_CTX;
}

// bpf_probe_read() and bpf_probe_read_str() look at the address, on architectures where no address
// can be both (CONFIG_ARCH_HAS_NON_OVERLAPPING_ADDRESS_SPACE); elsewhere they do not exist.
static bool apart(struct nd_lower *l)
{
    const char *arch = nd_kernel_arch(l->p->kernel);

    return !strcmp(arch, "x86_64") || !strcmp(arch, "aarch64");
}

static enum nd_helper reader(struct nd_lower *l, enum nd_as as, bool str)
{
    if (as == ND_AS_USER)
        return str ? ND_H_PROBE_READ_USER_STR : ND_H_PROBE_READ_USER;
    if (as == ND_AS_EITHER && apart(l))
        return str ? ND_H_PROBE_READ_STR : ND_H_PROBE_READ;
    return str ? ND_H_PROBE_READ_KERNEL_STR : ND_H_PROBE_READ_KERNEL;
}

LLVMValueRef nd_lower_try_read(struct nd_lower *l, LLVMValueRef dst, LLVMValueRef size,
                               LLVMValueRef addr, enum nd_as as, struct nd_span span)
{
    LLVMValueRef args[3] = {dst, size, nd_ir_ptr(l, addr)};

    nd_lower_reads_memory(l, size, as == ND_AS_BTF ? ND_AS_KERNEL : as, span);
    return nd_ir_call(l, reader(l, as, false), args, 3);
}

void nd_lower_probe_read(struct nd_lower *l, LLVMValueRef dst, LLVMValueRef size, LLVMValueRef addr,
                         enum nd_as as, struct nd_span span)
{
    LLVMValueRef r = nd_lower_try_read(l, dst, size, addr, as, span);

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
    return t->kind == ND_T_PTR && nd_type_elem(&l->p->types, t)->kind != ND_T_STRUCT &&
           (l->p->portable || nd_lower_leaves_are_memory(l));
}

// Of this function, in scratch if it has any.
static LLVMValueRef new_word(struct nd_lower *l)
{
    LLVMValueRef word;

    if (!l->fn.scratch)
        return nd_lower_keep(l, 8);
    word = nd_lower_scratch_top(l);
    l->fn.scratch_top += 8;
    return word;
}

// Where a pointer becomes a number again: memory of maps keeps no types. Else the stack, at a place
// that the verifier cannot tell: one of two words, chosen by a bit of our state.
static LLVMValueRef untyped_slot(struct nd_lower *l)
{
    LLVMValueRef word, bit;

    if (l->fn.scratch)
        return new_word(l);
    if (!l->fn.two_words)
        l->fn.two_words = nd_lower_keep(l, 16);
    word = LLVMBuildLoad2(l->b, l->i64, nd_ir_gep(l, l->state, ND_STATE_START), "");
    LLVMSetVolatile(word, true);
    bit = LLVMBuildAnd(l->b, word, nd_ir_i64(l, 1), "");
    bit = LLVMBuildShl(l->b, bit, nd_ir_i64(l, 3), "");
    return LLVMBuildGEP2(l->b, l->i8, l->fn.two_words, &bit, 1, "");
}

static LLVMValueRef untyped(struct nd_lower *l, LLVMValueRef v)
{
    LLVMValueRef slot = untyped_slot(l), store, load;

    store = LLVMBuildStore(l->b, v, slot);
    LLVMSetVolatile(store, true);
    load = LLVMBuildLoad2(l->b, l->i64, slot, "");
    LLVMSetVolatile(load, true);
    return load;
}

// Verifiers since Linux 5.12 take the way by the stack, which is before they know such pointers. A
// portable program leaves it to the verifier whether what is computed with the pointer is possible,
// for there is another program if not; what `pkt` computes never is.
static bool can_untype(const struct nd_lower *l)
{
    if (l->p->portable)
        return !l->fn.probe->pkt;
    return l->fn.scratch || !nd_without(l->p, ND_F_GLOBALS);
}

uint32_t nd_lower_align_at(uint32_t align, uint64_t off)
{
    uint64_t low = (off | align) & (0 - (off | align)); // the lowest bit of both

    return low && low < 8 ? (uint32_t)low : 0;
}

struct nd_val nd_lower_bytes_at(struct nd_lower *l, struct nd_val base, uint64_t off)
{
    struct nd_val at = base;

    at.v = nd_ir_gep(l, nd_ir_ptr(l, base.v), off);
    if (is_direct(base.as) && base.as != ND_AS_BTF)
        at.align = nd_lower_align_at(base.align, off);
    return at;
}

// The unit of a copy that is loaded from where only `align` is known.
static uint32_t unit_from(uint32_t align, uint32_t off, uint32_t left)
{
    uint32_t n = nd_ir_unit(off, left);

    return align && n > align ? align : n;
}

LLVMValueRef nd_lower_load_scalar(struct nd_lower *l, struct nd_val at, const struct nd_type *t,
                                  struct nd_span span)
{
    uint32_t size = t->size ? t->size : 8;
    bool as_memory = at.as == ND_AS_BTF && loads_as_memory(l, t);
    LLVMValueRef tmp;

    if (is_direct(at.as) && at.align && at.align < size) { // the verifier wants whole units
        tmp = nd_lower_temp(l, size);
        nd_lower_copy(l, tmp, at, size, span);
        return nd_lower_load_int(l, tmp, t);
    }
    if (is_direct(at.as) && (!as_memory || can_untype(l))) {
        nd_lower_reads_bytes(l, size, at.as, span);
        tmp = nd_lower_load_int(l, nd_ir_ptr(l, at.v), t);
        return as_memory && !l->p->portable ? untyped(l, tmp) : tmp;
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
    nd_lower_reads_bytes(l, size, src.as, span);
    if (size > COPY_INLINE) {
        LLVMValueRef args[3] = {dst, nd_ir_i32(l, size), nd_ir_ptr(l, src.v)};

        nd_ir_call(l, ND_H_PROBE_READ_KERNEL, args, 3);
        return;
    }
    while (off < size) {
        uint32_t n = unit_from(src.align, off, size - off);
        LLVMValueRef v = LLVMBuildLoad2(l->b, nd_ir_int_of(l, n),
                                        nd_ir_gep(l, nd_ir_ptr(l, src.v), off), ""),
                     st;

        LLVMSetAlignment(v, n);
        st = LLVMBuildStore(l->b, v, nd_ir_gep(l, dst, off));
        LLVMSetAlignment(st, n);
        off += n;
    }
}

// Reads a string into zeros; its length with the zero byte, or an error. Verifiers from 4.18 to 5.6
// believe that bpf_probe_read_str() never fails (do_refine_retval_range()): a test of its result
// for an error is then "dead" code, which 4.18 to 5.0 replace by an endless jump. What was stored
// and loaded again they know nothing about: to them memory keeps the bounds of pointers, and since
// 5.3 of constants. Kernels that keep those of numbers (5.11) know that there are errors. Nothing
// else in the compiler calls these helpers.
static LLVMValueRef read_str(struct nd_lower *l, LLVMValueRef dst, uint32_t size, LLVMValueRef addr,
                             enum nd_as as)
{
    LLVMValueRef args[3] = {dst, nd_ir_i32(l, size), nd_ir_ptr(l, addr)}, r;

    nd_ir_zero(l, dst, 0, size);
    r = nd_ir_call(l, reader(l, as, true), args, 3);
    if (!l->fn.result)
        l->fn.result = l->force_scratch ? new_word(l) : nd_lower_keep(l, 8);
    LLVMSetVolatile(LLVMBuildStore(l->b, r, l->fn.result), true);
    r = LLVMBuildLoad2(l->b, l->i64, l->fn.result, "");
    LLVMSetVolatile(r, true);
    return r;
}

void nd_lower_read_str(struct nd_lower *l, LLVMValueRef dst, uint32_t size, LLVMValueRef addr,
                       enum nd_as as, struct nd_span span)
{
    LLVMValueRef r;

    nd_lower_reads_bytes(l, size, as, span);
    r = read_str(l, dst, size, addr, as);
    nd_lower_count_if(l, LLVMBuildICmp(l->b, LLVMIntSLT, r, nd_ir_i64(l, 0), ""), ND_SITE_READ_FAIL,
                      span, ND_MF_NONE);
    // The length includes the zero byte: all of the room used means cut, or just fitting.
    nd_lower_count_if(l, LLVMBuildICmp(l->b, LLVMIntEQ, r, nd_ir_i64(l, size), ""),
                      ND_SITE_STR_TRUNC, span, ND_MF_NONE);
}

// Loads `n` bytes at off as a word whose missing bytes are not zero.
static LLVMValueRef text_word(struct nd_lower *l, LLVMValueRef p, uint32_t off, uint32_t n)
{
    LLVMValueRef v = LLVMBuildLoad2(l->b, nd_ir_int_of(l, n), nd_ir_gep(l, p, off), "");

    LLVMSetAlignment(v, n);
    if (n == 8)
        return v;
    return LLVMBuildOr(l->b, LLVMBuildZExt(l->b, v, l->i64, ""), nd_ir_i64(l, UINT64_MAX << n * 8),
                       "");
}

// What follows the zero byte of a string in the kernel is not part of it (a device that was
// renamed keeps the end of its old name): it becomes zero, in a few operations on words and without
// a branch. The lowest bit of (w - 0x01..01) & ~w & 0x80..80 marks the first zero byte of w.
void nd_lower_copy_text(struct nd_lower *l, LLVMValueRef dst, struct nd_val src, uint32_t size)
{
    LLVMValueRef open = nd_ir_i64(l, UINT64_MAX); // all ones until a zero byte was seen
    LLVMValueRef from = nd_ir_ptr(l, src.v);
    uint32_t off = 0;

    while (off < size) {
        uint32_t n = unit_from(src.align, off, size - off);
        LLVMValueRef w = text_word(l, from, off, n), m, low, st;

        m = LLVMBuildAnd(l->b, LLVMBuildSub(l->b, w, nd_ir_i64(l, 0x0101010101010101), ""),
                         LLVMBuildNot(l->b, w, ""), "");
        m = LLVMBuildAnd(l->b, m, nd_ir_i64(l, 0x8080808080808080), "");
        low = LLVMBuildSub(l->b, LLVMBuildAnd(l->b, m, LLVMBuildNeg(l->b, m, ""), ""),
                           nd_ir_i64(l, 1), "");
        w = LLVMBuildAnd(l->b, LLVMBuildAnd(l->b, w, low, ""), open, "");
        st = LLVMBuildStore(l->b, n < 8 ? LLVMBuildTrunc(l->b, w, nd_ir_int_of(l, n), "") : w,
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

// An array of characters: without a zero byte it is full, and its last character counts as well.
void nd_lower_read_chars(struct nd_lower *l, LLVMValueRef dst, uint32_t size, struct nd_val src,
                         struct nd_span span)
{
    LLVMBasicBlockRef full = nd_ir_bb(l, "full"), done = nd_ir_bb(l, "chars");
    LLVMValueRef args[3], r;

    nd_lower_reads_bytes(l, size, src.as, span);
    r = read_str(l, dst, size, src.v, src.as);
    nd_lower_count_if(l, LLVMBuildICmp(l->b, LLVMIntSLT, r, nd_ir_i64(l, 0), ""), ND_SITE_READ_FAIL,
                      span, ND_MF_NONE);
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, r, nd_ir_i64(l, size), ""), full, done);
    nd_ir_at(l, full);
    args[0] = nd_ir_gep(l, dst, size - 1);
    args[1] = nd_ir_i32(l, 1);
    args[2] = nd_ir_gep(l, nd_ir_ptr(l, src.v), size - 1);
    nd_ir_call(l, reader(l, src.as, false), args, 3);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

void nd_lower_put_literal(struct nd_lower *l, LLVMValueRef dst, const char *s, uint32_t len,
                          uint32_t size)
{
    uint32_t off = 0;

    while (off < size) {
        uint32_t n = nd_ir_unit(off, size - off), i;
        uint64_t v = 0;
        LLVMValueRef st;

        for (i = 0; i < n && off + i < len; i++)
            v |= (uint64_t)(uint8_t)s[off + i] << i * 8;
        st = LLVMBuildStore(l->b, LLVMConstInt(nd_ir_int_of(l, n), v, 0), nd_ir_gep(l, dst, off));
        LLVMSetAlignment(st, n);
        off += n;
    }
}
