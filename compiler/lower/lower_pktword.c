// SPDX-License-Identifier: GPL-2.0-or-later
// Small words for the code that parses packets. Must not know headers. Serves lower_packet.c,
// lower_pktparse.c, lower_pktval.c.
#include "compiler/lower/lower_packet_impl.h"

#include <string.h>

struct nd_branch nd_pk_if(struct nd_lower *l, LLVMValueRef cond)
{
    struct nd_branch b = {nd_ir_bb(l, "else"), nd_ir_bb(l, "fi")};
    LLVMBasicBlockRef then = nd_ir_bb(l, "then");

    LLVMBuildCondBr(l->b, cond, then, b.other);
    nd_ir_at(l, then);
    return b;
}

void nd_pk_else(struct nd_lower *l, const struct nd_branch *b)
{
    nd_ir_br(l, b->done);
    nd_ir_at(l, b->other);
}

void nd_pk_done(struct nd_lower *l, const struct nd_branch *b)
{
    nd_ir_br(l, b->done);
    nd_ir_at(l, b->done);
}

void nd_pk_fi(struct nd_lower *l, const struct nd_branch *b)
{
    nd_pk_else(l, b);
    nd_pk_done(l, b);
}

LLVMValueRef nd_pk_cmp(struct nd_lower *l, LLVMIntPredicate p, LLVMValueRef a, uint64_t b)
{
    return LLVMBuildICmp(l->b, p, a, nd_ir_i64(l, b), "");
}

LLVMValueRef nd_pk_is(struct nd_lower *l, LLVMValueRef a, uint64_t b)
{
    return nd_pk_cmp(l, LLVMIntEQ, a, b);
}

LLVMValueRef nd_pk_or(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildOr(l->b, a, b, "");
}

LLVMValueRef nd_pk_and(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildAnd(l->b, a, b, "");
}

LLVMValueRef nd_pk_pick(struct nd_lower *l, LLVMValueRef cond, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildSelect(l->b, cond, a, b, "");
}

LLVMValueRef nd_pk_add(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildAdd(l->b, a, b, "");
}

LLVMValueRef nd_pk_sub(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildSub(l->b, a, b, "");
}

LLVMValueRef nd_pk_bits(struct nd_lower *l, LLVMValueRef v, uint32_t shift, uint64_t mask)
{
    if (shift)
        v = LLVMBuildLShr(l->b, v, nd_ir_i64(l, shift), "");
    return mask ? LLVMBuildAnd(l->b, v, nd_ir_i64(l, mask), "") : v;
}

// An integer of `size` bytes from the network at buf + off.
LLVMValueRef nd_pk_wire(struct nd_lower *l, LLVMValueRef buf, uint32_t off, uint32_t size)
{
    LLVMTypeRef t = size == 4 ? l->i32 : size == 2 ? l->i16 : l->i8, fn_types[1] = {t};
    LLVMValueRef v = LLVMBuildLoad2(l->b, t, nd_ir_gep(l, buf, off), ""), fn;
    unsigned int id = LLVMLookupIntrinsicID("llvm.bswap", strlen("llvm.bswap"));

    LLVMSetAlignment(v, off % size ? 1 : size);
    if (size > 1) {
        fn = LLVMGetIntrinsicDeclaration(l->m, id, fn_types, 1);
        v = LLVMBuildCall2(l->b, LLVMIntrinsicGetType(l->cx, id, fn_types, 1), fn, &v, 1, "");
    }
    return LLVMBuildZExt(l->b, v, l->i64, "");
}

void nd_pk_copy(struct nd_lower *l, LLVMValueRef to, LLVMValueRef from, uint32_t words)
{
    uint32_t i;

    for (i = 0; i < words; i++)
        nd_ir_store(l, nd_ir_gep(l, to, 4 * i), 4,
                    nd_lower_load_int(l, nd_ir_gep(l, from, 4 * i), &nd_type_u32));
}

LLVMValueRef nd_pk_load(struct nd_lower *l, LLVMValueRef reg)
{
    return LLVMBuildLoad2(l->b, l->i64, reg, "");
}

LLVMValueRef nd_pk_get(struct nd_parsing *p, enum nd_pkt_reg r)
{
    return nd_pk_load(p->l, p->k->reg[r]);
}

