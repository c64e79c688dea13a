// SPDX-License-Identifier: GPL-2.0-or-later
// Texts, names of devices, and comparisons: of numbers, texts, addresses and tuples, and `in`.
#include "compiler/lower/lower_impl.h"

#include <stddef.h>
#include <string.h>

#define NAME_BYTES sizeof(((struct nd_ifname *)NULL)->name)
#define NETNS offsetof(struct nd_ifname, netns)
#define INDEX offsetof(struct nd_ifname, index)

static LLVMValueRef word_at(struct nd_lower *l, LLVMValueRef p, uint32_t off, uint32_t n)
{
    struct nd_type t = {.size = n};

    return nd_lower_load_int(l, nd_ir_gep(l, p, off), &t);
}

static LLVMValueRef bytes_equal(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b, uint32_t size)
{
    LLVMValueRef diff = nd_ir_i64(l, 0);
    uint32_t off = 0;

    while (off < size) {
        uint32_t n = 8;

        while (n > size - off || off % n)
            n /= 2;
        diff = LLVMBuildOr(
            l->b, diff, LLVMBuildXor(l->b, word_at(l, a, off, n), word_at(l, b, off, n), ""), "");
        off += n;
    }
    return LLVMBuildICmp(l->b, LLVMIntEQ, diff, nd_ir_i64(l, 0), "");
}

static LLVMValueRef literal_equal(struct nd_lower *l, LLVMValueRef a, const char *s, uint32_t size)
{
    LLVMValueRef diff = nd_ir_i64(l, 0);
    uint32_t off = 0;

    while (off < size) {
        uint32_t n = 8, i;
        uint64_t v = 0;

        while (n > size - off || off % n)
            n /= 2;
        for (i = 0; i < n; i++)
            v |= (uint64_t)(uint8_t)s[off + i] << i * 8;
        diff = LLVMBuildOr(l->b, diff,
                           LLVMBuildXor(l->b, word_at(l, a, off, n), nd_ir_i64(l, v), ""), "");
        off += n;
    }
    return LLVMBuildICmp(l->b, LLVMIntEQ, diff, nd_ir_i64(l, 0), "");
}

// Every string that a program holds has only zeros after its end, so that equal texts are equal
// bytes.
void nd_lower_put_text(struct nd_lower *l, LLVMValueRef dst, struct nd_val v, uint32_t size,
                       struct nd_span span)
{
    if (v.as == ND_AS_BTF || v.as == ND_AS_CTX) {
        nd_lower_reads_bytes(l, size, v.as, span);
        nd_lower_copy_text(l, dst, v, size);
    } else if (v.as == ND_AS_BPF)
        nd_lower_copy(l, dst, v, size, span);
    else
        nd_lower_read_chars(l, dst, size, v, span);
}

// ---- names of network devices: struct nd_ifname ------------------------------------------------

// The device whose name e is, as a field of its struct; NULL: e is another value.
static struct nd_expr *device_of(struct nd_lower *l, struct nd_expr *e)
{
    if (e->kind == ND_E_FIELD && e->a->type->kind == ND_T_PKT && e->pkt &&
        e->pkt->src == ND_PS_SKB && e->pkt->off == ND_PK_DEV_NAME)
        e = l->fn.probe->pkt->skb[ND_PK_DEV_NAME];
    return e->kind == ND_E_FIELD && e->device ? e : NULL;
}

static LLVMValueRef word(struct nd_lower *l, LLVMValueRef p, uint32_t off)
{
    return nd_lower_load_int(l, nd_ir_gep(l, p, off), &nd_type_u32);
}

static LLVMValueRef is_named(struct nd_lower *l, LLVMValueRef name)
{
    return nd_ir_bool(l, nd_lower_load_int(l, name, &nd_type_u8));
}

