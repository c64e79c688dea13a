// SPDX-License-Identifier: GPL-2.0-or-later
// Names and types resolved, rules of use enforced: from a tree to a program that can be lowered.
// Must not know LLVM. Serves lowering, user code and explain.
#ifndef ND_CHECK_H
#define ND_CHECK_H

#include "compiler/lang/program.h"

// Fills options (and nothing else): all that --help and the command line need.
void nd_check_options(struct nd_program *p);
// Everything else. Errors are in p->diags.
void nd_check(struct nd_program *p);
struct nd_check;
struct nd_scope;
// A checker whose scope has what the declarations name; for lists.
void nd_check_start(struct nd_check *c, struct nd_program *p, struct nd_scope *scope);

// ---- inside the checker -------------------------------------------------------------------------

struct nd_scope {
    struct nd_scope *up;
    ND_VEC(struct nd_sym *) syms;
};

#define ND_FUNC_ARGS 16u    // arguments of a function that can be asked for
#define ND_FN_DEPTH 64u     // functions that call each other
#define ND_FN_CHECKS 20000u // calls, counted again in each function that is called

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
    const struct nd_expr *aggregates; // the call whose result an assignment keeps in a map
    bool changed;                     // a map's or function's type became known: another pass
    uint32_t fn_depth;                // functions being checked inside each other
    uint32_t fn_checks;               // bodies of functions checked so far
    bool takes_packet; // the next expression may be a packet or a header of it as a whole
};

struct nd_type *nd_check_expr(struct nd_check *c, struct nd_expr *e);
// Likewise, where pkt or pkt.tcp may stand for itself.
struct nd_type *nd_check_packet_expr(struct nd_check *c, struct nd_expr *e);
struct nd_type *nd_check_call(struct nd_check *c, struct nd_expr *e);
// A name that stands for a value of an enum option beside opt.x becomes that value.
void nd_check_enum_name(struct nd_expr *opt, struct nd_expr *name);
// check_access.c, by kind of expression
struct nd_type *nd_check_offsetof(struct nd_check *c, struct nd_expr *e);
struct nd_type *nd_check_field(struct nd_check *c, struct nd_expr *e);
struct nd_type *nd_check_index(struct nd_check *c, struct nd_expr *e);
struct nd_type *nd_check_tuple(struct nd_check *c, struct nd_expr *e);
struct nd_type *nd_check_in(struct nd_check *c, struct nd_expr *e);
struct nd_type *nd_check_map_read(struct nd_check *c, struct nd_expr *e);
struct nd_type *nd_check_ident(struct nd_check *c, struct nd_expr *e);
// A time span in ns known when compiling, or *opt, whose value is. Reports; who: "'every'".
uint64_t nd_check_duration(struct nd_check *c, struct nd_expr *e, struct nd_option **opt,
                           const char *who, const char *example);
// check_args.c
struct nd_type *nd_check_args_field(struct nd_check *c, struct nd_expr *e);
// Reports that a name does not exist in this kind of probe; the error type.
struct nd_type *nd_check_not_here(struct nd_check *c, struct nd_expr *e, const char *help);
void nd_check_block(struct nd_check *c, struct nd_block *b);
// Is it an integer known at compile time? Then *v.
bool nd_check_const_int(struct nd_check *c, struct nd_expr *e, int64_t *v);
struct nd_type *nd_check_map_key(struct nd_check *c, struct nd_expr *map);
void nd_check_map_value(struct nd_check *c, struct nd_map *m, struct nd_type *val,
                        struct nd_span span);
struct nd_map *nd_check_map(struct nd_check *c, const char *name, struct nd_span span);
// How many entries the map has, at most: a number, an option, or opt.flag ? either : a number.
// what: of what it has room for so many.
void nd_check_map_size(struct nd_check *c, struct nd_map *m, struct nd_expr *e, int64_t most,
                       const char *what);
struct nd_sym *nd_check_lookup(struct nd_check *c, const char *name);
// A plain name that the probe's stage exports becomes its variable: skb is $skb there.
void nd_check_exported(struct nd_check *c, struct nd_expr *e);
struct nd_sym *nd_check_declare(struct nd_check *c, const char *name, struct nd_span span,
                                struct nd_type *type);
// A condition: true or false, an integer or, in user space, a text. NULL is fine.
void nd_check_cond(struct nd_check *c, struct nd_expr *e);
struct nd_type *nd_check_fn(struct nd_check *c, struct nd_fn *fn, struct nd_expr *call);
// Can user space be told to do this call from a probe (print, clear, printf, ...)?
bool nd_check_is_async(const struct nd_expr *e);
// Groups the asynchronous calls of a block into events; part of the last pass.
void nd_check_async(struct nd_check *c, struct nd_block *b);
void nd_check_text(struct nd_check *c, struct nd_stmt *s); // check_text.c
void nd_check_fn_alone(struct nd_check *c, struct nd_fn *fn);
// Type of an expression in the payload of an event.
struct nd_type *nd_check_payload_type(struct nd_check *c, struct nd_type *t);
// printf: does the format fit the arguments? Reports.
void nd_check_format(struct nd_check *c, struct nd_expr *call, uint32_t fmt_arg);

// Where a raw tracepoint has the field of a trace event ("skb.dev.name"), or NULL.
const char *nd_raw_path(const char *category, const char *event, const char *field);

// probes.c: attach points of a probe, from its text; several nd_probe when the body depends on
// them.
// stage: alternative `via` of it serves the probe; NULL: the probe stands for itself.
void nd_probes_serve(struct nd_program *p, struct nd_decl *d, struct nd_decl *stage, uint32_t via,
                     struct nd_targets *at, struct nd_span span);
// The places that a probe's text means; nothing is reported, out->n is 0 when there is none.
void nd_probes_resolve(struct nd_program *p, const char *text, struct nd_span span,
                       struct nd_targets *out);
void nd_probes_expand(struct nd_check *c, struct nd_decl *d);
// The places that one point means; reports. Not for stages.
void nd_probes_point(struct nd_program *p, const struct nd_point *pt, struct nd_targets *out);

// stages.c: named places of packets with alternatives.
void nd_stage_declare(struct nd_check *c, struct nd_decl *d);
// Adds the programs that serve a probe on a stage on this kernel; reports when there is none.
void nd_stage_expand(struct nd_check *c, struct nd_decl *stage, struct nd_decl *d,
                     const struct nd_point *pt);
// Checks the alternative of a probe, and declares in the present scope what the stage exports.
void nd_stage_check(struct nd_check *c, struct nd_probe *pr);
// Decides func_sym for all probes of the script, before they are expanded.
void nd_probes_scan_func(struct nd_program *p);
// Probes at the entries of functions whose return probes ask for arguments, each before the latter.
void nd_probes_note_entries(struct nd_program *p);
// A probe that is left out; stage may be NULL.
void nd_probes_leave_out(struct nd_program *p, struct nd_decl *d, struct nd_decl *stage);
// The points of an alternative as written.
const char *nd_stage_spec(struct nd_program *p, const struct nd_try *t);
// A stage's alternatives, tried on this kernel: the index of the one that serves or -1.
int nd_stage_try(struct nd_check *c, struct nd_decl *stage, struct nd_tries_failed *failed);

#endif
