// SPDX-License-Identifier: GPL-2.0-or-later
// Texts that are in memory of the program: compared, searched, cut. Every text has only zeros after
// its end, so words are compared, without a branch for each byte: that would be two ways each for
// the verifier. Must not know expressions. Serves lower_builtin.c.
#include "compiler/lower/lower_impl.h"

static LLVMValueRef word_of(struct nd_lower *l, LLVMValueRef p, uint32_t off, uint32_t n)
{
    struct nd_type t = {.size = n};

    return nd_lower_load_int(l, nd_ir_gep(l, p, off), &t);
}

static uint32_t unit(uint32_t off, uint32_t left)
{
    uint32_t n = 8;

    while (n > left || off % n)
        n /= 2;
    return n;
}

static LLVMValueRef repeated(struct nd_lower *l, uint8_t byte)
{
    return nd_ir_i64(l, byte * 0x0101010101010101u);
}

// Capital letters become small ones, in all bytes of the word at once.
static LLVMValueRef small(struct nd_lower *l, LLVMValueRef w)
{
    LLVMValueRef low = LLVMBuildAnd(l->b, w, repeated(l, 0x7f), ""), over, from, is;

    over = LLVMBuildAdd(l->b, low, repeated(l, 0x7f - 'Z'), "");
    from = LLVMBuildAdd(l->b, low, repeated(l, 0x80 - 'A'), "");
    is = LLVMBuildAnd(l->b, LLVMBuildXor(l->b, over, from, ""), LLVMBuildNot(l->b, w, ""), "");
    is = LLVMBuildAnd(l->b, is, repeated(l, 0x80), "");
    return LLVMBuildOr(l->b, w, LLVMBuildLShr(l->b, is, nd_ir_i64(l, 2), ""), "");
}

// The bits of the bytes of a word at off that are among the first n; NULL: all of them.
static LLVMValueRef among(struct nd_lower *l, LLVMValueRef n, uint32_t off)
{
    LLVMValueRef rest, bits, all;

    if (!n)
        return nd_ir_i64(l, UINT64_MAX);
    rest = LLVMBuildSub(l->b, n, nd_ir_i64(l, off), "");
    all = LLVMBuildICmp(l->b, LLVMIntSGE, rest, nd_ir_i64(l, 8), "");
    bits = LLVMBuildShl(l->b, rest, nd_ir_i64(l, 3), "");
    bits = LLVMBuildAnd(l->b, bits, nd_ir_i64(l, 63), "");
    bits = LLVMBuildSub(l->b, LLVMBuildShl(l->b, nd_ir_i64(l, 1), bits, ""), nd_ir_i64(l, 1), "");
    bits = LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntSGT, rest, nd_ir_i64(l, 0), ""), bits,
                           nd_ir_i64(l, 0), "");
    return LLVMBuildSelect(l->b, all, nd_ir_i64(l, UINT64_MAX), bits, "");
}

LLVMValueRef nd_lower_text_differs(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b,
                                   uint32_t size, LLVMValueRef n, bool fold)
{
    LLVMValueRef diff = nd_ir_i64(l, 0), x, y;
    uint32_t off = 0;

    while (off < size) {
        uint32_t k = unit(off, size - off);

        x = word_of(l, a, off, k);
        y = word_of(l, b, off, k);
        if (fold) {
            x = small(l, x);
            y = small(l, y);
        }
        x = LLVMBuildAnd(l->b, LLVMBuildXor(l->b, x, y, ""), among(l, n, off), "");
        diff = LLVMBuildOr(l->b, diff, x, "");
        off += k;
    }
    return nd_ir_from_bool(l, nd_ir_bool(l, diff));
}

static LLVMValueRef big_endian(struct nd_lower *l, LLVMValueRef w)
{
    static const char name[] = "llvm.bswap";
    unsigned int id = LLVMLookupIntrinsicID(name, sizeof(name) - 1);

    return LLVMBuildCall2(l->b, LLVMIntrinsicGetType(l->cx, id, &l->i64, 1),
                          LLVMGetIntrinsicDeclaration(l->m, id, &l->i64, 1), &w, 1, "");
}

