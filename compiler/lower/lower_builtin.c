// SPDX-License-Identifier: GPL-2.0-or-later
// Built-ins of the kernel's world, one row each, and the arguments of probes.
#include "compiler/check/need.h"
#include "compiler/lower/lower_impl.h"

#include <stddef.h>
#include <string.h>

static struct nd_val scalar(LLVMValueRef v)
{
    return (struct nd_val){.v = v};
}

static LLVMValueRef call0(struct nd_lower *l, enum nd_helper h)
{
    return nd_ir_call(l, h, NULL, 0);
}

static LLVMValueRef low32(struct nd_lower *l, LLVMValueRef v)
{
    return LLVMBuildAnd(l->b, v, nd_ir_i64(l, 0xffffffff), "");
}

static LLVMValueRef high32(struct nd_lower *l, LLVMValueRef v)
{
    return LLVMBuildLShr(l->b, v, nd_ir_i64(l, 32), "");
}

// ---- rows ---------------------------------------------------------------------------------------

static LLVMValueRef b_pid(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return high32(l, nd_lower_pid_tgid(l, false));
}

static LLVMValueRef b_tid(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return low32(l, nd_lower_pid_tgid(l, false));
}

static LLVMValueRef b_uid(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return low32(l, call0(l, ND_H_GET_UID_GID));
}

static LLVMValueRef b_gid(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return high32(l, call0(l, ND_H_GET_UID_GID));
}

static LLVMValueRef b_cpu(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return low32(l, call0(l, ND_H_GET_SMP_PROCESSOR_ID));
}

static LLVMValueRef b_nsecs(struct nd_lower *l, struct nd_expr *e)
{
    static const struct {
        enum nd_helper helper;
        enum nd_feature feature; // the first one is always there
    } clocks[] = {{ND_H_KTIME_GET_NS, ND_F_MAX},
                  {ND_H_KTIME_GET_BOOT_NS, ND_F_BOOT_CLOCK},
                  {ND_H_KTIME_GET_TAI_NS, ND_F_TAI_CLOCK}};
    uint64_t i = e->kind == ND_E_CALL ? e->index : 0;

    if (i && nd_without(l->p, clocks[i].feature))
        nd_help(l->d, nd_error(l->d, ND_E0401, e->span, "this kernel has no such clock"),
                "nsecs is the monotonic clock, which every kernel has");
    return call0(l, clocks[i].helper);
}

static LLVMValueRef b_elapsed(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return LLVMBuildSub(l->b, call0(l, ND_H_KTIME_GET_NS),
                        nd_lower_load_int(l, nd_lower_state_ptr(l, ND_STATE_START), &nd_type_u64),
                        "");
}

// Only if one program serves many functions; otherwise the name is known when compiling.
static LLVMValueRef b_func(struct nd_lower *l, struct nd_expr *e)
{
    LLVMValueRef ctx = nd_lower_ctx(l);

    (void)e;
    nd_lower_feature(l, ND_F_FUNC_IP);
    return nd_ir_call(l, ND_H_GET_FUNC_IP, &ctx, 1);
}

static LLVMValueRef b_rand(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return low32(l, call0(l, ND_H_GET_PRANDOM));
}

static LLVMValueRef b_cgroup(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return call0(l, ND_H_GET_CGROUP_ID);
}

static LLVMValueRef b_curtask(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return call0(l, ND_H_GET_CURRENT_TASK);
}

static LLVMValueRef b_ctx(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return nd_ir_addr(l, nd_lower_ctx(l));
}

static LLVMValueRef b_argn(struct nd_lower *l, struct nd_expr *e)
{
    return nd_lower_arg_n(l, e->index, e->span);
}

static LLVMValueRef b_reg(struct nd_lower *l, struct nd_expr *e)
{
    nd_lower_reads_bytes(l, 8, ND_AS_CTX, e->span);
    return nd_lower_ctx_load(l, e->index, &nd_type_u64);
}

