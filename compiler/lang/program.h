// SPDX-License-Identifier: GPL-2.0-or-later
// A script whose names are resolved: what it declares, its probes and where they attach, its paths.
// Plain data that the passes after checking read. Must not know how it was found out, or LLVM.
// Serves checking, stages and paths, lowering, user code, lists and explain.
#ifndef ND_PROGRAM_H
#define ND_PROGRAM_H

#include "compiler/front/ast.h"
#include "compiler/front/diag.h"
#include "compiler/kernel/kernel.h"
#include "compiler/lang/types.h"
#include "runtime/common/probekinds.h"

enum nd_world { ND_KERNEL = 1, ND_USER = 2 };

// ---- what names refer to -----------------------------------------------------------------------

enum nd_sym_kind {
    ND_SYM_VAR,   // $x, loop variables, parameters
    ND_SYM_CONST, // const, enumerator
    ND_SYM_MAP,
    ND_SYM_OPTION,
    ND_SYM_EVENT,
    ND_SYM_FN,
    ND_SYM_TABLE,
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
    const char *title; // in its place in text; NULL: none
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
    bool probed;   // probes read it, or delete from it
    bool assigned; // a probe sets it to a value,
    bool added;    // adds to it
    bool computed; // assigned the result of an operator
    bool hidden;   // of a path: not printed
    bool own;      // private: not printed at the end
    bool has_decl;
    uint32_t decl_kind; // enum nd_mf_map_kind
    uint32_t max_entries;
    struct nd_option *size_opt; // that says so; NULL: a constant
    struct nd_option *size_if;  // NULL, or a flag without which it has
    uint32_t size_else;         // number of entries
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

struct nd_table_column {
    const char *title;
    const char *unit, *base; // what text shows, and what the values count; "": no unit
    uint64_t div;            // base in a unit
    bool right;
    const struct nd_column *decl;
};

struct nd_tabletype {
    struct nd_decl *decl;
    uint32_t index;
    struct nd_type *type; // struct of a row
    struct nd_table_column *columns;
};

struct nd_fn {
    struct nd_decl *decl;
    struct nd_decl *body[3]; // by world: the tree checked for that world
    struct nd_sym **params[3];
    struct nd_type *ret;
    bool busy;                   // being checked: a call now is recursion
    ND_VEC(struct nd_fn *) made; // of one with open parameters, for each kind of arguments
    const struct nd_expr *with;  // the call that one of these was made for
};

// Size of a map: as declared, otherwise less for larger values, of which each CPU may have one.
uint32_t nd_map_entries(const struct nd_map *m);

#define ND_FUNC_ARGS 16u // arguments of a function that can be asked for

// ---- probes ------------------------------------------------------------------------------------

struct nd_target { // one attach point
    enum nd_mf_attach_kind kind;
    const char *spec;
    const char *s0, *s1;
    uint64_t num, num2;
    bool best;      // func:, funcret: fentry if possible, otherwise kprobe
    bool in_option; // in the file that an option names, whose index is num
    bool builtin;   // named with a module that is part of vmlinux
    bool chosen;    // the library chooses which function has the name (IFUNC)
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
    const char *module; // that is not loaded, if that is why; or NULL
};
struct nd_tries_failed {
    struct nd_tried *v;
    uint32_t n, cap;
};

// A stage that the target kernel cannot serve.
struct nd_absent {
    const char *stage;
    struct nd_span span;
    bool optional;
    const char *module;   // for want of which; NULL: the reasons say why
    struct nd_expr *when; // it matters only then, with a tree of its own; or NULL
    struct nd_tries_failed failed;
    struct nd_diag *diag; // which says it, also of others
};

// The first two run in the kernel, the others in user space, for packets that timed out; these are
// enum nd_mf_fate, from ND_PATH_LOST on.
enum nd_path_event {
    ND_PATH_STEP,
    ND_PATH_DONE,
    ND_PATH_LOST,
    ND_PATH_ELSEWHERE,
    ND_PATH_VANISHED,
    ND_PATH_EVENTS
};

// What a program does for its path: it is one of its stages, or looks out for packets elsewhere.
enum nd_path_role {
    ND_PATH_STAGE,
    ND_PATH_DROP,      // the packet is dropped
    ND_PATH_SENT,      // it is sent out of a device
    ND_PATH_RECEIVED,  // received from one
    ND_PATH_DELIVERED, // given to the host's own transport layer
    ND_PATH_ROLES
};

// The last member of an event some of whose fields are left out: a bit for each that is absent.
#define ND_ABSENT_FIELD ND_MF_ABSENT

// Members of path's record that no script can name.
#define ND_PATH_FATE ".fate" // enum nd_mf_fate + 1; 0: nothing was seen since the last stage
#define ND_PATH_DEV ".dev"   // the packet's device, and its skb, where it was seen last
#define ND_PATH_SKB ".skb"
#define ND_PATH_TAKEN ".taken" // not 0: a stack received it there

// Enums of a script with paths: their names, and the stages of all. Stage i of path p is p * 64 +
// i.
#define ND_PATH_ENUM "paths"
#define ND_STAGE_ENUM "stages"
#define ND_PATH_STRIDE 64u

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
    bool asks;                  // what became of packets that do not arrive
    struct nd_event *late[ND_PATH_EVENTS]; // handlers in user space, or NULL
    uint64_t timeout;                      // ns; or
    struct nd_option *timeout_opt;
    ND_VEC(struct nd_decl *) on[ND_PATH_EVENTS]; // handlers as declared
};

