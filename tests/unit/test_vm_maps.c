// SPDX-License-Identifier: GPL-2.0-or-later
// User code on maps: entries, aggregations, loops, reports, tables.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "vm_code.h"

struct maps {
    uint32_t count, avg, plain, by_str, hist, scalar, pair, t_pair;
};

static void start_maps(struct fixture *x, struct maps *m)
{
    uint32_t c, a, h;

    start(x);
    c = add_type(x->b, ND_T_COUNT, 8, 0, "");
    a = add_type(x->b, ND_T_AVG, 16, ND_TF_SIGNED, "");
    h = add_type(x->b, ND_T_HIST, sizeof(struct nd_hist), ND_TF_SIGNED, "us");
    m->t_pair = add_type(x->b, ND_T_TUPLE, 20, 0, "");
    add_field(x->b, m->t_pair, "", x->t_i32, 0, 0, 0);
    add_field(x->b, m->t_pair, "", x->t_str, 4, 0, 0);
    m->count = add_map(x->b, "@count", x->t_str, c);
    m->avg = add_map(x->b, "@avg", x->t_i32, a);
    m->plain = add_map(x->b, "@plain", x->t_i32, x->t_i64);
    m->by_str = add_map(x->b, "@names", x->t_str, x->t_str);
    m->hist = add_map(x->b, "@hist", x->t_i32, h);
    m->scalar = add_map(x->b, "@", ND_MF_NONE, x->t_i64);
    m->pair = add_map(x->b, "@pair", m->t_pair, c);
}

static void map_op(struct fixture *x, int code, uint32_t map)
{
    op(x, code, 0, 0, (int32_t)map);
}

static void set(struct fixture *x, uint32_t map, int64_t key, int64_t val)
{
    num(x, key);
    num(x, val);
    map_op(x, ND_VM_MAP_SET, map);
}

static void print_all(struct fixture *x, uint32_t map, int64_t top, int64_t div)
{
    num(x, top);
    num(x, div);
    map_op(x, ND_VM_MAP_PRINT, map);
}

static void entries(void **state)
{
    struct fixture x;
    struct maps m;

    (void)state;
    start_maps(&x, &m);
    num(&x, 5);
    map_op(&x, ND_VM_MAP_GET, m.plain);
    printf_op(&x, "%d ", 1); // absent: zero
    set(&x, m.plain, 5, -7);
    set(&x, m.plain, (1ll << 32) + 5, -8); // a key of 32 bits: the same entry
    num(&x, 5);
    map_op(&x, ND_VM_MAP_GET, m.plain);
    map_op(&x, ND_VM_MAP_LEN, m.plain);
    num(&x, 5);
    map_op(&x, ND_VM_MAP_HAS, m.plain);
    num(&x, 6);
    map_op(&x, ND_VM_MAP_HAS, m.plain);
    num(&x, 5);
    map_op(&x, ND_VM_MAP_DEL, m.plain);
    num(&x, 5);
    map_op(&x, ND_VM_MAP_DEL, m.plain);
    map_op(&x, ND_VM_MAP_LEN, m.plain);
    printf_op(&x, "%d %d %d %d %d %d %d\n", 7);
    num(&x, 9);
    map_op(&x, ND_VM_MAP_SET, m.scalar);
    map_op(&x, ND_VM_MAP_GET, m.scalar);
    printf_op(&x, "%d\n", 1);
    str(&x, "a key that is longer than sixteen bytes");
    str(&x, "value");
    map_op(&x, ND_VM_MAP_SET, m.by_str);
    str(&x, "a key that is lo");
    map_op(&x, ND_VM_MAP_GET, m.by_str);
    num(&x, 5);
    map_op(&x, ND_VM_MAP_AT_PRINT, m.plain);
    op(&x, ND_VM_PRINT, 0, 0, 0);
    num(&x, -1);
    str(&x, "x");
    op(&x, ND_VM_MAKE, 2, (int)m.t_pair, 0);
    num(&x, 0);
    map_op(&x, ND_VM_MAP_AGG, m.pair);
    print_all(&x, m.pair, 0, 0);
    gives(&x, "0 -8 1 1 0 1 0 0\n9\n0\nvalue\n@pair[-1, x]: 1\n");
}

