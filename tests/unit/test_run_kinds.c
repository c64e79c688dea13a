// SPDX-License-Identifier: GPL-2.0-or-later
// Every way to attach that a kernel may offer, and what is said when it does not.
// Must not know the compiler.
#include "object.h"

#include <bpf/btf.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/utsname.h>

#define HIT_C                                                                                     \
    PRELUDE "struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, __u32);"               \
            " __type(value, __u64); __uint(max_entries, 1); } m0 SEC(\".maps\");\n"               \
            "static inline int hit(void) { __u32 k = 0; __u64 *v = bpf_map_lookup_elem(&m0, &k);" \
            " if (v) *v += 1; return 0; }\n"

static void count_scalar(struct obj *o)
{
    add_map(o, "@n", ND_MAP_PERCPUARRAY, ND_MAPF_SCALAR | ND_MAPF_SUMMED, ND_MF_NONE,
            add_type(o, ND_T_COUNT, 8), "m0", "", 0);
}

static long number_of(const struct result *r)
{
    const char *p = strstr(r->out, "@n: ");

    return p ? atol(p + 4) : -1;
}

static void test_tp_btf(void **state)
{
    struct btf *btf = btf__load_vmlinux_btf();
    int id = btf__find_by_name_kind(btf, "btf_trace_sched_process_exec", BTF_KIND_TYPEDEF), i;
    struct utsname u;

    (void)state;
    assert_true(id > 0);
    uname(&u);
    for (i = 0; i < 2; i++) { // the id from the manifest, and looked up because of another kernel
        struct nd_mf_prog *p;
        struct result r;
        struct obj o;

        obj_begin(&o);
        count_scalar(&o);
        add_prog(&o, "p0", ND_PROG_TP_BTF, ND_AT_RAW_TP, "rawtracepoint:sched_process_exec",
                 "sched_process_exec", "", 0, 0);
        p = nd_mfb_at(o.b, ND_SEC_PROGS, 0);
        p->attach_btf_id = i ? 3 : (uint32_t)id;
        p->btf_name = nd_mfb_str(o.b, "btf_trace_sched_process_exec");
        nd_mfb_header(o.b)->kernel = nd_mfb_str(o.b, i ? "4.19.0" : u.release);
        nd_mfb_header(o.b)->build = nd_mfb_str(o.b, u.version);
        nd_mfb_header(o.b)->flags |= ND_MF_PORTABLE;
        obj_end(&o, HIT_C "SEC(\"nd/tpbtf/0\") int p0(__u64 *ctx) { return hit(); }\n");
        RUN(&r, &o, "-c", "/bin/true");
        expect(&r, 0, "@n: ", NULL);
        assert_true(number_of(&r) >= 1);
        obj_free(&o);
    }
    btf__free(btf);
}

// File offset of a function of this program.
static uint64_t offset_of(const char *path, const char *func)
{
    int fd = open(path, O_RDONLY);
    uint64_t addr = 0, off = 0;
    Elf_Scn *scn = NULL;
    size_t i, n = 0;
    GElf_Phdr ph;
    Elf *elf;

    elf_version(EV_CURRENT);
    elf = elf_begin(fd, ELF_C_READ, NULL);
    while ((scn = elf_nextscn(elf, scn))) {
        GElf_Shdr sh;
        GElf_Sym sym;

        gelf_getshdr(scn, &sh);
        for (i = 0; sh.sh_type == SHT_SYMTAB && i < sh.sh_size / sh.sh_entsize; i++) {
            gelf_getsym(elf_getdata(scn, NULL), (int)i, &sym);
            if (!strcmp(elf_strptr(elf, sh.sh_link, sym.st_name), func))
                addr = sym.st_value;
        }
    }
    elf_getphdrnum(elf, &n);
    for (i = 0; i < n; i++) {
        gelf_getphdr(elf, (int)i, &ph);
        if (ph.p_type == PT_LOAD && addr >= ph.p_vaddr && addr < ph.p_vaddr + ph.p_filesz)
            off = addr - ph.p_vaddr + ph.p_offset;
    }
    elf_end(elf);
    close(fd);
    assert_true(off > 0);
    return off;
}

static void test_uprobe(void **state)
{
    static const char text[] =
        "__attribute__((noinline)) int work(int x){__asm__ volatile(\"\");return x+1;}\n"
        "int main(void){int i,s=0;for(i=0;i<1000;i++)s+=work(i);return s==0;}\n";
    char target[96], command[128];
    struct result r;
    struct obj o;
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        obj_begin(&o);
        snprintf(target, sizeof(target), "%s/target", o.dir);
        snprintf(command, sizeof(command), "%s/target.c", o.dir);
        write_file(command, text, sizeof(text) - 1);
        shell("cc -O1 -o %s %s", target, command);
        count_scalar(&o);
        add_prog(&o, "p0", ND_PROG_KPROBE, i ? ND_AT_URETPROBE : ND_AT_UPROBE, "uprobe:target:work",
                 target, "work", offset_of(target, "work"), 0);
        obj_end(&o, HIT_C "SEC(\"nd/uprobe/0\") int p0(void *ctx) { return hit(); }\n");
        RUN(&r, &o, "-c", target);
        expect(&r, 0, "@n: 1000\n", NULL);
        obj_free(&o);
    }
}

