// SPDX-License-Identifier: GPL-2.0-or-later
// Types of the language: made from BTF, from the script or by the built-ins. A kernel struct is
// read from BTF member by member, only when a member is asked for. Must not know expressions.
// Serves the checker, the lowering and the manifest.
#ifndef ND_TYPES_H
#define ND_TYPES_H

#include "compiler/front/ast.h"
#include "compiler/front/diag.h"
#include "runtime/common/typekinds.h"

struct nd_btf;
struct nd_func_sig;
struct nd_kernel;

// Where the bytes of a pointer's target or an aggregate are, and therefore how they are read.
enum nd_as {
    ND_AS_KERNEL, // bpf_probe_read_kernel
    ND_AS_USER,   // bpf_probe_read_user
    ND_AS_BTF,    // direct load, the verifier knows the type
    ND_AS_CTX,    // the program's context
    ND_AS_BPF,    // stack, map value, ring buffer: direct load
    ND_AS_EITHER, // kernel or user memory: the address tells, where the architecture allows it
};

struct nd_field {
    const char *name;
    struct nd_type *type;
    uint32_t off;
    uint16_t bit_off, bits; // bits 0: no bit-field. bit_off counts from off, little endian
    uint32_t btf_type;      // from BTF: id of its type as the kernel wrote it, otherwise 0
    int64_t value;          // of an enumerator of the script
};

struct nd_type {
    enum nd_typekind kind;
    uint32_t size; // bytes; aggregations: of the value per CPU
    bool is_signed;
    bool is_union;
    bool is_char;
    bool is_word; // INT: see nd_type_word
    bool hex;
    bool is_record;          // TUPLE: its fields have names, not numbers
    enum nd_as as;           // PTR
    const char *name;        // STRUCT, ENUM; STRFTIME: format; aggregations: unit
    struct nd_type *elem;    // PTR, ARRAY; NULL for a PTR not resolved yet, see nd_type_elem;
                             // min() and max(): the type of a time, with its clock; NULL: a number
    uint32_t elem_btf;       // PTR: BTF id of what it points to
    uint32_t nelems;         // ARRAY, TUPLE, STRUCT of the script
    struct nd_field *fields; // TUPLE, STRUCT of the script
    uint32_t btf_id;         // STRUCT, ENUM from BTF
    uint32_t depth;          // KSTACK, USTACK
    uint32_t flags;          // ND_TF_*
    const char *other;       // ENUM: what values without a name print as; NULL: a number
    uint32_t clock;          // TIME, STRFTIME: CLOCK_BOOTTIME, CLOCK_TAI; 0: monotonic
    int64_t lo, hi, step;    // aggregations: see the kind
    uint32_t align;
};

struct nd_typedef {
    const char *name;
    struct nd_type *type;
};

struct nd_types {
    struct nd_arena *arena;
    struct nd_diags *diags;
    struct nd_kernel *kernel;
    struct nd_type **by_btf; // cache, by id
    uint32_t nby_btf;
    ND_VEC(struct nd_type *) structs;   // declared by the script
    ND_VEC(const char *) modules;       // and the module of each; NULL: none
    ND_VEC(struct nd_type *) enums;     // of the script, and of stages, by the name of their path
    ND_VEC(struct nd_typedef) typedefs; // of the script
    ND_VEC(struct nd_type *) events;    // of the script: structs where no other has the name
    struct nd_type *flow;               // nd_type_flow, made once
};

// A register whose type is not known: an i64 that may be meant as a u64.
extern const struct nd_type nd_type_word;
extern const struct nd_type nd_type_i64, nd_type_u64, nd_type_u32, nd_type_u16, nd_type_u8,
    nd_type_bool;
// Times that nsecs gives, and nobody has called so: they print as numbers.
extern const struct nd_type nd_type_nsecs, nd_type_nsecs_boot, nd_type_nsecs_tai;
#define ND_TYPE_ONE(id, name, ...) extern const struct nd_type nd_type_##name;
#include "runtime/common/types.def"

// A const table type where a struct nd_type * is wanted; types are never changed once made.
static inline struct nd_type *nd_ty(const struct nd_type *t)
{
    return (struct nd_type *)(uintptr_t)t;
}

