// SPDX-License-Identifier: GPL-2.0-or-later
// Fills the sections of the manifest.
#include "compiler/user/user_impl.h"

#include "compiler/check/need.h"
#include "compiler/check/option.h"
#include "compiler/kernel/btf.h"
#include "compiler/user/mfbuild.h"

#include <string.h>

static uint32_t words_of(struct nd_mfw *e, const struct nd_points *v)
{
    uint32_t first = nd_mfb_count(e->b, ND_SEC_WORDS), i;

    for (i = 0; i < v->n; i++) {
        uint32_t s = nd_mfb_str(e->b, v->v[i].text);

        nd_mfb_add(e->b, ND_SEC_WORDS, &s, 1);
    }
    return first;
}

static const char *flag_of(struct nd_mfw *e, const char *name)
{
    char *s = nd_arena_strdup(e->a, name), *c;

    for (c = s; *c; c++) {
        if (*c == '_')
            *c = '-';
    }
    return s;
}

static const char *default_text(struct nd_mfw *e, const struct nd_expr *x)
{
    const char *text = e->p->sources->v[x->span.src].text + x->span.off;

    if (x->kind == ND_E_STRING)
        return x->str;
    return nd_arena_strndup(e->a, text, x->span.len);
}

static void emit_option(struct nd_mfw *e, struct nd_option *o)
{
    struct nd_decl *d = o->decl;
    struct nd_mf_option m = {0};
    struct nd_points names = {0};
    uint8_t *bytes;
    uint32_t i;

    m.name = nd_mfb_str(e->b, d->name);
    m.flag = nd_mfb_str(e->b, flag_of(e, d->name));
    m.help = nd_mfb_str(e->b, d->help);
    m.kind = o->kind;
    m.flags = (d->required ? ND_OPTF_REQUIRED : 0) | (d->texpr->is_list ? ND_OPTF_LIST : 0) |
              (d->positional ? ND_OPTF_POSITIONAL : 0) | (d->expr ? ND_OPTF_DEFAULT : 0);
    m.type = nd_mfw_type(e, o->type);
    m.off = o->off;
    m.stride = o->stride;
    m.cap = o->cap;
    m.given_off = o->given_off;
    m.count_off = o->count_off;
    bytes = nd_option_default(e->p, o, &m.ndef);
    m.def = nd_mfb_add(e->b, ND_SEC_BLOB, bytes, m.ndef * o->stride);
    if (d->expr)
        m.def_text = nd_mfb_str(e->b, default_text(e, d->expr));
    m.nalias = d->aliases.n;
    m.alias = words_of(e, &d->aliases);
    for (i = 0; o->kind == ND_OPT_ENUM && d->texpr->args && i < d->texpr->args->n; i++)
        *ND_PUSH(e->a, &names) = (struct nd_point){.text = d->texpr->args->v[i]->name,
                                                   .span = d->texpr->args->v[i]->span};
    m.nnames = names.n;
    m.names = words_of(e, &names);
    m.file = o->file ? o->file->index : ND_MF_NONE;
    m.key = nd_mfb_str(e->b, d->key ? d->key : "");
    m.min = o->min;
    m.max = o->max;
    m.span = nd_mfw_span(e, d->name_span);
    nd_mfb_add(e->b, ND_SEC_OPTIONS, &m, 1);
}

// ---- maps, programs, events ---------------------------------------------------------------------

static void emit_map(struct nd_mfw *e, struct nd_map *m)
{
    const struct nd_layout_map *lm = &e->layout->maps[m->index];
    bool agg = m->val && nd_type_is_agg(m->val), gen = lm->gen_off != ND_MF_NONE;
    struct nd_mf_map x = {0};
    const char *sym = nd_arena_printf(e->a, "nd_m%u", m->index);

    x.name = nd_mfb_str(e->b, m->name);
    x.title = nd_mfb_str(e->b, m->title);
    x.kind = lm->kind;
    x.flags = (m->hidden || m->own || !e->p->config.print_maps ? ND_MAPF_NOPRINT : 0) |
              (gen ? ND_MAPF_GEN : 0) | (m->key ? 0 : ND_MAPF_SCALAR) |
              (agg || (m->added && !m->assigned) ? ND_MAPF_SUMMED : 0);
    x.key_type = m->key ? nd_mfw_type(e, m->key) : ND_MF_NONE;
    x.val_type = nd_mfw_type(e, m->val ? m->val : &nd_type_i64);
    x.max_entries = lm->max_entries;
    x.size_opt = m->size_opt ? m->size_opt->index + 1 : 0;
    x.size_if = m->size_if ? m->size_if->index + 1 : 0;
    x.size_else = m->size_else;
    if (lm->kind != ND_MAP_USER) {
        x.sym = nd_mfb_str(e->b, sym);
        if (gen)
            x.sym2 = nd_mfb_str(e->b, nd_arena_printf(e->a, "%sb", sym));
    }
    x.gen_off = gen ? lm->gen_off : 0;
    x.pop_off = lm->pop_off;
    memcpy(x.pop_less, lm->pop_less, sizeof(x.pop_less));
    x.span = nd_mfw_span(e, m->span);
    nd_mfb_add(e->b, ND_SEC_MAPS, &x, 1);
}

