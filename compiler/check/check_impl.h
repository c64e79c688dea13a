// SPDX-License-Identifier: GPL-2.0-or-later
// Inside the checker: what its files have of each other. Must not be used by anything but this
// folder.
#ifndef ND_CHECK_IMPL_H
#define ND_CHECK_IMPL_H

#include "compiler/check/check.h"
#include "compiler/lang/builtins.h"

#define ND_FN_DEPTH 64u     // functions that call each other
#define ND_FN_CHECKS 20000u // calls, counted again in each function that is called

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
void nd_check_assign(struct nd_check *c, struct nd_stmt *s); // check_stmt.c
// check_loop.c: does the loop over a map name variables of the probe around it? What its body then
// lacks.
bool nd_check_loop_in_probe(struct nd_check *c, const struct nd_stmt *s);
void nd_check_loop_body(struct nd_check *c, const struct nd_stmt *s);
// Can a loop be over this map? Another map of the loop over m, whose keys have the same type.
void nd_check_loop_map(struct nd_check *c, const struct nd_map *m, struct nd_span span);
struct nd_map *nd_check_other_map(struct nd_check *c, struct nd_map *m, struct nd_other *o);
// What a probe sees of an aggregation that is one number; NULL: it is more than one.
struct nd_type *nd_check_number_of(const struct nd_type *agg);
// check_begin.c: which of the script's begin and end blocks are probes
void nd_check_begin_end(struct nd_check *c);
// check_cast.c: what is cast has its type already
struct nd_type *nd_check_cast(struct nd_check *c, struct nd_expr *e);
// check_args.c
struct nd_type *nd_check_args_whole(struct nd_check *c, struct nd_expr *e);
struct nd_type *nd_check_args_field(struct nd_check *c, struct nd_expr *e);
// Reports that a name does not exist in this kind of probe; the error type.
struct nd_type *nd_check_not_here(struct nd_check *c, struct nd_expr *e, const char *help);
// Is it an integer known at compile time? Then *v.
bool nd_check_const_int(struct nd_check *c, struct nd_expr *e, int64_t *v);
// The expression e of type val is kept in the map; `@m++` keeps a number of either sign.
void nd_check_map_value(struct nd_check *c, struct nd_map *m, struct nd_type *val,
                        const struct nd_expr *e);
// nd_check_map_key() of a use that makes the entry. A key that is negative, where another use has
// one that only an unsigned number holds, is an error.
void nd_check_map_key_set(struct nd_check *c, struct nd_expr *e);
struct nd_sym *nd_check_lookup(struct nd_check *c, const char *name);
// A plain name that the probe's stage exports becomes its variable: skb is $skb there.
void nd_check_exported(struct nd_check *c, struct nd_expr *e);
// check_var.c: a declared pointer means the memory of what it is given, or that of the probe if it
// is given a number or nothing (NULL); a declared time is one of the clock of what it is given
struct nd_type *nd_check_declared(struct nd_check *c, struct nd_type *want, struct nd_type *have);
// $name = a value of type t (NULL: let $name), the first one and those after it
void nd_check_first_value(struct nd_check *c, struct nd_stmt *s, const char *name,
                          struct nd_type *t);
void nd_check_next_value(struct nd_check *c, struct nd_stmt *s, struct nd_sym *v, const char *name,
                         struct nd_type *t);
// check_sign.c: warns if `x op k`, of which one is a constant, is decided by sign or width
void nd_check_sign(struct nd_check *c, enum nd_op op, struct nd_span span, const struct nd_expr *x,
                   const struct nd_expr *k);
// Warns if a literal is longer than the text that it is compared with can be.
void nd_check_length(struct nd_check *c, bool never, struct nd_span span, const struct nd_expr *a,
                     const struct nd_expr *b);
// check_send.c: whose expressions are checked
void nd_check_send(struct nd_check *c, struct nd_stmt *s);
// What send E { ...base } gives besides what is written: fields of it, and which fields are absent.
// Their expressions are not checked.
void nd_check_send_others(struct nd_check *c, struct nd_stmt *s);
// of.name, which nobody wrote; not checked.
struct nd_expr *nd_check_member(struct nd_check *c, const struct nd_expr *of, const char *name);
// Which of these fields of t, a bit each, are absent in `of`, as bits of t.
struct nd_expr *nd_check_absent_of(struct nd_check *c, const struct nd_expr *of,
                                   const struct nd_type *t, uint64_t fields);
