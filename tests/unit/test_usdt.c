// SPDX-License-Identifier: GPL-2.0-or-later
// USDT notes: of a program with probes that this test is itself, and of objects assembled with
// every form of argument.
#include "facts.h"

#include "compiler/front/arena.h"
#include "compiler/kernel/kernel.h"
#include "runtime/kernel/fileplace.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SDT_USE_VARIADIC
#define _SDT_HAS_SEMAPHORES 1
unsigned short ndtest_gated_semaphore __attribute__((section(".probes")));
unsigned short ndtest_plain_semaphore __attribute__((section(".probes")));
unsigned short ndtest_args_semaphore __attribute__((section(".probes")));
#include <sys/sdt.h>

// The probes of this program: at two places, with arguments, with a semaphore.
static __attribute__((noinline)) int probed(int n, const char *text)
{
    DTRACE_PROBE(ndtest, plain);
    DTRACE_PROBE3(ndtest, args, n, text, (signed char)n);
    if (n > 3)
        DTRACE_PROBE1(ndtest, plain, n);
    DTRACE_PROBE1(ndtest, gated, 42);
    return n + (int)strlen(text);
}

struct found {
    struct nd_usdt u[16];
    uint32_t n;
};

static int add(void *arg, const struct nd_usdt *u)
{
    struct found *f = arg;

    assert_true(f->n < 16);
    f->u[f->n++] = *u;
    return 0;
}

static void test_self(void **state)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_kernel *k = nd_kernel_new(a, NULL);
    struct found all = {0}, plain = {0}, none = {0};
    const char *why;

    (void)state;
    assert_true(probed(5, "x") == 6);
    assert_int_equal(nd_kernel_each_usdt(k, "/proc/self/exe", "ndtest", "*", add, &all, &why), 0);
    assert_int_equal(all.n, 4);
    assert_int_equal(nd_kernel_each_usdt(k, "/proc/self/exe", "nd*", "plain", add, &plain, &why),
                     0);
    assert_int_equal(plain.n, 2);
    assert_true(plain.u[0].off != plain.u[1].off);
    assert_int_equal(nd_kernel_each_usdt(k, "/proc/self/exe", "other", "*", add, &none, &why), 0);
    assert_int_equal(none.n, 0);
    for (uint32_t i = 0; i < all.n; i++) {
        unsigned char byte = 0;
        FILE *f = fopen("/proc/self/exe", "rb");

        // the instruction at the place is what sdt.h puts there: a nop
        fseek(f, (long)all.u[i].off, SEEK_SET);
        assert_int_equal(fread(&byte, 1, 1, f), 1);
        fclose(f);
#ifdef __x86_64__
        assert_int_equal(byte, 0x90);
#endif
        assert_true(all.u[i].sem_off != 0);
        if (strcmp(all.u[i].name, "args"))
            continue;
        assert_int_equal(all.u[i].nargs, 3);
        assert_int_equal(all.u[i].args[0].size, -4);
        assert_int_equal(all.u[i].args[1].size, 8);
        assert_int_equal(all.u[i].args[2].size, -1);
        for (uint32_t j = 0; j < 3; j++)
            assert_int_not_equal(all.u[i].args[j].where, ND_USDT_UNUSABLE);
    }
    nd_kernel_free(k);
    nd_arena_free(a);
}

