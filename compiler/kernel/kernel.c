// SPDX-License-Identifier: GPL-2.0-or-later
// The target kernel: live, or recorded in a folder. Here: its life, release and BTF, and the
// helpers that the other files of this module share. Must not know the language. Serves the
// checker.
#include "compiler/kernel/kernel_impl.h"

#include "compiler/kernel/btf.h"
#include "runtime/common/btffile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct nd_kernel *nd_kernel_new(struct nd_arena *a, const struct nd_kernel_opts *opts)
{
    struct nd_kernel *k = ND_NEW(a, struct nd_kernel);

    k->a = a;
    k->tracefs = -1;
    if (opts && opts->facts)
        k->facts = nd_arena_strdup(a, opts->facts);
    if (opts) {
        k->no_btf = opts->no_btf;
        k->no_module_btf = opts->no_module_btf;
        k->tracefs_given = opts->tracefs;
        k->no_btf_trace = opts->no_btf_trace;
        k->no_btf_names = opts->no_btf_names;
    }
    if (opts && opts->pid && !k->facts)
        nd_elf_of_process(k, opts->pid);
    if (opts && opts->btf_file)
        k->btf_file = nd_arena_strdup(a, opts->btf_file);
    // A file beside BTF of its own describes another kernel.
    k->other = k->btf_file &&
               (opts->other || (!k->no_btf && !faccessat(AT_FDCWD, ND_BTF_OWN, F_OK, AT_EACCESS)));
    return k;
}

void nd_kernel_free(struct nd_kernel *k)
{
    if (!k)
        return;
    nd_elf_free_all(k);
    nd_btf_free(k->btf);
    for (uint32_t i = 0; i < k->modules.n; i++)
        nd_btf_free(k->modules.v[i].base);
    if (k->tracefs >= 0)
        close(k->tracefs);
    else if (k->tracefs_given > 0)
        close(k->tracefs_given);
    free(k->kallsyms);
    free(k->functions);
}

const char *nd_kernel_path(struct nd_kernel *k, const char *name, const char *live)
{
    return k->facts ? nd_arena_printf(k->a, "%s/%s", k->facts, name) : live;
}

// The first file that has types: of the module on top of `base`, or of the kernel.
static struct nd_btf *btf_of_file(struct nd_kernel *k, const char *module, struct nd_btf *base)
{
    const char *release = nd_kernel_release(k), *reason;
    struct nd_btf *btf = NULL;
    char path[PATH_MAX];
    unsigned int i;

    for (i = 0; !btf && nd_btffile_at(i, k->btf_file, release, module, path, sizeof(path)); i++) {
        btf = nd_btf_open(path, base, &reason);
        if (!btf && (k->btf_file || strcmp(reason, "no such file") != 0) && !*module)
            k->btf_why = nd_arena_printf(k->a, "%s: %s", path, reason);
    }
    return btf;
}

static void open_btf(struct nd_kernel *k)
{
    const char *path = nd_kernel_path(k, "btf", ND_BTF_OWN), *reason;

    k->btf_why = "this kernel has no BTF (" ND_BTF_OWN " does not exist); name a file with --btf "
                 "or NDTRACE_BTF, see docs/kernels.md";
    if (!k->btf_file && !k->no_btf && (k->facts || !faccessat(AT_FDCWD, path, F_OK, AT_EACCESS))) {
        k->btf = nd_btf_open(path, NULL, &reason);
        k->own = !k->facts;
        if (!k->btf)
            k->btf_why = nd_arena_printf(k->a, "%s: %s", path, reason);
    } else if (k->btf_file || !k->facts) {
        k->btf = btf_of_file(k, "", NULL);
    }
}

struct nd_btf *nd_kernel_btf(struct nd_kernel *k, const char **why)
{
    if (!k->btf_tried) {
        k->btf_tried = true;
        open_btf(k);
    }
    if (why)
        *why = k->btf ? NULL : k->btf_why;
    return k->btf;
}

const struct nd_module *nd_kernel_find_module(struct nd_kernel *k, const char *module)
{
    for (uint32_t i = 0; i < k->modules.n; i++)
        if (!strcmp(k->modules.v[i].name, module))
            return &k->modules.v[i];
    return NULL;
}

bool nd_kernel_add_module(struct nd_kernel *k, const char *module)
{
    struct nd_btf *base = nd_kernel_btf(k, NULL);
    struct nd_module *m;

    if (!base || !*module || strchr(module, '/'))
        return false;
    if (nd_kernel_find_module(k, module))
        return false;
    m = ND_PUSH(k->a, &k->modules);
    *m = (struct nd_module){.name = nd_arena_strdup(k->a, module)};
    if (k->facts || (k->own && k->no_module_btf))
        return false;
    m->btf = k->own ? nd_btf_open(nd_arena_printf(k->a, "/sys/kernel/btf/%s", module), base, NULL)
                    : btf_of_file(k, module, base);
    if (!m->btf)
        return false;
    m->base = base;
    k->btf = m->btf;
    return true;
}

bool nd_kernel_module_btf(struct nd_kernel *k, const char *module)
{
    const struct nd_module *m;

    nd_kernel_add_module(k, module);
    m = nd_kernel_find_module(k, module);
    return m && m->btf;
}

const char *nd_kernel_module_of_id(struct nd_kernel *k, uint32_t id)
{
    for (uint32_t i = 0; i < k->modules.n; i++) {
        const struct nd_module *m = &k->modules.v[i];

        if (m->btf && id >= nd_btf_count(m->base) && id < nd_btf_count(m->btf))
            return m->name;
    }
    return "";
}

static void read_release(struct nd_kernel *k)
{
    struct utsname u;
    char *space;

    if (k->release)
        return;
    k->arch = "x86_64";
    k->build = "";
    if (!k->facts) {
        if (uname(&u))
            memset(&u, 0, sizeof(u));
        k->release = nd_arena_strdup(k->a, u.release);
        k->build = k->other ? "" : nd_arena_strdup(k->a, u.version);
        k->arch = nd_arena_strdup(k->a, u.machine);
        return;
    }
    if (nd_read_text(AT_FDCWD, nd_kernel_path(k, "release", ""), &space, NULL)) {
        k->release = nd_arena_strdup(k->a, "0.0.0");
        return;
    }
    k->release = nd_arena_strdup(k->a, space);
    free(space);
    k->release[strcspn(k->release, "\n")] = 0;
    space = strchr(k->release, ' ');
    if (space) {
        *space = 0;
        k->arch = space + 1;
    }
}

const char *nd_kernel_release(struct nd_kernel *k)
{
    read_release(k);
    return k->release;
}

const char *nd_kernel_build(struct nd_kernel *k)
{
    read_release(k);
    return k->build;
}

const char *nd_kernel_arch(struct nd_kernel *k)
{
    read_release(k);
    return k->arch;
}

uint32_t nd_kernel_version(struct nd_kernel *k)
{
    unsigned int major = 0, minor = 0, patch = 0;

    if (sscanf(nd_kernel_release(k), "%u.%u.%u", &major, &minor, &patch) < 2)
        return 0;
    return (major & 0xffff) << 16 | (minor > 255 ? 255 : minor) << 8 | (patch > 255 ? 255 : patch);
}
