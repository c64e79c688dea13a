// SPDX-License-Identifier: GPL-2.0-or-later
// Values of the packet's fields out of what lower_packet.c has read, what is absent, and the
// identity of a packet. Must not know how headers are found. Serves lower_expr.c, lower_builtin.c.
#include "compiler/lower/lower_packet_impl.h"

#include "compiler/lang/builtins.h"

#include <string.h>

// ---- values ------------------------------------------------------------------------------------

static LLVMValueRef by_version(struct nd_lower *l, const struct nd_lpkt *k, LLVMValueRef v4,
                               LLVMValueRef v6)
{
    return LLVMBuildSelect(l->b, nd_pk_found(l, k, ND_PH_IP6), v6, v4, "");
}

static LLVMValueRef reg_of(struct nd_lower *l, const struct nd_lpkt *k, enum nd_pkt_reg r)
{
    return LLVMBuildLoad2(l->b, l->i64, k->reg[r], "");
}

// Up to the end by the IP header.
static LLVMValueRef payload(struct nd_lower *l, const struct nd_lpkt *k)
{
    LLVMValueRef left = nd_pk_sub(l, reg_of(l, k, ND_PR_END), reg_of(l, k, ND_PR_L4OFF));

    return nd_pk_sub(l, left, nd_pk_bits(l, nd_pk_wire(l, k->l4, 12, 1), 2, 60));
}

// struct flow, see nd_type_flow; zeros if it is absent.
static void put_flow(struct nd_lower *l, const struct nd_lpkt *k, bool reversed, LLVMValueRef to,
                     const struct nd_type *t)
{
    const uint32_t other = reversed ? 1 : 0;
    struct nd_branch b = nd_pk_if(l, nd_pk_found(l, k, ND_PH_FLOW)), c;
    uint32_t i;

    nd_ir_zero(l, to, 32, t->size - 32);
    for (i = 0; i < 2; i++)
        nd_pk_copy(l, nd_ir_gep(l, to, t->fields[i].off), nd_ir_gep(l, k->addr, 16 * (i ^ other)),
                   4);
    nd_ir_store(l, nd_ir_gep(l, to, t->fields[4].off), 1, reg_of(l, k, ND_PR_PROTO));
    c = nd_pk_if(l, nd_pk_found(l, k, ND_PKT_PORTS));
    for (i = 0; i < 2; i++)
        nd_ir_store(l, nd_ir_gep(l, to, t->fields[2 + i].off), 2,
                    nd_pk_wire(l, k->l4, 2 * (i ^ other), 2));
    nd_pk_fi(l, &c);
    nd_pk_else(l, &b);
    nd_ir_zero(l, to, 0, t->size);
    nd_pk_done(l, &b);
}

void nd_lower_flow_into(struct nd_lower *l, LLVMValueRef to, const struct nd_type *t)
{
    put_flow(l, &l->fn.pkt.of[0], false, to, t);
}

static LLVMValueRef coded(struct nd_lower *l, const struct nd_lpkt *k, uint32_t code)
{
    switch ((enum nd_pkt_code)code) {
    case ND_PC_TOS6:
        return by_version(l, k, nd_pk_wire(l, k->l3, 1, 1),
                          nd_pk_bits(l, nd_pk_wire(l, k->l3, 0, 2), 4, 0xff));
    case ND_PC_PAYLOAD:
        return payload(l, k);
    default:
        return nd_ir_i64(l, 0);
    }
}

static LLVMValueRef buffer_of(const struct nd_lpkt *k, enum nd_pkt_src src)
{
    return src == ND_PS_L2 ? k->l2 : src == ND_PS_L3 ? k->l3 : src == ND_PS_L4 ? k->l4 : k->addr;
}

static LLVMValueRef number(struct nd_lower *l, const struct nd_lpkt *k, const struct nd_pkt_row *r)
{
    LLVMValueRef v;

    if (r->src == ND_PS_REG)
        v = reg_of(l, k, (enum nd_pkt_reg)r->off);
    else if (r->src == ND_PS_CODE)
        v = coded(l, k, r->off);
    else
        v = nd_pk_wire(l, buffer_of(k, r->src), r->off, r->size);
    if (r->off6)
        v = by_version(l, k, v, nd_pk_wire(l, k->l3, r->off6, r->size));
    return r->shift || r->mask ? nd_pk_bits(l, v, r->shift, r->mask) : v;
}

// Hardware addresses stand at even places only.
static LLVMValueRef aligned_mac(struct nd_lower *l, LLVMValueRef from)
{
    LLVMValueRef to = nd_lower_temp(l, 8);
    uint32_t i;

    for (i = 0; i < 6; i += 2)
        nd_ir_store(l, nd_ir_gep(l, to, i), 2,
                    nd_lower_load_int(l, nd_ir_gep(l, from, i), &nd_type_u16));
    return to;
}

