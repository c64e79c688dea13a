// SPDX-License-Identifier: GPL-2.0-or-later
// Is this a build with AddressSanitizer? It needs terabytes of addresses, threads and files of its
// own, and writes its report to stderr: some limits cannot hold there. Serves both programs.
#ifndef ND_SANITIZED_H
#define ND_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__)
#define ND_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ND_SANITIZED 1
#endif
#endif
#ifndef ND_SANITIZED
#define ND_SANITIZED 0
#endif

#endif
