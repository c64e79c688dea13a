// SPDX-License-Identifier: GPL-2.0-or-later
// One link for many kernel functions (kprobe.multi, Linux 5.18 with CONFIG_FPROBE). Must not know
// what programs do. Serves loading and attaching.
#ifndef ND_ATTACH_MULTI_H
#define ND_ATTACH_MULTI_H

#include "runtime/common/mf.h"

#include <stdbool.h>

// Does the kernel have it? Tried, not asked by version; about 0.1 ms.
bool nd_multi_try(void);
// Are the attach points of this program several functions, all at the entry or all at the return?
bool nd_multi_fits(const struct nd_mf *mf, const struct nd_mf_prog *p);
// Links the program with n attach points that fit: a link, or a negative errno. -ESRCH: at least
// one of the functions does not exist.
int nd_multi_attach(const struct nd_mf *mf, int prog, const struct nd_mf_attach *a, uint32_t n);

#endif
