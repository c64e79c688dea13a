// SPDX-License-Identifier: GPL-2.0-or-later
// Types from BTF and from the words of the script.
#include "compiler/lang/types.h"

#include "compiler/kernel/btf.h"
#include "compiler/kernel/kernel.h"

#include <string.h>

static struct nd_btf *btf_of(struct nd_types *t)
{
    const char *why;

    return nd_kernel_btf(t->kernel, &why);
}

static struct nd_type *convert(struct nd_types *t, const struct nd_btf_type *b)
{
    struct nd_type *x;

    switch (b->kind) {
    case ND_BTF_INT:
        if (b->is_bool)
            return nd_ty(&nd_type_bool);
        if (b->size > 8)
            return nd_type_array(t, nd_ty(&nd_type_u64), b->size / 8);
        if (b->size == 1 && (b->is_char || !strcmp(b->name, "char"))) {
            x = nd_type_new(t, ND_T_INT, 1);
            x->is_signed = b->is_signed;
            x->is_char = true;
            return x;
        }
        return nd_type_int(b->size, b->is_signed);
    case ND_BTF_FLOAT:
        return nd_type_array(t, nd_ty(&nd_type_u8), b->size);
    case ND_BTF_PTR:
        x = nd_type_new(t, ND_T_PTR, 8);
        x->elem_btf = b->type;
        return x;
    case ND_BTF_ENUM:
    case ND_BTF_ENUM64:
        x = nd_type_new(t, ND_T_ENUM, b->size);
        x->is_signed = b->is_signed;
        x->name = b->name;
        x->btf_id = b->id;
        return x;
    case ND_BTF_STRUCT:
    case ND_BTF_UNION:
        x = nd_type_new(t, ND_T_STRUCT, b->size);
        x->is_union = b->kind == ND_BTF_UNION;
        x->name = b->name;
        x->btf_id = b->id;
        x->align = 8;
        return x;
    case ND_BTF_ARRAY: {
        struct nd_type *elem = nd_type_btf(t, b->type);

        if (elem->is_char)
            return nd_type_string(t, b->nelems);
        return nd_type_array(t, elem, b->nelems);
    }
    default:
        return nd_ty(&nd_type_void);
    }
}

struct nd_type *nd_type_btf(struct nd_types *t, uint32_t id)
{
    struct nd_btf *btf = btf_of(t);
    struct nd_btf_type b;
    struct nd_type *x;

    if (!btf || !id || !nd_btf_resolve(btf, id, &b))
        return nd_ty(&nd_type_void);
    if (!t->by_btf) {
        t->nby_btf = nd_btf_count(btf);
        t->by_btf = ND_NEW_ARRAY(t->arena, struct nd_type *, t->nby_btf);
    }
    if (b.id < t->nby_btf && t->by_btf[b.id])
        return t->by_btf[b.id];
    x = convert(t, &b);
    if (b.id < t->nby_btf)
        t->by_btf[b.id] = x;
    return x;
}

struct nd_type *nd_type_elem(struct nd_types *t, const struct nd_type *ptr)
{
    if (ptr->elem)
        return ptr->elem;
    return ptr->elem_btf ? nd_type_btf(t, ptr->elem_btf) : nd_ty(&nd_type_void);
}

struct nd_type *nd_type_distance_elem(struct nd_types *t, const struct nd_type *a,
                                      const struct nd_type *b)
{
    struct nd_type *elem;

    if (a->kind != ND_T_PTR || b->kind != ND_T_PTR)
        return NULL;
    elem = nd_type_elem(t, a);
    return elem->size > 1 && nd_type_equal(elem, nd_type_elem(t, b)) ? elem : NULL;
}

// A module's struct that the script declares is for kernels that say nothing about modules.
static struct nd_type *of_module(struct nd_types *t, uint32_t i, const char **why)
{
    const char *module = t->modules.v[i], *name = t->structs.v[i]->name;
    bool told = nd_kernel_module_btf(t->kernel, module);
    struct nd_btf *btf = nd_kernel_btf(t->kernel, why);
    uint32_t id = btf ? nd_btf_find(btf, ND_BTF_STRUCT, name) : 0;

    *why = NULL;
    if (id)
        return nd_type_btf(t, id);
    if (!told &&
        (nd_kernel_has_module(t->kernel, module) || nd_kernel_module_builtin(t->kernel, module)))
        return t->structs.v[i];
    *why = told ? nd_arena_printf(t->arena, "module %s of this kernel has no such struct", module)
                : nd_arena_printf(t->arena, "module %s is not loaded: modprobe %s", module, module);
    return NULL;
}

