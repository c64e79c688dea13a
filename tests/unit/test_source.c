// SPDX-License-Identifier: GPL-2.0-or-later
// Sources: lines and columns of offsets, lines without their ends, files that cannot be read. Must
// not know tokens.
#include "facts.h"

#include "compiler/front/arena.h"
#include "compiler/front/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int with_arena(void **state)
{
    struct nd_sources *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->arena = nd_arena_new();
    *state = s;
    return 0;
}

static int without_arena(void **state)
{
    struct nd_sources *s = *state;

    nd_arena_free(s->arena);
    free(s);
    return 0;
}

static void expect_pos(struct nd_sources *s, uint32_t off, uint32_t line, uint32_t col)
{
    struct nd_pos p = nd_source_pos(s, 0, off);

    assert_int_equal(p.line, line);
    assert_int_equal(p.col, col);
}

static void test_positions(void **state)
{
    struct nd_sources *s = *state;
    const char text[] = "ab\n\ncd\r\ne";

    assert_int_equal(nd_source_text(s, "x", text, strlen(text)), 0);
    expect_pos(s, 0, 1, 1);
    expect_pos(s, 1, 1, 2);
    expect_pos(s, 2, 1, 3); // the line end belongs to its line
    expect_pos(s, 3, 2, 1);
    expect_pos(s, 4, 3, 1);
    expect_pos(s, 6, 3, 3);
    expect_pos(s, 8, 4, 1);
    expect_pos(s, 9, 4, 2); // the end of the text
}

static void expect_line(struct nd_sources *s, uint32_t line, const char *want)
{
    uint32_t len;
    const char *have = nd_source_line(s, 0, line, &len);

    assert_int_equal(len, strlen(want));
    assert_memory_equal(have, want, len);
}

static void test_lines(void **state)
{
    struct nd_sources *s = *state;
    const char text[] = "ab\n\ncd\r\ne";

    nd_source_text(s, "x", text, strlen(text));
    expect_line(s, 1, "ab");
    expect_line(s, 2, "");
    expect_line(s, 3, "cd");
    expect_line(s, 4, "e");
    expect_line(s, 5, "");
    expect_line(s, 0, "");
}

static void test_empty(void **state)
{
    struct nd_sources *s = *state;

    assert_int_equal(nd_source_text(s, "x", "", 0), 0);
    expect_pos(s, 0, 1, 1);
    expect_line(s, 1, "");
}

static void test_join(void **state)
{
    const struct nd_span a = {0, 5, 2}, b = {0, 10, 3}, other = {1, 10, 3};
    struct nd_span j = nd_span_join(a, b);

    (void)state;
    assert_int_equal(j.off, 5);
    assert_int_equal(j.len, 8);
    j = nd_span_join(a, other); // of two sources: the first one
    assert_int_equal(j.off, 5);
    assert_int_equal(j.len, 2);
}

static void test_files(void **state)
{
    struct nd_sources *s = *state;
    char path[] = "/tmp/nd_source.XXXXXX";
    int fd = mkstemp(path), i;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "hello\n", 6), 6);
    i = nd_source_file(s, path);
    assert_int_equal(i, 0);
    assert_int_equal(s->v[0].size, 6);
    assert_string_equal(s->v[0].text, "hello\n");
    assert_int_equal(s->v[0].text[7], 0); // two NULs for the scanner
    assert_int_equal(nd_source_file(s, "/nonesuch/x.nd"), -ENOENT);
    assert_int_equal(nd_source_file(s, "/tmp"), -EISDIR);
    assert_int_equal(ftruncate(fd, (off_t)ND_SOURCE_MAX + 1), 0);
    assert_int_equal(nd_source_file(s, path), -EFBIG);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_positions, with_arena, without_arena),
        cmocka_unit_test_setup_teardown(test_lines, with_arena, without_arena),
        cmocka_unit_test_setup_teardown(test_empty, with_arena, without_arena),
        cmocka_unit_test(test_join),
        cmocka_unit_test_setup_teardown(test_files, with_arena, without_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
