// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the words up to the script, gets its object from the compiler, reads the words after it
// with the options the script declares, and starts the run. Must not know the kernel.
#include "runtime/cli/cli.h"

#include "runtime/cli/arguments.h"
#include "runtime/cli/cli_impl.h"
#include "runtime/cli/find.h"
#include "runtime/cli/value.h"
#include "runtime/common/msg.h"
#include "runtime/common/signals.h"
#include "runtime/kernel/fileprobe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ND_VERSION
#define ND_VERSION "0.1.0"
#endif

static int usage_error(void)
{
    fputs("try: ndtrace --help\n", stderr);
    return EXIT_WRONG;
}

// ---- general flags -----------------------------------------------------------------------------

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

static int take_duration(struct cli *c, int64_t ns)
{
    c->run.duration = ns;
    if (ns > 0)
        return 0;
    nd_msg("error: --duration must be greater than zero");
    return -1;
}

static int set_duration(struct cli *c, const char *v)
{
    int64_t ns;

    if (nd_value_duration(v, &ns))
        return take_duration(c, ns);
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
    char *end;
    long pid = strtol(v, &end, 10);

    if (*v >= '0' && *v <= '9' && !*end && pid > 0 && pid <= INT_MAX) {
        c->run.pid = (uint32_t)pid;
        c->compile.pid = v;
        return 0;
    }
    nd_msg("error: --pid: \"%s\" is not a process id", v);
    return -1;
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

static const struct {
    const char *name;
    char letter;
    bool value;
    int (*set)(struct cli *c, const char *v);
} flags[] = {
    {"format", 'f', true, set_format},    {"output", 'o', true, set_output},
    {"log-file", 0, true, set_log},       {"duration", 0, true, set_duration},
    {"command", 'c', true, set_command},  {"pid", 'p', true, set_pid},
    {"facts", 0, true, set_facts},        {"btf", 0, true, set_btf},
    {"buffer", 0, true, set_buffer},      {"no-cache", 0, false, set_no_cache},
    {"verbose", 'v', false, set_verbose}, {"quiet", 'q', false, set_quiet},
    {"help", 'h', false, set_help},       {"version", 'V', false, set_version},
};

// As nd_flag_fn (options.h).
static int general_flag(void *arg, int argc, char **argv, int *i)
{
    struct cli *c = arg;
    const char *word = argv[*i], *eq = strchr(word, '=');
    size_t k, n = eq ? (size_t)(eq - word) : strlen(word);
    const char *value = NULL;

    for (k = 0; k < sizeof(flags) / sizeof(*flags); k++) {
        bool is_long = n == strlen(flags[k].name) + 2 && !strncmp(word, "--", 2) &&
                       !strncmp(word + 2, flags[k].name, n - 2);
        bool is_short = flags[k].letter && word[0] == '-' && word[1] == flags[k].letter;

        if (!is_long && !(is_short && (word[2] == 0 || flags[k].value)))
            continue;
        if (!flags[k].value)
            return flags[k].set(c, NULL) ? -1 : 1;
        if (is_long && eq)
            value = eq + 1;
        else if (is_short && word[2])
            value = word + 2; // -fjson
        else if (*i + 1 < argc)
            value = argv[++*i];
        if (!value) {
            nd_msg("error: %s needs a value", word);
            return -1;
        }
        return flags[k].set(c, value) ? -1 : 1;
    }
    return 0;
}

// Words up to the script. Returns the index of the first word after it, or -1 after a message.
static int read_head(struct cli *c, int argc, char **argv, int from)
{
    int i, rc;

    for (i = from; i < argc; i++) {
        if (argv[i][0] != '-' || !argv[i][1]) {
            if (c->compile.text)
                return i;
            c->compile.file = argv[i];
            return i + 1;
        }
        if (!strcmp(argv[i], "-e") || !strcmp(argv[i], "--execute")) {
            if (++i >= argc) {
                nd_msg("error: -e needs a program");
                return -1;
            }
            c->compile.text = argv[i];
            continue;
        }
        rc = general_flag(c, argc, argv, &i);
        if (rc < 0)
            return -1;
        if (rc)
            continue;
        if (c->compile.text)
            return i; // an option of the one-liner
        nd_msg("error: unknown flag %s", argv[i]);
        return -1;
    }
    return i;
}

static int find_script(struct cli *c)
{
    if (c->compile.text)
        return 0;
    if (nd_find_script(c->compile.file, c->path, sizeof(c->path))) {
        nd_msg("error: there is no script or tool \"%s\" here or in the standard library; ndtrace "
               "list tools shows all of them",
               c->compile.file);
        return -ENOENT;
    }
    c->compile.file = c->path;
    return 0;
}

// ---- commands ----------------------------------------------------------------------------------

static int script_help(struct cli *c, const char *name)
{
    struct nd_object obj = {0};
    struct nd_load l = {0};
    int code = nd_cli_object(c, "manifest", &obj), err;

    if (code)
        return code;
    if (nd_find_is_object(c->compile.file))
        err = nd_load_open(&l, obj.data, obj.size);
    else
        err = nd_load_open_manifest(&l, obj.data, obj.size);
    if (!err) {
        nd_arguments_usage(&l.mf, name);
        putchar('\n');
        nd_cli_general_help();
    }
    nd_load_free(&l);
    nd_object_free(&obj);
    return err ? EXIT_FAILED : EXIT_DONE;
}

// ---- options of the script that are also general flags -----------------------------------------

static int share_duration(struct cli *c, const void *value)
{
    int64_t ns;

    memcpy(&ns, value, sizeof(ns));
    return take_duration(c, ns);
}

static int share_verbose(struct cli *c, const void *value)
{
    uint64_t on;

    memcpy(&on, value, sizeof(on));
    c->run.verbose |= on;
    return 0;
}

static const struct {
    const char *flag;
    uint32_t kind;
    int (*share)(struct cli *c, const void *value);
} shared[] = {
    {"duration", ND_OPT_DURATION, share_duration},
    {"verbose", ND_OPT_BOOL, share_verbose},
};

static int parse_options(struct cli *c, const struct nd_mf *mf, int argc, char **argv,
                         struct nd_options *values)
{
    int err = nd_arguments_parse(mf, argc, argv, general_flag, c, values);
    size_t i;

    if (!err)
        err = nd_fileprobe_check(mf, values);
    for (i = 0; i < sizeof(shared) / sizeof(*shared) && !err; i++) {
        const void *v = nd_options_value(mf, values, shared[i].flag, shared[i].kind);

        if (v)
            err = shared[i].share(c, v);
    }
    if (c->run.output && !c->run.format)
        c->run.format = nd_sink_kind_of_file(c->run.output);
    return err;
}

// As nd_run_opts.attached.
static void reap(void *arg)
{
    struct nd_object *obj = arg;

    nd_compiler_reap(&obj->compiler);
}

static int run_script(struct cli *c, int argc, char **argv)
{
    struct nd_object obj = {0};
    struct nd_options values = {0};
    struct nd_load l = {0};
    int code;

    nd_signals_hold();
    code = nd_cli_open(c, &obj, &l);
    c->run.t_object = nd_now();
    c->run.attached = reap;
    c->run.attached_arg = &obj;
    if (nd_signals_pending())
        code = EXIT_DONE; // Ctrl-C while compiling: nothing was attached
    else if (!code && parse_options(c, &l.mf, argc, argv, &values))
        code = EXIT_WRONG;
    else if (!code)
        code = nd_run(&l, &values, &c->run);
    nd_options_free(&values);
    nd_load_free(&l);
    nd_object_free(&obj);
    nd_early_free(&c->early);
    return code;
}

// As root also what the kernel's verifier says; the compiler has said its part before.
static int check_in_kernel(struct cli *c)
{
    struct nd_object obj = {0};
    struct nd_options values = {0};
    struct nd_load l = {0};
    int code;

    c->warned = true;
    code = nd_cli_open(c, &obj, &l);
    if (!code && nd_arguments_defaults(&l.mf, &values))
        code = EXIT_FAILED;
    else if (!code)
        code = nd_run_check(&l, &values, c->run.verbose);
    if (!code && !c->run.quiet)
        fprintf(stderr, "%s: the kernel's verifier accepts all %u programs\n",
                c->compile.text ? "-e" : c->compile.file, l.mf.nprogs);
    nd_options_free(&values);
    nd_load_free(&l);
    nd_object_free(&obj);
    return code;
}

static bool takes_value(const char *word)
{
    size_t k;

    for (k = 0; k < sizeof(flags) / sizeof(*flags); k++) {
        if (flags[k].value && ((!strncmp(word, "--", 2) && !strcmp(word + 2, flags[k].name)) ||
                               (word[1] == flags[k].letter && !word[2])))
            return true;
    }
    return false;
}

// Replaces the first word that names a script by its path in the library.
static void resolve_words(struct cli *c, int argc, char **argv)
{
    int i;

    for (i = 2; i < argc; i++) {
        if (!strcmp(argv[i], "-e") || !strcmp(argv[i], "--execute"))
            return;
        if (argv[i][0] == '-') {
            i += takes_value(argv[i]);
            continue;
        }
        if (!nd_find_script(argv[i], c->path, sizeof(c->path)))
            argv[i] = c->path;
        return;
    }
}

// What words of the compiler alone (explain, check, list stages) must know of this kernel: the
// features that decide which hook serves a probe.
static uint32_t without_hooks(struct cli *c, int argc, char **argv)
{
    const uint32_t hooks =
        ND_F_BIT(KPROBE) | ND_F_BIT(FENTRY) | ND_F_BIT(TP_BTF) | ND_F_BIT(FUNC_IP);
    bool asks = strcmp(argv[1], "fmt") != 0 &&
                (strcmp(argv[1], "list") != 0 || (argc > 2 && !strcmp(argv[2], "stages")));

    return c->features.off |
           (asks && nd_feature_may_trace() ? nd_features_missing(&c->features, hooks) : 0);
}

static int check(struct cli *c, int argc, char **argv)
{
    int next, code;

    if (!nd_feature_may_trace())
        return nd_compiler_exec(argv, c->features.off);
    next = read_head(c, argc, argv, 2);
    if (next < 0)
        return usage_error();
    if (!c->compile.text && c->compile.file && nd_find_is_object(c->compile.file))
        return check_in_kernel(c);
    code = nd_compiler_run(argv, without_hooks(c, argc, argv));
    if (code || (!c->compile.file && !c->compile.text))
        return code;
    return check_in_kernel(c);
}

static int write_object(const struct nd_object *obj, const char *path)
{
    FILE *f = fopen(path, "we");
    int err = f ? 0 : errno;

    if (f && fwrite(obj->data, 1, obj->size, f) != obj->size)
        err = errno;
    if (f && fclose(f) && !err)
        err = errno;
    if (err)
        nd_msg("error: cannot write %s: %s", path, strerror(err));
    return err ? EXIT_FAILED : EXIT_DONE;
}

// An object in a file: what the compiler hands over, unchanged.
static int compile(struct cli *c, int argc, char **argv)
{
    struct nd_object obj = {0};
    struct nd_load l = {0};
    int i = read_head(c, argc, argv, 2), code;

    for (; i >= 0 && i < argc; i++) {
        code = general_flag(c, argc, argv, &i);
        if (!code)
            nd_msg("error: unexpected \"%s\"", argv[i]);
        if (code <= 0)
            return usage_error();
    }
    if (i < 0)
        return usage_error();
    if ((!c->compile.file && !c->compile.text) || !c->run.output) {
        nd_msg("error: usage: ndtrace compile FILE -o TOOL.ndo");
        return EXIT_WRONG;
    }
    if (find_script(c))
        return EXIT_WRONG;
    c->compile.portable = true;
    code = nd_cli_open(c, &obj, &l);
    if (!code)
        code = write_object(&obj, c->run.output);
    nd_load_free(&l);
    nd_object_free(&obj);
    return code;
}

static int command(struct cli *c, int argc, char **argv)
{
    bool is_check = !strcmp(argv[1], "check");

    if (!strcmp(argv[1], "compile"))
        return compile(c, argc, argv);
    argv[0] = (char *)(uintptr_t) "ndtrace-compile";
    if (is_check || !strcmp(argv[1], "explain") || !strcmp(argv[1], "fmt"))
        resolve_words(c, argc, argv);
    return is_check ? check(c, argc, argv) : nd_compiler_exec(argv, without_hooks(c, argc, argv));
}

static bool is_command(const char *word)
{
    static const char *const words[] = {"check", "explain", "list", "fmt", "compile"};
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (!strcmp(word, words[i]))
            return true;
    }
    return false;
}

