// SPDX-License-Identifier: GPL-2.0-or-later
// What the runtime says to the person at the terminal, on stderr: plain lines, and lines that point
// at a place of the script. Must not know what went wrong. Serves the run and the command line.
#ifndef ND_MSG_H
#define ND_MSG_H

#include "runtime/common/mf.h"

#include <stddef.h>

// Messages to people, on stderr. Where it takes nothing for half a second (a stopped terminal),
// they are left out. What they quote is made printable (printable.h); line breaks are those of fmt.
void nd_msg(const char *fmt, ...) __attribute__((format(printf, 1, 2)));       // "ndtrace: ..."
void nd_msg_plain(const char *fmt, ...) __attribute__((format(printf, 1, 2))); // without that
// "file:line:col: error: ...", then the line and a caret when the file can be read. severity:
// "error" or "warning". A span of line 0 gives a plain line.
void nd_msg_at(const struct nd_mf *mf, const struct nd_mf_span *span, const char *severity,
               const char *fmt, ...) __attribute__((format(printf, 4, 5)));
// The line and the caret only.
void nd_msg_line(const struct nd_mf *mf, const char *file, uint32_t line, uint32_t col,
                 uint32_t len);
// An error in a file that is not a script: its place and n bytes of why, then the line, which
// `text` begins with, and a caret. NULL: there is no such line.
void nd_msg_in(const char *file, const char *text, uint32_t line, uint32_t col, const char *why,
               size_t n);

#endif