static void emit_stacks(struct nd_mfw *e)
{
    const struct nd_option *size = nd_option_find(e->p, ND_OPTION_STACKS);
    uint32_t i;

    for (i = 0; i < e->layout->stacks.n; i++) {
        const struct nd_layout_stack *s = &e->layout->stacks.v[i];
        struct nd_mf_map x = {0};

        x.name = nd_mfb_str(e->b, s->kernel ? "kstack" : "ustack");
        x.kind = ND_MAP_STACK;
        x.flags = ND_MAPF_NOPRINT;
        x.key_type = ND_MF_NONE;
        x.val_type = nd_mfw_type(e, &nd_type_u64);
        x.max_entries = 8192;
        x.size_opt = size && size->kind == ND_OPT_INT && size->decl->expr ? size->index + 1 : 0;
        x.sym = nd_mfb_str(e->b, s->sym);
        nd_mfb_add(e->b, ND_SEC_MAPS, &x, 1);
    }
}

static void emit_probe(struct nd_mfw *e, struct nd_probe *pr)
{
    struct nd_mf_prog m = {0};
    uint32_t i;

    nd_need_probe(e->p, pr);
    m.name = nd_mfb_str(e->b, pr->name);
    m.type = pr->type;
    m.attach_btf_id = pr->typed ? pr->targets.v[0].sig->btf_id : pr->btf_id;
    m.btf_name = nd_mfb_str(e->b, pr->btf_name);
    m.direct = nd_mfb_str(e->b, pr->direct);
    m.first = nd_mfb_count(e->b, ND_SEC_ATTACHES);
    m.count = pr->targets.n;
    m.when = pr->decl->when ? nd_user_when(e, pr->decl->when) : ND_MF_NONE;
    m.flags = (pr->via ? ND_PROGF_STAGE : 0) | (pr->asks_pid ? ND_PROGF_PID : 0);
    if (pr->host_pid.len)
        m.host_pid = nd_mfw_span(e, pr->host_pid);
    m.span = nd_mfw_span(e, pr->decl->name_span);
    if (nd_kind_of_prog[pr->type].feature != ND_F_MAX)
        nd_mfb_header(e->b)->features |= 1u << nd_kind_of_prog[pr->type].feature | ND_F_BIT(BTF);
    if (pr->btf_id)
        nd_mfb_header(e->b)->flags |= ND_MF_NEEDS_BTF;
    for (i = 0; i < pr->targets.n; i++) {
        const struct nd_target *t = &pr->targets.v[i];
        struct nd_mf_attach at = {0};

        at.kind = t->kind;
        if (nd_kind_attaches(t->kind, ND_AF_FUNCTION))
            nd_mfb_header(e->b)->features |= ND_F_BIT(KPROBE);
        if ((t->kind == ND_AT_FENTRY || t->kind == ND_AT_FEXIT) && *t->s0)
            nd_mfb_header(e->b)->features |= ND_F_BIT(MODULE_BTF);
        at.spec = nd_mfb_str(e->b, t->spec);
        at.s0 = nd_mfb_str(e->b, t->s0);
        at.s1 = nd_mfb_str(e->b, t->s1);
        at.num = t->num;
        at.num2 = t->num2;
        at.flags = (t->builtin ? ND_ATF_BUILTIN : 0) | (t->in_option ? ND_ATF_OPTION : 0) |
                   (t->chosen ? ND_ATF_CHOSEN : 0);
        at.span = nd_mfw_span(e, t->span);
        nd_mfb_add(e->b, ND_SEC_ATTACHES, &at, 1);
    }
    nd_mfb_add(e->b, ND_SEC_PROGS, &m, 1);
}

