// SPDX-License-Identifier: GPL-2.0-or-later
// What is parsed of a packet, and where in the program; and the packet in a tunnel. Must not know
// the language. Serves lower_program.c, lower_stmt.c.
//
// Everything that a program needs of its packet is parsed in one place, before the first statement
// that names it: no header is read twice. Where every use depends on options (flow_match() in a
// predicate), so does the parsing: the verifier, which knows the options, removes it with them.
#include "compiler/lower/lower_packet_impl.h"

enum { UDP_BYTES = 8, PORT_VXLAN = 4789, PORT_VXLAN_OLD = 8472, PORT_GENEVE = 6081 };

#define REG(r) (1u << ND_PR_##r)

// ---- tunnels -----------------------------------------------------------------------------------

// VXLAN (with its flag that the network is valid), also on Linux's old port, and Geneve: 8 bytes
// after UDP. Then the frame.
static void parse_udp_tunnel(struct nd_parsing *p, struct nd_parsing *in)
{
    struct nd_lower *l = p->l;
    LLVMValueRef port = nd_pk_wire(l, p->k->l4, 2, 2), first, opts, good;
    LLVMValueRef at = nd_pk_add(l, nd_pk_get(p, ND_PR_L4OFF), nd_ir_i64(l, UDP_BYTES));
    LLVMValueRef geneve = nd_pk_is(l, port, PORT_GENEVE), vxlan;
    struct nd_branch b, c;

    vxlan = nd_pk_or(l, nd_pk_is(l, port, PORT_VXLAN), nd_pk_is(l, port, PORT_VXLAN_OLD));
    b = nd_pk_if(l, nd_pk_and(l, nd_pk_or(l, vxlan, geneve), nd_pk_room(p, at, ND_TAG_BYTES)));
    nd_pk_fetch(p, p->k->tag, at, ND_TAG_BYTES);
    first = nd_pk_wire(l, p->k->tag, 0, 1);
    good = nd_pk_pick(l, geneve, nd_pk_is(l, nd_pk_bits(l, first, 6, 3), 0),
                      nd_ir_bool(l, nd_pk_bits(l, first, 3, 1)));
    c = nd_pk_if(l, good);
    nd_pk_set(p, ND_PR_VNI, nd_pk_bits(l, nd_pk_wire(l, p->k->tag, 4, 4), 8, 0xffffff));
    nd_pk_set(
        p, ND_PR_HAVE,
        nd_pk_or(l, nd_pk_get(p, ND_PR_HAVE),
                 nd_pk_pick(l, geneve, nd_ir_i64(l, ND_PH_GENEVE), nd_ir_i64(l, ND_PH_VXLAN))));
    opts = LLVMBuildShl(l->b, nd_pk_bits(l, first, 0, 63), nd_ir_i64(l, 2), "");
    nd_pk_set(in, ND_PR_ETYPE,
              nd_pk_pick(l, geneve, nd_pk_wire(l, p->k->tag, 2, 2), nd_ir_i64(l, ND_ETH_TEB)));
    at = nd_pk_add(l, at, nd_ir_i64(l, ND_TAG_BYTES));
    nd_pk_set(in, ND_PR_L3OFF, nd_pk_add(l, at, nd_pk_pick(l, geneve, opts, nd_ir_i64(l, 0))));
    nd_pk_fi(l, &c);
    nd_pk_fi(l, &b);
}

// GRE (RFC 2784, 2890), version 0: 4 bytes, then checksum, key and sequence number where flags say
// so.
static void parse_gre(struct nd_parsing *p, struct nd_parsing *in)
{
    struct nd_lower *l = p->l;
    LLVMValueRef flags = nd_pk_wire(l, p->k->l4, 0, 2), key, at;
    LLVMValueRef sum = nd_pk_bits(l, flags, 15, 1), has_key = nd_pk_bits(l, flags, 13, 1);
    struct nd_branch v0 = nd_pk_if(l, nd_pk_is(l, nd_pk_bits(l, flags, 0, 7), 0)), b;

    key = nd_pk_add(l, nd_pk_add(l, nd_pk_get(p, ND_PR_L4OFF), nd_ir_i64(l, 4)),
                    LLVMBuildShl(l->b, sum, nd_ir_i64(l, 2), ""));
    b = nd_pk_if(l, nd_pk_and(l, nd_ir_bool(l, has_key), nd_pk_room(p, key, 4)));
    nd_pk_fetch(p, p->k->tag, key, 4);
    nd_pk_set(p, ND_PR_VNI, nd_pk_wire(l, p->k->tag, 0, 4));
    nd_pk_have(p, ND_PH_KEY);
    nd_pk_fi(l, &b);
    at = nd_pk_add(l, has_key, nd_pk_bits(l, flags, 12, 1));
    nd_pk_set(in, ND_PR_ETYPE, nd_pk_wire(l, p->k->l4, 2, 2));
    nd_pk_set(in, ND_PR_L3OFF, nd_pk_add(l, key, LLVMBuildShl(l->b, at, nd_ir_i64(l, 2), "")));
    nd_pk_fi(l, &v0);
}

