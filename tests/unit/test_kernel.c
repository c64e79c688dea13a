// SPDX-License-Identifier: GPL-2.0-or-later
// Facts of the recorded kernel, and, where the tests run as root, of the live one.
#include "facts.h"

#include "compiler/front/arena.h"
#include "compiler/kernel/btf.h"
#include "compiler/kernel/kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct env {
    struct nd_arena *a;
    struct nd_kernel *k;
};

static struct env *env_new(const char *facts)
{
    struct env *e = calloc(1, sizeof(*e));
    struct nd_kernel_opts opts = {.facts = facts};

    e->a = nd_arena_new();
    e->k = nd_kernel_new(e->a, &opts);
    return e;
}

static int setup(void **state)
{
    *state = env_new(FACTS);
    return 0;
}

static int setup_live(void **state)
{
    *state = env_new(NULL);
    return 0;
}

static int teardown(void **state)
{
    struct env *e = *state;

    nd_kernel_free(e->k);
    nd_arena_free(e->a);
    free(e);
    return 0;
}

static void test_release(void **state)
{
    struct env *e = *state, *none = env_new("/nonexistent");
    const char *why = NULL;

    assert_string_equal(nd_kernel_release(e->k), "6.18.0");
    assert_int_equal(nd_kernel_version(e->k), 6 << 16 | 18 << 8);
    assert_string_equal(nd_kernel_arch(e->k), "x86_64");
    assert_int_equal(nd_kernel_version(none->k), 0);
    assert_null(nd_kernel_btf(none->k, &why));
    assert_non_null(why);
    assert_int_equal(nd_kernel_tracefs(none->k, &why), -1);
    assert_non_null(why);
    teardown((void **)&none);
}

static const struct nd_tp_field *field(const struct nd_tp_format *f, const char *name)
{
    for (uint32_t i = 0; i < f->nfields; i++)
        if (!strcmp(f->fields[i].name, name))
            return &f->fields[i];
    fail_msg("no field %s", name);
    return NULL;
}

static void test_format(void **state)
{
    struct env *e = *state;
    const struct nd_tp_format *f, *again;
    const char *why;

    assert_int_equal(nd_kernel_tracepoint(e->k, "net", "net_dev_queue", &f, &why), 0);
    assert_int_equal(f->nfields, 3);
    assert_string_equal(f->fields[0].name, "skbaddr");
    assert_string_equal(f->fields[0].type, "void *");
    assert_int_equal(f->fields[0].off, 8);
    assert_int_equal(f->fields[0].size, 8);
    assert_true(field(f, "name")->data_loc);
    assert_string_equal(field(f, "name")->type, "__data_loc char[]");
    assert_true(strncmp(f->print_fmt, "\"dev=%s", 7) == 0);
    assert_int_equal(nd_kernel_tracepoint(e->k, "net", "net_dev_queue", &again, &why), 0);
    assert_ptr_equal(f, again);
    assert_int_equal(nd_kernel_tracepoint(e->k, "net", "nope", &f, &why), -2);
    assert_null(f);
    assert_int_equal(nd_kernel_tracepoint(e->k, "net", "../net/net_dev_queue", &f, &why), -2);
    assert_int_equal(nd_kernel_tracepoint(e->k, "raw_syscalls", "sys_enter", &f, &why), 0);
    assert_int_equal(field(f, "args")->nelems, 6);
    assert_int_equal(field(f, "args")->size, 48);
    assert_int_equal(nd_kernel_tracepoint(e->k, "syscalls", "sys_enter_openat", &f, &why), 0);
    assert_string_equal(field(f, "filename")->type, "const char *");
}

static void check(const struct nd_tp_format *f, const char *name, const char *type, uint32_t off,
                  uint32_t size, uint32_t nelems)
{
    const struct nd_tp_field *x = field(f, name);

    assert_string_equal(x->type, type);
    assert_int_equal(x->off, off);
    assert_int_equal(x->size, size);
    assert_int_equal(x->nelems, nelems);
}

static void test_format_forms(void **state)
{
    struct env *e = *state;
    const struct nd_tp_format *f;
    const char *why;

    assert_int_equal(nd_kernel_tracepoint(e->k, "test", "all_forms", &f, &why), 0);
    assert_int_equal(f->id, 4242);
    assert_int_equal(f->nfields, 11);
    check(f, "comm", "char", 8, 16, 16);
    check(f, "args", "unsigned long", 24, 48, 6);
    check(f, "name", "__data_loc char[]", 72, 4, 0);
    assert_true(field(f, "name")->data_loc && !field(f, "name")->rel_loc);
    check(f, "bits", "__rel_loc unsigned long[]", 76, 4, 0);
    assert_true(field(f, "bits")->rel_loc && !field(f, "bits")->data_loc);
    check(f, "filename", "const char *", 80, 8, 0);
    check(f, "reason", "enum skb_drop_reason", 88, 4, 0);
    check(f, "grid", "s16", 92, 16, 8);
    assert_true(field(f, "grid")->is_signed);
    check(f, "function", "void (*)(struct timer_list *)", 112, 8, 0);
    check(f, "addr", "__u8", 120, 16, 16);
    check(f, "list", "__be32", 136, 12, 3);
    check(f, "delta", "long long", 152, 8, 0);
    assert_non_null(strstr(f->print_fmt, "second line"));
}

