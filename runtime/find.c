// SPDX-License-Identifier: GPL-2.0-or-later
// Tools of the standard library lie one folder deep (net/, drop/, ...), beside the program in a
// build tree or installed. Must not know what scripts contain. Serves the command line.
#include "find.h"

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
    bool found = try_dir(root, name, path, size);
    DIR *d = found ? NULL : opendir(root);

    while (d && !found && (e = readdir(d))) {
        int n = snprintf(dir, sizeof(dir), "%s/%s", root, e->d_name);

        if (e->d_name[0] != '.' && n > 0 && (size_t)n < sizeof(dir))
            found = try_dir(dir, name, path, size);
    }
    if (d)
        closedir(d);
    return found;
}

int nd_find_script(const char *name, char *path, size_t size)
{
    static const char *const places[] = {"../stdlib", "../scripts", "../share/ndtrace/stdlib",
                                         "../share/ndtrace/scripts"};
    char exe[PATH_MAX], dir[PATH_MAX + 64], *slash;
    ssize_t n;
    size_t i;

    if (snprintf(path, size, "%s", name) < (int)size && is_file(path))
        return 0;
    if (strchr(name, '/') || !*name)
        return -ENOENT;
    n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[n > 0 ? n : 0] = 0;
    slash = strrchr(exe, '/');
    for (i = 0; slash && i < sizeof(places) / sizeof(*places); i++) {
        snprintf(dir, sizeof(dir), "%.*s/%s", (int)(slash - exe), exe, places[i]);
        if (try_library(dir, name, path, size))
            return 0;
    }
    return try_library(ND_DATADIR "/stdlib", name, path, size) ? 0 : -ENOENT;
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
