// SPDX-License-Identifier: GPL-2.0-or-later
// How runs end: signals, closed pipes, full disks, processes that end, exit(), and how fast.
// Must not know the compiler.
#include "object.h"

#include <bpf/bpf.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#define TICKS_C                                                                                   \
    PRELUDE "struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, __u32);"               \
            " __type(value, __u64); __uint(max_entries, 1); } m0 SEC(\".maps\");\n"               \
            "unsigned char nd_state[64] __attribute__((aligned(8)));\n"                           \
            "static inline int hit(void) { __u32 k = 0; __u64 *v = bpf_map_lookup_elem(&m0, &k);" \
            " if (v) *v += 1; return 0; }\n"                                                      \
            "SEC(\"nd/rawtp/0\") int p0(void *ctx) { EXIT return hit(); }\n"

static void make(struct obj *o, bool exits)
{
    char text[2048];

    obj_begin(o);
    nd_mfb_header(o->b)->state_size = 64;
    if (exits)
        nd_mfb_header(o->b)->exit_off = 32;
    add_map(o, "@n", ND_MAP_PERCPUARRAY, ND_MAPF_SCALAR | ND_MAPF_SUMMED, ND_MF_NONE,
            add_type(o, ND_T_COUNT, 8), "m0", "", 0);
    add_prog(o, "p0", ND_PROG_RAW_TP, ND_AT_RAW_TP, "rawtracepoint:sched_switch", "sched_switch",
             "", 0, 0);
    snprintf(text, sizeof(text), "#define EXIT %s\n%s",
             exits ? "*(volatile unsigned long *)(nd_state + 32) = 1 | 7ul << 32;" : "", TICKS_C);
    obj_end(o, text);
}

static void wait_for(const char *path, const char *text)
{
    struct timespec nap = {.tv_nsec = 5000000};
    char seen[4096];
    int i;

    for (i = 0; i < 1000; i++) {
        slurp(path, seen, sizeof(seen));
        if (strstr(seen, text))
            return;
        nanosleep(&nap, NULL);
    }
    fail_msg("never saw \"%s\" in:\n%s", text, seen);
}