void nd_pk_set(struct nd_parsing *p, enum nd_pkt_reg r, LLVMValueRef v)
{
    LLVMBuildStore(p->l->b, v, p->k->reg[r]);
}

void nd_pk_have(struct nd_parsing *p, uint32_t what)
{
    nd_pk_set(p, ND_PR_HAVE, nd_pk_or(p->l, nd_pk_get(p, ND_PR_HAVE), nd_ir_i64(p->l, what)));
}

LLVMValueRef nd_pk_found(struct nd_lower *l, const struct nd_lpkt *k, uint32_t what)
{
    return nd_ir_bool(l, nd_pk_bits(l, nd_pk_load(l, k->reg[ND_PR_HAVE]), 0, what));
}

// Where branches meet again. The verifier follows the rest once for each combination of known
// values that comes there: without this a packet's parsing has millions of paths. It does not know
// that x ^ tail ^ tail is x; LLVM does, unless that is hidden from it.
LLVMValueRef nd_pk_forget(struct nd_lower *l, LLVMValueRef v)
{
    LLVMValueRef any = nd_pk_load(l, l->fn.pkt.end); // a number: pointers are not for all verifiers

    return LLVMBuildXor(l->b, nd_ir_pin(l, LLVMBuildXor(l->b, v, any, "")), any, "");
}

void nd_pk_forget_regs(struct nd_parsing *p, uint32_t regs)
{
    uint32_t i;

    for (i = 0; i < ND_PR_MAX; i++) {
        if (regs & 1u << i)
            nd_pk_set(p, i, nd_pk_forget(p->l, nd_pk_get(p, i)));
    }
}

// Zeros, which the verifier takes for any bytes, as it does those that are read.
void nd_pk_blank(struct nd_lower *l, LLVMValueRef buf, uint32_t size)
{
    LLVMValueRef zero = nd_pk_forget(l, nd_ir_i64(l, 0));
    uint32_t i;

    for (i = 0; i < size; i += 8)
        nd_ir_store(l, nd_ir_gep(l, buf, i), 8, zero);
}

void nd_pk_failed(struct nd_parsing *p)
{
    nd_lower_count(p->l, ND_SITE_PARSE, p->span, ND_MF_NONE);
}

static void fetch(struct nd_parsing *p, LLVMValueRef buf, LLVMValueRef off, LLVMValueRef n)
{
    p->l->fn.reading = "headers of the packet";
    nd_lower_probe_read(p->l, buf, LLVMBuildTrunc(p->l->b, n, p->l->i32, ""),
                        nd_pk_add(p->l, nd_pk_load(p->l, p->l->fn.pkt.head), off), ND_AS_KERNEL,
                        p->span);
    nd_lower_reads_script(p->l);
}

void nd_pk_fetch(struct nd_parsing *p, LLVMValueRef buf, LLVMValueRef off, uint32_t n)
{
    fetch(p, buf, off, nd_ir_i64(p->l, n));
}

// In a way that the verifier sees: LLVM, which might know better, must not.
void nd_pk_fetch_some(struct nd_parsing *p, LLVMValueRef buf, LLVMValueRef off, LLVMValueRef n,
                      uint32_t most)
{
    struct nd_lower *l = p->l;

    n = nd_pk_bits(l, nd_ir_pin(l, nd_pk_sub(l, n, nd_ir_i64(l, 1))), 0, most - 1);
    fetch(p, buf, off, nd_pk_add(l, n, nd_ir_i64(l, 1)));
}

LLVMValueRef nd_pk_room(struct nd_parsing *p, LLVMValueRef off, uint32_t n)
{
    return LLVMBuildICmp(p->l->b, LLVMIntULE, nd_pk_add(p->l, off, nd_ir_i64(p->l, n)),
                         nd_pk_load(p->l, p->l->fn.pkt.end), "");
}

// Of what may not be read: the buffers on the stack, where small ones are even if there is scratch,
// which verifiers take as written.
void nd_pk_blank_all(struct nd_lower *l, const struct nd_lpkt *k)
{
    const struct {
        LLVMValueRef at;
        uint32_t size;
    } v[] = {{k->l2, 16}, {k->l4, 32}, {k->addr, 32}, {k->tag, ND_TAG_BYTES}};
    size_t i;

    for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        if (LLVMIsAAllocaInst(v[i].at))
            nd_pk_blank(l, v[i].at, v[i].size);
    }
}
