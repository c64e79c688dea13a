// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the headers of a packet: each at most once, in one bounded read, and only what the probe
// names. What lies beyond the linear part of the skb is absent, never garbage. A word (ND_PR_HAVE)
// says what was found. Must not know the language. Serves lower_pktparse.c.
#include "compiler/lower/lower_packet_impl.h"

#include <linux/if_arp.h>

enum { PROTO_HOP = 0, PROTO_ROUTE = 43, PROTO_FRAG = 44, PROTO_AUTH = 51 };
enum { PROTO_DEST = 60, EXTENSIONS_MAX = 6, L4_ROOM = 32, UNSET = 0xffff, ANY_PROTOCOL = 3 };

#define REG(r) (1u << ND_PR_##r)

// ---- the skb -----------------------------------------------------------------------------------

static LLVMValueRef member(struct nd_parsing *p, enum nd_pkt_skb m)
{
    struct nd_expr *e = nd_lower_reads_skb(p->l, m);
    LLVMValueRef v = e ? nd_lower_int(p->l, e) : nd_ir_i64(p->l, 0);

    nd_lower_reads_script(p->l);
    return v;
}

static LLVMValueRef swap16(struct nd_lower *l, LLVMValueRef v)
{
    LLVMValueRef low = LLVMBuildShl(l->b, nd_pk_bits(l, v, 0, 0xff), nd_ir_i64(l, 8), "");

    return nd_pk_or(l, low, nd_pk_bits(l, v, 8, 0xff));
}

// Where the network header is: as the skb says, unless that is not set yet (at reception, and in
// packets that come from user space); then after an Ethernet header at the data, or there. In
// front of it is an Ethernet header, unless there is no room for one: not before the packet got
// one, and not on devices without.
static void find_l3(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef data = nd_pk_sub(l, member(p, ND_PK_DATA), nd_pk_load(l, l->fn.pkt.head));
    LLVMValueRef mac = member(p, ND_PK_MAC), net = member(p, ND_PK_NETWORK);
    LLVMValueRef proto = swap16(l, member(p, ND_PK_PROTOCOL)), end = nd_pk_load(l, l->fn.pkt.end);
    LLVMValueRef no_mac = nd_pk_is(l, mac, UNSET), known, at_l2, l2, l3;

    known = nd_pk_and(l, nd_pk_cmp(l, LLVMIntNE, net, 0), nd_pk_cmp(l, LLVMIntNE, net, UNSET));
    known = nd_pk_and(l, known, nd_pk_or(l, no_mac, LLVMBuildICmp(l->b, LLVMIntUGE, net, mac, "")));
    known = nd_pk_and(l, known, LLVMBuildICmp(l->b, LLVMIntULE, net, end, ""));
    at_l2 = nd_pk_or(l, LLVMBuildICmp(l->b, LLVMIntEQ, mac, data, ""),
                     nd_pk_and(l, no_mac, nd_pk_is(l, proto, 0)));
    l2 = nd_pk_pick(l, no_mac, data, mac);
    l3 = nd_pk_add(l, data, nd_pk_pick(l, at_l2, nd_ir_i64(l, ND_L2_BYTES), nd_ir_i64(l, 0)));
    l3 = nd_pk_forget(l, nd_pk_pick(l, known, net, l3));
    nd_pk_set(p, ND_PR_L2OFF, nd_pk_forget(l, l2));
    nd_pk_set(p, ND_PR_L3OFF, l3);
    nd_pk_set(p, ND_PR_ETYPE, nd_pk_forget(l, proto));
    LLVMBuildStore(l->b, nd_pk_add(l, data, member(p, ND_PK_LEN)), l->fn.pkt.whole);
    LLVMBuildStore(l->b,
                   nd_pk_forget(l, nd_ir_from_bool(l, nd_pk_cmp(l, LLVMIntSGE, nd_pk_sub(l, l3, l2),
                                                                ND_L2_BYTES))),
                   l->fn.pkt.l2_here);
}

