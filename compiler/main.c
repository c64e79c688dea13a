// SPDX-License-Identifier: GPL-2.0-or-later
// ndtrace-compile: options in, one compilation, an exit code out. Started by ndtrace; useful on its
// own to look at diagnostics. Only wiring.
#include "compiler/compile.h"
#include "compiler/explain.h"
#include "compiler/front/fmt.h"
#include "compiler/list.h"
#include "compiler/lsp.h"
#include "compiler/user/mfbuild.h"
#include "runtime/common/printable.h"
#include "runtime/common/sandbox.h"
#include "runtime/common/trust.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_RUN = 1, EXIT_SCRIPT = 2 };

struct args {
    const char *mode;
    struct nd_compile_opts o;
    struct nd_trust trust;
    const char **words, **named, **settings;
    int out_fd, warn_fd, plan_fd;
    bool json;
    enum nd_page_format page; // of explain
    char **rest;
    int nrest;
};

static const char usage[] =
    "usage: ndtrace-compile MODE [OPTION...] (FILE | -e TEXT)\n"
    "modes: object manifest check explain fmt points lsp; list "
    "[tools|stages|probes|builtins|keywords|errors] "
    "[GLOB]\n"
    "  -e TEXT        the script itself\n"
    "  --out-fd N     write the result to this file descriptor (object, manifest)\n"
    "  --warn-fd N    write messages to this file descriptor\n"
    "  --plan-fd N    write what the object will contain to this file descriptor, early\n"
    "  --facts DIR    a recorded description of a kernel instead of this one\n"
    "  --btf FILE     BTF of the target kernel\n"
    "  --stdlib DIR   where modules and tools are\n"
    "  -f text|json   format of messages and lists; markdown: of explain\n"
    "  --any-owner    also scripts and modules that others own or can write to\n"
    "  --style NAME   bpftrace: what a script means where the two differ, as in files named *.bt\n"
    "  --portable     an object that other kernels can load as well\n"
    "  --dump PASS    what this pass made, to stderr: load parse options declare expand infer "
    "check\n"
    "                 lower optimise emit finish\n"
    "  --word W       the next of $1, $2, ... of the script\n"
    "  --named N=V    an option that it asks for with getopt()\n"
    "  --config K=V   a setting, as in config = { K = V }\n"
    "  --without A,B  what the target kernel lacks: names of docs/kernels.md\n";

enum {
    OPT_OUT = 256,
    OPT_WARN,
    OPT_PLAN,
    OPT_FACTS,
    OPT_BTF,
    OPT_STDLIB,
    OPT_DUMP,
    OPT_WITHOUT,
    OPT_WORD,
    OPT_NAMED,
    OPT_CONFIG,
    OPT_PORTABLE,
    OPT_STYLE,
    OPT_UNSAFE,
    OPT_ANY_OWNER
};

