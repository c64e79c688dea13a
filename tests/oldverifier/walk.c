// SPDX-License-Identifier: GPL-2.0-or-later
// Follows every way through a program, as the verifiers do: one way at a time, the others kept for
// later; a way ends where it meets one that knew no more.
#include "ov.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 200000u // states, so that the model does not need more memory than there is
#define KEPT_AT_ONE 64u  // since 5.3 those that are of no use are thrown away

static const struct {
    uint32_t insns;
    uint64_t steps;
    uint32_t waiting; // ways
} limits[] = {
    [OV_4_19] = {4096, 131072, 1024},
    [OV_5_4] = {1000000, 1000000, 8192},
};

struct kept { // what was known where ways met: what lives there only
    struct kept *next;
    struct ov_reg reg[OV_REGS];
    uint8_t byte[OV_STACK];
    uint16_t nspills;
    struct ov_reg spill[];
};

struct way {
    struct way *next;
    struct ov_state s;
    uint32_t insn;
};

struct walk {
    const struct ov_prog *p;
    enum ov_kernel k;
    struct ov_flow flow;
    struct kept **kept;
    struct way *waiting;
    uint32_t nwaiting, nkept;
    uint16_t ids;
    struct ov_said *said;
    struct ov_state s;
};

bool ov_say(struct ov_said *s, uint32_t insn, const char *fmt, ...)
{
    va_list ap;

    s->insn = insn;
    va_start(ap, fmt);
    vsnprintf(s->text, sizeof(s->text), fmt, ap);
    va_end(ap);
    return false;
}

// ---- states ------------------------------------------------------------------------------------

static bool lives(const struct walk *w, uint32_t insn, uint32_t byte)
{
    return w->flow.slots[insn] >> (byte / 8) & 1;
}

// exact: something depends on the number.
static bool reg_within(const struct ov_reg *old, const struct ov_reg *now, bool exact)
{
    if (old->kind == OV_UNSET)
        return true;
    if (old->kind != now->kind)
        return false;
    if (old->kind == OV_NUMBER)
        return !exact || ov_within(old, now);
    return old->map == now->map && old->off == now->off && ov_within(old, now);
}

static bool within(const struct walk *w, uint32_t insn, const struct kept *old)
{
    uint16_t spill = 0;
    uint32_t i;

    for (i = 0; i < OV_REGS; i++) {
        bool exact = w->k == OV_4_19 || (w->flow.exact_regs[insn] >> i & 1);

        if ((w->flow.regs[insn] >> i & 1) && !reg_within(&old->reg[i], &w->s.reg[i], exact))
            return false;
    }
    for (i = 0; i < OV_STACK; i++) {
        uint8_t was = old->byte[i], is = w->s.byte[i];
        bool first = i % 8 == 0 && was == OV_B_SPILL,
             exact = w->k == OV_4_19 || (w->flow.exact_slots[insn] >> (i / 8) & 1);

        if (first)
            spill++;
        if (!lives(w, insn, i) || was == OV_B_UNSET)
            continue;
        if (was == OV_B_ANY && is == OV_B_ZERO)
            continue;
        if (was != is || (first && !reg_within(&old->spill[spill - 1], &w->s.spill[i / 8], exact)))
            return false;
    }
    return true;
}

static void keep(struct walk *w, uint32_t insn)
{
    struct kept *x, **last;
    uint32_t i, n = 0;

    for (last = &w->kept[insn]; *last && n < KEPT_AT_ONE; last = &(*last)->next)
        n++;
    if (w->nkept == KEPT_MAX)
        return;
    if (w->k == OV_5_4 && *last) { // the oldest that are of no use any more
        free(*last);
        *last = NULL;
        w->nkept--;
    }
    n = 0;
    for (i = 0; i < OV_SLOTS; i++)
        n += w->s.byte[i * 8] == OV_B_SPILL;
    x = malloc(sizeof(*x) + n * sizeof(x->spill[0]));
    if (!x)
        return;
    memcpy(x->reg, w->s.reg, sizeof(x->reg));
    memcpy(x->byte, w->s.byte, sizeof(x->byte));
    x->nspills = 0;
    for (i = 0; i < OV_SLOTS; i++) {
        if (w->s.byte[i * 8] == OV_B_SPILL)
            x->spill[x->nspills++] = w->s.spill[i];
    }
    x->next = w->kept[insn];
    w->kept[insn] = x;
    w->nkept++;
}

static bool met(struct walk *w, uint32_t insn)
{
    const struct kept *x;

    if (!w->flow.meets[insn])
        return false;
    for (x = w->kept[insn]; x; x = x->next) {
        if (within(w, insn, x))
            return true;
    }
    keep(w, insn);
    return false;
}