// A handler within the program of a stage, with its own tree.
struct nd_path_on {
    struct nd_decl *decl;
    enum nd_path_event event;
};

// A program's place in its path.
struct nd_path_at {
    struct nd_path *path;
    enum nd_path_role role;
    bool idle; // it cannot know the path's packets here
    uint32_t stage;
    bool enter;          // packets enter here
    bool last;           // and leave here
    struct nd_expr *key; // the packet's identity, with its own tree
    bool renamed;        // it may have changed since the stage before
    bool notes;          // the next stage is one of these
    struct nd_path_keeps *keeps;
    struct nd_expr *filter; // what packets that entered fulfil here as well; NULL: nothing
    ND_VEC(struct nd_path_on) on;
    struct nd_sym *step, *own; // `step` and `path` in the handlers
};

struct nd_check;
struct nd_probe;

// What the names in a probe stand on beyond those that every probe has. Set by who made the probe.
struct nd_probe_place {
    void (*enter)(struct nd_check *c, struct nd_probe *pr);  // before the predicate is checked
    void (*within)(struct nd_check *c, struct nd_probe *pr); // after it, before the body; or NULL
};

struct nd_probe {
    struct nd_decl *decl;  // has its own tree
    struct nd_decl *stage; // the stage it is on, or NULL, and the alternative that serves it,
    struct nd_try *via;    // whose body runs first; both have their own tree
    uint32_t via_index;
    struct nd_sym **exports; // the stage's variables
    uint32_t nexports;
    struct nd_tries_failed failed;
    struct nd_targets targets;
    enum nd_mf_prog_type type;
    uint32_t btf_id;
    bool typed;         // a portable raw tracepoint that kernels may also serve with types
    const char *direct; // the program for those, made by the lowering; NULL: none
    const char *btf_name;
    enum nd_args_kind args;
    bool retprobe;
    const struct nd_probe_place *place; // NULL: it stands for itself
    struct nd_path_at *path;            // the stage of a path, or NULL
    struct nd_sym *skb;                 // the packet of the stage, or NULL
    struct nd_pkt *pkt;                 // what is read of it, see packet.h; NULL: nothing
    uint32_t entry_args;       // kretprobe, uretprobe: bits of the arguments that the body uses
    struct nd_probe *entry_of; // records arguments at the entry for this return probe
    bool asks_pid;             // for ids of the current thread, or
    struct nd_span host_pid;   // reads one of a task or a record here, which is the host's
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

// What config = { } and BPFTRACE_* of the environment say. 0: nothing.
struct nd_config {
    uint32_t map_keys;   // of maps that are not declared
    uint32_t strlen;     // bytes of str() and buf() that name none
    uint32_t ring_pages; // of the buffer for events, at least
    uint32_t print_maps; // at the end
    uint32_t stack_mode; // enum nd_stack_mode
    uint32_t missing;    // enum nd_missing: of probes
    uint32_t license;    // which one; all of them let programs call the kernel's functions
};
enum nd_stack_mode { ND_STACK_BPFTRACE, ND_STACK_PERF, ND_STACK_RAW };
enum nd_missing { ND_MISSING_ERROR, ND_MISSING_WARN, ND_MISSING_IGNORE };

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
    struct nd_config config;
    const char *const *settings; // of the environment: NAME=value
    uint32_t nsettings;
    const char *title, *notes; // of the script's first comment
    ND_VEC(struct nd_map *) maps;
    ND_VEC(struct nd_option *) options;
    ND_VEC(struct nd_event *) events;
    ND_VEC(struct nd_probe *) probes;
    ND_VEC(struct nd_hook *) hooks;
    ND_VEC(struct nd_path *) paths;
    ND_VEC(struct nd_fn *) fns;
    ND_VEC(struct nd_tabletype *) tables;
    ND_VEC(struct nd_sym *) globals; // by name
    struct nd_decls decls;           // of all sources, in order
    uint32_t opts_size;
    bool unsafe;                     // also on functions that programs run in
    bool bpftrace;                   // rows 0 and 1 of hist() apart, -x signed
    bool portable;                   // also for other kernels: see needs.h
    ND_VEC(struct nd_need) needs;    // portable: what must hold there
    ND_VEC(struct nd_expr *) frozen; // sizes, offsets and enumerators that are constants
    // Probes that the target kernel cannot serve or that their `when` rules out: checked, because
    // they give the types of maps, and nothing more.
    ND_VEC(struct nd_probe *) left_out;
    ND_VEC(struct nd_absent) absent;
    bool verbose;     // say all reasons
    bool func_sym;    // `func` is an address, so that one program serves many functions
    uint64_t texts;   // of the kernel that user code reads: bits of enum nd_line_source
    uint32_t without; // ND_F_BIT()s: what the target kernel lacks
};

