// SPDX-License-Identifier: GPL-2.0-or-later
// Calls in user code: one row for each built-in that is an instruction or a function of the VM.
#include "compiler/user/user_impl.h"

#include <string.h>

static void args(struct nd_user *u, struct nd_expr *e, uint32_t from)
{
    uint32_t i;

    for (i = from; i < e->args.n; i++)
        nd_u_expr(u, e->args.v[i]);
}

static void c_printf(struct nd_user *u, struct nd_expr *e)
{
    args(u, e, 1);
    nd_u_op(u, e->builtin->id == ND_B_PRINTF ? ND_VM_PRINTF : ND_VM_SPRINTF,
            (uint8_t)(e->args.n - 1), 0, (int32_t)nd_mfb_str(u->e->b, e->args.v[0]->str));
}

static void c_fail(struct nd_user *u, struct nd_expr *e)
{
    if (e->args.v[0]->kind == ND_E_STRING) // was an error, or is never reached
        return;
    nd_u_expr(u, e->args.v[0]);
    args(u, e, 2);
    nd_u_op(u, ND_VM_SPRINTF, (uint8_t)(e->args.n - 2), 0,
            (int32_t)nd_mfb_str(u->e->b, e->args.v[1]->str));
    nd_u_op(u, ND_VM_BUILTIN, 2, 0, ND_BI_FAIL);
}

static void c_warn(struct nd_user *u, struct nd_expr *e)
{
    args(u, e, 1);
    nd_u_op(u, ND_VM_SPRINTF, (uint8_t)(e->args.n - 1), 0,
            (int32_t)nd_mfb_str(u->e->b, e->args.v[0]->str));
    nd_u_op(u, ND_VM_BUILTIN, 1, 0, ND_BI_WARN);
}

// errorf() and the like: what is wrong, and where in the script.
static void c_message(struct nd_user *u, struct nd_expr *e)
{
    const char *what = e->builtin->id == ND_B_ERRORF  ? "error"
                       : e->builtin->id == ND_B_WARNF ? "warning"
                                                      : "note";
    struct nd_mf_span at = nd_mfw_span(u->e, e->span);

    nd_u_str(u, nd_arena_printf(u->a, "%s:%u:%u: %s: ", u->e->p->sources->v[e->span.src].path,
                                at.line, at.col, what));
    args(u, e, 1);
    nd_u_op(u, ND_VM_SPRINTF, (uint8_t)(e->args.n - 1), 0,
            (int32_t)nd_mfb_str(u->e->b, e->args.v[0]->str));
    nd_u_op(u, ND_VM_BUILTIN, 2, 0, ND_BI_MESSAGE);
}

static void c_join(struct nd_user *u, struct nd_expr *e)
{
    nd_u_expr(u, e->args.v[0]);
    nd_u_str(u, e->args.n > 1 ? e->args.v[1]->str : " ");
    nd_u_op(u, ND_VM_BUILTIN, 2, 0, ND_BI_JOIN);
    nd_u_op(u, ND_VM_PRINTF, 1, 0, (int32_t)nd_mfb_str(u->e->b, "%s\n"));
}

static void c_first(struct nd_user *u, struct nd_expr *e)
{
    nd_u_expr(u, e->args.v[0]);
}

static void c_find(struct nd_user *u, struct nd_expr *e)
{
    struct nd_expr *x = e->args.v[0];
    uint32_t has = nd_u_new_local(u), no;

    nd_u_key(u, x->map, x->a);
    nd_u_op(u, ND_VM_MAP_HAS, 0, 0, (int32_t)x->map->index);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)has);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)has);
    no = nd_u_jump(u, ND_VM_JZ);
    nd_u_assign(u, e->found);
    nd_u_land(u, no);
    nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)has);
}

static void int_arg(struct nd_user *u, struct nd_expr *e, uint32_t i, uint64_t otherwise)
{
    if (i < e->args.n)
        nd_u_expr(u, e->args.v[i]);
    else
        nd_u_int(u, otherwise, &nd_type_i64);
}

