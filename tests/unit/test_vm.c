// SPDX-License-Identifier: GPL-2.0-or-later
// User code, hand-written instruction by instruction, and what it prints.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "vm_code.h"

static void integer_arithmetic(void **state)
{
    static const struct {
        int op, domain;
        int64_t x, y, want;
    } t[] = {
        {ND_VM_ADD, ND_D_I64, INT64_MAX, 1, INT64_MIN},
        {ND_VM_SUB, ND_D_I64, INT64_MIN, 1, INT64_MAX},
        {ND_VM_MUL, ND_D_I64, INT64_MAX, 2, -2},
        {ND_VM_DIV, ND_D_I64, INT64_MIN, -1, INT64_MIN},
        {ND_VM_MOD, ND_D_I64, INT64_MIN, -1, 0},
        {ND_VM_DIV, ND_D_I64, -7, 2, -3},
        {ND_VM_MOD, ND_D_I64, -7, 2, -1},
        {ND_VM_DIV, ND_D_U64, -1, 2, INT64_MAX},
        {ND_VM_DIV, ND_D_I64, 5, 0, 0},
        {ND_VM_MOD, ND_D_U64, 5, 0, 0},
        {ND_VM_SHL, ND_D_I64, 1, 63, INT64_MIN},
        {ND_VM_SHL, ND_D_I64, 1, 64, 1},
        {ND_VM_SHR, ND_D_I64, -8, 1, -4},
        {ND_VM_SHR, ND_D_U64, -1, 63, 1},
        {ND_VM_AND, ND_D_I64, 12, 10, 8},
        {ND_VM_OR, ND_D_I64, 12, 10, 14},
        {ND_VM_XOR, ND_D_I64, 12, 10, 6},
        {ND_VM_LT, ND_D_I64, -1, 1, 1},
        {ND_VM_LT, ND_D_U64, -1, 1, 0},
        {ND_VM_GE, ND_D_U64, -1, 1, 1},
        {ND_VM_LE, ND_D_I64, 3, 3, 1},
        {ND_VM_EQ, ND_D_I64, 3, 4, 0},
        {ND_VM_NE, ND_D_I64, 3, 4, 1},
    };
    struct fixture x;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        char want[32];

        start(&x);
        num(&x, t[i].x);
        num(&x, t[i].y);
        op(&x, t[i].op, t[i].domain, 0, 0);
        op(&x, ND_VM_CAST, 0, (int)x.t_i64, 0);
        printf_op(&x, "%d", 1);
        func(&x, "test", 0, 0);
        ready(&x);
        assert_int_equal(nd_vm_call(x.vm, 0, 0, NULL, NULL), 0);
        snprintf(want, sizeof(want), "%lld", (long long)t[i].want);
        assert_string_equal(output(&x), want);
        assert_int_equal(nd_vm_div_zero(x.vm),
                         (t[i].op == ND_VM_DIV || t[i].op == ND_VM_MOD) && !t[i].y);
        stop(&x);
    }
}

static void doubles_and_strings(void **state)
{
    struct fixture x;

    (void)state;
    start(&x);
    dbl(&x, 1);
    num(&x, 4);
    op(&x, ND_VM_DIV, ND_D_F64, 0, 0); // an integer operand is taken as a double
    printf_op(&x, "%g ", 1);
    dbl(&x, 1);
    dbl(&x, 0);
    op(&x, ND_VM_DIV, ND_D_F64, 0, 0);
    printf_op(&x, "%g ", 1);
    typed(&x, x.t_u64, -1);
    op(&x, ND_VM_U2D, 0, 0, 0);
    printf_op(&x, "%.0f ", 1);
    dbl(&x, 1e30);
    op(&x, ND_VM_D2I, 0, 0, 0);
    dbl(&x, -1e30);
    op(&x, ND_VM_D2I, 0, 0, 0);
    printf_op(&x, "%d %d ", 2);
    num(&x, 300);
    op(&x, ND_VM_CAST, 0, (int)x.t_bool, 0);
    printf_op(&x, "%s ", 1);
    num(&x, 0x1ffffffffll);
    op(&x, ND_VM_CAST, 0, (int)x.t_i32, 0);
    printf_op(&x, "%d\n", 1);
    str(&x, "ab");
    str(&x, "cd");
    op(&x, ND_VM_ADD, ND_D_STR, 0, 0);
    op(&x, ND_VM_DUP, 0, 0, 0);
    str(&x, "abd");
    op(&x, ND_VM_LT, ND_D_STR, 0, 0);
    printf_op(&x, "%s %d", 2);
    gives(&x, "0.25 0 18446744073709551616 -1 -9223372036854775808 true -1\nabcd 1");
}

