// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses next to where they are used. LLVM computes `base + number` once, where all uses can see
// it, and keeps it on the stack, of which a program has 512 bytes; to compute it again costs an
// instruction. Must not know programs. Serves lower.c.
#include "compiler/lower/lower_impl.h"

static bool is_offset(LLVMValueRef v)
{
    return LLVMIsAGetElementPtrInst(v) && LLVMGetNumOperands(v) == 2 &&
           LLVMIsAConstantInt(LLVMGetOperand(v, 1));
}

// Where a copy for this use belongs; NULL: none, the use is where the address is computed.
static LLVMValueRef place_of(LLVMValueRef addr, LLVMValueRef user)
{
    if (LLVMIsAPHINode(user) || LLVMGetInstructionParent(user) == LLVMGetInstructionParent(addr))
        return NULL;
    return user;
}

static void repeat(LLVMBuilderRef b, LLVMValueRef addr)
{
    LLVMUseRef use = LLVMGetFirstUse(addr), next;
    LLVMValueRef user, copy;
    int i;

    for (; use; use = next) {
        next = LLVMGetNextUse(use);
        user = place_of(addr, LLVMGetUser(use));
        if (!user)
            continue;
        LLVMPositionBuilderBefore(b, user);
        copy = LLVMInstructionClone(addr);
        LLVMInsertIntoBuilder(b, copy);
        for (i = 0; i < LLVMGetNumOperands(user); i++) {
            if (LLVMGetOperand(user, (unsigned)i) == addr) {
                LLVMSetOperand(user, (unsigned)i, copy);
                break;
            }
        }
    }
}

void nd_lower_repeat_addresses(LLVMModuleRef m, LLVMBuilderRef b)
{
    LLVMValueRef f, v, next;
    LLVMBasicBlockRef bb;

    for (f = LLVMGetFirstFunction(m); f; f = LLVMGetNextFunction(f)) {
        for (bb = LLVMGetFirstBasicBlock(f); bb; bb = LLVMGetNextBasicBlock(bb)) {
            for (v = LLVMGetFirstInstruction(bb); v; v = next) {
                next = LLVMGetNextInstruction(v);
                if (is_offset(v))
                    repeat(b, v);
            }
        }
    }
}
