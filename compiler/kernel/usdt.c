// SPDX-License-Identifier: GPL-2.0-or-later
// USDT probes of an executable, and where their arguments are.
// Must not know the language, nor any process. Serves the checker (usdt).
#include "compiler/kernel/kernel_impl.h"

#include "runtime/common/elfsyms.h"
#include "runtime/common/sdtnotes.h"

#include <ctype.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#define PROBES 100000u // of a file, at most

// Where a probe is: what symbols in its operands count from.
struct place {
    struct nd_elf *e;
    uint64_t pc; // address in the file
    bool fixed;  // and in memory
};

// Adds the address of the variable of this name, if there is no more than one.
static bool add_symbol(struct nd_elf *e, const char *name, size_t len, uint64_t *addr)
{
    Elf *elf = nd_elf_handle(e);
    Elf_Scn *scn = NULL;
    bool found = false;
    uint64_t value = 0;
    GElf_Shdr sh;
    GElf_Sym sym;

    while ((scn = elf_nextscn(elf, scn))) {
        Elf_Data *data, *names;

        if (!gelf_getshdr(scn, &sh) || !sh.sh_entsize ||
            (sh.sh_type != SHT_SYMTAB && sh.sh_type != SHT_DYNSYM))
            continue;
        data = nd_elfsyms_data(scn);
        names = data ? nd_elfsyms_data(elf_getscn(elf, sh.sh_link)) : NULL;
        for (int i = 0; data && (size_t)i < data->d_size / sh.sh_entsize && i < INT32_MAX; i++) {
            const char *s =
                gelf_getsym(data, i, &sym) ? nd_elfsyms_string(names, sym.st_name) : NULL;

            if (!s || strncmp(s, name, len) != 0 || s[len] || sym.st_shndx == SHN_UNDEF ||
                GELF_ST_TYPE(sym.st_info) == STT_TLS)
                continue;
            if (found && value != sym.st_value)
                return false;
            found = true;
            value = sym.st_value;
        }
    }
    *addr += value;
    return found;
}

// ---- arguments: x86_64, in AT&T form ---------------------------------------------------------

// Names of one register by width: 64, 32, 16, 8 bits. %ah and its like have no place in pt_regs.
static const char *const x86_names[][5] = {
    {"ax", "rax", "eax", "ax", "al"},       {"bx", "rbx", "ebx", "bx", "bl"},
    {"cx", "rcx", "ecx", "cx", "cl"},       {"dx", "rdx", "edx", "dx", "dl"},
    {"si", "rsi", "esi", "si", "sil"},      {"di", "rdi", "edi", "di", "dil"},
    {"bp", "rbp", "ebp", "bp", "bpl"},      {"sp", "rsp", "esp", "sp", "spl"},
    {"r8", "r8", "r8d", "r8w", "r8b"},      {"r9", "r9", "r9d", "r9w", "r9b"},
    {"r10", "r10", "r10d", "r10w", "r10b"}, {"r11", "r11", "r11d", "r11w", "r11b"},
    {"r12", "r12", "r12d", "r12w", "r12b"}, {"r13", "r13", "r13d", "r13w", "r13b"},
    {"r14", "r14", "r14d", "r14w", "r14b"}, {"r15", "r15", "r15d", "r15w", "r15b"},
};

// A register at *p ("%rdi"), NULL if it is not one; *p moves past it. wide: addresses have only
// 64-bit ones.
static const char *x86_reg(const char **p, bool wide)
{
    const char *s = *p;
    size_t n = 0;

    if (*s++ != '%')
        return NULL;
    while (isalnum((unsigned char)s[n]))
        n++;
    for (size_t i = 0; i < sizeof(x86_names) / sizeof(x86_names[0]); i++)
        for (size_t w = 1; w <= (wide ? 1u : 4u); w++)
            if (strlen(x86_names[i][w]) == n && !memcmp(x86_names[i][w], s, n)) {
                *p = s + n;
                return x86_names[i][0];
            }
    return NULL;
}