// Packets that have not been looked at have no protocol yet, or that of sockets for all: then it is
// that of the frame.
static void find_type(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef type = nd_pk_get(p, ND_PR_ETYPE), l2 = nd_pk_get(p, ND_PR_L2OFF), none;
    struct nd_branch b;

    none = nd_pk_or(l, nd_pk_is(l, type, 0), nd_pk_is(l, type, ANY_PROTOCOL));
    none = nd_pk_and(l, none, nd_ir_bool(l, nd_pk_load(l, l->fn.pkt.l2_here)));
    b = nd_pk_if(l, nd_pk_and(l, none, nd_pk_room(p, l2, ND_L2_BYTES)));
    nd_pk_fetch(p, p->k->tag, nd_pk_add(l, l2, nd_ir_i64(l, 12)), 2);
    nd_pk_set(p, ND_PR_ETYPE, nd_pk_wire(l, p->k->tag, 0, 2));
    nd_pk_fi(l, &b);
    nd_pk_forget_regs(p, REG(ETYPE));
}

void nd_pk_skb(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;

    LLVMBuildStore(l->b, member(p, ND_PK_HEAD), l->fn.pkt.head);
    LLVMBuildStore(l->b, member(p, ND_PK_TAIL), l->fn.pkt.end);
    nd_pk_blank_all(l, p->k);
    nd_pk_set(p, ND_PR_HAVE, nd_ir_i64(l, 0));
    find_l3(p);
    find_type(p);
}

static void have_if(struct nd_parsing *p, LLVMValueRef v, uint32_t what)
{
    struct nd_branch b = nd_pk_if(p->l, nd_ir_bool(p->l, v));

    nd_pk_have(p, what);
    nd_pk_fi(p->l, &b);
    nd_pk_forget_regs(p, REG(HAVE));
}

void nd_pk_states(struct nd_parsing *p)
{
    if (p->layers & ND_PL_GSO)
        have_if(p, member(p, ND_PK_GSO_SIZE), ND_PH_GSO);
    if (p->layers & ND_PL_CT) // 3 bits are the state, the others the connection
        have_if(p, nd_pk_bits(p->l, member(p, ND_PK_NFCT), 3, 0), ND_PH_CT);
}

// Devices of other kinds have no Ethernet header, whatever is in front of the network header: older
// kernels leave that of the tunnel there. A packet without a device may have one.
static LLVMValueRef device_has_l2(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef has = nd_lower_register(l, "ethernet"), type;
    struct nd_branch b;

    LLVMBuildStore(l->b, nd_ir_i64(l, 1), has);
    b = nd_pk_if(l, nd_ir_bool(l, member(p, ND_PK_DEV)));
    type = member(p, ND_PK_DEV_TYPE);
    LLVMBuildStore(l->b,
                   nd_ir_from_bool(l, nd_pk_or(l, nd_pk_is(l, type, ARPHRD_ETHER),
                                               nd_pk_is(l, type, ARPHRD_LOOPBACK))),
                   has);
    nd_pk_fi(l, &b);
    return nd_ir_bool(l, nd_pk_load(l, has));
}

void nd_pk_l2(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef at = nd_pk_get(p, ND_PR_L2OFF), here;
    struct nd_branch b;

    here = nd_pk_and(l, nd_ir_bool(l, nd_pk_load(l, l->fn.pkt.l2_here)), device_has_l2(p));
    b = nd_pk_if(l, nd_pk_and(l, here, nd_pk_room(p, at, ND_L2_BYTES)));
    nd_pk_fetch(p, p->k->l2, at, ND_L2_BYTES);
    nd_pk_have(p, ND_PH_ETH);
    nd_pk_fi(l, &b);
    nd_pk_forget_regs(p, REG(HAVE));
}

// ---- tags --------------------------------------------------------------------------------------

// The tag that the skb keeps apart: vlan_all since Linux 6.0, a bit of its own from 5.0, before
// that bit 12 of the tag.
void nd_pk_kept_tag(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    struct nd_expr **skb = l->fn.probe->pkt->skb;
    LLVMValueRef tci = member(p, ND_PK_VLAN_TCI), present;
    struct nd_branch b;

    present = skb[ND_PK_VLAN_ALL]       ? nd_ir_bool(l, member(p, ND_PK_VLAN_ALL))
              : skb[ND_PK_VLAN_PRESENT] ? nd_ir_bool(l, member(p, ND_PK_VLAN_PRESENT))
                                        : nd_ir_bool(l, nd_pk_bits(l, tci, 12, 1));
    b = nd_pk_if(l, present);
    nd_pk_set(p, ND_PR_VLAN, tci);
    nd_pk_have(p, ND_PH_VLAN);
    nd_pk_fi(l, &b);
    nd_pk_forget_regs(p, REG(HAVE) | REG(VLAN));
}

