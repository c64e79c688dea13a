// SPDX-License-Identifier: GPL-2.0-or-later
// What is attached: the state of attach.c, and what it shares with attach_come.c. Included by these
// only.
#ifndef ND_ATTACH_IMPL_H
#define ND_ATTACH_IMPL_H

#include "runtime/kernel/attach.h"

#include "runtime/kernel/attach_perf.h"
#include "runtime/kernel/detach.h"

#include <time.h>

struct nd_attach_set {
    const struct nd_load *l;
    const uint8_t *opts;
    uint32_t pid;
    struct nd_perf perf;
    struct nd_attach_point *v;
    uint32_t n, cap;
    struct nd_attached *list; // one for each attach point in use
    uint32_t *prog;           // its program
    uint32_t nlist;
    int *left;       // of each program: why it is left out, 0 if it is not
    time_t progress; // when it was last reported, CLOCK_MONOTONIC
    int come;        // socket that reports modules and CPUs, -1: none is needed
};

// attach_skip.c: places that cannot be attached while others of the probe can.
#define ND_SKIPS_NAMED 3 // that a warning names
struct nd_skips {
    const struct nd_mf_attach *named[ND_SKIPS_NAMED];
    int errs[ND_SKIPS_NAMED];
    uint32_t n;
};
void nd_skips_add(struct nd_skips *k, const struct nd_mf_attach *a, int err);
void nd_skips_warn(const struct nd_attach_set *s, const struct nd_mf_prog *p,
                   const struct nd_skips *k, uint32_t of);
// A probe whose body depends on the place is a program for each of them. May this one be missing?
bool nd_skips_leave_out(struct nd_attach_set *s, uint32_t prog, int err);
// Of the probe whose first program is `prog`: those that are missing of *of. False: none, or it is
// not the first.
bool nd_skips_of(const struct nd_attach_set *s, uint32_t prog, struct nd_skips *k, uint32_t *of);

// Attach points of programs that the run starts itself.
bool nd_attach_by_hand(const struct nd_mf_prog *p);
int nd_attach_one(struct nd_attach_set *s, const struct nd_mf_prog *p, int prog,
                  const struct nd_mf_attach *a);
// Of a kind that has an event on each CPU: that of one CPU.
int nd_attach_on_cpu(struct nd_attach_set *s, int prog, const struct nd_mf_attach *a, int cpu);
// What a link knows of calls that were missed is gone with it.
void nd_attach_ask_link(struct nd_attach_set *s, const struct nd_attach_point *p);

// The module of a probe on a function, "" if there is none or it is not one.
const char *nd_attach_module_of(const struct nd_attach_set *s, const struct nd_mf_attach *a);

#endif
