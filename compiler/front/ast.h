// SPDX-License-Identifier: GPL-2.0-or-later
// The tree of a script: node kinds and constructors. The checker fills the fields marked "check:".
// Must not know BTF, LLVM or the manifest. Serves grammar and all passes.
#ifndef ND_AST_H
#define ND_AST_H

#include "compiler/front/arena.h"
#include "compiler/front/source.h"

#include <stdbool.h>

struct nd_type;
struct nd_expr;
struct nd_stmt;
struct nd_sym;
struct nd_decl;
struct nd_map;
struct nd_fn;
struct nd_event;
struct nd_tabletype;
struct nd_async;
struct nd_slot;
struct nd_pkt_row;
struct nd_tp_field;

// ---- types as written ------------------------------------------------------------------------

enum nd_tag { ND_TAG_NONE, ND_TAG_STRUCT, ND_TAG_UNION, ND_TAG_ENUM };

struct nd_texpr {
    struct nd_span span;
    enum nd_tag tag;
    const char *name; // "u32", "sk_buff", "ip", ...
    uint32_t stars;
    bool is_list;  // type[] (options)
    bool is_array; // type[n]
    bool optional; // enum name?: an integer where the kernel has no such enum
    uint64_t nelems;
    struct nd_expr_list *args; // enum(a, b) of options
    struct nd_decl *body;      // struct, union or enum declared where it is used; NULL: it is not
};

struct nd_attrs { // __attribute__((...)) of a declaration
    bool packed;
    uint32_t align; // 0: none
};

// ---- expressions -----------------------------------------------------------------------------

enum nd_op {
    ND_OP_NONE,
    ND_OP_ADD,
    ND_OP_SUB,
    ND_OP_MUL,
    ND_OP_DIV,
    ND_OP_MOD,
    ND_OP_SHL,
    ND_OP_SHR,
    ND_OP_AND,
    ND_OP_OR,
    ND_OP_XOR,
    ND_OP_EQ,
    ND_OP_NE,
    ND_OP_LT,
    ND_OP_LE,
    ND_OP_GT,
    ND_OP_GE,
    ND_OP_LAND,
    ND_OP_LOR,
    ND_OP_NEG,
    ND_OP_NOT,
    ND_OP_BNOT,
    ND_OP_DEREF,
    ND_OP_ADDR,
    ND_OP_PREINC,
    ND_OP_PREDEC,
    ND_OP_POSTINC,
    ND_OP_POSTDEC,
};
// The operator as written: "+", "&&"; for messages. Static.
const char *nd_op_text(enum nd_op op);

enum nd_expr_kind {
    ND_E_INT,          // num; lit_unit for durations
    ND_E_DOUBLE,       // real
    ND_E_STRING,       // str, len
    ND_E_IDENT,        // name
    ND_E_VAR,          // $name
    ND_E_MAP,          // @name[key]; a = key or NULL (several keys: a tuple)
    ND_E_UNARY,        // op a
    ND_E_BINARY,       // a op b
    ND_E_COND,         // a ? b : c
    ND_E_CAST,         // (texpr)a
    ND_E_SIZEOF,       // texpr or a
    ND_E_OFFSETOF,     // texpr, name = member path
    ND_E_HAS_FIELD,    // texpr, name = member path
    ND_E_CONTAINER_OF, // a, texpr, name
    ND_E_CALL,         // name(args)
    ND_E_FIELD,        // a.name or a->name
    ND_E_INDEX,        // a[b]
    ND_E_TUPLE,        // (args)
    ND_E_STRUCT,       // struct name { names: args }
    ND_E_IN,           // a in b; b may be a tuple: any of
    ND_E_BLOCK,        // { body; a }: only in front of the other passes, see parse_expand.c
    ND_E_ERROR,        // a syntax error was reported here
};

enum nd_lit_unit { ND_UNIT_NONE, ND_UNIT_DURATION, ND_UNIT_SIZE };

struct nd_expr_list {
    struct nd_expr **v;
    uint32_t n, cap;
};

struct nd_point;
struct nd_device_name {    // what else tells devices apart, of the device whose name is asked for
    struct nd_expr *netns; // inode of its network namespace; NULL: this kernel does not say
    struct nd_expr *index; // number of the device there, or NULL
};

