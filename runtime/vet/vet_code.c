// SPDX-License-Identifier: GPL-2.0-or-later
// Every instruction of every function: known, and if it calls or names something, one of the few
// things that an object may. Must not know libbpf. Serves vet.c, and the loader for the code as it
// goes to the kernel.
#include "runtime/vet/vet_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// As in linux/bpf.h; older ones do not have all of them.
#define ATOMIC 0xc0
#define JMP32 0x06
#define FETCH 0x01
#define CALL_OWN 1u    // source register of a call: a function of the object
#define CALL_KERNEL 2u // a function of the kernel
#define LD_MAP 1u      // source register of an ld_imm64
#define LD_MAP_VALUE 2u
#define LD_FUNC 4u       // the address of a function of the object, for helpers that call it
#define POISON 195896080 // what libbpf calls where a relocation has nothing to lead to

enum { BAD, PLAIN, MEMORY, JUMP, CALL, EXIT, LD64, ATOM };

#define BOTH(class, op, what) [(class) | (op) | BPF_K] = (what), [(class) | (op) | BPF_X] = (what)
#define SIZES(class, mode, what)                                              \
    [(class) | (mode) | BPF_W] = (what), [(class) | (mode) | BPF_H] = (what), \
                        [(class) | (mode) | BPF_B] = (what), [(class) | (mode) | BPF_DW] = (what)
#define ARITHMETIC(class)                                                                       \
    BOTH(class, BPF_ADD, PLAIN), BOTH(class, BPF_SUB, PLAIN), BOTH(class, BPF_MUL, PLAIN),      \
        BOTH(class, BPF_DIV, PLAIN), BOTH(class, BPF_OR, PLAIN), BOTH(class, BPF_AND, PLAIN),   \
        BOTH(class, BPF_LSH, PLAIN), BOTH(class, BPF_RSH, PLAIN), BOTH(class, BPF_MOD, PLAIN),  \
        BOTH(class, BPF_XOR, PLAIN), BOTH(class, BPF_MOV, PLAIN), BOTH(class, BPF_ARSH, PLAIN), \
        [(class) | BPF_NEG] = PLAIN
#define JUMPS(class)                                                                          \
    BOTH(class, BPF_JEQ, JUMP), BOTH(class, BPF_JGT, JUMP), BOTH(class, BPF_JGE, JUMP),       \
        BOTH(class, BPF_JSET, JUMP), BOTH(class, BPF_JNE, JUMP), BOTH(class, BPF_JSGT, JUMP), \
        BOTH(class, BPF_JSGE, JUMP), BOTH(class, BPF_JLT, JUMP), BOTH(class, BPF_JLE, JUMP),  \
        BOTH(class, BPF_JSLT, JUMP), BOTH(class, BPF_JSLE, JUMP)

static const uint8_t kinds[256] = {
    ARITHMETIC(BPF_ALU),
    BOTH(BPF_ALU, BPF_END, PLAIN),
    ARITHMETIC(BPF_ALU64),
    JUMPS(BPF_JMP),
    JUMPS(JMP32),
    [BPF_JMP | BPF_JA] = JUMP,
    [BPF_JMP | BPF_CALL] = CALL,
    [BPF_JMP | BPF_EXIT] = EXIT,
    SIZES(BPF_LDX, BPF_MEM, MEMORY),
    SIZES(BPF_ST, BPF_MEM, MEMORY),
    SIZES(BPF_STX, BPF_MEM, MEMORY),
    [BPF_STX | ATOMIC | BPF_W] = ATOM,
    [BPF_STX | ATOMIC | BPF_DW] = ATOM,
    [BPF_LD | BPF_IMM | BPF_DW] = LD64,
};

static bool atomic_ok(int32_t op)
{
    return (op & ~FETCH) == BPF_ADD || (op & ~FETCH) == BPF_AND || (op & ~FETCH) == BPF_OR ||
           (op & ~FETCH) == BPF_XOR || op == (0xe0 | FETCH) || op == (0xf0 | FETCH);
}

// ---- one function ------------------------------------------------------------------------------

