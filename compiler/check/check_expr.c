// SPDX-License-Identifier: GPL-2.0-or-later
// Types of expressions. All arithmetic is 64 bit: operands are extended by their own sign; the
// result is unsigned if an operand is unsigned and 64 bits wide, and signed otherwise.
#include "compiler/check/check_impl.h"

#include "compiler/check/option.h"
#include "compiler/kernel/btf.h"

#include <string.h>

static struct nd_type *error_type(void)
{
    return nd_ty(&nd_type_error);
}

static bool const_int(const struct nd_expr *e)
{
    return e->is_const && e->kind != ND_E_STRING && nd_type_is_int(e->type) &&
           e->type->kind != ND_T_ERROR;
}

static bool is_u64(const struct nd_type *t)
{
    return !nd_type_signed(t);
}

static struct nd_type *number_type(const struct nd_type *a, const struct nd_type *b)
{
    return nd_type_int(8, !is_u64(a) && !is_u64(b));
}

// The result of + and - on times, durations and pointers; NULL: plain integers.
static struct nd_type *additive(struct nd_check *c, enum nd_op op, struct nd_type *a,
                                struct nd_type *b)
{
    if (a->kind == ND_T_TIME && b->kind == ND_T_TIME && op == ND_OP_SUB)
        return nd_ty(&nd_type_duration);
    if (a->kind == ND_T_TIME)
        return a;
    if (b->kind == ND_T_TIME && op == ND_OP_ADD)
        return b;
    if (a->kind == ND_T_DURATION || b->kind == ND_T_DURATION)
        return nd_ty(&nd_type_duration);
    if (a->kind == ND_T_PTR && b->kind != ND_T_PTR)
        return a;
    if (b->kind == ND_T_PTR && a->kind != ND_T_PTR && op == ND_OP_ADD)
        return b;
    if (a->kind == ND_T_PTR && b->kind == ND_T_PTR && op == ND_OP_SUB)
        return nd_ty(&nd_type_i64); // elements
    (void)c;
    return NULL;
}

// to_unit: divided by a literal 1000, 1000000 or 1000000000, which is how scripts turn nanoseconds
// into a plain number of another unit.
static struct nd_type *arith_type(struct nd_check *c, enum nd_op op, struct nd_type *a,
                                  struct nd_type *b, bool to_unit)
{
    struct nd_type *t = NULL;

    if (op == ND_OP_ADD || op == ND_OP_SUB)
        t = additive(c, op, a, b);
    else if (op == ND_OP_MUL && (a->kind == ND_T_DURATION || b->kind == ND_T_DURATION))
        t = nd_ty(&nd_type_duration);
    else if (op == ND_OP_DIV && a->kind == ND_T_DURATION && b->kind != ND_T_DURATION && !to_unit)
        t = a;
    else if (op == ND_OP_MOD && a->kind == ND_T_DURATION)
        t = a;
    if (op == ND_OP_SHL || op == ND_OP_SHR) // as in C, the count has no say
        return number_type(a, a);
    return t ? t : number_type(a, b);
}

static uint64_t fold(enum nd_op op, uint64_t a, uint64_t b, bool sgn, bool *ok)
{
    *ok = true;
    switch (op) {
    case ND_OP_ADD:
        return a + b;
    case ND_OP_SUB:
        return a - b;
    case ND_OP_MUL:
        return a * b;
    case ND_OP_DIV:
    case ND_OP_MOD:
        if (!b)
            break;
        if (sgn && b == UINT64_MAX)
            return op == ND_OP_DIV ? 0 - a : 0;
        if (sgn)
            return op == ND_OP_DIV ? (uint64_t)((int64_t)a / (int64_t)b)
                                   : (uint64_t)((int64_t)a % (int64_t)b);
        return op == ND_OP_DIV ? a / b : a % b;
    case ND_OP_SHL:
        return a << (b & 63);
    case ND_OP_SHR:
        return sgn ? (uint64_t)((int64_t)a >> (b & 63)) : a >> (b & 63);
    case ND_OP_AND:
        return a & b;
    case ND_OP_OR:
        return a | b;
    case ND_OP_XOR:
        return a ^ b;
    default:
        break;
    }
    *ok = false;
    return 0;
}

static void bad_operands(struct nd_check *c, struct nd_expr *e)
{
    struct nd_diag *d =
        nd_error(c->d, ND_E0303, e->span, "'%s' does not work with %s and %s", nd_op_text(e->op),
                 nd_type_text(c->t, e->a->type), nd_type_text(c->t, e->b->type));

    if (nd_type_is_text(e->a->type) != nd_type_is_text(e->b->type))
        nd_help(c->d, d, "str(pointer) makes a string of a pointer");
}

