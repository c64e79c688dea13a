// SPDX-License-Identifier: GPL-2.0-or-later
// Symbols and relocations: functions that are where they should be, nothing from outside, and
// relocations of instructions that lead to a map, to data or to a function, or give the address of
// one. Must not know code.
// Serves vet.c.
#include "runtime/vet/vet_impl.h"

#include <stdlib.h>
#include <string.h>

#define R_64_64 1u  // of the address in an ld_imm64
#define R_64_32 10u // of the target of a call

static bool is_code(const struct nd_vet *v, uint32_t sec)
{
    return v->sec[sec].kind == VET_PROG || v->sec[sec].kind == VET_TEXT;
}

static int add_func(struct nd_vet *v, const Elf64_Sym *sym, const char *name)
{
    if (!is_code(v, sym->st_shndx) || sym->st_value % 8 || sym->st_size % 8 || !sym->st_size ||
        !*name)
        return nd_vet_refuse(v, "its function %.60s is not code", name);
    v->func[v->nfunc++] = (struct vet_func){.name = name,
                                            .sec = sym->st_shndx,
                                            .at = (uint32_t)(sym->st_value / 8),
                                            .n = (uint32_t)(sym->st_size / 8)};
    return 0;
}

static void note_data(struct nd_vet *v, const Elf64_Sym *sym, const char *name)
{
    enum nd_vet_kind kind = v->sec[sym->st_shndx].kind;

    if (kind == VET_RODATA && !strcmp(name, ND_OPTS_SYM)) {
        v->opts_off = (uint32_t)sym->st_value;
        v->has_opts = true;
    } else if (kind == VET_BSS && !strcmp(name, ND_STATE_SYM)) {
        v->state_off = (uint32_t)sym->st_value;
        v->has_state = true;
    }
}

static int symbol(struct nd_vet *v, const Elf64_Sym *sym)
{
    uint32_t type = ELF64_ST_TYPE(sym->st_info);
    const char *name = nd_vet_string(v, v->sec[v->at[VET_SYMTAB]].link, sym->st_name);

    if (!name)
        return nd_vet_refuse(v, "the name of a symbol lies outside the file");
    if (type == STT_FILE && sym->st_shndx == SHN_ABS)
        return 0;
    if (sym->st_shndx == SHN_UNDEF)
        return nd_vet_refuse(v, "it wants %.60s from outside (an extern or a kernel function)",
                             name);
    if (sym->st_shndx >= v->nsec ||
        !vet_inside(sym->st_value, sym->st_size, v->sec[sym->st_shndx].size))
        return nd_vet_refuse(v, "its symbol %.60s lies outside its section", name);
    if (type == STT_FUNC)
        return add_func(v, sym, name);
    if (type != STT_NOTYPE && type != STT_OBJECT && type != STT_SECTION)
        return nd_vet_refuse(v, "its symbol %.60s is of a kind that no object has", name);
    note_data(v, sym, name);
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct vet_func *x = a, *y = b;

    if (x->sec != y->sec)
        return x->sec < y->sec ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

// Every instruction belongs to one function; a program has a section of its own.
static int cover(struct nd_vet *v)
{
    uint32_t i, k, at = 0;

    for (i = 0; i < v->nfunc; i++) {
        struct vet_section *s = &v->sec[v->func[i].sec];

        if (!s->nfuncs++)
            s->first = i;
    }
    for (i = 1; i < v->nsec; i++) {
        const struct vet_section *s = &v->sec[i];

        if (!is_code(v, i))
            continue;
        for (k = 0, at = 0; k < s->nfuncs && v->func[s->first + k].at == at; k++)
            at += v->func[s->first + k].n;
        if (k < s->nfuncs || at * 8ull != s->size || (s->kind == VET_PROG && s->nfuncs != 1))
            return nd_vet_refuse(v, "the code in its section %.60s is not that of %s", s->name,
                                 s->kind == VET_PROG ? "one program" : "functions");
    }
    return 0;
}

int nd_vet_symbols(struct nd_vet *v)
{
    uint32_t n, i, funcs = 0;
    int err = 0;

    if (!v->at[VET_SYMTAB] || v->sec[v->at[VET_SYMTAB]].size % sizeof(Elf64_Sym))
        return nd_vet_refuse(v, "it has no symbols");
    n = vet_nsyms(v);
    for (i = 1; i < n; i++)
        funcs += ELF64_ST_TYPE(vet_sym(v, i)->st_info) == STT_FUNC;
    v->func = calloc(funcs + 1ul, sizeof(*v->func));
    if (!v->func)
        return nd_vet_refuse(v, "out of memory");
    for (i = 1; i < n && !err; i++)
        err = symbol(v, vet_sym(v, i));
    if (err)
        return err;
    qsort(v->func, v->nfunc, sizeof(*v->func), by_place);
    return cover(v);
}

// ---- relocations -------------------------------------------------------------------------------

static bool leads_to(const struct nd_vet *v, const Elf64_Sym *sym, uint32_t type)
{
    enum nd_vet_kind kind = v->sec[sym->st_shndx < v->nsec ? sym->st_shndx : 0].kind;

    if (type == R_64_32)
        return kind == VET_TEXT;
    if (type == R_64_64 && kind == VET_TEXT) // its address: which, is looked at with the code
        return true;
    return type == R_64_64 && (kind == VET_MAPS || kind == VET_BSS || kind == VET_RODATA) &&
           ELF64_ST_TYPE(sym->st_info) != STT_FUNC;
}

// Those of code, in the order of the instructions.
static int of_code(struct nd_vet *v, const struct vet_section *s, const struct vet_section *to)
{
    const Elf64_Rel *r = (const void *)s->data;
    size_t n = s->size / sizeof(*r), i;

    for (i = 0; i < n; i++) {
        uint64_t sym = ELF64_R_SYM(r[i].r_info);

        if (r[i].r_offset % 8 || r[i].r_offset >= to->size ||
            (i && r[i].r_offset <= r[i - 1].r_offset))
            return nd_vet_refuse(v, "its section %.60s is not in order", s->name);
        if (!sym || sym >= vet_nsyms(v) ||
            !leads_to(v, vet_sym(v, (uint32_t)sym), (uint32_t)ELF64_R_TYPE(r[i].r_info)))
            return nd_vet_refuse(v,
                                 "a relocation in its section %.60s leads to something that is no "
                                 "map, no data and no function of its own",
                                 s->name);
    }
    return 0;
}

int nd_vet_relocs(struct nd_vet *v)
{
    uint32_t i;

    for (i = 1; i < v->nsec; i++) {
        struct vet_section *s = &v->sec[i], *to;

        if (s->kind != VET_REL)
            continue;
        to = &v->sec[s->info < v->nsec ? s->info : 0];
        if (s->link != v->at[VET_SYMTAB] || s->size % sizeof(Elf64_Rel) || !to->name ||
            strcmp(s->name + strlen(".rel"), to->name) != 0 || to->relocs)
            return nd_vet_refuse(v, "its section %.60s is of nothing", s->name);
        to->relocs = i;
        // Nobody reads their relocations.
        if (to->kind == VET_BTF || to->kind == VET_BTF_EXT || to->kind == VET_OTHER)
            continue;
        if (to->kind != VET_PROG && to->kind != VET_TEXT)
            return nd_vet_refuse(v, "it has relocations of %.60s, where no object has any",
                                 to->name);
        if (of_code(v, s, to))
            return -1;
    }
    return 0;
}
