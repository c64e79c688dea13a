// SPDX-License-Identifier: GPL-2.0-or-later
// Attach points from their text: what a probe's words mean on the target kernel, wildcards
// expanded. Each kind of probe is one row of a table. Must not know expressions' types.
#include "compiler/check/probes_impl.h"

#include "compiler/check/option.h"
#include "compiler/kernel/btf.h"
#include "runtime/common/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// ---- tracepoints --------------------------------------------------------------------------------

static int near_event(void *arg, const char *category, const char *event)
{
    (void)category;
    nd_near_try(arg, event);
    return 0;
}

static int add_event(void *arg, const char *category, const char *event)
{
    struct nd_expand *x = arg;
    struct nd_target *t = nd_expand_add(x, category, event);

    t->spec = nd_arena_printf(x->p->arena, "tracepoint:%s:%s", category, event);
    return x->out.n > ND_TARGETS_MAX ? -E2BIG : 0;
}

static void unknown_event(struct nd_expand *x)
{
    struct nd_near near = {.name = x->part[1]};
    const char *why;
    struct nd_diag *d;
    char prefix[80];

    nd_kernel_each_tracepoint(x->p->kernel, x->part[0], "*", near_event, &near, &why);
    snprintf(prefix, sizeof(prefix), "tracepoint:%.60s:", x->part[0]);
    d = nd_expand_fail(x, ND_E0206,
                       nd_arena_printf(x->p->arena, "this kernel has no tracepoint '%s:%s'",
                                       x->part[0], x->part[1]));
    nd_expand_near(x, d, &near, prefix);
    if (!near.n)
        nd_help(x->p->diags, d, "ndtrace list probes 'tracepoint:%s*' lists them", x->part[0]);
}

static void no_tracefs(struct nd_expand *x, const char *why)
{
    nd_help(x->p->diags,
            nd_expand_fail(x, ND_E0602, "the trace events of this kernel cannot be read"), "%s",
            why ? why : "run as root");
}

static void expand_tracepoint(struct nd_expand *x)
{
    const struct nd_func_sig *sig;
    const char *why = NULL;
    struct nd_target *t;
    int err;

    if (nd_glob_is(x->part[0]) || nd_glob_is(x->part[1])) {
        err = nd_kernel_each_tracepoint(x->p->kernel, x->part[0], x->part[1], add_event, x, &why);
        if (err && err != -E2BIG)
            no_tracefs(x, why);
        else if (!x->out.n)
            nd_expand_fail(x, ND_E0206, "no tracepoint matches");
        return;
    }
    t = nd_expand_add(x, x->part[0], x->part[1]);
    err = nd_kernel_tracepoint(x->p->kernel, t->s0, t->s1, &t->format, &why);
    if (!err)
        return;
    t->format = NULL;
    if (err == -ENOENT)
        unknown_event(x);
    else if (nd_kernel_raw_tracepoint(x->p->kernel, t->s1, &sig))
        no_tracefs(x, why); // else BTF knows the event; its fields are asked for later
}

static int add_raw(void *arg, const char *event)
{
    struct nd_expand *x = arg;
    struct nd_target *t = nd_expand_add(x, "", event);

    t->s0 = t->s1;
    t->spec = nd_arena_printf(x->p->arena, "rawtracepoint:%s", event);
    return x->out.n > ND_TARGETS_MAX ? -E2BIG : 0;
}

static int near_raw(void *arg, const char *event)
{
    nd_near_try(arg, event);
    return 0;
}

static int add_raw_of(void *arg, const char *category, const char *event)
{
    struct nd_expand *x = arg;
    const struct nd_func_sig *sig;

    (void)category;
    return nd_kernel_raw_tracepoint(x->p->kernel, event, &sig) == -ENOENT ? 0 : add_raw(x, event);
}

static int note_category(void *arg, const char *category, const char *event)
{
    (void)event;
    *(const char **)arg = category;
    return 1;
}

// Where a raw tracepoint is, if the script says so: a category of events or a module.
static bool raw_is_in(struct nd_expand *x, const char *event, const struct nd_func_sig *sig)
{
    const struct nd_tp_format *f;
    const char *home = x->part[0], *category = NULL, *why = NULL;
    struct nd_diag *d;
    int err;

    if (x->nparts < 2 || (sig && !strcmp(*sig->module ? sig->module : "vmlinux", home)))
        return true;
    err = nd_kernel_tracepoint(x->p->kernel, home, event, &f, &why);
    if (err != -ENOENT)
        return true; // it is, or nobody can say
    d = nd_expand_fail(
        x, ND_E0206,
        nd_arena_printf(x->p->arena, "the raw tracepoint '%s' is not one of '%s'", event, home));
    nd_kernel_each_tracepoint(x->p->kernel, "*", event, note_category, &category, &why);
    if (category)
        nd_help(x->p->diags, d, "it is one of '%s': rawtracepoint:%s", category, event);
    return false;
}

