// SPDX-License-Identifier: GPL-2.0-or-later
// Opens files whose path came from somebody who need not be trusted (an object, a process). Must
// not know what is in them. Serves the whole runtime.
#ifndef ND_OPENFILE_H
#define ND_OPENFILE_H

// For reading, only if it is a regular file: nothing else is even opened, since opening a device or
// a pipe already does something. A descriptor, or a negative errno (-EINVAL: it is another kind).
int nd_openfile_regular(const char *path);
// The same, and pipes, which are not waited for.
int nd_openfile_stream(const char *path);

#endif
