// SPDX-License-Identifier: GPL-2.0-or-later
// Diagnostics: the text with its caret, JSON, the limit, repeated and silenced messages. Must not
// know the language.
#include "facts.h"

#include "compiler/front/arena.h"
#include "compiler/front/diag.h"

#include <stdlib.h>
#include <string.h>

struct fixture {
    struct nd_arena *arena;
    struct nd_sources s;
    struct nd_diags d;
    char *out;
};

static void start(struct fixture *f, const char *text)
{
    memset(f, 0, sizeof(*f));
    f->arena = f->s.arena = f->d.arena = nd_arena_new();
    assert_int_equal(nd_source_text(&f->s, "a.nd", text, strlen(text)), 0);
}

static void stop(struct fixture *f)
{
    free(f->out);
    nd_arena_free(f->arena);
}

static const char *rendered(struct fixture *f, bool json)
{
    size_t size;
    FILE *out;

    free(f->out);
    f->out = NULL;
    out = open_memstream(&f->out, &size);
    if (json)
        nd_diags_json(&f->d, &f->s, out);
    else
        nd_diags_text(&f->d, &f->s, out, false);
    fclose(out);
    return f->out;
}

static struct nd_span at(uint32_t off, uint32_t len)
{
    return (struct nd_span){0, off, len};
}

static void test_caret(void **state)
{
    struct fixture f;
    struct nd_diag *d;

    (void)state;
    start(&f, "one\n\ttwo three\n");
    d = nd_error(&f.d, ND_E0201, at(9, 5), "unknown name '%s'", "three");
    nd_help(&f.d, d, "did you mean '%s'?", "tree");
    nd_note(&f.d, d, at(0, 3), "first declared here");
    assert_string_equal(rendered(&f, false), "a.nd:2:6: error[E0201]: unknown name 'three'\n"
                                             "    2 |  two three\n"
                                             "      |      ^~~~~\n"
                                             "      = did you mean 'tree'?\n"
                                             "a.nd:1:1: note: first declared here\n"
                                             "    1 | one\n"
                                             "      | ^~~\n");
    stop(&f);
}

static void test_span_over_lines(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "ab cd\nef\n");
    nd_error(&f.d, ND_E0101, at(3, 5), "x");
    assert_string_equal(rendered(&f, false), "a.nd:1:4: error[E0101]: x\n"
                                             "    1 | ab cd\n"
                                             "      |    ^~\n");
    stop(&f);
}

static void test_long_line(void **state)
{
    struct fixture f;
    char *text = malloc(100001);
    const char *out;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', 100000);
    text[100000] = 0;
    start(&f, text);
    nd_error(&f.d, ND_E0101, at(50000, 3), "here");
    out = rendered(&f, false);
    assert_non_null(strstr(out, "a.nd:1:50001: "));
    assert_non_null(strstr(out, "| ...x"));
    assert_non_null(strstr(out, "^~~\n"));
    assert_true(strlen(out) < 1000);
    stop(&f);
    free(text);
}

static void test_warning(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "x\n");
    nd_error(&f.d, ND_W0901, at(0, 1), "this value is not used");
    assert_int_equal(f.d.errors, 0);
    assert_non_null(strstr(rendered(&f, false), "a.nd:1:1: warning[W0901]: "));
    assert_non_null(strstr(rendered(&f, true), "\"severity\":\"warning\",\"code\":\"W0901\""));
    stop(&f);
}

static void test_json(void **state)
{
    struct fixture f;
    struct nd_diag *d;

    (void)state;
    start(&f, "x\n");
    d = nd_error(&f.d, ND_E0102, at(0, 1), "unknown character '%s'", "\"\\\x01");
    nd_help(&f.d, d, "help");
    assert_string_equal(
        rendered(&f, true),
        "{\"type\":\"diagnostic\",\"severity\":\"error\",\"code\":\"E0102\","
        "\"file\":\"a.nd\",\"line\":1,\"col\":1,\"len\":1,\"end_line\":1,\"end_col\":2,"
        "\"text\":\"unknown character '\\\"\\\\\\u0001'\","
        "\"notes\":[{\"text\":\"help\"}]}\n");
    stop(&f);
}

static void test_limit(void **state)
{
    struct fixture f;
    uint32_t i;

    (void)state;
    start(&f, "0123456789012345678901234567890123456789\n");
    for (i = 0; i < 25; i++)
        nd_error(&f.d, ND_E0201, at(i, 1), "message %u", i);
    assert_int_equal(f.d.n, ND_DIAG_LIMIT);
    assert_int_equal(f.d.errors, 25);
    assert_int_equal(f.d.dropped, 5);
    assert_non_null(strstr(rendered(&f, false), "message 19\n"));
    assert_null(strstr(rendered(&f, false), "message 20\n"));
    assert_non_null(strstr(rendered(&f, false), "\n5 more messages not shown\n"));
    assert_non_null(strstr(rendered(&f, true), "\"text\":\"5 more messages\""));
    stop(&f);
}

static void test_same_place_once(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "x y\n");
    assert_non_null(nd_error(&f.d, ND_E0201, at(0, 1), "first"));
    assert_non_null(nd_error(&f.d, ND_E0303, at(0, 1), "second"));
    assert_int_equal(f.d.n, 1);
    nd_error(&f.d, ND_E0303, at(2, 1), "elsewhere");
    assert_int_equal(f.d.n, 2);
    stop(&f);
}

static void test_quiet(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "x\n");
    f.d.quiet = true;
    nd_help(&f.d, nd_error(&f.d, ND_E0201, at(0, 1), "x"), "help");
    assert_int_equal(f.d.errors, 1);
    assert_int_equal(f.d.n, 0);
    stop(&f);
}

static void test_no_place(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "x\n");
    nd_error(&f.d, ND_E0100, ND_NO_SPAN, "b.nd: No such file or directory");
    assert_string_equal(rendered(&f, false), "error[E0100]: b.nd: No such file or directory\n");
    assert_null(strstr(rendered(&f, true), "\"line\""));
    stop(&f);
}

// Codes are in order, none twice, and each has a title.
static void test_codes(void **state)
{
    const char *last = "";
    int i;

    (void)state;
    for (i = 0; i <= ND_W0901; i++) {
        const char *name = nd_diag_code_name((enum nd_diag_code)i);

        assert_int_equal(strlen(name), 5);
        assert_true(strcmp(last, name) < 0);
        assert_true(strlen(nd_diag_code_title((enum nd_diag_code)i)) > 3);
        last = name;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caret),
        cmocka_unit_test(test_span_over_lines),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_warning),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_same_place_once),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_no_place),
        cmocka_unit_test(test_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
