// SPDX-License-Identifier: GPL-2.0-or-later
// Threads of this machine by their names. Must not know user code. Serves the VM.
#ifndef ND_THREADS_H
#define ND_THREADS_H

#include <stddef.h>
#include <stdint.h>

// The different names that begin with prefix, of processes and their threads, with blanks between
// them, as many as fit.
void nd_threads_named(const char *prefix, char *out, size_t size);

// The name of a process; "" if there is none.
void nd_threads_process(int64_t pid, char *out, size_t size);

#endif