static void c_print(struct nd_user *u, struct nd_expr *e)
{
    struct nd_expr *x = e->args.v[0];
    const struct nd_map *m = x->map;

    if (x->kind == ND_E_IDENT && e->record) { // the record of the handler
        nd_u_op(u, ND_VM_LOCAL, 0, 0, 0);
        nd_u_op(u, ND_VM_RECORD, 0, 0, (int32_t)e->record->index);
    } else if (x->kind != ND_E_MAP ||
               (e->args.n > 1 && e->args.v[1]->kind == ND_E_STRING)) { // a title
        nd_u_expr(u, x);
        nd_u_op(u, ND_VM_PRINT, 0, 0,
                e->args.n > 1 ? (int32_t)nd_mfb_str(u->e->b, e->args.v[1]->str) : 0);
    } else if (x->a) {
        nd_u_key(u, m, x->a);
        nd_u_op(u, ND_VM_MAP_AT_PRINT, 0, 0, (int32_t)m->index);
    } else {
        int_arg(u, e, 1, 0);
        int_arg(u, e, 2, 0);
        nd_u_op(u, ND_VM_MAP_PRINT, 0, 0, (int32_t)m->index);
    }
}

static void c_map_op(struct nd_user *u, struct nd_expr *e)
{
    const struct nd_map *m = e->args.v[0]->map;

    nd_u_op(u, e->builtin->id == ND_B_CLEAR ? ND_VM_MAP_CLEAR : ND_VM_MAP_ZERO, 0, 0,
            (int32_t)m->index);
}

static void c_report(struct nd_user *u, struct nd_expr *e)
{
    uint32_t first = nd_mfb_count(u->e->b, ND_SEC_WORDS), i;

    for (i = 0; i < e->args.n; i++)
        nd_mfb_add(u->e->b, ND_SEC_WORDS, &e->args.v[i]->map->index, 1);
    nd_u_op(u, ND_VM_REPORT, (uint8_t)e->args.n, 0, (int32_t)first);
}

static void c_losses(struct nd_user *u, struct nd_expr *e)
{
    (void)e;
    nd_u_op(u, ND_VM_REPORT, 0, 1, 0);
}

static void c_key_op(struct nd_user *u, struct nd_expr *e)
{
    struct nd_expr *x = e->args.v[0];
    const struct nd_map *m = x->map;

    if (m->key && x->a)
        nd_u_key(u, m, x->a);
    nd_u_op(u, e->builtin->id == ND_B_DELETE ? ND_VM_MAP_DEL : ND_VM_MAP_HAS, 0, 0,
            (int32_t)m->index);
}

static void c_len(struct nd_user *u, struct nd_expr *e)
{
    struct nd_expr *x = e->args.v[0];

    if (x->kind == ND_E_MAP)
        nd_u_op(u, ND_VM_MAP_LEN, 0, 0, (int32_t)x->map->index);
    else
        nd_u_op(u, ND_VM_OPT_COUNT, 0, 0, (int32_t)x->sym->option->index);
}

// Was this field of the record given?
static void has_field(struct nd_user *u, const struct nd_sym *field)
{
    const struct nd_type *t = u->on->type;
    const struct nd_mf_type *m = nd_mfb_at(u->e->b, ND_SEC_TYPES, nd_mfw_type(u->e, t));

    if (field->index >= t->nelems || strcmp(t->fields[t->nelems - 1].name, ND_ABSENT_FIELD)) {
        nd_u_int(u, 1, &nd_type_bool);
        return;
    }
    nd_u_op(u, ND_VM_LOCAL, 0, 0, 0);
    nd_u_op(u, ND_VM_FIELD, 0, 0, (int32_t)(m->first + m->count - 1));
    nd_u_int(u, 1ull << field->index, &nd_type_u64);
    nd_u_op(u, ND_VM_AND, ND_D_U64, 0, 0);
    nd_u_op(u, ND_VM_NOT, ND_D_U64, 0, 0);
}

static void c_has(struct nd_user *u, struct nd_expr *e)
{
    const struct nd_sym *s = e->args.v[0]->sym;

    if (s->kind == ND_SYM_FIELD)
        has_field(u, s);
    else
        nd_u_op(u, ND_VM_OPT_HAS, 0, 0, (int32_t)s->option->index);
}

static void c_exit(struct nd_user *u, struct nd_expr *e)
{
    int_arg(u, e, 0, 0);
    nd_u_op(u, ND_VM_EXIT, 0, 0, 0);
}

static void c_time(struct nd_user *u, struct nd_expr *e)
{
    nd_u_str(u, e->args.n ? e->args.v[0]->str : "%H:%M:%S\n");
    nd_u_op(u, ND_VM_BUILTIN, 0, 0, ND_BI_NSECS);
    nd_u_op(u, ND_VM_BUILTIN, 2, 0, ND_BI_STRFTIME);
    nd_u_op(u, ND_VM_PRINTF, 1, 0, (int32_t)nd_mfb_str(u->e->b, "%s"));
}

