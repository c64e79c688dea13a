// SPDX-License-Identifier: GPL-2.0-or-later
// Inside of stages and paths. Must not be used by anything but this folder.
#ifndef ND_NET_IMPL_H
#define ND_NET_IMPL_H

#include "compiler/net/net.h"

// stages.c
void nd_stage_declare(struct nd_check *c, struct nd_decl *d);
// Adds the programs that serve a probe on a stage on this kernel; reports when there is none.
void nd_stage_expand(struct nd_check *c, struct nd_decl *stage, struct nd_decl *d,
                     const struct nd_point *pt);
// Checks the alternative of a probe, and declares in the present scope what the stage exports.
void nd_stage_check(struct nd_check *c, struct nd_probe *pr);

// absent.c: reports a stage that nothing serves, for the probe d on it at pt.
void nd_stage_absent(struct nd_check *c, const struct nd_decl *stage, const struct nd_decl *d,
                     const struct nd_point *pt, const struct nd_tries_failed *failed);

// path_ends.c: what decides whether a stage is the first, or the last one, that is there: `when` of
// all stages before it, or after it.
enum nd_end { ND_END_NEVER, ND_END_SOMETIMES, ND_END_ALWAYS };
// Is this stage an end, if it is there: are those from `from` to before `to` not?
// Stages that the kernel cannot serve are not.
enum nd_end nd_net_may_end(const struct nd_path *path, const struct nd_path_stages *s,
                           uint32_t stage, uint32_t from, uint32_t to);
// Does b hold wherever a does, as far as conditions on options can be compared?
bool nd_net_implies(const struct nd_expr *a, const struct nd_expr *b);

// path_filter.c: what the conditions of the stages where packets enter say about the packet itself,
// as far as it can be asked at a later stage; NULL: nothing. The tree is its own.
struct nd_expr *nd_net_path_filter(struct nd_check *c, const struct nd_path *path, uint32_t stage);

// path_fate.c: what became of packets that do not arrive. The members of a record for it, at most
// 7; the programs that look out for them; what programs of the path need for it.
uint32_t nd_net_fate_fields(struct nd_check *c, struct nd_field *f);
void nd_net_fate_expand(struct nd_check *c, struct nd_path *path);
void nd_net_fate_check(struct nd_check *c, struct nd_probe *pr);

// path_names.c
extern const char *const nd_net_path_events[ND_PATH_EVENTS];
struct nd_path *nd_net_path_find(const struct nd_program *p, const char *name, size_t len);
bool nd_net_is_path(const struct nd_decl *d); // not only a head or a part that others use
bool nd_net_paths_is_handler(const struct nd_program *p, const struct nd_decl *d);
// Adds a probe to the handlers of each path that it is for.
void nd_net_paths_handler(struct nd_check *c, struct nd_decl *d);

// paths.c
void nd_net_paths_declare(struct nd_check *c);
void nd_net_paths_expand(struct nd_check *c);

#endif
