// SPDX-License-Identifier: GPL-2.0-or-later
// Inside of loading: ids in BTF (load_btf.c), what is checked meanwhile (load_check.c). Must not be
// used by anything but load*.c.
#ifndef ND_LOAD_IMPL_H
#define ND_LOAD_IMPL_H

#include "runtime/kernel/load.h"

struct bpf_prog_load_opts;
struct btf;

// What was read of BTF; read only if ids of another kernel or of a module must be looked up.
struct nd_load_btf {
    const struct nd_mf *mf;
    struct btf *vmlinux;
    int module_fd; // BTF of the module of the program at hand; kept until the next one. -1: none
};
// The types of the running kernel: its own, or those of the first file of btffile.h that has any,
// which l->btf_path is from then on. NULL after a message that begins with `what`.
struct btf *nd_load_btf_open(struct nd_load *l, const char *what);
// Puts what a program of the manifest attaches to by its id in BTF into the options that it is
// loaded with; direct: as nd_load_is_direct(). Negative errno after a message.
int nd_load_target(const struct nd_load *l, struct nd_load_btf *b, uint32_t prog, bool direct,
                   struct bpf_prog_load_opts *opts);
void nd_load_btf_free(struct nd_load_btf *b);

// load_check.c: each gives 0, or -EINVAL after a message.
// Has libbpf read the object as we did?
int nd_load_check_read(const struct nd_load *l, struct bpf_object *obj);
// What libbpf made of the code is looked at again: this goes to the kernel.
int nd_load_check_final(const struct nd_load *l, const struct bpf_program *prog,
                        const struct nd_mf_prog *mp);
// As the compiler sees to it, unless it is told not to: no probe on what programs run in.
int nd_load_check_places(const struct nd_load *l);

#endif
