// SPDX-License-Identifier: GPL-2.0-or-later
// What can be told of a program without following its ways: which registers and slots an
// instruction's future reads, where ways meet, whether it has loops; and whether a result that
// verifiers misjudge is compared.
#include "ov.h"

#include <stdlib.h>
#include <string.h>

// What a register or a slot may hold, whatever way leads there.
enum word { NOTHING, CONSTANT, FRAME, SOME_MAP, OTHER };
struct value {
    uint8_t word;
    bool length; // may come from a helper that gives a length or an error, through registers only
    int32_t n;   // the constant, the offset, the map
};
struct ov_view {
    bool seen;
    struct value reg[OV_REGS], slot[OV_SLOTS];
};

static uint32_t size_of(const struct bpf_insn *in)
{
    static const uint8_t sizes[] = {4, 2, 1, 8};

    return sizes[BPF_SIZE(in->code) >> 3];
}

static bool is_wide(const struct bpf_insn *in)
{
    return in->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static bool is_jump(const struct bpf_insn *in)
{
    return (BPF_CLASS(in->code) == BPF_JMP && BPF_OP(in->code) != BPF_CALL &&
            BPF_OP(in->code) != BPF_EXIT) ||
           BPF_CLASS(in->code) == BPF_JMP32;
}

// Where the program may go on: n of up to 2.
static uint32_t nexts(const struct ov_prog *p, uint32_t i, uint32_t out[2])
{
    const struct bpf_insn *in = &p->code[i];

    if (in->code == (BPF_JMP | BPF_EXIT))
        return 0;
    out[0] = i + 1 + is_wide(in);
    if (!is_jump(in))
        return 1;
    out[1] = i + 1 + (uint32_t)in->off;
    if (BPF_OP(in->code) != BPF_JA)
        return 2;
    out[0] = out[1];
    return 1;
}

// ---- forwards ----------------------------------------------------------------------------------

static const struct value other = {.word = OTHER};

static bool join_value(struct value *to, const struct value *from)
{
    struct value was = *to;

    if (to->word == NOTHING)
        *to = *from;
    else if (from->word != NOTHING && (to->word != from->word || to->n != from->n))
        to->word = OTHER, to->n = 0;
    to->length |= was.length || from->length;
    return memcmp(&was, to, sizeof(was)) != 0;
}

static bool join(struct ov_view *to, const struct ov_view *from)
{
    bool changed = !to->seen;
    uint32_t i;

    to->seen = true;
    for (i = 0; i < OV_REGS; i++)
        changed |= join_value(&to->reg[i], &from->reg[i]);
    for (i = 0; i < OV_SLOTS; i++)
        changed |= join_value(&to->slot[i], &from->slot[i]);
    return changed;
}

// The slot that an access by this register is in, -1: none, or it is not known.
static int slot_of(const struct value *base, int32_t off)
{
    int32_t at = base->n + off + OV_STACK;

    return base->word == FRAME && at >= 0 && at < OV_STACK ? at / 8 : -1;
}

static void alu(const struct bpf_insn *in, struct ov_view *v)
{
    struct value *d = &v->reg[in->dst_reg], s = {.word = CONSTANT, .n = in->imm};
    uint8_t op = BPF_OP(in->code);
    bool wide = BPF_CLASS(in->code) == BPF_ALU64;

    if (BPF_SRC(in->code) == BPF_X)
        s = v->reg[in->src_reg];
    if (op == BPF_MOV) {
        *d = s;
        if (!wide && s.word != CONSTANT)
            d->word = OTHER;
    } else if (wide && (op == BPF_ADD || op == BPF_SUB) && s.word == CONSTANT &&
               (d->word == FRAME || d->word == CONSTANT)) {
        d->n += op == BPF_ADD ? s.n : -s.n;
    } else {
        d->word = OTHER;
        d->n = 0;
        d->length |= op != BPF_NEG && op != BPF_END && s.length;
    }
}

static void forwards(const struct ov_prog *p, uint32_t i, struct ov_view *v)
{
    const struct bpf_insn *in = &p->code[i];
    int slot;

    switch (BPF_CLASS(in->code)) {
    case BPF_ALU:
    case BPF_ALU64:
        alu(in, v);
        break;
    case BPF_LD:
        v->reg[in->dst_reg] = p->refs[i].map >= 0 && !p->refs[i].value
                                  ? (struct value){.word = SOME_MAP, .n = p->refs[i].map}
                                  : other;
        break;
    case BPF_LDX:
        slot = slot_of(&v->reg[in->src_reg], in->off);
        v->reg[in->dst_reg] = slot >= 0 && size_of(in) == 8 ? v->slot[slot] : other;
        break;
    case BPF_ST:
    case BPF_STX:
        slot = slot_of(&v->reg[in->dst_reg], in->off);
        if (slot < 0)
            break;
        v->slot[slot] = other;
        if (BPF_CLASS(in->code) == BPF_STX && BPF_MODE(in->code) == BPF_MEM && size_of(in) == 8 &&
            (v->reg[in->src_reg].word == FRAME || v->reg[in->src_reg].word == SOME_MAP))
            v->slot[slot] = v->reg[in->src_reg];
        break;
    default:
        if (in->code != (BPF_JMP | BPF_CALL))
            break;
        for (i = 0; i <= 5; i++)
            v->reg[i] = other;
        v->reg[0].length = !in->src_reg && ov_is_length(in->imm);
    }
}

// The views before each instruction; NULL when out of memory.
static struct ov_view *look(const struct ov_prog *p)
{
    struct ov_view *v = calloc(p->n + 1, sizeof(*v)), now;
    bool *todo = calloc(p->n + 1, sizeof(*todo)), more = true;
    uint32_t i, k, n, to[2];

    if (!v || !todo) {
        free(v);
        free(todo);
        return NULL;
    }
    v[0].seen = todo[0] = true;
    for (i = 0; i < OV_REGS; i++)
        v[0].reg[i] = other;
    v[0].reg[10] = (struct value){.word = FRAME};
    while (more) {
        more = false;
        for (i = 0; i < p->n; i++) {
            if (!todo[i])
                continue;
            todo[i] = false;
            now = v[i];
            forwards(p, i, &now);
            n = nexts(p, i, to);
            for (k = 0; k < n; k++) {
                if (to[k] < p->n && join(&v[to[k]], &now))
                    todo[to[k]] = more = true;
            }
        }
    }
    free(todo);
    return v;
}

bool ov_results(const struct ov_prog *p, struct ov_said *said)
{
    struct ov_view *v = look(p);
    bool ok = v != NULL;
    uint32_t i;

    for (i = 0; ok && i < p->n; i++) {
        const struct bpf_insn *in = &p->code[i];

        if (!v[i].seen || !is_jump(in) || BPF_OP(in->code) == BPF_JA)
            continue;
        if (v[i].reg[in->dst_reg].length ||
            (BPF_SRC(in->code) == BPF_X && v[i].reg[in->src_reg].length))
            ok = ov_say(said, i,
                        "the result of a read that may fail is compared as it came from the "
                        "helper: the code for a failure would be an endless jump");
    }
    free(v);
    return ok;
}

// ---- backwards ---------------------------------------------------------------------------------

struct needs {
    uint16_t regs, kills;
    uint64_t slots, slot_kills;
};

static uint64_t slots_between(int32_t off, int32_t end)
{
    int32_t a = off + OV_STACK, b = end + OV_STACK, i;
    uint64_t m = 0;

    a = a < 0 ? 0 : a;
    b = b > OV_STACK ? OV_STACK : b;
    for (i = a / 8; i < (b + 7) / 8; i++)
        m |= 1ull << i;
    return m;
}

static void call_needs(const struct ov_prog *p, const struct bpf_insn *in, const struct ov_view *v,
                       struct needs *x)
{
    const struct ov_helper *h = ov_helper(in->imm);
    int32_t map = -1;
    uint32_t i;

    x->kills = 0x3f;
    for (i = 0; h && i < 5 && h->args[i] != OV_A_NONE; i++) {
        const struct value *r = &v->reg[i + 1], *n = &v->reg[i + 2];
        int32_t size = -1;

        x->regs |= (uint16_t)(1u << (i + 1));
        if (h->args[i] == OV_A_MAP)
            map = r->word == SOME_MAP ? r->n : -1;
        if (r->word != FRAME)
            continue;
        if (h->args[i] == OV_A_KEY || h->args[i] == OV_A_VAL)
            size = map < 0                  ? -1
                   : h->args[i] == OV_A_KEY ? (int32_t)p->maps[map].key
                                            : (int32_t)p->maps[map].value;
        else if (n->word == CONSTANT)
            size = n->n;
        if (h->args[i] == OV_A_FILL && size >= 0 && r->n % 8 == 0 && size % 8 == 0)
            x->slot_kills |= slots_between(r->n, r->n + size);
        else if (h->args[i] != OV_A_FILL || size < 0)
            x->slots |= slots_between(r->n, size < 0 ? 0 : r->n + size);
    }
}

static void needs_of(const struct ov_prog *p, uint32_t i, const struct ov_view *v, struct needs *x)
{
    const struct bpf_insn *in = &p->code[i];
    uint16_t dst = (uint16_t)(1u << in->dst_reg), src = (uint16_t)(1u << in->src_reg);
    int slot;

    memset(x, 0, sizeof(*x));
    switch (BPF_CLASS(in->code)) {
    case BPF_ALU:
    case BPF_ALU64:
        x->kills = BPF_OP(in->code) == BPF_MOV ? dst : 0;
        x->regs = BPF_OP(in->code) == BPF_MOV ? 0 : dst;
        if (BPF_SRC(in->code) == BPF_X && BPF_OP(in->code) != BPF_END)
            x->regs |= src;
        break;
    case BPF_LD:
        x->kills = dst;
        break;
    case BPF_LDX:
        x->kills = dst;
        x->regs = src;
        slot = slot_of(&v->reg[in->src_reg], in->off);
        x->slots = slot >= 0 ? 1ull << slot : v->reg[in->src_reg].word == FRAME ? UINT64_MAX : 0;
        break;
    case BPF_ST:
    case BPF_STX:
        x->regs = (uint16_t)(dst | (BPF_CLASS(in->code) == BPF_STX ? src : 0));
        slot = slot_of(&v->reg[in->dst_reg], in->off);
        if (slot >= 0 && size_of(in) == 8 && BPF_MODE(in->code) == BPF_MEM)
            x->slot_kills = 1ull << slot;
        else if (slot >= 0 && BPF_MODE(in->code) != BPF_MEM)
            x->slots = 1ull << slot;
        break;
    default:
        if (in->code == (BPF_JMP | BPF_CALL))
            call_needs(p, in, v, x);
        else if (in->code == (BPF_JMP | BPF_EXIT))
            x->regs = 1;
        else if (BPF_OP(in->code) != BPF_JA)
            x->regs = (uint16_t)(dst | (BPF_SRC(in->code) == BPF_X ? src : 0));
    }
}

static void backwards(const struct ov_prog *p, const struct ov_view *v, struct ov_flow *f)
{
    bool more = true;
    uint32_t i, k, n, to[2];

    while (more) {
        more = false;
        for (i = p->n; i-- > 0;) {
            uint16_t regs = 0;
            uint64_t slots = 0;
            struct needs x;

            if (!v[i].seen)
                continue;
            needs_of(p, i, &v[i], &x);
            n = nexts(p, i, to);
            for (k = 0; k < n; k++) {
                regs |= to[k] < p->n ? f->regs[to[k]] : 0;
                slots |= to[k] < p->n ? f->slots[to[k]] : 0;
            }
            regs = (uint16_t)((regs & ~x.kills) | x.regs);
            slots = (slots & ~x.slot_kills) | x.slots;
            more |= regs != f->regs[i] || slots != f->slots[i];
            f->regs[i] = regs;
            f->slots[i] = slots;
        }
    }
}

// ---- what numbers are made of ------------------------------------------------------------------

struct marks {
    uint16_t regs;
    uint64_t slots;
};

// What the words after this instruction were before it.
static struct marks made_of(const struct ov_prog *p, uint32_t i, const struct ov_view *v,
                            struct marks m)
{
    const struct bpf_insn *in = &p->code[i];
    uint16_t dst = (uint16_t)(1u << in->dst_reg), src = (uint16_t)(1u << in->src_reg);
    uint8_t class = BPF_CLASS(in->code);
    int slot;

    if (class == BPF_ALU || class == BPF_ALU64) {
        if (!(m.regs & dst))
            return m;
        if (BPF_OP(in->code) == BPF_MOV)
            m.regs = (uint16_t)(m.regs & ~dst);
        if (BPF_SRC(in->code) == BPF_X && BPF_OP(in->code) != BPF_END)
            m.regs |= src;
    } else if (class == BPF_LD) {
        m.regs = (uint16_t)(m.regs & ~dst);
    } else if (class == BPF_LDX) {
        slot = slot_of(&v->reg[in->src_reg], in->off);
        if ((m.regs & dst) && slot >= 0)
            m.slots |= 1ull << slot;
        m.regs = (uint16_t)(m.regs & ~dst);
    } else if (class == BPF_STX && BPF_MODE(in->code) == BPF_MEM) {
        slot = slot_of(&v->reg[in->dst_reg], in->off);
        if (slot >= 0 && size_of(in) == 8 && (m.slots >> slot & 1)) {
            m.slots &= ~(1ull << slot);
            m.regs |= src;
        }
    } else if (in->code == (BPF_JMP | BPF_CALL)) {
        m.regs = (uint16_t)(m.regs & ~0x3f);
    }
    return m;
}

void ov_exact(const struct ov_prog *p, struct ov_flow *f, uint32_t insn, uint32_t reg)
{
    bool more = !(f->exact_regs[insn] >> reg & 1);
    uint32_t i, k, n, to[2];

    f->exact_regs[insn] |= (uint16_t)(1u << reg);
    while (more) {
        more = false;
        for (i = p->n; i-- > 0;) {
            struct marks m = {0};

            if (!f->views[i].seen)
                continue;
            n = nexts(p, i, to);
            for (k = 0; k < n; k++) {
                m.regs |= f->exact_regs[to[k]];
                m.slots |= f->exact_slots[to[k]];
            }
            m = made_of(p, i, &f->views[i], m);
            if (!(m.regs & ~f->exact_regs[i]) && !(m.slots & ~f->exact_slots[i]))
                continue;
            more |= n && to[n - 1] > i ? false : true; // what comes before is looked at next anyway
            f->exact_regs[i] |= m.regs;
            f->exact_slots[i] |= m.slots;
        }
    }
}

// ---- both --------------------------------------------------------------------------------------

// A way that comes back to an instruction on it; jumps backwards alone are not loops.
static bool no_loop(const struct ov_prog *p, struct ov_said *said)
{
    enum { NEW, ON_THE_WAY, DONE };
    uint8_t *mark = calloc(p->n + 1, 1), *tried = calloc(p->n + 1, 1);
    uint32_t *way = calloc(p->n + 1, sizeof(*way)), n = 1, to[2];
    bool ok = mark && tried && way;

    while (ok && n) {
        uint32_t i = way[n - 1], all = nexts(p, i, to);

        mark[i] = ON_THE_WAY;
        if (tried[i] == all) {
            mark[i] = DONE;
            n--;
            continue;
        }
        i = to[tried[i]++];
        if (mark[i] == ON_THE_WAY)
            ok = ov_say(said, way[n - 1], "back-edge from insn %u to %u", way[n - 1], i);
        else if (mark[i] == NEW)
            way[n++] = i;
    }
    free(mark);
    free(tried);
    free(way);
    return ok;
}

// Jumps inside the program, no instruction that cannot be reached, no loops before Linux 5.3.
static bool shape(const struct ov_prog *p, enum ov_kernel k, const struct ov_view *v,
                  struct ov_flow *f, struct ov_said *said)
{
    uint32_t i, j, n, to[2];

    for (i = 0; i < p->n; i++) {
        if (i && is_wide(&p->code[i - 1]) && !v[i].seen)
            continue;
        if (!v[i].seen)
            return ov_say(said, i, "unreachable insn %u", i);
        n = nexts(p, i, to);
        for (j = 0; j < n; j++) {
            if (to[j] >= p->n)
                return ov_say(said, i, "jump out of range from insn %u to %u", i, to[j]);
        }
        if (is_jump(&p->code[i]))
            f->meets[to[n - 1]] = true;
        if (p->code[i].code == (BPF_JMP | BPF_CALL) && i + 1 < p->n)
            f->meets[i + 1] = true;
    }
    return k != OV_4_19 || no_loop(p, said);
}

bool ov_flow(const struct ov_prog *p, enum ov_kernel k, struct ov_flow *f, struct ov_said *said)
{
    struct ov_view *v = look(p);
    bool ok;

    f->regs = calloc(p->n + 1, sizeof(*f->regs));
    f->slots = calloc(p->n + 1, sizeof(*f->slots));
    f->meets = calloc(p->n + 1, sizeof(*f->meets));
    ok = v && f->regs && f->slots && f->meets;
    ok = ok ? shape(p, k, v, f, said) : ov_say(said, 0, "out of memory");
    f->exact_regs = calloc(p->n + 1, sizeof(*f->exact_regs));
    f->exact_slots = calloc(p->n + 1, sizeof(*f->exact_slots));
    f->views = v;
    if (ok && f->exact_regs && f->exact_slots)
        backwards(p, v, f);
    return ok && f->exact_regs && f->exact_slots;
}

void ov_flow_free(struct ov_flow *f)
{
    free(f->regs);
    free(f->slots);
    free(f->meets);
    free(f->exact_regs);
    free(f->exact_slots);
    free(f->views);
}
