// SPDX-License-Identifier: GPL-2.0-or-later
// Why the kernel did not load a program, in terms of the script. Must not know how loading works.
// Serves loading.
#ifndef ND_VERIFIER_H
#define ND_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nd_load;

// Prints the message for a failed load; l->log holds what libbpf said. err: negative errno.
void nd_verifier_report(const struct nd_load *l, int err, bool verbose);

// The parts, for tests. Number of the last instruction in a verifier log, or -1.
long nd_verifier_last_insn(const char *log);
const char *nd_verifier_cause(const char *log); // one line from the table, or NULL
#endif