static uint32_t event_site(struct nd_mfw *e, const struct nd_event *ev)
{
    uint32_t i;

    for (i = 0; i < e->layout->sites.n; i++) {
        const struct nd_layout_site *s = &e->layout->sites.v[i];

        if (s->kind == ND_SITE_EVENT_LOST && s->span.src == ev->span.src &&
            s->span.off == ev->span.off)
            return i;
    }
    for (i = 0; i < e->layout->sites.n; i++) { // declared events are lost where they are sent
        if (e->layout->sites.v[i].kind == ND_SITE_EVENT_LOST)
            return i;
    }
    return ND_MF_NONE;
}

static void emit_event(struct nd_mfw *e, struct nd_event *ev)
{
    struct nd_mf_event m = {0};

    m.name = nd_mfb_str(e->b, ev->name);
    m.type = nd_mfw_type(e, ev->type);
    m.func = ev->async ? nd_user_async(e, ev)
             : ev->on  ? nd_user_body(e, nd_arena_printf(e->a, "on %s", ev->name), ev->on->body, ev,
                                      ev->on->span)
                       : ND_MF_NONE;
    m.site = event_site(e, ev);
    m.span = nd_mfw_span(e, ev->span);
    nd_mfb_add(e->b, ND_SEC_EVENTS, &m, 1);
}

static void emit_hook(struct nd_mfw *e, struct nd_hook *h)
{
    static const char *const names[] = {"begin", "end", "every"};
    struct nd_mf_hook m = {0};

    m.kind = h->kind;
    m.func = nd_user_body(e, names[h->kind], h->decl->body, NULL, h->decl->span);
    m.period = h->period;
    m.period_opt = h->period_opt ? h->period_opt->index : ND_MF_NONE;
    m.span = nd_mfw_span(e, h->decl->name_span);
    nd_mfb_add(e->b, ND_SEC_HOOKS, &m, 1);
}

static void emit_sites(struct nd_mfw *e)
{
    uint32_t i;

    for (i = 0; i < e->layout->sites.n; i++) {
        const struct nd_layout_site *s = &e->layout->sites.v[i];
        struct nd_mf_site m = {
            .kind = s->kind, .counter_off = s->off, .map = s->map, .span = nd_mfw_span(e, s->span)};

        nd_mfb_add(e->b, ND_SEC_SITES, &m, 1);
    }
}

static void emit_needs(struct nd_mfw *e)
{
    uint32_t i;

    nd_need_frozen(e->p);
    for (i = 0; i < e->p->needs.n; i++) {
        const struct nd_need *n = &e->p->needs.v[i];
        struct nd_mf_need m = {.kind = n->kind,
                               .tag = n->tag,
                               .type = nd_mfb_str(e->b, n->type),
                               .path = nd_mfb_str(e->b, n->path),
                               .value = n->value,
                               .bytes = n->bytes,
                               .flags = n->flags,
                               .span = nd_mfw_span(e, n->span)};

        nd_mfb_add(e->b, ND_SEC_NEEDS, &m, 1);
    }
}

static void emit_path(struct nd_mfw *e, const struct nd_path *path)
{
    const struct nd_decl *d = path->decl;
    struct nd_mf_path m = {0};
    uint32_t i;

    m.name = nd_mfb_str(e->b, d->name);
    m.map = path->map->index;
    m.record = nd_mfw_type(e, path->record);
    m.nstages = d->path->stages.n;
    for (i = 0; i < ND_FATE_MAX; i++) {
        struct nd_event *ev = path->late[ND_PATH_LOST + i];

        m.func[i] = ev ? nd_user_body(e, nd_arena_printf(e->a, "%s: late", d->name), ev->on->body,
                                      ev, ev->on->span)
                       : ND_MF_NONE;
    }
    m.fate_off = path->asks ? nd_path_off(path, true, ND_PATH_FATE) : ND_MF_NONE;
    m.other_off = path->asks ? nd_path_off(path, true, "other") : ND_MF_NONE;
    m.last_off = nd_path_off(path, true, "last");
    m.from_off = nd_path_off(path, false, "from");
    m.timeout = path->timeout;
    m.timeout_opt = path->timeout_opt ? path->timeout_opt->index : ND_MF_NONE;
    memcpy(m.count, e->layout->paths[path->index].count, sizeof(m.count));
    m.span = nd_mfw_span(e, d->name_span);
    m.stages = nd_mfb_count(e->b, ND_SEC_WORDS);
    for (i = 0; i < d->path->stages.n; i++) {
        uint32_t s = nd_mfb_str(e->b, path->stages->fields[i].name);

        nd_mfb_add(e->b, ND_SEC_WORDS, &s, 1);
    }
    nd_mfb_add(e->b, ND_SEC_PATHS, &m, 1);
}

