// SPDX-License-Identifier: GPL-2.0-or-later
// Inside the lowering: typed program to LLVM IR. Included by lower*.c only.
#ifndef ND_LOWER_IMPL_H
#define ND_LOWER_IMPL_H

#include "compiler/lang/builtins.h"
#include "compiler/lang/packet.h"
#include "compiler/lower/lower.h"
#include "runtime/common/plan.h"
#include "runtime/common/probekinds.h"

#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/TargetMachine.h>

// Helper functions of the kernel: numbers of include/uapi/linux/bpf.h, which never change.
enum nd_helper {
#define ND_HELPER(id, number, name, text) ND_H_##id = number,
#include "runtime/common/helpers.def"
};

// A value: an i64 for scalars (extended by the type's sign), otherwise the address of its bytes.
struct nd_val {
    LLVMValueRef v;
    bool mem;
    enum nd_as as;  // mem: where the bytes are
    uint32_t align; // mem: what the address is a multiple of; 0: of 8
};

struct nd_slot { // a variable
    LLVMValueRef ptr;
    struct nd_type *type;
    bool direct; // scalar in a register: ptr is an alloca of i64
    // Pointers, see lower_window.c: a copy of win_size bytes from win_off after it.
    LLVMValueRef copy, filled; // NULL: none
    uint32_t win_off, win_size;
    struct nd_expr
        *win_first; // portable: the field whose place, cut to a multiple of 8, is win_off
};

struct nd_lower_temp {
    LLVMValueRef ptr;
    uint32_t size;
    bool busy;
};

struct nd_reuse { // a map entry named more than once, see lower_reuse.c
    const struct nd_map *map;
    const struct nd_expr *key;
    uint32_t n;
    LLVMValueRef value, filled; // NULL: looked up each time
};

struct nd_loop {
    struct nd_loop *up;
    LLVMBasicBlockRef brk, cont;
};

struct nd_inline { // a script function being lowered in place
    struct nd_inline *up;
    LLVMBasicBlockRef done;
    LLVMValueRef ret;
    struct nd_type *type;
};

struct nd_lmap {
    LLVMValueRef g, g2;
    enum nd_mf_map_kind kind;
    bool percpu;
    uint32_t key_size, val_size, max_entries;
    uint32_t gen_off;         // in nd_state, ND_MF_NONE: one generation
    uint32_t pop_off;         // in nd_state, 0: entries are not counted
    uint32_t pop_less[2];     // counters of a path that tell as much, see struct nd_mf_map
    uint32_t guarded, others; // programs that update it, see lower_nest.c
    const struct nd_probe *last_user;
};

struct nd_stackmap {
    LLVMValueRef g;
    uint32_t depth;
    bool kernel;
    const char *sym;
    uint32_t mf; // index in the manifest's MAPS
};

struct nd_site {
    enum nd_mf_site_kind kind;
    struct nd_span span;
    uint32_t map; // index of nd_map, ND_MF_NONE
    uint32_t off;
};

struct nd_core_member { // a field or an enumerator, see lower_core.c
    const char *name;
    uint64_t bit; // where it is in its struct
    LLVMMetadataRef meta;
    ND_VEC(LLVMValueRef) calls; // that ask for it
};

struct nd_core_type { // a type of the kernel's, as far as it is used
    const struct nd_type *type;
    bool as_numbers;
    LLVMMetadataRef placeholder, root; // root: the placeholder or a typedef of it
    ND_VEC(struct nd_core_member *) members;
};

struct nd_lower_early { // an entry of an array, looked up before the program begins
    LLVMValueRef map;
    uint32_t index;
    LLVMValueRef ptr;
};

// The packet of a program, or the one in its tunnel: see lower_packet.c.
struct nd_lpkt {
    LLVMValueRef reg[ND_PR_MAX];        // words
    LLVMValueRef l2, l3, l4, addr, tag; // bytes of headers; NULL: not used
};

// What the verifier takes a pointer to no struct for when it is loaded from typed memory.
enum nd_leaves { ND_LEAVES_UNKNOWN, ND_LEAVES_NUMBERS, ND_LEAVES_MEMORY };

#define ND_EACH_ARGS 5 // arguments of a function in BPF

