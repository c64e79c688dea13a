// SPDX-License-Identifier: GPL-2.0-or-later
// The checker's driver: declarations, then every body until the types of maps are settled, then
// once more aloud.
#include "compiler/check/builtins.h"

#include "compiler/check/option.h"
#include "compiler/net/paths.h"

#include <string.h>

static struct nd_sym *global(struct nd_check *c, enum nd_sym_kind kind, const char *name,
                             struct nd_span span)
{
    struct nd_sym *s;
    uint32_t i;

    for (i = 0; i < c->p->globals.n; i++) {
        s = c->p->globals.v[i];
        if (!strcmp(s->name, name) && s->kind == kind) {
            nd_note(c->d, nd_error(c->d, ND_E0210, span, "'%s' is declared twice", name), s->span,
                    "first here");
            return s;
        }
    }
    s = ND_NEW(c->a, struct nd_sym);
    s->kind = kind;
    s->name = name;
    s->span = span;
    *ND_PUSH(c->a, &c->p->globals) = s;
    return s;
}

static void declare_const(struct nd_check *c, struct nd_decl *d)
{
    struct nd_sym *s;
    struct nd_type *t;

    c->world = ND_USER; // doubles are allowed, probes' names are not
    t = nd_check_expr(c, d->expr);
    s = global(c, ND_SYM_CONST, d->name, d->name_span);
    s->type = t;
    s->num = d->expr->num;
    s->asks = d->expr->asks;
    s->real = d->expr->real;
    if (d->expr->kind == ND_E_STRING) {
        s->str = d->expr->str;
        s->len = d->expr->len;
    }
    if (t->kind != ND_TY_ERROR && !d->expr->is_const && d->expr->kind != ND_E_DOUBLE)
        nd_error(c->d, ND_E0313, d->expr->span,
                 "the value of a constant must be known at compile time");
    if (nd_builtin_find(d->name, false))
        nd_error(c->d, ND_E0211, d->name_span, "'%s' is a built-in name", d->name);
    *ND_PUSH(c->a, &c->scope->syms) = s;
}

static void declare_fn(struct nd_check *c, struct nd_decl *d)
{
    struct nd_fn *fn = ND_NEW(c->a, struct nd_fn);

    if (nd_builtin_find(d->name, true)) {
        nd_error(c->d, ND_E0211, d->name_span, "%s() is a built-in function", d->name);
        return;
    }
    fn->decl = d;
    global(c, ND_SYM_FN, d->name, d->name_span)->fn = fn;
    *ND_PUSH(c->a, &c->p->fns) = fn;
}

// alignas(64): layouts of the kernel begin cache lines, and BTF does not tell.
static uint32_t field_align(struct nd_check *c, const struct nd_decl_field *f)
{
    if (!strcmp(f->aligned, "alignas") && f->align && f->align <= 4096 &&
        !(f->align & (f->align - 1)))
        return f->align;
    nd_error(c->d, ND_E0317, f->align_span,
             "before a field only alignas(n) is possible, n a power of two");
    return 0;
}

static struct nd_field *decl_fields(struct nd_check *c, struct nd_decl *d)
{
    struct nd_field *f = ND_NEW_ARRAY(c->a, struct nd_field, d->fields.n ? d->fields.n : 1);
    uint32_t i, k;

    for (i = 0; i < d->fields.n; i++) {
        f[i].name = d->fields.v[i].name;
        f[i].type = nd_type_resolve(c->t, d->fields.v[i].texpr);
        if (d->fields.v[i].aligned)
            f[i].align = field_align(c, &d->fields.v[i]);
        for (k = 0; k < i; k++) {
            if (!strcmp(f[k].name, f[i].name))
                nd_error(c->d, ND_E0210, d->fields.v[i].span, "field '%s' is declared twice",
                         f[i].name);
        }
    }
    return f;
}

