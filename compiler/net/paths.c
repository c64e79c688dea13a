// SPDX-License-Identifier: GPL-2.0-or-later
// Paths are taken apart into probes on their stages; what a packet's record holds is decided by
// what the handlers name. Must not know LLVM. Serves the checker.
#include "compiler/net/net_impl.h"

#include "compiler/lang/builtins.h"

#include <string.h>

#define PACKETS 10240u // under way at a time, unless `limit` says otherwise
#define PACKETS_MAX 10000000
#define TIMEOUT_NS 1000000000ull
#define STAGES_MAX 32u
#define COMM_SIZE 16u

// ---- the record --------------------------------------------------------------------------------

struct uses {
    const char *name;
    bool found;
};

static void look(void *arg, struct nd_expr *e)
{
    struct uses *u = arg;

    if (e->kind == ND_E_FIELD && e->a->kind == ND_E_IDENT && !strcmp(e->a->name, "path") &&
        !strcmp(e->name, u->name))
        u->found = true;
}

static bool named(const struct nd_path *path, const char *member)
{
    struct uses u = {.name = member};
    uint32_t i, k;

    for (i = 0; i < ND_PATH_EVENTS; i++) {
        for (k = 0; k < path->on[i].n; k++)
            nd_ast_walk(path->on[i].v[k], look, &u);
    }
    return u.found;
}

static void add_field(struct nd_check *c, struct nd_field *f, uint32_t *n, const char *name,
                      struct nd_type *type)
{
    (void)c;
    f[*n].name = name;
    f[(*n)++].type = type;
}

// A value of the script's own for each stage, as far as handlers name it.
static void add_kept(struct nd_check *c, struct nd_path *path, const struct nd_decl_field *d,
                     struct nd_field *own, uint32_t *n)
{
    static const char *const taken[] = {"ns",       "start", "last",  "seen", "flow", "dev",
                                        "last_dev", "comm",  "pid",   "cpu",  "len",  "at",
                                        "reason",   "place", "other", "how"};
    struct nd_type *t = nd_type_resolve(c->t, d->texpr);
    bool twice = false;
    uint32_t i;

    for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        twice |= !strcmp(taken[i], d->name);
    for (i = 0; i < path->decl->path->keeps.n && &path->decl->path->keeps.v[i].field != d; i++)
        twice |= !strcmp(path->decl->path->keeps.v[i].field.name, d->name);
    if (twice)
        nd_error(c->d, ND_E0210, d->span, "path.%s already exists", d->name);
    else if (named(path, d->name))
        add_field(c, own, n, d->name, nd_type_array(c->t, t, path->decl->path->stages.n));
}

static void make_record(struct nd_check *c, struct nd_path *path)
{
    const struct {
        const char *name;
        struct nd_type *type;
    } kept[] = {{"flow", nd_type_flow(c->t)},
                {"dev", nd_ty(&nd_type_ifname)},
                {"last_dev", nd_ty(&nd_type_ifname)},
                {"comm", nd_type_string(c->t, COMM_SIZE)},
                {"pid", nd_ty(&nd_type_u32)},
                {"cpu", nd_ty(&nd_type_u32)},
                {"len", nd_ty(&nd_type_u32)},
                {"at", nd_type_array(c->t, nd_ty(&nd_type_time), path->decl->path->stages.n)}};
    struct nd_field *step = ND_NEW_ARRAY(c->a, struct nd_field, 3);
    struct nd_path_keeps *keeps = &path->decl->path->keeps;
    struct nd_field *own = ND_NEW_ARRAY(c->a, struct nd_field, 24 + keeps->n);
    struct nd_field *all = ND_NEW_ARRAY(c->a, struct nd_field, 2);
    uint32_t n = 0, i;

    add_field(c, step, &n, "from", path->stages);
    add_field(c, step, &n, "to", path->stages);
    add_field(c, step, &n, "ns", nd_ty(&nd_type_duration));
    path->step = nd_type_struct(c->t, "step", step, n, false);
    n = 0;
    add_field(c, own, &n, "ns", nd_ty(&nd_type_duration));
    add_field(c, own, &n, "start", nd_ty(&nd_type_time));
    add_field(c, own, &n, "last", nd_ty(&nd_type_time));
    add_field(c, own, &n, "seen", nd_ty(&nd_type_u64)); // a bit for each stage
    for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (named(path, kept[i].name))
            add_field(c, own, &n, kept[i].name, kept[i].type);
    }
    if (path->asks)
        n += nd_net_fate_fields(c, own + n);
    for (i = 0; i < keeps->n; i++)
        add_kept(c, path, &keeps->v[i].field, own, &n);
    path->own = nd_type_struct(c->t, "path", own, n, false);
    n = 0;
    add_field(c, all, &n, "step", path->step);
    add_field(c, all, &n, "path", path->own);
    path->record = nd_type_struct(c->t, path->decl->name, all, n, false);
}

