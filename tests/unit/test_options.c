// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of a script: every kind of option, good and bad, by whole runs of objects
// without programs. Must not know the compiler.
#include "object.h"

static uint32_t word(struct obj *o, const char *s)
{
    uint32_t off = nd_mfb_str(o->b, s);

    return nd_mfb_add(o->b, ND_SEC_WORDS, &off, 1);
}

struct opt_spec {
    const char *flag;
    uint32_t kind, type, size, flags, cap;
};

static const struct opt_spec specs[] = {
    {"count", ND_OPT_INT, ND_T_INT, 8, 0, 1},
    {"all", ND_OPT_BOOL, ND_T_BOOL, 8, 0, 1},
    {"name", ND_OPT_STRING, ND_T_STRING, 64, 0, 1},
    {"interval", ND_OPT_DURATION, ND_T_DURATION, 8, ND_OPTF_DEFAULT, 1},
    {"device", ND_OPT_IFNAME, ND_T_IFNAME, sizeof(struct nd_ifname), 0, 1},
    {"src-ip", ND_OPT_IP, ND_T_IP, 16, 0, 1},
    {"net", ND_OPT_PREFIX, ND_T_PREFIX, 20, 0, 1},
    {"mac", ND_OPT_MAC, ND_T_MAC, 6, 0, 1},
    {"port", ND_OPT_PORT, ND_T_PORT, 2, ND_OPTF_LIST, 4},
    {"proto", ND_OPT_PROTO, ND_T_PROTO, 1, 0, 1},
    {"qemu-pid", ND_OPT_PID, ND_T_INT, 4, 0, 1},
    {"config", ND_OPT_PATH, ND_T_STRING, 256, 0, 1},
    {"direction", ND_OPT_ENUM, ND_T_INT, 8, 0, 1},
};
#define NSPECS (sizeof(specs) / sizeof(*specs))

// begin: for each option: printf("FLAG given=%d n=%d v=%s\n")
static void begin_hook(struct obj *o)
{
    struct nd_mf_insn code[NSPECS * 4 + 1];
    struct nd_mf_hook h = {.kind = ND_HOOK_BEGIN, .period_opt = ND_MF_NONE};
    char text[64];
    uint32_t i, n = 0;

    for (i = 0; i < NSPECS; i++) {
        snprintf(text, sizeof(text), "%s given=%%d n=%%d v=%%s\n", specs[i].flag);
        code[n++] = (struct nd_mf_insn){ND_VM_OPT_HAS, 0, 0, (int32_t)i};
        code[n++] = (struct nd_mf_insn){ND_VM_OPT_COUNT, 0, 0, (int32_t)i};
        code[n++] = (struct nd_mf_insn){ND_VM_OPT, 0, 0, (int32_t)i};
        code[n++] = (struct nd_mf_insn){ND_VM_PRINTF, 3, 0, (int32_t)nd_mfb_str(o->b, text)};
    }
    code[n++] = (struct nd_mf_insn){ND_VM_RET, 0, 0, 0};
    h.func = add_func(o, 0, 0, code, n);
    nd_mfb_add(o->b, ND_SEC_HOOKS, &h, 1);
}

