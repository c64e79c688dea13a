// SPDX-License-Identifier: GPL-2.0-or-later
// The kinds of packets that packets.c sends.
#ifndef ND_TEST_PACKETS_H
#define ND_TEST_PACKETS_H

#include <stdbool.h>

// What a packet is made of, and what is not there although it was sent.
struct kind {
    const char *layers;
    const char *absent;  // beginnings of names, with blanks
    unsigned int cut;    // only so many bytes are sent
    unsigned int linear; // large, and only so many bytes of it are in the linear part
    bool bad;            // counted as a packet that could not be parsed
};

static const char l4_all[] = "tcp udp icmp sctp sport dport flow vxlan geneve gre inner";

static const struct kind kinds[] = {
    {"eth/ip4/tcp/data", "", 0, 0, 0},
    {"eth/ip4/tcpopt/data", "", 0, 0, 0},
    {"eth/ip4/udp/data", "", 0, 0, 0},
    {"eth/ip4/icmp/data", "", 0, 0, 0},
    {"eth/ip4/sctp/data", "", 0, 0, 0},
    {"eth/ip4opt/tcp/data", "", 0, 0, 0},
    {"eth/ip4opt/udp/data", "", 0, 0, 0},
    {"eth/ip4/other", "", 0, 0, 0},
    {"eth/ip4/auth/tcp/data", "", 0, 0, 0},
    {"eth/ip4opt/auth/udp/data", "", 0, 0, 0},
    {"eth/vlan/ip4/auth/icmp/data", "", 0, 0, 0},
    {"eth/ip4first/auth/udp/data", "", 0, 0, 0},
    {"eth/ip4middle/authdata", "", 0, 0, 0},
    {"eth/ip4/gre/ip4/auth/udp/data", "", 0, 0, 0},
    {"eth/ip6/tcp/data", "", 0, 0, 0},
    {"eth/ip6/udp/data", "", 0, 0, 0},
    {"eth/ip6/icmp6/data", "", 0, 0, 0},
    {"eth/ip6/sctp/data", "", 0, 0, 0},
    {"eth/ip6/other", "", 0, 0, 0},
    {"eth/ip6/hop/tcp/data", "", 0, 0, 0},
    {"eth/ip6/hop/route/dest/udp/data", "", 0, 0, 0},
    {"eth/ip6/auth/udp/data", "", 0, 0, 0},
    {"eth/ip6/hop/dest/route/auth/dest/dest/tcp/data", "", 0, 0, 0},
    {"eth/ip4first/udp/data", "", 0, 0, 0},
    {"eth/ip4middle/udpdata", "", 0, 0, 0},
    {"eth/ip4last/udpdata", "", 0, 0, 0},
    {"eth/ip6/first/udp/data", "", 0, 0, 0},
    {"eth/ip6/hop/middle/udpdata", "", 0, 0, 0},
    {"eth/ip6/last/udpdata", "", 0, 0, 0},
    {"eth/ip6/last/destdata", "", 0, 0, 0}, // data that look like an extension header
    {"eth/arp", "", 0, 0, 0},
    {"eth/rarp", "", 0, 0, 0},
    {"eth/lldp", "", 0, 0, 0},
    {"eth/vlan/ip4/tcp/data", "", 0, 0, 0},
    {"eth/qinq/vlan/ip4/udp/data", "", 0, 0, 0},
    {"eth/vlan/ip6/udp/data", "", 0, 0, 0},
    {"eth/qinq/vlan/ip6/tcp/data", "", 0, 0, 0},
    {"eth/vlan/arp", "", 0, 0, 0},
    {"eth/kept/ip4/udp/data", "", 0, 0, 0},
    {"eth/kept/ip6/tcp/data", "", 0, 0, 0},
    {"eth/kept/vlan/ip4/udp/data", "", 0, 0, 0},
    {"eth/kept/arp", "", 0, 0, 0},
    {"eth/ip4/udpvxlan/vxlan/eth/ip4/tcp/data", "", 0, 0, 0},
    {"eth/ip4/udpvxlan/vxlan/eth/ip6/udp/data", "", 0, 0, 0},
    {"eth/ip6/udpvxlan/vxlan/eth/vlan/ip4/icmp/data", "", 0, 0, 0},
    {"eth/ip4/udpvxlan/vxlan/eth/arp", "", 0, 0, 0},
    {"eth/ip4/udpvxlan/data", "", 0, 0, 0}, // no flag of VXLAN
    {"eth/ip4/udpgeneve/geneve/eth/ip4/udp/data", "", 0, 0, 0},
    {"eth/ip6/udpgeneve/geneveopt/eth/ip6/tcp/data", "", 0, 0, 0},
    {"eth/ip4/udpgeneve/geneve/ip4/sctp/data", "", 0, 0, 0},
    {"eth/ip4/gre/ip4/tcp/data", "", 0, 0, 0},
    {"eth/ip6/gre/ip6/icmp6/data", "", 0, 0, 0},
    {"eth/ip4/grekey/eth/ip4/udp/data", "", 0, 0, 0},
    {"eth/ip4/greall/ip6/tcp/data", "", 0, 0, 0},
    // Cut off, or wrong in itself.
    {"eth/ip4", "ip flow", 14, 0, 1},
    {"eth/ip4", "ip flow", 30, 0, 1},
    {"eth/ip4ihl/tcp/data", "ip tcp sport dport flow", 0, 0, 1},
    {"eth/ip4version/tcp/data", "ip tcp sport dport flow", 0, 0, 1},
    {"eth/ip4short/tcp/data", "ip tcp sport dport flow", 0, 0, 1},
    {"eth/ip4/tcp", l4_all, 14 + 20 + 19, 0, 1},
    {"eth/ip6/tcp", l4_all, 14 + 40 + 19, 0, 1},
    {"eth/ip4/udp", l4_all, 14 + 20 + 7, 0, 1},
    {"eth/ip4/sctp", l4_all, 14 + 20 + 7, 0, 1},
    {"eth/ip4/sctp", "sctp.chunk", 14 + 20 + 15, 0, 0},
    {"eth/ip4/sctp", "", 14 + 20 + 16, 0, 0},
    {"eth/ip4/auth/tcp", "ip.proto tcp sport dport flow", 14 + 20 + 7, 0, 1},
    {"eth/ip4/auth/tcp", l4_all, 14 + 20 + 16 + 19, 0, 1},
    {"eth/ip4/auth/auth/tcp/data", "ip.proto tcp sport dport flow", 0, 0, 1},
    {"eth/ip4tiny/tcp/data", l4_all, 0, 0, 1}, // the header ends behind the IP packet's end
    {"eth/ip4/tcpbad/data", l4_all, 0, 0, 1},
    {"eth/ip6", "ip flow", 14 + 39, 0, 1},
    {"eth/ip6/hop/tcp", "ip.proto tcp sport dport flow", 14 + 40 + 7, 0, 1},
    {"eth/ip6/dest/dest/dest/dest/dest/dest/dest/dest/dest/dest/dest/dest/dest/dest/dest/dest/dest/"
     "dest/dest/dest/tcp/data",
     "ip.proto tcp sport dport flow", 0, 0, 1},
    {"eth/arp", "arp", 14 + 27, 0, 1},
    {"eth/vlan/ip4/udp", "vlan ip type udp sport dport flow", 14 + 3, 0, 1},
    {"eth/ip4/udpvxlan/vxlan/eth/ip4/tcp/data",
     "inner.ip inner.tcp inner.sport inner.dport inner.flow", 14 + 20 + 8 + 8 + 14 + 19, 0, 1},
    // Headers that are in fragments of the skb.
    {"eth/ip4/tcp/big", "ip tcp sport dport flow", 0, 14, 1},
    {"eth/ip4/tcp/big", l4_all, 0, 34, 1},
    {"eth/ip4/udp/big", l4_all, 0, 38, 1},
    {"eth/ip4/udp/big", "", 0, 42, 0},
    {"eth/ip6/tcp/big", "ip tcp sport dport flow", 0, 40, 1},
    {"eth/ip6/tcp/big", l4_all, 0, 54, 1},
    {"eth/ip6/tcp/big", "", 0, 74, 0},
    {"eth/ip4/udpvxlan/vxlan/eth/ip4/tcp/big", "inner.tcp inner.sport inner.dport inner.flow", 0,
     14 + 28 + 8 + 14 + 20, 1},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

#endif
