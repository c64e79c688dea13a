// SPDX-License-Identifier: GPL-2.0-or-later
// Tools of the standard library are one folder deep (cpu/, drop/, ...), next to the program in a
// build tree or installed. A script given by its path is opened and nothing else is read. Must not
// know what scripts contain. Serves the command line.
#include "runtime/cli/find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
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

// Other names of a tool: with .py, .bt or .sh, with - for _, or one of the table.
static bool try_other_names(const char *root, const char *name, char *path, size_t size)
{
    static const char *const suffix[] = {".py", ".bt", ".sh"};
    char other[256], real[256], *p;
    size_t i, n = strlen(name);

    if (in_table(root, name, real, sizeof(real)))
        return try_library(root, real, path, size);
    if (snprintf(other, sizeof(other), "%s", name) >= (int)sizeof(other))
        return false;
    for (i = 0; i < sizeof(suffix) / sizeof(*suffix); i++) {
        if (n > 3 && !strcmp(other + n - 3, suffix[i]))
            other[n - 3] = 0;
    }
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

    exe[n > 0 ? n : 0] = 0;
    slash = strrchr(exe, '/');
    for (i = 0; slash && i < sizeof(places) / sizeof(*places); i++) {
        snprintf(dir, sizeof(dir), "%.*s/%s", (int)(slash - exe), exe, places[i]);
        if (try(dir, name, path, size))
            return true;
    }
    return try(ND_DATADIR "/stdlib", name, path, size);
}

int nd_find_script(const char *name, char *path, size_t size)
{
    if (snprintf(path, size, "%s", name) < (int)size && is_file(path))
        return 0;
    if (!is_name(name))
        return -ENOENT;
    return try_roots(try_library, name, path, size) || try_roots(try_other_names, name, path, size)
               ? 0
               : -ENOENT;
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
