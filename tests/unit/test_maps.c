// SPDX-License-Identifier: GPL-2.0-or-later
// Tables, and maps against real BPF maps: every kind, more keys than a batch, generations.
// Must not know the compiler.
#include "object.h"

#include "runtime/common/table.h"
#include "runtime/kernel/bpfmap.h"
#include "runtime/kernel/load.h"
#include "runtime/kernel/maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>

// ---- tables -----------------------------------------------------------------------------------

// Against a plain array of what should be there, with many inserts and deletes.
static void table_against_model(uint32_t key_size)
{
    static uint32_t model[512]; // value + 1 by key, 0: absent
    struct nd_table t;
    uint32_t i, n = 0;
    uint8_t key[40];

    memset(model, 0, sizeof(model));
    nd_table_init(&t, key_size, 4);
    srand(3);
    for (i = 0; i < 40000; i++) {
        uint32_t k = (uint32_t)rand() % 512;
        uint32_t *v;
        bool fresh;

        memset(key, 0, sizeof(key));
        memcpy(key + key_size - 2, &k, 2);
        if (rand() % 3) {
            v = nd_table_put(&t, key, &fresh);
            assert_non_null(v);
            assert_int_equal(fresh, !model[k]);
            n += fresh;
            *v = i;
            model[k] = i + 1;
        } else {
            assert_int_equal(nd_table_del(&t, key), !!model[k]);
            n -= !!model[k];
            model[k] = 0;
        }
        assert_int_equal(t.n, n);
        k = (uint32_t)rand() % 512;
        memcpy(key + key_size - 2, &k, 2);
        v = nd_table_get(&t, key);
        assert_int_equal(!!v, !!model[k]);
        if (v)
            assert_int_equal(*v, model[k] - 1);
    }
    nd_table_clear(&t);
    assert_int_equal(t.n, 0);
    assert_null(nd_table_get(&t, key));
    nd_table_free(&t);
}

static void test_table(void **state)
{
    (void)state;
    table_against_model(2);
    table_against_model(8);
    table_against_model(13);
    table_against_model(40);
}

static void test_table_scalar(void **state)
{
    struct nd_table t;
    bool fresh;

    (void)state;
    nd_table_init(&t, 0, 8);
    assert_null(nd_table_get(&t, NULL));
    *(uint64_t *)nd_table_put(&t, NULL, &fresh) = 7;
    assert_true(fresh);
    assert_int_equal(*(uint64_t *)nd_table_put(&t, NULL, &fresh), 7);
    assert_false(fresh);
    assert_int_equal(t.n, 1);
    assert_true(nd_table_del(&t, NULL));
    assert_false(nd_table_del(&t, NULL));
    nd_table_free(&t);
}

// ---- BPF maps ---------------------------------------------------------------------------------

enum { HASH, LRU, PHASH, PLRU, ARRAY, PARRAY, GENH, GENP, USER, STACK, NMAPS };

#define MAPS_C                                                                                    \
    PRELUDE "#define H(n, t, v) struct { __uint(type, t); __type(key, __u32); __type(value, v);"  \
            " __uint(max_entries, 20000); } n SEC(\".maps\");\n"                                  \
            "#define A(n, t) struct { __uint(type, t); __type(key, __u32); __type(value, __u64);" \
            " __uint(max_entries, 1); } n SEC(\".maps\");\n"                                      \
            "H(hash, BPF_MAP_TYPE_HASH, __u64)\nH(lru, BPF_MAP_TYPE_LRU_HASH, __u64)\n"           \
            "H(phash, BPF_MAP_TYPE_PERCPU_HASH, __u64)\n"                                         \
            "H(plru, BPF_MAP_TYPE_LRU_PERCPU_HASH, __u64)\n"                                      \
            "A(arr, BPF_MAP_TYPE_ARRAY)\nA(parr, BPF_MAP_TYPE_PERCPU_ARRAY)\n"                    \
            "H(g0, BPF_MAP_TYPE_HASH, __u64)\nH(g1, BPF_MAP_TYPE_HASH, __u64)\n"                  \
            "A(p0, BPF_MAP_TYPE_PERCPU_ARRAY)\nA(p1, BPF_MAP_TYPE_PERCPU_ARRAY)\n"                \
            "struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(key_size, 4);"               \
            " __uint(value_size, 8 * 16); __uint(max_entries, 64); } stacks SEC(\".maps\");\n"    \
            "unsigned char nd_state[64] __attribute__((aligned(8)));\n"                           \
            "SEC(\"nd/run/0\") int run0(void *ctx) {"                                             \
            " *(volatile int *)(nd_state + 16) = bpf_get_stackid(ctx, &stacks, 0); return 0; }\n"