// One tag in the packet: where the EtherType says VLAN.
static void parse_tag(struct nd_parsing *p, LLVMValueRef at)
{
    struct nd_lower *l = p->l;
    LLVMValueRef type = nd_pk_get(p, ND_PR_ETYPE), tci, had;
    struct nd_branch b, c;

    b = nd_pk_if(l, nd_pk_or(l, nd_pk_is(l, type, ND_ETH_VLAN), nd_pk_is(l, type, ND_ETH_QINQ)));
    c = nd_pk_if(l, nd_pk_room(p, at, 4));
    nd_pk_fetch(p, p->k->tag, at, 4);
    tci = nd_pk_wire(l, p->k->tag, 0, 2);
    had = nd_pk_get(p, ND_PR_HAVE);
    nd_pk_set(p, ND_PR_VLAN2,
              nd_pk_pick(l, nd_ir_bool(l, nd_pk_bits(l, had, 0, ND_PH_VLAN2)),
                         nd_pk_get(p, ND_PR_VLAN2), tci));
    nd_pk_set(p, ND_PR_VLAN,
              nd_pk_pick(l, nd_ir_bool(l, nd_pk_bits(l, had, 0, ND_PH_VLAN)),
                         nd_pk_get(p, ND_PR_VLAN), tci));
    nd_pk_have(p, ND_PH_VLAN);
    // The second if there was a first.
    had = LLVMBuildShl(l->b, nd_pk_bits(l, had, 0, ND_PH_VLAN),
                       nd_ir_i64(l, __builtin_ctz(ND_PH_VLAN2) - __builtin_ctz(ND_PH_VLAN)), "");
    nd_pk_set(p, ND_PR_HAVE, nd_pk_or(l, nd_pk_get(p, ND_PR_HAVE), had));
    nd_pk_set(p, ND_PR_ETYPE, nd_pk_wire(l, p->k->tag, 2, 2));
    nd_pk_set(p, ND_PR_L3OFF, nd_pk_add(l, at, nd_ir_i64(l, 4)));
    nd_pk_else(l, &c);
    nd_pk_set(p, ND_PR_ETYPE, nd_ir_i64(l, UNSET)); // nothing that is known
    nd_pk_failed(p);
    nd_pk_done(l, &c);
    nd_pk_fi(l, &b);
    nd_pk_forget_regs(p, REG(HAVE) | REG(VLAN) | REG(VLAN2) | REG(ETYPE) | REG(L3OFF));
}

void nd_pk_tags(struct nd_parsing *p, LLVMValueRef first)
{
    struct nd_lower *l = p->l;
    LLVMValueRef known;

    parse_tag(p, first);
    parse_tag(p, nd_pk_get(p, ND_PR_L3OFF));
    known = nd_ir_from_bool(l, nd_pk_cmp(l, LLVMIntNE, nd_pk_get(p, ND_PR_ETYPE), UNSET));
    known = LLVMBuildShl(l->b, known, nd_ir_i64(l, __builtin_ctz(ND_PH_TYPE)), "");
    nd_pk_set(p, ND_PR_HAVE, nd_pk_or(l, nd_pk_get(p, ND_PR_HAVE), nd_pk_forget(l, known)));
}

// ---- network -----------------------------------------------------------------------------------

static LLVMValueRef nibble(struct nd_parsing *p)
{
    return nd_pk_bits(p->l, nd_pk_wire(p->l, p->k->l3, 0, 1), 4, 15);
}

// Where the packet ends by its header; large ones of segmentation offload say 0.
static void set_end(struct nd_parsing *p, LLVMValueRef length, LLVMValueRef headers)
{
    struct nd_lower *l = p->l;
    LLVMValueRef end = nd_pk_add(l, nd_pk_get(p, ND_PR_L3OFF), nd_pk_add(l, length, headers));

    nd_pk_set(p, ND_PR_END,
              nd_pk_pick(l, nd_ir_bool(l, length), end, nd_pk_load(l, l->fn.pkt.whole)));
}

