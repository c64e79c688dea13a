// SPDX-License-Identifier: GPL-2.0-or-later
// Frames built byte by byte, and what each field of pkt must be for them. Serves t_packet*.sh.
//
//   packets want STAGE DEV FIELD:TYPE...   one line per kind and field: STAGE KIND
//   FIELD=VALUE/HAS/COMPARES packets send DEV COUNT         sends each kind COUNT times, marked
//   with its number packets sendbad DEV COUNT [VLANDEV] only what cannot be parsed packets count
//   how many kinds there are, and how many of them are bad packets list what they are made of
#include "packets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FRAME_MAX = 9000, NOTES_MAX = 120, BIG = 5000, KEPT_ID = 77 };

struct note {
    char name[32], text[160];
};
struct frame {
    uint8_t b[FRAME_MAX];
    unsigned int n, tags, notes;
    const char *prefix; // "" or "inner."
    struct note note[NOTES_MAX];
    uint64_t type; // the last EtherType
};

// ---- bytes and notes ---------------------------------------------------------------------------

static void note(struct frame *f, const char *name, const char *text)
{
    unsigned int i;
    char full[32];

    snprintf(full, sizeof(full), "%s%s", f->prefix, name);
    for (i = 0; i < f->notes && strcmp(f->note[i].name, full) != 0; i++)
        ;
    if (i == NOTES_MAX)
        exit(3);
    if (i == f->notes)
        f->notes++;
    strcpy(f->note[i].name, full);
    snprintf(f->note[i].text, sizeof(f->note[i].text), "%s", text);
}

static const char *noted(const struct frame *f, const char *name)
{
    unsigned int i;
    char full[32];

    snprintf(full, sizeof(full), "%s%s", f->prefix, name);
    for (i = 0; i < f->notes; i++) {
        if (!strcmp(f->note[i].name, full))
            return f->note[i].text;
    }
    return NULL;
}

static void note_number(struct frame *f, const char *name, uint64_t v)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
    note(f, name, text);
}

static void raw(struct frame *f, unsigned int size, uint64_t v) // in network order
{
    while (size-- > 0)
        f->b[f->n++] = (uint8_t)(v >> 8 * size);
}

static void put(struct frame *f, unsigned int size, uint64_t v, const char *name)
{
    raw(f, size, v);
    note_number(f, name, v);
}

static void put_mac(struct frame *f, uint64_t v, const char *name)
{
    char text[32];

    raw(f, 6, v);
    snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", f->b[f->n - 6], f->b[f->n - 5],
             f->b[f->n - 4], f->b[f->n - 3], f->b[f->n - 2], f->b[f->n - 1]);
    note(f, name, text);
}

static void put_ip(struct frame *f, const char *text, const char *name)
{
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;

    inet_pton(family, text, f->b + f->n);
    f->n += family == AF_INET ? 4 : 16;
    note(f, name, text);
}

// ---- layers ------------------------------------------------------------------------------------

struct layer {
    const char *name;
    unsigned int etype, proto; // by which the layer before announces it
    void (*build)(struct frame *f, const struct layer *self, const struct layer *next);
    unsigned int how;
};

static void eth(struct frame *f, const struct layer *self, const struct layer *next)
{
    bool inner = *f->prefix;

    (void)self;
    f->tags = 0;
    put_mac(f, inner ? 0x02aabbccddeeull : 0x020000000002ull, "eth.dst");
    put_mac(f, inner ? 0x021122334455ull : 0x020000000001ull, "eth.src");
    f->type = next ? next->etype : 0;
    put(f, 2, f->type, "eth.type");
}

static void tag(struct frame *f, const struct layer *self, const struct layer *next)
{
    const char *id = f->tags ? "vlan2.id" : "vlan.id", *prio = f->tags ? "vlan2.prio" : "vlan.prio";
    unsigned int vid = 100 + 11 * f->tags, p = 3 + f->tags;

    if (self->how) { // see push_tags()
        vid = KEPT_ID;
        p = 0;
    } else {
        raw(f, 2, p << 13 | vid);
        f->type = next->etype;
        raw(f, 2, f->type);
    }
    note_number(f, id, vid);
    note_number(f, prio, p);
    f->tags++;
}