static void full_maps_are_counted(void **state)
{
    struct fixture x;
    struct maps m;

    (void)state;
    start_maps(&x, &m);
    ((struct nd_mf_map *)nd_mfb_at(x.b, ND_SEC_MAPS, m.plain))->max_entries = 1;
    set(&x, m.plain, 1, 1);
    set(&x, m.plain, 2, 2);
    set(&x, m.plain, 1, 3);
    func(&x, "test", 0, 0);
    ready(&x);
    assert_int_equal(nd_vm_call(x.vm, 0, 0, NULL, NULL), 0);
    assert_int_equal(nd_vm_map_full(x.vm, m.plain), 1);
    stop(&x);
}

static void add(struct fixture *x, uint32_t map, int64_t key, int64_t v)
{
    num(x, key);
    num(x, v);
    map_op(x, ND_VM_MAP_AGG, map);
}

static void agg(struct fixture *x, int code, int what, uint32_t map)
{
    op(x, code, what, 0, (int32_t)map);
}

static void aggregations(void **state)
{
    struct fixture x;
    struct maps m;

    (void)state;
    start_maps(&x, &m);
    add(&x, m.avg, 1, 10);
    add(&x, m.avg, 1, 11);
    add(&x, m.avg, 2, -100);
    num(&x, 1);
    agg(&x, ND_VM_AGG, ND_AGG_AVG, m.avg);
    num(&x, 1);
    agg(&x, ND_VM_AGG, ND_AGG_SUM, m.avg);
    num(&x, 3);
    agg(&x, ND_VM_AGG, ND_AGG_AVG, m.avg); // absent
    agg(&x, ND_VM_AGG_ALL, ND_AGG_SUM, m.avg);
    agg(&x, ND_VM_AGG_ALL, ND_AGG_COUNT, m.avg);
    printf_op(&x, "%.1f %d %6.1f %d %d\n", 5);
    agg(&x, ND_VM_AGG_ALL, ND_AGG_MAX, m.plain); // nothing in it
    agg(&x, ND_VM_AGG_ALL, ND_AGG_SUM, m.plain);
    printf_op(&x, "%f %d\n", 2);
    set(&x, m.plain, 1, -5);
    set(&x, m.plain, 2, INT64_MAX);
    agg(&x, ND_VM_AGG_ALL, ND_AGG_MIN, m.plain);
    agg(&x, ND_VM_AGG_ALL, ND_AGG_MAX, m.plain);
    agg(&x, ND_VM_AGG_ALL, ND_AGG_SUM, m.plain);
    printf_op(&x, "%d %d %d\n", 3);
    add(&x, m.hist, 1, 100);
    add(&x, m.hist, 1, 3);
    agg(&x, ND_VM_AGG_ALL, ND_AGG_P99, m.hist);
    agg(&x, ND_VM_AGG_ALL, ND_AGG_COUNT, m.hist);
    printf_op(&x, "%.0f %d\n", 2);
    print_all(&x, m.avg, 0, 0);
    print_all(&x, m.avg, 1, 10);
    map_op(&x, ND_VM_MAP_CLEAR, m.avg);
    print_all(&x, m.avg, 0, 0);
    map_op(&x, ND_VM_MAP_ZERO, m.plain);
    print_all(&x, m.plain, 0, 0);
    gives(&x, "10.5 21    n/a -79 3\n"
              "n/a 0\n"
              "-5 9223372036854775807 9223372036854775802\n"
              "127 2\n"
              "@avg[2]: -100\n@avg[1]: 10.5\n"
              "@avg[1]: 1.05\n"
              "@plain[1]: 0\n@plain[2]: 0\n");
}

