// SPDX-License-Identifier: GPL-2.0-or-later
// Whether this machine has what an object made on another one takes for granted. Serves loading.
#ifndef ND_NEEDS_H
#define ND_NEEDS_H

#include "runtime/common/mf.h"

#include <stdbool.h>

struct btf;

// Was the object compiled on the very kernel that runs here?
bool nd_needs_same_kernel(const struct nd_mf *mf);
// Does the comparison need this kernel's BTF?
bool nd_needs_btf(const struct nd_mf *mf);
// Prints what does not hold, each at its place in the script. 0, or -EINVAL if anything does not.
// kernel: its BTF; NULL: it is the kernel of the compilation, what else there is is compared.
int nd_needs_check(const struct nd_mf *mf, struct btf *kernel);
// The value of an enumerator; type "": of any enum. False: there is none of that name.
bool nd_needs_enumerator(const struct btf *btf, const char *type, const char *name, int64_t *value);
// Are there any whose names are those of the kernel at hand?
bool nd_needs_has_enums(const struct nd_mf *mf);
// Enums of the kernel get the names and values that they have here: mf then refers to *store,
// which the caller frees after the last use. 0 or -ENOMEM.
int nd_needs_enums(struct nd_mf *mf, const struct btf *kernel, void **store);

#endif
