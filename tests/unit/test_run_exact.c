// SPDX-License-Identifier: GPL-2.0-or-later
// Nothing is lost and nothing counted twice: intervals over a map with two generations, and events,
// while two producers run at full speed. Must not know the compiler.
#include "object.h"

#include <sys/prctl.h>
#include <time.h>

// A producer renames itself; that is a tracepoint (task:task_rename) with no other user here. The
// name says whose producer it is: these tests may run several times at once.
#define RENAMES_C                                                                              \
    PRELUDE "static inline int ours(__u64 *ctx) { __u8 c[8] = {};"                             \
            " bpf_probe_read_kernel(c, 8, (void *)ctx[1]); return c[0] == 'Z' && c[1] == '%'"  \
            " && (c[2] & 63) + ((c[3] & 63) << 6) + ((c[4] & 63) << 12) + ((c[5] & 63) << 18)" \
            " == TEST_PID; }\n"                                                                \
            "unsigned char nd_state[64] __attribute__((aligned(8)));\n"

static void produce(long n)
{
    char name[] = "Z%....";
    int i, pid = getppid();
    long k;

    for (i = 0; i < 4; i++)
        name[2 + i] = (char)(64 + (pid >> 6 * i & 63)); // 6 bits each, none of them 0
    for (k = 0; k < n; k++)
        prctl(PR_SET_NAME, name);
}

static pid_t producer(long n)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (!pid) {
        produce(n);
        _exit(0);
    }
    return pid;
}

static void two_producers(long n)
{
    pid_t a = producer(n), b = producer(n);

    waitpid(a, NULL, 0);
    waitpid(b, NULL, 0);
}

static void wait_for(const char *path, const char *text)
{
    struct timespec nap = {.tv_nsec = 10000000};
    char seen[4096];
    int i;

    for (i = 0; i < 500; i++) {
        slurp(path, seen, sizeof(seen));
        if (strstr(seen, text))
            return;
        nanosleep(&nap, NULL);
    }
    fail_msg("never saw \"%s\" in:\n%s", text, seen);
}

// every 5ms: printf("part %d\n", number in the map); clear
static void part_hook(struct obj *o, uint32_t map)
{
    const struct nd_mf_insn code[] = {
        {ND_VM_AGG_ALL, ND_AGG_COUNT, 0, (int32_t)map},
        {ND_VM_PRINTF, 1, 0, (int32_t)nd_mfb_str(o->b, "part %d\n")},
        {ND_VM_MAP_CLEAR, 0, 0, (int32_t)map},
        {ND_VM_RET, 0, 0, 0},
    };
    struct nd_mf_hook h = {.kind = ND_HOOK_EVERY, .period_opt = ND_MF_NONE, .period = 5000000};

    h.func = add_func(o, 0, 0, code, 4);
    nd_mfb_add(o->b, ND_SEC_HOOKS, &h, 1);
}

static long sum_of_parts(const char *text, int *parts)
{
    long sum = 0;

    for (*parts = 0; (text = strstr(text, "part ")); text += 5, ++*parts)
        sum += atol(text + 5);
    return sum;
}

#define GEN_C(type, add)                                                            \
    "#ifndef DELAY\n#define DELAY(v)\n#endif\n" RENAMES_C                           \
    "#define M(n) struct { __uint(type, " type "); __type(key, __u64);"             \
    " __type(value, __u64); __uint(max_entries, 1024); } n SEC(\".maps\");\n"       \
    "M(m0)\nM(m1)\n"                                                                \
    "static inline int add(void *m, __u64 k) { __u64 zero = 0, *v ="                \
    " bpf_map_lookup_elem(m, &k); if (!v) { bpf_map_update_elem(m, &k, &zero, 1);"  \
    " v = bpf_map_lookup_elem(m, &k); } if (v) { DELAY(k) " add "; } return 0; }\n" \
    "SEC(\"nd/rawtp/0\") int p0(__u64 *ctx) { if (!ours(ctx)) return 0;"            \
    " __u64 k = (bpf_get_prandom_u32() & 127) | bpf_get_current_pid_tgid() << 32;"  \
    " __u32 g = *(volatile __u32 *)(nd_state + 8);"                                 \
    " return g ? add(&m1, k) : add(&m0, k); }\n"

