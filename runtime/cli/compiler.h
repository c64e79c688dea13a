// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the compiler as a child and takes the object it hands back. Must not know the language or
// the manifest. Serves the command line.
#ifndef ND_COMPILER_H
#define ND_COMPILER_H

#include "runtime/common/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct nd_object { // mapped memory
    void *data;
    size_t size;
    void *map; // what to unmap; NULL: data itself
    size_t map_size;
    char *said;     // by the compiler, not shown yet: warnings or errors; or NULL
    bool foreign;   // from a file: neither this run nor an earlier one here compiled it
    bool options;   // the script is wrong, and data is a manifest of its options alone
    pid_t compiler; // has sent everything and is about to end: for nd_compiler_reap(); or 0
};

struct nd_compiler_opts {
    const char *verb;              // "object" or "manifest"
    const char *file;              // or
    const char *text;              // -e
    const char *pid, *facts, *btf; // passed on, or NULL
    const char *const *words;      // $1, $2, ... of the script, and
    const char *const *named;      // name=value for its getopt()
    const char *const *settings;   // BPFTRACE_* of the environment: NAME=value
    uint32_t nwords, nnamed, nsettings;
    const char *messages; // how they are printed, NULL: as text
    bool verbose;         // say all reasons
    bool unsafe;          // probes may be on functions that programs run in
    bool any_owner;       // also scripts that others own or can write to
    bool bpftrace;        // what a script means where bpftrace differs
    bool portable;        // an object also for other kernels
    uint32_t without;     // ND_F_BIT()s: features to do without
    // What the object will have, while the compiler works on it: time to get ready. Or NULL.
    void (*planned)(void *arg, const struct nd_plan *plan, const struct nd_plan_map *maps);
    void *planned_arg;
};

// Where the compiler is, or would be.
void nd_compiler_path(char *path, size_t size);
// Exit code for this program: 0, or 1 or 2. What the compiler says is in the object: it may be
// compiled again, and what is wrong with the command line comes first. If the script is what is
// wrong, the object is a manifest of its options, if it got that far.
int nd_compiler_make(const struct nd_compiler_opts *opts, struct nd_object *out);
// Waits for the end of a compiler that has done its work.
void nd_compiler_reap(pid_t *compiler);
// Maps a compiled object from a file. 0 or a negative errno; -EPERM, after a message, if others
// than who is trusted own it or can write to it.
int nd_object_map(const char *path, bool any_owner, struct nd_object *out);
// Writes the object to a file that appears under its name when it is whole; 0, or a negative errno
// after a message.
int nd_object_save(const struct nd_object *o, const char *path);
void nd_object_free(struct nd_object *o);
// Shows what the compiler said, once.
void nd_object_say(struct nd_object *o);
// Becomes the compiler with these words; returns only when it cannot (exit code).
int nd_compiler_exec(char **argv, uint32_t without);
// Runs it with these words and waits; exit code.
int nd_compiler_run(char **argv, uint32_t without);

#endif
