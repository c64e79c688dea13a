// SPDX-License-Identifier: GPL-2.0-or-later
// Kernels before 5.3 accept no loops. LLVM unrolls them; a loop that remains, because the number of
// rounds is unknown or too large, is an error at its line. Serves lower.c.
#include "compiler/lower/lower.h"
#include "compiler/lower/lower_impl.h"

#include <string.h>

enum { NEW, OPEN, CLOSED };

struct walk {
    struct nd_lower *l;
    LLVMBasicBlockRef *blocks;
    uint8_t *state;
    uint32_t n;
};

static uint32_t index_of(const struct walk *w, LLVMBasicBlockRef bb)
{
    uint32_t i;

    for (i = 0; i < w->n && w->blocks[i] != bb; i++)
        ;
    return i;
}

// Follows all ways from block i; the block that one comes back to, or NULL.
static LLVMBasicBlockRef find_loop(struct walk *w, uint32_t i)
{
    LLVMValueRef term = LLVMGetBasicBlockTerminator(w->blocks[i]);
    unsigned int k, n = term ? LLVMGetNumSuccessors(term) : 0;

    w->state[i] = OPEN;
    for (k = 0; k < n; k++) {
        LLVMBasicBlockRef to = LLVMGetSuccessor(term, k), found = NULL;
        uint32_t j = index_of(w, to);

        if (w->state[j] == OPEN)
            return to;
        if (w->state[j] == NEW)
            found = find_loop(w, j);
        if (found)
            return found;
    }
    w->state[i] = CLOSED;
    return NULL;
}

// Where in the script the block's last instruction with a position is from: its test.
static bool place_of(struct nd_lower *l, LLVMBasicBlockRef bb, struct nd_span *span)
{
    LLVMValueRef v;
    uint32_t i, len;

    for (v = LLVMGetLastInstruction(bb); v; v = LLVMGetPreviousInstruction(v)) {
        unsigned int line = LLVMGetDebugLocLine(v), n = 0;
        const char *file = line ? LLVMGetDebugLocFilename(v, &n) : NULL;

        for (i = 0; file && i < l->p->sources->n; i++) {
            const char *path = l->p->sources->v[i].path, *text;

            if (strlen(path) != n || memcmp(path, file, n) != 0)
                continue;
            text = nd_source_line(l->p->sources, i, line, &len);
            span->src = i;
            span->off = (uint32_t)(text - l->p->sources->v[i].text) + LLVMGetDebugLocColumn(v) - 1;
            span->len = 1;
            return true;
        }
    }
    return false;
}

// LLVM gives up when a jump is longer than an instruction can say; this is said before it tries.
#define FAR_TOO_LONG 20000u

uint32_t nd_lower_length(LLVMValueRef fn)
{
    LLVMBasicBlockRef bb;
    LLVMValueRef v;
    uint32_t n = 0;

    for (bb = LLVMGetFirstBasicBlock(fn); bb; bb = LLVMGetNextBasicBlock(bb)) {
        for (v = LLVMGetFirstInstruction(bb); v; v = LLVMGetNextInstruction(v))
            n++;
    }
    return n;
}

static bool check_function(struct nd_lower *l, LLVMValueRef fn, const struct nd_probe *pr)
{
    struct walk w = {.l = l, .n = LLVMCountBasicBlocks(fn)};
    struct nd_span span = pr->decl->name_span;
    LLVMBasicBlockRef head;

    if (!w.n)
        return true;
    w.blocks = ND_NEW_ARRAY(l->a, LLVMBasicBlockRef, w.n);
    w.state = ND_NEW_ARRAY(l->a, uint8_t, w.n);
    LLVMGetBasicBlocks(fn, w.blocks);
    head = find_loop(&w, 0);
    if (!head && nd_lower_length(fn) > FAR_TOO_LONG)
        nd_lower_too_long(l->p, pr, 0);
    if (!head)
        return l->d->errors == 0;
    place_of(l, head, &span);
    nd_help(l->d,
            nd_error(l->d, ND_E0703, span, "this loop is too long for a kernel without loops"),
            "it is unrolled there, which takes a small, constant number of rounds");
    return false;
}

bool nd_lower_unrolled(struct nd_lower *l)
{
    bool ok = true;
    uint32_t i;

    for (i = 0; i < l->p->probes.n; i++) {
        LLVMValueRef fn = LLVMGetNamedFunction(l->m, l->p->probes.v[i]->name);

        ok &= !fn || check_function(l, fn, l->p->probes.v[i]);
    }
    return ok;
}