// Bytes of an authentication header, whose word 1 counts words of 4 bytes, less 2.
static LLVMValueRef auth_bytes(struct nd_parsing *p, LLVMValueRef words)
{
    return LLVMBuildShl(p->l->b, nd_pk_add(p->l, words, nd_ir_i64(p->l, 2)), nd_ir_i64(p->l, 2),
                        "");
}

// Does an authentication header follow, and not the rest of one in a later fragment?
static LLVMValueRef is_auth(struct nd_parsing *p)
{
    return nd_pk_and(p->l, nd_pk_is(p->l, nd_pk_get(p, ND_PR_PROTO), PROTO_AUTH),
                     nd_pk_is(p->l, nd_pk_get(p, ND_PR_FRAG), 0));
}

// The only header that IPv4 has between its own and the transport's.
static void parse_auth(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef at = nd_pk_get(p, ND_PR_L4OFF);
    struct nd_branch b = nd_pk_if(l, nd_pk_and(l, is_auth(p), nd_pk_room(p, at, ND_TAG_BYTES)));

    nd_pk_fetch(p, p->k->tag, at, ND_TAG_BYTES);
    nd_pk_set(p, ND_PR_PROTO, nd_pk_wire(l, p->k->tag, 0, 1));
    nd_pk_set(p, ND_PR_L4OFF, nd_pk_add(l, at, auth_bytes(p, nd_pk_wire(l, p->k->tag, 1, 1))));
    nd_pk_fi(l, &b);
    nd_pk_forget_regs(p, REG(PROTO) | REG(L4OFF));
}

static void parse_ip4(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef first = nd_pk_wire(l, p->k->l3, 0, 1), len = nd_pk_wire(l, p->k->l3, 2, 2), good;
    LLVMValueRef hlen = LLVMBuildShl(l->b, nd_pk_bits(l, first, 0, 15), nd_ir_i64(l, 2), "");
    LLVMValueRef frag = nd_pk_wire(l, p->k->l3, 6, 2);
    struct nd_branch b, c;

    good = nd_pk_and(l, nd_pk_is(l, nibble(p), 4), nd_pk_cmp(l, LLVMIntUGE, hlen, 20));
    good = nd_pk_and(
        l, good, nd_pk_or(l, nd_pk_is(l, len, 0), LLVMBuildICmp(l->b, LLVMIntUGE, len, hlen, "")));
    b = nd_pk_if(l, good);
    nd_pk_have(p, ND_PH_IP4);
    nd_pk_set(p, ND_PR_PROTO, nd_pk_wire(l, p->k->l3, 9, 1));
    nd_pk_set(p, ND_PR_FRAG,
              LLVMBuildShl(l->b, nd_pk_bits(l, frag, 0, 0x1fff), nd_ir_i64(l, 3), ""));
    nd_pk_set(p, ND_PR_MF, nd_pk_bits(l, frag, 13, 1));
    nd_pk_set(p, ND_PR_L4OFF, nd_pk_add(l, nd_pk_get(p, ND_PR_L3OFF), hlen));
    nd_pk_set(p, ND_PR_LENGTH, len);
    set_end(p, len, nd_ir_i64(l, 0));
    parse_auth(p);
    c = nd_pk_if(l, is_auth(p)); // cut off, or a second one
    nd_pk_failed(p);
    nd_pk_else(l, &c);
    nd_pk_have(p, ND_PH_PROTO | ND_PH_FLOW);
    nd_pk_done(l, &c);
    nd_pk_else(l, &b);
    nd_pk_failed(p);
    nd_pk_done(l, &b);
}

// Behind the first fragment only its data follow.
static LLVMValueRef is_extension(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    const uint64_t known = 1ull << PROTO_HOP | 1ull << PROTO_ROUTE | 1ull << PROTO_FRAG |
                           1ull << PROTO_AUTH | 1ull << PROTO_DEST;
    LLVMValueRef proto = nd_pk_get(p, ND_PR_PROTO), shift = nd_pk_bits(l, proto, 0, 63), bit;

    bit = nd_pk_bits(l, LLVMBuildLShr(l->b, nd_ir_i64(l, known), shift, ""), 0, 1);
    return nd_pk_and(l, nd_pk_and(l, nd_pk_cmp(l, LLVMIntULT, proto, 64), nd_ir_bool(l, bit)),
                     nd_pk_is(l, nd_pk_get(p, ND_PR_FRAG), 0));
}