static void expand_raw(struct nd_expand *x)
{
    const char *event = x->part[x->nparts - 1];
    const struct nd_func_sig *sig = NULL;
    struct nd_near near = {.name = event};
    const char *why = NULL;
    struct nd_diag *d;
    int err;

    if (x->nparts > 1 && !nd_glob_is(event) && nd_glob_is(x->part[0]) &&
        nd_glob_match(x->part[0], "vmlinux"))
        x->part[0] = nd_arena_strdup(x->p->arena, "vmlinux");
    if (x->nparts > 1 && (nd_glob_is(event) || nd_glob_is(x->part[0]))) {
        nd_kernel_each_tracepoint(x->p->kernel, x->part[0], event, add_raw_of, x, &why);
        if (!x->out.n)
            nd_expand_fail(x, ND_E0206, "no raw tracepoint matches");
        return;
    }
    if (nd_glob_is(event)) {
        nd_kernel_each_raw_tracepoint(x->p->kernel, event, add_raw, x);
        if (!x->out.n)
            nd_expand_fail(x, ND_E0206, "no raw tracepoint matches");
        return;
    }
    err = nd_kernel_raw_tracepoint(x->p->kernel, event, &sig);
    if (err == -ENOENT) {
        nd_kernel_each_raw_tracepoint(x->p->kernel, "*", near_raw, &near);
        d = nd_expand_fail(
            x, ND_E0206,
            nd_arena_printf(x->p->arena, "this kernel has no raw tracepoint '%s'", event));
        nd_expand_near(x, d, &near, "rawtracepoint:");
        return;
    }
    if (!raw_is_in(x, event, err ? NULL : sig))
        return;
    add_raw(x, event);
    x->out.v[x->out.n - 1].spec = x->pt.text;
    x->out.v[x->out.n - 1].sig = err ? NULL : sig;
}

// ---- timers and counters ------------------------------------------------------------------------

// "s:1", "ms:100", "hz:99", "1s", "99hz": period in ns, or frequency.
static bool parse_rate(struct nd_expand *x, uint64_t *num, bool *hz)
{
    const char *unit = x->part[0], *count = x->nparts > 1 ? x->part[1] : x->part[0];
    char *end;
    uint64_t ns;

    *num = strtoull(count, &end, 10);
    if (x->nparts == 1)
        unit = end;
    if (end == count || (x->nparts > 1 && *end) || !*num) {
        nd_expand_malformed(x, "the rate must be a number above 0");
        return false;
    }
    *hz = !strcmp(unit, "hz") || (!*unit && x->kind->attach == ND_AT_PROFILE); // profile:99
    if (*hz)
        return true;
    ns = nd_value_unit(unit);
    if (ns && ns <= nd_value_units[ND_VALUE_UNIT_S].ns && !__builtin_mul_overflow(*num, ns, num))
        return true;
    nd_expand_malformed(x, "the unit must be s, ms, us or hz");
    return false;
}

// NULL after an error.
static struct nd_target *add_rate(struct nd_expand *x, bool *hz)
{
    struct nd_target *t;
    uint64_t num;

    if (!parse_rate(x, &num, hz))
        return NULL;
    t = nd_expand_add(x, "", "");
    t->num = num;
    return t;
}

static void expand_profile(struct nd_expand *x)
{
    bool hz;
    struct nd_target *t = add_rate(x, &hz);

    if (t)
        t->num2 = !hz;
}

static void expand_interval(struct nd_expand *x)
{
    bool hz;
    struct nd_target *t = add_rate(x, &hz);

    if (!t)
        return;
    if (hz)
        t->num = 1000000000 / t->num;
    if (t->num < 1000000)
        nd_help(x->p->diags, nd_expand_fail(x, ND_E0317, "an interval is at least 1ms"),
                "profile:hz:N samples faster");
}