// Not even read where it is absent.
static LLVMValueRef number_if(struct nd_lower *l, LLVMValueRef there, struct nd_expr *e)
{
    LLVMValueRef to = nd_lower_register(l, "member");
    struct nd_branch b;

    LLVMBuildStore(l->b, nd_ir_i64(l, 0), to);
    b = nd_pk_if(l, there);
    LLVMBuildStore(l->b, nd_lower_int(l, e), to);
    nd_pk_fi(l, &b);
    return nd_pk_load(l, to);
}

// A field of the packet: 0 when it is absent.
struct nd_val nd_lower_pkt(struct nd_lower *l, struct nd_expr *e)
{
    const struct nd_pkt_row *r = e->pkt;
    const struct nd_lpkt *k = &l->fn.pkt.of[e->a->type->depth != 0];
    struct nd_val v = {.as = ND_AS_BPF};
    LLVMValueRef there;

    if (r->src == ND_PS_SKB) {
        struct nd_expr *member = nd_lower_reads_skb(l, r->off);

        if (r->need)
            v.v = number_if(l, nd_pk_found(l, k, r->need), member);
        else
            v = nd_lower_expr(l, member);
        nd_lower_reads_script(l);
        return v;
    }
    there = r->need ? nd_pk_found(l, k, r->need) : NULL;
    if (r->src == ND_PS_CODE && (r->off == ND_PC_FLOW || r->off == ND_PC_REVERSED)) {
        v.v = nd_lower_temp(l, e->type->size);
        put_flow(l, k, r->off == ND_PC_REVERSED, v.v, e->type);
        v.mem = true;
    } else if (r->size > 4) {
        v.v = nd_ir_gep(l, buffer_of(k, r->src), r->off);
        v.mem = true;
        if (r->size == 6)
            v.v = aligned_mac(l, v.v);
        if (there)
            v.v = LLVMBuildSelect(l->b, there, v.v, l->fn.pkt.zeros, "");
    } else {
        v.v = number(l, k, r);
        if (there)
            v.v = LLVMBuildSelect(l->b, there, v.v, nd_ir_i64(l, 0), "");
    }
    return v;
}

// ---- absent ------------------------------------------------------------------------------------

static void note_need(struct nd_lower *l, const struct nd_expr *e, LLVMValueRef *all)
{
    const struct nd_pkt_row *r;
    LLVMValueRef one;
    uint32_t i;
    bool inner;

    if (!e)
        return;
    r = nd_pkt_field_of(e, &inner);
    if (r) {
        if (!r->need)
            return;
        one = nd_pk_found(l, &l->fn.pkt.of[inner], r->need);
        *all = *all ? LLVMBuildAnd(l->b, *all, one, "") : one;
        return;
    }
    if ((e->kind != ND_E_BINARY || e->op >= ND_OP_EQ) && e->kind != ND_E_UNARY &&
        e->kind != ND_E_CAST && e->kind != ND_E_TUPLE && e->kind != ND_E_FIELD &&
        e->kind != ND_E_INDEX)
        return;
    note_need(l, e->a, all);
    note_need(l, e->b, all);
    for (i = 0; i < e->args.n; i++)
        note_need(l, e->args.v[i], all);
}

// A comparison with something that is absent is false.
LLVMValueRef nd_lower_pkt_if_there(struct nd_lower *l, const struct nd_expr *e, LLVMValueRef truth)
{
    LLVMValueRef all = NULL;

    if (!l->fn.probe->pkt)
        return truth;
    note_need(l, e->a, &all);
    if (e->b && e->b->kind == ND_E_TUPLE && e->kind == ND_E_IN)
        ; // any of them
    else
        note_need(l, e->b, &all);
    return all ? LLVMBuildAnd(l->b, truth, nd_ir_from_bool(l, all), "") : truth;
}

// has(pkt.tcp), has(pkt.ip.src)
LLVMValueRef nd_lower_pkt_has(struct nd_lower *l, const struct nd_expr *x)
{
    const struct nd_pkt_row *r;
    uint32_t need = 0, i;
    bool inner;

    r = nd_pkt_field_of(x, &inner);
    if (r)
        need = r->need;
    else
        inner = x->type->depth != 0;
    for (i = 0; !r && nd_pkt_row(i); i++) {
        if (x->type->name && *x->type->name && !strcmp(nd_pkt_row(i)->group, x->type->name))
            need |= nd_pkt_row(i)->need;
    }
    if (!r && !need) // has(pkt.inner)
        need = inner ? ND_PH_INNER : 0;
    return nd_ir_from_bool(l, need ? nd_pk_found(l, &l->fn.pkt.of[inner], need)
                                   : LLVMConstInt(l->i1, 1, 0));
}

// ---- identity ----------------------------------------------------------------------------------
//
// What a packet is known by at every stage, words of 32 bits: addresses, protocol, ports or what
// stands for them, then by protocol. TCP: seq, ack; UDP: length and the first 8 bytes of the
// payload, for datagrams that must not be fragmented mostly have no identification; ICMP echo: id
// and seq; ARP: sender. Then the IPv4 identification and the offset of a fragment, or the IPv6 flow
// label. Not the payload length of TCP, for segmentation changes it, nor checksums, which
// offloading fills in late.

