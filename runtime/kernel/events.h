// SPDX-License-Identifier: GPL-2.0-or-later
// The event buffer: takes records out in batches, checks their size, hands them on. Must not know
// what events mean. Serves the run.
#ifndef ND_EVENTS_H
#define ND_EVENTS_H

#include "runtime/common/mf.h"

#include <stdbool.h>

struct bpf_object;
struct nd_events;

// Called for each record. Nonzero stops the batch.
typedef int (*nd_event_fn)(void *arg, const struct nd_mf_event *e, const void *payload);

// NULL with errno set. ENOENT: the object has no ring buffer.
struct nd_events *nd_events_new(const struct nd_mf *mf, struct bpf_object *obj, nd_event_fn fn,
                                void *arg);
void nd_events_free(struct nd_events *e);
int nd_events_fd(const struct nd_events *e); // readable when programs woke us
// Takes the records in the buffer, at most a batch; 1 if there may be more, 0, or the callback's
// result.
int nd_events_consume(struct nd_events *e);
// From here on records are taken out and not handed on: user code called exit(). A record that says
// that a probe called it does the same.
void nd_events_end(struct nd_events *e);
bool nd_events_ended(const struct nd_events *e);
// From here on records are only counted: there is no time for them.
void nd_events_late(struct nd_events *e);
uint64_t nd_events_unhandled(const struct nd_events *e);
void nd_events_again(struct nd_events *e);          // they are handed on again
uint64_t nd_events_seen(const struct nd_events *e); // handed on
// Lost according to the buffers; programs have counted them as well, unless the kernel is older
// than 5.1.
uint64_t nd_events_dropped(const struct nd_events *e);
uint64_t nd_events_bad(const struct nd_events *e); // records of the wrong size or number

#endif
