// SPDX-License-Identifier: GPL-2.0-or-later
// What the parts of the check share. Included by this room only.
#ifndef ND_VET_IMPL_H
#define ND_VET_IMPL_H

#include "runtime/vet/vet.h"

#include <elf.h>
#include <linux/bpf.h>

struct vet_section {
    const char *name;
    const uint8_t *data;
    uint64_t size;
    uint32_t type, link, info;
    enum nd_vet_kind kind;
    uint32_t relocs; // section with the relocations of this one, 0: none
    uint32_t first;  // of its functions
    uint32_t nfuncs;
};

struct vet_func { // in the order of sections and places
    const char *name;
    uint32_t sec;
    uint32_t at, n; // instructions of the section
    bool claimed;   // by a program of the manifest
};

struct vet_map {
    struct nd_vet_map is;
};

__attribute__((format(printf, 2, 3))) int nd_vet_refuse(struct nd_vet *v, const char *fmt, ...);

static inline bool vet_inside(uint64_t off, uint64_t n, uint64_t size)
{
    return off <= size && n <= size - off;
}

static inline uint32_t vet_nsyms(const struct nd_vet *v)
{
    return v->at[VET_SYMTAB] ? (uint32_t)(v->sec[v->at[VET_SYMTAB]].size / sizeof(Elf64_Sym)) : 0;
}
static inline const Elf64_Sym *vet_sym(const struct nd_vet *v, uint32_t i)
{
    return (const Elf64_Sym *)(const void *)v->sec[v->at[VET_SYMTAB]].data + i;
}
// The name of a section or a symbol, NULL: it has none that ends.
const char *nd_vet_string(const struct nd_vet *v, uint32_t strtab, uint32_t off);
static inline const struct bpf_insn *vet_code(const struct nd_vet *v, uint32_t sec)
{
    return (const struct bpf_insn *)(const void *)v->sec[sec].data;
}

// vet_syms.c: symbols and relocations.
int nd_vet_symbols(struct nd_vet *v);
int nd_vet_relocs(struct nd_vet *v);
// vet_btf.c, vet_btf_ext.c
int nd_vet_btf(struct nd_vet *v);
int nd_vet_btf_ext(struct nd_vet *v);
// vet_maps.c: the maps that BTF describes, and whether they are those of the manifest.
int nd_vet_maps(struct nd_vet *v);
int nd_vet_maps_fit(struct nd_vet *v, const struct nd_mf *mf);
// vet_code.c
int nd_vet_codes(struct nd_vet *v, const struct nd_mf *mf);

#endif
