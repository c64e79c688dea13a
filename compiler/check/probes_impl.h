// SPDX-License-Identifier: GPL-2.0-or-later
// One attach point while its text is looked up on the target kernel. Must not know what bodies do.
// Serves probes.c, probes_func.c and probes_file.c.
#ifndef ND_PROBES_IMPL_H
#define ND_PROBES_IMPL_H

#include "compiler/check/check_impl.h"

#define ND_PARTS_MAX 5
#define ND_TARGETS_MAX 20000u

struct nd_expand {
    struct nd_program *p;
    struct nd_point pt;
    const struct nd_probe_kind *kind;
    char *part[ND_PARTS_MAX];
    uint32_t nparts;
    const char *builtin; // the module that the script names, if it is part of vmlinux
    struct nd_targets out;
    uint32_t denied; // functions that a pattern matches and that are left out, and one of them
    const char *first_denied;
};

struct nd_probe_kind {
    const char *names; // separated by spaces
    enum nd_mf_attach_kind attach;
    uint32_t min, max; // parts after the kind
    void (*expand)(struct nd_expand *x);
    const char *usage;
    bool best; // of fentry and kprobe
};

// A place; the texts are copied.
struct nd_target *nd_expand_add(struct nd_expand *x, const char *s0, const char *s1);
struct nd_diag *nd_expand_fail(struct nd_expand *x, enum nd_diag_code code, const char *text);
void nd_expand_malformed(struct nd_expand *x, const char *text); // with how it is written
// Is this offset within a function of so many bytes (0: unknown)? False after an error.
bool nd_expand_inside(struct nd_expand *x, uint64_t off, uint64_t size);
void nd_expand_near(struct nd_expand *x, struct nd_diag *d, const struct nd_near *near,
                    const char *prefix);

// Rows of the table of kinds: probes on functions of the kernel, and in files.
void nd_expand_func(struct nd_expand *x);
void nd_expand_uprobe(struct nd_expand *x);
void nd_expand_usdt(struct nd_expand *x);
void nd_expand_watch(struct nd_expand *x);
void nd_expand_self(struct nd_expand *x);

#endif
