// SPDX-License-Identifier: GPL-2.0-or-later
// Expressions of user code as instructions of the stack machine in manifest.h. Must not know LLVM.
// Serves the other user_*.c.
#include "compiler/check/need.h"
#include "compiler/user/user_impl.h"

#include <string.h>

void nd_u_op(struct nd_user *u, enum nd_vm_op op, uint8_t a, uint16_t b, int32_t c)
{
    *ND_PUSH(u->a, &u->code) = (struct nd_mf_insn){.op = (uint8_t)op, .a = a, .b = b, .c = c};
}

uint16_t nd_u_type(struct nd_user *u, const struct nd_type *t)
{
    return (uint16_t)nd_mfw_type(u->e, t);
}

void nd_u_int(struct nd_user *u, uint64_t v, const struct nd_type *t)
{
    nd_u_op(u, ND_VM_INT, 0, nd_u_type(u, t), (int32_t)nd_mfb_const(u->e->b, v));
}

void nd_u_str(struct nd_user *u, const char *s)
{
    nd_u_op(u, ND_VM_STR, 0, 0, (int32_t)nd_mfb_str(u->e->b, s));
}

void nd_u_next(struct nd_user *u, uint32_t i, uint32_t top)
{
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)i);
    nd_u_int(u, 1, &nd_type_i64);
    nd_u_op(u, ND_VM_ADD, ND_D_I64, 0, 0);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)i);
    nd_u_op(u, ND_VM_JMP, 0, 0, (int32_t)top);
}

uint32_t nd_u_here(const struct nd_user *u)
{
    return u->code.n;
}

uint32_t nd_u_jump(struct nd_user *u, enum nd_vm_op op)
{
    nd_u_op(u, op, 0, 0, 0);
    return u->code.n - 1;
}

void nd_u_land(struct nd_user *u, uint32_t at)
{
    u->code.v[at].c = (int32_t)nd_u_here(u);
}

uint32_t nd_u_new_local(struct nd_user *u)
{
    return u->nlocals++;
}

uint32_t nd_u_local(struct nd_user *u, const struct nd_sym *s)
{
    if (s->index >= u->nlocals)
        u->nlocals = s->index + 1;
    return s->index;
}

// ---- expressions --------------------------------------------------------------------------------

static enum nd_vm_domain domain_of(const struct nd_type *t)
{
    if (t->kind == ND_T_DOUBLE)
        return ND_D_F64;
    if (nd_type_is_text(t) || t->kind == ND_T_STRFTIME)
        return ND_D_STR;
    if (nd_type_is_int(t))
        return nd_type_signed(t) ? ND_D_I64 : ND_D_U64;
    return ND_D_BYTES;
}

enum nd_vm_domain nd_u_common(const struct nd_type *a, const struct nd_type *b)
{
    enum nd_vm_domain x = domain_of(a), y = domain_of(b);

    if (x == ND_D_F64 || y == ND_D_F64)
        return ND_D_F64;
    if (x == ND_D_STR || y == ND_D_STR)
        return ND_D_STR;
    if (x == ND_D_BYTES || y == ND_D_BYTES)
        return ND_D_BYTES;
    return x == ND_D_U64 || y == ND_D_U64 ? ND_D_U64 : ND_D_I64;
}

void nd_u_as_domain(struct nd_user *u, const struct nd_type *t, enum nd_vm_domain d)
{
    if (d == ND_D_F64 && t->kind != ND_T_DOUBLE)
        nd_u_op(u, nd_type_signed(t) ? ND_VM_I2D : ND_VM_U2D, 0, 0, 0);
}

void nd_u_operand(struct nd_user *u, struct nd_expr *e, enum nd_vm_domain d)
{
    nd_u_expr(u, e);
    nd_u_as_domain(u, e->type, d);
}

