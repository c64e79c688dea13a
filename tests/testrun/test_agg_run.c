// SPDX-License-Identifier: GPL-2.0-or-later
// Aggregations as the kernel's programs keep them against the same values kept by the runtime's
// own code (agg.c), which is tested by itself; and control flow with known counts.
#include "testrun.h"

#include "runtime/common/agg.h"

static const int64_t values[] = {
    0,     1,       2,          3,           4,
    15,    16,      17,         31,          32,
    33,    63,      64,         100,         255,
    256,   1000,    4095,       4096,        65535,
    65536, 1000000, 0x7fffffff, 0x100000000, 0x7fffffffffffffff,
    -1,    -5,      -1000000,   INT64_MIN,   42,
    42,    42,
};
#define NVALUES (sizeof(values) / sizeof(values[0]))

static void same_as_runtime(const char *agg, const char *cast, const char *more)
{
    char script[256];
    uint64_t got[2048], want[2048];
    const struct nd_mf_type *type;
    struct tr t;
    uint32_t map;
    size_t i;

    snprintf(script, sizeof(script), "rawtracepoint:sched_switch { @a = %s%sarg0%s); }", agg, cast,
             more);
    tr_open(&t, script);
    map = tr_map(&t, "@a");
    type = &t.l.mf.types[t.l.mf.maps[map].val_type];
    assert_true(type->size <= sizeof(got));
    memset(want, 0, sizeof(want));
    for (i = 0; i < NVALUES; i++) {
        uint64_t arg = (uint64_t)values[i];

        tr_run(&t, &arg, 1);
        nd_agg_add(type, want, values[i]);
    }
    memset(got, 0, sizeof(got));
    assert_int_equal(nd_maps_get(t.maps, map, NULL, got), 0);
    for (i = 0; i < type->size / 8; i++) {
        if (got[i] != want[i])
            fail_msg("%s%s: word %zu is %llu, should be %llu", agg, cast, i,
                     (unsigned long long)got[i], (unsigned long long)want[i]);
    }
    tr_close(&t);
}

static void aggregations(void **state)
{
    static const struct {
        const char *name, *more;
    } aggs[] = {
        {"sum(", ""},     {"avg(", ""},     {"min(", ""},    {"max(", ""},
        {"stats(", ""},   {"hist(", ""},    {"dist(", ""},   {"lhist(", ", -100, 5000, 100"},
        {"hist(", ", 1"}, {"hist(", ", 2"}, {"hist(", ", 5"}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(aggs) / sizeof(aggs[0]); i++) {
        same_as_runtime(aggs[i].name, "(int64)", aggs[i].more);
        same_as_runtime(aggs[i].name, "", aggs[i].more);
    }
}

static int64_t number(struct tr *t, const char *name)
{
    int64_t v = 0;

    nd_maps_get(t->maps, tr_map(t, name), NULL, &v);
    return v;
}

// As often as a value says: on kernels without loops an error, because the number is unknown.
static void open_loops(void **state)
{
    static const char script[] = "rawtracepoint:sched_switch { for ($i : 0..arg0) { @range++; }"
                                 " $n = arg0; while ($n > 0) { @w++; $n--; } }";
    struct nd_compile_opts o = {.text = script, .verify = true};
    uint64_t arg = 10;
    struct tr t;

    (void)state;
    tr_without(&o);
    if (o.without & ND_F_BIT(LOOPS)) {
        t.u = nd_unit_new(&o);
        assert_true(nd_compile(t.u, "check"));
        assert_false(nd_compile(t.u, "finish"));
        assert_null(t.u->object);
        assert_int_equal(t.u->diags.v[0]->code, ND_E0703);
        assert_int_equal(t.u->diags.v[0]->span.off, strcspn(script, "f"));
        nd_unit_free(t.u);
        return;
    }
    tr_open(&t, script);
    tr_run(&t, &arg, 1);
    assert_int_equal(number(&t, "@range"), 10);
    assert_int_equal(number(&t, "@w"), 10);
    tr_close(&t);
}

static void control_flow(void **state)
{
    uint64_t arg = 10;
    struct tr t;

    (void)state;
    tr_open(&t,
            "fn twice(x: u64) -> u64 { if (x > 100) { return 0 } return x * 2 } "
            "rawtracepoint:sched_switch {"
            " for ($i : 0..10) { if ($i == 3) { continue } if ($i == 8) { break } @loop += $i; }"
            " unroll(4) { @u += 2; }"
            " @t = twice(twice(arg0));"
            " if (arg0 > 5) { @then = 1 } else { @else = 1 }"
            " for ($i : 0..5) { for ($k : 0..5) { if ($k > $i) { break } @nest++; } }"
            " if (arg0 == 10) { return } @never = 1; }");
    tr_run(&t, &arg, 1);
    assert_int_equal(number(&t, "@loop"), 0 + 1 + 2 + 4 + 5 + 6 + 7);
    assert_int_equal(number(&t, "@u"), 8);
    assert_int_equal(number(&t, "@t"), 40);
    assert_int_equal(number(&t, "@then"), 1);
    assert_int_equal(number(&t, "@else"), 0);
    assert_int_equal(number(&t, "@nest"), 1 + 2 + 3 + 4 + 5);
    assert_int_equal(number(&t, "@never"), 0);
    tr_close(&t);
}

static void keyed_maps_fill_up(void **state)
{
    uint64_t lost = 0, i;
    struct tr t;
    uint32_t k;

    (void)state;
    tr_open(&t, "let @m = hash(100); rawtracepoint:sched_switch { @m[arg0] = count(); }");
    for (i = 0; i < 150; i++)
        tr_run(&t, &i, 1);
    assert_int_equal(nd_maps_len(t.maps, tr_map(&t, "@m")), 100);
    for (k = 0; k < t.l.mf.nsites; k++) {
        if (t.l.mf.sites[k].kind == ND_SITE_MAP_FULL)
            lost = nd_state_get(&t.l.state, t.l.mf.sites[k].counter_off);
    }
    assert_int_equal(lost, 50);
    tr_close(&t);
}

static void hundred_thousand_keys(void **state)
{
    struct tr t;
    uint64_t i;

    (void)state;
    tr_open(&t, "let @m = hash(100000); rawtracepoint:sched_switch { @m[arg0, 1] = sum(arg0); }");
    for (i = 0; i < 100000; i++)
        tr_run(&t, &i, 1);
    assert_int_equal(nd_maps_len(t.maps, tr_map(&t, "@m")), 100000);
    tr_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aggregations),
        cmocka_unit_test(control_flow),
        cmocka_unit_test(open_loops),
        cmocka_unit_test(keyed_maps_fill_up),
        cmocka_unit_test(hundred_thousand_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
