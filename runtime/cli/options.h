// SPDX-License-Identifier: GPL-2.0-or-later
// The command line behind FILE: the options that the script declares, and among them the general
// flags. Must not know what options are for. Serves the command line.
#ifndef ND_OPTIONS_H
#define ND_OPTIONS_H

#include "runtime/common/mf.h"

#include <stdbool.h>

struct nd_options {
    uint8_t *data;       // opts_size bytes, laid out as nd_opts
    const char **names;  // for each option of the manifest: its flag
    const char **values; // its value as text, given or default; NULL: none
    char **texts;        // owned copies behind values
    uint32_t n;
};

// Offered what is no option of the script: argv[*i]. 1: taken (and *i moved to its last word),
// 0: not known, -1: known but wrong, message printed.
typedef int (*nd_flag_fn)(void *arg, int argc, char **argv, int *i);

// 0, or -EINVAL after a message on stderr.
int nd_options_parse(const struct nd_mf *mf, int argc, char **argv, nd_flag_fn general, void *arg,
                     struct nd_options *out);
// The value of an option of this kind; NULL: the script has none of that name, or it was not given.
const void *nd_options_value(const struct nd_mf *mf, const struct nd_options *o, const char *flag,
                             uint32_t kind);
// The defaults only, nothing required.
int nd_options_defaults(const struct nd_mf *mf, struct nd_options *out);
void nd_options_free(struct nd_options *o);
// Usage of the script; the general flags are printed by the caller.
void nd_options_usage(const struct nd_mf *mf, const char *name);

#endif
