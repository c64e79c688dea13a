// SPDX-License-Identifier: GPL-2.0-or-later
// Signatures of objects: ed25519, by a key of the administrator's. Must not know what objects are.
// Serves the command line.
#ifndef ND_SIGNATURE_H
#define ND_SIGNATURE_H

#include <stddef.h>

// Is the content of the file at `path`, which is `data`, signed in PATH.sig by one of the keys in
// /etc/ndtrace/keys? 0: yes, or there are no keys. -EKEYREJECTED: no; another negative errno: it
// cannot be told. Prints a message then.
int nd_signature_check(const char *path, const void *data, size_t size);

#endif