// One function of the object: a program, or the function for the others of a list. All of it begins
// as zero with nd_lower_function_open().
struct nd_lower_fn {
    struct nd_probe *probe;
    LLVMValueRef func, ctx; // ctx: ask nd_lower_ctx()
    bool ctx_wanted;        // by a function that has none
    bool spare_stack;       // two functions share it
    bool numbers;           // pointers of the kernel's are but numbers here: see lower_each.c
    LLVMValueRef own[ND_EACH_ARGS]; // the exports of the first of a list, which bodies may set
    LLVMValueRef entry_args[ND_FUNC_ARGS]; // return probes: what the entry noted
    LLVMMetadataRef scope;
    uint32_t line;       // of what is being lowered
    const char *reading; // of the packet, see lower_reads.c; NULL: what the script says
    LLVMBasicBlockRef entry, prologue, start; // prologue: where early lookups end
    LLVMBasicBlockRef out, end;               // end: without giving anything back
    ND_VEC(struct nd_lower_early) early;
    LLVMValueRef two_words;       // see lower_mem.c, NULL: not used
    LLVMValueRef result;          // a word that results of helpers pass through, NULL: not used
    LLVMValueRef scratch;         // base of this program's part, NULL: not used
    LLVMBasicBlockRef scratch_bb; // where it is known
    uint32_t scratch_base, scratch_top;
    bool scratch_held; // is given back at the end
    uint32_t stack;    // bytes of allocas
    bool shared;       // the aggregation that is being lowered, see nd_lower_nest_shared()
    ND_VEC(struct nd_lower_temp) temps;
    struct nd_slot *slots;
    uint32_t nslots;
    ND_VEC(LLVMValueRef) callbacks; // functions that are its own
    ND_VEC(struct nd_reuse) reuse;
    struct nd_loop *loop;
    struct nd_inline *inl;
    struct {
        struct nd_lpkt of[2];
        // Of the skb: head, end of the linear part, end of all from head; is there an Ethernet
        // header; is it parsed.
        LLVMValueRef head, end, whole, l2_here, filled, zeros;
        uint32_t done, maybe; // layers parsed before here in any case, somewhere
        uint32_t all;         // that the program names anywhere
        bool unsure;          // something is read whether or not there was a packet parsed
        bool covered;         // prepared already for the statement that is being lowered
    } pkt;
    struct { // a pointer that was tested against 0: what its expression is from there on
        struct nd_expr *expr;
        LLVMValueRef v;
    } tested;
};

// What lives with the object.
struct nd_lower {
    struct nd_program *p;
    struct nd_arena *a;
    struct nd_diags *d;
    LLVMContextRef cx;
    LLVMModuleRef m;
    LLVMBuilderRef b;
    LLVMDIBuilderRef di;
    LLVMTypeRef i1, i8, i16, i32, i64, ptr;
    LLVMMetadataRef *files, cu, di_int, di_sub;
    LLVMValueRef state, words, opts, ring, zero; // see lower_state.c
    uint32_t zero_size, words_size;
    uint32_t features; // ND_F_BIT()s
    struct nd_lmap *maps;
    struct nd_layout_path *paths; // counters in nd_state
    ND_VEC(struct nd_stackmap) stacks;
    ND_VEC(struct nd_site) sites;
    uint32_t state_size, exit_off, ring_bytes;
    LLVMValueRef scratch_map;
    uint32_t scratch_size;  // bytes used so far, all programs
    uint32_t scratch_slots; // entries of its map, 0: one
    uint32_t relocs;        // numbers them for LLVM
    uint32_t callbacks;     // numbers them
    uint32_t module;        // how many this process made before, see lower.c
    ND_VEC(struct nd_core_type *) core;
    ND_VEC(struct nd_plan_map) plan; // the maps
    ND_VEC(struct nd_lower_read) reads;
    bool note_reads;
    enum nd_leaves leaves;
    bool force_scratch; // keep everything larger than a register off the stack
    bool over_stack;    // LLVM found the stack too small
    bool first_only;    // of lists: there is not enough stack for the others

    struct nd_lower_fn fn;
};

// ---- from the bottom up: each file calls those above it; from lower_expr.c to lower_pktparse.c
// they call each other, as the tree does
// --------------------------------------------------------------

