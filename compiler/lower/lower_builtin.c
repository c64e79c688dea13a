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

// As the namespace of the tracer has it, or pid(init), the host.
static LLVMValueRef ids(struct nd_lower *l, const struct nd_expr *e)
{
    return e->kind == ND_E_CALL && e->index ? call0(l, ND_H_GET_PID_TGID)
                                            : nd_lower_pid_tgid(l, false);
}

static LLVMValueRef b_pid(struct nd_lower *l, struct nd_expr *e)
{
    return high32(l, ids(l, e));
}

static LLVMValueRef b_tid(struct nd_lower *l, struct nd_expr *e)
{
    return low32(l, ids(l, e));
}

static LLVMValueRef b_ncpus(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return nd_lower_ncpus(l);
}

static LLVMValueRef b_numaid(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return low32(l, call0(l, ND_H_GET_NUMA_NODE_ID));
}

static LLVMValueRef b_jiffies(struct nd_lower *l, struct nd_expr *e)
{
    if (nd_without(l->p, ND_F_BOOT_CLOCK)) // of 5.8, this of 5.6
        nd_help(l->d, nd_error(l->d, ND_E0401, e->span, "this kernel does not tell its ticks"),
                "nsecs is the time");
    nd_lower_feature(l, ND_F_BOOT_CLOCK);
    return call0(l, ND_H_JIFFIES64);
}

