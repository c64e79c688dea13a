// SPDX-License-Identifier: GPL-2.0-or-later
// Sections grow apart and are laid out one after the other, 8-byte aligned, at the end.
#include "compiler/user/mfbuild.h"

#include "compiler/front/arena.h"

#include <string.h>
#include <zlib.h>

struct section {
    uint8_t *v;
    uint32_t n, cap; // in elements
};

struct nd_mfb {
    struct nd_arena *a;
    struct nd_mf_header h;
    struct section sec[ND_SEC_MAX];
    struct nd_mf_words {
        uint32_t *slot; // open addressing over STRINGS: offset + 1
        uint32_t n, cap;
    } strings;
};

static const size_t sec_size[ND_SEC_MAX] = {ND_MF_SECTIONS(ND_MF_SEC_SIZE)};

struct nd_mfb *nd_mfb_new(struct nd_arena *a)
{
    struct nd_mfb *b = ND_NEW(a, struct nd_mfb);

    b->a = a;
    b->h.exit_off = ND_MF_NONE;
    nd_mfb_add(b, ND_SEC_STRINGS, "", 1);
    return b;
}

uint32_t nd_mfb_add(struct nd_mfb *b, enum nd_mf_sec sec, const void *data, uint32_t n)
{
    struct section *s = &b->sec[sec];
    uint32_t first = s->n;

    if (s->n + n > s->cap) {
        uint32_t cap = s->cap ? s->cap : 16;
        uint8_t *v;

        while (cap < s->n + n)
            cap *= 2;
        v = nd_arena_alloc(b->a, cap * sec_size[sec]);
        if (s->n)
            memcpy(v, s->v, s->n * sec_size[sec]);
        s->v = v;
        s->cap = cap;
    }
    if (n && data)
        memcpy(s->v + s->n * sec_size[sec], data, n * sec_size[sec]);
    s->n += n;
    return first;
}

void *nd_mfb_at(struct nd_mfb *b, enum nd_mf_sec sec, uint32_t i)
{
    return b->sec[sec].v + i * sec_size[sec];
}

uint32_t nd_mfb_count(const struct nd_mfb *b, enum nd_mf_sec sec)
{
    return b->sec[sec].n;
}

static uint32_t hash(const char *s)
{
    uint32_t h = 2166136261u; // FNV-1a

    for (; *s; s++)
        h = (h ^ (uint8_t)*s) * 16777619u;
    return h;
}

static void strings_grow(struct nd_mfb *b)
{
    struct nd_mf_words old = b->strings;
    uint32_t i;

    b->strings.cap = old.cap ? old.cap * 2 : 64;
    b->strings.slot = ND_NEW_ARRAY(b->a, uint32_t, b->strings.cap);
    for (i = 0; i < old.cap; i++) {
        uint32_t h;

        if (!old.slot[i])
            continue;
        h = hash((char *)b->sec[ND_SEC_STRINGS].v + old.slot[i] - 1);
        while (b->strings.slot[h & (b->strings.cap - 1)])
            h++;
        b->strings.slot[h & (b->strings.cap - 1)] = old.slot[i];
    }
}

uint32_t nd_mfb_str(struct nd_mfb *b, const char *s)
{
    uint32_t h, off;

    if (!s || !*s)
        return 0;
    if (b->strings.n * 2 >= b->strings.cap)
        strings_grow(b);
    for (h = hash(s);; h++) {
        uint32_t *slot = &b->strings.slot[h & (b->strings.cap - 1)];

        if (!*slot) {
            off = nd_mfb_add(b, ND_SEC_STRINGS, s, (uint32_t)strlen(s) + 1);
            *slot = off + 1;
            b->strings.n++;
            return off;
        }
        if (!strcmp((char *)b->sec[ND_SEC_STRINGS].v + *slot - 1, s))
            return *slot - 1;
    }
}

uint32_t nd_mfb_const(struct nd_mfb *b, uint64_t v)
{
    const struct section *s = &b->sec[ND_SEC_CONSTS];
    uint32_t i;

    for (i = 0; i < s->n; i++) {
        if (!memcmp(s->v + i * 8ul, &v, 8))
            return i;
    }
    return nd_mfb_add(b, ND_SEC_CONSTS, &v, 1);
}

struct nd_mf_header *nd_mfb_header(struct nd_mfb *b)
{
    return &b->h;
}

void nd_mfb_seal(void *blob)
{
    const size_t skip = offsetof(struct nd_mf_header, checksum) + 4;
    struct nd_mf_header *h = blob;

    h->checksum = (uint32_t)crc32(0, (const uint8_t *)blob + skip, (uInt)(h->size - skip));
}

void *nd_mfb_finish(struct nd_mfb *b, uint32_t *size)
{
    size_t total = sizeof(b->h);
    uint8_t *blob;
    int i;

    for (i = 0; i < ND_SEC_MAX; i++) {
        total = (total + 7) & ~(size_t)7;
        b->h.sec[i].off = (uint32_t)total;
        b->h.sec[i].count = b->sec[i].n;
        total += b->sec[i].n * sec_size[i];
    }
    total = (total + 7) & ~(size_t)7;
    b->h.magic = ND_MF_MAGIC;
    b->h.version = ND_MF_VERSION;
    b->h.size = (uint32_t)total;
    blob = nd_arena_alloc(b->a, total);
    for (i = 0; i < ND_SEC_MAX; i++) {
        if (b->sec[i].n)
            memcpy(blob + b->h.sec[i].off, b->sec[i].v, b->sec[i].n * sec_size[i]);
    }
    memcpy(blob, &b->h, sizeof(b->h));
    nd_mfb_seal(blob);
    *size = (uint32_t)total;
    return blob;
}

struct nd_seal nd_mfb_seal_file(const void *elf, size_t size)
{
    struct nd_seal s = {.magic = ND_SEAL_MAGIC, .size = size, .version = ND_MF_VERSION};
    uLong crc = crc32_z(0, elf, size);

    s.crc = (uint32_t)crc32_z(crc, (const uint8_t *)&s, offsetof(struct nd_seal, crc));
    return s;
}