// ---- declarations ------------------------------------------------------------------------------

static struct nd_map *hidden_map(struct nd_check *c, const struct nd_path *path, const char *name)
{
    struct nd_map *m = nd_check_map(c, name, path->decl->name_span);

    m->has_decl = true;
    m->decl_kind = ND_MAP_LRUHASH;
    m->max_entries = PACKETS;
    m->worlds = ND_KERNEL;
    m->keyed = m->written = true;
    m->hidden = true;
    m->val_span = path->decl->name_span;
    return m;
}

static void make_maps(struct nd_check *c, struct nd_path *path)
{
    const struct nd_path_decl *d = path->decl->path;
    const char *name = nd_arena_printf(c->a, "path %s", path->decl->name);
    bool renamed = false;
    uint32_t i;

    path->map = hidden_map(c, path, name);
    path->map->val = path->record;
    if (d->limit)
        nd_check_map_size(c, path->map, d->limit, PACKETS_MAX, "packets");
    for (i = 0; i < d->stages.n; i++)
        renamed |= d->stages.v[i].renamed;
    if (!renamed)
        return;
    path->names = hidden_map(c, path, nd_arena_printf(c->a, "%s, keys by skb", name));
    path->names->max_entries = path->map->max_entries;
    path->names->size_opt = path->map->size_opt;
    path->names->size_if = path->map->size_if;
    path->names->size_else = path->map->size_else;
}

// A packet that has another key at a stage is known by its skb there.
static void check_renamed(struct nd_check *c, const struct nd_path_decl *d)
{
    uint32_t i;

    for (i = 0; i < d->stages.n; i++) {
        const struct nd_path_stage *s = &d->stages.v[i];

        if (s->renamed && !i)
            nd_error(c->d, ND_E0503, s->point.span, "nothing comes before the first stage");
        if (s->renamed && i && s[-1].when && !(s->when && nd_net_implies(s->when, s[-1].when)))
            nd_help(c->d,
                    nd_error(c->d, ND_E0503, s->point.span,
                             "the stage before this one may be left out when this one is not"),
                    "a change of key is seen at the stage before it: give both the same 'when'");
        if (s->renamed && d->sample > 1)
            nd_help(
                c->d,
                nd_error(
                    c->d, ND_E0503, s->point.span,
                    "a packet that changes its flow would be in one sample and not in the other"),
                "follow all packets: without 'sample'");
    }
}

static void declare(struct nd_check *c, struct nd_decl *d)
{
    struct nd_path *path = ND_NEW(c->a, struct nd_path);

    path->decl = d;
    path->index = c->p->paths.n;
    if (nd_net_path_find(c->p, d->name, strlen(d->name)))
        nd_error(c->d, ND_E0210, d->name_span, "path %s is declared twice", d->name);
    *ND_PUSH(c->a, &c->p->paths) = path;
    if (d->path->stages.n < 2)
        nd_error(c->d, ND_E0503, d->name_span, "a path has at least two stages");
    if (d->path->stages.n > STAGES_MAX)
        nd_error(c->d, ND_E0701, d->name_span, "a path has at most %u stages", STAGES_MAX);
    if (d->path->sample == UINT64_MAX)
        nd_error(c->d, ND_E0317, d->path->sample_span,
                 "a sample is one packet in so many: sample 1/64");
    check_renamed(c, d->path);
    path->timeout = TIMEOUT_NS;
    if (d->path->timeout) {
        uint64_t ns =
            nd_check_duration(c, d->path->timeout, &path->timeout_opt, "'timeout'", "timeout 1s");

        if (ns)
            path->timeout = ns;
    }
}