// lower_ir.c: words that build IR
LLVMValueRef nd_ir_i64(struct nd_lower *l, uint64_t v);
LLVMValueRef nd_ir_i32(struct nd_lower *l, uint32_t v);
LLVMTypeRef nd_ir_int_of(struct nd_lower *l, uint32_t size); // of 1, 2, 4 or 8 bytes
// The largest unit for a copy at `off` with `left` bytes to go, all addresses 8-byte aligned.
uint32_t nd_ir_unit(uint32_t off, uint32_t left);
LLVMValueRef nd_ir_gep(struct nd_lower *l, LLVMValueRef base, uint64_t off);
LLVMValueRef nd_ir_addr(struct nd_lower *l, LLVMValueRef v);       // i64 or ptr to i64
LLVMValueRef nd_ir_ptr(struct nd_lower *l, LLVMValueRef v);        // i64 or ptr to ptr
LLVMValueRef nd_ir_bool(struct nd_lower *l, LLVMValueRef v);       // i64 != 0
LLVMValueRef nd_ir_from_bool(struct nd_lower *l, LLVMValueRef i1); // i1 to i64
// The i64 as a value of an integer type of fewer bits: cut, then extended by its sign.
LLVMValueRef nd_ir_extend(struct nd_lower *l, LLVMValueRef v, const struct nd_type *t);
// The same value, about which LLVM knows nothing: what follows stays after what comes before.
LLVMValueRef nd_ir_pin(struct nd_lower *l, LLVMValueRef v);
// An index that is no more than `last`, tested right before its use and in a way that LLVM cannot
// see through: verifiers do not follow how it was made, and before Linux 5.11 forget the bounds of
// numbers that LLVM spills to the stack.
LLVMValueRef nd_ir_bound(struct nd_lower *l, LLVMValueRef index, uint64_t last);
void nd_ir_zero(struct nd_lower *l, LLVMValueRef dst, uint32_t off, uint32_t size);
void nd_ir_store(struct nd_lower *l, LLVMValueRef dst, uint32_t size, LLVMValueRef v);
LLVMValueRef nd_lower_load_int(struct nd_lower *l, LLVMValueRef ptr, const struct nd_type *t);
void nd_lower_atomic_add(struct nd_lower *l, LLVMValueRef p, LLVMValueRef v); // u64, no result
LLVMBasicBlockRef nd_ir_bb(struct nd_lower *l, const char *name);
void nd_ir_at(struct nd_lower *l, LLVMBasicBlockRef bb);  // build there from now on
void nd_ir_br(struct nd_lower *l, LLVMBasicBlockRef bb);  // jump, unless the block has ended
void nd_ir_line(struct nd_lower *l, struct nd_span span); // line info of what follows
// The end of two ways: v[0] comes from the block from[0], v[1] from where the builder is.
LLVMValueRef nd_ir_join(struct nd_lower *l, LLVMValueRef *v, LLVMBasicBlockRef *from,
                        LLVMBasicBlockRef done);
LLVMValueRef nd_ir_call(struct nd_lower *l, enum nd_helper h, LLVMValueRef *args, unsigned int n);
void nd_lower_feature(struct nd_lower *l, enum nd_feature f); // the kernel must have it
// The context of the program; a separate function has none, which is recorded.
LLVMValueRef nd_lower_ctx(struct nd_lower *l);
// Where memory is that the checker took to be `as`.
enum nd_as nd_lower_as(const struct nd_lower *l, enum nd_as as);
LLVMMetadataRef nd_lower_function_scope(struct nd_lower *l, const char *name, struct nd_span span,
                                        LLVMMetadataRef type, bool is_static);
// Begins a function of the probe l->fn.probe.
void nd_lower_function_open(struct nd_lower *l, LLVMValueRef func, LLVMMetadataRef scope);

// lower_reads.c: what is read, for explain. size: what is not a constant is told as "some".
void nd_lower_reads_memory(struct nd_lower *l, LLVMValueRef size, enum nd_as as,
                           struct nd_span span);
void nd_lower_reads_bytes(struct nd_lower *l, uint32_t size, enum nd_as as, struct nd_span span);
void nd_lower_reads_stack(struct nd_lower *l, bool kernel, struct nd_span span);
// What is read from here on is this member of the packet's skb, until it is what the script says.
struct nd_expr *nd_lower_reads_skb(struct nd_lower *l, enum nd_pkt_skb m);
void nd_lower_reads_script(struct nd_lower *l);

