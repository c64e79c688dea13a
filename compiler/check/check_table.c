// SPDX-License-Identifier: GPL-2.0-or-later
// Tables: their columns, and the calls table(name, ...) that print a row. A row is a value of the
// struct that a table is. Must not know how tables look. Serves check_decl.c, check_builtin.c.
#include "compiler/check/check_impl.h"

#include "runtime/common/spec.h"

#include <string.h>

#define COLUMNS_MAX 32u
#define CELL 256u // bytes of a string of which nothing else is said

// What a column is given, and what it shows. Any other unit only names what the number counts.
static const struct {
    const char *name, *base;
    uint64_t div;
    bool time; // only of durations
} units[] = {
    {"ns", "ns", 1, true},
    {"us", "ns", 1000, true},
    {"ms", "ns", 1000000, true},
    {"s", "ns", 1000000000, true},
    {"KB", "B", 1000, false},
    {"MB", "B", 1000000, false},
    {"GB", "B", 1000000000, false},
    {"KiB", "B", 1 << 10, false},
    {"MiB", "B", 1 << 20, false},
    {"GiB", "B", 1 << 30, false},
    {"kbit/s", "bit/s", 1000, false},
    {"Mbit/s", "bit/s", 1000000, false},
    {"Gbit/s", "bit/s", 1000000000, false},
};

static bool is_number(const struct nd_type *t)
{
    return t->kind == ND_T_DOUBLE || t->kind == ND_T_DURATION || t->kind == ND_T_PORT ||
           (t->kind == ND_T_INT && !t->is_char);
}

static void set_unit(struct nd_check *c, const struct nd_column *col, const struct nd_type *t,
                     struct nd_table_column *out)
{
    size_t i;

    out->unit = col->unit ? col->unit : t->kind == ND_T_DURATION ? "ns" : "";
    out->base = out->unit;
    out->div = 1;
    if (col->unit && !is_number(t) && t->kind != ND_T_ERROR) {
        nd_error(c->d, ND_E0411, col->unit_span, "%s has no unit", nd_type_text(c->t, t));
        return;
    }
    for (i = 0; col->unit && i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].name, col->unit) || (units[i].time && t->kind != ND_T_DURATION))
            continue;
        out->base = units[i].base;
        out->div = units[i].div;
    }
    if (t->kind == ND_T_DURATION && strcmp(out->base, "ns") != 0)
        nd_help(
            c->d,
            nd_error(c->d, ND_E0411, col->unit_span, "a duration is not counted in %s", col->unit),
            "ns, us, ms or s");
}

// As printf() would be asked to print a value of the column.
static void check_format(struct nd_check *c, const struct nd_column *col, struct nd_type *t,
                         const struct nd_table_column *out)
{
    struct nd_expr *call, *fmt, *value;

    if (!col->format || t->kind == ND_T_ERROR)
        return;
    call = nd_expr_new(c->a, ND_E_CALL, col->format_span);
    fmt = nd_expr_new(c->a, ND_E_STRING, col->format_span);
    value = nd_expr_new(c->a, ND_E_IDENT, col->field.span);
    call->name = "table";
    fmt->str = col->format;
    fmt->len = (uint32_t)strlen(col->format);
    fmt->type = nd_ty(&nd_type_str);
    value->type = out->div > 1 ? nd_ty(&nd_type_double) : t;
    *ND_PUSH(c->a, &call->args) = fmt;
    *ND_PUSH(c->a, &call->args) = value;
    nd_check_format(c, call, 0);
}

static void check_level(struct nd_check *c, const struct nd_column *col, const struct nd_type *t,
                        struct nd_expr *than)
{
    const struct nd_type *x;

    if (!than)
        return;
    x = than->type;
    if (x->kind == ND_T_ERROR || t->kind == ND_T_ERROR)
        return;
    if (!is_number(t))
        nd_error(c->d, ND_E0411, than->span, "a column of %s has no levels", nd_type_text(c->t, t));
    else if (!is_number(x) || (x->kind == ND_T_DURATION) != (t->kind == ND_T_DURATION))
        nd_help(c->d,
                nd_error(c->d, ND_E0411, than->span, "column '%s' is %s, and this is %s",
                         col->field.name, nd_type_text(c->t, t), nd_type_text(c->t, x)),
                t->kind == ND_T_DURATION ? "a level of it is a duration: warn > 10ms"
                                         : "a level of it is a number: warn > 90");
}

static struct nd_type *column_type(struct nd_check *c, const struct nd_column *col)
{
    const struct nd_texpr *x = col->field.texpr;
    struct nd_type *t = nd_type_resolve(c->t, x);

