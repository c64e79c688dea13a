// SPDX-License-Identifier: GPL-2.0-or-later
// What programs read, noted where the code for it is made, so that nothing is left out: for
// explain. Must not know how it is printed. Serves the other lower_*.c.
#include "compiler/lower/lower_impl.h"

static bool same(const struct nd_lower_read *a, const struct nd_lower_read *b)
{
    return a->probe == b->probe && a->span.src == b->span.src && a->span.off == b->span.off &&
           a->span.len == b->span.len && a->size == b->size && a->from == b->from &&
           a->line == b->line && a->what == b->what;
}

static void note(struct nd_lower *l, struct nd_lower_read r)
{
    uint32_t i;

    if (!l->note_reads)
        return;
    r.probe = l->fn.probe;
    r.line = l->fn.line;
    r.what = l->fn.reading;
    for (i = l->reads.n; i > 0 && l->reads.v[i - 1].probe == r.probe; i--) {
        if (same(&l->reads.v[i - 1], &r))
            return;
    }
    *ND_PUSH(l->a, &l->reads) = r;
}

void nd_lower_reads_memory(struct nd_lower *l, LLVMValueRef size, enum nd_as as,
                           struct nd_span span)
{
    static const enum nd_lower_from from[] = {
        [ND_AS_KERNEL] = ND_FROM_KERNEL, [ND_AS_USER] = ND_FROM_USER,
        [ND_AS_BTF] = ND_FROM_TYPED,     [ND_AS_CTX] = ND_FROM_CONTEXT,
        [ND_AS_BPF] = ND_FROM_OWN,       [ND_AS_EITHER] = ND_FROM_EITHER,
    };
    LLVMValueRef n = LLVMIsAConstantInt(size);

    if (from[as] != ND_FROM_OWN)
        note(l, (struct nd_lower_read){.span = span,
                                       .size = n ? (uint32_t)LLVMConstIntGetZExtValue(n) : 0,
                                       .from = from[as]});
}

void nd_lower_reads_bytes(struct nd_lower *l, uint32_t size, enum nd_as as, struct nd_span span)
{
    nd_lower_reads_memory(l, nd_ir_i32(l, size), as, span);
}

void nd_lower_reads_stack(struct nd_lower *l, bool kernel, struct nd_span span)
{
    note(l, (struct nd_lower_read){.span = span, .from = kernel ? ND_FROM_KSTACK : ND_FROM_USTACK});
}

struct nd_expr *nd_lower_reads_skb(struct nd_lower *l, enum nd_pkt_skb m)
{
    static const char *const names[] = {
#define ND_PKT_SKB_NAME(id, name) [ND_PK_##id] = "skb->" name,
        ND_PKT_SKB(ND_PKT_SKB_NAME)
#undef ND_PKT_SKB_NAME
    };

    l->fn.reading = names[m];
    return l->fn.probe->pkt->skb[m];
}

void nd_lower_reads_script(struct nd_lower *l)
{
    l->fn.reading = NULL;
}