// The kernel writes where it is told to: only where the file says that a semaphore is.
static void test_semaphores(void **state)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_kernel *k = nd_kernel_new(a, NULL);
    struct found all = {0};
    char fifo[] = "/tmp/ndtest-fifo-XXXXXX";
    const char *why;
    int fd;

    (void)state;
    assert_int_equal(nd_kernel_each_usdt(k, "/proc/self/exe", "ndtest", "*", add, &all, &why), 0);
    for (uint32_t i = 0; i < all.n; i++) {
        uint64_t off = all.u[i].off, sem = all.u[i].sem_off;

        fd = nd_fileplace_open("/proc/self/exe", off, sem, false);
        assert_true(fd >= 0);
        close(fd);
        assert_int_equal(nd_fileplace_open("/proc/self/exe", off, sem + 16, false), -EBADMSG);
        fd = nd_fileplace_open("/proc/self/exe", off, 0, true);
        assert_true(fd >= 0);
        close(fd);
        assert_int_equal(nd_fileplace_open("/proc/self/exe", off, sem | 1ull << 40, false),
                         -EBADMSG);
        assert_int_equal(nd_fileplace_open("/proc/self/exe", off + 1, sem, false), -EBADMSG);
        // that of another probe
        if (sem != all.u[0].sem_off)
            assert_int_equal(nd_fileplace_open("/proc/self/exe", off, all.u[0].sem_off, false),
                             -EBADMSG);
    }
    assert_int_equal(nd_fileplace_open("/etc/passwd", all.u[0].off, all.u[0].sem_off, false),
                     -ENOEXEC);
    assert_int_equal(nd_fileplace_open("/nonexistent", 1, 1, false), -ENOENT);
    assert_int_equal(nd_fileplace_open("/dev/null", 1, 1, false), -EINVAL);
    fd = mkstemp(fifo);
    assert_true(fd >= 0);
    close(fd);
    unlink(fifo);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(nd_fileplace_open(fifo, 1, 1, false), -EINVAL); // and does not wait
    unlink(fifo);
    nd_kernel_free(k);
    nd_arena_free(a);
}

static int first(void *arg, const struct nd_usym *s)
{
    *(uint64_t *)arg = s->off;
    return 1;
}

// A breakpoint that an object asks for: where a function starts, and nowhere inside it.
static void test_places(void **state)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_kernel *k = nd_kernel_new(a, NULL);
    uint64_t off = 0, i;
    const char *why;
    int fd;

    (void)state;
    nd_kernel_each_usym(k, "/proc/self/exe", "main", first, &off, &why);
    assert_true(off > 0);
    fd = nd_fileplace_open("/proc/self/exe", off, 0, true);
    assert_true(fd >= 0);
    close(fd);
    for (i = 1; i < 8; i++)
        assert_int_equal(nd_fileplace_open("/proc/self/exe", off + i, 0, true), -EADDRNOTAVAIL);
    assert_int_equal(nd_fileplace_open("/proc/self/exe", 0, 0, true), -EADDRNOTAVAIL);
    assert_int_equal(nd_fileplace_open("/proc/self/exe", UINT64_MAX, 0, true), -EADDRNOTAVAIL);
    assert_int_equal(nd_fileplace_open("/etc/passwd", 0, 0, true), -ENOEXEC);
    nd_kernel_free(k);
    nd_arena_free(a);
}

// ---- forms -----------------------------------------------------------------------------------

// A file with one LOAD segment and a .note.stapsdt that has one probe with these arguments.
struct image {
    Elf64_Ehdr eh;
    Elf64_Phdr ph;
    Elf64_Shdr sh[4];
    char names[64];
    struct {
        Elf64_Nhdr h;
        char owner[8];
        char desc[488];
    } note;
};

static void write_image(const char *path, uint16_t machine, const char *args)
{
    static const char names[] = "\0.note.stapsdt\0.stapsdt.base\0.shstrtab";
    uint64_t words[3] = {0x10040, 0x5000, 0};
    struct image m = {0};
    char *d = m.note.desc;
    FILE *f;

    memcpy(m.eh.e_ident, ELFMAG "\2\1\1", 7);
    m.eh = (Elf64_Ehdr){.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                        .e_type = ET_DYN,
                        .e_machine = machine,
                        .e_version = 1,
                        .e_phoff = offsetof(struct image, ph),
                        .e_ehsize = sizeof(m.eh),
                        .e_shoff = offsetof(struct image, sh),
                        .e_phentsize = sizeof(m.ph),
                        .e_phnum = 1,
                        .e_shentsize = sizeof(m.sh[0]),
                        .e_shnum = 4,
                        .e_shstrndx = 3};
    m.ph = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_vaddr = 0x11000, .p_filesz = sizeof(m), .p_memsz = sizeof(m)};
    memcpy(m.names, names, sizeof(names));
    memcpy(d, words, sizeof(words));
    d += sizeof(words);
    d += sprintf(d, "prov") + 1;
    d += sprintf(d, "probe") + 1;
    d += sprintf(d, "%s", args) + 1;
    m.note.h = (Elf64_Nhdr){.n_namesz = 8, .n_descsz = (uint32_t)(d - m.note.desc), .n_type = 3};
    memcpy(m.note.owner, "stapsdt", 8);
    m.sh[1] = (Elf64_Shdr){.sh_name = 1,
                           .sh_type = SHT_NOTE,
                           .sh_offset = offsetof(struct image, note),
                           .sh_addralign = 4,
                           .sh_size = sizeof(m.note.h) + 8 + ((m.note.h.n_descsz + 3) & ~3u)};
    // moved by 0x1000 since the note was written: pc 0x10040 is now 0x11040, file offset 0x40
    m.sh[2] = (Elf64_Shdr){.sh_name = 15, .sh_type = SHT_PROGBITS, .sh_addr = 0x6000};
    m.sh[3] = (Elf64_Shdr){.sh_name = 29,
                           .sh_type = SHT_STRTAB,
                           .sh_offset = offsetof(struct image, names),
                           .sh_size = sizeof(names)};
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(&m, sizeof(m), 1, f), 1);
    assert_int_equal(fclose(f), 0);
}