// A handler in user space, for packets that timed out.
static void declare_late(struct nd_check *c, struct nd_path *path, enum nd_path_event event)
{
    struct nd_event *ev;

    if (!path->on[event].n)
        return;
    if (path->on[event].n > 1)
        nd_error(c->d, ND_E0210, path->on[event].v[1]->name_span,
                 "the path already has a handler for %s packets", nd_net_path_events[event]);
    ev = ND_NEW(c->a, struct nd_event);
    ev->name = path->decl->name;
    ev->span = path->decl->name_span;
    ev->type = path->record;
    ev->on = path->on[event].v[0];
    if (ev->on->pred)
        nd_help(
            c->d,
            nd_error(c->d, ND_E0502, ev->on->pred->span,
                     "the handler for %s packets runs in user space and cannot have a predicate",
                     nd_net_path_events[event]),
            "use if");
    path->late[event] = ev;
}

// Does a handler want to know what became of packets that do not arrive?
static bool asks(const struct nd_path *path)
{
    return path->on[ND_PATH_ELSEWHERE].n || path->on[ND_PATH_VANISHED].n || named(path, "reason") ||
           named(path, "place") || named(path, "other") || named(path, "how");
}

void nd_net_paths_declare(struct nd_check *c)
{
    uint32_t i, k;

    for (i = 0; i < c->p->decls.n; i++) {
        if (nd_net_is_path(c->p->decls.v[i]))
            declare(c, c->p->decls.v[i]);
    }
    for (i = 0; i < c->p->decls.n; i++) {
        if (c->p->decls.v[i]->kind == ND_D_PROBE && nd_net_paths_is_handler(c->p, c->p->decls.v[i]))
            nd_net_paths_handler(c, c->p->decls.v[i]);
    }
    for (i = 0; i < c->p->paths.n; i++) {
        struct nd_path *path = c->p->paths.v[i];

        path->stages =
            nd_type_resolve(c->t, &(struct nd_texpr){.tag = ND_TAG_ENUM, .name = path->decl->name});
        path->asks = asks(path);
        make_record(c, path);
        make_maps(c, path);
        for (k = ND_PATH_LOST; k < ND_PATH_EVENTS; k++)
            declare_late(c, path, k);
    }
}

// ---- programs ----------------------------------------------------------------------------------

static void add_handlers(struct nd_check *c, struct nd_path_at *at, enum nd_path_event event)
{
    const struct nd_path *path = at->path;
    uint32_t i;

    for (i = 0; i < path->on[event].n; i++)
        *ND_PUSH(c->a, &at->on) =
            (struct nd_path_on){nd_ast_clone(c->a, path->on[event].v[i]), event};
}

static struct nd_expr *both(struct nd_check *c, struct nd_expr *a, struct nd_expr *b)
{
    return a && b ? nd_expr_binary(c->a, ND_OP_LAND, a, b) : a ? a : b;
}

// `when` for a stage that is an end, or is none: none of those is there, or one of them.
static struct nd_expr *end_when(struct nd_check *c, const struct nd_path *path,
                                const struct nd_path_stages *s, uint32_t stage, bool first,
                                bool is_end)
{
    uint32_t from = first ? 0 : stage + 1, to = first ? stage : s->n, i;
    struct nd_expr *any = NULL;

    if (nd_net_may_end(path, s, stage, from, to) != ND_END_SOMETIMES)
        return NULL;
    for (i = from; i < to; i++) {
        if (path->served[i])
            any = any ? nd_expr_binary(c->a, ND_OP_LOR, any, s->v[i].when) : s->v[i].when;
    }
    return is_end ? nd_expr_unary(c->a, ND_OP_NOT, any->span, any) : any;
}

static void check_path(struct nd_check *c, struct nd_probe *pr);

static const struct nd_probe_place on_path = {nd_stage_check, check_path};

// The program of a stage: the stage's alternative, the condition, then what the path does.
static void place(struct nd_check *c, struct nd_probe *pr, struct nd_path *path,
                  struct nd_path_at role)
{
    struct nd_decl *tree = nd_ast_clone(c->a, path->decl);
    const struct nd_path_stages *all = &tree->path->stages;
    const struct nd_path_stage *s = &all->v[role.stage];
    struct nd_path_at *at = ND_NEW(c->a, struct nd_path_at);

