// SPDX-License-Identifier: GPL-2.0-or-later
// Names for addresses: invented kallsyms, this process, a child that has ended, this kernel.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_maps.h"
#include "runtime/output/format.h"
#include "runtime/output/symbols_impl.h"

#include <dlfcn.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int nd_test_function(int x);

__attribute__((noinline)) int nd_test_function(int x)
{
    return x * 3 + 1;
}

static void load(struct nd_ksyms *k, const char *text)
{
    char path[] = "/tmp/nd_syms.XXXXXX";
    int fd = mkstemp(path);

    memset(k, 0, sizeof(*k));
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    assert_int_equal(nd_ksyms_load(k, path), 0);
    unlink(path);
}

static void expect(const struct nd_ksyms *k, uint64_t addr, const char *name, const char *module,
                   uint64_t off)
{
    struct nd_symbol s;

    nd_ksyms_find(k, addr, &s);
    if (!name) {
        assert_null(s.name);
        return;
    }
    assert_string_equal(s.name, name);
    assert_string_equal(s.module, module);
    assert_int_equal(s.off, off);
}

static void kernel_table(void **state)
{
    struct nd_ksyms k;

    (void)state;
    load(&k, "ffffffff81000000 T _text\n"
             "ffffffff81000100 t alias_a\n"
             "ffffffff81000100 T alias_b\n"
             "ffffffff81000200 t tcp_v4_rcv.isra.0\n"
             "ffffffffc0000100 t veth_xmit\t[veth]\n"
             "ffffffffc0000000 t veth_open\t[veth]\n" // modules need not be in order
             "short\n\n"
             "ffffffff81000300 W last_without_newline");
    expect(&k, 0xffffffff80ffffff, NULL, NULL, 0);
    expect(&k, 0x10, NULL, NULL, 0);
    expect(&k, 0xffffffff81000000, "_text", "kernel", 0);
    expect(&k, 0xffffffff810000ff, "_text", "kernel", 0xff);
    expect(&k, 0xffffffff81000110, "alias_a", "kernel", 0x10);
    expect(&k, 0xffffffff81000200, "tcp_v4_rcv.isra.0", "kernel", 0);
    expect(&k, 0xffffffff81000301, "last_without_newline", "kernel", 1);
    expect(&k, 0xffffffffc0000001, "veth_open", "veth", 1);
    expect(&k, 0xffffffffc0000100, "veth_xmit", "veth", 0);
    expect(&k, 0xffffffffffffffff, NULL, NULL, 0); // far after everything
    assert_false(k.hidden);
    nd_ksyms_drop(&k);
    load(&k, "");
    expect(&k, 0xffffffff81000000, NULL, NULL, 0);
    nd_ksyms_drop(&k);
}

static void hidden_addresses(void **state)
{
    struct nd_ksyms k;

    (void)state;
    load(&k, "0000000000000000 T _text\n0000000000000000 t a\t[m]\n");
    assert_true(k.hidden);
    expect(&k, 0, NULL, NULL, 0);
    expect(&k, 5, NULL, NULL, 0);
    nd_ksyms_drop(&k);
    memset(&k, 0, sizeof(k));
    assert_true(nd_ksyms_load(&k, "/no/such/file") < 0);
    expect(&k, 5, NULL, NULL, 0);
    nd_ksyms_drop(&k);
}

