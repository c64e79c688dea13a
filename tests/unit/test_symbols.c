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
#include <elf.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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

// ---- files that someone made to harm us
// ----------------------------------------------------------

#define HOSTILE "/tmp/nd-hostile"
#define AT 0x10000000ull
#define GONE 5000000u // a process that there never is

static void map_there(struct nd_syms *s, const char *path)
{
    struct nd_usyms_map m = {.pid = GONE, .start = AT, .len = 1 << 20, .path = path};
    struct stat st;
    char dev[24];

    assert_int_equal(stat(path, &st), 0);
    snprintf(dev, sizeof(dev), "%02x:%02x", major(st.st_dev), minor(st.st_dev));
    m.dev = dev;
    m.inode = st.st_ino;
    nd_syms_mapped(s, &m);
}

// No name, no harm, and nothing is opened.
static void not_a_file(void **state)
{
    struct nd_syms *s = nd_syms_new();
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    struct nd_symbol sym;
    char events[512];

    (void)state;
    unlink(HOSTILE);
    assert_int_equal(mkfifo(HOSTILE, 0666), 0);
    assert_true(inotify_add_watch(watch, HOSTILE, IN_OPEN) >= 0);
    map_there(s, HOSTILE);
    nd_syms_user(s, GONE, AT + 16, &sym);
    assert_null(sym.name);
    assert_true(sym.in_file);
    assert_string_equal(sym.module, "nd-hostile");
    assert_int_equal(sym.off, 16);
    nd_syms_user(s, (uint32_t)getpid(), (uint64_t)(uintptr_t)nd_test_function, &sym);
    assert_non_null(sym.name); // it lives
    assert_true(read(watch, events, sizeof(events)) < 0);
    close(watch);
    unlink(HOSTILE);
    nd_syms_free(s);
}

struct image { // an ELF file: one segment, a table of symbols and its names
    Elf64_Ehdr h;
    Elf64_Phdr p;
    Elf64_Shdr s[3];
};

// n functions of 16 bytes; names: what their table holds; all have the one at `name`.
static void make_elf(const char *names, size_t size, uint32_t n, uint32_t name)
{
    FILE *f = fopen(HOSTILE, "we");
    struct image e = {.p = {.p_type = PT_LOAD, .p_filesz = 1ull << 32},
                      .h = {.e_type = ET_DYN,
                            .e_machine = EM_X86_64,
                            .e_phoff = offsetof(struct image, p),
                            .e_shoff = offsetof(struct image, s),
                            .e_ehsize = sizeof(e.h),
                            .e_phentsize = sizeof(e.p),
                            .e_phnum = 1,
                            .e_shentsize = sizeof(e.s[0]),
                            .e_shnum = 3}};
    const uint16_t one = 1;
    Elf64_Sym sym = {.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = 1, .st_size = 16};
    uint32_t i;

    memcpy(e.h.e_ident, ELFMAG, SELFMAG);
    e.h.e_ident[EI_CLASS] = ELFCLASS64;
    e.h.e_ident[EI_DATA] = *(const uint8_t *)&one ? ELFDATA2LSB : ELFDATA2MSB;
    e.s[1] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
                          .sh_link = 2,
                          .sh_offset = sizeof(e),
                          .sh_size = n * sizeof(sym),
                          .sh_entsize = sizeof(sym)};
    e.s[2] = (Elf64_Shdr){
        .sh_type = SHT_STRTAB, .sh_offset = sizeof(e) + n * sizeof(sym), .sh_size = size};
    assert_non_null(f);
    fwrite(&e, sizeof(e), 1, f);
    sym.st_name = name;
    for (i = 0; i < n; i++) {
        sym.st_value = i * 16ull;
        fwrite(&sym, sizeof(sym), 1, f);
    }
    fwrite(names, 1, size, f);
    assert_int_equal(fclose(f), 0);
}

