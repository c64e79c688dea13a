// SPDX-License-Identifier: GPL-2.0-or-later
// Maps: entries found, made, changed and removed, and stacks.
#include "compiler/lower/lower_impl.h"

#include <errno.h>
#include <string.h>

// Size of the value that a map holds (per CPU where it is per CPU).
static uint32_t val_size(const struct nd_map *m)
{
    return m->val ? m->val->size : 8;
}

LLVMValueRef nd_lower_map_ptr(struct nd_lower *l, const struct nd_map *m)
{
    const struct nd_lmap *lm = &l->maps[m->index];
    LLVMValueRef gen;

    if (lm->gen_off == ND_MF_NONE)
        return lm->g;
    gen = LLVMBuildLoad2(l->b, l->i32, nd_lower_state_ptr(l, lm->gen_off), "");
    LLVMSetVolatile(gen, 1);
    return LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, gen, nd_ir_i32(l, 0), ""), lm->g,
                           lm->g2, "");
}

static LLVMValueRef scalar_key(struct nd_lower *l)
{
    LLVMValueRef key = nd_lower_temp(l, 4);

    nd_ir_store(l, key, 4, nd_ir_i64(l, 0));
    return key;
}

static LLVMValueRef key_bytes(struct nd_lower *l, const struct nd_map *m, struct nd_expr *key)
{
    LLVMValueRef dst;

    if (!m->key || !key)
        return scalar_key(l);
    dst = nd_lower_temp(l, m->key->size);
    nd_lower_into(l, key, dst, m->key);
    return dst;
}

static LLVMValueRef key_of(struct nd_lower *l, struct nd_expr *map)
{
    return key_bytes(l, map->map, map->a);
}

#define NOEXIST 1u // BPF_NOEXIST

static LLVMValueRef lookup(struct nd_lower *l, LLVMValueRef map, LLVMValueRef key)
{
    LLVMValueRef args[2] = {map, key};

    return nd_ir_ptr(l, nd_ir_call(l, ND_H_MAP_LOOKUP, args, 2));
}

static LLVMValueRef update(struct nd_lower *l, LLVMValueRef map, LLVMValueRef key, LLVMValueRef val,
                           uint64_t flags)
{
    LLVMValueRef args[4] = {map, key, val, nd_ir_i64(l, flags)};

    return nd_ir_call(l, ND_H_MAP_UPDATE, args, 4);
}

// Keeps count of the entries of an LRU map, which does not report what it evicts: r is the result
// of an update that made an entry, or of a deletion.
static void populate(struct nd_lower *l, const struct nd_map *m, LLVMValueRef r, uint64_t change)
{
    LLVMBasicBlockRef yes, done;

    if (!l->maps[m->index].pop_off || l->maps[m->index].pop_less[0] ||
        l->maps[m->index].kind == ND_MAP_ARRAY)
        return;
    yes = nd_ir_bb(l, "populate");
    done = nd_ir_bb(l, "populated");
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, r, nd_ir_i64(l, 0), ""), yes, done);
    nd_ir_at(l, yes);
    nd_lower_atomic_add(l, nd_lower_state_ptr(l, l->maps[m->index].pop_off), nd_ir_i64(l, change));
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

static LLVMValueRef not_null(struct nd_lower *l, LLVMValueRef p)
{
    return LLVMBuildICmp(l->b, LLVMIntNE, p, LLVMConstNull(l->ptr), "");
}

static struct nd_val map_get(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_map *m = e->map;
    struct nd_type *t = m->val;
    LLVMBasicBlockRef hit, done, from;
    LLVMValueRef p, v = NULL, phi, tmp = NULL;
    bool sc = nd_type_is_scalar(t);

    if (nd_type_is_agg(t))
        return (struct nd_val){
            .v = nd_lower_agg_read(l, t, nd_lower_map_ptr(l, m), key_of(l, e), e->span)};
    hit = nd_ir_bb(l, "hit");
    done = nd_ir_bb(l, "got");
    if (!sc) {
        tmp = nd_lower_temp(l, t->size);
        nd_ir_zero(l, tmp, 0, t->size);
    }
    p = lookup(l, nd_lower_map_ptr(l, m), key_of(l, e));
    from = LLVMGetInsertBlock(l->b);
    LLVMBuildCondBr(l->b, not_null(l, p), hit, done);
    nd_ir_at(l, hit);
    if (sc)
        v = nd_lower_load_int(l, p, t);
    else
        nd_lower_copy(l, tmp, (struct nd_val){.v = p, .mem = true, .as = ND_AS_BPF}, t->size,
                      e->span);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
    if (!sc)
        return (struct nd_val){.v = tmp, .mem = true, .as = ND_AS_BPF};
    phi = LLVMBuildPhi(l->b, l->i64, "");
    LLVMAddIncoming(phi, (LLVMValueRef[]){nd_ir_i64(l, 0), v}, (LLVMBasicBlockRef[]){from, hit}, 2);
    return (struct nd_val){.v = phi};
}