// Times of two clocks have nothing to do with each other.
static bool other_clock(struct nd_check *c, const struct nd_expr *e)
{
    if (e->a->type->kind != ND_T_TIME || nd_type_equal(e->a->type, e->b->type) ||
        e->b->type->kind != ND_T_TIME)
        return false;
    nd_help(c->d,
            nd_error(c->d, ND_E0303, e->span, "%s and %s: these clocks differ",
                     nd_type_text(c->t, e->a->type), nd_type_text(c->t, e->b->type)),
            "take both times from one clock; their numbers are (u64)x");
    return true;
}

static struct nd_type *check_arith(struct nd_check *c, struct nd_expr *e)
{
    struct nd_type *a = e->a->type, *b = e->b->type, *t;

    if (a->kind == ND_T_ERROR || b->kind == ND_T_ERROR)
        return error_type();
    if (c->world == ND_USER && e->op == ND_OP_ADD && nd_type_is_text(a) && nd_type_is_text(b))
        return nd_ty(&nd_type_str);
    if ((a->kind == ND_T_DOUBLE || b->kind == ND_T_DOUBLE) &&
        (a->kind == ND_T_DOUBLE || nd_type_is_int(a)) &&
        (b->kind == ND_T_DOUBLE || nd_type_is_int(b))) {
        if (e->op >= ND_OP_MOD) {
            nd_error(c->d, ND_E0304, e->span, "'%s' expects integers", nd_op_text(e->op));
            return error_type();
        }
        return nd_ty(&nd_type_double);
    }
    if (!nd_type_is_int(a) || !nd_type_is_int(b)) {
        bad_operands(c, e);
        return error_type();
    }
    if (other_clock(c, e))
        return error_type();
    t = arith_type(c, e->op, a, b,
                   e->b->kind == ND_E_INT &&
                       (e->b->num == 1000 || e->b->num == 1000000 || e->b->num == 1000000000));
    if ((e->op == ND_OP_DIV || e->op == ND_OP_MOD) && e->b->is_const && !e->b->num) {
        nd_error(c->d, ND_E0316, e->b->span, "division by zero");
        return t;
    }
    if (e->a->is_const && e->b->is_const && t->kind != ND_T_PTR)
        e->num = fold(e->op, e->a->num, e->b->num,
                      e->op == ND_OP_SHR ? nd_type_signed(a) : nd_type_signed(number_type(a, b)),
                      &e->is_const);
    return t;
}

static bool comparable_bytes(struct nd_check *c, struct nd_type *a, struct nd_type *b)
{
    if (a->kind == b->kind && (a->kind == ND_T_IP || a->kind == ND_T_MAC || a->kind == ND_T_PREFIX))
        return true;
    if (a->kind == b->kind && (a->kind == ND_T_TUPLE || a->kind == ND_T_BUF) &&
        c->world == ND_KERNEL)
        return nd_type_unify(c->t, a, b) != NULL;
    if (a->kind == ND_T_TUPLE || a->kind == ND_T_ARRAY || a->kind == ND_T_BUF)
        return nd_type_equal(a, b);
    return nd_type_is_text(a) && nd_type_is_text(b);
}

static struct nd_type *check_compare(struct nd_check *c, struct nd_expr *e)
{
    struct nd_type *a = nd_check_named_text(e->a, e->b), *b = nd_check_named_text(e->b, e->a);
    bool numbers = (nd_type_is_int(a) || a->kind == ND_T_DOUBLE) &&
                   (nd_type_is_int(b) || b->kind == ND_T_DOUBLE);
    bool equality = e->op == ND_OP_EQ || e->op == ND_OP_NE;

