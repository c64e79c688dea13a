// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of the model, each by a program of a few instructions that breaks it, and one that does
// not.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "ov.h"

#include <stdlib.h>
#include <string.h>

#define I(c, d, s, o, i)                                                    \
    (struct bpf_insn)                                                       \
    {                                                                       \
        .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) \
    }
#define MOV(d, i) I(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define MOVR(d, s) I(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOVR32(d, s) I(BPF_ALU | BPF_MOV | BPF_X, d, s, 0, 0)
#define OP(op, d, i) I(BPF_ALU64 | (op) | BPF_K, d, 0, 0, i)
#define OPR(op, d, s) I(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
#define LDX(size, d, s, o) I(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define STX(size, d, o, s) I(BPF_STX | BPF_MEM | (size), d, s, o, 0)
#define ADDX(d, o, s) I(BPF_STX | BPF_ATOMIC | BPF_DW, d, s, o, BPF_ADD)
#define JMP(op, d, i, o) I(BPF_JMP | (op) | BPF_K, d, 0, o, i)
#define JMP32(op, d, i, o) I(BPF_JMP32 | (op) | BPF_K, d, 0, o, i)
#define GOTO(o) I(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define CALL(f) I(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define MAP(d, n) I(BPF_LD | BPF_IMM | BPF_DW, d, 1, 0, n), I(0, 0, 0, 0, 0) // imm: which of maps[]

static const struct ov_map maps[] = {
    {.name = "hist", .type = BPF_MAP_TYPE_PERCPU_ARRAY, .key = 4, .value = 65 * 8},
    {.name = "perf", .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY, .key = 4, .value = 4},
};

static struct ov_said said;

static bool run(const struct bpf_insn *code, uint32_t n, enum ov_kernel k)
{
    struct ov_ref *refs = calloc(n + 1, sizeof(*refs));
    struct ov_prog p = {
        .name = "test", .code = code, .n = n, .refs = refs, .maps = maps, .nmaps = 2};
    uint32_t i;
    bool ok;

    for (i = 0; i < n; i++)
        refs[i].map =
            code[i].code == (BPF_LD | BPF_IMM | BPF_DW) && code[i].src_reg == 1 ? code[i].imm : -1;
    memset(&said, 0, sizeof(said));
    ok = ov_results(&p, &said) && ov_check(&p, k, &said);
    free(refs);
    return ok;
}

#define GOOD(k, ...)                                             \
    do {                                                         \
        const struct bpf_insn code[] = {__VA_ARGS__};            \
        if (!run(code, sizeof(code) / sizeof(code[0]), k))       \
            fail_msg("refused at %u: %s", said.insn, said.text); \
    } while (0)
#define BAD(k, why, ...)                                             \
    do {                                                             \
        const struct bpf_insn code[] = {__VA_ARGS__};                \
        if (run(code, sizeof(code) / sizeof(code[0]), k))            \
            fail_msg("accepted, but: %s", why);                      \
        if (!strstr(said.text, why))                                 \
            fail_msg("\"%s\" is not said, but: %s", why, said.text); \
    } while (0)

// An entry of maps[0] in r0; the key at fp-4.
#define ENTRY                                                                     \
    MOV(1, 0), STX(BPF_W, 10, -4, 1), MOVR(2, 10), OP(BPF_ADD, 2, -4), MAP(1, 0), \
        CALL(BPF_FUNC_map_lookup_elem), JMP(BPF_JNE, 0, 0, 1), EXIT

