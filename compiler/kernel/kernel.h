// SPDX-License-Identifier: GPL-2.0-or-later
// What the target kernel has: BTF, tracepoint formats, symbols, functions that can be probed,
// executables and their symbols. The only part of the compiler that asks; each answer is read when
// it is first needed. The live kernel and a recorded description in a folder answer alike.
// Must not know the language. Serves the checker and the lowering.
#ifndef ND_KERNEL_H
#define ND_KERNEL_H

#include "runtime/common/near.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nd_arena;
struct nd_btf;
struct nd_kernel;

struct nd_kernel_opts {
    const char *facts;          // folder with a recorded description, or NULL: the live kernel
    const char *pid;            // programs and libraries are those of this process, or NULL
    const char *btf_file;       // --btf instead of what the kernel has, see btffile.h, or NULL
    int tracefs;                // of nd_kernel_mount_tracefs(); 0: mounted when it is needed
    bool other;                 // the BTF is that of another kernel than the running one
    bool no_btf, no_module_btf; // as if the live kernel had none
    bool no_btf_trace;          // as if its BTF had no types of raw tracepoints (before 5.5)
    bool no_btf_names;          // as if they had no names of parameters (before 5.10)
};

// For a process that gives up the right to mount: where no tracefs is mounted, a descriptor of one
// of its own, or a negative errno; 0: there is one. The kernel description owns the descriptor.
int nd_kernel_mount_tracefs(void);

// Recorded description, all optional: FACTS/btf (raw BTF), FACTS/release ("6.18.44 x86_64"),
// FACTS/events/CATEGORY/EVENT/format, FACTS/kallsyms (format of /proc/kallsyms),
// FACTS/available_filter_functions, FACTS/root/ (prefix for executables to look up).
struct nd_kernel *nd_kernel_new(struct nd_arena *a, const struct nd_kernel_opts *opts);
void nd_kernel_free(struct nd_kernel *k);

// vmlinux BTF, opened at the first call. NULL: none; *why says so in one sentence for the user.
struct nd_btf *nd_kernel_btf(struct nd_kernel *k, const char **why);
// "6.18.44", and as 6 << 16 | 18 << 8 | 44 (patch level cut at 255).
const char *nd_kernel_release(struct nd_kernel *k);
// Which build of it (uname -v); "" unless the target is the running kernel.
const char *nd_kernel_build(struct nd_kernel *k);
uint32_t nd_kernel_version(struct nd_kernel *k);
const char *nd_kernel_arch(struct nd_kernel *k); // as uname -m: "x86_64", "aarch64"

// ---- tracepoints -----------------------------------------------------------------------------

struct nd_tp_field {
    const char *name;
    const char *type; // as written in the format file: "unsigned int", "__data_loc char[]"
    uint32_t off;
    uint32_t size; // bytes in the record; for __data_loc the 4 bytes of the locator
    bool is_signed;
    bool data_loc;   // __data_loc: u32, low 16 bits offset from the record, high 16 bits length
    bool rel_loc;    // __rel_loc: the offset counts from the end of this field
    uint32_t nelems; // array "type name[n]": n, otherwise 0
};

struct nd_tp_format {
    const char *category, *event;
    uint32_t id;
    uint32_t nfields;
    struct nd_tp_field *fields; // without the common_ ones
    const char *print_fmt;
};

// Where tracefs is: the mount point if it is mounted, otherwise a private mount made with
// fsopen/fsmount that no other process sees. Returns a directory fd owned by k, or -1 with *why.
int nd_kernel_tracefs(struct nd_kernel *k, const char **why);
// 0 and *out, -ENOENT (no such event), or another error; *why: one sentence when there is no
// tracefs.
int nd_kernel_tracepoint(struct nd_kernel *k, const char *category, const char *event,
                         const struct nd_tp_format **out, const char **why);
// Calls fn for each "category", "event" matched by the globs (* ? [a-z]), in alphabetical order.
int nd_kernel_each_tracepoint(struct nd_kernel *k, const char *category_glob,
                              const char *event_glob,
                              int (*fn)(void *arg, const char *category, const char *event),
                              void *arg, const char **why);

// ---- raw tracepoints, from BTF ---------------------------------------------------------------

struct nd_func_param {
    const char *name;
    uint32_t type; // BTF id
};

struct nd_func_sig {
    const char *name;
    uint32_t btf_id;    // of FUNC (functions) or of the typedef btf_trace_X (raw tracepoints)
    const char *module; // whose BTF has it (btf_id then is the id there), "" for vmlinux
    uint32_t ret;       // BTF id of the return type, 0 = void
    uint32_t nparams;
    struct nd_func_param *params; // raw tracepoints: without the leading void *__data
    bool variadic;
};

// The attach id is that of btf_trace_X; where there is none, it is 0. The names come from functions
// that take the same arguments. -ENOENT if this kernel has no such event (by BTF, tracefs or
// kallsyms), -ENODATA if it has, or may have, and nothing tells its arguments.
int nd_kernel_raw_tracepoint(struct nd_kernel *k, const char *event,
                             const struct nd_func_sig **out);
int nd_kernel_each_raw_tracepoint(struct nd_kernel *k, const char *glob,
                                  int (*fn)(void *arg, const char *event), void *arg);
// Do the trace events of this category have raw tracepoints of the same name?
bool nd_tp_has_raw(const char *category);

// ---- functions and symbols -------------------------------------------------------------------

// In vmlinux, otherwise in the module that has the symbol: its types are then among those of
// nd_kernel_btf(), with their own ids. module: look only there; "": anywhere.
int nd_kernel_func(struct nd_kernel *k, const char *module, const char *name,
                   const struct nd_func_sig **out);