    if (a->kind == ND_T_ERROR || b->kind == ND_T_ERROR || other_clock(c, e))
        return nd_ty(&nd_type_bool);
    if (!numbers && !(comparable_bytes(c, a, b) && (equality || c->world == ND_USER)))
        bad_operands(c, e);
    nd_check_sign(c, e->op, e->span, e->a, e->b);
    if (equality)
        nd_check_length(c, e->op == ND_OP_EQ, e->span, e->a, e->b);
    if (numbers && e->a->is_const && e->b->is_const && a->kind != ND_T_DOUBLE &&
        b->kind != ND_T_DOUBLE) {
        bool sgn = nd_type_signed(number_type(a, b));
        int64_t x = (int64_t)e->a->num, y = (int64_t)e->b->num;
        int cmp =
            sgn ? (x > y) - (x < y) : ((uint64_t)x > (uint64_t)y) - ((uint64_t)x < (uint64_t)y);

        e->is_const = true;
        e->num = e->op == ND_OP_EQ   ? cmp == 0
                 : e->op == ND_OP_NE ? cmp != 0
                 : e->op == ND_OP_LT ? cmp < 0
                 : e->op == ND_OP_LE ? cmp <= 0
                 : e->op == ND_OP_GT ? cmp > 0
                                     : cmp >= 0;
    }
    return nd_ty(&nd_type_bool);
}

static bool truth_ok(struct nd_check *c, struct nd_expr *e)
{
    struct nd_type *t = e->type;

    if (nd_type_is_int(t) || t->kind == ND_T_DOUBLE || (nd_type_is_text(t) && c->world == ND_USER))
        return true;
    nd_error(c->d, ND_E0304, e->span, "%s cannot be used as a condition", nd_type_text(c->t, t));
    return false;
}

void nd_check_cond(struct nd_check *c, struct nd_expr *e)
{
    if (!e)
        return;
    nd_check_expr(c, e);
    truth_ok(c, e);
}

// opt.proto == tcp: the names of an enum option are known where it is compared.
void nd_check_enum_name(struct nd_expr *opt, struct nd_expr *name)
{
    int64_t v;

    if (opt->kind != ND_E_FIELD || !opt->sym || opt->sym->kind != ND_SYM_OPTION ||
        (name->kind != ND_E_IDENT && name->kind != ND_E_STRING))
        return;
    v = nd_option_name(opt->sym->option, name->kind == ND_E_IDENT ? name->name : name->str);
    if (v < 0)
        return;
    name->kind = ND_E_INT;
    name->num = (uint64_t)v;
    name->lit_unit = ND_UNIT_NONE;
}

static struct nd_type *check_binary(struct nd_check *c, struct nd_expr *e)
{
    if ((e->op == ND_OP_EQ || e->op == ND_OP_NE) && e->b->kind == ND_E_FIELD) { // tcp == opt.proto
        nd_check_expr(c, e->b);
        nd_check_enum_name(e->b, e->a);
    }
    nd_check_expr(c, e->a);
    if (e->op == ND_OP_EQ || e->op == ND_OP_NE)
        nd_check_enum_name(e->a, e->b);
    if (e->op == ND_OP_LAND || e->op == ND_OP_LOR) {
        if (!truth_ok(c, e->a) || nd_ask_prune_logic(e)) {
            nd_check_expr(c, e->kind == ND_E_IDENT ? e : e->b);
            return nd_ty(&nd_type_bool);
        }
    }
    nd_check_expr(c, e->b);
    e->is_const = false;
    if (e->op == ND_OP_LAND || e->op == ND_OP_LOR) {
        truth_ok(c, e->b);
        if (const_int(e->a) && const_int(e->b)) {
            e->is_const = true;
            e->asks = e->a->asks || e->b->asks;
            e->num = e->op == ND_OP_LAND ? e->a->num && e->b->num : e->a->num || e->b->num;
        }
        return nd_ty(&nd_type_bool);
    }
    if (e->op >= ND_OP_EQ && e->op <= ND_OP_GE)
        return check_compare(c, e);
    return check_arith(c, e);
}

static struct nd_type *check_step(struct nd_check *c, struct nd_expr *e)
{
    struct nd_expr *x = e->a;

    if (x->kind == ND_E_MAP) {
        struct nd_map *m = nd_check_map(c, x->name, x->span);

        nd_check_map_key_set(c, x);
        if (m->val && nd_type_is_agg(m->val)) {
            nd_error(c->d, ND_E0311, e->span, "%s holds %s", m->name, nd_type_text(c->t, m->val));
            return error_type();
        }
        m->added |= c->world == ND_KERNEL;
        m->probed |= c->world == ND_KERNEL && !e->unused;
        nd_check_map_value(c, m, nd_ty(&nd_type_word), x);
        x->type = m->val;
        return m->val;
    }
    nd_check_expr(c, x);
    if (x->kind != ND_E_VAR || (x->sym && x->sym->loop_var)) {
        nd_error(c->d, ND_E0311, x->span, "'%s' needs a variable or a map", nd_op_text(e->op));
        return error_type();
    }
    if (!nd_type_is_int(x->type))
        nd_error(c->d, ND_E0304, x->span, "%s cannot be incremented or decremented",
                 nd_type_text(c->t, x->type));
    if (x->sym)
        x->sym->nassign++;
    return x->type;
}

