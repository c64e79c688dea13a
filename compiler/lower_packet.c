// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the packet of a probe: each header at most once, in one bounded read, and only what the
// probe names. What lies beyond the linear part of the skb is absent, never garbage. A word
// (ND_PR_HAVE) says what was found. Must not know the language. Serves lower_expr.c, lower_stmt.c.
//
// Statements say in advance what they need (nd_pkt_prepare), so that parsing stands before them and
// serves all that follow. A flag tells at run time what is parsed already; it is only tested where
// that is not known when compiling.
#include "packet.h"

#include "builtins.h"
#include "lower.h"

#include <string.h>

enum { L3_BYTES = 64, L4_BYTES = 20, L2_BYTES = 14, TUNNEL_BYTES = 8 };
enum { ETH_ARP = 0x0806, ETH_RARP = 0x8035, ETH_IP = 0x0800, ETH_IP6 = 0x86dd, ETH_VLAN = 0x8100 };
enum { ETH_QINQ = 0x88a8, ETH_TEB = 0x6558 };
enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_GRE = 47, PROTO_ICMP6 = 58 };
enum { PROTO_SCTP = 132, PROTO_HOP = 0, PROTO_ROUTE = 43, PROTO_FRAG = 44, PROTO_AUTH = 51 };
enum { PROTO_DEST = 60, EXTENSIONS_MAX = 6 };

struct parse {
    struct nd_lower *l;
    struct nd_lpkt *k;
    struct nd_span span;
    uint32_t layers; // of this packet
    bool inner;
};

// ---- small words -------------------------------------------------------------------------------

struct branch {
    LLVMBasicBlockRef other, done;
};

static struct branch begin_if(struct nd_lower *l, LLVMValueRef cond)
{
    struct branch b = {nd_bb(l, "else"), nd_bb(l, "fi")};
    LLVMBasicBlockRef then = nd_bb(l, "then");

    LLVMBuildCondBr(l->b, cond, then, b.other);
    nd_at(l, then);
    return b;
}

static void begin_else(struct nd_lower *l, const struct branch *b)
{
    nd_br(l, b->done);
    nd_at(l, b->other);
}

static void end_else(struct nd_lower *l, const struct branch *b)
{
    nd_br(l, b->done);
    nd_at(l, b->done);
}

static void end_if(struct nd_lower *l, const struct branch *b)
{
    begin_else(l, b);
    end_else(l, b);
}

static LLVMValueRef cmp(struct nd_lower *l, LLVMIntPredicate p, LLVMValueRef a, uint64_t b)
{
    return LLVMBuildICmp(l->b, p, a, nd_i64(l, b), "");
}

static LLVMValueRef is(struct nd_lower *l, LLVMValueRef a, uint64_t b)
{
    return cmp(l, LLVMIntEQ, a, b);
}

static LLVMValueRef any2(struct nd_lower *l, LLVMValueRef v, uint64_t a, uint64_t b)
{
    return LLVMBuildOr(l->b, is(l, v, a), is(l, v, b), "");
}

static LLVMValueRef add(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildAdd(l->b, a, b, "");
}

static LLVMValueRef sub(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildSub(l->b, a, b, "");
}

static LLVMValueRef bits(struct nd_lower *l, LLVMValueRef v, uint32_t shift, uint64_t mask)
{
    if (shift)
        v = LLVMBuildLShr(l->b, v, nd_i64(l, shift), "");
    return mask ? LLVMBuildAnd(l->b, v, nd_i64(l, mask), "") : v;
}

// An integer of `size` bytes from the network at buf + off.
static LLVMValueRef wire(struct nd_lower *l, LLVMValueRef buf, uint32_t off, uint32_t size)
{
    LLVMTypeRef t = size == 4 ? l->i32 : size == 2 ? l->i16 : l->i8, fn_types[1] = {t};
    LLVMValueRef v = LLVMBuildLoad2(l->b, t, nd_gep(l, buf, off), ""), fn;
    unsigned int id = LLVMLookupIntrinsicID("llvm.bswap", strlen("llvm.bswap"));

    LLVMSetAlignment(v, off % size ? 1 : size);
    if (size > 1) {
        fn = LLVMGetIntrinsicDeclaration(l->m, id, fn_types, 1);
        v = LLVMBuildCall2(l->b, LLVMIntrinsicGetType(l->cx, id, fn_types, 1), fn, &v, 1, "");
    }
    return LLVMBuildZExt(l->b, v, l->i64, "");
}

static LLVMValueRef get(struct parse *p, enum nd_pkt_reg r)
{
    return LLVMBuildLoad2(p->l->b, p->l->i64, p->k->reg[r], "");
}

static void set(struct parse *p, enum nd_pkt_reg r, LLVMValueRef v)
{
    LLVMBuildStore(p->l->b, v, p->k->reg[r]);
}

static void have(struct parse *p, uint32_t what)
{
    set(p, ND_PR_HAVE, LLVMBuildOr(p->l->b, get(p, ND_PR_HAVE), nd_i64(p->l, what), ""));
}

static LLVMValueRef outer(struct parse *p, LLVMValueRef reg)
{
    return LLVMBuildLoad2(p->l->b, p->l->i64, reg, "");
}

static LLVMValueRef head(struct parse *p)
{
    return outer(p, p->l->pkt.head);
}

static LLVMValueRef linear(struct parse *p)
{
    return outer(p, p->l->pkt.end);
}

static void failed(struct parse *p)
{
    nd_count(p->l, ND_SITE_PARSE, p->span, ND_MF_NONE);
}