// struct name { field: e }, whose values are checked.
struct nd_type *nd_check_literal(struct nd_check *c, struct nd_expr *e);
// The struct of an event. If fields are left out anywhere, its last member says which.
struct nd_type *nd_check_event_type(struct nd_check *c, const char *name, struct nd_field *f,
                                    uint32_t n);
// check_table.c
void nd_check_table(struct nd_check *c, struct nd_decl *d); // whose levels are checked
// Of a call of table(): the table that it names; false: it is wrong. Then, with checked arguments,
// the row that they are, whose cells are not checked (NULL: none), and with these the row itself.
bool nd_check_table_named(struct nd_check *c, struct nd_expr *call);
struct nd_expr *nd_check_table_row(struct nd_check *c, struct nd_expr *call);
void nd_check_table_cells(struct nd_check *c, const struct nd_expr *call, struct nd_expr *row);
// check_name.c
struct nd_type *nd_check_table_call(struct nd_check *c, struct nd_expr *e,
                                    const struct nd_builtin *b);
// check_scope.c: a name of the whole script; reports a second one of the kind
struct nd_sym *nd_check_global(struct nd_check *c, enum nd_sym_kind kind, const char *name,
                               struct nd_span span);
// check_struct.c: declarations of C
void nd_check_struct(struct nd_check *c, struct nd_decl *d);
void nd_check_enum(struct nd_check *c, struct nd_decl *d);
void nd_check_typedef(struct nd_check *c, struct nd_decl *d);
// check_open.c: functions whose parameters have no type, or are maps
// Does every way through the block end in a return?
bool nd_check_fn_returns(const struct nd_block *b);
bool nd_check_fn_open(const struct nd_decl *d);
bool nd_check_takes_map(const struct nd_decl *d, uint32_t i); // its parameter i
void nd_check_map_arg(struct nd_check *c, struct nd_expr *call, uint32_t i);
// A tree of the function for this call, whose arguments are checked.
struct nd_decl *nd_check_fn_tree(struct nd_check *c, const struct nd_decl *d,
                                 const struct nd_expr *call);
// The function itself, or the one that is made of it for arguments of this kind.
struct nd_fn *nd_check_fn_for(struct nd_check *c, struct nd_fn *fn, const struct nd_expr *call);
bool nd_check_too_many_calls(struct nd_check *c, struct nd_expr *call); // reports it
// The type of a parameter that has none, given this.
struct nd_type *nd_check_open_type(struct nd_check *c, struct nd_type *have);
// check_list.c: loops over what is neither a map nor a range
// Over a list option: becomes a range, in whose body the name stands for opt.list[i].
void nd_check_list_loop(struct nd_check *c, struct nd_stmt *s, const struct nd_type *t);
void nd_check_not_a_list(struct nd_check *c, const struct nd_stmt *s); // reports it
// Does a loop go through what this call gives: rows of a histogram, lines of a text?
bool nd_check_has_rows(const struct nd_expr *call);
struct nd_type *nd_check_row_type(struct nd_check *c); // of a row of a histogram
// Groups the asynchronous calls of a block into events; part of the last pass.
void nd_check_async(struct nd_check *c, struct nd_block *b);
void nd_check_fn_alone(struct nd_check *c, struct nd_fn *fn);
// Type of an expression in the payload of an event.
// printf: does the format fit the arguments? Reports.
void nd_check_format(struct nd_check *c, struct nd_expr *call, uint32_t fmt_arg);
// Adds to a message about all of `args` or `opt` that a field of it is a value.
void nd_check_no_value(struct nd_check *c, const struct nd_expr *e, struct nd_diag *d);
// Where a raw tracepoint has the field of a trace event ("skb.dev.name"), or NULL.
const char *nd_raw_path(const char *category, const char *event, const char *field);

// The places that a probe's text means; nothing is reported, out->n is 0 when there is none.
void nd_probes_resolve(struct nd_program *p, const char *text, struct nd_span span,
                       struct nd_targets *out);