static void c_bytes(struct nd_user *u, struct nd_expr *e)
{
    uint32_t off = nd_mfb_add(u->e->b, ND_SEC_BLOB, e->str, e->len);

    nd_u_op(u, ND_VM_BYTES, 0, nd_u_type(u, e->type), (int32_t)off);
}

static void c_ksym(struct nd_user *u, struct nd_expr *e)
{
    nd_u_expr(u, e->args.v[0]);
    nd_u_op(u, ND_VM_CAST, 0, nd_u_type(u, &nd_type_ksym), 0);
}

static void c_bswap(struct nd_user *u, struct nd_expr *e)
{
    struct nd_expr *x = e->args.v[0];
    uint32_t size = e->type->size, i, v = u->nlocals++;

    nd_u_expr(u, x);
    nd_u_op(u, ND_VM_SET, 0, 0, (int32_t)v);
    nd_u_int(u, 0, &nd_type_u64);
    for (i = 0; i < size; i++) {
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)v);
        nd_u_int(u, i * 8, &nd_type_u64);
        nd_u_op(u, ND_VM_SHR, ND_D_U64, 0, 0);
        nd_u_int(u, 0xff, &nd_type_u64);
        nd_u_op(u, ND_VM_AND, ND_D_U64, 0, 0);
        nd_u_int(u, (size - 1 - i) * 8, &nd_type_u64);
        nd_u_op(u, ND_VM_SHL, ND_D_U64, 0, 0);
        nd_u_op(u, ND_VM_OR, ND_D_U64, 0, 0);
    }
}

static void c_top(struct nd_user *u, struct nd_expr *e)
{
    nd_u_expr(u, e->args.v[1]);
    nd_u_int(u, 0, &nd_type_i64);
    nd_u_op(u, ND_VM_MAP_PRINT, 0, 0, (int32_t)e->args.v[0]->map->index);
}

// table("a", "b") with only literals starts a table; table(v, w) adds a row.
static void c_table(struct nd_user *u, struct nd_expr *e)
{
    uint32_t i, first;
    bool heads = true;

    if (e->table) {
        nd_u_row(u, e->table, e->args.n > 1 ? e->args.v[1] : NULL);
        return;
    }
    for (i = 0; i < e->args.n; i++)
        heads &= e->args.v[i]->kind == ND_E_STRING;
    if (!heads || u->table) {
        if (!heads) {
            args(u, e, 0);
            nd_u_op(u, ND_VM_TABLE_ROW, (uint8_t)e->args.n, 0, 0);
            return;
        }
        nd_u_op(u, ND_VM_TABLE_END, 0, 0, 0);
    }
    first = nd_mfb_count(u->e->b, ND_SEC_WORDS);
    for (i = 0; i < e->args.n; i++) {
        uint32_t s = nd_mfb_str(u->e->b, e->args.v[i]->str);

        nd_mfb_add(u->e->b, ND_SEC_WORDS, &s, 1);
    }
    nd_u_op(u, ND_VM_TABLE, (uint8_t)e->args.n, 0, (int32_t)first);
    u->table = true;
}

static bool has_table(const struct nd_block *b)
{
    uint32_t i;

    for (i = 0; b && i < b->n; i++) {
        const struct nd_stmt *s = b->v[i];

        if (s->kind == ND_S_EXPR && s->expr->kind == ND_E_CALL && s->expr->builtin &&
            s->expr->builtin->id == ND_B_TABLE && !s->expr->table)
            return true;
        if (has_table(s->body) || has_table(s->else_body))
            return true;
    }
    return false;
}

void nd_u_table_done(struct nd_user *u, const struct nd_block *b, uint32_t i)
{
    struct nd_block next = {0};

    if (!u->table)
        return;
    if (i + 1 < b->n) {
        next.v = &b->v[i + 1];
        next.n = 1;
        if (has_table(&next))
            return;
    }
    nd_u_op(u, ND_VM_TABLE_END, 0, 0, 0);
    u->table = false;
}

