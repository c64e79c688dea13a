// SPDX-License-Identifier: GPL-2.0-or-later
// Arguments of probes by name and position: in registers, on the stack, and for return probes from
// a note that a probe at the entry left. Must not know types by name.
#include "compiler/check/need.h"
#include "compiler/lower/lower_impl.h"

#include <string.h>

// ---- where the calling convention puts them ----------------------------------------------------

static LLVMValueRef load_reg(struct nd_lower *l, const char *reg)
{
    struct nd_need n = {.kind = ND_NEED_ARCH, .type = nd_kernel_arch(l->p->kernel)};
    uint32_t off = 0;

    nd_need_note(l->p, &n);
    if (!reg || !nd_arch_reg(nd_kernel_arch(l->p->kernel), reg, &off))
        return nd_ir_i64(l, 0);
    return nd_lower_load_int(l, nd_ir_gep(l, nd_lower_ctx(l), off), &nd_type_u64);
}

static LLVMValueRef at_entry(struct nd_lower *l, uint32_t n, struct nd_span span)
{
    const char *arch = nd_kernel_arch(l->p->kernel), *reg = nd_arch_arg_reg(arch, n);
    struct nd_val at = {.mem = true, .as = l->fn.probe->user_memory ? ND_AS_USER : ND_AS_KERNEL};
    uint32_t off = 0;

    nd_lower_reads_bytes(l, 8, ND_AS_CTX, span);
    if (reg)
        return load_reg(l, reg);
    nd_arch_stack_arg(arch, n, &off);
    at.v = LLVMBuildAdd(l->b, load_reg(l, "sp"), nd_ir_i64(l, off), "");
    return nd_lower_load_scalar(l, at, &nd_type_u64, span);
}

static LLVMValueRef func_arg(struct nd_lower *l, uint32_t n, struct nd_span span)
{
    const struct nd_probe *pr = l->fn.probe;

    if (pr->retprobe)
        return LLVMBuildLoad2(l->b, l->i64, l->fn.entry_args[n], "");
    return at_entry(l, n, span);
}

// ---- notes for return probes -------------------------------------------------------------------
//
// A call is known by its thread and the address of its frame: the stack pointer at the entry, and
// at the exit once the return address is taken off. So calls inside each other, also in interrupts,
// keep apart, and a return that the kernel missed harms no other.

#define NOTES_MAX 8192u
#define BPF_LRU_HASH 9u // BPF_MAP_TYPE_* of linux/bpf.h

static uint32_t note_args(uint32_t mask)
{
    return (uint32_t)__builtin_popcount(mask);
}

static LLVMValueRef note_map(struct nd_lower *l, const struct nd_probe *ret)
{
    const char *name = nd_arena_printf(l->a, "nd_args_%s", ret->name);
    LLVMValueRef g = LLVMGetNamedGlobal(l->m, name);

    return g ? g
             : nd_lower_define_map(l, name, BPF_LRU_HASH, 16, note_args(ret->entry_args) * 8,
                                   NOTES_MAX);
}

static LLVMValueRef note_key(struct nd_lower *l, uint32_t popped)
{
    LLVMValueRef key = nd_lower_keep(l, 16), frame = load_reg(l, "sp");

    nd_lower_reads_bytes(l, 8, ND_AS_CTX, ND_NO_SPAN); // the stack pointer
    nd_ir_store(l, key, 8, nd_ir_call(l, ND_H_GET_CURRENT_TASK, NULL, 0));
    nd_ir_store(l, nd_ir_gep(l, key, 8), 8, LLVMBuildSub(l->b, frame, nd_ir_i64(l, popped), ""));
    return key;
}

void nd_lower_note(struct nd_lower *l)
{
    const struct nd_probe *ret = l->fn.probe->entry_of;
    LLVMValueRef val = nd_lower_keep(l, note_args(ret->entry_args) * 8), args[4];
    uint32_t i, at = 0;

    for (i = 0; i < ND_FUNC_ARGS; i++) {
        if (ret->entry_args >> i & 1)
            nd_ir_store(l, nd_ir_gep(l, val, 8 * at++), 8, at_entry(l, i, ret->decl->name_span));
    }
    args[0] = note_map(l, ret);
    args[1] = note_key(l, 0);
    args[2] = val;
    args[3] = nd_ir_i64(l, 0);
    nd_ir_call(l, ND_H_MAP_UPDATE, args, 4);
}

