// SPDX-License-Identifier: GPL-2.0-or-later
// Inside of the VM: values, the stack, memory of one call. Must not be used by anything but vm*.c.
#ifndef ND_VM_IMPL_H
#define ND_VM_IMPL_H

#include "runtime/vm/vm.h"

#define VM_STACK 4096
#define VM_CALLS 64
#define VM_ITERS 16
#define VM_MEMORY (256u << 20) // strings and copies of one call
#define VM_CHECK 4096          // backward jumps and calls between two looks at `interrupted`

enum vm_kind { VM_I64, VM_U64, VM_F64, VM_STR, VM_BYTES };

struct vm_value {
    enum vm_kind kind;
    uint32_t type; // manifest type, or ND_MF_NONE
    uint32_t n;    // bytes of STR and BYTES
    bool own;      // STR: text that the script made, printed as it is; others are from outside
    union {
        int64_t i; // U64 too
        double d;
        const uint8_t *p;
    };
};

struct vm_frame {
    const struct nd_mf_func *f;
    uint32_t pc;    // of the next instruction, from f->first
    uint32_t base;  // locals
    uint32_t floor; // the stack may not be popped below
    uint32_t niters;
};

struct vm_iter {
    struct nd_copy copy;
    uint32_t map;
    uint32_t *order;
    struct vm_value *rank; // nranks of each entry; NULL: sorted by key
    uint32_t nranks;
    uint32_t pos; // entries given out
    uint32_t limit;
};

struct vm_chunk {
    struct vm_chunk *next;
    size_t n, cap;
};

struct vm_table {
    const struct nd_mf_table *of; // NULL: not a declared one
    bool head;                    // is printed
    const char **cells;
    const char **heads;
    bool *numeric;
    uint32_t *least;  // characters of each column; NULL: as many as there are
    uint64_t *levels; // of each row, as in ND_VM_ROW
    uint32_t ncols, nrows, cap;
};

struct vm_format;
struct vm_look;
struct nd_textfile;
struct nd_qemu;

struct nd_vm {
    struct nd_vm_env env;
    struct vm_frame frames[VM_CALLS];
    struct vm_frame *fr; // the running one
    struct vm_iter iters[VM_ITERS];
    uint32_t ncalls, niters, sp;
    uint32_t jumps;             // until the next look at `interrupted`
    struct vm_format **formats; // by code index, made when first run
    struct vm_chunk *mem;
    size_t mem_used;
    struct nd_buf text; // printf
    struct nd_buf scratch;
    uint8_t *key, *val; // one key and one value of the largest map
    struct vm_table table;
    uint32_t *headed;          // by table: the call that printed its head last; 0: none did
    uint32_t calls;            // number of this one
    bool in_event;             // it is the handler of a record
    struct nd_textfile *files; // that were read, for the whole run
    struct vm_look **looks;    // at texts of the kernel, in this call
    uint64_t cut;              // texts of the kernel that were too long, by bit
    struct nd_qemu *qemu;      // once it was asked
    struct vm_value ret;
    bool has_ret, done, exited, failed;
    bool refused; // by fail()
    bool ending;  // the run ends: this is the last report
    int exit_code;
    int64_t start, interval_start, now;
    uint64_t *sites; // counts of user code, by index in SITES
    uint64_t div_zero;
    uint64_t *map_full; // by map
    char error[256];
    struct vm_value stack[VM_STACK];
};

typedef int vm_op(struct nd_vm *vm, const struct nd_mf_insn *in);

