// SPDX-License-Identifier: GPL-2.0-or-later
// Attach points in programs and libraries: functions, addresses, static probes. Must not know
// expressions' types. Serves probes.c.
#include "compiler/check/probes_impl.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct usym_search {
    struct nd_expand *x;
    const char *path;
    uint64_t off;
    struct nd_near near;
};

// A breakpoint in the middle of an instruction changes what the traced program does.
static bool may_break(struct nd_expand *x, const char *path, uint64_t addr)
{
    const char *why;
    enum nd_insn how =
        x->p->unsafe ? ND_INSN_STARTS : nd_kernel_insn(x->p->kernel, path, addr, &why);
    struct nd_arena *a = x->p->arena;

    if (how == ND_INSN_STARTS)
        return true;
    nd_help(
        x->p->diags,
        nd_expand_fail(x, ND_E0610,
                       how == ND_INSN_INSIDE
                           ? nd_arena_printf(a, "no instruction starts at 0x%" PRIx64 " of %s%s%s",
                                             addr, nd_kernel_exec_shown(x->p->kernel, path),
                                             why ? ": " : "", why ? why : "")
                           : nd_arena_printf(a,
                                             "whether an instruction starts at 0x%" PRIx64
                                             " of %s is not known: %s",
                                             addr, nd_kernel_exec_shown(x->p->kernel, path), why)),
        "a breakpoint inside an instruction changes what the program does; objdump -d shows where "
        "instructions start, and ndtrace --unsafe attaches all the same");
    return false;
}

static int add_usym(void *arg, const struct nd_usym *sym)
{
    struct usym_search *s = arg;
    const char *part = s->x->part[1];
    struct nd_target *t;

    if (!sym->chosen && !nd_expand_inside(s->x, s->off, sym->size))
        return -ERANGE;
    if (s->off && sym->chosen && !s->x->p->unsafe) {
        nd_expand_malformed(s->x, "the function is chosen when the program runs, so the offset "
                                  "cannot be checked; ndtrace --unsafe attaches all the same");
        return -ERANGE;
    }
    if (s->off && !sym->chosen && !may_break(s->x, s->path, sym->addr + s->off))
        return -ERANGE;
    t = nd_expand_add(s->x, s->path, sym->chosen && !nd_glob_is(part) ? part : sym->name);

    t->num = sym->chosen ? s->off : sym->off + s->off;
    t->chosen = sym->chosen;
    t->spec =
        nd_arena_printf(s->x->p->arena, "%.*s:%s:%s", (int)strcspn(s->x->pt.text, ":"),
                        s->x->pt.text, nd_kernel_exec_shown(s->x->p->kernel, s->path), sym->name);
    return s->x->out.n > ND_TARGETS_MAX ? -E2BIG : 0;
}

// Functions can have several names, and a pattern finds all of them: each place once.
static int compare_places(const void *a, const void *b)
{
    const struct nd_target *x = a, *y = b;

    if (x->chosen != y->chosen)
        return x->chosen - y->chosen;
    if (!x->chosen && x->num != y->num)
        return x->num < y->num ? -1 : 1;
    return strcmp(x->s1, y->s1);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct nd_target *)a)->s1, ((const struct nd_target *)b)->s1);
}

static void each_place_once(struct nd_targets *t)
{
    uint32_t i, n = 0;

    if (t->n < 2)
        return;
    qsort(t->v, t->n, sizeof(*t->v), compare_places);
    for (i = 0; i < t->n; i++) {
        if (!n || t->v[i].chosen || t->v[i].num != t->v[n - 1].num)
            t->v[n++] = t->v[i];
    }
    t->n = n;
    qsort(t->v, n, sizeof(*t->v), compare_names);
}

static int near_usym(void *arg, const struct nd_usym *sym)
{
    nd_near_try(arg, sym->name);
    return 0;
}

static const char *find_path(struct nd_expand *x)
{
    const char *path = nd_kernel_exec_path(x->p->kernel, x->part[0]);

    if (!path)
        nd_help(
            x->p->diags,
            nd_expand_fail(
                x, ND_E0603,
                nd_arena_printf(x->p->arena, "there is no executable or library '%s'", x->part[0])),
            strchr(x->part[0], '@')
                ? "lines of source are in the DWARF of a file, which is not read: name the "
                  "function, or an address, as objdump -dl shows it"
                : "give its full path, or a name found in PATH or the library folders; with -p, "
                  "as the process sees them");
    return path;
}

// uprobe:opt.lib:function: looked up when the option is known, by the runtime.
static void in_option(struct nd_expand *x, const char *name)
{
    const struct nd_option *o = nd_option_find(x->p, name);
    struct nd_target *t;

    if (!o || o->kind != ND_OPT_PATH || o->decl->texpr->is_list) {
        nd_help(x->p->diags,
                nd_expand_fail(
                    x, ND_E0502,
                    nd_arena_printf(x->p->arena, "'%s' is not an option of type path", name)),
                "declare it: option %s: path \"library\"", name);
        return;
    }
    t = nd_expand_add(x, x->part[0], x->part[1]);
    t->in_option = true;
    t->num = o->index;
}

struct in_files {
    struct nd_expand *x;
    void (*expand)(struct nd_expand *x);
    uint32_t n;
};

// A file that matches: it is not an error if the function is not in it.
static void in_file(void *arg, const char *path)
{
    struct in_files *f = arg;
    char *part = f->x->part[1]; // which is cut at a '+'
    struct nd_trial trial;

    f->n++;
    f->x->part[0] = nd_arena_strdup(f->x->p->arena, path);
    f->x->part[1] = nd_arena_strdup(f->x->p->arena, part);
    nd_trial_begin(f->x->p->diags, &trial);
    f->expand(f->x);
    nd_trial_end(f->x->p->diags, &trial);
    f->x->part[1] = part;
}

