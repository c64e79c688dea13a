// SPDX-License-Identifier: GPL-2.0-or-later
// The types of an object, before libbpf follows them: sizes, names, ids, and no type that contains
// itself. Must not know what they describe. Serves vet.c.
#include "runtime/vet/vet_impl.h"

#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0xeb9f
#define MAX_DEPTH 64 // of types inside types
#define KIND_ENUM64 19u
#define BTF_ID_MAX 0xfffffu
#define VAR_EXTERN 2u
#define FUNC_EXTERN 2u

enum edge { NONE, POINTER, HOLDS }; // how a kind leads to the type in its `type`

static const struct {
    bool known;
    uint8_t edge;  // of `type`
    uint8_t fixed; // bytes after the head
    uint8_t each;  // bytes for each of vlen
    bool vlen;     // it has any
    bool has_size; // `size` and not a type
} kinds[32] = {
    [BTF_KIND_INT] = {true, NONE, 4, 0, false, true},
    [BTF_KIND_PTR] = {true, POINTER, 0, 0, false, false},
    [BTF_KIND_ARRAY] = {true, NONE, sizeof(struct btf_array), 0, false, true},
    [BTF_KIND_STRUCT] = {true, NONE, 0, sizeof(struct btf_member), true, true},
    [BTF_KIND_UNION] = {true, NONE, 0, sizeof(struct btf_member), true, true},
    [BTF_KIND_ENUM] = {true, NONE, 0, sizeof(struct btf_enum), true, true},
    [BTF_KIND_FWD] = {true, NONE, 0, 0, false, true},
    [BTF_KIND_TYPEDEF] = {true, HOLDS, 0, 0, false, false},
    [BTF_KIND_VOLATILE] = {true, HOLDS, 0, 0, false, false},
    [BTF_KIND_CONST] = {true, HOLDS, 0, 0, false, false},
    [BTF_KIND_RESTRICT] = {true, HOLDS, 0, 0, false, false},
    [BTF_KIND_FUNC] = {true, HOLDS, 0, 0, true, false},
    [BTF_KIND_FUNC_PROTO] = {true, HOLDS, 0, sizeof(struct btf_param), true, false},
    [BTF_KIND_VAR] = {true, HOLDS, sizeof(struct btf_var), 0, false, false},
    [BTF_KIND_DATASEC] = {true, NONE, 0, sizeof(struct btf_var_secinfo), true, true},
    [16 /* FLOAT */] = {true, NONE, 0, 0, false, true},
    [KIND_ENUM64] = {true, NONE, 0, 12, true, true},
};

static uint32_t kind_of(const struct btf_type *t)
{
    return t->info >> 24 & 31;
}
static uint32_t vlen_of(const struct btf_type *t)
{
    return t->info & 0xffff;
}

static bool name_ok(const struct nd_vet *v, uint32_t off)
{
    return off < v->nstrings; // the last one ends with the section
}
static bool id_ok(const struct nd_vet *v, uint32_t id)
{
    return id < v->ntypes;
}
static const struct btf_type *type_at(const struct nd_vet *v, uint32_t id)
{
    return (const void *)(v->types + v->type_off[id]);
}

// ---- where types are ---------------------------------------------------------------------------

static int head(struct nd_vet *v, uint32_t *len)
{
    const struct vet_section *s = &v->sec[v->at[VET_BTF]];
    const struct btf_header *h = (const void *)s->data;

    if (s->size < sizeof(*h) || h->magic != MAGIC || h->version != 1 || h->flags ||
        h->hdr_len != sizeof(*h) ||
        !vet_inside((uint64_t)h->hdr_len + h->type_off, h->type_len, s->size) ||
        !vet_inside((uint64_t)h->hdr_len + h->str_off, h->str_len, s->size) || h->type_off % 4)
        return nd_vet_refuse(v, "its BTF has no head that fits it");
    v->types = s->data + h->hdr_len + h->type_off;
    v->strings = (const char *)s->data + h->hdr_len + h->str_off;
    v->nstrings = h->str_len;
    *len = h->type_len;
    if (!v->nstrings || v->strings[0] || v->strings[v->nstrings - 1])
        return nd_vet_refuse(v, "the names in its BTF do not end");
    return 0;
}