static bool number(const char **p, int64_t *v)
{
    char *end;

    if (**p != '-' && !isdigit((unsigned char)**p))
        return false;
    *v = (int64_t)(**p == '-' ? (uint64_t)strtoll(*p, &end, 0) : strtoull(*p, &end, 0));
    if (end == *p)
        return false;
    *p = end;
    return true;
}

// "disp(base,index,scale)" from the parenthesis on.
static bool x86_memory(const char **p, struct nd_usdt_arg *a)
{
    int64_t scale = 1;

    if (*(*p)++ != '(')
        return false;
    a->reg = x86_reg(p, true);
    if (!a->reg)
        return false; // (,%rax,8) and %rip: refused
    if (**p == ',') {
        ++*p;
        a->index = x86_reg(p, true);
        if (!a->index)
            return false;
        if (**p == ',') {
            ++*p;
            if (!number(p, &scale) || (scale != 1 && scale != 2 && scale != 4 && scale != 8))
                return false;
        }
        a->scale = (uint8_t)scale;
    }
    a->where = ND_USDT_MEM;
    return *(*p)++ == ')';
}

// "symbol", "symbol+8(%rip)", what is before it in a->value: as far from the probe in memory as in
// the file. "symbol(%rax)" only where the program is loaded at the addresses in its file.
static bool x86_symbol(const struct place *at, const char *p, struct nd_usdt_arg *a)
{
    uint64_t addr = (uint64_t)a->value;
    int64_t off = 0;
    size_t n = 0;

    while (isalnum((unsigned char)p[n]) || (p[n] && strchr("_.$", p[n])))
        n++;
    if (!add_symbol(at->e, p, n, &addr))
        return false;
    p += n;
    p += *p == '+';
    if (*p && *p != '(' && !number(&p, &off))
        return false;
    addr += (uint64_t)off;
    a->where = ND_USDT_MEM;
    a->reg = "ip";
    a->value = (int64_t)(addr - at->pc);
    if (!*p || !strcmp(p, "(%rip)"))
        return true;
    a->value = (int64_t)addr;
    return at->fixed && x86_memory(&p, a) && !*p;
}

static bool x86_arg(const struct place *at, const char *p, struct nd_usdt_arg *a)
{
    if (*p == '$') {
        p++;
        a->where = ND_USDT_CONST;
        return number(&p, &a->value) && !*p;
    }
    if (*p == '%') {
        a->where = ND_USDT_REG;
        a->reg = x86_reg(&p, false);
        return a->reg && !*p;
    }
    number(&p, &a->value);
    p += *p == '+'; // "8+symbol(%rip)"
    if (isalpha((unsigned char)*p) || *p == '_' || *p == '.')
        return x86_symbol(at, p, a);
    return x86_memory(&p, a) && !*p;
}

// ---- arguments: aarch64 ----------------------------------------------------------------------

static const char *arm64_reg(const char **p, bool wide)
{
    static const char *const names[] = {
        "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10",
        "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
        "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",
    };
    const char *s = *p;
    size_t n = 0;

    while (isalnum((unsigned char)s[n]))
        n++;
    for (size_t i = 0; n > 1 && i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == n && !memcmp(names[i] + 1, s + 1, n - 1) &&
            (*s == *names[i] || (!wide && *s == 'w' && *names[i] == 'x'))) {
            *p = s + n;
            return names[i];
        }
    return NULL;
}

static void spaces(const char **p)
{
    *p += strspn(*p, " \t");
}

static bool arm64_arg(const char *p, struct nd_usdt_arg *a)
{
    if (*p != '[') {
        if (number(&p, &a->value)) {
            a->where = ND_USDT_CONST;
            return !*p;
        }
        a->where = ND_USDT_REG;
        a->reg = arm64_reg(&p, false);
        return a->reg && !*p;
    }
    p++;
    spaces(&p);
    a->where = ND_USDT_MEM;
    a->reg = arm64_reg(&p, true);
    spaces(&p);
    if (a->reg && *p == ',') {
        p++;
        spaces(&p);
        if (!number(&p, &a->value)) {
            a->index = arm64_reg(&p, true);
            a->scale = 1;
            if (!a->index)
                return false;
        }
        spaces(&p);
    }
    return a->reg && *p == ']' && !p[1];
}