// The inode of the namespace: dev->nd_net.net, and there ns.inum.
static LLVMValueRef read_netns(struct nd_lower *l, struct nd_expr *inum)
{
    LLVMBasicBlockRef there = nd_ir_bb(l, "net"), done = nd_ir_bb(l, "inum"), from[2];
    LLVMValueRef v[2] = {nd_ir_i64(l, 0)}, p;
    struct nd_expr *net = inum->a->a;
    const char *was = l->fn.reading;

    l->fn.reading = "the device's network namespace";
    p = nd_lower_int(l, net);
    from[0] = LLVMGetInsertBlock(l->b);
    LLVMBuildCondBr(l->b, nd_ir_bool(l, p), there, done);
    nd_ir_at(l, there);
    l->fn.tested.expr = net;
    l->fn.tested.v = nd_ir_pin(l, p);
    l->fn.reading = "the number of its network namespace";
    v[1] = nd_lower_int(l, inum);
    l->fn.tested.expr = NULL;
    l->fn.reading = was;
    return nd_ir_join(l, v, from, done);
}

static LLVMValueRef read_index(struct nd_lower *l, struct nd_expr *index)
{
    const char *was = l->fn.reading;
    LLVMValueRef v;

    l->fn.reading = "the device's index";
    v = nd_lower_int(l, index);
    l->fn.reading = was;
    return v;
}

// dst->netns = what `value` gives, if there is a name: what is not a device has no namespace.
static void put_netns(struct nd_lower *l, LLVMValueRef dst,
                      LLVMValueRef (*value)(struct nd_lower *l, struct nd_expr *e),
                      struct nd_expr *e)
{
    LLVMBasicBlockRef named = nd_ir_bb(l, "named"), done = nd_ir_bb(l, "device");

    nd_ir_zero(l, dst, NETNS, 8);
    LLVMBuildCondBr(l->b, is_named(l, dst), named, done);
    nd_ir_at(l, named);
    nd_ir_store(l, nd_ir_gep(l, dst, NETNS), 4, value(l, e));
    nd_ir_br(l, done);
    nd_ir_at(l, done);
}

static LLVMValueRef own(struct nd_lower *l, struct nd_expr *e)
{
    (void)e;
    return nd_lower_netns(l);
}

// The name of a device alone.
static void put_name(struct nd_lower *l, struct nd_expr *dev, LLVMValueRef dst)
{
    const char *was = l->fn.reading;

    if (l->fn.probe->pkt && dev == l->fn.probe->pkt->skb[ND_PK_DEV_NAME])
        nd_lower_reads_skb(l, ND_PK_DEV_NAME);
    nd_lower_put_text(l, dst, nd_lower_member(l, dev), NAME_BYTES, dev->span);
    l->fn.reading = was;
}

// A text that becomes the name of a device is one of our own namespace.
static void text_to_ifname(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst)
{
    nd_lower_into(l, e, dst, nd_type_string(&l->p->types, NAME_BYTES));
    put_netns(l, dst, own, NULL);
}

// A struct nd_ifname made of any text; of a device: with its namespace.
static void ifname_into(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst)
{
    struct nd_expr *dev = device_of(l, e);

    if (dev) {
        put_name(l, dev, dst);
        if (dev->device->netns)
            put_netns(l, dst, read_netns, dev->device->netns);
        else
            nd_ir_zero(l, dst, NETNS, 8);
    } else if (e->type->kind == ND_T_IFNAME) {
        nd_lower_copy(l, dst, nd_lower_expr(l, e), sizeof(struct nd_ifname), e->span);
        nd_ir_zero(l, dst, INDEX, 4); // which only options have
    } else {
        text_to_ifname(l, e, dst);
    }
}

// The characters of a text: 16 bytes of a device name.
static LLVMValueRef text_bytes(struct nd_lower *l, struct nd_expr *e)
{
    uint32_t size = nd_type_text_size(e->type);
    struct nd_expr *dev = device_of(l, e);
    struct nd_val v = {.mem = false};
    LLVMValueRef tmp;

    if (!dev) {
        v = nd_lower_expr(l, e);
        if (v.as == ND_AS_BPF && !v.align)
            return v.v;
    }
    tmp = nd_lower_temp(l, size);
    if (dev)
        put_name(l, dev, tmp);
    else
        nd_lower_put_text(l, tmp, v, size, e->span);
    return tmp;
}

