// SPDX-License-Identifier: GPL-2.0-or-later
// Inside of symbols*.c: kernel symbols, user symbols and other names, each read on demand.
// Must not be used by anything but symbols*.c and their test.
#ifndef ND_SYMBOLS_IMPL_H
#define ND_SYMBOLS_IMPL_H

#include "runtime/common/aside.h"
#include "runtime/output/symbols.h"

#include <stdbool.h>
#include <sys/types.h>

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

#define ND_SYM_NAME 1024u // bytes of a name of a process or file, with its NUL

// ---- in the process aside (symbols_serve.c): it alone opens what processes map
// -------------------

struct nd_usyms;
struct nd_usyms *nd_usyms_new(void); // it lives as long as the process
// What is found stays until the next call.
void nd_usyms_find(struct nd_usyms *u, uint32_t pid, uint64_t addr, struct nd_symbol *out);
void nd_usyms_watched(struct nd_usyms *u); // from here on mappings are told
void nd_usyms_mapped(struct nd_usyms *u, const struct nd_usyms_map *m);
void nd_usyms_forked(struct nd_usyms *u, uint32_t parent, uint32_t child);
void nd_usyms_execed(struct nd_usyms *u, uint32_t pid);
void nd_usyms_exited(struct nd_usyms *u, uint32_t pid);
void nd_usyms_look(struct nd_usyms *u, uint32_t pid); // it is there already
void nd_usyms_ban(struct nd_usyms *u, uint32_t pid);  // nothing is read through it

// symbols_elf.c: an ELF file, read part by part.
struct nd_symelf_section {
    uint32_t name, type, link;
    uint64_t off, size;
};
struct nd_symelf_segment {
    uint64_t off, size, addr;
};
struct nd_symelf {
    int fd;
    uint64_t size; // of the file
    bool wide;     // 64 bits
    uint32_t names, nsections, nsegments;
    struct nd_symelf_section *section;
    struct nd_symelf_segment *segment;
};
// False: it is not one; it has to be closed in any case, which leaves the descriptor open.
bool nd_symelf_open(struct nd_symelf *e, int fd, uint64_t size);
void nd_symelf_close(struct nd_symelf *e);
bool nd_symelf_read(const struct nd_symelf *e, uint64_t off, void *to, size_t n); // all of it
const struct nd_symelf_section *nd_symelf_section(const struct nd_symelf *e, const char *name);
// The functions of a table of symbols; false: fn wanted no more.
bool nd_symelf_functions(const struct nd_symelf *e, const struct nd_symelf_section *s,
                         bool (*fn)(void *arg, uint64_t addr, uint64_t size, uint32_t name),
                         void *arg);

// symbols_file.c: symbols of an executable; path, root: where its separate ones are looked for.
// The descriptor goes with it.
struct nd_symfile;
// Room for one more item in a growing array.
bool nd_symfile_room(void **v, size_t n, size_t *cap, size_t item);
struct nd_symfile *nd_symfile_read(int fd, uint64_t size, const char *path, const char *root);
size_t nd_symfile_bytes(const struct nd_symfile *f);
void nd_symfile_free(struct nd_symfile *f);
void nd_symfile_find(struct nd_symfile *f, uint64_t off, struct nd_symbol *out);
// symbols_files.c: files that are mapped.
#define ND_SYMFILES_BUCKETS 1024u
struct nd_symfiles_file {
    uint64_t inode;
    dev_t dev;
    char *base; // last part of the path
    char *path; // and all of it, as the process has it
    int pin;    // -1: opened by its path when it is wanted
    bool tried;
    struct nd_symfile *syms;
    uint64_t used;                 // when: by count of uses
    struct nd_symfiles_file *next; // of its bucket
};
struct nd_symfiles { // zero: empty
    struct nd_symfiles_file *bucket[ND_SYMFILES_BUCKETS];
    uint32_t n, npinned, nloaded;
    size_t loaded_bytes;
    uint64_t uses;
};
struct nd_symfiles_of { // the process that maps it
    uint32_t pid;
    bool banned; // nothing is read through it
};
// dev: as in /proc/PID/maps. range: of addresses, as there. NULL: out of memory.
struct nd_symfiles_file *nd_symfiles_get(struct nd_symfiles *u, const struct nd_symfiles_of *p,
                                         const char *range, const char *dev, uint64_t inode,
                                         const char *path);