// At most `most`, in a way that the verifier sees: LLVM, which knows better, must not.
static LLVMValueRef bounded(struct nd_lower *l, LLVMValueRef v, uint64_t most)
{
    v = nd_pin(l, v);
    return LLVMBuildSelect(l->b, cmp(l, LLVMIntULT, v, most), v, nd_i64(l, most), "");
}

// n bytes at an offset of the linear part to buf; the caller has made sure that they are there.
static void fetch(struct parse *p, LLVMValueRef buf, LLVMValueRef off, LLVMValueRef n)
{
    nd_probe_read(p->l, buf, LLVMBuildTrunc(p->l->b, n, p->l->i32, ""), add(p->l, head(p), off),
                  ND_AS_KERNEL, p->span);
}

static LLVMValueRef room(struct parse *p, LLVMValueRef off, uint32_t n)
{
    return LLVMBuildICmp(p->l->b, LLVMIntULE, add(p->l, off, nd_i64(p->l, n)), linear(p), "");
}

// ---- the skb -----------------------------------------------------------------------------------

static LLVMValueRef member(struct parse *p, enum nd_pkt_skb m)
{
    struct nd_expr *e = p->l->probe->pkt->skb[m];

    return e ? nd_lower_int(p->l, e) : nd_i64(p->l, 0);
}

static LLVMValueRef swap16(struct nd_lower *l, LLVMValueRef v)
{
    LLVMValueRef low =
        LLVMBuildShl(l->b, LLVMBuildAnd(l->b, v, nd_i64(l, 0xff), ""), nd_i64(l, 8), "");

    return LLVMBuildOr(l->b, low, bits(l, v, 8, 0xff), "");
}

// Where the network header is: as the skb says, unless that is not set yet (at reception, and in
// packets that come from user space); then behind an Ethernet header at the data, or there.
static void find_l3(struct parse *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef data = sub(l, member(p, ND_PK_DATA), head(p)), mac = member(p, ND_PK_MAC);
    LLVMValueRef net = member(p, ND_PK_NETWORK), proto = swap16(l, member(p, ND_PK_PROTOCOL));
    LLVMValueRef no_mac = is(l, mac, 0xffff), set_net, at_l2, ok[3];
    struct branch b;

    ok[0] = LLVMBuildAnd(l->b, cmp(l, LLVMIntNE, net, 0), cmp(l, LLVMIntNE, net, 0xffff), "");
    ok[1] = LLVMBuildOr(l->b, no_mac, LLVMBuildICmp(l->b, LLVMIntUGE, net, mac, ""), "");
    ok[2] = LLVMBuildICmp(l->b, LLVMIntULT, net, linear(p), "");
    set_net = LLVMBuildAnd(l->b, LLVMBuildAnd(l->b, ok[0], ok[1], ""), ok[2], "");
    at_l2 = LLVMBuildOr(l->b, LLVMBuildICmp(l->b, LLVMIntEQ, mac, data, ""), is(l, proto, 0), "");
    set(p, ND_PR_L2OFF, LLVMBuildSelect(l->b, no_mac, data, mac, ""));
    set(p, ND_PR_ETYPE, proto);
    b = begin_if(l, set_net);
    set(p, ND_PR_L3OFF, net);
    begin_else(l, &b);
    set(p, ND_PR_L3OFF,
        add(l, data, LLVMBuildSelect(l->b, at_l2, nd_i64(l, L2_BYTES), nd_i64(l, 0), "")));
    end_else(l, &b);
    // Is there a link-layer header? Not before the packet got one.
    LLVMBuildStore(l->b,
                   nd_from_bool(l, LLVMBuildOr(l->b, LLVMBuildNot(l->b, no_mac, ""), at_l2, "")),
                   l->pkt.l2_here);
}

static void parse_skb(struct parse *p)
{
    struct nd_lower *l = p->l;

    LLVMBuildStore(l->b, member(p, ND_PK_HEAD), l->pkt.head);
    LLVMBuildStore(l->b, member(p, ND_PK_TAIL), l->pkt.end);
    set(p, ND_PR_HAVE, nd_i64(l, 0));
    find_l3(p);
}

static void parse_l2(struct parse *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef here = LLVMBuildAnd(l->b, nd_bool(l, outer(p, l->pkt.l2_here)),
                                     room(p, get(p, ND_PR_L2OFF), L2_BYTES), "");
    struct branch b = begin_if(l, here);

    fetch(p, p->k->l2, get(p, ND_PR_L2OFF), nd_i64(l, L2_BYTES));
    have(p, ND_PH_ETH);
    end_if(l, &b);
}

// ---- tags --------------------------------------------------------------------------------------

// The tag that the skb keeps apart: vlan_all since Linux 6.0, a bit of its own from 5.0, before
// that bit 12 of the tag.
static void parse_kept_tag(struct parse *p)
{
    struct nd_lower *l = p->l;
    struct nd_expr **skb = l->probe->pkt->skb;
    LLVMValueRef tci = member(p, ND_PK_VLAN_TCI), present;
    struct branch b;

    present = skb[ND_PK_VLAN_ALL]       ? nd_bool(l, member(p, ND_PK_VLAN_ALL))
              : skb[ND_PK_VLAN_PRESENT] ? nd_bool(l, member(p, ND_PK_VLAN_PRESENT))
                                        : nd_bool(l, bits(l, tci, 12, 1));
    b = begin_if(l, present);
    set(p, ND_PR_VLAN, tci);
    have(p, ND_PH_VLAN);
    end_if(l, &b);
}

