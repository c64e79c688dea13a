// SPDX-License-Identifier: GPL-2.0-or-later
// Structs, unions, enums and typedefs of the script, laid out as a C compiler does (System V ABI).
// What the kernel's BTF describes is taken from there.
#include "compiler/check/check_impl.h"

#include <string.h>

#define DEEPEST 16u         // structs inside each other
#define ELEMENTS (1u << 20) // of an array
#define DIFFERENCES 3u      // that are told

struct layout {
    ND_VEC(struct nd_field) fields;
    uint64_t at, end; // in bits
    uint32_t align;
    bool is_union, packed;
};

static struct nd_type *make_struct(struct nd_check *c, struct nd_decl *d, uint32_t depth);
static struct nd_type *make_enum(struct nd_check *c, struct nd_decl *d);

// ---- types of members
// ----------------------------------------------------------------------------

static uint32_t length(struct nd_check *c, struct nd_expr *e)
{
    int64_t n = 0;

    if (!e)
        return 0;
    nd_check_expr(c, e);
    if (e->type->kind == ND_T_ERROR)
        return 1;
    if (nd_check_const_int(c, e, &n) && n >= 0 && n <= ELEMENTS)
        return (uint32_t)n;
    nd_help(c->d, nd_error(c->d, ND_E0317, e->span, "an array has 0 to %u elements", ELEMENTS),
            "the number must be known when the script is compiled");
    return 1;
}

static struct nd_type *member_type(struct nd_check *c, const struct nd_decl_field *f,
                                   uint32_t depth)
{
    struct nd_texpr base = *f->texpr;
    struct nd_type *t;
    uint32_t i;

    base.stars = 0;
    if (base.body) {
        t = base.body->kind == ND_D_ENUM ? make_enum(c, base.body)
                                         : make_struct(c, base.body, depth + 1);
    } else if (f->texpr->stars && base.tag) { // it may not be known here
        struct nd_trial trial;

        nd_trial_begin(c->d, &trial);
        t = nd_type_resolve(c->t, &base);
        if (!nd_trial_end(c->d, &trial))
            t = nd_ty(&nd_type_void);
    } else {
        t = nd_type_resolve(c->t, &base);
    }
    for (i = 0; i < f->texpr->stars; i++)
        t = nd_type_ptr(c->t, t, ND_AS_KERNEL);
    if (f->pointer)
        t = nd_type_ptr(c->t, nd_ty(&nd_type_void), ND_AS_KERNEL);
    for (i = f->dims.n; i-- > 0;) {
        uint32_t n = length(c, f->dims.v[i]);

        t = t->is_char && i + 1 == f->dims.n ? nd_type_string(c->t, n) : nd_type_array(c->t, t, n);
    }
    return t;
}

// alignas(64) before a type, __attribute__((aligned(8))) after a name.
static uint32_t member_align(struct nd_check *c, const struct nd_decl_field *f)
{
    uint32_t n = f->attrs.align;

    if (f->aligned && (strcmp(f->aligned, "aligned") == 0 || !f->align || f->align > 4096 ||
                       f->align & (f->align - 1)))
        nd_error(c->d, ND_E0317, f->align_span,
                 "only alignas(n), with n a power of two, can come before a field");
    else if (f->aligned && f->align > n)
        n = f->align;
    return n && n <= 4096 && !(n & (n - 1)) ? n : 0;
}

// ---- layout
// --------------------------------------------------------------------------------------

static uint64_t up(uint64_t v, uint64_t unit)
{
    return unit ? (v + unit - 1) / unit * unit : v;
}

static void add(struct nd_check *c, struct layout *l, const struct nd_decl_field *f,
                struct nd_field field)
{
    uint32_t i;

    for (i = 0; i < l->fields.n; i++) {
        if (!strcmp(l->fields.v[i].name, field.name))
            nd_error(c->d, ND_E0210, f->span, "field '%s' is declared twice", field.name);
    }
    *ND_PUSH(c->a, &l->fields) = field;
}

static void place_bits(struct nd_check *c, struct layout *l, const struct nd_decl_field *f,
                       struct nd_type *t)
{
    uint32_t unit = t->size * 8, bits = f->bits;
    uint64_t at = l->is_union ? 0 : l->at;
    struct nd_field field = {.name = f->name, .type = t, .bits = (uint16_t)bits};

    if (!nd_type_is_int(t) || !unit || bits > unit || (!bits && f->name)) {
        if (t->kind != ND_T_ERROR)
            nd_error(c->d, ND_E0317, f->span,
                     "a bit-field must be an integer, and no wider than its type");
        if (f->name)
            add(c, l, f, (struct nd_field){.name = f->name, .type = t});
        return;
    }
    if (!bits || (!l->packed && at / unit != (at + bits - 1) / unit))
        at = up(at, unit);
    if (at % unit + bits > unit) // packed: it is read in the largest unit
        field.type = nd_type_int(8, t->is_signed);
    unit = field.type->size * 8;
    field.off = (uint32_t)(at % unit + bits > unit ? at / 8 : at / unit * unit / 8);
    field.bit_off = (uint16_t)(at - field.off * 8ul);
    l->at = at + bits;
    l->end = l->at > l->end ? l->at : l->end;
    if (f->name && !l->packed && nd_type_align(t) > l->align)
        l->align = nd_type_align(t);
    if (f->name)
        add(c, l, f, field);
}

