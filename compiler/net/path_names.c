// SPDX-License-Identifier: GPL-2.0-or-later
// What paths and their stages are called, and who handles which: heads and parts that paths share,
// the enums of their names, handlers of one path or of several. Must not know what a path does.
// Serves paths.
#include "compiler/net/net_impl.h"

#include <ctype.h>
#include <string.h>

const char *const nd_net_path_events[ND_PATH_EVENTS] = {"step", "done", "lost", "elsewhere",
                                                        "vanished"};

bool nd_net_is_path(const struct nd_decl *d)
{
    return d->kind == ND_D_PATH && d->path->key && d->path->stages.n;
}

struct nd_path *nd_net_path_find(const struct nd_program *p, const char *name, size_t len)
{
    uint32_t i;

    for (i = 0; i < p->paths.n; i++) {
        if (!strncmp(p->paths.v[i]->decl->name, name, len) && !p->paths.v[i]->decl->name[len])
            return p->paths.v[i];
    }
    return NULL;
}

// ---- what paths share --------------------------------------------------------------------------

static struct nd_decl *find_decl(struct nd_check *c, const char *name)
{
    uint32_t i;

    for (i = 0; i < c->p->decls.n; i++) {
        if (c->p->decls.v[i]->kind == ND_D_PATH && !strcmp(c->p->decls.v[i]->name, name))
            return c->p->decls.v[i];
    }
    return NULL;
}

// What a path does not say itself it has from the one that it is like.
static void inherit(struct nd_check *c, struct nd_decl *d)
{
    struct nd_path_decl *p = d->path, *from;
    const char *like = p->like;
    struct nd_decl *base = find_decl(c, like);

    p->like = NULL;
    if (base && base->path->like)
        inherit(c, base);
    if (!base || !base->path->key) {
        nd_help(c->d,
                nd_error(c->d, ND_E0206, p->like_span, "there is no path '%s' to be like", like),
                "declare what paths share: path %s by packet_id timeout 1s", like);
        p->key = nd_expr_new(c->a, ND_E_ERROR, d->name_span);
        return;
    }
    from = nd_ast_clone(c->a, base)->path;
    p->key = from->key;
    p->timeout = p->timeout ? p->timeout : from->timeout;
    p->limit = p->limit ? p->limit : from->limit;
    if (!p->sample) {
        p->sample = from->sample;
        p->sample_span = from->sample_span;
    }
    if (!p->keeps.n)
        p->keeps = from->keeps;
}

// The label of a part's stage, in which {path} and {PATH} stand for the path that it is in.
static const char *label_in(struct nd_check *c, const char *label, const char *path)
{
    const char *at = strstr(label, "{path}") ? strstr(label, "{path}") : strstr(label, "{PATH}");
    char *name = nd_arena_strdup(c->a, path), *s;

    if (!at)
        return label;
    for (s = name; at[1] == 'P' && *s; s++)
        *s = (char)toupper((unsigned char)*s);
    return nd_arena_printf(c->a, "%.*s%s%s", (int)(at - label), label, name, at + strlen("{path}"));
}

static void add_part(struct nd_check *c, struct nd_decl *d, const struct nd_path_stage *at,
                     const struct nd_decl *part, struct nd_path_stages *out)
{
    const struct nd_path_stages *all = &nd_ast_clone(c->a, part)->path->stages;
    uint32_t i;

    if (at->point.optional || at->label || at->when || at->cond || at->renamed)
        nd_help(c->d,
                nd_error(c->d, ND_E0503, at->point.span,
                         "'%s' is a part, which stands for its stages as they are", part->name),
                "write the condition at each of its stages");
    for (i = 0; i < all->n; i++) {
        struct nd_path_stage *s = ND_PUSH(c->a, out);

        *s = all->v[i];
        if (find_decl(c, s->point.text))
            nd_error(c->d, ND_E0503, s->point.span, "a part consists of stages, not of parts");
        if (s->label)
            s->label = label_in(c, s->label, d->name);
    }
}

static void open_parts(struct nd_check *c, struct nd_decl *d)
{
    struct nd_path_stages out = {0};
    const struct nd_decl *part;
    uint32_t i;

    for (i = 0; i < d->path->stages.n; i++) {
        const struct nd_path_stage *s = &d->path->stages.v[i];

        part = find_decl(c, s->point.text);
        if (part && !part->path->key)
            add_part(c, d, s, part, &out);
        else
            *ND_PUSH(c->a, &out) = *s;
    }
    d->path->stages = out;
}

// ---- enums -------------------------------------------------------------------------------------

static struct nd_type *new_enum(struct nd_check *c, const char *name, uint32_t n)
{
    struct nd_type *t = nd_type_new(c->t, ND_T_ENUM, 8);

    t->is_signed = true;
    t->name = name;
    t->fields = ND_NEW_ARRAY(c->a, struct nd_field, n ? n : 1);
    *ND_PUSH(c->a, &c->t->enums) = t;
    return t;
}

static void add_name(struct nd_type *t, const char *name, uint32_t value)
{
    t->fields[t->nelems].name = name;
    t->fields[t->nelems++].value = value;
}

// For each path the enum of its stages; for all of them `paths`, and `stages` with those of all.
static void make_enums(struct nd_check *c)
{
    struct nd_type *paths, *all, *own;
    uint32_t npaths = 0, nstages = 0, i, k;

    for (i = 0; i < c->p->decls.n; i++) {
        if (nd_net_is_path(c->p->decls.v[i])) {
            npaths++;
            nstages += c->p->decls.v[i]->path->stages.n;
        }
    }
    if (!npaths)
        return;
    paths = new_enum(c, ND_PATH_ENUM, npaths);
    all = new_enum(c, ND_STAGE_ENUM, nstages);
    for (i = 0; i < c->p->decls.n; i++) {
        const struct nd_decl *d = c->p->decls.v[i];

        if (!nd_net_is_path(d))
            continue;
        own = new_enum(c, d->name, d->path->stages.n);
        for (k = 0; k < d->path->stages.n; k++) {
            const struct nd_path_stage *s = &d->path->stages.v[k];
            const char *name = s->label ? s->label : s->point.text;

            add_name(own, name, k);
            add_name(all, name, paths->nelems * ND_PATH_STRIDE + k);
        }
        add_name(paths, d->name, paths->nelems);
    }
}