// What a tunnel carries: a frame, whose EtherType is read, or a packet.
static void parse_carried(struct nd_parsing *in)
{
    struct nd_lower *l = in->l;
    LLVMValueRef off = nd_pk_get(in, ND_PR_L3OFF);
    struct nd_branch b, c;

    b = nd_pk_if(l, nd_pk_is(l, nd_pk_get(in, ND_PR_ETYPE), ND_ETH_TEB));
    c = nd_pk_if(l, nd_pk_room(in, off, ND_L2_BYTES));
    nd_pk_fetch(in, in->k->l2, off, ND_L2_BYTES);
    nd_pk_have(in, ND_PH_ETH);
    nd_pk_set(in, ND_PR_ETYPE, nd_pk_wire(l, in->k->l2, 12, 2));
    nd_pk_set(in, ND_PR_L3OFF, nd_pk_add(l, off, nd_ir_i64(l, ND_L2_BYTES)));
    nd_pk_else(l, &c);
    nd_pk_failed(in);
    nd_pk_done(l, &c);
    nd_pk_fi(l, &b);
    nd_pk_forget_regs(in, REG(HAVE) | REG(ETYPE) | REG(L3OFF));
    if (in->layers & (ND_PL_L3 | ND_PL_VLAN)) {
        nd_pk_tags(in, nd_pk_get(in, ND_PR_L3OFF));
        nd_pk_l3(in);
    }
    if (in->layers & (ND_PL_ADDR | ND_PL_ARP))
        nd_pk_addresses(in);
    if (in->layers & ND_PL_L4)
        nd_pk_l4(in);
}

static void parse_inner(struct nd_parsing *p, struct nd_parsing *in)
{
    struct nd_lower *l = p->l;
    LLVMValueRef had = nd_pk_get(p, ND_PR_HAVE);
    struct nd_branch b, c;

    nd_pk_set(in, ND_PR_HAVE, nd_ir_i64(l, 0));
    nd_pk_set(in, ND_PR_L3OFF, nd_ir_i64(l, 0));
    nd_pk_set(in, ND_PR_ETYPE, nd_ir_i64(l, 0));
    b = nd_pk_if(l, nd_ir_bool(l, nd_pk_bits(l, had, 0, ND_PH_UDP)));
    parse_udp_tunnel(p, in);
    nd_pk_else(l, &b);
    c = nd_pk_if(l, nd_ir_bool(l, nd_pk_bits(l, had, 0, ND_PH_GRE)));
    parse_gre(p, in);
    nd_pk_fi(l, &c);
    nd_pk_done(l, &b);
    nd_pk_forget_regs(p, REG(HAVE) | REG(VNI));
    nd_pk_forget_regs(in, REG(ETYPE) | REG(L3OFF));
    if (!in->layers)
        return;
    b = nd_pk_if(l, nd_ir_bool(l, nd_pk_get(in, ND_PR_L3OFF)));
    nd_pk_have(in, ND_PH_INNER);
    parse_carried(in);
    nd_pk_fi(l, &b);
    nd_pk_forget_regs(in, REG(HAVE));
}

// ---- memory ------------------------------------------------------------------------------------

// 0 before anything else runs.
static LLVMValueRef cleared(struct nd_lower *l, const char *name)
{
    LLVMValueRef r = nd_lower_register(l, name);
    LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b);

    LLVMPositionBuilderAtEnd(l->b, l->fn.prologue);
    LLVMBuildStore(l->b, nd_ir_i64(l, 0), r);
    LLVMPositionBuilderAtEnd(l->b, here);
    return r;
}

static void make_buffers(struct nd_lower *l, struct nd_lpkt *k, bool inner)
{
    static const char *const names[ND_PR_MAX] = {"have",  "l2off", "l3off", "l4off", "etype",
                                                 "proto", "frag",  "mf",    "vlan",  "vlan2",
                                                 "vni",   "n3",    "end",   "length"};
    uint32_t i;

    if (k->l3)
        return;
    for (i = 0; i < ND_PR_MAX; i++)
        k->reg[i] = cleared(l, names[i]);
    k->l2 = nd_lower_keep(l, 16);
    k->l3 = nd_lower_keep(l, ND_L3_BYTES);
    k->l4 = nd_lower_keep(l, 32);
    k->addr = nd_lower_keep(l, 32);
    k->tag = nd_lower_keep(l, ND_TAG_BYTES);
    if (inner)
        return;
    l->fn.pkt.head = cleared(l, "head");
    l->fn.pkt.end = cleared(l, "tail");
    l->fn.pkt.whole = cleared(l, "whole");
    l->fn.pkt.filled = cleared(l, "parsed");
    l->fn.pkt.l2_here = cleared(l, "l2");
    l->fn.pkt.zeros = nd_ir_zeros(l, 48);
}

