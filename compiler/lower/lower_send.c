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

// Goes on where there is room, otherwise at `full`.
static LLVMValueRef reserve(struct nd_lower *l, uint32_t size, LLVMBasicBlockRef full)
{
    LLVMBasicBlockRef ok = nd_ir_bb(l, "send");
    LLVMValueRef args[3] = {l->ring, nd_ir_i64(l, size), nd_ir_i64(l, 0)}, rec;

    rec = nd_ir_ptr(l, nd_ir_call(l, ND_H_RINGBUF_RESERVE, args, 3));
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntNE, rec, LLVMConstNull(l->ptr), ""), ok, full);
    nd_ir_at(l, ok);
    return rec;
}

static LLVMBasicBlockRef count_lost(struct nd_lower *l, LLVMBasicBlockRef done, struct nd_span span)
{
    LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b), full = nd_ir_bb(l, "lost");

    nd_ir_at(l, full);
    nd_lower_count(l, ND_SITE_EVENT_LOST, span, ND_MF_NONE);
    nd_ir_br(l, done);
    nd_ir_at(l, here);
    return full;
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
    x.rec = reserve(l, x.size, count_lost(l, x.done, span));
    return x;
}

static LLVMValueRef output_perf(struct nd_lower *l, const struct nd_sending *x)
{
    LLVMValueRef args[5] = {nd_lower_ctx(l), l->ring, nd_ir_i64(l, CURRENT_CPU), x->rec,
                            nd_ir_i64(l, x->size)};

    return nd_ir_call(l, ND_H_PERF_EVENT_OUTPUT, args, 5);
}

static void submit(struct nd_lower *l, LLVMValueRef rec, LLVMValueRef flags)
{
    LLVMValueRef args[2] = {rec, flags};

    nd_ir_call(l, ND_H_RINGBUF_SUBMIT, args, 2);
}

void nd_lower_record_send(struct nd_lower *l, const struct nd_sending *x, struct nd_span span)
{
    LLVMValueRef r;

    if (!x->done) {
        r = output_perf(l, x);
        nd_lower_count_if(l, LLVMBuildICmp(l->b, LLVMIntNE, r, nd_ir_i64(l, 0), ""),
                          ND_SITE_EVENT_LOST, span, ND_MF_NONE);
        return;
    }
    submit(l, x->rec, submit_flags(l));
    nd_ir_br(l, x->done);
    nd_ir_at(l, x->done);
}

static void send_end(struct nd_lower *l)
{
    struct nd_sending x = {.size = sizeof(struct nd_mf_record)};
    LLVMValueRef mark = nd_ir_i64(l, ND_MF_NONE); // and a payload of no bytes

    if (nd_without(l->p, ND_F_RINGBUF)) {
        x.rec = nd_lower_temp(l, x.size);
        nd_ir_store(l, x.rec, 8, mark);
        output_perf(l, &x);
        return;
    }
    x.done = nd_ir_bb(l, "sent");
    x.rec = reserve(l, x.size, x.done); // no room: user space then takes what is there
    nd_ir_store(l, x.rec, 8, mark);
    submit(l, x.rec, nd_ir_i64(l, RB_FORCE_WAKEUP));
    nd_ir_br(l, x.done);
    nd_ir_at(l, x.done);
}

void nd_lower_end_run(struct nd_lower *l, LLVMValueRef code)
{
    LLVMBasicBlockRef first = nd_ir_bb(l, "exit"), done = nd_ir_bb(l, "exiting");
    LLVMValueRef word;

    if (l->exit_off == ND_MF_NONE)
        l->exit_off = nd_lower_state_alloc(l, 8);
    word = nd_lower_state_ptr(l, l->exit_off);
    LLVMBuildCondBr(
        l->b,
        LLVMBuildICmp(l->b, LLVMIntEQ, LLVMBuildLoad2(l->b, l->i64, word, ""), nd_ir_i64(l, 0), ""),
        first, done);
    nd_ir_at(l, first);
    // u32 flag, u32 code
    code = LLVMBuildOr(l->b, LLVMBuildShl(l->b, code, nd_ir_i64(l, 32), ""), nd_ir_i64(l, 1), "");
    nd_ir_store(l, word, 8, code);
    if (l->ring)
        send_end(l);
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}
