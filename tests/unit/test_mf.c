// SPDX-License-Identifier: GPL-2.0-or-later
// The manifest's checks: a good one opens, every truncation is refused, and whatever bits are
// flipped, what opens can be followed everywhere. Must not know the kernel.
#include "compiler/front/arena.h"
#include "compiler/user/mfbuild.h"
#include "runtime/common/mf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define SKIP (offsetof(struct nd_mf_header, checksum) + 4)

static void reseal(uint8_t *blob)
{
    struct nd_mf_header *h = (void *)blob;

    if (h->size >= sizeof(*h))
        h->checksum = (uint32_t)crc32(0, blob + SKIP, h->size - (uInt)SKIP);
}

static uint32_t type(struct nd_mfb *b, uint32_t kind, uint32_t size, uint32_t first, uint32_t count)
{
    struct nd_mf_type t = {.kind = kind,
                           .size = size,
                           .first = first,
                           .count = count,
                           .elem = ND_MF_NONE,
                           .name = nd_mfb_str(b, "t")};

    return nd_mfb_add(b, ND_SEC_TYPES, &t, 1);
}

static void add_code(struct nd_mfb *b, uint32_t u64, uint32_t str)
{
    const struct nd_mf_insn code[] = {
        {ND_VM_INT, 0, (uint16_t)u64, (int32_t)nd_mfb_const(b, 7)},
        {ND_VM_SET, 0, 0, 1},
        {ND_VM_LOCAL, 0, 0, 0},
        {ND_VM_FIELD, 0, 0, 1},
        {ND_VM_STR, 0, 0, (int32_t)nd_mfb_str(b, "x")},
        {ND_VM_BYTES, 0, (uint16_t)str, 0},
        {ND_VM_JNZ, 0, 0, 8},
        {ND_VM_REPORT, 1, 0, 1},
        {ND_VM_MAP_CLEAR, 0, 0, 0},
        {ND_VM_BUILTIN, 0, 0, ND_BI_NCPUS},
        {ND_VM_PRINTF, 1, 0, (int32_t)nd_mfb_str(b, "%d\n")},
        {ND_VM_OPT, 0, 0, 0},
        {ND_VM_CALL, 0, 0, 1},
        {ND_VM_ITER_NEW, 0, 0, 0},
        {ND_VM_ITER_LOAD, 0, 0, 1},
        {ND_VM_RET, 0, 0, 0},
    };
    const struct nd_mf_insn ret[] = {{ND_VM_RET, 0, 0, 0}};
    struct nd_mf_func f = {.nparams = 1, .nlocals = 2, .count = sizeof(code) / sizeof(*code)};
    struct nd_mf_func g = {.nparams = 0, .nlocals = 0, .count = 1};

    f.first = nd_mfb_add(b, ND_SEC_CODE, code, f.count);
    g.first = nd_mfb_add(b, ND_SEC_CODE, ret, 1);
    nd_mfb_add(b, ND_SEC_FUNCS, &f, 1);
    nd_mfb_add(b, ND_SEC_FUNCS, &g, 1);
}