static LLVMValueRef b_first(struct nd_lower *l, struct nd_expr *e) // the type says the rest
{
    return nd_lower_int(l, e->args.v[0]);
}

// Without its sign, so that an error is one key whichever way it was told.
static LLVMValueRef b_strerror(struct nd_lower *l, struct nd_expr *e)
{
    LLVMValueRef n = nd_lower_int(l, e->args.v[0]), zero = nd_ir_i64(l, 0);

    return LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntSLT, n, zero, ""),
                           LLVMBuildSub(l->b, zero, n, ""), n, "");
}

static LLVMValueRef b_second(struct nd_lower *l, struct nd_expr *e) // strftime
{
    return nd_lower_int(l, e->args.v[1]);
}

static LLVMValueRef b_bswap(struct nd_lower *l, struct nd_expr *e)
{
    uint32_t size = e->type->size, i;
    LLVMValueRef v = nd_lower_int(l, e->args.v[0]), out = nd_ir_i64(l, 0), byte;

    for (i = 0; i < size; i++) {
        byte = LLVMBuildAnd(l->b, LLVMBuildLShr(l->b, v, nd_ir_i64(l, i * 8), ""),
                            nd_ir_i64(l, 0xff), "");
        out = LLVMBuildOr(l->b, out, LLVMBuildShl(l->b, byte, nd_ir_i64(l, (size - 1 - i) * 8), ""),
                          "");
    }
    return out;
}

static LLVMValueRef local_text(struct nd_lower *l, struct nd_expr *e)
{
    uint32_t size = nd_type_text_size(e->type);
    LLVMValueRef tmp = nd_lower_temp(l, size);

    nd_lower_into(l, e, tmp, nd_type_string(&l->p->types, size));
    return tmp;
}

static LLVMValueRef byte_at(struct nd_lower *l, LLVMValueRef p, uint32_t i)
{
    return nd_lower_load_int(l, nd_ir_gep(l, p, i), &nd_type_u8);
}

// The first n bytes, at most up to the end of the shorter: 0 equal, 1 not. Texts have only zeros
// after their end, so words are compared: a branch for each byte would be two ways each for the
// verifier.
static LLVMValueRef b_strncmp(struct nd_lower *l, struct nd_expr *e)
{
    LLVMValueRef a = local_text(l, e->args.v[0]), b = local_text(l, e->args.v[1]);
    uint32_t n = (uint32_t)e->args.v[2]->num;

    if (n > nd_type_text_size(e->args.v[0]->type))
        n = nd_type_text_size(e->args.v[0]->type);
    if (n > nd_type_text_size(e->args.v[1]->type))
        n = nd_type_text_size(e->args.v[1]->type);
    return LLVMBuildZExt(l->b, LLVMBuildNot(l->b, nd_lower_bytes_equal(l, a, b, n), ""), l->i64,
                         "");
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

static LLVMValueRef b_strlen(struct nd_lower *l, struct nd_expr *e)
{
    return nd_lower_scan(l, nd_type_text_size(e->args.v[0]->type), e->span, is_end,
                         local_text(l, e->args.v[0]));
}

struct needle {
    LLVMValueRef hay;
    const char *s;
    uint32_t len;
};

// 1 if the needle stands at i, 0 if not, without a branch: a search within a loop would else give
// the verifier more ways through the program than it follows.
static LLVMValueRef stands_at(struct nd_lower *l, const struct needle *n, LLVMValueRef i)
{
    LLVMValueRef at = LLVMBuildGEP2(l->b, l->i8, n->hay, &i, 1, ""), diff = nd_ir_i64(l, 0), x;
    uint32_t k;

    for (k = 0; k < n->len; k++) {
        x = LLVMBuildXor(l->b, byte_at(l, at, k), nd_ir_i64(l, (uint8_t)n->s[k]), "");
        diff = LLVMBuildOr(l->b, diff, x, "");
    }
    // diff is below 256: the borrow of diff - 1 tells whether it is 0
    return LLVMBuildLShr(l->b, LLVMBuildSub(l->b, diff, nd_ir_i64(l, 1), ""), nd_ir_i64(l, 63), "");
}

static LLVMValueRef b_strcontains(struct nd_lower *l, struct nd_expr *e)
{
    struct needle n = {.s = e->args.v[1]->str, .len = e->args.v[1]->len};
    uint32_t size = nd_type_text_size(e->args.v[0]->type);
    LLVMBasicBlockRef from, loop, done;
    LLVMValueRef i, any, next, found;

    if (e->args.v[1]->kind != ND_E_STRING) {
        nd_help(l->d,
                nd_error(l->d, ND_E0401, e->args.v[1]->span,
                         "in a probe the second argument must be a string literal"),
                "search for other strings in user space (on, every)");
        return nd_ir_i64(l, 0);
    }
    if (n.len > size)
        return nd_ir_i64(l, 0);
    n.hay = local_text(l, e->args.v[0]);
    nd_lower_need_loops(l, e->span);
    from = LLVMGetInsertBlock(l->b);
    loop = nd_ir_bb(l, "search");
    done = nd_ir_bb(l, "searched");
    nd_ir_br(l, loop);
    nd_ir_at(l, loop);
    i = LLVMBuildPhi(l->b, l->i64, "");
    any = LLVMBuildPhi(l->b, l->i64, "");
    found = LLVMBuildOr(l->b, any, stands_at(l, &n, i), "");
    next = LLVMBuildAdd(l->b, i, nd_ir_i64(l, 1), "");
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntULE, next, nd_ir_i64(l, size - n.len), ""),
                    loop, done);
    LLVMAddIncoming(i, (LLVMValueRef[]){nd_ir_i64(l, 0), next}, (LLVMBasicBlockRef[]){from, loop},
                    2);
    LLVMAddIncoming(any, (LLVMValueRef[]){nd_ir_i64(l, 0), found},
                    (LLVMBasicBlockRef[]){from, loop}, 2);
    nd_ir_at(l, done);
    return found;
}

