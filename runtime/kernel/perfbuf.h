// SPDX-License-Identifier: GPL-2.0-or-later
// Events of kernels without ring buffers: a perf buffer for each CPU, whose records are put in the
// order of their times. Must not know what events mean. Serves events.c.
#ifndef ND_PERFBUF_H
#define ND_PERFBUF_H

#include <stddef.h>
#include <stdint.h>

struct nd_perfbuf;

typedef int (*nd_perfbuf_fn)(void *arg, void *data, size_t size); // not 0: the others later

// bytes: of all buffers together, at least 64 KiB for each CPU. NULL with errno set.
struct nd_perfbuf *nd_perfbuf_new(int map, uint32_t bytes, nd_perfbuf_fn fn, void *arg);
void nd_perfbuf_free(struct nd_perfbuf *p);
int nd_perfbuf_fd(const struct nd_perfbuf *p);
// What is there now, in the order of time. The number of records, what fn returned, or -errno.
int nd_perfbuf_consume(struct nd_perfbuf *p);
uint64_t nd_perfbuf_lost(const struct nd_perfbuf *p); // as reported by the kernel so far

#endif
