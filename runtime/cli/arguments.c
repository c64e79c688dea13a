// SPDX-License-Identifier: GPL-2.0-or-later
// Fills the bytes of nd_opts from defaults and the command line. Must not know what options are
// for. Serves the command line.
#include "runtime/cli/arguments.h"

#include "runtime/cli/optfile.h"
#include "runtime/cli/optvalue.h"
#include "runtime/common/msg.h"
#include "runtime/common/near.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIME_MIN 1000000 // ns

struct parse {
    const struct nd_mf *mf;
    const char *name; // of the script, as it was typed
    struct nd_options *out;
    uint32_t *given;                 // times each option was given
    const struct nd_mf_option *list; // the flag before this word, if it is one of several values
};

static uint32_t get_word(const struct parse *p, uint32_t off)
{
    uint32_t v;

    memcpy(&v, p->out->data + off, sizeof(v));
    return v;
}

static void set_word(struct parse *p, uint32_t off, uint32_t v)
{
    memcpy(p->out->data + off, &v, sizeof(v));
}

static void set_defaults(struct parse *p)
{
    uint32_t i;

    for (i = 0; i < p->mf->noptions; i++) {
        const struct nd_mf_option *o = &p->mf->options[i];

        p->out->names[i] = nd_mf_str(p->mf, o->flag);
        if (!o->ndef)
            continue;
        memcpy(p->out->data + o->off, p->mf->blob + o->def, (size_t)o->ndef * o->stride);
        set_word(p, o->count_off, o->ndef);
        p->out->values[i] = nd_mf_str(p->mf, o->def_text);
    }
}

const struct nd_mf_option *nd_arguments_find(const struct nd_mf *mf, const char *word, size_t n)
{
    uint32_t i, j;

    for (i = 0; i < mf->noptions; i++) {
        const struct nd_mf_option *o = &mf->options[i];

        if (o->file != ND_MF_NONE)
            continue; // no flag
        if (nd_options_flag_is(nd_mf_str(mf, o->flag), word, n))
            return o;
        for (j = 0; j < o->nalias; j++) {
            if (nd_options_flag_is(nd_mf_str(mf, mf->words[o->alias + j]), word, n))
                return o;
        }
    }
    return NULL;
}

static int add_value(struct parse *p, const struct nd_mf_option *o, const char *flag,
                     const char *text)
{
    uint32_t n = get_word(p, o->count_off);
    struct nd_why why;

    if (n >= o->cap) {
        nd_msg("error: --%s takes at most %u values", flag, o->cap);
        return -EINVAL;
    }
    if (nd_optvalue_parse(p->mf, o, text, p->out->data + o->off + (size_t)n * o->stride, &why)) {
        nd_msg("error: --%s: %s", flag, why.text);
        return -EINVAL;
    }
    set_word(p, o->count_off, n + 1);
    return 0;
}

static int note_text(struct parse *p, uint32_t i, const char *text)
{
    struct nd_options *out = p->out;
    char *old = out->texts[i], *joined = NULL;

    if (asprintf(&joined, "%s%s%s", old ? old : "", old ? "," : "", text) < 0)
        return -ENOMEM;
    free(old);
    out->texts[i] = joined;
    out->values[i] = joined;
    return 0;
}

// "80,443", and where blanks separate "80 443" or "80, 443". *rest is NULL after the last one.
static char *next_item(char **rest, const char *separators)
{
    char *item = *rest + strspn(*rest, separators + 1);
    char *end = item + strcspn(item, separators), *next = end + strspn(end, separators + 1);

    *rest = *next == ',' ? next + 1 : *next ? next : NULL;
    *end = 0;
    return item;
}

// All protocols is as if none was asked for; where one is the default, there is no such choice.
static bool is_no_filter(const struct nd_mf_option *o, const char *text)
{
    return o->kind == ND_OPT_PROTO && !o->ndef &&
           (!strcasecmp(text, "all") || !strcasecmp(text, "any"));
}

static int take_value(struct parse *p, const struct nd_mf_option *o, const char *text)
{
    uint32_t i = (uint32_t)(o - p->mf->options);
    const char *flag = nd_mf_str(p->mf, o->flag);
    bool texts = o->kind == ND_OPT_STRING || o->kind == ND_OPT_PATH; // blanks are part of them
    char *copy, *item, *rest;
    int err = 0;

    if (!p->given[i] && is_no_filter(o, text)) {
        p->given[i] = 1;
        return note_text(p, i, text);
    }
    if (p->given[i]++ == 0) { // defaults make room
        memset(p->out->data + o->off, 0, (size_t)o->stride * o->cap);
        set_word(p, o->count_off, 0);
        set_word(p, o->given_off, 1);
    } else if (!(o->flags & ND_OPTF_LIST)) {
        nd_msg("error: --%s is given twice", flag);
        return -EINVAL;
    }
    err = note_text(p, i, text);
    if (err || !(o->flags & ND_OPTF_LIST))
        return err ? err : add_value(p, o, flag, text);
    copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    for (rest = copy; rest && !err;) {
        item = next_item(&rest, texts ? "," : ", ");
        err = add_value(p, o, flag, item);
    }
    free(copy);
    return err;
}

