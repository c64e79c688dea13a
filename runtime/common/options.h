// SPDX-License-Identifier: GPL-2.0-or-later
// The values of a script's options, as its programs and its user code see them. Must not know where
// they come from. Serves the run, loading and the command line.
#ifndef ND_OPTIONS_H
#define ND_OPTIONS_H

#include "runtime/common/mf.h"

#include <stdbool.h>
#include <stddef.h>

struct nd_options {
    uint8_t *data;       // opts_size bytes, laid out as nd_opts
    const char **names;  // for each option of the manifest: its flag
    const char **values; // its value as text, given or default; NULL: none
    char **texts;        // owned copies that values point to
    uint32_t n;
};

// Are the n characters at word this flag? `-` and `_` are the same.
bool nd_options_flag_is(const char *flag, const char *word, size_t n);
// The value of an option of this kind; NULL: the script has none of that name, or it was not given.
const void *nd_options_value(const struct nd_mf *mf, const struct nd_options *o, const char *flag,
                             uint32_t kind);
// Writes whom the run sees where programs look for it.
void nd_options_scope(const struct nd_mf *mf, const struct nd_options *o,
                      const struct nd_mf_scope *s);
struct nd_mf_scope nd_options_scope_of(const struct nd_mf *mf, const struct nd_options *o);
void nd_options_free(struct nd_options *o);

#endif
