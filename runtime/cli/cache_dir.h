// SPDX-License-Identifier: GPL-2.0-or-later
// The folder of the cache: opened so that no other user can put anything into it, entries read and
// written whole, kept below a size. Must not know what entries hold. Serves cache.c only.
#ifndef ND_CACHE_DIR_H
#define ND_CACHE_DIR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define ND_CACHE_BYTES (64u << 20) // all entries together
#define ND_CACHE_ENTRIES 500u

// Descriptor of the folder, created if necessary; -1: none (a warning was printed if it is not
// safe).
int nd_cache_dir(void);
// Maps an entry. 0 or a negative errno; -EPERM: not ours, or others can write to it.
int nd_cache_map(int dir, const char *name, void **map, size_t *size);
// Replaces an entry at once; then removes the oldest while there are too many.
int nd_cache_write(int dir, const char *name, const struct iovec *v, int n, uint64_t max_bytes,
                   uint32_t max_entries);

#endif
