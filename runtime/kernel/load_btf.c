// SPDX-License-Identifier: GPL-2.0-or-later
// Ids of functions and events in the BTF of the kernel and its modules. Must not know programs'
// code. Serves load.c.
#include "runtime/kernel/load_impl.h"
#include "runtime/kernel/modules.h"

#include "runtime/common/btffile.h"
#include "runtime/common/msg.h"
#include "runtime/common/probekinds.h"
#include "runtime/kernel/needs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct btf *nd_load_btf_open(struct nd_load *l, const char *what)
{
    char path[PATH_MAX];
    struct btf *btf = NULL;
    struct utsname u;
    unsigned int i;

    if (nd_features_has(&l->features, ND_F_BTF))
        btf = btf__load_vmlinux_btf();
    memset(&u, 0, sizeof(u));
    uname(&u);
    for (i = 0; !btf && nd_btffile_at(i, l->btf_file, u.release, "", path, sizeof(path)); i++) {
        btf = btf__parse(path, NULL);
        if (btf)
            l->btf_path = strdup(path);
    }
    if (!btf)
        nd_msg("error: %s needs the kernel's BTF: " ND_BTF_OWN " does not exist%s", what,
               l->btf_file ? ", and the file that --btf names has none"
                           : "; name a file with --btf or NDTRACE_BTF, see docs/kernels.md");
    return btf;
}

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

int nd_load_target(const struct nd_load *l, struct nd_load_btf *b, uint32_t prog, bool direct,
                   struct bpf_prog_load_opts *opts)
{
    const struct nd_mf_prog *mp = &l->mf.progs[prog];
    bool same_kernel = nd_needs_same_kernel(&l->mf);
    const char *module = "";
    int id;

    if (direct && same_kernel && mp->attach_btf_id) {
        opts->attach_prog_fd = 0;
        opts->attach_btf_id = mp->attach_btf_id;
    }
    if (!nd_kind_is(mp->type, ND_PF_TYPED))
        return 0;
    if (mp->type != ND_PROG_TP_BTF && mp->count)
        module = nd_mf_str(&l->mf, l->mf.attaches[mp->first].s0);
    opts->attach_prog_fd = 0; // undo what keeps libbpf from reading vmlinux BTF (select_progs)
    opts->attach_btf_id = mp->attach_btf_id;
    // Which functions are not probed is known by name only, so an id that somebody else wrote into
    // an object does not count.
    if (same_kernel && opts->attach_btf_id && !*module &&
        !(l->foreign && (mp->type == ND_PROG_FENTRY || mp->type == ND_PROG_FEXIT)))
        return 0;
    id = *module ? in_module(b, mp, module) : in_vmlinux(b, mp);
    if (id < 0)
        return id;
    opts->attach_btf_id = (uint32_t)id;
    if (*module)
        opts->attach_btf_obj_fd = (uint32_t)b->module_fd;
    return 0;
}

void nd_load_btf_free(struct nd_load_btf *b)
{
    btf__free(b->vmlinux);
    if (b->module_fd >= 0)
        close(b->module_fd);
}
