// SPDX-License-Identifier: GPL-2.0-or-later
// The texts of a manifest that are shown to people: one that somebody else wrote must not steer the
// terminal. Must not know the kernel. Serves the command line.
#include "runtime/common/mf_impl.h"

static bool is_plain(const struct nd_mf *mf, uint32_t off, bool lines)
{
    const char *s = nd_mf_str(mf, off);

    for (; *s; s++) {
        if (((unsigned char)*s < ' ' && !(lines && (*s == '\n' || *s == '\t'))) || *s == 0x7f)
            return false;
    }
    return true;
}

static bool are_plain(const struct nd_mf *mf, uint32_t first, uint32_t n)
{
    uint32_t i;

    for (i = 0; i < n; i++) {
        if (!is_plain(mf, mf->words[first + i], false))
            return false;
    }
    return true;
}

static bool options_plain(const struct nd_mf *mf)
{
    uint32_t i;

    for (i = 0; i < mf->noptions; i++) {
        const struct nd_mf_option *o = &mf->options[i];

        if (!is_plain(mf, o->name, false) || !is_plain(mf, o->flag, false) ||
            !is_plain(mf, o->help, true) || !is_plain(mf, o->def_text, false) ||
            !is_plain(mf, o->key, false) || !are_plain(mf, o->alias, o->nalias) ||
            !are_plain(mf, o->names, o->nnames))
            return false;
    }
    return true;
}

static bool places_plain(const struct nd_mf *mf)
{
    bool plain = true;
    uint32_t i;

    for (i = 0; i < mf->nattaches; i++)
        plain &= is_plain(mf, mf->attaches[i].spec, false) &&
                 is_plain(mf, mf->attaches[i].s0, false) && is_plain(mf, mf->attaches[i].s1, false);
    for (i = 0; i < mf->nprogs; i++)
        plain &=
            is_plain(mf, mf->progs[i].name, false) && is_plain(mf, mf->progs[i].btf_name, false);
    for (i = 0; i < mf->nneeds; i++)
        plain &= is_plain(mf, mf->needs[i].type, false) && is_plain(mf, mf->needs[i].path, false);
    for (i = 0; i < mf->nabsent; i++)
        plain &= is_plain(mf, mf->absent[i].stage, false) &&
                 is_plain(mf, mf->absent[i].module, false) &&
                 are_plain(mf, mf->absent[i].reasons, mf->absent[i].nreasons);
    for (i = 0; i < mf->ntables; i++)
        plain &= is_plain(mf, mf->tables[i].name, false);
    for (i = 0; i < mf->ncolumns; i++)
        plain &=
            is_plain(mf, mf->columns[i].title, false) && is_plain(mf, mf->columns[i].unit, false) &&
            is_plain(mf, mf->columns[i].base, false) && is_plain(mf, mf->columns[i].format, false);
    return plain;
}

bool nd_mf_is_plain(const struct nd_mf *mf)
{
    const struct nd_mf_header *h = mf->h;
    bool plain = is_plain(mf, h->script, false) && is_plain(mf, h->title, true) &&
                 is_plain(mf, h->notes, true) && is_plain(mf, h->kernel, false) &&
                 are_plain(mf, h->files, h->nfiles);
    uint32_t i;

    for (i = 0; i < mf->nmaps; i++)
        plain &= is_plain(mf, mf->maps[i].name, false) && is_plain(mf, mf->maps[i].title, true);
    for (i = 0; i < mf->nevents; i++)
        plain &= is_plain(mf, mf->events[i].name, false);
    for (i = 0; i < mf->nfields; i++)
        plain &= is_plain(mf, mf->fields[i].name, false);
    for (i = 0; i < mf->npaths; i++)
        plain &= is_plain(mf, mf->paths[i].name, false) &&
                 are_plain(mf, mf->paths[i].stages, mf->paths[i].nstages);
    return plain && options_plain(mf) && places_plain(mf);
}