// One extension header: 8 bytes tell the next one, the length, and the offset of a fragment.
static void parse_extension(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef at = nd_pk_get(p, ND_PR_L4OFF), proto = nd_pk_get(p, ND_PR_PROTO), len, frag;
    struct nd_branch b, f;

    b = nd_pk_if(l, nd_pk_and(l, is_extension(p), nd_pk_room(p, at, ND_TAG_BYTES)));
    nd_pk_fetch(p, p->k->tag, at, ND_TAG_BYTES);
    len = nd_pk_wire(l, p->k->tag, 1, 1);
    len = nd_pk_pick(l, nd_pk_is(l, proto, PROTO_AUTH), auth_bytes(p, len),
                     // words of 8 bytes, less 1
                     LLVMBuildShl(l->b, nd_pk_add(l, len, nd_ir_i64(l, 1)), nd_ir_i64(l, 3), ""));
    nd_pk_set(p, ND_PR_PROTO, nd_pk_wire(l, p->k->tag, 0, 1));
    f = nd_pk_if(l, nd_pk_is(l, proto, PROTO_FRAG));
    frag = nd_pk_wire(l, p->k->tag, 2, 2);
    nd_pk_set(p, ND_PR_FRAG, nd_pk_bits(l, frag, 0, 0xfff8));
    nd_pk_set(p, ND_PR_MF, nd_pk_bits(l, frag, 0, 1));
    nd_pk_set(p, ND_PR_L4OFF, nd_pk_add(l, at, nd_ir_i64(l, 8)));
    nd_pk_else(l, &f);
    nd_pk_set(p, ND_PR_L4OFF, nd_pk_add(l, at, len));
    nd_pk_done(l, &f);
    nd_pk_fi(l, &b);
    nd_pk_forget_regs(p, REG(PROTO) | REG(FRAG) | REG(MF) | REG(L4OFF));
}

static void parse_ip6(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef len = nd_pk_wire(l, p->k->l3, 4, 2);
    struct nd_branch b, c;
    uint32_t i;

    b = nd_pk_if(l, nd_pk_and(l, nd_pk_is(l, nibble(p), 6),
                              nd_pk_cmp(l, LLVMIntUGE, nd_pk_get(p, ND_PR_N3), 40)));
    nd_pk_have(p, ND_PH_IP6);
    nd_pk_set(p, ND_PR_PROTO, nd_pk_wire(l, p->k->l3, 6, 1));
    nd_pk_set(p, ND_PR_FRAG, nd_ir_i64(l, 0));
    nd_pk_set(p, ND_PR_MF, nd_ir_i64(l, 0));
    nd_pk_set(p, ND_PR_L4OFF, nd_pk_add(l, nd_pk_get(p, ND_PR_L3OFF), nd_ir_i64(l, 40)));
    nd_pk_set(p, ND_PR_LENGTH, nd_pk_add(l, len, nd_ir_i64(l, 40)));
    set_end(p, len, nd_ir_i64(l, 40));
    nd_pk_forget_regs(p, REG(PROTO) | REG(FRAG) | REG(MF) | REG(END));
    for (i = 0; i < EXTENSIONS_MAX; i++)
        parse_extension(p);
    c = nd_pk_if(l, is_extension(p)); // cut off, or one more than any honest packet has
    nd_pk_failed(p);
    nd_pk_else(l, &c);
    nd_pk_have(p, ND_PH_PROTO | ND_PH_FLOW);
    nd_pk_done(l, &c);
    nd_pk_else(l, &b);
    nd_pk_failed(p);
    nd_pk_done(l, &b);
}

// Ethernet and IPv4 only: nothing else is on the way.
static void parse_arp(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef good = nd_pk_and(l, nd_pk_is(l, nd_pk_wire(l, p->k->l3, 0, 4), 0x00010800),
                                  nd_pk_is(l, nd_pk_wire(l, p->k->l3, 4, 2), 0x0604));
    struct nd_branch b;

    b = nd_pk_if(l, nd_pk_and(l, good, nd_pk_cmp(l, LLVMIntUGE, nd_pk_get(p, ND_PR_N3), 28)));
    nd_pk_have(p, ND_PH_ARP);
    nd_pk_else(l, &b);
    nd_pk_failed(p);
    nd_pk_done(l, &b);
}