// lower_temp.c: the memory of a function, on the stack or in scratch
LLVMValueRef nd_lower_register(struct nd_lower *l, const char *name); // an i64 LLVM keeps in one
LLVMValueRef nd_lower_temp(struct nd_lower *l, uint32_t size);        // until the statement ends
LLVMValueRef nd_lower_on_stack(struct nd_lower *l, uint32_t size);    // nowhere else
LLVMValueRef nd_lower_keep(struct nd_lower *l, uint32_t size);        // until the program ends
void nd_lower_temps_release(struct nd_lower *l);
// Zeros before the program begins in what nd_lower_keep() gave, if that is on the stack: for memory
// that is written on some ways and read where they meet, be it by LLVM ahead of the test or by a
// verifier that does not know the test's outcome. Before Linux 6.3 nothing may read the stack that
// was not written.
void nd_lower_defined(struct nd_lower *l, LLVMValueRef memory, uint32_t size);
LLVMValueRef nd_lower_scratch_top(struct nd_lower *l); // the first byte of scratch that is free

// lower_text.c: texts in memory of the program, with zeros after their end
// 1 if the first n of `size` bytes differ (NULL: any), else 0. fold: whatever the case of letters.
LLVMValueRef nd_lower_text_differs(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b,
                                   uint32_t size, LLVMValueRef n, bool fold);
// -1, 0 or 1, by the first byte that differs.
LLVMValueRef nd_lower_bytes_order(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b,
                                  uint32_t size);
struct nd_needle {
    const char *literal; // or
    LLVMValueRef text;
    uint32_t size; // bytes of it
};
// The first of so many places in the text where the needle stands, -1: none. As many bytes as the
// needle has must be there at each of them.
LLVMValueRef nd_lower_text_find(struct nd_lower *l, LLVMValueRef hay, uint32_t places,
                                const struct nd_needle *n, struct nd_span span);
LLVMValueRef nd_lower_text_length(struct nd_lower *l, LLVMValueRef text, uint32_t size,
                                  struct nd_span span);
void nd_lower_text_cut(struct nd_lower *l, LLVMValueRef text, uint32_t size,
                       LLVMValueRef n); // zeros after n bytes

// lower_callback.c, see lower_callback_impl.h: entries of a map with keys
LLVMValueRef nd_lower_entries(struct nd_lower *l, LLVMValueRef map, struct nd_span span);

// lower_data.c: maps and data of the object
// A BTF-defined map; attributes of 0 are left out.
LLVMValueRef nd_lower_define_map(struct nd_lower *l, const char *name, uint32_t type, uint32_t key,
                                 uint32_t val, uint32_t entries);
// A block of data as int[n].
void nd_lower_describe_data(struct nd_lower *l, LLVMValueRef g, const char *name, uint32_t bytes);

// lower_state.c: counters, zeros
void nd_lower_need_loops(struct nd_lower *l, struct nd_span span); // of the loop that follows
// Address of an array's entry, looked up once for each program, before its body begins: what is
// found there is known not to be NULL all through it.
LLVMValueRef nd_lower_state_entry(struct nd_lower *l, LLVMValueRef map, uint32_t index);
void nd_lower_count(struct nd_lower *l, enum nd_mf_site_kind kind, struct nd_span span,
                    uint32_t map);
// Runs `kind`'s counter when cond (i1) is true; goes on in either case.
void nd_lower_count_if(struct nd_lower *l, LLVMValueRef cond, enum nd_mf_site_kind kind,
                       struct nd_span span, uint32_t map);
LLVMValueRef nd_lower_state_ptr(struct nd_lower *l, uint32_t off);
uint32_t nd_lower_state_alloc(struct nd_lower *l, uint32_t size);
LLVMValueRef nd_ir_zeros(struct nd_lower *l, uint32_t size); // address of that many
void nd_lower_state_begin(struct nd_lower *l);               // before maps are made
void nd_lower_state_words_end(struct nd_lower *l);           // no more words the runtime writes
void nd_lower_state_end(struct nd_lower *l);                 // all programs are lowered

// lower_option.c: values of options
LLVMValueRef nd_lower_option_load(struct nd_lower *l, uint32_t off,
                                  const struct nd_type *t); // as i64
LLVMValueRef nd_lower_option_bytes(struct nd_lower *l,
                                   const struct nd_option *o); // the (first) value
LLVMValueRef nd_lower_option_at(struct nd_lower *l, const struct nd_option *o, LLVMValueRef index);

