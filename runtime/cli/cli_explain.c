// SPDX-License-Identifier: GPL-2.0-or-later
// What an object does, for a reviewer who has no script. A script is explained by the compiler.
// Must not know the kernel. Serves cli.c.
#include "runtime/cli/cli_impl.h"

#include "runtime/common/msg.h"
#include "runtime/common/probekinds.h"

#include <string.h>

#define SHOWN 8u // attach points of one program

static void put_span(const struct nd_mf *mf, const struct nd_mf_span *s)
{
    if (s->line && s->file < mf->h->nfiles)
        printf(" (%s%sline %u)", s->file ? nd_mf_str(mf, mf->words[mf->h->files + s->file]) : "",
               s->file ? " " : "", s->line);
}

static void put_programs(const struct nd_mf *mf)
{
    uint32_t i, k;

    printf("Runs in the kernel:\n");
    for (i = 0; i < mf->nprogs; i++) {
        const struct nd_mf_prog *p = &mf->progs[i];

        for (k = 0; k < p->count && k < SHOWN; k++)
            printf("%s%s", k ? ", " : "  ", nd_mf_str(mf, mf->attaches[p->first + k].spec));
        if (k < p->count)
            printf(" and %u more", p->count - k);
        put_span(mf, &p->span);
        printf("\n    served by: %s%s\n", nd_kind_of_prog[p->type].text,
               *nd_mf_str(mf, p->direct) ? "; directly, where the kernel has types" : "");
        if (p->when != ND_MF_NONE)
            printf("    attached only if its condition on the options is true\n");
    }
    if (!mf->nprogs)
        printf("  nothing\n");
}

// The name in the script of a map of the object; NULL: one of the programs' own.
static const char *name_of(const struct nd_mf *mf, const char *sym)
{
    uint32_t i;

    for (i = 0; i < mf->nmaps; i++) {
        const struct nd_mf_map *m = &mf->maps[i];

        if (m->kind != ND_MAP_USER && (!strcmp(nd_mf_str(mf, m->sym), sym) ||
                                       (m->sym2 && !strcmp(nd_mf_str(mf, m->sym2), sym))))
            return nd_mf_str(mf, m->name);
    }
    return NULL;
}

static void put_maps(const struct nd_load *l)
{
    struct nd_vet_map m;
    uint32_t i;

    printf("Maps:\n");
    for (i = 0; nd_vet_map_at(&l->vet, i, &m); i++) {
        const char *name = name_of(&l->mf, m.name);

        printf("  %s: %s", name ? name : m.name, nd_vet_map_type(m.type));
        if (m.key)
            printf(", at most %u entries, keys of %u and values of %u bytes\n", m.entries, m.key,
                   m.value);
        else
            printf(", %u bytes\n", m.entries);
    }
    if (!i)
        printf("  none\n");
}

static void put_user(const struct nd_mf *mf)
{
    static const char *const hooks[] = {"begin", "end", "every"};
    uint32_t i;

    printf("Runs in user space:\n");
    for (i = 0; i < mf->nhooks; i++) {
        printf("  %s", hooks[mf->hooks[i].kind]);
        put_span(mf, &mf->hooks[i].span);
        printf("\n");
    }
    for (i = 0; i < mf->nevents; i++) {
        if (mf->events[i].func == ND_MF_NONE || !*nd_mf_str(mf, mf->events[i].name))
            continue;
        printf("  on %s", nd_mf_str(mf, mf->events[i].name));
        put_span(mf, &mf->events[i].span);
        printf("\n");
    }
}

int nd_cli_explain(const struct cli *c, const char *path)
{
    struct nd_object obj = {0};
    struct nd_load l = {0};
    int err = nd_object_map(path, true, &obj);

    if (err)
        nd_msg("error: cannot read %s: %s", path, strerror(-err));
    else
        err = nd_cli_load(c, &obj, &l);
    if (!err) {
        const char *kernel = nd_mf_str(&l.mf, l.mf.h->kernel);

        printf("%s, compiled from %s for Linux %s%s\n", path, nd_mf_str(&l.mf, l.mf.h->script),
               *kernel ? kernel : "of any release",
               l.mf.h->flags & ND_MF_PORTABLE ? " and others" : "");
        put_programs(&l.mf);
        put_maps(&l);
        put_user(&l.mf);
        nd_vet_print(&l.vet, stdout);
    }
    nd_load_free(&l);
    nd_object_free(&obj);
    return err ? EXIT_FAILED : EXIT_DONE;
}
