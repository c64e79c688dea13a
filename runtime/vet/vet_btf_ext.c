// SPDX-License-Identifier: GPL-2.0-or-later
// What BTF says of code: functions, lines, and the relocations that adapt it to a kernel. Must not
// know types. Serves vet.c.
#include "runtime/vet/vet_impl.h"

#include <ctype.h>
#include <linux/btf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0xeb9f
#define MAX_SPEC 256 // characters of the path to a member
#define CORE_KINDS 13
#define CORE_TYPES \
    2048u // types of the kernel that code refers to: libbpf looks for each in its BTF

struct ext_head {
    uint16_t magic;
    uint8_t version, flags;
    uint32_t hdr_len;
    struct {
        uint32_t off, len;
    } part[3]; // functions, lines, relocations
};

struct ext_info { // of one section
    uint32_t sec_name, num;
};

struct ext_row { // of each kind the first fields
    uint32_t insn_off, a, b, c;
};

static bool name_ok(const struct nd_vet *v, uint32_t off)
{
    return off < v->nstrings;
}

static bool func_ok(const struct nd_vet *v, const struct ext_row *r)
{
    const struct btf_type *t;

    if (!r->a || r->a >= v->ntypes)
        return false;
    t = (const void *)(v->types + v->type_off[r->a]);
    return (t->info >> 24 & 31) == BTF_KIND_FUNC;
}

static bool line_ok(const struct nd_vet *v, const struct ext_row *r)
{
    return name_ok(v, r->a) && name_ok(v, r->b);
}

// "0:1:2"
static bool core_ok(const struct nd_vet *v, const struct ext_row *r)
{
    const char *p;
    size_t n;

    if (!r->a || r->a >= v->ntypes || !name_ok(v, r->b) || r->c >= CORE_KINDS)
        return false;
    p = v->strings + r->b;
    n = strspn(p, "0123456789:");
    return n && n <= MAX_SPEC && !p[n] && isdigit((unsigned char)*p);
}

static const struct {
    const char *what;
    uint32_t size; // of a row
    bool (*ok)(const struct nd_vet *v, const struct ext_row *r);
} parts[] = {
    {"functions", 8, func_ok},
    {"lines", 16, line_ok},
    {"relocations", 16, core_ok},
};

// Section names by their text, so that each is found in the time of a search.
struct index {
    const struct vet_section **v;
    uint32_t n;
};

static int by_name(const void *a, const void *b)
{
    const struct vet_section *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}
static int by_key(const void *key, const void *s)
{
    return strcmp(key, (*(const struct vet_section *const *)s)->name);
}

static const struct vet_section *section_named(const struct index *ix, const char *name)
{
    const struct vet_section **s = bsearch(name, ix->v, ix->n, sizeof(*ix->v), by_key);

    return s ? *s : NULL;
}

static int rows(struct nd_vet *v, uint32_t part, const struct vet_section *code, const uint8_t *p,
                uint32_t n)
{
    struct ext_row r = {0};
    uint32_t i, last = 0;

    for (i = 0; i < n; i++, last = r.insn_off) {
        memcpy(&r, p + (size_t)i * parts[part].size, parts[part].size);
        if (r.insn_off % 8 || r.insn_off >= code->size || (i && part < 2 && r.insn_off < last) ||
            !parts[part].ok(v, &r))
            return nd_vet_refuse(v, "its BTF tells %s of %.60s that cannot be", parts[part].what,
                                 code->name);
    }
    return 0;
}

// How many different types relocations start from.
static int count_types(struct nd_vet *v, const uint8_t *p, uint32_t n, uint8_t *seen,
                       uint32_t *types)
{
    struct ext_row r;
    uint32_t i;

    for (i = 0; i < n; i++) {
        memcpy(&r, p + (size_t)i * sizeof(r), sizeof(r));
        *types += !seen[r.a];
        seen[r.a] = 1;
    }
    return *types <= CORE_TYPES
               ? 0
               : nd_vet_refuse(v, "it refers to more than %u types of the kernel", CORE_TYPES);
}

