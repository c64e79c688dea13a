// SPDX-License-Identifier: GPL-2.0-or-later
// Constants of the kernel's headers: the table is sorted, and each architecture has its own.
#include "unit.h"

#include "compiler/lang/constants.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void test_sorted(void **state)
{
    const char *before = "", *name;
    uint32_t i;
    int64_t v;

    (void)state;
    for (i = 0; (name = nd_constant_name(i)); before = name, i++) {
        assert_true(strcmp(before, name) < 0);
        assert_true(nd_constant_find(name, "x86_64", &v) || nd_constant_find(name, "aarch64", &v));
    }
    assert_true(i > 2000);
    assert_false(nd_constant_find("", "x86_64", &v));
    assert_false(nd_constant_find("ZZZ", "x86_64", &v));
}

static void test_values(void **state)
{
    static const struct {
        const char *name;
        int64_t v;
    } here[] = {
        {"EPERM", EPERM},         {"ETIMEDOUT", ETIMEDOUT}, {"AF_INET6", AF_INET6},
        {"PF_PACKET", PF_PACKET}, {"SIGKILL", SIGKILL},     {"O_CREAT", O_CREAT},
        {"S_IFMT", S_IFMT},       {"SOCK_RAW", SOCK_RAW},   {"ETH_P_IP", 0x0800},
        {"TCP_LISTEN", 10},       {"TCPHDR_SYN", 2},        {"IPPROTO_ICMPV6", 58},
    };
    int64_t v;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
        assert_true(nd_constant_find(here[i].name, "x86_64", &v));
        assert_int_equal(v, here[i].v);
    }
    assert_true(nd_constant_find("__NR_openat", "x86_64", &v) && v == 257);
    assert_true(nd_constant_find("__NR_openat", "aarch64", &v) && v == 56);
    assert_true(nd_constant_find("O_DIRECTORY", "aarch64", &v) && v == 0x4000);
    assert_true(nd_constant_find("__NR_open", "x86_64", &v));
    assert_false(nd_constant_find("__NR_open", "aarch64", &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted),
        cmocka_unit_test(test_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
