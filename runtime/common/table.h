// SPDX-License-Identifier: GPL-2.0-or-later
// A hash table from keys of a fixed number of bytes to values of a fixed number of bytes.
// Must not know what they mean. Serves the maps.
#ifndef ND_TABLE_H
#define ND_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Entries are dense: entry i of n is at nd_table_key/val(t, i), in the order of insertion until one
// is deleted (the last takes its place). A key_size of 0 makes a table of at most one entry.
struct nd_table {
    uint32_t key_size, val_size;
    uint32_t n, cap; // entries
    uint8_t *data;   // cap * (key_size + padding + val_size)
    uint32_t *slot;  // nslots: entry + 1, 0 = free
    uint32_t nslots; // a power of two
    uint32_t val_off, stride;
};

// Sizes in bytes. The table owns its memory; nd_table_clear keeps it for reuse.
void nd_table_init(struct nd_table *t, uint32_t key_size, uint32_t val_size);
void nd_table_free(struct nd_table *t);
void nd_table_clear(struct nd_table *t);
static inline const void *nd_table_key(const struct nd_table *t, uint32_t i)
{
    return t->data + (size_t)i * t->stride;
}
static inline void *nd_table_val(const struct nd_table *t, uint32_t i)
{
    return t->data + (size_t)i * t->stride + t->val_off;
}
void *nd_table_get(const struct nd_table *t, const void *key); // value, or NULL
// Value of the key, made with zeroes if it is new (*fresh, may be NULL). NULL: out of memory.
void *nd_table_put(struct nd_table *t, const void *key, bool *fresh);
bool nd_table_del(struct nd_table *t, const void *key); // was it there?

#endif
