// SPDX-License-Identifier: GPL-2.0-or-later
// Random instructions whose indexes are good, as the check of a manifest leaves them: whatever they
// do must end in a result or a message. Meant to run under the sanitizers too.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "vm_code.h"

#define PROGRAMS 10000
#define LENGTH 40

static uint32_t next(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(*seed >> 33) % below;
}

static bool always(void *arg)
{
    (void)arg;
    return true;
}

static uint32_t losses(void *arg, const struct nd_loss **out)
{
    (void)arg;
    *out = NULL;
    return 0;
}

// Types of every kind with a size that fits it, and maps over some of them.
static void types(struct fixture *x)
{
    static const struct {
        uint8_t kind;
        uint16_t size;
    } t[] = {{ND_T_ENUM, 4},
             {ND_T_PTR, 8},
             {ND_T_MAC, 6},
             {ND_T_PORT, 2},
             {ND_T_PROTO, 1},
             {ND_T_IFNAME, sizeof(struct nd_ifname)},
             {ND_T_KSTACK, 4},
             {ND_T_USTACK, 8},
             {ND_T_KSYM, 8},
             {ND_T_USYM, 16},
             {ND_T_CGROUP, 8},
             {ND_T_USERNAME, 4},
             {ND_T_COUNT, 8},
             {ND_T_SUM, 8},
             {ND_T_MIN, 16},
             {ND_T_AVG, 16},
             {ND_T_STATS, 16},
             {ND_T_HIST, 520},
             {ND_T_DIST, sizeof(struct nd_dist)},
             {ND_T_INT, 1},
             {ND_T_STRFTIME, 8},
             {ND_T_MAX, 16},
             {ND_T_INT, 2}};
    uint32_t tuple, arr, row, i;
    const struct nd_mf_column columns[] = {{.div = 1}, {.div = 10, .flags = ND_COLF_RIGHT}};
    struct nd_mf_table table = {.count = 2};
    struct nd_mf_type *a;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
        add_type(x->b, t[i].kind, t[i].size, i & 1, "n");
    tuple = add_type(x->b, ND_T_TUPLE, 40, 0, "");
    add_field(x->b, tuple, "", x->t_i32, 0, 0, 0);
    add_field(x->b, tuple, "", x->t_str, 4, 0, 0);
    add_field(x->b, tuple, "", x->t_ip, 20, 0, 0);
    add_field(x->b, tuple, "", x->t_i32, 36, 3, 5);
    arr = add_type(x->b, ND_T_ARRAY, 120, 0, "");
    a = nd_mfb_at(x->b, ND_SEC_TYPES, arr);
    a->elem = tuple;
    a->count = 3;
    row = add_type(x->b, ND_T_STRUCT, 32, 0, "row");
    add_field(x->b, row, "a", x->t_str, 0, 0, 0);
    add_field(x->b, row, "b", x->t_i64, 16, 0, 0);
    add_field(x->b, row, ND_MF_ABSENT, x->t_u64, 24, 0, 0);
    table.type = row;
    nd_mfb_add(x->b, ND_SEC_COLUMNS, columns, 2);
    nd_mfb_add(x->b, ND_SEC_TABLES, &table, 1);
    add_map(x->b, "@a", tuple, x->t_i64);
    add_map(x->b, "@b", x->t_str, nd_mfb_count(x->b, ND_SEC_TYPES) - 8); // hist
    add_map(x->b, "@c", ND_MF_NONE, x->t_str);
    add_map(x->b, "@d", x->t_ip, nd_mfb_count(x->b, ND_SEC_TYPES) - 10); // avg
    add_map(x->b, "@e", arr, tuple);
    add_map(x->b, "@f", x->t_i32, x->t_dbl);
}