static void add_kernel_side(struct nd_mfb *b, uint32_t key, uint32_t val, uint32_t st)
{
    struct nd_mf_map m = {.name = nd_mfb_str(b, "@m"),
                          .kind = ND_MAP_PERCPUHASH,
                          .flags = ND_MAPF_GEN | ND_MAPF_SUMMED,
                          .key_type = key,
                          .val_type = val,
                          .max_entries = 10,
                          .sym = nd_mfb_str(b, "m0"),
                          .sym2 = nd_mfb_str(b, "m1"),
                          .gen_off = 8,
                          .span = {0, 3, 1, 2}};
    struct nd_mf_attach at = {
        .kind = ND_AT_RAW_TP, .spec = nd_mfb_str(b, "rawtracepoint:x"), .s0 = nd_mfb_str(b, "x")};
    struct nd_mf_prog p = {
        .name = nd_mfb_str(b, "p0"), .type = ND_PROG_TP_BTF, .count = 1, .when = 1};
    struct nd_mf_event e = {.name = nd_mfb_str(b, "ev"), .type = st, .func = 0, .site = 0};
    struct nd_mf_site s = {.kind = ND_SITE_MAP_FULL, .counter_off = 16, .map = 0};
    struct nd_mf_hook h = {.kind = ND_HOOK_EVERY, .func = 1, .period_opt = 0};

    nd_mfb_add(b, ND_SEC_MAPS, &m, 1);
    nd_mfb_add(b, ND_SEC_ATTACHES, &at, 1);
    nd_mfb_add(b, ND_SEC_PROGS, &p, 1);
    nd_mfb_add(b, ND_SEC_EVENTS, &e, 1);
    nd_mfb_add(b, ND_SEC_SITES, &s, 1);
    nd_mfb_add(b, ND_SEC_HOOKS, &h, 1);
}

// A manifest with something in every section.
static void *build(struct nd_arena *a, uint32_t *size)
{
    struct nd_mfb *b = nd_mfb_new(a);
    struct nd_mf_header *h = nd_mfb_header(b);
    uint32_t u64 = type(b, ND_T_INT, 8, 0, 0), str = type(b, ND_T_STRING, 16, 0, 0);
    uint32_t count = type(b, ND_T_COUNT, 8, 0, 0), st, words[2] = {nd_mfb_str(b, "a.nd"), 0};
    struct nd_mf_field fields[2] = {{.name = nd_mfb_str(b, "a"), .type = u64, .off = 0},
                                    {.name = nd_mfb_str(b, "b"), .type = str, .off = 8}};
    struct nd_mf_enumerator en = {.name = nd_mfb_str(b, "ONE"), .value = 1};
    struct nd_mf_option o = {.name = nd_mfb_str(b, "interval"),
                             .file = ND_MF_NONE,
                             .flag = nd_mfb_str(b, "interval"),
                             .kind = ND_OPT_DURATION,
                             .type = u64,
                             .off = sizeof(struct nd_mf_scope) + 8,
                             .stride = 8,
                             .cap = 1,
                             .given_off = sizeof(struct nd_mf_scope),
                             .count_off = sizeof(struct nd_mf_scope) + 4,
                             .def = 0,
                             .ndef = 1};

    st = type(b, ND_T_STRUCT, 24, nd_mfb_add(b, ND_SEC_FIELDS, fields, 2), 2);
    type(b, ND_T_ENUM, 4, nd_mfb_add(b, ND_SEC_ENUMERATORS, &en, 1), 1);
    h->files = nd_mfb_add(b, ND_SEC_WORDS, words, 2);
    h->nfiles = 1;
    h->state_size = 32;
    h->opts_size = sizeof(struct nd_mf_scope) + 16;
    h->exit_off = 0;
    nd_mfb_add(b, ND_SEC_BLOB, NULL, 32);
    nd_mfb_add(b, ND_SEC_OPTIONS, &o, 1);
    add_kernel_side(b, str, count, st);
    add_code(b, u64, str);
    // the CALL in function 0 calls function 1 with 0 arguments
    return nd_mfb_finish(b, size);
}

static int try_open(const void *blob, size_t size, const char **why)
{
    uint64_t *copy = calloc(1, size + 8);
    struct nd_mf mf;
    int err;

    memcpy(copy, blob, size);
    err = nd_mf_open(&mf, copy, size, why);
    free(copy);
    return err;
}

static void test_good(void **state)
{
    struct nd_arena *a = nd_arena_new();
    const char *why;
    uint32_t size;
    void *blob = build(a, &size);

    (void)state;
    if (try_open(blob, size, &why))
        fail_msg("refused: %s", why);
    nd_arena_free(a);
}