static LLVMValueRef b_has_key(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_expr *m = e->args.v[0];

    return nd_lower_map_has(l, m->map, m->a);
}

static LLVMValueRef b_delete(struct nd_lower *l, struct nd_expr *e)
{
    return nd_lower_map_delete(l, e->args.v[0]);
}

static LLVMValueRef b_has(struct nd_lower *l, struct nd_expr *e)
{
    const struct nd_expr *x = e->args.v[0];

    if (x->type->kind == ND_T_PKT || x->a->type->kind == ND_T_PKT)
        return nd_lower_pkt_has(l, x);
    return nd_lower_option_load(l, x->sym->option->given_off, &nd_type_u32);
}

static LLVMValueRef b_len(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_expr *x = e->args.v[0];

    if (x->kind == ND_E_FIELD && x->sym && x->sym->kind == ND_SYM_OPTION)
        return nd_lower_option_load(l, x->sym->option->count_off, &nd_type_u32);
    nd_help(l->d, nd_error(l->d, ND_E0401, e->span, "the kernel does not know how full a map is"),
            "call len() in user space (every, end, on)");
    return nd_ir_i64(l, 0);
}

static LLVMValueRef b_retval(struct nd_lower *l, struct nd_expr *e)
{
    return nd_lower_retval(l, e);
}

// ---- built-ins that are bytes in memory ---------------------------------------------------------

static void into_comm(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    LLVMValueRef args[2] = {dst, nd_ir_i32(l, 16)};

    (void)e;
    // Linux 5.18 to 6.4 leave the old bytes after the end of the name.
    nd_ir_zero(l, dst, 0, t->size);
    nd_ir_call(l, ND_H_GET_COMM, args, 2);
}

// Where a built-in reads that was given this value: the bytes that it names, or what it points to.
// Strings that a system call was given reach functions of the kernel as pointers like all others.
static struct nd_val pointed(struct nd_lower *l, const struct nd_expr *x, struct nd_val v)
{
    if (v.mem)
        return v;
    v.mem = true;
    if (x->type->kind == ND_T_PTR ? x->type->as == ND_AS_USER : l->fn.probe->user_memory)
        v.as = ND_AS_USER;
    else
        v.as = ND_AS_EITHER;
    return v;
}