// A million functions that share a name of 10 MB, without an end: 10 TB if each had its own.
static void shared_name(void **state)
{
    enum { LONG = 10 << 20 };
    struct nd_syms *s = nd_syms_new();
    char *names = malloc(LONG);
    struct nd_symbol sym;
    uint32_t i;

    (void)state;
    memset(names, 'x', LONG);
    names[0] = 0;
    make_elf(names, LONG, 1000000, 1);
    map_there(s, HOSTILE);
    for (i = 0; i < 100; i++) {
        nd_syms_user(s, GONE, AT + i * 1600 + 5, &sym);
        assert_non_null(sym.name);
        assert_int_equal(strlen(sym.name), ND_SYM_NAME - 1);
        assert_int_equal(sym.off, 5);
    }
    free(names);
    unlink(HOSTILE);
    nd_syms_free(s);
}

// A file is cut before it is read, and between its symbols and its names.
static void cut_file(void **state)
{
    static const char names[] = "\0first";
    struct nd_syms *s = nd_syms_new();
    struct nd_symbol sym;

    (void)state;
    make_elf(names, sizeof(names), 100000, 1);
    map_there(s, HOSTILE);
    nd_syms_user(s, GONE, AT, &sym);
    assert_non_null(sym.name);
    assert_string_equal(sym.name, "first");
    assert_int_equal(truncate(HOSTILE, 5000), 0);
    nd_syms_user(s, GONE, AT + 160, &sym);
    assert_null(sym.name);
    assert_true(sym.in_file);
    nd_syms_free(s);
    s = nd_syms_new();
    unlink(HOSTILE);
    make_elf(names, sizeof(names), 100000, 1);
    map_there(s, HOSTILE);
    assert_int_equal(truncate(HOSTILE, 70), 0);
    nd_syms_user(s, GONE, AT + 160, &sym);
    assert_null(sym.name);
    nd_syms_user(s, (uint32_t)getpid(), (uint64_t)(uintptr_t)nd_test_function, &sym);
    assert_non_null(sym.name);
    unlink(HOSTILE);
    nd_syms_free(s);
}

// Numbers that point anywhere.
static void wild_elf(void **state)
{
    static const char names[] = "\0first";
    struct nd_symbol sym;
    unsigned int seed = 1;
    int i, k;

    (void)state;
    for (i = 0; i < 200; i++) {
        struct nd_syms *s = i % 20 ? NULL : nd_syms_new();
        static struct nd_syms *one;
        FILE *f;

        if (s) {
            nd_syms_free(one);
            one = s;
        }
        unlink(HOSTILE);
        make_elf(names, sizeof(names), 20, 1);
        f = fopen(HOSTILE, "r+e");
        for (k = 0; k < 6; k++) {
            fseek(f, 16 + rand_r(&seed) % (long)(sizeof(struct image) - 16), SEEK_SET);
            fputc(rand_r(&seed), f);
        }
        fclose(f);
        map_there(one, HOSTILE);
        nd_syms_user(one, GONE, AT + (uint32_t)(i % 20) * 16, &sym);
        nd_syms_user(one, (uint32_t)getpid(), (uint64_t)(uintptr_t)nd_test_function, &sym);
        assert_non_null(sym.name);
        if (i == 199)
            nd_syms_free(one);
    }
    unlink(HOSTILE);
}

// What a process says of its own code counts only if the file is its own.
static void others_map(void **state)
{
    struct nd_syms *s = nd_syms_new();
    struct nd_symbol sym;
    char path[64];
    void *code;
    FILE *f;

    (void)state;
    if (geteuid())
        skip();
    code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
    f = fopen(path, "we");
    assert_non_null(f);
    fprintf(f, "%lx 100 forged\n", (unsigned long)(uintptr_t)code);
    fclose(f);
    assert_int_equal(chown(path, 65534, 65534), 0);
    nd_syms_user(s, (uint32_t)getpid(), (uint64_t)(uintptr_t)code + 1, &sym);
    assert_null(sym.name);
    nd_syms_free(s);
    s = nd_syms_new();
    assert_int_equal(chown(path, 0, 0), 0);
    nd_syms_user(s, (uint32_t)getpid(), (uint64_t)(uintptr_t)code + 1, &sym);
    assert_non_null(sym.name);
    assert_string_equal(sym.name, "forged");
    unlink(path);
    munmap(code, 4096);
    nd_syms_free(s);
}