enum { ID_SRC, ID_DST = 4, ID_PROTO = 8, ID_PORTS, ID_A, ID_B, ID_IP, ID_C, ID_WORDS };

static void put_word(struct nd_lower *l, LLVMValueRef to, uint32_t i, LLVMValueRef v)
{
    nd_ir_store(l, nd_ir_gep(l, to, 4 * i), 4, v);
}

static LLVMValueRef word_if(struct nd_lower *l, LLVMValueRef cond, LLVMValueRef v)
{
    return LLVMBuildSelect(l->b, cond, v, nd_ir_i64(l, 0), "");
}

static void put_id(struct nd_lower *l, const struct nd_lpkt *k, LLVMValueRef to)
{
    LLVMValueRef tcp = nd_pk_found(l, k, ND_PH_TCP);
    LLVMValueRef udp = nd_pk_found(l, k, ND_PH_UDP),
                 icmp = nd_pk_found(l, k, ND_PH_ICMP | ND_PH_ICMP6);
    LLVMValueRef arp = nd_pk_found(l, k, ND_PH_ARP), ports = nd_pk_found(l, k, ND_PKT_PORTS);
    LLVMValueRef kind, a, id;

    nd_pk_copy(l, to, k->addr, 8);
    kind = LLVMBuildShl(
        l->b, nd_pk_bits(l, reg_of(l, k, ND_PR_HAVE), 0, ND_PH_IP4 | ND_PH_IP6 | ND_PH_ARP),
        nd_ir_i64(l, 8), "");
    put_word(l, to, ID_PROTO, LLVMBuildOr(l->b, reg_of(l, k, ND_PR_PROTO), kind, ""));
    a = LLVMBuildSelect(l->b, ports, nd_pk_wire(l, k->l4, 0, 4),
                        word_if(l, icmp, nd_pk_wire(l, k->l4, 0, 2)), "");
    put_word(l, to, ID_PORTS, LLVMBuildSelect(l->b, arp, nd_pk_wire(l, k->l3, 6, 2), a, ""));
    a = LLVMBuildSelect(l->b, tcp, nd_pk_wire(l, k->l4, 4, 4),
                        LLVMBuildSelect(l->b, icmp, nd_pk_wire(l, k->l4, 4, 4),
                                        word_if(l, udp, nd_pk_wire(l, k->l4, 4, 2)), ""),
                        "");
    put_word(l, to, ID_A, LLVMBuildSelect(l->b, arp, nd_pk_wire(l, k->l3, 8, 4), a, ""));
    put_word(l, to, ID_B,
             LLVMBuildSelect(l->b, tcp, nd_pk_wire(l, k->l4, 8, 4),
                             LLVMBuildSelect(l->b, arp, nd_pk_wire(l, k->l3, 12, 2),
                                             word_if(l, udp, nd_pk_wire(l, k->l4, 8, 4)), ""),
                             ""));
    put_word(l, to, ID_C, word_if(l, udp, nd_pk_wire(l, k->l4, 12, 4)));
    id = LLVMBuildOr(l->b, LLVMBuildShl(l->b, nd_pk_wire(l, k->l3, 4, 2), nd_ir_i64(l, 16), ""),
                     reg_of(l, k, ND_PR_FRAG), "");
    put_word(l, to, ID_IP,
             LLVMBuildSelect(l->b, nd_pk_found(l, k, ND_PH_IP4), id,
                             word_if(l, nd_pk_found(l, k, ND_PH_IP6),
                                     nd_pk_bits(l, nd_pk_wire(l, k->l3, 0, 4), 0, 0xfffff)),
                             ""));
}

// Does the packet have one? Not if it could not be parsed, or is neither IP nor ARP.
LLVMValueRef nd_lower_packet_id_there(struct nd_lower *l, const struct nd_expr *e)
{
    const uint32_t any = ND_PH_FLOW | ND_PH_ARP;
    LLVMValueRef outer = nd_pk_found(l, &l->fn.pkt.of[0], any);

    if (e->builtin->id == ND_B_PACKET_ID)
        return outer;
    return LLVMBuildSelect(l->b, nd_pk_found(l, &l->fn.pkt.of[1], ND_PH_INNER),
                           nd_pk_found(l, &l->fn.pkt.of[1], any), outer, "");
}

struct nd_val nd_lower_packet_id(struct nd_lower *l, const struct nd_expr *e)
{
    const struct nd_val id = {.v = nd_lower_temp(l, ID_WORDS * 4), .mem = true, .as = ND_AS_BPF};
    struct nd_branch b;

    if (e->builtin->id == ND_B_PACKET_ID) {
        put_id(l, &l->fn.pkt.of[0], id.v);
        return id;
    }
    // In a tunnel it is what it was before, and will be afterwards.
    b = nd_pk_if(l, nd_pk_found(l, &l->fn.pkt.of[1], ND_PH_INNER));
    put_id(l, &l->fn.pkt.of[1], id.v);
    nd_pk_else(l, &b);
    put_id(l, &l->fn.pkt.of[0], id.v);
    nd_pk_done(l, &b);
    return id;
}
