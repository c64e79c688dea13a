// SPDX-License-Identifier: GPL-2.0-or-later
// Which functions of the kernel a probe should not be on. Must not know probes. Serves
// both programs.
#ifndef ND_DENY_H
#define ND_DENY_H

// Why not; NULL: it may be.
const char *nd_deny_why(const char *func);

#endif