static void make(struct obj *o, bool required)
{
    struct nd_mf_hook every = {.kind = ND_HOOK_EVERY, .period_opt = 3};
    struct nd_mf_insn exit_code[] = {
        {ND_VM_INT, 0, 0, 0}, {ND_VM_EXIT, 0, 0, 0}, {ND_VM_RET, 0, 0, 0}};
    struct nd_mf_hook begin = {.kind = ND_HOOK_BEGIN, .period_opt = ND_MF_NONE};
    int64_t five = 5000000000;
    uint32_t i, off = sizeof(struct nd_mf_scope), def;

    obj_begin(o);
    nd_mfb_header(o->b)->title = nd_mfb_str(o->b, "Shows options.");
    def = nd_mfb_add(o->b, ND_SEC_BLOB, &five, 8);
    for (i = 0; i < NSPECS; i++) {
        struct nd_mf_option op = {.kind = specs[i].kind,
                                  .file = ND_MF_NONE,
                                  .flags = specs[i].flags,
                                  .stride = specs[i].size,
                                  .cap = specs[i].cap};

        op.name = op.flag = nd_mfb_str(o->b, specs[i].flag);
        op.help = nd_mfb_str(o->b, "a help text");
        op.type =
            add_type(o, specs[i].kind == ND_OPT_ENUM ? ND_T_INT : specs[i].type, specs[i].size);
        op.given_off = off;
        op.count_off = off + 4;
        op.off = off + 8;
        off += 8 + ((op.stride * op.cap + 7) & ~7u);
        if (specs[i].kind == ND_OPT_INT) {
            ((struct nd_mf_type *)nd_mfb_at(o->b, ND_SEC_TYPES, op.type))->flags = ND_TF_SIGNED;
            op.min = -5;
            op.max = 100;
        }
        if (specs[i].flags & ND_OPTF_DEFAULT) {
            op.def = def;
            op.ndef = 1;
            op.def_text = nd_mfb_str(o->b, "5s");
        }
        if (specs[i].kind == ND_OPT_ENUM) {
            op.names = word(o, "rx");
            word(o, "tx");
            op.nnames = 2;
        }
        if (specs[i].kind == ND_OPT_IFNAME) {
            op.alias = word(o, "dev");
            word(o, "q");
            op.nalias = 2;
            if (required)
                op.flags |= ND_OPTF_REQUIRED;
        }
        nd_mfb_add(o->b, ND_SEC_OPTIONS, &op, 1);
    }
    nd_mfb_header(o->b)->opts_size = off;
    begin_hook(o);
    exit_code[0].c = (int32_t)nd_mfb_const(o->b, 0);
    begin.func = add_func(o, 0, 0, exit_code, 3);
    every.func = begin.func;
    nd_mfb_add(o->b, ND_SEC_HOOKS, &begin, 1);
    nd_mfb_add(o->b, ND_SEC_HOOKS, &every, 1);
    obj_end(o, PRELUDE "const volatile char nd_opts[1024] = {1};\n");
}

static void test_values(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    make(&o, false);
    RUN(&r, &o, "--count", "-5", "--all", "--name=x y", "--interval", "200ms", "-q", "lo",
        "--src-ip", "fd00::1", "--net", "10.1.2.3/8", "--mac", "52:54:00:AB:cd:ef", "--port",
        "80,443", "--port=22", "--proto", "tcp", "--qemu-pid", "17", "--config=/etc/x",
        "--direction", "TX");
    expect(&r, 0, "count given=1 n=1 v=-5\n", NULL);
    expect(&r, 0, "all given=1 n=1 v=true\n", NULL);
    expect(&r, 0, "name given=1 n=1 v=x y\n", NULL);
    expect(&r, 0, "interval given=1 n=1 v=200", NULL);
    expect(&r, 0, "device given=1 n=1 v=lo\n", NULL);
    expect(&r, 0, "src-ip given=1 n=1 v=fd00::1\n", NULL);
    expect(&r, 0, "net given=1 n=1 v=10.0.0.0/8\n", NULL);
    expect(&r, 0, "mac given=1 n=1 v=52:54:00:ab:cd:ef\n", NULL);
    expect(&r, 0, "port given=1 n=3 v=80\n", NULL);
    expect(&r, 0, "proto given=1 n=1 v=TCP\n", NULL);
    expect(&r, 0, "qemu-pid given=1 n=1 v=17\n", NULL);
    expect(&r, 0, "config given=1 n=1 v=/etc/x\n", NULL);
    expect(&r, 0, "direction given=1 n=1 v=1\n", NULL);
    obj_free(&o);
}

static void test_defaults(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    make(&o, false);
    RUN(&r, &o, "--all=false");
    expect(&r, 0, "interval given=0 n=1 v=5", NULL);
    expect(&r, 0, "count given=0 n=0 v=0\n", NULL);
    expect(&r, 0, "all given=1 n=1 v=false\n", NULL);
    obj_free(&o);
}

