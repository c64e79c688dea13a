// SPDX-License-Identifier: GPL-2.0-or-later
// Values that both programs read: each form, and what is none. Whole command lines are in
// test_options.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/common/manifest.h"
#include "runtime/common/value.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } good[] = {{"5s", 5000000000},     {"200ms", 200000000},
                {"50us", 50000},        {"100ns", 100},
                {"1m", 60000000000},    {"1h", 3600000000000},
                {"2", 2000000000},      {"0.5", 500000000},
                {"1.5ms", 1500000},     {"0", 0},
                {"1d", 86400000000000}, {"2sec", 2000000000},
                {"2min", 120000000000}};
    static const char *const bad[] = {"",    "s",     "-1", "1x",  "nan",
                                      "inf", "1e300", " 1", "1 s", "0x"};
    int64_t ns;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_true(nd_value_duration(good[i].text, &ns));
        assert_int_equal(ns, good[i].ns);
    }
    for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(nd_value_duration(bad[i], &ns));
}

static void test_sizes(void **state)
{
    static const struct {
        const char *text;
        uint64_t n;
    } good[] = {{"65536", 65536}, {"64K", 64 << 10}, {"4M", 4 << 20}, {"1G", 1ull << 30}, {"0", 0}};
    static const char *const bad[] = {
        "", "M", "-1", "4m", "4MB", "1.5M", " 4M", "4 M", "99999999999999999999", "9999999999G"};
    uint64_t n;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(nd_value_bytes(good[i].text, &n));
        assert_int_equal(n, good[i].n);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(nd_value_bytes(bad[i], &n));
}

// Each unit is read as it is listed, and a duration of one is that long.
static void test_units(void **state)
{
    char text[8];
    int64_t ns;
    int i;

    (void)state;
    for (i = 0; i < ND_VALUE_UNITS; i++) {
        assert_int_equal(nd_value_unit(nd_value_units[i].name), nd_value_units[i].ns);
        snprintf(text, sizeof(text), "1%s", nd_value_units[i].name);
        assert_true(nd_value_duration(text, &ns));
        assert_int_equal(ns, nd_value_units[i].ns);
        assert_true(i == 0 || nd_value_units[i].ns > nd_value_units[i - 1].ns);
    }
    assert_string_equal(nd_value_units[ND_VALUE_UNIT_S].name, "s");
    assert_int_equal(nd_value_unit("sec"), 0); // of the command line only
    assert_int_equal(nd_value_unit(""), 0);
}

static void test_addresses(void **state)
{
    static const struct {
        uint32_t type;
        const char *text;
        uint8_t bytes[20];
    } good[] = {
        {ND_T_IP, "10.0.0.1", {[10] = 0xff, 0xff, 10, 0, 0, 1}},
        {ND_T_IP, "fd00::1", {0xfd, [15] = 1}},
        {ND_T_IP, "::ffff:10.0.0.1", {[10] = 0xff, 0xff, 10, 0, 0, 1}},
        {ND_T_PREFIX, "10.1.2.3/9", {[10] = 0xff, 0xff, 10, [16] = 105}},
        {ND_T_PREFIX, "10.1.2.3", {[10] = 0xff, 0xff, 10, 1, 2, 3, 128}},
        {ND_T_PREFIX, "::ffff:10.0.0.0/104", {[10] = 0xff, 0xff, 10, [16] = 104}},
        {ND_T_PREFIX, "0.0.0.0/0", {[10] = 0xff, 0xff, [16] = 96}},
        {ND_T_PREFIX, "fdff::/7", {0xfc, [16] = 7}},
        {ND_T_PREFIX, "::/0", {0}},
        {ND_T_MAC, "52:54:00:12:34:aB", {0x52, 0x54, 0, 0x12, 0x34, 0xab}},
        {ND_T_MAC, "2:0:a:0:0:1", {2, 0, 10, 0, 0, 1}},
        {ND_T_IFNAME, "eth0", "eth0"},
        {ND_T_IFNAME, "fifteen-letters", "fifteen-letters"},
    };
    static const struct {
        uint32_t type;
        const char *text;
    } bad[] = {
        {ND_T_IP, ""},
        {ND_T_IP, "10.0.0"},
        {ND_T_IP, "10.0.0.256"},
        {ND_T_IP, "10.0.0.1/8"},
        {ND_T_IP, " 10.0.0.1"},
        {ND_T_PREFIX, "/8"},
        {ND_T_PREFIX, "10.0.0.0/"},
        {ND_T_PREFIX, "10.0.0.0/33"},
        {ND_T_PREFIX, "10.0.0.0/-1"},
        {ND_T_PREFIX, "fd00::/129"},
        {ND_T_MAC, ""},
        {ND_T_MAC, "52:54:00:12:34"},
        {ND_T_MAC, "52:54:00:12:34:56:78"},
        {ND_T_MAC, "52:54:00:12:34:0x5"},
        {ND_T_MAC, "52-54-00-12-34-56"},
        {ND_T_MAC, "52:54:000:12:34:56"},
        {ND_T_IFNAME, ""},
        {ND_T_IFNAME, "sixteen-letters-"},
        {ND_T_INT, "1"},
    };
    uint8_t bytes[20];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        memset(bytes, 0, sizeof(bytes));
        assert_true(nd_value_address(good[i].type, good[i].text, bytes));
        assert_memory_equal(bytes, good[i].bytes, sizeof(bytes));
    }
    for (i = 0; i < COUNT(bad); i++) {
        if (nd_value_address(bad[i].type, bad[i].text, bytes))
            fail_msg("'%s' was taken", bad[i].text);
    }
}

// What is printed for a protocol is read back as it, in either case.
static void test_protocols(void **state)
{
    static const struct {
        const char *text;
        uint8_t proto;
    } good[] = {{"tcp", 6},    {"Udp", 17}, {"icmp6", 58}, {"ICMPv6", 58},
                {"sctp", 132}, {"0", 0},    {"255", 255},  {"0x11", 17}};
    static const char *const bad[] = {"", "256", "-1", "tpc", "6 ", "tcp6"};
    uint32_t named = 0, p;
    uint8_t proto;
    size_t i;

    (void)state;
    for (p = 0; p < 256; p++) {
        const char *name = nd_value_proto_name((uint8_t)p);

        named += name != NULL;
        assert_true(!name || nd_value_proto(name, &proto));
        assert_true(!name || proto == p);
    }
    assert_true(named > 10);
    for (i = 0; i < COUNT(good); i++) {
        assert_true(nd_value_proto(good[i].text, &proto));
        assert_int_equal(proto, good[i].proto);
    }
    for (i = 0; i < COUNT(bad); i++)
        assert_false(nd_value_proto(bad[i], &proto));
}

static void test_pids(void **state)
{
    static const char *const bad[] = {"", "0", "-1", "2147483648", "1x", " 1"};
    uint32_t pid;
    size_t i;

    (void)state;
    assert_true(nd_value_pid("4711", &pid));
    assert_int_equal(pid, 4711);
    for (i = 0; i < COUNT(bad); i++)
        assert_false(nd_value_pid(bad[i], &pid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_units),     cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_protocols), cmocka_unit_test(test_pids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