// uprobe:/usr/lib/lib*:f, and with -p uprobe:*:f, in all that the process has mapped.
static void in_files(struct nd_expand *x, void (*expand)(struct nd_expand *x))
{
    struct in_files f = {x, expand, 0};
    const char *glob = x->part[0];

    if (!nd_glob_is(glob)) {
        expand(x);
        return;
    }
    if (!nd_kernel_each_file(x->p->kernel, glob, in_file, &f))
        nd_help(x->p->diags,
                nd_expand_fail(x, ND_E0603,
                               nd_arena_printf(x->p->arena,
                                               "'%s' stands for files of a process, "
                                               "and none was given",
                                               glob)),
                "-p PID looks in all that the process has mapped; or write a path");
    else if (!f.n)
        nd_expand_fail(x, ND_E0603, nd_arena_printf(x->p->arena, "no file matches '%s'", glob));
    else if (!x->out.n)
        nd_expand_fail(x, ND_E0604,
                       nd_arena_printf(x->p->arena, "none of the %u files that match '%s' has '%s'",
                                       f.n, glob, x->part[x->nparts - 1]));
}

static void uprobe_in(struct nd_expand *x)
{
    struct usym_search s = {.x = x, .near.name = x->part[1]};
    const char *why = NULL;
    struct nd_diag *d;
    char *plus, *end;
    int err;

    if (!strncmp(x->part[0], "opt.", 4)) {
        in_option(x, x->part[0] + 4);
        return;
    }
    s.path = find_path(x);
    if (!s.path)
        return;
    if (x->part[1][0] >= '0' && x->part[1][0] <= '9') {
        uint64_t addr = strtoull(x->part[1], &end, 0), off;
        struct nd_target *t;

        off = nd_kernel_addr_offset(x->p->kernel, s.path, addr);
        if (*end || off == UINT64_MAX) {
            nd_expand_malformed(x, "this address is not in the code of the file");
            return;
        }
        if (!may_break(x, s.path, addr))
            return;
        t = nd_expand_add(x, s.path, x->part[1]);
        t->num = off;
        return;
    }
    plus = strrchr(x->part[1], '+');
    if (plus && (isdigit((unsigned char)plus[1]) || !strstr(x->part[1], "operator"))) {
        if (nd_kind_attaches(x->kind->attach, ND_AF_RETURNS)) {
            nd_expand_malformed(x, "a function returns as a whole: there is no offset");
            return;
        }
        *plus = 0;
        s.off = strtoull(plus + 1, &end, 0);
        if (*end || end == plus + 1) {
            nd_expand_malformed(x, "the offset must be a number");
            return;
        }
    }
    err = nd_kernel_each_usym(x->p->kernel, s.path, x->part[1], add_usym, &s, &why);
    if (err == -ERANGE)
        return; // said
    if (err && err != -E2BIG && !x->out.n) {
        nd_expand_fail(x, ND_E0603,
                       nd_arena_printf(x->p->arena, "%s: %s", s.path, why ? why : strerror(-err)));
        return;
    }
    each_place_once(&x->out);
    if (x->out.n)
        return;
    nd_kernel_each_usym(x->p->kernel, s.path, "*", near_usym, &s.near, &why);
    d = nd_expand_fail(x, ND_E0604,
                       nd_arena_printf(x->p->arena, "%s has no function '%s'", s.path, x->part[1]));
    nd_expand_near(x, d, &s.near, "");
}

static int add_usdt(void *arg, const struct nd_usdt *u)
{
    struct usym_search *s = arg;
    struct nd_target *t = nd_expand_add(
        s->x, s->path, nd_arena_printf(s->x->p->arena, "%s:%s", u->provider, u->name));
    struct nd_usdt *copy = ND_NEW(s->x->p->arena, struct nd_usdt);

    *copy = *u;
    t->usdt = copy;
    t->num = u->off;
    t->num2 = u->sem_off;
    t->spec = nd_arena_printf(s->x->p->arena, "usdt:%s:%s:%s",
                              nd_kernel_exec_shown(s->x->p->kernel, s->path), u->provider, u->name);
    return 0;
}

static void usdt_in(struct nd_expand *x)
{
    struct usym_search s = {.x = x};
    const char *why = NULL;
    int err;

    s.path = find_path(x);
    if (!s.path)
        return;
    err = nd_kernel_each_usdt(x->p->kernel, s.path, x->nparts > 2 ? x->part[1] : "*",
                              x->part[x->nparts - 1], add_usdt, &s, &why);
    if (err && !x->out.n)
        nd_expand_fail(x, ND_E0603,
                       nd_arena_printf(x->p->arena, "%s: %s", s.path, why ? why : strerror(-err)));
    else if (!x->out.n)
        nd_help(x->p->diags,
                nd_expand_fail(x, ND_E0604,
                               nd_arena_printf(x->p->arena, "%s has no USDT probe '%s%s%s'", s.path,
                                               x->nparts > 2 ? x->part[1] : "",
                                               x->nparts > 2 ? ":" : "", x->part[x->nparts - 1])),
                "ndtrace list probes 'usdt:%s:*' lists them", s.path);
}

void nd_expand_uprobe(struct nd_expand *x)
{
    in_files(x, uprobe_in);
}

void nd_expand_usdt(struct nd_expand *x)
{
    in_files(x, usdt_in);
}
