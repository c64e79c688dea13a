// SPDX-License-Identifier: GPL-2.0-or-later
// Modules and CPUs that come and go while programs are attached to them. Must not know what
// programs do. Serves attach.c and the run.
#include "runtime/kernel/attach_impl.h"

#include "runtime/common/msg.h"
#include "runtime/kernel/modules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- modules
// --------------------------------------------------------------------------------------

static void close_point(struct nd_attach_point *p)
{
    if (p->link >= 0)
        close(p->link);
    if (p->perf >= 0)
        close(p->perf);
    p->link = p->perf = -1;
}

static void drop_points(struct nd_attach_set *s, const char *module)
{
    uint32_t i;

    for (i = 0; i < s->n; i++) {
        struct nd_attach_point *p = &s->v[i];

        if (p->attach == ND_MF_NONE || (p->link < 0 && p->perf < 0) ||
            strcmp(nd_attach_module_of(s, &s->l->mf.attaches[p->attach]), module) != 0)
            continue;
        nd_attach_ask_link(s, p);
        close_point(p);
        nd_msg("module %s is unloaded: %s waits for it", module,
               nd_mf_str(&s->l->mf, s->l->mf.attaches[p->attach].spec));
    }
}

static bool attached(const struct nd_attach_set *s, uint32_t attach)
{
    uint32_t i;

    for (i = 0; i < s->n; i++) {
        if (s->v[i].attach == attach && (s->v[i].link >= 0 || s->v[i].perf >= 0))
            return true;
    }
    return false;
}

// Its place in the list, where it was put when the run began.
static uint32_t entry_of(const struct nd_attach_set *s, uint32_t prog, const struct nd_mf_attach *a)
{
    const char *spec = nd_mf_str(&s->l->mf, a->spec);
    uint32_t i;

    for (i = 0; i < s->nlist && (s->prog[i] != prog || s->list[i].spec != spec); i++)
        ;
    return i;
}

static void add_points(struct nd_attach_set *s, uint32_t prog, const char *module)
{
    const struct nd_mf_prog *p = &s->l->mf.progs[prog];
    uint32_t i;
    int err;

    for (i = p->first; i < p->first + p->count; i++) {
        const struct nd_mf_attach *a = &s->l->mf.attaches[i];

        if (strcmp(nd_attach_module_of(s, a), module) != 0 || attached(s, i))
            continue;
        err = nd_attach_one(s, p, nd_load_prog_fd(s->l, prog), a);
        if (!err)
            s->v[s->n - 1].entry = entry_of(s, prog, a);
        if (err)
            nd_msg("warning: module %s is loaded, but %s cannot be attached: %s", module,
                   nd_mf_str(&s->l->mf, a->spec), nd_perf_why(a, err));
        else
            nd_msg("module %s is loaded: %s is attached", module, nd_mf_str(&s->l->mf, a->spec));
    }
}

static void on_module(struct nd_attach_set *s, const char *module, bool loaded)
{
    uint32_t i;

    if (!loaded) {
        drop_points(s, module);
        return;
    }
    for (i = 0; i < s->l->mf.nprogs; i++) {
        if (!nd_attach_by_hand(&s->l->mf.progs[i]) && nd_load_prog_fd(s->l, i) >= 0 &&
            !s->l->multi[i])
            add_points(s, i, module);
    }
}

// ---- CPUs ---------------------------------------------------------------------

// The kernel takes the events of a CPU off for good when it goes: true if there were any.
static bool drop_cpu(struct nd_attach_set *s, int cpu)
{
    bool any = false;
    uint32_t i;

    for (i = 0; i < s->n; i++) {
        if (s->v[i].cpu != cpu || s->v[i].perf < 0)
            continue;
        close_point(&s->v[i]);
        any = true;
    }
    return any;
}

static void add_cpu(struct nd_attach_set *s, int cpu)
{
    uint32_t i, j;
    int err;

    for (i = 0; i < s->l->mf.nprogs; i++) {
        const struct nd_mf_prog *p = &s->l->mf.progs[i];
        int fd = nd_load_prog_fd(s->l, i);

        for (j = p->first; fd >= 0 && j < p->first + p->count; j++) {
            const struct nd_mf_attach *a = &s->l->mf.attaches[j];

            if (!nd_perf_per_cpu(a->kind))
                continue;
            err = nd_attach_on_cpu(s, fd, a, cpu);
            if (err)
                nd_msg("warning: CPU %d is online, but %s cannot be attached to it: %s", cpu,
                       nd_mf_str(&s->l->mf, a->spec), nd_perf_why(a, err));
            else
                nd_msg("CPU %d is online: %s is attached to it", cpu,
                       nd_mf_str(&s->l->mf, a->spec));
        }
    }
}

static bool has_per_cpu(const struct nd_attach_set *s)
{
    uint32_t i;

    for (i = 0; i < s->l->mf.nattaches; i++) {
        if (nd_perf_per_cpu(s->l->mf.attaches[i].kind))
            return true;
    }
    return false;
}

static void on_cpu(struct nd_attach_set *s, int cpu, bool online)
{
    if (!has_per_cpu(s))
        return;
    if (drop_cpu(s, cpu) && !online)
        nd_msg("CPU %d is offline: it is not sampled until it is back", cpu);
    if (online)
        add_cpu(s, cpu);
}

// ---- both --------------------------------------------------------------------------------------

static void on_event(void *arg, enum nd_modules_what what, const char *name, bool here)
{
    struct nd_attach_set *s = arg;

    if (what == ND_MODULES_MODULE)
        on_module(s, name, here);
    else
        on_cpu(s, atoi(name), here);
}

int nd_attach_come_fd(const struct nd_attach_set *s)
{
    return s->come;
}

void nd_attach_come(struct nd_attach_set *s)
{
    nd_modules_read(s->come, on_event, s);
}