void nd_lower_note_read(struct nd_lower *l)
{
    const struct nd_probe *pr = l->fn.probe;
    LLVMBasicBlockRef seen = nd_ir_bb(l, "seen"), unseen = nd_ir_bb(l, "unseen");
    LLVMValueRef args[2], val;
    uint32_t i, at = 0;

    args[0] = note_map(l, pr);
    args[1] = note_key(l, nd_arch_return_pops(nd_kernel_arch(l->p->kernel)));
    val = nd_ir_ptr(l, nd_ir_call(l, ND_H_MAP_LOOKUP, args, 2));
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntNE, val, LLVMConstNull(l->ptr), ""), seen,
                    unseen);
    nd_ir_at(l, unseen);
    nd_lower_count(l, ND_SITE_NO_ENTRY, pr->decl->name_span, ND_MF_NONE);
    nd_ir_br(l, l->fn.out);
    nd_ir_at(l, seen);
    for (i = 0; i < ND_FUNC_ARGS; i++) {
        if (!(pr->entry_args >> i & 1))
            continue;
        l->fn.entry_args[i] = nd_lower_register(l, "arg");
        LLVMBuildStore(l->b, nd_lower_load_int(l, nd_ir_gep(l, val, 8 * at++), &nd_type_u64),
                       l->fn.entry_args[i]);
    }
    nd_ir_call(l, ND_H_MAP_DELETE, args, 2);
}

LLVMValueRef nd_lower_ctx_load(struct nd_lower *l, uint32_t off, const struct nd_type *t)
{
    return nd_lower_load_int(l, nd_ir_gep(l, nd_lower_ctx(l), off), t);
}

static LLVMValueRef usdt_arg(struct nd_lower *l, const struct nd_usdt_arg *a, struct nd_span span)
{
    uint32_t size = a->size < 0 ? (uint32_t)-a->size : (uint32_t)a->size;
    struct nd_type *t = nd_type_int(size ? size : 8, a->size < 0);
    LLVMValueRef v, idx;

    switch (a->where) {
    case ND_USDT_CONST:
        return nd_ir_i64(l, (uint64_t)a->value);
    case ND_USDT_REG:
        return nd_ir_extend(l, load_reg(l, a->reg), t);
    default:
        v = LLVMBuildAdd(l->b, load_reg(l, a->reg), nd_ir_i64(l, (uint64_t)a->value), "");
        if (a->index) {
            idx = LLVMBuildMul(l->b, load_reg(l, a->index), nd_ir_i64(l, a->scale ? a->scale : 1),
                               "");
            v = LLVMBuildAdd(l->b, v, idx, "");
        }
        return nd_lower_load_scalar(l, (struct nd_val){.v = v, .mem = true, .as = ND_AS_USER}, t,
                                    span);
    }
}

LLVMValueRef nd_lower_arg_n(struct nd_lower *l, uint32_t n, struct nd_span span)
{
    const struct nd_probe *pr = l->fn.probe;

    if (pr->args == ND_ARGS_USDT) {
        const struct nd_usdt *u = pr->targets.v[0].usdt;

        return n < u->nargs ? usdt_arg(l, &u->args[n], span) : nd_ir_i64(l, 0);
    }
    nd_lower_reads_bytes(l, 8, ND_AS_CTX, span);
    if (pr->type == ND_PROG_KPROBE)
        return func_arg(l, n, span);
    if (n < ND_FUNC_ARGS && l->fn.entry_args[n])
        return LLVMBuildLoad2(l->b, l->i64, l->fn.entry_args[n], "");
    return nd_lower_ctx_load(l, n * 8, &nd_type_u64);
}

// The address that a __data_loc field refers to: the low half of the word is its offset.
static LLVMValueRef data_loc(struct nd_lower *l, const struct nd_tp_field *f)
{
    LLVMValueRef loc = nd_lower_ctx_load(l, f->off, &nd_type_u32), at;

    at = LLVMBuildAnd(l->b, loc, nd_ir_i64(l, 0xffff), "");
    if (f->rel_loc)
        at = LLVMBuildAdd(l->b, at, nd_ir_i64(l, f->off + 4), "");
    return LLVMBuildGEP2(l->b, l->i8, nd_lower_ctx(l), &at, 1, "");
}

// Another kernel must have this argument in the same place.
static void need_arg(struct nd_lower *l, const struct nd_expr *e, const struct nd_tp_field *f)
{
    const struct nd_target *at = &l->fn.probe->targets.v[0];
    struct nd_need n = {.span = e->span};
    struct nd_param_place place;

    if (f) {
        n.kind = ND_NEED_RECORD;
        n.type = nd_arena_printf(l->a, "%s:%s", at->format->category, at->format->event);
        n.path = f->name;
        n.value = f->off;
        n.bytes = f->size;
    } else if (at->sig && e->field->off < at->sig->nparams) {
        n.kind = at->kind == ND_AT_RAW_TP ? ND_NEED_RAW : ND_NEED_PARAM;
        n.type = at->kind == ND_AT_RAW_TP ? at->s1 : at->sig->name;
        n.path = at->sig->params[e->field->off].name;
        n.value = e->field->off;
        nd_type_param(&l->p->types, at->sig, e->field->off, &place);
        n.bytes = place.slot;
    } else {
        return;
    }
    nd_need_note(l->p, &n);
}

