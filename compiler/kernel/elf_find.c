// SPDX-License-Identifier: GPL-2.0-or-later
// Executables and libraries by name, as the shell and the loader would find them, or as a process
// has them, whose root may be another. Must not know the language, nor what is in them. Serves the
// checker.
#include "compiler/kernel/kernel_impl.h"

#include "runtime/common/regular.h"

#include <elf.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool join(char *out, size_t size, const char *name, size_t n)
{
    size_t len = strlen(out);

    if (len + n + 2 > size)
        return false;
    snprintf(out + len, size - len, "/%.*s", (int)n, name);
    return true;
}

// A path as the process sees it that is asked for: links in it begin at its root, not at ours.
static const char *follow(struct nd_kernel *k, const char *path)
{
    char done[PATH_MAX], target[PATH_MAX];
    int links = 0;

    snprintf(done, sizeof(done), "%s", k->root);
    while (*path) {
        size_t n = strcspn(path, "/");
        ssize_t len;

        if (!n || (n == 1 && *path == '.')) {
            path += n + (path[n] == '/');
            continue;
        }
        if (n == 2 && !strncmp(path, "..", 2)) {
            if (strlen(done) > strlen(k->root))
                *strrchr(done, '/') = 0;
            path += n;
            continue;
        }
        if (!join(done, sizeof(done), path, n))
            return path;
        path += n;
        len = readlink(done, target, sizeof(target) - 1);
        if (len < 0)
            continue;
        target[len] = 0;
        if (++links > 40)
            return path;
        if (*target == '/')
            snprintf(done, sizeof(done), "%s", k->root);
        else
            *strrchr(done, '/') = 0;
        path = nd_arena_printf(k->a, "%s/%s", target, path);
    }
    return nd_arena_strdup(k->a, done);
}

static const char *rooted(struct nd_kernel *k, const char *path)
{
    if (k->root && strncmp(path, k->root, strlen(k->root)) != 0)
        return follow(k, path);
    return k->facts ? nd_arena_printf(k->a, "%s/root%s%s", k->facts, *path == '/' ? "" : "/", path)
                    : path;
}

// One of a folder that is rooted already.
static const char *inside(struct nd_kernel *k, const char *path)
{
    return k->root ? follow(k, path + strlen(k->root)) : path;
}