// ---- one note --------------------------------------------------------------------------------

// A constant is an operand of the assembler's, and as wide as that likes: "4@$-1" is 4294967295.
static int64_t cut(int64_t v, int64_t size)
{
    unsigned int up = 64 - 8 * (unsigned int)(size < 0 ? -size : size);
    uint64_t high = (uint64_t)v << up;

    return size < 0 ? (int64_t)high >> up : (int64_t)(high >> up);
}

// "SIZE@OPERAND"; without a size it is the size of a word.
static void parse_arg(const struct place *at, const char *text, uint16_t machine,
                      struct nd_usdt_arg *a)
{
    const char *p = text;
    int64_t size = 8;
    bool ok;

    if (strchr(text, '@')) {
        ok = number(&p, &size) && *p == '@' &&
             (size == 1 || size == 2 || size == 4 || size == 8 || size == -1 || size == -2 ||
              size == -4 || size == -8);
        p++;
    } else {
        ok = true;
    }
    *a = (struct nd_usdt_arg){.size = (int8_t)size, .text = text};
    if (ok && machine == EM_X86_64)
        ok = x86_arg(at, p, a);
    else if (ok)
        ok = machine == EM_AARCH64 && arm64_arg(p, a);
    if (!ok)
        *a = (struct nd_usdt_arg){.where = ND_USDT_UNUSABLE, .text = text};
    else if (a->where == ND_USDT_CONST)
        a->value = cut(a->value, size);
}

// Arguments are separated by blanks, but "[sp, 12]" has one inside.
static void parse_args(struct nd_kernel *k, const struct place *at, const char *s, uint16_t machine,
                       struct nd_usdt *u)
{
    uint32_t most = sizeof(u->args) / sizeof(u->args[0]);

    while (u->nargs < most) {
        size_t n = 0;
        int depth = 0;

        spaces(&s);
        for (; s[n] && (depth > 0 || (s[n] != ' ' && s[n] != '\t')); n++)
            depth += (s[n] == '[') - (s[n] == ']');
        if (!n)
            break;
        parse_arg(at, nd_arena_strndup(k->a, s, n), machine, &u->args[u->nargs++]);
        s += n;
    }
}

struct scan {
    struct nd_kernel *k;
    struct nd_elf *e;
    uint16_t machine;
    bool fixed; // no other addresses in memory than in the file
    ND_VEC(struct nd_usdt) found;
    const char *provider, *name;
};

static int take_note(void *arg, const struct nd_sdtnote *n)
{
    struct scan *s = arg;
    struct place at = {s->e, n->pc, s->fixed};
    struct nd_usdt *u;

    if (!nd_glob_match(s->provider, n->provider) || !nd_glob_match(s->name, n->name))
        return 0;
    u = ND_PUSH(s->k->a, &s->found);
    *u = (struct nd_usdt){.off = n->off, .sem_off = n->sem_off};
    u->provider = nd_arena_strdup(s->k->a, n->provider);
    u->name = nd_arena_strdup(s->k->a, n->name);
    parse_args(s->k, &at, n->args, s->machine, u);
    return s->found.n >= PROBES;
}

int nd_kernel_each_usdt(struct nd_kernel *k, const char *path, const char *provider_glob,
                        const char *name_glob, int (*fn)(void *arg, const struct nd_usdt *u),
                        void *arg, const char **why)
{
    struct scan s = {.k = k, .provider = provider_glob, .name = name_glob};
    const char *unused;
    GElf_Ehdr eh;
    int err = 0;

    why = why ? why : &unused;
    *why = NULL;
    s.e = nd_elf_get(k, path, &err, why);
    if (!s.e)
        return err;
    if (!gelf_getehdr(nd_elf_handle(s.e), &eh))
        return 0;
    s.machine = eh.e_machine;
    s.fixed = eh.e_type == ET_EXEC;
    nd_sdtnotes_each(nd_elf_handle(s.e), take_note, &s);
    for (uint32_t i = 0; i < s.found.n && !err; i++)
        err = fn(arg, &s.found.v[i]);
    return err;
}
