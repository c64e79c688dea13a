// SPDX-License-Identifier: GPL-2.0-or-later
// The last look at an object: what only the finished code tells goes into its manifest, and what a
// kernel without loops or global data would refuse is an error here. Must not know LLVM.
#include "object.h"

#include "mfbuild.h"

#include <gelf.h>
#include <libelf.h>
#include <string.h>

#define LD_IMM64 0x18u // BPF_LD | BPF_IMM | BPF_DW, two instructions long

struct insn {           // struct bpf_insn
    uint8_t code, regs; // regs: source in the high half
    int16_t off;
    int32_t imm;
};

struct finish {
    struct nd_program *p;
    char *base; // of the object
    Elf *elf;
    Elf_Data *syms;
    size_t strings;
    struct nd_mf_header *h;
};

static struct nd_mf_prog *progs(const struct finish *f)
{
    return (void *)((char *)f->h + f->h->sec[ND_SEC_PROGS].off);
}

static struct nd_mf_prog *prog_of(const struct finish *f, const char *name)
{
    struct nd_mf_prog *v = progs(f);
    const char *strings = (const char *)f->h + f->h->sec[ND_SEC_STRINGS].off;
    uint32_t i;

    for (i = 0; i < f->h->sec[ND_SEC_PROGS].count; i++) {
        if (!strcmp(strings + v[i].name, name))
            return &v[i];
    }
    return NULL;
}

void nd_too_long(struct nd_program *p, const struct nd_probe *pr, uint32_t n)
{
    const char *many = n ? nd_arena_printf(p->arena, "%u", n) : "far too many";
    struct nd_diag *d = nd_error(p->diags, ND_E0701, pr->decl->name_span,
                                 "this probe has %s instructions; this kernel takes at most %u",
                                 many, ND_PROG_INSNS);

    if (pr->loop.len)
        nd_note(p->diags, d, pr->loop,
                "loops and searches are unrolled for it: fewer rounds, shorter texts: str(p, 16)");
    else
        nd_help(p->diags, d, "split the probe in two");
}

static void look_at(struct finish *f, const GElf_Sym *sym, const char *name)
{
    struct nd_mf_prog *m = prog_of(f, name);
    Elf_Scn *scn = elf_getscn(f->elf, sym->st_shndx);
    Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
    uint32_t i, n = (uint32_t)(sym->st_size / sizeof(struct insn));
    const struct insn *code;

    if (!m || !data || sym->st_value + sym->st_size > data->d_size)
        return;
    code = (const void *)((const char *)data->d_buf + sym->st_value);
    for (i = 0; i < n; i++) {
        if (code[i].code != LD_IMM64)
            continue;
        m->nimm += code[i].regs >> 4 == ND_OPT_IMM;
        i++;
    }
    if (n <= ND_PROG_INSNS)
        return;
    f->h->needs |= ND_F_BIT(LOOPS);
    if (nd_without(f->p, ND_F_LOOPS))
        nd_too_long(f->p, f->p->probes.v[m - progs(f)], n);
}

static void functions(struct finish *f)
{
    GElf_Sym sym;
    int i;

    for (i = 0; f->syms && gelf_getsym(f->syms, i, &sym); i++) {
        if (GELF_ST_TYPE(sym.st_info) == STT_FUNC)
            look_at(f, &sym, elf_strptr(f->elf, f->strings, sym.st_name));
    }
}

static void section(struct finish *f, Elf_Scn *scn, const char *name, const GElf_Shdr *sh)
{
    static const char *const data[] = {".bss", ".data", ".rodata"};
    struct nd_span at = ND_NO_SPAN;
    size_t i;

    if (sh->sh_type == SHT_SYMTAB) {
        f->syms = elf_getdata(scn, NULL);
        f->strings = sh->sh_link;
    }
    if (!strcmp(name, ND_MF_ELF_SECTION))
        f->h = (void *)(f->base + sh->sh_offset);
    for (i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
        if (nd_without(f->p, ND_F_GLOBALS) && !strncmp(name, data[i], strlen(data[i])) &&
            sh->sh_size)
            nd_error(f->p->diags, ND_E0801, at,
                     "internal error, please report it: the object has "
                     "global data (%s)",
                     name);
    }
}

void nd_object_finish(struct nd_program *p, void *object, size_t size)
{
    struct finish f = {.p = p, .base = object};
    Elf_Scn *scn = NULL;
    size_t strndx;

    elf_version(EV_CURRENT);
    f.elf = elf_memory(object, size);
    if (!f.elf || elf_getshdrstrndx(f.elf, &strndx)) {
        elf_end(f.elf);
        return;
    }
    while ((scn = elf_nextscn(f.elf, scn))) {
        GElf_Shdr sh;

        if (gelf_getshdr(scn, &sh))
            section(&f, scn, elf_strptr(f.elf, strndx, sh.sh_name), &sh);
    }
    if (f.h) {
        functions(&f);
        nd_mfb_seal(f.h);
    }
    elf_end(f.elf);
}