int nd_kernel_each_func(struct nd_kernel *k, const char *glob,
                        int (*fn)(void *arg, const char *module, const char *func), void *arg);
// Functions of that name and copies of it that the compiler made (f.isra.0, f.constprop.0,
// f.part.0; not f.cold), in the order of kallsyms: fn(arg, symbol, module). False: the symbols of
// this kernel cannot be read.
bool nd_kernel_each_copy(struct nd_kernel *k, const char *name,
                         void (*fn)(void *arg, const char *symbol, const char *module), void *arg);
// Is the module loaded (or built in, with parameters)?
bool nd_kernel_has_module(struct nd_kernel *k, const char *module);
// Is its BTF there? It is then part of nd_kernel_btf().
bool nd_kernel_module_btf(struct nd_kernel *k, const char *module);
// Is there a file that could be loaded as this module (by modules.dep)?
bool nd_kernel_module_installed(struct nd_kernel *k, const char *module);
// Is it part of vmlinux (by modules.builtin, or by /sys/module)?
bool nd_kernel_module_builtin(struct nd_kernel *k, const char *module);
// Address of a kernel symbol, 0 if unknown or hidden (kptr_restrict).
uint64_t nd_kernel_symbol(struct nd_kernel *k, const char *name);
// Bytes from it to the next symbol, 0 if unknown or hidden: no less than the function has.
uint64_t nd_kernel_func_size(struct nd_kernel *k, const char *name);

// ---- executables and libraries ---------------------------------------------------------------

// Resolves "bash", "libc.so.6", "libc", "/bin/ls" as the shell and the loader would: a path with /
// as it is, then PATH, then the library folders (LD_LIBRARY_PATH, /etc/ld.so.conf*, defaults; ".so"
// and ".so.N" may be left out). NULL if not found.
const char *nd_kernel_exec_path(struct nd_kernel *k, const char *name);
// Executables and libraries whose path matches, or, for a glob without '/', those that the process
// has mapped, by their last name. False: without '/', and there is no process.
bool nd_kernel_each_file(struct nd_kernel *k, const char *glob,
                         void (*fn)(void *arg, const char *path), void *arg);
// The same path without the root of the process that was asked for, for people.
const char *nd_kernel_exec_shown(struct nd_kernel *k, const char *path);

struct nd_usym {
    const char *name;
    uint64_t addr; // virtual address in the file
    uint64_t off;  // file offset, which a uprobe needs
    uint64_t size;
    bool chosen; // IFUNC: there is the function that chooses the one that is used
};
// The functions that a name or pattern means, see elfsyms.h. -ENOENT no file, -ENOEXEC no ELF, with
// *why.
int nd_kernel_each_usym(struct nd_kernel *k, const char *path, const char *pattern,
                        int (*fn)(void *arg, const struct nd_usym *sym), void *arg,
                        const char **why);
// Which build of an executable it is: "SIZE-CRC32" of the file.
const char *nd_kernel_file_id(struct nd_kernel *k, const char *path);
enum nd_insn { ND_INSN_STARTS, ND_INSN_INSIDE, ND_INSN_UNKNOWN };
// Does an instruction start at this virtual address of the file? Otherwise *why, as the end of a
// sentence, or NULL.
enum nd_insn nd_kernel_insn(struct nd_kernel *k, const char *path, uint64_t addr, const char **why);
// File offset of a virtual address of the file, or UINT64_MAX.
uint64_t nd_kernel_addr_offset(struct nd_kernel *k, const char *path, uint64_t addr);

// One argument of a USDT probe, where it is at that place in the code.
enum nd_usdt_where {
    ND_USDT_UNUSABLE, // of a form that is not known: only text is filled
    ND_USDT_CONST,
    ND_USDT_REG,
    ND_USDT_MEM,
};
struct nd_usdt_arg {
    enum nd_usdt_where where;
    const char *text;  // as in the note: "-4@$5"
    int8_t size;       // 1 2 4 8; negative: signed
    int64_t value;     // CONST: value; MEM: displacement
    const char *reg;   // REG, MEM: base register as in struct pt_regs ("di", "ax", "bp", "r12")
    const char *index; // MEM: index register or NULL
    uint8_t scale;
};
struct nd_usdt {
    const char *provider, *name;
    uint64_t off;     // file offset of the nop
    uint64_t sem_off; // file offset of the semaphore, 0 = none
    uint32_t nargs;
    struct nd_usdt_arg args[12];
};
// Places of the probes in .note.stapsdt that match; a probe can have several places.
int nd_kernel_each_usdt(struct nd_kernel *k, const char *path, const char *provider_glob,
                        const char *name_glob, int (*fn)(void *arg, const struct nd_usdt *u),
                        void *arg, const char **why);

// ---- registers and arguments of this architecture ---------------------------------------------

// Offset and size of a register in struct pt_regs by its common name ("di", "ax", "x0", "pc",
// "sp"), false if there is none. Fixed ABI of x86_64 and aarch64 (asm/ptrace.h, user_pt_regs).
bool nd_arch_reg(const char *arch, const char *name, uint32_t *off);
// The register that holds integer argument i of a function, or NULL when it is on the stack.
const char *nd_arch_arg_reg(const char *arch, uint32_t i);
const char *nd_arch_ret_reg(const char *arch);
// Where argument i is that has no register: bytes from the stack pointer at the function's entry.
// System V x86-64: above the return address; AAPCS64: from the stack pointer on; 8 bytes each.
bool nd_arch_stack_arg(const char *arch, uint32_t i, uint32_t *off);
// By how much a return raises the stack pointer (the return address, where it is on the stack).
uint32_t nd_arch_return_pops(const char *arch);

#endif
