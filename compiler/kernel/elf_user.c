// SPDX-License-Identifier: GPL-2.0-or-later
// Executables and libraries: found by name as the shell and the loader would, and their function
// symbols. Must not know the language, nor any process. Serves the checker (uprobe, uretprobe).
#include "compiler/kernel/kernel_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct nd_elf {
    struct nd_elf *next;
    const char *path;
    int fd;
    Elf *elf;
};

// ---- finding a file --------------------------------------------------------------------------

static const char *rooted(struct nd_kernel *k, const char *path)
{
    return k->facts ? nd_arena_printf(k->a, "%s/root%s%s", k->facts, *path == '/' ? "" : "/", path)
                    : path;
}

static bool is_file(const char *path, bool elf)
{
    char magic[SELFMAG];
    struct stat st;
    bool yes;
    int fd;

    if (stat(path, &st) || !S_ISREG(st.st_mode))
        return false;
    if (!elf)
        return access(path, X_OK) == 0;
    fd = open(path, O_RDONLY | O_CLOEXEC); // libc.so can be a text for the linker
    if (fd < 0)
        return false;
    yes = read(fd, magic, sizeof(magic)) == SELFMAG && !memcmp(magic, ELFMAG, SELFMAG);
    close(fd);
    return yes;
}

static void add_dirs(struct nd_kernel *k, const char *list)
{
    while (list && *list) {
        size_t n = strcspn(list, ":");

        if (n)
            *ND_PUSH(k->a, &k->dirs) = nd_arena_strndup(k->a, list, n);
        list += n + (list[n] == ':');
    }
}

static void read_ld_conf(struct nd_kernel *k, const char *path, int depth)
{
    char *text, *line, *next;
    glob_t g;

    if (depth > 4 || nd_read_text(AT_FDCWD, path, &text, NULL))
        return;
    for (line = text; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        line[strcspn(line, "#")] = 0;
        line += strspn(line, " \t");
        for (size_t n = strlen(line); n && strchr(" \t\r", line[n - 1]); n--)
            line[n - 1] = 0;
        if (*line == '/')
            add_dirs(k, rooted(k, line));
        if (strncmp(line, "include", 7) || !strchr(" \t", line[7]))
            continue;
        line += 7 + strspn(line + 7, " \t");
        if (glob(rooted(k, line), 0, NULL, &g) == 0) {
            for (size_t i = 0; i < g.gl_pathc; i++)
                read_ld_conf(k, g.gl_pathv[i], depth + 1);
            globfree(&g);
        }
    }
    free(text);
}

static void library_dirs(struct nd_kernel *k)
{
    static const char *const usual[] = {"/lib64", "/usr/lib64", "/lib", "/usr/lib"};

    if (k->dirs_tried)
        return;
    k->dirs_tried = true;
    if (!k->facts)
        add_dirs(k, secure_getenv("LD_LIBRARY_PATH"));
    read_ld_conf(k, rooted(k, "/etc/ld.so.conf"), 0);
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        add_dirs(k, rooted(k, usual[i]));
}

// The library of this name in a folder, ".so" and ".so.N" left out or not; the highest N.
static const char *library_in(struct nd_kernel *k, const char *dir, const char *name)
{
    const char *path = nd_arena_printf(k->a, "%s/%s", dir, name), *best = NULL;
    bool so = strstr(name, ".so") != NULL;
    glob_t g;

    if (is_file(path, true))
        return path;
    if (!so) {
        path = nd_arena_printf(k->a, "%s.so", path);
        if (is_file(path, true))
            return path;
    }
    if (nd_glob_is(path) || glob(nd_arena_printf(k->a, "%s.[0-9]*", path), 0, NULL, &g))
        return NULL;
    for (size_t i = 0; i < g.gl_pathc; i++)
        if (is_file(g.gl_pathv[i], true) && (!best || strverscmp(g.gl_pathv[i], best) > 0))
            best = nd_arena_strdup(k->a, g.gl_pathv[i]);
    globfree(&g);
    return best;
}

const char *nd_kernel_exec_path(struct nd_kernel *k, const char *name)
{
    const char *path = k->facts ? "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" : secure_getenv("PATH");

    if (!*name)
        return NULL;
    if (strchr(name, '/')) {
        name = rooted(k, nd_arena_strdup(k->a, name));
        return is_file(name, true) ? name : NULL;
    }
    while (path && *path) {
        size_t n = strcspn(path, ":");
        const char *file = rooted(k, nd_arena_printf(k->a, "%.*s/%s", (int)n, path, name));

        if (n && is_file(file, false) && is_file(file, true))
            return file;
        path += n + (path[n] == ':');
    }
    library_dirs(k);
    for (uint32_t i = 0; i < k->dirs.n; i++) {
        path = library_in(k, k->dirs.v[i], name);
        if (path)
            return path;
    }
    return NULL;
}

// ---- ELF -------------------------------------------------------------------------------------

struct nd_elf *nd_elf_get(struct nd_kernel *k, const char *path, int *err, const char **why)
{
    struct nd_elf *e;
    int fd;

