// SPDX-License-Identifier: GPL-2.0-or-later
// Inside the command line; included by cli*.c only.
#ifndef ND_CLI_IMPL_H
#define ND_CLI_IMPL_H

#include "runtime/cli/compiler.h"
#include "runtime/kernel/feature.h"
#include "runtime/run/run.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_WRONG = 2 };

struct cli {
    struct nd_run_opts run;
    struct nd_compiler_opts compile;
    struct nd_features features;
    struct nd_early early; // maps of a script that is being compiled
    char path[PATH_MAX];   // of the script
    const char *name;      // of the script, as it was typed
    const char *dump;      // the pass whose result is wanted, or NULL
    bool help, version, no_cache, list, info, no_warnings;
    bool styled;      // --style was given
    bool unsigned_ok; // objects without a signature, although there are keys
    bool tail;        // the words are those after the script
    bool all_netns;   // options of type ifname mean devices of every network namespace
};

// The script's object, or its manifest ("manifest"). Returns the exit code; errors were printed.
int nd_cli_object(struct cli *c, const char *verb, struct nd_object *obj);
// The object, ready to load: compiled again if the kernel lacks something the first one needs.
int nd_cli_open(struct cli *c, struct nd_object *obj, struct nd_load *l);

// cli_order.c: the words with a command first and flags of one letter apart, *argc of them; freed
// by the caller. NULL: out of memory.
char **nd_cli_order(int *argc, char **argv);
bool nd_cli_is_command(const char *word);

// cli_list.c: -l, -d and --info; exit codes.
int nd_cli_list(struct cli *c, const char *pattern, uint32_t without);
int nd_cli_dump(struct cli *c);
int nd_cli_info(struct cli *c);

// cli_flags.c: as nd_flag_fn of arguments.h, with a struct cli.
int nd_cli_flag(void *arg, int argc, char **argv, int *i);
bool nd_cli_flag_has_value(const char *word); // in the next word
bool nd_cli_flag_is_early(const char *word);  // one that is taken only before the script
bool nd_cli_flag_is_alone(const char *word);  // a flag that takes no value
bool nd_cli_flag_known(const char *word);

// Opens what nd_cli_object gave. An exit code, after a message.
int nd_cli_load(const struct cli *c, const struct nd_object *obj, struct nd_load *l);

// cli_words.c: takes from the words after the script those that it uses as they are ($1, getopt());
// what is left, its options and the general flags, is in *argv. An exit code, after a message.
int nd_cli_words(struct cli *c, int *argc, char ***argv);

// Takes BPFTRACE_* from the environment. An exit code, after a message.
int nd_cli_settings(struct cli *c);

// cli_explain.c: what the object in this file does; exit code.
int nd_cli_explain(const struct cli *c, const char *path);

// cli_scope.c: tells the programs whom this run sees. Not 0: it cannot be so, which was said.
int nd_cli_scope(struct cli *c, const struct nd_mf *mf, struct nd_options *values);

// cli_help.c
void nd_cli_usage(FILE *out);
void nd_cli_general_help(void);
// The names of all formats, with this between them.
void nd_cli_formats(char *out, size_t size, const char *sep);

#endif
