// SPDX-License-Identifier: GPL-2.0-or-later
// The fields of pkt as a table, and their types in expressions. Offsets are those of the headers:
// IEEE 802.3 and 802.1Q, RFC 826 (ARP), 791 (IPv4), 8200 (IPv6), 9293 (TCP), 768 (UDP), 792 and
// 4443 (ICMP), 9260 (SCTP), 7348 (VXLAN), 8926 (Geneve).
#include "compiler/net/packet.h"

#include "compiler/check/builtins.h"
#include "compiler/kernel/kernel.h"
#include "compiler/net/paths.h"

#include <string.h>

#define IP4_6 (ND_PH_IP4 | ND_PH_IP6)
#define PORTS (ND_PH_TCP | ND_PH_UDP | ND_PH_SCTP)
#define ICMPS (ND_PH_ICMP | ND_PH_ICMP6)

// clang-format off
static const struct nd_pkt_row rows[] = {
    // group name type layer need src off off6 size shift mask help
    {"", "len", &nd_type_u32, 0, 0, ND_PS_SKB, ND_PK_LEN, 0, 0, 0, 0, "bytes of the packet, as the skb says"},
    {"", "dev", &nd_type_ifname, 0, 0, ND_PS_SKB, ND_PK_DEV_NAME, 0, 0, 0, 0, "device of the packet"},
    {"", "ifindex", &nd_type_u32, 0, 0, ND_PS_SKB, ND_PK_IFINDEX, 0, 0, 0, 0, "index of that device"},
    {"", "mark", &nd_type_u32, 0, 0, ND_PS_SKB, ND_PK_MARK, 0, 0, 0, 0, "mark of the packet"},
    {"", "hash", &nd_type_u32, 0, 0, ND_PS_SKB, ND_PK_HASH, 0, 0, 0, 0, "flow hash of the skb"},
    {"", "queue", &nd_type_u16, 0, 0, ND_PS_SKB, ND_PK_QUEUE, 0, 0, 0, 0, "queue of the device"},
    {"", "type", &nd_type_u16, ND_PL_L3, ND_PH_TYPE, ND_PS_REG, ND_PR_ETYPE, 0, 0, 0, 0, "EtherType behind VLAN tags"},
    {"", "sport", &nd_type_port, ND_PL_L4, PORTS, ND_PS_L4, 0, 0, 2, 0, 0, "source port of TCP, UDP, SCTP"},
    {"", "dport", &nd_type_port, ND_PL_L4, PORTS, ND_PS_L4, 2, 0, 2, 0, 0, "destination port"},
    {"gso", "size", &nd_type_u16, ND_PL_GSO, ND_PH_GSO, ND_PS_SKB, ND_PK_GSO_SIZE, 0, 0, 0, 0, "bytes of a segment, where the packet is still to be cut"},
    {"gso", "segs", &nd_type_u16, ND_PL_GSO, ND_PH_GSO, ND_PS_SKB, ND_PK_GSO_SEGS, 0, 0, 0, 0, "segments; 0 if nobody counted them"},
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
    {"vlan2", "id", &nd_type_u16, ND_PL_VLAN, ND_PH_VLAN2, ND_PS_REG, ND_PR_VLAN2, 0, 0, 0, 0xfff, "id of the tag behind it"},
    {"vlan2", "prio", &nd_type_u8, ND_PL_VLAN, ND_PH_VLAN2, ND_PS_REG, ND_PR_VLAN2, 0, 0, 13, 7, "its priority"},
    {"ip", "src", &nd_type_ip, ND_PL_ADDR, IP4_6, ND_PS_ADDR, 0, 0, 16, 0, 0, "source address, IPv4 or IPv6"},
    {"ip", "dst", &nd_type_ip, ND_PL_ADDR, IP4_6, ND_PS_ADDR, 16, 0, 16, 0, 0, "destination address"},
    {"ip", "version", &nd_type_u8, ND_PL_L3, IP4_6, ND_PS_L3, 0, 0, 1, 4, 15, "4 or 6"},
    {"ip", "proto", &nd_type_proto, ND_PL_L3, ND_PH_PROTO, ND_PS_REG, ND_PR_PROTO, 0, 0, 0, 0, "protocol behind extension headers"},
    {"ip", "ttl", &nd_type_u8, ND_PL_L3, IP4_6, ND_PS_L3, 8, 7, 1, 0, 0, "TTL or hop limit"},
    {"ip", "tos", &nd_type_u8, ND_PL_L3, IP4_6, ND_PS_CODE, ND_PC_TOS6, 0, 0, 0, 0, "TOS or traffic class"},
    {"ip", "len", &nd_type_u32, ND_PL_L3, IP4_6, ND_PS_REG, ND_PR_LENGTH, 0, 0, 0, 0, "total length by the header"},
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
    {"tcp", "payload", &nd_type_u32, ND_PL_L4, ND_PH_TCP, ND_PS_CODE, ND_PC_PAYLOAD, 0, 0, 0, 0, "bytes behind the header, by the IP header"},
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
    {"", "flow.reversed", NULL, ND_PL_ADDR | ND_PL_L4, ND_PH_FLOW, ND_PS_CODE, ND_PC_REVERSED, 0, 0, 0, 0, "the same of the answers"},
};
// clang-format on