static bool wait(struct walk *w, const struct ov_state *s, uint32_t insn)
{
    struct way *x = malloc(sizeof(*x));

    if (!x)
        return ov_say(w->said, insn, "out of memory");
    if (w->nwaiting++ == limits[w->k].waiting)
        return ov_say(w->said, insn, "BPF program is too complex");
    x->s = *s;
    x->insn = insn;
    x->next = w->waiting;
    w->waiting = x;
    return true;
}

// ---- instructions ------------------------------------------------------------------------------

static struct ov_at here(struct walk *w, uint32_t insn)
{
    return (struct ov_at){.p = w->p, .k = w->k, .s = &w->s, .insn = insn, .said = w->said};
}

static bool readable(struct walk *w, uint32_t insn, uint32_t reg)
{
    return w->s.reg[reg].kind != OV_UNSET || ov_say(w->said, insn, "R%u !read_ok", reg);
}

static void depends(struct walk *w, uint32_t insn, uint32_t reg)
{
    if (w->k != OV_4_19)
        ov_exact(w->p, &w->flow, insn, reg);
}

static bool move(struct walk *w, uint32_t insn, struct ov_reg *d, const struct ov_reg *s, bool wide)
{
    bool known = ov_is_known(s);

    if (!wide && s->kind != OV_NUMBER)
        return ov_say(w->said, insn, "partial copy of pointer");
    *d = *s;
    if (wide)
        return true;
    if (w->k == OV_4_19 && !(BPF_SRC(w->p->code[insn].code) == BPF_K && known))
        ov_unknown(d); // a copy of 32 bits forgets what was known, until 5.0
    ov_cut(d, 4);
    return true;
}

static bool alu(struct walk *w, uint32_t insn)
{
    const struct bpf_insn *in = &w->p->code[insn];
    uint8_t op = BPF_OP(in->code);
    bool wide = BPF_CLASS(in->code) == BPF_ALU64;
    struct ov_reg *d = &w->s.reg[in->dst_reg], s, num;
    struct ov_at a = here(w, insn);

    if (in->dst_reg == 10)
        return ov_say(w->said, insn, "frame pointer is read only");
    if (op == BPF_NEG || op == BPF_END) {
        if (d->kind != OV_NUMBER)
            return ov_say(w->said, insn, "R%u pointer arithmetic prohibited", in->dst_reg);
        ov_unknown(d);
        if (!wide && op == BPF_NEG)
            ov_cut(d, 4);
        return true;
    }
    if (BPF_SRC(in->code) == BPF_X) {
        if (!readable(w, insn, in->src_reg))
            return false;
        s = w->s.reg[in->src_reg];
    } else {
        ov_known(&s, wide ? (uint64_t)(int64_t)in->imm : (uint32_t)in->imm);
    }
    if (op == BPF_MOV)
        return move(w, insn, d, &s, wide);
    if (!readable(w, insn, in->dst_reg))
        return false;
    if ((op == BPF_DIV || op == BPF_MOD) && BPF_SRC(in->code) == BPF_K && !in->imm)
        return ov_say(w->said, insn, "div by zero");
    if (d->kind == OV_NUMBER && s.kind == OV_NUMBER) {
        ov_alu(d, s, op, !wide);
        return true;
    }
    if (!wide)
        return ov_say(w->said, insn, "R%u 32-bit pointer arithmetic prohibited", in->dst_reg);
    if (d->kind != OV_NUMBER && s.kind != OV_NUMBER) {
        if (op != BPF_SUB)
            return ov_say(w->said, insn, "R%u pointer %c= pointer prohibited", in->dst_reg, '+');
        ov_unknown(d);
        return true;
    }
    if (d->kind != OV_NUMBER) {
        if (BPF_SRC(in->code) == BPF_X)
            depends(w, insn, in->src_reg);
        return ov_pointer(&a, d, d, &s, op, in->dst_reg);
    }
    depends(w, insn, in->dst_reg);
    if (op != BPF_ADD)
        return ov_say(w->said, insn, "R%u tried to subtract pointer from scalar", in->dst_reg);
    num = *d;
    return ov_pointer(&a, d, &s, &num, op, in->dst_reg);
}

static bool load_wide(struct walk *w, uint32_t insn)
{
    const struct bpf_insn *in = &w->p->code[insn];
    const struct ov_ref *ref = &w->p->refs[insn];
    struct ov_reg *d = &w->s.reg[in->dst_reg];

    if (ref->map < 0) {
        ov_known(d, (uint64_t)(uint32_t)in[1].imm << 32 | (uint32_t)in->imm);
        if (in->src_reg && in->src_reg != OV_OPTION)
            return ov_say(w->said, insn, "invalid BPF_LD_IMM insn");
        if (in->src_reg == OV_OPTION)
            ov_known(d, 0); // that was not given
        return true;
    }
    if (ref->value && w->k == OV_4_19)
        return ov_say(w->said, insn, "unrecognized bpf_ld_imm64 insn");
    memset(d, 0, sizeof(*d));
    d->kind = ref->value ? OV_VALUE : OV_MAP;
    d->map = (int16_t)ref->map;
    d->off = (int32_t)ref->off;
    return true;
}