// One tag in the packet: where the EtherType says VLAN.
static void parse_tag(struct parse *p, LLVMValueRef at)
{
    struct nd_lower *l = p->l;
    LLVMValueRef tag = p->k->tag, second, here;
    struct branch b, c;

    here = LLVMBuildAnd(l->b, any2(l, get(p, ND_PR_ETYPE), ETH_VLAN, ETH_QINQ), room(p, at, 4), "");
    b = begin_if(l, here);
    fetch(p, tag, at, nd_i64(l, 4));
    second = nd_bool(l, bits(l, get(p, ND_PR_HAVE), 0, ND_PH_VLAN));
    c = begin_if(l, second);
    set(p, ND_PR_VLAN2, wire(l, tag, 0, 2));
    have(p, ND_PH_VLAN2);
    begin_else(l, &c);
    set(p, ND_PR_VLAN, wire(l, tag, 0, 2));
    have(p, ND_PH_VLAN);
    end_else(l, &c);
    set(p, ND_PR_ETYPE, wire(l, tag, 2, 2));
    set(p, ND_PR_L3OFF, add(l, at, nd_i64(l, 4)));
    end_if(l, &b);
}

// Tags stand behind the addresses of the frame, whatever the network header's offset says.
static void parse_tags(struct parse *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef first;

    if (p->layers & ND_PL_VLAN)
        parse_kept_tag(p);
    first =
        LLVMBuildSelect(l->b, nd_bool(l, outer(p, l->pkt.l2_here)),
                        add(l, get(p, ND_PR_L2OFF), nd_i64(l, L2_BYTES)), get(p, ND_PR_L3OFF), "");
    parse_tag(p, first);
    parse_tag(p, get(p, ND_PR_L3OFF));
}

// ---- network -----------------------------------------------------------------------------------

static void parse_ip4(struct parse *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef hlen =
        LLVMBuildShl(l->b, bits(l, wire(l, p->k->l3, 0, 1), 0, 15), nd_i64(l, 2), "");
    LLVMValueRef frag = wire(l, p->k->l3, 6, 2), good;
    struct branch b;

    good = LLVMBuildAnd(l->b, is(l, bits(l, wire(l, p->k->l3, 0, 1), 4, 15), 4),
                        cmp(l, LLVMIntUGE, hlen, 20), "");
    b = begin_if(l, good);
    have(p, ND_PH_IP4);
    set(p, ND_PR_PROTO, wire(l, p->k->l3, 9, 1));
    set(p, ND_PR_FRAG, LLVMBuildShl(l->b, bits(l, frag, 0, 0x1fff), nd_i64(l, 3), ""));
    set(p, ND_PR_MF, bits(l, frag, 13, 1));
    set(p, ND_PR_L4OFF, add(l, get(p, ND_PR_L3OFF), hlen));
    begin_else(l, &b);
    failed(p);
    end_else(l, &b);
}

static LLVMValueRef is_extension(struct nd_lower *l, LLVMValueRef proto)
{
    return LLVMBuildOr(l->b,
                       LLVMBuildOr(l->b, any2(l, proto, PROTO_HOP, PROTO_ROUTE),
                                   any2(l, proto, PROTO_FRAG, PROTO_AUTH), ""),
                       is(l, proto, PROTO_DEST), "");
}

// One extension header: 8 bytes tell the next one, the length, and the offset of a fragment.
static void parse_extension(struct parse *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef at = get(p, ND_PR_L4OFF), proto = get(p, ND_PR_PROTO), len, frag;
    struct branch b = begin_if(l, is_extension(l, proto)), c, f;

    c = begin_if(l, room(p, at, TUNNEL_BYTES));
    fetch(p, p->k->tag, at, nd_i64(l, TUNNEL_BYTES));
    len = wire(l, p->k->tag, 1, 1);
    len = LLVMBuildSelect(
        l->b, is(l, proto, PROTO_AUTH), // in words of 4 bytes, less 2; the others of 8, less 1
        LLVMBuildShl(l->b, add(l, len, nd_i64(l, 2)), nd_i64(l, 2), ""),
        LLVMBuildShl(l->b, add(l, len, nd_i64(l, 1)), nd_i64(l, 3), ""), "");
    f = begin_if(l, is(l, proto, PROTO_FRAG));
    frag = wire(l, p->k->tag, 2, 2);
    set(p, ND_PR_FRAG, bits(l, frag, 0, 0xfff8));
    set(p, ND_PR_MF, bits(l, frag, 0, 1));
    set(p, ND_PR_L4OFF, add(l, at, nd_i64(l, 8)));
    begin_else(l, &f);
    set(p, ND_PR_L4OFF, add(l, at, len));
    end_else(l, &f);
    set(p, ND_PR_PROTO, wire(l, p->k->tag, 0, 1));
    end_if(l, &c);
    end_if(l, &b);
}

static void parse_ip6(struct parse *p, LLVMValueRef n)
{
    struct nd_lower *l = p->l;
    LLVMValueRef good = LLVMBuildAnd(l->b, is(l, bits(l, wire(l, p->k->l3, 0, 1), 4, 15), 6),
                                     cmp(l, LLVMIntUGE, n, 40), "");
    struct branch b = begin_if(l, good), c;
    uint32_t i;

    have(p, ND_PH_IP6);
    set(p, ND_PR_PROTO, wire(l, p->k->l3, 6, 1));
    set(p, ND_PR_FRAG, nd_i64(l, 0));
    set(p, ND_PR_MF, nd_i64(l, 0));
    set(p, ND_PR_L4OFF, add(l, get(p, ND_PR_L3OFF), nd_i64(l, 40)));
    for (i = 0; i < EXTENSIONS_MAX; i++)
        parse_extension(p);
    // A chain without end: what follows is not known.
    c = begin_if(l, LLVMBuildAnd(l->b, is_extension(l, get(p, ND_PR_PROTO)),
                                 is(l, get(p, ND_PR_FRAG), 0), ""));
    failed(p);
    end_if(l, &c);
    begin_else(l, &b);
    failed(p);
    end_else(l, &b);
}

