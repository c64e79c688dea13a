// SPDX-License-Identifier: GPL-2.0-or-later
// Inside of symbols*.c: kernel symbols, user symbols and other names, each read on demand.
// Must not be used by anything but symbols*.c and their test.
#ifndef ND_SYMBOLS_IMPL_H
#define ND_SYMBOLS_IMPL_H

#include "runtime/output/symbols.h"

#include <stdbool.h>

struct nd_ksym {
    uint64_t addr;
    uint32_t name;   // offset in text
    uint32_t module; // offset in text, 0: the kernel itself
};

struct nd_ksyms {
    char *text; // the file, cut into strings
    struct nd_ksym *v;
    uint32_t n, cap;
    bool loaded;
    bool hidden; // every address was zero: kptr_restrict
};

// Reads a file in the format of /proc/kallsyms. 0 or a negative errno.
int nd_ksyms_load(struct nd_ksyms *k, const char *path);
void nd_ksyms_drop(struct nd_ksyms *k);
void nd_ksyms_find(const struct nd_ksyms *k, uint64_t addr, struct nd_symbol *out);

struct nd_usyms;
struct nd_usyms *nd_usyms_new(void);
void nd_usyms_free(struct nd_usyms *u);
void nd_usyms_find(struct nd_usyms *u, uint32_t pid, uint64_t addr, struct nd_symbol *out);

void nd_usyms_watch(struct nd_usyms *u, void (*fresh)(void *arg), void *arg);
void nd_usyms_mapped(struct nd_usyms *u, const struct nd_usyms_map *m);
void nd_usyms_forked(struct nd_usyms *u, uint32_t parent, uint32_t child);
void nd_usyms_execed(struct nd_usyms *u, uint32_t pid);
void nd_usyms_exited(struct nd_usyms *u, uint32_t pid);
void nd_usyms_snapshot(struct nd_usyms *u, uint32_t pid);

// symbols_file.c: symbols of an executable; path, root: where its separate ones are looked for.
struct nd_symfile;
// Room for one more item in a growing array.
bool nd_symfile_room(void **v, size_t n, size_t *cap, size_t item);
struct nd_symfile *nd_symfile_read(int fd, const char *path, const char *root);
void nd_symfile_free(struct nd_symfile *f);
void nd_symfile_find(struct nd_symfile *f, uint64_t off, struct nd_symbol *out);
// Names of code that a process made itself.
struct nd_symjit;
struct nd_symjit *nd_symjit_read(uint32_t pid);
void nd_symjit_find(const struct nd_symjit *j, uint64_t addr, struct nd_symbol *out);
void nd_symjit_free(struct nd_symjit *j);

struct nd_names;
struct nd_names *nd_names_new(void);
void nd_names_free(struct nd_names *n);
const char *nd_names_user(struct nd_names *n, uint32_t uid);
const char *nd_names_cgroup(struct nd_names *n, uint64_t id);
const char *nd_names_netns(struct nd_names *n, uint64_t inode);
uint64_t nd_names_netns_named(struct nd_names *n, const char *name);

#endif
