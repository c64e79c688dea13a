// SPDX-License-Identifier: GPL-2.0-or-later
// Does an instruction start at this address of an executable? A breakpoint anywhere else would
// change the one that it lies in. x86 is decoded, by LLVM, from where the function starts: its
// symbol, or what the tables for stack unwinding say. Must not know the language. Serves the
// checker (uprobe).
#include "compiler/kernel/kernel_impl.h"

#include "runtime/common/elfsyms.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef ND_X86_DECODER
#include <llvm-c/Disassembler.h>
#include <llvm-c/Target.h>
#endif

#define FUNC_MAX (16u << 20) // bytes decoded before giving up
#define INSN_MAX 15u         // bytes of an x86 instruction

struct range {
    uint64_t start, end; // virtual addresses; start 0: none
};

// ---- where the function starts -----------------------------------------------------------------

// The function that has the address; of several the one that starts last.
static void by_symbols(Elf *elf, uint64_t addr, struct range *r)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr sh;
    GElf_Sym sym;

    while ((scn = elf_nextscn(elf, scn))) {
        Elf_Data *data;
        size_t n, i;

        if (!gelf_getshdr(scn, &sh) || (sh.sh_type != SHT_SYMTAB && sh.sh_type != SHT_DYNSYM))
            continue;
        data = nd_elfsyms_data(scn);
        n = data && sh.sh_entsize ? data->d_size / sh.sh_entsize : 0;
        for (i = 0; i < n && i < INT32_MAX; i++) {
            int type;

            if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF || !sym.st_value)
                continue;
            type = GELF_ST_TYPE(sym.st_info);
            if ((type != STT_FUNC && type != STT_GNU_IFUNC) || sym.st_value > addr ||
                (addr != sym.st_value && addr - sym.st_value >= sym.st_size))
                continue;
            if (!r->start || sym.st_value > r->start)
                *r = (struct range){sym.st_value, sym.st_value + sym.st_size};
        }
    }
}

// Bytes of the file at a virtual address; false: they are not all in it.
static bool read_at(struct nd_elf *e, uint64_t addr, void *to, size_t n)
{
    uint64_t off = nd_elf_offset(e, addr);

    return off != UINT64_MAX && pread(nd_elf_fd(e), to, n, (off_t)off) == (ssize_t)n;
}

static bool read_i32(struct nd_elf *e, uint64_t addr, int32_t *v)
{
    return read_at(e, addr, v, sizeof(*v));
}

// .eh_frame_hdr (Linux Standard Base, "Exception Frames"): a sorted table of where functions start,
// in the one form that linkers write.
#define TABLE_OF_I32 0x3b // relative to the header, 4 bytes, signed
#define COUNT_U32 0x03
#define PCREL_I32 0x1b

// The range of the entry of .eh_frame: its start is known from the table, and its length is a plain
// number of the same size.
static bool entry_range(struct nd_elf *e, uint64_t fde, struct range *r)
{
    int32_t length;

    // length, CIE, pc_begin, pc_range
    return read_i32(e, fde + 12, &length) && length > 0 && (r->end = r->start + (uint32_t)length);
}

static void by_unwind_table(struct nd_elf *e, uint64_t addr, struct range *r)
{
    uint64_t hdr = 0, lo = 0, hi, at;
    int32_t count = 0, start, fde;
    uint8_t form[4];
    GElf_Phdr ph;
    size_t n, i;

    if (elf_getphdrnum(nd_elf_handle(e), &n))
        return;
    for (i = 0; i < n && i < INT32_MAX && !hdr; i++) {
        if (gelf_getphdr(nd_elf_handle(e), (int)i, &ph) && ph.p_type == PT_GNU_EH_FRAME)
            hdr = ph.p_vaddr;
    }
    if (!hdr || !read_at(e, hdr, form, sizeof(form)) || form[0] != 1 || form[1] != PCREL_I32 ||
        form[2] != COUNT_U32 || form[3] != TABLE_OF_I32 || !read_i32(e, hdr + 8, &count) ||
        count <= 0)
        return;
    for (hi = (uint64_t)count; hi - lo > 1;) {
        at = lo + (hi - lo) / 2;
        if (!read_i32(e, hdr + 12 + 8 * at, &start))
            return;
        if (hdr + (uint64_t)(int64_t)start <= addr)
            lo = at;
        else
            hi = at;
    }
    at = hdr + 12 + 8 * lo;
    if (!read_i32(e, at, &start) || !read_i32(e, at + 4, &fde))
        return;
    r->start = hdr + (uint64_t)(int64_t)start;
    if (r->start > addr || !entry_range(e, hdr + (uint64_t)(int64_t)fde, r) || addr >= r->end)
        r->start = 0;
}

