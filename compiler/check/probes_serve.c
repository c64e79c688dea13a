// SPDX-License-Identifier: GPL-2.0-or-later
// Which programs serve the attach points of a probe: one for all of them, or one each when the body
// depends on the place; and of which kind. Must not know how points are written.
#include "compiler/check/check_impl.h"

#include <string.h>

#define RAW_PATHS 8u    // fields of a trace event that a probe served by a raw tracepoint can name
#define CLONES_MAX 512u // programs of one probe whose body depends on the attach point

struct uses {
    bool args;  // args.NAME, retval: depends on the attach point
    bool argn;  // arg0, arg1, ...
    bool names; // probe, or func as text
    bool func;
    bool func_text; // func is compared or taken apart: it must be text
    bool ctx;
    bool fields_raw;              // every args.NAME can come from a raw tracepoint,
    const char *paths[RAW_PATHS]; // by these paths
    uint32_t npaths;
    int whole; // uses of args without a name after it
    const struct nd_target *at;
    struct nd_program *p;
    uint32_t depth; // functions inside functions
};

#define CALL_DEPTH 16u

static void look(void *arg, struct nd_expr *e);

// What a function of the script uses, its callers use.
static void look_into(struct uses *u, const char *name)
{
    uint32_t i;

    for (i = 0; i < u->p->decls.n; i++) {
        struct nd_decl *d = u->p->decls.v[i];

        if (d->kind != ND_D_FN || strcmp(d->name, name) != 0)
            continue;
        u->depth++;
        nd_ast_walk(d, look, u);
        u->depth--;
    }
}

static bool is_func(const struct nd_expr *e)
{
    return e && e->kind == ND_E_IDENT && !strcmp(e->name, "func");
}

// String functions and comparisons need the name; printing and keys take an address as well.
static bool func_as_text(const struct nd_expr *e)
{
    uint32_t i;

    if (e->kind == ND_E_CALL && strcmp(e->name, "printf") != 0 && strcmp(e->name, "print") != 0) {
        for (i = 0; i < e->args.n; i++) {
            if (is_func(e->args.v[i]))
                return true;
        }
    }
    return (e->kind == ND_E_BINARY || e->kind == ND_E_IN || e->kind == ND_E_COND) &&
           (is_func(e->a) || is_func(e->b) || is_func(e->c));
}

static void look(void *arg, struct nd_expr *e)
{
    struct uses *u = arg;

    u->func_text |= func_as_text(e);

    if (e->kind == ND_E_FIELD && e->a->kind == ND_E_IDENT && !strcmp(e->a->name, "args")) {
        const char *path = u->at ? nd_raw_path(u->at->s0, u->at->s1, e->name) : NULL;

        u->args = true;
        u->whole--;
        if (path && u->npaths < RAW_PATHS)
            u->paths[u->npaths++] = path;
        else
            u->fields_raw = false;
    }
    if (e->kind == ND_E_CALL && !strcmp(e->name, "has_param"))
        u->args = true;
    if (e->kind == ND_E_CALL && u->depth < CALL_DEPTH)
        look_into(u, e->name);
    if (e->kind != ND_E_IDENT)
        return;
    u->whole += !strcmp(e->name, "args");
    u->names |= !strcmp(e->name, "probe") || (!strcmp(e->name, "func") && !u->p->func_sym);
    u->func |= !strcmp(e->name, "func");
    if (!strcmp(e->name, "ctx"))
        u->ctx = true;
    if (!strncmp(e->name, "arg", 3) && e->name[3] >= '0' && e->name[3] <= '9')
        u->argn = true;
    if (!strcmp(e->name, "retval"))
        u->args = true;
}

// Can raw tracepoints be served with types? That takes the types of the running kernel itself.
static bool typed_points(const struct nd_program *p)
{
    return !nd_without(p, ND_F_TP_BTF) && !nd_without(p, ND_F_BTF);
}

