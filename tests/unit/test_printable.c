// SPDX-License-Identifier: GPL-2.0-or-later
// Text from outside as printable text: what is kept, what is escaped and how, also in JSON.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/common/json.h"
#include "runtime/common/printable.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(s) s, sizeof(s) - 1

static const struct {
    const char *in;
    size_t n;
    const char *out, *json;
} cases[] = {
    {TEXT(""), "", "\"\""},
    {TEXT("plain text, \\ and \""), "plain text, \\ and \"", "\"plain text, \\\\ and \\\"\""},
    {TEXT("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
     "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
     "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\""},
    {TEXT("\x1b[2J\x1b]0;title\x07"), "\\x1b[2J\\x1b]0;title\\x07",
     "\"\\u001b[2J\\u001b]0;title\\u0007\""},
    {TEXT("a\nb\rc\td"), "a\\x0ab\\x0dc\\x09d", "\"a\\nb\\rc\\td\""},
    {TEXT("\x7f"), "\\x7f", "\"\\u007f\""},
    {TEXT("x\0y"), "x\\x00y", "\"x\\u0000y\""},
    // the control sequence introducer of C1, as a character and as a byte
    {TEXT("\xc2\x9b"
          "31m"),
     "\\u009b31m", "\"\\u009b31m\""},
    {TEXT("\x9b"
          "31m"),
     "\\x9b31m",
     "\"\xef\xbf\xbd"
     "31m\""},
    {TEXT("\xe2\x80\xae"
          "gpj"),
     "\\u202egpj", "\"\\u202egpj\""}, // right to left
    {TEXT("a\xe2\x80\x8b"
          "b\xef\xbb\xbf"),
     "a\\u200bb\\ufeff", "\"a\\u200bb\\ufeff\""},
    {TEXT("\xe2\x81\xa6\xe2\x80\xa8"), "\\u2066\\u2028", "\"\\u2066\\u2028\""},
    {TEXT("\xf3\xa0\x81\x81"), "\\U000e0041", "\"\\udb40\\udc41\""},
    // not UTF-8: overlong, a surrogate, beyond the last, cut
    {TEXT("\xc0\x8a"), "\\xc0\\x8a", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    {TEXT("\xed\xa0\x80"), "\\xed\\xa0\\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {TEXT("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80",
     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {TEXT("abc\xe2\x82"), "abc\\xe2\\x82", "\"abc\xef\xbf\xbd\xef\xbf\xbd\""},
};

static void escapes(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct nd_buf once = {0}, twice = {0}, json = {0};

        nd_buf_puts(&once, "");
        nd_printable_put(cases[i].in, cases[i].n, &once);
        assert_string_equal(once.v, cases[i].out);
        nd_buf_puts(&twice, "\n"); // what is before stays
        nd_buf_put(&twice, cases[i].in, cases[i].n);
        nd_printable_from(&twice, 1);
        assert_string_equal(twice.v + 1, cases[i].out);
        assert_int_equal(twice.v[0], '\n');
        nd_printable_from(&twice, 1); // nothing is escaped twice
        assert_string_equal(twice.v + 1, cases[i].out);
        nd_json_string(cases[i].in, cases[i].n, &json);
        assert_string_equal(json.v, cases[i].json);
        free(once.v);
        free(twice.v);
        free(json.v);
    }
}

// Each byte and pair of bytes: what comes out is printable, and ends.
static void all_bytes(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < 65536; i++) {
        const char in[2] = {(char)(i >> 8), (char)i};
        struct nd_buf out = {0};

        nd_printable_put(in, 2, &out);
        assert_int_equal(nd_printable_span(out.v, out.n), out.n);
        free(out.v);
    }
}

// Each byte at each place of longer text: found at its place, whatever is around it.
static void all_places(void **state)
{
    char text[24];
    size_t at;
    int c;

    (void)state;
    for (c = 0; c < 256; c++) {
        for (at = 0; at < sizeof(text); at++) {
            bool plain = c >= 32 && c < 127;

            memset(text, c & 1 ? ' ' : '~', sizeof(text));
            text[at] = (char)c;
            assert_int_equal(nd_printable_span(text, sizeof(text)), plain ? sizeof(text) : at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(escapes), cmocka_unit_test(all_bytes),
                                       cmocka_unit_test(all_places)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
