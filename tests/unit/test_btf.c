// SPDX-License-Identifier: GPL-2.0-or-later
// The BTF reader on the recorded kernel's types, on damaged copies of them, and on data made here.
#include "facts.h"

#include "compiler/front/arena.h"
#include "compiler/kernel/btf.h"

#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct env {
    struct nd_arena *a;
    struct nd_btf *btf;
    uint8_t *data;
    size_t size;
};

static int setup(void **state)
{
    struct env *e = calloc(1, sizeof(*e));
    FILE *f = fopen(FACTS "/btf", "rb");
    const char *why = NULL;

    if (!e || !f)
        return -1;
    e->data = malloc(1 << 20);
    e->size = fread(e->data, 1, 1 << 20, f);
    fclose(f);
    e->a = nd_arena_new();
    e->btf = nd_btf_open(FACTS "/btf", NULL, &why);
    *state = e;
    return e->btf ? 0 : -1;
}

static int teardown(void **state)
{
    struct env *e = *state;

    nd_btf_free(e->btf);
    nd_arena_free(e->a);
    free(e->data);
    free(e);
    return 0;
}

static bool member(const struct nd_btf *b, uint32_t id, const char *name, struct nd_btf_member *m)
{
    for (uint32_t i = 0; nd_btf_member(b, id, i, m); i++)
        if (!strcmp(m->name, name))
            return true;
    return false;
}

static void test_find(void **state)
{
    struct env *e = *state;
    struct nd_btf_type t;
    uint32_t id = nd_btf_find(e->btf, ND_BTF_STRUCT, "sk_buff");

    assert_true(id > 0);
    assert_true(nd_btf_get(e->btf, id, &t));
    assert_int_equal(t.kind, ND_BTF_STRUCT);
    assert_string_equal(t.name, "sk_buff");
    assert_int_equal(t.size, 208);
    assert_int_equal(nd_btf_find(e->btf, ND_BTF_UNION, "sk_buff"), 0);
    assert_int_equal(nd_btf_find(e->btf, ND_BTF_STRUCT, "sk_buf"), 0);
    assert_int_equal(nd_btf_find(e->btf, ND_BTF_STRUCT, "k_buff"), 0);
    assert_int_equal(nd_btf_find(e->btf, ND_BTF_STRUCT, ""), 0);
    // skb_frag is found though sk_buff... share prefixes, and kinds are told apart
    assert_true(nd_btf_find(e->btf, ND_BTF_FUNC, "tcp_v4_rcv") > 0);
    assert_true(nd_btf_find(e->btf, ND_BTF_TYPEDEF, "btf_trace_net_dev_queue") > 0);
    assert_int_equal(nd_btf_find(e->btf, ND_BTF_FUNC, "btf_trace_net_dev_queue"), 0);
}

static void test_members(void **state)
{
    struct env *e = *state;
    uint32_t skb = nd_btf_find(e->btf, ND_BTF_STRUCT, "sk_buff");
    uint32_t dev = nd_btf_find(e->btf, ND_BTF_STRUCT, "net_device");
    uint32_t task = nd_btf_find(e->btf, ND_BTF_STRUCT, "task_struct");
    struct nd_btf_member m;
    struct nd_btf_type t;

    assert_true(nd_btf_member(e->btf, skb, 0, &m));
    assert_string_equal(m.name, "");
    assert_true(nd_btf_resolve(e->btf, m.type, &t));
    assert_int_equal(t.kind, ND_BTF_UNION);
    assert_true(member(e->btf, skb, "len", &m));
    assert_int_equal(m.bit_off, 112 * 8);
    assert_int_equal(m.bits, 0);
    assert_true(member(e->btf, skb, "fclone", &m));
    assert_int_equal(m.bits, 2);
    assert_true(member(e->btf, task, "signed_bits", &m));
    assert_int_equal(m.bits, 3);
    assert_true(nd_btf_resolve(e->btf, m.type, &t));
    assert_true(t.is_signed);
    assert_true(member(e->btf, dev, "priv", &m)); // flexible array
    assert_true(nd_btf_resolve(e->btf, m.type, &t));
    assert_int_equal(t.kind, ND_BTF_ARRAY);
    assert_int_equal(t.nelems, 0);
    assert_int_equal(nd_btf_size(e->btf, m.type), 0);
    assert_true(member(e->btf, dev, "name", &m));
    assert_int_equal(nd_btf_size(e->btf, m.type), 16);
    assert_false(nd_btf_member(e->btf, skb, 1000, &m));
    assert_false(nd_btf_member(e->btf, nd_btf_count(e->btf), 0, &m));
    assert_false(nd_btf_param(e->btf, skb, 0, &(struct nd_btf_param){0}));
}