static void integer_conversions(void **state)
{
    struct fixture x;

    (void)state;
    start(&x);
    typed(&x, x.t_i32, -1);
    op(&x, ND_VM_DUP, 0, 0, 0);
    op(&x, ND_VM_DUP, 0, 0, 0);
    op(&x, ND_VM_DUP, 0, 0, 0);
    op(&x, ND_VM_DUP, 0, 0, 0);
    printf_op(&x, "%d %u %x %X %o\n", 5);
    num(&x, 42);
    num(&x, 42);
    num(&x, 42);
    num(&x, 42);
    num(&x, 42);
    num(&x, -42);
    printf_op(&x, "[%5d][%-5d][%05d][%+d][% d][%06lld]\n", 6);
    num(&x, 255);
    num(&x, 255);
    num(&x, 8);
    num(&x, 255);
    num(&x, 5);
    num(&x, 0);
    printf_op(&x, "[%#x][%#010X][%#o][%p][%.3d][%.0d]%%\n", 6);
    gives(&x, "-1 4294967295 ffffffff FFFFFFFF 37777777777\n"
              "[   42][42   ][00042][+42][ 42][-00042]\n"
              "[0xff][0X000000FF][010][0xff][005][]%\n");
}

static void other_conversions(void **state)
{
    struct fixture x;
    const uint8_t raw[12] = {3, 0, 0, 0, 'a', 0, 0xff};

    (void)state;
    start(&x);
    num(&x, 6);
    dbl(&x, 3.14159);
    num(&x, 8);
    num(&x, 2);
    dbl(&x, -2.5);
    num(&x, 7);
    printf_op(&x, "[%*.1f][%-*.*e][%G]\n", 6);
    str(&x, "hello");
    num(&x, -8);
    str(&x, "hello");
    num(&x, 'A');
    dbl(&x, 1.99);
    printf_op(&x, "[%.2s][%*s][%3c][%d]\n", 5);
    gives(&x, "[   3.1][-2.50e+00][7]\n[he][hello   ][  A][1]\n");
    start(&x);
    typed(&x, x.t_time, 1000000000);
    typed(&x, x.t_dur, 1500);
    bytes(&x, x.t_buf, raw, 12);
    str(&x, "t\tb");
    num(&x, 300);
    printf_op(&x, "%t %-7s|%r %r %hhd %", 5);
    gives(&x, "1970-01-01 00:00:01.000 1.5us  |a\\x00\\xff t\\x09b 44 ");
}

static void printf_needs_values(void **state)
{
    struct fixture x;

    (void)state;
    start(&x);
    num(&x, 1);
    printf_op(&x, "%d %d\n", 1);
    fails(&x, 0, -EINVAL, "fewer values");
}

static void options(void **state)
{
    struct fixture x;
    struct nd_mf_option o = {.off = 16, .stride = 8, .cap = 4, .given_off = 0, .count_off = 4};
    uint32_t n = 2, given = 1;
    int64_t v[2] = {80, 443};

    (void)state;
    start(&x);
    o.type = x.t_i64;
    nd_mfb_add(x.b, ND_SEC_OPTIONS, &o, 1);
    op(&x, ND_VM_OPT, 0, 0, 0);
    op(&x, ND_VM_OPT_HAS, 0, 0, 0);
    op(&x, ND_VM_OPT_COUNT, 0, 0, 0);
    num(&x, 1);
    op(&x, ND_VM_OPT_AT, 0, 0, 0);
    num(&x, 2); // beyond the values given, though inside the room
    op(&x, ND_VM_OPT_AT, 0, 0, 0);
    num(&x, -1);
    op(&x, ND_VM_OPT_AT, 0, 0, 0);
    printf_op(&x, "%d %d %d %d %d %d", 6);
    memcpy(x.opts, &given, 4);
    memcpy(x.opts + 4, &n, 4);
    memcpy(x.opts + 16, v, 16);
    v[0] = 99;
    memcpy(x.opts + 32, v, 8);
    gives(&x, "80 1 2 443 0 0");
}