static void arp(struct frame *f, const struct layer *self, const struct layer *next)
{
    (void)next;
    raw(f, 8 - 2, 0x000108000604ull);
    put(f, 2, self->how, "arp.op");
    put_mac(f, 0x020000000a01ull, "arp.sha");
    put_ip(f, "10.9.8.7", "arp.spa");
    put_mac(f, 0x020000000a02ull, "arp.tha");
    put_ip(f, "10.6.5.4", "arp.tpa");
    note_number(f, "type", f->type);
}

static void lldp(struct frame *f, const struct layer *self, const struct layer *next)
{
    (void)self, (void)next;
    raw(f, 8, 0x0207040200000001ull);
    note_number(f, "type", f->type);
}

enum { OPTIONS = 1, FIRST, MIDDLE, LAST, IHL, VERSION, SHORT, TINY };

static void ip4(struct frame *f, const struct layer *self, const struct layer *next)
{
    unsigned int how = self->how, ihl = how == OPTIONS ? 15 : how == IHL ? 4 : 5, i;
    unsigned int off = how == MIDDLE ? 1480 : how == LAST ? 2960 : 0;
    bool mf = how == FIRST || how == MIDDLE, df = how == 0;

    note_number(f, "ip.version", 4);
    raw(f, 1, (how == VERSION ? 5 : 4) << 4 | ihl);
    put(f, 1, 0xb8, "ip.tos");
    raw(f, 2, 0); // the length, later
    put(f, 2, *f->prefix ? 0x7788 : 0x1234, "ip.id");
    raw(f, 2, df << 14 | mf << 13 | off / 8);
    note_number(f, "ip.df", df);
    note_number(f, "ip.mf", mf);
    note_number(f, "ip.frag", off);
    put(f, 1, *f->prefix ? 9 : 61, "ip.ttl");
    put(f, 1, next ? next->proto : 6, "ip.proto");
    raw(f, 2, 0xbeef);
    put_ip(f, *f->prefix ? "192.168.5.6" : "10.77.0.1", "ip.src");
    put_ip(f, *f->prefix ? "192.168.7.8" : "10.77.0.2", "ip.dst");
    for (i = 5; i < ihl; i++)
        raw(f, 4, 0x01010101);
    note_number(f, "type", 0x0800);
}

static void ip6(struct frame *f, const struct layer *self, const struct layer *next)
{
    (void)self;
    note_number(f, "ip.version", 6);
    note_number(f, "ip.tos", 0x2e);
    raw(f, 4, 0x62e12345);
    raw(f, 2, 0); // the length, later
    put(f, 1, next ? next->proto : 6, "ip.proto");
    put(f, 1, *f->prefix ? 7 : 64, "ip.ttl");
    put_ip(f, *f->prefix ? "fd00::5:6" : "fd77::1", "ip.src");
    put_ip(f, *f->prefix ? "fd00::7:8" : "fd77::2", "ip.dst");
    note_number(f, "ip.frag", 0);
    note_number(f, "ip.mf", 0);
    note_number(f, "type", 0x86dd);
}

static void extension(struct frame *f, const struct layer *self, const struct layer *next)
{
    put(f, 1, next->proto, "ip.proto");
    if (self->how == OPTIONS) { // of 16 bytes; an authentication header counts in words of 4
        raw(f, 1, self->proto == 51 ? 2 : 1);
        raw(f, 6, 0x010c00000000ull);
        raw(f, 8, 0);
        return;
    }
    raw(f, 1, 0);
    raw(f, 2, (self->how == MIDDLE ? 1448 : self->how == LAST ? 2896 : 0) | (self->how != LAST));
    raw(f, 4, 0xabcdef01);
    note_number(f, "ip.frag", self->how == MIDDLE ? 1448 : self->how == LAST ? 2896 : 0);
    note_number(f, "ip.mf", self->how != LAST);
}

static void ports(struct frame *f, const char *proto, unsigned int dport)
{
    char name[16];

    put(f, 2, *f->prefix ? 1111 : 40000, "sport");
    put(f, 2, dport, "dport");
    snprintf(name, sizeof(name), "%s.sport", proto);
    note(f, name, noted(f, "sport"));
    snprintf(name, sizeof(name), "%s.dport", proto);
    note(f, name, noted(f, "dport"));
}