// A parameter by name: a number, or a struct whose words are put together.
static struct nd_val param(struct nd_lower *l, const struct nd_expr *e)
{
    bool breakpoint = l->fn.probe->type == ND_PROG_KPROBE;
    struct nd_val v = {.mem = true, .as = ND_AS_BPF};
    struct nd_param_place at;
    uint32_t i, from;

    nd_type_param(&l->p->types, l->fn.probe->targets.v[0].sig, e->field->off, &at);
    from = breakpoint ? at.first : at.slot;
    if (e->type->kind != ND_T_STRUCT && e->type->kind != ND_T_ARRAY)
        return (struct nd_val){.v = nd_ir_extend(l, nd_lower_arg_n(l, from, e->span), e->type)};
    if (at.by_ref)
        return (struct nd_val){
            .v = nd_lower_arg_n(l, from, e->span), .mem = true, .as = ND_AS_KERNEL};
    v.v = nd_lower_temp(l, at.slots ? at.slots * 8 : 8);
    for (i = 0; i < at.slots; i++)
        nd_ir_store(l, nd_ir_gep(l, v.v, 8 * i), 8, nd_lower_arg_n(l, from + i, e->span));
    return v;
}

struct nd_val nd_lower_arg(struct nd_lower *l, struct nd_expr *e)
{
    const struct nd_tp_field *f = l->fn.probe->args == ND_ARGS_FORMAT ? e->tp_field : NULL;
    LLVMValueRef tmp;
    struct nd_val at;

    need_arg(l, e, f);
    if (!f)
        return param(l, e);
    nd_lower_reads_bytes(l, f->size, ND_AS_CTX, e->span);
    if (f->data_loc || f->rel_loc) {
        tmp = nd_lower_temp(l, e->type->size);
        nd_ir_zero(l, tmp, 0, e->type->size); // the namespace of a device is not in the record
        nd_lower_read_str(l, tmp, nd_type_text_size(e->type), data_loc(l, f), ND_AS_KERNEL,
                          e->span);
        return (struct nd_val){.v = tmp, .mem = true, .as = ND_AS_BPF};
    }
    at = (struct nd_val){.v = nd_lower_ctx(l), .mem = true, .as = ND_AS_CTX};
    at = nd_lower_bytes_at(l, at, f->off);
    if (!nd_type_is_scalar(e->type))
        return at;
    at.v = nd_lower_load_scalar(l, at,
                                nd_type_is_int(e->type) && e->type->kind != ND_T_PTR
                                    ? nd_type_int(f->size, f->is_signed)
                                    : &nd_type_u64,
                                e->span);
    return (struct nd_val){.v = e->type->size < f->size ? nd_ir_extend(l, at.v, e->type) : at.v};
}

LLVMValueRef nd_lower_retval(struct nd_lower *l, struct nd_expr *e)
{
    const struct nd_target *t = &l->fn.probe->targets.v[0];
    struct nd_need n = {.kind = ND_NEED_PARAM, .span = e->span};

    nd_lower_reads_bytes(l, 8, ND_AS_CTX, e->span);
    if (l->fn.probe->type == ND_PROG_FEXIT) { // after all parameters
        n.bytes = nd_type_param_slots(&l->p->types, t->sig);
        if (t->sig) {
            n.type = t->sig->name;
            n.value = t->sig->nparams;
            nd_need_note(l->p, &n);
        }
        return nd_ir_extend(l, nd_lower_ctx_load(l, n.bytes * 8, &nd_type_u64), e->type);
    }
    return nd_ir_extend(l, load_reg(l, nd_arch_ret_reg(nd_kernel_arch(l->p->kernel))), e->type);
}

void nd_lower_test_args(struct nd_lower *l)
{
    const struct nd_func_sig *sig = l->fn.probe->targets.v[0].sig;
    uint32_t i;

    for (i = 0; i < sig->nparams && i < ND_FUNC_ARGS; i++) {
        LLVMBasicBlockRef there = nd_ir_bb(l, "there");
        LLVMValueRef v;

        if (nd_type_btf(&l->p->types, sig->params[i].type)->kind != ND_T_PTR)
            continue;
        v = nd_lower_ctx_load(l, i * 8, &nd_type_u64);
        l->fn.entry_args[i] = nd_lower_register(l, "arg");
        LLVMBuildStore(l->b, v, l->fn.entry_args[i]);
        LLVMBuildCondBr(l->b, nd_ir_bool(l, v), there, l->fn.out);
        nd_ir_at(l, there);
    }
}
