// SPDX-License-Identifier: GPL-2.0-or-later
// Typed values to text and JSON, both from the same bytes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "build_types.h"
#include "fake_maps.h"
#include "runtime/common/typed.h"
#include "runtime/output/format.h"

#include <arpa/inet.h>
#include <math.h>
#include <time.h>

struct fixture {
    struct nd_arena *a;
    struct nd_mfb *b;
    struct nd_mf mf;
    struct nd_fmt f;
};

static void start(struct fixture *x)
{
    memset(x, 0, sizeof(*x));
    x->a = nd_arena_new();
    x->b = nd_mfb_new(x->a);
    setenv("TZ", "UTC", 1);
    tzset();
}

static void finish(struct fixture *x)
{
    uint32_t size;

    fake_mf(&x->mf, nd_mfb_finish(x->b, &size));
    x->f.mf = &x->mf;
}

static void stop(struct fixture *x)
{
    nd_arena_free(x->a);
}

static void same(const struct fixture *x, uint32_t type, const void *p, const char *text,
                 const char *json)
{
    struct nd_buf out = {0};

    nd_format_text(&x->f, type, p, &out);
    assert_string_equal(out.v, text);
    out.n = 0;
    nd_format_json(&x->f, type, p, &out);
    assert_string_equal(out.v, json);
    free(out.v);
}

static void integers(void **state)
{
    struct fixture x;
    uint32_t i8, u8, i32, u32, i64, u64, hex, be16, be32, b1, b8;
    int64_t v = -1;
    uint8_t net[4] = {0x01, 0x02, 0x03, 0x04};

    (void)state;
    start(&x);
    i8 = add_type(x.b, ND_T_INT, 1, ND_TF_SIGNED, "");
    u8 = add_type(x.b, ND_T_INT, 1, 0, "");
    i32 = add_type(x.b, ND_T_INT, 4, ND_TF_SIGNED, "");
    u32 = add_type(x.b, ND_T_INT, 4, 0, "");
    i64 = add_type(x.b, ND_T_INT, 8, ND_TF_SIGNED, "");
    u64 = add_type(x.b, ND_T_INT, 8, 0, "");
    hex = add_type(x.b, ND_T_INT, 2, ND_TF_HEX | ND_TF_SIGNED, "");
    be16 = add_type(x.b, ND_T_INT, 2, ND_TF_NETWORK, "");
    be32 = add_type(x.b, ND_T_INT, 4, ND_TF_NETWORK, "");
    b1 = add_type(x.b, ND_T_BOOL, 1, 0, "");
    b8 = add_type(x.b, ND_T_BOOL, 8, 0, "");
    finish(&x);
    same(&x, i8, &v, "-1", "-1");
    same(&x, u8, &v, "255", "255");
    same(&x, i32, &v, "-1", "-1");
    same(&x, u32, &v, "4294967295", "4294967295");
    same(&x, i64, &v, "-1", "-1");
    same(&x, u64, &v, "18446744073709551615", "18446744073709551615");
    same(&x, hex, &v, "0xffff", "-1");
    same(&x, be16, net, "258", "258");
    same(&x, be32, net, "16909060", "16909060");
    same(&x, b1, &v, "true", "true");
    v = INT64_MIN;
    same(&x, i64, &v, "-9223372036854775808", "-9223372036854775808");
    v = 0;
    same(&x, b8, &v, "false", "false");
    same(&x, u64, &v, "0", "0");
    stop(&x);
}

