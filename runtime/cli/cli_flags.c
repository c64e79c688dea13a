// SPDX-License-Identifier: GPL-2.0-or-later
// The general flags: what each row of flags.def does, and reading one from the command line. Must
// not know scripts. Serves cli.c.
#include "runtime/cli/cli_impl.h"

#include "runtime/common/msg.h"
#include "runtime/common/value.h"
#include "runtime/sources/namespaces.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static int set_execute(struct cli *c, const char *v)
{
    c->compile.text = v;
    if (!c->tail)
        return 0;
    nd_msg("error: -e must come first, before the options of the script");
    return -1;
}

static int set_format(struct cli *c, const char *v)
{
    char names[256];

    c->run.format = nd_sink_kind_named(v);
    if (c->run.format) {
        c->compile.messages = c->run.format->messages;
        return 0;
    }
    nd_cli_formats(names, sizeof(names), ", ");
    nd_msg("error: --format: unknown format \"%s\"; the formats are %s", v, names);
    return -1;
}

static int set_style(struct cli *c, const char *v)
{
    c->styled = true;
    c->run.bpftrace = c->compile.bpftrace = !strcmp(v, "bpftrace");
    if (c->run.bpftrace || !strcmp(v, "ndtrace"))
        return 0;
    nd_msg("error: --style: unknown style \"%s\"; the styles are ndtrace and bpftrace", v);
    return -1;
}

static int set_color(struct cli *c, const char *v)
{
    static const char *const modes[] = {
        [ND_COLOR_AUTO] = "auto", [ND_COLOR_ALWAYS] = "always", [ND_COLOR_NEVER] = "never"};
    size_t i;

    for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        if (!strcmp(modes[i], v)) {
            c->run.color = (enum nd_color)i;
            return 0;
        }
    }
    nd_msg("error: --color: \"%s\" is none of auto, always and never", v);
    return -1;
}

static int set_flush(struct cli *c, const char *v)
{
    static const struct {
        const char *name;
        enum nd_flush how;
    } modes[] = {{"line", ND_FLUSH_RECORD}, {"none", ND_FLUSH_RECORD}, {"full", ND_FLUSH_FULL}};
    size_t i;

    for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        if (!strcmp(modes[i].name, v)) {
            c->run.flush = modes[i].how;
            return 0;
        }
    }
    nd_msg("error: --flush: unknown mode \"%s\"; the modes are line, full and none", v);
    return -1;
}

static int set_list(struct cli *c, const char *v)
{
    (void)v;
    c->list = true;
    return 0;
}

static int set_dump(struct cli *c, const char *v)
{
    c->dump = v;
    return 0;
}

static int set_dry_run(struct cli *c, const char *v)
{
    (void)v;
    c->run.dry = true;
    return 0;
}

static int set_info(struct cli *c, const char *v)
{
    (void)v;
    c->info = true;
    return 0;
}

static int set_no_warnings(struct cli *c, const char *v)
{
    (void)v;
    c->no_warnings = true;
    return 0;
}

// bpftrace looks for headers of C there. Types come from BTF here.
static int set_include_dir(struct cli *c, const char *v)
{
    (void)c, (void)v;
    return 0;
}

static int set_include(struct cli *c, const char *v)
{
    (void)c, (void)v;
    return 0;
}

// bpftrace reports failed helpers if asked; here they are always counted.
static int set_helper_errors(struct cli *c, const char *v)
{
    (void)c, (void)v;
    return 0;
}

static int set_output(struct cli *c, const char *v)
{
    c->run.output = v;
    return 0;
}

static int set_log(struct cli *c, const char *v)
{
    c->run.log = v;
    return 0;
}

static int set_duration(struct cli *c, const char *v)
{
    if (nd_value_duration(v, &c->run.duration))
        return 0;
    nd_msg("error: --duration: \"%s\" is not a duration; write 10s, 500ms, 5m or seconds", v);
    return -1;
}

static int set_command(struct cli *c, const char *v)
{
    c->run.command = v;
    return 0;
}

static int set_pid(struct cli *c, const char *v)
{
    if (nd_value_pid(v, &c->run.pid)) {
        c->compile.pid = v;
        return 0;
    }
    nd_msg("error: --pid: \"%s\" is not a process id", v);
    return -1;
}

static int set_netns(struct cli *c, const char *v)
{
    char why[512];

    c->all_netns = !strcmp(v, "all");
    if (c->all_netns || !nd_ns_enter_net(v, why, sizeof(why)))
        return 0;
    nd_msg("error: --netns: %s", why);
    return -1;
}

static int set_unsafe(struct cli *c, const char *v)
{
    (void)v;
    c->compile.unsafe = true;
    return 0;
}

static int set_any_owner(struct cli *c, const char *v)
{
    (void)v;
    c->compile.any_owner = true;
    return 0;
}