const char *nd_kernel_exec_shown(struct nd_kernel *k, const char *path)
{
    size_t n = k->root ? strlen(k->root) : 0;

    return n && !strncmp(path, k->root, n) ? path + n : path;
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return !stat(a, &x) && !stat(b, &y) && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

void nd_elf_of_process(struct nd_kernel *k, const char *pid)
{
    const char *root = nd_arena_printf(k->a, "/proc/%s/root", pid);

    k->pid = nd_arena_strdup(k->a, pid);
    if (!same_file("/", root) ||
        !same_file("/proc/self/ns/mnt", nd_arena_printf(k->a, "/proc/%s/ns/mnt", pid)))
        k->root = root;
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
        return (st.st_mode & 0111) != 0; // for someone: this process may run nothing any more
    fd = nd_regular_open(path, NULL);    // libc.so can be a text for the linker
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

#define CONF_BYTES 65536 // of a list of folders, which may be a process's own
#define CONF_FILES 256u

static char *conf_text(struct nd_kernel *k, const char *path)
{
    int fd = k->nconfs++ < CONF_FILES ? nd_regular_open(path, NULL) : -1;
    char *text = fd < 0 ? NULL : calloc(1, CONF_BYTES + 1);
    ssize_t n = 0, got;

    while (text && (got = read(fd, text + n, (size_t)(CONF_BYTES - n))) > 0)
        n += got;
    if (fd >= 0)
        close(fd);
    return text;
}

static void read_ld_conf(struct nd_kernel *k, const char *path, int depth)
{
    char *text, *line, *next;
    glob_t g;

    text = depth > 4 ? NULL : conf_text(k, path);
    if (!text)
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
    if (!k->facts && !k->root)
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

    if (is_file(inside(k, path), true))
        return inside(k, path);
    if (!so) {
        path = nd_arena_printf(k->a, "%s.so", path);
        if (is_file(inside(k, path), true))
            return inside(k, path);
    }
    if (nd_glob_is(path) || glob(nd_arena_printf(k->a, "%s.[0-9]*", path), 0, NULL, &g))
        return NULL;
    for (size_t i = 0; i < g.gl_pathc; i++)
        if (is_file(inside(k, g.gl_pathv[i]), true) &&
            (!best || strverscmp(g.gl_pathv[i], best) > 0))
            best = nd_arena_strdup(k->a, g.gl_pathv[i]);
    globfree(&g);
    return best ? inside(k, best) : NULL;
}

// Is it a file of this name? "libc" is libc.so.6, and libc-2.31.so.
static bool is_called(const char *file, const char *name)
{
    size_t n = strlen(name);

    return !strncmp(file, name, n) &&
           (!file[n] || !strncmp(file + n, ".so", 3) ||
            (file[n] == '-' && file[n + 1] >= '0' && file[n + 1] <= '9' && strstr(file, ".so")));
}

// The file of this name that the process executes code of.
static const char *mapped(struct nd_kernel *k, const char *name)
{
    FILE *f = fopen(nd_arena_printf(k->a, "/proc/%s/maps", k->pid), "re");
    const char *found = NULL, *slash;
    char line[PATH_MAX + 128], range[64], perms[8], path[PATH_MAX];

    while (f && !found && fgets(line, sizeof(line), f)) {
        if (sscanf(line, "%63s %7s %*s %*s %*s %4095[^\n]", range, perms, path) != 3 ||
            !strchr(perms, 'x') || *path != '/')
            continue;
        slash = strrchr(path, '/') + 1;
        if (!is_called(slash, name))
            continue;
        found = rooted(k, nd_arena_strdup(k->a, path));
        if (!is_file(found, true)) // replaced since
            found = nd_arena_printf(k->a, "/proc/%s/map_files/%s", k->pid, range);
    }
    if (f)
        fclose(f);
    return found;
}

const char *nd_kernel_exec_path(struct nd_kernel *k, const char *name)
{
    const char *path =
        k->facts ? "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" : secure_getenv("PATH");

    if (!*name)
        return NULL;
    if (strchr(name, '/')) {
        name = rooted(k, nd_arena_strdup(k->a, name));
        return is_file(name, true) ? name : NULL;
    }
    if (k->pid) {
        const char *file = mapped(k, name);

        if (file)
            return file;
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

static bool is_elf(const char *path)
{
    char magic[4] = "";
    FILE *f = fopen(path, "re");
    bool is = f && fread(magic, 1, 4, f) == 4 && !memcmp(magic, "\177ELF", 4);

    if (f)
        fclose(f);
    return is;
}

// Each file once, in the order of the process's memory.
static void each_mapped(struct nd_kernel *k, const char *glob,
                        void (*fn)(void *arg, const char *path), void *arg)
{
    FILE *f = fopen(nd_arena_printf(k->a, "/proc/%s/maps", k->pid), "re");
    char line[4096 + 128], last[4096] = "";

    while (f && fgets(line, sizeof(line), f)) {
        char *path = strchr(line, '/'), *slash;

        if (!path)
            continue;
        path[strcspn(path, "\n")] = 0;
        slash = strrchr(path, '/');
        if (!strcmp(path, last) || !nd_glob_match(glob, slash + 1))
            continue;
        snprintf(last, sizeof(last), "%s", path);
        path = (char *)(uintptr_t)rooted(k, nd_arena_strdup(k->a, path));
        if (is_file(path, true) && is_elf(path))
            fn(arg, last);
    }
    if (f)
        fclose(f);
}

bool nd_kernel_each_file(struct nd_kernel *k, const char *pattern,
                         void (*fn)(void *arg, const char *path), void *arg)
{
    struct stat *seen, st;
    size_t i, j, n = 0;
    glob_t g;

    if (!strchr(pattern, '/')) {
        if (k->pid)
            each_mapped(k, pattern, fn, arg);
        return k->pid != NULL;
    }
    if (glob(rooted(k, nd_arena_strdup(k->a, pattern)), 0, NULL, &g))
        return true;
    seen = ND_NEW_ARRAY(k->a, struct stat, g.gl_pathc + 1);
    for (i = 0; i < g.gl_pathc; i++) {
        const char *path = g.gl_pathv[i];

        if (!is_file(path, true) || !is_elf(path) || stat(path, &st))
            continue;
        for (j = 0; j < n && (seen[j].st_ino != st.st_ino || seen[j].st_dev != st.st_dev); j++)
            ;
        if (j < n) // by another name: links to libraries
            continue;
        seen[n++] = st;
        fn(arg, nd_kernel_exec_shown(k, nd_arena_strdup(k->a, path)));
    }
    globfree(&g);
    return true;
}
