// SPDX-License-Identifier: GPL-2.0-or-later
// What `explain` lists as read is what the code reads: every script and tool that compiles on this
// kernel is compiled, its instructions are followed, and each helper call that reads memory and
// each load through a pointer of the kernel's must be in the list of that line, with its bytes.
// Loads and calls are found in the finished object, and know nothing of how the list is made.
// Besides, every object that the compiler makes passes the check that objects must pass.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "compiler/compile.h"
#include "compiler/lower/lower.h"
#include "runtime/kernel/lineinfo.h"
#include "runtime/vet/vet.h"

#include <gelf.h>
#include <glob.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

enum { OWN = 1, CONTEXT = 2, KERNEL = 4 }; // what a register may point to; 0: a number

#define SLOTS 64 // of 8 bytes: the stack

struct state {
    uint8_t reg[11], slot[SLOTS];
    int64_t r2; // its constant
    bool r2_known, seen;
};

struct access {
    uint32_t line, size, off;
    enum nd_lower_from from;
    bool open; // the size is known only when it runs
};

struct found {
    struct access v[4096];
    uint32_t n;
};

static void add(struct found *f, struct access a)
{
    uint32_t i;

    for (i = 0; i < f->n; i++) {
        const struct access *b = &f->v[i];

        if (a.line == b->line && a.size == b->size && a.from == b->from && a.off == b->off)
            return;
    }
    assert_true(f->n < sizeof(f->v) / sizeof(f->v[0]));
    f->v[f->n++] = a;
}

static bool join(struct state *to, const struct state *from)
{
    struct state was = *to;
    uint32_t i;

    if (!to->seen) {
        *to = *from;
        to->seen = true;
        return true;
    }
    for (i = 0; i < 11; i++)
        to->reg[i] |= from->reg[i];
    for (i = 0; i < SLOTS; i++)
        to->slot[i] |= from->slot[i];
    if (to->r2 != from->r2)
        to->r2_known = false;
    to->r2_known &= from->r2_known;
    return memcmp(&was, to, sizeof(was)) != 0;
}

static uint8_t *slot(struct state *s, const struct bpf_insn *in, int base)
{
    int at = (in->off + 512) / 8;

    return base == 10 && at >= 0 && at < SLOTS ? &s->slot[at] : NULL;
}

static const uint32_t sizes[] = {
    [BPF_W >> 3] = 4, [BPF_H >> 3] = 2, [BPF_B >> 3] = 1, [BPF_DW >> 3] = 8};

struct func {
    const struct bpf_insn *code;
    uint32_t n;
    const struct nd_unit *u;
    const char *name;
    uint32_t *lines; // of each instruction that reads, once it was asked for
    struct found found;
};

static void note(struct func *f, uint32_t at, enum nd_lower_from from, uint32_t size, bool open)
{
    struct nd_line line = {.line = 0};

    if (!f->lines[at] && !nd_line_find(f->u->object, f->u->size, f->name, at, &line))
        f->lines[at] = line.line;
    add(&f->found, (struct access){.line = f->lines[at],
                                   .size = open ? 0 : size,
                                   .open = open,
                                   .off = (uint16_t)f->code[at].off,
                                   .from = from});
}

static void call(struct func *f, uint32_t at, struct state *s)
{
    static const struct {
        int helper;
        enum nd_lower_from from;
    } reads[] = {{4, ND_FROM_EITHER},   {45, ND_FROM_EITHER}, {112, ND_FROM_USER},
                 {113, ND_FROM_KERNEL}, {114, ND_FROM_USER},  {115, ND_FROM_KERNEL},
                 {27, ND_FROM_KSTACK}};
    const struct bpf_insn *in = &f->code[at];
    uint32_t i;

    for (i = 0; !in->src_reg && i < sizeof(reads) / sizeof(reads[0]); i++) {
        // Copies between memory of the program's own go by such a helper when they are long.
        if (reads[i].helper == in->imm && !(s->reg[3] & OWN && in->imm == 113))
            note(f, at, reads[i].from, (uint32_t)s->r2, !s->r2_known || in->imm == 27);
    }
    for (i = 1; i < 6; i++)
        s->reg[i] = 0;
    s->reg[0] = in->src_reg ? 0 : OWN;
    s->r2_known = false;
}