const struct nd_pkt_row *nd_pkt_row(uint32_t i)
{
    return i < sizeof(rows) / sizeof(rows[0]) ? &rows[i] : NULL;
}

static const struct nd_pkt_row *find(const char *group, const char *name)
{
    const struct nd_pkt_row *r;
    uint32_t i;

    for (i = 0; (r = nd_pkt_row(i)); i++) {
        if (!strcmp(r->group, group) && !strcmp(r->name, name))
            return r;
    }
    return NULL;
}

static bool is_group(const char *name)
{
    const struct nd_pkt_row *r;
    uint32_t i;

    for (i = 0; (r = nd_pkt_row(i)); i++) {
        if (*name && !strcmp(r->group, name))
            return true;
    }
    return false;
}

// ---- the skb behind it -------------------------------------------------------------------------

static const char *const skb_paths[] = {
#define ND_PKT_SKB_PATH(id, name) [ND_PK_##id] = name,
    ND_PKT_SKB(ND_PKT_SKB_PATH)
#undef ND_PKT_SKB_PATH
};

static struct nd_expr *arrow(struct nd_check *c, struct nd_expr *base, const char *name)
{
    struct nd_expr *f = nd_expr_new(c->a, ND_E_FIELD, base->span);

    f->a = base;
    f->arrow = true;
    f->name = name;
    f->name_span = base->span;
    return f;
}

static struct nd_expr *variable(struct nd_check *c, struct nd_span span)
{
    struct nd_expr *x = nd_expr_new(c->a, ND_E_VAR, span);

    x->name = "skb";
    return x;
}

static struct nd_expr *cast(struct nd_check *c, enum nd_tag tag, const char *name, uint32_t stars,
                            struct nd_expr *x)
{
    struct nd_expr *e = nd_expr_new(c->a, ND_E_CAST, x->span);

    e->texpr = ND_NEW(c->a, struct nd_texpr);
    e->texpr->span = x->span;
    e->texpr->tag = tag;
    e->texpr->name = name;
    e->texpr->stars = stars;
    e->a = x;
    return e;
}

static struct nd_expr *masked_nfct(struct nd_check *c, struct nd_span span, uint64_t mask)
{
    struct nd_expr *n = nd_expr_new(c->a, ND_E_INT, span);

    n->num = mask;
    n->is_unsigned = mask > INT64_MAX;
    return nd_expr_binary(c->a, ND_OP_AND, arrow(c, variable(c, span), "_nfct"), n);
}

#define CT_INFO_BITS 7u // of _nfct; the others are the address of the connection

// (struct skb_shared_info *)(skb->head + skb->end)
static struct nd_expr *base_shared(struct nd_check *c, struct nd_span span)
{
    struct nd_expr *head = arrow(c, variable(c, span), "head");
    struct nd_expr *end = arrow(c, variable(c, span), "end");

