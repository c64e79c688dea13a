// SPDX-License-Identifier: GPL-2.0-or-later
// The command line after FILE: the options that the script declares, and among them the general
// flags. Must not know what options are for. Serves the command line.
#ifndef ND_ARGUMENTS_H
#define ND_ARGUMENTS_H

#include "runtime/common/options.h"

#include <stdbool.h>

// Gets a word that is not an option of the script: argv[*i]. 1: taken (and *i moved to its last
// word), 0: not known, -1: known but wrong, message printed.
typedef int (*nd_flag_fn)(void *arg, int argc, char **argv, int *i);

// Negative numbers are values, everything else that starts with a dash is a flag.
bool nd_arguments_is_flag(const char *word);
// The option whose flag or alias is the n characters at word; NULL: there is none.
const struct nd_mf_option *nd_arguments_find(const struct nd_mf *mf, const char *word, size_t n);
// 0, or -EINVAL after a message on stderr.
// name: of the script, as it was typed.
int nd_arguments_parse(const struct nd_mf *mf, const char *name, int argc, char **argv,
                       nd_flag_fn general, void *arg, struct nd_options *out);
// The defaults only, nothing required.
int nd_arguments_defaults(const struct nd_mf *mf, struct nd_options *out);
// Usage of the script; the general flags are printed by the caller.
void nd_arguments_usage(const struct nd_mf *mf, const char *name);

#endif
