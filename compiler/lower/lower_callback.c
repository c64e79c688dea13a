// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of the object that a helper calls for each entry of a map. What they share with the
// program is a struct on its stack: a word for scratch, one that says that the program is to end,
// and the variables. Must not know statements. Serves lower_stmt.c and lower_builtin.c.
#include "compiler/lower/lower_callback_impl.h"
#include "compiler/lower/lower_impl.h"

#include <string.h>

#define SHARED_SCRATCH 0u
#define SHARED_LEFT 8u

static LLVMTypeRef type_of(struct nd_lower *l)
{
    LLVMTypeRef types[4] = {l->ptr, l->ptr, l->ptr, l->ptr};

    return LLVMFunctionType(l->i64, types, 4, 0);
}

// The kernel only calls functions of its own kind that are static, and wants names of parameters.
static LLVMValueRef new_function(struct nd_lower *l, const char *name, struct nd_span span,
                                 LLVMMetadataRef *scope)
{
    static const char *const names[] = {"map", "key", "value", "shared"};
    LLVMValueRef func = LLVMAddFunction(l->m, name, type_of(l));
    LLVMMetadataRef types[5], word;
    uint32_t i;

    word =
        LLVMDIBuilderCreateBasicType(l->di, "u64", 3, 64, 7 /* DW_ATE_unsigned */, LLVMDIFlagZero);
    for (i = 0; i < 5; i++)
        types[i] = word;
    *scope = nd_lower_function_scope(
        l, name, span,
        LLVMDIBuilderCreateSubroutineType(l->di, l->files[0], types, 5, LLVMDIFlagZero), true);
    for (i = 0; i < 4; i++)
        LLVMDIBuilderCreateParameterVariable(l->di, *scope, names[i], strlen(names[i]), i + 1,
                                             l->files[0], 0, word, 1, LLVMDIFlagZero);
    LLVMSetLinkage(func, LLVMInternalLinkage);
    return func;
}

static void need(struct nd_lower *l, struct nd_span span)
{
    if (nd_without(l->p, ND_F_EACH_ELEM))
        nd_help(l->d,
                nd_error(l->d, ND_E0401, span,
                         "programs of this kernel cannot walk through a map (Linux 5.13)"),
                "do it in user space: every, end or on");
    nd_lower_feature(l, ND_F_EACH_ELEM);
}

static LLVMValueRef walk(struct nd_lower *l, LLVMValueRef map, LLVMValueRef func,
                         LLVMValueRef shared)
{
    LLVMValueRef args[4] = {map, func, shared, nd_ir_i64(l, 0)};

    return nd_ir_call(l, ND_H_FOR_EACH_MAP_ELEM, args, 4);
}

LLVMValueRef nd_lower_entries(struct nd_lower *l, LLVMValueRef map, struct nd_span span)
{
    static const char name[] = "nd_count";
    LLVMValueRef func = LLVMGetNamedFunction(l->m, name);
    LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b);
    LLVMMetadataRef line = LLVMGetCurrentDebugLocation2(l->b), scope;
    struct nd_pos at = nd_source_pos(l->p->sources, span.src, span.off);

    need(l, span);
    if (!func) { // the helper counts
        func = new_function(l, name, span, &scope);
        LLVMSetSubprogram(func, scope);
        LLVMPositionBuilderAtEnd(l->b, LLVMAppendBasicBlockInContext(l->cx, func, "entry"));
        LLVMSetCurrentDebugLocation2(
            l->b, LLVMDIBuilderCreateDebugLocation(l->cx, at.line, at.col, scope, NULL));
        LLVMBuildRet(l->b, nd_ir_i64(l, 0));
        LLVMPositionBuilderAtEnd(l->b, here);
        LLVMSetCurrentDebugLocation2(l->b, line);
    }
    return walk(l, map, func, LLVMConstNull(l->ptr));
}

LLVMValueRef nd_lower_callback_shared(struct nd_lower *l, uint32_t words)
{
    LLVMValueRef shared = nd_lower_on_stack(l, ND_SHARED_FIRST + 8 * words);

    LLVMBuildStore(l->b, l->fn.scratch ? nd_ir_gep(l, l->fn.scratch, 0) : LLVMConstNull(l->ptr),
                   nd_ir_gep(l, shared, SHARED_SCRATCH));
    nd_ir_store(l, nd_ir_gep(l, shared, SHARED_LEFT), 8, nd_ir_i64(l, 0));
    return shared;
}