    return cast(c, ND_TAG_STRUCT, "skb_shared_info", 1, nd_expr_binary(c->a, ND_OP_ADD, head, end));
}

// The struct is the module's, where connection tracking is one.
static struct nd_expr *base_ct(struct nd_check *c, struct nd_span span)
{
    nd_kernel_module_btf(c->p->kernel, "nf_conntrack");
    return cast(c, ND_TAG_STRUCT, "nf_conn", 1, masked_nfct(c, span, ~(uint64_t)CT_INFO_BITS));
}

static struct nd_expr *base_ctinfo(struct nd_check *c, struct nd_span span)
{
    nd_kernel_module_btf(c->p->kernel, "nf_conntrack");
    return cast(c, ND_TAG_ENUM, "ip_conntrack_info", 0, masked_nfct(c, span, CT_INFO_BITS));
}

static const struct {
    const char *prefix;
    struct nd_expr *(*make)(struct nd_check *c, struct nd_span span);
} bases[] = {{"shared:", base_shared}, {"ct:", base_ct}, {"ctinfo:", base_ctinfo}, {"", variable}};

// $skb->path, in a scope that has nothing but $skb; NULL: this kernel's struct has it not.
static struct nd_expr *skb_member(struct nd_check *c, struct nd_sym *skb, const char *path,
                                  struct nd_span span)
{
    struct nd_scope scope = {.up = NULL}, *was = c->scope;
    struct nd_expr *x;
    bool quiet = c->d->quiet, inside = false;
    uint32_t errors = c->d->errors, i;

    for (i = 0; strncmp(path, bases[i].prefix, strlen(bases[i].prefix)) != 0; i++)
        ;
    x = bases[i].make(c, span);
    path += strlen(bases[i].prefix);
    *ND_PUSH(c->a, &scope.syms) = skb;
    c->d->quiet = true;
    c->scope = &scope;
    while (*path) {
        size_t n = strcspn(path, ".");

        x = arrow(c, x, nd_arena_strndup(c->a, path, n));
        x->arrow = !inside;
        inside = true; // "zone.id": a struct in a struct
        path += n + (path[n] == '.');
    }
    nd_check_expr(c, x);
    c->scope = was;
    c->d->quiet = quiet;
    if (c->d->errors == errors)
        return x;
    c->d->errors = errors;
    return NULL;
}

static struct nd_pkt *packet_of(struct nd_check *c, struct nd_expr *e)
{
    struct nd_probe *pr = c->probe;
    uint32_t i;

    if (!pr || !pr->skb) {
        nd_help(c->d,
                nd_error(c->d, ND_E0403, e->span,
                         "'pkt' is the packet of a stage that exports skb: there is none here"),
                "put the probe on a stage: ndtrace list stages");
        return NULL;
    }
    if (!pr->pkt) {
        pr->pkt = ND_NEW(c->a, struct nd_pkt);
        for (i = 0; i < ND_PK_CT_STATE; i++)
            pr->pkt->skb[i] = skb_member(c, pr->skb, skb_paths[i], e->span);
    }
    return pr->pkt;
}

struct nd_type *nd_check_pkt_name(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    (void)b;
    return packet_of(c, e) ? nd_ty(&nd_type_pkt) : nd_ty(&nd_type_error);
}

#define PACKET_ID_WORDS 14u

struct nd_type *nd_check_packet_id(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b)
{
    (void)b;
    e->aux = ND_AS_BPF;
    return packet_of(c, e) ? nd_type_array(c->t, nd_ty(&nd_type_u32), PACKET_ID_WORDS)
                           : nd_ty(&nd_type_error);
}

// ---- fields ------------------------------------------------------------------------------------