static void tcp(struct frame *f, const struct layer *self, const struct layer *next)
{
    unsigned int words = self->how == OPTIONS ? 15 : self->how == SHORT ? 3 : 5, i;

    (void)next;
    ports(f, "tcp", 443);
    put(f, 4, 0x89abcdef, "tcp.seq");
    put(f, 4, 0x01020304, "tcp.ack");
    raw(f, 1, words << 4);
    note_number(f, "tcp.hlen", words * 4);
    put(f, 1, 0x1b, "tcp.flags");
    put(f, 2, 0xfeed, "tcp.window");
    raw(f, 4, 0xdead0000);
    for (i = 5; i < words; i++)
        raw(f, 4, 0x01010101);
    note_number(f, "tcp.payload", f->n); // the rest, later
}

static void udp(struct frame *f, const struct layer *self, const struct layer *next)
{
    (void)next;
    ports(f, "udp", self->how ? self->how : 5201);
    put(f, 2, 1234, "udp.len");
    put(f, 2, 0x5aa5, "udp.csum");
}

static void sctp(struct frame *f, const struct layer *self, const struct layer *next)
{
    (void)self, (void)next;
    ports(f, "sctp", 36412);
    put(f, 4, 0x91a2b3c4, "sctp.vtag");
    raw(f, 4, 0x55667788); // checksum
    put(f, 1, 192, "sctp.chunk");
    raw(f, 3, 0x000010);
}

static void icmp(struct frame *f, const struct layer *self, const struct layer *next)
{
    (void)next;
    put(f, 1, self->how, "icmp.type");
    put(f, 1, 3, "icmp.code");
    raw(f, 2, 0xcafe);
    put(f, 2, 0x4321, "icmp.id");
    put(f, 2, 0x8765, "icmp.seq");
}

static void vxlan(struct frame *f, const struct layer *self, const struct layer *next)
{
    (void)self, (void)next;
    raw(f, 4, 0x08000000);
    put(f, 3, 0xabcde1, "vxlan.vni");
    raw(f, 1, 0);
    f->prefix = "inner.";
}

static void geneve(struct frame *f, const struct layer *self, const struct layer *next)
{
    raw(f, 1, self->how == OPTIONS ? 3 : 0);
    raw(f, 1, 0);
    raw(f, 2, next->etype);
    put(f, 3, 0x123456, "geneve.vni");
    raw(f, 1, 0);
    if (self->how == OPTIONS)
        raw(f, 8, 0x0102800201020304ull), raw(f, 4, 0x05060708);
    f->prefix = "inner.";
}

// how: flags 8 checksum, 2 key, 1 sequence number
static void gre(struct frame *f, const struct layer *self, const struct layer *next)
{
    raw(f, 2, self->how << 12);
    raw(f, 2, next->etype);
    if (self->how & 8)
        raw(f, 4, 0xffff0000);
    if (self->how & 2)
        put(f, 4, 0xfedcba98, "gre.key");
    if (self->how & 1)
        raw(f, 4, 1);
    f->prefix = "inner.";
}

static void data(struct frame *f, const struct layer *self, const struct layer *next)
{
    unsigned int i, n = self->how == BIG ? BIG - f->n : 32;

    (void)next;
    for (i = 0; i < n; i++) // like 20 bytes of what an eager parser would take
        raw(f, 1, self->proto == 60 ? (i % 8 ? 0 : 6) : 0xe0 + i % 16);
}