static void parse_by_type(struct parse *p, LLVMValueRef n)
{
    struct nd_lower *l = p->l;
    LLVMValueRef type = get(p, ND_PR_ETYPE), nibble = bits(l, wire(l, p->k->l3, 0, 1), 4, 15);
    struct branch b, c, d;

    // Before the packet has an EtherType only its first byte tells.
    type = LLVMBuildSelect(
        l->b, LLVMBuildAnd(l->b, is(l, type, 0), is(l, nibble, 4), ""), nd_i64(l, ETH_IP),
        LLVMBuildSelect(l->b, LLVMBuildAnd(l->b, is(l, type, 0), is(l, nibble, 6), ""),
                        nd_i64(l, ETH_IP6), type, ""),
        "");
    set(p, ND_PR_ETYPE, type);
    b = begin_if(l, is(l, type, ETH_IP));
    parse_ip4(p);
    begin_else(l, &b);
    c = begin_if(l, is(l, type, ETH_IP6));
    parse_ip6(p, n);
    begin_else(l, &c);
    d = begin_if(
        l, LLVMBuildAnd(l->b, any2(l, type, ETH_ARP, ETH_RARP), cmp(l, LLVMIntUGE, n, 28), ""));
    have(p, ND_PH_ARP);
    end_if(l, &d);
    end_else(l, &c);
    end_else(l, &b);
}

// The bytes from the network header on, up to 64: with the transport header, mostly.
static void parse_l3(struct parse *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef off = get(p, ND_PR_L3OFF), n;
    struct branch b;

    nd_zero(l, p->k->l3, 0, L3_BYTES); // older verifiers want all of it written
    b = begin_if(l, room(p, off, 20));
    n = sub(l, linear(p), off);
    n = LLVMBuildSelect(l->b, cmp(l, LLVMIntULT, n, L3_BYTES), n, nd_i64(l, L3_BYTES), "");
    n = bounded(l, n, L3_BYTES);
    LLVMBuildStore(l->b, n, p->k->n3);
    fetch(p, p->k->l3, off, n);
    parse_by_type(p, outer(p, p->k->n3));
    begin_else(l, &b);
    LLVMBuildStore(l->b, nd_i64(l, 0), p->k->n3);
    failed(p);
    end_else(l, &b);
}

static void copy_words(struct nd_lower *l, LLVMValueRef to, LLVMValueRef from, uint32_t words)
{
    uint32_t i;

    for (i = 0; i < words; i++)
        nd_store(l, nd_gep(l, to, 4 * i), 4, nd_load_int(l, nd_gep(l, from, 4 * i), &nd_type_u32));
}

static void put_mapped(struct nd_lower *l, LLVMValueRef to, LLVMValueRef from)
{
    nd_zero(l, to, 0, 8);
    nd_store(l, nd_gep(l, to, 8), 4, nd_i64(l, 0xffff0000));
    nd_store(l, nd_gep(l, to, 12), 4, nd_load_int(l, from, &nd_type_u32));
}

// Addresses as 16 bytes, IPv4 mapped; of ARP those of the protocol.
static void parse_addresses(struct parse *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef had = get(p, ND_PR_HAVE), v4[2];
    struct branch b = begin_if(l, nd_bool(l, bits(l, had, 0, ND_PH_IP6))), c, d;

    copy_words(l, p->k->addr, nd_gep(l, p->k->l3, 8), 8);
    begin_else(l, &b);
    c = begin_if(l, nd_bool(l, bits(l, had, 0, ND_PH_ARP)));
    // Not aligned in ARP: by bytes of 2.
    v4[0] = nd_gep(l, p->k->tag, 0);
    nd_store(l, v4[0], 2, nd_load_int(l, nd_gep(l, p->k->l3, 14), &nd_type_u16));
    nd_store(l, nd_gep(l, v4[0], 2), 2, nd_load_int(l, nd_gep(l, p->k->l3, 16), &nd_type_u16));
    put_mapped(l, p->k->addr, v4[0]);
    put_mapped(l, nd_gep(l, p->k->addr, 16), nd_gep(l, p->k->l3, 24));
    begin_else(l, &c);
    d = begin_if(l, nd_bool(l, bits(l, had, 0, ND_PH_IP4)));
    put_mapped(l, p->k->addr, nd_gep(l, p->k->l3, 12));
    put_mapped(l, nd_gep(l, p->k->addr, 16), nd_gep(l, p->k->l3, 16));
    begin_else(l, &d);
    nd_zero(l, p->k->addr, 0, 32);
    end_else(l, &d);
    end_else(l, &c);
    end_else(l, &b);
}

// ---- transport ---------------------------------------------------------------------------------

static const struct {
    uint8_t proto, need; // bytes that must be there
    uint16_t ip, have;   // of which IP, 0: any; what it is then
} transports[] = {
    {PROTO_TCP, 20, 0, ND_PH_TCP},          {PROTO_UDP, 8, 0, ND_PH_UDP},
    {PROTO_ICMP, 8, ND_PH_IP4, ND_PH_ICMP}, {PROTO_ICMP6, 8, ND_PH_IP6, ND_PH_ICMP6},
    {PROTO_SCTP, 8, 0, ND_PH_SCTP},         {PROTO_GRE, 4, 0, ND_PH_GRE},
};