static void addresses(void **state)
{
    static const struct {
        const char *in, *out;
    } ip[] = {
        {"::ffff:10.0.0.1", "10.0.0.1"},
        {"::ffff:255.255.255.255", "255.255.255.255"},
        {"::ffff:0.0.0.0", "0.0.0.0"},
        {"::", "::"},
        {"::1", "::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"FE80::ABCD", "fe80::abcd"},
    };
    struct fixture x;
    uint32_t t, p, m, port, proto, ifname;
    uint8_t bytes[20] = {0}, mac[6] = {0x52, 0x54, 0, 0xab, 0xcd, 0xef};
    uint16_t h = 443;
    char json[80];
    size_t i;

    (void)state;
    start(&x);
    t = add_type(x.b, ND_T_IP, 16, 0, "");
    p = add_type(x.b, ND_T_PREFIX, 20, 0, "");
    m = add_type(x.b, ND_T_MAC, 6, 0, "");
    port = add_type(x.b, ND_T_PORT, 2, 0, "");
    proto = add_type(x.b, ND_T_PROTO, 1, 0, "");
    ifname = add_type(x.b, ND_T_IFNAME, sizeof(struct nd_ifname), 0, "");
    finish(&x);
    for (i = 0; i < sizeof(ip) / sizeof(ip[0]); i++) {
        assert_int_equal(inet_pton(AF_INET6, ip[i].in, bytes), 1);
        snprintf(json, sizeof(json), "\"%s\"", ip[i].out);
        same(&x, t, bytes, ip[i].out, json);
    }
    inet_pton(AF_INET6, "::ffff:10.0.0.0", bytes);
    bytes[16] = 104;
    same(&x, p, bytes, "10.0.0.0/8", "\"10.0.0.0/8\"");
    inet_pton(AF_INET6, "fd00::", bytes);
    bytes[16] = 8;
    same(&x, p, bytes, "fd00::/8", "\"fd00::/8\"");
    same(&x, m, mac, "52:54:00:ab:cd:ef", "\"52:54:00:ab:cd:ef\"");
    same(&x, port, &h, "443", "443");
    same(&x, proto, "\x06", "TCP", "\"TCP\"");
    same(&x, proto, "\xfe", "254", "254");
    same(&x, ifname, &(struct nd_ifname){.name = "abcdefghijklmno"}, "abcdefghijklmno",
         "\"abcdefghijklmno\"");
    same(&x, ifname, &(struct nd_ifname){.name = "lo\0garbage"}, "lo", "\"lo\"");
    x.f.netns = 4026531999; // ours: the name alone; of another, with its number
    same(&x, ifname, &(struct nd_ifname){"lo", 4026531999, 0}, "lo", "\"lo\"");
    same(&x, ifname, &(struct nd_ifname){"lo", 42, 0}, "lo@42", "\"lo@42\"");
    stop(&x);
}

static void durations(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } v[] = {
        {0, "0ns"},
        {1, "1ns"},
        {999, "999ns"},
        {1000, "1us"},
        {50000, "50us"},
        {1234000, "1.234ms"},
        {2000000000, "2s"},
        {-1500, "-1.5us"},
        {1234567, "1.235ms"},
        {999999, "999.999us"},
        {999999999, "1s"},
        {999999499, "999.999ms"},
        {999999500, "1s"},
        {3600000000000, "3600s"},
        {1010, "1.01us"},
        {INT64_MIN, "-9223372036.855s"},
        {INT64_MAX, "9223372036.855s"},
    };
    char out[64];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        assert_int_equal(nd_text_duration(v[i].ns, out), strlen(v[i].text));
        assert_string_equal(out, v[i].text);
    }
}

static void times(void **state)
{
    struct fixture x;
    uint32_t t, d, s;
    int64_t v = 1000000007;
    struct nd_buf out = {0};

    (void)state;
    start(&x);
    t = add_type(x.b, ND_T_TIME, 8, 0, "");
    d = add_type(x.b, ND_T_DURATION, 8, 0, "");
    s = add_type(x.b, ND_T_STRFTIME, 8, 0, "%H:%M:%S.%f %%");
    finish(&x);
    x.f.wall_offset = 1795325207ll * 1000000000 - 1000000000 + 123456000;
    same(&x, t, &v, "2026-11-22 05:26:47.123", "\"2026-11-22T05:26:47.123456Z\"");
    same(&x, d, &v, "1s", "1000000007");
    same(&x, s, &v, "05:26:47.123456 %", "\"05:26:47.123456 %\"");
    nd_text_strftime("", 0, &out);
    assert_int_equal(out.n, 0);
    nd_text_strftime("%", 0, &out); // a lone % must not read past the end
    out.n = 0;
    nd_text_strftime("%Y%f", -1, &out);
    assert_string_equal(out.v, "1969999999");
    free(out.v);
    stop(&x);
}