// Probes at the entries of functions whose return probes ask for arguments, each before the latter.
void nd_probes_note_entries(struct nd_program *p);

// builtins.c: an argument of another type is an error, unless it is an error already.
struct nd_diag *nd_check_bad_arg(struct nd_check *c, struct nd_expr *e, uint32_t i,
                                 const char *want);
bool nd_check_want_int(struct nd_check *c, struct nd_expr *e, uint32_t i);

// By the row of the built-in that e names or calls.
struct nd_type *nd_check_builtin(struct nd_check *c, struct nd_expr *e);
// check_call.c, check_access.c: their arguments are not expressions
struct nd_type *nd_check_has(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
struct nd_type *nd_check_netns(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
struct nd_type *nd_check_nsecs(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);

// check_bpftrace.c
// The parts of a record that is written out, in the order of those of `as`.
void nd_check_order_parts(struct nd_check *c, struct nd_expr *e, const struct nd_type *as);
struct nd_type *nd_check_strcap(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
// What tseries() keeps of the values of an interval: ND_SERIES_*.
uint32_t nd_check_series_how(struct nd_check *c, const struct nd_expr *e);
struct nd_type *nd_check_is_kind(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
struct nd_type *nd_check_is_err(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
struct nd_type *nd_check_static_assert(struct nd_check *c, struct nd_expr *e,
                                       const struct nd_builtin *b);
struct nd_type *nd_check_assert(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
// A call of assert() becomes an `if`; false: it is another statement.
bool nd_check_assert_stmt(struct nd_check *c, struct nd_stmt *s);
// The type of e. A text that is compared with what prints as one (strerror()) becomes its number.
struct nd_type *nd_check_named_text(struct nd_expr *e, const struct nd_expr *with);
// The text that a format and literals make.
const char *nd_check_formatted(struct nd_check *c, const struct nd_expr *e);
struct nd_type *nd_check_percpu(struct nd_check *c, struct nd_expr *e);
struct nd_type *nd_check_len(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
struct nd_type *nd_check_cgroupid_path(struct nd_check *c, struct nd_expr *e,
                                       const struct nd_builtin *b);
struct nd_type *nd_check_join_strings(struct nd_check *c, struct nd_expr *e,
                                      const struct nd_builtin *b);
// check_access.c: ppid, pcomm and the like, which are members of a task or a socket
struct nd_type *nd_check_of_task(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);

// check_sources.c: what user space reads besides maps and events
struct nd_type *nd_check_path_count(struct nd_check *c, struct nd_expr *e,
                                    const struct nd_builtin *b);
struct nd_type *nd_check_link_stat(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b);
struct nd_type *nd_check_get(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
struct nd_type *nd_check_source(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
struct nd_type *nd_check_file(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
struct nd_type *nd_check_word(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
struct nd_type *nd_check_number(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);

// ask.c: what a script asks about the target kernel
struct nd_type *nd_ask_param(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
struct nd_type *nd_ask_func(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
struct nd_type *nd_ask_version(struct nd_check *c, struct nd_expr *e, const struct nd_builtin *b);
struct nd_type *nd_ask_field(struct nd_check *c, struct nd_expr *e);
// Take from the tree what an answer rules out; the latter two: was it decided?
void nd_ask_prune_if(struct nd_check *c, struct nd_stmt *s);
bool nd_ask_prune_cond(struct nd_expr *e);
bool nd_ask_prune_logic(struct nd_expr *e);

// check_packet.c
// pkt.X, pkt.X.Y, pkt.inner.X.Y: e->info becomes the row, e->as 1 for inner.
struct nd_type *nd_check_pkt(struct nd_check *c, struct nd_expr *e);
// Makes pkt.flow.reversed one field; anything else stays as it is.
void nd_check_join_reversed(struct nd_check *c, struct nd_expr *e);
struct nd_type *nd_check_pkt_name(struct nd_check *c, struct nd_expr *e,
                                  const struct nd_builtin *b);
struct nd_type *nd_check_packet_id(struct nd_check *c, struct nd_expr *e,
                                   const struct nd_builtin *b);

#endif