// Bytes of the header, as far as they are there; 0 when it is of no known protocol.
static LLVMValueRef transport(struct parse *p, LLVMValueRef *found)
{
    struct nd_lower *l = p->l;
    LLVMValueRef proto = get(p, ND_PR_PROTO), had = get(p, ND_PR_HAVE), need = nd_i64(l, 0);
    size_t i;

    *found = nd_i64(l, 0);
    for (i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
        LLVMValueRef it = is(l, proto, transports[i].proto);

        if (transports[i].ip)
            it = LLVMBuildAnd(l->b, it, nd_bool(l, bits(l, had, 0, transports[i].ip)), "");
        need = LLVMBuildSelect(l->b, it, nd_i64(l, transports[i].need), need, "");
        *found = LLVMBuildSelect(l->b, it, nd_i64(l, transports[i].have), *found, "");
    }
    return need;
}

// From the bytes that came with the network header, or by a read of its own.
static void fetch_l4(struct parse *p, LLVMValueRef off, LLVMValueRef need)
{
    struct nd_lower *l = p->l;
    LLVMValueRef rel = sub(l, off, get(p, ND_PR_L3OFF)), n3 = outer(p, p->k->n3), whole, n;
    struct branch b, c;

    whole = LLVMBuildICmp(l->b, LLVMIntULE, add(l, rel, need), n3, "");
    b = begin_if(l, LLVMBuildAnd(l->b, whole, is(l, rel, 20), ""));
    copy_words(l, p->k->l4, nd_gep(l, p->k->l3, 20), 5);
    begin_else(l, &b);
    c = begin_if(l, LLVMBuildAnd(l->b, whole, is(l, rel, 40), ""));
    copy_words(l, p->k->l4, nd_gep(l, p->k->l3, 40), 5);
    begin_else(l, &c);
    nd_zero(l, p->k->l4, 0, L4_BYTES);
    n = bounded(l, need, L4_BYTES);
    fetch(p, p->k->l4, off, n);
    end_else(l, &c);
    end_else(l, &b);
}

static void parse_l4(struct parse *p)
{
    struct nd_lower *l = p->l;
    LLVMValueRef had = get(p, ND_PR_HAVE), found, need, first, off;
    struct branch b, c;

    first = LLVMBuildAnd(l->b, nd_bool(l, bits(l, had, 0, ND_PH_IP4 | ND_PH_IP6)),
                         is(l, get(p, ND_PR_FRAG), 0), "");
    b = begin_if(l, first);
    need = transport(p, &found);
    off = get(p, ND_PR_L4OFF);
    c = begin_if(l, LLVMBuildAnd(l->b, nd_bool(l, need),
                                 LLVMBuildICmp(l->b, LLVMIntULE, add(l, off, need), linear(p), ""),
                                 ""));
    fetch_l4(p, off, need);
    set(p, ND_PR_HAVE, LLVMBuildOr(l->b, get(p, ND_PR_HAVE), found, ""));
    begin_else(l, &c);
    nd_count_if(l, nd_bool(l, need), ND_SITE_PARSE, p->span, ND_MF_NONE);
    end_else(l, &c);
    end_if(l, &b);
}

// ---- tunnels -----------------------------------------------------------------------------------

// VXLAN, also on Linux's old port, and Geneve: 8 bytes behind UDP. Then the frame.
static void parse_udp_tunnel(struct parse *p, struct parse *in)
{
    struct nd_lower *l = p->l;
    LLVMValueRef port = wire(l, p->k->l4, 2, 2), at = add(l, get(p, ND_PR_L4OFF), nd_i64(l, 8));
    LLVMValueRef vxlan = any2(l, port, 4789, 8472), geneve = is(l, port, 6081), opts;
    struct branch b = begin_if(l, LLVMBuildAnd(l->b, LLVMBuildOr(l->b, vxlan, geneve, ""),
                                               room(p, at, TUNNEL_BYTES), "")),
                  c;

    fetch(p, p->k->tag, at, nd_i64(l, TUNNEL_BYTES));
    set(p, ND_PR_VNI, bits(l, wire(l, p->k->tag, 4, 4), 8, 0xffffff));
    at = add(l, at, nd_i64(l, TUNNEL_BYTES));
    set(in, ND_PR_ETYPE, nd_i64(l, ETH_TEB));
    c = begin_if(l, geneve);
    have(p, ND_PH_GENEVE);
    opts = LLVMBuildShl(l->b, bits(l, wire(l, p->k->tag, 0, 1), 0, 63), nd_i64(l, 2), "");
    set(in, ND_PR_ETYPE, wire(l, p->k->tag, 2, 2));
    set(in, ND_PR_L3OFF, add(l, at, opts));
    begin_else(l, &c);
    have(p, ND_PH_VXLAN);
    set(in, ND_PR_L3OFF, at);
    end_else(l, &c);
    end_if(l, &b);
}