// -p: another process runs the same function, and is not counted.
static void test_uprobe_pid(void **state)
{
    static const char text[] =
        "#include <unistd.h>\n"
        "__attribute__((noinline)) int work(int x){__asm__ volatile(\"\");return x+1;}\n"
        "int main(int c,char**v){int i,s=0;(void)v;for(i=0;i<(c>1?100:7000);i++){s+=work(i);"
        "if(c>1)usleep(5000);}return s==0;}\n";
    char target[96], source[128], number[16], command[128];
    struct result r;
    struct obj o;
    pid_t pid;

    (void)state;
    obj_begin(&o);
    snprintf(target, sizeof(target), "%s/target", o.dir);
    snprintf(source, sizeof(source), "%s/target.c", o.dir);
    write_file(source, text, sizeof(text) - 1);
    shell("cc -O1 -o %s %s", target, source);
    count_scalar(&o);
    add_prog(&o, "p0", ND_PROG_KPROBE, ND_AT_UPROBE, "uprobe:target:work", target, "work",
             offset_of(target, "work"), 0);
    obj_end(&o, HIT_C "SEC(\"nd/uprobe/0\") int p0(void *ctx) { return hit(); }\n");
    pid = fork();
    if (!pid) {
        execl(target, target, "slow", (char *)NULL);
        _exit(1);
    }
    snprintf(number, sizeof(number), "%d", pid);
    snprintf(command, sizeof(command), "%s", target);
    RUN(&r, &o, "-p", number, "-c", command);
    waitpid(pid, NULL, 0);
    expect(&r, 0, "@n: ", NULL);
    assert_in_range(number_of(&r), 0, 100);
    obj_free(&o);
}

static void test_profile(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    obj_begin(&o);
    count_scalar(&o);
    add_prog(&o, "p0", ND_PROG_PERF_EVENT, ND_AT_PROFILE, "profile:hz:99", "", "", 99, 0);
    obj_end(&o, HIT_C "SEC(\"nd/perf/0\") int p0(void *ctx) { return hit(); }\n");
    RUN(&r, &o, "--duration", "500ms");
    expect(&r, 0, NULL, NULL);
    assert_true(number_of(&r) > 5); // cpu-clock ticks on busy and idle CPUs alike, more or less
    obj_free(&o);
}

static void test_software(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    obj_begin(&o);
    count_scalar(&o);
    add_prog(&o, "p0", ND_PROG_PERF_EVENT, ND_AT_SOFTWARE, "software:page-faults:1", "", "",
             2 /* PERF_COUNT_SW_PAGE_FAULTS */, 1);
    obj_end(&o, HIT_C "SEC(\"nd/perf/0\") int p0(void *ctx) { return hit(); }\n");
    RUN(&r, &o, "-c", "/bin/true");
    expect(&r, 0, NULL, NULL);
    assert_true(number_of(&r) > 10);
    obj_free(&o);
}

// BEGIN, interval and END are called by the runtime.
static void test_by_hand(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    obj_begin(&o);
    count_scalar(&o);
    add_prog(&o, "p0", ND_PROG_TEST_RUN, ND_AT_BEGIN, "BEGIN", "", "", 0, 0);
    add_prog(&o, "p1", ND_PROG_TEST_RUN, ND_AT_INTERVAL, "interval:ms:100", "", "", 100000000, 0);
    add_prog(&o, "p2", ND_PROG_TEST_RUN, ND_AT_END, "END", "", "", 0, 0);
    obj_end(&o, HIT_C "SEC(\"nd/run/0\") int p0(void *ctx) { __u32 k = 0; __u64 *v = "
                      "bpf_map_lookup_elem(&m0, &k); if (v) *v += 1000000; return 0; }\n"
                      "SEC(\"nd/run/1\") int p1(void *ctx) { return hit(); }\n"
                      "SEC(\"nd/run/2\") int p2(void *ctx) { __u32 k = 0; __u64 *v = "
                      "bpf_map_lookup_elem(&m0, &k); if (v) *v += 1000; return 0; }\n");
    RUN(&r, &o, "--duration", "550ms");
    expect(&r, 0, NULL, NULL);
    assert_in_range(number_of(&r), 1001003, 1001005);
    obj_free(&o);
}

static bool kernel_has(const char *path)
{
    return !access(path, F_OK);
}

