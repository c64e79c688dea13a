// SPDX-License-Identifier: GPL-2.0-or-later
// Time per event of a handler with printf("%s %d %d\n", ...) on an invented payload, text and JSON,
// and of reading kernel symbols. Not a test: prints numbers. Links like a unit test.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vm_code.h"

#include "runtime/output/symbols_impl.h"

#include <time.h>

struct payload {
    char comm[16];
    int32_t a;
    int32_t b;
};

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void run(const char *what, const char *fmt, const char *format, const char *path)
{
    struct payload p = {"swapper/0", 0, 1500};
    struct nd_sink_opts o = {.kind = nd_sink_kind_named(format), .path = path};
    struct fixture x;
    uint32_t st, i, n = 2000000;
    double t;

    start(&x);
    st = add_type(x.b, ND_T_STRUCT, 24, 0, "struct p");
    add_field(x.b, st, "comm", x.t_str, 0, 0, 0);
    add_field(x.b, st, "a", x.t_i32, 16, 0, 0);
    add_field(x.b, st, "b", x.t_i32, 20, 0, 0);
    for (i = 0; i < 3; i++) {
        op(&x, ND_VM_LOCAL, 0, 0, 0);
        op(&x, ND_VM_FIELD, 0, 0, (int32_t)i);
    }
    printf_op(&x, fmt, 3);
    op(&x, ND_VM_RET, 0, 0, 0);
    func(&x, "on", 1, 1);
    ready(&x);
    nd_sink_close(x.env.sink);
    nd_vm_free(x.vm);
    x.env.sink = nd_sink_new(&o, &x.f);
    x.vm = nd_vm_new(&x.env);
    t = now();
    for (i = 0; i < n; i++) {
        p.a = (int32_t)i;
        nd_vm_call(x.vm, 0, st, &p, NULL);
    }
    nd_sink_flush(x.env.sink);
    printf("%-28s %6.1f ns per event\n", what, (now() - t) / n);
    stop(&x);
}

int main(int argc, char **argv)
{
    struct nd_ksyms k = {0};
    double t;

    run("text, /dev/null", "%s %d %d\n", "text", "/dev/null");
    run("text, file", "%s %d %d\n", "text", "/tmp/nd_bench.out");
    run("text, %-16s %8d %x", "%-16s %8d %x\n", "text", "/dev/null");
    run("text, %f", "%s %f %.1f\n", "text", "/dev/null");
    run("text, %t", "%s %t %d\n", "text", "/dev/null");
    run("json, /dev/null", "%s %d %d\n", "json", "/dev/null");
    unlink("/tmp/nd_bench.out");
    t = now();
    nd_ksyms_load(&k, argc > 1 ? argv[1] : "/proc/kallsyms");
    printf("%-28s %6.1f ms, %u symbols\n", "kernel symbols", (now() - t) / 1e6, k.n);
    nd_ksyms_drop(&k);
    return 0;
}