static struct nd_usdt parse(struct nd_arena *a, uint16_t machine, const char *args)
{
    char path[] = "/tmp/ndtest-usdt-XXXXXX";
    int fd = mkstemp(path);
    struct nd_kernel *k = nd_kernel_new(a, NULL);
    struct found f = {0};
    const char *why;

    assert_true(fd >= 0);
    close(fd);
    write_image(path, machine, args);
    assert_int_equal(nd_kernel_each_usdt(k, path, "*", "*", add, &f, &why), 0);
    unlink(path);
    nd_kernel_free(k);
    assert_int_equal(f.n, 1);
    assert_string_equal(f.u[0].provider, "prov");
    assert_int_equal(f.u[0].off, 0x40);
    return f.u[0];
}

struct form {
    const char *text;
    enum nd_usdt_where where;
    int size;
    long long value;
    const char *reg, *index;
    int scale;
};

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static void check_forms(uint16_t machine, const struct form *forms, size_t n)
{
    struct nd_arena *a = nd_arena_new();

    for (size_t i = 0; i < n; i++) {
        struct nd_usdt u = parse(a, machine, forms[i].text);
        struct nd_usdt_arg *x = &u.args[0];

        if (u.nargs != 1 || x->where != forms[i].where || x->size != forms[i].size ||
            x->value != forms[i].value || !same(x->reg, forms[i].reg) ||
            !same(x->index, forms[i].index) || x->scale != forms[i].scale ||
            !same(x->text, forms[i].text))
            fail_msg("%s: n %u where %d size %d value %lld reg %s index %s scale %d", forms[i].text,
                     u.nargs, x->where, x->size, (long long)x->value, x->reg ? x->reg : "-",
                     x->index ? x->index : "-", x->scale);
    }
    nd_arena_free(a);
}

