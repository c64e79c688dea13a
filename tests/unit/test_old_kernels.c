// SPDX-License-Identifier: GPL-2.0-or-later
// Scripts for kernels of the kinds of 4.19 and 5.4, recorded in tests/facts: BTF without types of
// events, or with types whose arguments have no names; modules without BTF, whose structs the
// library declares.
#include "unit.h"

#define OLD "tests/facts/4.19"
#define VENDOR "tests/facts/5.4"

// What an old kernel lacks decides which programs serve a probe.
static const char lacks[] =
    "tp_btf,fentry,func_ip,kprobe_multi,module_btf,global_func,iter,globals,loops";

static struct nd_unit *unit(const char *facts, const char *text)
{
    struct nd_compile_opts o = {.text = text, .facts = facts, .stdlib = "stdlib"};
    struct nd_unit *u;

    assert_true(nd_without_parse(lacks, &o.without));
    u = nd_unit_new(&o);
    assert_non_null(u);
    return u;
}

// ---- layouts -----------------------------------------------------------------------------------

static int64_t value(const char *facts, const char *use, const char *expr)
{
    char text[512];
    struct nd_unit *u;
    int64_t v = -1;
    uint32_t i;

    snprintf(text, sizeof(text), "use %s\nconst N_WANTED = %s\nBEGIN { exit(); }", use, expr);
    u = unit(facts, text);
    nd_compile(u, "check"); // other parts of the library may want more than is recorded
    for (i = 0; i < u->program.decls.n; i++) {
        const struct nd_decl *d = u->program.decls.v[i];

        if (d->kind == ND_D_CONST && !strcmp(d->name, "N_WANTED") && d->expr->is_const)
            v = (int64_t)d->expr->num;
    }
    nd_unit_free(u);
    return v;
}

// Offsets of real builds. -1: the struct has no such field there.
static void layouts(void **state)
{
    static const struct {
        const char *use, *type, *field;
        int64_t old, vendor;
    } rows[] = {
        {"tun", "tun_file", "socket", 704, 832},
        {"tun", "tun_file", "tun", 832, 960},
        {"tun", "tun_file", "flags", 848, 976},
        {"tun", "tun_file", "queue_index", 852, 980},
        {"tun", "tun_file", "napi", 856, 984},
        {"tun", "tun_file", "next", 1256, 1440},
        {"tun", "tun_file", "detached", 1272, 1456},
        {"tun", "tun_file", "tx_ring", 1280, 1472},
        {"tun", "tun_struct", "numqueues", 2048, 2048},
        {"tun", "tun_struct", "dev", 2064, 2064},
        {"vhost", "vhost_dev", "vqs", 40, 40},
        {"vhost", "vhost_poll", "wait", 24, 24},
        {"vhost", "vhost_poll", "mask", 88, 88},
        {"vhost", "vhost_virtqueue", "num", 40, 40},
        {"vhost", "vhost_virtqueue", "kick", 96, 96},
        {"vhost", "vhost_virtqueue", "call_ctx", 104, 104},
        {"vhost", "vhost_virtqueue", "error_ctx", 112, 112},
        {"vhost", "vhost_virtqueue", "poll", 128, 128},
        {"vhost", "vhost_virtqueue", "handle_kick", 232, 232},
        {"vhost", "vhost_virtqueue", "signalled_used_valid", 250, 250},
        {"vhost", "vhost_virtqueue", "log_addr", 256, 256},
        {"vhost", "vhost_virtqueue", "iov", 264, 264},
        {"vhost", "vhost_virtqueue", "heads", 17680, 17680},
        {"vhost", "vhost_virtqueue", "private_data", 17704, 17704},
        {"vhost", "vhost_virtqueue", "acked_backend_features", 17720, 17720},
        {"vhost", "vhost_virtqueue", "is_le", 17744, 17744},
        {"vhost", "vhost_virtqueue", "busyloop_timeout", 17748, 17748},
        {"vhost", "vhost_net_virtqueue", "vhost_hlen", 17752, 17752},
        {"vhost", "vhost_net_virtqueue", "done_idx", 17772, 17772},
        {"vhost", "vhost_net_virtqueue", "ubufs", 17784, 17792},
        {"vhost", "vhost_net_virtqueue", "rx_ring", 17792, 17800},
        {"vhost", "vhost_net_virtqueue", "rxq_queue", 17800, 17808},
        {"kvm", "kvm_kernel_irqfd", "wait", 8, 8},
        {"kvm", "kvm_kernel_irqfd", "irq_entry", 48, 48},
        {"kvm", "kvm_kernel_irqfd", "gsi", 116, 116},
        {"kvm", "kvm_kernel_irqfd", "resampler", 152, 152},
        {"kvm", "kvm_kernel_irqfd", "eventfd", 184, 184},
        {"stages", "dp_upcall_info", "portid", 28, 28},
        {"stages", "dp_upcall_info", "mru", 34, 34},
        {"conntrack", "ovs_conntrack_info", "zone", 8, 8},
        {"conntrack", "ovs_conntrack_info", "ct", 16, 16},
    };
    char expr[128];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t old, vendor;

        snprintf(expr, sizeof(expr), "offsetof(struct %s, %s)", rows[i].type, rows[i].field);
        old = value(OLD, rows[i].use, expr);
        vendor = value(VENDOR, rows[i].use, expr);
        if (old != rows[i].old || vendor != rows[i].vendor)
            fail_msg("%s is %lld and %lld, wanted %lld and %lld", expr, (long long)old,
                     (long long)vendor, (long long)rows[i].old, (long long)rows[i].vendor);
    }
    assert_int_equal(value(OLD, "vhost", "sizeof(struct vhost_virtqueue)"), 17752);
    assert_int_equal(value(VENDOR, "vhost", "sizeof(struct vhost_virtqueue)"), 17752);
}

