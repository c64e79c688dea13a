// SPDX-License-Identifier: GPL-2.0-or-later
// config = { key = value } and BPFTRACE_KEY of the environment, which takes precedence: the keys
// of bpftrace. Those that mean nothing here are a note, so that scripts that have them run.
#include "compiler/check/check_impl.h"

#include "runtime/common/manifest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PAGE 4096u
#define STRLEN_MAX 4096
#define PREFIX "BPFTRACE_"

enum kind {
    IS_NUMBER, // lo to hi
    IS_TRUTH,
    IS_WORD, // one of `words`; kept: its index
    IS_TEXT, // the same, written as a string
    IS_NOTED // nothing here, because `why`
};

#define AT(member) offsetof(struct nd_config, member)

static const struct key {
    const char *name;
    enum kind kind;
    size_t at; // a u32 of struct nd_config
    int64_t lo, hi;
    const char *words[8];
    const char *why;
} keys[] = {
    {"max_map_keys", IS_NUMBER, AT(map_keys), 1, 100000000, {0}, NULL},
    {"max_strlen", IS_NUMBER, AT(strlen), 1, STRLEN_MAX, {0}, NULL},
    {"perf_rb_pages", IS_NUMBER, AT(ring_pages), 1, ND_RING_MOST / PAGE, {0}, NULL},
    {"print_maps_on_exit", IS_TRUTH, AT(print_maps), 0, 0, {0}, NULL},
    {"stack_mode", IS_WORD, AT(stack_mode), 0, 0, {"bpftrace", "perf", "raw"}, NULL},
    {"missing_probes", IS_WORD, AT(missing), 0, 0, {"error", "warn", "ignore"}, NULL},
    {"license",
     IS_TEXT,
     AT(license),
     0,
     0,
     {"GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"},
     NULL},
    {"cache_user_symbols", IS_NOTED, 0, 0, 0, {0}, "symbols are looked up when they are printed"},
    {"cpp_demangle", IS_NOTED, 0, 0, 0, {0}, "names are always shown as in the source"},
    {"lazy_symbolication", IS_NOTED, 0, 0, 0, {0}, "symbols are looked up when they are printed"},
    {"log_size", IS_NOTED, 0, 0, 0, {0}, "the verifier's log has the room it needs"},
    {"max_ast_nodes", IS_NOTED, 0, 0, 0, {0}, "a script has at most 16 MiB"},
    {"max_bpf_progs", IS_NOTED, 0, 0, 0, {0}, "one program serves many probes"},
    {"max_cat_bytes", IS_NOTED, 0, 0, 0, {0}, "there is no cat()"},
    {"max_probes", IS_NOTED, 0, 0, 0, {0}, "a wildcard can match 20,000 places"},
    {"max_type_res_iterations", IS_NOTED, 0, 0, 0, {0}, "types are inferred without a limit"},
    {"on_stack_limit", IS_NOTED, 0, 0, 0, {0}, "large values are kept off the stack by themselves"},
    {"show_debug_info", IS_NOTED, 0, 0, 0, {0}, "stacks have functions, not lines"},
    {"str_trunc_trailer", IS_NOTED, 0, 0, 0, {0}, "strings that were cut are counted"},
    {"symbol_source", IS_NOTED, 0, 0, 0, {0}, "symbols come from the file itself"},
    {"unstable_addr", IS_NOTED, 0, 0, 0, {0}, NULL},
    {"unstable_import", IS_NOTED, 0, 0, 0, {0}, NULL},
    {"unstable_macro", IS_NOTED, 0, 0, 0, {0}, NULL},
    {"unstable_map_decl", IS_NOTED, 0, 0, 0, {0}, NULL},
    {"unstable_tseries", IS_NOTED, 0, 0, 0, {0}, NULL},
    {"use_blazesym", IS_NOTED, 0, 0, 0, {0}, "symbols come from the file itself"},
};

// Without the prefix that it has in the environment, in any case.
static const struct key *find_key(const char *name, size_t n)
{
    size_t i, prefix = strlen(PREFIX);

    if (n > prefix && !strncasecmp(name, PREFIX, prefix)) {
        name += prefix;
        n -= prefix;
    }
    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strlen(keys[i].name) == n && !strncasecmp(keys[i].name, name, n))
            return &keys[i];
    }
    return NULL;
}