static void alu(const struct bpf_insn *in, struct state *s)
{
    uint8_t op = BPF_OP(in->code), src = BPF_SRC(in->code) == BPF_X ? s->reg[in->src_reg] : 0;

    if (op == BPF_MOV)
        s->reg[in->dst_reg] = BPF_CLASS(in->code) == BPF_ALU64 ? src : 0;
    else if (op == BPF_ADD || op == BPF_SUB)
        s->reg[in->dst_reg] |= src;
    if (in->dst_reg == 2) {
        s->r2_known = op == BPF_MOV && BPF_SRC(in->code) == BPF_K;
        s->r2 = in->imm;
    }
}

static void load(struct func *f, uint32_t at, struct state *s)
{
    const struct bpf_insn *in = &f->code[at];
    uint8_t base = s->reg[in->src_reg], *from = slot(s, in, in->src_reg);
    uint32_t size = sizes[BPF_SIZE(in->code) >> 3];

    if (base & KERNEL)
        note(f, at, ND_FROM_TYPED, size, false);
    else if (base & CONTEXT)
        note(f, at, ND_FROM_CONTEXT, size, false);
    s->reg[in->dst_reg] = base & (CONTEXT | KERNEL) ? KERNEL : from && size == 8 ? *from : 0;
    if (in->dst_reg == 2)
        s->r2_known = false;
}

// One instruction; what follows it in s. The number of the other that may come next, or -1.
static int64_t step(struct func *f, uint32_t at, struct state *s, bool *falls)
{
    const struct bpf_insn *in = &f->code[at];
    uint8_t class = BPF_CLASS(in->code), op = BPF_OP(in->code), *to;

    *falls = true;
    switch (class) {
    case BPF_ALU:
    case BPF_ALU64:
        alu(in, s);
        return -1;
    case BPF_LDX:
        load(f, at, s);
        return -1;
    case BPF_LD: // of 64 bits
        s->reg[in->dst_reg] = OWN;
        return -1;
    case BPF_ST:
    case BPF_STX:
        to = slot(s, in, in->dst_reg);
        if (to)
            *to = class == BPF_STX && BPF_SIZE(in->code) == BPF_DW ? s->reg[in->src_reg] : 0;
        return -1;
    default:
        break;
    }
    if (class == BPF_JMP && op == BPF_CALL) {
        call(f, at, s);
        return -1;
    }
    *falls = !(class == BPF_JMP && (op == BPF_EXIT || op == BPF_JA));
    return op == BPF_EXIT ? -1 : (int64_t)at + 1 + in->off;
}

static void follow(struct func *f)
{
    struct state *in = calloc(f->n + 1, sizeof(*in));
    bool *todo = calloc(f->n + 1, sizeof(*todo)), more = true, falls;
    uint32_t i;

    assert_non_null(in);
    assert_non_null(todo);
    in[0].seen = todo[0] = true;
    in[0].reg[1] = CONTEXT;
    in[0].reg[10] = OWN;
    while (more) {
        more = false;
        for (i = 0; i < f->n; i++) {
            struct state s = in[i];
            uint32_t next = i + 1 + (f->code[i].code == (BPF_LD | BPF_IMM | BPF_DW));
            int64_t jump;

            if (!todo[i])
                continue;
            todo[i] = false;
            jump = step(f, i, &s, &falls);
            if (falls && next < f->n && join(&in[next], &s))
                todo[next] = more = true;
            if (jump >= 0 && jump < f->n && join(&in[jump], &s))
                todo[jump] = more = true;
        }
    }
    free(in);
    free(todo);
}

// ---- an object ---------------------------------------------------------------------------------

struct list {
    const struct nd_lower_read *v;
    uint32_t n;
};

static bool is_of(const struct nd_probe *p, const char *func)
{
    size_t n = strlen(p->name);

    return !strncmp(func, p->name, n) && (!func[n] || func[n] == '_');
}

static bool listed(const struct list *l, const char *func, const struct access *a)
{
    uint32_t i;

    for (i = 0; i < l->n; i++) {
        const struct nd_lower_read *r = &l->v[i];

        if (is_of(r->probe, func) && r->line == a->line &&
            (r->from == a->from || (a->from == ND_FROM_KSTACK && r->from == ND_FROM_USTACK)) &&
            (r->size == a->size || !r->size || a->open ||
             (a->size == 1 && r->size > 1))) // the last character, when an array is full of them
            return true;
    }
    return false;
}

// line 0: on all lines.
static uint32_t bytes_listed(const struct list *l, const char *func, uint32_t line,
                             enum nd_lower_from from)
{
    uint32_t i, sum = 0;

    for (i = 0; i < l->n; i++) {
        if (is_of(l->v[i].probe, func) && (!line || l->v[i].line == line) && l->v[i].from == from)
            sum += l->v[i].size;
    }
    return sum;
}

