// SPDX-License-Identifier: GPL-2.0-or-later
// Inside the lowering: functions that a helper calls for each entry of a map, and what they have in
// common with the program. Included by lower*.c only.
#ifndef ND_LOWER_CALLBACK_IMPL_H
#define ND_LOWER_CALLBACK_IMPL_H

#include "compiler/lower/lower_impl.h"

// lower_callback.c: functions that a helper calls for each entry of a map
struct nd_callback {
    struct nd_lower_fn outer; // the function whose lowering goes on after it
    LLVMBasicBlockRef here;
    LLVMMetadataRef line;
    LLVMValueRef func, shared;    // shared: as the function sees it
    LLVMBasicBlockRef next, stop; // go on with the next entry, or with none
};
#define ND_SHARED_FIRST 16u // in what both share: the first word of the caller's
LLVMValueRef nd_lower_callback_shared(struct nd_lower *l, uint32_t words);
// What is lowered between these two is the function; then it is called for each entry.
void nd_lower_callback_open(struct nd_lower *l, struct nd_callback *cb, struct nd_span span);
void nd_lower_callback_close(struct nd_lower *l, struct nd_callback *cb, LLVMValueRef map,
                             LLVMValueRef shared, struct nd_span span);
void nd_lower_callback_leave(struct nd_lower *l, LLVMValueRef shared); // if the function said so
void nd_lower_callbacks_forget(struct nd_lower *l);                    // the program is deleted

// lower_var.c
// The variables of the program that the body of a loop names.
struct nd_captured {
    struct nd_arena *a;
    uint32_t before; // variables from here on are the loop's own
    ND_VEC(struct nd_sym *) syms;
};
void nd_lower_capture(struct nd_captured *x, struct nd_block *b); // those that a body names
// Before, in and after the function. Numbers are copied there and back; of everything else it gets
// the address.
void nd_lower_captured_give(struct nd_lower *l, const struct nd_captured *x, LLVMValueRef shared);
void nd_lower_captured_take(struct nd_lower *l, const struct nd_captured *x, LLVMValueRef shared);
void nd_lower_captured_back(struct nd_lower *l, const struct nd_captured *x, LLVMValueRef shared);
struct nd_slot *nd_lower_slot(struct nd_lower *l, struct nd_sym *s);

#endif