void nd_lower_pkt_end(struct nd_lower *l)
{
    uint32_t i;

    for (i = 0; i < 2 && l->fn.pkt.unsure; i++) {
        const struct nd_lpkt *k = &l->fn.pkt.of[i];

        if (!k->l3)
            continue;
        nd_lower_defined(l, k->l2, 16);
        nd_lower_defined(l, k->l3, ND_L3_BYTES);
        nd_lower_defined(l, k->l4, 32);
        nd_lower_defined(l, k->addr, 32);
        nd_lower_defined(l, k->tag, ND_TAG_BYTES);
    }
}

// ---- all of it ---------------------------------------------------------------------------------

static void parse(struct nd_lower *l, uint32_t layers, struct nd_span span)
{
    struct nd_parsing p = {l, &l->fn.pkt.of[0], span, layers & ND_PL_MASK};
    struct nd_parsing in = {l, &l->fn.pkt.of[1], span, layers >> ND_PL_INNER};
    LLVMValueRef l2;

    nd_pk_skb(&p);
    if (p.layers & (ND_PL_GSO | ND_PL_CT))
        nd_pk_states(&p);
    if (in.layers)
        nd_pk_blank_all(l, in.k);
    if (p.layers & ND_PL_L2)
        nd_pk_l2(&p);
    if (p.layers & ND_PL_VLAN)
        nd_pk_kept_tag(&p);
    if (p.layers & ND_PL_L3) {
        // Tags follow the addresses of the frame, whatever the skb says of its network
        // header.
        l2 = nd_pk_add(l, nd_pk_get(&p, ND_PR_L2OFF), nd_ir_i64(l, ND_L2_BYTES));
        nd_pk_tags(&p, nd_pk_pick(l, nd_ir_bool(l, nd_pk_load(l, l->fn.pkt.l2_here)), l2,
                                  nd_pk_get(&p, ND_PR_L3OFF)));
        nd_pk_l3(&p);
    }
    if (p.layers & (ND_PL_ADDR | ND_PL_ARP))
        nd_pk_addresses(&p);
    if (p.layers & ND_PL_L4)
        nd_pk_l4(&p);
    if (p.layers & ND_PL_TUNNEL)
        parse_inner(&p, &in);
}

static void parse_once(struct nd_lower *l, uint32_t layers, struct nd_span span)
{
    struct nd_branch b;
    bool test = l->fn.pkt.maybe != 0;

    make_buffers(l, &l->fn.pkt.of[0], false);
    if (layers & ND_PL_TUNNEL)
        make_buffers(l, &l->fn.pkt.of[1], true);
    l->fn.pkt.unsure |= test;
    if (test)
        b = nd_pk_if(l, nd_pk_is(l, nd_pk_load(l, l->fn.pkt.filled), 0));
    parse(l, layers, span);
    LLVMBuildStore(l->b, nd_ir_i64(l, 1), l->fn.pkt.filled);
    if (test)
        nd_pk_fi(l, &b);
}

// Jumps to `yes` if all conditions of the guard hold.
static void guarded(struct nd_lower *l, const struct nd_pkt_guard *g, LLVMBasicBlockRef yes)
{
    LLVMBasicBlockRef no = nd_ir_bb(l, "unasked"), next;
    LLVMValueRef cond;
    const struct nd_pkt_cond *c;

    for (c = g->conds; c; c = c->up) {
        next = c->up ? nd_ir_bb(l, "asked") : yes;
        cond = nd_lower_cond(l, c->e);
        LLVMBuildCondBr(l->b, cond, c->negated ? no : next, c->negated ? next : no);
        nd_ir_at(l, c->up ? next : no);
    }
}

void nd_lower_pkt_prepare(struct nd_lower *l, const struct nd_pkt_uses *u, struct nd_span span)
{
    LLVMBasicBlockRef yes, done;
    uint32_t layers, i;

    if (!l->fn.probe->pkt || !u->layers || l->fn.pkt.covered)
        return;
    if (!l->fn.pkt.all)
        l->fn.pkt.all = nd_lower_layers_of_probe(l->a, l->fn.probe);
    layers = u->layers | l->fn.pkt.all;
    if (layers & ~l->fn.pkt.done) {
        if (u->always) {
            parse_once(l, layers, span);
            l->fn.pkt.done |= layers;
        } else {
            l->fn.pkt.unsure = true;
            yes = nd_ir_bb(l, "wanted");
            done = nd_ir_bb(l, "prepared");
            for (i = 0; i < u->guards.n; i++)
                guarded(l, &u->guards.v[i], yes);
            nd_ir_br(l, done);
            nd_ir_at(l, yes);
            parse_once(l, layers, span);
            nd_ir_br(l, done);
            nd_ir_at(l, done);
        }
        l->fn.pkt.maybe |= layers;
    }
}
