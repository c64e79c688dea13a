// SPDX-License-Identifier: GPL-2.0-or-later
// A language server on standard input and output (Language Server Protocol 3.17).
#ifndef ND_LSP_H
#define ND_LSP_H

#include "compiler/compile.h"

#include <stdio.h>

// Serves until the client says exit or closes the input. o: as for a compilation, without a
// script. Exit code: 0 after a shutdown request, otherwise 1.
int nd_lsp(const struct nd_compile_opts *o, FILE *in, FILE *out);

#endif