// sum(@m), p99(@m[k]), and of a loop's value: p99(v).
static void c_stat(struct nd_user *u, struct nd_expr *e)
{
    static const uint8_t what[] = {
        [ND_B_COUNT] = ND_AGG_COUNT, [ND_B_SUM] = ND_AGG_SUM, [ND_B_AVG] = ND_AGG_AVG,
        [ND_B_MIN] = ND_AGG_MIN,     [ND_B_MAX] = ND_AGG_MAX, [ND_B_P50] = ND_AGG_P50,
        [ND_B_P90] = ND_AGG_P90,     [ND_B_P95] = ND_AGG_P95, [ND_B_P99] = ND_AGG_P99,
        [ND_B_P999] = ND_AGG_P999,
    };
    struct nd_expr *x = e->args.v[0];
    uint8_t k = what[e->builtin->id];

    if (e->args.n == 2) {
        args(u, e, 0);
        nd_u_op(u, ND_VM_BUILTIN, 2, 0, e->builtin->id == ND_B_MIN ? ND_BI_MIN2 : ND_BI_MAX2);
        return;
    }
    if (x->kind == ND_E_MAP && x->a) {
        nd_u_key(u, x->map, x->a);
        nd_u_op(u, ND_VM_AGG, k, 0, (int32_t)x->map->index);
    } else if (x->kind == ND_E_MAP) {
        nd_u_op(u, ND_VM_AGG_ALL, k, 0, (int32_t)x->map->index);
    } else if (x->sym && x->sym->map) { // a loop's value, not yet a number
        nd_u_op(u, ND_VM_LOCAL, 0, 0, (int32_t)nd_u_local(u, x->sym));
        nd_u_op(u, ND_VM_AGG_OF, k, 0, 0);
    } else {
        nd_u_expr(u, x);
        nd_u_op(u, ND_VM_AGG_OF, k, 0, 0);
    }
    nd_u_give_type(u, e->type);
}

static void c_word(struct nd_user *u, struct nd_expr *e)
{
    args(u, e, 0);
    if (e->args.n < 3)
        nd_u_str(u, " \t\r\n");
    nd_u_op(u, ND_VM_BUILTIN, 3, 0, e->builtin->id == ND_B_WORD ? ND_BI_WORD : ND_BI_WORD_COLUMN);
}

static void c_link_stat(struct nd_user *u, struct nd_expr *e)
{
    nd_u_expr(u, e->args.v[0]);
    nd_u_int(u, e->index, &nd_type_i64);
    nd_u_op(u, ND_VM_BUILTIN, 2, 0, ND_BI_LINK_STAT);
}

// Which text, of what: what a loop over its lines evaluates once.
void nd_u_source(struct nd_user *u, const struct nd_expr *e)
{
    uint32_t n = e->args.n - (e->builtin->id == ND_B_SOURCE_LINE), i;

    nd_u_int(u, e->index, &nd_type_i64);
    for (i = 1; i <= ND_U_SOURCE_OF; i++) {
        if (i < n)
            nd_u_expr(u, e->args.v[i]);
        else
            nd_u_int(u, 0, &nd_type_i64);
    }
}

static void c_source(struct nd_user *u, struct nd_expr *e)
{
    bool line = e->builtin->id == ND_B_SOURCE_LINE;

    nd_u_source(u, e);
    if (line)
        nd_u_expr(u, e->args.v[e->args.n - 1]);
    nd_u_op(u, ND_VM_BUILTIN, (uint8_t)(1 + ND_U_SOURCE_OF + line), 0,
            line ? ND_BI_SOURCE_LINE : ND_BI_SOURCE_LINES);
}

static void c_path_count(struct nd_user *u, struct nd_expr *e)
{
    if (e->args.v[0]->kind == ND_E_STRING)
        nd_u_int(u, e->num, &nd_type_i64);
    else
        nd_u_expr(u, e->args.v[0]);
    nd_u_int(u, e->index, &nd_type_i64);
    nd_u_op(u, ND_VM_BUILTIN, 2, 0, ND_BI_PATH_COUNT);
}

static void c_row(struct nd_user *u, struct nd_expr *e)
{
    args(u, e, 0);
    nd_u_int(u, ND_ROW_LOW + (uint64_t)(e->builtin->id - ND_B_ROW_LOW), &nd_type_i64);
    nd_u_op(u, ND_VM_BUILTIN, 3, 0, ND_BI_ROW);
}