static const struct layer layers[] = {
    {"eth", 0x6558, 0, eth, 0},
    {"vlan", 0x8100, 0, tag, 0},
    {"qinq", 0x88a8, 0, tag, 0},
    {"kept", 0, 0, tag, 1},
    {"arp", 0x0806, 0, arp, 1},
    {"rarp", 0x8035, 0, arp, 3},
    {"lldp", 0x88cc, 0, lldp, 0},
    {"ip4", 0x0800, 4, ip4, 0},
    {"ip4opt", 0x0800, 4, ip4, OPTIONS},
    {"ip4first", 0x0800, 4, ip4, FIRST},
    {"ip4middle", 0x0800, 4, ip4, MIDDLE},
    {"ip4last", 0x0800, 4, ip4, LAST},
    {"ip4ihl", 0x0800, 4, ip4, IHL},
    {"ip4version", 0x0800, 4, ip4, VERSION},
    {"ip4short", 0x0800, 4, ip4, SHORT},
    {"ip4tiny", 0x0800, 4, ip4, TINY},
    {"ip6", 0x86dd, 41, ip6, 0},
    {"hop", 0, 0, extension, OPTIONS},
    {"route", 0, 43, extension, OPTIONS},
    {"auth", 0, 51, extension, OPTIONS},
    {"dest", 0, 60, extension, OPTIONS},
    {"first", 0, 44, extension, FIRST},
    {"middle", 0, 44, extension, MIDDLE},
    {"last", 0, 44, extension, LAST},
    {"tcp", 0, 6, tcp, 0},
    {"tcpopt", 0, 6, tcp, OPTIONS},
    {"tcpbad", 0, 6, tcp, SHORT},
    {"udp", 0, 17, udp, 0},
    {"udpvxlan", 0, 17, udp, 4789},
    {"udpgeneve", 0, 17, udp, 6081},
    {"sctp", 0, 132, sctp, 0},
    {"icmp", 0, 1, icmp, 8},
    {"icmp6", 0, 58, icmp, 128},
    {"vxlan", 0, 0, vxlan, 0},
    {"geneve", 0, 0, geneve, 0},
    {"geneveopt", 0, 0, geneve, OPTIONS},
    {"gre", 0, 47, gre, 0},
    {"grekey", 0, 47, gre, 2},
    {"greall", 0, 47, gre, 11},
    {"data", 0, 0, data, 0},
    {"big", 0, 0, data, BIG},
    {"udpdata", 0, 17, data, 0},
    {"authdata", 0, 51, data, 0},
    {"destdata", 0, 60, data, 0},
    {"other", 0, 253, data, 0},
};

static const struct layer *layer_of(const char **text)
{
    size_t n = strcspn(*text, "/"), i;

    if (!n)
        return NULL;
    for (i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        if (strlen(layers[i].name) == n && !strncmp(layers[i].name, *text, n)) {
            *text += n + ((*text)[n] == '/');
            return &layers[i];
        }
    }
    fprintf(stderr, "packets: no layer %s\n", *text);
    exit(2);
}

// ---- frames ------------------------------------------------------------------------------------

// The lengths in IP headers, which are known when all is built.
static void set_length(struct frame *f, const char *prefix, const struct layer *ip, unsigned int at)
{
    unsigned int len = f->n - at, end;
    const char *payload;

    if (ip->how == SHORT)
        len = 19;
    if (ip->how == TINY)
        len = 30;
    end = at + len;
    f->prefix = prefix;
    note_number(f, "ip.len", len);
    if (ip->build == ip4) {
        f->b[at + 2] = (uint8_t)(len >> 8);
        f->b[at + 3] = (uint8_t)len;
    } else {
        f->b[at + 4] = (uint8_t)((len - 40) >> 8);
        f->b[at + 5] = (uint8_t)(len - 40);
    }
    payload = noted(f, "tcp.payload");
    if (payload)
        note_number(f, "tcp.payload", end - strtoul(payload, NULL, 10));
}

static void note_flow(struct frame *f, const char *name, const char *src, const char *dst,
                      const char *sport, const char *dport)
{
    const char *proto = noted(f, "ip.proto"), *s = noted(f, src), *d = noted(f, dst);
    const char *sp = noted(f, sport), *dp = noted(f, dport);
    static const struct {
        const char *number, *name;
    } names[] = {{"1", "ICMP"},   {"6", "TCP"},  {"17", "UDP"}, {"58", "ICMPV6"},
                 {"132", "SCTP"}, {"47", "GRE"}, {"51", "AH"}};
    char text[160];
    size_t i;

    if (!s)
        return;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!strcmp(proto, names[i].number))
            proto = names[i].name;
    }
    if (sp && strchr(s, ':'))
        snprintf(text, sizeof(text), "[%s]:%s -> [%s]:%s %s", s, sp, d, dp, proto);
    else if (sp)
        snprintf(text, sizeof(text), "%s:%s -> %s:%s %s", s, sp, d, dp, proto);
    else
        snprintf(text, sizeof(text), "%s -> %s %s", s, d, proto);
    note(f, name, text);
}

