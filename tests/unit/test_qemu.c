// SPDX-License-Identifier: GPL-2.0-or-later
// Which processes count as QEMU, in a folder that looks like /proc: a command line alone is not
// enough, and two machines of one name are an error.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/sources/qemu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fake {
    int pid;
    const char *program; // its name
    mode_t mode;
    const char *machine, *ns; // what links say
    const char *cmdline;      // words that end in |
    const char *taps[3];
};

static char root[64];

static void put(const char *dir, const char *name, const char *text, size_t n)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "we");
    assert_non_null(f);
    fwrite(text, 1, n, f);
    fclose(f);
}

static void point(const char *dir, const char *name, const char *to)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(symlink(to, path), 0);
}

static void folder(char *out, size_t size, const char *dir, const char *name)
{
    assert_in_range(snprintf(out, size, "%s/%s", dir, name), 1, size - 1);
    assert_int_equal(mkdir(out, 0755), 0);
}

static void make(const struct fake *f)
{
    char dir[128], sub[192], program[256], cmd[512], text[128], *p;
    int i;

    snprintf(text, sizeof(text), "%d", f->pid);
    folder(dir, sizeof(dir), root, text);
    snprintf(program, sizeof(program), "%s/%s", dir, f->program);
    put(dir, f->program, "", 0);
    chmod(program, f->mode);
    point(dir, "exe", program);
    folder(sub, sizeof(sub), dir, "ns");
    point(sub, "user", f->ns);
    folder(sub, sizeof(sub), dir, "fd");
    point(sub, "9", f->machine);
    folder(sub, sizeof(sub), dir, "fdinfo");
    for (i = 0; i < 3 && f->taps[i]; i++) {
        char name[12];

        snprintf(name, sizeof(name), "%d", 20 + i);
        put(sub, name, text,
            (size_t)snprintf(text, sizeof(text), "pos:\t0\niff:\t%s\n", f->taps[i]));
    }
    snprintf(cmd, sizeof(cmd), "%s", f->cmdline);
    for (p = cmd; (p = strchr(p, '|')); p++)
        *p = 0;
    put(dir, "cmdline", cmd, strlen(f->cmdline));
}

#define OURS "/proc/self/ns/user"
#define VM "anon_inode:kvm-vm"

static int setup(void **state)
{
    static const struct fake fakes[] = {
        {10,
         "qemu-system-x86_64",
         0755,
         VM,
         OURS,
         "qemu|-name|guest=web,x=y|",
         {"vnet10", "vnet9"}},
        {11, "qemu-kvm", 0755, VM, OURS, "anything|-uuid|1-2-3|", {"tap0"}},
        {12, "kvm", 0755, VM, OURS, "kvm|-name|two|-uuid|4-5-6|", {"tap1"}},
        {13, "qemu-kvm", 0755, VM, OURS, "kvm|-name|two|-uuid|7-8-9|", {"tap2"}},
        // who says so only
        {20, "python3", 0755, VM, OURS, "qemu-system-x86_64|-name|web|", {"evil0"}},
        {21, "qemu-kvm", 0775, VM, OURS, "qemu-kvm|-name|web|", {"evil1"}},
        {22, "qemu-kvm", 0755, "/tmp/anon_inode:kvm-vm", OURS, "qemu-kvm|-name|web|", {"evil2"}},
        {23, "qemu-kvm", 0755, VM, "/proc/self/ns/pid", "qemu-kvm|-name|web|", {"evil3"}},
        {24, "qemu-kvm", 0755, "anon_inode:kvm-vmx", OURS, "qemu-kvm|-name|web|", {"evil4"}},
    };
    size_t i;

    (void)state;
    strcpy(root, "/tmp/nd_proc.XXXXXX");
    assert_non_null(mkdtemp(root));
    for (i = 0; i < sizeof(fakes) / sizeof(fakes[0]); i++)
        make(&fakes[i]);
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", root);
    return system(command);
}

static void expect_tap(struct nd_qemu *q, const char *name, int64_t i, const char *tap)
{
    char got[IFNAMSIZ];
    uint32_t pids[2];

    assert_int_equal(nd_qemu_tap(q, name, i, got, pids), 0);
    assert_string_equal(got, tap);
}

static void taps(void **state)
{
    struct nd_qemu *q = nd_qemu_new(root);
    char tap[IFNAMSIZ];
    uint32_t pids[2];

    (void)state;
    expect_tap(q, "web", 0, "vnet9");
    expect_tap(q, "web", 1, "vnet10");
    expect_tap(q, "web", 2, "");
    expect_tap(q, "web", -1, "");
    expect_tap(q, "1-2-3", 0, "tap0");
    expect_tap(q, "4-5-6", 0, "tap1");
    expect_tap(q, "7-8-9", 0, "tap2");
    expect_tap(q, "nobody", 0, "");
    expect_tap(q, "", 0, "");
    assert_int_equal(nd_qemu_tap(q, "two", 0, tap, pids), -EEXIST);
    assert_int_equal(pids[0] + pids[1], 25);
    assert_string_equal(tap, "");
    nd_qemu_free(q);
}

static void names(void **state)
{
    static const struct {
        int64_t pid;
        const char *name;
    } cases[] = {{10, "web"}, {11, "1-2-3"}, {12, "two"}, {20, ""}, {21, ""},
                 {22, ""},    {23, ""},      {24, ""},    {99, ""}, {0, ""}};
    struct nd_qemu *q = nd_qemu_new(root);
    char name[64];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(nd_qemu_name(q, cases[i].pid, name, sizeof(name)), 0);
        assert_string_equal(name, cases[i].name);
    }
    nd_qemu_free(q);
    nd_qemu_free(NULL);
}

// A command line that never comes, as of a process whose memory is on a file system of its user's.
static void held_up(void **state)
{
    static const struct fake fake = {14, "qemu-kvm", 0755, VM, OURS, "kvm|-name|slow|", {"tap3"}};
    struct nd_qemu *q = nd_qemu_new(root);
    char path[128], name[64];

    (void)state;
    make(&fake);
    snprintf(path, sizeof(path), "%s/14/cmdline", root);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_tap(q, "web", 0, "vnet9");
    expect_tap(q, "web", 1, "vnet10");
    assert_int_equal(nd_qemu_name(q, 10, name, sizeof(name)), 0);
    assert_string_equal(name, "web");
    assert_int_equal(nd_qemu_name(q, 14, name, sizeof(name)), 0);
    assert_string_equal(name, "");
    nd_qemu_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(taps), cmocka_unit_test(names),
                                       cmocka_unit_test(held_up)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