    *at = role;
    pr->decl = nd_decl_new(c->a, ND_D_PROBE, s->point.span);
    pr->decl->name_span = s->point.span;
    pr->decl->when = both(c, tree->when, s->when);
    pr->decl->when = both(c, pr->decl->when, end_when(c, path, all, role.stage, true, role.enter));
    pr->decl->when = both(c, pr->decl->when, end_when(c, path, all, role.stage, false, role.last));
    pr->decl->pred = s->cond;
    pr->decl->body = ND_NEW(c->a, struct nd_block);
    pr->body = pr->decl->body;
    at->path = path;
    at->key = tree->path->key;
    at->keeps = &tree->path->keeps;
    at->filter = role.enter ? NULL : nd_net_path_filter(c, path, role.stage);
    at->renamed = s->renamed;
    at->notes = role.stage + 1 < all->n && s[1].renamed;
    if (!at->enter)
        add_handlers(c, at, ND_PATH_STEP);
    if (at->last)
        add_handlers(c, at, ND_PATH_DONE);
    pr->path = at;
    pr->place = &on_path;
}

static void unknown_stage(struct nd_check *c, const struct nd_point *pt)
{
    struct nd_near near = {.name = pt->text};
    struct nd_diag *d;
    uint32_t i;

    for (i = 0; i < c->p->decls.n; i++) {
        if (c->p->decls.v[i]->kind == ND_D_STAGE)
            nd_near_try(&near, c->p->decls.v[i]->name);
    }
    d = nd_error(c->d, ND_E0205, pt->span, "there is no stage '%s'", pt->text);
    if (near.n)
        nd_fix(c->d, d, near.best[0]);
    else
        nd_help(c->d, d, "use stages: ndtrace list stages shows them");
}

// Programs of a stage in one role; or the messages if nothing serves it.
static void expand(struct nd_check *c, struct nd_path *path, struct nd_decl *d,
                   struct nd_path_at role)
{
    const struct nd_point *pt = &path->decl->path->stages.v[role.stage].point;
    struct nd_decl *stage = nd_stage_find(c->p, pt->text);
    uint32_t i = c->p->probes.n;

    if (stage)
        nd_stage_expand(c, stage, d, pt);
    else
        unknown_stage(c, pt);
    for (; i < c->p->probes.n; i++)
        place(c, c->p->probes.v[i], path, role);
}

// Where `when` decides who is first and who is last, a stage has programs for each case. They
// follow each other as stages do: two on one hook run in this order.
static void expand_stage(struct nd_check *c, struct nd_path *path, struct nd_decl *d, uint32_t k)
{
    const struct nd_path_stages *all = &path->decl->path->stages;
    enum nd_end first = nd_net_may_end(path, all, k, 0, k),
                last = nd_net_may_end(path, all, k, k + 1, all->n);
    uint32_t role;

    if (!path->served[k]) {
        const struct nd_decl *tree = nd_ast_clone(c->a, path->decl);

        d = nd_decl_new(c->a, ND_D_PROBE, path->decl->span);
        d->body = ND_NEW(c->a, struct nd_block);
        d->when = both(c, tree->when, tree->path->stages.v[k].when);
        expand(c, path, d, (struct nd_path_at){.stage = k});
        return;
    }
    for (role = 0; role < 4; role++) {
        struct nd_path_at at = {.stage = k, .enter = role & 1, .last = role >> 1};

        if (first != (at.enter ? ND_END_NEVER : ND_END_ALWAYS) &&
            last != (at.last ? ND_END_NEVER : ND_END_ALWAYS) &&
            !(at.enter && at.last)) // alone it would be no path
            expand(c, path, d, at);
    }
}

static bool is_served(struct nd_check *c, const struct nd_point *pt)
{
    struct nd_decl *stage = nd_stage_find(c->p, pt->text);
    struct nd_tries_failed failed = {0};
    uint32_t needs = c->p->needs.n, frozen = c->p->frozen.n;
    bool served = stage && nd_stage_try(c, stage, &failed) >= 0;

    c->p->needs.n = needs;
    c->p->frozen.n = frozen;
    return served;
}