static void test_kprobe(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    obj_begin(&o);
    count_scalar(&o);
    add_prog(&o, "p0", ND_PROG_KPROBE, ND_AT_KPROBE, "kprobe:vfs_read", "", "vfs_read", 0, 0);
    obj_end(&o, HIT_C "SEC(\"nd/kprobe/0\") int p0(void *ctx) { return hit(); }\n");
    RUN(&r, &o, "-c", "/bin/true");
    if (kernel_has("/sys/bus/event_source/devices/kprobe/type")) {
        expect(&r, 0, "@n: ", NULL);
    } else {
        expect(&r, 1, NULL,
               "t.c:2:3: error: cannot attach kprobe:vfs_read: this kernel has no kprobes");
        assert_string_equal(r.out, "");
    }
    obj_free(&o);
}

// Where functions cannot be attached to, the message says so; where they can, it counts.
static void test_fentry(void **state)
{
    struct btf *btf = btf__load_vmlinux_btf();
    int id = btf__find_by_name_kind(btf, "vfs_read", BTF_KIND_FUNC), i;
    struct utsname u;

    (void)state;
    assert_true(id > 0);
    uname(&u);
    for (i = 0; i < 2; i++) {
        struct nd_mf_prog *p;
        struct result r;
        struct obj o;

        obj_begin(&o);
        count_scalar(&o);
        add_prog(&o, "p0", i ? ND_PROG_FEXIT : ND_PROG_FENTRY, i ? ND_AT_FEXIT : ND_AT_FENTRY,
                 "func:vfs_read", "", "vfs_read", 0, 0);
        p = nd_mfb_at(o.b, ND_SEC_PROGS, 0);
        p->attach_btf_id = (uint32_t)id;
        p->btf_name = nd_mfb_str(o.b, "vfs_read");
        nd_mfb_header(o.b)->kernel = nd_mfb_str(o.b, u.release);
        nd_mfb_header(o.b)->build = nd_mfb_str(o.b, u.version);
        obj_end(&o, HIT_C "SEC(\"nd/fentry/0\") int p0(__u64 *ctx) { return hit(); }\n");
        RUN(&r, &o, "-c", "/bin/true");
        if (r.code)
            expect(&r, 1, "", "this kernel cannot attach to functions this way (fentry");
        else
            assert_true(number_of(&r) >= 1);
        obj_free(&o);
    }
    btf__free(btf);
}

static void test_no_such_tracepoint(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    obj_begin(&o);
    count_scalar(&o);
    add_prog(&o, "p0", ND_PROG_TRACEPOINT, ND_AT_TRACEPOINT, "tracepoint:net:nonesuch", "net",
             "nonesuch", 0, 0);
    obj_end(&o, HIT_C "SEC(\"nd/tp/0\") int p0(void *ctx) { return hit(); }\n");
    RUN(&r, &o, "-c", "/bin/true");
    expect(&r, 1, NULL,
           "cannot attach tracepoint:net:nonesuch: this kernel has no such tracepoint");
    obj_free(&o);
}

// A wildcard attaches what is there and says what is not.
static void test_wildcard(void **state)
{
    struct nd_mf_attach at[2] = {{.kind = ND_AT_RAW_TP}, {.kind = ND_AT_RAW_TP}};
    struct nd_mf_prog p = {
        .type = ND_PROG_RAW_TP, .count = 2, .when = ND_MF_NONE, .span = {0, 1, 1, 3}};
    struct result r;
    struct obj o;

    (void)state;
    obj_begin(&o);
    count_scalar(&o);
    at[0].s0 = nd_mfb_str(o.b, "nonesuch");
    at[0].spec = nd_mfb_str(o.b, "rawtracepoint:nonesuch");
    at[1].s0 = nd_mfb_str(o.b, "sched_process_exec");
    at[1].spec = nd_mfb_str(o.b, "rawtracepoint:sched_process_exec");
    p.name = nd_mfb_str(o.b, "p0");
    nd_mfb_add(o.b, ND_SEC_ATTACHES, at, 2);
    nd_mfb_add(o.b, ND_SEC_PROGS, &p, 1);
    obj_end(&o, HIT_C "SEC(\"nd/rawtp/0\") int p0(void *ctx) { return hit(); }\n");
    RUN(&r, &o, "-c", "/bin/true");
    expect(&r, 0, "@n: ", "warning: 1 of 2 attach points are left out: rawtracepoint:nonesuch");
    assert_true(number_of(&r) >= 1);
    obj_free(&o);
}

