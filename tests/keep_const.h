// SPDX-License-Identifier: GPL-2.0-or-later
// Searching const text gives const text, as C23 and the C libraries since glibc 2.43 have it.
// Included before everything else in a test build (`make check`), so that a place that drops const
// is found with any library.
#ifndef ND_TEST_KEEP_CONST_H
#define ND_TEST_KEEP_CONST_H

#include <stdlib.h>
#include <string.h>

// Which of both pointers it is, the type of "0 ? s : NULL" tells: const void * only if s is const.
#define ND_KEEP(s, type, call) \
    _Generic(0 ? (s) : (void *)1, const void * : (const type *)(call), default : (call))

#undef memchr
#undef strchr
#undef strrchr
#undef strstr
#undef strpbrk
#undef bsearch
#undef strchrnul
#undef memrchr
#undef strcasestr
#define memchr(s, c, n) ND_KEEP(s, void, memchr(s, c, n))
#define memrchr(s, c, n) ND_KEEP(s, void, memrchr(s, c, n))
#define strchr(s, c) ND_KEEP(s, char, strchr(s, c))
#define strchrnul(s, c) ND_KEEP(s, char, strchrnul(s, c))
#define strrchr(s, c) ND_KEEP(s, char, strrchr(s, c))
#define strstr(s, t) ND_KEEP(s, char, strstr(s, t))
#define strcasestr(s, t) ND_KEEP(s, char, strcasestr(s, t))
#define strpbrk(s, t) ND_KEEP(s, char, strpbrk(s, t))
#define bsearch(key, base, n, size, cmp) ND_KEEP(base, void, bsearch(key, base, n, size, cmp))

#endif