bool nd_arguments_is_flag(const char *word)
{
    return word[0] == '-' && word[1] && !(word[1] >= '0' && word[1] <= '9');
}

// 1: taken, 0: no option of the script, negative: wrong.
static int take_word(struct parse *p, int argc, char **argv, int *i)
{
    const char *word = argv[*i] + 1 + (argv[*i][1] == '-');
    const char *eq = strchr(word, '=');
    const struct nd_mf_option *o =
        nd_arguments_find(p->mf, word, eq ? (size_t)(eq - word) : strlen(word));
    int err;

    p->list = o && (o->flags & ND_OPTF_LIST) ? o : NULL;
    if (!o)
        return 0;
    if (eq) {
        err = take_value(p, o, eq + 1);
    } else if (o->kind == ND_OPT_BOOL && !(o->flags & ND_OPTF_LIST)) {
        err = take_value(p, o, "true");
    } else if (*i + 1 >= argc || nd_arguments_is_flag(argv[*i + 1])) {
        nd_msg("error: %s needs a value (%s)", argv[*i], nd_optvalue_kind_name(o->kind));
        err = -EINVAL;
    } else {
        err = take_value(p, o, argv[++*i]);
    }
    return err ? err : 1;
}

static void unknown_flag(const struct nd_mf *mf, const char *word)
{
    static const char *const general[][2] = {
#define X(set, name, letter, arg, help) {name, help},
#include "runtime/cli/flags.def"
#undef X
    };
    const char *name = word + strspn(word, "-");
    char bare[80];
    struct nd_near near = {.name = bare};
    uint32_t i;

    snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(name, "="), name);
    for (i = 0; i < mf->noptions; i++) {
        if (mf->options[i].file == ND_MF_NONE)
            nd_near_try(&near, nd_mf_str(mf, mf->options[i].flag));
    }
    for (i = 0; i < sizeof(general) / sizeof(*general); i++) {
        if (*general[i][1])
            nd_near_try(&near, general[i][0]);
    }
    if (near.n)
        nd_msg("error: unknown option %s; did you mean --%s?", word, near.best[0]);
    else
        nd_msg("error: unknown option %s; --help lists the options", word);
}

static int check_end(struct parse *p)
{
    int err = 0;
    uint32_t i;

    for (i = 0; i < p->mf->noptions; i++) {
        const struct nd_mf_option *o = &p->mf->options[i];

        if ((o->flags & ND_OPTF_REQUIRED) && !get_word(p, o->count_off)) {
            nd_msg("error: --%s is required%s%s", nd_mf_str(p->mf, o->flag),
                   *nd_mf_str(p->mf, o->help) ? ": " : "", nd_mf_str(p->mf, o->help));
            err = -EINVAL;
        }
    }
    if (err)
        fprintf(stderr, "usage: ndtrace %s [OPTIONS]; --help lists them\n", p->name);
    return err;
}

// A period of zero would be a report without end, such a timeout would lose every packet at once.
static int check_time(struct parse *p, uint32_t opt)
{
    const struct nd_mf_option *o;
    int64_t ns;

    if (opt == ND_MF_NONE)
        return 0;
    o = &p->mf->options[opt];
    memcpy(&ns, p->out->data + o->off, sizeof(ns));
    if (ns >= TIME_MIN || !get_word(p, o->count_off))
        return 0;
    nd_msg("error: --%s must be at least 1ms", nd_mf_str(p->mf, o->flag));
    return -EINVAL;
}

static int check_times(struct parse *p)
{
    uint32_t i;
    int err = 0;

    for (i = 0; i < p->mf->nhooks && !err; i++) {
        if (p->mf->hooks[i].kind == ND_HOOK_EVERY)
            err = check_time(p, p->mf->hooks[i].period_opt);
    }
    for (i = 0; i < p->mf->npaths && !err; i++)
        err = check_time(p, p->mf->paths[i].timeout_opt);
    return err;
}

// The first positional option that was not given takes a word without a flag, or else the list
// whose flag and values stand before it: --ports 80 443.
static int take_bare(struct parse *p, const char *word)
{
    uint32_t i;

    for (i = 0; i < p->mf->noptions; i++) {
        if ((p->mf->options[i].flags & ND_OPTF_POSITIONAL) && !p->given[i])
            return take_value(p, &p->mf->options[i], word);
    }
    if (p->list)
        return take_value(p, p->list, word);
    nd_msg("error: unexpected argument \"%s\"; options start with --", word);
    return -EINVAL;
}