static int set_max_cpu(struct cli *c, const char *v)
{
    char *end;
    unsigned long n = strtoul(v, &end, 10);

    if (*v < '0' || *v > '9' || *end || !n || n > 100) {
        nd_msg("error: --max-cpu: \"%s\" is not a share of a CPU; write 1 to 100, in percent", v);
        return -1;
    }
    c->run.max_cpu = (uint32_t)n;
    return 0;
}

static int set_raw(struct cli *c, const char *v)
{
    (void)v;
    c->run.raw = true;
    return 0;
}

static int set_unsigned(struct cli *c, const char *v)
{
    (void)v;
    c->unsigned_ok = true;
    return 0;
}

static int set_buffer(struct cli *c, const char *v)
{
    uint64_t n;

    if (!nd_value_bytes(v, &n)) {
        nd_msg("error: --buffer: \"%s\" is not a size; write 4M, 512M or bytes", v);
        return -1;
    }
    if (n < ND_RING_BYTES || n > ND_RING_MOST) {
        nd_msg("error: --buffer must be between 1M and 1G");
        return -1;
    }
    for (c->run.buffer = ND_RING_BYTES; c->run.buffer < n;) // the kernel takes powers of two only
        c->run.buffer *= 2;
    return 0;
}

static int set_facts(struct cli *c, const char *v)
{
    c->compile.facts = v;
    return 0;
}

static int set_btf(struct cli *c, const char *v)
{
    c->compile.btf = v;
    return 0;
}

static int set_verbose(struct cli *c, const char *v)
{
    (void)v;
    c->run.verbose = true;
    return 0;
}

static int set_quiet(struct cli *c, const char *v)
{
    (void)v;
    c->run.quiet = true;
    return 0;
}

static int set_help(struct cli *c, const char *v)
{
    (void)v;
    c->help = true;
    return 0;
}

static int set_version(struct cli *c, const char *v)
{
    (void)v;
    c->version = true;
    return 0;
}

static int set_no_cache(struct cli *c, const char *v)
{
    (void)v;
    c->no_cache = true;
    return 0;
}

static const struct flag {
    const char *name;
    char letter;
    const char *arg;
    int (*set)(struct cli *c, const char *v);
} flags[] = {
#define X(set, name, letter, arg, help) {name, letter, arg, set_##set},
#include "runtime/cli/flags.def"
#undef X
};

// Is it this flag without a shortened name?
static bool is_flag(const struct flag *f, const char *word)
{
    if (!strncmp(word, "--", 2))
        return strcspn(word + 2, "=") == strlen(f->name) &&
               !strncmp(word + 2, f->name, strlen(f->name));
    return word[0] == '-' && f->letter && word[1] == f->letter && (f->arg || !word[2]);
}

static const struct flag *find_flag(const char *word)
{
    size_t k;

    for (k = 0; k < sizeof(flags) / sizeof(flags[0]); k++) {
        if (is_flag(&flags[k], word))
            return &flags[k];
    }
    return NULL;
}

bool nd_cli_flag_known(const char *word)
{
    return find_flag(word) != NULL;
}

// What decides that nothing is run comes before the script, whose options may have such letters.
static bool is_early(const struct flag *f)
{
    return f->set == set_list || f->set == set_dump || f->set == set_info;
}

bool nd_cli_flag_is_early(const char *word)
{
    const struct flag *f = find_flag(word);

    return f && is_early(f);
}

bool nd_cli_flag_has_value(const char *word)
{
    const struct flag *f = find_flag(word);

    return f && f->arg && (word[1] == '-' ? !strchr(word, '=') : !word[2]);
}

bool nd_cli_flag_is_alone(const char *word)
{
    const struct flag *f = find_flag(word);

    return f && !f->arg;
}

// getopt reads one flag at a time: between two there may be options of the script, which it does
// not know, and whose names may begin as those of flags do.
int nd_cli_flag(void *arg, int argc, char **argv, int *i)
{
    char *word = argv[*i], *next = *i + 1 < argc ? argv[*i + 1] : NULL;
    char *words[] = {argv[0], word, next, NULL};
    const struct flag *f = find_flag(word);
    const struct cli *c = arg;
    struct option longs[2] = {{0}};
    char letters[] = "+:-:"; // stop at other words; a missing value is a ':'; then the letter

    if (!f || (c->tail && is_early(f)))
        return 0;
    longs[0].name = f->name;
    longs[0].has_arg = f->arg ? required_argument : no_argument;
    letters[2] = f->letter;
    letters[3] = f->arg && f->letter ? ':' : 0;
    optind = 0; // from the start
    opterr = 0;
    switch (getopt_long(next ? 3 : 2, words, letters, longs, NULL)) {
    case ':':
        nd_msg("error: %s needs a value (%s)", word, f->arg);
        return -1;
    case '?':
        nd_msg("error: --%s takes no value", f->name);
        return -1;
    default:
        *i += optind - 2;
        return f->set(arg, optarg) ? -1 : 1;
    }
}