// Bit-fields as C lays them out (System V ABI): each in a unit of its type, sharing what is free.
static void place_bits(struct nd_check *c, struct nd_decl *d, struct nd_field *f, uint32_t n)
{
    uint32_t i, at = 0; // in bits

    for (i = 0; i < n; i++) {
        uint32_t bits = d->fields.v[i].bits, unit = f[i].type->size * 8,
                 al = nd_type_align(f[i].type) * 8;

        if (f[i].align * 8 > al)
            al = f[i].align * 8;
        if (bits && (!nd_type_is_int(f[i].type) || bits > unit)) {
            nd_error(c->d, ND_E0317, d->fields.v[i].span,
                     "a bit-field is an integer of at most its width");
            bits = 0;
        }
        if (!bits) {
            at = (at + al - 1) / al * al;
            f[i].off = at / 8;
            at += unit;
            continue;
        }
        if (at / unit != (at + bits - 1) / unit)
            at = (at + unit - 1) / unit * unit;
        f[i].off = at / unit * unit / 8;
        f[i].bit_off = (uint16_t)(at % unit);
        f[i].bits = (uint16_t)bits;
        at += bits;
    }
}

static void declare_struct(struct nd_check *c, struct nd_decl *d)
{
    struct nd_type *t = nd_type_new(c->t, ND_TY_STRUCT, 0);
    uint32_t i, end = 0;
    bool any = false;

    t->name = d->name;
    *ND_PUSH(c->a, &c->t->structs) = t; // a field may point to it
    *ND_PUSH(c->a, &c->t->modules) = d->module;
    *t = *nd_type_struct(c->t, d->name, decl_fields(c, d), d->fields.n, true);
    global(c, ND_SYM_CONST, nd_arena_printf(c->a, "struct %s", d->name), d->name_span)->type = t;
    for (i = 0; i < t->nelems; i++)
        any |= d->fields.v[i].bits != 0;
    if (any) {
        place_bits(c, d, t->fields, t->nelems);
        for (i = 0; i < t->nelems; i++) {
            const struct nd_field *f = &t->fields[i];
            uint32_t last = f->off + (f->bits ? (f->bit_off + f->bits + 7u) / 8u : f->type->size);

            end = last > end ? last : end;
        }
        t->size = (end + t->align - 1) / t->align * t->align;
    }
}

static void declare_event(struct nd_check *c, struct nd_decl *d)
{
    struct nd_event *ev = ND_NEW(c->a, struct nd_event);

    ev->name = d->name;
    ev->span = d->name_span;
    ev->index = c->p->events.n;
    ev->type = nd_type_struct(c->t, d->name, decl_fields(c, d), d->fields.n, false);
    global(c, ND_SYM_EVENT, d->name, d->name_span)->event = ev;
    *ND_PUSH(c->a, &c->p->events) = ev;
}

static const struct {
    const char *name;
    enum nd_mf_map_kind kind;
} map_kinds[] = {
    {"hash", ND_MAP_HASH},
    {"lruhash", ND_MAP_LRUHASH},
    {"percpuhash", ND_MAP_PERCPUHASH},
    {"percpulruhash", ND_MAP_PERCPULRUHASH},
};

#define MAP_ENTRIES 100000000 // at most

static struct nd_option *option_of(const struct nd_expr *e)
{
    return e->kind == ND_E_FIELD && e->sym && e->sym->kind == ND_SYM_OPTION ? e->sym->option : NULL;
}

// opt.flag ? n : 1: few entries, unless the flag is given. Gives what n is.
static struct nd_expr *size_if(struct nd_check *c, struct nd_map *m, struct nd_expr *e)
{
    struct nd_option *o = e->kind == ND_E_COND ? option_of(e->a) : NULL;
    int64_t n;

    if (!o || o->kind != ND_OPT_BOOL || !nd_check_const_int(c, e->c, &n) || n < 1 ||
        n > MAP_ENTRIES)
        return e;
    m->size_if = o;
    m->size_else = (uint32_t)n;
    return e->b;
}