static int find_types(struct nd_vet *v, uint32_t len)
{
    uint32_t at = 0, most = len / sizeof(struct btf_type) + 1;

    v->type_off = calloc(most + 1ul, sizeof(*v->type_off));
    if (!v->type_off)
        return nd_vet_refuse(v, "out of memory");
    for (v->ntypes = 1; at < len; v->ntypes++) {
        const struct btf_type *t = (const void *)(v->types + at);
        uint64_t n = sizeof(*t);
        uint32_t kind;

        if (len - at < n)
            return nd_vet_refuse(v, "a type of its BTF is cut off");
        kind = kind_of(t);
        n += kinds[kind].fixed + (uint64_t)kinds[kind].each * vlen_of(t);
        if (!kinds[kind].known)
            return nd_vet_refuse(v, "its BTF has a type of kind %u, which no object has", kind);
        if (len - at < n || v->ntypes > BTF_ID_MAX || (!kinds[kind].vlen && vlen_of(t)))
            return nd_vet_refuse(v, "type %u of its BTF is cut off or has impossible parts",
                                 v->ntypes);
        v->type_off[v->ntypes] = at;
        at += (uint32_t)n;
    }
    return 0;
}

// ---- what is in them ---------------------------------------------------------------------------

static bool members_ok(const struct nd_vet *v, const struct btf_type *t)
{
    const struct btf_member *m = (const void *)(t + 1);
    uint32_t i;

    for (i = 0; i < vlen_of(t); i++) {
        uint32_t bits = t->info >> 31 ? m[i].offset & 0xffffff : m[i].offset;

        if (!name_ok(v, m[i].name_off) || !id_ok(v, m[i].type) || bits / 8 > t->size)
            return false;
    }
    return true;
}

static bool params_ok(const struct nd_vet *v, const struct btf_type *t)
{
    const struct btf_param *p = (const void *)(t + 1);
    uint32_t i;

    for (i = 0; i < vlen_of(t); i++) {
        if (!name_ok(v, p[i].name_off) || !id_ok(v, p[i].type))
            return false;
    }
    return true;
}

static bool enums_ok(const struct nd_vet *v, const struct btf_type *t, uint32_t each)
{
    const uint8_t *p = (const void *)(t + 1);
    uint32_t i, name;

    for (i = 0; i < vlen_of(t); i++) {
        memcpy(&name, p + (size_t)i * each, sizeof(name));
        if (!name_ok(v, name))
            return false;
    }
    return true;
}

// A section that has variables.
static const struct vet_section *named(const struct nd_vet *v, const char *name)
{
    static const enum nd_vet_kind with[] = {VET_MAPS, VET_BSS, VET_RODATA, VET_LICENSE,
                                            VET_MANIFEST};
    size_t i;

    for (i = 0; i < sizeof(with) / sizeof(*with); i++) {
        if (v->at[with[i]] && !strcmp(v->sec[v->at[with[i]]].name, name))
            return &v->sec[v->at[with[i]]];
    }
    return NULL;
}

// Sections of variables: of the maps, of data. Not of externs, which are the kernel's.
static bool datasec_ok(const struct nd_vet *v, const struct btf_type *t)
{
    const struct vet_section *s = named(v, v->strings + t->name_off);
    const struct btf_var_secinfo *x = (const void *)(t + 1);
    uint32_t i;

    if (!s || (t->size && t->size != s->size))
        return false;
    for (i = 0; i < vlen_of(t); i++) {
        if (!x[i].type || !id_ok(v, x[i].type) || kind_of(type_at(v, x[i].type)) != BTF_KIND_VAR ||
            !vet_inside(x[i].offset, x[i].size, s->size))
            return false;
    }
    return true;
}

static bool type_ok(const struct nd_vet *v, const struct btf_type *t)
{
    const struct btf_array *a = (const void *)(t + 1);
    const struct btf_var *var = (const void *)(t + 1);
    uint32_t kind = kind_of(t);

    if (!name_ok(v, t->name_off) || (!kinds[kind].has_size && !id_ok(v, t->type)))
        return false;
    switch (kind) {
    case BTF_KIND_INT:
        return t->size && t->size <= 16;
    case BTF_KIND_ARRAY:
        return id_ok(v, a->type) && id_ok(v, a->index_type);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
        return members_ok(v, t);
    case BTF_KIND_ENUM:
        return enums_ok(v, t, sizeof(struct btf_enum));
    case KIND_ENUM64:
        return enums_ok(v, t, 12);
    case BTF_KIND_FUNC: // its vlen is its linkage
        return vlen_of(t) < FUNC_EXTERN && t->type &&
               kind_of(type_at(v, t->type)) == BTF_KIND_FUNC_PROTO;
    case BTF_KIND_FUNC_PROTO:
        return params_ok(v, t);
    case BTF_KIND_VAR:
        return var->linkage < VAR_EXTERN && t->type;
    case BTF_KIND_DATASEC:
        return datasec_ok(v, t);
    default:
        return true;
    }
}

