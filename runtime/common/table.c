// SPDX-License-Identifier: GPL-2.0-or-later
// Dense entries with a separate open-addressing index; deletion shifts the index back, so there
// are no tombstones. Must not know what keys and values mean. Serves the maps.
#include "runtime/common/table.h"

#include <stdlib.h>
#include <string.h>

void nd_table_init(struct nd_table *t, uint32_t key_size, uint32_t val_size)
{
    memset(t, 0, sizeof(*t));
    t->key_size = key_size;
    t->val_size = val_size;
    t->val_off = (key_size + 7) & ~7u; // values are read as 64-bit words
    t->stride = (t->val_off + val_size + 7) & ~7u;
}

void nd_table_free(struct nd_table *t)
{
    free(t->data);
    free(t->slot);
    t->data = NULL;
    t->slot = NULL;
    t->n = t->cap = t->nslots = 0;
}

void nd_table_clear(struct nd_table *t)
{
    t->n = 0;
    if (t->slot)
        memset(t->slot, 0, t->nslots * sizeof(*t->slot));
}

static uint32_t hash(const uint8_t *p, uint32_t n)
{
    uint64_t h = 0x9e3779b97f4a7c15ull ^ n, w;

    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&w, p, 8);
        h = (h ^ w) * 0xff51afd7ed558ccdull;
        h ^= h >> 32;
    }
    w = 0;
    memcpy(&w, p, n);
    h = (h ^ w) * 0xff51afd7ed558ccdull;
    return (uint32_t)(h ^ (h >> 32));
}

// Index of the slot that holds the key, or of the free one where it belongs.
static uint32_t find(const struct nd_table *t, const void *key)
{
    uint32_t mask = t->nslots - 1, i = hash(key, t->key_size) & mask;

    while (t->slot[i] && memcmp(nd_table_key(t, t->slot[i] - 1), key, t->key_size) != 0)
        i = (i + 1) & mask;
    return i;
}

void *nd_table_get(const struct nd_table *t, const void *key)
{
    uint32_t i;

    if (!t->n)
        return NULL;
    if (!t->key_size)
        return nd_table_val(t, 0);
    i = find(t, key);
    return t->slot[i] ? nd_table_val(t, t->slot[i] - 1) : NULL;
}

static bool grow(struct nd_table *t)
{
    uint32_t cap = t->cap ? t->cap * 2 : 16, nslots = cap * 2, i;
    uint8_t *data;
    uint32_t *slot;

    if (cap < t->cap || cap > UINT32_MAX / 4)
        return false;
    data = realloc(t->data, (size_t)cap * t->stride);
    if (!data)
        return false;
    t->data = data;
    slot = calloc(nslots, sizeof(*slot));
    if (!slot)
        return false;
    free(t->slot);
    t->slot = slot;
    t->nslots = nslots;
    t->cap = cap;
    for (i = 0; i < t->n && t->key_size; i++)
        t->slot[find(t, nd_table_key(t, i))] = i + 1;
    return true;
}

void *nd_table_put(struct nd_table *t, const void *key, bool *fresh)
{
    void *val = nd_table_get(t, key);
    uint8_t *entry;

    if (fresh)
        *fresh = !val;
    if (val)
        return val;
    if (t->n == t->cap && !grow(t))
        return NULL;
    entry = t->data + (size_t)t->n * t->stride;
    memset(entry, 0, t->stride);
    if (t->key_size) {
        memcpy(entry, key, t->key_size);
        t->slot[find(t, key)] = t->n + 1;
    }
    t->n++;
    return entry + t->val_off;
}

// Frees slot i and moves later members of its run back, so that searches still find them.
static void slot_free(struct nd_table *t, uint32_t i)
{
    uint32_t mask = t->nslots - 1, j = i;

    t->slot[i] = 0;
    for (;;) {
        uint32_t home;

        j = (j + 1) & mask;
        if (!t->slot[j])
            return;
        home = hash(nd_table_key(t, t->slot[j] - 1), t->key_size) & mask;
        if (((j - home) & mask) < ((j - i) & mask))
            continue; // its home lies after the hole
        t->slot[i] = t->slot[j];
        t->slot[j] = 0;
        i = j;
    }
}

bool nd_table_del(struct nd_table *t, const void *key)
{
    uint32_t i, e;

    if (!nd_table_get(t, key))
        return false;
    if (!t->key_size) {
        t->n = 0;
        return true;
    }
    i = find(t, key);
    e = t->slot[i] - 1;
    slot_free(t, i);
    t->n--;
    if (e != t->n) {
        uint8_t *to = t->data + (size_t)e * t->stride;
        uint8_t *last = t->data + (size_t)t->n * t->stride;

        t->slot[find(t, last)] = e + 1;
        memcpy(to, last, t->stride);
    }
    return true;
}
