// SPDX-License-Identifier: GPL-2.0-or-later
// The file as an ELF: every section is one that libbpf or we read, or that nobody does. Must not
// know what is in them. Serves the loader and explain.
#include "runtime/vet/vet_impl.h"

#include "runtime/common/probekinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DATA (4u << 20) // of .bss and .rodata, which become maps
#define MAX_STEPS (1ull << 32)

// ---- sections ----------------------------------------------------------------------------------

#define PROGRAMS "nd/" // before the kind and the name; libbpf knows none of these kinds

static const struct {
    const char *name; // with a * at its end: only the beginning
    enum nd_vet_kind kind;
    uint32_t type;
    uint32_t align; // of its place in the file
    bool once;
} known[] = {
    {PROGRAMS "*", VET_PROG, SHT_PROGBITS, 8, false},
    {".text", VET_TEXT, SHT_PROGBITS, 8, true},
    {".maps", VET_MAPS, SHT_PROGBITS, 1, true},
    {".bss", VET_BSS, SHT_NOBITS, 1, true},
    {".rodata", VET_RODATA, SHT_PROGBITS, 1, true},
    {"license", VET_LICENSE, SHT_PROGBITS, 1, true},
    {".BTF", VET_BTF, SHT_PROGBITS, 4, true},
    {".BTF.ext", VET_BTF_EXT, SHT_PROGBITS, 4, true},
    {ND_MF_ELF_SECTION, VET_MANIFEST, SHT_PROGBITS, 1, true},
    {".symtab", VET_SYMTAB, SHT_SYMTAB, 8, true},
    {".strtab", VET_STRTAB, SHT_STRTAB, 1, true},
    {".shstrtab", VET_STRTAB, SHT_STRTAB, 1, true},
    {".rel*", VET_REL, SHT_REL, 8, false},
    {".eh_frame", VET_OTHER, SHT_PROGBITS, 1, true},
    {".llvm_addrsig", VET_OTHER, 0x6fff4c03, 1, true},
};

static bool is_named(const char *name, const char *pattern)
{
    size_t n = strlen(pattern) - 1;

    return pattern[n] == '*' ? !strncmp(name, pattern, n) : !strcmp(name, pattern);
}

static int classify(struct nd_vet *v, struct vet_section *s, uint64_t off, uint64_t flags,
                    uint32_t *seen)
{
    size_t i = 0;

    while (i < sizeof(known) / sizeof(*known) && !is_named(s->name, known[i].name))
        i++;
    if (i == sizeof(known) / sizeof(*known))
        return nd_vet_refuse(v, "it has a section %.60s, which no object has", s->name);
    if (s->type != known[i].type || (s->type != SHT_NOBITS && s->size && off % known[i].align) ||
        flags & SHF_COMPRESSED)
        return nd_vet_refuse(v, "its section %.60s is of another kind than its name says", s->name);
    if (known[i].once && *seen >> i & 1)
        return nd_vet_refuse(v, "it has two sections %s", s->name);
    *seen |= 1u << i;
    s->kind = known[i].kind;
    if (known[i].once)
        v->at[s->kind] = (uint32_t)(s - v->sec);
    if ((s->kind == VET_BSS || s->kind == VET_RODATA) && s->size > MAX_DATA)
        return nd_vet_refuse(v, "its section %s is too large", s->name);
    if (s->kind == VET_LICENSE && (s->size != 4 || memcmp(s->data, "GPL", 4) != 0))
        return nd_vet_refuse(v, "its licence is not GPL");
    return 0;
}

static int place(struct nd_vet *v, const Elf64_Shdr *h, struct vet_section *s)
{
    *s = (struct vet_section){
        .type = h->sh_type, .link = h->sh_link, .info = h->sh_info, .size = h->sh_size};
    if (h->sh_type != SHT_NOBITS && !vet_inside(h->sh_offset, h->sh_size, v->size))
        return nd_vet_refuse(v, "a section lies outside the file");
    if (h->sh_type != SHT_NOBITS && h->sh_type != SHT_NULL)
        s->data = v->elf + h->sh_offset;
    return 0;
}

static int sections(struct nd_vet *v, const Elf64_Ehdr *h)
{
    const Elf64_Shdr *sh = (const void *)(v->elf + h->e_shoff);
    uint32_t i, seen = 0;
    int err = 0;

    v->nsec = h->e_shnum;
    v->sec = calloc(v->nsec, sizeof(*v->sec));
    if (!v->sec)
        return nd_vet_refuse(v, "out of memory");
    for (i = 0; i < v->nsec && !err; i++)
        err = place(v, &sh[i], &v->sec[i]);
    if (!err && v->sec[0].type != SHT_NULL)
        err = nd_vet_refuse(v, "it is not a BPF object");
    for (i = 1; i < v->nsec && !err; i++) {
        v->sec[i].name = nd_vet_string(v, h->e_shstrndx, sh[i].sh_name);
        if (!v->sec[i].name)
            err = nd_vet_refuse(v, "the name of a section lies outside the file");
        else
            err = classify(v, &v->sec[i], sh[i].sh_offset, sh[i].sh_flags, &seen);
    }
    return err;
}

