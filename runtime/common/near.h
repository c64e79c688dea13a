// SPDX-License-Identifier: GPL-2.0-or-later
// Names similar to a misspelt one, and names that match a glob. Must not know what they name.
// Serves messages of both programs and lists.
#ifndef ND_NEAR_H
#define ND_NEAR_H

#include <fnmatch.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// Does a name match a glob of * ? and [a-z]?
static inline bool nd_glob_match(const char *glob, const char *name)
{
    return !fnmatch(glob, name, FNM_NOESCAPE);
}
// Does a text contain any of these characters?
static inline bool nd_glob_is(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

// The best few names near `name` for "did you mean", by edit distance (Damerau-Levenshtein, at most
// a third of the length). Set `name`, try all candidates; the best is best[0] if n is not 0.
struct nd_near {
    const char *name; // what the user wrote
    const char *best[4];
    uint32_t dist[4];
    uint32_t n;
};
void nd_near_try(struct nd_near *near, const char *candidate); // candidate must stay alive

#endif
