// SPDX-License-Identifier: GPL-2.0-or-later
// Where a kernel has the fault of twin.h, a program is refused from which the verifier removed what
// a result rules out. Kernels without the fault remove, rightly, what a length above the size would
// need: a test for that takes the place of the compiled one, and the kernel is said to have the
// fault.
#include "testrun.h"

#include <errno.h>
#include <linux/bpf.h>

static const char script[] = "rawtracepoint:sys_enter { @ = str(kptr(arg0), 16) }";

static void make(struct tr *t, bool direct)
{
    struct nd_compile_opts o = {.text = script};
    struct bpf_insn *in;
    struct nd_seal seal;
    uint32_t tests = 0;
    size_t i;

    memset(t, 0, sizeof(*t));
    t->u = nd_unit_new(&o);
    assert_non_null(t->u);
    assert_true(nd_compile(t->u, "finish"));
    t->elf = malloc(t->u->size + sizeof(seal));
    assert_non_null(t->elf);
    memcpy(t->elf, t->u->object, t->u->size);
    // The load after the call becomes a copy, the comparison with the size one that is always true.
    for (i = 0; direct && i + sizeof(*in) <= t->u->size; i += 8) {
        in = (struct bpf_insn *)(void *)((char *)t->elf + i);
        if (in->code == (BPF_STX | BPF_MEM | BPF_DW) && in->src_reg == 0 && in->dst_reg == 10 &&
            in[1].code == (BPF_LDX | BPF_MEM | BPF_DW) && in[1].off == in->off && !in->imm)
            in[1] = (struct bpf_insn){
                .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = in[1].dst_reg, .src_reg = 0};
        if ((in->code == (BPF_JMP | BPF_JEQ | BPF_K) || in->code == (BPF_JMP | BPF_JNE | BPF_K)) &&
            in->imm == 16 && !in->src_reg && in->dst_reg < 10) {
            in->code = BPF_JMP | BPF_JSLE | BPF_K;
            tests++;
        }
    }
    assert_true(!direct || tests);
    seal = nd_mfb_seal_file(t->elf, t->u->size);
    memcpy((char *)t->elf + t->u->size, &seal, sizeof(seal));
    assert_int_equal(nd_load_open(&t->l, t->elf, t->u->size + sizeof(seal)), 0);
}

static int load(bool direct, bool fault)
{
    bool wanted[8] = {true};
    uint8_t opts[64] = {0};
    struct tr t;
    int err;

    make(&t, direct);
    if (fault)
        t.l.features.off |= ND_F_BIT(RESULTS);
    err = nd_load_kernel(&t.l, opts, wanted, false);
    tr_close(&t);
    return err;
}

static void as_compiled(void **state)
{
    (void)state;
    assert_int_equal(load(false, false), 0);
    assert_int_equal(load(false, true), 0);
}

static void compared_at_once(void **state)
{
    (void)state;
    assert_int_equal(load(true, false), 0);
    assert_int_equal(load(true, true), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_compiled),
        cmocka_unit_test(compared_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