// GRE (RFC 2784, 2890): 4 bytes, then checksum, key and sequence number where flags say so.
static void parse_gre(struct parse *p, struct parse *in)
{
    struct nd_lower *l = p->l;
    LLVMValueRef flags = wire(l, p->k->l4, 0, 2), at = get(p, ND_PR_L4OFF), key;
    LLVMValueRef sum = bits(l, flags, 15, 1), has_key = bits(l, flags, 13, 1);
    struct branch b;

    at = add(l, at, nd_i64(l, 4));
    key = add(l, at, LLVMBuildShl(l->b, sum, nd_i64(l, 2), ""));
    b = begin_if(l, LLVMBuildAnd(l->b, nd_bool(l, has_key), room(p, key, 4), ""));
    fetch(p, p->k->tag, key, nd_i64(l, 4));
    set(p, ND_PR_VNI, wire(l, p->k->tag, 0, 4));
    begin_else(l, &b);
    set(p, ND_PR_VNI, nd_i64(l, 0));
    end_else(l, &b);
    at = add(l, key, LLVMBuildShl(l->b, add(l, has_key, bits(l, flags, 12, 1)), nd_i64(l, 2), ""));
    set(in, ND_PR_ETYPE, wire(l, p->k->l4, 2, 2));
    set(in, ND_PR_L3OFF, at);
}

// What a tunnel carries: a frame, whose EtherType is read, or a packet.
static void parse_inner(struct parse *p, struct parse *in)
{
    struct nd_lower *l = p->l;
    LLVMValueRef had = get(p, ND_PR_HAVE), off;
    struct branch b = begin_if(l, nd_bool(l, bits(l, had, 0, ND_PH_UDP))), c, d;

    set(in, ND_PR_HAVE, nd_i64(l, 0));
    set(in, ND_PR_L3OFF, nd_i64(l, 0));
    parse_udp_tunnel(p, in);
    begin_else(l, &b);
    set(in, ND_PR_HAVE, nd_i64(l, 0));
    set(in, ND_PR_L3OFF, nd_i64(l, 0));
    c = begin_if(l, nd_bool(l, bits(l, had, 0, ND_PH_GRE)));
    parse_gre(p, in);
    end_if(l, &c);
    end_else(l, &b);
    if (!in->layers)
        return;
    off = get(in, ND_PR_L3OFF);
    b = begin_if(l, nd_bool(l, off));
    c = begin_if(
        l, LLVMBuildAnd(l->b, is(l, get(in, ND_PR_ETYPE), ETH_TEB), room(in, off, L2_BYTES), ""));
    fetch(in, in->k->l2, off, nd_i64(l, L2_BYTES));
    have(in, ND_PH_ETH);
    set(in, ND_PR_ETYPE, wire(l, in->k->l2, 12, 2));
    set(in, ND_PR_L3OFF, add(l, off, nd_i64(l, L2_BYTES)));
    end_if(l, &c);
    d = begin_if(l, cmp(l, LLVMIntNE, get(in, ND_PR_ETYPE), ETH_TEB));
    parse_l3(in);
    if (in->layers & ND_PL_ADDR)
        parse_addresses(in);
    if (in->layers & ND_PL_L4)
        parse_l4(in);
    end_if(l, &d);
    end_if(l, &b);
}

// ---- all of it ---------------------------------------------------------------------------------

// 0 before anything else runs.
static LLVMValueRef cleared(struct nd_lower *l, const char *name)
{
    LLVMValueRef r = nd_register(l, name);
    LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b);

    LLVMPositionBuilderAtEnd(l->b, l->prologue);
    LLVMBuildStore(l->b, nd_i64(l, 0), r);
    LLVMPositionBuilderAtEnd(l->b, here);
    return r;
}

static LLVMValueRef cleared_bytes(struct nd_lower *l, uint32_t size)
{
    LLVMValueRef p = nd_keep(l, size);
    LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b);

    if (l->scratch) // memory of the map, which verifiers take as written
        return p;
    LLVMPositionBuilderAtEnd(l->b, l->prologue);
    nd_zero(l, p, 0, size);
    LLVMPositionBuilderAtEnd(l->b, here);
    return p;
}

static void make_buffers(struct nd_lower *l, struct nd_lpkt *k, bool inner)
{
    static const char *const names[ND_PR_MAX] = {
        "have", "l2off", "l3off", "l4off", "etype", "proto", "frag", "mf", "vlan", "vlan2", "vni"};
    uint32_t i;

    if (k->l3)
        return;
    for (i = 0; i < ND_PR_MAX; i++)
        k->reg[i] = cleared(l, names[i]);
    k->n3 = cleared(l, "n3");
    k->l2 = cleared_bytes(l, 16);
    k->l3 = cleared_bytes(l, L3_BYTES);
    k->l4 = cleared_bytes(l, 24);
    k->addr = cleared_bytes(l, 32);
    k->tag = cleared_bytes(l, TUNNEL_BYTES);
    if (inner)
        return;
    l->pkt.head = cleared(l, "head");
    l->pkt.end = cleared(l, "end");
    l->pkt.filled = cleared(l, "parsed");
    l->pkt.l2_here = cleared(l, "l2");
    l->pkt.zeros = cleared_bytes(l, 16);
}

static void parse(struct nd_lower *l, uint32_t layers, struct nd_span span)
{
    struct parse p = {.l = l, .k = &l->pkt.of[0], .span = span, .layers = layers & 0xff};
    struct parse in = {
        .l = l, .k = &l->pkt.of[1], .span = span, .layers = layers >> ND_PL_INNER, .inner = true};

    parse_skb(&p);
    if (p.layers & ND_PL_L2)
        parse_l2(&p);
    if (p.layers & ND_PL_L3) {
        parse_tags(&p);
        parse_l3(&p);
    }
    if (p.layers & (ND_PL_ADDR | ND_PL_ARP))
        parse_addresses(&p);
    if (p.layers & ND_PL_L4)
        parse_l4(&p);
    if (p.layers & ND_PL_TUNNEL)
        parse_inner(&p, &in);
}