// Rejected programs point at the line of the source, with a cause.
static void test_verifier(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    obj_begin(&o);
    count_scalar(&o);
    add_prog(&o, "p0", ND_PROG_RAW_TP, ND_AT_RAW_TP, "rawtracepoint:sched_process_exec",
             "sched_process_exec", "", 0, 0);
    obj_end(&o, HIT_C "SEC(\"nd/rawtp/0\") int p0(__u64 *ctx)\n{\n"
                      "    return *(volatile int *)(ctx[0] * 3); // WRONG\n}\n");
    RUN(&r, &o, "-c", "/bin/true");
    expect(&r, 1, NULL, "error: the kernel's verifier rejects this: ");
    assert_non_null(strstr(r.err, "// WRONG"));
    assert_non_null(strstr(r.err, "^\n"));
    assert_non_null(strstr(r.err, "  cause: a number is used as a pointer"));
    assert_null(strstr(r.err, "libbpf:"));
    obj_free(&o);
}

// A program whose condition is false is neither loaded (it would be rejected) nor attached.
static void test_when(void **state)
{
    struct nd_mf_insn code[] = {{ND_VM_INT, 0, 0, 0}, {ND_VM_RET, 1, 0, 0}};
    struct result r;
    struct obj o;
    uint32_t func;

    (void)state;
    obj_begin(&o);
    count_scalar(&o);
    code[0].b = (uint16_t)add_type(&o, ND_T_INT, 8);
    code[0].c = (int32_t)nd_mfb_const(o.b, 0);
    func = add_func(&o, 0, 0, code, 2);
    add_prog(&o, "p0", ND_PROG_RAW_TP, ND_AT_RAW_TP, "rawtracepoint:nonesuch", "nonesuch", "", 0,
             0);
    add_prog(&o, "p1", ND_PROG_RAW_TP, ND_AT_RAW_TP, "rawtracepoint:sched_process_exec",
             "sched_process_exec", "", 0, 0);
    ((struct nd_mf_prog *)nd_mfb_at(o.b, ND_SEC_PROGS, 0))->when = func;
    obj_end(&o, HIT_C "SEC(\"nd/rawtp/0\") int p0(__u64 *ctx)"
                      " { return *(volatile int *)(ctx[0] * 3); }\n"
                      "SEC(\"nd/rawtp/1\") int p1(__u64 *ctx) { return hit(); }\n");
    RUN(&r, &o, "-c", "/bin/true", "-v");
    expect(&r, 0, "@n: ", "Attached 1 probe,");
    assert_true(number_of(&r) >= 1); // other programs may have started meanwhile
    obj_free(&o);
}

// Option values are in place when programs run, after whatever else .rodata holds.
static void test_option_value(void **state)
{
    struct nd_mf_option op = {.file = ND_MF_NONE,
                              .kind = ND_OPT_INT,
                              .off = sizeof(struct nd_mf_scope) + 8,
                              .stride = 8,
                              .cap = 1,
                              .given_off = sizeof(struct nd_mf_scope),
                              .count_off = sizeof(struct nd_mf_scope) + 4};
    struct result r;
    struct obj o;

    _Static_assert(sizeof(struct nd_mf_scope) == 7 * sizeof(long), "as in the program below");
    (void)state;
    obj_begin(&o);
    count_scalar(&o);
    op.name = op.flag = nd_mfb_str(o.b, "step");
    op.type = add_type(&o, ND_T_INT, 8);
    nd_mfb_add(o.b, ND_SEC_OPTIONS, &op, 1);
    nd_mfb_header(o.b)->opts_size = sizeof(struct nd_mf_scope) + 16;
    add_prog(&o, "p0", ND_PROG_TEST_RUN, ND_AT_BEGIN, "BEGIN", "", "", 0, 0);
    obj_end(&o,
            HIT_C "const volatile char other[24] = {9};\n"
                  "const volatile struct { long scope[7]; unsigned given, n; long v; } nd_opts"
                  " __attribute__((aligned(8))) = {{5}, 5, 5, 5};\n"
                  "SEC(\"nd/run/0\") int p0(void *ctx) { __u32 k = 0; __u64 *v = "
                  "bpf_map_lookup_elem(&m0, &k); if (v) *v += nd_opts.v * 100 + nd_opts.given * "
                  "10 + nd_opts.n + other[0] - 9; return 0; }\n");
    RUN(&r, &o, "--step", "42", "--duration", "1ms");
    expect(&r, 0, "@n: 4211\n", NULL);
    RUN(&r, &o, "--duration", "1ms");
    expect(&r, 0, "@n: 0\n", NULL);
    obj_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tp_btf),       cmocka_unit_test(test_uprobe),
        cmocka_unit_test(test_uprobe_pid),   cmocka_unit_test(test_profile),
        cmocka_unit_test(test_software),     cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_kprobe),       cmocka_unit_test(test_fentry),
        cmocka_unit_test(test_wildcard),     cmocka_unit_test(test_no_such_tracepoint),
        cmocka_unit_test(test_verifier),     cmocka_unit_test(test_when),
        cmocka_unit_test(test_option_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
