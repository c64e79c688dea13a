// SPDX-License-Identifier: GPL-2.0-or-later
// Ids of functions and events in the BTF of the kernel and its modules. Must not know programs'
// code. Serves load.c.
#include "runtime/kernel/load_impl.h"
#include "runtime/kernel/modules.h"

#include "runtime/common/msg.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct btf *vmlinux_btf(struct nd_load_btf *b, const struct nd_mf_prog *mp)
{
    if (!b->vmlinux)
        b->vmlinux = btf__load_vmlinux_btf();
    if (!b->vmlinux)
        nd_msg_at(b->mf, &mp->span, "error",
                  "this kernel has no BTF (/sys/kernel/btf/vmlinux), which this probe needs");
    return b->vmlinux;
}

static int in_vmlinux(struct nd_load_btf *b, const struct nd_mf_prog *mp)
{
    const char *name = nd_mf_str(b->mf, mp->btf_name);
    const struct btf *btf = vmlinux_btf(b, mp);
    int id;

    if (!btf)
        return -ENOENT;
    id = btf__find_by_name_kind(btf, name,
                                mp->type == ND_PROG_TP_BTF ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC);
    if (id <= 0)
        nd_msg_at(b->mf, &mp->span, "error", "this kernel has no %s", name);
    return id > 0 ? id : -ENOENT;
}

// Which of the kernel's BTF objects (Linux 5.11) is that of a module; *fd is for the caller to
// close.
static int module_btf(const char *module, uint32_t *id, int *fd)
{
    char name[ND_MODULE_NAME];

    for (*id = 0; (*fd = nd_module_btf_next(id, name)) >= 0; close(*fd)) {
        if (!strcmp(name, module))
            return 0;
    }
    return -ENOENT;
}

// A module may have been built anew since the compilation: its function is always looked up.
static int in_module(struct nd_load_btf *b, const struct nd_mf_prog *mp, const char *module)
{
    const char *name = nd_mf_str(b->mf, mp->btf_name);
    struct btf *base = vmlinux_btf(b, mp), *btf;
    uint32_t id;
    int func;

    if (!base)
        return -ENOENT;
    if (b->module_fd >= 0)
        close(b->module_fd);
    if (module_btf(module, &id, &b->module_fd)) {
        nd_msg_at(b->mf, &mp->span, "error",
                  "module %s is not loaded, or this kernel has no BTF of modules", module);
        return -ENOENT;
    }
    btf = btf__load_from_kernel_by_id_split(id, base);
    func = btf ? btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) : -ENOENT;
    btf__free(btf);
    if (func <= 0)
        nd_msg_at(b->mf, &mp->span, "error", "module %s has no %s", module, name);
    return func > 0 ? func : -ENOENT;
}

int nd_load_btf_id(struct nd_load_btf *b, const struct nd_mf_prog *mp, const char *module)
{
    return *module ? in_module(b, mp, module) : in_vmlinux(b, mp);
}

void nd_load_btf_free(struct nd_load_btf *b)
{
    btf__free(b->vmlinux);
    if (b->module_fd >= 0)
        close(b->module_fd);
}
