// SPDX-License-Identifier: GPL-2.0-or-later
// Paths: one packet through stages. A path owns a bounded map of packets under way; each of its
// stages is a program that looks its packet up there. Serves checker, lowering and the manifest.
#ifndef ND_PATHS_H
#define ND_PATHS_H

#include "compiler/check/check.h"

enum nd_path_event { ND_PATH_STEP, ND_PATH_DONE, ND_PATH_LOST, ND_PATH_EVENTS };

// What user code sees of a packet, in this order: struct { step { from, to, ns }, path { ... } }.
struct nd_path {
    struct nd_decl *decl;
    uint32_t index;
    struct nd_map *map;         // packets under way
    struct nd_map *names;       // keys by skb, between a stage and a renamed one; NULL: none
    bool *served;               // by stage: this kernel can
    struct nd_type *record;     // value of the map
    struct nd_type *step, *own; // its two members
    struct nd_type *stages;     // enum of the names
    struct nd_event *lost;      // handler in user space, or NULL
    uint64_t timeout;           // ns; or
    struct nd_option *timeout_opt;
    ND_VEC(struct nd_decl *) on[ND_PATH_EVENTS]; // handlers as declared
};

// A handler within the program of a stage: a tree of its own.
struct nd_path_on {
    struct nd_decl *decl;
    enum nd_path_event event;
};

// A program's place in its path.
struct nd_path_at {
    struct nd_path *path;
    uint32_t stage;
    bool enter;          // packets enter here
    bool last;           // and leave here
    struct nd_expr *key; // the packet's identity, a tree of its own
    bool renamed;        // it may have changed since the stage before
    bool notes;          // the next stage is one of these
    struct nd_path_keeps *keeps;
    ND_VEC(struct nd_path_on) on;
    struct nd_sym *step, *own; // `step` and `path` in the handlers
};

// Paths and their handlers, before other probes are expanded; then the programs of their stages.
void nd_paths_declare(struct nd_check *c);
void nd_paths_expand(struct nd_check *c);
bool nd_paths_is_handler(const struct nd_program *p, const struct nd_decl *d);
// Key and handlers of a stage's program.
void nd_path_check(struct nd_check *c, struct nd_probe *pr);
// A member of the record by its path ("step.from"): its offset.
uint32_t nd_path_off(const struct nd_path *path, bool own, const char *member);
// The member, or NULL: only what handlers name is kept.
const struct nd_field *nd_path_member(const struct nd_path *path, bool own, const char *member);

#endif