void nd_lower_text_into(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t)
{
    struct nd_val v;
    uint32_t n, from = nd_type_text_size(e->type);

    if (t->kind == ND_T_IFNAME) {
        ifname_into(l, e, dst);
        return;
    }
    if (e->kind == ND_E_STRING) {
        if (e->len >= t->size)
            nd_lower_count(l, ND_SITE_STR_TRUNC, e->span, ND_MF_NONE);
        nd_lower_put_literal(l, dst, e->str, e->len < t->size ? e->len : t->size - 1, t->size);
        return;
    }
    if (e->type->kind == ND_T_IFNAME)
        v = (struct nd_val){.v = text_bytes(l, e), .mem = true, .as = ND_AS_BPF};
    else
        v = nd_lower_expr(l, e);
    n = from < t->size ? from : t->size;
    nd_lower_put_text(l, dst, v, n, e->span);
    nd_ir_zero(l, dst, n, t->size - n);
    if (from > t->size) {
        nd_lower_count_if(
            l, nd_ir_bool(l, nd_lower_load_int(l, nd_ir_gep(l, dst, t->size - 1), &nd_type_u8)),
            ND_SITE_STR_TRUNC, e->span, ND_MF_NONE);
        nd_ir_zero(l, dst, t->size - 1, 1);
    }
}

// ---- comparing
// -----------------------------------------------------------------------------------

// One side of a comparison: what has to be loaded for more than the name is loaded later.
struct side {
    struct nd_expr *dev;            // a device that is asked when it matters, or
    const struct nd_option *option; // a value that the verifier knows, or
    LLVMValueRef bytes;             // the name; else a struct nd_ifname
};

static struct side side_of(struct nd_lower *l, struct nd_expr *e)
{
    struct side s = {.dev = device_of(l, e), .bytes = text_bytes(l, e)};

    if (!s.dev && e->kind == ND_E_FIELD && e->a->type->kind == ND_T_OPTS)
        s.option = e->sym->option;
    return s;
}

static LLVMValueRef part(struct nd_lower *l, const struct side *s, uint32_t off)
{
    struct nd_expr *e =
        s->dev ? off == NETNS ? s->dev->device->netns : s->dev->device->index : NULL;

    if (s->dev)
        return !e ? nd_ir_i64(l, 0) : off == NETNS ? read_netns(l, e) : read_index(l, e);
    return s->option ? nd_lower_option_load(l, s->option->off + off, &nd_type_u32)
                     : word(l, s->bytes, off);
}

// A device that options name is followed by its number when it gets another name.
static LLVMValueRef same_index(struct nd_lower *l, const struct side *a, const struct side *b)
{
    LLVMBasicBlockRef asks = nd_ir_bb(l, "index"), done = nd_ir_bb(l, "indexed"), from[2];
    LLVMValueRef want = part(l, b, INDEX), v[2] = {LLVMConstInt(l->i1, 0, 0)};

    from[0] = LLVMGetInsertBlock(l->b);
    LLVMBuildCondBr(l->b, nd_ir_bool(l, want), asks, done);
    nd_ir_at(l, asks);
    v[1] = LLVMBuildICmp(l->b, LLVMIntEQ, part(l, a, INDEX), want, "");
    return nd_ir_join(l, v, from, done);
}

// 0 stands for any.
static LLVMValueRef same_netns(struct nd_lower *l, const struct side *a, const struct side *b)
{
    LLVMBasicBlockRef asks = nd_ir_bb(l, "netns"), done = nd_ir_bb(l, "compared"), from[2];
    LLVMValueRef want = part(l, b, NETNS), got, v[2] = {LLVMConstInt(l->i1, 1, 0)};

    from[0] = LLVMGetInsertBlock(l->b);
    LLVMBuildCondBr(l->b, nd_ir_bool(l, want), asks, done);
    nd_ir_at(l, asks);
    got = part(l, a, NETNS);
    v[1] = LLVMBuildOr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, got, want, ""),
                       LLVMBuildICmp(l->b, LLVMIntEQ, got, nd_ir_i64(l, 0), ""), "");
    return nd_ir_join(l, v, from, done);
}

static LLVMValueRef both(struct nd_lower *l, const struct side *a, const struct side *b)
{
    LLVMBasicBlockRef named = nd_ir_bb(l, "named"), other = nd_ir_bb(l, "other"),
                      done = nd_ir_bb(l, "same"), from[2];
    LLVMValueRef v[2] = {LLVMConstInt(l->i1, 0, 0)};

    LLVMBuildCondBr(l->b, bytes_equal(l, a->bytes, b->bytes, NAME_BYTES), named, other);
    nd_ir_at(l, other);
    if (a->dev && b->option)
        LLVMBuildCondBr(l->b, same_index(l, a, b), named, done);
    from[0] = LLVMGetInsertBlock(l->b);
    nd_ir_br(l, done); // unless it has ended
    nd_ir_at(l, named);
    v[1] = same_netns(l, a, b);
    return nd_ir_join(l, v, from, done);
}