// lower_scope.c: whom the program sees
// The ids of the thread as bpf_get_current_pid_tgid() gives them, in the PID namespace that
// ndtrace is in; 0: it has none there. names: in that of /proc, where symbols are looked up.
LLVMValueRef nd_lower_pid_tgid(struct nd_lower *l, bool names);
// Inode of the network namespace that names in the script mean.
LLVMValueRef nd_lower_netns(struct nd_lower *l);
LLVMValueRef nd_lower_ncpus(struct nd_lower *l);                          // possible CPUs
struct nd_val nd_lower_cpid(struct nd_lower *l, const struct nd_expr *e); // of -c, or 0
// Address of a CPU's own variable; 0: there is no such CPU.
LLVMValueRef nd_lower_percpu(struct nd_lower *l, uint64_t symbol, LLVMValueRef cpu,
                             struct nd_span span);
// 1 if the program itself was running, 0: the kernel. reg: where cs or pstate is.
LLVMValueRef nd_lower_usermode(struct nd_lower *l, uint32_t reg, struct nd_span span);
// Ends the program unless it is in the process that was asked for.
void nd_lower_scope(struct nd_lower *l);

// lower_layout.c: what the object has besides programs
void nd_lower_layout_begin(struct nd_lower *l); // before the first program
void nd_lower_layout_end(struct nd_lower *l);   // after the last one
// The stack map for this depth and kind, made when first asked for: index in l->stacks.
uint32_t nd_lower_stack_map(struct nd_lower *l, const struct nd_type *t);

// lower_mem.c: loads through every kind of pointer, copies
bool nd_lower_leaves_are_memory(struct nd_lower *l);
LLVMValueRef nd_lower_load_scalar(struct nd_lower *l, struct nd_val at, const struct nd_type *t,
                                  struct nd_span span);
// Through the helper; size: i32. A failure is counted.
// The helper's result: 0, or negative and the bytes are zero.
LLVMValueRef nd_lower_try_read(struct nd_lower *l, LLVMValueRef dst, LLVMValueRef size,
                               LLVMValueRef addr, enum nd_as as, struct nd_span span);
void nd_lower_probe_read(struct nd_lower *l, LLVMValueRef dst, LLVMValueRef size, LLVMValueRef addr,
                         enum nd_as as, struct nd_span span);
void nd_lower_copy(struct nd_lower *l, LLVMValueRef dst, struct nd_val src, uint32_t size,
                   struct nd_span span);
// What an address is a multiple of that is `off` bytes from one that is a multiple of `align`; both
// as in struct nd_val.
uint32_t nd_lower_align_at(uint32_t align, uint64_t off);
// The bytes `off` further on. Only the program's own memory and its context care about alignment.
struct nd_val nd_lower_bytes_at(struct nd_lower *l, struct nd_val base, uint64_t off);
void nd_lower_read_str(struct nd_lower *l, LLVMValueRef dst, uint32_t size, LLVMValueRef addr,
                       enum nd_as as, struct nd_span span);
// A text that can be loaded directly, with zeros after its end.
void nd_lower_copy_text(struct nd_lower *l, LLVMValueRef dst, struct nd_val src, uint32_t size);
void nd_lower_read_chars(struct nd_lower *l, LLVMValueRef dst, uint32_t size, struct nd_val src,
                         struct nd_span span);
void nd_lower_put_literal(struct nd_lower *l, LLVMValueRef dst, const char *s, uint32_t len,
                          uint32_t size);

// lower_arith.c: arithmetic that takes more than one instruction
// a / b or a % b; by: the divisor's expression. A divisor of 0 gives 0 and is counted at span.
LLVMValueRef nd_lower_signed_div(struct nd_lower *l, LLVMValueRef a, LLVMValueRef b, bool mod);
LLVMValueRef nd_lower_divide(struct nd_lower *l, enum nd_op op, LLVMValueRef a, LLVMValueRef b,
                             const struct nd_expr *by, bool is_signed, struct nd_span span);
// The bits of f in the unit v, extended by the sign of its type t.
LLVMValueRef nd_lower_bit_field(struct nd_lower *l, LLVMValueRef v, const struct nd_field *f,
                                const struct nd_type *t);

// lower_address.c: addresses next to their uses, when all programs are done
void nd_lower_repeat_addresses(LLVMModuleRef m, LLVMBuilderRef b);