// A variable without a key is there once it was set, and no more when it is deleted.
static void mark_set(struct nd_lower *l, const struct nd_map *m, uint64_t set)
{
    if (l->maps[m->index].kind == ND_MAP_ARRAY && l->maps[m->index].pop_off)
        nd_ir_store(l, nd_lower_state_ptr(l, l->maps[m->index].pop_off), 8, nd_ir_i64(l, set));
}

struct nd_val nd_lower_map_get(struct nd_lower *l, struct nd_expr *e)
{
    const struct nd_reuse *r = nd_lower_reuse_find(l, e);
    LLVMBasicBlockRef look, done;
    LLVMValueRef filled;

    if (!r)
        return map_get(l, e);
    look = nd_ir_bb(l, "look");
    done = nd_ir_bb(l, "looked");
    filled = LLVMBuildLoad2(l->b, l->i64, r->filled, "");
    LLVMBuildCondBr(l->b, nd_ir_bool(l, filled), done, look);
    nd_ir_at(l, look);
    LLVMBuildStore(l->b, map_get(l, e).v, r->value);
    LLVMBuildStore(l->b, nd_ir_i64(l, 1), r->filled);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
    return (struct nd_val){.v = LLVMBuildLoad2(l->b, l->i64, r->value, "")};
}

LLVMValueRef nd_lower_map_has(struct nd_lower *l, struct nd_map *m, struct nd_expr *key)
{
    LLVMValueRef p = lookup(l, nd_lower_map_ptr(l, m), key_bytes(l, m, key));

    return LLVMBuildZExt(l->b, not_null(l, p), l->i64, "");
}

LLVMValueRef nd_lower_map_address(struct nd_lower *l, struct nd_expr *map)
{
    return lookup(l, nd_lower_map_ptr(l, map->map), key_of(l, map));
}

LLVMValueRef nd_lower_map_insert(struct nd_lower *l, const struct nd_map *m, LLVMValueRef key,
                                 LLVMValueRef val)
{
    LLVMValueRef r = update(l, nd_lower_map_ptr(l, m), key, val, NOEXIST);

    populate(l, m, r, 1);
    return r;
}

void nd_lower_map_overwrite(struct nd_lower *l, const struct nd_map *m, LLVMValueRef key,
                            LLVMValueRef val)
{
    update(l, nd_lower_map_ptr(l, m), key, val, 0);
}

LLVMValueRef nd_lower_map_find(struct nd_lower *l, const struct nd_map *m, LLVMValueRef key)
{
    return lookup(l, nd_lower_map_ptr(l, m), key);
}

void nd_lower_map_remove(struct nd_lower *l, const struct nd_map *m, LLVMValueRef key)
{
    LLVMValueRef args[2] = {nd_lower_map_ptr(l, m), key};

    populate(l, m, nd_ir_call(l, ND_H_MAP_DELETE, args, 2), (uint64_t)-1);
}

LLVMValueRef nd_lower_map_delete(struct nd_lower *l, struct nd_expr *map)
{
    struct nd_map *m = map->map;
    LLVMValueRef args[2], r, p;

    if (!m->key) { // a scalar cannot leave its array: it becomes 0
        p = lookup(l, nd_lower_map_ptr(l, m), scalar_key(l));
        {
            LLVMBasicBlockRef hit = nd_ir_bb(l, "zero"), done = nd_ir_bb(l, "deleted");

            LLVMBuildCondBr(l->b, not_null(l, p), hit, done);
            nd_ir_at(l, hit);
            nd_ir_zero(l, p, 0, val_size(m));
            nd_ir_br(l, done);
            nd_ir_at(l, done);
        }
        mark_set(l, m, 0);
        return nd_ir_i64(l, 1);
    }
    args[0] = nd_lower_map_ptr(l, m);
    args[1] = key_of(l, map);
    r = nd_ir_call(l, ND_H_MAP_DELETE, args, 2);
    populate(l, m, r, (uint64_t)-1);
    nd_lower_reuse_written(l, m);
    return LLVMBuildZExt(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, r, nd_ir_i64(l, 0), ""), l->i64, "");
}

