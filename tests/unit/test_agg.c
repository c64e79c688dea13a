// SPDX-License-Identifier: GPL-2.0-or-later
// Aggregation arithmetic and the tables made of it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/common/agg.h"
#include "runtime/output/format.h"
#include "runtime/output/hist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct nd_mf_type type_of(uint32_t kind, uint32_t size, bool sign)
{
    struct nd_mf_type t = {.kind = kind, .size = size, .flags = sign ? ND_TF_SIGNED : 0};

    return t;
}

static void dist_buckets_tile(void **state)
{
    uint64_t lo, hi, next = 0;
    uint32_t i;

    (void)state;
    for (i = 0; i < ND_DIST_SLOTS; i++) {
        nd_dist_range(i, &lo, &hi);
        assert_int_equal(lo, next);
        assert_true(hi >= lo);
        assert_int_equal(nd_dist_index(lo), i);
        assert_int_equal(nd_dist_index(hi), i);
        // the stated error
        assert_true(lo < 16 ? hi == lo : (hi - lo + 1) * 16 <= lo);
        next = hi + 1;
    }
    assert_int_equal(next, 0); // the last one ends at 2^64 - 1
}

static void hist_index_borders(void **state)
{
    int k;

    (void)state;
    assert_int_equal(nd_hist_index(-1, true), 0);
    assert_int_equal(nd_hist_index(INT64_MIN, true), 0);
    assert_int_equal(nd_hist_index(-1, false), 64);
    assert_int_equal(nd_hist_index(0, true), 1);
    assert_int_equal(nd_hist_index(1, true), 1);
    for (k = 1; k < 63; k++) {
        assert_int_equal(nd_hist_index((int64_t)(1ull << k), true), k + 1);
        assert_int_equal(nd_hist_index((int64_t)((1ull << (k + 1)) - 1), true), k + 1);
    }
    assert_int_equal(nd_hist_index(INT64_MAX, true), 63);
    assert_int_equal(nd_hist_index(INT64_MIN, false), 64);
}

// Rows of hist(x, bits) follow each other without a gap, from 0 to the largest number.
static void subhist_buckets_tile(void **state)
{
    uint32_t bits, i;

    (void)state;
    for (bits = 1; bits <= 5; bits++) {
        uint32_t slots = 1 + ((65 - bits) << bits);
        struct nd_mf_type t = type_of(ND_T_SUBHIST, slots * 8, true);
        uint64_t next = 0, lo, hi, width;

        t.step = bits;
        t.count = slots;
        for (i = 1; i < slots; i++) {
            struct nd_agg_bucket b = nd_agg_bucket(&t, i);

            lo = (uint64_t)b.lo;
            hi = (uint64_t)b.hi;
            width = hi - lo + 1;
            assert_int_equal(lo, next);
            assert_true(hi >= lo && !b.below && !b.above && !b.even);
            assert_true(lo < 1u << bits ? width == 1 : lo % width == 0 && lo / width < 2u << bits);
            next = hi + 1;
        }
        assert_int_equal(next, 0); // the last one ends at 2^64 - 1
        assert_true(nd_agg_bucket(&t, 0).below);
    }
}

// What a file may claim.
static void subhist_is_checked(void **state)
{
    struct nd_mf_type t = type_of(ND_T_SUBHIST, 253 * 8, true), good;
    int64_t bits;

    (void)state;
    t.count = 253;
    t.step = 2;
    good = t;
    assert_null(nd_agg_wrong(&t));
    t.count = 252;
    assert_non_null(nd_agg_wrong(&t));
    t = good;
    t.size -= 8;
    assert_non_null(nd_agg_wrong(&t));
    t = good;
    for (bits = -2; bits < 100; bits++) {
        t.step = bits;
        assert_int_equal(nd_agg_wrong(&t) == NULL, bits == 2);
    }
    t.step = INT64_MIN;
    assert_non_null(nd_agg_wrong(&t));
    t.step = (1ll << 32) + 2;
    assert_non_null(nd_agg_wrong(&t));
}

static uint32_t subhist_slot(bool sign, int64_t v)
{
    static uint64_t slot[253];
    struct nd_mf_type t = type_of(ND_T_SUBHIST, sizeof(slot), sign);
    uint32_t i;

    t.step = 2;
    t.count = 253;
    memset(slot, 0, sizeof(slot));
    nd_agg_add(&t, slot, v);
    for (i = 0; i < 252 && !slot[i]; i++)
        ;
    assert_int_equal(slot[i], 1);
    return i;
}