static void build(struct frame *f, const struct kind *k)
{
    const struct layer *ip[2] = {NULL, NULL}, *layer, *next;
    unsigned int at[2] = {0, 0}, i;
    const char *text = k->layers;

    memset(f, 0, sizeof(*f));
    f->prefix = "";
    for (layer = layer_of(&text); layer; layer = next) {
        bool inner = *f->prefix;

        next = layer_of(&text);
        if (next && next->how == 1 && next->build == tag && layer->build == eth) {
            const char *ahead = text;

            layer->build(f, layer, layer_of(&ahead));
        } else {
            layer->build(f, layer, next);
        }
        if (layer->build == ip4 || layer->build == ip6) {
            ip[inner] = layer;
            at[inner] = f->n - (layer->build == ip6 ? 40 : layer->how == OPTIONS ? 60 : 20);
        }
    }
    for (i = 0; i < 2; i++) {
        f->prefix = i ? "inner." : "";
        if (ip[i])
            set_length(f, f->prefix, ip[i], at[i]);
        note_flow(f, "flow", "ip.src", "ip.dst", "sport", "dport");
        note_flow(f, "flow.reversed", "ip.dst", "ip.src", "dport", "sport");
    }
    f->prefix = "";
    if (k->cut)
        f->n = k->cut;
}

// ---- what is expected --------------------------------------------------------------------------

static bool is_absent(const struct kind *k, const char *name)
{
    const char *p = k->absent;

    while (*p) {
        size_t n = strcspn(p, " ");

        if (!strncmp(p, name, n) && (!name[n] || name[n] == '.'))
            return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

static uint64_t own_netns(void)
{
    struct stat st;

    return stat("/proc/self/ns/net", &st) ? 0 : st.st_ino;
}

static int want(const char *stage, const char *dev, char **fields, int n)
{
    bool rx = !strcmp(stage, "rx");
    static struct frame f;
    unsigned int i, ifindex = if_nametoindex(dev);
    int j;

    for (i = 0; i < KINDS; i++) {
        build(&f, &kinds[i]);
        note_number(&f, "len", f.n - (rx ? 14 : 0));
        note(&f, "dev", dev);
        note_number(&f, "ifindex", ifindex);
        note_number(&f, "netns", own_netns());
        note_number(&f, "mark", i + 1);
        note_number(&f, "queue", 0);
        for (j = 0; j < n; j++) {
            char name[32], *type;
            const char *text;
            unsigned int compares = 7;

            snprintf(name, sizeof(name), "%s", fields[j]);
            type = strchr(name, ':');
            *type++ = 0;
            text = is_absent(&kinds[i], name) ? NULL : noted(&f, name);
            if (!strcmp(type, "ifname") || !strcmp(type, "mac"))
                compares = 3;
            else if (!strcmp(type, "flow"))
                compares = 0;
            else if (strcmp(type, "ip") != 0 && text && strtoul(text, NULL, 10) <= 1)
                compares = 15;
            if (text)
                printf("%s %u %s=%s/1/%u\n", stage, i + 1, name, text, compares);
            else
                printf("%s %u %s=%s/0/0\n", stage, i + 1, name,
                       !strcmp(type, "mac")    ? "00:00:00:00:00:00"
                       : !strcmp(type, "ip")   ? "::"
                       : !strcmp(type, "flow") ? ":: -> :: 0"
                                               : "0");
        }
    }
    return 0;
}

// ---- sending -----------------------------------------------------------------------------------

static int open_socket(const char *dev)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(dev)};
    int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;

    if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ||
        bind(fd, (struct sockaddr *)&to, sizeof(to))) {
        fprintf(stderr, "packets: %s: %s\n", dev, strerror(errno));
        exit(1);
    }
    return fd;
}

// Of Linux 6.6, which headers may not know yet.
enum { TCX_GO_ON = -1, TCX_AT_EGRESS = 47 };
enum { KEPT = 0x10000 }; // in the mark: the packet gets a tag that the skb keeps apart

