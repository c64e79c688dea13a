// SPDX-License-Identifier: GPL-2.0-or-later
// Attach points without a function: memory that is read or written, signals that ndtrace itself
// gets. Must not know expressions' types. Serves probes.c.
#include "compiler/check/probes_impl.h"

#include <stdlib.h>
#include <string.h>

// watchpoint:0xaddress:length:mode
void nd_expand_watch(struct nd_expand *x)
{
    static const struct {
        const char *name;
        uint64_t type; // HW_BREAKPOINT_* of linux/hw_breakpoint.h
    } modes[] = {{"r", 1}, {"w", 2}, {"rw", 3}, {"wr", 3}, {"x", 4}};
    const char *mode = x->part[2];
    char *end, *after;
    uint64_t addr = strtoull(x->part[0], &end, 0), len = strtoull(x->part[1], &after, 10);
    struct nd_target *t;
    size_t i;

    if (*end || end == x->part[0]) {
        nd_help(x->p->diags,
                nd_expand_fail(x, ND_E0502, "what is watched must be given as an address"),
                "where an argument points to is known only when the function runs, and the program "
                "would have to be stopped there; print it, and watch that");
        return;
    }
    if (*after || (len != 1 && len != 2 && len != 4 && len != 8)) {
        nd_expand_malformed(x, "the length must be 1, 2, 4 or 8");
        return;
    }
    for (i = 0; i < sizeof(modes) / sizeof(modes[0]) && strcmp(modes[i].name, mode) != 0; i++)
        continue;
    if (i == sizeof(modes) / sizeof(modes[0])) {
        nd_expand_malformed(x, "the mode must be r, w, rw or x");
        return;
    }
    t = nd_expand_add(x, "", "");
    t->num = addr;
    t->num2 = modes[i].type << 8 | (modes[i].type == 4 ? sizeof(long) : len);
}

// self:signal:SIGUSR1
void nd_expand_self(struct nd_expand *x)
{
    if (strcmp(x->part[0], "signal") != 0 || strcmp(x->part[1], "SIGUSR1") != 0)
        nd_help(x->p->diags, nd_expand_fail(x, ND_E0502, "the only one is self:signal:SIGUSR1"),
                "the other signals end a run");
    else
        nd_expand_add(x, "", "");
}
