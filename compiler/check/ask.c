// SPDX-License-Identifier: GPL-2.0-or-later
// What a script asks about the target kernel: has_param(), has_field(), has_func(),
// kernel_at_least(). The answers are constants; what they rule out is not even checked.
// Must not know how programs are served.
#include "compiler/check/check_impl.h"
#include "compiler/check/need.h"

#include <string.h>

// A portable object carries the answer with it: it must be the same where it runs.
static struct nd_type *answer(struct nd_check *c, struct nd_expr *e, struct nd_need n, bool yes)
{
    n.flags = yes ? 0 : ND_NEEDF_NOT;
    n.span = e->span;
    nd_need_note(c->p, &n);
    e->is_const = true;
    e->asks = true;
    e->num = yes;
    return nd_ty(&nd_type_bool);
}

static const char *name_arg(struct nd_check *c, struct nd_expr *e, uint32_t i, const char *example)
{
    struct nd_expr *x = e->args.v[i];

    if (x->kind == ND_E_STRING)
        return x->str;
    if (x->type->kind != ND_T_ERROR)
        nd_help(c->d, nd_error(c->d, ND_E0313, x->span, "%s() expects a name in quotes", e->name),
                "%s", example);
    return NULL;
}

static struct nd_need need_of(const char *kind, const char *of, const char *name)
{
    struct nd_need n = {.kind = ND_NEED_PARAM, .type = of, .path = name, .value = -1};

    if (!strncmp(kind, "t", 1)) // as written: tracepoint, t
        n.kind = ND_NEED_RECORD;
    else if (!strncmp(kind, "rawtracepoint", 13) || !strncmp(kind, "rt", 2))
        n.kind = ND_NEED_RAW;
    else if (strrchr(of, ':')) // module:function
        n.type = strrchr(of, ':') + 1;
    return n;
}

static struct nd_need need_at(struct nd_check *c, const struct nd_target *t, const char *name)
{
    if (t->kind == ND_AT_TRACEPOINT)
        return need_of("t", nd_arena_printf(c->a, "%s:%s", t->s0, t->s1), name);
    return need_of(t->kind == ND_AT_RAW_TP ? "rt" : "f", t->s1, name);
}

static bool target_has(struct nd_check *c, const struct nd_target *t, const char *name)
{
    const struct nd_tp_format *f = t->format;
    const struct nd_func_sig *s = t->sig;
    const char *why;
    uint32_t i;

    if (t->kind == ND_AT_TRACEPOINT && !f)
        nd_kernel_tracepoint(c->p->kernel, t->s0, t->s1, &f, &why);
    for (i = 0; f && i < f->nfields; i++) {
        if (!strcmp(f->fields[i].name, name))
            return true;
    }
    if (!s && t->kind == ND_AT_RAW_TP && nd_kernel_raw_tracepoint(c->p->kernel, t->s1, &s))
        s = NULL;
    if (!s && t->kind != ND_AT_RAW_TP && t->kind != ND_AT_TRACEPOINT && t->s1 && *t->s1 &&
        nd_kernel_func(c->p->kernel, t->s0, t->s1, &s))
        s = NULL;
    for (i = 0; s && i < s->nparams; i++) {
        if (!strcmp(s->params[i].name, name))
            return true;
    }
    return false;
}

// has_param("name") in a probe, has_param("tracepoint:skb:kfree_skb", "reason") anywhere.
struct nd_type *nd_ask_param(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    const char *name = name_arg(c, e, e->args.n - 1, "has_param(\"reason\")"), *spec;
    const struct nd_target *t;
    struct nd_targets at = {0};

    if (!name)
        return nd_ty(b->type);
    if (e->args.n == 1) {
        if (!c->probe || !c->probe->targets.n) {
            nd_help(c->d, nd_error(c->d, ND_E0403, e->span, "this is outside a probe"),
                    "name the probe: has_param(\"tracepoint:skb:kfree_skb\", \"%s\")", name);
            return nd_ty(b->type);
        }
        t = &c->probe->targets.v[0];
        return answer(c, e, need_at(c, t, name), target_has(c, t, name));
    }
    spec = name_arg(c, e, 0, "has_param(\"tracepoint:skb:kfree_skb\", \"reason\")");
    if (!spec)
        return nd_ty(b->type);
    nd_probes_resolve(c->p, spec, e->args.v[0]->span, &at);
    return answer(c, e, need_of(spec, spec + strcspn(spec, ":") + !!strchr(spec, ':'), name),
                  at.n && target_has(c, &at.v[0], name));
}

