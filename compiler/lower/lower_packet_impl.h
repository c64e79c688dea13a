// SPDX-License-Identifier: GPL-2.0-or-later
// What the files that lower packets share: lower_pktword.c (words), lower_packet.c (headers),
// lower_pktparse.c (all of it, tunnels), lower_pktval.c (values). Values are i64 unless stated
// otherwise.
#ifndef ND_LOWER_PACKET_IMPL_H
#define ND_LOWER_PACKET_IMPL_H

#include "compiler/lang/packet.h"
#include "compiler/lower/lower_impl.h"

enum { ND_L3_BYTES = 64, ND_L4_BYTES = 20, ND_L2_BYTES = 14, ND_TAG_BYTES = 8 };
enum { ND_ETH_ARP = 0x0806, ND_ETH_RARP = 0x8035, ND_ETH_IP = 0x0800, ND_ETH_IP6 = 0x86dd };
enum { ND_ETH_VLAN = 0x8100, ND_ETH_QINQ = 0x88a8, ND_ETH_TEB = 0x6558 };

struct nd_parsing {
    struct nd_lower *l;
    struct nd_lpkt *k;
    struct nd_span span;
    uint32_t layers; // of this packet
};

struct nd_branch {
    LLVMBasicBlockRef other, done;
};

// lower_pktword.c
struct nd_branch nd_pk_if(struct nd_lower *l, LLVMValueRef cond); // i1
void nd_pk_else(struct nd_lower *l, const struct nd_branch *b);
void nd_pk_done(struct nd_lower *l, const struct nd_branch *b); // after an else
void nd_pk_fi(struct nd_lower *l, const struct nd_branch *b);   // without one
LLVMValueRef nd_pk_cmp(struct nd_lower *l, LLVMIntPredicate p, LLVMValueRef a, uint64_t b); // i1
LLVMValueRef nd_pk_is(struct nd_lower *l, LLVMValueRef a, uint64_t b);                      // i1
LLVMValueRef nd_pk_or(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef nd_pk_and(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef nd_pk_pick(struct nd_lower *l, LLVMValueRef cond, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef nd_pk_add(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef nd_pk_sub(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef nd_pk_bits(struct nd_lower *l, LLVMValueRef v, uint32_t shift, uint64_t mask);
LLVMValueRef nd_pk_wire(struct nd_lower *l, LLVMValueRef buf, uint32_t off, uint32_t size);
void nd_pk_copy(struct nd_lower *l, LLVMValueRef to, LLVMValueRef from, uint32_t words); // of 4
LLVMValueRef nd_pk_load(struct nd_lower *l, LLVMValueRef reg);
LLVMValueRef nd_pk_get(struct nd_parsing *p, enum nd_pkt_reg r);
void nd_pk_set(struct nd_parsing *p, enum nd_pkt_reg r, LLVMValueRef v);
void nd_pk_have(struct nd_parsing *p, uint32_t what);
LLVMValueRef nd_pk_found(struct nd_lower *l, const struct nd_lpkt *k, uint32_t what); // i1
// The value, about which neither LLVM nor the verifier knows anything from here on.
LLVMValueRef nd_pk_forget(struct nd_lower *l, LLVMValueRef v);
void nd_pk_forget_regs(struct nd_parsing *p, uint32_t regs); // bits
void nd_pk_blank(struct nd_lower *l, LLVMValueRef buf, uint32_t size);
void nd_pk_blank_all(struct nd_lower *l, const struct nd_lpkt *k);
void nd_pk_failed(struct nd_parsing *p); // a packet that could not be parsed to its end
// n bytes at an offset from skb->head to buf; the caller has made sure that they are there.
void nd_pk_fetch(struct nd_parsing *p, LLVMValueRef buf, LLVMValueRef off, uint32_t n);
// The same with a number from 1 to `most`, a power of 2, that is known when running.
void nd_pk_fetch_some(struct nd_parsing *p, LLVMValueRef buf, LLVMValueRef off, LLVMValueRef n,
                      uint32_t most);
// Are n bytes there at an offset, in the linear part? i1
LLVMValueRef nd_pk_room(struct nd_parsing *p, LLVMValueRef off, uint32_t n);

// lower_packet.c
void nd_pk_skb(struct nd_parsing *p);
void nd_pk_states(struct nd_parsing *p); // segmentation, connection tracking
void nd_pk_l2(struct nd_parsing *p);
void nd_pk_kept_tag(struct nd_parsing *p);
void nd_pk_tags(struct nd_parsing *p, LLVMValueRef first); // two at most, from this offset on
void nd_pk_l3(struct nd_parsing *p);
void nd_pk_addresses(struct nd_parsing *p);
void nd_pk_l4(struct nd_parsing *p);

#endif