    if (t->kind == ND_T_STRING && !x->tag && !x->nelems && !strcmp(x->name, "string"))
        return nd_type_string(c->t, CELL);
    if (!nd_typekind_is(t->kind, ND_IS_STACK) && !nd_type_is_agg(t) && t->kind != ND_T_STRUCT)
        return t;
    nd_help(c->d,
            nd_error(c->d, ND_E0411, x->span, "%s does not fit into a cell", nd_type_text(c->t, t)),
            nd_typekind_is(t->kind, ND_IS_STACK) ? "a string made by frame(stack, 0)"
                                                 : "a column for each number of it");
    return nd_ty(&nd_type_error);
}

// "max_us" is MAX US.
static const char *title_of(struct nd_check *c, const char *name)
{
    char *s = nd_arena_strdup(c->a, name), *p;

    for (p = s; *p; p++)
        *p = *p == '_' ? ' ' : *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    return s;
}

static struct nd_table_column column(struct nd_check *c, const struct nd_column *col,
                                     struct nd_type *t)
{
    struct nd_table_column out = {.right = is_number(t), .decl = col};
    struct nd_spec p = {.width = ND_SPEC_NONE};
    const char *s = col->format;
    uint32_t i;

    set_unit(c, col, t, &out);
    check_format(c, col, t, &out);
    while (s && (s = nd_spec_next(s, &p)) && !p.conv)
        ;
    if (p.width > 0)
        out.right = !(p.flags & ND_SPEC_LEFT);
    out.title = col->title ? col->title : title_of(c, col->field.name);
    for (i = 0; i < ND_LEVELS; i++)
        check_level(c, col, t, col->level[i].than);
    return out;
}

void nd_check_table(struct nd_check *c, struct nd_decl *d)
{
    struct nd_field *f = ND_NEW_ARRAY(c->a, struct nd_field, d->columns.n + 1);
    struct nd_tabletype *t = ND_NEW(c->a, struct nd_tabletype);
    uint32_t i, k;

    t->decl = d;
    t->index = c->p->tables.n;
    t->columns = ND_NEW_ARRAY(c->a, struct nd_table_column, d->columns.n);
    if (d->columns.n > COLUMNS_MAX)
        nd_error(c->d, ND_E0701, d->name_span, "a table has at most %u columns", COLUMNS_MAX);
    for (i = 0; i < d->columns.n; i++) {
        const struct nd_column *col = &d->columns.v[i];

        f[i].name = col->field.name;
        f[i].type = column_type(c, col);
        t->columns[i] = column(c, col, f[i].type);
        for (k = 0; k < i; k++) {
            if (!strcmp(f[k].name, f[i].name))
                nd_error(c->d, ND_E0210, col->field.span, "column '%s' is declared twice",
                         f[i].name);
        }
    }
    f[i] = (struct nd_field){.name = ND_ABSENT_FIELD, .type = nd_ty(&nd_type_u64)};
    t->type = nd_type_struct(c->t, d->name, f, d->columns.n + 1, false);
    *ND_PUSH(c->a, &c->t->events) = t->type;
    nd_check_global(c, ND_SYM_TABLE, d->name, d->name_span);
    *ND_PUSH(c->a, &c->p->tables) = t;
}

// ---- rows ---------------------------------------------------------------------------------------

static void give(struct nd_check *c, struct nd_expr *row, const char *name, struct nd_expr *e)
{
    row->names[row->args.n] = (struct nd_point){.text = name, .span = e->span};
    *ND_PUSH(c->a, &row->args) = e;
}

// Fields of a record, by their names.
static bool give_by_name(struct nd_check *c, const struct nd_tabletype *t, struct nd_expr *row,
                         const struct nd_expr *of)
{
    const struct nd_type *s = of->type;
    struct nd_field f;
    uint32_t i;

    for (i = 0; i + 1 < t->type->nelems; i++) {
        const char *name = t->type->fields[i].name;

        if (!nd_type_field(c->t, s, name, &f)) {
            nd_help(c->d,
                    nd_error(c->d, ND_E0411, of->span, "%s has no field '%s' for this column of %s",
                             nd_type_text(c->t, s), name, t->decl->name),
                    "give the cells one by one: table(%s, ...)", t->decl->name);
            return false;
        }
        give(c, row, name, nd_check_member(c, of, name));
    }
    give(c, row, ND_ABSENT_FIELD, nd_check_absent_of(c, of, t->type, ~0ull));
    return true;
}

// The values in the order of the columns; a tuple stands for its parts.
static uint32_t give_in_order(struct nd_check *c, const struct nd_tabletype *t, struct nd_expr *row,
                              struct nd_expr *e, const struct nd_type *type, uint32_t at)
{
    const char *name = at + 1 < t->type->nelems ? t->type->fields[at].name : NULL;
    uint32_t i;