// ---- no type in itself -------------------------------------------------------------------------

#define UNDER_WAY 255

struct walk {
    const struct nd_vet *v;
    uint8_t *depth;   // of each type: how many are inside each other; 0: not known yet
    bool by_pointers; // follows pointers and not members; else the other way round
};

static bool visit(struct walk *w, uint32_t id, int level, uint8_t *deepest);

static bool visit_parts(struct walk *w, const struct btf_type *t, int level, uint8_t *deepest)
{
    const struct btf_member *m = (const void *)(t + 1);
    uint32_t i;

    for (i = 0; i < vlen_of(t); i++) {
        if (!visit(w, m[i].type, level, deepest))
            return false;
    }
    return true;
}

static bool visit_params(struct walk *w, const struct btf_type *t, int level, uint8_t *deepest)
{
    const struct btf_param *p = (const void *)(t + 1);
    uint32_t i;

    for (i = 0; i < vlen_of(t); i++) {
        if (!visit(w, p[i].type, level, deepest))
            return false;
    }
    return true;
}

static bool visit_below(struct walk *w, const struct btf_type *t, int level, uint8_t *deepest)
{
    const struct btf_array *a = (const void *)(t + 1);
    uint32_t kind = kind_of(t), edge = kinds[kind].edge;

    if ((edge == HOLDS || (edge == POINTER && w->by_pointers)) &&
        !visit(w, t->type, level, deepest))
        return false;
    if (kind == BTF_KIND_ARRAY)
        return visit(w, a->type, level, deepest) && visit(w, a->index_type, level, deepest);
    if (kind == BTF_KIND_FUNC_PROTO)
        return visit_params(w, t, level, deepest);
    if ((kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION) && !w->by_pointers)
        return visit_parts(w, t, level, deepest);
    return true;
}

// False: it contains itself, or too many others inside each other.
static bool visit(struct walk *w, uint32_t id, int level, uint8_t *deepest)
{
    uint8_t below = 0;

    if (!id)
        return true;
    if (w->depth[id] == UNDER_WAY || level > MAX_DEPTH)
        return false;
    if (!w->depth[id]) {
        w->depth[id] = UNDER_WAY;
        if (!visit_below(w, type_at(w->v, id), level + 1, &below) || below >= MAX_DEPTH)
            return false;
        w->depth[id] = (uint8_t)(below + 1);
    }
    if (w->depth[id] > *deepest)
        *deepest = w->depth[id];
    return true;
}

static int no_circles(struct nd_vet *v)
{
    struct walk w = {.v = v, .depth = calloc(v->ntypes + 1ul, 1)};
    bool ok = w.depth != NULL;
    uint8_t deepest;
    uint32_t i, k;

    for (k = 0; k < 2 && ok; k++) {
        w.by_pointers = k;
        memset(w.depth, 0, v->ntypes);
        for (i = 1; i < v->ntypes && ok; i++) {
            deepest = 0;
            ok = visit(&w, i, 0, &deepest);
        }
    }
    free(w.depth);
    return ok ? 0 : nd_vet_refuse(v, "a type of its BTF contains itself, or too many others");
}

int nd_vet_btf(struct nd_vet *v)
{
    uint32_t len = 0, i;
    int err;

    if (!v->at[VET_BTF])
        return v->nfunc ? nd_vet_refuse(v, "it has programs and no BTF") : 0;
    err = head(v, &len);
    if (!err)
        err = find_types(v, len);
    for (i = 1; i < v->ntypes && !err; i++) {
        if (!type_ok(v, type_at(v, i)))
            err = nd_vet_refuse(v,
                                "type %u of its BTF refers to something that is not there, or "
                                "to something outside the object",
                                i);
    }
    return err ? err : no_circles(v);
}