struct scan {
    const char *name; // of the function
    const struct bpf_insn *code;
    uint32_t n, i;
    char *why;
    size_t room;
    // Before relocation; without, the code is final.
    struct nd_vet *v;
    const struct vet_func *f;
    const Elf64_Rel *rel, *rel_end; // the next relocation, and the end of those of the section
    bool options;                   // ND_MF_IMM
};

#define REFUSE(s, fmt, ...)                                                                      \
    (snprintf((s)->why, (s)->room, "%s%.60s%sinstruction %u " fmt, *(s)->name ? "program " : "", \
              (s)->name, *(s)->name ? ", " : "", (s)->i, ##__VA_ARGS__),                         \
     (s)->why)

// The relocation of this instruction, or NULL.
static const Elf64_Rel *relocation(struct scan *s)
{
    uint64_t at = (s->f ? s->f->at + (uint64_t)s->i : 0) * 8;

    return s->rel < s->rel_end && s->rel->r_offset == at ? s->rel++ : NULL;
}

static const char *helper(struct scan *s, int32_t number)
{
    const char *name = nd_helpers_name((uint32_t)number);

    if (nd_helpers_allowed((uint32_t)number)) {
        if (s->v)
            s->v->helpers[number / 64] |= 1ull << number % 64;
        return NULL;
    }
    if (!s->v && number == POISON)
        return NULL; // the verifier refuses it where it can be reached
    return REFUSE(s, "calls %s%s (helper %d), which no object may", name ? "bpf_" : "a function",
                  name ? name : "", number);
}

static bool starts_function(const struct nd_vet *v, uint32_t sec, int64_t at)
{
    const struct vet_section *s = &v->sec[sec];
    uint32_t low = 0, high = s->nfuncs;

    while (low < high) {
        uint32_t mid = (low + high) / 2;

        if (v->func[s->first + mid].at < at)
            low = mid + 1;
        else
            high = mid;
    }
    return low < s->nfuncs && v->func[s->first + low].at == at;
}

static const char *call(struct scan *s, const struct bpf_insn *in, const Elf64_Rel *r)
{
    const Elf64_Sym *sym;
    int64_t to = (int64_t)s->i + 1 + in->imm;
    uint32_t sec;

    if (in->off || in->dst_reg)
        return REFUSE(s, "is not known (0x%02x)", in->code);
    if (!in->src_reg && !r)
        return helper(s, in->imm);
    if (in->src_reg == CALL_KERNEL)
        return REFUSE(s, "calls a function of the kernel, which no object may");
    if (in->src_reg != CALL_OWN)
        return REFUSE(s, "is not known (0x%02x)", in->code);
    if (!s->v)
        return to >= 0 && to < s->n ? NULL : REFUSE(s, "calls something outside its program");
    sec = s->f->sec;
    to += s->f->at;
    if (r) {
        sym = vet_sym(s->v, (uint32_t)ELF64_R_SYM(r->r_info));
        sec = sym->st_shndx;
        to = (int64_t)(sym->st_value / 8) + in->imm + 1;
    }
    if (s->v->sec[sec].kind != VET_TEXT || !starts_function(s->v, sec, to))
        return REFUSE(s, "calls something that is not a function of the object");
    return NULL;
}

// The address of a function: libbpf adds the number to where the symbol is, both in bytes.
static const char *function_address(struct scan *s, const struct bpf_insn *in, const Elf64_Rel *r)
{
    const Elf64_Sym *sym = vet_sym(s->v, (uint32_t)ELF64_R_SYM(r->r_info));
    int64_t at = (int64_t)sym->st_value + in->imm;

    if (s->v->sec[sym->st_shndx].kind != VET_TEXT)
        return NULL;
    if (at % 8 || in[1].imm || !starts_function(s->v, sym->st_shndx, at / 8))
        return REFUSE(s, "takes the address of something that is not a function of the object");
    return NULL;
}

static const char *load64(struct scan *s, const struct bpf_insn *in, const Elf64_Rel *r)
{
    int64_t to = (int64_t)s->i + 1 + in->imm;

    if (s->i + 1 >= s->n || in[1].code || in[1].dst_reg || in[1].src_reg || in[1].off || in->off)
        return REFUSE(s, "is not known (0x%02x)", in->code);
    if (s->v && r && function_address(s, in, r))
        return s->why;
    if (!s->v && in->src_reg == LD_FUNC)
        return s->i++, to >= 0 && to < s->n
                           ? NULL
                           : REFUSE(s, "takes the address of something outside its program");
    s->i++;
    if (!in->src_reg || (!s->v && (in->src_reg == LD_MAP || in->src_reg == LD_MAP_VALUE)) ||
        (s->options && in->src_reg == ND_OPT_IMM && !r))
        return NULL;
    s->i--;
    return REFUSE(s, "takes an address of a kind (%u) that no object has", in->src_reg);
}

static const char *jump(struct scan *s, const struct bpf_insn *in)
{
    int64_t to = (int64_t)s->i + 1 + in->off;

    return to >= 0 && to < s->n ? NULL : REFUSE(s, "jumps out of its function");
}

static const char *insn(struct scan *s)
{
    const struct bpf_insn *in = &s->code[s->i];
    uint8_t kind = kinds[in->code];
    const Elf64_Rel *r = kind == CALL || kind == LD64 ? relocation(s) : NULL;
    bool calls = kind == CALL && in->src_reg == CALL_OWN;

    // 1: R_BPF_64_64; the other kind was looked at with the symbols.
    if (r && (ELF64_R_TYPE(r->r_info) == 1 ? kind != LD64 || in->src_reg : !calls))
        return REFUSE(s, "has a relocation that does not fit it");
    switch (kind) {
    case PLAIN:
    case EXIT:
        return in->off ? REFUSE(s, "is not known (0x%02x, %d)", in->code, in->off) : NULL;
    case MEMORY:
        return NULL;
    case JUMP:
        return jump(s, in);
    case CALL:
        return call(s, in, r);
    case LD64:
        return load64(s, in, r);
    case ATOM:
        return atomic_ok(in->imm) ? NULL : REFUSE(s, "is an atomic operation that no object has");
    default:
        return REFUSE(s, "is not known (0x%02x)", in->code);
    }
}

// Most instructions are of the first three kinds and need no other look: without a branch for each
// of them, which nothing could predict.
static const char *all(struct scan *s)
{
    const char *why = NULL;
    uint32_t i;

    for (i = 0; i < s->n && !why; i++) {
        const struct bpf_insn *in = &s->code[i];
        uint32_t kind = kinds[in->code], to = i + 1 + (uint32_t)in->off;

        if (!((kind - PLAIN > JUMP - PLAIN) | ((kind == PLAIN) & (in->off != 0)) |
              ((kind == JUMP) & (to >= s->n))))
            continue;
        s->i = i;
        why = insn(s);
        i = s->i;
    }
    return why;
}

// ---- all functions -----------------------------------------------------------------------------

int nd_vet_codes(struct nd_vet *v, const struct nd_mf *mf)
{
    char why[sizeof(v->why)];
    struct scan s = {.v = v, .why = why, .room = sizeof(why), .options = mf->h->flags & ND_MF_IMM};
    uint32_t i, sec = 0;

    for (i = 0; i < v->nfunc; i++) {
        const struct vet_func *f = &v->func[i];

        if (f->sec != sec) {
            const struct vet_section *rel = &v->sec[v->sec[f->sec].relocs];

            s.rel = (const void *)rel->data;
            s.rel_end = s.rel + (rel->kind == VET_REL ? rel->size / sizeof(*s.rel) : 0);
            sec = f->sec;
        }
        s.f = f;
        s.name = f->name;
        s.code = vet_code(v, f->sec) + f->at;
        s.n = f->n;
        v->ninsns += f->n;
        if (all(&s))
            return nd_vet_refuse(v, "%s", why);
        // A relocation that was not met: of half an instruction, or of one that takes none.
        if (s.rel < s.rel_end && s.rel->r_offset < 8 * ((uint64_t)f->at + f->n))
            return nd_vet_refuse(v, "program %.60s has a relocation where no instruction takes one",
                                 f->name);
    }
    return 0;
}

const char *nd_vet_final(const struct bpf_insn *code, size_t n, char *why, size_t room)
{
    struct scan s = {.name = "", .code = code, .n = (uint32_t)n, .why = why, .room = room};

    return all(&s);
}
