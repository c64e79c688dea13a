// SPDX-License-Identifier: GPL-2.0-or-later
// Texts that the command line names: lists of options, files that scripts read. Must not know what
// is in them. Serves optfile and vm_file.
#ifndef ND_TEXTFILE_H
#define ND_TEXTFILE_H

#include <stddef.h>

// The whole text, at most 1 MiB, with a NUL behind it; NULL: `why` says why not. A pipe is read to
// its end, and Ctrl-C ends that.
char *nd_textfile_read(const char *path, size_t *size, const char **why);

#endif
