// SPDX-License-Identifier: GPL-2.0-or-later
// Tools of the standard library are one folder deep (cpu/, drop/, ...), next to the program in a
// build tree or installed. A script given by its path is opened and nothing else is read. Must not
// know what scripts contain. Serves the command line.
#include "runtime/cli/find.h"

#include "runtime/common/msg.h"
#include "runtime/common/near.h"
#include "runtime/common/trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_file(const char *path)
{
    struct stat st;

    return !stat(path, &st) && !S_ISDIR(st.st_mode);
}

static bool try_dir(const char *dir, const char *name, char *path, size_t size)
{
    static const char *const suffix[] = {"", ".nd", ".ndo"};
    size_t i;

    for (i = 0; i < sizeof(suffix) / sizeof(*suffix); i++) {
        int n = snprintf(path, size, "%s/%s%s", dir, name, suffix[i]);

        if (n > 0 && (size_t)n < size && is_file(path))
            return true;
    }
    return false;
}

static bool try_library(const char *root, const char *name, char *path, size_t size)
{
    char dir[PATH_MAX];
    struct dirent *e;
    bool found = try_dir(root, name, path, size); // also group/name
    DIR *d = found || strchr(name, '/') ? NULL : opendir(root);

    while (d && !found && (e = readdir(d))) {
        int n = snprintf(dir, sizeof(dir), "%s/%s", root, e->d_name);

        // lib/ has modules, which do nothing by themselves.
        if (e->d_name[0] != '.' && strcmp(e->d_name, "lib") != 0 && n > 0 &&
            (size_t)n < sizeof(dir))
            found = try_dir(dir, name, path, size);
    }
    if (d)
        closedir(d);
    return found;
}

// The table of other names, stdlib/aliases: lines "OTHER-NAME group/name".
static bool in_table(const char *root, const char *name, char *real, size_t size)
{
    char table[PATH_MAX], line[512], other[256], to[256];
    int n = snprintf(table, sizeof(table), "%s/aliases", root);
    FILE *f = n > 0 && (size_t)n < sizeof(table) ? fopen(table, "re") : NULL;
    bool found = false;

    while (f && !found && fgets(line, sizeof(line), f))
        found =
            line[0] != '#' && sscanf(line, "%255s %255s", other, to) == 2 && !strcmp(other, name);
    if (f)
        fclose(f);
    return found && snprintf(real, size, "%s", to) < (int)size;
}

static const char *const foreign[] = {".py", ".bt",
                                      ".sh"}; // what other collections end their names with

static bool cut_suffix(char *name)
{
    size_t i, n = strlen(name);

    for (i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
        if (n > 3 && !strcmp(name + n - 3, foreign[i])) {
            name[n - 3] = 0;
            return true;
        }
    }
    return false;
}

// Other names of a tool: with .py, .bt or .sh, with - for _, or one of the table.
static bool try_other_names(const char *root, const char *name, char *path, size_t size)
{
    char other[256], real[256], *p;

    if (in_table(root, name, real, sizeof(real)))
        return try_library(root, real, path, size);
    if (snprintf(other, sizeof(other), "%s", name) >= (int)sizeof(other))
        return false;
    cut_suffix(other);
    if (in_table(root, other, real, sizeof(real)))
        return try_library(root, real, path, size);
    for (p = other; *p; p++) {
        if (*p == '-')
            *p = '_';
    }
    return try_library(root, other, path, size);
}

// A name of the library: NAME or GROUP/NAME.
static bool is_name(const char *name)
{
    const char *slash = strchr(name, '/');

    return *name && *name != '/' && *name != '.' && (!slash || !strchr(slash + 1, '/'));
}

typedef bool try_fn(const char *root, const char *name, char *path, size_t size);

// Folders of the user's own, before the library: $NDTRACE_PATH, separated by colons. What is not a
// full path would depend on the current folder.
static bool try_own(try_fn *try, const char *name, char *path, size_t size)
{
    const char *p = secure_getenv("NDTRACE_PATH");
    char dir[PATH_MAX];

    while (p && *p) {
        size_t n = strcspn(p, ":");

        if (*p == '/' && n < sizeof(dir)) {
            snprintf(dir, sizeof(dir), "%.*s", (int)n, p);
            if (try(dir, name, path, size))
                return true;
        }
        p += n + (p[n] == ':');
    }
    return false;
}

static bool try_roots(try_fn *try, const char *name, char *path, size_t size)
{
    // In the source tree (build/, build/san/), and where it is installed.
    static const char *const places[] = {"../stdlib",
                                         "../scripts",
                                         "../../stdlib",
                                         "../../scripts",
                                         "../share/ndtrace/stdlib",
                                         "../share/ndtrace/scripts"};
    char exe[PATH_MAX], dir[PATH_MAX + 64], *slash;
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    size_t i;

    if (try_own(try, name, path, size))
        return true;
    exe[n > 0 ? n : 0] = 0;
    slash = strrchr(exe, '/');
    for (i = 0; slash && i < sizeof(places) / sizeof(*places); i++) {
        snprintf(dir, sizeof(dir), "%.*s/%s", (int)(slash - exe), exe, places[i]);
        if (try(dir, name, path, size))
            return true;
    }
    return try(ND_DATADIR "/stdlib", name, path, size);
}