// for ((k, v) in @plain sorted by `rank` limit n): rank 0 none, 1 v, 2 "s" + str(k % 2), 3 k % 2
static void loop(struct fixture *x, uint32_t map, int rank, bool desc, int limit)
{
    uint32_t top, jump;

    map_op(x, ND_VM_ITER_NEW, map);
    if (rank) {
        top = here(x);
        op(x, ND_VM_ITER_LOAD, 1, 0, 1);
        jump = x->first + here(x);
        op(x, ND_VM_JZ, 0, 0, 0);
        op(x, ND_VM_LOCAL, 0, 0, rank == 1);
        if (rank >= 2) {
            num(x, 2);
            op(x, ND_VM_MOD, ND_D_I64, 0, 0);
        }
        if (rank == 2)
            op(x, ND_VM_BUILTIN, 1, 0, ND_BI_STR);
        op(x, ND_VM_ITER_RANK, 0, 0, 0);
        op(x, ND_VM_JMP, 0, 0, (int32_t)top);
        ((struct nd_mf_insn *)nd_mfb_at(x->b, ND_SEC_CODE, jump))->c = (int32_t)here(x);
    }
    num(x, limit);
    op(x, ND_VM_ITER_SORT, desc, 0, 0);
    top = here(x);
    op(x, ND_VM_ITER_LOAD, 1, 0, 1);
    jump = x->first + here(x);
    op(x, ND_VM_JZ, 0, 0, 0);
    op(x, ND_VM_LOCAL, 0, 0, 0);
    op(x, ND_VM_LOCAL, 0, 0, 1);
    printf_op(x, "%d=%d ", 2);
    op(x, ND_VM_JMP, 0, 0, (int32_t)top);
    ((struct nd_mf_insn *)nd_mfb_at(x->b, ND_SEC_CODE, jump))->c = (int32_t)here(x);
    op(x, ND_VM_ITER_END, 0, 0, 0);
    printf_op(x, "\n", 0);
}

static void sorted_loops(void **state)
{
    struct fixture x;
    struct maps m;

    (void)state;
    start_maps(&x, &m);
    loop(&x, m.plain, 1, false, 0); // nothing in it
    set(&x, m.plain, 4, 1);
    set(&x, m.plain, -3, 7);
    set(&x, m.plain, 2, 1);
    set(&x, m.plain, 9, -2);
    loop(&x, m.plain, 0, false, 0);
    loop(&x, m.plain, 0, true, 2);
    loop(&x, m.plain, 1, false, 0);
    loop(&x, m.plain, 1, true, 3);
    loop(&x, m.plain, 2, false, 99);
    loop(&x, m.plain, 3, true, -1);
    gives(&x, "\n"
              "-3=7 2=1 4=1 9=-2 \n"
              "9=-2 4=1 \n"
              "9=-2 2=1 4=1 -3=7 \n"
              "-3=7 2=1 4=1 \n"
              "-3=7 2=1 4=1 9=-2 \n" // "-1" "0" "0" "1"
              "9=-2 2=1 4=1 -3=7 \n");
}

static void loops_are_left_by_return(void **state)
{
    struct fixture x;
    struct maps m;
    uint32_t i;

    (void)state;
    start_maps(&x, &m);
    set(&x, m.plain, 1, 1);
    for (i = 0; i < 40; i++) // more often than loops may be nested
        op(&x, ND_VM_CALL, 0, 0, 1);
    op(&x, ND_VM_RET, 0, 0, 0);
    func(&x, "test", 0, 0);
    map_op(&x, ND_VM_ITER_NEW, m.plain);
    op(&x, ND_VM_ITER_LOAD, 0, 0, -1);
    op(&x, ND_VM_RET, 1, 0, 0);
    func(&x, "leave", 0, 1);
    ready(&x);
    assert_int_equal(nd_vm_call(x.vm, 0, 0, NULL, NULL), 0);
    stop(&x);
    start_maps(&x, &m);
    map_op(&x, ND_VM_ITER_NEW, m.plain);
    op(&x, ND_VM_JMP, 0, 0, 0);
    fails(&x, 0, -ELOOP, "nested loops over maps");
}

static uint32_t lose(void *arg, const struct nd_loss **out)
{
    *out = arg;
    return 2;
}

static void reports(void **state)
{
    struct fixture x;
    struct maps m;
    uint32_t maps[2];
    struct nd_mf_site s[2] = {{.kind = ND_SITE_EVENT_LOST, .map = ND_MF_NONE, .span = {0, 3, 1, 1}},
                              {.kind = ND_SITE_MAP_FULL, .span = {0, 9, 2, 1}}};
    struct nd_loss loss[2] = {{.count = 5, .total = 5}, {.count = 2, .total = 4}};

    (void)state;
    start_maps(&x, &m);
    s[1].map = m.plain;
    nd_mfb_add(x.b, ND_SEC_SITES, s, 2);
    maps[0] = m.plain;
    maps[1] = m.count;
    set(&x, m.plain, 1, 2);
    op(&x, ND_VM_REPORT, 2, 0, (int32_t)nd_mfb_add(x.b, ND_SEC_WORDS, maps, 2));
    map_op(&x, ND_VM_MAP_LEN, m.plain);
    printf_op(&x, "%d\n", 1);
    func(&x, "test", 0, 0);
    x.env.losses = lose;
    x.env.losses_arg = loss;
    ready(&x);
    loss[0].site = &x.mf.sites[0];
    loss[1].site = &x.mf.sites[1];
    nd_vm_times(x.vm, 0, 0, 4960000000);
    assert_int_equal(nd_vm_call(x.vm, 0, 0, NULL, NULL), 0);
    assert_non_null(strstr(output(&x), "] === report (Interval: 5.0s) ===\n"));
    assert_string_equal(strchr(x.out, '\n') + 1, "@plain[1]: 2\n@count: (empty)\n"
                                                 "Lost events: 5 (ring buffer full; t.nd:3: 5), "
                                                 "map full: 2 (t.nd:9 @plain: 2)\n0\n");
    stop(&x);
}