static void c_get_addr(struct nd_user *u, struct nd_expr *e)
{
    args(u, e, 0);
    nd_u_int(u, nd_u_type(u, e->type), &nd_type_u64);
    nd_u_op(u, ND_VM_BUILTIN, (uint8_t)(e->args.n + 1), 0,
            e->builtin->id == ND_B_GET_IP ? ND_BI_GET_IP : ND_BI_GET_MAC);
}

static void c_kaddr(struct nd_user *u, struct nd_expr *e)
{
    nd_u_str(u, e->args.v[0]->str);
    nd_u_op(u, ND_VM_BUILTIN, 1, 0, ND_BI_KADDR);
}

static uint32_t script_fn(struct nd_user *u, struct nd_fn *fn)
{
    struct nd_mfw *e = u->e;
    uint32_t i;

    for (i = 0; i < e->fns.n; i++) {
        if (e->fns.v[i].fn == fn)
            return e->fns.v[i].index;
    }
    i = nd_user_fn(e, fn);
    *ND_PUSH(e->a, &e->fns) = (struct nd_mfw_fn){fn, i};
    return i;
}

static void give_bool(struct nd_user *u, const struct nd_expr *e)
{
    if (e->type->kind == ND_T_BOOL)
        nd_u_op(u, ND_VM_CAST, 0, nd_u_type(u, e->type), 0);
}

static const struct row {
    void (*fn)(struct nd_user *u, struct nd_expr *e);
    bool is_vm; // a function of the VM, which
    enum nd_vm_builtin vm;
} by_row[] = {
#define F(fn) c_##fn, false, 0
#define B(name) NULL, true, ND_BI_##name
#define U0 NULL, false, 0
#define ND_BUILTIN(id, name, worlds, form, flags, type, check, kernel, user, ...) {user},
#include "runtime/common/builtins.def"
#undef F
#undef B
#undef U0
};

void nd_u_builtin(struct nd_user *u, struct nd_expr *e)
{
    const struct row *row = &by_row[nd_builtin_row(e->builtin)];

    if (row->fn) {
        row->fn(u, e);
    } else if (row->is_vm) {
        args(u, e, 0);
        nd_u_op(u, ND_VM_BUILTIN, (uint8_t)e->args.n, 0, row->vm);
    } else {
        return;
    }
    if (e->kind == ND_E_CALL)
        give_bool(u, e);
}

void nd_u_call(struct nd_user *u, struct nd_expr *e)
{
    uint32_t fn, i;

    if (e->builtin) {
        nd_u_builtin(u, e);
        return;
    }
    fn = script_fn(u, e->fn);
    for (i = 0; i < e->args.n; i++) {
        if (e->args.v[i]->type->kind == ND_T_NONE) // a map, which the function's body names
            nd_u_int(u, 0, &nd_type_i64);
        else
            nd_u_expr(u, e->args.v[i]);
    }
    nd_u_op(u, ND_VM_CALL, (uint8_t)e->args.n, e->type->kind != ND_T_NONE, (int32_t)fn);
}

// ---- structs ------------------------------------------------------------------------------------

// A value of this type that is all zero.
static void zero(struct nd_user *u, const struct nd_type *t)
{
    uint8_t *bytes;

    if (nd_type_is_text(t)) {
        nd_u_str(u, "");
        return;
    }
    if (nd_type_is_scalar(t)) {
        nd_u_int(u, 0, t);
        return;
    }
    bytes = ND_NEW_ARRAY(u->a, uint8_t, t->size + 1);
    nd_u_op(u, ND_VM_BYTES, 0, nd_u_type(u, t),
            (int32_t)nd_mfb_add(u->e->b, ND_SEC_BLOB, bytes, t->size));
}

void nd_u_literal(struct nd_user *u, struct nd_expr *e)
{
    uint64_t none = 0;
    uint32_t i, k;

    for (i = 0; i < e->type->nelems; i++) {
        const struct nd_field *f = &e->type->fields[i];

        for (k = 0; k < e->args.n && strcmp(e->names[k].text, f->name) != 0; k++)
            ;
        if (k < e->args.n) {
            nd_u_expr(u, e->args.v[k]);
        } else if (!strcmp(f->name, ND_ABSENT_FIELD)) {
            nd_u_int(u, none, &nd_type_u64);
        } else {
            none |= 1ull << (i & 63);
            zero(u, f->type);
        }
    }
    nd_u_op(u, ND_VM_MAKE, (uint8_t)e->type->nelems, nd_u_type(u, e->type), 0);
}