static void into_str(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    struct nd_expr *x = e->args.v[0];
    struct nd_type limit = *t;
    struct nd_val v;

    if (limit.size > e->type->size)
        limit.size = e->type->size;
    if (nd_type_is_text(x->type)) {
        nd_lower_into(l, x, dst, &limit);
    } else {
        v = pointed(l, x, nd_lower_expr(l, x));
        nd_lower_read_str(l, dst, limit.size, v.v, v.as, e->span);
    }
    nd_ir_zero(l, dst, limit.size, t->size - limit.size);
}

static void into_buf(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    struct nd_expr *x = e->args.v[0];
    uint32_t room = t->size - 4;
    struct nd_val v = pointed(l, x, nd_lower_expr(l, x));
    LLVMValueRef n = nd_ir_i64(l, room), r, fits;

    if (e->args.n > 1) {
        n = nd_lower_int(l, e->args.v[1]);
        fits = LLVMBuildICmp(l->b, LLVMIntULE, n, nd_ir_i64(l, room), "");
        nd_lower_count_if(l, LLVMBuildNot(l->b, fits, ""), ND_SITE_STR_TRUNC, e->span, ND_MF_NONE);
        n = LLVMBuildSelect(l->b, fits, n, nd_ir_i64(l, room), "");
    }
    nd_ir_zero(l, dst, 0, t->size);
    r = nd_lower_try_read(l, nd_ir_gep(l, dst, 4), LLVMBuildTrunc(l->b, n, l->i32, ""), v.v, v.as,
                          e->span);
    r = LLVMBuildICmp(l->b, LLVMIntEQ, r, nd_ir_i64(l, 0), "");
    nd_lower_count_if(l, LLVMBuildNot(l->b, r, ""), ND_SITE_READ_FAIL, e->span, ND_MF_NONE);
    nd_ir_store(l, dst, 4, LLVMBuildSelect(l->b, r, n, nd_ir_i64(l, 0), ""));
}

#define FAMILY_INET6 10

// The bytes of an address behind a value: 4, 16, or for a pointer those that it points to.
static uint32_t address_bytes(struct nd_lower *l, const struct nd_type *t)
{
    const struct nd_type *at = t->kind == ND_T_PTR ? nd_type_elem(&l->p->types, t) : t;

    return at->size == 16 || at->size == 4 ? at->size : 0; // 0: the family says it
}

// An IPv4 address in the last 4 bytes of ::ffff:0:0/96.
static void put_v4(struct nd_lower *l, LLVMValueRef dst)
{
    nd_ir_store(l, dst, 8, nd_ir_i64(l, 0));
    nd_ir_store(l, nd_ir_gep(l, dst, 8), 4, nd_ir_i64(l, 0xffff0000));
}

static void ntop_bytes(struct nd_lower *l, struct nd_val v, uint32_t size, LLVMValueRef dst,
                       struct nd_span span)
{
    if (size == 16) {
        nd_lower_copy(l, dst, v, 16, span);
        return;
    }
    put_v4(l, dst);
    nd_lower_copy(l, nd_ir_gep(l, dst, 12), v, 4, span);
}

