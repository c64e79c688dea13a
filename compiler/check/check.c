// SPDX-License-Identifier: GPL-2.0-or-later
// Bodies: all of them until the types of maps are settled, then once more with messages.
#include "compiler/check/check_impl.h"

#include <string.h>

static void check_when(struct nd_check *c, struct nd_decl *d)
{
    if (!d->when)
        return;
    c->world = ND_USER;
    nd_check_expr(c, d->when);
    if (!nd_type_is_int(d->when->type))
        nd_error(c->d, ND_E0304, d->when->span, "'when' expects a condition");
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
    if (pr->place)
        pr->place->enter(c, pr);
    nd_check_cond(c, d->pred);
    if (pr->place && pr->place->within)
        pr->place->within(c, pr);
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
    uint32_t i, k;

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
        struct nd_event **late = c->p->paths.v[i]->late;

        for (k = 0; k < ND_PATH_EVENTS; k++) {
            if (late[k])
                check_user(c, late[k]->on, late[k]);
        }
    }
    check_uncalled(c);
}

// A map that is only computed from itself (@x = @x + 1) holds integers. So does a map that is
// written only by probes that are left out, because it will be empty. A map that only a probe
// writes which this kernel cannot serve gives no further message.
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

void nd_check_infer(struct nd_check *c)
{
    struct nd_trial trial;
    uint32_t i;

    nd_trial_begin(c->d, &trial);
    // Types only grow: of each map at most twice, and a variable when the one that it is set to
    // does.
    for (i = 0; i < 16 + 2 * c->p->maps.n; i++) {
        pass(c);
        if (!c->changed && !settle(c))
            break;
    }
    nd_trial_end(c->d, &trial);
}

#define KEY_MAX 512u

static void check_maps(struct nd_check *c)
{
    uint32_t i;

    for (i = 0; i < c->p->maps.n; i++) {
        struct nd_map *m = c->p->maps.v[i];

        if (m->key && m->key->size > KEY_MAX)
            nd_error(c->d, ND_E0701, m->key_span, "the key of %s has %u bytes; the limit is %u",
                     m->name, m->key->size, KEY_MAX);
        if (m->key && m->key->kind == ND_T_TUPLE && !m->key->nelems)
            nd_error(c->d, ND_E0315, m->key_span, "an empty tuple cannot be a key");
        if (!c->d->errors && m->worlds && (!m->val || (m->keyed && !m->key)))
            nd_help(c->d, nd_error(c->d, ND_E0308, m->span, "cannot infer the type of %s", m->name),
                    "it is only assigned from maps whose types are unknown as well");
        if (m->val && m->val->kind == ND_T_DOUBLE && (m->worlds & ND_KERNEL))
            nd_help(c->d,
                    nd_error(c->d, ND_E0401, m->val_span,
                             "%s holds a double here, and a probe uses it", m->name),
                    "the kernel has no floating point numbers: keep the result in a separate map");
        // Two generations only where probes do not need to see what user space has: not what they
        // read, or set and add to; nor a variable that they set, which is there in both.
        if (m->gen &&
            (!(m->worlds & ND_KERNEL) || m->probed || (m->assigned && (m->added || !m->key))))
            m->gen = false;
        if (m->has_decl && !m->val && !m->worlds && !c->incomplete)
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
            nd_error(c->d, ND_E0701, ev->span, "this sends %u bytes at a time; the limit is %u",
                     ev->type->size, most);
    }
}

static void check_any(struct nd_check *c)
{
    struct nd_program *p = c->p;

    if (p->probes.n || p->hooks.n || p->diags->errors || !p->decls.n)
        return;
    nd_help(p->diags,
            nd_error(p->diags, ND_E0110, p->decls.v[0]->span, "the script has no probe%s",
                     p->left_out.n ? " on this kernel" : ""),
            p->left_out.n ? "its conditions ('when', 'stage?') rule out all of its probes"
                          : "a minimal probe: tracepoint:net:net_dev_queue { @[comm] = count(); }");
}

// When a stage that is left out matters: the run asks.
static void check_absent(struct nd_check *c)
{
    uint32_t i;

    c->world = ND_USER;
    for (i = 0; i < c->p->absent.n; i++) {
        if (c->p->absent.v[i].when)
            nd_check_expr(c, c->p->absent.v[i].when);
    }
}

void nd_check_bodies(struct nd_check *c)
{
    c->last_pass = true;
    c->incomplete = c->d->errors > 0;
    pass(c);
    nd_probes_note_entries(c->p);
    check_maps(c);
    check_events(c);
    check_absent(c);
    check_any(c);
}

struct nd_check *nd_check_new(struct nd_program *p)
{
    struct nd_check *c = ND_NEW(p->arena, struct nd_check);

    c->p = p;
    c->a = p->arena;
    c->d = p->diags;
    c->t = &p->types;
    c->scope = ND_NEW(p->arena, struct nd_scope);
    c->world = ND_USER;
    return c;
}