struct env {
    struct obj o;
    struct nd_load l;
    struct nd_maps *m;
    char *elf;
};

static char *read_all(const char *path, size_t *size)
{
    FILE *f = fopen(path, "r");
    char *p = malloc(1 << 20);

    assert_non_null(f);
    *size = fread(p, 1, 1 << 20, f);
    fclose(f);
    return p;
}

static void setup(struct env *e)
{
    uint32_t key, count, num;
    bool wanted = true;
    size_t size;

    obj_begin(&e->o);
    e->o.entries = 20000;
    key = add_type(&e->o, ND_T_INT, 4);
    count = add_type(&e->o, ND_T_COUNT, 8);
    num = add_type(&e->o, ND_T_INT, 8);
    nd_mfb_header(e->o.b)->state_size = 64;
    add_map(&e->o, "@hash", ND_MAP_HASH, 0, key, num, "hash", "", 0);
    add_map(&e->o, "@lru", ND_MAP_LRUHASH, 0, key, num, "lru", "", 0);
    add_map(&e->o, "@phash", ND_MAP_PERCPUHASH, ND_MAPF_SUMMED, key, count, "phash", "", 0);
    add_map(&e->o, "@plru", ND_MAP_PERCPULRUHASH, ND_MAPF_SUMMED, key, count, "plru", "", 0);
    add_map(&e->o, "@arr", ND_MAP_ARRAY, ND_MAPF_SCALAR, ND_MF_NONE, num, "arr", "", 0);
    add_map(&e->o, "@parr", ND_MAP_PERCPUARRAY, ND_MAPF_SCALAR | ND_MAPF_SUMMED, ND_MF_NONE, count,
            "parr", "", 0);
    add_map(&e->o, "@genh", ND_MAP_HASH, ND_MAPF_GEN | ND_MAPF_SUMMED, key, count, "g0", "g1", 8);
    add_map(&e->o, "@genp", ND_MAP_PERCPUARRAY, ND_MAPF_GEN | ND_MAPF_SCALAR | ND_MAPF_SUMMED,
            ND_MF_NONE, count, "p0", "p1", 12);
    e->o.entries = 1024;
    add_map(&e->o, "@user", ND_MAP_USER, 0, key, num, "", "", 0);
    add_map(&e->o, "", ND_MAP_STACK, 0, ND_MF_NONE, ND_MF_NONE, "stacks", "", 0);
    add_prog(&e->o, "run0", ND_PROG_TEST_RUN, ND_AT_BEGIN, "BEGIN", "", "", 0, 0);
    obj_end(&e->o, MAPS_C);
    e->elf = read_all(e->o.o, &size);
    assert_int_equal(nd_load_open(&e->l, e->elf, size), 0);
    assert_int_equal(nd_load_kernel(&e->l, "", &wanted, true), 0);
    e->m = nd_maps_new(&e->l.mf, e->l.obj);
    assert_non_null(e->m);
    nd_maps_set_state(e->m, &e->l.state);
}

static void teardown(struct env *e)
{
    nd_maps_free(e->m);
    nd_load_free(&e->l);
    free(e->elf);
    obj_free(&e->o);
}

static int fd_of(const struct env *e, const char *name)
{
    return bpf_object__find_map_fd_by_name(e->l.obj, name);
}

// Writes v on each CPU, as programs would.
static void put_percpu(int fd, uint32_t key, uint64_t v)
{
    int i, n = libbpf_num_possible_cpus();
    uint64_t *vals = calloc((size_t)n, 8);

    for (i = 0; i < n; i++)
        vals[i] = v;
    assert_int_equal(bpf_map_update_elem(fd, &key, vals, 0), 0);
    free(vals);
}

