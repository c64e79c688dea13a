// SPDX-License-Identifier: GPL-2.0-or-later
// Events of kernels without ring buffers: a perf buffer for each CPU, whose records are put in the
// order of their times. Must not know what events mean. Serves events.c.
#ifndef ND_PBUF_H
#define ND_PBUF_H

#include <stddef.h>
#include <stdint.h>

struct nd_pbuf;

typedef int (*nd_pbuf_fn)(void *arg, void *data, size_t size); // not 0: no more of this batch

// bytes: of all buffers together, at least 64 KiB for each CPU. NULL with errno set.
struct nd_pbuf *nd_pbuf_new(int map, uint32_t bytes, nd_pbuf_fn fn, void *arg);
void nd_pbuf_free(struct nd_pbuf *p);
int nd_pbuf_fd(const struct nd_pbuf *p);
// What is there now, in the order of time. The number of records, what fn returned, or -errno.
int nd_pbuf_consume(struct nd_pbuf *p);
uint64_t nd_pbuf_lost(const struct nd_pbuf *p); // as reported by the kernel so far

#endif
