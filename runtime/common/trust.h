// SPDX-License-Identifier: GPL-2.0-or-later
// Whose files may decide what a privileged program does: scripts, modules, objects, and the folders
// of the cache. Must not know what is in them. Serves both programs.
#ifndef ND_TRUST_H
#define ND_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define ND_TRUST_UIDS 4

struct nd_trust {
    bool all; // this process can do no more than who runs it: every file is theirs to run
    uid_t uid[ND_TRUST_UIDS];
    unsigned int n;
};

// Who is trusted, from what this process is now (so before it gives up its rights): root, its user,
// who ran sudo or pkexec, and who owns the program.
void nd_trust_init(struct nd_trust *t);
// Why a file is not trusted, as the end of a sentence about it ("it belongs to bob (uid 1001)");
// NULL: it is. Devices are trusted, as the kernel says what comes from them.
const char *nd_trust_why_not(const struct nd_trust *t, const struct stat *st, char *why,
                             size_t size);
// The same for all folders on the way to a path, and for links there. Folders that do not exist yet
// are trusted: ours to make.
const char *nd_trust_why_not_way(const struct nd_trust *t, const char *path, char *why,
                                 size_t size);
// Opens a file to write, mode 0600 if it is new, never through another user's link and never one
// that another user owns. flags: O_TRUNC, O_EXCL, O_NONBLOCK. A descriptor or a negative errno;
// -EPERM: why, as above.
int nd_trust_create(const struct nd_trust *t, const char *path, int flags, char *why, size_t size);

#endif