static uint32_t size_of(const struct bpf_insn *in)
{
    static const uint8_t sizes[] = {4, 2, 1, 8};

    return sizes[BPF_SIZE(in->code) >> 3];
}

static bool store(struct walk *w, uint32_t insn)
{
    const struct bpf_insn *in = &w->p->code[insn];
    struct ov_at a = here(w, insn);
    struct ov_reg v;

    if (BPF_CLASS(in->code) == BPF_ST)
        return readable(w, insn, in->dst_reg) &&
               ov_store(&a, in->dst_reg, in->off, size_of(in), NULL);
    if (!readable(w, insn, in->dst_reg) || !readable(w, insn, in->src_reg))
        return false;
    if (BPF_MODE(in->code) == BPF_MEM) {
        v = w->s.reg[in->src_reg];
        return ov_store(&a, in->dst_reg, in->off, size_of(in), &v);
    }
    if (in->imm)
        return ov_say(w->said, insn, "BPF_STX uses reserved fields");
    if (w->s.reg[in->src_reg].kind != OV_NUMBER)
        return ov_say(w->said, insn, "R%u is a pointer", in->src_reg);
    return ov_add_both(&a, in->dst_reg, in->off, size_of(in));
}

// A pointer from a lookup and all its copies are there, or are not.
static void settle_lookup(struct ov_state *s, uint16_t id, bool there)
{
    uint32_t i;

    for (i = 0; i < OV_REGS + OV_SLOTS; i++) {
        struct ov_reg *r = i < OV_REGS ? &s->reg[i] : &s->spill[i - OV_REGS];

        if (i >= OV_REGS && s->byte[(i - OV_REGS) * 8 + 7] != OV_B_SPILL)
            continue;
        if (r->kind != OV_MAYBE || r->id != id)
            continue;
        if (there)
            r->kind = OV_VALUE, r->id = 0;
        else
            ov_known(r, 0);
    }
}

static int decided(const struct walk *w, const struct bpf_insn *in, const struct ov_reg *d,
                   const struct ov_reg *s, bool is32)
{
    if (BPF_SRC(in->code) == BPF_X && w->k == OV_4_19)
        return -1; // only constants of the instruction, until 5.3
    return s->kind == OV_NUMBER && ov_is_known(s)
               ? ov_taken(d, s->bits.value, BPF_OP(in->code), is32)
               : -1;
}

static uint8_t turned(uint8_t op) // a OP b is b turned(OP) a
{
    static const uint8_t pairs[][2] = {
        {BPF_JGT, BPF_JLT}, {BPF_JGE, BPF_JLE}, {BPF_JSGT, BPF_JSLT}, {BPF_JSGE, BPF_JSLE}};
    size_t i;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (op == pairs[i][0])
            return pairs[i][1];
        if (op == pairs[i][1])
            return pairs[i][0];
    }
    return op;
}

// A conditional jump; the way that is followed now does not jump, unless that cannot be.
static bool jump(struct walk *w, uint32_t insn, uint32_t *next)
{
    const struct bpf_insn *in = &w->p->code[insn];
    bool is32 = BPF_CLASS(in->code) == BPF_JMP32;
    uint32_t target = insn + 1 + (uint32_t)in->off;
    struct ov_reg s, *d = &w->s.reg[in->dst_reg];
    uint8_t op = BPF_OP(in->code);
    struct ov_state other;
    int taken;

    if (is32 && w->k == OV_4_19)
        return ov_say(w->said, insn, "unknown opcode %02x", in->code);
    ov_known(&s, is32 ? (uint32_t)in->imm : (uint64_t)(int64_t)in->imm);
    if (!readable(w, insn, in->dst_reg))
        return false;
    if (BPF_SRC(in->code) == BPF_X) {
        if (!readable(w, insn, in->src_reg))
            return false;
        s = w->s.reg[in->src_reg];
    }
    taken = decided(w, in, d, &s, is32);
    if (taken >= 0) {
        depends(w, insn, in->dst_reg);
        if (BPF_SRC(in->code) == BPF_X)
            depends(w, insn, in->src_reg);
        *next = taken ? target : insn + 1;
        return true;
    }
    other = w->s;
    if (s.kind == OV_NUMBER && ov_is_known(&s) && d->kind == OV_NUMBER)
        ov_learn(&other.reg[in->dst_reg], d, s.bits.value, op, is32);
    else if (BPF_SRC(in->code) == BPF_X && d->kind == OV_NUMBER && ov_is_known(d) &&
             s.kind == OV_NUMBER)
        ov_learn(&other.reg[in->src_reg], &w->s.reg[in->src_reg], d->bits.value, turned(op), is32);
    else if (d->kind == OV_MAYBE && BPF_SRC(in->code) == BPF_K && !in->imm && !is32 &&
             (op == BPF_JEQ || op == BPF_JNE)) {
        settle_lookup(&other, d->id, op == BPF_JNE);
        settle_lookup(&w->s, d->id, op == BPF_JEQ);
    } else if (d->kind != OV_NUMBER && d->kind != OV_MAYBE && d->kind != OV_VALUE && is32)
        return ov_say(w->said, insn, "R%u pointer comparison prohibited", in->dst_reg);
    *next = insn + 1;
    return wait(w, &other, target);
}

