// SPDX-License-Identifier: GPL-2.0-or-later
// The loop, calls, jumps and the memory of one call. Must not know maps or text.
// Serves the run; the instructions are in the other vm_*.c files.
#include "runtime/vm/vm_impl.h"

#include "runtime/sources/qemu.h"
#include "runtime/sources/textfile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

// Keeps one chunk of the ordinary size for the next call.
static void reset_memory(struct nd_vm *vm, bool all)
{
    struct vm_chunk *c, *keep = NULL;

    while ((c = vm->mem)) {
        vm->mem = c->next;
        if (!all && !keep && c->cap == 65536)
            keep = c;
        else
            free(c);
    }
    vm->mem_used = 0;
    vm->looks = NULL;
    if (keep) {
        keep->n = 0;
        keep->next = NULL;
        vm->mem = keep;
        vm->mem_used = keep->cap;
    }
}

// ---- instructions that move values and control -------------------------------------------------

static int op_nop(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    (void)vm;
    (void)in;
    return 0;
}

static int op_const(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct nd_mf *mf = vm->env.mf;
    struct vm_value *v = vm_push(vm);
    const char *s;

    if (!v)
        return -E2BIG;
    *v = (struct vm_value){.kind = VM_I64, .type = ND_MF_NONE};
    switch (in->op) {
    case ND_VM_INT:
        vm_typed_int(vm, in->b, (int64_t)mf->consts[in->c], v);
        return 0;
    case ND_VM_DBL:
        v->kind = VM_F64;
        memcpy(&v->d, &mf->consts[in->c], 8);
        return 0;
    case ND_VM_STR:
        s = nd_mf_str(mf, (uint32_t)in->c);
        *v = (struct vm_value){.kind = VM_STR,
                               .type = ND_MF_NONE,
                               .n = (uint32_t)strlen(s),
                               .own = true,
                               .p = (const void *)s};
        return 0;
    }
    if (in->b >= mf->ntypes || (uint32_t)in->c > mf->nblob ||
        mf->types[in->b].size > mf->nblob - (uint32_t)in->c)
        return vm_fail(vm, EINVAL, "bytes beyond the end");
    return vm_load(vm, in->b, mf->blob + in->c, false, v);
}

static int op_local(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    struct vm_value *v;

    if ((uint32_t)in->c >= vm->fr->f->nlocals)
        return vm_fail(vm, EINVAL, "no local %d", in->c);
    if (in->op == ND_VM_LOCAL) {
        v = vm_push(vm);
        if (!v)
            return -E2BIG;
        *v = vm->stack[vm->fr->base + (uint32_t)in->c];
        return 0;
    }
    v = vm_pop(vm, 1);
    if (!v)
        return -EINVAL;
    vm->stack[vm->fr->base + (uint32_t)in->c] = *v;
    return 0;
}

static int op_pop(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    (void)in;
    return vm_pop(vm, 1) ? 0 : -EINVAL;
}

static int op_dup(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    struct vm_value *v = vm_pop(vm, 1), *top;

    (void)in;
    if (!v)
        return -EINVAL;
    vm->sp++;
    top = vm_push(vm);
    if (!top)
        return -E2BIG;
    *top = *v;
    return 0;
}

static int look(struct nd_vm *vm)
{
    if (--vm->jumps)
        return 0;
    vm->jumps = VM_CHECK;
    if (vm->env.interrupted && vm->env.interrupted(vm->env.interrupted_arg))
        return vm_fail(vm, EINTR, "interrupted");
    return 0;
}

static int op_jump(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    const struct vm_value *v;

    if (in->op != ND_VM_JMP) {
        v = vm_pop(vm, 1);
        if (!v)
            return -EINVAL;
        if (vm_truth(v) != (in->op == ND_VM_JNZ))
            return 0;
    }
    if ((uint32_t)in->c > vm->fr->f->count)
        return vm_fail(vm, EINVAL, "jump out of the function");
    if ((uint32_t)in->c < vm->fr->pc) {
        vm->fr->pc = (uint32_t)in->c;
        return look(vm);
    }
    vm->fr->pc = (uint32_t)in->c;
    return 0;
}

// A new frame whose first parameters are the n topmost values.
static int enter(struct nd_vm *vm, uint32_t func, uint32_t n)
{
    const struct nd_mf_func *f = &vm->env.mf->funcs[func];
    uint32_t base = vm->sp - n, i;

    if (vm->ncalls == VM_CALLS)
        return vm_fail(vm, ELOOP, "functions call each other more than %d levels deep", VM_CALLS);
    if (n != f->nparams || f->nlocals < n)
        return vm_fail(vm, EINVAL, "a function with %u parameters was called with %u", f->nparams,
                       n);
    if (f->nlocals > VM_STACK - base)
        return vm_fail(vm, E2BIG, "the stack is full");
    for (i = n; i < f->nlocals; i++)
        vm->stack[base + i] = (struct vm_value){.kind = VM_I64, .type = ND_MF_NONE};
    vm->sp = base + f->nlocals;
    vm->fr = &vm->frames[vm->ncalls++];
    *vm->fr = (struct vm_frame){f, 0, base, vm->sp, vm->niters};
    return 0;
}