static void test_truncated(void **state)
{
    struct nd_arena *a = nd_arena_new();
    const char *why = NULL;
    uint32_t size, n;
    uint8_t *blob = build(a, &size);

    (void)state;
    for (n = 0; n < size; n++) {
        assert_int_equal(try_open(blob, n, &why), -EINVAL);
        assert_non_null(why);
    }
    // and with a size that claims to be right
    for (n = sizeof(struct nd_mf_header); n < size; n += 8) {
        uint8_t *copy = malloc(size);

        memcpy(copy, blob, size);
        ((struct nd_mf_header *)(void *)copy)->size = n;
        reseal(copy);
        assert_int_equal(try_open(copy, n, &why), -EINVAL);
        free(copy);
    }
    nd_arena_free(a);
}

// Touches everything that a checked manifest promises; the sanitizers watch.
static uint64_t follow(const struct nd_mf *mf)
{
    uint64_t sum = 0;
    uint32_t i, j;

    for (i = 0; i < mf->ntypes; i++) {
        const struct nd_mf_type *t = &mf->types[i];

        sum += strlen(nd_mf_str(mf, t->name));
        for (j = 0; (t->kind == ND_T_STRUCT || t->kind == ND_T_TUPLE) && j < t->count; j++)
            sum += mf->types[mf->fields[t->first + j].type].size;
        for (j = 0; t->kind == ND_T_ENUM && j < t->count; j++)
            sum += strlen(nd_mf_str(mf, mf->enumerators[t->first + j].name));
    }
    for (i = 0; i < mf->nmaps; i++)
        sum += strlen(nd_mf_str(mf, mf->maps[i].sym)) + strlen(nd_mf_str(mf, mf->maps[i].name));
    for (i = 0; i < mf->nprogs; i++) {
        for (j = 0; j < mf->progs[i].count; j++)
            sum += strlen(nd_mf_str(mf, mf->attaches[mf->progs[i].first + j].spec));
    }
    for (i = 0; i < mf->noptions; i++) {
        const struct nd_mf_option *o = &mf->options[i];

        for (j = 0; j < o->ndef * o->stride; j++)
            sum += mf->blob[o->def + j];
        for (j = 0; j < o->nalias; j++)
            sum += strlen(nd_mf_str(mf, mf->words[o->alias + j]));
    }
    for (i = 0; i < mf->nhooks; i++)
        sum += mf->funcs[mf->hooks[i].func].count;
    for (i = 0; i < mf->nfuncs; i++) {
        for (j = 0; j < mf->funcs[i].count; j++) {
            const struct nd_mf_insn *in = &mf->code[mf->funcs[i].first + j];

            if (in->op == ND_VM_STR || in->op == ND_VM_PRINTF)
                sum += strlen(nd_mf_str(mf, (uint32_t)in->c));
            if (in->op == ND_VM_INT)
                sum += mf->consts[in->c];
            if (in->op == ND_VM_BYTES)
                sum += mf->blob[(uint32_t)in->c + mf->types[in->b].size - 1];
        }
    }
    return sum;
}

static void test_flips(void **state)
{
    struct nd_arena *a = nd_arena_new();
    uint32_t size, i, opened = 0, refused = 0;
    volatile uint64_t sum = 0;
    uint8_t *blob = build(a, &size);
    uint64_t *copy = calloc(1, size + 8);
    const char *why;
    struct nd_mf mf;

    (void)state;
    for (i = 0; i < size * 8; i++) { // every single bit, checksum made right again
        memcpy(copy, blob, size);
        ((uint8_t *)copy)[i / 8] ^= (uint8_t)(1u << i % 8);
        if (i / 8 < offsetof(struct nd_mf_header, size) ||
            i / 8 >= offsetof(struct nd_mf_header, checksum) + 4)
            reseal((uint8_t *)copy);
        if (nd_mf_open(&mf, copy, size, &why)) {
            refused++;
            continue;
        }
        opened++;
        sum += follow(&mf);
    }
    srand(7);
    for (i = 0; i < 20000; i++) { // several words at once
        int k;

        memcpy(copy, blob, size);
        for (k = 0; k < 4; k++)
            ((uint32_t *)(void *)copy)[4 + (uint32_t)rand() % (size / 4 - 4)] =
                rand() % 3 ? (uint32_t)rand() % 64 : (uint32_t)rand() << 8;
        reseal((uint8_t *)copy);
        if (nd_mf_open(&mf, copy, size, &why)) {
            refused++;
            continue;
        }
        opened++;
        sum += follow(&mf);
    }
    assert_true(opened > 100); // or the checks would have stopped at the checksum
    assert_true(refused > 1000);
    free(copy);
    nd_arena_free(a);
}