void nd_check_map_size(struct nd_check *c, struct nd_map *m, struct nd_expr *e, int64_t most,
                       const char *what)
{
    struct nd_option *o;
    int64_t n = 0;

    nd_check_expr(c, e);
    e = size_if(c, m, e);
    o = option_of(e);
    if (o && (o->kind != ND_OPT_INT || o->decl->texpr->is_list || !o->decl->expr)) {
        nd_help(c->d,
                nd_error(c->d, ND_E0317, e->span, "'%s' is no number that is always there",
                         o->decl->name),
                "option %s: int = 10240 \"what for\"", o->decl->name);
        return;
    }
    if (!nd_check_const_int(c, o ? o->decl->expr : e, &n) || n < 1 || n > most)
        nd_error(c->d, ND_E0317, e->span, "a %s has room for 1 to %lld %s",
                 what[0] == 'p' ? "path" : "map", (long long)most, what);
    m->max_entries = (uint32_t)n;
    m->size_opt = o;
    if (o) {
        o->min = o->min < 1 ? 1 : o->min;
        o->max = o->max > most ? most : o->max;
    }
}

static void declare_map(struct nd_check *c, struct nd_decl *d)
{
    struct nd_map *m = nd_check_map(c, d->name, d->name_span);
    struct nd_expr *e = d->expr;
    size_t i;

    m->worlds = 0;
    if (m->has_decl) {
        nd_error(c->d, ND_E0210, d->name_span, "%s is declared twice", d->name);
        return;
    }
    m->has_decl = true;
    for (i = 0; e->kind == ND_E_CALL && i < sizeof(map_kinds) / sizeof(map_kinds[0]); i++) {
        if (strcmp(map_kinds[i].name, e->name))
            continue;
        m->decl_kind = map_kinds[i].kind;
        if (e->args.n == 1)
            nd_check_map_size(c, m, e->args.v[0], MAP_ENTRIES, "entries");
        if (e->args.n <= 1)
            return;
    }
    nd_help(c->d, nd_error(c->d, ND_E0503, e->span, "this declares no map"),
            "let %s = hash(1000), lruhash, percpuhash or percpulruhash", d->name);
}

static void declare(struct nd_check *c, struct nd_decl *d)
{
    switch (d->kind) {
    case ND_D_CONST:
        declare_const(c, d);
        break;
    case ND_D_FN:
        declare_fn(c, d);
        break;
    case ND_D_STRUCT:
        declare_struct(c, d);
        break;
    case ND_D_EVENT:
        declare_event(c, d);
        break;
    case ND_D_MAP:
        declare_map(c, d);
        break;
    case ND_D_STAGE:
        nd_stage_declare(c, d);
        break;
    default:
        break;
    }
}

static void declare_handler(struct nd_check *c, struct nd_decl *d)
{
    struct nd_near near = {.name = d->name};
    struct nd_diag *diag;
    uint32_t i;

    for (i = 0; i < c->p->events.n; i++) {
        struct nd_event *ev = c->p->events.v[i];

        nd_near_try(&near, ev->name);
        if (strcmp(ev->name, d->name))
            continue;
        if (ev->on)
            nd_help(
                c->d,
                nd_error(c->d, ND_E0210, d->name_span, "event %s has a handler already", d->name),
                "text { } inside of it runs where a person reads");
        ev->on = d;
        return;
    }
    diag = nd_error(c->d, ND_E0208, d->name_span, "there is no event '%s'", d->name);
    if (near.n)
        nd_help(c->d, diag, "did you mean '%s'?", near.best[0]);
    else
        nd_help(c->d, diag, "declare it: event %s { at: time, ... }", d->name);
}

uint64_t nd_check_duration(struct nd_check *c, struct nd_expr *e, struct nd_option **opt,
                           const char *who, const char *example)
{
    int64_t ns = 0;

    c->world = ND_USER;
    nd_check_expr(c, e);
    if (e->type->kind == ND_TY_ERROR)
        return 0;
    if (e->kind == ND_E_FIELD && e->sym && e->sym->kind == ND_SYM_OPTION &&
        e->sym->option->kind == ND_OPT_DURATION) {
        *opt = e->sym->option;
        return 0;
    }
    if (!nd_check_const_int(c, e, &ns) || e->type->kind != ND_TY_DURATION)
        nd_help(c->d, nd_error(c->d, ND_E0313, e->span, "%s wants a duration", who),
                "%s, or an option of type duration", example);
    else if (ns < 1000000)
        nd_error(c->d, ND_E0317, e->span, "a time here is at least 1ms");
    return (uint64_t)ns;
}