// As VLAN devices do it, which not every kernel has: a program at the device's egress.
static void push_tags(const char *dev)
{
    const struct bpf_insn code[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1},
        {.code = BPF_LDX | BPF_MEM | BPF_W,
         .dst_reg = 2,
         .src_reg = 1,
         .off = offsetof(struct __sk_buff, mark)},
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 3, .src_reg = 2},
        {.code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = 3, .imm = KEPT},
        {.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 3, .off = 6},
        {.code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = 2, .imm = KEPT - 1},
        {.code = BPF_STX | BPF_MEM | BPF_W,
         .dst_reg = 6,
         .src_reg = 2,
         .off = offsetof(struct __sk_buff, mark)},
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 6},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = htons(0x8100)},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = KEPT_ID},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_skb_vlan_push},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = TCX_GO_ON},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr load = {.prog_type = BPF_PROG_TYPE_SCHED_CLS,
                           .insns = (uintptr_t)code,
                           .insn_cnt = sizeof(code) / sizeof(code[0]),
                           .license = (uintptr_t) "GPL"};
    union bpf_attr link = {0};
    long prog = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));

    link.link_create.prog_fd = (uint32_t)prog;
    link.link_create.target_ifindex = if_nametoindex(dev);
    link.link_create.attach_type = TCX_AT_EGRESS;
    if (prog < 0 || syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof(link)) < 0) {
        fprintf(stderr, "packets: tags: %s\n", strerror(errno));
        exit(1);
    }
}

static int send_all(const char *dev, const char *vlan, unsigned int count, bool only_bad)
{
    int fd[2] = {open_socket(dev), vlan ? open_socket(vlan) : -1};
    static struct frame f;
    unsigned int i, n;

    if (!vlan)
        push_tags(dev);
    for (i = 0; i < KINDS; i++) {
        struct virtio_net_hdr head = {.hdr_len = (uint16_t)kinds[i].linear};
        struct iovec v[2] = {{&head, sizeof(head)}, {f.b, 0}};
        bool kept = strstr(kinds[i].layers, "kept");
        unsigned int mark = (i + 1) | (kept && !vlan ? KEPT : 0);
        int s = fd[kept && vlan];

        if (only_bad && !kinds[i].bad)
            continue;
        struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = 6};
        struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};

        build(&f, &kinds[i]);
        v[1].iov_len = f.n;
        if (kept && vlan) { // or the device takes the type after all tags for that of the frame
            to.sll_ifindex = (int)if_nametoindex(vlan);
            to.sll_protocol = htons((uint16_t)(f.b[12] << 8 | f.b[13]));
            m.msg_name = &to;
            m.msg_namelen = sizeof(to);
        }
        setsockopt(s, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
        for (n = 0; n < count; n++) {
            if (sendmsg(s, &m, 0) < 0) {
                fprintf(stderr, "packets: kind %u, %s: %s\n", i + 1, kinds[i].layers,
                        strerror(errno));
                return 1;
            }
        }
        usleep(5000); // some forty events for each frame: whoever prints them must keep up
    }
    return 0;
}

// Large packets that the kernel is to cut into segments of 1000 bytes.
static int send_gso(const char *dev, unsigned int count)
{
    static const struct kind kind = {.layers = "eth/ip4/tcp/big", .absent = ""};
    struct virtio_net_hdr head = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                  .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                                  .hdr_len = 54,
                                  .gso_size = 1000,
                                  .csum_start = 34,
                                  .csum_offset = 16};
    static struct frame f;
    struct iovec v[2] = {{&head, sizeof(head)}, {f.b, 0}};
    int s = open_socket(dev);

    build(&f, &kind);
    v[1].iov_len = f.n;
    while (count-- > 0) {
        if (writev(s, v, 2) < 0) {
            perror("packets: gso");
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    unsigned int i, bad = 0;

    for (i = 0; i < KINDS; i++)
        bad += kinds[i].bad;
    if (argc > 4 && !strcmp(argv[1], "want"))
        return want(argv[2], argv[3], argv + 4, argc - 4);
    if (argc == 4 && !strcmp(argv[1], "gso"))
        return send_gso(argv[2], (unsigned int)atoi(argv[3]));
    if ((argc == 4 || argc == 5) && !strncmp(argv[1], "send", 4))
        return send_all(argv[2], argv[4], (unsigned int)atoi(argv[3]), !strcmp(argv[1], "sendbad"));
    if (argc == 2 && !strcmp(argv[1], "count")) {
        printf("%u %u\n", (unsigned int)KINDS, bad);
        return 0;
    }
    if (argc == 2 && !strcmp(argv[1], "list")) {
        for (i = 0; i < KINDS; i++)
            printf("%u %s\n", i + 1, kinds[i].layers);
        return 0;
    }
    fprintf(stderr, "usage: packets want STAGE DEV FIELD:TYPE... | send[bad] DEV COUNT [VLANDEV] | "
                    "gso DEV COUNT | "
                    "count | list\n");
    return 2;
}
