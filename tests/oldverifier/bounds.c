// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of a number: signed and unsigned bounds of 64 bits, and bits. There are no bounds
// of the lower 32 bits (they came with Linux 5.7).
#include "ov.h"

#include <string.h>

void ov_unknown(struct ov_reg *r)
{
    memset(r, 0, sizeof(*r));
    r->kind = OV_NUMBER;
    r->bits.mask = UINT64_MAX;
    r->smin = INT64_MIN;
    r->smax = INT64_MAX;
    r->umax = UINT64_MAX;
}

void ov_known(struct ov_reg *r, uint64_t v)
{
    memset(r, 0, sizeof(*r));
    r->kind = OV_NUMBER;
    r->bits.value = v;
    r->smin = r->smax = (int64_t)v;
    r->umin = r->umax = v;
}

bool ov_is_known(const struct ov_reg *r)
{
    return !r->bits.mask;
}

// ---- bits --------------------------------------------------------------------------------------

static struct ov_bits bits_add(struct ov_bits a, struct ov_bits b)
{
    uint64_t sm = a.mask + b.mask, sv = a.value + b.value, chi = (sm + sv) ^ sv,
             mu = chi | a.mask | b.mask;

    return (struct ov_bits){sv & ~mu, mu};
}

static struct ov_bits bits_sub(struct ov_bits a, struct ov_bits b)
{
    uint64_t dv = a.value - b.value, alpha = dv + a.mask, beta = dv - b.mask,
             mu = (alpha ^ beta) | a.mask | b.mask;

    return (struct ov_bits){dv & ~mu, mu};
}

static struct ov_bits bits_and(struct ov_bits a, struct ov_bits b)
{
    uint64_t alpha = a.value | a.mask, beta = b.value | b.mask, v = a.value & b.value;

    return (struct ov_bits){v, alpha & beta & ~v};
}

static struct ov_bits bits_or(struct ov_bits a, struct ov_bits b)
{
    uint64_t v = a.value | b.value, mu = a.mask | b.mask;

    return (struct ov_bits){v, mu & ~v};
}

// Bits that all numbers from min to max have.
static struct ov_bits bits_range(uint64_t min, uint64_t max)
{
    uint64_t chi = min ^ max, delta;

    if (chi >> 63)
        return (struct ov_bits){0, UINT64_MAX};
    delta = chi ? (2ull << (63 - __builtin_clzll(chi))) - 1 : 0;
    return (struct ov_bits){min & ~delta, delta};
}

static struct ov_bits bits_both(struct ov_bits a, struct ov_bits b)
{
    uint64_t v = a.value | b.value, mu = a.mask & b.mask;

    return (struct ov_bits){v & ~mu, mu};
}

// ---- bounds ------------------------------------------------------------------------------------

static void from_bits(struct ov_reg *r)
{
    uint64_t most = r->bits.value | r->bits.mask;
    int64_t low = (int64_t)(r->bits.value | (r->bits.mask & (uint64_t)INT64_MIN)),
            high = (int64_t)(r->bits.value | (r->bits.mask & INT64_MAX));

    r->smin = low > r->smin ? low : r->smin;
    r->smax = high < r->smax ? high : r->smax;
    r->umin = r->bits.value > r->umin ? r->bits.value : r->umin;
    r->umax = most < r->umax ? most : r->umax;
}

// Signed bounds from unsigned ones and back, where the sign is known.
static void deduce(struct ov_reg *r)
{
    if (r->smin >= 0 || r->smax < 0) {
        r->umin = (uint64_t)r->smin > r->umin ? (uint64_t)r->smin : r->umin;
        r->smin = (int64_t)r->umin;
        r->umax = (uint64_t)r->smax < r->umax ? (uint64_t)r->smax : r->umax;
        r->smax = (int64_t)r->umax;
        return;
    }
    if ((int64_t)r->umax >= 0) {
        r->smin = (int64_t)r->umin;
        r->umax = (uint64_t)r->smax < r->umax ? (uint64_t)r->smax : r->umax;
        r->smax = (int64_t)r->umax;
    } else if ((int64_t)r->umin < 0) {
        r->umin = (uint64_t)r->smin > r->umin ? (uint64_t)r->smin : r->umin;
        r->smin = (int64_t)r->umin;
        r->smax = (int64_t)r->umax;
    }
}

void ov_settle(struct ov_reg *r)
{
    from_bits(r);
    deduce(r);
    r->bits = bits_both(r->bits, bits_range(r->umin, r->umax));
    from_bits(r);
}

void ov_cut(struct ov_reg *r, uint32_t bytes)
{
    uint64_t mask = bytes < 8 ? (1ull << bytes * 8) - 1 : UINT64_MAX;

    if (bytes >= 8)
        return;
    r->bits.value &= mask;
    r->bits.mask &= mask;
    if ((r->umin & ~mask) == (r->umax & ~mask)) {
        r->umin &= mask;
        r->umax &= mask;
    } else {
        r->umin = 0;
        r->umax = mask;
    }
    r->smin = (int64_t)r->umin;
    r->smax = (int64_t)r->umax;
}

