// SPDX-License-Identifier: GPL-2.0-or-later
// What a program does to add a value to an aggregation and to read it, the same as
// runtime/common/agg.c does. Must not know maps or keys. Serves lower_map.c.
#include "compiler/lower/lower_impl.h"

static LLVMValueRef load64(struct nd_lower *l, LLVMValueRef p, uint32_t off)
{
    return LLVMBuildLoad2(l->b, l->i64, nd_ir_gep(l, p, off), "");
}

// Each CPU has words of its own, so most need no atomic addition, which takes some 5 ns.
static void add_word(struct nd_lower *l, LLVMValueRef at, LLVMValueRef v)
{
    if (l->fn.shared)
        nd_lower_atomic_add(l, at, v);
    else
        LLVMBuildStore(l->b, LLVMBuildAdd(l->b, LLVMBuildLoad2(l->b, l->i64, at, ""), v, ""), at);
}

static void add64(struct nd_lower *l, LLVMValueRef p, uint32_t off, LLVMValueRef v)
{
    add_word(l, nd_ir_gep(l, p, off), v);
}

// floor(log2 v) without a count of leading zeros, which BPF lacks; 0 for 0. Always within 0..63.
static LLVMValueRef ilog2(struct nd_lower *l, LLVMValueRef v)
{
    LLVMValueRef r = nd_ir_i64(l, 0);
    uint32_t bit;

    for (bit = 32; bit; bit /= 2) {
        LLVMValueRef big = LLVMBuildICmp(l->b, LLVMIntUGT, v, nd_ir_i64(l, (1ull << bit) - 1), "");
        LLVMValueRef s = LLVMBuildSelect(l->b, big, nd_ir_i64(l, bit), nd_ir_i64(l, 0), "");

        v = LLVMBuildLShr(l->b, v, s, "");
        r = LLVMBuildOr(l->b, r, s, "");
    }
    return r;
}

static void bump(struct nd_lower *l, LLVMValueRef p, LLVMValueRef index, uint32_t last,
                 uint32_t base)
{
    LLVMValueRef off = LLVMBuildShl(l->b, nd_ir_bound(l, index, last), nd_ir_i64(l, 3), ""), at;

    at = LLVMBuildGEP2(l->b, l->i8, nd_ir_gep(l, p, base), &off, 1, "");
    add_word(l, at, nd_ir_i64(l, 1));
}

static LLVMValueRef negative(struct nd_lower *l, LLVMValueRef v)
{
    return LLVMBuildICmp(l->b, LLVMIntSLT, v, nd_ir_i64(l, 0), "");
}

static void agg_count(struct nd_lower *l, const struct nd_type *t, LLVMValueRef p, LLVMValueRef v)
{
    (void)t;
    (void)v;
    add64(l, p, 0, nd_ir_i64(l, 1));
}

static void agg_sum(struct nd_lower *l, const struct nd_type *t, LLVMValueRef p, LLVMValueRef v)
{
    (void)t;
    add64(l, p, 0, v);
}

static void agg_avg(struct nd_lower *l, const struct nd_type *t, LLVMValueRef p, LLVMValueRef v)
{
    (void)t;
    add64(l, p, offsetof(struct nd_avg, count), nd_ir_i64(l, 1));
    add64(l, p, offsetof(struct nd_avg, total), v);
}

