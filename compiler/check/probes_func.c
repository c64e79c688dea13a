// SPDX-License-Identifier: GPL-2.0-or-later
// Attach points on functions of the kernel: by name with the copies that the compiler made of it,
// by pattern, by address. Must not know what bodies do.
#include "compiler/check/probes_impl.h"

#include "runtime/common/deny.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FENTRY_PARAMS 6u // what trampolines pass on every kernel that has them

// The same probe at an exit is the next kind.
static enum nd_mf_attach_kind breakpoint(enum nd_mf_attach_kind k)
{
    return k == ND_AT_FENTRY ? ND_AT_KPROBE : k == ND_AT_FEXIT ? ND_AT_KRETPROBE : k;
}

static bool trampoline(const struct nd_expand *x)
{
    return x->kind->attach == ND_AT_FENTRY || x->kind->attach == ND_AT_FEXIT;
}

static bool no_kprobes(struct nd_expand *x)
{
    if (!nd_without(x->p, ND_F_KPROBE))
        return false;
    nd_help(x->p->diags,
            nd_expand_fail(x, ND_E0606,
                           x->kind->best ? "this kernel can attach to functions neither by fentry "
                                           "nor by kprobe"
                                         : "this kernel has no kprobes (CONFIG_KPROBES)"),
            "use a tracepoint or a raw tracepoint instead");
    return true;
}

// ---- patterns ----------------------------------------------------------------------------------

static const char *spec_of(struct nd_expand *x, const char *func)
{
    return nd_arena_printf(x->p->arena, "%.*s:%s", (int)strcspn(x->pt.text, ":"), x->pt.text, func);
}

static int add_match(void *arg, const char *module, const char *func)
{
    struct nd_expand *x = arg;
    const struct nd_func_sig *sig = NULL;
    struct nd_target *t;

    if (x->nparts > 1 && !nd_glob_match(x->part[0], *module ? module : "vmlinux"))
        return 0;
    // Trampolines need the prototype: what a pattern matches without one is left out.
    if (trampoline(x) && !x->kind->best && nd_kernel_func(x->p->kernel, module, func, &sig))
        return 0;
    if (!x->p->unsafe && nd_deny_why(func)) {
        if (!x->denied++)
            x->first_denied = nd_arena_strdup(x->p->arena, func);
        return 0;
    }
    t = nd_expand_add(x, module, func);
    t->sig = sig;
    t->spec = spec_of(x, func);
    if (x->kind->best) // one link for all of them
        t->kind = breakpoint(t->kind);
    return x->out.n > ND_TARGETS_MAX ? -E2BIG : 0;
}

// A function that programs themselves run in.
static void denied(struct nd_expand *x, const char *func)
{
    nd_help(
        x->p->diags,
        nd_expand_fail(x, ND_E0607,
                       nd_arena_printf(x->p->arena, "a probe on '%s' would run within itself: %s",
                                       func, nd_deny_why(func))),
        "it can slow the machine down to a halt; ndtrace --unsafe attaches to it all the same");
}

static void expand_pattern(struct nd_expand *x, const char *name)
{
    if ((!trampoline(x) || x->kind->best) && no_kprobes(x))
        return;
    nd_kernel_each_func(x->p->kernel, name, add_match, x);
    if (!x->out.n && x->denied)
        denied(x, x->first_denied);
    else if (!x->out.n)
        nd_expand_fail(x, ND_E0206, "no function matches");
    else if (x->denied)
        nd_help(x->p->diags,
                nd_expand_fail(x, ND_W0913,
                               nd_arena_printf(x->p->arena,
                                               "%u functions that match are left out, such as "
                                               "'%s': %s",
                                               x->denied, x->first_denied,
                                               nd_deny_why(x->first_denied))),
                "ndtrace --unsafe attaches to them as well");
}

// ---- one function and its copies ---------------------------------------------------------------

struct copies {
    struct nd_expand *x;
    const char *name, *module;
    uint32_t itself;    // symbols of that very name
    uint32_t elsewhere; // in other modules than the one asked for
    ND_VEC(struct copy { const char *symbol, *module; }) v;
};