void nd_pkt_prepare(struct nd_lower *l, uint32_t layers, struct nd_span span)
{
    uint32_t missing = layers & ~l->pkt.done;
    struct branch b;
    bool test;

    if (!missing || !l->probe->pkt)
        return;
    missing = layers | l->pkt.done; // again, with what is there already: one order of reading
    make_buffers(l, &l->pkt.of[0], false);
    if (missing & ND_PL_TUNNEL)
        make_buffers(l, &l->pkt.of[1], true);
    test = (l->pkt.maybe & missing) == missing;
    if (test) {
        LLVMValueRef left = LLVMBuildAnd(
            l->b, LLVMBuildNot(l->b, LLVMBuildLoad2(l->b, l->i64, l->pkt.filled, ""), ""),
            nd_i64(l, missing), "");

        b = begin_if(l, nd_bool(l, left));
    }
    parse(l, missing, span);
    LLVMBuildStore(
        l->b,
        LLVMBuildOr(l->b, LLVMBuildLoad2(l->b, l->i64, l->pkt.filled, ""), nd_i64(l, missing), ""),
        l->pkt.filled);
    if (test)
        end_if(l, &b);
    l->pkt.done |= missing;
    l->pkt.maybe |= missing;
}

// ---- values ------------------------------------------------------------------------------------

static LLVMValueRef found(struct nd_lower *l, const struct nd_lpkt *k, uint32_t what)
{
    LLVMValueRef had = LLVMBuildLoad2(l->b, l->i64, k->reg[ND_PR_HAVE], "");

    return nd_bool(l, bits(l, had, 0, what));
}

static LLVMValueRef by_version(struct nd_lower *l, const struct nd_lpkt *k, LLVMValueRef v4,
                               LLVMValueRef v6)
{
    return LLVMBuildSelect(l->b, found(l, k, ND_PH_IP6), v6, v4, "");
}

static LLVMValueRef ip_length(struct nd_lower *l, const struct nd_lpkt *k)
{
    return by_version(l, k, wire(l, k->l3, 2, 2), add(l, wire(l, k->l3, 4, 2), nd_i64(l, 40)));
}

static LLVMValueRef reg_of(struct nd_lower *l, const struct nd_lpkt *k, enum nd_pkt_reg r)
{
    return LLVMBuildLoad2(l->b, l->i64, k->reg[r], "");
}

static LLVMValueRef payload(struct nd_lower *l, const struct nd_lpkt *k)
{
    LLVMValueRef headers = sub(l, reg_of(l, k, ND_PR_L4OFF), reg_of(l, k, ND_PR_L3OFF));

    headers = add(l, headers, bits(l, wire(l, k->l4, 12, 1), 2, 60));
    return sub(l, ip_length(l, k), headers);
}

// struct flow, see nd_type_flow.
static void put_flow(struct nd_lower *l, const struct nd_lpkt *k, LLVMValueRef to,
                     const struct nd_type *t)
{
    LLVMValueRef ports = found(l, k, ND_PH_TCP | ND_PH_UDP | ND_PH_SCTP), zero = nd_i64(l, 0);

    nd_zero(l, to, 32, t->size - 32);
    copy_words(l, to, k->addr, 8);
    nd_store(l, nd_gep(l, to, t->fields[2].off), 2,
             LLVMBuildSelect(l->b, ports, wire(l, k->l4, 0, 2), zero, ""));
    nd_store(l, nd_gep(l, to, t->fields[3].off), 2,
             LLVMBuildSelect(l->b, ports, wire(l, k->l4, 2, 2), zero, ""));
    nd_store(l, nd_gep(l, to, t->fields[4].off), 1, reg_of(l, k, ND_PR_PROTO));
}

void nd_lower_flow_into(struct nd_lower *l, LLVMValueRef to, const struct nd_type *t)
{
    put_flow(l, &l->pkt.of[0], to, t);
}