static LLVMValueRef b_usermode(struct nd_lower *l, struct nd_expr *e)
{
    return nd_lower_usermode(l, e->index, e->span);
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

static LLVMValueRef b_percpu_kaddr(struct nd_lower *l, struct nd_expr *e)
{
    LLVMValueRef cpu = e->args.n > 1 ? nd_lower_int(l, e->args.v[1]) : b_cpu(l, e);

    return nd_lower_percpu(l, e->num, cpu, e->span);
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

// The first n bytes, at most up to the end of the shorter: 0 equal, 1 not.
static LLVMValueRef b_strncmp(struct nd_lower *l, struct nd_expr *e)
{
    LLVMValueRef a = local_text(l, e->args.v[0]), b = local_text(l, e->args.v[1]), n = NULL;
    uint32_t size = nd_type_text_size(e->args.v[0]->type);

    if (nd_type_text_size(e->args.v[1]->type) < size)
        size = nd_type_text_size(e->args.v[1]->type);
    if (!e->args.v[2]->is_const)
        n = nd_lower_int(l, e->args.v[2]);
    else if (e->args.v[2]->num < size)
        size = (uint32_t)e->args.v[2]->num;
    return nd_lower_text_differs(l, a, b, size, n, e->builtin->id == ND_B_STRNCASECMP);
}

// So many bytes of a text or an array, with zeros after its end.
static LLVMValueRef local_bytes(struct nd_lower *l, struct nd_expr *e, uint32_t n)
{
    uint32_t size = nd_type_is_text(e->type) ? nd_type_text_size(e->type) : e->type->size,
             room = n > size ? n : size;
    LLVMValueRef tmp = nd_lower_temp(l, room);

    if (e->kind == ND_E_STRING) {
        nd_lower_put_literal(l, tmp, e->str, e->whole > e->len ? e->whole : e->len, room);
        return tmp;
    }
    nd_ir_zero(l, tmp, 0, room);
    if (nd_type_is_text(e->type))
        nd_lower_into(l, e, tmp, nd_type_string(&l->p->types, size));
    else
        nd_lower_into(l, e, tmp, e->type);
    return tmp;
}

static LLVMValueRef b_memcmp(struct nd_lower *l, struct nd_expr *e)
{
    uint32_t n = (uint32_t)e->args.v[2]->num;
    LLVMValueRef a = local_bytes(l, e->args.v[0], n), b = local_bytes(l, e->args.v[1], n);

    return nd_lower_bytes_order(l, a, b, n);
}

static LLVMValueRef b_strlen(struct nd_lower *l, struct nd_expr *e)
{
    return nd_lower_text_length(l, local_text(l, e->args.v[0]),
                                nd_type_text_size(e->args.v[0]->type), e->span);
}

#define SEARCH_MOST 400000u // steps that the verifier follows

static LLVMValueRef b_strstr(struct nd_lower *l, struct nd_expr *e)
{
    const struct nd_expr *part = e->args.v[1];
    struct nd_needle n = {.literal = part->kind == ND_E_STRING ? part->str : NULL};
    uint32_t size = nd_type_text_size(e->args.v[0]->type), places = size;
    LLVMValueRef hay;

    n.size = n.literal ? part->len : nd_type_text_size(part->type);
    if (!n.size)
        return nd_ir_i64(l, 0);
    if (n.literal && n.size > size)
        return nd_ir_i64(l, UINT64_MAX);
    if (n.literal)
        places = size - n.size + 1;
    else
        n.text = local_text(l, e->args.v[1]);
    if ((uint64_t)places * n.size * 5 > SEARCH_MOST)
        nd_help(l->d,
                nd_error(l->d, ND_E0701, e->span, "the verifier does not follow so long a search"),
                "cut the texts: str(x, 64)");
    hay = local_bytes(l, e->args.v[0], n.literal ? size : size + n.size);
    return nd_lower_text_find(l, hay, places, &n, e->span);
}

static LLVMValueRef b_strcontains(struct nd_lower *l, struct nd_expr *e)
{
    return nd_ir_from_bool(l, LLVMBuildICmp(l->b, LLVMIntSGE, b_strstr(l, e), nd_ir_i64(l, 0), ""));
}

static LLVMValueRef b_has_key(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_expr *m = e->args.v[0];

    return nd_lower_map_has(l, m->map, m->a);
}

static LLVMValueRef b_find(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_expr *m = e->args.v[0];
    LLVMBasicBlockRef hit = nd_ir_bb(l, "there"), done = nd_ir_bb(l, "found");
    LLVMValueRef has = nd_lower_map_has(l, m->map, m->a);

    LLVMBuildCondBr(l->b, nd_ir_bool(l, has), hit, done);
    nd_ir_at(l, hit);
    nd_lower_assign(l, e->found);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
    return has;
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
    if (nd_typekind_is(x->type->kind, ND_IS_STACK))
        return nd_lower_stack_depth(l, x->type, e->span);
    return nd_lower_entries(l, nd_lower_map_ptr(l, x->map), e->span);
}

static LLVMValueRef b_retval(struct nd_lower *l, struct nd_expr *e)
{
    return nd_lower_retval(l, e);
}

static struct nd_val nd_lower_whole(struct nd_lower *l, const struct nd_expr *e) // its argument
{
    return nd_lower_expr(l, e->args.v[0]);
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
    if (e->args.n > 1 && !e->args.v[1]->is_const) // with its zero byte
        nd_lower_text_cut(l, dst, limit.size,
                          LLVMBuildSub(l->b, nd_lower_int(l, e->args.v[1]), nd_ir_i64(l, 1), ""));
    nd_ir_zero(l, dst, limit.size, t->size - limit.size);
}

// join(): the strings that an array of pointers leads to, up to a pointer that is 0.
static void into_join(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    LLVMBasicBlockRef done = nd_ir_bb(l, "joined");
    struct nd_val v = pointed(l, e->args.v[0], nd_lower_expr(l, e->args.v[0]));
    LLVMValueRef base = nd_ir_addr(l, v.v), word = nd_lower_temp(l, 8), p, at;
    uint32_t i;

    nd_ir_zero(l, dst, 0, t->size);
    for (i = 0; i < t->nelems; i++) {
        LLVMBasicBlockRef more = nd_ir_bb(l, "join");

        nd_ir_store(l, word, 8, nd_ir_i64(l, 0));
        at = LLVMBuildAdd(l->b, base, nd_ir_i64(l, 8ul * i), "");
        nd_lower_try_read(l, word, nd_ir_i32(l, 8), at, v.as, e->span);
        p = nd_lower_load_int(l, word, &nd_type_u64);
        LLVMBuildCondBr(l->b, nd_ir_bool(l, p), more, done);
        nd_ir_at(l, more);
        nd_lower_read_str(l, nd_ir_gep(l, dst, (uint64_t)i * t->elem->size), t->elem->size, p, v.as,
                          e->span);
    }
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

static void into_buf(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    struct nd_expr *x = e->args.v[0];
    uint32_t room = t->size - 4;
    bool known = nd_type_is_text(x->type) || x->type->kind == ND_T_ARRAY;
    LLVMValueRef n = nd_ir_i64(l, room), r, fits;
    struct nd_val v;

    if (known && x->type->size < room) { // nothing is after it
        v = (struct nd_val){.v = local_bytes(l, x, room), .mem = true, .as = ND_AS_BPF};
    } else {
        v = pointed(l, x, nd_lower_expr(l, x));
    }
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
