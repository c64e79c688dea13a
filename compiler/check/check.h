// SPDX-License-Identifier: GPL-2.0-or-later
// Names and types resolved, rules of use enforced: from a tree to a program that can be lowered.
// Must not know LLVM. Serves lowering, user code and explain.
#ifndef ND_CHECK_H
#define ND_CHECK_H

#include "compiler/front/ast.h"
#include "compiler/front/diag.h"
#include "compiler/kernel/kernel.h"
#include "compiler/lang/types.h"
#include "runtime/common/manifest.h"

enum nd_world { ND_KERNEL = 1, ND_USER = 2 };

// ---- what names refer to -----------------------------------------------------------------------

enum nd_sym_kind {
    ND_SYM_VAR,   // $x, loop variables, parameters
    ND_SYM_CONST, // const, enumerator
    ND_SYM_MAP,
    ND_SYM_OPTION,
    ND_SYM_EVENT,
    ND_SYM_FN,
    ND_SYM_FIELD, // a field of the event in its handler
};

struct nd_sym {
    enum nd_sym_kind kind;
    const char *name;
    struct nd_span span;
    struct nd_type *type;
    uint32_t index;        // VAR: unique number; OPTION, EVENT, MAP: number; FIELD: in the event
    uint32_t nassign;      // VAR: assignments seen
    bool loop_var;         // set by its loop only
    bool exported;         // by a stage: also known without the $
    struct nd_stmt *first; // VAR: the statement that declares it
    uint64_t num;          // CONST
    bool asks;             // CONST: by what the target kernel has
    const char *str;
    uint32_t len;
    double real;
    struct nd_map *map;
    struct nd_option *option;
    struct nd_event *event;
    struct nd_fn *fn;
};

struct nd_option;

struct nd_map {
    const char *name;
    uint32_t index;
    struct nd_span span;     // first use
    struct nd_type *key;     // NULL: scalar or not known yet
    struct nd_type *val;     // NULL: not known yet
    struct nd_span key_span; // where they became known
    struct nd_span val_span;
    bool scalar; // used without a key
    bool keyed;
    uint32_t worlds; // nd_world bits that touch it
    bool written;
    bool gen;      // two generations: a user-space handler empties it while probes run
    bool computed; // assigned the result of an operator
    bool hidden;   // of a path: not printed
    bool has_decl;
    uint32_t decl_kind; // enum nd_mf_map_kind
    uint32_t max_entries;
    struct nd_option *size_opt; // that says so; NULL: a constant
    struct nd_option *size_if;  // NULL, or a flag without which it has
    uint32_t size_else;         // so many entries
};

struct nd_option {
    struct nd_decl *decl;
    uint32_t index;
    uint32_t kind; // enum nd_mf_opt_kind
    uint32_t cap;
    struct nd_type *type;
    int64_t min, max;                           // of an INT
    struct nd_option *file;                     // its values are in the file that this option names
    uint32_t off, stride, given_off, count_off; // in nd_opts
};

struct nd_event {
    const char *name;
    uint32_t index;
    struct nd_span span;
    struct nd_type *type; // struct of the payload
    struct nd_decl *on;   // handler or NULL
    bool sent;
    // made by the compiler of printf() and the like: the calls, whose arguments are the fields
    struct nd_async *async;
};

struct nd_fn {
    struct nd_decl *decl;
    struct nd_decl *body[3]; // by world: the tree checked for that world
    struct nd_sym **params[3];
    struct nd_type *ret;
    bool busy; // being checked: a call now is recursion
};

// Room of a map: as declared, else less for larger values, of which each CPU may have its own.
uint32_t nd_map_entries(const struct nd_map *m);

// ---- probes ------------------------------------------------------------------------------------

struct nd_target { // one attach point
    enum nd_mf_attach_kind kind;
    const char *spec;
    const char *s0, *s1;
    uint64_t num, num2;
    bool best;      // func:, funcret: fentry where it can be, else kprobe
    bool in_option; // in the file that an option names, whose index is num
    bool builtin;   // named with a module that is part of vmlinux
    bool moved;     // a copy that the compiler made: parameters may be elsewhere
    struct nd_span span;
    const struct nd_tp_format *format; // TRACEPOINT
    const struct nd_func_sig *sig;     // RAW_TP, KPROBE, FENTRY, ...
    const struct nd_usdt *usdt;
};

struct nd_targets {
    struct nd_target *v;
    uint32_t n, cap;
};

enum nd_args_kind { ND_ARGS_NONE, ND_ARGS_FORMAT, ND_ARGS_SIG, ND_ARGS_REGS, ND_ARGS_USDT };

// Alternatives of a stage that were tried before the one that serves, and why they cannot.
struct nd_tried {
    const char *spec, *why;
};
struct nd_tries_failed {
    struct nd_tried *v;
    uint32_t n, cap;
};

