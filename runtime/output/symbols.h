// SPDX-License-Identifier: GPL-2.0-or-later
// Names for addresses, on demand: kallsyms is read when the first kernel address is printed, an
// executable when the first address in it is. Also device, user, cgroup names. Serves formatting.
#ifndef ND_SYMBOLS_H
#define ND_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nd_syms;

// Symbols are read when first asked for. NULL: out of memory.
struct nd_syms *nd_syms_new(void);
void nd_syms_free(struct nd_syms *s);

struct nd_symbol {
    const char *name;   // NULL: unknown
    const char *module; // kernel: "kernel" or the module; user: base name of the file
    uint64_t off;       // from the start of the symbol
    bool in_file;       // there is no symbol: off is the address in the file
};
// Its strings live as long as s.
void nd_syms_kernel(struct nd_syms *s, uint64_t addr, struct nd_symbol *out);
// The kernel was asked and gave zero for every address (kptr_restrict): say so once.
bool nd_syms_kernel_hidden(struct nd_syms *s);
// Files and /proc of processes are read by a process of their own (aside.h), which is started by
// the first of these functions that is called. What it says is what others wrote: of any bytes but
// NUL, at most 1 KiB. Strings live until the next of these calls.
void nd_syms_user(struct nd_syms *s, uint32_t pid, uint64_t addr, struct nd_symbol *out);
// Addresses that are asked for next, so that they are found together.
void nd_syms_users(struct nd_syms *s, uint32_t pid, const uint64_t *addr, uint32_t n);
void nd_syms_user_open(struct nd_syms *s); // starts the process now: later is not allowed

// What processes do while they live, so that there are names when they are gone. fresh: brings what
// was not told yet.
struct nd_usyms_map {
    uint32_t pid;
    uint64_t start, len, off;
    const char *dev; // as in /proc/PID/maps
    uint64_t inode;
    const char *path;
};
void nd_syms_watch(struct nd_syms *s, void (*fresh)(void *arg), void *arg);
void nd_syms_mapped(struct nd_syms *s, const struct nd_usyms_map *m);
void nd_syms_forked(struct nd_syms *s, uint32_t parent, uint32_t child);
void nd_syms_execed(struct nd_syms *s, uint32_t pid);
void nd_syms_exited(struct nd_syms *s, uint32_t pid);
void nd_syms_snapshot(struct nd_syms *s, uint32_t pid); // of those that are there; pid 0: all

// Strings of these live until the next of these calls.
uint64_t nd_syms_kaddr(struct nd_syms *s, const char *name); // 0: unknown
const char *nd_syms_user_name(struct nd_syms *s, uint32_t uid);
const char *nd_syms_cgroup(struct nd_syms *s, uint64_t id); // NULL: unknown
// Name of a network namespace by its inode, and the other way round; NULL, 0: unknown.
const char *nd_syms_netns(struct nd_syms *s, uint64_t inode);
uint64_t nd_syms_netns_named(struct nd_syms *s, const char *name);

#endif