static void test_bad(void **state)
{
    static const struct {
        const char *words[3], *message;
    } cases[] = {
        {{"--cuont", "3"}, "unknown option --cuont; did you mean --count?"},
        {{"--duratoin", "3"}, "did you mean --duration?"},
        {{"--zzzzzz"}, "unknown option --zzzzzz; --help lists the options"},
        {{"--count"}, "--count needs a value (int)"},
        {{"--count", "--all"}, "--count needs a value"},
        {{"--count", "abc"}, "--count: \"abc\" is not a whole number, -5 to 100"},
        {{"--count", "101"}, "--count: 101 is out of range: it must be -5 to 100"},
        {{"--count", "99999999999999999999"}, "is not a whole number"},
        {{"--count", ""}, "is not a whole number"},
        {{"--count=1", "--count=2"}, "--count is given twice"},
        {{"--all=maybe"}, "\"maybe\" must be true or false"},
        {{"--device", "nonesuch0"}, "there is no device \"nonesuch0\"; the devices are: "},
        {{"--dev", "averylongdevicename"}, "they have 1 to 15 characters"},
        {{"--src-ip", "10.0.0.256"}, "\"10.0.0.256\" is not an IPv4 or IPv6 address"},
        {{"--net", "10.0.0.0/33"}, "the prefix length must be between 0 and 32"},
        {{"--net", "fd00::/129"}, "the prefix length must be between 0 and 128"},
        {{"--mac", "52:54:00:12:34"}, "is not a MAC address"},
        {{"--mac", "52:54:00:12:34:567"}, "is not a MAC address"},
        {{"--mac", "52:54:00:12:34:56:"}, "is not a MAC address"},
        {{"--mac", "52:54::12:34:56"}, "is not a MAC address"},
        {{"--device", ""}, "\"\" is not a device name"},
        {{"--net", "10.0.0.0/"}, "the prefix length must be between 0 and 32"},
        {{"--mac", "52:54:00:12:34:5x"}, "is not a MAC address"},
        {{"--port", "0"}, "\"0\" is not a port: it must be between 1 and 65535"},
        {{"--port", "70000"}, "\"70000\" is not a port"},
        {{"--port", "1,2,3,4,5"}, "--port takes at most 4 values"},
        {{"--port", "1,,2"}, "\"\" is not a port"},
        {{"--proto", "xyz"}, "\"xyz\" is not a protocol"},
        {{"--proto", "256"}, "\"256\" is not a protocol"},
        {{"--qemu-pid", "0"}, "\"0\" is not a process id"},
        {{"--interval", "0"}, "--interval must be at least 1ms"},
        {{"--interval", "999us"}, "--interval must be at least 1ms"},
        {{"--interval", "-1"}, "\"-1\" is not a duration"},
        {{"--interval", "5 parsecs"}, "\"5 parsecs\" is not a duration"},
        {{"--direction", "up"}, "\"up\" is not one of: rx, tx"},
        {{"stray"}, "unexpected argument \"stray\""},
        {{"--format", "xml"}, "unknown format \"xml\""},
        {{"--duration", "x"}, "--duration: \"x\" is not a duration"},
        {{"-o"}, "-o needs a value"},
    };
    struct result r;
    struct obj o;
    size_t i;

    (void)state;
    make(&o, false);
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        RUN(&r, &o, cases[i].words[0], cases[i].words[1], cases[i].words[2]);
        expect(&r, 2, NULL, cases[i].message);
        assert_string_equal(r.out, "");
    }
    obj_free(&o);
}

static void test_required(void **state)
{
    struct result r;
    char usage[128]; // with the name that was typed
    struct obj o;

    (void)state;
    make(&o, true);
    snprintf(usage, sizeof(usage), "usage: ndtrace %s [OPTIONS]", o.o);
    RUN(&r, &o, "--count", "1");
    expect(&r, 2, NULL, "--device is required: a help text");
    expect(&r, 2, NULL, usage);
    RUN(&r, &o, "--device=lo");
    expect(&r, 0, "device given=1", NULL);
    obj_free(&o);
}

static void test_help(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    make(&o, true);
    RUN(&r, &o, "--help");
    expect(&r, 0, "Shows options.\n", NULL);
    expect(&r, 0, "--count int", NULL);
    expect(&r, 0, "(default: 5s)", NULL);
    expect(&r, 0, "(required) (also: --dev, -q)", NULL);
    expect(&r, 0, "{rx, tx}", NULL);
    expect(&r, 0, "--port port,...", NULL);
    expect(&r, 0, "General flags:", NULL);
    obj_free(&o);
}

// -q is an alias of the script's --device here; -v stays the general flag.
static void test_general_behind(void **state)
{
    struct result r;
    struct obj o;

    (void)state;
    make(&o, false);
    RUN(&r, &o, "-q", "lo", "-f", "json");
    expect(&r, 0, "\"type\":\"header\"", NULL);
    expect(&r, 0, "\"type\":\"summary\"", NULL);
    RUN(&r, &o, "-q", "nonesuch0");
    expect(&r, 2, NULL, "there is no device");
    obj_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values), cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_bad),    cmocka_unit_test(test_required),
        cmocka_unit_test(test_help),   cmocka_unit_test(test_general_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