// Before the packet has an EtherType only its first byte tells.
static void guess_type(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef v = nibble(p), guess;
    struct nd_branch b = nd_pk_if(l, nd_pk_is(l, nd_pk_get(p, ND_PR_ETYPE), 0));

    guess = nd_pk_pick(l, nd_pk_is(l, v, 6), nd_ir_i64(l, ND_ETH_IP6), nd_ir_i64(l, 0));
    nd_pk_set(p, ND_PR_ETYPE, nd_pk_pick(l, nd_pk_is(l, v, 4), nd_ir_i64(l, ND_ETH_IP), guess));
    nd_pk_fi(l, &b);
    nd_pk_forget_regs(p, REG(ETYPE));
}

static void parse_by_type(struct nd_parsing *p)
{
    static void (*const parsers[])(struct nd_parsing *) = {parse_ip4, parse_ip6, parse_arp};
    struct nd_lower *l = p->l;
    LLVMValueRef type = nd_pk_get(p, ND_PR_ETYPE), is[3];
    struct nd_branch b[3];
    uint32_t i;

    is[0] = nd_pk_is(l, type, ND_ETH_IP);
    is[1] = nd_pk_is(l, type, ND_ETH_IP6);
    is[2] = nd_pk_or(l, nd_pk_is(l, type, ND_ETH_ARP), nd_pk_is(l, type, ND_ETH_RARP));
    for (i = 0; i < 3; i++) {
        b[i] = nd_pk_if(l, is[i]);
        parsers[i](p);
        nd_pk_else(l, &b[i]);
    }
    while (i-- > 0)
        nd_pk_done(l, &b[i]);
}

// The bytes from the network header on, up to 64: with the transport header, mostly. Nothing is
// read of what is not IP or ARP.
void nd_pk_l3(struct nd_parsing *p)
{
    static const uint16_t known[] = {ND_ETH_IP, ND_ETH_IP6, ND_ETH_ARP, ND_ETH_RARP, 0};
    struct nd_lower *l = p->l;
    LLVMValueRef off = nd_pk_get(p, ND_PR_L3OFF), type = nd_pk_get(p, ND_PR_ETYPE), n, one_of;
    struct nd_branch b, c;
    uint32_t i;

    nd_pk_blank(l, p->k->l3, ND_L3_BYTES);
    one_of = nd_pk_is(l, type, known[0]);
    for (i = 1; i < sizeof(known) / sizeof(known[0]); i++)
        one_of = nd_pk_or(l, one_of, nd_pk_is(l, type, known[i]));
    b = nd_pk_if(l, one_of);
    c = nd_pk_if(l, nd_pk_room(p, off, 20));
    n = nd_pk_sub(l, nd_pk_load(l, l->fn.pkt.end), off);
    n = nd_pk_pick(l, nd_pk_cmp(l, LLVMIntULT, n, ND_L3_BYTES), n, nd_ir_i64(l, ND_L3_BYTES));
    n = nd_pk_forget(l, n);
    nd_pk_set(p, ND_PR_N3, n);
    nd_pk_fetch_some(p, p->k->l3, off, n, ND_L3_BYTES);
    guess_type(p);
    parse_by_type(p);
    nd_pk_else(l, &c);
    nd_pk_failed(p);
    nd_pk_done(l, &c);
    nd_pk_fi(l, &b);
    nd_pk_forget_regs(p, REG(HAVE) | REG(ETYPE) | REG(PROTO) | REG(FRAG) | REG(MF) | REG(L4OFF) |
                             REG(LENGTH) | REG(END) | REG(N3));
}

static void put_mapped(struct nd_lower *l, LLVMValueRef to, LLVMValueRef from)
{
    nd_ir_zero(l, to, 0, 8);
    nd_ir_store(l, nd_ir_gep(l, to, 8), 4, nd_ir_i64(l, 0xffff0000));
    nd_ir_store(l, nd_ir_gep(l, to, 12), 4, nd_lower_load_int(l, from, &nd_type_u32));
}