static void test_enums(void **state)
{
    struct env *e = *state;
    int64_t v = 0;
    uint32_t id = nd_btf_find_enumerator(e->btf, "SKB_DROP_REASON_NO_SOCKET", &v);
    struct nd_btf_type t;

    assert_int_equal(v, 3);
    assert_int_equal(id, nd_btf_find(e->btf, ND_BTF_ENUM, "skb_drop_reason"));
    id = nd_btf_find_enumerator(e->btf, "BIG_FLAG", &v);
    assert_true(nd_btf_get(e->btf, id, &t));
    assert_int_equal(t.kind, ND_BTF_ENUM64);
    assert_true(v == 0x100000000ll);
    id = nd_btf_find_enumerator(e->btf, "REASON_BAD", &v);
    assert_true(nd_btf_get(e->btf, id, &t));
    assert_true(t.is_signed);
    assert_true(v == -2);
    assert_int_equal(nd_btf_find_enumerator(e->btf, "sk_buff", &v), 0);
    assert_int_equal(nd_btf_find_enumerator(e->btf, "NO_SUCH", &v), 0);
}

static void test_text_and_size(void **state)
{
    struct env *e = *state;
    uint32_t id = nd_btf_find(e->btf, ND_BTF_TYPEDEF, "btf_trace_net_dev_start_xmit");
    uint32_t skb = nd_btf_find(e->btf, ND_BTF_STRUCT, "sk_buff");
    uint32_t dev = nd_btf_find(e->btf, ND_BTF_STRUCT, "net_device");
    struct nd_btf_member m;
    struct nd_btf_type t;

    assert_string_equal(nd_btf_type_text(e->btf, 0, e->a), "void");
    assert_string_equal(nd_btf_type_text(e->btf, skb, e->a), "struct sk_buff");
    assert_true(nd_btf_get(e->btf, id, &t));
    assert_string_equal(nd_btf_type_text(e->btf, t.type, e->a),
                        "void (*)(void *, const struct sk_buff *, const struct net_device *)");
    assert_int_equal(nd_btf_size(e->btf, id), 8);
    id = nd_btf_find(e->btf, ND_BTF_TYPEDEF, "printer_t");
    assert_true(nd_btf_get(e->btf, id, &t));
    assert_string_equal(nd_btf_type_text(e->btf, t.type, e->a), "int (*)(const char *, ...)");
    assert_true(member(e->btf, dev, "name", &m));
    assert_string_equal(nd_btf_type_text(e->btf, m.type, e->a), "char[16]");
    assert_int_equal(nd_btf_size(e->btf, skb), 208);
    assert_int_equal(nd_btf_size(e->btf, 0), 0);
    assert_int_equal(nd_btf_size(e->btf, 0xffffffff), 0);
}

// Asks everything there is to ask about every type.
static void walk(const struct nd_btf *b)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_btf_enumerator e;
    struct nd_btf_member m;
    struct nd_btf_param p;
    struct nd_btf_type t;
    volatile size_t sum = 0;
    int64_t v;

    for (uint32_t id = 0; id <= nd_btf_count(b); id++) {
        nd_btf_get(b, id, &t);
        sum += strlen(t.name) + nd_btf_size(b, id);
        nd_btf_resolve(b, id, &t);
        for (uint32_t i = 0; nd_btf_member(b, id, i, &m); i++)
            sum += strlen(m.name);
        for (uint32_t i = 0; nd_btf_enumerator(b, id, i, &e); i++)
            sum += strlen(e.name);
        for (uint32_t i = 0; nd_btf_param(b, id, i, &p); i++)
            sum += strlen(p.name);
        if (id % 16 == 0)
            sum += strlen(nd_btf_type_text(b, id, a));
    }
    nd_btf_find(b, ND_BTF_STRUCT, "sk_buff");
    nd_btf_find_enumerator(b, "SKB_CONSUMED", &v);
    nd_arena_free(a);
}

static void try_damaged(const uint8_t *data, size_t size, uint32_t *opened)
{
    uint8_t *copy = malloc(size ? size : 1); // of the exact size: a sanitizer sees one byte too far
    const char *why = NULL;
    struct nd_btf *b;

    memcpy(copy, data, size);
    b = nd_btf_from_memory(copy, size, NULL, &why);
    if (b) {
        walk(b);
        ++*opened;
    } else {
        assert_non_null(why);
    }
    nd_btf_free(b);
    free(copy);
}