struct nd_type *nd_type_kernel_struct(struct nd_types *t, enum nd_tag tag, const char *name)
{
    struct nd_btf *btf = btf_of(t);
    uint32_t id;

    if (!btf)
        return NULL;
    if (tag == ND_TAG_ENUM) {
        id = nd_btf_find(btf, ND_BTF_ENUM, name);
        if (!id)
            id = nd_btf_find(btf, ND_BTF_ENUM64, name);
    } else {
        id = nd_btf_find(btf, tag == ND_TAG_UNION ? ND_BTF_UNION : ND_BTF_STRUCT, name);
        if (!id) // "struct x" of a typedef, as bpftrace allows
            id = nd_btf_find(btf, ND_BTF_TYPEDEF, name);
    }
    return id ? nd_type_btf(t, id) : NULL;
}

struct nd_type *nd_type_named_struct(struct nd_types *t, enum nd_tag tag, const char *name,
                                     const char **why)
{
    struct nd_type *x;
    uint32_t i;

    for (i = 0; i < t->structs.n; i++) {
        if (tag == (t->structs.v[i]->is_union ? ND_TAG_UNION : ND_TAG_STRUCT) &&
            !strcmp(t->structs.v[i]->name, name))
            return t->modules.v[i] ? of_module(t, i, why) : t->structs.v[i];
    }
    for (i = 0; i < t->enums.n; i++) {
        if (tag == ND_TAG_ENUM && !strcmp(t->enums.v[i]->name, name))
            return t->enums.v[i];
    }
    x = nd_kernel_btf(t->kernel, why) ? nd_type_kernel_struct(t, tag, name) : NULL;
    for (i = 0; !x && tag == ND_TAG_STRUCT && i < t->events.n; i++) {
        if (!strcmp(t->events.v[i]->name, name))
            x = t->events.v[i];
    }
    if (x || nd_kernel_btf(t->kernel, why))
        *why = NULL;
    return x;
}

static bool find_member(struct nd_types *t, struct nd_btf *btf, uint32_t id, uint32_t base,
                        const char *name, struct nd_field *out, uint32_t depth)
{
    struct nd_btf_type s, mt;
    struct nd_btf_member m;
    uint32_t i;

    if (depth > 16 || !nd_btf_resolve(btf, id, &s))
        return false;
    for (i = 0; i < s.vlen && nd_btf_member(btf, s.id, i, &m); i++) {
        if (*m.name) {
            if (strcmp(m.name, name))
                continue;
            out->name = m.name;
            out->type = nd_type_btf(t, m.type);
            out->btf_type = m.type;
            out->bits = (uint16_t)m.bits;
            out->off = (base + m.bit_off) / 8;
            out->bit_off = 0;
            if (m.bits) { // read the aligned unit that holds it
                uint32_t unit = out->type->size ? out->type->size * 8 : 32;
                uint32_t at = (base + m.bit_off) / unit * unit;

                out->off = at / 8;
                out->bit_off = (uint16_t)(base + m.bit_off - at);
            }
            return true;
        }
        if (nd_btf_resolve(btf, m.type, &mt) &&
            (mt.kind == ND_BTF_STRUCT || mt.kind == ND_BTF_UNION) &&
            find_member(t, btf, mt.id, base + m.bit_off, name, out, depth + 1))
            return true;
    }
    return false;
}

bool nd_type_field(struct nd_types *t, const struct nd_type *s, const char *name,
                   struct nd_field *out)
{
    uint32_t i;

    memset(out, 0, sizeof(*out));
    if (s->btf_id)
        return find_member(t, btf_of(t), s->btf_id, 0, name, out, 0);
    for (i = 0; i < s->nelems && s->fields; i++) {
        if (s->fields[i].name && !strcmp(s->fields[i].name, name)) {
            *out = s->fields[i];
            return true;
        }
    }
    return false;
}

static void each_member(struct nd_types *t, struct nd_btf *btf, uint32_t id, uint32_t base,
                        void (*fn)(void *arg, const struct nd_field *f), void *arg, uint32_t depth)
{
    struct nd_btf_type s, mt;
    struct nd_btf_member m;
    uint32_t i;

    if (depth > 16 || !nd_btf_resolve(btf, id, &s))
        return;
    for (i = 0; i < s.vlen && nd_btf_member(btf, s.id, i, &m); i++) {
        if (*m.name) {
            struct nd_field f = {.name = m.name,
                                 .type = nd_type_btf(t, m.type),
                                 .btf_type = m.type,
                                 .off = (base + m.bit_off) / 8,
                                 .bits = (uint16_t)m.bits,
                                 .bit_off = (uint16_t)((base + m.bit_off) % 8)};

            fn(arg, &f);
        } else if (nd_btf_resolve(btf, m.type, &mt) &&
                   (mt.kind == ND_BTF_STRUCT || mt.kind == ND_BTF_UNION)) {
            each_member(t, btf, mt.id, base + m.bit_off, fn, arg, depth + 1);
        }
    }
}