static uint32_t bytes_found(const struct func *f, uint32_t line, enum nd_lower_from from)
{
    uint32_t i, sum = 0;

    for (i = 0; i < f->found.n; i++) {
        if ((!line || f->found.v[i].line == line) && f->found.v[i].from == from)
            sum += f->found.v[i].size;
    }
    return sum;
}

// LLVM moves what two ways load from the context to before them, where the line is another one.
static bool all_listed(const struct list *l, const char *func, const struct func *f, uint32_t line,
                       enum nd_lower_from from)
{
    return bytes_found(f, line, from) <= bytes_listed(l, func, line, from) ||
           (from == ND_FROM_CONTEXT && bytes_found(f, 0, from) <= bytes_listed(l, func, 0, from));
}

// The first access of its kind on its line, which speaks for all of them.
static uint32_t first_of(const struct func *f, uint32_t at)
{
    uint32_t i = 0;

    while (f->found.v[i].line != f->found.v[at].line || f->found.v[i].from != f->found.v[at].from)
        i++;
    return i;
}

static void compare(const struct list *l, const char *file, const char *func, const struct func *f,
                    uint32_t *bad)
{
    uint32_t i;

    for (i = 0; i < f->found.n; i++) {
        const struct access *a = &f->found.v[i];

        if (a->from == ND_FROM_TYPED || a->from == ND_FROM_CONTEXT) {
            if (first_of(f, i) != i || all_listed(l, func, f, a->line, a->from))
                continue;
            print_message("%s: %s line %u: %u bytes loaded (%s), %u listed\n", file, func, a->line,
                          bytes_found(f, a->line, a->from),
                          a->from == ND_FROM_TYPED ? "kernel" : "context",
                          bytes_listed(l, func, a->line, a->from));
            ++*bad;
        } else if (!listed(l, func, a)) {
            print_message("%s: %s line %u: a read of %u bytes (%d) is not listed\n", file, func,
                          a->line, a->size, a->from);
            ++*bad;
        }
    }
}

static void look(const struct nd_unit *u, const struct list *l, const char *func, Elf *elf,
                 const GElf_Sym *sym, uint32_t *bad)
{
    Elf_Data *code = elf_getdata(elf_getscn(elf, sym->st_shndx), NULL);
    struct func *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->code = (const void *)((const char *)code->d_buf + sym->st_value);
    f->n = (uint32_t)(sym->st_size / sizeof(*f->code));
    f->u = u;
    f->name = func;
    f->lines = calloc(f->n + 1, sizeof(*f->lines));
    assert_non_null(f->lines);
    follow(f);
    compare(l, u->program.path, func, f, bad);
    free(f->lines);
    free(f);
}

static uint32_t check_object(const struct nd_unit *u)
{
    struct list l;
    Elf *elf = elf_memory((char *)u->object, u->size);
    Elf_Scn *scn = NULL;
    GElf_Shdr sh;
    GElf_Sym sym;
    uint32_t bad = 0;
    size_t i;

    l.v = nd_lower_reads(u->lowered, &l.n);
    assert_non_null(elf);
    while ((scn = elf_nextscn(elf, scn))) {
        Elf_Data *d;

        if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_SYMTAB)
            continue;
        d = elf_getdata(scn, NULL);
        for (i = 0; i < sh.sh_size / sh.sh_entsize; i++) {
            if (gelf_getsym(d, (int)i, &sym) && GELF_ST_TYPE(sym.st_info) == STT_FUNC)
                look(u, &l, elf_strptr(elf, sh.sh_link, sym.st_name), elf, &sym, &bad);
        }
    }
    elf_end(elf);
    return bad;
}

// It passes the check of objects: that it observes and does nothing else is shown, not promised.
static void check_vetted(const struct nd_unit *u, uint32_t *bad)
{
    const char *why = NULL;
    struct nd_vet v;
    struct nd_mf mf;

    if (nd_vet_open(&v, u->object, u->size))
        why = v.why;
    else if (!nd_mf_open(&mf, v.manifest, v.manifest_size, &why) && nd_vet_object(&v, &mf))
        why = v.why;
    if (why)
        print_message("%s is refused: %s\n", u->program.path, why);
    *bad += why != NULL;
    nd_vet_close(&v);
}