static void test_truncated(void **state)
{
    struct env *e = *state;
    uint32_t opened = 0;

    for (size_t n = 0; n < e->size; n += n < 64 ? 1 : 37)
        try_damaged(e->data, n, &opened);
    assert_int_equal(opened, 0);
    try_damaged(e->data, e->size, &opened);
    assert_int_equal(opened, 1);
}

static void test_flipped(void **state)
{
    struct env *e = *state;
    uint8_t *copy = malloc(e->size);
    uint32_t opened = 0, seed = 12345;

    for (int round = 0; round < 1500; round++) {
        memcpy(copy, e->data, e->size);
        for (int i = 0; i <= round % 8; i++) {
            seed = seed * 1664525 + 1013904223;
            // the header and the first types are hit more often
            size_t at = (seed >> 8) % (round % 3 ? e->size : 400);

            copy[at] ^= (uint8_t)(1u << (seed >> 29));
        }
        try_damaged(copy, e->size, &opened);
    }
    assert_true(opened > 0); // else the walk was never tried
    free(copy);
}

// ---- data made here --------------------------------------------------------------------------

struct made {
    struct btf_header h;
    uint32_t types[64];
    char str[64];
};

static size_t make(struct made *m, const uint32_t *types, uint32_t ntypes, const char *str,
                   uint32_t nstr)
{
    memset(m, 0, sizeof(*m));
    m->h = (struct btf_header){.magic = BTF_MAGIC, .version = 1, .hdr_len = sizeof(m->h)};
    m->h.type_len = ntypes * 4;
    m->h.str_off = sizeof(m->types);
    m->h.str_len = nstr;
    memcpy(m->types, types, ntypes * 4);
    memcpy(m->str, str, nstr);
    return sizeof(*m);
}

#define INFO(kind, vlen) ((uint32_t)(kind) << 24 | (vlen))

// A kernel's header may be shorter or longer than that of the headers we were compiled with.
static void test_header_lengths(void **state)
{
    static const uint32_t types[] = {1, INFO(ND_BTF_INT, 0), 4, 32};
    static const uint32_t lengths[] = {24, 32, 40};
    (void)state;

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint32_t head[10] = {BTF_MAGIC | 1 << 16, lengths[i], 0, sizeof(types), sizeof(types), 3};
        struct nd_btf_type t;
        const char *why = "";
        uint8_t data[64];
        struct nd_btf *b;

        memcpy(data, head, lengths[i]);
        memcpy(data + lengths[i], types, sizeof(types));
        memcpy(data + lengths[i] + sizeof(types), "\0x", 3);
        b = nd_btf_from_memory(data, lengths[i] + sizeof(types) + 3, NULL, &why);
        if (!b)
            fail_msg("header of %u bytes: %s", lengths[i], why);
        assert_true(nd_btf_get(b, 1, &t));
        assert_string_equal(t.name, "x");
        assert_int_equal(t.size, 4);
        nd_btf_free(b);
    }
}

static void test_cycles(void **state)
{
    struct env *e = *state;
    // 1: typedef of 2, 2: const of 1, 3: array of 3, 4: pointer to 5, 5: prototype returning 4
    static const uint32_t types[] = {
        1,
        INFO(ND_BTF_TYPEDEF, 0),
        2,
        0,
        INFO(ND_BTF_CONST, 0),
        1,
        0,
        INFO(ND_BTF_ARRAY, 0),
        0,
        3,
        3,
        2,
        0,
        INFO(ND_BTF_PTR, 0),
        5,
        0,
        INFO(ND_BTF_FUNC_PROTO, 2),
        4,
        0,
        5,
        0,
        4,
    };
    struct nd_btf_type t;
    struct made m;
    size_t n = make(&m, types, sizeof(types) / 4, "\0x", 3);
    struct nd_btf *b = nd_btf_from_memory(&m, n, NULL, NULL);

    assert_non_null(b);
    assert_int_equal(nd_btf_count(b), 6);
    assert_false(nd_btf_resolve(b, 1, &t));
    assert_int_equal(nd_btf_size(b, 1), 0);
    assert_int_equal(nd_btf_size(b, 3), 0);
    for (uint32_t id = 1; id < 6; id++)
        assert_non_null(nd_btf_type_text(b, id, e->a));
    nd_btf_free(b);
}