static void compounds(void **state)
{
    struct fixture x;
    uint32_t u8, i32, u32, tuple, inner, arr, en, st;
    struct nd_mf_enumerator e[] = {{0, 0, 0}, {0, 0, -1}};
    struct nd_mf_type *t;
    struct {
        int32_t a;
        uint32_t bits;
        int32_t e;
        uint8_t arr[3];
    } v = {-5, 0xfffffff5, -1, {1, 2, 255}};

    (void)state;
    start(&x);
    u8 = add_type(x.b, ND_T_INT, 1, 0, "");
    i32 = add_type(x.b, ND_T_INT, 4, ND_TF_SIGNED, "");
    u32 = add_type(x.b, ND_T_INT, 4, 0, "");
    arr = add_type(x.b, ND_T_ARRAY, 3, 0, "");
    t = nd_mfb_at(x.b, ND_SEC_TYPES, arr);
    t->elem = u8;
    t->count = 3;
    e[0].name = nd_mfb_str(x.b, "ZERO");
    e[1].name = nd_mfb_str(x.b, "MINUS");
    en = add_type(x.b, ND_T_ENUM, 4, 0, "enum e"); // unsigned storage, a negative enumerator
    t = nd_mfb_at(x.b, ND_SEC_TYPES, en);
    t->first = nd_mfb_add(x.b, ND_SEC_ENUMERATORS, e, 2);
    t->count = 2;
    st = add_type(x.b, ND_T_STRUCT, 16, 0, "struct s");
    add_field(x.b, st, "a", i32, 0, 0, 0);
    add_field(x.b, st, "lo", u32, 4, 0, 4);
    add_field(x.b, st, "neg", i32, 4, 2, 3);
    add_field(x.b, st, "e", en, 8, 0, 0);
    add_field(x.b, st, "arr", arr, 12, 0, 0);
    inner = add_type(x.b, ND_T_TUPLE, 8, 0, "");
    add_field(x.b, inner, "", i32, 0, 0, 0);
    add_field(x.b, inner, "", u32, 4, 0, 8);
    tuple = add_type(x.b, ND_T_TUPLE, 12, 0, "");
    add_field(x.b, tuple, "", inner, 0, 0, 0);
    add_field(x.b, tuple, "", en, 8, 0, 0);
    finish(&x);
    same(&x, st, &v, "{ .a = -5, .lo = 5, .neg = -3, .e = MINUS, .arr = [1,2,255] }",
         "{\"a\":-5,\"lo\":5,\"neg\":-3,\"e\":\"MINUS\",\"arr\":[1,2,255]}");
    v.e = 7;
    same(&x, tuple, &v, "((-5, 245), 7)", "[[-5,245],7]");
    {
        struct nd_buf out = {0};

        nd_format_key(&x.f, tuple, &v, &out);
        assert_string_equal(out.v, "(-5, 245), 7");
        free(out.v);
    }
    stop(&x);
}