// ---- find or create -----------------------------------------------------------------------------

#define ZERO_ON_STACK 64u

static LLVMValueRef zero_value(struct nd_lower *l, uint32_t size)
{
    LLVMValueRef v;

    if (size > ZERO_ON_STACK)
        return nd_ir_zeros(l, size);
    v = nd_lower_temp(l, size);
    nd_ir_zero(l, v, 0, size);
    return v;
}

// Builds at the place where the value exists; *done continues. The pointer found or created.
static LLVMValueRef find_or_create(struct nd_lower *l, struct nd_map *m, LLVMValueRef key,
                                   struct nd_span span, LLVMBasicBlockRef *done)
{
    LLVMBasicBlockRef miss = nd_ir_bb(l, "miss"), have = nd_ir_bb(l, "have"),
                      full = nd_ir_bb(l, "full"), from, from2;
    LLVMValueRef map = nd_lower_map_ptr(l, m), p, p2, phi;

    *done = nd_ir_bb(l, "done");
    p = lookup(l, map, key);
    from = LLVMGetInsertBlock(l->b);
    LLVMBuildCondBr(l->b, not_null(l, p), have, miss);
    nd_ir_at(l, miss);
    if (!m->key) { // an array's entry is always there
        nd_ir_br(l, *done);
        nd_ir_at(l, have);
        LLVMDeleteBasicBlock(full);
        return p;
    }
    // Another CPU may be first: then the update fails and the lookup finds what it made.
    populate(l, m, update(l, map, key, zero_value(l, val_size(m)), NOEXIST), 1);
    p2 = lookup(l, map, key);
    from2 = LLVMGetInsertBlock(l->b);
    LLVMBuildCondBr(l->b, not_null(l, p2), have, full);
    nd_ir_at(l, full);
    nd_lower_count(l, ND_SITE_MAP_FULL, span, m->index);
    nd_ir_br(l, *done);
    nd_ir_at(l, have);
    phi = LLVMBuildPhi(l->b, l->ptr, "");
    LLVMAddIncoming(phi, (LLVMValueRef[]){p, p2}, (LLVMBasicBlockRef[]){from, from2}, 2);
    return phi;
}