void nd_net_names(struct nd_check *c)
{
    uint32_t i;

    for (i = 0; i < c->p->decls.n; i++) {
        if (c->p->decls.v[i]->kind == ND_D_PATH && c->p->decls.v[i]->path->like)
            inherit(c, c->p->decls.v[i]);
    }
    for (i = 0; i < c->p->decls.n; i++) {
        if (nd_net_is_path(c->p->decls.v[i]))
            open_parts(c, c->p->decls.v[i]);
    }
    make_enums(c);
}

// ---- handlers ----------------------------------------------------------------------------------

// The path of a point, NULL: it is on none. The event is that of the next point that has one.
static struct nd_path *path_at(const struct nd_program *p, const struct nd_decl *d, uint32_t i,
                               const char **event)
{
    const char *text = d->points.v[i].text;
    size_t len = strcspn(text, ":");

    *event = text[len] ? text + len + 1 : NULL;
    for (i++; !*event && i < d->points.n; i++) {
        const char *next = strchr(d->points.v[i].text, ':');

        *event = next ? next + 1 : NULL;
    }
    return nd_net_path_find(p, text, len);
}

bool nd_net_paths_is_handler(const struct nd_program *p, const struct nd_decl *d)
{
    const char *event;

    return d->points.n && path_at(p, d, 0, &event) && event;
}

struct names {
    struct nd_check *c;
    const struct nd_path *path;
    bool several;
    ND_VEC(struct nd_expr *) found;
};

static bool is_kept(const struct nd_path *path, const char *name)
{
    const struct nd_path_keeps *k = &path->decl->path->keeps;
    uint32_t i;

    for (i = 0; i < k->n; i++) {
        if (!strcmp(k->v[i].field.name, name))
            return true;
    }
    return false;
}

static bool is_member(const struct nd_expr *e, const char *of, const char *name)
{
    return e->kind == ND_E_FIELD && e->a->kind == ND_E_IDENT && !strcmp(e->a->name, of) &&
           !strcmp(e->name, name);
}

static void look_names(void *arg, struct nd_expr *e)
{
    struct names *n = arg;

    if ((is_member(e, "path", "name") && !is_kept(n->path, "name")) ||
        (n->several && (is_member(e, "step", "from") || is_member(e, "step", "to"))))
        *ND_PUSH(n->c->a, &n->found) = e;
}

// e becomes (enum NAME)x.
static void cast_to(struct nd_check *c, struct nd_expr *e, const char *name, struct nd_expr *x)
{
    struct nd_texpr *t = ND_NEW(c->a, struct nd_texpr);

    *t = (struct nd_texpr){.span = e->span, .tag = ND_TAG_ENUM, .name = name};
    *e = (struct nd_expr){
        .kind = ND_E_CAST, .span = e->span, .depth = e->depth + 2, .texpr = t, .a = x};
}

// path.name is a number of this handler's path. In a handler of several paths, step.from and
// step.to are stages of any.
static void name_paths(struct nd_check *c, struct nd_path *path, struct nd_decl *d, bool several)
{
    struct names n = {.c = c, .path = path, .several = several};
    uint32_t i;

    nd_ast_walk(d, look_names, &n);
    for (i = 0; i < n.found.n; i++) {
        struct nd_expr *e = n.found.v[i], *of = nd_expr_new(c->a, ND_E_INT, e->span), *own;

        of->num = path->index;
        if (!strcmp(e->name, "name")) {
            cast_to(c, e, ND_PATH_ENUM, of);
            continue;
        }
        own = nd_expr_new(c->a, ND_E_FIELD, e->span);
        *own = *e;
        of->num *= ND_PATH_STRIDE;
        cast_to(c, e, ND_STAGE_ENUM, of->num ? nd_expr_binary(c->a, ND_OP_ADD, own, of) : own);
    }
}

static void add_handler(struct nd_check *c, struct nd_path *path, const char *event,
                        struct nd_decl *d, uint32_t point)
{
    uint32_t i;

    for (i = 0; i < ND_PATH_EVENTS; i++) {
        if (strcmp(event, nd_net_path_events[i]))
            continue;
        name_paths(c, path, d, d->points.n > 1);
        *ND_PUSH(c->a, &path->on[i]) = d;
        return;
    }
    nd_help(c->d, nd_error(c->d, ND_E0206, d->points.v[point].span, "a path has no '%s'", event),
            "it has step (at every stage after the first), done (at the last), and of packets that "
            "time "
            "out lost, elsewhere and vanished");
}

void nd_net_paths_handler(struct nd_check *c, struct nd_decl *d)
{
    const struct nd_decl *written = d;
    struct nd_path *path;
    const char *event;
    uint32_t i;

    for (i = 0; i < written->points.n; i++) {
        path = path_at(c->p, written, i, &event);
        if (!path || !event) {
            nd_help(c->d,
                    nd_error(c->d, ND_E0206, written->points.v[i].span,
                             "a handler of paths cannot be a probe as well"),
                    "write a handler for paths, probe rx, tx:step { }, and a probe of its own");
            return;
        }
        add_handler(c, path, event, nd_ast_clone(c->a, written), i);
    }
}