struct nd_expr {
    enum nd_expr_kind kind;
    struct nd_span span;
    enum nd_op op;
    uint32_t depth;   // operators below
    bool arrow;       // FIELD: written ->
    bool is_unsigned; // INT: does not fit a signed integer
    bool paren;       // written in parentheses
    bool sets_key;    // MAP: this use makes the entry
    bool unused;      // a statement: nobody sees the value
    bool row;         // STRUCT: made of the cells of a table's row
    enum nd_lit_unit lit_unit;
    const char *name;
    struct nd_span name_span; // FIELD: the name; CALL: the function's name
    uint64_t num;
    double real;
    const char *str;
    uint32_t len;
    uint32_t whole;   // STRING: with what comes after a zero byte, which only buf() sees
    const char *word; // it is this word of the command line; NULL: it is not
    struct nd_expr *a, *b, *c;
    struct nd_expr_list args;
    struct nd_texpr *texpr;
    struct nd_block *body;  // BLOCK
    uint32_t outer;         // of a macro's argument, while it is expanded; otherwise 0
    struct nd_point *names; // STRUCT, TUPLE: of the args; NULL: they have none

    // check:
    struct nd_type *type;
    struct nd_sym *sym;               // what a name refers to
    const struct nd_builtin *builtin; // IDENT or CALL of a built-in
    bool is_const;                    // num (or str) is its value
    bool relocated;                   // is_const, but the object asks the kernel that runs it
    bool asks;                        // a constant by what the target kernel has
    struct nd_field *field;           // FIELD: the member
    struct nd_device_name *device;    // FIELD: it is the name of a network device; NULL: it is not
    uint32_t as;                      // enum nd_as: where the bytes of its value are
    uint32_t index;                   // the number that a name or text of a built-in stands for
    struct nd_stmt *found;            // CALL of find(): what it does if the key is there
    struct nd_decl *tree;             // CALL in a probe: the function's tree, for this call alone
    union {                           // by kind:
        struct nd_map *map;           // MAP
        struct nd_fn *fn;             // CALL of a function of the script
        struct nd_event *record;      // CALL of print(): of all that a handler was sent
        const struct nd_tabletype *table;   // CALL of table(): a declared one
        struct nd_type *of;                 // SIZEOF, OFFSETOF, CONTAINER_OF
        const struct nd_pkt_row *pkt;       // FIELD of a packet
        const struct nd_tp_field *tp_field; // FIELD of the record of a trace event
    };
};

// ---- statements ------------------------------------------------------------------------------

enum nd_stmt_kind {
    ND_S_EXPR,      // expr
    ND_S_ASSIGN,    // expr op= rhs
    ND_S_LET,       // let $name [: texpr] [= rhs]; expr is the VAR
    ND_S_IF,        // expr body else_body
    ND_S_WHILE,     // expr body
    ND_S_FOR_RANGE, // key in rhs .. hi, in all values of the enum texpr, or in what expr lists;
                    // body
    ND_S_FOR_MAP,   // key, val names; map in expr; ranks, limit
    ND_S_UNROLL,    // rhs = count, body
    ND_S_BREAK,
    ND_S_CONTINUE,
    ND_S_RETURN, // expr or NULL
    ND_S_BLOCK,  // body
    ND_S_SEND,   // name, fields; rhs: NULL, or a struct with the others
    ND_S_TEXT, // body: text for a person; else_body: the calls that it replaces, or NULL; name: of
               // an event whose record it replaces, or NULL
};

struct nd_block {
    struct nd_stmt **v;
    uint32_t n, cap;
    struct nd_span span;
};

struct nd_named {
    const char *name; // of an enumerator: NULL if it is only a text, "*" for all other values
    struct nd_span span;
    struct nd_expr *expr;
    const char *text; // of an enumerator: what it prints as; "": its name
};
struct nd_named_list {
    struct nd_named *v;
    uint32_t n, cap;
};

// What the entries of a map are sorted by: the first that differs.
struct nd_rank {
    struct nd_expr *by; // NULL: the key, alone
    bool desc;
};
struct nd_ranks {
    struct nd_rank *v;
    uint32_t n, cap;
};

// Another map of a loop over several.
struct nd_other {
    const char *name; // of its value; NULL: not asked for
    struct nd_span span;
    struct nd_expr *map;
    struct nd_sym *sym; // check
};
struct nd_others {
    struct nd_other *v;
    uint32_t n, cap;
};