// iter:task: once, iter:task:s:5: in this interval. What can be walked is a function bpf_iter_NAME
// in the BTF of the kernel, whose parameters are what the program is given.
static void expand_iter(struct nd_expand *x)
{
    char *name = nd_arena_printf(x->p->arena, "bpf_iter_%s", x->part[0]);
    const struct nd_func_sig *sig;
    struct nd_target *t;
    uint64_t period = 0;
    bool hz = false;

    if (x->nparts == 2) {
        nd_expand_malformed(x, "an interval has a unit and a number");
        return;
    }
    if (x->nparts == 3) {
        x->part[0] = x->part[1];
        x->part[1] = x->part[2];
        x->nparts = 2;
        if (!parse_rate(x, &period, &hz))
            return;
        period = hz ? 1000000000 / period : period;
    }
    if (nd_without(x->p, ND_F_ITER) || nd_kernel_func(x->p->kernel, "", name, &sig)) {
        nd_help(x->p->diags,
                nd_expand_fail(x, ND_E0206,
                               nd_arena_printf(x->p->arena, "this kernel has no iterator for '%s'",
                                               name + strlen("bpf_iter_"))),
                "iterators came with Linux 5.8 and need BTF; 'ndtrace list iter:*' shows what "
                "there is");
        return;
    }
    t = nd_expand_add(x, "", name);
    t->num = period;
    t->sig = sig;
}

static const struct {
    const char *name;
    uint64_t config, period;
} software[] =
    {
        // PERF_COUNT_SW_* of linux/perf_event.h
        {"cpu-clock", 0, 1000000}, {"cpu", 0, 1000000},        {"task-clock", 1, 1000000},
        {"page-faults", 2, 100},   {"faults", 2, 100},         {"context-switches", 3, 1000},
        {"cs", 3, 1000},           {"cpu-migrations", 4, 1},   {"minor-faults", 5, 100},
        {"major-faults", 6, 1},    {"alignment-faults", 7, 1}, {"emulation-faults", 8, 1},
        {"dummy", 9, 1},           {"bpf-output", 10, 1},
},
  hardware[] = {
      // PERF_COUNT_HW_*
      {"cpu-cycles", 0, 1000000},     {"cycles", 0, 1000000},
      {"instructions", 1, 1000000},   {"cache-references", 2, 1000000},
      {"cache-misses", 3, 1000000},   {"branch-instructions", 4, 100000},
      {"branches", 4, 100000},        {"branch-misses", 5, 100000},
      {"bus-cycles", 6, 100000},      {"frontend-stalls", 7, 1000000},
      {"backend-stalls", 8, 1000000}, {"ref-cycles", 9, 1000000},
};

const char *nd_probes_counter(bool soft, uint32_t i)
{
    size_t n =
        soft ? sizeof(software) / sizeof(software[0]) : sizeof(hardware) / sizeof(hardware[0]);

    return i >= n ? NULL : soft ? software[i].name : hardware[i].name;
}

static void expand_counter(struct nd_expand *x)
{
    bool soft = x->kind->attach == ND_AT_SOFTWARE;
    size_t n =
        soft ? sizeof(software) / sizeof(software[0]) : sizeof(hardware) / sizeof(hardware[0]);
    struct nd_near near = {.name = x->part[0]};
    struct nd_diag *d;
    size_t i;

    for (i = 0; i < n; i++) {
        const char *name = soft ? software[i].name : hardware[i].name;
        struct nd_target *t;
        char *end;

        nd_near_try(&near, name);
        if (strcmp(name, x->part[0]))
            continue;
        t = nd_expand_add(x, "", "");
        t->num = soft ? software[i].config : hardware[i].config;
        t->num2 = soft ? software[i].period : hardware[i].period;
        if (x->nparts > 1) {
            t->num2 = strtoull(x->part[1], &end, 10);
            if (*end || !t->num2)
                nd_expand_malformed(x, "the count must be a number above 0");
        }
        return;
    }
    d = nd_expand_fail(x, ND_E0206,
                       nd_arena_printf(x->p->arena, "there is no %s event '%s'",
                                       soft ? "software" : "hardware", x->part[0]));
    nd_expand_near(x, d, &near, soft ? "software:" : "hardware:");
}

static void expand_func(struct nd_expand *x)
{
    nd_expand_func(x);
}

static void expand_uprobe(struct nd_expand *x)
{
    nd_expand_uprobe(x);
}

static void expand_usdt(struct nd_expand *x)
{
    nd_expand_usdt(x);
}

static void expand_watch(struct nd_expand *x)
{
    nd_expand_watch(x);
}

static void expand_self(struct nd_expand *x)
{
    nd_expand_self(x);
}

static void expand_plain(struct nd_expand *x)
{
    nd_expand_add(x, "", "");
}

