// SPDX-License-Identifier: GPL-2.0-or-later
// A bump allocator: everything of one compilation lives in one arena and is freed once.
// Must not know what it stores. Serves the whole compiler.
#ifndef ND_ARENA_H
#define ND_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct nd_arena;

// Returns NULL when out of memory. Free with nd_arena_free (NULL is fine).
struct nd_arena *nd_arena_new(void);
void nd_arena_free(struct nd_arena *a);

// Zeroed memory, aligned to 16 bytes. Never NULL: ends the process with a message when out of
// memory (the compiler is a separate process, with nothing to clean up).
void *nd_arena_alloc(struct nd_arena *a, size_t size);
char *nd_arena_strndup(struct nd_arena *a, const char *s, size_t n);
char *nd_arena_strdup(struct nd_arena *a, const char *s);
char *nd_arena_printf(struct nd_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
char *nd_arena_vprintf(struct nd_arena *a, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

#define ND_NEW(a, type) ((type *)nd_arena_alloc((a), sizeof(type)))
#define ND_NEW_ARRAY(a, type, n) ((type *)nd_arena_alloc((a), sizeof(type) * (size_t)(n)))

// A growable array on the arena: pointer, number of items and capacity kept by the caller in a
// struct { T *v; uint32_t n, cap; }.
void *nd_arena_grow(struct nd_arena *a, void *v, uint32_t n, uint32_t *cap, size_t item);
#define ND_VEC(...)     \
    struct {            \
        __VA_ARGS__ *v; \
        uint32_t n;     \
        uint32_t cap;   \
    }
// Appends an item and gives its address.
#define ND_PUSH(a, vec)                                                                 \
    ((vec)->v = nd_arena_grow((a), (vec)->v, (vec)->n, &(vec)->cap, sizeof(*(vec)->v)), \
     &(vec)->v[(vec)->n++])

#endif