static void this_kernel(void **state)
{
    struct nd_syms *s = nd_syms_new();
    struct timespec a, b;
    struct nd_symbol sym;
    uint64_t addr;

    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &a);
    addr = nd_syms_kaddr(s, "netif_receive_skb");
    clock_gettime(CLOCK_MONOTONIC, &b);
    print_message("kallsyms read in %ld us\n",
                  (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
    if (nd_syms_kernel_hidden(s) || !addr) {
        nd_syms_free(s);
        skip();
    }
    nd_syms_kernel(s, addr + 1, &sym);
    assert_string_equal(sym.name, "netif_receive_skb");
    assert_int_equal(sym.off, 1);
    assert_int_equal(nd_syms_kaddr(s, "no_such_function_in_any_kernel"), 0);
    nd_syms_free(s);
}

static void this_process(void **state)
{
    struct nd_syms *s = nd_syms_new();
    uint64_t vdso = getauxval(AT_SYSINFO_EHDR);
    uint32_t pid = (uint32_t)getpid();
    void *libc = dlsym(RTLD_DEFAULT, "getppid");
    struct nd_symbol sym;
    void *mem;

    (void)state;
    nd_syms_user(s, pid, (uint64_t)(uintptr_t)nd_test_function + 2, &sym);
    assert_non_null(sym.name);
    assert_string_equal(sym.name, "nd_test_function");
    assert_string_equal(sym.module, "test_symbols");
    assert_int_equal(sym.off, 2);
    assert_non_null(libc);
    nd_syms_user(s, pid, (uint64_t)(uintptr_t)libc, &sym);
    assert_non_null(sym.name);
    assert_non_null(strstr(sym.name, "getppid"));
    assert_int_equal(strncmp(sym.module, "libc", 4), 0);
    if (vdso) {
        nd_syms_user(s, pid, vdso + 0x10, &sym);
        assert_null(sym.name);
        assert_string_equal(sym.module, "vdso");
    }
    nd_syms_user(s, pid, 8, &sym);
    assert_null(sym.name);
    assert_null(sym.module);
    // mapped after the mappings were read: found by reading them again
    mem = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    nd_syms_user(s, pid, (uint64_t)(uintptr_t)mem, &sym);
    assert_null(sym.name);
    munmap(mem, 4096);
    nd_syms_free(s);
    nd_syms_free(NULL);
}

static void late_library(void **state)
{
    struct nd_syms *s = nd_syms_new();
    uint32_t pid = (uint32_t)getpid();
    struct nd_symbol sym;
    void *lib, *fn;

    (void)state;
    nd_syms_user(s, pid, (uint64_t)(uintptr_t)nd_test_function, &sym);
    lib = dlopen("libbz2.so.1.0", RTLD_NOW);
    fn = lib ? dlsym(lib, "BZ2_bzlibVersion") : NULL;
    if (!fn) {
        nd_syms_free(s);
        skip();
    }
    nd_syms_user(s, pid, (uint64_t)(uintptr_t)fn, &sym);
    assert_non_null(sym.name);
    assert_string_equal(sym.name, "BZ2_bzlibVersion");
    dlclose(lib);
    nd_syms_free(s);
}

static void ended_process(void **state)
{
    struct nd_syms *s = nd_syms_new();
    uint64_t addr = (uint64_t)(uintptr_t)nd_test_function;
    struct nd_symbol sym;
    int p[2];
    char c;
    pid_t known, unknown;

    (void)state;
    assert_int_equal(pipe(p), 0);
    known = fork();
    if (!known) {
        close(p[1]);
        _exit(read(p[0], &c, 1) < 0);
    }
    nd_syms_user(s, (uint32_t)known, addr, &sym);
    assert_string_equal(sym.name, "nd_test_function");
    close(p[1]);
    close(p[0]);
    // ended, but not waited for: its file of mappings is empty now, and a miss reads it again
    assert_int_equal(waitid(P_PID, (id_t)known, NULL, WEXITED | WNOWAIT), 0);
    nd_syms_user(s, (uint32_t)known, 8, &sym);
    assert_null(sym.name);
    nd_syms_user(s, (uint32_t)known, addr, &sym);
    assert_non_null(sym.name);
    assert_string_equal(sym.name, "nd_test_function");
    assert_int_equal(waitpid(known, NULL, 0), known);
    nd_syms_user(s, (uint32_t)known, addr, &sym); // what was known stays
    assert_string_equal(sym.name, "nd_test_function");
    unknown = fork();
    if (!unknown)
        _exit(0);
    assert_int_equal(waitpid(unknown, NULL, 0), unknown);
    nd_syms_user(s, (uint32_t)unknown, addr, &sym);
    assert_null(sym.name);
    assert_null(sym.module);
    nd_syms_free(s);
}

static void text(void **state)
{
    struct nd_fmt f = {.syms = nd_syms_new()};
    struct nd_buf out = {0};

    (void)state;
    nd_format_addr(&f, (uint64_t)(uintptr_t)nd_test_function, (uint32_t)getpid(), false, &out);
    assert_string_equal(out.v, "nd_test_function [test_symbols]");
    out.n = 0;
    nd_format_addr(&f, 0x18, (uint32_t)getpid(), false, &out);
    assert_string_equal(out.v, "0x18");
    free(out.v);
    nd_syms_free(f.syms);
}

static void other_names(void **state)
{
    static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    struct nd_syms *s = nd_syms_new();
    struct statfs fs;
    struct stat st;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        if (statfs(mounts[i], &fs) || fs.f_type != CGROUP2_SUPER_MAGIC || stat(mounts[i], &st))
            continue;
        assert_non_null(nd_syms_cgroup(s, st.st_ino));
        assert_string_equal(nd_syms_cgroup(s, st.st_ino), "/");
        break;
    }
    assert_string_equal(nd_syms_user_name(s, 0), "root");
    assert_string_equal(nd_syms_user_name(s, 0), "root");
    assert_null(nd_syms_user_name(s, 4123456789));
    assert_null(nd_syms_cgroup(s, 0xfffffffffffull));
    nd_syms_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_table), cmocka_unit_test(hidden_addresses),
        cmocka_unit_test(this_kernel),  cmocka_unit_test(this_process),
        cmocka_unit_test(late_library), cmocka_unit_test(ended_process),
        cmocka_unit_test(text),         cmocka_unit_test(other_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