// Constructors; sizes are in bytes, n in elements. Types live in the arena and are shared, never
// freed.
struct nd_type *nd_type_int(uint32_t size, bool is_signed);
struct nd_type *nd_type_time_of(uint32_t clock); // that prints as one
struct nd_type *nd_type_string(struct nd_types *t, uint32_t size);
struct nd_type *nd_type_ptr(struct nd_types *t, struct nd_type *elem, enum nd_as as);
struct nd_type *nd_type_array(struct nd_types *t, struct nd_type *elem, uint32_t n);
// Padding is zeroed when values are built.
struct nd_type *nd_type_tuple(struct nd_types *t, struct nd_type **v, uint32_t n);
// A tuple whose fields have names.
struct nd_type *nd_type_record(struct nd_types *t, struct nd_type **v, const char *const *names,
                               uint32_t n);
// A tuple or record with as many fields, and the same names, as `of`.
struct nd_type *nd_type_tuple_like(struct nd_types *t, const struct nd_type *of,
                                   struct nd_type **v);
// The field of a tuple with this name, from 0; as many as there are: none.
uint32_t nd_type_part(const struct nd_type *t, const char *name);
// Lays the fields out: as a C compiler does, or aligned for copying (tuples, events).
struct nd_type *nd_type_struct(struct nd_types *t, const char *name, struct nd_field *f, uint32_t n,
                               bool as_in_c);
// struct flow { src: ip, dst: ip, sport: port, dport: port, proto: proto }
struct nd_type *nd_type_flow(struct nd_types *t);
struct nd_type *nd_type_new(struct nd_types *t, enum nd_typekind kind, uint32_t size);

// From BTF; never NULL (unknown forms give void). BTF must be available.
struct nd_type *nd_type_btf(struct nd_types *t, uint32_t id);
// What a pointer points to.
struct nd_type *nd_type_elem(struct nd_types *t, const struct nd_type *ptr);
// In whose number the distance of two pointers is counted; NULL: in bytes.
struct nd_type *nd_type_distance_elem(struct nd_types *t, const struct nd_type *a,
                                      const struct nd_type *b);
// The same pointer, reading from somewhere else.
struct nd_type *nd_type_in(struct nd_types *t, struct nd_type *ptr, enum nd_as as);
// "struct name", NULL if there is none (nothing reported); script declarations win over BTF.
struct nd_type *nd_type_named_struct(struct nd_types *t, enum nd_tag tag, const char *name,
                                     const char **why);
// The same of the kernel alone.
struct nd_type *nd_type_kernel_struct(struct nd_types *t, enum nd_tag tag, const char *name);
// A member, also through anonymous structs and unions; offsets count from the outer struct.
bool nd_type_field(struct nd_types *t, const struct nd_type *s, const char *name,
                   struct nd_field *out);
// All member names in order, anonymous ones opened; for messages.
void nd_type_each_field(struct nd_types *t, const struct nd_type *s,
                        void (*fn)(void *arg, const struct nd_field *f), void *arg);

// A type as written in the script; reports and gives the error type if it is unknown.
struct nd_type *nd_type_resolve(struct nd_types *t, const struct nd_texpr *x);

// A type as C writes it ("const char *const *"), its pointers to memory at `as`; NULL: unknown.
struct nd_type *nd_type_from_c(struct nd_types *t, const char *text, enum nd_as as);

// Where parameter i of a function is when it is entered. A trampoline passes all of them in slots
// of 8 bytes, in order. A breakpoint finds registers and stack as they are: words from `first` on,
// of which those after the registers for arguments are on the stack.
struct nd_param_place {
    uint32_t slot, slots;
    uint32_t first, words;
    bool by_ref; // the word is the address of a copy
};
void nd_type_param(struct nd_types *t, const struct nd_func_sig *sig, uint32_t i,
                   struct nd_param_place *out);
// Slots of all parameters; after them a trampoline has the result.
uint32_t nd_type_param_slots(struct nd_types *t, const struct nd_func_sig *sig);

bool nd_type_is_int(const struct nd_type *t);    // value fits a register and can be computed with
bool nd_type_is_scalar(const struct nd_type *t); // kept in a register: ints, pointers, times, ...
bool nd_type_is_agg(const struct nd_type *t);
// What user space sees of a value: of an aggregation that is one number, this.
struct nd_type *nd_type_seen(const struct nd_type *t);
bool nd_type_is_text(const struct nd_type *t);       // string or device name
uint32_t nd_type_text_size(const struct nd_type *t); // bytes of the characters of a text
bool nd_type_signed(const struct nd_type *t);        // as a 64-bit value
bool nd_type_equal(const struct nd_type *a, const struct nd_type *b);
// The type that holds values of both, or NULL if there is none.
struct nd_type *nd_type_unify(struct nd_types *t, struct nd_type *a, struct nd_type *b);
uint32_t nd_type_align(const struct nd_type *t);
const char *nd_type_text(struct nd_types *t, const struct nd_type *x);

#endif
