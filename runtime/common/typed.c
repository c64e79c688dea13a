// SPDX-License-Identifier: GPL-2.0-or-later
// Typed bytes as integers and in order: kind, size and flags say how.
// Must not know text, maps or user code. Serves formatting, sinks and the VM.
#include "runtime/common/typed.h"

#include "runtime/common/agg.h"
#include "runtime/common/typekinds.h"

#include <string.h>

bool nd_typed_is_int(const struct nd_mf_type *t)
{
    return nd_typekind_is(t->kind, ND_IS_WORD);
}

bool nd_typed_is_signed(const struct nd_mf_type *t)
{
    uint8_t sign = t->kind < ND_T_KIND_MAX ? nd_typekinds[t->kind].sign : ND_SIGN_NEVER;

    return sign == ND_SIGN_ALWAYS || (sign == ND_SIGN_FLAG && t->flags & ND_TF_SIGNED);
}

int64_t nd_typed_int(const struct nd_mf_type *t, const void *p)
{
    bool sign = nd_typed_is_signed(t), net = t->flags & ND_TF_NETWORK;
    uint8_t v1;
    uint16_t v2;
    uint32_t v4;
    uint64_t v8;

    switch (t->size) {
    case 1:
        memcpy(&v1, p, 1);
        return sign ? (int8_t)v1 : v1;
    case 2:
        memcpy(&v2, p, 2);
        v2 = net ? __builtin_bswap16(v2) : v2;
        return sign ? (int16_t)v2 : v2;
    case 4:
        memcpy(&v4, p, 4);
        v4 = net ? __builtin_bswap32(v4) : v4;
        return sign ? (int32_t)v4 : (int64_t)v4;
    case 8:
        memcpy(&v8, p, 8);
        return (int64_t)(net ? __builtin_bswap64(v8) : v8);
    }
    return 0;
}

void nd_typed_put(const struct nd_mf_type *t, void *p, int64_t v)
{
    bool net = t->flags & ND_TF_NETWORK;
    uint8_t v1 = (uint8_t)v;
    uint16_t v2 = (uint16_t)v;
    uint32_t v4 = (uint32_t)v;
    uint64_t v8 = (uint64_t)v;

    if (t->kind == ND_T_BOOL) {
        v1 = v != 0;
        v8 = v != 0;
    }
    if (net) {
        v2 = __builtin_bswap16(v2);
        v4 = __builtin_bswap32(v4);
        v8 = __builtin_bswap64(v8);
    }
    switch (t->size) {
    case 1:
        memcpy(p, &v1, 1);
        break;
    case 2:
        memcpy(p, &v2, 2);
        break;
    case 4:
        memcpy(p, &v4, 4);
        break;
    case 8:
        memcpy(p, &v8, 8);
        break;
    }
}

const void *nd_typed_field(const struct nd_mf *mf, const struct nd_mf_field *f, const void *base,
                           uint64_t *tmp)
{
    const uint8_t *p = (const uint8_t *)base + f->off;
    struct nd_mf_type plain;
    uint64_t v, mask;

    if (!f->bits)
        return p;
    plain = mf->types[f->type];
    plain.kind = ND_T_INT; // the storage is an integer whatever it means
    plain.flags &= ~(uint32_t)ND_TF_SIGNED;
    v = (uint64_t)nd_typed_int(&plain, p) >> (f->bit_off & 63);
    mask = f->bits >= 64 ? ~0ull : (1ull << f->bits) - 1;
    v &= mask;
    if (nd_typed_is_signed(&mf->types[f->type]) && f->bits < 64 && v >> (f->bits - 1) & 1)
        v |= ~mask;
    *tmp = 0;
    nd_typed_put(&mf->types[f->type], tmp, (int64_t)v);
    return tmp;
}

uint32_t nd_typed_strlen(const struct nd_mf_type *t, const void *p)
{
    size_t room = t->kind == ND_T_IFNAME ? sizeof(((struct nd_ifname *)NULL)->name) : t->size;

    return (uint32_t)strnlen(p, room);
}

static int cmp_i64(int64_t x, int64_t y)
{
    return x < y ? -1 : x > y;
}

static int cmp_u64(uint64_t x, uint64_t y)
{
    return x < y ? -1 : x > y;
}

static int cmp_double(double x, double y)
{
    if (x != x || y != y) // no value sorts first
        return (x == x) - (y == y);
    return x < y ? -1 : x > y;
}

static int cmp_string(const struct nd_mf_type *t, const void *a, const void *b)
{
    uint32_t n = nd_typed_strlen(t, a), m = nd_typed_strlen(t, b);
    int r = memcmp(a, b, n < m ? n : m);

    if (!r && n == m && t->kind == ND_T_IFNAME)
        return memcmp((const char *)a + offsetof(struct nd_ifname, netns),
                      (const char *)b + offsetof(struct nd_ifname, netns), 4);
    return r ? r : cmp_u64(n, m);
}

static int cmp_buf(const struct nd_mf_type *t, const uint8_t *a, const uint8_t *b)
{
    uint32_t n, m;
    int r;

    memcpy(&n, a, 4);
    memcpy(&m, b, 4);
    n = n > t->size - 4 ? t->size - 4 : n;
    m = m > t->size - 4 ? t->size - 4 : m;
    r = memcmp(a + 4, b + 4, n < m ? n : m);
    return r ? r : cmp_u64(n, m);
}

static int cmp_compound(const struct nd_mf *mf, const struct nd_mf_type *t, const uint8_t *a,
                        const uint8_t *b)
{
    uint32_t i, size;
    uint64_t x, y;
    int r = 0;

    if (t->kind == ND_T_ARRAY) {
        size = mf->types[t->elem].size;
        for (i = 0; i < t->count && !r; i++)
            r = nd_typed_cmp(mf, t->elem, a + (size_t)i * size, b + (size_t)i * size);
        return r;
    }
    for (i = 0; i < t->count && !r; i++) {
        const struct nd_mf_field *f = &mf->fields[t->first + i];

        r = nd_typed_cmp(mf, f->type, nd_typed_field(mf, f, a, &x), nd_typed_field(mf, f, b, &y));
    }
    return r;
}

int nd_typed_cmp(const struct nd_mf *mf, uint32_t type, const void *a, const void *b)
{
    const struct nd_mf_type *t = &mf->types[type];
    double x, y;

    if (nd_typed_is_int(t)) {
        if (nd_typed_is_signed(t))
            return cmp_i64(nd_typed_int(t, a), nd_typed_int(t, b));
        return cmp_u64((uint64_t)nd_typed_int(t, a), (uint64_t)nd_typed_int(t, b));
    }
    if (nd_agg_is(t->kind))
        return cmp_double(nd_agg_rank(t, a), nd_agg_rank(t, b));
    if (nd_typekind_is(t->kind, ND_IS_TEXT))
        return cmp_string(t, a, b);
    if (nd_typekind_is(t->kind, ND_IS_MEMBERS | ND_IS_ELEMENTS))
        return cmp_compound(mf, t, a, b);
    if (t->kind == ND_T_DOUBLE) {
        memcpy(&x, a, 8);
        memcpy(&y, b, 8);
        return cmp_double(x, y);
    }
    if (t->kind == ND_T_BUF)
        return cmp_buf(t, a, b);
    return memcmp(a, b, t->size);
}