// ---- decoding ----------------------------------------------------------------------------------

#ifdef ND_X86_DECODER

static enum nd_insn decode(struct nd_kernel *k, const char *triple, uint8_t *code, size_t n,
                           uint64_t wanted, const char **why)
{
    LLVMDisasmContextRef d;
    uint64_t pos = 0;
    size_t len = 1;
    char text[128];

    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86Disassembler();
    d = LLVMCreateDisasm(triple, NULL, 0, NULL, NULL);
    if (!d) {
        *why = "LLVM cannot decode this processor's instructions";
        return ND_INSN_UNKNOWN;
    }
    while (len && pos < wanted) {
        len = LLVMDisasmInstruction(d, code + pos, n - pos, pos, text, sizeof(text));
        pos += len;
    }
    if (len && pos == wanted &&
        !LLVMDisasmInstruction(d, code + pos, n - pos, pos, text, sizeof(text)))
        len = 0;
    LLVMDisasmDispose(d);
    if (!len) {
        *why = nd_arena_printf(k->a, "what is at +%llu cannot be decoded", (unsigned long long)pos);
        return ND_INSN_UNKNOWN;
    }
    return pos == wanted ? ND_INSN_STARTS : ND_INSN_INSIDE;
}

#else

static enum nd_insn decode(struct nd_kernel *k, const char *triple, uint8_t *code, size_t n,
                           uint64_t wanted, const char **why)
{
    (void)k, (void)triple, (void)code, (void)n, (void)wanted;
    *why = "this build cannot decode instructions";
    return ND_INSN_UNKNOWN;
}

#endif

static bool is_code(struct nd_elf *e, uint64_t addr)
{
    GElf_Phdr ph;
    size_t n, i;

    if (elf_getphdrnum(nd_elf_handle(e), &n))
        return false;
    for (i = 0; i < n && i < INT32_MAX; i++) {
        if (gelf_getphdr(nd_elf_handle(e), (int)i, &ph) && ph.p_type == PT_LOAD &&
            (ph.p_flags & PF_X) && addr >= ph.p_vaddr && addr - ph.p_vaddr < ph.p_filesz)
            return true;
    }
    return false;
}

static enum nd_insn by_decoding(struct nd_kernel *k, struct nd_elf *e, const char *triple,
                                uint64_t addr, const char **why)
{
    struct range r = {0};
    enum nd_insn how = ND_INSN_UNKNOWN;
    uint8_t *code;
    ssize_t n;

    by_symbols(nd_elf_handle(e), addr, &r);
    if (!r.start)
        by_unwind_table(e, addr, &r);
    if (!r.start || addr - r.start > FUNC_MAX) {
        *why = "no function is known to be there";
        return how;
    }
    code = malloc((size_t)(addr - r.start) + INSN_MAX);
    n = code ? pread(nd_elf_fd(e), code, (size_t)(addr - r.start) + INSN_MAX,
                     (off_t)nd_elf_offset(e, r.start))
             : -1;
    if (n <= 0 || (uint64_t)n <= addr - r.start)
        *why = "the file cannot be read there";
    else
        how = decode(k, triple, code, (size_t)n, addr - r.start, why);
    free(code);
    return how;
}

enum nd_insn nd_kernel_insn(struct nd_kernel *k, const char *path, uint64_t addr, const char **why)
{
    GElf_Ehdr eh;
    int err;
    struct nd_elf *e = nd_elf_get(k, path, &err, why);

    *why = NULL;
    if (!e || !gelf_getehdr(nd_elf_handle(e), &eh)) {
        *why = "the file cannot be read";
        return ND_INSN_UNKNOWN;
    }
    if (!is_code(e, addr)) {
        *why = "it is not code";
        return ND_INSN_INSIDE;
    }
    switch (eh.e_machine) {
    case EM_X86_64:
        return by_decoding(k, e, "x86_64-linux-gnu", addr, why);
    case EM_386:
        return by_decoding(k, e, "i386-linux-gnu", addr, why);
    case EM_AARCH64: // all are 4 bytes long
        return addr % 4 ? ND_INSN_INSIDE : ND_INSN_STARTS;
    default:
        *why = "instructions of this processor are not decoded";
        return ND_INSN_UNKNOWN;
    }
}