// Addresses as 16 bytes, IPv4 mapped; of ARP those of the protocol.
void nd_pk_addresses(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef had = nd_pk_get(p, ND_PR_HAVE), a;
    struct nd_branch b = nd_pk_if(l, nd_ir_bool(l, nd_pk_bits(l, had, 0, ND_PH_IP6))), c, d;

    nd_pk_copy(l, p->k->addr, nd_ir_gep(l, p->k->l3, 8), 8);
    nd_pk_else(l, &b);
    c = nd_pk_if(l, nd_ir_bool(l, nd_pk_bits(l, had, 0, ND_PH_ARP)));
    a = p->k->tag; // not aligned in ARP: two times two bytes
    nd_ir_store(l, a, 2, nd_lower_load_int(l, nd_ir_gep(l, p->k->l3, 14), &nd_type_u16));
    nd_ir_store(l, nd_ir_gep(l, a, 2), 2,
                nd_lower_load_int(l, nd_ir_gep(l, p->k->l3, 16), &nd_type_u16));
    put_mapped(l, p->k->addr, a);
    put_mapped(l, nd_ir_gep(l, p->k->addr, 16), nd_ir_gep(l, p->k->l3, 24));
    nd_pk_else(l, &c);
    d = nd_pk_if(l, nd_ir_bool(l, nd_pk_bits(l, had, 0, ND_PH_IP4)));
    put_mapped(l, p->k->addr, nd_ir_gep(l, p->k->l3, 12));
    put_mapped(l, nd_ir_gep(l, p->k->addr, 16), nd_ir_gep(l, p->k->l3, 16));
    nd_pk_else(l, &d);
    nd_pk_blank(l, p->k->addr, 32);
    nd_pk_done(l, &d);
    nd_pk_done(l, &c);
    nd_pk_done(l, &b);
}

// ---- transport ---------------------------------------------------------------------------------

static const struct {
    uint8_t proto, need; // bytes that must be there
    uint32_t ip, have;   // of which IP, 0: any; what it is then
} transports[] = {
#define ND_PKT_TRANSPORT(id, protocol, bytes, ip) {protocol, bytes, ip, ND_PH_##id},
#include "compiler/lang/packet.def"
};

// Bytes of the header, as far as they are there; 0 when it is of no known protocol.
static LLVMValueRef transport(struct nd_parsing *p, LLVMValueRef *found)
{
    struct nd_lower *l = p->l;
    LLVMValueRef proto = nd_pk_get(p, ND_PR_PROTO), had = nd_pk_get(p, ND_PR_HAVE);
    LLVMValueRef need = nd_ir_i64(l, 0);
    size_t i;

    *found = nd_ir_i64(l, 0);
    for (i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
        LLVMValueRef it = nd_pk_is(l, proto, transports[i].proto);

        if (transports[i].ip)
            it = nd_pk_and(l, it, nd_ir_bool(l, nd_pk_bits(l, had, 0, transports[i].ip)));
        need = nd_pk_pick(l, it, nd_ir_i64(l, transports[i].need), need);
        *found = nd_pk_pick(l, it, nd_ir_i64(l, transports[i].have), *found);
    }
    *found = nd_pk_forget(l, *found);
    return nd_pk_forget(l, need);
}

static const struct {
    uint32_t have, of;
    uint8_t need; // bytes from the beginning of the transport header
} afters[] = {
#define ND_PKT_AFTER(id, header, bytes) {ND_PH_##id, ND_PH_##header, bytes},
#include "compiler/lang/packet.def"
    {0, 0, 0},
};

static LLVMValueRef fits(struct nd_parsing *p, LLVMValueRef end)
{
    struct nd_lower *l = p->l;

    return nd_pk_and(l, LLVMBuildICmp(l->b, LLVMIntULE, end, nd_pk_load(l, l->fn.pkt.end), ""),
                     LLVMBuildICmp(l->b, LLVMIntULE, end, nd_pk_get(p, ND_PR_END), ""));
}