// lower_each.c: stages that are handed a list
// Whether the probe sees all of a list, by a function.
bool nd_lower_each_can(struct nd_lower *l);
void nd_lower_each_open(struct nd_lower *l);   // the function for the others than the first
void nd_lower_each_begin(struct nd_lower *l);  // of the program itself, before the exports are set
void nd_lower_each_note(struct nd_lower *l);   // and when they are
void nd_lower_each_take(struct nd_lower *l);   // its arguments are the exports
void nd_lower_each_rest(struct nd_lower *l);   // calls it for them, at the end of the program
void nd_lower_each_refuse(struct nd_lower *l); // says that the list is not walked, and why

// lower_nest.c: runs of programs inside each other
void nd_lower_nest_plan(struct nd_lower *l);
// Whether something may come between a load of an entry of the map and the store after it, on this
// CPU, that also updates it.
bool nd_lower_nest_shared(const struct nd_lower *l, const struct nd_map *m);
// Threads that preempt each other keep stacks of their own: since 6.13 the kernel gives programs of
// more than 64 bytes of stack, on x86, one for each CPU (bpf_enable_priv_stack in
// kernel/bpf/verifier.c), also to uprobes, which it preempts. Not to those with a tail call; this
// one is never reached, which the verifier sees and LLVM does not.
void nd_lower_nest_keep_stack(struct nd_lower *l);
// Scratch of this run's own, or the program ends and counts that.
void nd_lower_nest_take_scratch(struct nd_lower *l);
void nd_lower_nest_give_scratch(struct nd_lower *l);

// lower_expr.c
struct nd_val nd_lower_expr(struct nd_lower *l, struct nd_expr *e);
struct nd_val nd_lower_member(struct nd_lower *l, struct nd_expr *e); // a field as it is in memory
LLVMValueRef nd_lower_int(struct nd_lower *l, struct nd_expr *e);     // a scalar as i64
LLVMValueRef nd_lower_cond(struct nd_lower *l, struct nd_expr *e);    // i1
// Writes the value as type t to memory that need not be zeroed before.
void nd_lower_into(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t);
// A number that is added to a pointer counts in elements, as in C; to anything else, in ones.
LLVMValueRef nd_lower_scaled(struct nd_lower *l, const struct nd_type *ptr, LLVMValueRef n,
                             struct nd_span span);
bool nd_lower_operands_signed(const struct nd_expr *e); // both, by the one rule

// lower_compare.c
LLVMValueRef nd_lower_compare(struct nd_lower *l, struct nd_expr *e); // i64 0 or 1
LLVMValueRef nd_lower_in(struct nd_lower *l, struct nd_expr *e);
// Any text as a text of type t.
void nd_lower_text_into(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst, struct nd_type *t);
// Every string that a program holds has only zeros after its end.
void nd_lower_put_text(struct nd_lower *l, LLVMValueRef dst, struct nd_val v, uint32_t size,
                       struct nd_span span);

// lower_builtin.c
struct nd_val nd_lower_builtin(struct nd_lower *l, struct nd_expr *e);
bool nd_lower_builtin_into(struct nd_lower *l, struct nd_expr *e, LLVMValueRef dst,
                           struct nd_type *t);
LLVMValueRef nd_lower_prefix_match(struct nd_lower *l, LLVMValueRef ip, LLVMValueRef prefix);

// A counted loop: stop(i) until it says so (i1) or `most` is reached. The value is the last i.
LLVMValueRef nd_lower_scan(struct nd_lower *l, uint32_t most, struct nd_span span,
                           LLVMValueRef (*stop)(struct nd_lower *l, LLVMValueRef i, void *arg),
                           void *arg);

// lower_agg.c
// Adds v to the aggregation at p; whether others write there at the same time is l->fn.shared.
// The number that an aggregation is, of all CPUs; 0 if there is no such entry.
LLVMValueRef nd_lower_agg_read(struct nd_lower *l, const struct nd_type *t, LLVMValueRef map,
                               LLVMValueRef key, struct nd_span span);
void nd_lower_agg_add(struct nd_lower *l, const struct nd_type *t, LLVMValueRef p, LLVMValueRef v);

// lower_map.c
struct nd_val nd_lower_map_get(struct nd_lower *l, struct nd_expr *e);
void nd_lower_map_set(struct nd_lower *l, struct nd_expr *map, struct nd_expr *val, enum nd_op op);
void nd_lower_map_agg(struct nd_lower *l, struct nd_expr *map, struct nd_expr *call);
LLVMValueRef nd_lower_map_step(struct nd_lower *l, struct nd_expr *e);
LLVMValueRef nd_lower_map_has(struct nd_lower *l, struct nd_map *m, struct nd_expr *key);
// Entries by their bytes. insert: 0 unless there is one already; find: NULL if there is none.
LLVMValueRef nd_lower_map_insert(struct nd_lower *l, const struct nd_map *m, LLVMValueRef key,
                                 LLVMValueRef val);