static void subhist_slots(void **state)
{
    (void)state;
    assert_int_equal(subhist_slot(true, -1), 0);
    assert_int_equal(subhist_slot(true, INT64_MIN), 0);
    assert_int_equal(subhist_slot(true, 0), 1);
    assert_int_equal(subhist_slot(true, 1), 2);
    assert_int_equal(subhist_slot(true, 7), 8);
    assert_int_equal(subhist_slot(true, 8), 9);
    assert_int_equal(subhist_slot(true, 9), 9);
    assert_int_equal(subhist_slot(true, 10), 10);
    assert_int_equal(subhist_slot(true, 16), 13);
    assert_int_equal(subhist_slot(true, 19), 13);
    assert_int_equal(subhist_slot(true, 20), 14);
    assert_int_equal(subhist_slot(true, INT64_MAX), 248);
    assert_int_equal(subhist_slot(false, INT64_MIN), 249); // 2^63
    assert_int_equal(subhist_slot(false, -1), 252);
}

static void subhist_reads(void **state)
{
    static const int64_t v[] = {-7, 3, 16, 17, 20, 1000};
    uint64_t a[253] = {0}, b[253] = {0};
    struct nd_mf_type t = type_of(ND_T_SUBHIST, sizeof(a), true);
    struct nd_hist_row *rows;
    int64_t n;
    size_t i;

    (void)state;
    t.step = 2;
    t.count = 253;
    assert_true(isnan(nd_agg_get(&t, a, ND_AGG_P50)));
    assert_int_equal(nd_hist_rows(&t, a, &rows), 0);
    free(rows);
    for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
        nd_agg_add(&t, i % 2 ? a : b, v[i]);
    nd_agg_merge(&t, a, b);
    assert_true(nd_agg_int(&t, a, ND_AGG_COUNT, &n));
    assert_int_equal(n, 6);
    assert_true(nd_agg_get(&t, a, ND_AGG_P50) == 19); // the third: 16
    assert_true(nd_agg_get(&t, a, ND_AGG_P90) == 1023);
    assert_int_equal(nd_hist_rows(&t, a, &rows), 37); // the negative ones, 0 -> 0 to 896 -> 1023
    assert_true(rows[0].of.below && rows[0].count == 1);
    free(rows);
    a[0] = 0;
    assert_int_equal(nd_hist_rows(&t, a, &rows), 33); // 3 -> 3 to 896 -> 1023
    assert_int_equal(rows[0].of.lo, 3);
    assert_int_equal(rows[32].of.lo, 896);
    assert_int_equal(rows[32].of.hi, 1023);
    assert_int_equal(rows[32].count, 1);
    free(rows);
}

// Merging two halves must be the same as adding everything to one.
static void merge_equals_adding(void **state)
{
    static const int64_t v[] = {5, -3, 0, 1, 1000000, -70, INT64_MAX, INT64_MIN, 17, 17, 255, 256};
    static const uint32_t kinds[] = {ND_T_COUNT, ND_T_SUM,  ND_T_MIN,   ND_T_MAX, ND_T_AVG,
                                     ND_T_STATS, ND_T_HIST, ND_T_LHIST, ND_T_DIST};
    static const uint32_t sizes[] = {
        8, 8, 16, 16, 16, 16, sizeof(struct nd_hist), 12 * 8, sizeof(struct nd_dist)};
    size_t k, i, sign;

    (void)state;
    for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        for (sign = 0; sign < 2; sign++) {
            struct nd_mf_type t = type_of(kinds[k], sizes[k], sign);
            uint8_t *a = calloc(1, t.size), *b = calloc(1, t.size), *all = calloc(1, t.size);

            t.count = 12;
            t.lo = 0;
            t.hi = 100;
            t.step = 10;
            for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
                nd_agg_add(&t, i % 2 ? a : b, v[i]);
                nd_agg_add(&t, all, v[i]);
            }
            nd_agg_merge(&t, a, b);
            assert_memory_equal(a, all, t.size);
            memset(b, 0, t.size); // merging nothing changes nothing
            nd_agg_merge(&t, a, b);
            assert_memory_equal(a, all, t.size);
            nd_agg_merge(&t, b, a);
            assert_memory_equal(b, all, t.size);
            free(a);
            free(b);
            free(all);
        }
    }
}

