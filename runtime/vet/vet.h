// SPDX-License-Identifier: GPL-2.0-or-later
// An object is code that will run in the kernel, and a file that libbpf interprets: here it is
// looked at before either, with nothing in it believed. What it does must be in the lists of this
// room, and what it has must be what its manifest says. Must not know libbpf. Serves the loader and
// explain.
#ifndef ND_VET_H
#define ND_VET_H

#include "runtime/common/helpers.h"
#include "runtime/common/mf.h"

#include <stdbool.h>
#include <stdio.h>

#define ND_VET_BYTES (64u << 20) // the largest object

struct bpf_insn;
struct vet_section;
struct vet_func;
struct vet_map;

enum nd_vet_kind { // of a section
    VET_OTHER,     // nobody reads it
    VET_PROG,      // one program
    VET_TEXT,      // functions that programs call
    VET_MAPS,
    VET_BSS,
    VET_RODATA,
    VET_LICENSE,
    VET_BTF,
    VET_BTF_EXT,
    VET_MANIFEST,
    VET_SYMTAB,
    VET_STRTAB,
    VET_REL, // relocations of code, or of what nobody reads
    VET_KINDS,
};

// A map as libbpf is to make it.
struct nd_vet_map {
    const char *name;
    uint32_t type, key, value, entries;
};

struct nd_vet {
    const uint8_t *elf; // the caller's, which nobody else may change
    size_t size;
    const void *manifest; // in it
    size_t manifest_size;
    uint32_t opts_off, state_off; // of nd_opts in .rodata, of nd_state in .bss
    bool has_opts, has_state;
    uint64_t helpers[ND_HELPERS_MAX / 64]; // those that its programs call
    uint32_t ninsns;                       // of all programs
    char why[400];                         // it is refused
    // What was found, for this room.
    struct vet_section *sec;
    struct vet_func *func;
    struct vet_map *map;
    uint32_t nsec, nfunc, nmap;
    uint32_t at[VET_KINDS]; // the section of a kind that is there once, 0: none
    uint32_t *type_off;     // of BTF, by id
    uint32_t ntypes;
    const uint8_t *types; // where they begin
    const char *strings;  // of BTF
    uint32_t nstrings;
};

// The file: sections, symbols, relocations, BTF. Then `manifest` can be opened.
int nd_vet_open(struct nd_vet *v, const void *elf, size_t size);
// The code, the programs and the maps: allowed, and those of its manifest. Both give 0, or -EINVAL
// and a text in `why`; nd_vet_close is due in any case.
int nd_vet_object(struct nd_vet *v, const struct nd_mf *mf);
void nd_vet_close(struct nd_vet *v);

// Does the object describe this map exactly so? Only then did libbpf read it as we did.
bool nd_vet_map_is(const struct nd_vet *v, const struct nd_vet_map *m);
// The maps that an object makes, by name. False: no more.
bool nd_vet_map_at(const struct nd_vet *v, uint32_t i, struct nd_vet_map *out);
// "hash", "ring buffer", ...; NULL: a type that no object may have.
const char *nd_vet_map_type(uint32_t type);

// Code as it goes to the kernel, with its relocations done: NULL, or what is wrong, in `why`.
const char *nd_vet_final(const struct bpf_insn *code, size_t n, char *why, size_t room);

// For explain: what its programs call, and that nothing else is in it.
void nd_vet_print(const struct nd_vet *v, FILE *out);

#endif