static bool asks_help(int argc, char **argv)
{
    int i;

    for (i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    }
    return false;
}

static bool read_features(struct cli *c)
{
    const char *bad;
    char list[512] = "";
    uint32_t i;
    int n;

    if (nd_features_init(&c->features, &bad, &n))
        return true;
    for (i = 0; i < ND_F_MAX; i++)
        snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s", nd_features_row(i)->name);
    nd_msg("error: NDTRACE_WITHOUT: unknown feature \"%.*s\"; the features are:%s", n, bad, list);
    return false;
}

int nd_cli(int argc, char **argv)
{
    struct cli c = {.run.t_start = nd_now()};
    const char *name;
    int next;

    if (!read_features(&c))
        return EXIT_WRONG;
    if (argc > 1 && is_command(argv[1]))
        return command(&c, argc, argv);
    next = read_head(&c, argc, argv, 1);
    if (next < 0)
        return usage_error();
    if (c.version) {
        printf("ndtrace %s\n", ND_VERSION);
        return EXIT_DONE;
    }
    if (c.help || (c.compile.text && asks_help(argc - next, argv + next))) {
        nd_cli_usage(stdout);
        nd_cli_general_help();
        return EXIT_DONE;
    }
    if (!c.compile.file && !c.compile.text) {
        nd_cli_usage(stderr);
        return usage_error();
    }
    name = c.compile.file;
    if (find_script(&c))
        return EXIT_WRONG;
    if (asks_help(argc - next, argv + next))
        return script_help(&c, name);
    return run_script(&c, argc - next, argv + next);
}
