// SPDX-License-Identifier: GPL-2.0-or-later
// Types of options are rows of a table.
#include "compiler/check/option.h"

#include "runtime/common/value.h"

#include <string.h>

#define LIST_MAX 64u // values of a list option
#define STACKS_MAX 1000000
#define LIST_UNROLLED 4u // where each value has its own code

static const struct row {
    const char *name;
    enum nd_mf_opt_kind kind;
    uint32_t stride; // bytes of a value, a multiple of its alignment
    const struct nd_type *type;
    uint32_t text; // size of a string type
} rows[] = {
    {"int", ND_OPT_INT, 8, &nd_type_i64, 0},
    {"bool", ND_OPT_BOOL, 8, &nd_type_i64, 0},
    {"string", ND_OPT_STRING, 64, NULL, 64},
    {"duration", ND_OPT_DURATION, 8, &nd_type_duration, 0},
    {"ifname", ND_OPT_IFNAME, sizeof(struct nd_ifname), &nd_type_ifname, 0},
    {"ip", ND_OPT_IP, 16, &nd_type_ip, 0},
    {"prefix", ND_OPT_PREFIX, 20, &nd_type_prefix, 0},
    {"mac", ND_OPT_MAC, 6, &nd_type_mac, 0},
    {"port", ND_OPT_PORT, 2, &nd_type_port, 0},
    {"proto", ND_OPT_PROTO, 1, &nd_type_proto, 0},
    {"pid", ND_OPT_PID, 4, &nd_type_u32, 0},
    {"path", ND_OPT_PATH, 256, NULL, 256},
    {"usecs", ND_OPT_USECS, 8, &nd_type_duration, 0},
    {"msecs", ND_OPT_MSECS, 8, &nd_type_duration, 0},
    {"enum", ND_OPT_ENUM, 8, NULL, 0},
};

static const struct row *find_row(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!strcmp(rows[i].name, name))
            return &rows[i];
    }
    return NULL;
}

static struct nd_type *enum_type(struct nd_check *c, struct nd_decl *d)
{
    struct nd_type *t = nd_type_new(c->t, ND_T_ENUM, 8);
    uint32_t i;

    t->is_signed = true;
    t->name = d->name;
    t->nelems = d->texpr->args->n;
    t->fields = ND_NEW_ARRAY(c->a, struct nd_field, t->nelems);
    for (i = 0; i < t->nelems; i++) {
        t->fields[i].name = d->texpr->args->v[i]->name;
        t->fields[i].value = i;
    }
    return t;
}

static void bad_default(struct nd_check *c, struct nd_expr *e, const char *what)
{
    nd_error(c->d, ND_E0501, e->span, "the default must be %s", what);
}

static const char *wanted(struct nd_check *c, const struct nd_option *o)
{
    switch (o->kind) {
    case ND_OPT_STRING:
    case ND_OPT_PATH:
        return nd_arena_printf(c->a, "a string shorter than %u bytes", o->stride);
    case ND_OPT_DURATION:
    case ND_OPT_USECS:
    case ND_OPT_MSECS:
        return "a duration such as 5s or 200ms";
    case ND_OPT_PORT:
        return "a port from 1 to 65535";
    case ND_OPT_PROTO:
        return "a protocol: " ND_VALUE_PROTOS;
    case ND_OPT_PID:
        return "a process id, above 0";
    case ND_OPT_BOOL:
        return "true or false";
    case ND_OPT_INT:
        return "an integer";
    default:
        return nd_arena_printf(c->a, "a string with a valid %s", o->decl->texpr->name);
    }
}

// A word that is not a constant (proto = tcp) is text, as on the command line.
static void as_text(struct nd_check *c, struct nd_expr *e)
{
    if (e->kind != ND_E_IDENT || nd_check_lookup(c, e->name))
        return;
    e->kind = ND_E_STRING;
    e->str = e->name;
    e->len = (uint32_t)strlen(e->str);
}

// What the text of a number says; of addresses it stays text.
static void as_number(const struct nd_option *o, struct nd_expr *e, const uint8_t *bytes)
{
    if (!nd_type_is_int(o->type))
        return;
    e->kind = ND_E_INT;
    e->num = 0;
    memcpy(&e->num, bytes, o->stride); // little endian
    e->lit_unit = o->type->kind == ND_T_DURATION ? ND_UNIT_DURATION : ND_UNIT_NONE;
}