static void finish(struct nd_lower *l, LLVMBasicBlockRef done)
{
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

// ---- assignment ---------------------------------------------------------------------------------

static LLVMValueRef combine(struct nd_lower *l, enum nd_op op, LLVMValueRef a, LLVMValueRef b,
                            const struct nd_expr *map, const struct nd_expr *rhs)
{
    bool sgn = nd_type_signed(map->type);

    switch (op) {
    case ND_OP_MUL:
        return LLVMBuildMul(l->b, a, b, "");
    case ND_OP_AND:
        return LLVMBuildAnd(l->b, a, b, "");
    case ND_OP_OR:
        return LLVMBuildOr(l->b, a, b, "");
    case ND_OP_XOR:
        return LLVMBuildXor(l->b, a, b, "");
    case ND_OP_SHL:
        return LLVMBuildShl(l->b, a, LLVMBuildAnd(l->b, b, nd_ir_i64(l, 63), ""), "");
    case ND_OP_SHR:
        b = LLVMBuildAnd(l->b, b, nd_ir_i64(l, 63), "");
        return sgn ? LLVMBuildAShr(l->b, a, b, "") : LLVMBuildLShr(l->b, a, b, "");
    case ND_OP_DIV:
    case ND_OP_MOD:
        return nd_lower_divide(l, op, a, b, rhs, sgn && nd_type_signed(rhs->type), rhs->span);
    default:
        return b;
    }
}

static bool has_atomics(const struct nd_lower *l)
{
    return !nd_without(l->p, ND_F_ATOMICS) && !nd_without(l->p, ND_F_JMP32);
}

// The value before.
static LLVMValueRef fetch(struct nd_lower *l, LLVMAtomicRMWBinOp op, LLVMValueRef p, LLVMValueRef v)
{
    nd_lower_feature(l, ND_F_ATOMICS);
    return LLVMBuildAtomicRMW(l->b, op, p, v, LLVMAtomicOrderingSequentiallyConsistent, 0);
}

static void set_compound(struct nd_lower *l, struct nd_expr *map, struct nd_expr *val,
                         enum nd_op op)
{
    LLVMValueRef v = nd_lower_int(l, val);
    struct nd_map *m = map->map;
    LLVMBasicBlockRef done;
    LLVMValueRef p = find_or_create(l, m, key_of(l, map), map->span, &done);

    if (op == ND_OP_ADD || op == ND_OP_SUB)
        v = nd_lower_scaled(l, m->val, v, map->span);
    if (op == ND_OP_ADD)
        nd_lower_atomic_add(l, p, v);
    else if (op == ND_OP_SUB)
        nd_lower_atomic_add(l, p, LLVMBuildNeg(l->b, v, ""));
    else if ((op == ND_OP_AND || op == ND_OP_OR || op == ND_OP_XOR) && has_atomics(l))
        fetch(l,
              op == ND_OP_AND  ? LLVMAtomicRMWBinOpAnd
              : op == ND_OP_OR ? LLVMAtomicRMWBinOpOr
                               : LLVMAtomicRMWBinOpXor,
              p, v);
    else
        nd_ir_store(l, p, 8, combine(l, op, LLVMBuildLoad2(l->b, l->i64, p, ""), v, map, val));
    finish(l, done);
    mark_set(l, m, 1);
    nd_lower_reuse_written(l, m);
}

// If the entry was there already: an update that overwrites it. The result of the last update.
static LLVMValueRef again(struct nd_lower *l, const struct nd_map *m, LLVMValueRef key,
                          LLVMValueRef v, LLVMValueRef first)
{
    LLVMBasicBlockRef from = LLVMGetInsertBlock(l->b), over = nd_ir_bb(l, "overwrite"),
                      done = nd_ir_bb(l, "updated");
    LLVMValueRef second, phi;

    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntNE, first, nd_ir_i64(l, 0), ""), over, done);
    nd_ir_at(l, over);
    second = update(l, nd_lower_map_ptr(l, m), key, v, 0);
    over = LLVMGetInsertBlock(l->b);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
    phi = LLVMBuildPhi(l->b, l->i64, "");
    LLVMAddIncoming(phi, (LLVMValueRef[]){first, second}, (LLVMBasicBlockRef[]){from, over}, 2);
    return phi;
}

void nd_lower_map_set(struct nd_lower *l, struct nd_expr *map, struct nd_expr *val, enum nd_op op)
{
    struct nd_map *m = map->map;
    LLVMValueRef v, key, r;
    LLVMBasicBlockRef done;

    if (op != ND_OP_NONE) {
        set_compound(l, map, val, op);
        return;
    }
    if (!m->key && nd_type_is_scalar(m->val)) { // a plain store into the array
        v = nd_lower_int(l, val);
        key = find_or_create(l, m, scalar_key(l), map->span, &done);
        nd_ir_store(l, key, m->val->size, v);
        finish(l, done);
        mark_set(l, m, 1);
        return;
    }
    v = nd_lower_temp(l, m->val->size);
    nd_lower_into(l, val, v, m->val);
    key = key_of(l, map);
    mark_set(l, m, 1);
    if (!l->maps[m->index].pop_off || l->maps[m->index].kind == ND_MAP_ARRAY) {
        r = update(l, nd_lower_map_ptr(l, m), key, v, 0);
    } else {
        // New entries are counted: first as if there were none, then whatever there is.
        LLVMValueRef first = update(l, nd_lower_map_ptr(l, m), key, v, NOEXIST);

        populate(l, m, first, 1);
        r = again(l, m, key, v, first);
    }
    nd_lower_reuse_written(l, m);
    nd_lower_count_if(l, LLVMBuildICmp(l->b, LLVMIntNE, r, nd_ir_i64(l, 0), ""), ND_SITE_MAP_FULL,
                      map->span, m->index);
}

