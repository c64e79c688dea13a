// SPDX-License-Identifier: GPL-2.0-or-later
// Verifier logs of several kernels: which instruction was the last, what was the matter.
// Must not know a kernel.
#include "runtime/common/caps.h"
#include "runtime/kernel/verifier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char new_log[] = // 6.18
    "0: R1=ctx() R10=fp0\n"
    "; return *(volatile int *)(ctx[0] * 3); @ t.c:7\n"
    "0: (79) r1 = *(u64 *)(r1 +0)          ; R1=scalar()\n"
    "1: (27) r1 *= 3                       ; R1=scalar()\n"
    "12: (61) r0 = *(u32 *)(r1 +0)\n"
    "R1 invalid mem access 'scalar'\n"
    "processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0\n";

static const char old_log[] = // 4.19
    "0: (79) r1 = *(u64 *)(r1 +0)\n"
    "1: (71) r0 = *(u8 *)(r1 +0)\n"
    "R1 invalid mem access 'inv'\n";

static const char large_log[] = "from 12 to 5: R0=1\n"
                                "5: (85) call bpf_trace_printk#6\n"
                                "BPF program is too large. Processed 1000001 insn\n";

static const char early_words[] = // a line that only looks like a cause, far before the end
    "invalid bpf_context access off=8 size=4 in a comment\n";

static void test_last(void **state)
{
    (void)state;
    assert_int_equal(nd_verifier_last_insn(new_log), 12);
    assert_int_equal(nd_verifier_last_insn(old_log), 1);
    assert_int_equal(nd_verifier_last_insn(large_log), 5);
    assert_int_equal(nd_verifier_last_insn(""), -1);
    assert_int_equal(nd_verifier_last_insn("back-edge from insn 9 to 3\n"), -1);
    assert_int_equal(nd_verifier_last_insn("123\n12: R0=1\n"), -1);
}

static void test_cause(void **state)
{
    (void)state;
    assert_string_equal(nd_verifier_cause(new_log), "a number is used as a pointer");
    assert_string_equal(nd_verifier_cause(old_log), "a number is used as a pointer");
    assert_non_null(strstr(nd_verifier_cause(large_log), "more steps than"));
    assert_non_null(
        strstr(nd_verifier_cause("back-edge from insn 9 to 3\n"), "does not accept loops"));
    assert_non_null(strstr(nd_verifier_cause("combined stack size of 2 calls is 640. Too large\n"),
                           "512 bytes"));
    assert_non_null(strstr(nd_verifier_cause("unknown func bpf_ktime_get_tai_ns#208\n"), "lacks"));
    assert_non_null(strstr(nd_verifier_cause("The sequence of 8193 jumps is too complex.\n"),
                           "branches more often"));
    assert_non_null(
        strstr(nd_verifier_cause("insn 17 cannot be patched due to 16-bit range\n"), "a jump"));
    assert_non_null(strstr(
        nd_verifier_cause("The total number of maps per program has reached the limit of 64\n"),
        "64 maps"));
    assert_null(nd_verifier_cause("something new\n"));
}

// A name in an ordinary line is not a cause.
static void test_ordinary(void **state)
{
    (void)state;
    assert_string_equal(nd_verifier_cause("7: (85) call bpf_probe_read#4\n"
                                          "8: (79) r1 = *(u64 *)(r10 -8) ; unknown func\n"
                                          "from 3 to 9: R0=inv(id=0) R10=fp0 cannot sleep\n"
                                          "R1 invalid mem access 'inv'\n"),
                        "a number is used as a pointer");
    assert_null(nd_verifier_cause("7: (85) call bpf_probe_read#4\nno words that are known\n"));
    if (!nd_caps_lockdown())
        assert_non_null(strstr(nd_verifier_cause("unknown func bpf_probe_read#4\n"), "lacks"));
    assert_null(nd_caps_lockdown_of("[none] integrity confidentiality\n"));
    assert_null(nd_caps_lockdown_of(""));
    assert_string_equal(nd_caps_lockdown_of("none [integrity] confidentiality\n"), "integrity");
    assert_string_equal(nd_caps_lockdown_of("none integrity [confidentiality]\n"),
                        "confidentiality");
}

static void test_tail_only(void **state)
{
    char log[4096];

    (void)state;
    strcpy(log, early_words);
    memset(log + strlen(early_words), '\n', 3000);
    log[strlen(early_words) + 3000] = 0;
    strcat(log, "R0 !read_ok\n");
    assert_string_equal(nd_verifier_cause(log), "the program ends without a result");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last),
        cmocka_unit_test(test_cause),
        cmocka_unit_test(test_ordinary),
        cmocka_unit_test(test_tail_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