// ---- values
// --------------------------------------------------------------------------------------

struct setting {
    const char *name, *text; // text: of the value, when it is a word or a string
    bool is_number;
    uint64_t num;
    struct nd_span span;
};

static void note(struct nd_check *c, const struct setting *s, const char *why)
{
    struct nd_diag *d = nd_error(c->d, ND_W0914, s->span, "%s changes nothing here", s->name);

    if (why)
        nd_help(c->d, d, "%s", why);
}

static bool truth(const struct setting *s, uint32_t *v)
{
    static const char *const no[] = {"false", "no", "off", "0"};
    static const char *const yes[] = {"true", "yes", "on", "1"};
    size_t i;

    *v = s->num != 0;
    for (i = 0; s->text && i < 4; i++) {
        if (!strcasecmp(s->text, no[i]) || !strcasecmp(s->text, yes[i])) {
            *v = !strcasecmp(s->text, yes[i]);
            return true;
        }
    }
    return s->is_number && s->num <= 1;
}

static bool word(const struct key *k, const struct setting *s, uint32_t *v)
{
    for (*v = 0; s->text && *v < 8 && k->words[*v]; ++*v) {
        if (!strcasecmp(s->text, k->words[*v]))
            return true;
    }
    return false;
}

static bool number(const struct key *k, const struct setting *s, uint32_t *v)
{
    char *end = NULL;
    uint64_t n = s->is_number ? s->num : strtoull(s->text, &end, 0);

    *v = (uint32_t)n;
    return (s->is_number || (*s->text >= '0' && *s->text <= '9' && !*end)) &&
           n >= (uint64_t)k->lo && n <= (uint64_t)k->hi;
}

static const char *expected(struct nd_check *c, const struct key *k)
{
    const char *s = "";
    uint32_t i;

    if (k->kind == IS_TRUTH)
        return "true or false";
    if (k->kind == IS_NUMBER)
        return nd_arena_printf(c->a, "a number from %lld to %lld", (long long)k->lo,
                               (long long)k->hi);
    for (i = 0; i < 8 && k->words[i]; i++)
        s = nd_arena_printf(c->a, "%s%s%s", s, i ? ", " : "", k->words[i]);
    return nd_arena_printf(c->a, "one of: %s", s);
}

static void set(struct nd_check *c, const struct setting *s)
{
    const struct key *k = find_key(s->name, strlen(s->name));
    uint32_t v = 0;
    bool good;

    if (!k || k->kind == IS_NOTED) {
        note(c, s, k ? k->why : "there is no such key");
        return;
    }
    good = k->kind == IS_NUMBER  ? number(k, s, &v)
           : k->kind == IS_TRUTH ? truth(s, &v)
                                 : word(k, s, &v);
    if (!good)
        nd_help(c->d,
                nd_error(c->d, ND_E0317, s->span, "this is not a value that %s can have", k->name),
                "it is %s", expected(c, k));
    else
        memcpy((char *)&c->p->config + k->at, &v, sizeof(v));
}

static void set_expr(struct nd_check *c, const struct nd_named *n)
{
    const struct nd_expr *e = n->expr;
    struct setting s = {.name = n->name, .span = nd_span_join(n->span, e->span)};

    s.text = e->kind == ND_E_STRING ? e->str : e->kind == ND_E_IDENT ? e->name : NULL;
    s.is_number = e->kind == ND_E_INT;
    s.num = e->num;
    if (!s.text && !s.is_number) {
        nd_error(c->d, ND_E0317, e->span, "the value of a key is a number, a word or a string");
        return;
    }
    set(c, &s);
}

void nd_check_config(struct nd_check *c)
{
    uint32_t i, k;

    c->p->config.print_maps = 1;
    for (i = 0; i < c->p->decls.n; i++) {
        const struct nd_decl *d = c->p->decls.v[i];

        for (k = 0; d->kind == ND_D_CONFIG && k < d->config.n; k++)
            set_expr(c, &d->config.v[k]);
    }
    for (i = 0; i < c->p->nsettings; i++) { // NAME=value
        const char *text = c->p->settings[i], *eq = strchr(text, '=');
        struct setting s = {.span = ND_NO_SPAN};

        if (!eq)
            continue;
        s.name = nd_arena_strndup(c->a, text, (size_t)(eq - text));
        s.text = eq + 1;
        set(c, &s);
    }
}
