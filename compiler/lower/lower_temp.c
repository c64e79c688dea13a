// SPDX-License-Identifier: GPL-2.0-or-later
// The memory of one function: registers, temporaries on the stack or in per-CPU scratch, and plain
// stores and loads of it. Must not know pointers of the kernel. Serves the other lower_*.c.
#include "compiler/lower/lower_impl.h"

#define SCRATCH_FROM 24u // bytes: smaller ones stay on the stack even when scratch is used

#define WORDS_ON_STACK 256u // bytes of them, where everything else is in scratch

struct place { // where the builder was
    LLVMBasicBlockRef here;
    LLVMMetadataRef line;
};

static struct place go_to_front(struct nd_lower *l, LLVMBasicBlockRef bb)
{
    struct place was = {LLVMGetInsertBlock(l->b), LLVMGetCurrentDebugLocation2(l->b)};
    LLVMValueRef first = LLVMGetFirstInstruction(bb);

    if (first)
        LLVMPositionBuilderBefore(l->b, first);
    else
        LLVMPositionBuilderAtEnd(l->b, bb);
    return was;
}

static void go_back(struct nd_lower *l, struct place was)
{
    LLVMPositionBuilderAtEnd(l->b, was.here);
    LLVMSetCurrentDebugLocation2(l->b, was.line); // the builder took that of its neighbour
}

// Allocas live in the entry block, so that a loop does not grow the stack.
static LLVMValueRef entry_alloca(struct nd_lower *l, LLVMTypeRef type, const char *name)
{
    struct place was = go_to_front(l, l->fn.entry);
    LLVMValueRef v = LLVMBuildAlloca(l->b, type, name);

    LLVMSetAlignment(v, 8);
    go_back(l, was);
    return v;
}

LLVMValueRef nd_lower_register(struct nd_lower *l, const char *name)
{
    return entry_alloca(l, l->i64, name);
}

static LLVMValueRef stack_alloc(struct nd_lower *l, uint32_t size)
{
    l->fn.stack += size;
    return entry_alloca(l, LLVMArrayType(l->i64, size / 8), "");
}

LLVMValueRef nd_lower_on_stack(struct nd_lower *l, uint32_t size)
{
    return stack_alloc(l, size);
}

// An address in scratch, computed where scratch was found: it serves all branches.
static LLVMValueRef in_scratch(struct nd_lower *l, uint32_t off)
{
    struct place was = go_to_front(l, l->fn.scratch_bb);
    LLVMValueRef v = nd_ir_gep(l, l->fn.scratch, off);

    go_back(l, was);
    return v;
}

LLVMValueRef nd_lower_scratch_top(struct nd_lower *l)
{
    return in_scratch(l, l->fn.scratch_base + l->fn.scratch_top);
}

static LLVMValueRef new_memory(struct nd_lower *l, uint32_t size)
{
    LLVMValueRef v;

    if (!l->fn.scratch ||
        (size < SCRATCH_FROM &&
         !(l->force_scratch && (size > 8 || l->fn.spare_stack || l->fn.stack >= WORDS_ON_STACK))))
        return stack_alloc(l, size);
    v = nd_lower_scratch_top(l);
    l->fn.scratch_top += size;
    return v;
}

LLVMValueRef nd_lower_keep(struct nd_lower *l, uint32_t size)
{
    size = (size + 7) & ~7u;
    return new_memory(l, size ? size : 8);
}

void nd_lower_defined(struct nd_lower *l, LLVMValueRef memory, uint32_t size)
{
    LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b);

    if (!LLVMIsAAllocaInst(memory))
        return;
    LLVMPositionBuilderAtEnd(l->b, l->fn.prologue);
    nd_ir_zero(l, memory, 0, (size + 7) & ~7u);
    LLVMPositionBuilderAtEnd(l->b, here);
}

LLVMValueRef nd_lower_temp(struct nd_lower *l, uint32_t size)
{
    struct nd_lower_temp *t;
    uint32_t i;

    size = (size + 7) & ~7u;
    if (!size)
        size = 8;
    for (i = 0; i < l->fn.temps.n; i++) {
        t = &l->fn.temps.v[i];
        if (!t->busy && t->size == size) {
            t->busy = true;
            return t->ptr;
        }
    }
    t = ND_PUSH(l->a, &l->fn.temps);
    t->size = size;
    t->busy = true;
    t->ptr = new_memory(l, size);
    return t->ptr;
}

void nd_lower_temps_release(struct nd_lower *l)
{
    uint32_t i;

    for (i = 0; i < l->fn.temps.n; i++)
        l->fn.temps.v[i].busy = false;
}