struct list {
    char text[4096];
    int n, stop;
};

static int add_event(void *arg, const char *category, const char *event)
{
    struct list *l = arg;

    snprintf(l->text + strlen(l->text), sizeof(l->text) - strlen(l->text), "%s:%s ", category,
             event);
    return ++l->n == l->stop ? -7 : 0;
}

static int add_name(void *arg, const char *name)
{
    return add_event(arg, "", name);
}

static void test_each_tracepoint(void **state)
{
    struct env *e = *state;
    struct list l = {0}, one = {0}, stop = {.stop = 2}, none = {0};
    const char *why;

    assert_int_equal(nd_kernel_each_tracepoint(e->k, "ne*", "net*x*", add_event, &l, &why), 0);
    assert_string_equal(l.text, "net:net_dev_start_xmit net:net_dev_xmit net:netif_rx ");
    assert_int_equal(nd_kernel_each_tracepoint(e->k, "irq", "softirq_entry", add_event, &one, &why),
                     0);
    assert_string_equal(one.text, "irq:softirq_entry ");
    assert_int_equal(nd_kernel_each_tracepoint(e->k, "*", "*", add_event, &stop, &why), -7);
    assert_int_equal(stop.n, 2);
    assert_int_equal(nd_kernel_each_tracepoint(e->k, "x*", "*", add_event, &none, &why), 0);
    assert_int_equal(nd_kernel_each_tracepoint(e->k, "net", "nope", add_event, &none, &why), 0);
    assert_int_equal(none.n, 0);
}

static void test_raw_tracepoint(void **state)
{
    struct env *e = *state;
    struct nd_btf *btf = nd_kernel_btf(e->k, NULL);
    const struct nd_func_sig *s;
    struct list l = {0};

    assert_int_equal(nd_kernel_raw_tracepoint(e->k, "kfree_skb", &s), 0);
    assert_int_equal(s->btf_id, nd_btf_find(btf, ND_BTF_TYPEDEF, "btf_trace_kfree_skb"));
    assert_int_equal(s->nparams, 4);
    assert_string_equal(s->params[0].name, "skb");
    assert_string_equal(s->params[1].name, "location");
    assert_string_equal(s->params[2].name, "reason");
    assert_string_equal(s->params[3].name, "rx_sk");
    assert_string_equal(nd_btf_type_text(btf, s->params[2].type, e->a), "enum skb_drop_reason");
    assert_string_equal(nd_btf_type_text(btf, s->params[0].type, e->a), "struct sk_buff *");
    assert_int_equal(nd_kernel_raw_tracepoint(e->k, "old_event", &s), 0);
    assert_int_equal(s->nparams, 2);
    assert_string_equal(s->params[0].name, "arg0");
    assert_string_equal(s->params[1].name, "arg1");
    assert_int_equal(nd_kernel_raw_tracepoint(e->k, "stub_event", &s), 0);
    assert_string_equal(s->params[0].name, "packet");
    assert_int_equal(nd_kernel_raw_tracepoint(e->k, "nope", &s), -2);
    assert_int_equal(nd_kernel_each_raw_tracepoint(e->k, "sys_*", add_name, &l), 0);
    assert_string_equal(l.text, ":sys_enter :sys_exit ");
}

static void test_functions(void **state)
{
    struct env *e = *state;
    const struct nd_func_sig *s;
    struct list l = {0}, one = {0}, mod = {0}, dot = {0};

    assert_int_equal(nd_kernel_func(e->k, "", "vfs_read", &s), 0);
    assert_int_equal(s->nparams, 4);
    assert_string_equal(s->params[2].name, "count");
    assert_int_equal(nd_btf_size(nd_kernel_btf(e->k, NULL), s->ret), 8);
    assert_false(s->variadic);
    assert_int_equal(nd_kernel_func(e->k, "", "sk_buff", &s), -2);
    assert_int_equal(nd_kernel_each_func(e->k, "tcp_v4_*", add_event, &l), 0);
    assert_string_equal(l.text, ":tcp_v4_connect :tcp_v4_fill_cb :tcp_v4_fill_cb.isra.0 "
                                ":tcp_v4_fill_cb.part.1 :tcp_v4_rcv ");
    assert_int_equal(nd_kernel_each_func(e->k, "tcp_connect", add_event, &one), 0);
    assert_string_equal(one.text, ":tcp_connect ");
    assert_int_equal(nd_kernel_each_func(e->k, "ovs_*", add_event, &mod), 0);
    assert_string_equal(mod.text,
                        "openvswitch:ovs_ct_update_key.isra.0 openvswitch:ovs_dp_process_packet "
                        "openvswitch:ovs_vport_receive ");
    assert_int_equal(nd_kernel_each_func(e->k, "__netif_*.constprop.*", add_event, &dot), 0);
    assert_string_equal(dot.text, ":__netif_receive_skb_core.constprop.0 ");
}