static void declare_hook(struct nd_check *c, struct nd_decl *d)
{
    struct nd_hook *h = ND_NEW(c->a, struct nd_hook);
    struct nd_expr *e = d->expr;

    h->decl = d;
    h->kind = d->kind == ND_D_BEGIN ? ND_HOOK_BEGIN
              : d->kind == ND_D_END ? ND_HOOK_END
                                    : ND_HOOK_EVERY;
    *ND_PUSH(c->a, &c->p->hooks) = h;
    if (h->kind != ND_HOOK_EVERY)
        return;
    h->period = nd_check_duration(c, e, &h->period_opt, "'every'", "every 5s { }");
}

// ---- bodies -------------------------------------------------------------------------------------

static void check_when(struct nd_check *c, struct nd_decl *d)
{
    if (!d->when)
        return;
    c->world = ND_USER;
    nd_check_expr(c, d->when);
    if (!nd_type_is_int(d->when->type))
        nd_error(c->d, ND_E0304, d->when->span, "'when' wants a condition");
    c->world = ND_KERNEL;
}

static void check_probe(struct nd_check *c, struct nd_probe *pr)
{
    struct nd_decl *d = pr->decl;

    struct nd_scope exports = {.up = c->scope};

    c->probe = pr;
    check_when(c, d);
    c->world = ND_KERNEL;
    c->nvars = 0;
    c->scope = &exports;
    if (pr->stage)
        nd_stage_check(c, pr);
    nd_check_cond(c, d->pred);
    if (pr->path)
        nd_path_check(c, pr);
    nd_check_block(c, d->body);
    pr->nvars = c->nvars;
    c->scope = exports.up;
    c->probe = NULL;
}

// A name in an on block; index nelems is the record itself.
static void payload_name(struct nd_check *c, struct nd_event *on, uint32_t index)
{
    bool whole = index == on->type->nelems;
    struct nd_sym *s = ND_NEW(c->a, struct nd_sym);

    s->kind = ND_SYM_FIELD;
    s->name = whole ? on->name : on->type->fields[index].name;
    s->span = on->span;
    s->type = whole ? on->type : on->type->fields[index].type;
    s->index = index;
    *ND_PUSH(c->a, &c->scope->syms) = s;
}

static void check_user(struct nd_check *c, struct nd_decl *d, struct nd_event *on)
{
    struct nd_scope fields = {.up = c->scope};
    uint32_t i;

    c->world = ND_USER;
    c->hook = d;
    c->on = on;
    c->nvars = on != NULL; // local 0: the payload
    if (on) {
        c->scope = &fields;
        for (i = on->type->nelems + (d->kind == ND_D_ON); i-- > 0;) // fields win
            payload_name(c, on, i);
    }
    nd_check_block(c, d->body);
    c->scope = fields.up;
    c->hook = NULL;
    c->on = NULL;
}

static void check_uncalled(struct nd_check *c)
{
    uint32_t i;

    for (i = 0; i < c->p->fns.n && c->last_pass; i++) {
        struct nd_fn *fn = c->p->fns.v[i];

        if (!fn->body[ND_KERNEL] && !fn->body[ND_USER])
            nd_check_fn_alone(c, fn);
    }
}

// What they say about maps counts; what they get wrong on this kernel does not.
static void check_left_out(struct nd_check *c)
{
    bool last = c->last_pass;
    struct nd_trial trial;
    uint32_t i;

    nd_trial_begin(c->d, &trial);
    c->last_pass = false; // no events of theirs
    for (i = 0; i < c->p->left_out.n; i++)
        check_probe(c, c->p->left_out.v[i]);
    c->last_pass = last;
    nd_trial_end(c->d, &trial);
}