void nd_lower_callback_open(struct nd_lower *l, struct nd_callback *cb, struct nd_span span)
{
    const char *name = nd_arena_printf(l->a, "%s_each%u", l->fn.probe->name, l->callbacks++);
    LLVMMetadataRef scope;

    need(l, span);
    cb->here = LLVMGetInsertBlock(l->b);
    cb->line = LLVMGetCurrentDebugLocation2(l->b);
    cb->func = new_function(l, name, span, &scope);
    cb->outer = l->fn;
    nd_lower_function_open(l, cb->func, scope);
    l->fn.scratch_top = cb->outer.scratch_top; // beyond what the program has there
    cb->shared = LLVMGetParam(cb->func, 3);
    cb->stop = nd_ir_bb(l, "stop");
    cb->next = nd_ir_bb(l, "next");
    if (!cb->outer.scratch)
        return;
    l->fn.scratch_bb = nd_ir_bb(l, "scratch");
    l->fn.scratch = LLVMBuildLoad2(l->b, l->ptr, nd_ir_gep(l, cb->shared, SHARED_SCRATCH), "");
    nd_ir_br(l, l->fn.scratch_bb);
    nd_ir_at(l, l->fn.scratch_bb);
}

static void end_with(struct nd_lower *l, LLVMBasicBlockRef bb, uint64_t result)
{
    nd_ir_at(l, bb);
    LLVMBuildRet(l->b, nd_ir_i64(l, result));
}

void nd_lower_callback_close(struct nd_lower *l, struct nd_callback *cb, LLVMValueRef map,
                             LLVMValueRef shared, struct nd_span span)
{
    struct nd_lower_fn inner;
    uint32_t i;

    nd_ir_br(l, cb->next);
    end_with(l, cb->next, 0);
    end_with(l, cb->stop, 1);
    nd_ir_at(l, l->fn.end);
    nd_ir_br(l, l->fn.out);
    nd_ir_at(l, l->fn.out);
    nd_ir_store(l, nd_ir_gep(l, cb->shared, SHARED_LEFT), 8, nd_ir_i64(l, 1));
    LLVMBuildRet(l->b, nd_ir_i64(l, 1));
    LLVMPositionBuilderAtEnd(l->b, l->fn.prologue);
    LLVMBuildBr(l->b, l->fn.start);
    if (l->fn.ctx_wanted)
        nd_help(l->d,
                nd_error(l->d, ND_E0401, span,
                         "a loop over a map in a probe has no stacks, registers and arguments"),
                "keep them in a variable before the loop");
    inner = l->fn;
    l->fn = cb->outer;
    l->fn.stack += inner.stack;
    l->fn.scratch_top = inner.scratch_top;
    for (i = 0; i < inner.callbacks.n; i++)
        *ND_PUSH(l->a, &l->fn.callbacks) = inner.callbacks.v[i];
    *ND_PUSH(l->a, &l->fn.callbacks) = cb->func;
    LLVMPositionBuilderAtEnd(l->b, cb->here);
    LLVMSetCurrentDebugLocation2(l->b, cb->line);
    walk(l, map, cb->func, shared);
}

void nd_lower_callback_leave(struct nd_lower *l, LLVMValueRef shared)
{
    LLVMBasicBlockRef on = nd_ir_bb(l, "walked");
    LLVMValueRef left = LLVMBuildLoad2(l->b, l->i64, nd_ir_gep(l, shared, SHARED_LEFT), "");

    LLVMBuildCondBr(l->b, nd_ir_bool(l, left), l->fn.out, on);
    nd_ir_at(l, on);
}

void nd_lower_callbacks_forget(struct nd_lower *l)
{
    while (l->fn.callbacks.n) { // an outer one uses those inside it
        LLVMValueRef func = l->fn.callbacks.v[--l->fn.callbacks.n];

        nd_lower_core_forget(l, func);
        LLVMDeleteFunction(func);
    }
}