static bool call(struct walk *w, uint32_t insn)
{
    const struct bpf_insn *in = &w->p->code[insn];
    const struct ov_helper *h = in->src_reg ? NULL : ov_helper(in->imm);
    struct ov_at a = here(w, insn);
    uint32_t i;

    if (in->src_reg)
        return ov_say(w->said, insn, "a function of the program: not in this model");
    for (i = 0; h && i < 5; i++) {
        if (h->args[i] == OV_A_SIZE || h->args[i] == OV_A_SIZE0)
            depends(w, insn, i + 1);
    }
    return ov_call(&a, in->imm, &w->ids);
}

// One instruction. *next: the following one; p->n: the way ends here.
static bool step(struct walk *w, uint32_t insn, uint32_t *next)
{
    const struct bpf_insn *in = &w->p->code[insn];
    struct ov_at a = here(w, insn);

    *next = insn + 1;
    switch (BPF_CLASS(in->code)) {
    case BPF_ALU:
    case BPF_ALU64:
        return alu(w, insn);
    case BPF_LD:
        *next = insn + 2;
        return load_wide(w, insn);
    case BPF_LDX:
        if (BPF_MODE(in->code) != BPF_MEM)
            return ov_say(w->said, insn, "unknown opcode %02x", in->code);
        return readable(w, insn, in->src_reg) &&
               ov_load(&a, in->dst_reg, in->src_reg, in->off, size_of(in));
    case BPF_ST:
    case BPF_STX:
        return store(w, insn);
    default:
        break;
    }
    if (in->code == (BPF_JMP | BPF_CALL))
        return call(w, insn);
    if (in->code == (BPF_JMP | BPF_EXIT)) {
        *next = w->p->n;
        if (w->s.reg[0].kind != OV_NUMBER)
            return ov_say(w->said, insn, "R0 !read_ok");
        return true;
    }
    if (in->code == (BPF_JMP | BPF_JA)) {
        *next = insn + 1 + (uint32_t)in->off;
        return true;
    }
    return jump(w, insn, next);
}

// ---- all ways ----------------------------------------------------------------------------------

static bool follow(struct walk *w)
{
    uint32_t insn = 0;

    for (;;) {
        bool ends = insn >= w->p->n || met(w, insn);

        if (!ends) {
            if (++w->said->steps > limits[w->k].steps)
                return ov_say(w->said, insn, "BPF program is too large: more than %llu steps",
                              (unsigned long long)limits[w->k].steps);
            if (!step(w, insn, &insn))
                return false;
            continue;
        }
        if (!w->waiting)
            return true;
        struct way *x = w->waiting;

        w->s = x->s;
        insn = x->insn;
        w->waiting = x->next;
        w->nwaiting--;
        free(x);
    }
}

bool ov_check(const struct ov_prog *p, enum ov_kernel k, struct ov_said *said)
{
    struct walk *w = calloc(1, sizeof(*w));
    bool ok;
    uint32_t i;

    said->steps = 0;
    if (!w)
        return ov_say(said, 0, "out of memory");
    *w = (struct walk){.p = p, .k = k, .said = said, .kept = calloc(p->n + 1, sizeof(*w->kept))};
    w->s.reg[1].kind = OV_CTX;
    w->s.reg[10].kind = OV_FRAME;
    ok = p->n <= limits[k].insns ||
         ov_say(said, 0, "%u instructions, %u are allowed", p->n, limits[k].insns);
    ok = ok && w->kept && ov_flow(p, k, &w->flow, said) && follow(w);
    for (i = 0; w->kept && i <= p->n; i++) {
        struct kept *x, *next;

        for (x = w->kept[i]; x; x = next) {
            next = x->next;
            free(x);
        }
    }
    while (w->waiting) {
        struct way *x = w->waiting;

        w->waiting = x->next;
        free(x);
    }
    free(w->kept);
    ov_flow_free(&w->flow);
    free(w);
    return ok;
}