    if (type->kind != ND_T_TUPLE) {
        if (name)
            give(c, row, name, e);
        return at + 1;
    }
    for (i = 0; i < type->nelems; i++)
        at = give_in_order(c, t, row,
                           e->kind == ND_E_TUPLE
                               ? e->args.v[i]
                               : nd_check_member(c, e, nd_arena_printf(c->a, "%u", i)),
                           type->fields[i].type, at);
    return at;
}

// No number is cut: one with decimals belongs into a column that has them.
static void check_cells(struct nd_check *c, const struct nd_tabletype *t, const struct nd_expr *row)
{
    struct nd_field f;
    uint32_t i;

    for (i = 0; i < row->args.n; i++) {
        const struct nd_expr *e = row->args.v[i];

        if (e->type->kind == ND_T_DOUBLE && nd_type_field(c->t, t->type, row->names[i].text, &f) &&
            nd_type_is_int(f.type))
            nd_help(c->d,
                    nd_error(c->d, ND_E0411, e->span, "column '%s' of %s is %s, not double", f.name,
                             t->decl->name, nd_type_text(c->t, f.type)),
                    "declare it as %s: double, or give (i64)x", f.name);
    }
}

static struct nd_expr *make_row(struct nd_check *c, const struct nd_tabletype *t,
                                struct nd_expr *call)
{
    struct nd_expr *row = nd_expr_new(c->a, ND_E_STRUCT, call->span);
    uint32_t i, n = 0, want = t->type->nelems - 1;

    row->name = t->decl->name;
    row->name_span = call->args.v[0]->span;
    row->names = ND_NEW_ARRAY(c->a, struct nd_point, want + 1);
    for (i = 1; i < call->args.n; i++) {
        if (call->args.v[i]->type->kind == ND_T_ERROR)
            return NULL;
    }
    if (call->args.n == 2 && call->args.v[1]->type->kind == ND_T_STRUCT)
        return give_by_name(c, t, row, call->args.v[1]) ? row : NULL;
    for (i = 1; i < call->args.n; i++)
        n = give_in_order(c, t, row, call->args.v[i], call->args.v[i]->type, n);
    if (n != want) {
        nd_note(c->d,
                nd_error(c->d, ND_E0301, call->span, "table %s has %u column%s, and this gives %u",
                         t->decl->name, want, want == 1 ? "" : "s", n),
                t->decl->name_span, "declared here");
        return NULL;
    }
    return row;
}

// The table of this name, unless the name is a variable's or a field's here.
static const struct nd_tabletype *find_table(struct nd_check *c, const struct nd_expr *x)
{
    uint32_t i;

    for (i = 0; x->kind == ND_E_IDENT && i < c->p->tables.n; i++) {
        if (!strcmp(c->p->tables.v[i]->decl->name, x->name))
            return nd_check_lookup(c, x->name) ? NULL : c->p->tables.v[i];
    }
    return NULL;
}

static bool is_unknown(struct nd_check *c, const struct nd_expr *x)
{
    return c->p->tables.n && x->kind == ND_E_IDENT && !nd_check_lookup(c, x->name) &&
           !nd_builtin_find(x->name, false);
}

static void no_such_table(struct nd_check *c, const struct nd_expr *x)
{
    struct nd_near near = {.name = x->name};
    struct nd_diag *d = nd_error(c->d, ND_E0201, x->span, "there is no table '%s'", x->name);
    uint32_t i;

    for (i = 0; i < c->p->tables.n; i++)
        nd_near_try(&near, c->p->tables.v[i]->decl->name);
    if (near.n)
        nd_fix(c->d, d, near.best[0]);
}

bool nd_check_table_named(struct nd_check *c, struct nd_expr *call)
{
    call->table = find_table(c, call->args.v[0]);
    if (call->table)
        call->args.v[0]->type = nd_ty(&nd_type_none);
    else if (is_unknown(c, call->args.v[0]))
        no_such_table(c, call->args.v[0]);
    else if (c->world != ND_KERNEL)
        return true;
    else
        nd_help(c->d,
                nd_error(c->d, ND_E0401, call->name_span,
                         "a table without a declaration is not available in a kernel probe"),
                "declare it: table NAME { column: type, ... }");
    return call->table != NULL;
}

struct nd_expr *nd_check_table_row(struct nd_check *c, struct nd_expr *call)
{
    const struct nd_tabletype *t = call->table;
    struct nd_expr *row = call->args.n > 1 ? call->args.v[1] : NULL;

    if (!t || !row || row->row)
        return t ? row : NULL;
    row = make_row(c, t, call);
    if (!row)
        return NULL;
    row->row = true;
    row->type = t->type;
    call->args.v[1] = row;
    call->args.n = 2;
    return row;
}

void nd_check_table_cells(struct nd_check *c, const struct nd_expr *call, struct nd_expr *row)
{
    row->type = nd_check_literal(c, row);
    if (c->last_pass)
        check_cells(c, call->table, row);
}
