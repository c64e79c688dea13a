// SPDX-License-Identifier: GPL-2.0-or-later
// Blocks of growing size in a list; an allocation never moves.
#include "compiler/front/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
    struct block *next;
    size_t used, size;
    _Alignas(16) unsigned char data[];
};

struct nd_arena {
    struct block *head;
};

#define FIRST_BLOCK ((size_t)64 << 10)
#define MAX_BLOCK ((size_t)4 << 20)

static struct block *block_new(struct block *next, size_t size)
{
    struct block *b = calloc(1, sizeof(*b) + size); // fresh pages: zeroing costs nothing

    if (!b)
        return NULL;
    b->next = next;
    b->size = size;
    return b;
}

struct nd_arena *nd_arena_new(void)
{
    return calloc(1, sizeof(struct nd_arena));
}

void nd_arena_free(struct nd_arena *a)
{
    if (!a)
        return;
    while (a->head) {
        struct block *next = a->head->next;

        free(a->head);
        a->head = next;
    }
    free(a);
}

void *nd_arena_alloc(struct nd_arena *a, size_t size)
{
    struct block *b = a->head;
    void *p;

    size = (size + 15) & ~(size_t)15;
    if (!b || b->size - b->used < size) {
        size_t want = b ? b->size * 2 : FIRST_BLOCK;

        if (want > MAX_BLOCK)
            want = MAX_BLOCK;
        b = block_new(a->head, size > want ? size : want);
        if (!b) {
            fputs("ndtrace-compile: out of memory\n", stderr);
            exit(1);
        }
        a->head = b;
    }
    p = b->data + b->used;
    b->used += size;
    return p;
}

char *nd_arena_strndup(struct nd_arena *a, const char *s, size_t n)
{
    char *p = nd_arena_alloc(a, n + 1);

    memcpy(p, s, n);
    return p;
}

char *nd_arena_strdup(struct nd_arena *a, const char *s)
{
    return nd_arena_strndup(a, s, strlen(s));
}

char *nd_arena_vprintf(struct nd_arena *a, const char *fmt, va_list ap)
{
    va_list again;
    char *p;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    p = nd_arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
    if (n > 0)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

char *nd_arena_printf(struct nd_arena *a, const char *fmt, ...)
{
    va_list ap;
    char *p;

    va_start(ap, fmt);
    p = nd_arena_vprintf(a, fmt, ap);
    va_end(ap);
    return p;
}

void *nd_arena_grow(struct nd_arena *a, void *v, uint32_t n, uint32_t *cap, size_t item)
{
    void *bigger;

    if (n < *cap)
        return v;
    *cap = *cap ? *cap * 2 : 8;
    bigger = nd_arena_alloc(a, *cap * item);
    if (n)
        memcpy(bigger, v, n * item);
    return bigger;
}