static void exact(uint32_t kind, const char *text, long n)
{
    const char *words[] = {NULL, "-v", NULL};
    struct started s;
    struct result r;
    struct obj o;
    int parts;
    long sum;

    obj_begin(&o);
    nd_mfb_header(o.b)->state_size = 64;
    add_prog(&o, "p0", ND_PROG_RAW_TP, ND_AT_RAW_TP, "rawtracepoint:task_rename", "task_rename", "",
             0, 0);
    part_hook(&o, add_map(&o, "@n", kind, ND_MAPF_GEN | ND_MAPF_SUMMED, add_type(&o, ND_T_INT, 8),
                          add_type(&o, ND_T_COUNT, 8), "m0", "m1", 8));
    obj_end(&o, text);
    words[0] = o.o;
    start_run(&s, o.dir, words);
    wait_for(s.err, "Attached 1 probe");
    two_producers(n);
    kill(s.pid, SIGTERM);
    end_run(&s, &r);
    expect(&r, 0, "part ", NULL);
    sum = sum_of_parts(r.out, &parts);
    print_message("%d intervals\n", parts);
    assert_true(parts >= 3);
    if (sum != 2 * n)
        print_message("%s\n%s", r.out, r.err);
    assert_int_equal(sum, 2 * n);
    obj_free(&o);
}

static void test_percpu_hash(void **state)
{
    (void)state;
    exact(ND_MAP_PERCPUHASH, GEN_C("BPF_MAP_TYPE_PERCPU_HASH", "*v += 1"), 1000000);
}

static void test_hash(void **state)
{
    (void)state;
    exact(ND_MAP_HASH, GEN_C("BPF_MAP_TYPE_HASH", "__sync_fetch_and_add(v, 1)"), 1000000);
}

// The program takes a while between finding its entry and adding to it: without the grace
// period in between, what it writes would be lost.
static void test_slow_program(void **state)
{
    (void)state;
    exact(ND_MAP_HASH,
          "#define DELAY(v) for (int i = 0; i < 40000; i++) __asm__ volatile(\"\" : "
          "\"+r\"(v));\n" GEN_C("BPF_MAP_TYPE_HASH", "__sync_fetch_and_add(v, 1)"),
          30000);
}

// ---- events -----------------------------------------------------------------------------------

#define EVENTS_C                                                                              \
    RENAMES_C "struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, RING); }"     \
              " nd_events SEC(\".maps\");\n"                                                  \
              "struct rec { __u32 event, size; __u64 n, cpu; };\n"                            \
              "SEC(\"nd/rawtp/0\") int p0(__u64 *ctx) { if (!ours(ctx)) return 0;"            \
              " struct rec *r = bpf_ringbuf_reserve(&nd_events, sizeof(*r), 0);"              \
              " if (!r) { __sync_fetch_and_add((__u64 *)(nd_state + 16), 1); return 0; }"     \
              " r->event = 0; r->size = 16; r->n = bpf_ktime_get_ns();"                       \
              " r->cpu = bpf_get_smp_processor_id();"                                         \
              " bpf_ringbuf_submit(r, bpf_ringbuf_query(&nd_events, 0) >= RING / 4 ? 2 : 1);" \
              " return 0; }\n"

