// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/kernel/twin.h"

#include "runtime/common/msg.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Helpers with such results, and those with the same arguments whose results nothing is known of.
static const struct {
    int32_t helper, plain; // plain 0: there is none
} refined[] = {
    {BPF_FUNC_probe_read_str, BPF_FUNC_probe_read},
    {BPF_FUNC_probe_read_user_str, BPF_FUNC_probe_read_user},
    {BPF_FUNC_probe_read_kernel_str, BPF_FUNC_probe_read_kernel},
    {BPF_FUNC_get_stack, 0},
    {141 /* get_task_stack */, 0},
};

static struct nd_twin_code look(const struct bpf_insn *code, uint32_t n)
{
    struct nd_twin_code c = {.insns = n};
    uint32_t i;

    for (i = 0; i < n; i++) {
        if (code[i].code == (BPF_LD | BPF_IMM | BPF_DW))
            i++;
        else if (code[i].code == (BPF_JMP | BPF_JA) && code[i].off == -1)
            c.endless++;
    }
    return c;
}

// Puts the plain helpers in. How many calls there were; *all: each has one.
static uint32_t make_plain(struct bpf_insn *code, size_t n, bool *all)
{
    uint32_t calls = 0;
    size_t i, k;

    *all = true;
    for (i = 0; i < n; i++) {
        if (code[i].code == (BPF_LD | BPF_IMM | BPF_DW))
            i++;
        else if (code[i].code == (BPF_JMP | BPF_CALL) && !code[i].src_reg)
            for (k = 0; k < sizeof(refined) / sizeof(refined[0]); k++) {
                if (code[i].imm != refined[k].helper)
                    continue;
                calls++;
                if (refined[k].plain)
                    code[i].imm = refined[k].plain;
                else
                    *all = false;
                break;
            }
    }
    return calls;
}

// What the kernel runs for this descriptor; false if it does not show it.
static bool read_back(int fd, struct nd_twin_code *out)
{
    struct bpf_prog_info info = {0};
    uint32_t len = sizeof(info), size;
    struct bpf_insn *code;
    bool ok;

    if (bpf_obj_get_info_by_fd(fd, &info, &len) || !info.xlated_prog_len)
        return false;
    size = info.xlated_prog_len;
    code = calloc(1, size);
    if (!code)
        return false;
    memset(&info, 0, sizeof(info));
    info.xlated_prog_len = size;
    info.xlated_prog_insns = (uintptr_t)code;
    len = sizeof(info);
    ok = !bpf_obj_get_info_by_fd(fd, &info, &len) && info.xlated_prog_insns &&
         info.xlated_prog_len <= size;
    if (ok)
        *out = look(code, info.xlated_prog_len / (uint32_t)sizeof(*code));
    free(code);
    return ok;
}

struct nd_twin nd_twin_of(struct nd_features *f, const struct bpf_program *prog,
                          const struct bpf_prog_load_opts *opts)
{
    size_t n = bpf_program__insn_cnt(prog);
    struct bpf_insn *code = malloc((n + 1) * sizeof(*code));
    struct bpf_prog_load_opts o = *opts;
    struct nd_twin t = {0};
    bool all;
    int fd;

    if (!code)
        return t;
    memcpy(code, bpf_program__insns(prog), n * sizeof(*code));
    t.wanted = make_plain(code, n, &all) && !nd_features_has(f, ND_F_RESULTS);
    if (t.wanted && all) {
        o.log_level = o.log_size = 0;
        o.log_buf = NULL;
        fd = bpf_prog_load(bpf_program__type(prog), "nd_twin", "GPL", code, n, &o);
        t.loaded = fd >= 0 && read_back(fd, &t.code);
        if (fd >= 0)
            close(fd);
    }
    free(code);
    return t;
}

static bool same(const struct nd_twin *t, int fd)
{
    struct nd_twin_code real;

    if (!t->wanted)
        return true;
    if (!read_back(fd, &real))
        return false;
    if (!t->loaded)
        return !real.endless;
    return real.endless <= t->code.endless && real.insns == t->code.insns;
}

int nd_twin_compare(const struct nd_load *l, const struct nd_twin *v)
{
    uint32_t i;

    for (i = 0; i < l->mf.nprogs; i++) {
        if (!l->progs[i] || same(&v[i], bpf_program__fd(l->progs[i])))
            continue;
        nd_msg_at(
            &l->mf, &l->mf.progs[i].span, "error",
            "this kernel's verifier believes that the string reads of this probe cannot fail, "
            "and one that does would hang the CPU; compile the script again");
        return -EINVAL;
    }
    return 0;
}