// What follows the header too, where it is there: then more is read.
static void extend(struct nd_parsing *p, LLVMValueRef off, LLVMValueRef *found, LLVMValueRef *need)
{
    struct nd_lower *l = p->l;
    LLVMValueRef header = *found;
    size_t i;

    if (!(p->layers & ND_PL_AFTER_L4))
        return;
    for (i = 0; afters[i].have; i++) {
        LLVMValueRef bytes = nd_ir_i64(l, afters[i].need);
        LLVMValueRef it = nd_pk_is(l, header, afters[i].of);

        it = nd_pk_and(l, it, fits(p, nd_pk_add(l, off, bytes)));
        *need = nd_pk_pick(l, it, bytes, *need);
        *found = nd_pk_pick(l, it, nd_pk_or(l, *found, nd_ir_i64(l, afters[i].have)), *found);
    }
    *found = nd_pk_forget(l, *found);
    *need = nd_pk_forget(l, *need);
}

// From the bytes that came with the network header, or by a read of its own.
static void fetch_l4(struct nd_parsing *p, LLVMValueRef off, LLVMValueRef need)
{
    struct nd_lower *l = p->l;
    LLVMValueRef rel = nd_pk_sub(l, off, nd_pk_get(p, ND_PR_L3OFF)), whole;
    struct nd_branch b, c;

    whole = LLVMBuildICmp(l->b, LLVMIntULE, nd_pk_add(l, rel, need), nd_pk_get(p, ND_PR_N3), "");
    b = nd_pk_if(l, nd_pk_and(l, whole, nd_pk_is(l, rel, 20)));
    nd_pk_copy(l, p->k->l4, nd_ir_gep(l, p->k->l3, 20), ND_L4_BYTES / 4);
    nd_pk_else(l, &b);
    c = nd_pk_if(l, nd_pk_and(l, whole, nd_pk_is(l, rel, 40)));
    nd_pk_copy(l, p->k->l4, nd_ir_gep(l, p->k->l3, 40), ND_L4_BYTES / 4);
    nd_pk_else(l, &c);
    nd_pk_blank(l, p->k->l4, L4_ROOM);
    nd_pk_fetch_some(p, p->k->l4, off, need, L4_ROOM);
    nd_pk_done(l, &c);
    nd_pk_done(l, &b);
}

// A TCP header is at least 20 bytes by its own word. The ports are there, the rest is not believed.
static LLVMValueRef honest(struct nd_parsing *p, LLVMValueRef found)
{
    struct nd_lower *l = p->l;
    LLVMValueRef hlen = nd_pk_bits(l, nd_pk_wire(l, p->k->l4, 12, 1), 4, 0);

    return nd_pk_or(l, nd_pk_cmp(l, LLVMIntNE, found, ND_PH_TCP),
                    nd_pk_cmp(l, LLVMIntUGE, hlen, 5));
}

static void no_flow(struct nd_parsing *p)
{
    nd_pk_set(p, ND_PR_HAVE, nd_pk_bits(p->l, nd_pk_get(p, ND_PR_HAVE), 0, ~(uint64_t)ND_PH_FLOW));
    nd_pk_failed(p);
}

void nd_pk_l4(struct nd_parsing *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef had = nd_pk_get(p, ND_PR_HAVE), found, need, off = nd_pk_get(p, ND_PR_L4OFF);
    struct nd_branch b, c, d, e;

    b = nd_pk_if(l, nd_pk_and(l, nd_ir_bool(l, nd_pk_bits(l, had, 0, ND_PH_PROTO)),
                              nd_pk_is(l, nd_pk_get(p, ND_PR_FRAG), 0)));
    need = transport(p, &found);
    c = nd_pk_if(l, nd_ir_bool(l, need));
    d = nd_pk_if(l, fits(p, nd_pk_add(l, off, need)));
    extend(p, off, &found, &need);
    fetch_l4(p, off, need);
    e = nd_pk_if(l, honest(p, found));
    nd_pk_set(p, ND_PR_HAVE, nd_pk_or(l, nd_pk_get(p, ND_PR_HAVE), found));
    nd_pk_else(l, &e);
    no_flow(p);
    nd_pk_done(l, &e);
    nd_pk_else(l, &d);
    no_flow(p);
    nd_pk_done(l, &d);
    nd_pk_fi(l, &c);
    nd_pk_fi(l, &b);
    nd_pk_forget_regs(p, REG(HAVE));
}
