// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/run/followed.h"

#include "runtime/kernel/mmaps.h"

#include <stdbool.h>
#include <stdlib.h>

struct nd_followed {
    struct nd_mmaps *mmaps;
    struct nd_syms *syms;
};

static void mapped(void *arg, uint32_t pid, uint64_t start, uint64_t len, uint64_t off,
                   const char *dev, uint64_t inode, const char *path)
{
    const struct nd_usyms_map m = {pid, start, len, off, dev, inode, path};

    nd_syms_mapped(arg, &m);
}

static void forked(void *arg, uint32_t parent, uint32_t child)
{
    nd_syms_forked(arg, parent, child);
}

static void execed(void *arg, uint32_t pid)
{
    nd_syms_execed(arg, pid);
}

static void exited(void *arg, uint32_t pid)
{
    nd_syms_exited(arg, pid);
}

void nd_followed_look(struct nd_followed *f)
{
    static const struct nd_mmaps_fns fns = {mapped, forked, execed, exited};

    if (f)
        nd_mmaps_read(f->mmaps, &fns, f->syms);
}

static void fresh(void *arg)
{
    nd_followed_look(arg);
}

static bool prints_processes(const struct nd_mf *mf)
{
    uint32_t i;

    for (i = 0; i < mf->ntypes; i++) {
        if (mf->types[i].kind == ND_T_USTACK || mf->types[i].kind == ND_T_USYM)
            return true;
    }
    return false;
}

struct nd_followed *nd_followed_new(const struct nd_mf *mf, struct nd_syms *syms)
{
    struct nd_followed *f;

    if (!prints_processes(mf))
        return NULL;
    nd_syms_user_open(syms); // while we are small, hold nothing and may
    f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    f->syms = syms;
    f->mmaps = nd_mmaps_open();
    if (f->mmaps)
        return f;
    free(f);
    return NULL;
}

void nd_followed_begin(struct nd_followed *f, uint32_t pid)
{
    if (!f)
        return;
    nd_syms_snapshot(f->syms, pid);
    nd_syms_watch(f->syms, fresh, f);
    nd_followed_look(f);
}

void nd_followed_free(struct nd_followed *f)
{
    if (!f)
        return;
    nd_syms_watch(f->syms, NULL, NULL);
    nd_mmaps_free(f->mmaps);
    free(f);
}