static void agg_minmax(struct nd_lower *l, const struct nd_type *t, LLVMValueRef p, LLVMValueRef v)
{
    bool is_min = t->kind == ND_T_MIN;
    LLVMIntPredicate pred =
        t->is_signed ? (is_min ? LLVMIntSLT : LLVMIntSGT) : (is_min ? LLVMIntULT : LLVMIntUGT);
    LLVMBasicBlockRef set = nd_ir_bb(l, "set"), done = nd_ir_bb(l, "kept");
    LLVMValueRef better = LLVMBuildICmp(l->b, pred, v, load64(l, p, 0), "");
    LLVMValueRef first = LLVMBuildICmp(l->b, LLVMIntEQ, load64(l, p, 8), nd_ir_i64(l, 0), "");

    LLVMBuildCondBr(l->b, LLVMBuildOr(l->b, better, first, ""), set, done);
    nd_ir_at(l, set);
    LLVMBuildStore(l->b, v, p);
    LLVMBuildStore(l->b, nd_ir_i64(l, 1), nd_ir_gep(l, p, 8));
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

static void agg_hist(struct nd_lower *l, const struct nd_type *t, LLVMValueRef p, LLVMValueRef v)
{
    LLVMValueRef slot = LLVMBuildAdd(l->b, ilog2(l, v), nd_ir_i64(l, 1), "");

    if (t->is_signed)
        slot = LLVMBuildSelect(l->b, negative(l, v), nd_ir_i64(l, 0), slot, "");
    bump(l, p, slot, ND_HIST_SLOTS - 1, 0);
}

static void agg_lhist(struct nd_lower *l, const struct nd_type *t, LLVMValueRef p, LLVMValueRef v)
{
    // An unsigned value is never below a negative bound.
    uint64_t from = !t->is_signed && t->lo < 0 ? 0 : (uint64_t)t->lo,
             to = !t->is_signed && t->hi < 0 ? 0 : (uint64_t)t->hi;
    LLVMValueRef lo =
        LLVMBuildICmp(l->b, t->is_signed ? LLVMIntSLT : LLVMIntULT, v, nd_ir_i64(l, from), "");
    LLVMValueRef hi =
        LLVMBuildICmp(l->b, t->is_signed ? LLVMIntSGE : LLVMIntUGE, v, nd_ir_i64(l, to), "");
    LLVMValueRef last = nd_ir_i64(l, t->nelems - 1), i;

    i = LLVMBuildUDiv(l->b, LLVMBuildSub(l->b, v, nd_ir_i64(l, (uint64_t)t->lo), ""),
                      nd_ir_i64(l, (uint64_t)t->step), "");
    i = LLVMBuildAdd(l->b, i, nd_ir_i64(l, 1), "");
    i = LLVMBuildSelect(l->b, hi, last, i, "");
    i = LLVMBuildSelect(l->b, lo, nd_ir_i64(l, 0), i, "");
    bump(l, p, i, t->nelems - 1, 0);
}

static void dist_minmax(struct nd_lower *l, LLVMValueRef p, LLVMValueRef v, uint32_t off,
                        LLVMIntPredicate pred)
{
    LLVMValueRef old = load64(l, p, off);
    LLVMValueRef first = LLVMBuildICmp(l->b, LLVMIntEQ, load64(l, p, 0), nd_ir_i64(l, 0), "");
    LLVMValueRef better = LLVMBuildOr(l->b, first, LLVMBuildICmp(l->b, pred, v, old, ""), "");

    LLVMBuildStore(l->b, LLVMBuildSelect(l->b, better, v, old, ""), nd_ir_gep(l, p, off));
}

// Log-linear index with 2^bits buckets for each power of two (see struct nd_dist), up to `last`.
static LLVMValueRef sub_index(struct nd_lower *l, LLVMValueRef v, uint32_t bits, uint32_t last)
{
    LLVMValueRef max = nd_ir_i64(l, last), n = nd_ir_i64(l, bits), small, e, i;

    small = LLVMBuildICmp(l->b, LLVMIntULT, v, nd_ir_i64(l, 1ull << bits), "");
    e = LLVMBuildAnd(l->b, LLVMBuildSub(l->b, ilog2(l, v), n, ""), nd_ir_i64(l, 63), "");
    i = LLVMBuildAdd(l->b, LLVMBuildShl(l->b, e, n, ""), LLVMBuildLShr(l->b, v, e, ""), "");
    i = LLVMBuildSelect(l->b, small, v, i, "");
    return LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntUGT, i, max, ""), max, i, "");
}

static void agg_subhist(struct nd_lower *l, const struct nd_type *t, LLVMValueRef p, LLVMValueRef v)
{
    LLVMValueRef slot = sub_index(l, v, (uint32_t)t->step, t->nelems - 2);

    slot = LLVMBuildAdd(l->b, slot, nd_ir_i64(l, 1), "");
    if (t->is_signed)
        slot = LLVMBuildSelect(l->b, negative(l, v), nd_ir_i64(l, 0), slot, "");
    bump(l, p, slot, t->nelems - 1, 0);
}

