// SPDX-License-Identifier: GPL-2.0-or-later
// One link for many kernel functions: thousands are attached in the time of one. Must not know what
// programs do. Serves loading, which must mark such programs, and attaching.
#include "runtime/kernel/attach_multi.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <unistd.h>

static int link_names(int prog, const char **names, uint32_t n, bool at_return)
{
    LIBBPF_OPTS(bpf_link_create_opts, o);
    int link;

    o.kprobe_multi.syms = names;
    o.kprobe_multi.cnt = n;
    o.kprobe_multi.flags = at_return ? BPF_F_KPROBE_MULTI_RETURN : 0;
    link = bpf_link_create(prog, 0, BPF_TRACE_KPROBE_MULTI, &o);
    return link < 0 ? -errno : link;
}

bool nd_multi_try(void)
{
    static const struct bpf_insn code[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K},
        {.code = BPF_JMP | BPF_EXIT},
    };
    LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = BPF_TRACE_KPROBE_MULTI);
    const char *name = (const char *)(uintptr_t)1; // no memory of ours: not even looked up
    int prog, err;

    prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "nd_multi", "GPL", code, 2, &o);
    if (prog < 0)
        return false;
    err = link_names(prog, &name, 1, false); // a kernel without it says -EINVAL or -EOPNOTSUPP
    close(prog);
    if (err >= 0)
        close(err);
    return err == -EFAULT;
}

bool nd_multi_fits(const struct nd_mf *mf, const struct nd_mf_prog *p)
{
    uint32_t i, kind = p->count ? mf->attaches[p->first].kind : 0;

    if (p->type != ND_PROG_KPROBE || p->count < 2 ||
        (kind != ND_AT_KPROBE && kind != ND_AT_KRETPROBE))
        return false;
    for (i = 0; i < p->count; i++) {
        const struct nd_mf_attach *a = &mf->attaches[p->first + i];

        if (a->kind != kind || !*nd_mf_str(mf, a->s1) || a->num || a->num2)
            return false;
    }
    return true;
}

int nd_multi_attach(const struct nd_mf *mf, int prog, const struct nd_mf_attach *a, uint32_t n)
{
    const char **names = calloc(n, sizeof(*names));
    uint32_t i;
    int link;

    if (!names)
        return -ENOMEM;
    for (i = 0; i < n; i++)
        names[i] = nd_mf_str(mf, a[i].s1);
    link = link_names(prog, names, n, a->kind == ND_AT_KRETPROBE);
    free(names);
    return link;
}
