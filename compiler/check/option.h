// SPDX-License-Identifier: GPL-2.0-or-later
// Options a script declares: types, defaults, and where their values lie. Serves the checker and
// the manifest.
#ifndef ND_OPTION_H
#define ND_OPTION_H

#include "compiler/check/check_impl.h"

struct nd_mfb;

// Declares the option of d: its type, place, default and flags. Reports errors.
void nd_option_declare(struct nd_check *c, struct nd_decl *d);
#define ND_OPTION_STACKS "stack_storage_size" // an INT option of this name: stacks that are kept
// Options whose values are in a file: which. When all are declared.
void nd_option_join_files(struct nd_check *c);
// The default values as bytes (stride each, number in *n).
uint8_t *nd_option_default(struct nd_program *p, const struct nd_option *o, uint32_t *n);

#endif