void nd_type_each_field(struct nd_types *t, const struct nd_type *s,
                        void (*fn)(void *arg, const struct nd_field *f), void *arg)
{
    uint32_t i;

    if (s->btf_id)
        each_member(t, btf_of(t), s->btf_id, 0, fn, arg, 0);
    for (i = 0; !s->btf_id && i < s->nelems && s->fields; i++)
        fn(arg, &s->fields[i]);
}

static const struct {
    const char *name;
    const struct nd_type *type;
} words[] = {
#define ND_TYPE_WORD(id, name, ...) {#name, &nd_type_##name},
#include "runtime/common/types.def"
    {"bool", &nd_type_bool},
    {"char", NULL},
};

static const struct {
    const char *name;
    uint8_t size;
    bool is_signed;
} ints[] = {
    {"u8", 1, 0},
    {"u16", 2, 0},
    {"u32", 4, 0},
    {"u64", 8, 0},
    {"i8", 1, 1},
    {"i16", 2, 1},
    {"i32", 4, 1},
    {"i64", 8, 1},
    {"s8", 1, 1},
    {"s16", 2, 1},
    {"s32", 4, 1},
    {"s64", 8, 1},
    {"uint8", 1, 0},
    {"uint16", 2, 0},
    {"uint32", 4, 0},
    {"uint64", 8, 0},
    {"int8", 1, 1},
    {"int16", 2, 1},
    {"int32", 4, 1},
    {"int64", 8, 1},
    {"uint8_t", 1, 0},
    {"uint16_t", 2, 0},
    {"uint32_t", 4, 0},
    {"uint64_t", 8, 0},
    {"int8_t", 1, 1},
    {"int16_t", 2, 1},
    {"int32_t", 4, 1},
    {"int64_t", 8, 1},
    {"__u8", 1, 0},
    {"__u16", 2, 0},
    {"__u32", 4, 0},
    {"__u64", 8, 0},
    {"__s8", 1, 1},
    {"__s16", 2, 1},
    {"__s32", 4, 1},
    {"__s64", 8, 1},
    {"__be16", 2, 0},
    {"__be32", 4, 0},
    {"__be64", 8, 0},
    {"__le16", 2, 0},
    {"__le32", 4, 0},
    {"__le64", 8, 0},
    {"short", 2, 1},
    {"int", 4, 1},
    {"long", 8, 1},
    {"unsigned", 4, 0},
    {"signed", 4, 1},
    {"size_t", 8, 0},
    {"ssize_t", 8, 1},
    {"pid_t", 4, 1},
    {"uid_t", 4, 0},
    {"unsigned int", 4, 0},
    {"unsigned long", 8, 0},
    {"unsigned long long", 8, 0},
    {"unsigned short", 2, 0},
    {"unsigned char", 1, 0},
    {"signed char", 1, 1},
    {"long long", 8, 1},
    {"long int", 8, 1},
    {"unsigned long int", 8, 0},
    {"signed int", 4, 1},
    {"short int", 2, 1},
    {"unsigned short int", 2, 0},
    {"long long int", 8, 1},
    {"unsigned long long int", 8, 0},
    {"signed long", 8, 1},
    {"long unsigned int", 8, 0},
};

static struct nd_type *char_type(struct nd_types *t)
{
    struct nd_type *type = nd_type_new(t, ND_T_INT, 1);

    type->is_signed = type->is_char = true;
    return type;
}

// ---- types as the kernel's sources write them --------------------------------------------------