// Must the program do without this feature of the kernel?
static inline bool nd_without(const struct nd_program *p, enum nd_feature f)
{
    return p->without >> f & 1;
}

// A member of the record by its path ("step.from"): its offset.
uint32_t nd_path_off(const struct nd_path *path, bool own, const char *member);
// The member, or NULL: only what handlers name is kept.
const struct nd_field *nd_path_member(const struct nd_path *path, bool own, const char *member);

// Predicate and body of a probe and of the stage's alternative that it runs through.
void nd_probe_walk(struct nd_probe *pr, void (*fn)(void *arg, struct nd_expr *e), void *arg);
const char *nd_probe_type_name(const struct nd_target *at); // "kprobe"; BEGIN and END: "special"
bool nd_probe_has_regs(const struct nd_probe *p);           // kprobe, uprobe and their returns
#define ND_SRC_SCRIPT 0u // the source that is the script; modules come after it

struct nd_option *nd_option_find(const struct nd_program *p, const char *name); // NULL: none
// Position of a name in the list of an enum option, -1: none.
int64_t nd_option_name(const struct nd_option *o, const char *name);
// A stage by its name; one of the script takes precedence over one of a module. NULL: there is
// none.
struct nd_decl *nd_stage_find(struct nd_program *p, const char *name);

#endif