struct nd_stmt {
    enum nd_stmt_kind kind;
    struct nd_span span;
    enum nd_op op; // ASSIGN: compound operator or NONE
    struct nd_expr *expr, *rhs, *hi;
    struct nd_block *body, *else_body;
    const char *name; // SEND: the event
    struct nd_span name_span;
    struct nd_named_list fields; // SEND
    const char *key, *val;       // FOR_MAP: loop variables; val NULL: only one (a pair of both)
    struct nd_span key_span, val_span;
    bool key_dollar;         // for ($kv : @m)
    struct nd_ranks ranks;   // FOR_MAP
    struct nd_others others; // FOR_MAP: maps besides expr, whose keys are gone through as well
    struct nd_expr *limit;
    struct nd_texpr *texpr;

    // check:
    struct nd_sym *sym, *sym2;
    union {                     // by kind:
        struct nd_event *event; // SEND
        struct nd_async *async; // EXPR, FOR_MAP: the calls that are sent together
        struct nd_slot *ends;   // FOR_RANGE, in a probe: where its bounds are
    };
    struct nd_type *grown; // first assignment of a variable that later holds more: all of it
    bool in_probe;         // FOR_MAP: runs in the kernel, with the variables of the probe
    uint32_t first_var;    // there: the first variable of the loop's own
    bool real;             // first assignment of a variable that later holds a double
    bool user_ptr;  // first assignment of a variable that later holds pointers to user memory
    bool plain_ptr; // first assignment of a variable that later holds pointers of another origin
};

// ---- declarations ----------------------------------------------------------------------------

enum nd_decl_kind {
    ND_D_USE,     // name
    ND_D_OPTION,  // name: texpr [required] [positional] [alias ...] [= value] ["help"]
    ND_D_CONST,   // name = expr
    ND_D_FN,      // name(params) [-> texpr] body
    ND_D_STRUCT,  // struct name { fields }
    ND_D_EVENT,   // event name { fields }
    ND_D_MAP,     // let @name = kind(size) "title"
    ND_D_PROBE,   // points [when expr] [/pred/] body
    ND_D_BEGIN,   // begin body
    ND_D_END,     // end body
    ND_D_EVERY,   // every expr body
    ND_D_ON,      // on name body
    ND_D_PATH,    // path name by key ... = stages; path
    ND_D_STAGE,   // stage name(fields) ["help"] { tries }
    ND_D_MACRO,   // macro name($x, @m) body: fields, whose names are as written
    ND_D_NEEDS,   // needs path name, option name, or fn name(fields) [-> texpr] [= expr]; needs
    ND_D_CONFIG,  // config = { key = value; ... }
    ND_D_ENUM,    // enum [name] { enumerators }
    ND_D_TYPEDEF, // typedef type name: fields[0]
    ND_D_TABLE,   // table name { columns }
};

struct nd_decl_field {
    const char *name; // of a struct: NULL for an unnamed bit-field or struct
    struct nd_span span;
    struct nd_texpr *texpr;
    struct nd_expr_list dims; // [n][m]; NULL: without a number
    bool pointer;             // to a function, or to an array
    bool bit_field;
    bool dollar;         // of a function: a variable, as in bpftrace
    uint32_t bits;       // bit-field width
    const char *aligned; // the word before its type; NULL: none
    uint32_t align;
    struct nd_span align_span;
    struct nd_attrs attrs;
    struct nd_expr *when; // of a struct: which kernels have it; NULL: all. Shared by declarators.
};
struct nd_decl_fields {
    struct nd_decl_field *v;
    uint32_t n, cap;
};

// name: type ["title"] ["%format"] [unit name] [warn > e] [error > e]
enum { ND_LEVEL_WARN, ND_LEVEL_ERROR, ND_LEVELS };
struct nd_column {
    struct nd_decl_field field;
    const char *title;  // NULL: made from the name
    const char *format; // NULL: as the value prints
    struct nd_span format_span;
    const char *unit; // NULL: none
    struct nd_span unit_span;
    bool unit_text; // it only says so, and divides nothing
    struct nd_level {
        enum nd_op op; // GT or LT; NONE: there is no such level
        struct nd_expr *than;
    } level[ND_LEVELS];
};
struct nd_columns {
    struct nd_column *v;
    uint32_t n, cap;
};

struct nd_point { // one attach point as written: "tracepoint:net:*"
    const char *text;
    struct nd_span span;
    bool optional; // a stage that may be missing: "ovs_rx?"
};
struct nd_points {
    struct nd_point *v;
    uint32_t n, cap;
};