// A tool by the path that it had in another collection, DIR/.../X.py: its name says which one it
// is. Paths of scripts of our own are taken literally.
static const char *without_folders(const char *name)
{
    const char *slash = strrchr(name, '/');
    char plain[256];

    if (!slash || snprintf(plain, sizeof(plain), "%s", slash + 1) >= (int)sizeof(plain))
        return name;
    return cut_suffix(plain) ? slash + 1 : name;
}

// A word is a tool of the library, whatever lies in the current folder; a file has a folder or one
// of the endings of scripts and objects.
static bool names_file(const char *name)
{
    static const char *const own[] = {".nd", ".ndo", ".bt"};
    size_t n = strlen(name), i, k;

    for (i = 0; i < sizeof(own) / sizeof(*own); i++) {
        k = strlen(own[i]);
        if (n > k && !strcmp(name + n - k, own[i]))
            return true;
    }
    return strchr(name, '/') != NULL;
}

int nd_find_script(const char *name, char *path, size_t size)
{
    if (names_file(name) && snprintf(path, size, "%s", name) < (int)size && is_file(path))
        return 0;
    name = without_folders(name);
    if (!is_name(name))
        return -ENOENT;
    return try_roots(try_library, name, path, size) || try_roots(try_other_names, name, path, size)
               ? 0
               : -ENOENT;
}

// Keeps the better of what is in best and the candidate.
static void nearer(const char *name, const char *candidate, char *best, size_t size)
{
    struct nd_near near = {.name = name};
    char word[256];
    int n = snprintf(word, sizeof(word), "%s", candidate);

    if (n > 3 && n < (int)sizeof(word) && !strcmp(word + n - 3, ".nd"))
        word[n - 3] = 0;
    if (*best)
        nd_near_try(&near, best);
    nd_near_try(&near, word);
    if (near.n && near.best[0] == word)
        snprintf(best, size, "%s", word);
}

// As a try_fn that looks at all tools and finds none.
static bool near_in(const char *root, const char *name, char *best, size_t size)
{
    char dir[PATH_MAX], path[PATH_MAX + 300], line[512], other[256], to[256];
    DIR *groups = opendir(root), *tools;
    struct dirent *e, *f;
    FILE *table;

    while (groups && (e = readdir(groups))) {
        if (e->d_name[0] == '.' || !strcmp(e->d_name, "lib"))
            continue;
        snprintf(dir, sizeof(dir), "%s/%s", root, e->d_name);
        tools = opendir(dir);
        if (!tools)
            nearer(name, e->d_name, best, size);
        while (tools && (f = readdir(tools))) {
            if (f->d_name[0] != '.')
                nearer(name, f->d_name, best, size);
        }
        if (tools)
            closedir(tools);
    }
    if (groups)
        closedir(groups);
    snprintf(dir, sizeof(dir), "%s/aliases", root);
    table = fopen(dir, "re");
    while (table && fgets(line, sizeof(line), table)) {
        if (line[0] != '#' && sscanf(line, "%255s %255s", other, to) == 2 &&
            try_library(root, to, path, sizeof(path)))
            nearer(name, other, best, size);
    }
    if (table)
        fclose(table);
    return false;
}

void nd_find_near(const char *name, char *out, size_t size)
{
    char plain[256];
    char *p;

    *out = 0;
    name = without_folders(name);
    if (snprintf(plain, sizeof(plain), "%s", name) >= (int)sizeof(plain))
        return;
    cut_suffix(plain);
    for (p = plain; *p; p++) {
        if (*p == '-')
            *p = '_';
    }
    try_roots(near_in, plain, out, size);
}

#define SCRIPT_MAX (16l << 20) // as the compiler's

// What a pipe says is checked here, as the file that is made of it is ours.
static int check_owner(const struct stat *st, const char *path)
{
    struct nd_trust trust;
    char why[160];

    nd_trust_init(&trust);
    if (!nd_trust_why_not(&trust, st, why, sizeof(why)))
        return 0;
    nd_msg("error: %s is not read: %s; ndtrace --any-owner reads it all the same", path, why);
    return -EPERM;
}

int nd_find_once(char *path, size_t size, bool any_owner)
{
    int from = open(path, O_RDONLY | O_CLOEXEC), to = -1, err = 0;
    char part[16384];
    ssize_t n = 0;
    struct stat st;
    long sum = 0;

    if (from < 0 || fstat(from, &st) || S_ISREG(st.st_mode))
        goto out; // what is wrong with it is said by whoever reads it
    err = any_owner ? 0 : check_owner(&st, path);
    if (err)
        goto out;
    to = memfd_create("script", 0); // the compiler inherits it
    if (to < 0 || fchmod(to, 0600))
        err = -errno;
    while (!err && (n = read(from, part, sizeof(part))) > 0) {
        sum += n;
        if (sum > SCRIPT_MAX)
            err = -EFBIG;
        else if (write(to, part, (size_t)n) != n)
            err = -EIO;
    }
    if (!err && n < 0)
        err = -errno;
    if (!err)
        snprintf(path, size, "/proc/self/fd/%d", to);
    else if (to >= 0)
        close(to);
out:
    if (from >= 0)
        close(from);
    return err;
}

bool nd_find_is_object(const char *path)
{
    char head[4] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is = fd >= 0 && read(fd, head, 4) == 4 && !memcmp(head, "\177ELF", 4);

    if (fd >= 0)
        close(fd);
    return is;
}
