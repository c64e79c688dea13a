// SPDX-License-Identifier: GPL-2.0-or-later
// A checked view of a manifest: after nd_mf_open every index and string in it can be followed
// without further checks. Must not know the kernel. Serves the whole runtime.
#ifndef ND_MF_H
#define ND_MF_H

#include "runtime/common/manifest.h"

#include <stdbool.h>
#include <stddef.h>

struct nd_mf {
    const struct nd_mf_header *h;
    const char *strings;
    const struct nd_mf_type *types;
    const struct nd_mf_field *fields;
    const struct nd_mf_enumerator *enumerators;
    const struct nd_mf_map *maps;
    const struct nd_mf_prog *progs;
    const struct nd_mf_attach *attaches;
    const struct nd_mf_event *events;
    const struct nd_mf_option *options;
    const struct nd_mf_site *sites;
    const struct nd_mf_hook *hooks;
    const struct nd_mf_func *funcs;
    const struct nd_mf_insn *code;
    const uint64_t *consts;
    const uint32_t *words;
    const uint8_t *blob;
    const struct nd_mf_need *needs;
    const struct nd_mf_path *paths;
    const struct nd_mf_absent *absent;
    const struct nd_mf_table *tables;
    const struct nd_mf_column *columns;
    uint32_t ntypes, nfields, nenumerators, nmaps, nprogs, nattaches, nevents, noptions, nsites,
        nhooks, nfuncs, ncode, nconsts, nwords, nblob, nneeds, npaths, nabsent, ntables, ncolumns,
        nstrings;
};

// Checks the whole blob (sizes, checksum, every index, offset, jump target, local, string; type
// graph without cycles; layouts inside their sizes) and fills *mf with pointers into it. The data
// must be 8-byte aligned and outlive *mf. Returns 0, or -EINVAL and a static text in *why.
int nd_mf_open(struct nd_mf *mf, const void *data, size_t size, const char **why);
// Are the texts in it that are shown to people free of control characters?
bool nd_mf_is_plain(const struct nd_mf *mf);
// How many entries a map has room for: as many as the option says that it names, if it names one.
int64_t nd_mf_map_entries(const struct nd_mf *mf, uint32_t map, const uint8_t *opts);

// Is this the complete and undamaged content of an object's file? Gives the size of the ELF in it;
// or -EINVAL and a text in *why.
int nd_mf_unseal(const void *data, size_t size, size_t *elf_size, const char **why);

static inline const char *nd_mf_str(const struct nd_mf *mf, uint32_t off)
{
    return mf->strings + off;
}

// Size in bytes of the event ring for a script whose largest record has this many: it is read every
// few milliseconds, but the reader may have to wait for a CPU.
uint32_t nd_mf_ring_bytes(uint32_t record);

#endif