static void test_symbols(void **state)
{
    struct env *e = *state;

    assert_true(nd_kernel_symbol(e->k, "tcp_v4_rcv") == 0xffffffff81b3f2e0ull);
    assert_true(nd_kernel_symbol(e->k, "jiffies") == 0xffffffff82605a20ull);
    assert_true(nd_kernel_symbol(e->k, "ovs_vport_receive") == 0xffffffffc0301000ull);
    assert_true(nd_kernel_symbol(e->k, "_text") == 0xffffffff81000000ull);
    assert_true(nd_kernel_symbol(e->k, "text") == 0);
    assert_true(nd_kernel_symbol(e->k, "tcp_v4") == 0);
    assert_true(nd_kernel_symbol(e->k, "openvswitch") == 0);
    assert_true(nd_kernel_symbol(e->k, "") == 0);
}

static void test_registers(void **state)
{
    uint32_t off;

    (void)state;
    assert_true(nd_arch_reg("x86_64", "di", &off) && off == 112);
    assert_true(nd_arch_reg("x86_64", "rdi", &off) && off == 112);
    assert_true(nd_arch_reg("x86_64", "ss", &off) && off == 160);
    assert_true(nd_arch_reg("x86_64", "r15", &off) && off == 0);
    assert_true(nd_arch_reg("aarch64", "x30", &off) && off == 240);
    assert_true(nd_arch_reg("aarch64", "pc", &off) && off == 256);
    assert_false(nd_arch_reg("aarch64", "di", &off));
    assert_false(nd_arch_reg("vax", "r0", &off));
    assert_string_equal(nd_arch_arg_reg("x86_64", 5), "r9");
    assert_null(nd_arch_arg_reg("x86_64", 6));
    assert_string_equal(nd_arch_arg_reg("aarch64", 7), "x7");
    assert_null(nd_arch_arg_reg("aarch64", 8));
    assert_string_equal(nd_arch_ret_reg("aarch64"), "x0");
    assert_null(nd_arch_ret_reg("vax"));
}

// ---- the machine's own kernel ----------------------------------------------------------------

struct live {
    struct nd_kernel *k;
    int n;
};

static int live_event(void *arg, const char *category, const char *event)
{
    struct live *l = arg;
    const struct nd_tp_format *f;
    const char *why = NULL;
    uint32_t end = 8; // after the common fields

    if (nd_kernel_tracepoint(l->k, category, event, &f, &why))
        fail_msg("%s:%s: %s", category, event, why ? why : "gone");
    for (uint32_t i = 0; i < f->nfields; i++) {
        const struct nd_tp_field *x = &f->fields[i];

        if (x->off < end || !*x->name || !*x->type || strchr(x->name, ' '))
            fail_msg("%s:%s: field %s at %u", category, event, x->name, x->off);
        if ((x->data_loc || x->rel_loc) ? x->size != 4 : !!strchr(x->type, '['))
            fail_msg("%s:%s: field %s of type %s", category, event, x->name, x->type);
        if (x->nelems && (x->size % x->nelems || x->size / x->nelems > 8))
            fail_msg("%s:%s: %u of %s[%u]", category, event, x->size, x->name, x->nelems);
        end = x->off + x->size;
    }
    l->n++;
    return 0;
}

static int live_raw(void *arg, const char *event)
{
    struct live *l = arg;
    const struct nd_func_sig *s;

    if (nd_kernel_raw_tracepoint(l->k, event, &s))
        fail_msg("raw tracepoint %s", event);
    for (uint32_t i = 0; i < s->nparams; i++)
        assert_true(*s->params[i].name && s->params[i].type);
    l->n++;
    return 0;
}

static void test_live(void **state)
{
    struct env *e = *state;
    struct live l = {.k = e->k};
    const char *why = NULL;

    if (geteuid() != 0 || access("/sys/kernel/btf/vmlinux", R_OK) != 0)
        skip();
    assert_int_equal(nd_kernel_each_tracepoint(e->k, "*", "*", live_event, &l, &why), 0);
    assert_true(l.n > 100);
    printf("%d formats\n", l.n);
    l.n = 0;
    assert_int_equal(nd_kernel_each_raw_tracepoint(e->k, "*", live_raw, &l), 0);
    assert_true(l.n > 100);
    printf("%d raw tracepoints\n", l.n);
}

int main(void)
{
#define RECORDED(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        RECORDED(test_release),
        RECORDED(test_format),
        RECORDED(test_format_forms),
        RECORDED(test_each_tracepoint),
        RECORDED(test_raw_tracepoint),
        RECORDED(test_functions),
        RECORDED(test_symbols),
        RECORDED(test_registers),
        cmocka_unit_test_setup_teardown(test_live, setup_live, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