void nd_lower_map_overwrite(struct nd_lower *l, const struct nd_map *m, LLVMValueRef key,
                            LLVMValueRef val);
LLVMValueRef nd_lower_map_find(struct nd_lower *l, const struct nd_map *m, LLVMValueRef key);
void nd_lower_map_remove(struct nd_lower *l, const struct nd_map *m, LLVMValueRef key);
LLVMValueRef nd_lower_map_delete(struct nd_lower *l, struct nd_expr *map);
LLVMValueRef nd_lower_map_address(struct nd_lower *l, struct nd_expr *map); // of the value, or NULL
LLVMValueRef nd_lower_map_ptr(struct nd_lower *l, const struct nd_map *m);  // the one in use
// Frames of the current stack; 0: there is none.
LLVMValueRef nd_lower_stack_depth(struct nd_lower *l, const struct nd_type *t, struct nd_span span);
LLVMValueRef nd_lower_stack(struct nd_lower *l, const struct nd_type *t, struct nd_span span);

// lower_path.c: the stage of a path that the program is on
void nd_lower_path(struct nd_lower *l);

// lower_uses.c: what the code needs of the packet
// Conditions that are known when a script is loaded (options), all of which must hold.
struct nd_pkt_cond {
    const struct nd_pkt_cond *up;
    struct nd_expr *e;
    bool negated;
};
struct nd_pkt_guard {
    const struct nd_pkt_cond *conds;
};

// What an expression or statement, with all in it and the functions that it calls, needs of the
// packet.
struct nd_pkt_uses {
    uint32_t layers; // 0: nothing
    bool always;     // else only if one of the guards holds
    ND_VEC(struct nd_pkt_guard) guards;
};
void nd_lower_uses_expr(struct nd_arena *a, struct nd_expr *e, struct nd_pkt_uses *u);
void nd_lower_uses_stmt(struct nd_arena *a, struct nd_stmt *s, struct nd_pkt_uses *u);
uint32_t nd_lower_layers_of_probe(struct nd_arena *a, const struct nd_probe *pr);

// lower_pktparse.c, lower_pktval.c: pkt
// Parses the packet here, if that is not done yet, as far as this statement needs it.
void nd_lower_pkt_prepare(struct nd_lower *l, const struct nd_pkt_uses *u, struct nd_span span);
void nd_lower_pkt_end(struct nd_lower *l); // all of the function is lowered
void nd_lower_flow_into(struct nd_lower *l, LLVMValueRef to, const struct nd_type *t);
struct nd_val nd_lower_pkt(struct nd_lower *l, struct nd_expr *e); // a field
struct nd_val nd_lower_packet_id(struct nd_lower *l, const struct nd_expr *e);
LLVMValueRef nd_lower_packet_id_there(struct nd_lower *l, const struct nd_expr *e);
LLVMValueRef nd_lower_pkt_has(struct nd_lower *l, const struct nd_expr *x); // i64
// The truth (i64) of comparison e, false when a field of the packet in it is absent.
LLVMValueRef nd_lower_pkt_if_there(struct nd_lower *l, const struct nd_expr *e, LLVMValueRef truth);

// lower_args.c: arguments of functions
LLVMValueRef nd_lower_ctx_load(struct nd_lower *l, uint32_t off, const struct nd_type *t);
LLVMValueRef nd_lower_arg_n(struct nd_lower *l, uint32_t n, struct nd_span span); // argN
struct nd_val nd_lower_arg(struct nd_lower *l, struct nd_expr *e);                // args.NAME
LLVMValueRef nd_lower_retval(struct nd_lower *l, struct nd_expr *e);
// ND_PF_NULLS: leaves where a pointer among the arguments is 0; args.NAME are those tested.
void nd_lower_test_args(struct nd_lower *l);
void nd_lower_note(struct nd_lower *l);      // the whole body of a probe that notes arguments
void nd_lower_note_read(struct nd_lower *l); // a return probe's start: leaves without a note