// A number of the script, which is not one of the command line's words. Bare numbers of times are
// in the unit that they have there.
static bool number_fits(const struct nd_option *o, struct nd_expr *e, int64_t v)
{
    static const int64_t units[ND_OPT_KIND_MAX] = {
        [ND_OPT_DURATION] = 1000000000, [ND_OPT_USECS] = 1000, [ND_OPT_MSECS] = 1000000};

    switch (o->kind) {
    case ND_OPT_DURATION:
    case ND_OPT_USECS:
    case ND_OPT_MSECS:
        if (e->type->kind == ND_T_DURATION)
            return true;
        if (v < 0 || v > INT64_MAX / units[o->kind])
            return false;
        e->kind = ND_E_INT;
        e->num = (uint64_t)(v * units[o->kind]);
        e->lit_unit = ND_UNIT_DURATION;
        e->type = nd_ty(&nd_type_duration);
        return true;
    case ND_OPT_PORT:
        return nd_value_port(v);
    case ND_OPT_PROTO:
        return v >= 0 && v <= 255;
    case ND_OPT_PID:
        return v >= 1 && v <= INT32_MAX;
    case ND_OPT_BOOL:
        return v == 0 || v == 1;
    default:
        return o->kind == ND_OPT_INT;
    }
}

static void check_value(struct nd_check *c, struct nd_option *o, struct nd_expr *e)
{
    uint8_t bytes[20];
    int64_t v = 0;
    bool good;

    if (o->kind == ND_OPT_ENUM) {
        if ((e->kind != ND_E_IDENT && e->kind != ND_E_STRING) ||
            nd_option_name(o, e->kind == ND_E_STRING ? e->str : e->name) < 0)
            bad_default(c, e, "one of the names of the enum");
        return;
    }
    as_text(c, e);
    if (e->kind == ND_E_STRING && o->kind != ND_OPT_STRING && o->kind != ND_OPT_PATH) {
        nd_check_expr(c, e);
        if (nd_value_option(o->kind, e->str, bytes))
            as_number(o, e, bytes);
        else
            bad_default(c, e, wanted(c, o));
    }
    nd_check_expr(c, e);
    if (e->kind == ND_E_STRING)
        good = (o->kind != ND_OPT_STRING && o->kind != ND_OPT_PATH) || e->len < o->stride;
    else
        good = nd_check_const_int(c, e, &v) && number_fits(o, e, v);
    if (!good)
        bad_default(c, e, wanted(c, o));
}

static void check_default(struct nd_check *c, struct nd_option *o)
{
    struct nd_expr *e = o->decl->expr;
    uint32_t i;

    if (!e)
        return;
    if (o->decl->required)
        nd_error(c->d, ND_E0501, o->decl->name_span, "a required option has no default");
    if (e->kind != ND_E_TUPLE) {
        check_value(c, o, e);
        return;
    }
    if (!o->decl->texpr->is_list || e->args.n > LIST_MAX) {
        bad_default(c, e, o->decl->texpr->is_list ? "at most 64 values" : "one value");
        return;
    }
    for (i = 0; i < e->args.n; i++)
        check_value(c, o, e->args.v[i]);
}

// int(1, 4094), duration(1ms): what the command line may say. The default may be another value,
// which then stands for an option that was not given.
static void check_range(struct nd_check *c, struct nd_option *o)
{
    const struct nd_expr_list *args = o->decl->texpr->args;
    bool is_time = o->type->kind == ND_T_DURATION;
    int64_t *bounds[] = {&o->min, &o->max};
    uint32_t i;

    if (!args || o->kind == ND_OPT_ENUM)
        return;
    if (!is_time && o->kind != ND_OPT_INT) {
        nd_error(c->d, ND_E0501, o->decl->texpr->span,
                 "only int, duration and usecs can have a range");
        return;
    }
    for (i = 0; i < args->n; i++) {
        nd_check_expr(c, args->v[i]);
        if (!nd_check_const_int(c, args->v[i], bounds[i]) ||
            (args->v[i]->type->kind == ND_T_DURATION) != is_time)
            nd_error(c->d, ND_E0501, args->v[i]->span, "the bound must be %s",
                     is_time ? "a duration such as 5s or 200ms" : "an integer");
    }
    if (o->min > o->max)
        nd_error(c->d, ND_E0501, o->decl->texpr->span, "this range is empty");
}

static void place(struct nd_program *p, struct nd_option *o)
{
    uint32_t off = (p->opts_size + 7) & ~7u;

    o->given_off = off;
    o->count_off = off + 4;
    o->off = off + 8;
    p->opts_size = o->off + ((o->stride * o->cap + 7) & ~7u);
}

