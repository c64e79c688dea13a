// SPDX-License-Identifier: GPL-2.0-or-later
// Reads BTF (Documentation/bpf/btf.rst) lazily: opening maps the file and makes one pass over the
// type records; nothing is copied per type. Every access is checked: a damaged file gives errors or
// missing types, never a crash. Must not know the language. Serves kernel facts and the checker.
#ifndef ND_BTF_H
#define ND_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nd_arena;
struct nd_btf;

enum nd_btf_kind { // values of BTF_KIND_*
    ND_BTF_VOID = 0,
    ND_BTF_INT = 1,
    ND_BTF_PTR = 2,
    ND_BTF_ARRAY = 3,
    ND_BTF_STRUCT = 4,
    ND_BTF_UNION = 5,
    ND_BTF_ENUM = 6,
    ND_BTF_FWD = 7,
    ND_BTF_TYPEDEF = 8,
    ND_BTF_VOLATILE = 9,
    ND_BTF_CONST = 10,
    ND_BTF_RESTRICT = 11,
    ND_BTF_FUNC = 12,
    ND_BTF_FUNC_PROTO = 13,
    ND_BTF_VAR = 14,
    ND_BTF_DATASEC = 15,
    ND_BTF_FLOAT = 16,
    ND_BTF_DECL_TAG = 17,
    ND_BTF_TYPE_TAG = 18,
    ND_BTF_ENUM64 = 19,
};

struct nd_btf_type {
    uint32_t id;
    enum nd_btf_kind kind;
    const char *name; // "" if anonymous; lives as long as the nd_btf
    uint32_t size;    // INT STRUCT UNION ENUM ENUM64 FLOAT: bytes
    uint32_t type;    // PTR TYPEDEF VOLATILE CONST RESTRICT FUNC VAR TYPE_TAG: id referred to;
                      // FUNC_PROTO: return type; ARRAY: element type
    uint32_t vlen;    // members, enumerators, parameters
    uint32_t nelems;  // ARRAY
    bool is_signed;   // INT, ENUM, ENUM64
    bool is_bool;     // INT
    bool is_char;     // INT
    bool kind_flag;
};

struct nd_btf_member {
    const char *name; // "" for an anonymous struct or union
    uint32_t type;
    uint32_t bit_off; // from the start of the struct, in bits
    uint32_t bits;    // 0: not a bit-field
};

struct nd_btf_enumerator {
    const char *name;
    int64_t value;
};

struct nd_btf_param {
    const char *name; // "" if it has none
    uint32_t type;    // 0 as the last one of a prototype with "...": variadic
};

// Opens a BTF file (/sys/kernel/btf/vmlinux, an ELF file with such a section, or raw data in memory
// that the caller keeps alive).
// With a base (split BTF of a module) ids go on after the base's. The base may be the split BTF of
// another module: the file then still refers to the kernel's types alone. Returns NULL and sets
// *why to a static text when it is not BTF.
struct nd_btf *nd_btf_open(const char *path, struct nd_btf *base, const char **why);
// Where the BTF is in an ELF file. -ENOEXEC: it is none; -ENOENT: it has no BTF; -EINVAL: damaged.
int nd_btf_in_elf(int fd, uint64_t *off, uint64_t *size);
struct nd_btf *nd_btf_from_memory(const void *data, size_t size, struct nd_btf *base,
                                  const char **why);
void nd_btf_free(struct nd_btf *btf); // does not free the base

// Number of ids: valid ids are 0 (void) .. n - 1.
uint32_t nd_btf_count(const struct nd_btf *btf);
// The id that a type has for the kernel: modules all begin after the last id of the kernel.
uint32_t nd_btf_own_id(const struct nd_btf *btf, uint32_t id);
// Id of the first type of this kind and name, or 0. The name is found in the string section first
// and then compared by offset, so a lookup costs one pass over the type offsets, not over strings.
uint32_t nd_btf_find(const struct nd_btf *btf, enum nd_btf_kind kind, const char *name);
// Fills *t; false for an id out of range.
bool nd_btf_get(const struct nd_btf *btf, uint32_t id, struct nd_btf_type *t);
// The same after skipping CONST VOLATILE RESTRICT TYPEDEF TYPE_TAG (at most 64 of them).
bool nd_btf_resolve(const struct nd_btf *btf, uint32_t id, struct nd_btf_type *t);
bool nd_btf_member(const struct nd_btf *btf, uint32_t id, uint32_t i, struct nd_btf_member *m);
bool nd_btf_enumerator(const struct nd_btf *btf, uint32_t id, uint32_t i,
                       struct nd_btf_enumerator *e);
bool nd_btf_param(const struct nd_btf *btf, uint32_t id, uint32_t i, struct nd_btf_param *p);
// Size in bytes through typedefs, arrays (product), pointers; 0 if it has none.
uint64_t nd_btf_size(const struct nd_btf *btf, uint32_t id);
// Id of the ENUM or ENUM64 that has an enumerator of this name, and its value; 0 if none.
uint32_t nd_btf_find_enumerator(const struct nd_btf *btf, const char *name, int64_t *value);
// C text of a type for messages: "struct sk_buff *", "unsigned int[4]".
const char *nd_btf_type_text(const struct nd_btf *btf, uint32_t id, struct nd_arena *a);

#endif