static void fields_and_payload(void **state)
{
    struct fixture x;
    struct {
        char comm[16];
        int32_t a;
        uint32_t bits;
    } p = {"swapper", -3, 0x2c};
    uint32_t st;
    bool truth = false;

    (void)state;
    start(&x);
    st = add_type(x.b, ND_T_STRUCT, 24, 0, "struct p");
    add_field(x.b, st, "comm", x.t_str, 0, 0, 0);
    add_field(x.b, st, "a", x.t_i32, 16, 0, 0);
    add_field(x.b, st, "mid", x.t_i32, 20, 2, 4);
    op(&x, ND_VM_LOCAL, 0, 0, 0);
    op(&x, ND_VM_FIELD, 0, 0, 0);
    op(&x, ND_VM_LOCAL, 0, 0, 0);
    op(&x, ND_VM_FIELD, 0, 0, 1);
    op(&x, ND_VM_LOCAL, 0, 0, 0);
    op(&x, ND_VM_FIELD, 0, 0, 2);
    op(&x, ND_VM_LOCAL, 0, 0, 0);
    printf_op(&x, "%s %x %d %s", 4);
    num(&x, 0);
    op(&x, ND_VM_NOT, 0, 0, 0);
    op(&x, ND_VM_RET, 1, 0, 0);
    func(&x, "test", 1, 1);
    ready(&x);
    assert_int_equal(nd_vm_call(x.vm, 0, st, &p, &truth), 0);
    assert_true(truth);
    assert_string_equal(output(&x), "swapper fffffffd -5 { .comm = swapper, .a = -3, .mid = -5 }");
    assert_int_equal(nd_vm_call(x.vm, 0, 0, NULL, NULL), -EINVAL); // a parameter is missing
    stop(&x);
}

static void calls(void **state)
{
    struct fixture x;

    (void)state;
    start(&x);
    num(&x, 10);
    op(&x, ND_VM_CALL, 1, 1, 1);
    printf_op(&x, "%d", 1);
    func(&x, "test", 0, 0);
    // fn sum(n) = n ? n + sum(n - 1) : 0
    op(&x, ND_VM_LOCAL, 0, 0, 0);
    op(&x, ND_VM_JZ, 0, 0, 9);
    op(&x, ND_VM_LOCAL, 0, 0, 0);
    op(&x, ND_VM_LOCAL, 0, 0, 0);
    num(&x, 1);
    op(&x, ND_VM_SUB, ND_D_I64, 0, 0);
    op(&x, ND_VM_CALL, 1, 1, 1);
    op(&x, ND_VM_ADD, ND_D_I64, 0, 0);
    op(&x, ND_VM_RET, 1, 0, 0);
    num(&x, 0);
    op(&x, ND_VM_RET, 1, 0, 0);
    func(&x, "sum", 1, 3);
    ready(&x);
    assert_int_equal(nd_vm_call(x.vm, 0, 0, NULL, NULL), 0);
    assert_string_equal(output(&x), "55");
    stop(&x);
}

static bool ask(void *arg)
{
    return ++*(int *)arg == 3;
}

static void runaways_end(void **state)
{
    struct fixture x;

    (void)state;
    start(&x);
    op(&x, ND_VM_CALL, 0, 0, 0);
    fails(&x, 0, -ELOOP, "call each other");
    start(&x);
    num(&x, 1);
    op(&x, ND_VM_JMP, 0, 0, 0);
    fails(&x, 0, -E2BIG, "stack is full");
    start(&x);
    str(&x, "0123456789");
    op(&x, ND_VM_SET, 0, 0, 0);
    op(&x, ND_VM_LOCAL, 0, 0, 0);
    op(&x, ND_VM_LOCAL, 0, 0, 0);
    op(&x, ND_VM_ADD, ND_D_STR, 0, 0);
    op(&x, ND_VM_SET, 0, 0, 0);
    op(&x, ND_VM_JMP, 0, 0, 2);
    fails(&x, 1, -ENOMEM, "MiB");
    start(&x);
    op(&x, ND_VM_JMP, 0, 0, 0);
    x.env.interrupted = ask;
    x.env.interrupted_arg = &x.asked;
    fails(&x, 0, -EINTR, "interrupted");
    assert_int_equal(x.asked, 3);
}