static void keyed_map(struct env *e, uint32_t map)
{
    uint32_t n = 10000, k; // more than one batch of any kind
    uint8_t *seen = calloc(n, 1);
    struct nd_copy c;
    uint64_t v;

    for (k = 0; k < n; k++) {
        v = k * 3ull;
        assert_int_equal(nd_maps_set(e->m, map, &k, &v), 0);
    }
    assert_int_equal(nd_maps_len(e->m, map), n);
    k = 77;
    assert_int_equal(nd_maps_get(e->m, map, &k, &v), 0);
    assert_int_equal(v, 231);
    k = n + 5;
    assert_int_equal(nd_maps_get(e->m, map, &k, &v), -ENOENT);
    assert_int_equal(v, 0);
    assert_int_equal(nd_maps_copy(e->m, map, &c), 0);
    assert_int_equal(c.n, n);
    assert_int_equal(c.key_size, 4);
    for (k = 0; k < n; k++) {
        uint32_t key = ((uint32_t *)(void *)c.keys)[k];

        assert_true(key < n && !seen[key]);
        seen[key] = 1;
        assert_int_equal(((uint64_t *)(void *)c.vals)[k], key * 3ull);
    }
    nd_copy_free(&c);
    k = 5;
    assert_int_equal(nd_maps_del(e->m, map, &k), 0);
    assert_int_equal(nd_maps_del(e->m, map, &k), -ENOENT);
    assert_int_equal(nd_maps_len(e->m, map), n - 1);
    assert_int_equal(nd_maps_zero(e->m, map), 0);
    assert_int_equal(nd_maps_len(e->m, map), n - 1);
    k = 6;
    assert_int_equal(nd_maps_get(e->m, map, &k, &v), 0);
    assert_int_equal(v, 0);
    assert_int_equal(nd_maps_clear(e->m, map), 0);
    assert_int_equal(nd_maps_len(e->m, map), 0);
    free(seen);
}

static void test_keyed(void **state)
{
    struct env e;

    (void)state;
    setup(&e);
    keyed_map(&e, HASH);
    keyed_map(&e, PHASH);
    teardown(&e);
}

static void test_percpu_merge(void **state)
{
    int n = libbpf_num_possible_cpus();
    struct nd_copy c;
    uint32_t k = 3;
    struct env e;
    uint64_t v;

    (void)state;
    setup(&e);
    put_percpu(fd_of(&e, "phash"), 3, 10);
    assert_int_equal(nd_maps_get(e.m, PHASH, &k, &v), 0);
    assert_int_equal(v, 10 * n);
    put_percpu(fd_of(&e, "parr"), 0, 5);
    assert_int_equal(nd_maps_get(e.m, PARRAY, NULL, &v), 0);
    assert_int_equal(v, 5 * n);
    assert_int_equal(nd_maps_copy(e.m, PARRAY, &c), 0);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.key_size, 0);
    nd_copy_free(&c);
    assert_int_equal(nd_maps_clear(e.m, PARRAY), 0); // now absent, until something is counted
    assert_int_equal(nd_maps_copy(e.m, PARRAY, &c), 0);
    assert_int_equal(c.n, 0);
    nd_copy_free(&c);
    put_percpu(fd_of(&e, "parr"), 0, 1);
    assert_int_equal(nd_maps_copy(e.m, PARRAY, &c), 0);
    assert_int_equal(c.n, 1);
    nd_copy_free(&c);
    teardown(&e);
}

static int mark(void *arg, const void *key, const void *val)
{
    uint8_t *seen = arg;
    uint32_t k;
    uint64_t v;

    memcpy(&k, key, 4);
    memcpy(&v, val, 8);
    if (k >= 5000 || v != k + 7ull)
        return -ERANGE;
    seen[k]++;
    return 0;
}

// Walks with and without batches see the same: each key once.
static void test_key_by_key(void **state)
{
    uint8_t *seen = calloc(5000, 1);
    struct nd_mf_type t = {.kind = ND_T_INT, .size = 8};
    struct nd_bpfmap b = {.hash = true,
                          .type = &t,
                          .key_size = 4,
                          .val_size = 8,
                          .bpf_key = 4,
                          .bpf_val = 8,
                          .bpf_one = 8,
                          .ncpu = 1,
                          .max_entries = 20000};
    struct env e;
    uint64_t v;
    uint32_t k;
    int i;

    (void)state;
    setup(&e);
    b.fd = fd_of(&e, "hash");
    for (k = 0; k < 5000; k++) {
        v = k + 7ull;
        assert_int_equal(nd_bpfmap_set(&b, &k, &v), 0);
    }
    for (i = 0; i < 3; i++) { // batches, keys, keys that are taken out
        b.no_batch = i > 0;
        assert_int_equal(nd_bpfmap_each(&b, i == 2, mark, seen), 0);
        for (k = 0; k < 5000; k++)
            assert_int_equal(seen[k], i + 1);
    }
    assert_int_equal(nd_maps_len(e.m, HASH), 0);
    free(seen);
    teardown(&e);
}

static uint32_t gen(const struct env *e)
{
    return *(uint32_t *)(void *)(e->l.state.shared + 8);
}