// Are both the same device? One without a namespace is that of any.
static LLVMValueRef ifname_equal(struct nd_lower *l, struct nd_expr *a, struct nd_expr *b)
{
    struct side x, y;

    if (device_of(l, b) && !device_of(l, a))
        return ifname_equal(l, b, a);
    x = side_of(l, a);
    y = side_of(l, b);
    return both(l, &x, &y);
}

// The value's bytes where the program can load them directly.
static LLVMValueRef local_bytes(struct nd_lower *l, struct nd_expr *e)
{
    struct nd_val v = nd_lower_expr(l, e);
    LLVMValueRef tmp;

    if (v.as == ND_AS_BPF && !v.align)
        return v.v;
    tmp = nd_lower_temp(l, e->type->size);
    nd_lower_copy(l, tmp, v, e->type->size, e->span);
    return tmp;
}

// Strings up to the zero byte, in at most `most` steps.
static LLVMValueRef text_equal(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b, uint32_t most,
                               struct nd_span span)
{
    LLVMBasicBlockRef from = LLVMGetInsertBlock(l->b), loop = nd_ir_bb(l, "cmp"),
                      next = nd_ir_bb(l, "cmp.next"), done = nd_ir_bb(l, "cmp.done");
    LLVMValueRef i, x, y, more, phi, eq[3];
    LLVMBasicBlockRef bbs[3];

    nd_lower_need_loops(l, span);
    nd_ir_br(l, loop);
    nd_ir_at(l, loop);
    i = LLVMBuildPhi(l->b, l->i64, "");
    x = LLVMBuildLoad2(l->b, l->i8, LLVMBuildGEP2(l->b, l->i8, a, &i, 1, ""), "");
    y = LLVMBuildLoad2(l->b, l->i8, LLVMBuildGEP2(l->b, l->i8, b, &i, 1, ""), "");
    LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, x, y, ""), next, done);
    nd_ir_at(l, next);
    more = LLVMBuildAnd(l->b, LLVMBuildICmp(l->b, LLVMIntNE, x, LLVMConstInt(l->i8, 0, 0), ""),
                        LLVMBuildICmp(l->b, LLVMIntULT, i, nd_ir_i64(l, most - 1), ""), "");
    x = LLVMBuildAdd(l->b, i, nd_ir_i64(l, 1), "");
    LLVMBuildCondBr(l->b, more, loop, done);
    LLVMAddIncoming(i, (LLVMValueRef[]){nd_ir_i64(l, 0), x}, (LLVMBasicBlockRef[]){from, next}, 2);
    nd_ir_at(l, done);
    phi = LLVMBuildPhi(l->b, l->i1, "");
    eq[0] = LLVMConstInt(l->i1, 0, 0);
    eq[1] = LLVMConstInt(l->i1, 1, 0);
    bbs[0] = loop;
    bbs[1] = next;
    LLVMAddIncoming(phi, eq, bbs, 2);
    return phi;
}

static LLVMValueRef compare_text(struct nd_lower *l, struct nd_expr *a, struct nd_expr *b)
{
    uint32_t n = nd_type_text_size(a->type), m = nd_type_text_size(b->type);
    LLVMValueRef x;

    if (a->kind == ND_E_STRING && b->kind != ND_E_STRING)
        return compare_text(l, b, a);
    if (b->kind == ND_E_STRING) {
        if (b->len > n)
            return LLVMConstInt(l->i1, 0, 0);
        // With its zero byte, unless the array is just full.
        return literal_equal(l, text_bytes(l, a), b->str, b->len < n ? b->len + 1 : b->len);
    }
    if (a->type->kind == ND_T_IFNAME && b->type->kind == ND_T_IFNAME)
        return ifname_equal(l, a, b);
    x = text_bytes(l, a);
    if (n == m)
        return bytes_equal(l, x, text_bytes(l, b), n);
    return text_equal(l, x, text_bytes(l, b), n < m ? n : m, a->span);
}