    for (e = k->elfs; e; e = e->next)
        if (!strcmp(e->path, path))
            return e;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *err = -errno;
        *why = nd_arena_printf(k->a, "%s: %s", path, strerror(errno));
        return NULL;
    }
    elf_version(EV_CURRENT);
    e = ND_NEW(k->a, struct nd_elf);
    e->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (!e->elf || elf_kind(e->elf) != ELF_K_ELF) {
        *err = -ENOEXEC;
        *why = nd_arena_printf(k->a, "%s is not an executable or library (not an ELF file)", path);
        elf_end(e->elf);
        close(fd);
        return NULL;
    }
    e->path = nd_arena_strdup(k->a, path);
    e->fd = fd;
    e->next = k->elfs;
    k->elfs = e;
    return e;
}

void nd_elf_free_all(struct nd_kernel *k)
{
    for (; k->elfs; k->elfs = k->elfs->next) {
        elf_end(k->elfs->elf);
        close(k->elfs->fd);
    }
}

void *nd_elf_handle(struct nd_elf *e)
{
    return e->elf;
}

uint64_t nd_elf_offset(struct nd_elf *e, uint64_t addr)
{
    GElf_Phdr ph;
    size_t n;

    if (elf_getphdrnum(e->elf, &n))
        return UINT64_MAX;
    for (size_t i = 0; i < n && i < INT32_MAX; i++)
        if (gelf_getphdr(e->elf, (int)i, &ph) && ph.p_type == PT_LOAD && addr >= ph.p_vaddr &&
            addr - ph.p_vaddr < ph.p_filesz)
            return addr - ph.p_vaddr + ph.p_offset;
    return UINT64_MAX;
}

uint64_t nd_kernel_addr_offset(struct nd_kernel *k, const char *path, uint64_t addr)
{
    const char *why;
    int err;
    struct nd_elf *e = nd_elf_get(k, path, &err, &why);

    return e ? nd_elf_offset(e, addr) : UINT64_MAX;
}

struct syms {
    struct nd_usym *v;
    uint32_t n, cap;
};

static void collect(struct nd_kernel *k, struct nd_elf *e, uint32_t type, const char *glob,
                    struct syms *out)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr sh;
    GElf_Sym sym;

    while ((scn = elf_nextscn(e->elf, scn))) {
        Elf_Data *data;
        size_t n;

        if (!gelf_getshdr(scn, &sh) || sh.sh_type != type || !sh.sh_entsize)
            continue;
        data = elf_getdata(scn, NULL);
        n = data ? data->d_size / sh.sh_entsize : 0;
        for (size_t i = 0; i < n && i < INT32_MAX; i++) {
            const char *name, *at;
            struct nd_usym s;

            if (!gelf_getsym(data, (int)i, &sym) || GELF_ST_TYPE(sym.st_info) != STT_FUNC ||
                sym.st_shndx == SHN_UNDEF || !sym.st_value)
                continue;
            name = elf_strptr(e->elf, sh.sh_link, sym.st_name);
            if (!name || !*name)
                continue;
            at = strchr(name, '@'); // name@@VERSION
            if (at)
                name = nd_arena_strndup(k->a, name, (size_t)(at - name));
            if (!nd_glob_match(glob, name))
                continue;
            s = (struct nd_usym){name, sym.st_value, nd_elf_offset(e, sym.st_value), sym.st_size};
            if (s.off != UINT64_MAX)
                *ND_PUSH(k->a, out) = s;
        }
    }
}

const char *nd_kernel_file_id(struct nd_kernel *k, const char *path)
{
    size_t size = 0;
    uint32_t sum;
    char *data;

    if (nd_read_text(AT_FDCWD, path, &data, &size))
        return "";
    sum = (uint32_t)crc32_z(0, (const uint8_t *)data, size);
    free(data);
    return nd_arena_printf(k->a, "%zu-%08x", size, sum);
}

// By name; of several of one name the one that was found first (.symtab before .dynsym).
static int compare_syms(const void *a, const void *b)
{
    const struct nd_usym *x = a, *y = b;
    int c = strcmp(x->name, y->name);

    return c ? c : (x->addr > y->addr) - (x->addr < y->addr);
}

int nd_kernel_each_usym(struct nd_kernel *k, const char *path, const char *glob,
                        int (*fn)(void *arg, const struct nd_usym *sym), void *arg,
                        const char **why)
{
    const char *unused;
    struct syms found = {0};
    struct nd_elf *e;
    int err = 0;

    why = why ? why : &unused;
    *why = NULL;
    e = nd_elf_get(k, path, &err, why);
    if (!e)
        return err;
    collect(k, e, SHT_SYMTAB, glob, &found);
    collect(k, e, SHT_DYNSYM, glob, &found);
    if (found.n)
        qsort(found.v, found.n, sizeof(*found.v), compare_syms);
    for (uint32_t i = 0; i < found.n && !err; i++)
        if (!i || strcmp(found.v[i - 1].name, found.v[i].name))
            err = fn(arg, &found.v[i]);
    return err;
}