LLVMValueRef nd_lower_map_step(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_map *m = e->a->map;
    bool inc = e->op == ND_OP_PREINC || e->op == ND_OP_POSTINC;
    bool post = e->op == ND_OP_POSTINC || e->op == ND_OP_POSTDEC;
    LLVMValueRef key = key_of(l, e->a), p, old = NULL, phi,
                 d = nd_lower_scaled(l, m->val, nd_ir_i64(l, inc ? 1 : (uint64_t)-1), e->span);
    LLVMBasicBlockRef done, have, cur;
    LLVMValueRef ins[1];

    mark_set(l, m, 1);
    p = find_or_create(l, m, key, e->span, &done);
    have = LLVMGetInsertBlock(l->b);
    if (!e->unused && has_atomics(l)) {
        old = fetch(l, LLVMAtomicRMWBinOpAdd, p, d);
    } else { // the old value is read apart from the addition
        old = LLVMBuildLoad2(l->b, l->i64, p, "");
        nd_lower_atomic_add(l, p, d);
    }
    if (!post)
        old = LLVMBuildAdd(l->b, old, d, "");
    have = LLVMGetInsertBlock(l->b);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
    phi = LLVMBuildPhi(l->b, l->i64, "");
    ins[0] = old;
    LLVMAddIncoming(phi, ins, &have, 1);
    // All other ways here had no room: 0.
    for (cur = LLVMGetFirstBasicBlock(l->fn.func); cur; cur = LLVMGetNextBasicBlock(cur)) {
        LLVMValueRef term = LLVMGetBasicBlockTerminator(cur), z = nd_ir_i64(l, 0);
        unsigned int i, n = term ? LLVMGetNumSuccessors(term) : 0;

        for (i = 0; i < n && cur != have; i++) {
            if (LLVMGetSuccessor(term, i) == done)
                LLVMAddIncoming(phi, &z, &cur, 1);
        }
    }
    nd_lower_reuse_written(l, m);
    return phi;
}

// ---- aggregations -------------------------------------------------------------------------------

void nd_lower_map_agg(struct nd_lower *l, struct nd_expr *map, struct nd_expr *call)
{
    struct nd_map *m = map->map;
    LLVMValueRef v = call->args.n ? nd_lower_int(l, call->args.v[0]) : NULL, p;
    LLVMBasicBlockRef done;

    p = find_or_create(l, m, key_of(l, map), map->span, &done);
    l->fn.shared = nd_lower_nest_shared(l, m);
    nd_lower_agg_add(l, m->val, p, v);
    finish(l, done);
}

// ---- stacks -------------------------------------------------------------------------------------

#define USER_STACK_FLAG 256u // BPF_F_USER_STACK; the low 8 bits are the number of frames to skip

// The frames of the tracer itself: the program and what calls it.
static uint32_t own_frames(const struct nd_probe *pr)
{
    return nd_kind_is(pr->type, ND_PF_OWN_FRAMES) ? 2 : 0;
}

LLVMValueRef nd_lower_stack_depth(struct nd_lower *l, const struct nd_type *t, struct nd_span span)
{
    bool kernel = t->kind == ND_T_KSTACK;
    uint32_t size = t->depth * 8;
    LLVMValueRef args[4], n, none;

    nd_lower_reads_stack(l, kernel, span);
    args[0] = nd_lower_ctx(l);
    args[1] = nd_lower_temp(l, size);
    args[2] = nd_ir_i32(l, size);
    args[3] = nd_ir_i64(l, kernel ? own_frames(l->fn.probe) : USER_STACK_FLAG);
    n = nd_ir_call(l, ND_H_GET_STACK, args, 4);
    none = LLVMBuildICmp(l->b, LLVMIntSLT, n, nd_ir_i64(l, 0), "");
    n = LLVMBuildLShr(l->b, n, nd_ir_i64(l, 3), "");
    return LLVMBuildSelect(l->b, none, nd_ir_i64(l, 0), n, "");
}

LLVMValueRef nd_lower_stack(struct nd_lower *l, const struct nd_type *t, struct nd_span span)
{
    bool kernel = t->kind == ND_T_KSTACK;
    LLVMValueRef args[3], r, lost;
    uint32_t i = nd_lower_stack_map(l, t);

    nd_lower_reads_stack(l, kernel, span);
    args[0] = nd_lower_ctx(l);
    args[1] = l->stacks.v[i].g;
    args[2] = nd_ir_i64(l, kernel ? own_frames(l->fn.probe) : USER_STACK_FLAG);
    r = nd_ir_call(l, ND_H_GET_STACKID, args, 3);
    // Where there is no such stack (a kernel thread has no user stack, a program in user mode no
    // kernel stack) it is absent, not lost.
    lost = LLVMBuildAnd(l->b, LLVMBuildICmp(l->b, LLVMIntSLT, r, nd_ir_i64(l, 0), ""),
                        LLVMBuildICmp(l->b, LLVMIntNE, r, nd_ir_i64(l, (uint64_t)-EFAULT), ""), "");
    nd_lower_count_if(l, lost, ND_SITE_STACK_FAIL, span, ND_MF_NONE);
    return r;
}
