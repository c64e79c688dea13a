// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the words up to the script, gets its object from the compiler, reads the words after it
// with the options the script declares, and starts the run. Must not know the kernel.
#include "runtime/cli/cli.h"

#include "runtime/cli/arguments.h"
#include "runtime/cli/cli_impl.h"
#include "runtime/cli/find.h"
#include "runtime/common/caps.h"
#include "runtime/common/msg.h"
#include "runtime/common/probekinds.h"
#include "runtime/common/signals.h"
#include "runtime/kernel/fileprobe.h"
#include "runtime/sources/namespaces.h"

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

// Words up to the script. Returns the index of the first word after it, or -1 after a message.
static int read_head(struct cli *c, int argc, char **argv, int from)
{
    int i, rc;

    for (i = from; i < argc; i++) {
        if (argv[i][0] != '-' || !argv[i][1]) {
            if (c->compile.text)
                return i;
            c->compile.file = argv[i][0] == '-' ? "/dev/stdin" : argv[i];
            return i + 1;
        }
        if (c->compile.text && nd_cli_flag_is_early(argv[i]))
            return i;
        rc = nd_cli_flag(c, argc, argv, &i);
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
    char near[256];
    int err;

    if (c->compile.text)
        return 0;
    if (nd_find_script(c->compile.file, c->path, sizeof(c->path))) {
        if (!strchr(c->compile.file, '/') && !access(c->compile.file, R_OK)) {
            nd_msg(
                "error: there is no tool \"%s\" in the standard library; for the file of that name "
                "in this folder, write ./%s",
                c->compile.file, c->compile.file);
            return -ENOENT;
        }
        nd_find_near(c->compile.file, near, sizeof(near));
        nd_msg("error: there is no script or tool \"%s\" here or in the standard library; %s%s%s",
               c->compile.file, *near ? "did you mean " : "", *near ? near : "",
               *near ? "?" : "ndtrace list tools shows all of them");
        return -ENOENT;
    }
    c->compile.file = c->path;
    err = nd_find_once(c->path, sizeof(c->path), c->compile.any_owner);
    if (err && err != -EPERM)
        nd_msg("error: cannot read %s: %s", c->path, strerror(-err));
    return err;
}

// ---- commands ----------------------------------------------------------------------------------

static int script_help(struct cli *c)
{
    struct nd_object obj = {0};
    struct nd_load l = {0};
    int code = nd_cli_object(c, "manifest", &obj), err;

    nd_object_say(&obj);
    if (code) {
        nd_object_free(&obj);
        return code;
    }
    if (obj.foreign)
        err = nd_cli_load(c, &obj, &l);
    else
        err = nd_load_open_manifest(&l, obj.data, obj.size);
    if (!err) {
        nd_arguments_usage(&l.mf, c->name);
        putchar('\n');
        nd_cli_general_help();
        if (*nd_mf_str(&l.mf, l.mf.h->notes))
            printf("\n%s", nd_mf_str(&l.mf, l.mf.h->notes));
    }
    nd_load_free(&l);
    nd_object_free(&obj);
    return err ? EXIT_FAILED : EXIT_DONE;
}

// ---- options of the script that are also general flags -----------------------------------------

static int share_duration(struct cli *c, const void *value)
{
    memcpy(&c->run.duration, value, sizeof(c->run.duration));
    return 0;
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
    size_t i;
    int err;

    c->tail = true;
    err = nd_arguments_parse(mf, c->name, argc, argv, nd_cli_flag, c, values);
    if (!err)
        err = nd_fileprobe_check(mf, values);
    for (i = 0; i < sizeof(shared) / sizeof(*shared) && !err; i++) {
        const void *v = nd_options_value(mf, values, shared[i].flag, shared[i].kind);

        if (v)
            err = shared[i].share(c, v);
    }
    if (!err)
        err = nd_cli_scope(c, mf, values);
    if (c->run.output && !c->run.format)
        c->run.format = nd_sink_kind_of_file(c->run.output);
    if (c->run.bpftrace && c->run.format && !strcmp(c->run.format->name, "json"))
        c->run.format = nd_sink_kind_named("btjson");
    if (err == -ENOMEM)
        nd_msg("error: out of memory");
    return err;
}

// As nd_run_opts.attached.
static void reap(void *arg)
{
    struct nd_object *obj = arg;

    nd_compiler_reap(&obj->compiler);
}

// The script cannot be compiled here. Is the command line wrong as well? Then that is what to say.
static bool wrong_words(struct cli *c, const struct nd_object *obj, int argc, char **argv)
{
    struct nd_options values = {0};
    struct nd_load l = {0};
    bool wrong = obj->options && !nd_load_open_manifest(&l, obj->data, obj->size) &&
                 parse_options(c, &l.mf, argc, argv, &values);

    nd_options_free(&values);
    nd_load_free(&l);
    return wrong;
}

static int run_object(struct cli *c, struct nd_object *obj, struct nd_load *l,
                      const struct nd_options *values, int code)
{
    if (code || !c->no_warnings)
        nd_object_say(obj);
    return code ? code : nd_run(l, values, &c->run);
}

static bool has_files(const struct nd_mf *mf)
{
    uint32_t i;

    for (i = 0; i < mf->nattaches; i++) {
        const struct nd_mf_attach *a = &mf->attaches[i];

        // What an option names is looked up by this process in any case.
        if (nd_kind_attaches(a->kind, ND_AF_FILE) && !(a->flags & ND_ATF_OPTION))
            return true;
    }
    return false;
}

// A -p after the script says, when it is compiled already, whose files are meant: compiled again.
static int again_for_pid(struct cli *c, const char *pid, int argc, char **argv,
                         struct nd_object *obj, struct nd_load *l, struct nd_options *values)
{
    int code;

    if (!c->compile.pid || !has_files(&l->mf))
        return 0;
    if (!c->compile.text && nd_find_is_object(c->compile.file)) {
        if (nd_ns_same_files(c->run.pid))
            return 0;
        nd_msg(
            "error: process %u has files of its own (a container), and the object names those of "
            "where it was compiled; run the script instead, or enter the container",
            c->run.pid);
        return EXIT_FAILED;
    }
    if (c->compile.pid == pid)
        return 0;
    nd_options_free(values);
    nd_load_free(l);
    nd_object_free(obj);
    code = nd_cli_open(c, obj, l);
    return !code && parse_options(c, &l->mf, argc, argv, values) ? EXIT_WRONG : code;
}

static int run_script(struct cli *c, int argc, char **argv)
{
    struct nd_object obj = {0};
    struct nd_options values = {0};
    struct nd_load l = {0};
    const char *pid = c->compile.pid;
    int code;

    nd_signals_hold();
    code = nd_cli_settings(c) ?: nd_cli_words(c, &argc, &argv);
    if (code)
        return code;
    code = nd_cli_open(c, &obj, &l);
    c->run.t_object = nd_now();
    c->run.attached = reap;
    c->run.attached_arg = &obj;
    if (nd_signals_pending())
        code = EXIT_DONE; // Ctrl-C while compiling: nothing was attached
    else if (code ? wrong_words(c, &obj, argc, argv) : parse_options(c, &l.mf, argc, argv, &values))
        code = EXIT_WRONG;
    else
        code = run_object(c, &obj, &l, &values,
                          code ? code : again_for_pid(c, pid, argc, argv, &obj, &l, &values));
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

    code = nd_cli_open(c, &obj, &l);
    if (code)
        nd_object_say(&obj);
    if (!code && nd_arguments_defaults(&l.mf, &values)) {
        nd_msg("error: out of memory");
        code = EXIT_FAILED;
    }
    if (!code)
        code = nd_run_check(&l, &values, c->run.verbose);
    if (!code && !c->run.quiet)
        fprintf(stderr, "%s: the kernel's verifier accepts all %u programs\n",
                c->compile.text ? "-e" : c->compile.file, l.mf.nprogs);
    nd_options_free(&values);
    nd_load_free(&l);
    nd_object_free(&obj);
    return code;
}

// Replaces the first word that names a script by its path in the library, and gives it; NULL: there
// is none.
static const char *resolve_words(struct cli *c, int argc, char **argv)
{
    int i;

    for (i = 2; i < argc; i++) {
        if (!strcmp(argv[i], "-e") || !strcmp(argv[i], "--execute"))
            return NULL;
        if (argv[i][0] == '-') {
            i += nd_cli_flag_has_value(argv[i]);
            continue;
        }
        if (!nd_find_script(argv[i], c->path, sizeof(c->path)))
            argv[i] = c->path;
        return argv[i];
    }
    return NULL;
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
           (asks && nd_caps_may_trace() ? nd_features_missing(&c->features, hooks) : 0);
}

static int check(struct cli *c, int argc, char **argv)
{
    int next, code;

    if (!nd_caps_may_trace())
        return nd_compiler_exec(argv, c->features.off);
    c->no_cache = true; // leaves nothing
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

// An object in a file: what the compiler hands over, unchanged.
static int compile(struct cli *c, int argc, char **argv)
{
    struct nd_object obj = {0};
    struct nd_load l = {0};
    int i = read_head(c, argc, argv, 2), code;

    c->tail = true;
    for (; i >= 0 && i < argc; i++) {
        code = nd_cli_flag(c, argc, argv, &i);
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
    nd_object_say(&obj);
    if (!code)
        code = nd_object_save(&obj, c->run.output) ? EXIT_FAILED : EXIT_DONE;
    nd_load_free(&l);
    nd_object_free(&obj);
    return code;
}

static int command(struct cli *c, int argc, char **argv)
{
    bool is_check = !strcmp(argv[1], "check"), explains = !strcmp(argv[1], "explain");
    const char *script = NULL;

    if (!strcmp(argv[1], "compile"))
        return compile(c, argc, argv);
    argv[0] = (char *)(uintptr_t) "ndtrace-compile";
    if (is_check || explains || !strcmp(argv[1], "fmt"))
        script = resolve_words(c, argc, argv);
    if (explains && script && nd_find_is_object(script))
        return nd_cli_explain(c, script);
    return is_check ? check(c, argc, argv) : nd_compiler_exec(argv, without_hooks(c, argc, argv));
}

// Is one of these among the words, which are read only once the options are known?
static bool asks(int argc, char **argv, const char *flag, const char *letter)
{
    int i;

    for (i = 0; i < argc; i++) {
        if (!strcmp(argv[i], flag) || !strcmp(argv[i], letter))
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

// Written for bpftrace, whose output it expects.
static bool is_bt(const char *path)
{
    size_t n = strlen(path);

    return n > 3 && !strcmp(path + n - 3, ".bt");
}

// -l: flags may also come after the pattern.
static int list_matching(struct cli *c, int argc, char **argv)
{
    char *words[] = {NULL, (char *)(uintptr_t) "list", (char *)(uintptr_t) "probes", NULL};
    int i, rc;

    for (i = 0; i < argc; i++) {
        rc = nd_cli_flag(c, argc, argv, &i);
        if (!rc)
            nd_msg("error: unexpected \"%s\" after -l", argv[i]);
        if (rc <= 0)
            return usage_error();
    }
    return nd_cli_list(c, c->compile.file, without_hooks(c, 3, words));
}

static int ordered(struct cli *c, int argc, char **argv)
{
    int next;

    if (argc > 1 && nd_cli_is_command(argv[1]))
        return command(c, argc, argv);
    next = read_head(c, argc, argv, 1);
    if (next < 0)
        return usage_error();
    if (c->version) {
        printf("ndtrace %s\n", ND_VERSION);
        return EXIT_DONE;
    }
    if (c->help || (c->compile.text && asks(argc - next, argv + next, "--help", "-h"))) {
        nd_cli_usage(stdout);
        nd_cli_general_help();
        return EXIT_DONE;
    }
    if (c->info)
        return nd_cli_info(c);
    if (c->list)
        return list_matching(c, argc - next, argv + next);
    if (!c->compile.file && !c->compile.text) {
        nd_cli_usage(stderr);
        return usage_error();
    }
    c->name = c->compile.text ? "-e" : c->compile.file;
    // What decides how the script is compiled, also where it comes after it.
    c->compile.unsafe |= asks(argc - next, argv + next, "--unsafe", "--unsafe");
    c->compile.any_owner |= asks(argc - next, argv + next, "--any-owner", "--any-owner");
    c->unsigned_ok |= asks(argc - next, argv + next, "--unsigned", "--unsigned");
    if (find_script(c))
        return EXIT_WRONG;
    if (!c->styled && !c->compile.text)
        c->run.bpftrace = is_bt(c->compile.file);
    c->compile.bpftrace = c->run.bpftrace;
    if (c->dump)
        return nd_cli_dump(c);
    if (asks(argc - next, argv + next, "--help", "-h"))
        return script_help(c);
    c->compile.verbose = asks(argc - next, argv + next, "--verbose", "-v");
    return run_script(c, argc - next, argv + next);
}

// COLUMNS: how wide lines may be; anything but a number is ignored.
static uint32_t said_columns(void)
{
    const char *s = getenv("COLUMNS");
    unsigned long n = s ? strtoul(s, NULL, 10) : 0;

    return n >= 20 && n <= 10000 ? (uint32_t)n : 0;
}

int nd_cli(int argc, char **argv)
{
    struct cli c = {.run.t_start = nd_now(), .run.columns = said_columns()};
    char **words;
    int code;

    if (!read_features(&c))
        return EXIT_WRONG;
    words = nd_cli_order(&argc, argv);
    if (!words) {
        nd_msg("error: out of memory");
        return EXIT_FAILED;
    }
    code = ordered(&c, argc, words);
    free((void *)(uintptr_t)c.compile.words);
    free((void *)(uintptr_t)c.compile.settings);
    free(words);
    return code;
}
