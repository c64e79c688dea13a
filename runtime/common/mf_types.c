// SPDX-License-Identifier: GPL-2.0-or-later
// Checks the types of a manifest: sizes that fit the kind, members inside, no cycles.
// Must not know the kernel. Serves mf.c.
#include "runtime/common/agg.h"
#include "runtime/common/mf_impl.h"
#include "runtime/common/typekinds.h"

#include <stdlib.h>

#define MAX_TYPE_SIZE (1u << 20)
#define MAX_DEPTH 32
#define MAX_STEPS (2ull << 20)
#define UNDER_WAY UINT64_MAX

static bool word_size(uint32_t n)
{
    return n == 1 || n == 2 || n == 4 || n == 8;
}

// Aggregations are words that are used in place: as values of maps they are aligned, inside another
// type they need not be.
static bool is_aggregation(const struct nd_mf_type *t)
{
    return nd_agg_is(t->kind);
}

static const char *check_enum(const struct nd_mf *mf, const struct nd_mf_type *t)
{
    uint32_t i;

    if (!nd_mf_run_ok(t->first, t->count, mf->nenumerators) || !nd_mf_str_ok(mf, t->a))
        return "an enum's names are out of range";
    for (i = 0; i < t->count; i++) {
        if (!nd_mf_str_ok(mf, mf->enumerators[t->first + i].name))
            return "an enumerator's name is out of range";
    }
    return word_size(t->size) ? NULL : "an enum of an impossible size";
}

static const char *check_field(const struct nd_mf *mf, const struct nd_mf_type *t,
                               const struct nd_mf_field *f)
{
    const struct nd_mf_type *ft;

    if (f->type >= mf->ntypes || !nd_mf_str_ok(mf, f->name))
        return "a field's type or name is out of range";
    ft = &mf->types[f->type];
    if (is_aggregation(ft))
        return "an aggregation inside another type";
    if (f->off > t->size || ft->size > t->size - f->off)
        return "a field lies outside its struct";
    if (f->bits && (!word_size(ft->size) || f->bit_off + f->bits > ft->size * 8u))
        return "a bit-field lies outside its integer";
    return NULL;
}

static const char *check_members(const struct nd_mf *mf, const struct nd_mf_type *t)
{
    const char *why = NULL;
    uint32_t i;

    if (!nd_mf_run_ok(t->first, t->count, mf->nfields))
        return "a struct's fields are out of range";
    for (i = 0; i < t->count && !why; i++)
        why = check_field(mf, t, &mf->fields[t->first + i]);
    return why;
}

static const char *check_array(const struct nd_mf *mf, const struct nd_mf_type *t)
{
    if (t->elem >= mf->ntypes)
        return "an array's element type is out of range";
    if (is_aggregation(&mf->types[t->elem]))
        return "an aggregation inside another type";
    if ((uint64_t)mf->types[t->elem].size * t->count > t->size)
        return "an array's elements do not fit into it";
    return NULL;
}

static const char *check_stack(const struct nd_mf *mf, const struct nd_mf_type *t)
{
    if (t->elem != ND_MF_NONE && (t->elem >= mf->nmaps || mf->maps[t->elem].kind != ND_MAP_STACK))
        return "a stack type does not name a stack map";
    return t->a <= 1024 ? NULL : "a stack type of an impossible depth";
}

static const char *check_type(const struct nd_mf *mf, const struct nd_mf_type *t)
{
    if (t->kind >= ND_T_KIND_MAX || nd_typekind_is(t->kind, ND_IS_SCRIPT))
        return "a type of unknown kind";
    if (t->size > MAX_TYPE_SIZE)
        return "a type is too large";
    if (!nd_mf_str_ok(mf, t->name))
        return "a type's name is out of range";
    if (nd_typekinds[t->kind].size && t->size != nd_typekinds[t->kind].size)
        return "a type's size does not fit its kind";
    switch (t->kind) {
    case ND_T_INT:
        return word_size(t->size) ? NULL : "an integer of an impossible size";
    case ND_T_BOOL:
        return t->size == 1 || t->size == 8 ? NULL : "a bool of an impossible size";
    case ND_T_ENUM:
        return check_enum(mf, t);
    case ND_T_STRING:
        return t->size ? NULL : "an empty string type";
    case ND_T_BUF:
        return t->size >= 4 ? NULL : "a buffer without room for its length";
    case ND_T_STRUCT:
    case ND_T_TUPLE:
        return check_members(mf, t);
    case ND_T_ARRAY:
        return check_array(mf, t);
    case ND_T_KSTACK:
    case ND_T_USTACK:
        return check_stack(mf, t);
    default:
        return nd_agg_wrong(t);
    }
}

// Steps it takes to show a value of a type: bytes and parts, each as often as it is shown. Members
// may share bytes, so nested types can take more steps than any size allows: 0 for a type that
// takes more than MAX_STEPS or contains itself.
static uint64_t steps_of(const struct nd_mf *mf, uint32_t id, uint64_t *known, int depth)
{
    const struct nd_mf_type *t = &mf->types[id];
    uint64_t n = 1ull + t->size, part;
    uint32_t i;

    if (known[id])
        return known[id] == UNDER_WAY ? 0 : known[id];
    if (depth > MAX_DEPTH)
        return 0;
    known[id] = UNDER_WAY;
    if (t->kind == ND_T_ENUM)
        n += t->count;
    if (t->kind == ND_T_ARRAY) {
        part = steps_of(mf, t->elem, known, depth + 1);
        n = part ? 1 + part * t->count : 0;
    }
    for (i = 0; n && nd_typekind_is(t->kind, ND_IS_MEMBERS) && i < t->count; i++) {
        part = steps_of(mf, mf->fields[t->first + i].type, known, depth + 1);
        n = part && n + part <= MAX_STEPS ? n + part : 0;
    }
    n = n <= MAX_STEPS ? n : 0;
    known[id] = n;
    return n;
}

static const char *check_steps(const struct nd_mf *mf)
{
    const char *why = NULL;
    uint64_t *known;
    uint32_t i;

    if (!mf->ntypes)
        return NULL;
    known = calloc(mf->ntypes, sizeof(*known));
    if (!known)
        return "out of memory";
    for (i = 0; i < mf->ntypes && !why; i++) {
        if (!steps_of(mf, i, known, 0))
            why = "a type contains itself or too many parts";
    }
    free(known);
    return why;
}

const char *nd_mf_check_types(const struct nd_mf *mf)
{
    const char *why = NULL;
    uint32_t i;

    for (i = 0; i < mf->ntypes && !why; i++)
        why = check_type(mf, &mf->types[i]);
    if (!why)
        why = check_steps(mf);
    // FIELD instructions name a field without its struct, so all fields must have a type.
    for (i = 0; i < mf->nfields && !why; i++) {
        if (mf->fields[i].type >= mf->ntypes || !nd_mf_str_ok(mf, mf->fields[i].name))
            why = "a field's type or name is out of range";
    }
    return why;
}