// One alternative of a stage: try points [/pred/] { what it exports } [each export->next]
struct nd_try {
    struct nd_span span;
    struct nd_points points;
    struct nd_expr *pred;
    struct nd_block *body;
    struct nd_expr *each; // the next one of the list that the export is the first of, or NULL
};
struct nd_tries {
    struct nd_try *v;
    uint32_t n, cap;
};

// path name by key [timeout t] [limit n] [sample 1/n by flow] [keep { name: type = value }]
//   = stage ["label"] [renamed] [when (cond)] [if (cond)] -> stage? ...
struct nd_path_stage {
    struct nd_point point;
    const char *label; // what it prints as; NULL: its name
    struct nd_expr *when, *cond;
    bool renamed; // packets may have another key since the stage before
};
struct nd_path_keep { // a value recorded at each stage
    struct nd_decl_field field;
    struct nd_expr *value;
};
struct nd_path_keeps {
    struct nd_path_keep *v;
    uint32_t n, cap;
};
struct nd_path_stages {
    struct nd_path_stage *v;
    uint32_t n, cap;
};
// Without stages it is only what others are like; without a key a part, which others name among
// their stages.
struct nd_path_decl {
    const char *like; // the path from which it has what it does not say itself; NULL: none
    struct nd_span like_span;
    struct nd_expr *key, *timeout, *limit;
    uint64_t sample; // one flow in so many, 0: all
    struct nd_span sample_span;
    struct nd_path_keeps keeps;
    struct nd_path_stages stages;
};

struct nd_decl {
    enum nd_decl_kind kind;
    struct nd_span span;
    const char *name;
    struct nd_span name_span;
    struct nd_texpr *texpr;
    struct nd_expr *expr; // const value, option default, period, map size call
    struct nd_decl_fields fields;
    struct nd_block *body;
    struct nd_points points;
    struct nd_expr *when, *pred;
    bool own; // MAP: for the script alone, not printed at the end
    bool required;
    bool positional; // also a word without a flag
    struct nd_points aliases;
    const char *file, *key; // OPTION: a column of that option's file, by this name; NULL: none
    struct nd_span file_span;
    const char *help;
    const char *base; // EVENT: the one whose fields come first; NULL: none
    struct nd_span base_span;
    const char *module;    // STRUCT: its module, whose BTF goes first; NULL: none
    struct nd_tries tries; // STAGE
    struct nd_named_list config;
    struct nd_named_list enumerators; // ENUM; an expr is NULL: one more than that before it
    bool is_union;                    // STRUCT
    struct nd_attrs attrs;
    struct nd_path_decl *path;
    struct nd_columns columns; // TABLE
    enum nd_decl_kind needs;   // NEEDS: what is to be declared,
    struct nd_span used;       // by whoever uses the module here

    // check:
    struct nd_sym *sym;
};

struct nd_decls {
    struct nd_decl **v;
    uint32_t n, cap;
};

struct nd_script {
    uint32_t src;
    const char *title; // first comment line
    const char *notes; // those that follow it
    struct nd_decls decls;
    bool expands; // has macros, or blocks with a value
};

// Calls fn for every expression in a declaration (predicate, body), parents first.
void nd_ast_walk(struct nd_decl *d, void (*fn)(void *arg, struct nd_expr *e), void *arg);
void nd_ast_walk_try(struct nd_try *t, void (*fn)(void *arg, struct nd_expr *e), void *arg);

// A copy of all that was parsed of a declaration.
struct nd_decl *nd_ast_clone(struct nd_arena *a, const struct nd_decl *d);
struct nd_expr *nd_ast_clone_expr(struct nd_arena *a, const struct nd_expr *e);

// Constructors; the caller fills what is special to the kind.
struct nd_expr *nd_expr_new(struct nd_arena *a, enum nd_expr_kind kind, struct nd_span span);
struct nd_expr *nd_expr_binary(struct nd_arena *a, enum nd_op op, struct nd_expr *l,
                               struct nd_expr *r);
struct nd_expr *nd_expr_unary(struct nd_arena *a, enum nd_op op, struct nd_span span,
                              struct nd_expr *x);
struct nd_stmt *nd_stmt_new(struct nd_arena *a, enum nd_stmt_kind kind, struct nd_span span);
struct nd_decl *nd_decl_new(struct nd_arena *a, enum nd_decl_kind kind, struct nd_span span);

#endif