static void mistakes_are_messages(void **state)
{
    struct fixture x;
    int i;

    (void)state;
    start(&x);
    op(&x, ND_VM_ADD, ND_D_I64, 0, 0);
    fails(&x, 2, -EINVAL, "stack is empty"); // locals are not operands
    start(&x);
    str(&x, "a");
    num(&x, 1);
    op(&x, ND_VM_ADD, ND_D_I64, 0, 0);
    fails(&x, 0, -EINVAL, "a string where a number");
    start(&x);
    num(&x, 1);
    str(&x, "a");
    op(&x, ND_VM_ADD, ND_D_STR, 0, 0);
    fails(&x, 0, -EINVAL, "an integer where a string");
    start(&x);
    dbl(&x, 1);
    dbl(&x, 1);
    op(&x, ND_VM_XOR, ND_D_F64, 0, 0);
    fails(&x, 0, -EINVAL, "bit operation");
    start(&x);
    num(&x, 1);
    num(&x, 1);
    op(&x, ND_VM_IN_PREFIX, 0, 0, 0);
    fails(&x, 0, -EINVAL, "prefix");
    start(&x);
    op(&x, ND_VM_ITER_END, 0, 0, 0);
    fails(&x, 0, -EINVAL, "no iterator");
    start(&x);
    op(&x, ND_VM_LOCAL, 0, 0, 3);
    fails(&x, 3, -EINVAL, "no local");
    start(&x);
    num(&x, 1);
    op(&x, ND_VM_INDEX, 0, 0, 0);
    fails(&x, 0, -EINVAL, "stack is empty");
    for (i = 0; i < ND_VM_OP_MAX + 2; i++) { // every instruction on nothing: no crash
        start(&x);
        op(&x, i, 3, 60000, 60000);
        func(&x, "test", 0, 0);
        ready(&x);
        if (i != ND_VM_INT && i != ND_VM_DBL && i != ND_VM_STR && i != ND_VM_BYTES)
            nd_vm_call(x.vm, 0, 0, NULL, NULL);
        stop(&x);
    }
}

static void prefixes(void **state)
{
    static const struct {
        uint8_t last, bits, hit;
    } t[] = {{0x0a, 128, 1}, {0x0b, 128, 0}, {0x0b, 127, 1}, {0x0c, 127, 0},
             {0xff, 0, 1},   {0x0f, 125, 1}, {0x10, 125, 0}, {0x0a, 255, 1}};
    struct fixture x;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        uint8_t ip[16] = {[15] = t[i].last}, p[20] = {[15] = 0x0a, [16] = t[i].bits};

        start(&x);
        if (t[i].bits == 125)
            p[15] = 0x08;
        bytes(&x, x.t_ip, ip, 16);
        bytes(&x, x.t_prefix, p, 20);
        op(&x, ND_VM_IN_PREFIX, 0, 0, 0);
        printf_op(&x, "%d", 1);
        gives(&x, t[i].hit ? "1" : "0");
    }
}

static void builtin(struct fixture *x, int which, int n)
{
    op(x, ND_VM_BUILTIN, n, 0, which);
}

