// SPDX-License-Identifier: GPL-2.0-or-later
// Maps that are made before the object is there: which of a plan's, and which of them an object
// then takes. Must not know the compiler.
#include "object.h"

#include "runtime/kernel/earlymaps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define HASH BPF_MAP_TYPE_HASH
#define MAP(name, entries)                                            \
    "struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(key_size, 4); " \
    "__uint(value_size, 8); __uint(max_entries, " #entries "); } " name " SEC(\".maps\");\n"

static int fd_of(struct bpf_object *obj, const char *name)
{
    struct bpf_map *map = bpf_object__find_map_by_name(obj, name);

    assert_non_null(map);
    return bpf_map__fd(map);
}

static void test_which(void **state)
{
    const struct nd_plan_map plan[] = {
        {"same", HASH, 4, 8, 1024},
        {"larger", HASH, 4, 8, 2048},                   // the object has 1024
        {"small", HASH, 4, 8, 8},                       // not worth it
        {"array", BPF_MAP_TYPE_ARRAY, 4, 8, 4096},      // made at once by the loader
        {"huge", HASH, 4, 8, 100u << 20},               // what memory there is decides
        {"wrong", HASH, 4, 0, 1024},                    // the kernel takes none without values
        {"nowhere", BPF_MAP_TYPE_LRU_HASH, 8, 8, 1024}, // the object has no such map
    };
    struct nd_early e = {0};
    struct bpf_object *obj;
    char path[96];
    struct obj o;

    (void)state;
    obj_begin(&o);
    obj_end(&o, PRELUDE MAP("same", 1024) MAP("larger", 1024) MAP("small", 8));
    nd_early_make(&e, plan, sizeof(plan) / sizeof(plan[0]));
    assert_int_equal(e.n, 3);
    snprintf(path, sizeof(path), "%s/t.bpf", o.dir);
    obj = bpf_object__open_file(path, NULL);
    assert_non_null(obj);
    nd_early_use(&e, obj);
    nd_early_free(&e);
    assert_int_equal(e.n, 0);
    assert_true(fd_of(obj, "same") >= 0);
    assert_true(fd_of(obj, "larger") < 0);
    assert_true(fd_of(obj, "small") < 0);
    assert_int_equal(bpf_object__load(obj), 0); // the others are made now
    assert_true(fd_of(obj, "larger") >= 0);
    bpf_object__close(obj);
    obj_free(&o);
}

static void test_again(void **state)
{
    const struct nd_plan_map one = {"one", HASH, 4, 8, 1024}, none = {"none", HASH, 4, 8, 1};
    struct nd_early e = {0};

    (void)state;
    nd_early_make(&e, &one, 1);
    assert_int_equal(e.n, 1);
    nd_early_make(&e, &none, 1); // the script is compiled again: another plan
    assert_int_equal(e.n, 0);
    nd_early_free(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which),
        cmocka_unit_test(test_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