static void frame(void **state)
{
    (void)state;
    BAD(OV_4_19, "invalid read from stack off -8+0 size 2", LDX(BPF_H, 0, 10, -8), EXIT);
    BAD(OV_5_4, "invalid read from stack off -8+4 size 8", MOV(1, 7), STX(BPF_W, 10, -8, 1),
        LDX(BPF_DW, 0, 10, -8), EXIT);
    // Written on one of two ways.
    BAD(OV_5_4, "invalid read from stack", LDX(BPF_DW, 2, 1, 0), JMP(BPF_JEQ, 2, 0, 2), MOV(1, 7),
        STX(BPF_H, 10, -8, 1), LDX(BPF_H, 0, 10, -8), EXIT);
    GOOD(OV_4_19, LDX(BPF_DW, 2, 1, 0), MOV(3, 0), STX(BPF_DW, 10, -8, 3), JMP(BPF_JEQ, 2, 0, 2),
         MOV(1, 7), STX(BPF_H, 10, -8, 1), LDX(BPF_H, 0, 10, -8), EXIT);
    BAD(OV_4_19, "invalid stack", MOV(1, 0), STX(BPF_DW, 10, -520, 1), EXIT);
    BAD(OV_4_19, "misaligned", MOV(1, 0), STX(BPF_W, 10, -6, 1), EXIT);
    // What a helper reads must be written, all of it.
    BAD(OV_4_19, "invalid indirect read from stack off -16+8 size 16", MOV(2, 0), MOVR(6, 1),
        STX(BPF_DW, 10, -16, 2), MOVR(4, 10), OP(BPF_ADD, 4, -16), MOVR(1, 6), MAP(2, 1),
        MOV(3, -1), MOV(5, 16), CALL(BPF_FUNC_perf_event_output), MOV(0, 0), EXIT);
    // A pointer cannot be among it, nor read in part.
    BAD(OV_4_19, "invalid size of register fill", STX(BPF_DW, 10, -8, 1), LDX(BPF_W, 0, 10, -8),
        EXIT);
    BAD(OV_5_4, "variable stack access", LDX(BPF_DW, 2, 1, 0), OP(BPF_AND, 2, 8), MOV(3, 0),
        STX(BPF_DW, 10, -8, 3), STX(BPF_DW, 10, -16, 3), MOVR(4, 10), OP(BPF_ADD, 4, -16),
        OPR(BPF_ADD, 4, 2), LDX(BPF_DW, 0, 4, 0), EXIT);
}

static void spilled(void **state)
{
    (void)state;
    // Bounds are gone once a number was on the stack.
    BAD(OV_4_19, "unbounded min value", LDX(BPF_DW, 6, 1, 0), ENTRY, OP(BPF_AND, 6, 63),
        STX(BPF_DW, 10, -16, 6), LDX(BPF_DW, 7, 10, -16), OP(BPF_LSH, 7, 3), OPR(BPF_ADD, 0, 7),
        LDX(BPF_DW, 0, 0, 0), EXIT);
    GOOD(OV_4_19, LDX(BPF_DW, 6, 1, 0), ENTRY, STX(BPF_DW, 10, -16, 6), LDX(BPF_DW, 7, 10, -16),
         OP(BPF_AND, 7, 63), OP(BPF_LSH, 7, 3), OPR(BPF_ADD, 0, 7), LDX(BPF_DW, 0, 0, 0), EXIT);
    // A constant is known on 5.4 afterwards.
    BAD(OV_4_19, "unbounded min value", ENTRY, MOV(6, 8), STX(BPF_DW, 10, -16, 6),
        LDX(BPF_DW, 7, 10, -16), OPR(BPF_ADD, 0, 7), LDX(BPF_DW, 0, 0, 0), EXIT);
    GOOD(OV_5_4, ENTRY, MOV(6, 8), STX(BPF_DW, 10, -16, 6), LDX(BPF_DW, 7, 10, -16),
         OPR(BPF_ADD, 0, 7), LDX(BPF_DW, 0, 0, 0), EXIT);
    // So is the pointer, on both.
    GOOD(OV_4_19, ENTRY, STX(BPF_DW, 10, -16, 0), LDX(BPF_DW, 7, 10, -16), LDX(BPF_DW, 0, 7, 512),
         EXIT);
}