// Long: one case for each flag.
static bool parse_args(int argc, char **argv, struct args *a)
{
    static const struct option longs[] = {
        {"out-fd", required_argument, NULL, OPT_OUT},
        {"warn-fd", required_argument, NULL, OPT_WARN},
        {"plan-fd", required_argument, NULL, OPT_PLAN},
        {"facts", required_argument, NULL, OPT_FACTS},
        {"btf", required_argument, NULL, OPT_BTF},
        {"stdlib", required_argument, NULL, OPT_STDLIB},
        {"format", required_argument, NULL, 'f'},
        {"dump", required_argument, NULL, OPT_DUMP},
        {"portable", no_argument, NULL, OPT_PORTABLE},
        {"style", required_argument, NULL, OPT_STYLE},
        {"unsafe", no_argument, NULL, OPT_UNSAFE},
        {"any-owner", no_argument, NULL, OPT_ANY_OWNER},
        {"without", required_argument, NULL, OPT_WITHOUT},
        {"word", required_argument, NULL, OPT_WORD},
        {"named", required_argument, NULL, OPT_NAMED},
        {"config", required_argument, NULL, OPT_CONFIG},
        {"pid", required_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    int c;

    a->out_fd = a->plan_fd = -1;
    a->warn_fd = STDERR_FILENO;
    if (argc < 2)
        return false;
    a->words = calloc(3 * (size_t)argc, sizeof(*a->words)); // main frees them
    if (!a->words)
        return false;
    a->o.words = a->words;
    a->o.named = a->named = a->words + argc;
    a->o.settings = a->settings = a->words + 2 * argc;
    a->mode = argv[1];
    a->o.words_unknown = !strcmp(a->mode, "manifest");
    argv++;
    argc--;
    while ((c = getopt_long(argc, argv, "e:f:p:vq", longs, NULL)) != -1) {
        switch (c) {
        case 'e':
            a->o.text = optarg;
            break;
        case 'f':
            a->json = !strcmp(optarg, "json");
            a->page = a->json                       ? ND_PAGE_JSON
                      : !strcmp(optarg, "markdown") ? ND_PAGE_MARKDOWN
                                                    : ND_PAGE_TEXT;
            break;
        case OPT_OUT:
            a->out_fd = atoi(optarg);
            break;
        case OPT_WARN:
            a->warn_fd = atoi(optarg);
            break;
        case OPT_PLAN:
            a->plan_fd = atoi(optarg);
            break;
        case OPT_FACTS:
            a->o.facts = optarg;
            break;
        case OPT_BTF:
            a->o.btf = optarg;
            break;
        case OPT_STDLIB:
            a->o.stdlib = optarg;
            break;
        case OPT_DUMP:
            if (!nd_compile_has_pass(optarg)) {
                fprintf(stderr, "ndtrace-compile: --dump: there is no pass \"%s\"\n", optarg);
                return false;
            }
            a->o.dump = optarg;
            break;
        case OPT_PORTABLE:
            a->o.portable = true;
            break;
        case OPT_STYLE:
            a->o.bpftrace = !strcmp(optarg, "bpftrace");
            break;
        case OPT_UNSAFE:
            a->o.unsafe = true;
            break;
        case OPT_ANY_OWNER:
            a->o.trust = NULL;
            break;
        case OPT_WITHOUT:
            if (!nd_without_parse(optarg, &a->o.without)) {
                fprintf(stderr, "ndtrace-compile: --without: unknown name in \"%s\"\n", optarg);
                return false;
            }
            break;
        case OPT_WORD:
            a->words[a->o.nwords++] = optarg;
            break;
        case OPT_NAMED:
            a->named[a->o.nnamed++] = optarg;
            break;
        case OPT_CONFIG:
            a->settings[a->o.nsettings++] = optarg;
            break;
        case 'v':
            a->o.verbose = true;
            break;
        case 'p':
            a->o.pid = optarg;
            break;
        case 'q':
            break;
        default:
            return false;
        }
    }
    a->rest = argv + optind;
    a->nrest = argc - optind;
    if (!strcmp(a->mode, "list"))
        return a->nrest <= 2;
    if (!strcmp(a->mode, "lsp"))
        return !a->nrest;
    if (a->nrest == 1 && !a->o.text)
        a->o.file = a->rest[0];
    return a->o.text ? a->nrest == 0 : a->nrest == 1;
}

static int write_all(int fd, const void *data, size_t n)
{
    const char *p = data;

    while (n) {
        ssize_t w = write(fd, p, n);

        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0) {
            fprintf(stderr, "ndtrace-compile: writing: %s\n", strerror(errno));
            return EXIT_RUN;
        }
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

// As nd_compile_opts.planned. Whoever does not get it waits for the object instead.
static void planned(void *arg, const struct nd_plan *plan, const struct nd_plan_map *maps)
{
    const struct args *a = arg;

    if (!write_all(a->plan_fd, plan, sizeof(*plan)) && plan->n)
        write_all(a->plan_fd, maps, plan->n * sizeof(*maps));
}

// If nothing can be made of the script, at least its options: whoever runs it looks at those first.
static int mode_object(struct nd_unit *u, const struct args *a)
{
    struct nd_seal seal;
    uint32_t size = 0;
    void *options = NULL;

    if (nd_compile(u, "options") && a->out_fd >= 0)
        options = nd_unit_manifest(u, &size);
    if (!nd_compile(u, "finish")) {
        if (options)
            write_all(a->out_fd, options, size);
        return EXIT_SCRIPT;
    }
    if (!u->object)
        return EXIT_RUN;
    if (a->out_fd < 0)
        return 0;
    seal = nd_mfb_seal_file(u->object, u->size);
    return write_all(a->out_fd, u->object, u->size) ?: write_all(a->out_fd, &seal, sizeof(seal));
}

static int mode_manifest(struct nd_unit *u, const struct args *a)
{
    uint32_t size;
    void *blob;

    if (!nd_compile(u, "options"))
        return EXIT_SCRIPT;
    blob = nd_unit_manifest(u, &size);
    return a->out_fd < 0 ? 0 : write_all(a->out_fd, blob, size);
}

static int mode_explain(struct nd_unit *u, const struct args *a)
{
    (void)a;
    u->opts.reads = true;
    if (!nd_compile(u, "finish"))
        return EXIT_SCRIPT;
    nd_explain(&u->program, u->lowered, a->page, stdout);
    return 0;
}

static int mode_fmt(struct nd_unit *u, const struct args *a)
{
    (void)a;
    if (u->diags.errors)
        return EXIT_SCRIPT;
    nd_fmt_script(&u->sources.v[0], u->arena, stdout);
    return 0;
}

// The places that the script's probes mean on this kernel, one to a line.
static int mode_points(struct nd_unit *u, const struct args *a)
{
    uint32_t i, k;

    (void)a;
    if (!nd_compile(u, "expand"))
        return EXIT_SCRIPT;
    for (i = 0; i < u->program.probes.n; i++) {
        const struct nd_probe *pr = u->program.probes.v[i];

        for (k = 0; k < pr->targets.n; k++) {
            nd_printable_write(pr->targets.v[k].spec, stdout);
            putchar('\n');
        }
    }
    return 0;
}

static const struct {
    const char *name;
    int (*fn)(struct nd_unit *u, const struct args *a);
} modes[] = {
    {"object", mode_object},   {"check", mode_object}, {"manifest", mode_manifest},
    {"explain", mode_explain}, {"fmt", mode_fmt},      {"points", mode_points},
};

// The message that speaks for all errors for want of this module: one that names stages, if there
// is any.
static const struct nd_diag *speaker(const struct nd_diags *all, const char *module)
{
    const struct nd_diag *best = NULL;
    uint32_t i;

    for (i = 0; i < all->n; i++) {
        const struct nd_diag *d = all->v[i];

        if (!d->warning && d->module && !strcmp(d->module, module) &&
            (!best || (best->code != ND_E0213 && d->code == ND_E0213)))
            best = d;
    }
    return best;
}

// For whoever runs a script, a module that is not loaded is one sentence, and what concerns only
// some options the run says itself. What is left to say is in `rest`.
static void say_to_operator(const struct nd_diags *all, bool brief, struct nd_diags *rest, FILE *f)
{
    uint32_t i;

    for (i = 0; i < all->n; i++) {
        const struct nd_diag *d = all->v[i];
        bool lacks = brief && d->module && (d->code == ND_E0213 || d->code == ND_E0601);

        if (lacks && speaker(all, d->module) == d)
            fprintf(f, "ndtrace: error: %s%s; modprobe %s\n",
                    d->code == ND_E0213 ? d->text : d->module,
                    d->code == ND_E0213 ? "" : " is not loaded", d->module);
        if (!lacks && !d->at_run)
            *ND_PUSH(all->arena, rest) = all->v[i];
    }
}

static void say(struct nd_unit *u, const struct args *a)
{
    FILE *f = a->warn_fd == STDERR_FILENO ? stderr : fdopen(a->warn_fd, "w");
    struct nd_diags rest = {.arena = u->arena, .dropped = u->diags.dropped};

    if (!f)
        f = stderr;
    if (a->out_fd >= 0 && !a->o.portable)
        say_to_operator(&u->diags, !a->json && !a->o.verbose, &rest, f);
    else
        rest = u->diags;
    if (a->json)
        nd_diags_json(&rest, &u->sources, f);
    else
        nd_diags_text(&rest, &u->sources, f, isatty(STDERR_FILENO));
    fflush(f);
}

static int run(struct args *a)
{
    struct nd_unit *u;
    size_t i;
    int ret;

    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (!strcmp(modes[i].name, a->mode))
            break;
    }
    if (i == sizeof(modes) / sizeof(modes[0])) {
        fputs(usage, stderr);
        return EXIT_SCRIPT;
    }
    a->o.no_modules = modes[i].fn == mode_fmt;
    u = nd_unit_new(&a->o);
    if (!u) {
        fputs("ndtrace-compile: out of memory\n", stderr);
        return EXIT_RUN;
    }
    ret = modes[i].fn(u, a);
    if (u->diags.errors && !ret)
        ret = EXIT_SCRIPT;
    say(u, a);
    if (a->plan_fd < 0)
        nd_unit_free(u);
    return ret;
}

static int compile(struct args *a)
{
    struct nd_plan end = {.magic = ND_PLAN_MAGIC, .kind = ND_PLAN_END};
    int code, err;

    if (!a->o.facts)
        a->o.tracefs = nd_kernel_mount_tracefs();
    err = nd_sandbox_reader(a->o.pid != NULL);
    if (err && err != -ENOSYS && err != -EINVAL) { // kernels and machines without the means
        fprintf(stderr, "ndtrace-compile: cannot shut off system calls: %s\n", strerror(-err));
        return EXIT_RUN;
    }
    if (!strcmp(a->mode, "lsp"))
        return nd_lsp(&a->o, stdin, stdout);
    if (!strcmp(a->mode, "list"))
        return nd_list(&a->o, &(struct nd_list_opts){.verbose = a->o.verbose, .json = a->json},
                       a->nrest > 0 ? a->rest[0] : "probes", a->nrest > 1 ? a->rest[1] : "*",
                       stdout);
#ifdef ND_VERIFY_IR
    a->o.verify = true;
#endif
    if (a->plan_fd >= 0) {
        a->o.planned = planned;
        a->o.planned_arg = a;
    }
    code = run(a);
    if (a->plan_fd < 0)
        return code;
    // Whoever waits for the object need not wait until the kernel has taken LLVM's memory apart,
    // and its destructors are not needed.
    end.code = (uint32_t)code;
    fflush(NULL);
    write_all(a->plan_fd, &end, sizeof(end));
    _exit(code);
}

int main(int argc, char **argv)
{
    struct args a = {.o.trust = &a.trust};
    int code = EXIT_SCRIPT;

    nd_trust_init(&a.trust);
    if (parse_args(argc, argv, &a))
        code = compile(&a);
    else
        fputs(usage, stderr);
    free(a.words);
    return code;
}
