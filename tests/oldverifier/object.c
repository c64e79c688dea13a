// SPDX-License-Identifier: GPL-2.0-or-later
// An object file as programs with their maps: symbols and relocations by libelf, sizes of maps by
// libbpf, which loads nothing here.
#include "ov.h"

#include <bpf/libbpf.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAPS_MAX 512

struct object {
    Elf *elf;
    size_t strings;
    Elf_Data *symbols;
    size_t nsymbols, symbol_strings;
    struct bpf_object *bpf;
    struct ov_map maps[MAPS_MAX];
    uint32_t nmaps;
};

static char *read_file(const char *path, size_t *size)
{
    struct stat st;
    FILE *f = fopen(path, "re");
    char *data = NULL;

    if (f && !fstat(fileno(f), &st) && st.st_size > 0)
        data = malloc((size_t)st.st_size);
    *size = data ? (size_t)st.st_size : 0;
    if (data && fread(data, 1, *size, f) != *size) {
        free(data);
        data = NULL;
    }
    if (f)
        fclose(f);
    return data;
}

static const char *section_name(const struct object *o, size_t i, GElf_Shdr *sh)
{
    Elf_Scn *scn = elf_getscn(o->elf, i);

    return scn && gelf_getshdr(scn, sh) ? elf_strptr(o->elf, o->strings, sh->sh_name) : NULL;
}

static const char *symbol(const struct object *o, size_t i, GElf_Sym *sym)
{
    return i < o->nsymbols && gelf_getsym(o->symbols, (int)i, sym)
               ? elf_strptr(o->elf, o->symbol_strings, sym->st_name)
               : NULL;
}

static void find_symbols(struct object *o)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr sh;

    while ((scn = elf_nextscn(o->elf, scn))) {
        if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_SYMTAB || !sh.sh_entsize)
            continue;
        o->symbols = elf_getdata(scn, NULL);
        o->nsymbols = o->symbols ? o->symbols->d_size / sh.sh_entsize : 0;
        o->symbol_strings = sh.sh_link;
    }
}

// Maps of the object, and its sections of data, which are maps of one entry.
static void find_maps(struct object *o)
{
    struct bpf_map *m;

    bpf_object__for_each_map(m, o->bpf)
    {
        const char *name = bpf_map__name(m), *dot = strchr(name, '.');

        if (o->nmaps < MAPS_MAX)
            o->maps[o->nmaps++] = (struct ov_map){.name = dot ? dot : name,
                                                  .type = (uint32_t)bpf_map__type(m),
                                                  .key = bpf_map__key_size(m),
                                                  .value = bpf_map__value_size(m)};
    }
}

static int32_t map_named(const struct object *o, const char *name)
{
    uint32_t i;

    for (i = 0; name && i < o->nmaps; i++) {
        if (!strcmp(o->maps[i].name, name))
            return (int32_t)i;
    }
    return -1;
}

static bool resolve(const struct object *o, size_t sym_index, const struct bpf_insn *in,
                    struct ov_ref *out)
{
    const char *section, *name;
    GElf_Shdr sh;
    GElf_Sym sym;

    name = symbol(o, sym_index, &sym);
    section = name ? section_name(o, sym.st_shndx, &sh) : NULL;
    if (!section || in->code != (BPF_LD | BPF_IMM | BPF_DW))
        return section != NULL; // a call: of no interest here
    *out = (struct ov_ref){.map = map_named(o, name)};
    if (strcmp(section, ".maps") != 0)
        *out = (struct ov_ref){.map = map_named(o, section),
                               .value = true,
                               .off = (uint32_t)sym.st_value + (uint32_t)in->imm};
    return out->map >= 0;
}

static bool relocate(const struct object *o, size_t section, const char *code, struct ov_ref *refs,
                     size_t n)
{
    Elf_Scn *scn = NULL;
    Elf_Data *d;
    GElf_Shdr sh;
    GElf_Rel rel;
    size_t i;

    for (i = 0; i < n; i++)
        refs[i] = (struct ov_ref){.map = -1};
    while ((scn = elf_nextscn(o->elf, scn))) {
        if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_REL || sh.sh_info != section)
            continue;
        d = elf_getdata(scn, NULL);
        for (i = 0; d && i < sh.sh_size / sh.sh_entsize; i++) {
            if (!gelf_getrel(d, (int)i, &rel) || rel.r_offset / 8 >= n ||
                !resolve(o, GELF_R_SYM(rel.r_info),
                         (const struct bpf_insn *)(const void *)(code + rel.r_offset),
                         &refs[rel.r_offset / 8]))
                return false;
        }
    }
    return true;
}

static int programs(struct object *o, void (*fn)(void *arg, const struct ov_prog *p), void *arg)
{
    struct ov_prog p = {.maps = o->maps, .nmaps = o->nmaps};
    struct ov_ref *refs;
    GElf_Shdr sh;
    GElf_Sym sym;
    Elf_Data *code;
    size_t i, first, n;

    for (i = 0; i < o->nsymbols; i++) {
        p.name = symbol(o, i, &sym);
        if (!p.name || GELF_ST_TYPE(sym.st_info) != STT_FUNC || !section_name(o, sym.st_shndx, &sh))
            continue;
        code = elf_getdata(elf_getscn(o->elf, sym.st_shndx), NULL);
        n = code ? code->d_size / sizeof(*p.code) : 0;
        first = sym.st_value / sizeof(*p.code);
        refs = calloc(n + 1, sizeof(*refs));
        if (!refs || !n || first + sym.st_size / sizeof(*p.code) > n ||
            !relocate(o, sym.st_shndx, code->d_buf, refs, n)) {
            free(refs);
            return 1;
        }
        p.code = (const struct bpf_insn *)code->d_buf + first;
        p.refs = refs + first;
        p.n = (uint32_t)(sym.st_size / sizeof(*p.code));
        fn(arg, &p);
        free(refs);
    }
    return 0;
}

int ov_object(const char *path, void (*fn)(void *arg, const struct ov_prog *p), void *arg)
{
    struct object *o = calloc(1, sizeof(*o));
    size_t size;
    char *data = read_file(path, &size);
    int err = 1;

    elf_version(EV_CURRENT);
    if (o && data) {
        o->bpf = bpf_object__open_mem(data, size, NULL);
        o->elf = elf_memory(data, size);
    }
    if (o && o->bpf && o->elf && !elf_getshdrstrndx(o->elf, &o->strings)) {
        find_symbols(o);
        find_maps(o);
        err = programs(o, fn, arg);
    }
    if (err)
        fprintf(stderr, "%s: cannot be read as an object\n", path);
    if (o) {
        elf_end(o->elf);
        bpf_object__close(o->bpf);
    }
    free(o);
    free(data);
    return err;
}
