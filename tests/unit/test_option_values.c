// SPDX-License-Identifier: GPL-2.0-or-later
// The same text as a default and on the command line: the same value, or refused by both.
#include "unit.h"

#include "compiler/check/option.h"
#include "runtime/cli/optvalue.h"

#include <stdio.h>

#define BYTES 256u

// As "text", and bare where that is a word or a number of the language.
static bool as_default(const char *type, const char *text, bool quoted, uint8_t *out,
                       struct nd_mf_option *o)
{
    char script[512];
    const char *q = quoted ? "\"" : "";
    struct nd_unit *u;
    uint8_t *bytes;
    bool good;
    uint32_t n;

    snprintf(script, sizeof(script), "option x: %s = %s%s%s\nBEGIN { exit(); }", type, q, text, q);
    u = parsed(script);
    good = nd_compile(u, "check");
    memset(out, 0, BYTES);
    if (u->program.options.n) {
        const struct nd_option *x = u->program.options.v[0];

        *o = (struct nd_mf_option){
            .kind = x->kind, .stride = x->stride, .min = INT64_MIN, .max = INT64_MAX};
        bytes = good ? nd_option_default(&u->program, x, &n) : NULL;
        if (good)
            memcpy(out, bytes, x->stride);
    }
    nd_unit_free(u);
    return good;
}

static void test_both_sides(void **state)
{
    static const struct {
        const char *type, *text;
        bool bare; // also without quotes
        bool good;
    } rows[] = {
        {"int", "5", true, true},
        {"int", "-5", true, true},
        {"int", "0x1f", true, true},
        {"int", "9223372036854775807", true, true},
        {"int", "99999999999999999999", false, false},
        {"int", " 5", false, false},
        {"int", "5x", false, false},
        {"int", "", false, false},
        {"bool", "true", true, true},
        {"bool", "No", true, true},
        {"bool", "on", false, true},
        {"bool", "1", true, true},
        {"bool", "2", true, false},
        {"bool", "maybe", true, false},
        {"string", "some text", false, true},
        {"string", "sixty-four bytes sixty-four bytes sixty-four bytes sixty-four byt", false,
         false},
        {"path", "/etc/hosts", false, true},
        {"duration", "5s", true, true},
        {"duration", "200ms", true, true},
        {"duration", "1.5s", false, true},
        {"duration", "5", true, true},
        {"duration", "5min", false, true},
        {"duration", "5parsecs", false, false},
        {"duration", "-1s", false, false},
        {"usecs", "100", true, true},
        {"usecs", "100ms", true, true},
        {"msecs", "100", true, true},
        {"msecs", "1.5", false, true},
        {"ifname", "lo", true, true},
        {"ifname", "a_name_of_16_byt", false, false},
        {"ifname", "", false, false},
        {"ip", "10.0.0.1", false, true},
        {"ip", "fd00::1", false, true},
        {"ip", "10.0.0", false, false},
        {"ip", "10.0.0.1/8", false, false},
        {"prefix", "10.0.0.0/8", false, true},
        {"prefix", "10.0.0.1", false, true},
        {"prefix", "fd00::/8", false, true},
        {"prefix", "10.0.0.0/33", false, false},
        {"prefix", "10.0.0.0/ 8", false, false},
        {"mac", "52:54:00:12:34:56", false, true},
        {"mac", "52:54:0:1:2:3", false, true},
        {"mac", "52:54:00: 1:+2:3", false, false},
        {"mac", "52:54:00:12:34", false, false},
        {"port", "80", true, true},
        {"port", "0", true, false},
        {"port", "65536", true, false},
        {"proto", "gre", true, true},
        {"proto", "TCP", true, true},
        {"proto", "icmp6", true, true},
        {"proto", "47", true, true},
        {"proto", "256", true, false},
        {"proto", "nosuch", true, false},
        {"pid", "1", true, true},
        {"pid", "0", true, false},
        {"pid", "-1", true, false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t script[BYTES], line[BYTES];
        struct nd_mf_option o = {0};
        struct nd_why why = {0};
        bool bare;

        for (bare = false;; bare = true) {
            bool good = as_default(rows[i].type, rows[i].text, !bare, script, &o), said;

            memset(line, 0, sizeof(line));
            said = !nd_optvalue_parse(NULL, &o, rows[i].text, line, &why);
            if (good != rows[i].good || said != rows[i].good)
                fail_msg("%s %s%s: as a default %s, on the command line %s", rows[i].type,
                         rows[i].text, bare ? " (bare)" : "", good ? "good" : "refused",
                         said ? "good" : why.text);
            if (good && memcmp(script, line, o.stride) != 0)
                fail_msg("%s %s%s: another value", rows[i].type, rows[i].text,
                         bare ? " (bare)" : "");
            if (bare || !rows[i].bare)
                break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_sides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