static void event_side(struct obj *o, bool handler)
{
    uint32_t u64 = add_type(o, ND_T_INT, 8);
    struct nd_mf_field f[2] = {{.name = nd_mfb_str(o->b, "n"), .type = u64},
                               {.name = nd_mfb_str(o->b, "cpu"), .type = u64, .off = 8}};
    struct nd_mf_type st = {.kind = ND_T_STRUCT, .size = 16, .count = 2};
    struct nd_mf_site site = {
        .kind = ND_SITE_EVENT_LOST, .counter_off = 16, .map = ND_MF_NONE, .span = {0, 7, 1, 1}};
    struct nd_mf_event e = {.name = nd_mfb_str(o->b, "renamed"), .func = ND_MF_NONE};
    struct nd_mf_insn code[] = {
        {ND_VM_LOCAL, 0, 0, 0}, {ND_VM_FIELD, 0, 0, 0},  {ND_VM_LOCAL, 0, 0, 0},
        {ND_VM_FIELD, 0, 0, 1}, {ND_VM_PRINTF, 2, 0, 0}, {ND_VM_RET, 0, 0, 0},
    };

    nd_mfb_header(o->b)->state_size = 64;
    st.first = nd_mfb_add(o->b, ND_SEC_FIELDS, f, 2);
    e.type = nd_mfb_add(o->b, ND_SEC_TYPES, &st, 1);
    code[4].c = (int32_t)nd_mfb_str(o->b, "event %d cpu %d\n");
    if (handler)
        e.func = add_func(o, 1, 1, code, 6);
    nd_mfb_add(o->b, ND_SEC_SITES, &site, 1);
    nd_mfb_add(o->b, ND_SEC_EVENTS, &e, 1);
    add_prog(o, "p0", ND_PROG_RAW_TP, ND_AT_RAW_TP, "rawtracepoint:task_rename", "task_rename", "",
             0, 0);
}

static long lines_of(const char *path)
{
    FILE *f = fopen(path, "r");
    long n = 0;
    int c;

    assert_non_null(f);
    while ((c = getc(f)) != EOF)
        n += c == '\n';
    fclose(f);
    return n;
}

// n events each from two producers; gives how many lines of them came out.
static long events(uint32_t ring, bool json, long n, struct result *r)
{
    char text[8192], file[96];
    const char *words[8] = {NULL, "-v", "-o", file, json ? "-f" : NULL, "json", NULL};
    struct timespec t0, t1;
    struct started s;
    struct obj o;
    long lines;

    snprintf(text, sizeof(text), "#define RING %u\n%s", ring, EVENTS_C);
    obj_begin(&o);
    event_side(&o, !json);
    nd_mfb_header(o.b)->ring_bytes = ring;
    obj_end(&o, text);
    snprintf(file, sizeof(file), "%s/result", o.dir);
    words[0] = o.o;
    start_run(&s, o.dir, words);
    wait_for(s.err, "Attached 1 probe");
    clock_gettime(CLOCK_MONOTONIC, &t0);
    two_producers(n);
    clock_gettime(CLOCK_MONOTONIC, &t1);
    kill(s.pid, SIGINT);
    end_run(&s, r);
    lines = lines_of(file);
    slurp(file, r->out, sizeof(r->out));
    print_message("%.0f events/s\n",
                  2.0 * (double)n /
                      ((double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9));
    assert_int_equal(r->code, 0);
    shell("tail -n 3 %s > %s/tail", file, o.dir);
    snprintf(file, sizeof(file), "%s/tail", o.dir);
    slurp(file, r->err, sizeof(r->err));
    obj_free(&o);
    return lines;
}

static void test_events_all(void **state)
{
    struct result r;
    long n;

    (void)state;
    n = events((64 << 20), false, 200000, &r); // room for all of them
    assert_int_equal(n, 400000);
    assert_non_null(strstr(r.out, " cpu "));
}

// What did not fit is counted: lines + lost = sent.
static void test_events_lost(void **state)
{
    struct result r;
    const char *p;
    long n, lost;

    (void)state;
    n = events(4096, true, 100000, &r) - 2; // header and summary
    p = strstr(r.err, "\"lost\"");
    if (!p)
        fail_msg("no count of lost events in %s", r.err);
    for (p += 6; *p && (*p < '0' || *p > '9'); p++)
        ;
    lost = atol(p);
    print_message("%s", r.err);
    print_message("%ld came, %ld lost\n", n, lost);
    assert_true(lost > 0);
    assert_int_equal(n + lost, 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percpu_hash),  cmocka_unit_test(test_hash),
        cmocka_unit_test(test_slow_program), cmocka_unit_test(test_events_all),
        cmocka_unit_test(test_events_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
