// SPDX-License-Identifier: GPL-2.0-or-later
// What this process may do, by capabilities(7). Serves both programs.
#ifndef ND_CAPS_H
#define ND_CAPS_H

#include <stdbool.h>
#include <stdint.h>

enum nd_cap {
    ND_CAP_SYS_ADMIN,
    ND_CAP_BPF,     // Linux 5.8; before, CAP_SYS_ADMIN
    ND_CAP_PERFMON, // the same
    ND_CAP_SYSLOG,
    ND_CAP_DAC_READ_SEARCH,
    ND_CAP_MAX
};

bool nd_caps_has(enum nd_cap cap); // effective
// Programs that trace may be loaded: CAP_SYS_ADMIN, or CAP_BPF and CAP_PERFMON.
bool nd_caps_may_trace(void);
// What is missing for it, as the beginning of a message: "CAP_PERFMON is missing". NULL: nothing.
const char *nd_caps_to_trace(void);

// "integrity" or "confidentiality" where the kernel is locked down, else NULL.
const char *nd_caps_lockdown(void);
// The same of the text of /sys/kernel/security/lockdown: "none [integrity] confidentiality".
const char *nd_caps_lockdown_of(const char *text);
// Gives up, for good, all capabilities but these, which are then in effect: a bit for each, by its
// number in linux/capability.h. 0 or a negative errno.
int nd_caps_keep(uint64_t bits);

#endif