// Are the first names of all paths those of arguments? Some kernels have the types without names.
static bool has_names(const struct uses *u, const struct nd_func_sig *sig)
{
    uint32_t i, k;

    for (i = 0; i < u->npaths; i++) {
        size_t n = strcspn(u->paths[i], ".");

        for (k = 0; k < sig->nparams &&
                    (strncmp(sig->params[k].name, u->paths[i], n) != 0 || sig->params[k].name[n]);
             k++)
            ;
        if (k == sig->nparams)
            return false;
    }
    return true;
}

static void choose_tracepoint(struct nd_program *p, struct nd_probe *pr, const struct uses *u)
{
    struct nd_target *t = &pr->targets.v[0];
    const struct nd_func_sig *sig = NULL;
    const char *why;
    uint32_t i;
    bool all = true;

    for (i = 0; i < pr->targets.n; i++)
        all &= nd_tp_has_raw(pr->targets.v[i].s0);
    if (all && !u->args && !u->argn && !u->ctx) {
        pr->type = ND_PROG_RAW_TP;
        for (i = 0; i < pr->targets.n; i++) {
            pr->targets.v[i].kind = ND_AT_RAW_TP;
            pr->targets.v[i].s0 = pr->targets.v[i].s1;
        }
        return;
    }
    pr->type = ND_PROG_TRACEPOINT;
    pr->args = ND_ARGS_FORMAT;
    for (i = 0; i < pr->targets.n; i++) {
        if (!pr->targets.v[i].format)
            nd_kernel_tracepoint(p->kernel, pr->targets.v[i].s0, pr->targets.v[i].s1,
                                 &pr->targets.v[i].format, &why);
    }
    if (u->args && u->fields_raw && !u->ctx && t->format && typed_points(p) &&
        !nd_kernel_raw_tracepoint(p->kernel, t->s1, &sig) && sig->btf_id && has_names(u, sig)) {
        // Which arguments the verifier takes to be never NULL differs between kernels.
        pr->type = p->portable ? ND_PROG_RAW_TP : ND_PROG_TP_BTF;
        pr->typed = p->portable && !nd_without(p, ND_F_GLOBALS);
        pr->args = ND_ARGS_SIG;
        pr->btf_id = p->portable ? 0 : sig->btf_id;
        pr->btf_name = nd_arena_printf(p->arena, "btf_trace_%s", t->s1);
        t->kind = ND_AT_RAW_TP;
        t->sig = sig;
        t->s0 = t->s1;
    }
}

static void choose_sig(struct nd_program *p, struct nd_probe *pr, const struct uses *u)
{
    struct nd_target *t = &pr->targets.v[0];

    switch (t->kind) {
    case ND_AT_RAW_TP:
        pr->type = ND_PROG_RAW_TP;
        if (u->args && !t->sig && nd_kernel_raw_tracepoint(p->kernel, t->s1, &t->sig))
            t->sig = NULL;
        if (u->args && t->sig && t->sig->btf_id && typed_points(p)) {
            pr->type = p->portable ? ND_PROG_RAW_TP : ND_PROG_TP_BTF;
            pr->typed = p->portable && !nd_without(p, ND_F_GLOBALS);
            pr->btf_id = p->portable ? 0 : t->sig->btf_id;
            pr->btf_name = nd_arena_printf(p->arena, "btf_trace_%s", t->s1);
        }
        break;
    case ND_AT_FENTRY:
    case ND_AT_FEXIT:
        pr->type = t->kind == ND_AT_FENTRY ? ND_PROG_FENTRY : ND_PROG_FEXIT;
        pr->retprobe = t->kind == ND_AT_FEXIT;
        if (!t->sig && nd_kernel_func(p->kernel, t->s0, t->s1, &t->sig))
            t->sig = NULL;
        if (t->sig)
            pr->btf_id = t->sig->btf_id;
        pr->btf_name = t->s1;
        if (t->sig && *t->sig->module)
            t->s0 = t->sig->module;
        break;
    default: // kprobe, kretprobe
        pr->type = ND_PROG_KPROBE;
        pr->retprobe = t->kind == ND_AT_KRETPROBE;
        if (u->args && !t->sig && *t->s1 && nd_kernel_func(p->kernel, t->s0, t->s1, &t->sig))
            t->sig = NULL;
        break;
    }
    pr->args = t->sig ? ND_ARGS_SIG : ND_ARGS_NONE;
}