static int header(struct nd_vet *v)
{
    static const uint16_t one = 1;
    const Elf64_Ehdr *h = (const void *)v->elf;
    uint8_t order = *(const uint8_t *)&one ? ELFDATA2LSB : ELFDATA2MSB;

    if (v->size > ND_VET_BYTES)
        return nd_vet_refuse(v, "it is larger than %u MiB", ND_VET_BYTES >> 20);
    if (v->size < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 ||
        h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != order || h->e_type != ET_REL ||
        h->e_machine != EM_BPF || h->e_shentsize != sizeof(Elf64_Shdr))
        return nd_vet_refuse(v, "it is not a BPF object");
    if (!h->e_shnum || h->e_shnum >= SHN_LORESERVE || h->e_shoff % 8 ||
        !vet_inside(h->e_shoff, (uint64_t)h->e_shnum * sizeof(Elf64_Shdr), v->size))
        return nd_vet_refuse(v, "its sections lie outside the file");
    return sections(v, h);
}

static int find_manifest(struct nd_vet *v)
{
    const struct vet_section *s = &v->sec[v->at[VET_MANIFEST]];

    if (!v->at[VET_MANIFEST])
        return nd_vet_refuse(v, "it was not made by ndtrace-compile (it has no %s section)",
                             ND_MF_ELF_SECTION);
    v->manifest = s->data;
    v->manifest_size = s->size;
    return 0;
}

// libbpf looks through all symbols for each section of code, and through all maps for each
// relocation: that must end soon.
static int bounded(struct nd_vet *v)
{
    uint64_t code = 0, relocs = 0;
    uint32_t i;

    for (i = 1; i < v->nsec; i++) {
        code += v->sec[i].kind == VET_PROG;
        relocs += v->sec[i].kind == VET_REL ? v->sec[i].size / sizeof(Elf64_Rel) : 0;
    }
    return code * vet_nsyms(v) <= MAX_STEPS && relocs * v->nmap <= MAX_STEPS
               ? 0
               : nd_vet_refuse(v, "it has more sections, symbols and maps than can be loaded");
}

int nd_vet_open(struct nd_vet *v, const void *elf, size_t size)
{
    int err;

    *v = (struct nd_vet){.elf = elf, .size = size};
    err = header(v);
    if (!err)
        err = find_manifest(v);
    if (!err)
        err = nd_vet_symbols(v);
    if (!err)
        err = nd_vet_relocs(v);
    if (!err)
        err = nd_vet_btf(v);
    if (!err)
        err = nd_vet_btf_ext(v);
    if (!err)
        err = nd_vet_maps(v);
    return err ? err : bounded(v);
}

void nd_vet_close(struct nd_vet *v)
{
    free(v->sec);
    free(v->func);
    free(v->map);
    free(v->type_off);
    *v = (struct nd_vet){0};
}

// ---- what the manifest says --------------------------------------------------------------------

static int by_name(const void *a, const void *b)
{
    const struct vet_func *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static int by_key(const void *key, const void *f)
{
    return strcmp(key, (*(struct vet_func *const *)f)->name);
}

// The function of a program, which is then known to be one.
static int claim(struct nd_vet *v, struct vet_func **sorted, const char *name)
{
    struct vet_func **f = bsearch(name, sorted, v->nfunc, sizeof(*sorted), by_key);

    if (!f || v->sec[(*f)->sec].kind != VET_PROG)
        return nd_vet_refuse(v, "it lacks its program %.60s", name);
    if ((*f)->claimed)
        return nd_vet_refuse(v, "its manifest has two programs %.60s", name);
    (*f)->claimed = true;
    return 0;
}

static int programs(struct nd_vet *v, const struct nd_mf *mf)
{
    struct vet_func **sorted = calloc(v->nfunc + 1ul, sizeof(struct vet_func *));
    uint32_t i;
    int err = sorted ? 0 : nd_vet_refuse(v, "out of memory");

    for (i = 0; i < v->nfunc && !err; i++)
        sorted[i] = &v->func[i];
    if (!err)
        qsort(sorted, v->nfunc, sizeof(*sorted), by_name);
    for (i = 1; i < v->nfunc && !err; i++) {
        if (!strcmp(sorted[i - 1]->name, sorted[i]->name))
            err = nd_vet_refuse(v, "it has two functions %.60s", sorted[i]->name);
    }
    for (i = 0; i < mf->nprogs && !err; i++) {
        const char *direct = nd_mf_str(mf, mf->progs[i].direct);

        err = claim(v, sorted, nd_mf_str(mf, mf->progs[i].name));
        if (!err && *direct)
            err = claim(v, sorted, direct);
    }
    for (i = 0; i < v->nfunc && !err; i++) {
        if (!v->func[i].claimed && v->sec[v->func[i].sec].kind == VET_PROG)
            err = nd_vet_refuse(v, "its program %.60s is not in its manifest", v->func[i].name);
    }
    free(sorted);
    return err;
}

int nd_vet_object(struct nd_vet *v, const struct nd_mf *mf)
{
    int err = programs(v, mf);

    if (!err)
        err = nd_vet_maps_fit(v, mf);
    return err ? err : nd_vet_codes(v, mf);
}

void nd_vet_print(const struct nd_vet *v, FILE *out)
{
    const struct nd_helper_row *r;
    uint32_t i, n = 0;

    fprintf(out, "Calls in the kernel:\n");
    for (i = 0; (r = nd_helpers_row(i)); i++) {
        if (!(v->helpers[r->number / 64] >> r->number % 64 & 1))
            continue;
        fprintf(out, "  bpf_%s: %s\n", r->name, r->text);
        n++;
    }
    if (!n)
        fprintf(out, "  nothing\n");
    fprintf(out,
            "It changes nothing: all %u instructions were looked at, and none of them writes to "
            "memory other than its own or calls anything else.\n",
            v->ninsns);
}
