// SPDX-License-Identifier: GPL-2.0-or-later
// How a record gets into the event buffer: reserved in the ring and submitted, or, on kernels
// without ring buffers, put together on the stack and copied. What finds no room is counted. Must
// not know what records hold. Serves lower_stmt.c.
#include "compiler/lower/lower_impl.h"

#define RB_NO_WAKEUP 1u    // BPF_RB_NO_WAKEUP
#define RB_FORCE_WAKEUP 2u // BPF_RB_FORCE_WAKEUP
#define RB_AVAIL_DATA 0u   // BPF_RB_AVAIL_DATA

#define WAKE_AT (ND_RING_BYTES / 4) // of bytes that wait: a quarter of the smallest ring, or less

// A wake-up costs 3 us, a look at the fill level some ns: user space is woken when much is waiting,
// and looks by itself every few ms.
static LLVMValueRef submit_flags(struct nd_lower *l)
{
    LLVMValueRef args[2] = {l->ring, nd_ir_i64(l, RB_AVAIL_DATA)}, used;

    used = nd_ir_call(l, ND_H_RINGBUF_QUERY, args, 2);
    return LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntUGT, used, nd_ir_i64(l, WAKE_AT), ""),
                           nd_ir_i64(l, RB_FORCE_WAKEUP), nd_ir_i64(l, RB_NO_WAKEUP), "");
}

#define CURRENT_CPU 0xffffffffu // BPF_F_CURRENT_CPU

static LLVMValueRef reserve(struct nd_lower *l, uint32_t size, LLVMBasicBlockRef done,
                            struct nd_span span)
{
    LLVMBasicBlockRef ok = nd_ir_bb(l, "send"), full = nd_ir_bb(l, "lost");
    LLVMValueRef args[3] = {l->ring, nd_ir_i64(l, size), nd_ir_i64(l, 0)}, rec;

    rec = nd_ir_ptr(l, nd_ir_call(l, ND_H_RINGBUF_RESERVE, args, 3));
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntNE, rec, LLVMConstNull(l->ptr), ""), ok, full);
    nd_ir_at(l, full);
    nd_lower_count(l, ND_SITE_EVENT_LOST, span, ND_MF_NONE);
    nd_ir_br(l, done);
    nd_ir_at(l, ok);
    return rec;
}

struct nd_sending nd_lower_record_open(struct nd_lower *l, const struct nd_event *ev,
                                       struct nd_span span)
{
    struct nd_sending x = {.size = (uint32_t)sizeof(struct nd_mf_record) + ev->type->size};

    if (nd_without(l->p, ND_F_RINGBUF)) {
        x.rec = nd_lower_temp(l, x.size);
        return x;
    }
    x.done = nd_ir_bb(l, "sent");
    x.rec = reserve(l, x.size, x.done, span);
    return x;
}

static void output_perf(struct nd_lower *l, const struct nd_sending *x, struct nd_span span)
{
    LLVMValueRef args[5] = {nd_lower_ctx(l), l->ring, nd_ir_i64(l, CURRENT_CPU), x->rec,
                            nd_ir_i64(l, x->size)},
                 r = nd_ir_call(l, ND_H_PERF_EVENT_OUTPUT, args, 5);

    nd_lower_count_if(l, LLVMBuildICmp(l->b, LLVMIntNE, r, nd_ir_i64(l, 0), ""), ND_SITE_EVENT_LOST,
                      span, ND_MF_NONE);
}

void nd_lower_record_send(struct nd_lower *l, const struct nd_sending *x, struct nd_span span)
{
    LLVMValueRef args[2] = {x->rec};

    if (!x->done) {
        output_perf(l, x, span);
        return;
    }
    args[1] = submit_flags(l);
    nd_ir_call(l, ND_H_RINGBUF_SUBMIT, args, 2);
    nd_ir_br(l, x->done);
    nd_ir_at(l, x->done);
}
