// SPDX-License-Identifier: GPL-2.0-or-later
// Flags that show something instead of running a script: -l, -d and --info. Must not know how the
// compiler finds what it shows. Serves cli.c.
#include "runtime/cli/cli_impl.h"

#include "runtime/cli/find.h"
#include "runtime/common/caps.h"
#include "runtime/common/msg.h"

#include <bpf/libbpf.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifndef ND_VERSION
#define ND_VERSION "0.1.0"
#endif

static void add(char **words, int *n, const char *word)
{
    words[(*n)++] = (char *)(uintptr_t)word;
}

// Does it name a file rather than probes?
static bool is_script(struct cli *c, const char *pattern)
{
    size_t n = strlen(pattern);
    bool named = n > 3 && (!strcmp(pattern + n - 3, ".bt") || !strcmp(pattern + n - 3, ".nd"));

    if (!nd_find_script(pattern, c->path, sizeof(c->path)))
        return true;
    if (named)
        nd_msg("warning: there is no file %s; taken as a pattern", pattern);
    return false;
}

int nd_cli_list(struct cli *c, const char *pattern, uint32_t without)
{
    bool script = c->compile.text || (pattern && is_script(c, pattern));
    char *words[16];
    int n = 0;

    add(words, &n, "ndtrace-compile");
    add(words, &n, script ? "points" : "list");
    if (!script)
        add(words, &n, "probes");
    if (c->run.verbose)
        add(words, &n, "-v");
    if (c->compile.messages && !strcmp(c->compile.messages, "json")) {
        add(words, &n, "-f");
        add(words, &n, "json");
    }
    if (c->compile.pid) {
        add(words, &n, "-p");
        add(words, &n, c->compile.pid);
    }
    if (c->compile.any_owner)
        add(words, &n, "--any-owner");
    if (c->compile.text)
        add(words, &n, "-e");
    add(words, &n,
        c->compile.text ? c->compile.text
        : script        ? c->path
        : pattern       ? pattern
                        : "*:*");
    words[n] = NULL;
    return nd_compiler_exec(words, without);
}

// What others call the passes of a compiler.
static const char *pass_of(const char *name)
{
    static const struct {
        const char *theirs, *ours;
    } passes[] = {
        {"ast", "parse"}, {"codegen", "lower"}, {"codegen-opt", "optimise"}, {"dis", "emit"}};
    size_t i;

    for (i = 0; i < sizeof(passes) / sizeof(*passes); i++) {
        if (!strcmp(passes[i].theirs, name))
            return passes[i].ours;
    }
    return name;
}

int nd_cli_dump(struct cli *c)
{
    char *words[16];
    int n = 0;

    add(words, &n, "ndtrace-compile");
    add(words, &n, "check");
    add(words, &n, "--dump");
    add(words, &n, pass_of(c->dump));
    if (c->compile.any_owner)
        add(words, &n, "--any-owner");
    if (c->compile.unsafe)
        add(words, &n, "--unsafe");
    if (c->compile.text)
        add(words, &n, "-e");
    add(words, &n, c->compile.text ? c->compile.text : c->compile.file);
    words[n] = NULL;
    return nd_compiler_exec(words, c->features.off);
}

int nd_cli_info(struct cli *c)
{
    bool may = nd_caps_may_trace();
    uint32_t missing = may ? nd_features_missing(&c->features, (1u << ND_F_MAX) - 1) : 0, i;
    struct utsname u;

    printf("ndtrace: %s\nlibbpf: %s\n", ND_VERSION, libbpf_version_string());
    if (!uname(&u))
        printf("Linux: %s %s\n", u.release, u.machine);
    printf("BTF: %s\n", access("/sys/kernel/btf/vmlinux", R_OK) ? "no" : "/sys/kernel/btf/vmlinux");
    if (!may) {
        printf("Features are not tried: %s\n", nd_caps_to_trace());
        return EXIT_DONE;
    }
    printf("Features:\n");
    for (i = 0; i < ND_F_MAX; i++)
        printf("  %-18s %-4s %s (Linux %s)\n", nd_features_row(i)->name,
               c->features.off >> i & 1 ? "off"
               : missing >> i & 1       ? "no"
                                        : "yes",
               nd_features_row(i)->what, nd_features_row(i)->since);
    return EXIT_DONE;
}