static void pass(struct nd_check *c)
{
    uint32_t i;

    c->changed = false;
    c->fn_checks = 0;
    for (i = 0; i < c->p->probes.n; i++)
        check_probe(c, c->p->probes.v[i]);
    check_left_out(c);
    for (i = 0; i < c->p->hooks.n; i++)
        check_user(c, c->p->hooks.v[i]->decl, NULL);
    for (i = 0; i < c->p->events.n; i++) {
        if (c->p->events.v[i]->on)
            check_user(c, c->p->events.v[i]->on, c->p->events.v[i]);
    }
    for (i = 0; i < c->p->paths.n; i++) {
        if (c->p->paths.v[i]->lost)
            check_user(c, c->p->paths.v[i]->lost->on, c->p->paths.v[i]->lost);
    }
    check_uncalled(c);
}

// A map that is only computed from itself (@x = @x + 1) holds integers, and so does, for it will be
// empty, one that only probes write which are left out; of one that a probe would have written
// which this kernel cannot serve, nothing more is said.
static bool settle(struct nd_check *c)
{
    struct nd_type *empty = nd_ty(c->d->errors ? &nd_type_error : &nd_type_i64);
    uint32_t i;

    for (i = 0; i < c->p->maps.n; i++) {
        struct nd_map *m = c->p->maps.v[i];

        if (m->keyed && !m->key && c->p->left_out.n) {
            m->key = empty;
            m->key_span = m->span;
            return true;
        }
        if (m->written && !m->val && (m->computed || c->p->left_out.n)) {
            m->val = m->computed ? nd_ty(&nd_type_i64) : empty;
            m->val_span = m->span;
            return true;
        }
    }
    return false;
}

static void infer(struct nd_check *c)
{
    struct nd_trial trial;
    uint32_t i;

    nd_trial_begin(c->d, &trial);
    for (i = 0; i < 4 + 2 * c->p->maps.n; i++) { // types only grow: at most that many times
        pass(c);
        if (!c->changed && !settle(c))
            break;
    }
    nd_trial_end(c->d, &trial);
    c->last_pass = true;
    pass(c);
}

#define KEY_MAX 512u

static void check_maps(struct nd_check *c)
{
    uint32_t i;

    for (i = 0; i < c->p->maps.n; i++) {
        struct nd_map *m = c->p->maps.v[i];

        if (m->key && m->key->size > KEY_MAX)
            nd_error(c->d, ND_E0701, m->key_span, "the key of %s has %u bytes, the most is %u",
                     m->name, m->key->size, KEY_MAX);
        if (m->key && m->key->kind == ND_TY_TUPLE && !m->key->nelems)
            nd_error(c->d, ND_E0315, m->key_span, "an empty tuple cannot be a key");
        if (!c->d->errors && m->worlds && (!m->val || (m->keyed && !m->key)))
            nd_help(c->d,
                    nd_error(c->d, ND_E0308, m->span, "nothing tells the type of %s", m->name),
                    "it is only assigned from maps whose type is not known either");
        if (m->val && m->val->kind == ND_TY_DOUBLE && (m->worlds & ND_KERNEL))
            nd_help(
                c->d,
                nd_error(c->d, ND_E0401, m->val_span, "%s holds a double here, and a probe uses it",
                         m->name),
                "the kernel has no floating point numbers: keep the result in a map of its own");
        if (m->gen && !(m->worlds & ND_KERNEL))
            m->gen = false;
        if (m->has_decl && !m->val && !m->worlds)
            nd_error(c->d, ND_W0901, m->span, "%s is never used", m->name);
    }
}

static void check_events(struct nd_check *c)
{
    const uint32_t most = ND_RING_BYTES / 8; // several must fit at a time
    uint32_t i;

    for (i = 0; i < c->p->events.n; i++) {
        const struct nd_event *ev = c->p->events.v[i];

        if (ev->type && ev->type->size > most)
            nd_error(c->d, ND_E0701, ev->span, "this sends %u bytes at a time, the most is %u",
                     ev->type->size, most);
    }
}