static size_t resident(int pid)
{
    unsigned long all = 0, here = 0;
    char path[48];
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/statm", pid);
    f = fopen(path, "re");
    if (f && fscanf(f, "%lu %lu", &all, &here) != 2)
        here = 0;
    if (f)
        fclose(f);
    return here * (size_t)sysconf(_SC_PAGESIZE);
}

// The only child of ours.
static int the_reader(void)
{
    char path[64];
    int pid = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
    f = fopen(path, "re");
    if (f && fscanf(f, "%d", &pid) != 1)
        pid = 0;
    if (f)
        fclose(f);
    return pid;
}

// 400 programs with 50,000 functions each: 460 MB of symbols if all were kept.
static void many_programs(void **state)
{
    static const char names[] = "\0first";
    struct nd_syms *s = nd_syms_new();
    struct nd_symbol sym;
    size_t before, ours;
    uint32_t i;

    (void)state;
    nd_syms_user(s, (uint32_t)getpid(), (uint64_t)(uintptr_t)nd_test_function, &sym);
    before = resident(the_reader());
    ours = resident(getpid());
    if (!before)
        skip(); // a kernel without lists of children
    for (i = 0; i < 400; i++) {
        unlink(HOSTILE);
        make_elf(names, sizeof(names), 50000, 1);
        nd_syms_execed(s, GONE);
        map_there(s, HOSTILE);
        nd_syms_user(s, GONE, AT + 16, &sym);
        assert_non_null(sym.name);
    }
    unlink(HOSTILE);
    print_message("the reader grew by %zu KiB, we by %zu KiB\n",
                  (resident(the_reader()) - before) >> 10, (resident(getpid()) - ours) >> 10);
#if !defined(__SANITIZE_ADDRESS__)
    assert_in_range(resident(the_reader()), 1, before + (80u << 20));
    assert_in_range(resident(getpid()), 1, ours + (4u << 20));
#endif
    nd_syms_free(s);
}

// The reader is ended: names come again, and we live.
static void reader_killed(void **state)
{
    uint64_t addr = (uint64_t)(uintptr_t)nd_test_function;
    struct nd_syms *s = nd_syms_new();
    struct nd_symbol sym;

    (void)state;
    nd_syms_user(s, (uint32_t)getpid(), addr, &sym);
    assert_non_null(sym.name);
    if (!the_reader())
        skip();
    kill(the_reader(), SIGKILL);
    nd_syms_user(s, (uint32_t)getpid(), addr + 1, &sym); // lost with it, perhaps
    nd_syms_user(s, (uint32_t)getpid(), addr + 1, &sym);
    assert_non_null(sym.name);
    kill(the_reader(), SIGSTOP);
    nd_syms_user(s, (uint32_t)getpid(), addr + 2, &sym);
    assert_null(sym.name);
    nd_syms_free(s);
    assert_int_equal(the_reader(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_table),  cmocka_unit_test(hidden_addresses),
        cmocka_unit_test(this_kernel),   cmocka_unit_test(this_process),
        cmocka_unit_test(late_library),  cmocka_unit_test(ended_process),
        cmocka_unit_test(text),          cmocka_unit_test(other_names),
        cmocka_unit_test(not_a_file),    cmocka_unit_test(shared_name),
        cmocka_unit_test(cut_file),      cmocka_unit_test(wild_elf),
        cmocka_unit_test(others_map),    cmocka_unit_test(many_programs),
        cmocka_unit_test(reader_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