// Where divisions by zero are counted.
static int32_t div_site(struct nd_user *u, enum nd_op op, struct nd_span span)
{
    struct nd_mf_site m = {.kind = ND_SITE_DIV_ZERO, .counter_off = ND_MF_NONE, .map = ND_MF_NONE};

    if (op != ND_OP_DIV && op != ND_OP_MOD)
        return 0;
    m.span = nd_mfw_span(u->e, span);
    return (int32_t)nd_mfb_add(u->e->b, ND_SEC_SITES, &m, 1);
}

static const uint8_t binary_ops[] = {
    [ND_OP_ADD] = ND_VM_ADD, [ND_OP_SUB] = ND_VM_SUB, [ND_OP_MUL] = ND_VM_MUL,
    [ND_OP_DIV] = ND_VM_DIV, [ND_OP_MOD] = ND_VM_MOD, [ND_OP_SHL] = ND_VM_SHL,
    [ND_OP_SHR] = ND_VM_SHR, [ND_OP_AND] = ND_VM_AND, [ND_OP_OR] = ND_VM_OR,
    [ND_OP_XOR] = ND_VM_XOR, [ND_OP_EQ] = ND_VM_EQ,   [ND_OP_NE] = ND_VM_NE,
    [ND_OP_LT] = ND_VM_LT,   [ND_OP_LE] = ND_VM_LE,   [ND_OP_GT] = ND_VM_GT,
    [ND_OP_GE] = ND_VM_GE,
};

void nd_u_binary(struct nd_user *u, enum nd_op op, enum nd_vm_domain d, struct nd_span span)
{
    nd_u_op(u, (enum nd_vm_op)binary_ops[op], (uint8_t)d, 0, div_site(u, op, span));
}

void nd_u_scale(struct nd_user *u, enum nd_op op, const struct nd_type *ptr,
                const struct nd_type *n)
{
    const struct nd_type *elem;

    if (ptr->kind != ND_T_PTR || n->kind == ND_T_PTR || (op != ND_OP_ADD && op != ND_OP_SUB))
        return;
    elem = nd_type_elem(&u->e->p->types, ptr);
    nd_need_struct(u->e->p, elem, (struct nd_span){0});
    if (elem->size < 2)
        return;
    nd_u_int(u, elem->size, &nd_type_i64);
    nd_u_op(u, ND_VM_MUL, ND_D_I64, 0, 0);
}

static void logic(struct nd_user *u, struct nd_expr *e)
{
    bool is_and = e->op == ND_OP_LAND;
    uint32_t a, b, end;

    nd_u_expr(u, e->a);
    a = nd_u_jump(u, is_and ? ND_VM_JZ : ND_VM_JNZ);
    nd_u_expr(u, e->b);
    b = nd_u_jump(u, is_and ? ND_VM_JZ : ND_VM_JNZ);
    nd_u_int(u, is_and, &nd_type_bool);
    end = nd_u_jump(u, ND_VM_JMP);
    nd_u_land(u, a);
    nd_u_land(u, b);
    nd_u_int(u, !is_and, &nd_type_bool);
    nd_u_land(u, end);
}

// Results print as what they are: durations, times, pointers, true and false.
void nd_u_give_type(struct nd_user *u, const struct nd_type *t)
{
    if (t->kind == ND_T_DURATION || t->kind == ND_T_TIME || t->kind == ND_T_BOOL ||
        t->kind == ND_T_PTR)
        nd_u_op(u, ND_VM_CAST, 0, nd_u_type(u, t), 0);
}