static void unknown_field(struct nd_check *c, struct nd_expr *e, const char *group)
{
    struct nd_near near = {.name = e->name};
    const struct nd_pkt_row *r;
    struct nd_diag *d;
    const bool inner = e->a->type->depth != 0;
    const char *list = "";
    uint32_t i;

    for (i = 0; (r = nd_pkt_row(i)); i++) {
        bool opens = !*group && *r->group && !strstr(list, r->group);

        if (inner && r->src == ND_PS_SKB)
            continue;
        if (strcmp(r->group, group) != 0 && !opens)
            continue;
        nd_near_try(&near, opens ? r->group : r->name);
        list = nd_arena_printf(c->a, "%s%s%s", list, *list ? ", " : "", opens ? r->group : r->name);
    }
    d = nd_error(c->d, ND_E0204, e->name_span, "%s has no '%s%s%s'",
                 inner ? "the packet in a tunnel" : "a packet", group, *group ? "." : "", e->name);
    if (near.n)
        nd_help(c->d, d, "did you mean '%s'?", near.best[0]);
    if (*list)
        nd_help(c->d, d, "it has: %s", list);
}

static struct nd_expr *member_of(struct nd_check *c, const struct nd_pkt_row *r,
                                 struct nd_span span)
{
    struct nd_expr **x = &c->probe->pkt->skb[r->off];

    if (!*x)
        *x = skb_member(c, c->probe->skb, skb_paths[r->off], span);
    return *x;
}

// e->a is pkt, a group of it, or its inner packet: types of kind ND_TY_PKT, whose name is the group
// and whose depth tells the inner packet.
struct nd_type *nd_check_pkt(struct nd_check *c, struct nd_expr *e)
{
    const struct nd_type *at = e->a->type;
    const char *group = at->name ? at->name : "";
    const struct nd_pkt_row *r;
    struct nd_type *t;

    e->info = NULL;
    if (c->probe && !packet_of(c, e)) // no probe: a function that nothing calls
        return nd_ty(&nd_type_error);
    if (!*group && (is_group(e->name) || (!at->depth && !strcmp(e->name, "inner")))) {
        t = nd_type_new(c->t, ND_TY_PKT, 0);
        t->name = is_group(e->name) ? e->name : "";
        t->depth = at->depth || !is_group(e->name);
        return t;
    }
    r = find(group, e->name);
    if (!r || (at->depth && r->src == ND_PS_SKB)) {
        unknown_field(c, e, group);
        return nd_ty(&nd_type_error);
    }
    if (!c->probe)
        return r->type               ? nd_ty(r->type)
               : r->src == ND_PS_SKB ? nd_ty(&nd_type_u32)
                                     : nd_type_flow(c->t);
    if (r->src == ND_PS_SKB && !member_of(c, r, e->span)) {
        struct nd_diag *d =
            nd_error(c->d, ND_E0204, e->name_span, "packets of this kernel have no '%s'", e->name);

        if (r->layer & ND_PL_CT)
            nd_help(c->d, d,
                    "connections are known when nf_conntrack is loaded and has BTF (Linux 5.11)");
        return nd_ty(&nd_type_error);
    }
    e->info = (void *)(uintptr_t)r;
    e->aux = ND_AS_BPF;
    return r->type               ? nd_ty(r->type)
           : r->src == ND_PS_SKB ? c->probe->pkt->skb[r->off]->type
                                 : nd_type_flow(c->t);
}

void nd_pkt_join_reversed(struct nd_check *c, struct nd_expr *e)
{
    struct nd_expr *flow = e->a;

    if (strcmp(e->name, "reversed") != 0 || flow->kind != ND_E_FIELD ||
        strcmp(flow->name, "flow") != 0 || nd_check_packet_expr(c, flow->a)->kind != ND_TY_PKT)
        return;
    e->a = flow->a;
    e->name = "flow.reversed";
}

const struct nd_pkt_row *nd_pkt_field_of(const struct nd_expr *e, bool *inner)
{
    if (e->kind != ND_E_FIELD || !e->a->type || e->a->type->kind != ND_TY_PKT)
        return NULL;
    *inner = e->a->type->depth != 0;
    return e->info;
}

// ---- layers ------------------------------------------------------------------------------------

#define ID_LAYERS (ND_PL_ADDR | ND_PL_L4 | ND_PL_ARP)