static void tables(void **state)
{
    struct fixture x;
    uint32_t heads[2];

    (void)state;
    start(&x);
    heads[0] = nd_mfb_str(x.b, "name");
    heads[1] = nd_mfb_str(x.b, "n");
    op(&x, ND_VM_TABLE, 2, 0, (int32_t)nd_mfb_add(x.b, ND_SEC_WORDS, heads, 2));
    str(&x, "caf\xc3\xa9");
    num(&x, 7);
    op(&x, ND_VM_TABLE_ROW, 2, 0, 0);
    str(&x, "b");
    num(&x, 12345);
    op(&x, ND_VM_TABLE_ROW, 2, 0, 0);
    op(&x, ND_VM_TABLE_END, 0, 0, 0);
    op(&x, ND_VM_TABLE, 2, 0, 1); // begun and never ended
    gives(&x, "name      n\ncaf\xc3\xa9      7\nb     12345\n");
    start(&x);
    op(&x, ND_VM_TABLE_END, 0, 0, 0); // of a table that a branch would have begun
    gives(&x, "");
}

static void huge_keys(void **state)
{
    struct fixture x;
    uint32_t big, map, i;
    char *text = malloc(8001), *want = malloc(8200);

    (void)state;
    memset(text, 'k', 8000);
    text[8000] = '\0';
    start(&x);
    big = add_type(x.b, ND_T_STRING, 8000, 0, "");
    map = add_map(x.b, "@big", big, big);
    for (i = 0; i < 2; i++) {
        str(&x, text);
        str(&x, i ? "" : text);
        map_op(&x, ND_VM_MAP_SET, map);
        print_all(&x, map, 0, 0);
    }
    sprintf(want, "@big[%s]: ", text);
    func(&x, "test", 0, 0);
    ready(&x);
    assert_int_equal(nd_vm_call(x.vm, 0, 0, NULL, NULL), 0);
    assert_int_equal(strlen(output(&x)), 2 * strlen(want) + 8000 + 2);
    assert_memory_equal(x.out, want, strlen(want));
    assert_string_equal(x.out + strlen(want) + 8000 + 1 + strlen(want), "\n");
    stop(&x);
    free(text);
    free(want);
}

static void many_keys(void **state)
{
    struct fixture x;
    struct maps m;
    uint32_t top, i;
    int64_t v;

    (void)state;
    start_maps(&x, &m);
    loop(&x, m.plain, 1, true, 3);
    map_op(&x, ND_VM_ITER_NEW, m.plain); // and a plain walk over all of them
    top = here(&x);
    op(&x, ND_VM_ITER_LOAD, 1, 0, 1);
    op(&x, ND_VM_JNZ, 0, 0, (int32_t)top);
    func(&x, "test", 0, 4);
    ready(&x);
    for (i = 0; i < 3000; i++) {
        uint32_t key = i * 7919;

        v = (int64_t)(i * 31 % 3001);
        nd_maps_set(x.env.maps, m.plain, &key, &v);
    }
    assert_int_equal(nd_vm_call(x.vm, 0, 0, NULL, NULL), 0);
    assert_non_null(strstr(output(&x), "=3000 "));
    assert_non_null(strstr(x.out, "=2999 "));
    stop(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries),
        cmocka_unit_test(full_maps_are_counted),
        cmocka_unit_test(aggregations),
        cmocka_unit_test(sorted_loops),
        cmocka_unit_test(loops_are_left_by_return),
        cmocka_unit_test(reports),
        cmocka_unit_test(tables),
        cmocka_unit_test(many_keys),
        cmocka_unit_test(huge_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