static void strings_and_bytes(void **state)
{
    struct fixture x;
    uint32_t s, b, p, d;
    uint8_t buf[12] = {6, 0, 0, 0, 'a', '\\', 0, 0xff, 'z', '\n', 'q', 'q'};
    double v = 2.5;
    uint64_t addr = 0xffff800000000010;

    (void)state;
    start(&x);
    s = add_type(x.b, ND_T_STRING, 16, 0, "");
    b = add_type(x.b, ND_T_BUF, 12, 0, "");
    p = add_type(x.b, ND_T_PTR, 8, 0, "");
    d = add_type(x.b, ND_T_DOUBLE, 8, 0, "");
    finish(&x);
    same(&x, s, "ab\"\\\n\x01\x7f\0zzzzzzzz", "ab\"\\\n\x01\x7f",
         "\"ab\\\"\\\\\\n\\u0001\\u007f\"");
    same(&x, s, "0123456789abcdef", "0123456789abcdef", "\"0123456789abcdef\"");
    same(&x, s, "\xc3\xa9\xff\xe2\x82\0zzzzzzzzzz", "\xc3\xa9\xff\xe2\x82",
         "\"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    same(&x, s, "\xc0\x80\xed\xa0\x80\0zzzzzzzzzz", "\xc0\x80\xed\xa0\x80",
         "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    same(&x, s, "\xe0\x80\x80|\xf4\x90\x80\x80\0zzzzzzz", "\xe0\x80\x80|\xf4\x90\x80\x80",
         "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
         "\xef\xbf\xbd\"");
    same(&x, s, "\xf0\x9f\x98\x80\0zzzzzzzzzzz", "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"");
    same(&x, s, "\0zzzzzzzzzzzzzzz", "", "\"\"");
    same(&x, b, buf, "a\\x5c\\x00\\xffz\\x0a", "\"a\\\\x5c\\\\x00\\\\xffz\\\\x0a\"");
    buf[0] = 255; // more than there is room for
    same(&x, b, buf, "a\\x5c\\x00\\xffz\\x0aqq", "\"a\\\\x5c\\\\x00\\\\xffz\\\\x0aqq\"");
    same(&x, p, &addr, "0xffff800000000010", "\"0xffff800000000010\"");
    same(&x, d, &v, "2.5", "2.5");
    v = NAN;
    same(&x, d, &v, "n/a", "null");
    v = 0.1;
    same(&x, d, &v, "0.1", "0.1");
    v = 1e300;
    same(&x, d, &v, "1e+300", "1e+300");
    stop(&x);
}

static void aggregations(void **state)
{
    struct fixture x;
    uint32_t c, sum, mn, avg, st, h, l, di;
    uint64_t one = 3;
    int64_t neg = -3;
    struct nd_minmax mm = {0};
    struct nd_avg av = {3, (uint64_t)-10};
    struct nd_hist hist = {.slot = {1, 0, 2}};
    uint64_t lin[3] = {1, 0, 4};
    struct nd_dist dist = {0};
    struct nd_mf_type *t;

    (void)state;
    start(&x);
    c = add_type(x.b, ND_T_COUNT, 8, 0, "");
    sum = add_type(x.b, ND_T_SUM, 8, ND_TF_SIGNED, "");
    mn = add_type(x.b, ND_T_MIN, 16, ND_TF_SIGNED, "");
    avg = add_type(x.b, ND_T_AVG, 16, ND_TF_SIGNED, "");
    st = add_type(x.b, ND_T_STATS, 16, ND_TF_SIGNED, "");
    h = add_type(x.b, ND_T_HIST, sizeof(struct nd_hist), ND_TF_SIGNED, "us");
    l = add_type(x.b, ND_T_LHIST, 24, ND_TF_SIGNED, "");
    t = nd_mfb_at(x.b, ND_SEC_TYPES, l);
    t->count = 3;
    t->lo = 0;
    t->hi = 10;
    t->step = 10;
    di = add_type(x.b, ND_T_DIST, sizeof(struct nd_dist), ND_TF_SIGNED, "");
    finish(&x);
    same(&x, c, &one, "3", "3");
    same(&x, sum, &neg, "-3", "-3");
    same(&x, mn, &mm, "n/a", "null");
    mm.set = 1;
    mm.val = (uint64_t)-7;
    same(&x, mn, &mm, "-7", "-7");
    same(&x, avg, &av, "-3.333", "-3.3333333333333335");
    same(&x, st, &av, "count 3, average -3.333, total -10",
         "{\"count\":3,\"average\":-3.3333333333333335,\"total\":-10}");
    av.total = 9;
    same(&x, avg, &av, "3", "3");
    same(&x, h, &hist,
         "     us              : count    distribution\n"
         "      < 0            :   1     |******************                  |\n"
         "        0 -> 1       :   0     |                                    |\n"
         "        2 -> 3       :   2     |************************************|\n",
         "[{\"min\":null,\"max\":-1,\"count\":1},{\"min\":0,\"max\":1,\"count\":0},"
         "{\"min\":2,\"max\":3,\"count\":2}]");
    same(&x, l, lin,
         "     value           : count    distribution\n"
         "     (..., 0)        :   1     |*********                           |\n"
         "     [0, 10)         :   0     |                                    |\n"
         "     [10, ...)       :   4     |************************************|\n",
         "[{\"min\":null,\"max\":-1,\"count\":1},{\"min\":0,\"max\":9,\"count\":0},"
         "{\"min\":10,\"max\":null,\"count\":4}]");
    same(&x, di, &dist,
         "     value           : count    distribution\n"
         "n 0  min n/a  avg n/a  P50 n/a  P95 n/a  P99 n/a  max n/a\n",
         "{\"count\":0,\"sum\":0,\"min\":null,\"max\":null,\"avg\":null,\"p50\":null,\"p95\":null,"
         "\"p99\":null,\"buckets\":[]}");
    stop(&x);
}

static void stacks(void **state)
{
    struct fixture x;
    uint32_t k, raw, u;
    struct {
        int32_t id;
        uint32_t pid;
    } id = {3, 0};

    (void)state;
    start(&x);
    k = add_type(x.b, ND_T_KSTACK, 4, 0, "");
    raw = add_type(x.b, ND_T_KSTACK, 4, ND_TF_RAW, "");
    u = add_type(x.b, ND_T_USTACK, 8, 0, "");
    finish(&x);
    same(&x, k, &id, "3", "3"); // no maps: the id
    x.f.maps = nd_maps_new(&x.mf, NULL);
    x.f.maps->frames[0] = 0xffffffff81000010;
    x.f.maps->frames[1] = 0x10;
    x.f.maps->nframes = 2;
    same(&x, k, &id, "\n    0xffffffff81000010\n    0x10\n",
         "[{\"addr\":\"0xffffffff81000010\"},{\"addr\":\"0x10\"}]");
    same(&x, raw, &id, "\n    0xffffffff81000010\n    0x10\n",
         "[{\"addr\":\"0xffffffff81000010\"},{\"addr\":\"0x10\"}]");
    id.id = -EFAULT;
    same(&x, u, &id, "<Stack trace unavailable in current context (EFAULT)>", "{\"error\":-14}");
    id.id = -EEXIST;
    same(&x, k, &id, "<Stack trace unavailable, error code: -17>", "{\"error\":-17}");
    id.id = 1;
    x.f.maps->stack_err = -ENOENT; // the stack is no longer in the map
    same(&x, k, &id, "<Stack trace unavailable, error code: -2>", "{\"error\":-2}");
    x.f.maps->stack_err = 0;
    x.f.maps->nframes = 0;
    same(&x, k, &id, "\n", "[]");
    nd_maps_free(x.f.maps);
    stop(&x);
}

static void order(void **state)
{
    struct fixture x;
    uint32_t i8, u8, s, tuple, d;
    double nan = NAN, one = 1;

    (void)state;
    start(&x);
    i8 = add_type(x.b, ND_T_INT, 1, ND_TF_SIGNED, "");
    u8 = add_type(x.b, ND_T_INT, 1, 0, "");
    s = add_type(x.b, ND_T_STRING, 4, 0, "");
    d = add_type(x.b, ND_T_DOUBLE, 8, 0, "");
    tuple = add_type(x.b, ND_T_TUPLE, 5, 0, "");
    add_field(x.b, tuple, "", i8, 0, 0, 0);
    add_field(x.b, tuple, "", s, 1, 0, 0);
    finish(&x);
    assert_true(nd_typed_cmp(&x.mf, i8, "\xff", "\x01") < 0);
    assert_true(nd_typed_cmp(&x.mf, u8, "\xff", "\x01") > 0);
    assert_true(nd_typed_cmp(&x.mf, s, "ab\0x", "ab\0y") == 0); // nothing counts after the NUL
    assert_true(nd_typed_cmp(&x.mf, s, "ab\0\0", "abc\0") < 0);
    assert_true(nd_typed_cmp(&x.mf, tuple, "\x01zz\0",
                             "\x02"
                             "aa\0\0") < 0);
    assert_true(nd_typed_cmp(&x.mf, tuple, "\x01zz\0\0",
                             "\x01"
                             "aa\0\0") > 0);
    assert_true(nd_typed_cmp(&x.mf, d, &nan, &one) < 0);
    assert_true(nd_typed_cmp(&x.mf, d, &nan, &nan) == 0);
    stop(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),     cmocka_unit_test(addresses),
        cmocka_unit_test(durations),    cmocka_unit_test(times),
        cmocka_unit_test(compounds),    cmocka_unit_test(strings_and_bytes),
        cmocka_unit_test(aggregations), cmocka_unit_test(stacks),
        cmocka_unit_test(order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