// The literal prefix("10.0.0.0/8"): two words against constants.
static LLVMValueRef in_literal_prefix(struct nd_lower *l, LLVMValueRef ip,
                                      const struct nd_expr *prefix)
{
    const uint8_t *p = (const uint8_t *)prefix->str;
    LLVMValueRef diff = nd_ir_i64(l, 0), x;
    uint32_t w, i, len = p[16];

    for (w = 0; w < 2; w++) {
        uint64_t mask = 0, want = 0;

        for (i = 0; i < 8; i++) {
            uint32_t at = (w * 8 + i) * 8, bits = len <= at ? 0 : len - at >= 8 ? 8 : len - at;

            mask |= (uint64_t)(0xff00u >> bits & 0xff) << i * 8;
            want |= (uint64_t)p[w * 8 + i] << i * 8;
        }
        if (!mask)
            continue;
        x = LLVMBuildXor(l->b, word_at(l, ip, w * 8, 8), nd_ir_i64(l, want), "");
        diff = LLVMBuildOr(l->b, diff, LLVMBuildAnd(l->b, x, nd_ir_i64(l, mask), ""), "");
    }
    return LLVMBuildICmp(l->b, LLVMIntEQ, diff, nd_ir_i64(l, 0), "");
}

static LLVMValueRef operands_equal(struct nd_lower *l, struct nd_expr *a, struct nd_expr *b)
{
    LLVMValueRef x, y;

    if (nd_type_is_text(a->type) && nd_type_is_text(b->type))
        return compare_text(l, a, b);
    if (a->type->kind == ND_T_IP && b->builtin && b->builtin->id == ND_B_PREFIX && b->str)
        return in_literal_prefix(l, local_bytes(l, a), b);
    if (a->type->kind == ND_T_IP && b->type->kind == ND_T_PREFIX)
        return nd_lower_prefix_match(l, local_bytes(l, a), local_bytes(l, b));
    if (nd_type_is_int(a->type)) {
        x = nd_lower_int(l, a);
        y = nd_lower_int(l, b);
        return LLVMBuildICmp(l->b, LLVMIntEQ, x, y, "");
    }
    if (a->type->kind == ND_T_TUPLE && !nd_type_equal(a->type, b->type)) {
        struct nd_type *t = nd_type_unify(&l->p->types, a->type, b->type);

        x = nd_lower_temp(l, t->size);
        y = nd_lower_temp(l, t->size);
        nd_lower_into(l, a, x, t);
        nd_lower_into(l, b, y, t);
        return bytes_equal(l, x, y, t->size);
    }
    x = local_bytes(l, a);
    y = local_bytes(l, b);
    // Of two sizes (buf): all that is used is in the smaller one if they are equal.
    return bytes_equal(l, x, y, a->type->size < b->type->size ? a->type->size : b->type->size);
}

LLVMValueRef nd_lower_compare(struct nd_lower *l, struct nd_expr *e)
{
    static const LLVMIntPredicate preds[2][6] = {
        {LLVMIntEQ, LLVMIntNE, LLVMIntULT, LLVMIntULE, LLVMIntUGT, LLVMIntUGE},
        {LLVMIntEQ, LLVMIntNE, LLVMIntSLT, LLVMIntSLE, LLVMIntSGT, LLVMIntSGE},
    };
    LLVMValueRef a, b;

    if (!nd_type_is_int(e->a->type)) {
        a = operands_equal(l, e->a, e->b);
        return nd_ir_from_bool(l, e->op == ND_OP_NE ? LLVMBuildNot(l->b, a, "") : a);
    }
    a = nd_lower_int(l, e->a);
    b = nd_lower_int(l, e->b);
    return nd_ir_from_bool(
        l, LLVMBuildICmp(l->b, preds[nd_lower_operands_signed(e)][e->op - ND_OP_EQ], a, b, ""));
}

struct in_option {
    const struct nd_option *o;
    LLVMValueRef n, x, bytes; // values given; what is looked for, as a number or as bytes
};

// What ifname_hit() compares with an element of a list of an option.
static LLVMValueRef ifname_probe(struct nd_lower *l, struct nd_expr *e)
{
    LLVMValueRef tmp = nd_lower_temp(l, sizeof(struct nd_ifname));
    struct nd_expr *dev = device_of(l, e);

    ifname_into(l, e, tmp);
    if (dev && dev->device->index)
        nd_ir_store(l, nd_ir_gep(l, tmp, INDEX), 4, read_index(l, dev->device->index));
    return tmp;
}

