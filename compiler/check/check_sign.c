// SPDX-License-Identifier: GPL-2.0-or-later
// Warnings: comparisons that the sign or the width of their operands decides, or the length of a
// text. Must not know how types are found. Serves check_expr.c and check_access.c.
#include "compiler/check/check_impl.h"

// What the values of a type lie between, as 64-bit numbers: of the other sign, if it is unsigned
// and has 64 bits.
struct range {
    bool is_u64;
    int64_t lo, hi; // not of u64
};

static struct range range_of(const struct nd_type *t)
{
    struct range r = {!nd_type_signed(t), INT64_MIN, INT64_MAX};
    bool below = (t->kind == ND_T_INT || t->kind == ND_T_ENUM) && t->is_signed;

    if (r.is_u64) {
        r.lo = 0;
    } else if (t->kind == ND_T_BOOL) {
        r.lo = 0;
        r.hi = 1;
    } else if (t->size < 8) {
        r.hi = (int64_t)((1ull << (t->size * 8 - below)) - 1);
        r.lo = below ? -r.hi - 1 : 0;
    }
    return r;
}

enum verdict { OPEN, NEVER, ALWAYS };

static enum verdict opposite(enum verdict v)
{
    return v == NEVER ? ALWAYS : v == ALWAYS ? NEVER : OPEN;
}

// A number between lo and hi, compared with k.
static enum verdict decide(enum nd_op op, int64_t lo, int64_t hi, int64_t k)
{
    switch (op) {
    case ND_OP_EQ:
        return k < lo || k > hi ? NEVER : OPEN;
    case ND_OP_LT:
        return lo >= k ? NEVER : hi < k ? ALWAYS : OPEN;
    case ND_OP_LE:
        return lo > k ? NEVER : hi <= k ? ALWAYS : OPEN;
    default: // != > >=
        return opposite(decide(op == ND_OP_NE   ? ND_OP_EQ
                               : op == ND_OP_GT ? ND_OP_LE
                                                : ND_OP_LT,
                               lo, hi, k));
    }
}

// A u64 and a constant, which is taken as unsigned: a negative one is near 2^64. Equal to that can
// only be what fills all 64 bits, which an int in a register does not.
static enum verdict decide_u64(enum nd_op op, const struct nd_type *t, const struct nd_expr *k)
{
    bool minus = nd_type_signed(k->type) && (int64_t)k->num < 0;

    if (minus && t->kind == ND_T_PTR) // errors in pointers do fill them
        return op == ND_OP_EQ || op == ND_OP_NE   ? OPEN
               : op == ND_OP_LT || op == ND_OP_LE ? ALWAYS
                                                  : NEVER;
    if (minus)
        return op == ND_OP_EQ || op == ND_OP_GT || op == ND_OP_GE ? NEVER : ALWAYS;
    if (k->num)
        return OPEN;
    return op == ND_OP_LT ? NEVER : op == ND_OP_GE ? ALWAYS : OPEN;
}

// Registers of functions whose result is not known: an int of -1 is 4294967295 in them.
static enum verdict decide_word(enum nd_op op, int64_t k)
{
    enum verdict v = decide(op, 0, INT64_MAX, k);

    return k > 0 ? OPEN : v;
}

static const char *source_of(struct nd_check *c, const struct nd_expr *e)
{
    const struct nd_source *s =
        e->span.src < c->p->sources->n ? &c->p->sources->v[e->span.src] : NULL;

    if (!s || e->span.len > 32 || e->span.off + e->span.len > s->size)
        return "x";
    return nd_arena_strndup(c->a, s->text + e->span.off, e->span.len);
}