// ---- events ------------------------------------------------------------------------------------

static void expect(const char *facts, const char *text, const char *error)
{
    struct nd_unit *u = unit(facts, text);
    bool ok = nd_compile(u, "check");
    const char *said = u->diags.n ? u->diags.v[0]->text : "";

    if (!error && !ok)
        fail_msg("%s: %s: refused: %s", facts, text, said);
    if (error && (ok || !strstr(said, error)))
        fail_msg("%s: %s: '%s' is not said, but: '%s'", facts, text, error, said);
    nd_unit_free(u);
}

static void events(void **state)
{
    static const struct {
        const char *text, *old, *vendor; // NULL: there it is fine
    } rows[] = {
        // Of a class with functions: names and types.
        {"rawtracepoint:net_dev_queue { @ = sum(args.skb->len) }", NULL, NULL},
        {"rawtracepoint:netif_rx { @ = sum(args.skb->len) }", NULL, NULL},
        {"tracepoint:net:net_dev_queue { @ = sum(args.len) }", NULL, NULL},
        {"tracepoint:net:net_dev_queue { @[args.name] = count() }", NULL, NULL},
        {"rawtracepoint:net_dev_queue { @ = sum(args.nothing) }", "has no argument 'nothing'",
         "has no argument 'nothing'"},
        // Two classes could be it: the types decide, where there are any.
        {"rawtracepoint:unclear { @ = sum(args.one->len) }", "arguments of this event", NULL},
        {"tracepoint:demo:unclear { @ = sum(args.value) }", NULL, NULL},
        // Nothing tells: by number, or the record.
        {"rawtracepoint:nameless { @ = sum(args.number) }", "arguments of this event",
         "has no argument 'number'"},
        {"rawtracepoint:nameless { @ = sum(arg0) }", NULL, NULL},
        {"tracepoint:demo:nameless { @ = sum(args.number) }", NULL, NULL},
        // What there is.
        {"rawtracepoint:hidden { @ = count() }", NULL, NULL},
        {"rawtracepoint:tun_event { @ = count() }", NULL, NULL},
        {"rawtracepoint:net_dev_que { @ = count() }", "no raw tracepoint 'net_dev_que'",
         "no raw tracepoint 'net_dev_que'"},
        {"rawtracepoint:net_* { @ = count() }", NULL, NULL},
        // A copy that the compiler made is a function like any other.
        {"kprobe:icmp_echo.part.0 { @ = count() }", NULL, NULL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect(OLD, rows[i].text, rows[i].old);
        expect(VENDOR, rows[i].text, rows[i].vendor);
    }
}

static void conditions(void **state)
{
    (void)state;
    expect(OLD,
           "struct s { u32 a; u32 b when kernel_at_least(5, 0); u32 c; }\n"
           "BEGIN { print(((struct s *)0)->b) }",
           "no field 'b'");
    expect(VENDOR,
           "struct s { u32 a; u32 b when kernel_at_least(5, 0); u32 c; }\n"
           "BEGIN { print(((struct s *)0)->b) }",
           NULL);
    expect(OLD, "struct s { u32 a when nsecs > 1; }\nBEGIN { exit(); }", "must be known");
    expect(OLD,
           "struct s { u32 a when kernel_at_least(4, 0); u32 a when !kernel_at_least(4, 0); }\n"
           "BEGIN { exit(); }",
           NULL);
    expect(OLD, "struct s { u32 a when 1; u32 a when 2; }\nBEGIN { exit(); }", "declared twice");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts),
        cmocka_unit_test(events),
        cmocka_unit_test(conditions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