// Remembers the text of the first error of this call; returns -err.
int vm_fail(struct nd_vm *vm, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void *vm_alloc(struct nd_vm *vm, size_t n); // until the call ends; NULL: vm_fail was called

// NULL: vm_fail was called.
static inline struct vm_value *vm_push(struct nd_vm *vm)
{
    if (vm->sp >= VM_STACK) {
        vm_fail(vm, 7, "the stack is full");
        return NULL;
    }
    return &vm->stack[vm->sp++];
}

// The n topmost values, taken off; they stay where they are until the next push.
static inline struct vm_value *vm_pop(struct nd_vm *vm, uint32_t n)
{
    if (vm->sp - vm->fr->floor < n) {
        vm_fail(vm, 22, "the stack is empty");
        return NULL;
    }
    vm->sp -= n;
    return &vm->stack[vm->sp];
}

int vm_push_int(struct nd_vm *vm, int64_t v);
int vm_push_double(struct nd_vm *vm, double v);
int vm_push_str(struct nd_vm *vm, const char *s, size_t n);  // s stays alive
int vm_push_copy(struct nd_vm *vm, const char *s, size_t n); // s is copied
// After a push, with its result: is the string the script's own?
int vm_pushed_own(struct nd_vm *vm, bool own, int err);

static inline const struct nd_mf_type *vm_type(const struct nd_vm *vm, uint32_t type)
{
    return &vm->env.mf->types[type];
}

// An integer with a type; its kind follows from the type's sign.
void vm_typed_int(const struct nd_vm *vm, uint32_t type, int64_t v, struct vm_value *out);
// Typed bytes to a value; they stay alive until the call ends, or are copied (`copy`).
int vm_load(struct nd_vm *vm, uint32_t type, const void *p, bool copy, struct vm_value *out);
// A value as the bytes of a type.
int vm_store(struct nd_vm *vm, const struct vm_value *v, uint32_t type, void *dst);
int vm_i64(struct nd_vm *vm, const struct vm_value *v, int64_t *out);
int vm_f64(struct nd_vm *vm, const struct vm_value *v, double *out);
int vm_str(struct nd_vm *vm, const struct vm_value *v, const char **s, uint32_t *n);
bool vm_truth(const struct vm_value *v);
int64_t vm_trunc(double d); // towards zero, clamped; NaN: 0
// ns, the number of a value v that is a time, as ns since the epoch: by the clock of its type.
int64_t vm_wall(const struct nd_vm *vm, const struct vm_value *v, int64_t ns);
// As people read it: strings from outside are made printable, if the format wants it.
void vm_text(const struct nd_vm *vm, const struct vm_value *v, struct nd_buf *out);
const char *vm_kind_name(enum vm_kind k);

void vm_drop_iters(struct nd_vm *vm, uint32_t keep);
void vm_drop_table(struct nd_vm *vm);
void vm_end_rows(struct nd_vm *vm); // something else comes: prints what waits of a declared table
// The format of a column with its value, not filled up to its width; that width in all.
int vm_format(struct nd_vm *vm, const char *format, const struct vm_value *v, struct nd_buf *out);
uint32_t vm_format_width(const char *format);
void vm_formats_free(struct nd_vm *vm);

// A function of user code; v are its arguments, the result goes on the stack.
typedef int vm_builtin(struct nd_vm *vm, const struct vm_value *v);
vm_builtin vm_bi_source_lines, vm_bi_source_line;
vm_builtin vm_bi_link_stat, vm_bi_file_lines, vm_bi_file_line, vm_bi_file_error;
vm_builtin vm_bi_get_num, vm_bi_get_be, vm_bi_get_ip, vm_bi_get_mac, vm_bi_word, vm_bi_word_column;
vm_builtin vm_bi_rows, vm_bi_row;
vm_builtin vm_bi_strstr, vm_bi_strncmp, vm_bi_strncasecmp, vm_bi_memcmp, vm_bi_join;
vm_builtin vm_bi_vm_tap, vm_bi_vm_name, vm_bi_process_name, vm_bi_threads, vm_bi_device_kind;

vm_op vm_op_binary, vm_op_unary, vm_op_compare, vm_op_in_prefix, vm_op_convert, vm_op_cast;
vm_op vm_op_field, vm_op_index, vm_op_make;
vm_op vm_op_map_get, vm_op_map_set, vm_op_map_agg, vm_op_map_has, vm_op_map_del, vm_op_map_len;
vm_op vm_op_map_clear, vm_op_map_print, vm_op_map_at_print, vm_op_report, vm_op_agg, vm_op_agg_all,
    vm_op_agg_of;
vm_op vm_op_iter_new, vm_op_iter_join, vm_op_iter_load, vm_op_iter_rank, vm_op_iter_sort,
    vm_op_iter_end;
vm_op vm_op_printf, vm_op_print, vm_op_record, vm_op_builtin, vm_op_table, vm_op_table_row,
    vm_op_table_end, vm_op_head, vm_op_row;
vm_op vm_op_opt, vm_op_opt_has, vm_op_opt_count, vm_op_opt_at;

#endif
