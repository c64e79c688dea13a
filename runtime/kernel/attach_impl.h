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
    time_t progress; // when it was last reported, CLOCK_MONOTONIC
    int come;        // socket that reports modules and CPUs, -1: none is needed
};

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
