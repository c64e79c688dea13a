// SPDX-License-Identifier: GPL-2.0-or-later
// Inside the making of the manifest and of the user code in it. Included by emit*.c and user*.c
// only.
#ifndef ND_USER_IMPL_H
#define ND_USER_IMPL_H

#include "compiler/lang/builtins.h"
#include "compiler/user/mfbuild.h"
#include "compiler/user/mfwrite.h"

struct nd_mfw {
    struct nd_program *p;
    struct nd_arena *a;
    struct nd_mfb *b;
    const struct nd_layout *layout; // NULL: options only
    ND_VEC(struct nd_mfw_type {
        const struct nd_type *type;
        uint32_t index;
    })
    types;
    ND_VEC(struct nd_mfw_fn {
        struct nd_fn *fn;
        uint32_t index; // in FUNCS
    })
    fns;
    uint32_t stack_base; // MAPS index of the first stack map
};

// mfwrite_type.c: index of a type in the manifest; a span.
uint32_t nd_mfw_type(struct nd_mfw *e, const struct nd_type *t);
struct nd_mf_span nd_mfw_span(struct nd_mfw *e, struct nd_span span);

// user_stmt.c: code of hooks, handlers, calls that probes leave to user space and `when`; index of
// the function.
uint32_t nd_user_body(struct nd_mfw *e, const char *name, struct nd_block *b, struct nd_event *on,
                      struct nd_span span);
uint32_t nd_user_async(struct nd_mfw *e, struct nd_event *ev);
uint32_t nd_user_when(struct nd_mfw *e, struct nd_expr *cond);
uint32_t nd_user_fn(struct nd_mfw *e, struct nd_fn *fn);

struct nd_u_jumps {
    uint32_t *v;
    uint32_t n, cap;
};

struct nd_u_loop {
    struct nd_u_loop *up;
    struct nd_u_jumps brk, cont; // jumps to land at the end, at the next round
    bool map;                    // an iterator to drop on return
    const struct nd_stmt *text;  // not a loop but this layout, which a jump out of it ends
};

struct nd_user {
    struct nd_mfw *e;
    struct nd_arena *a;
    struct nd_event *on; // handler: the event whose payload is local 0
    ND_VEC(struct nd_mf_insn) code;
    uint32_t nlocals;
    struct nd_u_loop *loop;
    struct nd_fn *fn; // function whose body this is, or NULL
    bool table;       // a table is open
};

// Appends an instruction; the operands are those of struct nd_mf_insn.
// user_expr.c
void nd_u_op(struct nd_user *u, enum nd_vm_op op, uint8_t a, uint16_t b, int32_t c);
// Index of the type in the manifest.
uint16_t nd_u_type(struct nd_user *u, const struct nd_type *t);
// Code that leaves a value on the stack: an integer of type t, a string, an expression, a map's
// key.
void nd_u_int(struct nd_user *u, uint64_t v, const struct nd_type *t);
void nd_u_str(struct nd_user *u, const char *s);
void nd_u_expr(struct nd_user *u, struct nd_expr *e);
// The value of a variable of type t.
void nd_u_value_for(struct nd_user *u, struct nd_expr *e, const struct nd_type *t);
#define ND_U_SOURCE_OF 2 // values that say of what the text of a source is
void nd_u_source(struct nd_user *u, const struct nd_expr *e);
void nd_u_key(struct nd_user *u, const struct nd_map *m, struct nd_expr *key);
void nd_u_assign(struct nd_user *u, struct nd_stmt *s); // leaves nothing

void nd_u_next(struct nd_user *u, uint32_t i, uint32_t top);    // adds 1 to local i, goes to top
uint32_t nd_u_here(const struct nd_user *u);                    // the next instruction
uint32_t nd_u_jump(struct nd_user *u, enum nd_vm_op op);        // a jump, to be landed
void nd_u_land(struct nd_user *u, uint32_t at);                 // its target is here
uint32_t nd_u_new_local(struct nd_user *u);                     // its number
uint32_t nd_u_local(struct nd_user *u, const struct nd_sym *s); // of a variable of the script
// If values of the map are aggregations that are numbers, too: the one in this local as such.
bool nd_u_agg_number(struct nd_user *u, const struct nd_map *m, uint32_t local);
// The domain in which values of both types are computed with; a value brought there.
enum nd_vm_domain nd_u_common(const struct nd_type *a, const struct nd_type *b);
void nd_u_as_domain(struct nd_user *u, const struct nd_type *t, enum nd_vm_domain d);
void nd_u_operand(struct nd_user *u, struct nd_expr *e, enum nd_vm_domain d);
// Lets the value on top print as what it is: a time, a duration, a pointer, true or false.
void nd_u_give_type(struct nd_user *u, const struct nd_type *t);
// The number on the stack, which is added to a pointer, counts in elements.
void nd_u_scale(struct nd_user *u, enum nd_op op, const struct nd_type *ptr,
                const struct nd_type *n);
void nd_u_binary(struct nd_user *u, enum nd_op op, enum nd_vm_domain d, struct nd_span span);

// user_call.c
void nd_u_builtin(struct nd_user *u, struct nd_expr *e); // a name or a call
void nd_u_call(struct nd_user *u, struct nd_expr *e);
void nd_u_literal(struct nd_user *u, struct nd_expr *e); // struct name { ... }
// After statement i of a handler: closes a table that nothing after it continues.
void nd_u_table_done(struct nd_user *u, const struct nd_block *b, uint32_t i);

// user_locals.c: variables of a body, whose numbers are below this; hidden ones come after
uint32_t nd_u_locals(struct nd_block *b);

// user_table.c: a declared table in the manifest; table(t) and, with cells, table(t, cells)
void nd_mfw_table(struct nd_mfw *e, const struct nd_tabletype *t);
void nd_u_row(struct nd_user *u, const struct nd_tabletype *t, struct nd_expr *cells);

// Emits a function of the script as user code; returns its number.
#endif