static int take_all(struct parse *p, int argc, char **argv, nd_flag_fn general, void *arg)
{
    int i, rc = 0;

    for (i = 0; i < argc && rc >= 0; i++) {
        if (!nd_arguments_is_flag(argv[i])) {
            rc = take_bare(p, argv[i]);
            continue;
        }
        rc = take_word(p, argc, argv, &i);
        if (rc == 0 && general)
            rc = general(arg, argc, argv, &i);
        if (rc == 0) {
            unknown_flag(p->mf, argv[i]);
            rc = -EINVAL;
        }
    }
    return rc < 0 ? -EINVAL : 0;
}

static int allocate(struct parse *p)
{
    struct nd_options *out = p->out;
    uint32_t n = p->mf->noptions;

    memset(out, 0, sizeof(*out));
    out->n = n;
    out->data = calloc(1, p->mf->h->opts_size + 8ul);
    out->names = calloc(n + 1, sizeof(*out->names));
    out->values = calloc(n + 1, sizeof(*out->values));
    out->texts = calloc(n + 1, sizeof(*out->texts));
    p->given = calloc(n + 1, sizeof(*p->given));
    if (out->data && out->names && out->values && out->texts && p->given) {
        set_defaults(p);
        return 0;
    }
    free(p->given);
    nd_options_free(out);
    return -ENOMEM;
}

int nd_arguments_parse(const struct nd_mf *mf, const char *name, int argc, char **argv,
                       nd_flag_fn general, void *arg, struct nd_options *out)
{
    struct parse p = {.mf = mf, .name = name, .out = out};
    int err = allocate(&p);

    if (err)
        return err;
    err = take_all(&p, argc, argv, general, arg);
    if (!err)
        err = check_end(&p);
    if (!err)
        err = nd_optfile_fill(mf, out);
    if (!err)
        err = check_times(&p);
    free(p.given);
    if (err)
        nd_options_free(out);
    return err;
}

int nd_arguments_defaults(const struct nd_mf *mf, struct nd_options *out)
{
    struct parse p = {.mf = mf, .out = out};
    int err = allocate(&p);

    if (!err)
        free(p.given);
    return err;
}

// As on the command line: --l4-protocol, although _ is accepted as well.
static void usage_alias(const char *alias)
{
    printf(alias[1] ? "--" : "-");
    for (; *alias; alias++)
        putchar(*alias == '_' ? '-' : *alias);
}

static void usage_option(const struct nd_mf *mf, const struct nd_mf_option *o)
{
    const char *def = nd_mf_str(mf, o->def_text);
    char head[128], range[64];
    uint32_t i;

    if (o->kind == ND_OPT_BOOL)
        snprintf(head, sizeof(head), "--%s", nd_mf_str(mf, o->flag));
    else
        snprintf(head, sizeof(head), "--%s %s%s", nd_mf_str(mf, o->flag),
                 nd_optvalue_kind_name(o->kind), o->flags & ND_OPTF_LIST ? ",..." : "");
    printf("  %-28s %s", head, nd_mf_str(mf, o->help));
    for (i = 0; i < o->nnames; i++)
        printf("%s%s", i ? ", " : " {", nd_mf_str(mf, mf->words[o->names + i]));
    if (o->nnames)
        printf("}");
    if (nd_optvalue_range(o, range, sizeof(range)))
        printf(" {%s}", range);
    if (o->flags & ND_OPTF_REQUIRED)
        printf(" (required)");
    else if (*def)
        printf(" (default: %s)", def);
    for (i = 0; i < o->nalias; i++) {
        printf("%s", i ? ", " : " (also: ");
        usage_alias(nd_mf_str(mf, mf->words[o->alias + i]));
    }
    printf("%s\n", o->nalias ? ")" : "");
}

void nd_arguments_usage(const struct nd_mf *mf, const char *name)
{
    const char *title = nd_mf_str(mf, mf->h->title);
    uint32_t i;

    if (*title)
        printf("%s\n\n", title);
    printf("usage: ndtrace %s%s", name, mf->noptions ? " [OPTIONS]" : "");
    for (i = 0; i < mf->noptions; i++) {
        if (mf->options[i].flags & ND_OPTF_POSITIONAL)
            printf(" [%s]", nd_mf_str(mf, mf->options[i].flag));
    }
    printf("\n");
    if (mf->noptions)
        printf("\nOptions of this script:\n");
    for (i = 0; i < mf->noptions; i++) {
        if (mf->options[i].file == ND_MF_NONE)
            usage_option(mf, &mf->options[i]);
    }
}