static const struct nd_probe_kind kinds[] = {
#define ND_PROBE(names, attach, fewest, most, expand, best, usage) \
    {names, ND_AT_##attach, fewest, most, expand_##expand, usage, best},
#include "runtime/common/probes.def"
};

static bool word_in(const char *list, const char *word)
{
    size_t n = strlen(word);

    while (list) {
        if (!strncmp(list, word, n) && (!list[n] || list[n] == ' '))
            return true;
        list = strchr(list, ' ');
        if (list)
            list++;
    }
    return false;
}

static const struct nd_probe_kind *find_kind(const char *word)
{
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (word_in(kinds[i].names, word))
            return &kinds[i];
    }
    return NULL;
}

// Names of functions in files may have "::".
static char *next_colon(const struct nd_expand *x, char *word)
{
    char *colon = strchr(word, ':');

    while (colon && colon[1] == ':' && nd_kind_attaches(x->kind->attach, ND_AF_FILE))
        colon = strchr(colon + 2, ':');
    return colon;
}

// "kind:a:b:c" into parts; quotes around a part are dropped.
static void split(struct nd_expand *x, char *s)
{
    char *word = s;

    x->nparts = 0;
    while (word && x->nparts < ND_PARTS_MAX) {
        char *end;

        if (*word == '"') {
            char *q = strchr(word + 1, '"');

            word++;
            end = q ? q + 1 : NULL;
            if (q)
                *q = 0;
            if (end && *end != ':')
                end = NULL;
        } else {
            end = x->kind->expand == expand_usdt ? strchr(word, ':') : next_colon(x, word);
        }
        if (end)
            *end++ = 0;
        x->part[x->nparts++] = word;
        word = end;
    }
    if (word)
        x->nparts = ND_PARTS_MAX + 1;
}

static void unknown_kind(struct nd_expand *x, const char *word)
{
    struct nd_near near = {.name = word};
    struct nd_diag *d;
    size_t i;

    if (nd_stage_find(x->p, word)) { // probes on stages do not come here
        nd_expand_fail(x, ND_E0205,
                       nd_arena_printf(x->p->arena,
                                       "a stage cannot be an alternative of another stage: '%s'",
                                       word));
        return;
    }
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *n = kinds[i].names;

        nd_near_try(&near, nd_arena_strndup(x->p->arena, n, strcspn(n, " ")));
    }
    for (i = 0; i < x->p->decls.n; i++) {
        if (x->p->decls.v[i]->kind == ND_D_STAGE)
            nd_near_try(&near, x->p->decls.v[i]->name);
    }
    d = nd_expand_fail(x, ND_E0205, nd_arena_printf(x->p->arena, "unknown probe '%s'", x->pt.text));
    if (near.n)
        nd_fix(x->p->diags, d, near.best[0]);
    else
        nd_help(x->p->diags, d,
                "a probe is written kind:name, for example tracepoint:net:net_dev_queue");
}

static void expand_point(struct nd_expand *x)
{
    char *copy = nd_arena_strdup(x->p->arena, x->pt.text), *colon = strchr(copy, ':');
    uint32_t i;

    if (colon)
        *colon++ = 0;
    x->kind = find_kind(copy);
    if (!x->kind) {
        unknown_kind(x, copy);
        return;
    }
    x->nparts = 0;
    if (colon)
        split(x, colon);
    if (x->nparts < x->kind->min || x->nparts > x->kind->max) {
        nd_expand_malformed(x, "the probe has a part too few or too many");
        return;
    }
    for (i = 0; i < x->nparts; i++) {
        if (!*x->part[i] && x->kind->expand == expand_usdt) {
            x->part[i] = nd_arena_strdup(x->p->arena, "*"); // any file, any provider
        } else if (!*x->part[i]) {
            nd_expand_malformed(x, "a part of the probe is empty");
            return;
        }
    }
    x->kind->expand(x);
}

void nd_probes_point(struct nd_program *p, const struct nd_point *pt, struct nd_targets *out)
{
    struct nd_expand x = {.p = p, .pt = *pt};

    expand_point(&x);
    if (x.out.n > ND_TARGETS_MAX) {
        nd_expand_fail(
            &x, ND_E0702,
            nd_arena_printf(p->arena, "this matches more than %u places", ND_TARGETS_MAX));
        x.out.n = 0;
    }
    *out = x.out;
}

void nd_probes_resolve(struct nd_program *p, const char *text, struct nd_span span,
                       struct nd_targets *out)
{
    struct nd_point pt = {.text = text, .span = span};
    struct nd_trial trial;

    nd_trial_begin(p->diags, &trial);
    nd_probes_point(p, &pt, out);
    if (!nd_trial_end(p->diags, &trial))
        out->n = 0;
}
