// SPDX-License-Identifier: GPL-2.0-or-later
// Inside of loading: ids in BTF (load_btf.c). Must not be used by anything but load*.c.
#ifndef ND_LOAD_IMPL_H
#define ND_LOAD_IMPL_H

#include "runtime/kernel/load.h"

struct btf;

// What was read of BTF; read only if ids of another kernel or of a module must be looked up.
struct nd_load_btf {
    const struct nd_mf *mf;
    struct btf *vmlinux;
    int module_fd; // BTF of the module of the program at hand; kept until the next one. -1: none
};
// Id of the event or function that the program attaches to; module "": in the kernel itself.
// Negative errno after a message.
int nd_load_btf_id(struct nd_load_btf *b, const struct nd_mf_prog *mp, const char *module);
void nd_load_btf_free(struct nd_load_btf *b);

#endif