static void note_copy(void *arg, const char *symbol, const char *module)
{
    struct copies *c = arg;

    if (*c->module && strcmp(c->module, *module ? module : "vmlinux") != 0) {
        c->elsewhere += !strcmp(symbol, c->name);
        return;
    }
    c->itself += !strcmp(symbol, c->name);
    *ND_PUSH(c->x->p->arena, &c->v) = (struct copy){symbol, module};
}

// Which of its module's functions of that name is this, from 1; 0: no other function has the name.
static uint32_t occurrence(const struct copies *c, uint32_t i)
{
    const struct copy *x = &c->v.v[i];
    uint32_t same = strcmp(x->symbol, c->name) ? 0 : c->elsewhere, at = 0, k;

    for (k = 0; k < c->v.n; k++) {
        if (strcmp(c->v.v[k].symbol, x->symbol) != 0)
            continue;
        same++;
        at += k <= i && !strcmp(c->v.v[k].module, x->module);
    }
    return same > 1 ? at : 0;
}

static int near_func(void *arg, const char *module, const char *func)
{
    (void)module;
    nd_near_try(arg, func);
    return 0;
}

static void unknown_func(struct nd_expand *x, const char *module, const char *name)
{
    struct nd_near near = {.name = name};
    struct nd_diag *d;
    char prefix[4] = {name[0], '*', 0, 0};

    nd_kernel_each_func(x->p->kernel, prefix, near_func, &near);
    d = nd_expand_fail(
        x, ND_E0206,
        *module
            ? nd_arena_printf(x->p->arena, "module '%s'%s has no function '%s' that can be probed",
                              x->builtin ? x->builtin : module,
                              x->builtin ? ", which is built in," : "", name)
            : nd_arena_printf(x->p->arena, "this kernel has no function '%s' that can be probed",
                              name));
    if (*module && near.n && !strcmp(near.best[0], name)) { // built in, or moved
        nd_help(x->p->diags, d, "it exists, but not in '%s': leave out the module", module);
        return;
    }
    nd_expand_near(x, d, &near, "");
    if (*module && !x->builtin && !nd_kernel_has_module(x->p->kernel, module))
        d->module = module;
    nd_help(x->p->diags, d, "%s",
            !*module    ? "its module is not loaded, or the compiler inlined it"
            : d->module ? "the module is not loaded"
                        : "perhaps the compiler inlined it");
}

// Parts of the function (f.part.0) run as well when the function itself is called: only where there
// is nothing else.
static bool double_count(const struct copies *c, const char *symbol)
{
    return c->itself && strstr(symbol, ".part.") && strcmp(symbol, c->name) != 0;
}

static void add_breakpoints(struct copies *c, const struct nd_func_sig *sig)
{
    struct nd_expand *x = c->x;
    uint32_t i;

    for (i = 0; i < c->v.n; i++) {
        const char *symbol = c->v.v[i].symbol;
        struct nd_target *t;

        if (double_count(c, symbol))
            continue;
        t = nd_expand_add(x, c->v.v[i].module, symbol);
        t->kind = breakpoint(t->kind);
        t->num2 = occurrence(c, i);
        t->sig = sig;
        if (!strcmp(symbol, c->name))
            continue;
        t->spec = spec_of(x, symbol);
        // BTF that knows a function which exists as a copy only was made by a pahole that checked
        // where its parameters are (1.25); otherwise this is unknown.
        t->moved = c->itself || !sig;
    }
}

static bool copies_only(struct nd_expand *x, const struct copies *c)
{
    if (c->itself || !c->v.n)
        return false;
    nd_help(x->p->diags,
            nd_expand_fail(x, ND_E0206,
                           nd_arena_printf(x->p->arena,
                                           "the compiler left only copies of '%s', such as '%s'",
                                           c->name, c->v.v[0].symbol)),
            "use func:%s, which finds them", c->name);
    return true;
}

// A module that can be loaded but is not: the runtime attaches the probe when it comes.
static bool waits_for(struct nd_expand *x, const char *module, const char *name)
{
    if (!*module || nd_kernel_has_module(x->p->kernel, module) ||
        !nd_kernel_module_installed(x->p->kernel, module))
        return false;
    if (!no_kprobes(x)) {
        nd_expand_add(x, module, name);
        nd_expand_fail(x, ND_W0904,
                       nd_arena_printf(x->p->arena,
                                       "module '%s' is not loaded: the probe waits for it", module))
            ->module = module;
    }
    return true;
}

