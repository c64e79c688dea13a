// SPDX-License-Identifier: GPL-2.0-or-later
// Enums of the kernel at hand: the value of a name, and the names that a manifest's enums have
// here. Must not know what a script does with them. Serves needs.c and loading.
#include "runtime/kernel/needs.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct names { // of one enum, whatever its form
    const struct btf *btf;
    const struct btf_type *t;
};

static bool enumerator(const struct names *e, uint32_t i, const char **name, int64_t *value)
{
    if (!e->t || i >= btf_vlen(e->t))
        return false;
    if (btf_is_enum64(e->t)) {
        const struct btf_enum64 *x = &btf_enum64(e->t)[i];

        *name = btf__name_by_offset(e->btf, x->name_off);
        *value = (int64_t)btf_enum64_value(x);
    } else {
        const struct btf_enum *x = &btf_enum(e->t)[i];

        *name = btf__name_by_offset(e->btf, x->name_off);
        *value = btf_kflag(e->t) ? x->val : (int64_t)(uint32_t)x->val;
    }
    return true;
}

static struct names find_enum(const struct btf *btf, const char *name)
{
    struct names e = {.btf = btf};
    int id = btf__find_by_name_kind(btf, name, BTF_KIND_ENUM);

    if (id < 0)
        id = btf__find_by_name_kind(btf, name, BTF_KIND_ENUM64);
    e.t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
    return e;
}

static bool has_enumerator(const struct names *e, const char *want, int64_t *value)
{
    const char *name;
    uint32_t i;

    for (i = 0; enumerator(e, i, &name, value); i++) {
        if (name && !strcmp(name, want))
            return true;
    }
    return false;
}

static bool in_any_enum(const struct btf *btf, const char *want, int64_t *value)
{
    uint32_t i, n = btf__type_cnt(btf);
    struct names e = {.btf = btf};

    for (i = 1; i < n; i++) {
        e.t = btf__type_by_id(btf, i);
        if (btf_is_any_enum(e.t) && has_enumerator(&e, want, value))
            return true;
    }
    return false;
}

bool nd_needs_enumerator(const struct btf *btf, const char *type, const char *name, int64_t *value)
{
    struct names e;

    if (!*type)
        return in_any_enum(btf, name, value);
    e = find_enum(btf, type);
    return has_enumerator(&e, name, value);
}

bool nd_needs_has_enums(const struct nd_mf *mf)
{
    uint32_t i;

    for (i = 0; i < mf->ntypes; i++) {
        if (mf->types[i].kind == ND_T_ENUM && (mf->types[i].flags & ND_TF_KERNEL))
            return true;
    }
    return false;
}

struct enums { // the three sections that change, grown
    struct nd_mf_type *types;
    struct nd_mf_enumerator *list;
    char *strings;
    uint32_t nlist;
    size_t nstrings;
};

static void take_enum(struct enums *x, struct nd_mf_type *t, const struct names *e)
{
    const char *name;
    int64_t value;
    uint32_t i;

    t->first = x->nlist;
    for (i = 0; enumerator(e, i, &name, &value); i++) {
        x->list[x->nlist++] =
            (struct nd_mf_enumerator){.name = (uint32_t)x->nstrings, .value = value};
        strcpy(x->strings + x->nstrings, name);
        x->nstrings += strlen(name) + 1;
    }
    t->count = x->nlist - t->first;
}

// Enumerators and bytes of names to be added.
static void count_enums(const struct nd_mf *mf, const struct btf *btf, uint32_t *n, size_t *bytes)
{
    const char *name;
    int64_t value;
    uint32_t i, k;

    for (i = 0; i < mf->ntypes; i++) {
        struct names e;

        if (mf->types[i].kind != ND_T_ENUM || !(mf->types[i].flags & ND_TF_KERNEL))
            continue;
        e = find_enum(btf, nd_mf_str(mf, mf->types[i].name));
        for (k = 0; enumerator(&e, k, &name, &value); k++, ++*n)
            *bytes += strlen(name) + 1;
    }
}

int nd_needs_enums(struct nd_mf *mf, const struct btf *btf, void **store)
{
    struct enums x = {.nlist = mf->nenumerators, .nstrings = mf->nstrings};
    size_t bytes = mf->nstrings, tsize, lsize;
    uint32_t n = mf->nenumerators, i;

    if (!nd_needs_has_enums(mf))
        return 0;
    count_enums(mf, btf, &n, &bytes);
    tsize = mf->ntypes * sizeof(*x.types);
    lsize = n * sizeof(*x.list);
    x.types = malloc(tsize + lsize + bytes);
    if (!x.types)
        return -ENOMEM;
    *store = x.types;
    x.list = (void *)((char *)x.types + tsize);
    x.strings = (char *)x.list + lsize;
    memcpy(x.types, mf->types, tsize);
    memcpy(x.list, mf->enumerators, mf->nenumerators * sizeof(*x.list));
    memcpy(x.strings, mf->strings, mf->nstrings);
    for (i = 0; i < mf->ntypes; i++) {
        struct names e;

        if (mf->types[i].kind != ND_T_ENUM || !(mf->types[i].flags & ND_TF_KERNEL))
            continue;
        e = find_enum(btf, nd_mf_str(mf, mf->types[i].name));
        if (e.t)
            take_enum(&x, &x.types[i], &e);
    }
    mf->types = x.types;
    mf->enumerators = x.list;
    mf->nenumerators = x.nlist;
    mf->strings = x.strings;
    mf->nstrings = (uint32_t)x.nstrings;
    return 0;
}