static void test_generations(void **state)
{
    struct nd_copy c;
    struct env e;
    uint64_t v;
    uint32_t k;

    (void)state;
    setup(&e);
    for (k = 0; k < 5000; k++) { // what programs counted in generation 0
        v = 1;
        bpf_map_update_elem(fd_of(&e, "g0"), &k, &v, 0);
    }
    put_percpu(fd_of(&e, "p0"), 0, 4);
    nd_maps_handler(e.m);
    assert_int_equal(gen(&e), 0);
    assert_int_equal(nd_maps_copy(e.m, GENH, &c), 0);
    assert_int_equal(gen(&e), 1); // programs now write g1
    assert_int_equal(c.n, 5000);
    nd_copy_free(&c);
    k = 9; // counted after the flip: of the next interval
    v = 100;
    bpf_map_update_elem(fd_of(&e, "g1"), &k, &v, 0);
    assert_int_equal(nd_maps_get(e.m, GENH, &k, &v), 0);
    assert_int_equal(v, 1);
    assert_int_equal(gen(&e), 1); // one flip for each handler
    nd_maps_get(e.m, GENP, NULL, &v);
    assert_int_equal(v, 4 * libbpf_num_possible_cpus()); // flipped with the other
    nd_maps_handler(e.m);
    assert_int_equal(nd_maps_get(e.m, GENH, &k, &v), 0); // not cleared: adds up
    assert_int_equal(gen(&e), 0);
    assert_int_equal(v, 101);
    assert_int_equal(nd_maps_clear(e.m, GENH), 0);
    assert_int_equal(nd_maps_len(e.m, GENH), 0);
    k = 1;
    assert_int_equal(bpf_map_lookup_elem(fd_of(&e, "g0"), &k, &v), -ENOENT); // emptied
    nd_maps_stopped(e.m); // at the end both generations count, and nothing is flipped
    v = 1;
    bpf_map_update_elem(fd_of(&e, "g0"), &k, &v, 0);
    bpf_map_update_elem(fd_of(&e, "g1"), &k, &v, 0);
    nd_maps_handler(e.m);
    assert_int_equal(nd_maps_get(e.m, GENH, &k, &v), 0);
    assert_int_equal(v, 2);
    assert_int_equal(gen(&e), 0);
    teardown(&e);
}

static void test_user(void **state)
{
    struct nd_maps *none;
    struct env e;
    uint64_t v = 4;
    uint32_t k = 1, i;

    (void)state;
    setup(&e);
    assert_int_equal(nd_maps_set(e.m, USER, &k, &v), 0);
    assert_int_equal(nd_maps_get(e.m, USER, &k, &v), 0);
    assert_int_equal(v, 4);
    for (i = 0; i < 1024; i++) // max_entries of the manifest holds here too
        nd_maps_set(e.m, USER, &i, &v);
    assert_int_equal(nd_maps_set(e.m, USER, &i, &v), -E2BIG);
    none = nd_maps_new(&e.l.mf, NULL); // a script without a kernel side
    assert_int_equal(nd_maps_set(none, USER, &k, &v), 0);
    assert_int_equal(nd_maps_add(none, PHASH, &k, 5), 0);
    assert_int_equal(nd_maps_get(none, PHASH, &k, &v), 0);
    nd_maps_free(none);
    teardown(&e);
}

static void test_stack(void **state)
{
    LIBBPF_OPTS(bpf_test_run_opts, opts);
    uint64_t frames[16];
    struct env e;
    int32_t id;
    int n;

    (void)state;
    setup(&e);
    assert_int_equal(bpf_prog_test_run_opts(nd_load_prog_fd(&e.l, 0), &opts), 0);
    memcpy(&id, e.l.state.shared + 16, sizeof(id));
    assert_true(id >= 0);
    n = nd_maps_stack(e.m, STACK, id, frames, 16);
    assert_true(n > 0 && n <= 16 && frames[0] && frames[n - 1]);
    assert_int_equal(nd_maps_stack(e.m, STACK, id, frames, 1), 1);
    assert_int_equal(nd_maps_stack(e.m, STACK, -14, frames, 16), -14);
    assert_int_equal(nd_maps_stack(e.m, STACK, (id + 1) & 63, frames, 16), -ENOENT);
    assert_int_equal(nd_maps_stack(e.m, HASH, 3, frames, 16), -EINVAL);
    teardown(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),        cmocka_unit_test(test_table_scalar),
        cmocka_unit_test(test_keyed),        cmocka_unit_test(test_key_by_key),
        cmocka_unit_test(test_percpu_merge), cmocka_unit_test(test_generations),
        cmocka_unit_test(test_user),         cmocka_unit_test(test_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