// lower_window.c: fields reached through one pointer variable, fetched together
void nd_lower_window_plan(struct nd_lower *l, struct nd_slot *slot, const struct nd_sym *sym);
void nd_lower_window_reset(struct nd_lower *l, const struct nd_slot *slot); // the variable was set
// Where in the copy a field is, fetching it if necessary; NULL: read it separately.
LLVMValueRef nd_lower_window_field(struct nd_lower *l, const struct nd_expr *e);
struct nd_window_unit { // of a portable program
    LLVMValueRef v;     // as it is in the copy
    LLVMBasicBlockRef from, out,
        done; // v comes from there to done; out: read it by itself, then done
};
// True: the code goes on at out. place: where a field is in its struct, as i64.
bool nd_lower_window_unit(struct nd_lower *l, struct nd_expr *e, LLVMValueRef size,
                          LLVMValueRef (*place)(struct nd_lower *l, struct nd_expr *e),
                          struct nd_window_unit *out);

// lower_core.c: objects for other kernels, in which relocations say where fields are
// What the chain of fields that e ends begins with; its value is the `base` of the next two.
struct nd_expr *nd_lower_core_base(struct nd_lower *l, struct nd_expr *e);
bool nd_lower_core_wanted(struct nd_lower *l, const struct nd_expr *e); // a field of the kernel's?
LLVMValueRef nd_lower_core_address(struct nd_lower *l, struct nd_expr *e, LLVMValueRef base);
LLVMValueRef nd_lower_core_load(struct nd_lower *l, struct nd_expr *e,
                                LLVMValueRef base); // a number as i64
LLVMValueRef nd_lower_core_offset(struct nd_lower *l,
                                  struct nd_expr *e); // CONTAINER_OF: of its field
LLVMValueRef nd_lower_core_const(struct nd_lower *l,
                                 struct nd_expr *e);              // NULL: its number is for good
void nd_lower_core_finish(struct nd_lower *l);                    // all programs are lowered
void nd_lower_core_forget(struct nd_lower *l, LLVMValueRef func); // it is deleted
// Bytes of a type, for steps from one to the next; constant unless the program is portable.
LLVMValueRef nd_lower_core_size(struct nd_lower *l, const struct nd_type *t, struct nd_span span);

// lower_reuse.c: values of maps read once
void nd_lower_reuse_plan(struct nd_lower *l); // at the start of a program
const struct nd_reuse *nd_lower_reuse_find(struct nd_lower *l,
                                           const struct nd_expr *e); // NULL: not kept
void nd_lower_reuse_written(struct nd_lower *l,
                            const struct nd_map *m); // the program changes the map; NULL: any

// lower_loops.c: on kernels without loops
bool nd_lower_unrolled(struct nd_lower *l); // none is left; false after an error that names it
uint32_t nd_lower_length(LLVMValueRef fn);  // its instructions in LLVM IR

// lower_stmt.c
// A variable before its first value: 0.
void nd_lower_unset(struct nd_lower *l, struct nd_sym *s);
// Sets and reads a scalar variable.
void nd_lower_var(struct nd_lower *l, struct nd_sym *s, LLVMValueRef v);
LLVMValueRef nd_lower_var_get(struct nd_lower *l, struct nd_sym *s);
// A variable whose value is in memory there.
void nd_lower_bind(struct nd_lower *l, struct nd_sym *s, LLVMValueRef at);
void nd_lower_block(struct nd_lower *l, struct nd_block *b);
void nd_lower_assign(struct nd_lower *l, struct nd_stmt *s);
struct nd_val nd_lower_call(struct nd_lower *l, struct nd_expr *e); // script function

// lower_send.c: records into the event buffer
struct nd_sending {
    LLVMValueRef rec; // where the record is to be written
    uint32_t size;
    LLVMBasicBlockRef done; // after the record was submitted or lost; NULL: no ring buffer
};
struct nd_sending nd_lower_record_open(struct nd_lower *l, const struct nd_event *ev,
                                       struct nd_span span);
void nd_lower_record_send(struct nd_lower *l, const struct nd_sending *x, struct nd_span span);
// exit(code): the first one counts, and marks its place among the records.
void nd_lower_end_run(struct nd_lower *l, LLVMValueRef code);

// lower_pred.c: ends the program (l->fn.out) unless it holds; NULL always does
void nd_lower_leave_unless(struct nd_lower *l, struct nd_expr *pred);

// lower_program.c: everything; false after a reported error
bool nd_lower_program(struct nd_lower *l);

#endif
