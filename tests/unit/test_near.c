// SPDX-License-Identifier: GPL-2.0-or-later
// Globs and near names.
#include "facts.h"

#include "compiler/kernel/kernel.h"

#include <string.h>

static void test_glob(void **state)
{
    static const struct {
        const char *glob, *name;
        bool match;
    } cases[] = {
        {"tcp_*", "tcp_v4_rcv", true},
        {"tcp_*", "tcp", false},
        {"*", "", true},
        {"*", "anything", true},
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"*rcv", "tcp_v4_rcv", true},
        {"*rcv", "tcp_v4_rcv2", false},
        {"t?p*4*r", "tcp_v4_rcv", false},
        {"t?p*4*v", "tcp_v4_rcv", true},
        {"v[46]", "v4", true},
        {"v[46]", "v5", false},
        {"v[!46]", "v5", true},
        {"v[!46]", "v4", false},
        {"[a-f]*", "echo", true},
        {"[a-f]*", "ghost", false},
        {"[]]", "]", true},
        {"[a-]", "-", true},
        {"[open", "[open", true},
        {"a**b", "aXXb", true},
        {"exact", "exact", true},
        {"exact", "exactly", false},
        {"*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (nd_glob_match(cases[i].glob, cases[i].name) != cases[i].match)
            fail_msg("glob %s name %s", cases[i].glob, cases[i].name);
    assert_true(nd_glob_is("a*"));
    assert_true(nd_glob_is("a?"));
    assert_true(nd_glob_is("[a]"));
    assert_false(nd_glob_is("plain_name"));
}

static void test_near(void **state)
{
    struct nd_near n = {.name = "netwrk_header"};

    (void)state;
    nd_near_try(&n, "mac_header");
    nd_near_try(&n, "network_header");
    nd_near_try(&n, "transport_header");
    nd_near_try(&n, "inner_network_header");
    nd_near_try(&n, "network_header");
    assert_true(n.n >= 1);
    assert_string_equal(n.best[0], "network_header");
    assert_int_equal(n.dist[0], 1);
    for (uint32_t i = 1; i < n.n; i++)
        assert_string_not_equal(n.best[i], "network_header");
}

static void test_near_swap_and_case(void **state)
{
    struct nd_near n = {.name = "cmom"}, c = {.name = "PID"}, none = {.name = "xyz"};

    (void)state;
    nd_near_try(&n, "comm");
    assert_int_equal(n.n, 1);
    assert_int_equal(n.dist[0], 1);
    nd_near_try(&c, "pid");
    assert_int_equal(c.n, 1);
    assert_int_equal(c.dist[0], 0);
    nd_near_try(&none, "abc");
    nd_near_try(&none, "retval");
    nd_near_try(&none, "");
    assert_int_equal(none.n, 0);
}

static void test_near_keeps_best(void **state)
{
    static const char *const names[] = {"abcdxxxx", "abcdefxx", "abcdefgh",
                                        "abcdefgx", "abcdexxx", "abcdefghi"};
    struct nd_near n = {.name = "abcdefgh"};
    char huge[300];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        nd_near_try(&n, names[i]);
    assert_int_equal(n.n, 4);
    assert_string_equal(n.best[0], "abcdefgh");
    for (uint32_t i = 1; i < n.n; i++)
        assert_true(n.dist[i - 1] <= n.dist[i]);
    assert_int_equal(n.dist[3], 2);
    memset(huge, 'a', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = 0;
    n = (struct nd_near){.name = huge};
    nd_near_try(&n, huge);
    assert_int_equal(n.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_glob),
        cmocka_unit_test(test_near),
        cmocka_unit_test(test_near_swap_and_case),
        cmocka_unit_test(test_near_keeps_best),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
