// SPDX-License-Identifier: GPL-2.0-or-later
// The last look at an object: what only the finished code tells goes into its manifest, and what a
// kernel without loops or global data would refuse is an error here. Must not know LLVM.
#include "compiler/lower/lower.h"

#include "compiler/user/mfbuild.h"

#include <gelf.h>
#include <libelf.h>
#include <string.h>

#define LD_IMM64 0x18u  // BPF_LD | BPF_IMM | BPF_DW, two instructions long
#define ADD64_IMM 0x07u // BPF_ALU64 | BPF_ADD | BPF_K
#define LDX 1u
#define STX 3u
#define FRAME 10u // the register
#define STACK_BYTES 512

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
    bool deep; // a program and its function have more than the stack
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

void nd_lower_too_long(struct nd_program *p, const struct nd_probe *pr, uint32_t n)
{
    const char *many = n ? nd_arena_printf(p->arena, "%u", n) : "far too many";
    struct nd_diag *d = nd_error(p->diags, ND_E0701, pr->decl->name_span,
                                 "this probe has %s instructions; this kernel takes at most %u",
                                 many, ND_PROG_INSNS);

    if (pr->loop.len)
        nd_note(p->diags, d, pr->loop,
                "it needs loops and searches unrolled: use fewer rounds and shorter strings: "
                "str(p, 16)");
    else
        nd_help(p->diags, d, "split the probe in two");
}

// Instructions of a function; NULL: none.
static const struct insn *code_of(const struct finish *f, const GElf_Sym *sym, uint32_t *n)
{
    Elf_Scn *scn = elf_getscn(f->elf, sym->st_shndx);
    const Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;

    if (GELF_ST_TYPE(sym->st_info) != STT_FUNC || !data ||
        sym->st_value + sym->st_size > data->d_size)
        return NULL;
    *n = (uint32_t)(sym->st_size / sizeof(struct insn));
    return (const void *)((const char *)data->d_buf + sym->st_value);
}

// Bytes of stack, as the kernel counts them: up to the lowest address that is named.
static uint32_t stack_of(const struct insn *code, uint32_t n)
{
    int32_t low = -1, at; // a function has some in any case
    uint32_t i;

    for (i = 0; i < n; i++) {
        uint8_t class = code[i].code & 7, dst = code[i].regs & 15, src = code[i].regs >> 4;

        at = 0;
        if ((class == STX && dst == FRAME) || (class == LDX && src == FRAME))
            at = code[i].off;
        else if (code[i].code == ADD64_IMM && code[i].imm >= -STACK_BYTES)
            at = code[i].imm;
        if (at < low)
            low = at;
    }
    return ((uint32_t)-low + 31) & ~31u;
}

// A program and the function that it calls share the stack.
static bool fits(const struct finish *f, const GElf_Sym *func, const char *name)
{
    uint32_t n, m;
    const struct insn *code = code_of(f, func, &n), *caller;
    size_t len = strlen(name), tail = strlen(ND_EACH_SUFFIX);
    GElf_Sym sym;
    int i;

    if (!code || len <= tail || strcmp(name + len - tail, ND_EACH_SUFFIX) != 0)
        return true;
    for (i = 0; gelf_getsym(f->syms, i, &sym); i++) {
        const char *other = elf_strptr(f->elf, f->strings, sym.st_name);

        caller = code_of(f, &sym, &m);
        if (caller && !strncmp(other, name, len - tail) && !other[len - tail])
            return stack_of(code, n) + stack_of(caller, m) <= STACK_BYTES;
    }
    return true;
}

static void look_at(struct finish *f, const GElf_Sym *sym, const char *name)
{
    struct nd_mf_prog *m = prog_of(f, name);
    uint32_t i, n;
    const struct insn *code = m ? code_of(f, sym, &n) : NULL;

    if (!code)
        return;
    for (i = 0; i < n; i++) {
        if (code[i].code != LD_IMM64)
            continue;
        m->nimm += code[i].regs >> 4 == ND_OPT_IMM;
        i++;
    }
    if (n <= ND_PROG_INSNS)
        return;
    f->h->features |= ND_F_BIT(LOOPS);
    if (nd_without(f->p, ND_F_LOOPS))
        nd_lower_too_long(f->p, f->p->probes.v[m - progs(f)], n);
}

static void functions(struct finish *f)
{
    GElf_Sym sym;
    int i;

    for (i = 0; f->syms && gelf_getsym(f->syms, i, &sym); i++) {
        const char *name = elf_strptr(f->elf, f->strings, sym.st_name);

        look_at(f, &sym, name);
        f->deep |= !fits(f, &sym, name);
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

// What is in the object that counts here; f->elf is to be ended.
static void open_object(struct finish *f, struct nd_program *p, const void *object, size_t size)
{
    Elf_Scn *scn = NULL;
    size_t strndx;

    *f = (struct finish){.p = p, .base = (char *)(uintptr_t)object};
    elf_version(EV_CURRENT);
    f->elf = elf_memory(f->base, size);
    if (!f->elf || elf_getshdrstrndx(f->elf, &strndx))
        return;
    while ((scn = elf_nextscn(f->elf, scn))) {
        GElf_Shdr sh;

        if (gelf_getshdr(scn, &sh))
            section(f, scn, elf_strptr(f->elf, strndx, sh.sh_name), &sh);
    }
}

bool nd_lower_object_finish(struct nd_program *p, void *object, size_t size)
{
    struct finish f;

    open_object(&f, p, object, size);
    if (f.h) {
        functions(&f);
        nd_mfb_seal(f.h);
    }
    elf_end(f.elf);
    return !f.deep;
}

void nd_lower_object_dump(struct nd_program *p, const void *object, size_t size, FILE *out)
{
    struct finish f;
    GElf_Sym sym;
    uint32_t n;
    int i;

    open_object(&f, p, object, size);
    for (i = 0; f.syms && gelf_getsym(f.syms, i, &sym); i++) {
        const struct insn *code = code_of(&f, &sym, &n);

        if (code)
            fprintf(out, "function %s, %u instructions, %u bytes of stack\n",
                    elf_strptr(f.elf, f.strings, sym.st_name), n, stack_of(code, n));
    }
    if (f.h)
        fprintf(out, "manifest, %u bytes, needs 0x%x\n", f.h->size, f.h->features);
    elf_end(f.elf);
}
