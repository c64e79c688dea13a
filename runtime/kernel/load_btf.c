// SPDX-License-Identifier: GPL-2.0-or-later
// Ids of functions and events in the BTF of the kernel and its modules. Must not know programs'
// code. Serves load.c.
#include "runtime/kernel/load_impl.h"

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
    for (*id = 0; !bpf_btf_get_next_id(*id, id);) {
        struct bpf_btf_info info;
        char name[64] = "";
        uint32_t size = sizeof(info);

        memset(&info, 0, sizeof(info));
        info.name = (uintptr_t)name;
        info.name_len = sizeof(name);
        *fd = bpf_btf_get_fd_by_id(*id);
        if (*fd < 0)
            continue; // gone in between
        if (!bpf_obj_get_info_by_fd(*fd, &info, &size) && info.kernel_btf && !strcmp(name, module))
            return 0;
        close(*fd);
    }
    *fd = -1;
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