// Its symbols, read when they are first wanted; NULL: none. They stay until the next of these
// calls.
struct nd_symfile *nd_symfiles_symbols(struct nd_symfiles *u, const struct nd_symfiles_of *p,
                                       struct nd_symfiles_file *f);
// Not 0: there are so many that those with a smaller `used` have to be forgotten before a get.
uint64_t nd_symfiles_limit(const struct nd_symfiles *u);
void nd_symfiles_forget(struct nd_symfiles *u, uint64_t limit);

// symbols_jit.c: names of code that a process made itself; owner: of the process.
struct nd_symjit;
struct nd_symjit *nd_symjit_read(uint32_t pid, uid_t owner);
size_t nd_symjit_bytes(const struct nd_symjit *j);
void nd_symjit_find(const struct nd_symjit *j, uint64_t addr, struct nd_symbol *out);
void nd_symjit_free(struct nd_symjit *j);

// symbols_serve.c: what the process aside does with messages.
extern const struct nd_aside_job nd_symserve_job;

// ---- here (symbols_ask.c): questions to it
// -------------------------------------------------------

struct nd_symask;
struct nd_symask *nd_symask_new(void);
void nd_symask_free(struct nd_symask *a);
void nd_symask_open(struct nd_symask *a); // starts the process now
// All that are not known yet, in few messages.
void nd_symask_many(struct nd_symask *a, uint32_t pid, const uint64_t *addr, uint32_t n);
void nd_symask_find(struct nd_symask *a, uint32_t pid, uint64_t addr, struct nd_symbol *out);
void nd_symask_watch(struct nd_symask *a, void (*fresh)(void *arg), void *arg);
void nd_symask_mapped(struct nd_symask *a, const struct nd_usyms_map *m);
void nd_symask_forked(struct nd_symask *a, uint32_t parent, uint32_t child);
void nd_symask_execed(struct nd_symask *a, uint32_t pid);
void nd_symask_exited(struct nd_symask *a, uint32_t pid);
void nd_symask_snapshot(struct nd_symask *a, uint32_t pid);

// Messages between the two. What the process answers is checked like what it reads.
enum nd_symmsg_what {
    ND_SYMMSG_FIND, // n addresses follow; the answer: n times nd_symmsg_found, each with its names
    ND_SYMMSG_MAPPED, // dev and path follow, each with its NUL
    ND_SYMMSG_FORKED, // n: the child
    ND_SYMMSG_EXECED,
    ND_SYMMSG_EXITED,
    ND_SYMMSG_LOOK, // n processes follow, 32 bits each
    ND_SYMMSG_BAN,
    ND_SYMMSG_WATCHED,
    ND_SYMMSG_MAX
};
struct nd_symmsg {
    uint32_t what, pid, n, unused;
    uint64_t start, len, off, inode;
};
struct nd_symmsg_found {
    uint64_t off;
    uint16_t in_file, unused;
    uint16_t name, module; // bytes that follow, without a NUL; 0: none
};
#define ND_SYMMSG_FIND_MOST 24u // addresses: their answer fits

// ---- other names --------------------------------------------------------------------------------

struct nd_names;
struct nd_names *nd_names_new(void);
void nd_names_free(struct nd_names *n);
const char *nd_names_user(struct nd_names *n, uint32_t uid);
const char *nd_names_cgroup(struct nd_names *n, uint64_t id);
const char *nd_names_netns(struct nd_names *n, uint64_t inode);
uint64_t nd_names_netns_named(struct nd_names *n, const char *name);

#endif