// A copy of a function whose parameters the compiler may have moved or removed.
static void warn_moved(struct nd_program *p, const struct nd_probe *pr, const struct uses *u)
{
    uint32_t i;

    for (i = 0; i < pr->targets.n && (u->args || u->argn); i++) {
        const struct nd_target *t = &pr->targets.v[i];

        if (t->moved)
            nd_help(p->diags,
                    nd_error(p->diags, ND_W0903, t->span,
                             "%s is a copy that the compiler made of the function: its arguments "
                             "cannot be trusted",
                             t->s1),
                    "parameters may have been moved or removed; if you know that they are not, "
                    "name the copy itself: kprobe:%s",
                    t->s1);
    }
}

static void choose(struct nd_program *p, struct nd_probe *pr, const struct uses *u)
{
    struct nd_target *t = &pr->targets.v[0];

    switch (t->kind) {
    case ND_AT_TRACEPOINT:
        choose_tracepoint(p, pr, u);
        break;
    case ND_AT_UPROBE:
    case ND_AT_URETPROBE:
        pr->type = ND_PROG_KPROBE;
        pr->user_memory = true;
        pr->retprobe = t->kind == ND_AT_URETPROBE;
        pr->args = t->usdt ? ND_ARGS_USDT : ND_ARGS_REGS;
        break;
    case ND_AT_PROFILE:
    case ND_AT_SOFTWARE:
    case ND_AT_HARDWARE:
    case ND_AT_WATCHPOINT:
        pr->type = ND_PROG_PERF_EVENT;
        break;
    case ND_AT_ITER:
        pr->type = ND_PROG_ITER;
        pr->args = ND_ARGS_SIG;
        pr->btf_id = t->sig->btf_id;
        pr->btf_name = t->s1;
        break;
    case ND_AT_BEGIN:
    case ND_AT_END:
    case ND_AT_INTERVAL:
    case ND_AT_SIGNAL:
        pr->type = ND_PROG_TEST_RUN;
        break;
    default:
        choose_sig(p, pr, u);
        warn_moved(p, pr, u);
        break;
    }
}

static struct nd_probe *new_probe(struct nd_program *p, struct nd_decl *d, struct nd_decl *stage,
                                  uint32_t via)
{
    struct nd_probe *pr = ND_NEW(p->arena, struct nd_probe);

    pr->decl = d;
    if (stage) {
        pr->stage = nd_ast_clone(p->arena, stage);
        pr->via = &pr->stage->tries.v[via];
        pr->via_index = via;
    }
    pr->body = d->body;
    pr->index = p->probes.n;
    pr->name = nd_arena_printf(p->arena, "nd_p%u", pr->index);
    pr->when_fn = ND_MF_NONE;
    *ND_PUSH(p->arena, &p->probes) = pr;
    return pr;
}

struct nd_probe *nd_probes_leave_out(struct nd_program *p, struct nd_decl *d, struct nd_decl *stage)
{
    struct nd_decl *own = nd_ast_clone(p->arena, d);
    struct nd_probe *pr = ND_NEW(p->arena, struct nd_probe);

    if (own->kind != ND_D_PROBE) // a stage of a path: its other stages give all types
        return NULL;
    pr->decl = own;
    pr->body = own->body;
    pr->stage = stage;
    pr->name = "";
    *ND_PUSH(p->arena, &p->left_out) = pr;
    return pr;
}

static struct nd_probe *entry_of(struct nd_program *p, struct nd_probe *ret)
{
    struct nd_probe *pr = ND_NEW(p->arena, struct nd_probe);
    uint32_t i;

    *pr = *ret;
    pr->name = nd_arena_printf(p->arena, "%s_entry", ret->name);
    pr->entry_of = ret;
    pr->entry_args = 0;
    pr->retprobe = false;
    pr->stage = NULL;
    pr->via = NULL;
    pr->targets.v = ND_NEW_ARRAY(p->arena, struct nd_target, ret->targets.n);
    for (i = 0; i < ret->targets.n; i++) {
        pr->targets.v[i] = ret->targets.v[i];
        pr->targets.v[i].kind =
            ret->targets.v[i].kind == ND_AT_KRETPROBE ? ND_AT_KPROBE : ND_AT_UPROBE;
    }
    return pr;
}

