// SPDX-License-Identifier: GPL-2.0-or-later
// Every operator on edge values, computed by the kernel's program and by this program's C: the
// rule for sign and width is C on 64 bits, with defined results where C has none.
#include "testrun.h"

#define S(x) ((int64_t)(x))

static int64_t sdiv(int64_t a, int64_t b)
{
    return !b ? 0 : b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int64_t smod(int64_t a, int64_t b)
{
    return !b || b == -1 ? 0 : a % b;
}

#define EXPRS(X)                                                                 \
    X("$a + $b", S(a + b))                                                       \
    X("$a - $b", S(a - b))                                                       \
    X("$a * $b", S(a *b))                                                        \
    X("$a / $b", b ? S(a / b) : 0)                                               \
    X("$a % $b", b ? S(a % b) : 0)                                               \
    X("(int64)$a / (int64)$b", sdiv(S(a), S(b)))                                 \
    X("(int64)$a % (int64)$b", smod(S(a), S(b)))                                 \
    X("$a << $b", S(a << (b & 63)))                                              \
    X("$a >> $b", S(a >> (b & 63)))                                              \
    X("(int64)$a >> $b", S(a) >> (b & 63))                                       \
    X("$a & $b", S(a &b))                                                        \
    X("$a | $b", S(a | b))                                                       \
    X("$a ^ $b", S(a ^ b))                                                       \
    X("~$a", S(~a))                                                              \
    X("-$a", S(0 - a))                                                           \
    X("!$a", !a)                                                                 \
    X("$a < $b", a < b)                                                          \
    X("$a <= $b", a <= b)                                                        \
    X("$a > $b", a > b)                                                          \
    X("$a >= $b", a >= b)                                                        \
    X("$a == $b", a == b)                                                        \
    X("$a != $b", a != b)                                                        \
    X("(int64)$a < (int64)$b", S(a) < S(b))                                      \
    X("(int64)$a >= (int64)$b", S(a) >= S(b))                                    \
    X("(int64)$a < $b", a < b)                                                   \
    X("$a && $b", a &&b)                                                         \
    X("$a || $b", a || b)                                                        \
    X("$a ? $b : 7", a ? S(b) : 7)                                               \
    X("(int8)$a", (int8_t)a)                                                     \
    X("(uint8)$a", (uint8_t)a)                                                   \
    X("(int16)$a", (int16_t)a)                                                   \
    X("(uint16)$a", (uint16_t)a)                                                 \
    X("(int32)$a", (int32_t)a)                                                   \
    X("(uint32)$a", (uint32_t)a)                                                 \
    X("(int32)$a + (uint32)$b", S((int64_t)(int32_t)a + (uint32_t)b))            \
    X("(uint32)$a - (uint32)$b", S((int64_t)(uint32_t)a - (int64_t)(uint32_t)b)) \
    X("(uint32)$a * (uint32)$b", S((uint64_t)(uint32_t)a *(uint32_t)b))          \
    X("(uint8)$a / (int8)$b", sdiv((uint8_t)a, (int8_t)b))                       \
    X("(int32)$a < (uint32)$b", (int64_t)(int32_t)a < (int64_t)(uint32_t)b)      \
    X("(int32)$a < $b", (uint64_t)(int64_t)(int32_t)a < b)                       \
    X("$a / 10", S(a / 10))                                                      \
    X("(int64)$a / 10", S(a) / 10)                                               \
    X("(int64)$a % -7", S(a) % -7)                                               \
    X("(int64)$a / -1", sdiv(S(a), -1))                                          \
    X("bswap((uint32)$a)", S(__builtin_bswap32((uint32_t)a)))                    \
    X("bswap($a)", S(__builtin_bswap64(a)))                                      \
    X("$a + $b * 3 - ($a ^ 5) % 9", S(a + b * 3 - (a ^ 5) % 9))                  \
    X("$a in ($b, 1, 2)", a == b || a == 1 || a == 2)

#define FN(text, value)           \
    do {                          \
        exprs[n].script = (text); \
        exprs[n].want = (value);  \
        n++;                      \
    } while (0);

struct expr {
    const char *script;
    int64_t want;
};

static uint32_t references(struct expr *exprs, uint64_t a, uint64_t b)
{
    uint32_t n = 0;

    EXPRS(FN)
    return n;
}

static const uint64_t edges[] = {
    0,
    1,
    2,
    3,
    7,
    10,
    63,
    64,
    127,
    128,
    255,
    256,
    32767,
    65535,
    65536,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x100000000,
    0x7fffffffffffffff,
    0x8000000000000000,
    0xffffffffffffffff,
    0xfffffffffffffff9,
    0xdeadbeefcafebabe,
};
#define NEDGES (sizeof(edges) / sizeof(edges[0]))
#define AT_ONCE 8u // expressions in one program

static void compare(struct tr *t, uint32_t from, uint32_t n, uint64_t a, uint64_t b)
{
    struct expr exprs[128];
    uint64_t args[2] = {a, b};
    char name[16];
    uint32_t i;

    references(exprs, a, b);
    tr_run(t, args, 2);
    for (i = 0; i < n; i++) {
        int64_t got = 0;

        snprintf(name, sizeof(name), "@r%u", i);
        assert_int_equal(nd_maps_get(t->maps, tr_map(t, name), NULL, &got), 0);
        if (got != exprs[from + i].want)
            fail_msg("%s with $a = 0x%llx, $b = 0x%llx: 0x%llx, C says 0x%llx",
                     exprs[from + i].script, (unsigned long long)a, (unsigned long long)b,
                     (unsigned long long)got, (unsigned long long)exprs[from + i].want);
    }
}

static void operators(void **state)
{
    struct expr exprs[128];
    uint32_t n = references(exprs, 1, 1), from, i, k;
    char script[4096];
    size_t len;

    (void)state;
    for (from = 0; from < n; from += AT_ONCE) {
        uint32_t count = n - from < AT_ONCE ? n - from : AT_ONCE;
        struct tr t;

        len = (size_t)snprintf(script, sizeof(script),
                               "rawtracepoint:sched_switch { $a = arg0; $b = arg1;");
        for (i = 0; i < count; i++)
            len += (size_t)snprintf(script + len, sizeof(script) - len, " @r%u = (int64)(%s);", i,
                                    exprs[from + i].script);
        snprintf(script + len, sizeof(script) - len, " }");
        tr_open(&t, script);
        for (i = 0; i < NEDGES; i++) {
            for (k = 0; k < NEDGES; k++)
                compare(&t, from, count, edges[i], edges[k]);
        }
        tr_close(&t);
    }
}

static void division_by_zero_is_counted(void **state)
{
    uint64_t args[2] = {5, 0}, n = 0;
    struct tr t;
    uint32_t i;

    (void)state;
    tr_open(&t, "rawtracepoint:sched_switch { @r = arg0 / arg1; }");
    tr_run(&t, args, 2);
    tr_run(&t, args, 2);
    args[1] = 1;
    tr_run(&t, args, 2);
    for (i = 0; i < t.l.mf.nsites; i++) {
        if (t.l.mf.sites[i].kind == ND_SITE_DIV_ZERO)
            n = nd_state_get(&t.l.state, t.l.mf.sites[i].counter_off);
    }
    assert_int_equal(n, 2);
    tr_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators),
        cmocka_unit_test(division_by_zero_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
