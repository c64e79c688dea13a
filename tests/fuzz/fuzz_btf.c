// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzz target: any bytes as BTF. Every question there is to ask, about every type.
#include "compiler/front/arena.h"
#include "compiler/kernel/btf.h"
#include "fuzz.h"

#include <string.h>

static void ask(const struct nd_btf *b, uint32_t id, struct nd_arena *a)
{
    struct nd_btf_enumerator e;
    struct nd_btf_member m;
    struct nd_btf_param p;
    struct nd_btf_type t;
    volatile size_t sum = 0;

    if (nd_btf_get(b, id, &t))
        sum += strlen(t.name);
    nd_btf_resolve(b, id, &t);
    sum += nd_btf_size(b, id);
    for (uint32_t i = 0; nd_btf_member(b, id, i, &m); i++)
        sum += strlen(m.name) + m.bits;
    for (uint32_t i = 0; nd_btf_enumerator(b, id, i, &e); i++)
        sum += strlen(e.name);
    for (uint32_t i = 0; nd_btf_param(b, id, i, &p); i++)
        sum += strlen(p.name);
    sum += strlen(nd_btf_type_text(b, id, a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nd_arena *a;
    const char *why;
    struct nd_btf *b = nd_btf_from_memory(data, size, NULL, &why), *split;
    int64_t v;

    if (!b)
        return 0;
    a = nd_arena_new();
    for (uint32_t id = 0; id <= nd_btf_count(b); id++)
        ask(b, id, a);
    nd_btf_find(b, ND_BTF_STRUCT, "sk_buff");
    nd_btf_find(b, ND_BTF_TYPEDEF, "a");
    nd_btf_find_enumerator(b, "TCP_LISTEN", &v);
    // the same data on top of itself, as the split BTF of a module
    split = nd_btf_from_memory(data, size, b, &why);
    if (split) {
        uint32_t n = nd_btf_count(split);

        for (uint32_t id = nd_btf_count(b); id <= n; id++)
            ask(split, id, a);
        nd_btf_find(split, ND_BTF_STRUCT, "sk_buff");
    }
    nd_btf_free(split);
    nd_btf_free(b);
    nd_arena_free(a);
    return 0;
}
