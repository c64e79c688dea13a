// SPDX-License-Identifier: GPL-2.0-or-later
// Texts that the command line names: lists of options, files that scripts read. Must not know what
// is in them. Serves the command line and the VM.
#ifndef ND_TEXTFILE_H
#define ND_TEXTFILE_H

#include <stddef.h>
#include <stdint.h>

// The whole text, at most 1 MiB, with a NUL after it; NULL: `why` says why not. A pipe is read to
// its end, and Ctrl-C ends that. The caller frees it.
char *nd_textfile_read(const char *path, size_t *size, const char **why);

// A file that was read, line by line; a list of them is kept for the whole run.
struct nd_textfile {
    struct nd_textfile *next;
    char *name;
    char *text; // its lines end in NUL
    char **lines;
    uint32_t n;
};

// Reads a file, or finds it in the list if it was read before: a pipe can be read only once. NULL:
// `why` says why not.
const struct nd_textfile *nd_textfile_open(struct nd_textfile **list, const char *name,
                                           const char **why);
const struct nd_textfile *nd_textfile_find(const struct nd_textfile *list, const char *name);
void nd_textfiles_free(struct nd_textfile *list);

#endif