static void values(void **state)
{
    (void)state;
    BAD(OV_4_19, "invalid access to map value", ENTRY, LDX(BPF_DW, 0, 0, 520), EXIT);
    BAD(OV_4_19, "invalid access to map value", ENTRY, LDX(BPF_DW, 0, 0, -8), EXIT);
    BAD(OV_4_19, "invalid mem access 'map_value_or_null'", MOV(1, 0), STX(BPF_W, 10, -4, 1),
        MOVR(2, 10), OP(BPF_ADD, 2, -4), MAP(1, 0), CALL(BPF_FUNC_map_lookup_elem),
        LDX(BPF_DW, 0, 0, 0), EXIT);
    // Both signs of an offset: unsigned comparison, and a signed one, which is not enough.
    GOOD(OV_4_19, LDX(BPF_DW, 6, 1, 0), ENTRY, JMP(BPF_JGT, 6, 64, 3), OP(BPF_LSH, 6, 3),
         OPR(BPF_ADD, 0, 6), LDX(BPF_DW, 1, 0, 0), MOV(0, 0), EXIT);
    BAD(OV_4_19, "unbounded min value", LDX(BPF_DW, 6, 1, 0), ENTRY, JMP(BPF_JSGT, 6, 64, 3),
        OPR(BPF_ADD, 0, 6), LDX(BPF_DW, 1, 0, 0), GOTO(0), MOV(0, 0), EXIT);
    BAD(OV_4_19, "invalid access to map value", LDX(BPF_DW, 6, 1, 0), ENTRY, JMP(BPF_JGT, 6, 65, 3),
        OP(BPF_LSH, 6, 3), OPR(BPF_ADD, 0, 6), LDX(BPF_DW, 1, 0, 0), MOV(0, 0), EXIT);
    BAD(OV_4_19, "a pointer is written", MOVR(6, 1), ENTRY, STX(BPF_DW, 0, 0, 6), MOV(0, 0), EXIT);
    GOOD(OV_4_19, ENTRY, MOV(1, 1), ADDX(0, 0, 1), MOV(0, 0), EXIT);
    BAD(OV_4_19, "reserved fields", ENTRY, MOV(1, 1),
        I(BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 0, BPF_ADD | BPF_FETCH), MOV(0, 0), EXIT);
}

static void half(void **state)
{
    (void)state;
    BAD(OV_4_19, "unknown opcode", LDX(BPF_DW, 6, 1, 0), JMP32(BPF_JGT, 6, 1, 0), MOV(0, 0), EXIT);
    // A comparison of 32 bits tells nothing of all 64.
    BAD(OV_5_4, "math between map_value pointer", LDX(BPF_DW, 6, 1, 0), ENTRY,
        JMP32(BPF_JGT, 6, 64, 3), OP(BPF_LSH, 6, 3), OPR(BPF_ADD, 0, 6), LDX(BPF_DW, 1, 0, 0),
        MOV(0, 0), EXIT);
    GOOD(OV_5_4, LDX(BPF_W, 6, 1, 0), ENTRY, JMP32(BPF_JGT, 6, 64, 3), OP(BPF_LSH, 6, 3),
         OPR(BPF_ADD, 0, 6), LDX(BPF_DW, 1, 0, 0), MOV(0, 0), EXIT);
    // A copy of 32 bits forgets, on 4.19: what is left of it is 32 bits.
    BAD(OV_4_19, "unbounded memory access", LDX(BPF_B, 6, 1, 0), ENTRY, MOVR32(7, 6),
        OPR(BPF_ADD, 0, 7), LDX(BPF_B, 1, 0, 0), MOV(0, 0), EXIT);
    GOOD(OV_5_4, LDX(BPF_B, 6, 1, 0), ENTRY, MOVR32(7, 6), OPR(BPF_ADD, 0, 7), LDX(BPF_B, 1, 0, 0),
         MOV(0, 0), EXIT);
}

#define READ_STR(size) \
    MOVR(1, 10), OP(BPF_ADD, 1, -16), MOV(2, size), MOV(3, 0), CALL(BPF_FUNC_probe_read_str)

static void results(void **state)
{
    (void)state;
    BAD(OV_4_19, "is compared", READ_STR(8), JMP(BPF_JSLT, 0, 0, 1), MOV(0, 0), EXIT);
    BAD(OV_5_4, "is compared", READ_STR(8), MOVR(6, 0), OP(BPF_ADD, 6, 1), MOV(7, 9),
        I(BPF_JMP | BPF_JEQ | BPF_X, 7, 6, 0, 0), MOV(0, 0), EXIT);
    // Compared later, after a branch.
    BAD(OV_4_19, "is compared", LDX(BPF_DW, 8, 1, 0), MOV(6, 0), JMP(BPF_JEQ, 8, 0, 6), READ_STR(8),
        MOVR(6, 0), JMP(BPF_JEQ, 6, 8, 0), MOV(0, 0), EXIT);
    GOOD(OV_4_19, READ_STR(8), STX(BPF_DW, 10, -24, 0), LDX(BPF_DW, 6, 10, -24),
         JMP(BPF_JSLT, 6, 0, 1), MOV(0, 0), MOV(0, 0), EXIT);
    GOOD(OV_4_19, READ_STR(8), MOV(0, 0), JMP(BPF_JEQ, 0, 0, 0), MOV(0, 0), EXIT);
}