// Typedefs of system calls, for kernels that have no BTF to say what they are.
static const struct {
    const char *name;
    uint8_t size;
    bool is_signed;
} typedefs[] = {
    {"umode_t", 2, 0},   {"gid_t", 4, 0},     {"qid_t", 4, 1},        {"loff_t", 8, 1},
    {"off_t", 8, 1},     {"clockid_t", 4, 1}, {"timer_t", 4, 1},      {"key_t", 4, 1},
    {"mode_t", 4, 0},    {"dev_t", 4, 0},     {"fmode_t", 4, 0},      {"gfp_t", 4, 0},
    {"sector_t", 8, 0},  {"time_t", 8, 1},    {"time64_t", 8, 1},     {"ktime_t", 8, 1},
    {"uintptr_t", 8, 0}, {"intptr_t", 8, 1},  {"__sum16", 2, 0},      {"__wsum", 4, 0},
    {"u_int8_t", 1, 0},  {"u_int16_t", 2, 0}, {"u_int32_t", 4, 0},    {"u_int64_t", 8, 0},
    {"uint", 4, 0},      {"ulong", 8, 0},     {"ushort", 2, 0},       {"u_char", 1, 0},
    {"u_short", 2, 0},   {"u_int", 4, 0},     {"u_long", 8, 0},       {"__kernel_size_t", 8, 0},
    {"mqd_t", 4, 1},     {"rwf_t", 4, 1},     {"key_serial_t", 4, 1}, {"aio_context_t", 8, 0},
};

static struct nd_type *c_name(struct nd_types *t, const char *name)
{
    struct nd_btf *btf;
    uint32_t id;
    size_t i;

    if (!strcmp(name, "void"))
        return nd_ty(&nd_type_void);
    if (!strcmp(name, "bool") || !strcmp(name, "_Bool"))
        return nd_ty(&nd_type_bool);
    if (!strcmp(name, "char"))
        return char_type(t);
    for (i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
        if (!strcmp(ints[i].name, name))
            return nd_type_int(ints[i].size, ints[i].is_signed);
    }
    for (i = 0; i < sizeof(typedefs) / sizeof(typedefs[0]); i++) {
        if (!strcmp(typedefs[i].name, name))
            return nd_type_int(typedefs[i].size, typedefs[i].is_signed);
    }
    btf = btf_of(t);
    id = btf ? nd_btf_find(btf, ND_BTF_TYPEDEF, name) : 0;
    return id ? nd_type_btf(t, id) : NULL;
}

// The next word or character; NULL at the end.
static const char *c_token(struct nd_types *t, const char **p)
{
    const char *from = *p += strspn(*p, " \t");
    size_t n = strspn(from, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    if (!*from)
        return NULL;
    *p += n ? n : 1;
    return nd_arena_strndup(t->arena, from, n ? n : 1);
}

static bool is_qualifier(const char *word)
{
    static const char *const qualifiers[] = {"const",  "volatile", "restrict", "__restrict",
                                             "__user", "__rcu",    "__percpu", "__force"};
    size_t i;

    for (i = 0; i < sizeof(qualifiers) / sizeof(qualifiers[0]); i++) {
        if (!strcmp(qualifiers[i], word))
            return true;
    }
    return false;
}

struct nd_type *nd_type_from_c(struct nd_types *t, const char *text, enum nd_as as)
{
    static const char *const tags[] = {
        [ND_TAG_STRUCT] = "struct", [ND_TAG_UNION] = "union", [ND_TAG_ENUM] = "enum"};
    const char *p = text, *word, *name = NULL, *why;
    enum nd_tag tag = (enum nd_tag)0;
    uint32_t stars = 0;
    struct nd_type *type;
    size_t i;

    while ((word = c_token(t, &p))) {
        if (is_qualifier(word))
            continue;
        for (i = ND_TAG_STRUCT; !name && i <= ND_TAG_ENUM && strcmp(tags[i], word) != 0; i++)
            ;
        if (*word == '*')
            stars++;
        else if (*word == '(') // of a function
            return strchr(p, '*') ? nd_type_ptr(t, nd_ty(&nd_type_void), as) : NULL;
        else if (!name && i <= ND_TAG_ENUM)
            tag = (enum nd_tag)i;
        else
            name = name ? nd_arena_printf(t->arena, "%s %s", name, word) : word;
    }
    if (!name)
        return NULL;
    type = tag ? nd_type_named_struct(t, tag, name, &why) : c_name(t, name);
    if (!type && !stars)
        return NULL;
    type = type ? nd_type_in(t, type, as) : nd_ty(&nd_type_void);
    while (stars--)
        type = nd_type_ptr(t, type, as);
    return type;
}

#define STRING_MAX 4096u

static struct nd_type *named(struct nd_types *t, const struct nd_texpr *x)
{
    struct nd_type *type;
    size_t i;

    for (i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
        if (!strcmp(ints[i].name, x->name))
            return nd_type_int(ints[i].size, ints[i].is_signed);
    }
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].name, x->name))
            continue;
        return words[i].type ? nd_ty(words[i].type) : char_type(t);
    }
    if (!strcmp(x->name, "float")) // there is no arithmetic with it: bytes
        return nd_type_array(t, nd_ty(&nd_type_u8), 4);
    if (!strcmp(x->name, "flow"))
        return nd_type_flow(t);
    if (!strcmp(x->name, "string"))
        return nd_type_string(t, x->is_array ? (uint32_t)x->nelems : 64);
    if (!strcmp(x->name, "buf")) { // the number of bytes that are there, then the bytes
        bool good = x->nelems >= 1 && x->nelems <= STRING_MAX;

        if (!good)
            nd_error(t->diags, ND_E0317, x->span, "a buf has 1 to %u bytes: buf(64)", STRING_MAX);
        type = nd_type_new(t, ND_T_BUF, (good ? (uint32_t)(x->nelems + 3) & ~3u : 64) + 4);
        type->align = 4;
        return type;
    }
    if (!strcmp(x->name, "kstack") || !strcmp(x->name, "ustack")) {
        bool kernel = x->name[0] == 'k';

        type = nd_type_new(t, kernel ? ND_T_KSTACK : ND_T_USTACK, kernel ? 4 : 8);
        type->depth = x->nelems && x->nelems <= 127 ? (uint32_t)x->nelems : 127;
        type->align = 4;
        return type;
    }
    for (i = t->typedefs.n; i-- > 0;) {
        if (!strcmp(t->typedefs.v[i].name, x->name))
            return t->typedefs.v[i].type;
    }
    return c_name(t, x->name);
}