static void binary(struct nd_user *u, struct nd_expr *e)
{
    const struct nd_type *of = NULL;
    enum nd_vm_domain d;

    if (e->op == ND_OP_LAND || e->op == ND_OP_LOR) {
        logic(u, e);
        return;
    }
    d = nd_u_common(e->a->type, e->b->type);
    if (e->op == ND_OP_SHR || e->op == ND_OP_SHL)
        d = domain_of(e->a->type);
    if (e->op == ND_OP_SUB && e->a->type->kind == ND_T_PTR && e->b->type->kind == ND_T_PTR) {
        of = nd_type_distance_elem(&u->e->p->types, e->a->type, e->b->type);
        d = ND_D_I64;
    }
    nd_u_operand(u, e->a, d);
    nd_u_scale(u, e->op, e->b->type, e->a->type);
    nd_u_operand(u, e->b, d);
    nd_u_scale(u, e->op, e->a->type, e->b->type);
    nd_u_binary(u, e->op, d, e->span);
    if (of) {
        nd_need_struct(u->e->p, of, (struct nd_span){0});
        nd_u_int(u, of->size, &nd_type_i64);
        nd_u_op(u, ND_VM_DIV, ND_D_I64, 0, 0);
    }
    nd_u_give_type(u, e->type);
}

static void step(struct nd_user *u, struct nd_expr *e)
{
    struct nd_expr *x = e->a,
                   one = {
                       .kind = ND_E_INT, .num = 1, .is_const = true, .type = nd_ty(&nd_type_i64)};
    bool inc = e->op == ND_OP_PREINC || e->op == ND_OP_POSTINC;
    bool post = e->op == ND_OP_POSTINC || e->op == ND_OP_POSTDEC;
    struct nd_stmt s = {.kind = ND_S_ASSIGN,
                        .expr = x,
                        .rhs = &one,
                        .op = inc ? ND_OP_ADD : ND_OP_SUB,
                        .sym = x->sym};

    if (x->kind == ND_E_MAP && x->a) { // the key is evaluated once
        struct nd_expr at = *x, key = {.kind = ND_E_VAR, .type = x->map->key};
        struct nd_sym sym = {.kind = ND_SYM_VAR, .index = nd_u_new_local(u)};

        nd_u_key(u, x->map, x->a);
        nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)sym.index);
        key.sym = &sym;
        at.a = &key;
        s.expr = &at;
        if (post)
            nd_u_expr(u, &at);
        nd_u_assign(u, &s);
        if (!post)
            nd_u_expr(u, &at);
        return;
    }
    if (post)
        nd_u_expr(u, x);
    nd_u_assign(u, &s);
    if (!post)
        nd_u_expr(u, x);
}

static void unary(struct nd_user *u, struct nd_expr *e)
{
    if (e->op >= ND_OP_PREINC) {
        step(u, e);
        return;
    }
    nd_u_expr(u, e->a);
    if (e->op == ND_OP_NOT)
        nd_u_op(u, ND_VM_NOT, (uint8_t)domain_of(e->a->type), 0, 0);
    else
        nd_u_op(u, e->op == ND_OP_NEG ? ND_VM_NEG : ND_VM_BNOT, (uint8_t)domain_of(e->a->type), 0,
                0);
    nd_u_give_type(u, e->type);
}

static void cond(struct nd_user *u, struct nd_expr *e)
{
    enum nd_vm_domain d = domain_of(e->type);
    uint32_t no, end;

    if (e->b) {
        nd_u_expr(u, e->a);
    } else { // a ?: b
        nd_u_operand(u, e->a, d);
        nd_u_op(u, ND_VM_DUP, 0, 0, 0);
    }
    no = nd_u_jump(u, ND_VM_JZ);
    if (e->b)
        nd_u_operand(u, e->b, d);
    end = nd_u_jump(u, ND_VM_JMP);
    nd_u_land(u, no);
    if (!e->b)
        nd_u_op(u, ND_VM_POP, 0, 0, 0);
    nd_u_operand(u, e->c, d);
    nd_u_land(u, end);
    if (e->type->kind == ND_T_INT) // of either side, it is now of the common type
        nd_u_op(u, ND_VM_CAST, 0, nd_u_type(u, e->type), 0);
}