static int one_part(struct nd_vet *v, const struct index *ix, uint32_t part, const uint8_t *p,
                    uint32_t len, uint8_t *seen)
{
    uint32_t size, at = sizeof(size), types = 0;
    struct ext_info info;

    if (!len)
        return 0;
    if (len < sizeof(size))
        return nd_vet_refuse(v, "its BTF of %s is cut off", parts[part].what);
    memcpy(&size, p, sizeof(size));
    if (size != parts[part].size)
        return nd_vet_refuse(v, "its BTF of %s has rows of %u bytes", parts[part].what, size);
    while (at < len) {
        const struct vet_section *code;

        if (len - at < sizeof(info))
            return nd_vet_refuse(v, "its BTF of %s is cut off", parts[part].what);
        memcpy(&info, p + at, sizeof(info));
        at += sizeof(info);
        if (!info.num || info.num > (len - at) / size || !name_ok(v, info.sec_name))
            return nd_vet_refuse(v, "its BTF of %s is cut off", parts[part].what);
        code = section_named(ix, v->strings + info.sec_name);
        if (!code)
            return nd_vet_refuse(v, "its BTF tells %s of a section without code", parts[part].what);
        if (rows(v, part, code, p + at, info.num) ||
            (part == 2 && count_types(v, p + at, info.num, seen, &types)))
            return -1;
        at += info.num * size;
    }
    return 0;
}

static int all_parts(struct nd_vet *v, const struct vet_section *s, const struct index *ix,
                     uint8_t *seen)
{
    struct ext_head h = {0};
    uint32_t i, n;
    int err = 0;

    if (s->size < offsetof(struct ext_head, part[2]))
        return nd_vet_refuse(v, "its BTF of code is cut off");
    memcpy(&h, s->data, s->size < sizeof(h) ? s->size : sizeof(h));
    n = h.hdr_len == sizeof(h) ? 3 : 2;
    if (h.magic != MAGIC || h.version != 1 || h.flags || !v->ntypes || h.hdr_len > s->size ||
        (h.hdr_len != sizeof(h) && h.hdr_len != offsetof(struct ext_head, part[2])))
        return nd_vet_refuse(v, "its BTF of code has no head that fits it");
    for (i = 0; i < n && !err; i++) {
        if (h.part[i].off % 4 ||
            !vet_inside((uint64_t)h.hdr_len + h.part[i].off, h.part[i].len, s->size))
            return nd_vet_refuse(v, "its BTF of %s lies outside its section", parts[i].what);
        err = one_part(v, ix, i, s->data + h.hdr_len + h.part[i].off, h.part[i].len, seen);
    }
    return err;
}

int nd_vet_btf_ext(struct nd_vet *v)
{
    struct index ix = {.v = calloc(v->nsec, sizeof(*ix.v))};
    uint8_t *seen = calloc(v->ntypes + 1ul, 1);
    uint32_t i, ext = v->at[VET_BTF_EXT];
    int err = ix.v && seen ? 0 : nd_vet_refuse(v, "out of memory");

    for (i = 1; i < v->nsec && !err; i++) {
        if (v->sec[i].kind == VET_PROG || v->sec[i].kind == VET_TEXT)
            ix.v[ix.n++] = &v->sec[i];
    }
    if (!err)
        qsort(ix.v, ix.n, sizeof(*ix.v), by_name);
    for (i = 1; i < ix.n && !err; i++) {
        if (!strcmp(ix.v[i - 1]->name, ix.v[i]->name))
            err = nd_vet_refuse(v, "it has two sections %.60s", ix.v[i]->name);
    }
    if (!err && ext)
        err = all_parts(v, &v->sec[ext], &ix, seen);
    free(ix.v);
    free(seen);
    return err;
}