LLVMValueRef nd_lower_bytes_order(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b, uint32_t size)
{
    LLVMValueRef r = nd_ir_i64(l, 0), x, y, less;
    uint32_t offs[512], n = 0, off = 0;

    while (off < size && n < sizeof(offs) / sizeof(offs[0])) {
        offs[n++] = off;
        off += unit(off, size - off);
    }
    while (n-- > 0) { // the first that differ decide
        uint32_t k = unit(offs[n], size - offs[n]);

        x = big_endian(l, word_of(l, a, offs[n], k));
        y = big_endian(l, word_of(l, b, offs[n], k));
        less = LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntULT, x, y, ""),
                               nd_ir_i64(l, UINT64_MAX), nd_ir_i64(l, 1), "");
        r = LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, x, y, ""), r, less, "");
    }
    return r;
}

// ---- searching ----------------------------------------------------------------------------------

// Where the needle differs from what stands at `at`, 0: nowhere.
static LLVMValueRef unlike(struct nd_lower *l, const struct nd_needle *n, LLVMValueRef at)
{
    LLVMValueRef diff = nd_ir_i64(l, 0), x, c;
    uint32_t k;

    for (k = 0; k < n->size; k++) {
        x = word_of(l, at, k, 1);
        if (n->literal) {
            x = LLVMBuildXor(l->b, x, nd_ir_i64(l, (uint8_t)n->literal[k]), "");
        } else { // after the needle's end anything may stand
            c = word_of(l, n->text, k, 1);
            x = LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, c, nd_ir_i64(l, 0), ""),
                                nd_ir_i64(l, 0), LLVMBuildXor(l->b, x, c, ""), "");
        }
        diff = LLVMBuildOr(l->b, diff, x, "");
    }
    return diff;
}

LLVMValueRef nd_lower_text_find(struct nd_lower *l, LLVMValueRef hay, uint32_t places,
                                const struct nd_needle *n, struct nd_span span)
{
    LLVMBasicBlockRef from, loop, done;
    LLVMValueRef i, at, next, found, hit, none = nd_ir_i64(l, UINT64_MAX);

    nd_lower_need_loops(l, span);
    from = LLVMGetInsertBlock(l->b);
    loop = nd_ir_bb(l, "search");
    done = nd_ir_bb(l, "searched");
    nd_ir_br(l, loop);
    nd_ir_at(l, loop);
    i = LLVMBuildPhi(l->b, l->i64, "");
    at = LLVMBuildPhi(l->b, l->i64, "");
    hit = unlike(l, n, LLVMBuildGEP2(l->b, l->i8, hay, &i, 1, ""));
    // The first place at which nothing differs, without a branch.
    hit = LLVMBuildAnd(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, hit, nd_ir_i64(l, 0), ""),
                       LLVMBuildICmp(l->b, LLVMIntEQ, at, none, ""), "");
    found = LLVMBuildSelect(l->b, hit, i, at, "");
    next = LLVMBuildAdd(l->b, i, nd_ir_i64(l, 1), "");
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntULT, next, nd_ir_i64(l, places), ""), loop,
                    done);
    LLVMAddIncoming(i, (LLVMValueRef[]){nd_ir_i64(l, 0), next}, (LLVMBasicBlockRef[]){from, loop},
                    2);
    LLVMAddIncoming(at, (LLVMValueRef[]){none, found}, (LLVMBasicBlockRef[]){from, loop}, 2);
    nd_ir_at(l, done);
    return found;
}

void nd_lower_text_cut(struct nd_lower *l, LLVMValueRef text, uint32_t size, LLVMValueRef n)
{
    uint32_t off = 0;

    while (off < size) {
        uint32_t k = unit(off, size - off);

        nd_ir_store(l, nd_ir_gep(l, text, off), k,
                    LLVMBuildAnd(l->b, word_of(l, text, off, k), among(l, n, off), ""));
        off += k;
    }
}

LLVMValueRef nd_lower_scan(struct nd_lower *l, uint32_t most, struct nd_span span,
                           LLVMValueRef (*stop)(struct nd_lower *l, LLVMValueRef i, void *arg),
                           void *arg)
{
    LLVMBasicBlockRef from = LLVMGetInsertBlock(l->b), loop = nd_ir_bb(l, "scan"),
                      next = nd_ir_bb(l, "scan.next"), done = nd_ir_bb(l, "scan.done"), body, more;
    LLVMValueRef i, end, inc, phi;

    nd_lower_need_loops(l, span);
    nd_ir_br(l, loop);
    nd_ir_at(l, loop);
    i = LLVMBuildPhi(l->b, l->i64, "");
    more = nd_ir_bb(l, "scan.body");
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntULT, i, nd_ir_i64(l, most), ""), more, done);
    nd_ir_at(l, more);
    end = stop(l, i, arg);
    body = LLVMGetInsertBlock(l->b);
    LLVMBuildCondBr(l->b, end, done, next);
    nd_ir_at(l, next);
    inc = LLVMBuildAdd(l->b, i, nd_ir_i64(l, 1), "");
    nd_ir_br(l, loop);
    LLVMAddIncoming(i, (LLVMValueRef[]){nd_ir_i64(l, 0), inc}, (LLVMBasicBlockRef[]){from, next},
                    2);
    nd_ir_at(l, done);
    phi = LLVMBuildPhi(l->b, l->i64, "");
    LLVMAddIncoming(phi, (LLVMValueRef[]){nd_ir_i64(l, most), i}, (LLVMBasicBlockRef[]){loop, body},
                    2);
    return phi;
}