static void note_layers(struct nd_expr *e, uint32_t *mask)
{
    const struct nd_pkt_row *r;
    uint32_t i, one;
    bool inner;

    if (e->kind == ND_E_IDENT && e->builtin && e->builtin->id == ND_B_PACKET_ID)
        *mask |= ID_LAYERS;
    if (e->kind == ND_E_IDENT && e->builtin && e->builtin->id == ND_B_INNER_ID)
        *mask |= ID_LAYERS | ID_LAYERS << ND_PL_INNER | ND_PL_TUNNEL;
    r = nd_pkt_field_of(e, &inner);
    if (r)
        *mask |= inner ? r->layer << ND_PL_INNER | ND_PL_TUNNEL : r->layer;
    if (e->kind != ND_E_CALL || !e->builtin || e->builtin->id != ND_B_HAS ||
        e->args.v[0]->type->kind != ND_TY_PKT)
        return;
    for (i = 0; (r = nd_pkt_row(i)); i++) { // has(pkt.tcp): what any field of it needs
        const struct nd_type *t = e->args.v[0]->type;
        const char *group = t->name ? t->name : "";

        one = !*group ? ND_PL_L3 : !strcmp(r->group, group) ? r->layer : 0;
        *mask |= t->depth ? one << ND_PL_INNER | ND_PL_TUNNEL : one;
    }
}

// Each layer stands on others.
static uint32_t close_layers(uint32_t m)
{
    return m & (ND_PL_ARP | ND_PL_ADDR | ND_PL_L4 | ND_PL_VLAN) ? m | ND_PL_L3 : m;
}

static uint32_t close_all(uint32_t m)
{
    m = close_layers(m & ND_PL_MASK) | close_layers(m >> ND_PL_INNER) << ND_PL_INNER;
    if (m & ND_PL_TUNNEL)
        m |= ND_PL_L4 | ND_PL_L3;
    return m ? m | ND_PL_SKB : 0;
}

// ---- where they are needed ---------------------------------------------------------------------

struct walk {
    struct nd_arena *a;
    struct nd_pkt_uses *u;
};

static void walk_block(struct walk *w, struct nd_block *b, const struct nd_pkt_cond *g);

static bool is_option(const struct nd_expr *e)
{
    return e->kind == ND_E_FIELD && e->sym && e->sym->kind == ND_SYM_OPTION;
}

// Is it known when the script is loaded, and one of the simple forms?
static bool known_at_load(const struct nd_expr *e)
{
    if (e->is_const)
        return true;
    switch (e->kind) {
    case ND_E_FIELD:
        return is_option(e) && nd_type_is_scalar(e->type);
    case ND_E_CALL:
        return e->builtin && e->builtin->id == ND_B_HAS && is_option(e->args.v[0]);
    case ND_E_UNARY:
        return e->op == ND_OP_NOT && known_at_load(e->a);
    case ND_E_BINARY:
        return (e->op >= ND_OP_EQ || e->op == ND_OP_LAND || e->op == ND_OP_LOR) &&
               known_at_load(e->a) && known_at_load(e->b);
    default:
        return false;
    }
}

static const struct nd_pkt_cond *also(struct walk *w, const struct nd_pkt_cond *g,
                                      struct nd_expr *e, bool negated)
{
    struct nd_pkt_cond *c;

    if (!known_at_load(e) || e->is_const)
        return g;
    c = ND_NEW(w->a, struct nd_pkt_cond);
    c->up = g;
    c->e = e;
    c->negated = negated;
    return c;
}

static bool same_cond(const struct nd_expr *x, const struct nd_expr *y)
{
    if (x->kind != y->kind || x->op != y->op || x->is_const != y->is_const)
        return false;
    if (x->is_const)
        return x->num == y->num;
    switch (x->kind) {
    case ND_E_FIELD:
        return x->sym == y->sym;
    case ND_E_CALL:
        return x->args.v[0]->sym == y->args.v[0]->sym;
    case ND_E_UNARY:
        return same_cond(x->a, y->a);
    default:
        return same_cond(x->a, y->a) && same_cond(x->b, y->b);
    }
}

