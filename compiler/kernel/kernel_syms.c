// SPDX-License-Identifier: GPL-2.0-or-later
// Functions and symbols of the kernel: prototypes from BTF, names from
// available_filter_functions or kallsyms. Must not know the language. Serves the checker.
#include "compiler/kernel/kernel_impl.h"

#include "runtime/common/btffile.h"
#include "runtime/common/kallsyms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- prototypes ------------------------------------------------------------------------------

int nd_kernel_fill_sig(struct nd_kernel *k, const struct nd_btf_type *proto, uint32_t skip,
                       struct nd_func_sig *sig)
{
    struct nd_btf_param p;

    if (proto->kind != ND_BTF_FUNC_PROTO || proto->vlen < skip)
        return -ENOENT;
    sig->ret = proto->type;
    sig->nparams = proto->vlen - skip;
    if (sig->nparams && nd_btf_param(k->btf, proto->id, proto->vlen - 1, &p) && !p.type) {
        sig->variadic = true;
        sig->nparams--;
    }
    sig->params = ND_NEW_ARRAY(k->a, struct nd_func_param, sig->nparams);
    for (uint32_t i = 0; i < sig->nparams; i++) {
        nd_btf_param(k->btf, proto->id, i + skip, &p);
        sig->params[i].name = *p.name ? p.name : nd_arena_printf(k->a, "arg%u", i);
        sig->params[i].type = p.type;
    }
    return 0;
}

static const char *kallsyms(struct nd_kernel *k)
{
    if (!k->kallsyms_tried) {
        k->kallsyms_tried = true;
        if (nd_read_text(AT_FDCWD, nd_kernel_path(k, "kallsyms", "/proc/kallsyms"), &k->kallsyms,
                         NULL))
            k->kallsyms = NULL;
    }
    return k->kallsyms;
}

bool nd_kernel_find_symbol(struct nd_kernel *k, const char *name, struct nd_kallsym *s)
{
    const char *p = kallsyms(k);

    while (p && (p = nd_kallsyms_find(p, name, s))) {
        if (s->len == strlen(name))
            return true;
    }
    return false;
}

const char *nd_kernel_module_of(struct nd_kernel *k, const char *name)
{
    struct nd_kallsym s;

    return nd_kernel_find_symbol(k, name, &s) ? nd_arena_strndup(k->a, s.module, s.module_len) : "";
}

// The function in the BTF of this module alone, 0 if it has none.
static uint32_t func_in_module(struct nd_kernel *k, const char *module, const char *name)
{
    struct nd_btf_type t;

    const struct nd_module *m;

    nd_kernel_add_module(k, module);
    m = nd_kernel_find_module(k, module);
    for (uint32_t id = m && m->btf ? nd_btf_count(m->base) : 0; id && id < nd_btf_count(m->btf);
         id++)
        if (nd_btf_get(m->btf, id, &t) && t.kind == ND_BTF_FUNC && !strcmp(t.name, name))
            return id;
    return 0;
}

int nd_kernel_func(struct nd_kernel *k, const char *module, const char *name,
                   const struct nd_func_sig **out)
{
    struct nd_btf *btf = nd_kernel_btf(k, NULL);
    struct nd_func_sig *sig;
    struct nd_btf_type t;
    uint32_t id;

    *out = NULL;
    if (!btf)
        return -ENODATA;
    if (*module && strcmp(module, "vmlinux") != 0) {
        id = func_in_module(k, module, name);
    } else {
        id = nd_btf_find(btf, ND_BTF_FUNC, name);
        if (!id && nd_kernel_add_module(k, nd_kernel_module_of(k, name)))
            id = nd_btf_find(k->btf, ND_BTF_FUNC, name);
    }
    btf = k->btf;
    if (!id || !nd_btf_get(btf, id, &t) || !nd_btf_get(btf, t.type, &t))
        return -ENOENT;
    sig = ND_NEW(k->a, struct nd_func_sig);
    sig->name = nd_arena_strdup(k->a, name);
    sig->btf_id = nd_btf_own_id(btf, id);
    sig->module = nd_kernel_module_of_id(k, id);
    *out = sig;
    return nd_kernel_fill_sig(k, &t, 0, sig);
}

// ---- functions that can be probed ------------------------------------------------------------

static const char *filter_functions(struct nd_kernel *k)
{
    if (!k->functions_tried) {
        k->functions_tried = true;
        if (nd_kernel_tracefs(k, NULL) < 0 ||
            nd_read_text(k->tracefs, "available_filter_functions", &k->functions, NULL))
            k->functions = NULL;
    }
    return k->functions;
}

// Adds a function that matches as "NAME\1MODULE": sorted by name, and both parts in one string.
static void add_function(struct nd_kernel *k, const char *glob, const char *name, size_t len,
                         const char *module, size_t module_len, struct nd_strings *out)
{
    char buf[512];

    if (!len || len >= sizeof(buf))
        return;
    memcpy(buf, name, len);
    buf[len] = 0;
    if (nd_glob_match(glob, buf))
        *ND_PUSH(k->a, out) = nd_arena_printf(k->a, "%s%c%.*s", buf, 1, (int)module_len, module);
}

