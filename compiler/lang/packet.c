// SPDX-License-Identifier: GPL-2.0-or-later
// The fields of pkt as a table, from packet.def.
#include "compiler/lang/packet.h"

#include <string.h>

#define IP4_6 (ND_PH_IP4 | ND_PH_IP6)
#define ICMPS (ND_PH_ICMP | ND_PH_ICMP6)

enum {
#define ND_PKT_HEADER(id, layer, src) LAYER_##id = layer, SOURCE_##id = src,
#include "compiler/lang/packet.def"
};

static const struct nd_pkt_row rows[] = {
#define ND_PKT_FIELD(group, header, name, type, off, size, shift, mask, help) \
    {#group,                                                                  \
     #name,                                                                   \
     &nd_type_##type,                                                         \
     LAYER_##header,                                                          \
     ND_PH_##header,                                                          \
     (enum nd_pkt_src)SOURCE_##header,                                        \
     off,                                                                     \
     0,                                                                       \
     size,                                                                    \
     shift,                                                                   \
     mask,                                                                    \
     help},
#define ND_PKT_VALUE(...) {__VA_ARGS__},
#include "compiler/lang/packet.def"
};

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
    if (e->kind != ND_E_FIELD || !e->a->type || e->a->type->kind != ND_T_PKT)
        return NULL;
    *inner = e->a->type->depth != 0;
    return e->pkt;
}