// Does y hold only where x does?
static bool implied(const struct nd_pkt_cond *x, const struct nd_pkt_cond *y)
{
    const struct nd_pkt_cond *i;

    for (; x; x = x->up) {
        for (i = y; i && (i->negated != x->negated || !same_cond(i->e, x->e)); i = i->up)
            ;
        if (!i)
            return false;
    }
    return true;
}

static void use(struct walk *w, uint32_t layers, const struct nd_pkt_cond *g)
{
    uint32_t i;

    if (!layers)
        return;
    w->u->layers |= close_all(layers);
    if (!g)
        w->u->always = true;
    for (i = 0; i < w->u->guards.n; i++) {
        if (implied(w->u->guards.v[i].conds, g))
            return;
    }
    if (g)
        ND_PUSH(w->a, &w->u->guards)->conds = g;
}

static void walk_expr(struct walk *w, struct nd_expr *e, const struct nd_pkt_cond *g)
{
    uint32_t layers = 0, i;
    bool logic;

    if (!e || e->is_const)
        return;
    note_layers(e, &layers);
    use(w, layers, g);
    logic = e->kind == ND_E_BINARY && (e->op == ND_OP_LAND || e->op == ND_OP_LOR);
    walk_expr(w, e->a, g);
    walk_expr(w, e->b,
              logic                  ? also(w, g, e->a, e->op == ND_OP_LOR)
              : e->kind == ND_E_COND ? also(w, g, e->a, false)
                                     : g);
    walk_expr(w, e->c, e->kind == ND_E_COND ? also(w, g, e->a, true) : g);
    for (i = 0; i < e->args.n; i++)
        walk_expr(w, e->args.v[i], g);
    if (e->kind == ND_E_CALL && !e->builtin && e->info)
        walk_block(w, ((struct nd_fn *)e->info)->body[ND_KERNEL]->body, g);
}

static void walk_stmt(struct walk *w, struct nd_stmt *s, const struct nd_pkt_cond *g)
{
    const bool branch = s->kind == ND_S_IF;
    uint32_t i;

    walk_expr(w, s->expr, g);
    walk_expr(w, s->rhs, g);
    walk_expr(w, s->hi, g);
    for (i = 0; i < s->fields.n; i++)
        walk_expr(w, s->fields.v[i].expr, g);
    walk_block(w, s->body, branch ? also(w, g, s->expr, false) : g);
    walk_block(w, s->else_body, branch ? also(w, g, s->expr, true) : g);
}

static void walk_block(struct walk *w, struct nd_block *b, const struct nd_pkt_cond *g)
{
    uint32_t i;

    for (i = 0; b && i < b->n; i++)
        walk_stmt(w, b->v[i], g);
}

void nd_pkt_uses_expr(struct nd_arena *a, struct nd_expr *e, struct nd_pkt_uses *u)
{
    walk_expr(&(struct walk){a, u}, e, NULL);
}

void nd_pkt_uses_stmt(struct nd_arena *a, struct nd_stmt *s, struct nd_pkt_uses *u)
{
    walk_stmt(&(struct walk){a, u}, s, NULL);
}

uint32_t nd_pkt_layers_of_probe(struct nd_arena *a, const struct nd_probe *pr)
{
    struct nd_pkt_uses u = {0};
    struct walk w = {a, &u};
    uint32_t i;

    walk_expr(&w, pr->decl->pred, NULL);
    walk_block(&w, pr->decl->body, NULL);
    if (pr->path) {
        walk_expr(&w, pr->path->key, NULL);
        if (pr->path->enter && nd_path_member(pr->path->path, true, "flow"))
            use(&w, ND_PL_ADDR | ND_PL_L4, NULL);
    }
    for (i = 0; pr->path && i < pr->path->keeps->n; i++) {
        const struct nd_path_keep *k = &pr->path->keeps->v[i];

        if (nd_path_member(pr->path->path, true, k->field.name))
            walk_expr(&w, k->value, NULL);
    }
    for (i = 0; pr->path && i < pr->path->on.n; i++) {
        walk_expr(&w, pr->path->on.v[i].decl->pred, NULL);
        walk_block(&w, pr->path->on.v[i].decl->body, NULL);
    }
    return u.layers;
}
