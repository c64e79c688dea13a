// SPDX-License-Identifier: GPL-2.0-or-later
// The fields of pkt as a table. Offsets are those of the headers:
// IEEE 802.3 and 802.1Q, RFC 826 (ARP), 791 (IPv4), 8200 (IPv6), 9293 (TCP), 768 (UDP), 792 and
// 4443 (ICMP), 9260 (SCTP), 7348 (VXLAN), 8926 (Geneve).
#include "compiler/lang/packet.h"

#include <string.h>

#define IP4_6 (ND_PH_IP4 | ND_PH_IP6)
#define PORTS (ND_PH_TCP | ND_PH_UDP | ND_PH_SCTP)
#define ICMPS (ND_PH_ICMP | ND_PH_ICMP6)

// clang-format off
static const struct nd_pkt_row rows[] = {
    // group name type layer need src off off6 size shift mask help
    {"", "len", &nd_type_u32, 0, 0, ND_PS_SKB, ND_PK_LEN, 0, 0, 0, 0, "bytes of the packet, according to the skb"},
    {"", "dev", &nd_type_ifname, 0, 0, ND_PS_SKB, ND_PK_DEV_NAME, 0, 0, 0, 0, "device of the packet"},
    {"", "ifindex", &nd_type_u32, 0, 0, ND_PS_SKB, ND_PK_IFINDEX, 0, 0, 0, 0, "index of that device"},
    {"", "mark", &nd_type_u32, 0, 0, ND_PS_SKB, ND_PK_MARK, 0, 0, 0, 0, "mark of the packet"},
    {"", "hash", &nd_type_u32, 0, 0, ND_PS_SKB, ND_PK_HASH, 0, 0, 0, 0, "flow hash of the skb"},
    {"", "queue", &nd_type_u16, 0, 0, ND_PS_SKB, ND_PK_QUEUE, 0, 0, 0, 0, "queue of the device"},
    {"", "type", &nd_type_u16, ND_PL_L3, ND_PH_TYPE, ND_PS_REG, ND_PR_ETYPE, 0, 0, 0, 0, "EtherType after VLAN tags"},
    {"", "sport", &nd_type_port, ND_PL_L4, PORTS, ND_PS_L4, 0, 0, 2, 0, 0, "source port of TCP, UDP, SCTP"},
    {"", "dport", &nd_type_port, ND_PL_L4, PORTS, ND_PS_L4, 2, 0, 2, 0, 0, "destination port"},
    {"gso", "size", &nd_type_u16, ND_PL_GSO, ND_PH_GSO, ND_PS_SKB, ND_PK_GSO_SIZE, 0, 0, 0, 0, "bytes per segment, if the packet is still to be segmented"},
    {"gso", "segs", &nd_type_u16, ND_PL_GSO, ND_PH_GSO, ND_PS_SKB, ND_PK_GSO_SEGS, 0, 0, 0, 0, "segments; 0 if they were not counted"},
    {"gso", "type", &nd_type_u32, ND_PL_GSO, ND_PH_GSO, ND_PS_SKB, ND_PK_GSO_TYPE, 0, 0, 0, 0, "the kernel's bits SKB_GSO_*"},
    {"ct", "state", NULL, ND_PL_CT, ND_PH_CT, ND_PS_SKB, ND_PK_CT_STATE, 0, 0, 0, 0, "enum ip_conntrack_info"},
    {"ct", "status", &nd_type_u64, ND_PL_CT, ND_PH_CT, ND_PS_SKB, ND_PK_CT_STATUS, 0, 0, 0, 0, "bits IPS_* of the connection"},
    {"ct", "zone", &nd_type_u16, ND_PL_CT, ND_PH_CT, ND_PS_SKB, ND_PK_CT_ZONE, 0, 0, 0, 0, "zone of the connection"},
    {"ct", "mark", &nd_type_u32, ND_PL_CT, ND_PH_CT, ND_PS_SKB, ND_PK_CT_MARK, 0, 0, 0, 0, "mark of the connection"},
    {"eth", "dst", &nd_type_mac, ND_PL_L2, ND_PH_ETH, ND_PS_L2, 0, 0, 6, 0, 0, "destination address"},
    {"eth", "src", &nd_type_mac, ND_PL_L2, ND_PH_ETH, ND_PS_L2, 6, 0, 6, 0, 0, "source address"},
    {"eth", "type", &nd_type_u16, ND_PL_L2, ND_PH_ETH, ND_PS_L2, 12, 0, 2, 0, 0, "EtherType of the frame"},
    {"vlan", "id", &nd_type_u16, ND_PL_VLAN, ND_PH_VLAN, ND_PS_REG, ND_PR_VLAN, 0, 0, 0, 0xfff, "id of the outermost tag"},
    {"vlan", "prio", &nd_type_u8, ND_PL_VLAN, ND_PH_VLAN, ND_PS_REG, ND_PR_VLAN, 0, 0, 13, 7, "its priority"},
    {"vlan2", "id", &nd_type_u16, ND_PL_VLAN, ND_PH_VLAN2, ND_PS_REG, ND_PR_VLAN2, 0, 0, 0, 0xfff, "id of the next tag"},
    {"vlan2", "prio", &nd_type_u8, ND_PL_VLAN, ND_PH_VLAN2, ND_PS_REG, ND_PR_VLAN2, 0, 0, 13, 7, "its priority"},
    {"ip", "src", &nd_type_ip, ND_PL_ADDR, IP4_6, ND_PS_ADDR, 0, 0, 16, 0, 0, "source address, IPv4 or IPv6"},
    {"ip", "dst", &nd_type_ip, ND_PL_ADDR, IP4_6, ND_PS_ADDR, 16, 0, 16, 0, 0, "destination address"},
    {"ip", "version", &nd_type_u8, ND_PL_L3, IP4_6, ND_PS_L3, 0, 0, 1, 4, 15, "4 or 6"},
    {"ip", "proto", &nd_type_proto, ND_PL_L3, ND_PH_PROTO, ND_PS_REG, ND_PR_PROTO, 0, 0, 0, 0, "protocol after extension headers"},
    {"ip", "ttl", &nd_type_u8, ND_PL_L3, IP4_6, ND_PS_L3, 8, 7, 1, 0, 0, "TTL or hop limit"},
    {"ip", "tos", &nd_type_u8, ND_PL_L3, IP4_6, ND_PS_CODE, ND_PC_TOS6, 0, 0, 0, 0, "TOS or traffic class"},
    {"ip", "len", &nd_type_u32, ND_PL_L3, IP4_6, ND_PS_REG, ND_PR_LENGTH, 0, 0, 0, 0, "total length according to the header"},
    {"ip", "id", &nd_type_u16, ND_PL_L3, ND_PH_IP4, ND_PS_L3, 4, 0, 2, 0, 0, "identification, IPv4"},
    {"ip", "df", &nd_type_bool, ND_PL_L3, ND_PH_IP4, ND_PS_L3, 6, 0, 1, 6, 1, "don't fragment, IPv4"},
    {"ip", "frag", &nd_type_u16, ND_PL_L3, IP4_6, ND_PS_REG, ND_PR_FRAG, 0, 0, 0, 0, "offset of the fragment in bytes"},
    {"ip", "mf", &nd_type_bool, ND_PL_L3, IP4_6, ND_PS_REG, ND_PR_MF, 0, 0, 0, 0, "more fragments follow"},
    {"tcp", "sport", &nd_type_port, ND_PL_L4, ND_PH_TCP, ND_PS_L4, 0, 0, 2, 0, 0, "source port"},
    {"tcp", "dport", &nd_type_port, ND_PL_L4, ND_PH_TCP, ND_PS_L4, 2, 0, 2, 0, 0, "destination port"},
    {"tcp", "seq", &nd_type_u32, ND_PL_L4, ND_PH_TCP, ND_PS_L4, 4, 0, 4, 0, 0, "sequence number"},
    {"tcp", "ack", &nd_type_u32, ND_PL_L4, ND_PH_TCP, ND_PS_L4, 8, 0, 4, 0, 0, "acknowledged"},
    {"tcp", "hlen", &nd_type_u8, ND_PL_L4, ND_PH_TCP, ND_PS_L4, 12, 0, 1, 2, 60, "bytes of the header"},
    {"tcp", "flags", &nd_type_u8, ND_PL_L4, ND_PH_TCP, ND_PS_L4, 13, 0, 1, 0, 0, "FIN 1 SYN 2 RST 4 PSH 8 ACK 16 URG 32 ECE 64 CWR 128"},
    {"tcp", "window", &nd_type_u16, ND_PL_L4, ND_PH_TCP, ND_PS_L4, 14, 0, 2, 0, 0, "window as in the header"},
    {"tcp", "payload", &nd_type_u32, ND_PL_L4, ND_PH_TCP, ND_PS_CODE, ND_PC_PAYLOAD, 0, 0, 0, 0, "bytes after the header, according to the IP header"},
    {"udp", "sport", &nd_type_port, ND_PL_L4, ND_PH_UDP, ND_PS_L4, 0, 0, 2, 0, 0, "source port"},
    {"udp", "dport", &nd_type_port, ND_PL_L4, ND_PH_UDP, ND_PS_L4, 2, 0, 2, 0, 0, "destination port"},
    {"udp", "len", &nd_type_u16, ND_PL_L4, ND_PH_UDP, ND_PS_L4, 4, 0, 2, 0, 0, "length with header"},
    {"udp", "csum", &nd_type_u16, ND_PL_L4, ND_PH_UDP, ND_PS_L4, 6, 0, 2, 0, 0, "checksum"},
    {"sctp", "sport", &nd_type_port, ND_PL_L4, ND_PH_SCTP, ND_PS_L4, 0, 0, 2, 0, 0, "source port"},
    {"sctp", "dport", &nd_type_port, ND_PL_L4, ND_PH_SCTP, ND_PS_L4, 2, 0, 2, 0, 0, "destination port"},
    {"icmp", "type", &nd_type_u8, ND_PL_L4, ICMPS, ND_PS_L4, 0, 0, 1, 0, 0, "type of ICMP or ICMPv6"},
    {"icmp", "code", &nd_type_u8, ND_PL_L4, ICMPS, ND_PS_L4, 1, 0, 1, 0, 0, "code"},
    {"icmp", "id", &nd_type_u16, ND_PL_L4, ICMPS, ND_PS_L4, 4, 0, 2, 0, 0, "identifier of an echo"},
    {"icmp", "seq", &nd_type_u16, ND_PL_L4, ICMPS, ND_PS_L4, 6, 0, 2, 0, 0, "sequence number of an echo"},
    {"arp", "op", &nd_type_u16, ND_PL_ARP, ND_PH_ARP, ND_PS_L3, 6, 0, 2, 0, 0, "1 request, 2 reply; RARP 3, 4"},
    {"arp", "sha", &nd_type_mac, ND_PL_ARP, ND_PH_ARP, ND_PS_L3, 8, 0, 6, 0, 0, "hardware address of the sender"},
    {"arp", "spa", &nd_type_ip, ND_PL_ARP, ND_PH_ARP, ND_PS_ADDR, 0, 0, 16, 0, 0, "IPv4 address of the sender"},
    {"arp", "tha", &nd_type_mac, ND_PL_ARP, ND_PH_ARP, ND_PS_L3, 18, 0, 6, 0, 0, "hardware address of the target"},
    {"arp", "tpa", &nd_type_ip, ND_PL_ARP, ND_PH_ARP, ND_PS_ADDR, 16, 0, 16, 0, 0, "IPv4 address of the target"},
    {"vxlan", "vni", &nd_type_u32, ND_PL_TUNNEL, ND_PH_VXLAN, ND_PS_REG, ND_PR_VNI, 0, 0, 0, 0, "network of VXLAN"},
    {"geneve", "vni", &nd_type_u32, ND_PL_TUNNEL, ND_PH_GENEVE, ND_PS_REG, ND_PR_VNI, 0, 0, 0, 0, "network of Geneve"},
    {"gre", "key", &nd_type_u32, ND_PL_TUNNEL, ND_PH_KEY, ND_PS_REG, ND_PR_VNI, 0, 0, 0, 0, "key of GRE"},
    {"", "flow", NULL, ND_PL_ADDR | ND_PL_L4, ND_PH_FLOW, ND_PS_CODE, ND_PC_FLOW, 0, 0, 0, 0, "source, destination, ports, protocol"},
    {"", "flow.reversed", NULL, ND_PL_ADDR | ND_PL_L4, ND_PH_FLOW, ND_PS_CODE, ND_PC_REVERSED, 0, 0, 0, 0, "the same, for replies"},
};
// clang-format on

const struct nd_pkt_row *nd_pkt_row(uint32_t i)
{
    return i < sizeof(rows) / sizeof(rows[0]) ? &rows[i] : NULL;
}

const struct nd_pkt_row *nd_pkt_find(const char *group, const char *name)
{
    const struct nd_pkt_row *r;
    uint32_t i;

    for (i = 0; (r = nd_pkt_row(i)); i++) {
        if (!strcmp(r->group, group) && !strcmp(r->name, name))
            return r;
    }
    return NULL;
}

bool nd_pkt_is_group(const char *name)
{
    const struct nd_pkt_row *r;
    uint32_t i;

    for (i = 0; (r = nd_pkt_row(i)); i++) {
        if (*name && !strcmp(r->group, name))
            return true;
    }
    return false;
}

const struct nd_pkt_row *nd_pkt_field_of(const struct nd_expr *e, bool *inner)
{
    if (e->kind != ND_E_FIELD || !e->a->type || e->a->type->kind != ND_TY_PKT)
        return NULL;
    *inner = e->a->type->depth != 0;
    return e->pkt;
}