// Without a branch: it is done for each of the list.
static LLVMValueRef ifname_hit(struct nd_lower *l, LLVMValueRef probe, LLVMValueRef at)
{
    LLVMValueRef zero = nd_ir_i64(l, 0), ns = word(l, at, NETNS), got = word(l, probe, NETNS), same,
                 index = word(l, at, INDEX);

    same = LLVMBuildAnd(l->b, LLVMBuildICmp(l->b, LLVMIntNE, index, zero, ""),
                        LLVMBuildICmp(l->b, LLVMIntEQ, index, word(l, probe, INDEX), ""), "");
    same = LLVMBuildOr(l->b, same, bytes_equal(l, probe, at, NAME_BYTES), "");
    ns = LLVMBuildOr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, ns, got, ""),
                     LLVMBuildICmp(l->b, LLVMIntEQ, LLVMBuildMul(l->b, ns, got, ""), zero, ""), "");
    return LLVMBuildAnd(l->b, same, ns, "");
}

static LLVMValueRef option_hit(struct nd_lower *l, LLVMValueRef i, void *arg)
{
    const struct in_option *in = arg;
    LLVMValueRef at = nd_lower_option_at(l, in->o, i), eq;

    if (in->x)
        eq = LLVMBuildICmp(l->b, LLVMIntEQ, in->x, nd_lower_load_int(l, at, in->o->type), "");
    else if (in->o->type->kind == ND_T_PREFIX)
        eq = nd_lower_prefix_match(l, in->bytes, at);
    else if (in->o->type->kind == ND_T_IFNAME)
        eq = ifname_hit(l, in->bytes, at);
    else
        eq = bytes_equal(l, in->bytes, at, in->o->type->size);
    return LLVMBuildOr(l->b, eq, LLVMBuildICmp(l->b, LLVMIntUGE, i, in->n, ""), "");
}

static LLVMValueRef in_option(struct nd_lower *l, struct nd_expr *e)
{
    struct in_option in = {.o = e->b->sym->option};
    LLVMValueRef i;

    in.n = nd_lower_option_load(l, in.o->count_off, &nd_type_u32);
    if (nd_type_is_int(e->a->type)) {
        in.x = nd_lower_int(l, e->a);
    } else if (in.o->type->kind == ND_T_IFNAME) {
        in.bytes = ifname_probe(l, e->a);
    } else if (nd_type_is_text(e->a->type)) { // as wide as the option's, zeros after it
        in.bytes = nd_lower_temp(l, in.o->type->size);
        nd_lower_into(l, e->a, in.bytes, in.o->type);
    } else {
        in.bytes = local_bytes(l, e->a);
    }
    i = nd_lower_scan(l, in.o->cap, e->span, option_hit, &in);
    return nd_ir_from_bool(l, LLVMBuildICmp(l->b, LLVMIntULT, i, in.n, ""));
}

LLVMValueRef nd_lower_in(struct nd_lower *l, struct nd_expr *e)
{
    LLVMValueRef any = LLVMConstInt(l->i1, 0, 0), x;
    uint32_t i;

    if (e->b->kind == ND_E_MAP && !e->b->a)
        return nd_lower_map_has(l, e->b->map, e->a);
    if (e->b->kind == ND_E_FIELD && e->b->sym && e->b->sym->kind == ND_SYM_OPTION)
        return in_option(l, e);
    if (e->b->kind != ND_E_TUPLE)
        return nd_ir_from_bool(l, operands_equal(l, e->a, e->b));
    if (nd_type_is_int(e->a->type)) { // evaluated once
        x = nd_lower_int(l, e->a);
        for (i = 0; i < e->b->args.n; i++)
            any = LLVMBuildOr(
                l->b, any, LLVMBuildICmp(l->b, LLVMIntEQ, x, nd_lower_int(l, e->b->args.v[i]), ""),
                "");
        return nd_ir_from_bool(l, any);
    }
    for (i = 0; i < e->b->args.n; i++)
        any = LLVMBuildOr(l->b, any, operands_equal(l, e->a, e->b->args.v[i]), "");
    return nd_ir_from_bool(l, any);
}