static void into_ntop(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    struct nd_expr *x = e->args.v[e->args.n > 1];
    LLVMBasicBlockRef six, four, done;
    uint32_t room = address_bytes(l, x->type);
    LLVMValueRef af;
    struct nd_val v;

    (void)t;
    v = nd_lower_expr(l, x);
    if (!v.mem && x->type->kind != ND_T_PTR) {
        put_v4(l, dst);
        nd_ir_store(l, nd_ir_gep(l, dst, 12), 4, v.v); // an integer is in network order already
        return;
    }
    v = pointed(l, x, v);
    if (e->args.n == 1 || x->type->kind == ND_T_IP) { // an address knows its family
        ntop_bytes(l, v, room == 16 ? 16 : 4, dst, e->span);
        return;
    }
    if (e->args.v[0]->is_const) {
        ntop_bytes(l, v, e->args.v[0]->num == FAMILY_INET6 ? 16 : 4, dst, e->span);
        return;
    }
    six = nd_ir_bb(l, "v6");
    four = nd_ir_bb(l, "v4");
    done = nd_ir_bb(l, "ntop");
    af = LLVMBuildICmp(l->b, LLVMIntEQ, nd_lower_int(l, e->args.v[0]), nd_ir_i64(l, FAMILY_INET6),
                       "");
    LLVMBuildCondBr(l->b, af, six, four);
    nd_ir_at(l, six);
    if (room == 4) // 4 bytes of a packet of the other family are not an address of it
        nd_ir_zero(l, dst, 0, 16);
    else
        ntop_bytes(l, v, 16, dst, e->span);
    nd_ir_br(l, done);
    nd_ir_at(l, four);
    ntop_bytes(l, v, 4, dst, e->span);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

static void into_bytes(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    nd_lower_put_literal(l, dst, e->str, e->len, t->size); // ip() prefix() mac() ifname() pton()
    if (t->kind == ND_T_IFNAME)
        nd_ir_store(l, nd_ir_gep(l, dst, offsetof(struct nd_ifname, netns)), 4, nd_lower_netns(l));
}

static void into_macaddr(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    struct nd_expr *x = e->args.v[0];
    struct nd_val v = nd_lower_expr(l, x);

    (void)t;
    v = pointed(l, x, v);
    nd_lower_copy(l, dst, v, 6, e->span);
}

// The process whose symbols are meant.
static void put_process(struct nd_lower *l, LLVMValueRef dst)
{
    nd_ir_store(l, dst, 4, high32(l, nd_lower_pid_tgid(l, true)));
}

static void into_usym(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    (void)t;
    nd_ir_store(l, dst, 8, nd_lower_int(l, e->args.v[0]));
    put_process(l, nd_ir_gep(l, dst, 8));
    nd_ir_store(l, nd_ir_gep(l, dst, 12), 4, nd_ir_i64(l, 0));
}

static void into_stack(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    nd_ir_store(l, dst, 4, nd_lower_stack(l, t, e->span));
    if (t->kind == ND_T_USTACK)
        put_process(l, nd_ir_gep(l, dst, 4));
}

// ---- by row -------------------------------------------------------------------------------------

static const struct row {
    LLVMValueRef (*value)(struct nd_lower *l, struct nd_expr *e); // an integer, or
    void (*into)(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst,
                 struct nd_type *t);                                     // bytes
    struct nd_val (*whole)(struct nd_lower *l, const struct nd_expr *e); // or either
} by_row[] = {
#define V(fn) .value = b_##fn
#define I(fn) .into = into_##fn
#define P(fn) .whole = nd_lower_##fn
#define K0
#define ND_BUILTIN(id, name, worlds, form, flags, type, check, kernel, ...) {kernel},
#include "runtime/common/builtins.def"
#undef V
#undef I
#undef P
#undef K0
};

bool nd_lower_builtin_into(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst,
                           struct nd_type *t)
{
    const struct row *row = &by_row[nd_builtin_row(e->builtin)];

    if (!row->into || (e->builtin->id == ND_B_COMM && t->size < 16))
        return false;
    row->into(l, e, dst, t);
    return true;
}

struct nd_val nd_lower_builtin(struct nd_lower *l, struct nd_expr *e)
{
    const struct row *row = &by_row[nd_builtin_row(e->builtin)];
    struct nd_val v = {.mem = true, .as = ND_AS_BPF};

    if (row->whole)
        return row->whole(l, e);
    if (row->value)
        return scalar(row->value(l, e));
    v.v = nd_lower_temp(l, e->type->size);
    if (nd_lower_builtin_into(l, e, v.v, e->type))
        return v;
    return scalar(nd_ir_i64(l, 0));
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
