// SPDX-License-Identifier: GPL-2.0-or-later
// A write to a map replaces the whole value, so the words that we write have their own entries:
// what programs count meanwhile is not touched. Must not know what the words mean.
#include "runtime/kernel/state.h"

#include <bpf/bpf.h>
#include <string.h>

bool nd_state_there(const struct nd_state *s)
{
    return s && (s->shared || s->split);
}

uint64_t nd_state_get(const struct nd_state *s, uint32_t off)
{
    uint32_t key = off < s->words ? off / 8 : 0;
    uint64_t v = 0;

    if (s->shared)
        return __atomic_load_n((const uint64_t *)(const void *)(s->shared + off), __ATOMIC_RELAXED);
    if (!s->split)
        return 0;
    if (off < s->words) {
        if (bpf_map_lookup_elem(s->words_fd, &key, &v))
            return 0;
        return v;
    }
    if (bpf_map_lookup_elem(s->data_fd, &key, s->value))
        return 0;
    memcpy(&v, s->value + s->off + off, sizeof(v));
    return v;
}

void nd_state_put(const struct nd_state *s, uint32_t off, uint64_t v)
{
    uint32_t key = off / 8;

    if (s->shared)
        __atomic_store_n((uint64_t *)(void *)(s->shared + off), v, __ATOMIC_SEQ_CST);
    else if (s->split && off < s->words)
        bpf_map_update_elem(s->words_fd, &key, &v, BPF_ANY);
}

void nd_state_flip(const struct nd_state *s, uint32_t off)
{
    if (s->shared)
        __atomic_xor_fetch((uint32_t *)(void *)(s->shared + off), 1, __ATOMIC_SEQ_CST);
    else
        nd_state_put(s, off, nd_state_get(s, off) ^ 1);
}
