// SPDX-License-Identifier: GPL-2.0-or-later
// Connects loaded programs with their attach points, and disconnects them fast. Must not know what
// the programs do. Serves the run.
#ifndef ND_ATTACH_H
#define ND_ATTACH_H

#include "runtime/kernel/load.h"

struct nd_attach_set;

struct nd_attached {       // what became of an attach point, for output
    const char *spec;      // probe as the script named it
    const char *how;       // "raw tracepoint", "uprobe /lib/... + 0x1234", ...
    uint64_t missed;       // filled for the summary
    uint64_t links_missed; // of these, those that the kernel reports for the attach point
    bool asks;             // a return probe: the kernel has room for only so many calls at a time
    bool untold;           // but does not report how many were missed (Linux before 6.7)
};

// opts: the values of options, laid out as nd_opts.
struct nd_attach_set *nd_attach_new(const struct nd_load *l, const uint8_t *opts, uint32_t pid);
// Attaches every loaded program (not BEGIN, END, interval). 0, or a negative errno after a message;
// then nothing stays attached. A wildcard probe may leave some points out, with a warning.
int nd_attach_all(struct nd_attach_set *s);
// From here on no program starts any more. The kernel's clean-up may still go on.
void nd_attach_stop(struct nd_attach_set *s);
void nd_attach_free(struct nd_attach_set *s);

// Probes on functions of modules follow their modules, and those on each CPU follow CPUs: a
// descriptor to wait for, -1 if there are no such probes, and what to do when it is readable.
int nd_attach_come_fd(const struct nd_attach_set *s);
void nd_attach_come(struct nd_attach_set *s);

uint32_t
nd_attach_count(const struct nd_attach_set *s); // What is attached, with missed counts as the
                                                // kernel reports them now; lives as long as s.
const struct nd_attached *nd_attach_list(struct nd_attach_set *s, uint32_t *n);

#endif