static void cast(struct nd_user *u, struct nd_expr *e)
{
    nd_u_expr(u, e->a);
    if (e->type->kind == ND_T_BOOL && nd_type_is_text(e->a->type)) { // is it not empty?
        nd_u_op(u, ND_VM_NOT, ND_D_STR, 0, 0);
        nd_u_op(u, ND_VM_NOT, ND_D_I64, 0, 0);
    }
    if (e->a->type->kind == ND_T_DOUBLE && e->type->kind != ND_T_DOUBLE)
        nd_u_op(u, ND_VM_D2I, 0, 0, 0);
    if (e->type->kind == ND_T_DOUBLE)
        nd_u_as_domain(u, e->a->type, ND_D_F64);
    else
        nd_u_op(u, ND_VM_CAST, 0, nd_u_type(u, e->type), 0);
}

static void field(struct nd_user *u, struct nd_expr *e)
{
    const struct nd_mf_type *t;
    struct nd_type *s;
    uint32_t i;

    if (e->a->type->kind == ND_T_OPTS) {
        nd_u_op(u, ND_VM_OPT, 0, 0, (int32_t)e->sym->option->index);
        return;
    }
    s = e->a->type;
    nd_u_expr(u, e->a);
    t = nd_mfb_at(u->e->b, ND_SEC_TYPES, nd_mfw_type(u->e, s));
    for (i = 0; i < t->count; i++) {
        const struct nd_mf_field *f = nd_mfb_at(u->e->b, ND_SEC_FIELDS, t->first + i);
        const char *name = (char *)nd_mfb_at(u->e->b, ND_SEC_STRINGS, f->name);

        if (s->kind == ND_T_TUPLE ? f->off == e->field->off : !strcmp(name, e->name)) {
            nd_u_op(u, ND_VM_FIELD, 0, 0, (int32_t)(t->first + i));
            return;
        }
    }
}

static void event_field(struct nd_user *u, const struct nd_type *s, uint32_t i)
{
    const struct nd_mf_type *t = nd_mfb_at(u->e->b, ND_SEC_TYPES, nd_mfw_type(u->e, s));

    nd_u_op(u, ND_VM_LOCAL, 0, 0, 0);
    nd_u_op(u, ND_VM_FIELD, 0, 0, (int32_t)(t->first + i));
}

static void index_of(struct nd_user *u, struct nd_expr *e)
{
    if (e->a->kind == ND_E_FIELD && e->a->a->type->kind == ND_T_OPTS) {
        nd_u_expr(u, e->b);
        nd_u_op(u, ND_VM_OPT_AT, 0, 0, (int32_t)e->a->sym->option->index);
        return;
    }
    nd_u_expr(u, e->a);
    nd_u_expr(u, e->b);
    nd_u_op(u, ND_VM_INDEX, 0, 0, 0);
}

bool nd_u_agg_number(struct nd_user *u, const struct nd_map *m, uint32_t local)
{
    bool number = m && m->val && nd_typekind_is(m->val->kind, ND_IS_NUMBER);

    if (number) {
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)local);
        nd_u_op(u, ND_VM_AGG_OF, nd_typekinds[m->val->kind].rank, 0, 0);
        nd_u_give_type(u, nd_type_seen(m->val));
    }
    return number;
}

static void ident(struct nd_user *u, struct nd_expr *e)
{
    if (e->sym && e->sym->kind == ND_SYM_FIELD && e->sym->index == u->on->type->nelems) {
        nd_u_op(u, ND_VM_LOCAL, 0, 0, 0); // the payload
        return;
    }
    if (e->sym && e->sym->kind == ND_SYM_FIELD) {
        event_field(u, u->on->type, e->sym->index);
        return;
    }
    if (e->sym && e->sym->map && nd_u_agg_number(u, e->sym->map, nd_u_local(u, e->sym)))
        return; // a loop's value
    if (e->sym) {
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)nd_u_local(u, e->sym));
        return;
    }
    if (e->builtin)
        nd_u_builtin(u, e);
}