// (u64 *)x
static struct nd_expr *as_address(struct nd_check *c, struct nd_expr *x)
{
    struct nd_expr *e = nd_expr_new(c->a, ND_E_CAST, x->span);

    e->texpr = ND_NEW(c->a, struct nd_texpr);
    *e->texpr = (struct nd_texpr){.span = x->span, .name = "u64", .stars = 1};
    e->a = x;
    return e;
}

static struct nd_type *check_deref(struct nd_check *c, struct nd_expr *e)
{
    struct nd_type *t = e->a->type, *elem;

    if (t->kind == ND_T_ERROR)
        return t;
    if (t->kind == ND_T_INT && t->size == 8 && !t->is_signed &&
        (!e->a->is_const || e->a->builtin) && c->world == ND_KERNEL) {
        e->a = as_address(c, e->a); // kaddr("symbol"), as bpftrace has it
        t = nd_check_expr(c, e->a);
    }
    if (t->kind != ND_T_PTR) {
        nd_help(c->d,
                nd_error(c->d, ND_E0305, e->span, "%s is not a pointer", nd_type_text(c->t, t)),
                "cast it: *(u32 *)x");
        return error_type();
    }
    elem = nd_type_elem(c->t, t);
    e->as = t->as;
    if (elem->kind == ND_T_VOID || elem->size == 0) {
        nd_help(c->d, nd_error(c->d, ND_E0305, e->span, "the type this points to is not known"),
                "cast it: *(u32 *)x");
        return error_type();
    }
    if (elem->kind == ND_T_PTR)
        return nd_type_in(c->t, elem, t->as == ND_AS_BTF ? ND_AS_KERNEL : t->as);
    return elem;
}

// A variable, or a value of a map that is not an aggregation.
static bool has_place(const struct nd_expr *e)
{
    if (e->kind == ND_E_MAP)
        return e->map && e->map->val && !nd_type_is_agg(e->map->val);
    return e->kind == ND_E_VAR && e->sym && e->sym->kind == ND_SYM_VAR;
}

static struct nd_type *check_unary(struct nd_check *c, struct nd_expr *e)
{
    struct nd_type *t;

    if (e->op >= ND_OP_PREINC)
        return check_step(c, e);
    t = nd_check_expr(c, e->a);
    e->is_const = false;
    switch (e->op) {
    case ND_OP_DEREF:
        return check_deref(c, e);
    case ND_OP_ADDR:
        if (t->kind == ND_T_ERROR)
            return t;
        if (c->world == ND_KERNEL && has_place(e->a)) // read by its address, like all memory
            return nd_type_ptr(c->t, t, ND_AS_KERNEL);
        if (e->a->kind != ND_E_FIELD || !e->a->field || e->a->field->bits) {
            nd_help(c->d, nd_error(c->d, ND_E0305, e->span, "this has no address"),
                    "in a probe, fields of structs, variables and values of maps have one");
            return error_type();
        }
        return nd_type_ptr(c->t, t, e->a->as == ND_AS_USER ? ND_AS_USER : ND_AS_KERNEL);
    case ND_OP_NOT:
        truth_ok(c, e->a);
        e->is_const = const_int(e->a);
        e->asks = e->a->asks;
        e->num = !e->a->num;
        return nd_ty(&nd_type_bool);
    default:
        break;
    }
    if (t->kind == ND_T_DOUBLE && e->op == ND_OP_NEG)
        return t;
    if (!nd_type_is_int(t)) {
        nd_error(c->d, ND_E0304, e->span, "'%s' expects an integer, not %s", nd_op_text(e->op),
                 nd_type_text(c->t, t));
        return error_type();
    }
    e->is_const = e->a->is_const;
    e->num = e->op == ND_OP_NEG ? 0 - e->a->num : ~e->a->num;
    if (e->op == ND_OP_NEG && e->a->kind == ND_E_INT && !e->a->is_unsigned) // the smallest i64
        return t->kind == ND_T_DURATION ? t : nd_ty(&nd_type_i64);
    if (t->kind == ND_T_DURATION && e->op == ND_OP_NEG)
        return t;
    return e->op == ND_OP_NEG && c->p->bpftrace ? nd_ty(&nd_type_i64) : number_type(t, t);
}

static struct nd_type *check_cond(struct nd_check *c, struct nd_expr *e)
{
    const struct nd_expr *b;
    struct nd_type *t;

