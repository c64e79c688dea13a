// SPDX-License-Identifier: GPL-2.0-or-later
// Texts that the kernel writes about itself, processes and devices: the rows of sources.def,
// read-only and with a limit. Must not know user code. Serves the VM.
#ifndef ND_LINES_H
#define ND_LINES_H

#include "runtime/common/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct nd_lines_of {
    int64_t n[2];       // what it is of, as far as the row takes numbers
    const char *device; // or the name of a device
};

// Which kind of row: does it take the name of a device? what: enum nd_line_source of manifest.h.
bool nd_lines_of_device(uint32_t what);
const char *nd_lines_name(uint32_t what);

// Adds the text to `out`, with a line break after each line. Nothing is added if there is none: no
// such process, device or file, or it may not be read. True: it was too long, and the rest is left
// out.
bool nd_lines_read(uint32_t what, const struct nd_lines_of *of, struct nd_buf *out);

#endif