static int op_call(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    if ((uint32_t)in->c >= vm->env.mf->nfuncs || !vm_pop(vm, in->a))
        return vm_fail(vm, EINVAL, "bad call");
    vm->sp += in->a;
    return look(vm) ?: enter(vm, (uint32_t)in->c, in->a);
}

// Leaves the frame; `has` says whether v is returned to the caller.
static int leave(struct nd_vm *vm, bool has, struct vm_value v)
{
    const struct nd_mf_insn *call;
    struct vm_value *slot;

    vm_drop_iters(vm, vm->fr->niters);
    vm->sp = vm->fr->base;
    vm->ncalls--;
    if (!vm->ncalls) {
        vm->done = true;
        vm->has_ret = has;
        vm->ret = v;
        return 0;
    }
    vm->fr--;
    call = &vm->env.mf->code[vm->fr->f->first + vm->fr->pc - 1];
    if (!call->b)
        return 0;
    slot = vm_push(vm);
    if (slot)
        *slot = v;
    return slot ? 0 : -E2BIG;
}

static int op_ret(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    struct vm_value none = {.kind = VM_I64, .type = ND_MF_NONE};
    const struct vm_value *v;

    if (!in->a)
        return leave(vm, false, none);
    v = vm_pop(vm, 1);
    return v ? leave(vm, true, *v) : -EINVAL;
}

static int op_exit(struct nd_vm *vm, const struct nd_mf_insn *in)
{
    struct vm_value *v = vm_pop(vm, 1);
    int64_t code;

    (void)in;
    if (!v || vm_i64(vm, v, &code))
        return -EINVAL;
    vm->exited = true;
    vm->exit_code = (int)(code & 0xff);
    vm->done = true; // nothing after it runs
    return 0;
}

static vm_op *const ops[ND_VM_OP_MAX] = {
    [ND_VM_NOP] = op_nop,
    [ND_VM_INT] = op_const,
    [ND_VM_DBL] = op_const,
    [ND_VM_STR] = op_const,
    [ND_VM_BYTES] = op_const,
    [ND_VM_LOCAL] = op_local,
    [ND_VM_SET] = op_local,
    [ND_VM_POP] = op_pop,
    [ND_VM_DUP] = op_dup,
    [ND_VM_OPT] = vm_op_opt,
    [ND_VM_OPT_HAS] = vm_op_opt_has,
    [ND_VM_OPT_COUNT] = vm_op_opt_count,
    [ND_VM_OPT_AT] = vm_op_opt_at,
    [ND_VM_ADD... ND_VM_XOR] = vm_op_binary,
    [ND_VM_NEG... ND_VM_NOT] = vm_op_unary,
    [ND_VM_EQ... ND_VM_GE] = vm_op_compare,
    [ND_VM_IN_PREFIX] = vm_op_in_prefix,
    [ND_VM_I2D... ND_VM_D2I] = vm_op_convert,
    [ND_VM_CAST] = vm_op_cast,
    [ND_VM_JMP... ND_VM_JNZ] = op_jump,
    [ND_VM_FIELD] = vm_op_field,
    [ND_VM_INDEX] = vm_op_index,
    [ND_VM_MAKE] = vm_op_make,
    [ND_VM_MAP_GET] = vm_op_map_get,
    [ND_VM_MAP_SET] = vm_op_map_set,
    [ND_VM_MAP_AGG] = vm_op_map_agg,
    [ND_VM_MAP_HAS] = vm_op_map_has,
    [ND_VM_MAP_DEL] = vm_op_map_del,
    [ND_VM_MAP_LEN] = vm_op_map_len,
    [ND_VM_MAP_CLEAR... ND_VM_MAP_ZERO] = vm_op_map_clear,
    [ND_VM_MAP_PRINT] = vm_op_map_print,
    [ND_VM_MAP_AT_PRINT] = vm_op_map_at_print,
    [ND_VM_REPORT] = vm_op_report,
    [ND_VM_AGG] = vm_op_agg,
    [ND_VM_AGG_ALL] = vm_op_agg_all,
    [ND_VM_AGG_OF] = vm_op_agg_of,
    [ND_VM_ITER_NEW] = vm_op_iter_new,
    [ND_VM_ITER_JOIN] = vm_op_iter_join,
    [ND_VM_ITER_LOAD] = vm_op_iter_load,
    [ND_VM_ITER_RANK] = vm_op_iter_rank,
    [ND_VM_ITER_SORT] = vm_op_iter_sort,
    [ND_VM_ITER_END] = vm_op_iter_end,
    [ND_VM_PRINTF... ND_VM_SPRINTF] = vm_op_printf,
    [ND_VM_PRINT] = vm_op_print,
    [ND_VM_RECORD] = vm_op_record,
    [ND_VM_CALL] = op_call,
    [ND_VM_BUILTIN] = vm_op_builtin,
    [ND_VM_TABLE] = vm_op_table,
    [ND_VM_TABLE_ROW] = vm_op_table_row,
    [ND_VM_TABLE_END] = vm_op_table_end,
    [ND_VM_HEAD] = vm_op_head,
    [ND_VM_ROW] = vm_op_row,
    [ND_VM_RET] = op_ret,
    [ND_VM_EXIT] = op_exit,
};