static void functions(void **state)
{
    struct fixture x;

    (void)state;
    start(&x);
    str(&x, "%Y-%m-%d %H:%M:%S.%f");
    num(&x, 1000001);
    builtin(&x, ND_BI_STRFTIME, 2);
    printf_op(&x, "%s\n", 1);
    str(&x, "hello");
    num(&x, 1);
    num(&x, 3);
    builtin(&x, ND_BI_SUBSTR, 3);
    str(&x, "hello");
    num(&x, -5);
    num(&x, INT64_MAX);
    builtin(&x, ND_BI_SUBSTR, 3);
    str(&x, "hello");
    num(&x, 9);
    num(&x, 9);
    builtin(&x, ND_BI_SUBSTR, 3);
    printf_op(&x, "%s %s [%s] ", 3);
    str(&x, "ab");
    num(&x, 1000000000);
    builtin(&x, ND_BI_REPEAT, 2);
    builtin(&x, ND_BI_STRLEN, 1);
    str(&x, "=-");
    num(&x, 2);
    builtin(&x, ND_BI_REPEAT, 2);
    builtin(&x, ND_BI_UPPER, 1);
    str(&x, "aB");
    builtin(&x, ND_BI_UPPER, 1);
    str(&x, "aB");
    builtin(&x, ND_BI_LOWER, 1);
    printf_op(&x, "%d %s %s %s\n", 4);
    gives(&x, "1970-01-01 00:00:00.001000\n"
              "ell hello [] 1024 =-=- AB ab\n");
}

static void more_functions(void **state)
{
    struct fixture x;

    (void)state;
    start(&x);
    str(&x, "x");
    num(&x, 3);
    builtin(&x, ND_BI_PAD, 2);
    str(&x, "x");
    num(&x, -3);
    builtin(&x, ND_BI_PAD, 2);
    str(&x, "0x1f");
    builtin(&x, ND_BI_NUM, 1);
    str(&x, "12z");
    builtin(&x, ND_BI_NUM, 1);
    printf_op(&x, "[%s][%s] %d %d ", 4);
    str(&x, "needle in hay");
    str(&x, "in");
    builtin(&x, ND_BI_STRCONTAINS, 2);
    str(&x, "a");
    str(&x, "");
    builtin(&x, ND_BI_STRSTARTS, 2);
    str(&x, "abc");
    str(&x, "bc");
    builtin(&x, ND_BI_STRENDS, 2);
    str(&x, "c");
    str(&x, "abc");
    builtin(&x, ND_BI_STRENDS, 2);
    printf_op(&x, "%d%d%d%d", 4);
    gives(&x, "[  x][x  ] 31 0 1110");
}

static void number_functions(void **state)
{
    struct fixture x;

    (void)state;
    start(&x);
    num(&x, -3);
    num(&x, 2);
    builtin(&x, ND_BI_MIN2, 2);
    dbl(&x, 2.5);
    num(&x, 2);
    builtin(&x, ND_BI_MAX2, 2);
    num(&x, INT64_MIN);
    builtin(&x, ND_BI_ABS, 1);
    dbl(&x, -2.5);
    builtin(&x, ND_BI_ROUND, 1);
    dbl(&x, -2.5);
    builtin(&x, ND_BI_CEIL, 1);
    num(&x, 8);
    builtin(&x, ND_BI_LOG2, 1);
    dbl(&x, -1);
    builtin(&x, ND_BI_SQRT, 1);
    printf_op(&x, "%d %s %d %s %s %s %.1f\n", 7);
    str(&x, "lo");
    builtin(&x, ND_BI_IFINDEX, 1);
    builtin(&x, ND_BI_IFNAME, 1);
    str(&x, "no such device, surely");
    builtin(&x, ND_BI_IFINDEX, 1);
    builtin(&x, ND_BI_LOST, 0);
    num(&x, 0x1234);
    builtin(&x, ND_BI_KSYM, 1);
    printf_op(&x, "%s %d %d %s\n", 4);
    gives(&x, "-3 2.5 -9223372036854775808 -3 -2 3 n/a\nlo 0 0 0x1234\n");
}

static void times(void **state)
{
    struct fixture x;

    (void)state;
    start(&x);
    builtin(&x, ND_BI_INTERVAL, 0);
    printf_op(&x, "%s ", 1);
    builtin(&x, ND_BI_ELAPSED, 0);
    num(&x, 0);
    op(&x, ND_VM_GT, ND_D_I64, 0, 0);
    printf_op(&x, "%d", 1);
    num(&x, 300);
    op(&x, ND_VM_EXIT, 0, 0, 0);
    printf_op(&x, " after", 0);
    func(&x, "test", 0, 0);
    ready(&x);
    nd_vm_times(x.vm, 1, 1000, 5000001000);
    assert_false(nd_vm_exited(x.vm, NULL));
    assert_int_equal(nd_vm_call(x.vm, 0, 0, NULL, NULL), 0);
    assert_string_equal(output(&x), "5s 1");
    {
        int code = 0;

        assert_true(nd_vm_exited(x.vm, &code));
        assert_int_equal(code, 300 & 0xff);
    }
    stop(&x);
}