static void begin(struct obj *o, struct started *s, const char *const *more)
{
    const char *words[16] = {o->o, "-v"};
    int n = 2;

    while (*more)
        words[n++] = *more++;
    start_run(s, o->dir, words);
    wait_for(s->err, "Attached 1 probe");
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void test_signals(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct started s;
    struct result r;
    struct obj o;
    int i;

    (void)state;
    make(&o, false);
    for (i = 0; i < 3; i++) {
        begin(&o, &s, (const char *const[]){NULL});
        kill(s.pid, signals[i]);
        end_run(&s, &r);
        expect(&r, 0, "@n: ", NULL);
    }
    obj_free(&o);
}

// Whenever the signal comes, the end is a good one.
static void test_signal_early(void **state)
{
    struct started s;
    struct result r;
    struct obj o;
    int i, empty = 0;

    (void)state;
    make(&o, false);
    for (i = 0; i < 40; i++) {
        struct timespec nap = {.tv_nsec = 400000 + i * 50000};

        start_run(&s, o.dir, (const char *const[]){o.o, NULL});
        nanosleep(&nap, NULL);
        kill(s.pid, SIGINT);
        end_run(&s, &r);
        if (r.code == 128 + SIGINT) // before main could ask to hold it
            continue;
        expect(&r, 0, NULL, NULL);
        empty += !*r.out;
    }
    print_message("%d of 40 ended before anything was attached\n", empty);
    obj_free(&o);
}

static void make_endless(struct obj *o, uint32_t kind)
{
    const struct nd_mf_insn code[] = {{ND_VM_JMP, 0, 0, 0}};
    struct nd_mf_hook h = {.kind = kind, .period_opt = ND_MF_NONE, .period = 10000000};

    obj_begin(o);
    h.func = add_func(o, 0, 0, code, 1);
    nd_mfb_add(o->b, ND_SEC_HOOKS, &h, 1);
    add_prog(o, "p0", ND_PROG_RAW_TP, ND_AT_RAW_TP, "rawtracepoint:sched_switch", "sched_switch",
             "", 0, 0);
    obj_end(o, PRELUDE "SEC(\"nd/rawtp/0\") int p0(void *ctx) { return 0; }\n");
}

// User code that never ends: the first Ctrl-C ends a report, the second one the end itself, unless
// it comes so soon that it is the same request.
static void test_endless(void **state)
{
    struct timespec nap = {.tv_nsec = 200000000};
    struct started s;
    struct result r;
    struct obj o;
    int i;

    (void)state;
    make_endless(&o, ND_HOOK_EVERY);
    begin(&o, &s, (const char *const[]){NULL});
    nanosleep(&nap, NULL);
    kill(s.pid, SIGINT);
    end_run(&s, &r);
    expect(&r, 0, NULL, NULL);
    obj_free(&o);
    make_endless(&o, ND_HOOK_END);
    begin(&o, &s, (const char *const[]){NULL});
    kill(s.pid, SIGINT);
    kill(s.pid, SIGTERM);
    for (i = 0; i < 2; i++)
        nanosleep(&nap, NULL);
    assert_int_equal(waitpid(s.pid, NULL, WNOHANG), 0); // still in its last handler
    kill(s.pid, SIGINT);
    end_run(&s, &r);
    expect(&r, 0, NULL, NULL);
    obj_free(&o);
}

// A condition that never ends: nothing is attached yet, and Ctrl-C is enough.
static void test_endless_when(void **state)
{
    const struct nd_mf_insn code[] = {{ND_VM_JMP, 0, 0, 0}};
    struct timespec nap = {.tv_nsec = 200000000};
    struct started s;
    struct result r;
    struct obj o;
    uint32_t func;

    (void)state;
    obj_begin(&o);
    func = add_func(&o, 0, 0, code, 1);
    add_prog(&o, "p0", ND_PROG_RAW_TP, ND_AT_RAW_TP, "rawtracepoint:sched_switch", "sched_switch",
             "", 0, 0);
    ((struct nd_mf_prog *)nd_mfb_at(o.b, ND_SEC_PROGS, 0))->when = func;
    obj_end(&o, PRELUDE "SEC(\"nd/rawtp/0\") int p0(void *ctx) { return 0; }\n");
    start_run(&s, o.dir, (const char *const[]){o.o, NULL});
    nanosleep(&nap, NULL);
    assert_int_equal(waitpid(s.pid, NULL, WNOHANG), 0);
    kill(s.pid, SIGINT);
    end_run(&s, &r);
    expect(&r, 0, NULL, NULL);
    obj_free(&o);
}

static void test_exit(void **state)
{
    struct started s;
    struct result r;
    struct obj o;

    (void)state;
    make(&o, true);
    start_run(&s, o.dir, (const char *const[]){o.o, NULL});
    end_run(&s, &r); // ends by itself
    expect(&r, 7, "@n: ", NULL);
    obj_free(&o);
}

static void test_duration(void **state)
{
    struct result r;
    struct obj o;
    double t = now();

    (void)state;
    make(&o, false);
    t = now();
    RUN(&r, &o, "--duration", "300ms");
    expect(&r, 0, "@n: ", NULL);
    assert_true(now() - t >= 300);
    obj_free(&o);
}

static void test_command(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    make(&o, false);
    RUN(&r, &o, "-c", "echo hello; exit 3");
    expect(&r, 0, "hello\n", "the command ended with status 3");
    RUN(&r, &o, "-c", "/nonesuch");
    expect(&r, 1, NULL, "cannot start /nonesuch");
    obj_free(&o);
}

static void test_pid(void **state)
{
    struct result r;
    char number[16];
    struct obj o;
    pid_t pid;

    (void)state;
    make(&o, false);
    pid = fork();
    if (!pid) {
        execlp("sleep", "sleep", "0.4", (char *)NULL);
        _exit(1);
    }
    snprintf(number, sizeof(number), "%d", pid);
    // reaped by us only after it was seen to end
    RUN(&r, &o, "-p", number);
    expect(&r, 0, "@n: ", NULL);
    waitpid(pid, NULL, 0);
    RUN(&r, &o, "-p", number);
    expect(&r, 1, NULL, "there is no process");
    assert_string_equal(r.out, "");
    obj_free(&o);
}

static void test_closed_pipe(void **state)
{
    struct started s;
    struct result r;
    struct obj o;
    char cmd[256];
    int fds[2];

    (void)state;
    (void)cmd;
    make(&o, false);
    assert_int_equal(pipe(fds), 0);
    fflush(NULL);
    snprintf(s.out, sizeof(s.out), "%s/out", o.dir);
    snprintf(s.err, sizeof(s.err), "%s/err", o.dir);
    s.pid = fork();
    if (!s.pid) {
        char *argv[] = {"ndtrace", o.o, "--duration", "100ms", NULL};

        close(fds[0]);
        dup2(fds[1], 1);
        dup2(open(s.err, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
        exit(nd_cli(4, argv));
    }
    close(fds[1]);
    close(fds[0]); // no reader
    end_run(&s, &r);
    expect(&r, 0, NULL, NULL);
    assert_null(strstr(r.err, "error"));
    obj_free(&o);
}

static void test_full_disk(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    make(&o, false);
    RUN(&r, &o, "--duration", "50ms", "-o", "/dev/full");
    expect(&r, 1, NULL, "cannot write /dev/full: No space left on device");
    RUN(&r, &o, "--duration", "50ms", "-o", "/nonesuch/x");
    expect(&r, 1, NULL, "cannot open /nonesuch/x: No such file or directory");
    obj_free(&o);
}

static bool have_prog(const char *name)
{
    struct bpf_prog_info info;
    uint32_t id = 0, len;
    bool have = false;

    while (!have && !bpf_prog_get_next_id(id, &id)) {
        int fd = bpf_prog_get_fd_by_id(id);

        memset(&info, 0, sizeof(info));
        len = sizeof(info);
        if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len))
            have = !strcmp(info.name, name);
        if (fd >= 0)
            close(fd);
    }
    return have;
}

// Also after kill -9 nothing stays.
static void test_nothing_stays(void **state)
{
    struct timespec nap = {.tv_nsec = 20000000};
    struct started s;
    struct result r;
    struct obj o;
    int i;

    (void)state;
    obj_begin(&o);
    add_prog(&o, "nd_killme", ND_PROG_RAW_TP, ND_AT_RAW_TP, "rawtracepoint:sched_switch",
             "sched_switch", "", 0, 0);
    obj_end(&o, PRELUDE "SEC(\"nd/rawtp/0\") int nd_killme(void *ctx) { return 0; }\n");
    begin(&o, &s, (const char *const[]){NULL});
    assert_true(have_prog("nd_killme"));
    kill(s.pid, SIGKILL);
    end_run(&s, &r);
    assert_int_equal(r.code, 128 + SIGKILL);
    for (i = 0; i < 100 && have_prog("nd_killme"); i++)
        nanosleep(&nap, NULL); // the kernel frees it after a grace period
    assert_false(have_prog("nd_killme"));
    obj_free(&o);
}

static void test_not_root(void **state)
{
    struct started s;
    struct result r;
    struct obj o;

    (void)state;
    make(&o, false);
    shell("chmod -R a+rwX %s", o.dir);
    fflush(NULL);
    snprintf(s.out, sizeof(s.out), "%s/out", o.dir);
    snprintf(s.err, sizeof(s.err), "%s/err", o.dir);
    s.pid = fork();
    if (!s.pid) {
        char *argv[] = {"ndtrace", o.o, NULL};

        dup2(open(s.out, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
        dup2(open(s.err, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
        if (setgid(65534) || setuid(65534))
            exit(99);
        exit(nd_cli(2, argv));
    }
    end_run(&s, &r);
    expect(&r, 1, NULL, "CAP_BPF and CAP_PERFMON are missing; run as root");
    obj_free(&o);
}

static void test_not_an_object(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    make(&o, false);
    shell("head -c 3000 %s > %s/cut; mv %s/cut %s", o.o, o.dir, o.dir, o.o);
    RUN(&r, &o, "--duration", "50ms");
    expect(&r, 1, NULL, "error: ");
    shell("cp /bin/true %s", o.o);
    RUN(&r, &o, "--duration", "50ms");
    expect(&r, 1, NULL, "was not made by ndtrace compile");
    run(&r, o.dir, (const char *const[]){"/nonesuch.nd", NULL});
    expect(&r, 2, NULL, "there is no script or tool \"/nonesuch.nd\"");
    obj_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals),       cmocka_unit_test(test_signal_early),
        cmocka_unit_test(test_endless),       cmocka_unit_test(test_exit),
        cmocka_unit_test(test_duration),      cmocka_unit_test(test_command),
        cmocka_unit_test(test_pid),           cmocka_unit_test(test_closed_pipe),
        cmocka_unit_test(test_full_disk),     cmocka_unit_test(test_nothing_stays),
        cmocka_unit_test(test_endless_when),  cmocka_unit_test(test_not_root),
        cmocka_unit_test(test_not_an_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