// vmlinux may be named as a module, and is none.
static const char *home(const char *module)
{
    return strcmp(module, "vmlinux") ? module : "";
}

// Trampolines pass structs by value since Linux 6.1.
static bool has_struct(struct nd_expand *x, const struct nd_func_sig *sig)
{
    uint32_t i;

    for (i = 0; i < sig->nparams; i++) {
        if (nd_type_btf(&x->p->types, sig->params[i].type)->kind == ND_T_STRUCT)
            return true;
    }
    return false;
}

// Can the kernel attach by the id of a type? That is one of its own BTF, not of a file.
static bool has_trampolines(const struct nd_expand *x, const struct nd_func_sig *sig)
{
    return !nd_without(x->p, ND_F_FENTRY) && !nd_without(x->p, ND_F_BTF) &&
           !(*sig->module && nd_without(x->p, ND_F_MODULE_BTF));
}

static void add_named(struct nd_expand *x, const char *module, const char *name, uint64_t off)
{
    struct copies c = {.x = x, .name = name, .module = module};
    const struct nd_func_sig *sig = NULL;
    bool known = !nd_kernel_func(x->p->kernel, module, name, &sig);
    bool readable = nd_kernel_each_copy(x->p->kernel, name, note_copy, &c);
    struct nd_target *t;

    if (!x->p->unsafe && nd_deny_why(name)) {
        denied(x, name);
        return;
    }
    if (!known) {
        size_t base = strcspn(name, "."); // "f.isra.0" as written: the prototype is that of f

        sig = NULL;
        if (name[base] &&
            nd_kernel_func(x->p->kernel, module, nd_arena_strndup(x->p->arena, name, base), &sig))
            sig = NULL;
    }
    if (!known && !c.v.n && !trampoline(x) && waits_for(x, module, name))
        return;
    if (!known && !c.v.n && (readable || *module)) {
        unknown_func(x, module, name);
        return;
    }
    if (trampoline(x)) {
        bool can =
            known && ((c.itself == 1 && !c.elsewhere) || !c.v.n) &&
            nd_type_param_slots(&x->p->types, sig) <= FENTRY_PARAMS &&
            !(x->kind->best && // kprobes are everywhere
              (c.v.n > 1 || has_struct(x, sig) || x->p->portable || !has_trampolines(x, sig)));

        if (can || !x->kind->best) {
            if (!known && !copies_only(x, &c))
                nd_help(x->p->diags,
                        nd_expand_fail(x, ND_E0601,
                                       "fentry and fexit need the function in the kernel's BTF"),
                        "use func:%s or kprobe:%s", name, name);
            else if (known && !copies_only(x, &c))
                nd_expand_add(x, *sig->module ? sig->module : home(module), name)->sig = sig;
            return;
        }
    }
    if (no_kprobes(x))
        return;
    if (c.v.n && !off) {
        add_breakpoints(&c, sig);
        return;
    }
    if (!nd_expand_inside(x, off, off ? nd_kernel_func_size(x->p->kernel, name) : 0))
        return;
    t = nd_expand_add(x, home(module), name);
    t->kind = breakpoint(t->kind);
    t->num = off;
    t->sig = sig;
}

void nd_expand_func(struct nd_expand *x)
{
    char *name = x->part[x->nparts - 1], *plus = strchr(name, '+'), *end;
    const char *module;
    uint64_t off = 0;

    if (x->nparts > 1 && nd_kernel_module_builtin(x->p->kernel, x->part[0])) {
        x->builtin = x->part[0];
        x->part[0] = (char *)(uintptr_t) "vmlinux";
    }
    module = x->nparts > 1 ? x->part[0] : "";

    if (plus && x->kind->attach == ND_AT_KPROBE) {
        *plus = 0;
        off = strtoull(plus + 1, &end, 0);
        if (*end || end == plus + 1) {
            nd_expand_malformed(x, "the offset must be a number");
            return;
        }
    }
    if (name[0] >= '0' && name[0] <= '9') {
        struct nd_target *t = nd_expand_add(x, "", "");

        t->num = strtoull(name, &end, 0);
        if (*end || x->kind->attach != ND_AT_KPROBE)
            nd_expand_malformed(x, "the address must be a number");
    } else if (nd_glob_is(name)) {
        expand_pattern(x, name);
    } else {
        add_named(x, module, name, off);
    }
}