    nd_check_expr(c, e->a);
    truth_ok(c, e->a);
    if (nd_ask_prune_cond(e))
        return nd_check_expr(c, e);
    if (e->b)
        nd_check_expr(c, e->b);
    nd_check_expr(c, e->c);
    b = e->b ? e->b : e->a; // a ?: b
    t = nd_type_unify(c->t, b->type, e->c->type);
    if (!t) {
        nd_error(c->d, ND_E0303, e->span, "the two sides of ':' have different types, %s and %s",
                 nd_type_text(c->t, b->type), nd_type_text(c->t, e->c->type));
        return error_type();
    }
    e->is_const = const_int(e->a) && const_int(b) && const_int(e->c);
    if (e->is_const)
        e->num = e->a->num ? b->num : e->c->num;
    return t;
}

struct nd_type *nd_check_packet_expr(struct nd_check *c, struct nd_expr *e)
{
    c->takes_packet = true;
    return nd_check_expr(c, e);
}

static struct nd_type *packet_as_value(struct nd_check *c, const struct nd_expr *e)
{
    nd_help(c->d, nd_error(c->d, ND_E0303, e->span, "a packet or a header is not a value"),
            "name a field (pkt.tcp.seq), or ask whether it is there: has(pkt.tcp)");
    return error_type();
}

// Long: one case for each kind of expression.
struct nd_type *nd_check_expr(struct nd_check *c, struct nd_expr *e)
{
    const bool packet = c->takes_packet;
    struct nd_type *t;

    c->takes_packet = false;
    switch (e->kind) {
    case ND_E_INT:
        e->is_const = true;
        t = e->lit_unit == ND_UNIT_DURATION                  ? nd_ty(&nd_type_duration)
            : e->is_unsigned || e->num > (uint64_t)INT64_MAX ? nd_ty(&nd_type_u64)
                                                             : nd_ty(&nd_type_i64);
        break;
    case ND_E_DOUBLE:
        t = nd_ty(&nd_type_double);
        if (c->world == ND_KERNEL) {
            nd_help(c->d,
                    nd_error(c->d, ND_E0401, e->span, "the kernel has no floating point numbers"),
                    "compute with integers here, or in user space (every, end, on)");
            t = error_type();
        }
        break;
    case ND_E_STRING:
        e->as = ND_AS_BPF;
        e->is_const = true;
        t = nd_type_string(c->t, e->len + 1);
        break;
    case ND_E_IDENT:
    case ND_E_VAR:
        t = nd_check_ident(c, e);
        break;
    case ND_E_MAP:
        t = nd_check_map_read(c, e);
        break;
    case ND_E_UNARY:
        t = check_unary(c, e);
        break;
    case ND_E_BINARY:
        t = check_binary(c, e);
        break;
    case ND_E_COND:
        t = check_cond(c, e);
        break;
    case ND_E_CAST:
        nd_check_expr(c, e->a);
        t = nd_check_cast(c, e);
        break;
    case ND_E_SIZEOF:
        t = e->texpr ? nd_type_resolve(c->t, e->texpr) : nd_check_expr(c, e->a);
        e->is_const = true;
        e->num = t->size;
        e->of = t;
        *ND_PUSH(c->a, &c->p->frozen) = e;
        t = nd_ty(&nd_type_u64);
        break;
    case ND_E_OFFSETOF:
    case ND_E_CONTAINER_OF:
        t = nd_check_offsetof(c, e);
        break;
    case ND_E_HAS_FIELD:
        t = nd_ask_field(c, e);
        break;
    case ND_E_CALL:
        t = nd_check_call(c, e);
        break;
    case ND_E_FIELD:
        t = nd_check_field(c, e);
        break;
    case ND_E_INDEX:
        t = nd_check_index(c, e);
        break;
    case ND_E_TUPLE:
        t = nd_check_tuple(c, e);
        break;
    case ND_E_STRUCT:
        for (uint32_t i = 0; i < e->args.n; i++)
            nd_check_expr(c, e->args.v[i]);
        t = nd_check_literal(c, e);
        break;
    case ND_E_IN:
        t = nd_check_in(c, e);
        break;
    default:
        t = error_type();
        break;
    }
    if (t->kind == ND_T_PKT && !packet)
        t = packet_as_value(c, e);
    if (t->kind == ND_T_ARGS && !packet && !e->unused)
        t = nd_check_args_whole(c, e);
    e->type = t;
    return t;
}