// Members of a struct without a name are the outer struct's.
static void open_inner(struct nd_check *c, struct layout *l, const struct nd_decl_field *f,
                       const struct nd_type *t, uint32_t off)
{
    uint32_t i;

    for (i = 0; i < t->nelems; i++) {
        struct nd_field inner = t->fields[i];

        inner.off += off;
        add(c, l, f, inner);
    }
}

static void place(struct nd_check *c, struct layout *l, const struct nd_decl_field *f,
                  struct nd_type *t)
{
    uint32_t asked = member_align(c, f);
    uint32_t align = l->packed || f->attrs.packed ? 1 : nd_type_align(t);
    uint64_t at;

    align = asked > align ? asked : align;
    at = l->is_union ? 0 : up(l->at, align * 8ul);
    l->align = align > l->align ? align : l->align;
    l->at = at + t->size * 8ul;
    l->end = l->at > l->end ? l->at : l->end;
    if (f->name)
        add(c, l, f, (struct nd_field){.name = f->name, .type = t, .off = (uint32_t)(at / 8)});
    else
        open_inner(c, l, f, t, (uint32_t)(at / 8));
}

// Fields that this kernel does not have are taken out.
static void choose_fields(struct nd_check *c, struct nd_decl *d)
{
    uint32_t i, n = 0;
    int64_t has;

    for (i = 0; i < d->fields.n; i++) {
        struct nd_expr *e = d->fields.v[i].when;

        has = 1;
        if (e && !e->type) // once for all declarators of a line
            nd_check_expr(c, e);
        if (e && e->type->kind != ND_T_ERROR && !nd_check_const_int(c, e, &has))
            nd_help(c->d,
                    nd_error(c->d, ND_E0313, e->span,
                             "whether a struct has a field must be known when it is compiled"),
                    "use kernel_at_least(), has_field() or sizeof()");
        if (has)
            d->fields.v[n++] = d->fields.v[i];
    }
    d->fields.n = n;
}

static void lay_out(struct nd_check *c, struct nd_decl *d, struct nd_type *t, uint32_t depth)
{
    struct layout l = {.align = 1, .is_union = d->is_union, .packed = d->attrs.packed};
    uint32_t i;

    choose_fields(c, d);
    for (i = 0; i < d->fields.n; i++) {
        struct nd_decl_field *f = &d->fields.v[i];
        struct nd_type *m = member_type(c, f, depth);

        if (f->bit_field)
            place_bits(c, &l, f, m);
        else if (f->name || (f->texpr->body && m->kind == ND_T_STRUCT && !*m->name))
            place(c, &l, f, m);
        // else: "struct x;" or an enum: these declare something and are not members
    }
    if (d->attrs.align <= 4096 && d->attrs.align > l.align)
        l.align = d->attrs.align;
    t->align = l.align;
    t->fields = l.fields.v;
    t->nelems = l.fields.n;
    t->size = (uint32_t)up(up(l.end, 8) / 8, l.align);
    if (l.end / 8 > (uint64_t)INT32_MAX)
        nd_error(c->d, ND_E0701, d->name_span, "this struct is too large");
}

// ---- what the kernel has as well
// -----------------------------------------------------------------

static const char *difference(struct nd_check *c, const struct nd_type *kernel,
                              const struct nd_field *f)
{
    struct nd_field k;

    if (!nd_type_field(c->t, kernel, f->name, &k))
        return nd_arena_printf(c->a, "the kernel's has no field '%s'", f->name);
    if (k.off * 8u + k.bit_off != f->off * 8u + f->bit_off)
        return nd_arena_printf(c->a, "the kernel has '%s' at byte %u, not %u", f->name,
                               k.off + k.bit_off / 8, f->off + f->bit_off / 8);
    if (k.bits != f->bits || k.type->size != f->type->size)
        return nd_arena_printf(c->a, "the kernel's '%s' has another size", f->name);
    return NULL;
}

// A struct that has no field in common with the kernel's of that name is another one, of a program.
static bool same(struct nd_check *c, const struct nd_type *ours, const struct nd_type *kernel)
{
    struct nd_field k;
    uint32_t i;

    for (i = 0; i < ours->nelems; i++) {
        if (nd_type_field(c->t, kernel, ours->fields[i].name, &k))
            return true;
    }
    return !ours->nelems;
}