static void helpers(void **state)
{
    (void)state;
    BAD(OV_5_4, "unknown func", MOVR(1, 10), OP(BPF_ADD, 1, -8), MOV(2, 8), MOV(3, 0),
        CALL(BPF_FUNC_probe_read_kernel), MOV(0, 0), EXIT);
    BAD(OV_4_19, "min value is negative", LDX(BPF_DW, 2, 1, 0), MOVR(1, 10), OP(BPF_ADD, 1, -8),
        MOV(3, 0), CALL(BPF_FUNC_probe_read), MOV(0, 0), EXIT);
    BAD(OV_4_19, "cannot pass", MOV(1, 0), STX(BPF_W, 10, -4, 1), MOVR(2, 10), OP(BPF_ADD, 2, -4),
        MAP(1, 1), CALL(BPF_FUNC_map_lookup_elem), MOV(0, 0), EXIT);
    BAD(OV_4_19, "R6 !read_ok", MOVR(0, 6), EXIT);
    BAD(OV_4_19, "R1 !read_ok", CALL(BPF_FUNC_ktime_get_ns), MOVR(0, 1), EXIT);
    // A size that is not known fills an unknown part: all must be written before.
    BAD(OV_4_19, "invalid indirect read", LDX(BPF_DW, 2, 1, 0), OP(BPF_AND, 2, 7), MOVR(1, 10),
        OP(BPF_ADD, 1, -8), MOV(3, 0), CALL(BPF_FUNC_probe_read), MOV(0, 0), EXIT);
}

static void shapes(void **state)
{
    struct bpf_insn *v = calloc(5000, sizeof(*v));
    uint32_t i;

    (void)state;
    BAD(OV_4_19, "back-edge", MOV(0, 9), OP(BPF_SUB, 0, 1), JMP(BPF_JNE, 0, 0, -2), EXIT);
    GOOD(OV_5_4, MOV(0, 9), OP(BPF_SUB, 0, 1), JMP(BPF_JNE, 0, 0, -2), EXIT);
    GOOD(OV_4_19, LDX(BPF_DW, 2, 1, 0), MOV(0, 0), JMP(BPF_JEQ, 2, 0, 2), GOTO(3), EXIT, MOV(0, 1),
         EXIT, JMP(BPF_JEQ, 2, 1, -3), GOTO(-5));
    BAD(OV_4_19, "unreachable", MOV(0, 0), EXIT, MOV(0, 0), EXIT);
    for (i = 0; i < 4096; i++)
        v[i] = MOV(0, 0);
    v[4096] = EXIT;
    assert_false(run(v, 4097, OV_4_19));
    assert_non_null(strstr(said.text, "4096 are allowed"));
    v[4095] = EXIT;
    assert_true(run(v, 4096, OV_4_19));
    assert_true(run(v, 4096, OV_5_4));
    // Twenty tests whose outcomes are all remembered: a million ways.
    for (i = 0; i < 20; i++) {
        v[4 * i] = LDX(BPF_DW, 2, 1, (int16_t)(8 * i));
        v[4 * i + 1] = JMP(BPF_JEQ, 2, 0, 1);
        v[4 * i + 2] = OP(BPF_ADD, 6, 1 << i);
        v[4 * i + 3] = OP(BPF_OR, 6, 0);
    }
    memmove(v + 1, v, 80 * sizeof(*v));
    v[0] = MOV(6, 0);
    v[81] = MOVR(0, 6);
    v[82] = EXIT;
    assert_false(run(v, 83, OV_4_19));
    assert_non_null(strstr(said.text, "more than 131072 steps"));
    free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame),  cmocka_unit_test(spilled), cmocka_unit_test(values),
        cmocka_unit_test(half),   cmocka_unit_test(results), cmocka_unit_test(helpers),
        cmocka_unit_test(shapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