static LLVMValueRef coded(struct nd_lower *l, const struct nd_lpkt *k, uint32_t code)
{
    switch ((enum nd_pkt_code)code) {
    case ND_PC_LEN6:
        return ip_length(l, k);
    case ND_PC_TOS6:
        return by_version(l, k, wire(l, k->l3, 1, 1), bits(l, wire(l, k->l3, 0, 2), 4, 0xff));
    case ND_PC_PAYLOAD:
        return payload(l, k);
    default:
        return nd_i64(l, 0);
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
        v = wire(l, buffer_of(k, r->src), r->off, r->size);
    if (r->off6)
        v = by_version(l, k, v, wire(l, k->l3, r->off6, r->size));
    return r->shift || r->mask ? bits(l, v, r->shift, r->mask) : v;
}

// Hardware addresses stand at even places only.
static LLVMValueRef aligned_mac(struct nd_lower *l, LLVMValueRef from)
{
    LLVMValueRef to = nd_temp(l, 8);
    uint32_t i;

    for (i = 0; i < 6; i += 2)
        nd_store(l, nd_gep(l, to, i), 2, nd_load_int(l, nd_gep(l, from, i), &nd_type_u16));
    return to;
}

// A field of the packet: 0 when it is absent.
struct nd_val nd_lower_pkt(struct nd_lower *l, struct nd_expr *e)
{
    const struct nd_pkt_row *r = e->info;
    const struct nd_lpkt *k = &l->pkt.of[e->a->type->depth != 0];
    struct nd_val v = {.as = ND_AS_BPF};
    LLVMValueRef there;

    if (r->src == ND_PS_SKB)
        return nd_lower_expr(l, l->probe->pkt->skb[r->off]);
    there = r->need ? found(l, k, r->need) : NULL;
    if (r->src == ND_PS_CODE && r->off == ND_PC_FLOW) {
        v.v = nd_temp(l, e->type->size);
        put_flow(l, k, v.v, e->type);
        v.mem = true;
    } else if (r->size > 4) {
        v.v = nd_gep(l, buffer_of(k, r->src), r->off);
        v.mem = true;
        if (r->size == 6)
            v.v = aligned_mac(l, v.v);
        if (there)
            v.v = LLVMBuildSelect(l->b, there, v.v, l->pkt.zeros, "");
    } else {
        v.v = number(l, k, r);
        if (there)
            v.v = LLVMBuildSelect(l->b, there, v.v, nd_i64(l, 0), "");
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
        one = found(l, &l->pkt.of[inner], r->need);
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
LLVMValueRef nd_pkt_if_there(struct nd_lower *l, const struct nd_expr *e, LLVMValueRef truth)
{
    LLVMValueRef all = NULL;

    if (!l->probe->pkt)
        return truth;
    note_need(l, e->a, &all);
    if (e->b && e->b->kind == ND_E_TUPLE && e->kind == ND_E_IN)
        ; // any of them
    else
        note_need(l, e->b, &all);
    return all ? LLVMBuildAnd(l->b, truth, nd_from_bool(l, all), "") : truth;
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
        need = ND_PH_IP4 | ND_PH_IP6 | ND_PH_ARP | ND_PH_ETH;
    return nd_from_bool(l, need ? found(l, &l->pkt.of[inner], need) : LLVMConstInt(l->i1, 1, 0));
}

// ---- identity ----------------------------------------------------------------------------------
//
// What a packet is known by at every stage, words of 32 bits: addresses, protocol, ports or what
// stands for them, then by protocol. TCP: seq, ack; UDP: length; ICMP echo: id and seq; ARP:
// sender. Last the IPv4 identification and the offset of a fragment, or the IPv6 flow label. Not
// the payload length of TCP, for segmentation changes it, nor checksums, which offloading fills in
// late.

enum { ID_SRC, ID_DST = 4, ID_PROTO = 8, ID_PORTS, ID_A, ID_B, ID_IP, ID_END, ID_WORDS = 14 };

static void put_word(struct nd_lower *l, LLVMValueRef to, uint32_t i, LLVMValueRef v)
{
    nd_store(l, nd_gep(l, to, 4 * i), 4, v);
}

static LLVMValueRef word_if(struct nd_lower *l, LLVMValueRef cond, LLVMValueRef v)
{
    return LLVMBuildSelect(l->b, cond, v, nd_i64(l, 0), "");
}

struct nd_val nd_lower_packet_id(struct nd_lower *l)
{
    const struct nd_lpkt *k = &l->pkt.of[0];
    LLVMValueRef to = nd_temp(l, ID_WORDS * 4), tcp = found(l, k, ND_PH_TCP);
    LLVMValueRef udp = found(l, k, ND_PH_UDP), icmp = found(l, k, ND_PH_ICMP | ND_PH_ICMP6);
    LLVMValueRef arp = found(l, k, ND_PH_ARP),
                 ports = found(l, k, ND_PH_TCP | ND_PH_UDP | ND_PH_SCTP);
    LLVMValueRef kind, a, id;

    nd_zero(l, to, 4 * ID_END, 4 * (ID_WORDS - ID_END));
    copy_words(l, to, k->addr, 8);
    kind =
        LLVMBuildShl(l->b, bits(l, reg_of(l, k, ND_PR_HAVE), 0, ND_PH_IP4 | ND_PH_IP6 | ND_PH_ARP),
                     nd_i64(l, 8), "");
    put_word(l, to, ID_PROTO, LLVMBuildOr(l->b, reg_of(l, k, ND_PR_PROTO), kind, ""));
    a = LLVMBuildSelect(l->b, ports, wire(l, k->l4, 0, 4), word_if(l, icmp, wire(l, k->l4, 0, 2)),
                        "");
    put_word(l, to, ID_PORTS, LLVMBuildSelect(l->b, arp, wire(l, k->l3, 6, 2), a, ""));
    a = LLVMBuildSelect(l->b, tcp, wire(l, k->l4, 4, 4),
                        LLVMBuildSelect(l->b, icmp, wire(l, k->l4, 4, 4),
                                        word_if(l, udp, wire(l, k->l4, 4, 2)), ""),
                        "");
    put_word(l, to, ID_A, LLVMBuildSelect(l->b, arp, wire(l, k->l3, 8, 4), a, ""));
    put_word(l, to, ID_B,
             LLVMBuildSelect(l->b, tcp, wire(l, k->l4, 8, 4),
                             word_if(l, arp, wire(l, k->l3, 12, 2)), ""));
    id = LLVMBuildOr(l->b, LLVMBuildShl(l->b, wire(l, k->l3, 4, 2), nd_i64(l, 16), ""),
                     reg_of(l, k, ND_PR_FRAG), "");
    put_word(l, to, ID_IP,
             LLVMBuildSelect(
                 l->b, found(l, k, ND_PH_IP4), id,
                 word_if(l, found(l, k, ND_PH_IP6), bits(l, wire(l, k->l3, 0, 4), 0, 0xfffff)),
                 ""));
    return (struct nd_val){.v = to, .mem = true, .as = ND_AS_BPF};
}