void nd_option_declare(struct nd_check *c, struct nd_decl *d)
{
    const struct row *row = find_row(d->texpr->name);
    struct nd_option *o = ND_NEW(c->a, struct nd_option);
    struct nd_sym *s = ND_NEW(c->a, struct nd_sym);
    struct nd_near near = {.name = d->texpr->name};
    struct nd_diag *diag;
    uint32_t i;

    for (i = 0; i < c->p->options.n; i++) {
        struct nd_decl *other = c->p->options.v[i]->decl;

        if (!strcmp(other->name, d->name))
            nd_note(
                c->d,
                nd_error(c->d, ND_E0210, d->name_span, "option '%s' is declared twice", d->name),
                other->name_span, "first declared here");
    }
    if (!row) {
        for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            nd_near_try(&near, rows[i].name);
        diag = nd_error(c->d, ND_E0501, d->texpr->span, "an option cannot have the type '%s'",
                        d->texpr->name);
        if (near.n)
            nd_fix(c->d, diag, near.best[0]);
        nd_help(c->d, diag,
                "types: int bool string duration ifname ip prefix mac port proto pid path "
                "enum(a, b), and lists: port[]");
        row = &rows[0];
    }
    o->decl = d;
    o->min = INT64_MIN;
    o->max = INT64_MAX;
    o->index = c->p->options.n;
    o->kind = row->kind;
    o->stride = row->stride;
    o->cap = !d->texpr->is_list ? 1 : nd_without(c->p, ND_F_LOOPS) ? LIST_UNROLLED : LIST_MAX;
    o->type = row->kind == ND_OPT_ENUM && d->texpr->args ? enum_type(c, d)
              : row->type                                ? nd_ty(row->type)
              : row->text                                ? nd_type_string(c->t, row->text)
                                                         : nd_ty(&nd_type_i64);
    s->kind = ND_SYM_OPTION;
    s->name = d->name;
    s->span = d->name_span;
    s->type = o->type;
    s->option = o;
    s->index = o->index;
    d->sym = s;
    place(c->p, o);
    *ND_PUSH(c->a, &c->p->options) = o;
    check_range(c, o);
    if (!strcmp(d->name, ND_OPTION_STACKS)) {
        o->min = o->min < 1 ? 1 : o->min;
        o->max = o->max > STACKS_MAX ? STACKS_MAX : o->max;
    }
    check_default(c, o);
}

// option src: ip[] in filters.src_ip
void nd_option_join_files(struct nd_check *c)
{
    uint32_t i;

    for (i = 0; i < c->p->options.n; i++) {
        struct nd_option *o = c->p->options.v[i];
        const struct nd_decl *d = o->decl;

        if (!d->file)
            continue;
        o->file = nd_option_find(c->p, d->file);
        if (!o->file || o->file->kind != ND_OPT_PATH || o->file->decl->texpr->is_list ||
            o->file->decl->file) {
            nd_help(c->d,
                    nd_error(c->d, ND_E0501, d->file_span, "'%s' is not an option of type path",
                             d->file),
                    "declare it: option %s: path \"JSON list of objects\"", d->file);
            o->file = NULL;
        }
        if (!d->texpr->is_list || d->expr || d->required || d->positional || d->aliases.n ||
            o->kind == ND_OPT_BOOL)
            nd_help(c->d,
                    nd_error(c->d, ND_E0501, d->name_span,
                             "an option read from a file must be a plain list"),
                    "option %s: ip[] in %s.%s, without default, 'required', 'positional' or "
                    "'alias', and not bool",
                    d->name, d->file, d->key);
    }
}

static void put_value(const struct nd_option *o, const struct nd_expr *e, uint8_t *out)
{
    uint64_t v = e->num;

    switch (o->kind) {
    case ND_OPT_STRING:
    case ND_OPT_PATH:
        memcpy(out, e->str, e->len < o->stride ? e->len : o->stride - 1);
        return;
    case ND_OPT_IFNAME:
    case ND_OPT_IP:
    case ND_OPT_PREFIX:
    case ND_OPT_MAC:
        nd_value_option(o->kind, e->str, out);
        return;
    case ND_OPT_ENUM:
        v = (uint64_t)nd_option_name(o, e->kind == ND_E_STRING ? e->str : e->name);
        break;
    default:
        break;
    }
    memcpy(out, &v, o->stride < 8 ? o->stride : 8); // little endian
}

uint8_t *nd_option_default(struct nd_program *p, const struct nd_option *o, uint32_t *n)
{
    const struct nd_expr *e = o->decl->expr;
    uint8_t *bytes;
    uint32_t i;

    *n = !e ? 0 : e->kind == ND_E_TUPLE ? e->args.n : 1;
    if (*n > o->cap)
        *n = o->cap;
    bytes = ND_NEW_ARRAY(p->arena, uint8_t, o->stride * (*n ? *n : 1));
    for (i = 0; i < *n; i++)
        put_value(o, e->kind == ND_E_TUPLE ? e->args.v[i] : e, bytes + i * o->stride);
    return bytes;
}
