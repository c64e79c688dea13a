// SPDX-License-Identifier: GPL-2.0-or-later
// libbpf prints on stderr what it finds; of trials that are meant to fail, and of objects that are
// no objects, nothing of that may reach the user. Must not know a kernel.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/kernel/feature_try.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static off_t said(void)
{
    int was = dup(STDERR_FILENO), here = memfd_create("stderr", 0);
    struct bpf_object *obj;
    off_t n;

    assert_true(was >= 0 && here >= 0);
    dup2(here, STDERR_FILENO);
    obj = bpf_object__open_mem("not an object", 13, NULL);
    fflush(stderr);
    dup2(was, STDERR_FILENO);
    n = lseek(here, 0, SEEK_END);
    assert_null(obj);
    close(was);
    close(here);
    return n;
}

static void test_quiet(void **state)
{
    struct nd_features f;
    const char *bad;
    int len;

    (void)state;
    assert_true(said() > 0); // it would
    unsetenv("NDTRACE_WITHOUT");
    assert_true(nd_features_init(&f, &bad, &len));
    assert_int_equal(said(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quiet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
