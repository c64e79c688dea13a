// SPDX-License-Identifier: GPL-2.0-or-later
// Names and types resolved, rules of use enforced: from a tree to a program that can be lowered.
// Must not know what serves a stage, or LLVM. Serves stages and paths, and the list of passes.
#ifndef ND_CHECK_H
#define ND_CHECK_H

#include "compiler/lang/program.h"

struct nd_scope {
    struct nd_scope *up;
    ND_VEC(struct nd_sym *) syms;
};

// One check of a program, from its declarations to its last body.
struct nd_check {
    struct nd_program *p;
    struct nd_arena *a;
    struct nd_diags *d;
    struct nd_types *t;
    enum nd_world world;
    struct nd_scope *scope;
    struct nd_probe *probe; // kernel world
    struct nd_event *on;    // handler being checked
    struct nd_fn *fn;
    struct nd_decl *hook; // begin, end, every, on being checked
    uint32_t loops;
    uint32_t unrolled; // copies that the unrolls around make, 0: none
    uint32_t nvars;
    uint32_t pass;
    bool last_pass;
    bool incomplete; // a probe is missing because of an error: what it would have written is not
                     // known
    const struct nd_expr *aggregates; // the call whose result an assignment keeps in a map
    bool changed;                     // a map's or function's type became known: another pass
    uint32_t dead;                    // constant conditions around that are false
    uint32_t fn_depth;                // functions being checked inside each other
    uint32_t fn_checks;               // bodies of functions checked so far
    bool takes_packet; // the next expression may be a packet or a header of it as a whole
};

// ---- passes, in this order; what is wrong is in p->diags ----------------------------------------

struct nd_check *nd_check_new(struct nd_program *p); // on the program's arena
void nd_check_config(struct nd_check *c);            // p->config
void nd_check_options(struct nd_check *c);           // options: all that --help needs
void nd_check_needs(struct nd_check *c);             // modules have what they need
void nd_check_declare(struct nd_check *c);           // all else that has a name
void nd_check_infer(struct nd_check *c);             // types of maps and functions, from all bodies
void nd_check_bodies(struct nd_check *c);            // every body, aloud

// ---- for code that declares and expands stages and paths
// -----------------------------------------

// Checks an expression and sets its type, which is returned; never NULL (the error type).
struct nd_type *nd_check_expr(struct nd_check *c, struct nd_expr *e);
// A time span in ns known when compiling, or *opt, whose value is. Reports; who: "'every'".
uint64_t nd_check_duration(struct nd_check *c, struct nd_expr *e, struct nd_option **opt,
                           const char *who, const char *example);
void nd_check_block(struct nd_check *c, struct nd_block *b);
struct nd_type *nd_check_map_key(struct nd_check *c, struct nd_expr *map);
struct nd_map *nd_check_map(struct nd_check *c, const char *name, struct nd_span span);
// How many entries the map has, at most: a number, an option, or opt.flag ? either : a number.
// what: the unit in which its size is given.
void nd_check_map_size(struct nd_check *c, struct nd_map *m, struct nd_expr *e, int64_t most,
                       const char *what);
struct nd_sym *nd_check_declare_var(struct nd_check *c, const char *name, struct nd_span span,
                                    struct nd_type *type);
// A condition: true or false, an integer or, in user space, a text. NULL is fine.
void nd_check_cond(struct nd_check *c, struct nd_expr *e);

// The places that one point means; reports. Not for stages.
void nd_probes_point(struct nd_program *p, const struct nd_point *pt, struct nd_targets *out);
// The programs that serve these places; several when the body depends on them.
// stage: alternative `via` of it serves the probe; NULL: the probe stands for itself.
void nd_probes_serve(struct nd_program *p, struct nd_decl *d, struct nd_decl *stage, uint32_t via,
                     struct nd_targets *at, struct nd_span span);
// Decides func_sym for all probes of the script, before they are expanded.
void nd_probes_scan_func(struct nd_program *p);
// Name i of the software or hardware events; NULL: there are no more.
const char *nd_probes_counter(bool software, uint32_t i);
// A probe that is left out; stage may be NULL. NULL: a stage of a path, which needs no such.
struct nd_probe *nd_probes_leave_out(struct nd_program *p, struct nd_decl *d,
                                     struct nd_decl *stage);

#endif