// What these print comes after the rows of a declared table that wait.
static const bool prints[ND_VM_OP_MAX] = {
    [ND_VM_PRINTF] = true,    [ND_VM_PRINT] = true,        [ND_VM_RECORD] = true,
    [ND_VM_MAP_PRINT] = true, [ND_VM_MAP_AT_PRINT] = true, [ND_VM_REPORT] = true,
    [ND_VM_TABLE] = true,
};

static int run(struct nd_vm *vm)
{
    const struct nd_mf_insn *code = vm->env.mf->code;
    const struct nd_mf_insn end = {.op = ND_VM_RET};
    int err = 0;

    while (!vm->done && !err) {
        struct vm_frame *fr = vm->fr;
        const struct nd_mf_insn *in = &end; // a function that ends without RET returns nothing

        if (fr->pc < fr->f->count)
            in = &code[fr->f->first + fr->pc++];
        if (in->op >= ND_VM_OP_MAX)
            return vm_fail(vm, EINVAL, "unknown instruction %u", in->op);
        if (vm->table.of && prints[in->op])
            vm_end_rows(vm);
        err = ops[in->op](vm, in);
    }
    return err;
}

int nd_vm_call(struct nd_vm *vm, uint32_t func, uint32_t payload_type, const void *payload,
               bool *result)
{
    const struct nd_mf_func *f = &vm->env.mf->funcs[func];
    int err = 0;

    vm->ncalls = vm->sp = vm->niters = 0;
    vm->fr = NULL;
    vm->done = vm->failed = vm->has_ret = false;
    vm->in_event = payload != NULL;
    vm->calls += vm->calls == UINT32_MAX ? 0 : 1;
    vm->error[0] = '\0';
    if (f->nparams && payload) {
        err = vm_load(vm, payload_type, payload, false, &vm->stack[0]);
        vm->sp = 1;
    }
    if (!err)
        err = enter(vm, func, vm->sp);
    if (!err)
        err = run(vm);
    if (result)
        *result = !err && vm->has_ret && vm_truth(&vm->ret);
    vm_drop_iters(vm, 0);
    vm_end_rows(vm);
    vm_drop_table(vm);
    reset_memory(vm, false);
    return err;
}

static uint32_t largest(const struct nd_mf *mf, bool value)
{
    uint32_t max = 16, i;

    for (i = 0; i < mf->nmaps; i++) {
        uint32_t t = value ? mf->maps[i].val_type : mf->maps[i].key_type;

        if (t < mf->ntypes && mf->types[t].size > max)
            max = mf->types[t].size;
    }
    return max;
}

struct nd_vm *nd_vm_new(const struct nd_vm_env *env)
{
    struct nd_vm *vm = calloc(1, sizeof(*vm));

    if (!vm)
        return NULL;
    vm->env = *env;
    vm->jumps = VM_CHECK;
    vm->formats = calloc(env->mf->ncode + 1ul, sizeof(*vm->formats));
    vm->sites = calloc(env->mf->nsites + 1ul, sizeof(*vm->sites));
    vm->map_full = calloc(env->mf->nmaps + 1ul, sizeof(*vm->map_full));
    vm->headed = calloc(env->mf->ntables + 1ul, sizeof(*vm->headed));
    vm->key = calloc(1, largest(env->mf, false));
    vm->val = calloc(1, largest(env->mf, true));
    if (!vm->formats || !vm->sites || !vm->map_full || !vm->headed || !vm->key || !vm->val) {
        nd_vm_free(vm);
        return NULL;
    }
    return vm;
}

void nd_vm_free(struct nd_vm *vm)
{
    if (!vm)
        return;
    vm_formats_free(vm);
    nd_textfiles_free(vm->files);
    nd_qemu_free(vm->qemu);
    reset_memory(vm, true);
    free(vm->formats);
    free(vm->sites);
    free(vm->map_full);
    free(vm->headed);
    free(vm->text.v);
    free(vm->scratch.v);
    free(vm->key);
    free(vm->val);
    free(vm);
}

const char *nd_vm_error(const struct nd_vm *vm)
{
    return vm->error;
}

void nd_vm_ending(struct nd_vm *vm)
{
    vm->ending = true;
}

bool nd_vm_exited(const struct nd_vm *vm, int *code)
{
    if (vm->exited && code)
        *code = vm->exit_code;
    return vm->exited;
}

bool nd_vm_refused(const struct nd_vm *vm)
{
    return vm->refused;
}

void nd_vm_times(struct nd_vm *vm, int64_t start, int64_t interval_start, int64_t now)
{
    vm->start = start;
    vm->interval_start = interval_start;
    vm->now = now;
}

const uint64_t *nd_vm_sites(const struct nd_vm *vm)
{
    return vm->sites;
}

uint64_t nd_vm_div_zero(const struct nd_vm *vm)
{
    return vm->div_zero;
}

uint64_t nd_vm_map_full(const struct nd_vm *vm, uint32_t map)
{
    return vm->map_full[map];
}