// The module that declares this struct, if it is not loaded; or NULL.
static const char *missing_module(const struct nd_types *t, const char *name)
{
    uint32_t i;

    for (i = 0; i < t->structs.n; i++) {
        if (t->modules.v[i] && !strcmp(t->structs.v[i]->name, name) &&
            !nd_kernel_module_btf(t->kernel, t->modules.v[i]))
            return t->modules.v[i];
    }
    return NULL;
}

static struct nd_type *unknown(struct nd_types *t, const struct nd_texpr *x, const char *why)
{
    static const char *const tags[] = {"type", "struct", "union", "enum"};
    struct nd_near near = {.name = x->name};
    struct nd_diag *d;
    size_t i;

    d = nd_error(t->diags, why ? ND_E0601 : ND_E0203, x->span, "unknown %s '%s'", tags[x->tag],
                 x->name);
    if (why) {
        d->module = missing_module(t, x->name);
        nd_help(t->diags, d, "%s", why);
        return nd_ty(&nd_type_error);
    }
    for (i = 0; !x->tag && i < sizeof(words) / sizeof(words[0]); i++)
        nd_near_try(&near, words[i].name);
    for (i = 0; !x->tag && i < sizeof(ints) / sizeof(ints[0]); i++)
        nd_near_try(&near, ints[i].name);
    if (near.n)
        nd_fix(t->diags, d, near.best[0]);
    else if (x->tag)
        nd_help(t->diags, d,
                "this kernel's BTF has no such type; a script can declare its own: "
                "struct %s { ... }",
                x->name);
    return nd_ty(&nd_type_error);
}

struct nd_type *nd_type_resolve(struct nd_types *t, const struct nd_texpr *x)
{
    const char *why = NULL;
    struct nd_type *type;
    uint32_t i;

    if (x->tag)
        type = nd_type_named_struct(t, x->tag, x->name, &why);
    else
        type = named(t, x);
    if (!type && x->optional)
        type = nd_ty(&nd_type_u32);
    if (!type)
        return unknown(t, x, why);
    for (i = 0; i < x->stars; i++)
        type = nd_type_ptr(t, type, ND_AS_KERNEL);
    if (x->is_array && type->kind == ND_T_STRING && (x->nelems == 0 || x->nelems > STRING_MAX)) {
        nd_error(t->diags, ND_E0317, x->span, "a string has 1 to %u bytes", STRING_MAX);
        return nd_ty(&nd_type_error);
    }
    if (x->is_array && type->kind != ND_T_STRING) {
        if (x->nelems == 0 || x->nelems > 4096) {
            nd_help(t->diags,
                    nd_error(t->diags, ND_E0317, x->span, "an array has 1 to 4096 elements"),
                    "this one would have %llu", (unsigned long long)x->nelems);
            return nd_ty(&nd_type_error);
        }
        type = type->is_char ? nd_type_string(t, (uint32_t)x->nelems)
                             : nd_type_array(t, type, (uint32_t)x->nelems);
    }
    return type;
}