static void emit_absent(struct nd_mfw *e, const struct nd_absent *a)
{
    struct nd_mf_absent m = {0};
    struct nd_points reasons = {0};
    uint32_t i;

    m.stage = nd_mfb_str(e->b, a->stage);
    m.module = nd_mfb_str(e->b, a->module);
    for (i = 0; i < a->failed.n; i++) {
        *ND_PUSH(e->a, &reasons) = (struct nd_point){.text = a->failed.v[i].spec};
        *ND_PUSH(e->a, &reasons) = (struct nd_point){.text = a->failed.v[i].why};
    }
    m.nreasons = reasons.n;
    m.reasons = words_of(e, &reasons);
    m.when = a->when ? nd_user_when(e, a->when) : ND_MF_NONE;
    m.span = nd_mfw_span(e, a->span);
    nd_mfb_add(e->b, ND_SEC_ABSENT, &m, 1);
}

static void emit_all(struct nd_mfw *e)
{
    struct nd_program *p = e->p;
    uint32_t i;

    e->stack_base = p->maps.n;
    for (i = 0; i < p->maps.n; i++)
        emit_map(e, p->maps.v[i]);
    emit_stacks(e);
    emit_sites(e);
    for (i = 0; i < p->tables.n; i++)
        nd_mfw_table(e, p->tables.v[i]);
    for (i = 0; i < p->events.n; i++)
        emit_event(e, p->events.v[i]);
    for (i = 0; i < p->hooks.n; i++)
        emit_hook(e, p->hooks.v[i]);
    for (i = 0; i < p->paths.n; i++)
        emit_path(e, p->paths.v[i]);
    for (i = 0; i < p->probes.n; i++)
        emit_probe(e, p->probes.v[i]);
    for (i = 0; i < p->absent.n; i++)
        emit_absent(e, &p->absent.v[i]);
    emit_needs(e);
}

// How programs and the runtime share data, on kernels that lack the best way.
static uint32_t flags_of(const struct nd_program *p)
{
    uint32_t flags = 0;

    if (nd_without(p, ND_F_GLOBALS) || nd_without(p, ND_F_MMAP))
        flags |= ND_MF_SPLIT;
    if (nd_without(p, ND_F_GLOBALS))
        flags |= ND_MF_IMM;
    if (nd_without(p, ND_F_RINGBUF))
        flags |= ND_MF_PERF;
    return flags;
}

void *nd_mfw_manifest(struct nd_program *p, const struct nd_layout *layout, uint32_t *size)
{
    struct nd_mfw e = {.p = p, .a = p->arena, .layout = layout};
    struct nd_mf_header *h;
    uint32_t i;

    e.b = nd_mfb_new(p->arena);
    h = nd_mfb_header(e.b);
    h->script = nd_mfb_str(e.b, p->path);
    h->title = nd_mfb_str(e.b, p->title);
    h->notes = nd_mfb_str(e.b, p->notes);
    if (!strcmp(p->path, "-e"))
        h->text = nd_mfb_str(e.b, p->sources->v[0].text);
    h->opts_size = p->opts_size;
    h->without = p->without;
    h->kernel = nd_mfb_str(e.b, nd_kernel_release(p->kernel));
    h->build = nd_mfb_str(e.b, nd_kernel_build(p->kernel));
    h->flags |= p->portable ? ND_MF_PORTABLE : 0;
    h->nfiles = p->sources->n;
    h->files = nd_mfb_count(e.b, ND_SEC_WORDS);
    for (i = 0; i < p->sources->n; i++) {
        uint32_t s = nd_mfb_str(e.b, p->sources->v[i].path);

        nd_mfb_add(e.b, ND_SEC_WORDS, &s, 1);
    }
    for (i = 0; i < p->options.n; i++)
        emit_option(&e, p->options.v[i]);
    if (layout) {
        h->state_size = (layout->state_size + 7) & ~7u;
        h->words_size = layout->words_size;
        h->features = layout->features;
        h->flags |= flags_of(p);
        h->exit_off = layout->exit_off;
        h->ring_bytes = layout->ring_bytes;
        emit_all(&e);
    }
    return nd_mfb_finish(e.b, size);
}
