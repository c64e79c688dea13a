// SPDX-License-Identifier: GPL-2.0-or-later
// Executables: found by name in a root folder made here, their symbols, and files that are damaged.
#include "facts.h"

#include "compiler/front/arena.h"
#include "compiler/kernel/kernel.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SELF "/proc/self/exe"

int ndtest_zebra(int n);
int ndtest_apple(int n);

__attribute__((noinline)) int ndtest_zebra(int n)
{
    return n * 3;
}

__attribute__((noinline)) int ndtest_apple(int n)
{
    return n * 5;
}

struct found {
    char text[4096];
    struct nd_usym last;
    int n;
};

static int add(void *arg, const struct nd_usym *u)
{
    struct found *f = arg;

    snprintf(f->text + strlen(f->text), sizeof(f->text) - strlen(f->text), "%s ", u->name);
    f->last = *u;
    f->n++;
    return 0;
}

static int stop(void *arg, const struct nd_usym *u)
{
    (void)u;
    ++*(int *)arg;
    return 77;
}

static void test_symbols(void **state)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_kernel *k = nd_kernel_new(a, NULL);
    struct found f = {0}, one = {0}, none = {0};
    const char *why;
    int n = 0;

    (void)state;
    assert_int_equal(ndtest_zebra(1) + ndtest_apple(1), 8);
    assert_int_equal(nd_kernel_each_usym(k, SELF, "ndtest_*", add, &f, &why), 0);
    assert_string_equal(f.text, "ndtest_apple ndtest_zebra ");
    assert_int_equal(nd_kernel_each_usym(k, SELF, "ndtest_zebra", add, &one, &why), 0);
    assert_int_equal(one.n, 1);
    assert_true(one.last.size > 0);
    assert_true(nd_kernel_addr_offset(k, SELF, one.last.addr) == one.last.off);
    assert_true(nd_kernel_addr_offset(k, SELF, UINT64_MAX) == UINT64_MAX);
    assert_true(nd_kernel_addr_offset(k, "/nonexistent", 1) == UINT64_MAX);
    assert_int_equal(nd_kernel_each_usym(k, SELF, "no_such_*", add, &none, &why), 0);
    assert_int_equal(none.n, 0);
    assert_int_equal(nd_kernel_each_usym(k, SELF, "ndtest_*", stop, &n, &why), 77);
    assert_int_equal(n, 1);
    nd_kernel_free(k);
    nd_arena_free(a);
}

// The bytes at the file offset are those of the function.
static void test_offset(void **state)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_kernel *k = nd_kernel_new(a, NULL);
    struct found f = {0};
    const char *why;
    uint8_t bytes[8];
    FILE *file = fopen(SELF, "rb");

    (void)state;
    assert_int_equal(nd_kernel_each_usym(k, SELF, "ndtest_apple", add, &f, &why), 0);
    fseek(file, (long)f.last.off, SEEK_SET);
    assert_int_equal(fread(bytes, 1, sizeof(bytes), file), sizeof(bytes));
    fclose(file);
    assert_memory_equal(bytes, (const void *)(uintptr_t)ndtest_apple, sizeof(bytes));
    nd_kernel_free(k);
    nd_arena_free(a);
}

static void test_library(void **state)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_kernel *k = nd_kernel_new(a, NULL);
    const char *path = nd_kernel_exec_path(k, "libc.so.6"), *why;
    struct found f = {0};

    (void)state;
    assert_non_null(path);
    assert_int_equal(path[0], '/');
    assert_int_equal(nd_kernel_each_usym(k, path, "getaddrinfo", add, &f, &why), 0);
    assert_int_equal(f.n, 1); // a versioned name without its version
    assert_non_null(nd_kernel_exec_path(k, "libc"));
    assert_non_null(nd_kernel_exec_path(k, "sh"));
    assert_null(nd_kernel_exec_path(k, "no-such-program"));
    assert_null(nd_kernel_exec_path(k, ""));
    assert_null(nd_kernel_exec_path(k, "/etc/passwd"));
    nd_kernel_free(k);
    nd_arena_free(a);
}

// ---- a root folder of our own ----------------------------------------------------------------

