// SPDX-License-Identifier: GPL-2.0-or-later
// Files that others may own, opened so that they can only be read: what is not a regular file is
// not opened at all, for opening a device acts on it, and a FIFO waits. Must not know what is in
// them. Serves whatever reads programs and libraries.
#ifndef ND_REGULAR_H
#define ND_REGULAR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

// A descriptor that only holds what the path names, without opening it. follow: also through a
// link at the end of the path. -errno.
int nd_regular_pin(const char *path, bool follow);
// The pinned file opened for reading, its state in *st; the pin stays. -EINVAL: it is not a regular
// file. -errno.
int nd_regular_reopen(int pin, struct stat *st);
// Both at once, links followed; st may be NULL.
int nd_regular_open(const char *path, struct stat *st);
// Size and checksum of its content as text. False: it cannot be read, is empty, or larger than 4
// GiB.
bool nd_regular_id(const char *path, char *id, size_t room);
const char *nd_regular_error(int err); // as strerror(), of what the functions return

#endif
