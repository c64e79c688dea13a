// SPDX-License-Identifier: GPL-2.0-or-later
// What the files of kernel.h share: the state of one target, filled when first asked.
// Must not be included by anything else. Serves kernel*.c, elf_user.c and usdt.c.
#ifndef ND_KERNEL_IMPL_H
#define ND_KERNEL_IMPL_H

#include "compiler/front/arena.h"
#include "compiler/kernel/btf.h"
#include "compiler/kernel/kernel.h"

#include <stdio.h>

struct nd_tp_entry { // a format that was asked for
    int err;
    struct nd_tp_format format;
};

struct nd_strings {
    const char **v;
    uint32_t n, cap;
};

struct nd_module {
    const char *name;
    struct nd_btf *btf, *base; // NULL: it has none
};

struct nd_elf; // elf_user.c

struct nd_kernel {
    struct nd_arena *a;
    const char *facts; // NULL: the live kernel
    const char *btf_file;
    bool other; // btf_file is of another kernel
    bool own;   // k->btf is what the running kernel has
    bool no_btf, no_module_btf, no_btf_trace, no_btf_names;
    const char *pid, *root; // a process whose files are meant, and its root if that is not ours

    bool btf_tried;
    struct nd_btf *btf;
    const char *btf_why;
    ND_VEC(struct nd_module) modules; // whose BTF was asked for; k->btf is that of the last

    char *release;
    const char *build;
    const char *arch;

    bool tracefs_tried;
    int tracefs_given; // see nd_kernel_opts
    int tracefs;
    const char *tracefs_why;
    ND_VEC(struct nd_tp_entry *) formats;

    bool kallsyms_tried;
    char *kallsyms; // text, malloc
    bool functions_tried;
    char *functions; // available_filter_functions, malloc

    struct nd_elf *elfs;
    bool dirs_tried;
    uint32_t nconfs;        // lists of folders read
    struct nd_strings dirs; // of libraries
};

// Whole file as text (NUL terminated, malloc), whatever size it claims to have; dirfd as openat.
// 0 or a negative errno.
int nd_read_text(int dirfd, const char *path, char **out, size_t *len);
// Path of something in the folder of facts, or `live` for the live kernel.
const char *nd_kernel_path(struct nd_kernel *k, const char *name, const char *live);
// Puts the BTF of a module on top of k->btf; false if it is there already or there is none.
bool nd_kernel_add_module(struct nd_kernel *k, const char *module);
// The module whose BTF has this id, "" for vmlinux.
const char *nd_kernel_module_of_id(struct nd_kernel *k, uint32_t id);
// Sorts and drops repeated strings.
void nd_strings_sort(struct nd_strings *s);
// Parses a format file; -EINVAL if it is damaged. text is changed and must stay alive.

// elf_find.c: files are those of this process.
void nd_elf_of_process(struct nd_kernel *k, const char *pid);

// An executable, mapped and with libelf on it; kept until nd_kernel_free.
struct nd_elf *nd_elf_get(struct nd_kernel *k, const char *path, int *err, const char **why);
void nd_elf_free_all(struct nd_kernel *k);
// The Elf * of it, as void * so that libelf's header stays in two files.
void *nd_elf_handle(struct nd_elf *e);
int nd_elf_fd(const struct nd_elf *e);
uint64_t nd_elf_offset(struct nd_elf *e, uint64_t addr);

// kernel_tpbtf.c: the class of events whose records are this struct, NULL if it is of none. Does it
// have the very fields of this record?
const char *nd_tp_class(const char *name);
bool nd_tp_is_record(struct nd_btf *btf, uint32_t id, const struct nd_tp_format *f);
// Fills the fields of an event (category and event are set) from BTF.
int nd_tp_from_btf(struct nd_kernel *k, struct nd_tp_format *out);

// kernel_syms.c. The first symbol of that name.
struct nd_kallsym;
bool nd_kernel_find_symbol(struct nd_kernel *k, const char *name, struct nd_kallsym *s);
// The module of a symbol; "" for vmlinux, and where there is no such symbol.
const char *nd_kernel_module_of(struct nd_kernel *k, const char *name);
// Fills return type and parameters from a FUNC_PROTO, without its first `skip` parameters.
int nd_kernel_fill_sig(struct nd_kernel *k, const struct nd_btf_type *proto, uint32_t skip,
                       struct nd_func_sig *sig);

// One whose BTF was asked for, NULL if it was not.
const struct nd_module *nd_kernel_find_module(struct nd_kernel *k, const char *module);

#endif