static void write_file(const char *dir, const char *name, const char *data, size_t len, mode_t mode)
{
    char path[512];
    FILE *f;

    for (size_t i = 1; name[i]; i++)
        if (name[i] == '/') {
            snprintf(path, sizeof(path), "%s%.*s", dir, (int)i, name);
            mkdir(path, 0755);
        }
    snprintf(path, sizeof(path), "%s%s", dir, name);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void expect_path(struct nd_kernel *k, const char *name, const char *tail)
{
    const char *path = nd_kernel_exec_path(k, name);

    if (!tail) {
        if (path)
            fail_msg("%s -> %s", name, path);
        return;
    }
    if (!path || strlen(path) < strlen(tail) || strcmp(path + strlen(path) - strlen(tail), tail))
        fail_msg("%s -> %s, not %s", name, path ? path : "none", tail);
}

static void test_root(void **state)
{
    static const char elf[] = "\177ELF0123456789ab", text[] = "GROUP ( libx.so.1 )\n";
    static const char conf[] = "# libraries\ninclude /etc/conf.d/*.conf\n/opt/two\n";
    char dir[] = "/tmp/ndtest-root-XXXXXX";
    struct nd_kernel_opts opts = {.facts = dir};
    struct nd_arena *a = nd_arena_new();
    struct nd_kernel *k;

    (void)state;
    assert_non_null(mkdtemp(dir));
    write_file(dir, "/root/usr/bin/prog", elf, 16, 0755);
    write_file(dir, "/root/usr/bin/script", "#!/bin/sh\n", 10, 0755);
    write_file(dir, "/root/usr/bin/notexec", elf, 16, 0644);
    write_file(dir, "/root/etc/ld.so.conf", conf, sizeof(conf) - 1, 0644);
    write_file(dir, "/root/etc/conf.d/a.conf", "/opt/one  \n", 11, 0644);
    write_file(dir, "/root/opt/one/libx.so", text, sizeof(text) - 1, 0644);
    write_file(dir, "/root/opt/one/libx.so.1", elf, 16, 0644);
    write_file(dir, "/root/opt/one/libx.so.12", elf, 16, 0644);
    write_file(dir, "/root/opt/one/libx.so.2", elf, 16, 0644);
    write_file(dir, "/root/opt/two/libx.so.99", elf, 16, 0644);
    write_file(dir, "/root/opt/two/liby.so", elf, 16, 0644);
    k = nd_kernel_new(a, &opts);
    expect_path(k, "prog", "/root/usr/bin/prog");
    expect_path(k, "/usr/bin/prog", "/root/usr/bin/prog");
    expect_path(k, "script", NULL);
    expect_path(k, "notexec", NULL);
    expect_path(k, "libx", "/root/opt/one/libx.so.12");
    expect_path(k, "libx.so", "/root/opt/one/libx.so.12");
    expect_path(k, "libx.so.1", "/root/opt/one/libx.so.1");
    expect_path(k, "libx.so.99", "/root/opt/two/libx.so.99");
    expect_path(k, "liby", "/root/opt/two/liby.so");
    expect_path(k, "libz", NULL);
    expect_path(k, "lib*", NULL);
    nd_kernel_free(k);
    nd_arena_free(a);
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void test_damaged(void **state)
{
    struct nd_arena *a = nd_arena_new();
    char path[] = "/tmp/ndtest-elf-XXXXXX", *data = malloc(64 << 20);
    FILE *f = fopen(SELF, "rb");
    size_t size = fread(data, 1, 64 << 20, f);
    uint32_t seed = 7;
    const char *why;

    (void)state;
    fclose(f);
    close(mkstemp(path));
    for (int i = 0; i < 60; i++) {
        struct nd_kernel *k = nd_kernel_new(a, NULL);
        struct found found = {0};

        if (size > 65536)
            size = i < 30 ? size : size / 2;
        f = fopen(path, "wb");
        if (i)
            for (int j = 0; j < 4; j++) {
                seed = seed * 1664525 + 1013904223;
                data[(seed >> 8) % (i % 2 ? 64 : size)] ^= (char)(1 << (seed >> 29));
            }
        assert_int_equal(fwrite(data, 1, size, f), size);
        fclose(f);
        nd_kernel_each_usym(k, path, "main", add, &found, &why);
        nd_kernel_addr_offset(k, path, 0x1000);
        nd_kernel_each_usdt(k, path, "*", "*", NULL, NULL, &why);
        if (!i)
            assert_int_equal(found.n, 1);
        memcpy(data, "\177ELF\2\1\1", 7);
        nd_kernel_free(k);
    }
    unlink(path);
    free(data);
    nd_arena_free(a);
}

static void test_no_elf(void **state)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_kernel *k = nd_kernel_new(a, NULL);
    struct found f = {0};
    const char *why = NULL;

    (void)state;
    assert_int_equal(nd_kernel_each_usym(k, "/nonexistent", "*", add, &f, &why), -ENOENT);
    assert_non_null(why);
    why = NULL;
    assert_int_equal(nd_kernel_each_usym(k, "Makefile", "*", add, &f, &why), -ENOEXEC);
    assert_non_null(why);
    assert_int_equal(nd_kernel_each_usdt(k, "Makefile", "*", "*", NULL, NULL, &why), -ENOEXEC);
    nd_kernel_free(k);
    nd_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols), cmocka_unit_test(test_offset),
        cmocka_unit_test(test_library), cmocka_unit_test(test_root),
        cmocka_unit_test(test_damaged), cmocka_unit_test(test_no_elf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