bool ov_add_signed(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

// ---- arithmetic --------------------------------------------------------------------------------

static void alu_add(struct ov_reg *d, const struct ov_reg *s)
{
    int64_t low, high;

    if (!ov_add_signed(d->smin, s->smin, &low) || !ov_add_signed(d->smax, s->smax, &high)) {
        low = INT64_MIN;
        high = INT64_MAX;
    }
    d->smin = low;
    d->smax = high;
    if (d->umin + s->umin < d->umin || d->umax + s->umax < d->umax) {
        d->umin = 0;
        d->umax = UINT64_MAX;
    } else {
        d->umin += s->umin;
        d->umax += s->umax;
    }
    d->bits = bits_add(d->bits, s->bits);
}

static void alu_sub(struct ov_reg *d, const struct ov_reg *s)
{
    int64_t low, high;

    if (__builtin_sub_overflow(d->smin, s->smax, &low) ||
        __builtin_sub_overflow(d->smax, s->smin, &high)) {
        low = INT64_MIN;
        high = INT64_MAX;
    }
    d->smin = low;
    d->smax = high;
    if (d->umin < s->umax) {
        d->umin = 0;
        d->umax = UINT64_MAX;
    } else {
        d->umin -= s->umax;
        d->umax -= s->umin;
    }
    d->bits = bits_sub(d->bits, s->bits);
}

static void alu_mul(struct ov_reg *d, const struct ov_reg *s)
{
    bool small = d->umax <= UINT32_MAX && s->umax <= UINT32_MAX && d->smin >= 0 && s->smin >= 0;

    if (ov_is_known(d) && ov_is_known(s)) {
        ov_known(d, d->bits.value * s->bits.value);
        return;
    }
    d->bits = (struct ov_bits){0, UINT64_MAX};
    if (!small) {
        ov_unknown(d);
        return;
    }
    d->umin *= s->umin;
    d->umax *= s->umax;
    if (d->umax > INT64_MAX) {
        d->smin = INT64_MIN;
        d->smax = INT64_MAX;
    } else {
        d->smin = (int64_t)d->umin;
        d->smax = (int64_t)d->umax;
    }
}

static void alu_logic(struct ov_reg *d, const struct ov_reg *s, uint8_t op)
{
    bool negative = d->smin < 0 || s->smin < 0;

    d->bits = op == BPF_AND ? bits_and(d->bits, s->bits) : bits_or(d->bits, s->bits);
    if (op == BPF_AND) {
        d->umin = d->bits.value;
        d->umax = s->umax < d->umax ? s->umax : d->umax;
    } else {
        d->umin = d->umin > s->umin ? d->umin : s->umin;
        d->umax = d->bits.value | d->bits.mask;
    }
    if (negative) {
        d->smin = INT64_MIN;
        d->smax = INT64_MAX;
    } else {
        d->smin = (int64_t)d->umin;
        d->smax = (int64_t)d->umax;
    }
}

static void alu_shift(struct ov_reg *d, const struct ov_reg *s, uint8_t op)
{
    uint32_t low = (uint32_t)s->umin, high = (uint32_t)s->umax;

    if (op == BPF_LSH) {
        d->smin = INT64_MIN;
        d->smax = INT64_MAX;
        if (high >= 64 || d->umax > 1ull << (63 - high)) {
            d->umin = 0;
            d->umax = UINT64_MAX;
        } else {
            d->umin <<= low;
            d->umax <<= high;
        }
        d->bits = (struct ov_bits){d->bits.value << low, d->bits.mask << low};
    } else if (op == BPF_RSH) {
        d->smin = INT64_MIN;
        d->smax = INT64_MAX;
        d->bits = (struct ov_bits){d->bits.value >> low, d->bits.mask >> low};
        d->umin >>= high;
        d->umax >>= low;
    } else {
        d->smin >>= low;
        d->smax >>= low;
        d->bits = (struct ov_bits){(uint64_t)((int64_t)d->bits.value >> low),
                                   (uint64_t)((int64_t)d->bits.mask >> low)};
        d->umin = 0;
        d->umax = UINT64_MAX;
    }
    if (low != high)
        d->bits = (struct ov_bits){0, UINT64_MAX};
}

void ov_alu(struct ov_reg *d, struct ov_reg s, uint8_t op, bool is32)
{
    bool shift = op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;

    if (is32) { // both are cut before, or a shift would bring in what is not there
        ov_cut(d, 4);
        ov_cut(&s, 4);
    }
    if (s.smin > s.smax || s.umin > s.umax || (shift && s.umax >= (is32 ? 32 : 64)) ||
        (!ov_is_known(&s) && op != BPF_ADD && op != BPF_SUB && op != BPF_AND))
        ov_unknown(d); // of an operand that is not known they follow these three
    else if (op == BPF_ADD)
        alu_add(d, &s);
    else if (op == BPF_SUB)
        alu_sub(d, &s);
    else if (op == BPF_MUL)
        alu_mul(d, &s);
    else if (op == BPF_AND || op == BPF_OR)
        alu_logic(d, &s, op);
    else if (shift && !(op == BPF_ARSH && is32))
        alu_shift(d, &s, op);
    else
        ov_unknown(d); // ^, /, %
    if (is32)
        ov_cut(d, 4);
    ov_settle(d);
}

// ---- comparisons -------------------------------------------------------------------------------

int ov_taken(const struct ov_reg *reg, uint64_t v, uint8_t op, bool is32)
{
    struct ov_reg r = *reg;
    int64_t sv = (int64_t)v;

    if (r.kind != OV_NUMBER)
        return -1;
    if (is32) {
        ov_cut(&r, 4);
        if (r.umax > INT32_MAX) { // the sign is not known, or set
            r.smin = r.umin > INT32_MAX ? (int32_t)r.umin : INT32_MIN;
            r.smax = r.umin > INT32_MAX ? (int32_t)r.umax : INT32_MAX;
        }
        v = (uint32_t)v;
        sv = (int32_t)v;
    }
    switch (op) {
    case BPF_JEQ:
        return ov_is_known(&r) ? r.bits.value == v : -1;
    case BPF_JNE:
        return ov_is_known(&r) ? r.bits.value != v : -1;
    case BPF_JSET:
        return (~r.bits.mask & r.bits.value) & v ? 1 : !((r.bits.mask | r.bits.value) & v) ? 0 : -1;
    case BPF_JGT:
        return r.umin > v ? 1 : r.umax <= v ? 0 : -1;
    case BPF_JGE:
        return r.umin >= v ? 1 : r.umax < v ? 0 : -1;
    case BPF_JLT:
        return r.umax < v ? 1 : r.umin >= v ? 0 : -1;
    case BPF_JLE:
        return r.umax <= v ? 1 : r.umin > v ? 0 : -1;
    case BPF_JSGT:
        return r.smin > sv ? 1 : r.smax <= sv ? 0 : -1;
    case BPF_JSGE:
        return r.smin >= sv ? 1 : r.smax < sv ? 0 : -1;
    case BPF_JSLT:
        return r.smax < sv ? 1 : r.smin >= sv ? 0 : -1;
    case BPF_JSLE:
        return r.smax <= sv ? 1 : r.smin > sv ? 0 : -1;
    default:
        return -1;
    }
}

static void at_most(struct ov_reg *r, uint64_t v)
{
    r->umax = v < r->umax ? v : r->umax;
}

static void at_least(struct ov_reg *r, uint64_t v)
{
    r->umin = v > r->umin ? v : r->umin;
}

static void s_at_most(struct ov_reg *r, int64_t v)
{
    r->smax = v < r->smax ? v : r->smax;
}

static void s_at_least(struct ov_reg *r, int64_t v)
{
    r->smin = v > r->smin ? v : r->smin;
}

// Of 32-bit comparisons these verifiers learn something only where the upper half is known to be 0.
static bool comparable(const struct ov_reg *r, uint64_t v, bool is32, bool is_signed)
{
    return !is32 ||
           (r->umax <= (is_signed ? INT32_MAX : UINT32_MAX) && (!is_signed || (int32_t)v >= 0));
}

void ov_learn(struct ov_reg *yes, struct ov_reg *no, uint64_t v, uint8_t op, bool is32)
{
    bool is_signed = op == BPF_JSGT || op == BPF_JSGE || op == BPF_JSLT || op == BPF_JSLE;
    int64_t sv = (int64_t)v;

    if (yes->kind != OV_NUMBER || !comparable(yes, v, is32, is_signed))
        return;
    if (is32)
        v = (uint32_t)v;
    switch (op) {
    case BPF_JEQ:
        ov_known(yes, v);
        break;
    case BPF_JNE:
        ov_known(no, v);
        break;
    case BPF_JSET:
        no->bits = bits_and(no->bits, (struct ov_bits){~v, 0});
        if (v && !(v & (v - 1)))
            yes->bits = bits_or(yes->bits, (struct ov_bits){v, 0});
        break;
    case BPF_JGT:
        at_most(no, v);
        at_least(yes, v + 1);
        break;
    case BPF_JGE:
        at_most(no, v - 1);
        at_least(yes, v);
        break;
    case BPF_JLT:
        at_least(no, v);
        at_most(yes, v - 1);
        break;
    case BPF_JLE:
        at_least(no, v + 1);
        at_most(yes, v);
        break;
    case BPF_JSGT:
        s_at_most(no, sv);
        s_at_least(yes, sv + 1);
        break;
    case BPF_JSGE:
        s_at_most(no, sv - 1);
        s_at_least(yes, sv);
        break;
    case BPF_JSLT:
        s_at_least(no, sv);
        s_at_most(yes, sv - 1);
        break;
    case BPF_JSLE:
        s_at_least(no, sv + 1);
        s_at_most(yes, sv);
        break;
    default:
        return;
    }
    ov_settle(yes);
    ov_settle(no);
}

bool ov_within(const struct ov_reg *old, const struct ov_reg *now)
{
    return old->umin <= now->umin && old->umax >= now->umax && old->smin <= now->smin &&
           old->smax >= now->smax && !(now->bits.mask & ~old->bits.mask) &&
           !((old->bits.value ^ now->bits.value) & ~old->bits.mask);
}
