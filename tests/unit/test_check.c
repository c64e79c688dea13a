// SPDX-License-Identifier: GPL-2.0-or-later
// The checker: types that it infers, constants that it folds, programs that it chooses for probes,
// and refusals with their place. Must not know the lowering.
#include "unit.h"

static void test_inference(void **state)
{
    static const struct {
        const char *text, *type;
    } rows[] = {
        {"BEGIN { @x = 1; }", "i64"},
        {"BEGIN { @x = (u8)1; }", "i64"}, // kept in 64 bits; a u8 fits a signed one
        {"BEGIN { @x = (u64)1; }", "u64"},
        {"BEGIN { @x = 1; @x = (u64)2; }", "u64"},
        {"BEGIN { @x = comm; }", "string[16]"},
        {"BEGIN { @x = \"a\"; @x = comm; }", "string[16]"},
        {"BEGIN { @x = nsecs; }", "time"},
        {"BEGIN { @y = nsecs; @x = nsecs - @y; }", "duration"},
        {"BEGIN { @x = 5ms / 1us; }", "i64"},
        {"BEGIN { @x = 5ms * 2; }", "duration"},
        {"BEGIN { @x = (1, \"a\"); }", "(i64, string[2])"},
        {"BEGIN { @x = ip(\"10.0.0.1\"); }", "ip"},
        {"BEGIN { @x = hist(1); }", "hist()"},
        {"BEGIN { @x = count(); }", "count()"},
        {"BEGIN { @x++; }", "i64"},
        {"begin { @x = 1.5; }", "double"},
        {"BEGIN { @x = @y; @y = @z; @z = comm; }", "string[16]"}, // against the order of the text
        {"kprobe:tcp_v4_rcv { @x = ((struct sk_buff *)arg0)->dev->name; }", "ifname"},
        {"rawtracepoint:kfree_skb { @x = args.reason; }", "enum skb_drop_reason"},
        {"rawtracepoint:net_dev_queue { @x = args.skb; }", "struct sk_buff *"},
        {"tracepoint:net:net_dev_queue { @x = args.name; }", "ifname"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nd_unit *u = checked(rows[i].text);
        struct nd_map *m = map_of(u, "@x");

        if (!m->val || strcmp(nd_type_text(&u->program.types, m->val), rows[i].type))
            fail_msg("%s: %s, wanted %s", rows[i].text,
                     m->val ? nd_type_text(&u->program.types, m->val) : "none", rows[i].type);
        nd_unit_free(u);
    }
}

static void test_keys(void **state)
{
    struct nd_unit *u = checked("BEGIN { @x[1, \"a\"] = 1; @x[2, comm] = 2; @y = 1; }");
    struct nd_map *m = map_of(u, "@x");

    (void)state;
    assert_string_equal(nd_type_text(&u->program.types, m->key), "(i64, string[16])");
    assert_null(map_of(u, "@y")->key);
    nd_unit_free(u);
}

static void expect_const(const char *expr, int64_t want)
{
    struct nd_unit *u;
    char text[256];

    snprintf(text, sizeof(text), "const N = %s\nBEGIN { exit(); }", expr);
    u = checked(text);
    assert_true(u->program.decls.v[0]->expr->is_const);
    if ((int64_t)u->program.decls.v[0]->expr->num != want)
        fail_msg("%s is %lld, wanted %lld", expr, (long long)u->program.decls.v[0]->expr->num,
                 (long long)want);
    nd_unit_free(u);
}

static void test_folding(void **state)
{
    (void)state;
    expect_const("1 + 2 * 3", 7);
    expect_const("-7 / 2", -3);
    expect_const("-7 % 2", -1);
    expect_const("18446744073709551615 / 2", INT64_MAX);
    expect_const("1 << 65", 2);
    expect_const("-16 >> 2", -4);
    expect_const("(u8)300", 44);
    expect_const("(i8)200", -56);
    expect_const("(bool)2", 1);
    expect_const("~0", -1);
    expect_const("!5", 0);
    expect_const("-1 < (u64)1", 0);
    expect_const("-1 < (u32)1", 1);
    expect_const("1 ? 2 : 3", 2);
    expect_const("0 && 1 || 1", 1);
    expect_const("sizeof(struct iphdr)", 20);
    expect_const("offsetof(struct iphdr, daddr)", 16);
    expect_const("5ms / 1us", 5000);
    expect_const("(-9223372036854775807 - 1) / -1", INT64_MIN);
}

static void expect_program(const char *text, enum nd_mf_prog_type type, uint32_t probes,
                           uint32_t targets)
{
    struct nd_unit *u = checked(text);

    if (u->program.probes.n != probes || u->program.probes.v[0]->type != type ||
        u->program.probes.v[0]->targets.n != targets)
        fail_msg("%s: %u probes, type %d, %u targets", text, u->program.probes.n,
                 (int)u->program.probes.v[0]->type, u->program.probes.v[0]->targets.n);
    nd_unit_free(u);
}

static void test_programs(void **state)
{
    (void)state;
    expect_program("tracepoint:net:net_dev_queue { @[comm] = count(); }", ND_PROG_RAW_TP, 1, 1);
    expect_program("tracepoint:net:net_dev_queue { @[args.len] = count(); }", ND_PROG_TP_BTF, 1, 1);
    expect_program("tracepoint:syscalls:sys_enter_read { @ = count(); }", ND_PROG_TRACEPOINT, 1, 1);
    expect_program("tracepoint:tcp:tcp_probe { @ = hist(args.srtt); }", ND_PROG_TRACEPOINT, 1, 1);
    expect_program("rawtracepoint:net_dev_queue { @ = count(); }", ND_PROG_RAW_TP, 1, 1);
    expect_program("rawtracepoint:net_dev_queue { @ = hist(args.skb->len); }", ND_PROG_TP_BTF, 1,
                   1);
    expect_program("kprobe:tcp_connect { @ = count(); }", ND_PROG_KPROBE, 1, 1);
    expect_program("fentry:tcp_connect { @ = count(); }", ND_PROG_FENTRY, 1, 1);
    expect_program("fexit:tcp_connect { @ = hist(retval); }", ND_PROG_FEXIT, 1, 1);
    expect_program("profile:hz:99 { @ = count(); }", ND_PROG_PERF_EVENT, 1, 1);
    expect_program("BEGIN { @ = count(); }", ND_PROG_TEST_RUN, 1, 1);
    // One program for many places, one each when the body depends on the place.
    expect_program("tracepoint:net:netif_r* { @ = count(); }", ND_PROG_RAW_TP, 1, 2);
    expect_program("tracepoint:net:netif_r* { @[probe] = count(); }", ND_PROG_RAW_TP, 2, 1);
    expect_program("kprobe:tcp_connect, kretprobe:tcp_connect { @ = count(); }", ND_PROG_KPROBE, 2,
                   1);
}

static void test_generations(void **state)
{
    struct nd_unit *u =
        checked("rawtracepoint:net_dev_queue { @a = count(); @b = count(); @c[1] = 1; }\n"
                "every 1s { report(@a); print(@b); }\nend { clear(@c); @d = 1; clear(@d); }");

    (void)state;
    assert_true(map_of(u, "@a")->gen);
    assert_false(map_of(u, "@b")->gen);
    assert_false(map_of(u, "@c")->gen); // nothing runs any more in end
    assert_false(map_of(u, "@d")->gen); // no probe writes it
    nd_unit_free(u);
}

static void test_options(void **state)
{
    struct nd_unit *u =
        checked("option n: int = 5\noption p: port[] = (80, 443)\noption e: enum(a, b) = b\n"
                "BEGIN / opt.e == a && 80 in opt.p / { print(opt.n); }");
    struct nd_option *o = u->program.options.v[1];

    (void)state;
    assert_int_equal(u->program.options.n, 3);
    assert_int_equal(o->kind, ND_OPT_PORT);
    assert_true(o->cap > 1);
    assert_int_equal(o->off % 8, 0);
    assert_true(u->program.opts_size >= o->off + o->cap * o->stride);
    assert_int_equal(u->program.options.v[0]->off + 8 <= u->program.options.v[1]->given_off, 1);
    nd_unit_free(u);
}

static void test_refusals(void **state)
{
    (void)state;
    refused("BEGIN { print(foo); }", ND_E0201, 14, 3);
    refused("BEGIN { $x = 1 + \"a\"; }", ND_E0303, 13, 7);
    refused("BEGIN { @x = 1; @x = comm; }", ND_E0306, 21, 4);
    refused("every 1s { print(pid); }", ND_E0402, 17, 3);
    refused("fn f() -> int { return f() }\nBEGIN { print(f()); }", ND_E0404, 23, 1);
    refused("BEGIN { $x = 5; print($x->y); }", ND_E0305, 22, 5);
    refused("kprobe:tcp_connect { print(((struct sock *)arg0)->sk_uid.vall); }", ND_E0204, 57, 4);
}

// Map types that depend on each other settle, whatever the order.
static void test_inference_ends(void **state)
{
    struct nd_unit *u =
        checked("BEGIN { @a = @b; @b = @c; @c = @d; @d = @e; @e = @f; @f = @g; @g = @h; @h = 1; }");

    (void)state;
    assert_string_equal(nd_type_text(&u->program.types, map_of(u, "@a")->val), "i64");
    nd_unit_free(u);
    // Nobody says what they hold.
    u = parsed("BEGIN { @a = @b; @b = @a; }");
    assert_false(nd_compile(u, "check"));
    nd_unit_free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inference),   cmocka_unit_test(test_keys),
        cmocka_unit_test(test_folding),     cmocka_unit_test(test_programs),
        cmocka_unit_test(test_generations), cmocka_unit_test(test_options),
        cmocka_unit_test(test_refusals),    cmocka_unit_test(test_inference_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