static void warn(struct nd_check *c, enum verdict v, struct nd_span span, const struct nd_expr *x,
                 const struct nd_expr *k)
{
    const struct nd_expr *of = x->kind == ND_E_CAST ? x->a : x; // what to cast otherwise
    const char *text = source_of(c, x), *say = v == NEVER ? "never" : "always", *cast, *why;
    struct range r = range_of(x->type);
    struct nd_diag *d;

    cast = of->kind == ND_E_BINARY && !of->paren ? nd_arena_printf(c->a, "(%s)", source_of(c, of))
                                                 : source_of(c, of);
    if (x->type->is_word) {
        d = nd_error(c->d, ND_W0910, span, "this is %s true if the function returns an int", say);
        nd_help(c->d, d, "%s has 64 bits: write (i32)%s, or (i64)%s for a long", text, cast, cast);
        return;
    }
    why = !r.is_u64 ? nd_arena_printf(c->a, "%lld to %lld", (long long)r.lo, (long long)r.hi)
          : (int64_t)k->num < 0 ? "and so the other side is taken as unsigned"
                                : "which is never below 0";
    d = nd_error(c->d, ND_W0910, span, "this is %s true: %s is %s, %s", say, text,
                 nd_type_text(c->t, x->type), why);
    if ((int64_t)k->num > 0 || r.lo < 0)
        return;
    if (r.is_u64)
        nd_help(c->d, d, "if it has a sign: (i32)%s of an int, (i64)%s of a long", cast, cast);
    else
        nd_help(c->d, d, "if it has a sign: (i%u)%s", x->type->size * 8, cast);
}

void nd_check_sign(struct nd_check *c, enum nd_op op, struct nd_span span, const struct nd_expr *x,
                   const struct nd_expr *k)
{
    static const enum nd_op mirrored[] = {ND_OP_EQ, ND_OP_NE, ND_OP_GT,
                                          ND_OP_GE, ND_OP_LT, ND_OP_LE};
    struct range r;
    enum verdict v;

    if (!c->last_pass)
        return;
    if (x->is_const && !k->is_const) {
        nd_check_sign(c, mirrored[op - ND_OP_EQ], span, k, x);
        return;
    }
    if (x->kind == ND_E_FIELD && x->a->type->kind == ND_T_PKT) // it may be absent
        return;
    if (x->is_const || !k->is_const || !nd_type_is_int(x->type) || !nd_type_is_int(k->type) ||
        x->type->kind == ND_T_ERROR)
        return;
    r = range_of(x->type);
    if (x->type->is_word)
        v = decide_word(op, (int64_t)k->num);
    else if (r.is_u64)
        v = decide_u64(op, x->type, k);
    else if (nd_type_signed(k->type))
        v = decide(op, r.lo, r.hi, (int64_t)k->num);
    else // compared as unsigned
        v = r.lo < 0 ? OPEN
                     : decide(op, r.lo, r.hi, k->num > INT64_MAX ? INT64_MAX : (int64_t)k->num);
    if (v != OPEN)
        warn(c, v, span, x, k);
}

// The most characters that a text can have: an array of the kernel's may be full, what a program
// makes ends in a zero byte. 0: any number.
static uint32_t longest(const struct nd_expr *e)
{
    bool array = e->kind == ND_E_FIELD || e->kind == ND_E_INDEX || e->kind == ND_E_UNARY;

    return !e->type->size || e->type->kind == ND_T_ERROR ? 0
           : array && e->type->kind == ND_T_STRING       ? e->type->size
                                                         : nd_type_text_size(e->type) - 1;
}

void nd_check_length(struct nd_check *c, bool never, struct nd_span span, const struct nd_expr *a,
                     const struct nd_expr *b)
{
    const struct nd_expr *text = b->kind == ND_E_STRING ? b : a, *of = text == a ? b : a;
    uint32_t most;

    if (!c->last_pass || text->kind != ND_E_STRING || of->kind == ND_E_STRING ||
        !nd_type_is_text(of->type))
        return;
    most = longest(of);
    if (most && text->len > most)
        nd_error(c->d, ND_W0911, span,
                 "this is %s true: %s has at most %u characters, and this text has %u",
                 never ? "never" : "always", source_of(c, of), most, text->len);
}