static void start(struct nd_check *c, struct nd_program *p, struct nd_scope *scope)
{
    memset(c, 0, sizeof(*c));
    memset(scope, 0, sizeof(*scope));
    c->p = p;
    c->a = p->arena;
    c->d = p->diags;
    c->t = &p->types;
    c->scope = scope;
    c->world = ND_USER;
}

void nd_check_options(struct nd_program *p)
{
    struct nd_scope scope;
    struct nd_check c;
    uint32_t i;

    start(&c, p, &scope);
    for (i = 0; i < p->decls.n; i++) {
        if (p->decls.v[i]->kind == ND_D_OPTION)
            nd_option_declare(&c, p->decls.v[i]);
    }
    nd_option_join_files(&c);
}

// Is `when` known to be false on the target kernel?
static bool ruled_out(struct nd_check *c, struct nd_decl *d)
{
    struct nd_trial trial;

    if (!d->when)
        return false;
    nd_trial_begin(c->d, &trial);
    c->world = ND_USER;
    nd_check_expr(c, d->when);
    return nd_trial_end(c->d, &trial) && d->when->is_const && d->when->asks && !d->when->num;
}

// The programs of a probe, without those that its `when` rules out on the target kernel: before
// the places are looked up, which may not exist there, and again for each of them.
static void expand_probe(struct nd_check *c, struct nd_decl *d)
{
    uint32_t from = c->p->probes.n, n = from, i;

    if (ruled_out(c, d)) {
        nd_probes_leave_out(c->p, d, NULL);
        return;
    }
    nd_probes_expand(c, d);
    for (i = from; i < c->p->probes.n; i++) {
        struct nd_probe *pr = c->p->probes.v[i];
        bool out;

        c->probe = pr;
        out = ruled_out(c, pr->decl);
        c->probe = NULL;
        if (out) {
            *ND_PUSH(c->a, &c->p->left_out) = pr;
            continue;
        }
        pr->index = n;
        pr->name = nd_arena_printf(c->a, "nd_p%u", n);
        c->p->probes.v[n++] = pr;
    }
    c->p->probes.n = n;
}

void nd_check_start(struct nd_check *c, struct nd_program *p, struct nd_scope *scope)
{
    uint32_t i;

    nd_check_options(p);
    start(c, p, scope);
    for (i = 0; i < p->decls.n; i++)
        declare(c, p->decls.v[i]);
}

static bool declares_more(const struct nd_program *p)
{
    return p->probes.n || p->hooks.n;
}

void nd_check(struct nd_program *p)
{
    struct nd_scope scope;
    struct nd_check c;
    uint32_t i;

    nd_check_start(&c, p, &scope);
    nd_paths_declare(&c);
    nd_probes_scan_func(p);
    nd_paths_expand(&c);
    for (i = 0; i < p->decls.n; i++) {
        struct nd_decl *d = p->decls.v[i];

        if (d->kind == ND_D_ON)
            declare_handler(&c, d);
        else if (d->kind == ND_D_BEGIN || d->kind == ND_D_END || d->kind == ND_D_EVERY)
            declare_hook(&c, d);
        else if (d->kind == ND_D_PROBE && !nd_paths_is_handler(p, d))
            expand_probe(&c, d);
    }
    infer(&c);
    nd_probes_note_entries(p);
    check_maps(&c);
    check_events(&c);
    if (!declares_more(p) && !p->diags->errors && p->decls.n)
        nd_help(p->diags,
                nd_error(p->diags, ND_E0110, p->decls.v[0]->span, "the script has no probe%s",
                         p->left_out.n ? " on this kernel" : ""),
                p->left_out.n
                    ? "its conditions ('when', 'stage?') leave out all of them"
                    : "a smallest probe: tracepoint:net:net_dev_queue { @[comm] = count(); }");
}