static void agg_dist(struct nd_lower *l, const struct nd_type *t, LLVMValueRef p, LLVMValueRef v)
{
    LLVMBasicBlockRef neg, pos, done;

    dist_minmax(l, p, v, offsetof(struct nd_dist, min), t->is_signed ? LLVMIntSLT : LLVMIntULT);
    dist_minmax(l, p, v, offsetof(struct nd_dist, max), t->is_signed ? LLVMIntSGT : LLVMIntUGT);
    add64(l, p, offsetof(struct nd_dist, count), nd_ir_i64(l, 1));
    add64(l, p, offsetof(struct nd_dist, sum), v);
    if (!t->is_signed) {
        bump(l, p, sub_index(l, v, ND_DIST_BITS, ND_DIST_SLOTS - 1), ND_DIST_SLOTS - 1,
             offsetof(struct nd_dist, slot));
        return;
    }
    neg = nd_ir_bb(l, "neg");
    pos = nd_ir_bb(l, "pos");
    done = nd_ir_bb(l, "dist");
    LLVMBuildCondBr(l->b, negative(l, v), neg, pos);
    nd_ir_at(l, neg);
    add64(l, p, offsetof(struct nd_dist, negative), nd_ir_i64(l, 1));
    nd_ir_br(l, done);
    nd_ir_at(l, pos);
    bump(l, p, sub_index(l, v, ND_DIST_BITS, ND_DIST_SLOTS - 1), ND_DIST_SLOTS - 1,
         offsetof(struct nd_dist, slot));
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

static LLVMValueRef at_word(struct nd_lower *l, LLVMValueRef p, uint32_t word)
{
    return nd_ir_gep(l, p, word * 8);
}

static LLVMValueRef series_val(struct nd_lower *l, const struct nd_type *t, LLVMValueRef old,
                               LLVMValueRef n, LLVMValueRef v)
{
    bool is_min = t->step == ND_SERIES_MIN;
    LLVMIntPredicate pred =
        t->is_signed ? (is_min ? LLVMIntSLT : LLVMIntSGT) : (is_min ? LLVMIntULT : LLVMIntUGT);
    LLVMValueRef better;

    if (t->step == ND_SERIES_LAST)
        return v;
    if (t->step == ND_SERIES_AVG || t->step == ND_SERIES_SUM)
        return LLVMBuildAdd(l->b, old, v, "");
    better = LLVMBuildOr(l->b, LLVMBuildICmp(l->b, pred, v, old, ""),
                         LLVMBuildICmp(l->b, LLVMIntEQ, n, nd_ir_i64(l, 0), ""), "");
    return LLVMBuildSelect(l->b, better, v, old, "");
}

// The interval that it is now, emptied if it was an older one.
static void agg_tseries(struct nd_lower *l, const struct nd_type *t, LLVMValueRef p, LLVMValueRef v)
{
    LLVMValueRef now = nd_ir_call(l, ND_H_KTIME_GET_NS, NULL, 0), number, off, old, n, fresh;
    LLVMValueRef zero = nd_ir_i64(l, 0), one = nd_ir_i64(l, 1);

    number = LLVMBuildUDiv(l->b, now, nd_ir_i64(l, (uint64_t)t->lo), "");
    off = LLVMBuildURem(l->b, number, nd_ir_i64(l, t->nelems), "");
    off = LLVMBuildMul(l->b, nd_ir_bound(l, off, t->nelems - 1),
                       nd_ir_i64(l, sizeof(struct nd_interval)), "");
    p = LLVMBuildGEP2(l->b, l->i8, p, &off, 1, "");
    number = LLVMBuildAdd(l->b, number, one, "");
    fresh = LLVMBuildICmp(l->b, LLVMIntNE, load64(l, p, 0), number, "");
    old = LLVMBuildSelect(l->b, fresh, zero, load64(l, p, 8), "");
    n = LLVMBuildSelect(l->b, fresh, zero, load64(l, p, 16), "");
    LLVMBuildStore(l->b, number, p);
    LLVMBuildStore(l->b, series_val(l, t, old, n, v), at_word(l, p, 1));
    LLVMBuildStore(l->b, t->step == ND_SERIES_LAST ? now : LLVMBuildAdd(l->b, n, one, ""),
                   at_word(l, p, 2));
}

static void (*const aggs[])(struct nd_lower *l, const struct nd_type *t, LLVMValueRef p,
                            LLVMValueRef v) = {
#define ND_AGGREGATION(id, text, size, class, sign, rank, made, ops, print) [ND_T_##id] = agg_##ops,
#include "runtime/common/types.def"
};

void nd_lower_agg_add(struct nd_lower *l, const struct nd_type *t, LLVMValueRef p, LLVMValueRef v)
{
    aggs[t->kind](l, t, p, v);
}

// ---- reading: the values of all CPUs, as nd_agg_merge() and nd_agg_int() do ---------------------

struct sums {
    LLVMValueRef v, n; // words; n: of what has been added, min() and max() and averages
};

static LLVMValueRef word(struct nd_lower *l, LLVMValueRef reg)
{
    return LLVMBuildLoad2(l->b, l->i64, reg, "");
}

static void add_to(struct nd_lower *l, LLVMValueRef reg, LLVMValueRef v)
{
    LLVMBuildStore(l->b, LLVMBuildAdd(l->b, word(l, reg), v, ""), reg);
}

// The value of one CPU, at p. Without a branch, so that the verifier has one way through.
static void merge(struct nd_lower *l, const struct nd_type *t, const struct sums *s, LLVMValueRef p)
{
    bool is_min = t->kind == ND_T_MIN;
    LLVMIntPredicate pred =
        t->is_signed ? (is_min ? LLVMIntSLT : LLVMIntSGT) : (is_min ? LLVMIntULT : LLVMIntUGT);
    LLVMValueRef set, better, v, zero = nd_ir_i64(l, 0);

    if (t->kind == ND_T_COUNT || t->kind == ND_T_SUM) {
        add_to(l, s->v, load64(l, p, 0));
        return;
    }
    if (t->kind == ND_T_AVG || t->kind == ND_T_STATS) {
        add_to(l, s->v, load64(l, p, offsetof(struct nd_avg, total)));
        add_to(l, s->n, load64(l, p, offsetof(struct nd_avg, count)));
        return;
    }
    v = load64(l, p, 0);
    set = LLVMBuildICmp(l->b, LLVMIntNE, load64(l, p, 8), zero, "");
    better = LLVMBuildOr(l->b, LLVMBuildICmp(l->b, pred, v, word(l, s->v), ""),
                         LLVMBuildICmp(l->b, LLVMIntEQ, word(l, s->n), zero, ""), "");
    LLVMBuildStore(l->b,
                   LLVMBuildSelect(l->b, LLVMBuildAnd(l->b, set, better, ""), v, word(l, s->v), ""),
                   s->v);
    add_to(l, s->n, LLVMBuildZExt(l->b, set, l->i64, ""));
}

static LLVMValueRef result(struct nd_lower *l, const struct nd_type *t, const struct sums *s)
{
    LLVMValueRef n;

    if (t->kind != ND_T_AVG && t->kind != ND_T_STATS)
        return word(l, s->v);
    n = LLVMBuildSelect(l->b, nd_ir_bool(l, word(l, s->n)), word(l, s->n), nd_ir_i64(l, 1), "");
    return t->is_signed ? nd_lower_signed_div(l, word(l, s->v), n, false)
                        : LLVMBuildUDiv(l->b, word(l, s->v), n, "");
}

#define CPUS_MAX 8192u // CONFIG_NR_CPUS is at most that

LLVMValueRef nd_lower_agg_read(struct nd_lower *l, const struct nd_type *t, LLVMValueRef map,
                               LLVMValueRef key, struct nd_span span)
{
    LLVMBasicBlockRef head = nd_ir_bb(l, "cpu"), look = nd_ir_bb(l, "cpu.look"),
                      add = nd_ir_bb(l, "cpu.add"), done = nd_ir_bb(l, "cpus");
    struct sums s = {nd_lower_register(l, "sum"), nd_lower_register(l, "n")};
    LLVMValueRef i = nd_lower_register(l, "cpu"), args[3] = {map, key}, p, in;

    if (nd_without(l->p, ND_F_PERCPU_READ))
        nd_help(l->d,
                nd_error(l->d, ND_E0401, span,
                         "programs of this kernel cannot read an aggregation (Linux 5.19)"),
                "read it in user space: every, end or on");
    nd_lower_feature(l, ND_F_PERCPU_READ);
    nd_lower_need_loops(l, span);
    LLVMBuildStore(l->b, nd_ir_i64(l, 0), i);
    LLVMBuildStore(l->b, nd_ir_i64(l, 0), s.v);
    LLVMBuildStore(l->b, nd_ir_i64(l, 0), s.n);
    nd_ir_br(l, head);
    nd_ir_at(l, head);
    in = LLVMBuildAnd(l->b, LLVMBuildICmp(l->b, LLVMIntULT, word(l, i), nd_lower_ncpus(l), ""),
                      LLVMBuildICmp(l->b, LLVMIntULT, word(l, i), nd_ir_i64(l, CPUS_MAX), ""), "");
    LLVMBuildCondBr(l->b, in, look, done);
    nd_ir_at(l, look);
    args[2] = word(l, i);
    p = nd_ir_ptr(l, nd_ir_call(l, ND_H_MAP_LOOKUP_PERCPU, args, 3));
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntNE, p, LLVMConstNull(l->ptr), ""), add, done);
    nd_ir_at(l, add);
    merge(l, t, &s, p);
    add_to(l, i, nd_ir_i64(l, 1));
    nd_ir_br(l, head);
    nd_ir_at(l, done);
    return result(l, t, &s);
}
