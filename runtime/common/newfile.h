// SPDX-License-Identifier: GPL-2.0-or-later
// A file that appears under its name when it is whole, or not at all: also after kill -9, where the
// file system can make files without a name. Serves the cache and compiled objects.
#ifndef ND_NEWFILE_H
#define ND_NEWFILE_H

#include <stdbool.h>

struct nd_newfile {
    int dir, fd;  // of the folder, the caller's; of the file, to write to
    char tmp[48]; // its name until then; "": it has none
};

// Mode 0600. 0 or a negative errno.
int nd_newfile_begin(struct nd_newfile *f, int dir);
// Gives it the name, which it takes from another file if there is one. In any case the descriptor
// is closed, and after an error (err, or its own) nothing is left. 0 or a negative errno.
int nd_newfile_end(struct nd_newfile *f, const char *name, int err);

#endif