static void test_checksum(void **state)
{
    struct nd_arena *a = nd_arena_new();
    const char *why;
    uint32_t size;
    uint8_t *blob = build(a, &size);

    (void)state;
    blob[size - 1] ^= 1;
    assert_int_equal(try_open(blob, size, &why), -EINVAL);
    assert_non_null(strstr(why, "checksum"));
    nd_arena_free(a);
}

static void test_cycle(void **state)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_mfb *b = nd_mfb_new(a);
    struct nd_mf_field f = {.type = 0, .off = 0};
    const char *why;
    uint32_t size;
    void *blob;

    (void)state;
    type(b, ND_T_STRUCT, 8, nd_mfb_add(b, ND_SEC_FIELDS, &f, 1), 1);
    blob = nd_mfb_finish(b, &size);
    assert_int_equal(try_open(blob, size, &why), -EINVAL);
    assert_non_null(strstr(why, "itself"));
    nd_arena_free(a);
}

// Kinds that only the compiler has, and those that nobody has.
static void test_kinds(void **state)
{
    static const uint32_t kinds[] = {ND_T_ERROR, ND_T_NONE, ND_T_ARGS,    ND_T_OPTS,
                                     ND_T_PKT,   1000,      ND_T_KIND_MAX};
    const char *why;
    uint32_t size;
    void *blob;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct nd_arena *a = nd_arena_new();
        struct nd_mfb *b = nd_mfb_new(a);

        type(b, kinds[i], 8, 0, 0);
        blob = nd_mfb_finish(b, &size);
        assert_int_equal(try_open(blob, size, &why), -EINVAL);
        assert_non_null(strstr(why, "unknown kind"));
        nd_arena_free(a);
    }
}

// Structs whose fields share their bytes: 20 levels of 16 are 16^20 parts in 8 bytes.
static void test_too_many_parts(void **state)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_mfb *b = nd_mfb_new(a);
    uint32_t t = type(b, ND_T_INT, 8, 0, 0), size;
    struct nd_mf_field f[16];
    const char *why;
    void *blob;

    (void)state;
    for (int level = 0; level < 20; level++) {
        for (int i = 0; i < 16; i++)
            f[i] = (struct nd_mf_field){.type = t, .off = 0};
        t = type(b, ND_T_STRUCT, 8, nd_mfb_add(b, ND_SEC_FIELDS, f, 16), 16);
    }
    blob = nd_mfb_finish(b, &size);
    assert_int_equal(try_open(blob, size, &why), -EINVAL);
    assert_non_null(strstr(why, "too many parts"));
    nd_arena_free(a);
}

// A power of two with room for 32768 records and their heads, from 1 to 16 MiB.
static void test_ring(void **state)
{
    (void)state;
    assert_int_equal(nd_mf_ring_bytes(8), 1 << 20);
    assert_int_equal(nd_mf_ring_bytes(24), 1 << 20);
    assert_int_equal(nd_mf_ring_bytes(25), 2 << 20);
    assert_int_equal(nd_mf_ring_bytes(100), 4 << 20);
    assert_int_equal(nd_mf_ring_bytes(4096), 16 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),           cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flips),          cmocka_unit_test(test_checksum),
        cmocka_unit_test(test_cycle),          cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_too_many_parts), cmocka_unit_test(test_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
