// SPDX-License-Identifier: GPL-2.0-or-later
// Many tracepoint probes, attached and left at once: every one is attached, and no closing time of
// the kernel is waited for one by one. Must not know the compiler.
#include "object.h"

#include <time.h>

static const char *const points[] = {
    "net/net_dev_queue",
    "net/net_dev_xmit",
    "net/net_dev_start_xmit",
    "net/netif_receive_skb",
    "net/netif_rx",
    "skb/kfree_skb",
    "skb/consume_skb",
    "sched/sched_switch",
    "sched/sched_wakeup",
    "sched/sched_process_fork",
    "sched/sched_process_exit",
    "sched/sched_process_exec",
    "irq/softirq_entry",
    "irq/softirq_exit",
    "irq/irq_handler_entry",
    "irq/irq_handler_exit",
    "timer/timer_start",
    "timer/timer_expire_entry",
    "timer/hrtimer_start",
    "timer/hrtimer_cancel",
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void run_n(int n)
{
    char text[8192] = PRELUDE, name[16], spec[160], category[64];
    struct result r;
    struct obj o;
    double t;
    int i;

    obj_begin(&o);
    for (i = 0; i < n; i++) {
        const char *slash = strchr(points[i], '/');

        snprintf(name, sizeof(name), "p%d", i);
        snprintf(category, sizeof(category), "%.*s", (int)(slash - points[i]), points[i]);
        snprintf(spec, sizeof(spec), "tracepoint:%s:%s", category, slash + 1);
        add_prog(&o, name, ND_PROG_TRACEPOINT, ND_AT_TRACEPOINT, spec, category, slash + 1, 0, 0);
        snprintf(text + strlen(text), sizeof(text) - strlen(text),
                 "SEC(\"nd/tp/%d\") int %s(void *ctx) { return 0; }\n", i, name);
    }
    obj_end(&o, text);
    t = now();
    RUN(&r, &o, "--duration", "1ms", "-v", "-f", "json");
    t = now() - t;
    print_message("%d probes: %.0f ms\n", n, t);
    snprintf(text, sizeof(text), "Attached %d probe", n);
    expect(&r, 0, NULL, text);
    assert_true(t < 5000);
    obj_free(&o);
}

static void test_one(void **state)
{
    (void)state;
    run_n(1);
}

static void test_twenty(void **state)
{
    (void)state;
    run_n(20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_twenty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