// As for the oldest kernels of interest: maps in place of data, unrolled loops.
static void check_older(const char *path, uint32_t *compiled, uint32_t *bad)
{
    struct nd_compile_opts o = {.file = path,
                                .stdlib = "stdlib",
                                .portable = true,
                                .without = ND_F_BIT(RINGBUF) | ND_F_BIT(GLOBALS) | ND_F_BIT(MMAP) |
                                           ND_F_BIT(LOOPS) | ND_F_BIT(JMP32) |
                                           ND_F_BIT(PROBE_READ_KERNEL) | ND_F_BIT(GLOBAL_FUNC) |
                                           ND_F_BIT(ATOMICS) | ND_F_BIT(TP_BTF) | ND_F_BIT(FENTRY)};
    struct nd_unit *u = nd_unit_new(&o);

    assert_non_null(u);
    if (nd_compile(u, "finish") && u->object) {
        ++*compiled;
        check_vetted(u, bad);
    }
    nd_unit_free(u);
}

static void try_file(const char *path, const char *text, bool portable, uint32_t *compiled,
                     uint32_t *bad)
{
    struct nd_compile_opts o = {
        .file = path, .text = text, .stdlib = "stdlib", .portable = portable, .reads = true};
    struct nd_unit *u;

    u = nd_unit_new(&o);
    assert_non_null(u);
    if (nd_compile(u, "finish") && u->object) {
        ++*compiled;
        *bad += check_object(u);
        check_vetted(u, bad);
    } else if (path) {
        print_message("%s is not for this kernel: %s\n", path,
                      u->diags.n ? u->diags.v[0]->text : "it has no programs");
    }
    nd_unit_free(u);
}

static void every_script(bool portable, uint32_t least)
{
    uint32_t compiled = 0, bad = 0;
    glob_t g = {0};
    size_t i;

    assert_int_equal(glob("scripts/*.nd", 0, NULL, &g), 0);
    assert_int_equal(glob("stdlib/*/*.nd", GLOB_APPEND, NULL, &g), 0);
    for (i = 0; i < g.gl_pathc; i++)
        try_file(g.gl_pathv[i], NULL, portable, &compiled, &bad);
    print_message("%u of %zu files compile here\n", compiled, g.gl_pathc);
    globfree(&g);
    assert_true(compiled >= least);
    assert_int_equal(bad, 0);
}

static void scripts(void **state)
{
    (void)state;
    every_script(false, 20);
}

static void scripts_portable(void **state)
{
    (void)state;
    every_script(true, 20);
}

static void scripts_older(void **state)
{
    uint32_t compiled = 0, bad = 0;
    glob_t g = {0};
    size_t i;

    (void)state;
    assert_int_equal(glob("scripts/*.nd", 0, NULL, &g), 0);
    assert_int_equal(glob("stdlib/*/*.nd", GLOB_APPEND, NULL, &g), 0);
    for (i = 0; i < g.gl_pathc; i++)
        check_older(g.gl_pathv[i], &compiled, &bad);
    print_message("%u of %zu files compile here for older kernels\n", compiled, g.gl_pathc);
    globfree(&g);
    assert_true(compiled >= 10);
    assert_int_equal(bad, 0);
}

// In functions, through casts, by built-ins, in each kind of probe that every kernel has.
static void forms(void **state)
{
    static const char *const texts[] = {
        "fn bytes_of(skb: struct sk_buff *) -> u32 { return skb->len + skb->dev->mtu; }\n"
        "rawtracepoint:net_dev_queue { @ = sum(bytes_of(args.skb)) }",
        "rawtracepoint:net_dev_queue { @[((struct sk_buff *)(u64)args.skb)->dev->name] = count() }",
        "rawtracepoint:net_dev_queue { print(buf(args.skb->data, 20)); print(*(u32 "
        "*)args.skb->data) }",
        "rawtracepoint:sys_enter { $r = (struct pt_regs *)args.regs; @[str($r->si), "
        "str(uptr($r->di)), $r->ip, kstack(3), ustack] = count() }",
        "rawtracepoint:net_dev_queue /args.skb->dev->name == \"lo\"/ { $d = args.skb->dev; "
        "@[$d->name, $d->mtu, $d->ifindex] = count() }",
        "tracepoint:net:net_dev_queue { @[args.name, args.len] = count() }",
        "profile:hz:9 { @[reg(\"ip\"), curtask->comm] = count() }",
        "uprobe:libc:malloc { @[arg0, *(u64 *)reg(\"sp\")] = count() }",
    };
    uint32_t compiled = 0, bad = 0, i;

    (void)state;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        try_file(NULL, texts[i], false, &compiled, &bad);
        assert_int_equal(compiled, i + 1);
    }
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(scripts),
        cmocka_unit_test(scripts_portable),
        cmocka_unit_test(scripts_older),
    };

    elf_version(EV_CURRENT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