static void compounds(void **state)
{
    struct fixture x;
    uint32_t tuple, arr;
    struct nd_mf_type *t;

    (void)state;
    start(&x);
    tuple = add_type(x.b, ND_T_TUPLE, 20, 0, "");
    add_field(x.b, tuple, "", x.t_i32, 0, 0, 0);
    add_field(x.b, tuple, "", x.t_str, 4, 0, 0);
    arr = add_type(x.b, ND_T_ARRAY, 8, 0, "");
    t = nd_mfb_at(x.b, ND_SEC_TYPES, arr);
    t->elem = x.t_i32;
    t->count = 2;
    num(&x, 1ll << 32 | 5);
    str(&x, "a string longer than sixteen");
    op(&x, ND_VM_MAKE, 2, (int)tuple, 0);
    op(&x, ND_VM_DUP, 0, 0, 0);
    op(&x, ND_VM_PRINT, 0, 0, 0);
    num(&x, 5);
    str(&x, "a string longer ");
    op(&x, ND_VM_MAKE, 2, (int)tuple, 0);
    op(&x, ND_VM_EQ, ND_D_BYTES, 0, 0);
    op(&x, ND_VM_PRINT, 0, 0, 0);
    num(&x, 7);
    num(&x, -8);
    op(&x, ND_VM_MAKE, 2, (int)arr, 0);
    op(&x, ND_VM_SET, 0, 0, 0);
    op(&x, ND_VM_LOCAL, 0, 0, 0);
    op(&x, ND_VM_PRINT, 0, 0, 0);
    op(&x, ND_VM_LOCAL, 0, 0, 0);
    num(&x, 1);
    op(&x, ND_VM_INDEX, 0, 0, 0);
    op(&x, ND_VM_LOCAL, 0, 0, 0);
    num(&x, 2);
    op(&x, ND_VM_INDEX, 0, 0, 0);
    str(&x, "az");
    num(&x, 1);
    op(&x, ND_VM_INDEX, 0, 0, 0);
    printf_op(&x, "%d %d %c\n", 3);
    str(&x, "plain");
    op(&x, ND_VM_PRINT, 0, 0, 0);
    dbl(&x, 0.5);
    op(&x, ND_VM_PRINT, 0, 0, 0);
    typed(&x, x.t_dur, 2000);
    op(&x, ND_VM_PRINT, 0, 0, 0);
    gives(&x, "(5, a string longer )\n1\n[7,-8]\n-8 0 z\nplain\n0.5\n2us\n");
}

// The compiler lets scripts read only files that options name; code that it did not make is held to
// the same: neither a file nor a device or a pipe is even opened.
static void files_without_option(void **state)
{
    static const char *const names[] = {"/etc/passwd", "/dev/zero", "/proc/self/environ", ""};
    struct fixture x;
    uint32_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        start(&x);
        str(&x, names[i]);
        builtin(&x, ND_BI_FILE_LINES, 1);
        op(&x, ND_VM_POP, 0, 0, 0);
        fails(&x, 0, -EPERM, "a file that no option names is not read");
        start(&x);
        str(&x, names[i]);
        num(&x, 1);
        builtin(&x, ND_BI_FILE_LINE, 2);
        op(&x, ND_VM_POP, 0, 0, 0);
        fails(&x, 0, -EPERM, "a file that no option names is not read");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integer_arithmetic),
        cmocka_unit_test(doubles_and_strings),
        cmocka_unit_test(integer_conversions),
        cmocka_unit_test(other_conversions),
        cmocka_unit_test(printf_needs_values),
        cmocka_unit_test(options),
        cmocka_unit_test(fields_and_payload),
        cmocka_unit_test(calls),
        cmocka_unit_test(runaways_end),
        cmocka_unit_test(mistakes_are_messages),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(functions),
        cmocka_unit_test(more_functions),
        cmocka_unit_test(number_functions),
        cmocka_unit_test(times),
        cmocka_unit_test(compounds),
        cmocka_unit_test(files_without_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