static void test_x86(void **state)
{
    static const struct form forms[] = {
        {"8@%rdi", ND_USDT_REG, 8, 0, "di", NULL, 0},
        {"-4@%eax", ND_USDT_REG, -4, 0, "ax", NULL, 0},
        {"1@%al", ND_USDT_REG, 1, 0, "ax", NULL, 0},
        {"4@%r8d", ND_USDT_REG, 4, 0, "r8", NULL, 0},
        {"-2@%r15w", ND_USDT_REG, -2, 0, "r15", NULL, 0},
        {"1@%sil", ND_USDT_REG, 1, 0, "si", NULL, 0},
        {"2@%bp", ND_USDT_REG, 2, 0, "bp", NULL, 0},
        {"%rbx", ND_USDT_REG, 8, 0, "bx", NULL, 0},
        {"-4@$5", ND_USDT_CONST, -4, 5, NULL, NULL, 0},
        {"-4@$-5", ND_USDT_CONST, -4, -5, NULL, NULL, 0},
        {"4@$-1", ND_USDT_CONST, 4, 4294967295, NULL, NULL, 0},
        {"2@$-2", ND_USDT_CONST, 2, 65534, NULL, NULL, 0},
        {"1@$-3", ND_USDT_CONST, 1, 253, NULL, NULL, 0},
        {"-4@$4294967295", ND_USDT_CONST, -4, -1, NULL, NULL, 0},
        {"-1@$200", ND_USDT_CONST, -1, -56, NULL, NULL, 0},
        {"-2@$65535", ND_USDT_CONST, -2, -1, NULL, NULL, 0},
        {"8@$-1", ND_USDT_CONST, 8, -1, NULL, NULL, 0},
        {"8@$0x10", ND_USDT_CONST, 8, 16, NULL, NULL, 0},
        {"8@$18446744073709551615", ND_USDT_CONST, 8, -1, NULL, NULL, 0},
        {"4@-20(%rbp)", ND_USDT_MEM, 4, -20, "bp", NULL, 0},
        {"4@(%rsp)", ND_USDT_MEM, 4, 0, "sp", NULL, 0},
        {"8@8(%rax,%rbx,4)", ND_USDT_MEM, 8, 8, "ax", "bx", 4},
        {"8@(%rax,%r9)", ND_USDT_MEM, 8, 0, "ax", "r9", 1},
        {"4@foo+8(%rip)", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"4@8(%rip)", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"1@%ah", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"8@%xmm0", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"8@8(%rax,%rbx,3)", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"8@8(%rax", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"8@8(%eax)", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"8@(,%rax,8)", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"3@%rax", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"8@", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"@%rax", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"8@%raxx", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"8@x0", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
    };

    (void)state;
    check_forms(EM_X86_64, forms, sizeof(forms) / sizeof(forms[0]));
}

static void test_arm64(void **state)
{
    static const struct form forms[] = {
        {"8@x0", ND_USDT_REG, 8, 0, "x0", NULL, 0},
        {"-4@w19", ND_USDT_REG, -4, 0, "x19", NULL, 0},
        {"8@x30", ND_USDT_REG, 8, 0, "x30", NULL, 0},
        {"8@sp", ND_USDT_REG, 8, 0, "sp", NULL, 0},
        {"4@[sp, 12]", ND_USDT_MEM, 4, 12, "sp", NULL, 0},
        {"4@[x29,-16]", ND_USDT_MEM, 4, -16, "x29", NULL, 0},
        {"8@[x1]", ND_USDT_MEM, 8, 0, "x1", NULL, 0},
        {"8@[x1, x2]", ND_USDT_MEM, 8, 0, "x1", "x2", 1},
        {"-4@5", ND_USDT_CONST, -4, 5, NULL, NULL, 0},
        {"-4@-5", ND_USDT_CONST, -4, -5, NULL, NULL, 0},
        {"4@-1", ND_USDT_CONST, 4, 4294967295, NULL, NULL, 0},
        {"8@x31", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"8@d0", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"8@[x1, x2, lsl 3]", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"8@[w1]", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
        {"8@[", ND_USDT_UNUSABLE, 0, 0, NULL, NULL, 0},
    };

    (void)state;
    check_forms(EM_AARCH64, forms, sizeof(forms) / sizeof(forms[0]));
}

static void test_lists(void **state)
{
    struct nd_arena *a = nd_arena_new();
    struct nd_usdt u;

    (void)state;
    u = parse(a, EM_X86_64, "8@%rdi -4@$5 8@%xmm1 4@-20(%rbp)");
    assert_int_equal(u.nargs, 4);
    assert_int_equal(u.args[2].where, ND_USDT_UNUSABLE);
    assert_int_equal(u.args[3].where, ND_USDT_MEM);
    u = parse(a, EM_AARCH64, "8@[sp, 8]  8@x0");
    assert_int_equal(u.nargs, 2);
    assert_string_equal(u.args[1].reg, "x0");
    u = parse(a, EM_X86_64, "");
    assert_int_equal(u.nargs, 0);
    u = parse(a, EM_X86_64, "1@$1 1@$2 1@$3 1@$4 1@$5 1@$6 1@$7 1@$8 1@$9 1@$10 1@$11 1@$12 1@$13");
    assert_int_equal(u.nargs, 12);
    assert_true(u.args[11].value == 12);
    u = parse(a, EM_386, "4@%eax");
    assert_int_equal(u.args[0].where, ND_USDT_UNUSABLE);
    nd_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_self),   cmocka_unit_test(test_semaphores),
        cmocka_unit_test(test_places), cmocka_unit_test(test_x86),
        cmocka_unit_test(test_arm64),  cmocka_unit_test(test_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