static LLVMValueRef load_byte(struct nd_lower *l, LLVMValueRef base, LLVMValueRef i)
{
    return LLVMBuildLoad2(l->b, l->i8, LLVMBuildGEP2(l->b, l->i8, base, &i, 1, ""), "");
}

static LLVMValueRef is_end(struct nd_lower *l, LLVMValueRef i, void *text)
{
    return LLVMBuildICmp(l->b, LLVMIntEQ, load_byte(l, text, i), LLVMConstInt(l->i8, 0, 0), "");
}

LLVMValueRef nd_lower_text_length(struct nd_lower *l, LLVMValueRef text, uint32_t size,
                                  struct nd_span span)
{
    return nd_lower_scan(l, size, span, is_end, text);
}

// ---- prefixes -----------------------------------------------------------------------------------

// The first `len` bits of a word in network order, which count from its lowest byte: the word
// turned round, shifted by what is left over. In two steps: a shift by 64 is none.
static LLVMValueRef first_bits(struct nd_lower *l, LLVMValueRef word, LLVMValueRef len)
{
    static const char name[] = "llvm.bswap";
    unsigned int id = LLVMLookupIntrinsicID(name, sizeof(name) - 1);
    LLVMValueRef half = LLVMBuildLShr(l->b, LLVMBuildSub(l->b, nd_ir_i64(l, 65), len, ""),
                                      nd_ir_i64(l, 1), ""),
                 v, rest;

    v = LLVMBuildCall2(l->b, LLVMIntrinsicGetType(l->cx, id, &l->i64, 1),
                       LLVMGetIntrinsicDeclaration(l->m, id, &l->i64, 1), &word, 1, "");
    rest = LLVMBuildSub(l->b, LLVMBuildSub(l->b, nd_ir_i64(l, 64), len, ""), half, "");
    return LLVMBuildLShr(l->b, LLVMBuildLShr(l->b, v, half, ""), rest, "");
}

static LLVMValueRef at_most(struct nd_lower *l, LLVMValueRef v, uint64_t max)
{
    return LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntULT, v, nd_ir_i64(l, max), ""), v,
                           nd_ir_i64(l, max), "");
}

// Are the first bits of ip those of the prefix, as many as its byte 16 says?
LLVMValueRef nd_lower_prefix_match(struct nd_lower *l, LLVMValueRef ip, LLVMValueRef prefix)
{
    LLVMValueRef len = at_most(l, nd_lower_load_int(l, nd_ir_gep(l, prefix, 16), &nd_type_u8), 128),
                 high, diff[2];
    uint32_t i;

    for (i = 0; i < 2; i++) { // in pieces of 4 bytes: that is what prefixes in lists are aligned to
        LLVMValueRef x[2];
        uint32_t k;

        for (k = 0; k < 2; k++)
            x[k] = LLVMBuildXor(
                l->b, nd_lower_load_int(l, nd_ir_gep(l, ip, i * 8 + k * 4), &nd_type_u32),
                nd_lower_load_int(l, nd_ir_gep(l, prefix, i * 8 + k * 4), &nd_type_u32), "");
        diff[i] = LLVMBuildOr(l->b, x[0], LLVMBuildShl(l->b, x[1], nd_ir_i64(l, 32), ""), "");
    }
    high = at_most(l, len, 64);
    diff[0] = first_bits(l, diff[0], high);
    diff[1] = first_bits(l, diff[1], LLVMBuildSub(l->b, len, high, ""));
    return LLVMBuildICmp(l->b, LLVMIntEQ, LLVMBuildOr(l->b, diff[0], diff[1], ""), nd_ir_i64(l, 0),
                         "");
}
