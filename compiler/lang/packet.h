// SPDX-License-Identifier: GPL-2.0-or-later
// The packet of a probe: pkt and its fields as a table, with what must be parsed for each. How they
// are read is in lower_packet.c. Serves checker, lowering, lists and docs.
#ifndef ND_PACKET_H
#define ND_PACKET_H

#include "compiler/lang/program.h"

// What a probe may ask to be parsed; each brings what it stands on.
enum nd_pkt_layer {
    ND_PL_SKB = 1 << 0, // head, end of the linear part, offsets
    ND_PL_L2 = 1 << 1,
    ND_PL_VLAN = 1 << 2,
    ND_PL_L3 = 1 << 3,
    ND_PL_ADDR = 1 << 4, // addresses in one form for IPv4 and IPv6
    ND_PL_L4 = 1 << 5,
    ND_PL_ARP = 1 << 6,
    ND_PL_TUNNEL = 1 << 7,
    ND_PL_GSO = 1 << 8,
    ND_PL_CT = 1 << 9,
    ND_PL_AFTER_L4 = 1 << 10, // what follows the transport header
    ND_PL_INNER = 12,         // shift: the same of the packet in a tunnel
    ND_PL_MASK = (1 << ND_PL_INNER) - 1,
};

// What a packet turned out to have: bits of a word of the program, one for each header and state of
// packet.def.
enum {
#define ND_PKT_HEADER(id, layer, src) ND_PH_##id##_BIT,
#define ND_PKT_STATE(id) ND_PH_##id##_BIT,
#include "compiler/lang/packet.def"
};
enum nd_pkt_have {
#define ND_PKT_HEADER(id, layer, src) ND_PH_##id = 1 << ND_PH_##id##_BIT,
#define ND_PKT_STATE(id) ND_PH_##id = 1 << ND_PH_##id##_BIT,
#include "compiler/lang/packet.def"
};

#define ND_PKT_PORTS (ND_PH_TCP | ND_PH_UDP | ND_PH_SCTP) // headers that begin with two ports

// Where a field's value is.
enum nd_pkt_src {
    ND_PS_L2, // bytes of headers, network order: off, size
    ND_PS_L3,
    ND_PS_L4,
    ND_PS_ADDR,
    ND_PS_REG,  // off: enum nd_pkt_reg
    ND_PS_SKB,  // off: enum nd_pkt_skb
    ND_PS_CODE, // off: enum nd_pkt_code
};

enum nd_pkt_reg {
    ND_PR_HAVE,
    ND_PR_L2OFF, // offsets from skb->head
    ND_PR_L3OFF,
    ND_PR_L4OFF,
    ND_PR_ETYPE, // EtherType after tags, host order
    ND_PR_PROTO,
    ND_PR_FRAG, // offset of the fragment in bytes
    ND_PR_MF,   // more fragments follow
    ND_PR_VLAN, // outermost tag
    ND_PR_VLAN2,
    ND_PR_VNI,
    ND_PR_N3,     // bytes read from the network header on
    ND_PR_END,    // of the packet by the IP header, from skb->head
    ND_PR_LENGTH, // by the IP header
    ND_PR_MAX,
};

enum nd_pkt_code { ND_PC_TOS6, ND_PC_PAYLOAD, ND_PC_FLOW, ND_PC_REVERSED };

// Members of struct sk_buff that are read, and others reached through it: see bases in packet.c.
// Those from CT_STATE on are looked for only if a script names them, because not every kernel has
// them.
#define ND_PKT_SKB(X)                  \
    X(HEAD, "head")                    \
    X(DATA, "data")                    \
    X(TAIL, "tail")                    \
    X(LEN, "len")                      \
    X(NETWORK, "network_header")       \
    X(MAC, "mac_header")               \
    X(TRANSPORT, "transport_header")   \
    X(PROTOCOL, "protocol")            \
    X(VLAN_TCI, "vlan_tci")            \
    X(VLAN_ALL, "vlan_all")            \
    X(VLAN_PRESENT, "vlan_present")    \
    X(MARK, "mark")                    \
    X(HASH, "hash")                    \
    X(QUEUE, "queue_mapping")          \
    X(CLONED, "cloned")                \
    X(DEV_NAME, "dev.name")            \
    X(IFINDEX, "dev.ifindex")          \
    X(DEV, "dev")                      \
    X(NETNS, "dev.nd_net.net.ns.inum") \
    X(DEV_TYPE, "dev.type")            \
    X(GSO_SIZE, "shared:gso_size")     \
    X(GSO_SEGS, "shared:gso_segs")     \
    X(GSO_TYPE, "shared:gso_type")     \
    X(NFCT, "_nfct")                   \
    X(CT_STATE, "ctinfo:")             \
    X(CT_STATUS, "ct:status")          \
    X(CT_ZONE, "ct:zone.id")           \
    X(CT_MARK, "ct:mark")
enum nd_pkt_skb {
#define ND_PKT_SKB_ENUM(id, name) ND_PK_##id,
    ND_PKT_SKB(ND_PKT_SKB_ENUM)
#undef ND_PKT_SKB_ENUM
        ND_PK_MAX,
};

struct nd_pkt_row {
    const char *group, *name; // "ip", "src"; group "": pkt.name
    const struct nd_type *type;
    uint32_t layer; // enum nd_pkt_layer bits
    uint32_t need;  // the field is absent unless one of these is there; 0: always there
    enum nd_pkt_src src;
    uint16_t off, off6; // off6: for IPv6 if it differs, otherwise 0
    uint8_t size;
    uint8_t shift; // right
    uint32_t mask; // after the shift, 0: all
    const char *help;
};

// What a probe does with its packet.
struct nd_pkt {
    struct nd_expr *skb[ND_PK_MAX]; // $skb->member, typed; NULL: this kernel has none
};

const struct nd_pkt_row *nd_pkt_row(uint32_t i); // NULL past the end
// The row of a field; group "": pkt.name. NULL: there is none.
const struct nd_pkt_row *nd_pkt_find(const char *group, const char *name);
bool nd_pkt_is_group(const char *name); // pkt.NAME is a header
// Is it a field of pkt that can be absent? Then its row, and whether it is of the inner packet.
const struct nd_pkt_row *nd_pkt_field_of(const struct nd_expr *e, bool *inner);

#endif