// has_func("tcp_v4_rcv"), has_func("openvswitch:ovs_vport_receive"): can a kprobe be put there?
struct nd_type *nd_ask_func(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    const char *name = name_arg(c, e, 0, "has_func(\"tcp_v4_rcv\")");
    struct nd_targets at = {0};

    if (!name)
        return nd_ty(b->type);
    if (nd_glob_is(name)) {
        nd_error(c->d, ND_E0313, e->args.v[0]->span, "%s() expects the name of one function",
                 e->name);
        return nd_ty(b->type);
    }
    nd_probes_resolve(c->p, nd_arena_printf(c->a, "kprobe:%s", name), e->args.v[0]->span, &at);
    return answer(c, e,
                  (struct nd_need){.kind = ND_NEED_FUNC,
                                   .type = strchr(name, ':') ? strchr(name, ':') + 1 : name},
                  at.n > 0);
}

// kernel_at_least(5, 17) or (5, 17, 3)
struct nd_type *nd_ask_version(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b)
{
    struct nd_need n = {.kind = ND_NEED_SINCE};
    int64_t v[3] = {0};
    uint32_t i;

    for (i = 0; i < e->args.n; i++) {
        if (!nd_check_const_int(c, e->args.v[i], &v[i]) || v[i] < 0 || v[i] > 255) {
            nd_help(c->d,
                    nd_error(c->d, ND_E0313, e->args.v[i]->span,
                             "each part of a version must be a constant from 0 to 255"),
                    "Linux 5.17 is kernel_at_least(5, 17)");
            return nd_ty(b->type);
        }
    }
    n.value = v[0] << 16 | v[1] << 8 | v[2];
    return answer(c, e, n, nd_kernel_version(c->p->kernel) >= n.value);
}

// has_field(struct sk_buff, tstamp_type), also a path: has_field(struct sock, __sk_common.skc_net)
struct nd_type *nd_ask_field(struct nd_check *c, struct nd_expr *e)
{
    struct nd_trial trial;
    struct nd_type *s;
    struct nd_field f;
    const char *path = e->name;
    struct nd_need n = {.kind = ND_NEED_FIELD,
                        .tag = e->texpr->tag == ND_TAG_UNION ? ND_TAGGED_UNION : ND_TAGGED_STRUCT,
                        .type = e->texpr->name,
                        .path = path};

    nd_trial_begin(c->d, &trial); // a type that this kernel lacks has no fields
    s = nd_type_resolve(c->t, e->texpr);
    nd_trial_end(c->d, &trial);
    while (s->kind == ND_T_STRUCT && *path) {
        size_t len = strcspn(path, ".");

        if (!nd_type_field(c->t, s, nd_arena_strndup(c->a, path, len), &f))
            return answer(c, e, n, false);
        s = f.type->kind == ND_T_PTR ? nd_type_elem(c->t, f.type) : f.type;
        path += len + (path[len] == '.');
    }
    return answer(c, e, n, !*path);
}

// A condition that the target kernel has decided: what it rules out is taken from the tree.
void nd_ask_prune_if(struct nd_check *c, struct nd_stmt *s)
{
    if (!s->expr->is_const || !s->expr->asks)
        return;
    if (s->expr->num)
        s->else_body = NULL;
    else if (s->body->n)
        s->body = ND_NEW(c->a, struct nd_block);
}

bool nd_ask_prune_cond(struct nd_expr *e)
{
    struct nd_span span = e->span;

    if (!e->a->is_const || !e->a->asks)
        return false;
    *e = !e->a->num ? *e->c : e->b ? *e->b : *e->a;
    e->span = span;
    return true;
}

// a && b, a || b: does the answer to `a` alone decide? Then e is a constant.
bool nd_ask_prune_logic(struct nd_expr *e)
{
    if (!e->a->is_const || !e->a->asks || (e->op == ND_OP_LAND) == (e->a->num != 0))
        return false;
    e->kind = ND_E_IDENT;
    e->name = e->a->num ? "true" : "false";
    e->a = e->b = NULL;
    e->is_const = true;
    e->asks = true;
    e->num = e->name[0] == 't';
    return true;
}