static void empty_has_no_answer(void **state)
{
    struct nd_mf_type t = type_of(ND_T_DIST, sizeof(struct nd_dist), true);
    struct nd_dist d = {0};
    struct nd_minmax mm = {0};
    int64_t x;

    (void)state;
    assert_true(isnan(nd_agg_get(&t, &d, ND_AGG_P50)));
    assert_true(isnan(nd_agg_get(&t, &d, ND_AGG_AVG)));
    assert_true(isnan(nd_agg_get(&t, &d, ND_AGG_MIN)));
    assert_false(nd_agg_int(&t, &d, ND_AGG_MAX, &x));
    assert_true(nd_agg_int(&t, &d, ND_AGG_COUNT, &x));
    assert_int_equal(x, 0);
    t = type_of(ND_T_MIN, 16, true);
    assert_false(nd_agg_int(&t, &mm, ND_AGG_MIN, &x));
    t = type_of(ND_T_AVG, 16, true);
    assert_true(isnan(nd_agg_get(&t, &mm, ND_AGG_AVG)));
}

static void percentiles(void **state)
{
    struct nd_mf_type t = type_of(ND_T_DIST, sizeof(struct nd_dist), true);
    struct nd_mf_type h = type_of(ND_T_HIST, sizeof(struct nd_hist), true);
    struct nd_dist d = {0};
    struct nd_hist hist = {{0}};
    int i;

    (void)state;
    for (i = 1; i <= 100; i++) {
        nd_agg_add(&t, &d, i);
        nd_agg_add(&h, &hist, i);
    }
    // ranks 50, 95, 99: 50 is in [50,51], 95 in [92,95], 99 in [96,99]; 100 is in [100,103], but
    // no value was above 100
    assert_true(nd_agg_get(&t, &d, ND_AGG_P50) == 51);
    assert_true(nd_agg_get(&t, &d, ND_AGG_P95) == 95);
    assert_true(nd_agg_get(&t, &d, ND_AGG_P99) == 99);
    assert_true(nd_agg_percentile(&t, &d, 1) == 100);
    assert_true(nd_agg_percentile(&t, &d, 0) == 1);
    assert_true(nd_agg_get(&h, &hist, ND_AGG_P50) == 63);
    assert_true(nd_agg_get(&h, &hist, ND_AGG_MIN) == 0);
    assert_true(nd_agg_get(&h, &hist, ND_AGG_MAX) == 127);
    memset(&d, 0, sizeof(d));
    for (i = -10; i < 0; i++)
        nd_agg_add(&t, &d, i);
    assert_true(nd_agg_get(&t, &d, ND_AGG_P50) == -1);
    assert_true(nd_agg_get(&t, &d, ND_AGG_AVG) == -5.5);
    memset(&d, 0, sizeof(d));
    nd_agg_add(&t, &d, INT64_MAX);
    assert_true(nd_agg_get(&t, &d, ND_AGG_P50) == (double)INT64_MAX);
    memset(&d, 0, sizeof(d)); // 0.9 * 10 is a little more than 9 in binary
    for (i = 1; i <= 10; i++)
        nd_agg_add(&t, &d, i);
    assert_true(nd_agg_get(&t, &d, ND_AGG_P90) == 9);
}

static void unsigned_dist(void **state)
{
    struct nd_mf_type t = type_of(ND_T_DIST, sizeof(struct nd_dist), false);
    struct nd_dist d = {0};
    struct nd_buf out = {0};

    (void)state;
    nd_agg_add(&t, &d, 5);
    nd_agg_add(&t, &d, -1); // 2^64 - 1
    assert_int_equal(d.negative, 0);
    nd_dist_line(&t, &d, &out);
    assert_string_equal(out.v, "n 2  min 5  avg 2  P50 5  P95 1.84467e+19  P99 1.84467e+19  "
                               "max 18446744073709551615\n");
    free(out.v);
}