// Lines "NAME" or "NAME [MODULE]".
static void scan_filter_functions(struct nd_kernel *k, const char *text, const char *glob,
                                  struct nd_strings *out)
{
    for (const char *p = text; *p;) {
        size_t len = strcspn(p, "\n"), name = strcspn(p, " \n");
        const char *module = p + name + (name < len);

        module += *module == '[';
        add_function(k, glob, p, name, module, strcspn(module, "]\n"), out);
        p += len + (p[len] == '\n');
    }
}

static void scan_kallsyms(struct nd_kernel *k, const char *text, const char *glob,
                          struct nd_strings *out)
{
    struct nd_kallsym s;

    for (const char *p = text; *p;) {
        const char *end = strchrnul(p, '\n');

        if (nd_kallsyms_line(p, end, &s) && nd_kallsyms_is_func(&s))
            add_function(k, glob, s.name, s.len, s.module, s.module_len, out);
        p = end + (*end == '\n');
    }
}

static void scan_btf(struct nd_kernel *k, const char *glob, struct nd_strings *out)
{
    struct nd_btf *btf = nd_kernel_btf(k, NULL);
    struct nd_btf_type t;

    for (uint32_t id = 1; btf && id < nd_btf_count(btf); id++)
        if (nd_btf_get(btf, id, &t) && t.kind == ND_BTF_FUNC)
            add_function(k, glob, t.name, strlen(t.name), "", 0, out);
}

int nd_kernel_each_func(struct nd_kernel *k, const char *glob,
                        int (*fn)(void *arg, const char *module, const char *func), void *arg)
{
    struct nd_strings found = {0};
    const struct nd_func_sig *sig;
    const char *text;
    int err = 0;

    // One name that BTF has needs no reading of long lists.
    if (!nd_glob_is(glob) && nd_kernel_func(k, "", glob, &sig) == 0)
        return fn(arg, "", glob);
    text = filter_functions(k);
    if (text)
        scan_filter_functions(k, text, glob, &found);
    else if (nd_kernel_btf(k, NULL))
        scan_btf(k, glob, &found);
    if (!found.n && (text = kallsyms(k)))
        scan_kallsyms(k, text, glob, &found);
    nd_strings_sort(&found);
    for (uint32_t i = 0; i < found.n && !err; i++) {
        char *func = nd_arena_strdup(k->a, found.v[i]), *module = strchr(func, 1);

        *module++ = 0;
        err = fn(arg, module, func);
    }
    return err;
}

bool nd_kernel_each_copy(struct nd_kernel *k, const char *name,
                         void (*fn)(void *arg, const char *symbol, const char *module), void *arg)
{
    const char *text = kallsyms(k), *p = text;
    struct nd_kallsym s;

    while (p && (p = nd_kallsyms_find(p, name, &s))) {
        if (nd_kallsyms_is_func(&s) && nd_kallsyms_runs(&s, name))
            fn(arg, nd_arena_strndup(k->a, s.name, s.len),
               nd_arena_strndup(k->a, s.module, s.module_len));
    }
    return text != NULL;
}

bool nd_kernel_has_module(struct nd_kernel *k, const char *module)
{
    const char *text;

    if (!k->facts)
        return !strchr(module, '/') &&
               !access(nd_arena_printf(k->a, "/sys/module/%s", module), F_OK);
    text = kallsyms(k);
    return text && strstr(text, nd_arena_printf(k->a, "\t[%s]", module));
}

static bool listed(const char *path, const char *module)
{
    bool found = false;
    const char *line;
    char *text;

    if (nd_read_text(AT_FDCWD, path, &text, NULL))
        return false;
    for (line = text; *line && !found; line += line[0] == '\n') {
        size_t len = strcspn(line, "\n");

        found = nd_modfile_is(line, len, module);
        line += len;
    }
    free(text);
    return found;
}

bool nd_kernel_module_installed(struct nd_kernel *k, const char *module)
{
    return !k->facts &&
           listed(nd_arena_printf(k->a, "/lib/modules/%s/modules.dep", nd_kernel_release(k)),
                  module);
}

bool nd_kernel_module_builtin(struct nd_kernel *k, const char *module)
{
    const char *live, *loaded;

    if (!*module || strchr(module, '/') || !strcmp(module, "vmlinux"))
        return false;
    live = nd_arena_printf(k->a, "/lib/modules/%s/modules.builtin", nd_kernel_release(k));
    loaded = nd_arena_printf(k->a, "/sys/module/%s/initstate", module); // only of those loaded
    if (k->facts ? nd_kernel_has_module(k, module) : !faccessat(AT_FDCWD, loaded, F_OK, AT_EACCESS))
        return false;
    if (!k->facts && nd_kernel_has_module(k, module))
        return true;
    return listed(nd_kernel_path(k, "modules.builtin", live), module);
}

uint64_t nd_kernel_symbol(struct nd_kernel *k, const char *name)
{
    struct nd_kallsym s;

    return nd_kernel_find_symbol(k, name, &s) ? s.addr : 0;
}

uint64_t nd_kernel_func_size(struct nd_kernel *k, const char *name)
{
    const char *text = kallsyms(k), *line, *end;
    struct nd_kallsym s, next;
    uint64_t after = UINT64_MAX;

    if (!nd_kernel_find_symbol(k, name, &s) || !s.addr)
        return 0;
    for (line = text; *line; line = *end ? end + 1 : end) {
        end = strchrnul(line, '\n');
        if (nd_kallsyms_line(line, end, &next) && next.addr > s.addr && next.addr < after)
            after = next.addr;
    }
    return after - s.addr;
}