static bool kernel_func_point(const char *text)
{
    static const char *const kinds[] = {"kprobe:", "k:", "kretprobe:", "kr:", "func:", "funcret:"};
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!strncmp(text, kinds[i], strlen(kinds[i])))
            return true;
    }
    return false;
}

void nd_probes_scan_func(struct nd_program *p)
{
    bool want = false;
    uint32_t i, k;

    p->func_sym = true; // as long as nothing speaks against it
    for (i = 0; i < p->decls.n && p->func_sym; i++) {
        struct nd_decl *d = p->decls.v[i];
        struct uses u = {.p = p};

        if (d->kind != ND_D_PROBE)
            continue;
        nd_ast_walk(d, look, &u);
        if (u.func_text)
            p->func_sym = false;
        for (k = 0; k < d->points.n && u.func; k++) {
            const char *text = d->points.v[k].text;

            want |= kernel_func_point(text) && nd_glob_is(text) && !u.args && !u.names;
            if (kernel_func_point(text) && strchr(text, '+')) // no address inside a function
                p->func_sym = false;
        }
    }
    p->func_sym &= want && !nd_without(p, ND_F_FUNC_IP);
}

void nd_probes_note_entries(struct nd_program *p)
{
    struct nd_probe **v = p->probes.v;
    uint32_t n = p->probes.n, i;

    p->probes.v = NULL;
    p->probes.n = p->probes.cap = 0;
    for (i = 0; i < n; i++) {
        if (v[i]->entry_args)
            *ND_PUSH(p->arena, &p->probes) = entry_of(p, v[i]);
        *ND_PUSH(p->arena, &p->probes) = v[i];
    }
}

static bool alone(enum nd_mf_attach_kind k)
{
    return k == ND_AT_FENTRY || k == ND_AT_FEXIT; // one program each: attach_btf_id is set at load
}

// What decides about the kind of program: all that the probe and its stage's alternative name.
static void look_at(struct uses *u, struct nd_decl *d, struct nd_decl *stage, uint32_t via)
{
    if (stage)
        nd_ast_walk_try(&stage->tries.v[via], look, u);
    nd_ast_walk(d, look, u);
    if (u->whole > 0) { // all of the record
        u->args = true;
        u->fields_raw = false;
    }
}

void nd_probes_serve(struct nd_program *p, struct nd_decl *d, struct nd_decl *stage, uint32_t via,
                     struct nd_targets *out, struct nd_span span)
{
    struct uses u = {.fields_raw = true, .at = out->n ? &out->v[0] : NULL, .p = p};
    bool separate;
    uint32_t i;

    if (!out->n)
        return;
    look_at(&u, d, stage, via);
    separate =
        out->n > 1 && (u.args || u.names || (u.argn && out->v[0].usdt) || alone(out->v[0].kind));
    if (!separate) {
        struct nd_probe *pr = new_probe(p, d, stage, via);

        pr->targets.v = out->v;
        pr->targets.n = pr->targets.cap = out->n;
        choose(p, pr, &u);
        return;
    }
    if (out->n > CLONES_MAX) {
        nd_help(p->diags,
                nd_error(p->diags, ND_E0702, span,
                         "this probe matches %u places and its body depends on which one", out->n),
                "narrow the pattern to at most %u, or use neither args, func nor probe",
                CLONES_MAX);
        return;
    }
    for (i = 0; i < out->n; i++) {
        struct uses one = {.fields_raw = true, .at = &out->v[i], .p = p};
        struct nd_probe *pr = new_probe(p, nd_ast_clone(p->arena, d), stage, via);

        look_at(&one, d, stage, via);
        *ND_PUSH(p->arena, &pr->targets) = out->v[i];
        choose(p, pr, &one);
    }
}