struct nd_probe {
    struct nd_decl *decl;  // a tree of its own
    struct nd_decl *stage; // the stage it is on, or NULL, and the alternative that serves it,
    struct nd_try *via;    // whose body runs first; both of a tree of their own
    uint32_t via_index;
    struct nd_sym **exports; // the stage's variables
    uint32_t nexports;
    struct nd_tries_failed failed;
    struct nd_targets targets;
    enum nd_mf_prog_type type;
    uint32_t btf_id;
    const char *btf_name;
    enum nd_args_kind args;
    bool retprobe;
    struct nd_path_at *path;   // the stage of a path, see paths.h, or NULL
    struct nd_sym *skb;        // the packet of the stage, or NULL
    struct nd_pkt *pkt;        // what is read of it, see packet.h; NULL: nothing
    uint32_t entry_args;       // kretprobe, uretprobe: bits of the arguments that the body uses
    struct nd_probe *entry_of; // notes arguments at the entry for this return probe
    bool said_first_only;      // that the others of a list are not seen
    bool user_memory;          // pointers point to user memory (uprobes)
    const char *name;          // of the program
    uint32_t index;
    uint32_t when_fn;      // user function, ND_MF_NONE
    struct nd_block *body; // decl->body
    uint32_t nvars;
    struct nd_span loop; // the first loop or search in a text that it has; len 0: none
};

struct nd_hook {
    enum nd_mf_hook_kind kind;
    struct nd_decl *decl;
    struct nd_option *period_opt;
    uint64_t period;
};

// printf(), print(), clear() and the like in a probe: one event that carries their arguments and
// user code that does the calls. Calls that follow each other directly share one.
struct nd_async {
    ND_VEC(struct nd_stmt *) calls; // calls, and loops over maps

    // What they need from the kernel, in the order of the payload's fields; type: as sent.
    ND_VEC(struct nd_async_arg {
        struct nd_expr *expr;
        struct nd_type *type;
    })
    args;
    struct nd_event *event;
};

// Counters of a path in nd_state.
struct nd_layout_path {
    uint32_t count[ND_PATHC_MAX]; // 0: not counted
};

// ---- a checked script --------------------------------------------------------------------------

struct nd_need { // as struct nd_mf_need
    enum nd_mf_need_kind kind;
    uint32_t tag;
    const char *type, *path;
    int64_t value;
    uint32_t bytes;
    uint32_t flags;
    struct nd_span span;
};

struct nd_program {
    struct nd_arena *arena;
    struct nd_diags *diags;
    struct nd_sources *sources;
    struct nd_kernel *kernel;
    struct nd_types types;
    const char *path;
    const char *title;
    ND_VEC(struct nd_map *) maps;
    ND_VEC(struct nd_option *) options;
    ND_VEC(struct nd_event *) events;
    ND_VEC(struct nd_probe *) probes;
    ND_VEC(struct nd_hook *) hooks;
    ND_VEC(struct nd_path *) paths;
    ND_VEC(struct nd_fn *) fns;
    ND_VEC(struct nd_sym *) globals; // by name
    ND_VEC(struct nd_decl *) decls;  // of all sources, in order
    uint32_t opts_size;
    bool portable;                   // for other kernels, too: see needs.h
    ND_VEC(struct nd_need) needs;    // portable: what must hold there
    ND_VEC(struct nd_expr *) frozen; // sizes, offsets and enumerators that are constants
    // Probes that the target kernel cannot serve or that their `when` rules out: checked, for they
    // tell the types of maps, and no more.
    ND_VEC(struct nd_probe *) left_out;
    bool func_sym;    // `func` is an address, so that one program serves many functions
    uint32_t without; // ND_F_BIT()s: what the target kernel lacks
};

// Must the program do without this feature of the kernel?
static inline bool nd_without(const struct nd_program *p, enum nd_feature f)
{
    return p->without >> f & 1;
}

struct nd_compile_opts;

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
bool nd_probe_has_regs(const struct nd_probe *p); // kprobe, uprobe and their returns
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
// A tree of its own of a declaration, parsed again.
struct nd_decl *nd_probes_own_tree(struct nd_program *p, struct nd_decl *d);
// The places that a probe's text means; nothing is reported, out->n is 0 when there is none.
void nd_probes_resolve(struct nd_program *p, const char *text, struct nd_span span,
                       struct nd_targets *out);
void nd_probes_expand(struct nd_check *c, struct nd_decl *d);
// The places that one point means; reports. Not for stages.
void nd_probes_point(struct nd_program *p, const struct nd_point *pt, struct nd_targets *out);
// Predicate and body of a probe and of the stage's alternative that it runs through.
void nd_probe_walk(struct nd_probe *pr, void (*fn)(void *arg, struct nd_expr *e), void *arg);

// stages.c: named places of packets with alternatives.
void nd_stage_declare(struct nd_check *c, struct nd_decl *d);
struct nd_decl *nd_stage_find(struct nd_program *p, const char *name);
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