static int32_t operand(struct fixture *x, uint64_t *seed, uint8_t code)
{
    switch (code) {
    case ND_VM_INT:
    case ND_VM_DBL:
        return (int32_t)next(seed, nd_mfb_count(x->b, ND_SEC_CONSTS));
    case ND_VM_STR:
    case ND_VM_PRINTF:
    case ND_VM_SPRINTF:
        return (int32_t)next(seed, nd_mfb_count(x->b, ND_SEC_STRINGS));
    case ND_VM_BYTES:
        return (int32_t)next(seed, 100);
    case ND_VM_LOCAL:
    case ND_VM_SET:
        return (int32_t)next(seed, 4);
    case ND_VM_JMP:
    case ND_VM_JZ:
    case ND_VM_JNZ:
        return (int32_t)next(seed, LENGTH + 1);
    case ND_VM_FIELD:
        return (int32_t)next(seed, nd_mfb_count(x->b, ND_SEC_FIELDS));
    case ND_VM_CALL:
        return (int32_t)next(seed, 2);
    case ND_VM_BUILTIN:
        return (int32_t)next(seed, ND_BI_MAX);
    case ND_VM_HEAD:
    case ND_VM_ROW:
        return 0;
    case ND_VM_TABLE:
    case ND_VM_REPORT:
        return 1;
    }
    return (int32_t)next(seed, 6);
}

static void program(struct fixture *x, uint64_t *seed)
{
    static const int64_t v[] = {0, 1, -1, 2, 3, 64, 1500, INT64_MAX, INT64_MIN, 0x3ff0000000000000};
    static const uint32_t words[] = {0, 0, 1, 2, 3, 4, 5};
    static const uint8_t blob[8192] = {1, 0, 0, 0, 200};
    uint32_t f, i;

    for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
        nd_mfb_const(x->b, (uint64_t)v[i]);
    nd_mfb_str(x->b, "text %s %-8d|%*.*f %x %t %r%c%%");
    nd_mfb_add(x->b, ND_SEC_WORDS, words, 7);
    nd_mfb_add(x->b, ND_SEC_BLOB, blob, sizeof(blob));
    for (f = 0; f < 2; f++) {
        for (i = 0; here(x) < LENGTH; i++) {
            // values first, and more often than what consumes them
            bool value = i < 12 || !next(seed, 3);
            uint8_t code = (uint8_t)(value ? ND_VM_INT + next(seed, 5) : next(seed, ND_VM_OP_MAX));

            op(x, code, (int)next(seed, next(seed, 4) ? 5 : 11),
               (int)next(seed, nd_mfb_count(x->b, ND_SEC_TYPES)), operand(x, seed, code));
            if (code == ND_VM_ITER_NEW) // most of what is done with it needs an entry
                op(x, ND_VM_ITER_LOAD, 1, 0, 1);
        }
        func(x, "random", f, 4);
    }
}

static void random_programs(void **state)
{
    uint64_t seed = 20261122;
    uint32_t i, ok = 0, kinds = 0;

    (void)state;
    while (nd_sink_kind_at(kinds))
        kinds++;
    for (i = 0; i < PROGRAMS; i++) {
        struct fixture *x = calloc(1, sizeof(*x));
        struct nd_sink_opts o = {.kind = nd_sink_kind_at(i % kinds), .path = "/dev/null"};
        int err;

        start(x);
        types(x);
        program(x, &seed);
        x->env.interrupted = always;
        x->env.losses = losses;
        ready(x);
        nd_sink_close(x->env.sink);
        x->env.sink = nd_sink_new(&o, &x->f);
        nd_vm_free(x->vm);
        x->vm = nd_vm_new(&x->env);
        err = nd_vm_call(x->vm, 0, 0, NULL, NULL);
        assert_true(err <= 0);
        assert_int_equal(err < 0, *nd_vm_error(x->vm) != '\0'); // an error has a text, success none
        ok += !err;
        stop(x);
        free(x);
    }
    assert_true(ok > 0);
    print_message("%u of %u ran to their end\n", ok, PROGRAMS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_programs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