// What is left of the path when this kernel cannot serve some of its stages.
static void check_served(struct nd_check *c, const struct nd_path *path)
{
    const struct nd_path_stages *all = &path->decl->path->stages;
    uint32_t i, n = 0;

    for (i = 0; i < all->n; i++) {
        n += path->served[i];
        if (i && all->v[i].renamed && path->served[i] && !path->served[i - 1])
            nd_help(c->d,
                    nd_error(c->d, ND_W0902, all->v[i].point.span,
                             "packets whose key has changed are lost at '%s'",
                             all->v[i].point.text),
                    "the change is seen at '%s', which this kernel cannot serve",
                    all->v[i - 1].point.text);
    }
    if (n < 2 && !c->d->errors)
        nd_error(c->d, ND_E0213, path->decl->name_span,
                 "this kernel serves fewer than two stages of path %s", path->decl->name);
}

static void expand_path(struct nd_check *c, struct nd_path *path)
{
    const struct nd_path_stages *all = &path->decl->path->stages;
    struct nd_decl *d = nd_decl_new(c->a, ND_D_PROBE, path->decl->span);
    uint32_t k;

    d->body = ND_NEW(c->a, struct nd_block);
    path->served = ND_NEW_ARRAY(c->a, bool, all->n + 1);
    for (k = 0; k < all->n; k++)
        path->served[k] = is_served(c, &all->v[k].point);
    for (k = 0; k < all->n; k++)
        expand_stage(c, path, d, k);
    check_served(c, path);
    if (path->asks)
        nd_net_fate_expand(c, path);
}

void nd_net_paths_expand(struct nd_check *c)
{
    uint32_t i;

    for (i = 0; i < c->p->paths.n; i++)
        expand_path(c, c->p->paths.v[i]);
}

// ---- bodies ------------------------------------------------------------------------------------

static void check_kept(struct nd_check *c, const struct nd_path *path, struct nd_path_keep *k)
{
    const struct nd_field *f = nd_path_member(path, true, k->field.name);
    struct nd_type *want, *t;

    if (!f) // no handler names it: nothing is kept
        return;
    want = f->type->elem;
    t = nd_check_expr(c, k->value);
    if (t->kind != ND_T_ERROR && want->kind != ND_T_ERROR &&
        (!nd_type_unify(c->t, want, t) || nd_type_is_int(want) != nd_type_is_int(t)))
        nd_error(c->d, ND_E0303, k->value->span, "'%s' is %s, not %s", k->field.name,
                 nd_type_text(c->t, want), nd_type_text(c->t, t));
}

// It was written for another stage: where it makes no sense, it filters nothing.
static void check_filter(struct nd_check *c, struct nd_path_at *at)
{
    struct nd_trial trial;

    if (!at->filter)
        return;
    nd_trial_begin(c->d, &trial);
    nd_check_cond(c, at->filter);
    if (!nd_trial_end(c->d, &trial))
        at->filter = NULL;
}

// Key and handlers of a stage's program.
static void check_path(struct nd_check *c, struct nd_probe *pr)
{
    struct nd_path_at *at = pr->path;
    struct nd_scope scope = {.up = c->scope};
    struct nd_expr map = {.kind = ND_E_MAP,
                          .name = at->path->map->name,
                          .a = at->key,
                          .span = at->key->span,
                          .sets_key = true};
    uint32_t i;

    nd_check_map_key(c, &map);
    if (at->path->names) {
        at->path->names->key = nd_ty(&nd_type_u64);
        at->path->names->val = at->path->map->key;
    }
    if ((at->renamed || at->notes) && !pr->skb)
        nd_help(
            c->d,
            nd_error(c->d, ND_E0503, pr->decl->name_span,
                     "the stage does not export the packet's skb"),
            "a packet that changes its key is followed by its skb: stage s(skb: struct sk_buff *)");
    for (i = 0; i < at->keeps->n; i++)
        check_kept(c, at->path, &at->keeps->v[i]);
    check_filter(c, at);
    if (at->path->asks)
        nd_net_fate_check(c, pr);
    c->scope = &scope;
    at->step = nd_check_declare_var(c, "step", pr->decl->name_span, at->path->step);
    at->own = nd_check_declare_var(c, "path", pr->decl->name_span, at->path->own);
    for (i = 0; i < at->on.n; i++) {
        struct nd_decl *d = at->on.v[i].decl;

        nd_check_cond(c, d->pred);
        nd_check_block(c, d->body);
    }
    c->scope = scope.up;
}