static void in_list(struct nd_user *u, struct nd_expr *e)
{
    ND_VEC(uint32_t) hits = {0};
    uint32_t i, end, left = nd_u_new_local(u);

    nd_u_expr(u, e->a); // evaluated once
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)left);
    for (i = 0; i < e->b->args.n; i++) {
        struct nd_expr *x = e->b->args.v[i];
        enum nd_vm_domain d = nd_u_common(e->a->type, x->type);

        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)left);
        nd_u_as_domain(u, e->a->type, d);
        nd_u_operand(u, x, d);
        if (x->type->kind == ND_T_PREFIX)
            nd_u_op(u, ND_VM_IN_PREFIX, 0, 0, 0);
        else
            nd_u_op(u, ND_VM_EQ, (uint8_t)d, 0, 0);
        *ND_PUSH(u->a, &hits) = nd_u_jump(u, ND_VM_JNZ);
    }
    nd_u_int(u, 0, &nd_type_bool);
    end = nd_u_jump(u, ND_VM_JMP);
    for (i = 0; i < hits.n; i++)
        nd_u_land(u, hits.v[i]);
    nd_u_int(u, 1, &nd_type_bool);
    nd_u_land(u, end);
}

// x in opt.list: a loop over the values given.
static void in_option(struct nd_user *u, struct nd_expr *e)
{
    int32_t opt = (int32_t)e->b->sym->option->index;
    uint32_t i = nd_u_new_local(u), left = nd_u_new_local(u), loop, done, hit, end;
    enum nd_vm_domain d = nd_u_common(e->a->type, e->b->type);

    nd_u_expr(u, e->a); // evaluated once
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)left);
    nd_u_int(u, 0, &nd_type_i64);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)i);
    loop = nd_u_here(u);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)i);
    nd_u_op(u, ND_VM_OPT_COUNT, 0, 0, opt);
    nd_u_op(u, ND_VM_LT, ND_D_I64, 0, 0);
    done = nd_u_jump(u, ND_VM_JZ);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)left);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)i);
    nd_u_op(u, ND_VM_OPT_AT, 0, 0, opt);
    if (e->b->type->kind == ND_T_PREFIX)
        nd_u_op(u, ND_VM_IN_PREFIX, 0, 0, 0);
    else
        nd_u_op(u, ND_VM_EQ, (uint8_t)d, 0, 0);
    hit = nd_u_jump(u, ND_VM_JNZ);
    nd_u_next(u, i, loop);
    nd_u_land(u, done);
    nd_u_int(u, 0, &nd_type_bool);
    end = nd_u_jump(u, ND_VM_JMP);
    nd_u_land(u, hit);
    nd_u_int(u, 1, &nd_type_bool);
    nd_u_land(u, end);
}

static void lower_in(struct nd_user *u, struct nd_expr *e)
{
    if (e->b->kind == ND_E_MAP && !e->b->a) {
        const struct nd_map *m = e->b->map;

        nd_u_expr(u, e->a);
        nd_u_op(u, ND_VM_MAP_HAS, 0, 0, (int32_t)m->index);
    } else if (e->b->kind == ND_E_TUPLE) {
        in_list(u, e);
    } else if (e->b->kind == ND_E_FIELD && e->b->sym && e->b->sym->kind == ND_SYM_OPTION) {
        in_option(u, e);
    } else {
        nd_u_expr(u, e->a);
        nd_u_expr(u, e->b);
        nd_u_op(u, ND_VM_IN_PREFIX, 0, 0, 0);
    }
}

static bool sent(struct nd_user *u, const struct nd_expr *e);

static void parts(struct nd_user *u, struct nd_expr *e, const struct nd_type *t)
{
    uint32_t i;

    for (i = 0; i < e->args.n; i++)
        nd_u_expr(u, e->args.v[nd_type_part(e->type, t->fields[i].name)]);
    nd_u_op(u, ND_VM_MAKE, (uint8_t)e->args.n, nd_u_type(u, t), 0);
}