static void test_same_string_twice(void **state)
{
    // 1: struct "a" (second copy of the string), 2: union "a" (first copy)
    static const uint32_t types[] = {3, INFO(ND_BTF_STRUCT, 0), 4, 1, INFO(ND_BTF_UNION, 0), 8};
    struct made m;
    size_t n = make(&m, types, 6, "\0a\0a\0", 5);
    struct nd_btf *b = nd_btf_from_memory(&m, n, NULL, NULL);

    (void)state;
    assert_int_equal(nd_btf_find(b, ND_BTF_STRUCT, "a"), 1);
    assert_int_equal(nd_btf_find(b, ND_BTF_UNION, "a"), 2);
    nd_btf_free(b);
    m.types[0] = 1;
    m.types[3] = 3;
    b = nd_btf_from_memory(&m, n, NULL, NULL);
    assert_int_equal(nd_btf_find(b, ND_BTF_STRUCT, "a"), 1);
    assert_int_equal(nd_btf_find(b, ND_BTF_UNION, "a"), 2);
    nd_btf_free(b);
}

static void test_many_same_strings(void **state)
{
    uint32_t types[60] = {0};
    char str[64] = {0};
    struct nd_btf *b;
    struct made m;

    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        str[1 + 2 * i] = 'z';
        types[3 * i] = 1 + 2 * i;
        types[3 * i + 1] = INFO(i == 19 ? ND_BTF_UNION : ND_BTF_STRUCT, 0);
    }
    b = nd_btf_from_memory(&m, make(&m, types, 60, str, 41), NULL, NULL);
    assert_int_equal(nd_btf_find(b, ND_BTF_UNION, "z"), 20);
    nd_btf_free(b);
}

static void test_split(void **state)
{
    struct env *e = *state;
    // the module's own struct "mod", and a typedef with a name of the base's strings
    uint32_t n = nd_btf_count(e->btf), base_str;
    uint32_t types[] = {0, INFO(ND_BTF_STRUCT, 0), 4, 0, INFO(ND_BTF_PTR, 0), 0};
    struct btf_header h;
    struct nd_btf_type t;
    struct nd_btf *b;
    struct made m;
    size_t size;

    memcpy(&h, e->data, sizeof(h));
    base_str = h.str_len;
    types[0] = base_str + 1;
    types[5] = nd_btf_find(e->btf, ND_BTF_STRUCT, "sk_buff");
    size = make(&m, types, 6, "\0mod", 5);
    b = nd_btf_from_memory(&m, size, e->btf, NULL);
    assert_non_null(b);
    assert_int_equal(nd_btf_count(b), n + 2);
    assert_int_equal(nd_btf_find(b, ND_BTF_STRUCT, "mod"), n);
    assert_int_equal(nd_btf_find(b, ND_BTF_STRUCT, "sk_buff"), types[5]);
    assert_true(nd_btf_get(b, n, &t));
    assert_string_equal(t.name, "mod");
    assert_string_equal(nd_btf_type_text(b, n + 1, e->a), "struct sk_buff *");
    nd_btf_free(b);
    // the module's string section starts with the name itself
    types[0] = base_str;
    b = nd_btf_from_memory(&m, make(&m, types, 6, "mod", 4), e->btf, NULL);
    assert_int_equal(nd_btf_find(b, ND_BTF_STRUCT, "mod"), n);
    nd_btf_free(b);
}

static void refused(const void *data, size_t size, const char *text)
{
    const char *why = NULL;

    assert_null(nd_btf_from_memory(data, size, NULL, &why));
    assert_non_null(why);
    if (!strstr(why, text))
        fail_msg("%s has no '%s'", why, text);
}

static void test_refused(void **state)
{
    static const uint32_t unknown[] = {0, INFO(25, 0), 0}, cut[] = {0, INFO(ND_BTF_STRUCT, 9), 0};
    const char *why = NULL;
    struct made m;
    size_t n = make(&m, unknown, 3, "", 1);

    (void)state;
    refused(&m, n, "kind of type");
    n = make(&m, cut, 3, "", 1);
    refused(&m, n, "middle of a type");
    n = make(&m, cut, 0, "x", 1);
    refused(&m, n, "string");
    m.h.magic = 0x9feb;
    refused(&m, n, "byte order");
    m.h.magic = 0x4142;
    refused(&m, n, "not BTF");
    refused("", 0, "too short");
    assert_null(nd_btf_open("/nonexistent", NULL, &why));
    assert_non_null(why);
    assert_null(nd_btf_open("/", NULL, &why));
    assert_null(nd_btf_open("Makefile", NULL, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_enums),
        cmocka_unit_test(test_text_and_size),
        cmocka_unit_test(test_header_lengths),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_cycles),
        cmocka_unit_test(test_same_string_twice),
        cmocka_unit_test(test_many_same_strings),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
