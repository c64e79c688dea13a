// SPDX-License-Identifier: GPL-2.0-or-later
// Whole runs of hand-made objects: load, attach, events, maps, output. Must not know the compiler.
#include "object.h"

#define COUNT_C                                                                        \
    PRELUDE "struct { __uint(type, BPF_MAP_TYPE_PERCPU_HASH); __type(key, char[16]);"  \
            " __type(value, __u64); __uint(max_entries, 1024); } m0 SEC(\".maps\");\n" \
            "static inline int hit(void) { char k[16] = {}; __u64 one = 1, *v;"        \
            " bpf_get_current_comm(k, 16); v = bpf_map_lookup_elem(&m0, k);"           \
            " if (v) *v += 1; else bpf_map_update_elem(&m0, k, &one, 0); return 0; }\n"

static void count_map(struct obj *o)
{
    uint32_t key = add_type(o, ND_T_STRING, 16), val = add_type(o, ND_T_COUNT, 8);

    add_map(o, "@", ND_MAP_PERCPUHASH, ND_MAPF_SUMMED, key, val, "m0", "", 0);
}

static void test_tracepoint(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    obj_begin(&o);
    count_map(&o);
    add_prog(&o, "p0", ND_PROG_TRACEPOINT, ND_AT_TRACEPOINT, "tracepoint:syscalls:sys_enter_openat",
             "sched", "sched_process_exec", 0, 0);
    obj_end(&o, COUNT_C "SEC(\"nd/tp/0\") int p0(void *ctx) { return hit(); }\n");
    RUN(&r, &o, "-c", "/bin/true", "-v");
    expect(&r, 0, "@[true]: 1\n", "Attached 1 probe, ready in");
    obj_free(&o);
}

static void test_raw_tracepoint(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    obj_begin(&o);
    count_map(&o);
    add_prog(&o, "p0", ND_PROG_RAW_TP, ND_AT_RAW_TP, "rawtracepoint:sched_process_exec",
             "sched_process_exec", "", 0, 0);
    obj_end(&o, COUNT_C "SEC(\"nd/rawtp/0\") int p0(void *ctx) { return hit(); }\n");
    RUN(&r, &o, "-c", "/bin/true");
    expect(&r, 0, "@[true]: 1\n", NULL);
    obj_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tracepoint),
        cmocka_unit_test(test_raw_tracepoint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