void nd_u_key(struct nd_user *u, const struct nd_map *m, struct nd_expr *key)
{
    if (!m->key)
        return;
    if (key->kind == ND_E_TUPLE && m->key->kind == ND_T_TUPLE && !sent(u, key)) {
        parts(u, key, m->key);
        return;
    }
    nd_u_expr(u, key);
}

void nd_u_value_for(struct nd_user *u, struct nd_expr *e, const struct nd_type *t)
{
    if (e->kind == ND_E_TUPLE && t->kind == ND_T_TUPLE)
        parts(u, e, t);
    else
        nd_u_operand(u, e, t->kind == ND_T_DOUBLE ? ND_D_F64 : ND_D_I64);
}

static void map_read(struct nd_user *u, struct nd_expr *e)
{
    const struct nd_map *m = e->map;

    nd_u_key(u, m, e->a);
    if (nd_typekind_is(m->val->kind, ND_IS_NUMBER)) {
        nd_u_op(u, ND_VM_AGG, nd_typekinds[m->val->kind].rank, 0, (int32_t)m->index);
        nd_u_give_type(u, nd_type_seen(m->val));
    } else {
        nd_u_op(u, ND_VM_MAP_GET, 0, 0, (int32_t)m->index);
    }
}

static void tuple(struct nd_user *u, struct nd_expr *e)
{
    parts(u, e, e->type);
}

static bool sent(struct nd_user *u, const struct nd_expr *e)
{
    const struct nd_async *as = u->on ? u->on->async : NULL;
    uint32_t i;

    for (i = 0; as && i < as->args.n; i++) {
        if (as->args.v[i].expr == e)
            return true;
    }
    return false;
}

// Long: one case for each kind of expression.
void nd_u_expr(struct nd_user *u, struct nd_expr *e)
{
    const struct nd_async *as = u->on ? u->on->async : NULL;
    uint64_t bits;
    uint32_t i;

    for (i = 0; as && i < as->args.n; i++) { // it came with the event
        if (as->args.v[i].expr == e) {
            event_field(u, u->on->type, i);
            return;
        }
    }
    if (e->is_const && nd_type_is_int(e->type) && e->kind != ND_E_STRING) {
        nd_u_int(u, e->num, e->type);
        return;
    }
    switch (e->kind) {
    case ND_E_DOUBLE:
        memcpy(&bits, &e->real, 8);
        nd_u_op(u, ND_VM_DBL, 0, 0, (int32_t)nd_mfb_const(u->e->b, bits));
        break;
    case ND_E_STRING:
        nd_u_str(u, e->str);
        break;
    case ND_E_IDENT:
    case ND_E_VAR:
        if (e->sym && e->sym->kind == ND_SYM_CONST && e->type->kind == ND_T_DOUBLE) {
            memcpy(&bits, &e->real, 8);
            nd_u_op(u, ND_VM_DBL, 0, 0, (int32_t)nd_mfb_const(u->e->b, bits));
            break;
        }
        ident(u, e);
        break;
    case ND_E_MAP:
        map_read(u, e);
        break;
    case ND_E_UNARY:
        unary(u, e);
        break;
    case ND_E_BINARY:
        binary(u, e);
        break;
    case ND_E_COND:
        cond(u, e);
        break;
    case ND_E_CAST:
        cast(u, e);
        break;
    case ND_E_CALL:
        nd_u_call(u, e);
        break;
    case ND_E_FIELD:
        field(u, e);
        break;
    case ND_E_INDEX:
        index_of(u, e);
        break;
    case ND_E_TUPLE:
        tuple(u, e);
        break;
    case ND_E_STRUCT:
        nd_u_literal(u, e);
        break;
    case ND_E_IN:
        lower_in(u, e);
        break;
    default:
        nd_u_int(u, e->num, &nd_type_i64);
        break;
    }
}