static void table_is_exact(void **state)
{
    static const char want[] =
        "     latency (us)    : count    distribution\n"
        "        0 -> 1       :   17    |************************            |\n"
        "        2 -> 3       :   25    |************************************|\n"
        "        4 -> 7       :   6     |********                            |\n"
        "        8 -> 15      :   0     |                                    |\n"
        "       16 -> 31      :   1     |*                                   |\n";
    struct nd_mf_type t = type_of(ND_T_HIST, sizeof(struct nd_hist), true);
    struct nd_hist h = {.slot = {0, 17, 25, 6, 0, 1}};
    struct nd_buf out = {0};

    (void)state;
    nd_hist_text(&t, "latency (us)", &h, 0, &out);
    assert_string_equal(out.v, want);
    free(out.v);
}

static void table_widens(void **state)
{
    static const char want[] =
        "     value           : count      distribution\n"
        "      < 0            :   1       |                                    |\n"
        "        0 -> 1       :   12345678|************************************|\n";
    struct nd_mf_type t = type_of(ND_T_HIST, sizeof(struct nd_hist), true);
    struct nd_hist h = {.slot = {1, 12345678}};
    struct nd_buf out = {0};
    const char *line;
    int n = 0;

    (void)state;
    nd_hist_text(&t, NULL, &h, 0, &out);
    assert_string_equal(out.v, want);
    out.n = 0;
    h.slot[64] = UINT64_MAX; // all 65 slots, and a bar that must not overflow
    nd_hist_text(&t, "", &h, 0, &out);
    for (line = out.v; *line; line = strchr(line, '\n') + 1)
        n++;
    assert_int_equal(n, 66);
    assert_non_null(strstr(out.v, "\n9223372036854775808 -> 18446744073709551615:   "
                                  "18446744073709551615|************************************|\n"));
    free(out.v);
}

static void linear_table(void **state)
{
    static const char want[] =
        "     bytes           : count    distribution\n"
        "     (..., -10)      :   2     |************************************|\n"
        "     [-10, 0)        :   0     |                                    |\n"
        "     [0, 10)         :   1     |******************                  |\n"
        "     [10, 15)        :   0     |                                    |\n"
        "     [15, ...)       :   1     |******************                  |\n";
    struct nd_mf_type t = type_of(ND_T_LHIST, 5 * 8, true);
    struct nd_buf out = {0};
    uint64_t v[5] = {0};

    (void)state;
    t.count = 5;
    t.lo = -10;
    t.hi = 15;
    t.step = 10;
    nd_agg_add(&t, v, -11);
    nd_agg_add(&t, v, INT64_MIN);
    nd_agg_add(&t, v, 0);
    nd_agg_add(&t, v, INT64_MAX);
    nd_hist_text(&t, "bytes", v, 0, &out);
    assert_string_equal(out.v, want);
    free(out.v);
}

static void dist_table(void **state)
{
    static const char want[] =
        "     value           : count    distribution\n"
        "        0 -> 1       :   1     |************************************|\n"
        "        2 -> 3       :   0     |                                    |\n"
        "        4 -> 7       :   0     |                                    |\n"
        "        8 -> 15      :   0     |                                    |\n"
        "       16 -> 31      :   1     |************************************|\n";
    struct nd_mf_type t = type_of(ND_T_DIST, sizeof(struct nd_dist), true);
    struct nd_buf out = {0};
    struct nd_dist d = {0};

    (void)state;
    nd_dist_line(&t, &d, &out);
    assert_string_equal(out.v, "n 0  min n/a  avg n/a  P50 n/a  P95 n/a  P99 n/a  max n/a\n");
    nd_agg_add(&t, &d, 1);
    nd_agg_add(&t, &d, 30);
    out.n = 0;
    nd_hist_text(&t, "", &d, 0, &out);
    assert_string_equal(out.v, want);
    out.n = 0;
    nd_dist_line(&t, &d, &out);
    assert_string_equal(out.v, "n 2  min 1  avg 15.5  P50 1  P95 30  P99 30  max 30\n");
    free(out.v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dist_buckets_tile),    cmocka_unit_test(hist_index_borders),
        cmocka_unit_test(subhist_buckets_tile), cmocka_unit_test(subhist_is_checked),
        cmocka_unit_test(subhist_slots),        cmocka_unit_test(subhist_reads),
        cmocka_unit_test(merge_equals_adding),  cmocka_unit_test(empty_has_no_answer),
        cmocka_unit_test(percentiles),          cmocka_unit_test(unsigned_dist),
        cmocka_unit_test(table_is_exact),       cmocka_unit_test(table_widens),
        cmocka_unit_test(linear_table),         cmocka_unit_test(dist_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