// Says where a declaration differs from the kernel's struct, which is used instead.
static void compare(struct nd_check *c, const struct nd_decl *d, const struct nd_type *ours,
                    const struct nd_type *kernel)
{
    struct nd_diag *diag = NULL;
    uint32_t i, n = 0;

    for (i = 0; i < ours->nelems && n < DIFFERENCES; i++) {
        const char *text = difference(c, kernel, &ours->fields[i]);

        if (!text)
            continue;
        if (!n++)
            diag = nd_error(c->d, ND_W0915, d->name_span, "the kernel's %s is used, not this one",
                            nd_type_text(c->t, kernel));
        nd_help(c->d, diag, "%s", text);
    }
    if (n)
        nd_help(c->d, diag, "if this one is of a program, give it another name");
}

// ---- declarations
// --------------------------------------------------------------------------------

static struct nd_type *make_struct(struct nd_check *c, struct nd_decl *d, uint32_t depth)
{
    enum nd_tag tag = d->is_union ? ND_TAG_UNION : ND_TAG_STRUCT;
    struct nd_type *t = nd_type_new(c->t, ND_T_STRUCT, 0), *kernel = NULL;
    uint32_t at = c->t->structs.n;

    t->name = d->name;
    t->is_union = d->is_union;
    if (depth > DEEPEST) {
        nd_error(c->d, ND_E0109, d->span, "structs are nested more than %u deep", DEEPEST);
        return nd_ty(&nd_type_error);
    }
    if (*d->name && !d->module)
        kernel = nd_type_kernel_struct(c->t, tag, d->name);
    if (*d->name) {
        *ND_PUSH(c->a, &c->t->structs) = t; // a field may point to it
        *ND_PUSH(c->a, &c->t->modules) = d->module;
    }
    lay_out(c, d, t, depth);
    if (*d->name)
        nd_check_global(c, ND_SYM_CONST,
                        nd_arena_printf(c->a, "%s %s", d->is_union ? "union" : "struct", d->name),
                        d->name_span)
            ->type = t;
    if (!kernel || !same(c, t, kernel))
        return t;
    compare(c, d, t, kernel);
    return c->t->structs.v[at] = kernel;
}

void nd_check_struct(struct nd_check *c, struct nd_decl *d)
{
    c->world = ND_USER;
    make_struct(c, d, 0);
}

static void declare_enumerator(struct nd_check *c, const struct nd_named *n, struct nd_type *t,
                               int64_t v)
{
    struct nd_sym *s = nd_check_global(c, ND_SYM_CONST, n->name, n->span);

    if (nd_builtin_find(n->name, false))
        nd_error(c->d, ND_E0211, n->span, "'%s' is a built-in name", n->name);
    s->type = t;
    s->num = (uint64_t)v;
    *ND_PUSH(c->a, &c->scope->syms) = s;
}

// * "text": the number is put in place of %d.
static void other_values(struct nd_check *c, struct nd_type *t, const struct nd_named *n)
{
    const char *percent = strchr(n->text, '%');

    if (percent && (percent[1] != 'd' || strchr(percent + 1, '%')))
        nd_help(c->d,
                nd_error(c->d, ND_E0314, n->span, "the text of other values can have one %%d"),
                "* \"unknown (%%d)\"");
    if (t->other)
        nd_error(c->d, ND_E0210, n->span, "the text of other values is declared twice");
    t->other = n->text;
}

static struct nd_type *make_enum(struct nd_check *c, struct nd_decl *d)
{
    struct nd_type *t = nd_type_new(c->t, ND_T_ENUM, 4);
    int64_t v = 0;
    uint32_t i;

    t->name = d->name;
    t->fields = ND_NEW_ARRAY(c->a, struct nd_field, d->enumerators.n);
    if (*d->name) {
        nd_check_global(c, ND_SYM_CONST, nd_arena_printf(c->a, "enum %s", d->name), d->name_span)
            ->type = t;
        *ND_PUSH(c->a, &c->t->enums) = t;
    }
    for (i = 0; i < d->enumerators.n; i++, v++) {
        const struct nd_named *n = &d->enumerators.v[i];

        if (n->name && *n->name == '*') {
            other_values(c, t, n);
            continue;
        }

        if (n->expr)
            nd_check_expr(c, n->expr);
        if (n->expr && n->expr->type->kind != ND_T_ERROR && !nd_check_const_int(c, n->expr, &v))
            nd_error(c->d, ND_E0313, n->expr->span,
                     "the value of an enumerator must be known at compile time");
        t->is_signed |= v < 0;
        if (v > UINT32_MAX || v < INT32_MIN)
            t->size = t->align = 8;
        t->fields[t->nelems].name = *n->text ? n->text : n->name;
        t->fields[t->nelems++].value = v;
        if (n->name)
            declare_enumerator(c, n, t, v);
    }
    return t;
}

void nd_check_enum(struct nd_check *c, struct nd_decl *d)
{
    c->world = ND_USER;
    make_enum(c, d);
}

void nd_check_typedef(struct nd_check *c, struct nd_decl *d)
{
    struct nd_type *t;

    c->world = ND_USER;
    t = member_type(c, &d->fields.v[0], 0);
    *ND_PUSH(c->a, &c->t->typedefs) = (struct nd_typedef){.name = d->name, .type = t};
}
