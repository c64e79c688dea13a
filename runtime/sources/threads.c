// SPDX-License-Identifier: GPL-2.0-or-later
// Names of threads, from /proc: those of the kernel are processes of their own there.
#include "runtime/sources/threads.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool read_name(const char *path, char *out, int size)
{
    FILE *f = fopen(path, "re");
    bool got = f && fgets(out, size, f);

    if (f)
        fclose(f);
    if (got)
        out[strcspn(out, "\n")] = 0;
    return got;
}

// Is the name one of the words?
static bool has_word(const char *words, const char *name)
{
    size_t n = strlen(name);
    const char *p;

    for (p = strstr(words, name); p; p = strstr(p + 1, name)) {
        if ((p == words || p[-1] == ' ') && (!p[n] || p[n] == ' '))
            return true;
    }
    return false;
}

static void threads_of(const char *pid, const char *prefix, char *out, size_t size)
{
    char path[320], name[64];
    struct dirent *e;
    DIR *d;

    snprintf(path, sizeof(path), "/proc/%.20s/task", pid);
    d = opendir(path);
    while (d && (e = readdir(d))) {
        snprintf(path, sizeof(path), "/proc/%.20s/task/%.20s/comm", pid, e->d_name);
        if (e->d_name[0] == '.' || !read_name(path, name, sizeof(name)) ||
            strncmp(name, prefix, strlen(prefix)) != 0 || has_word(out, name) ||
            strlen(out) + strlen(name) + 2 > size)
            continue;
        if (*out)
            strcat(out, " ");
        strcat(out, name);
    }
    if (d)
        closedir(d);
}

void nd_threads_named(const char *prefix, char *out, size_t size)
{
    struct dirent *e;
    DIR *d = opendir("/proc");

    *out = 0;
    while (d && (e = readdir(d))) {
        if (e->d_name[0] >= '0' && e->d_name[0] <= '9')
            threads_of(e->d_name, prefix, out, size);
    }
    if (d)
        closedir(d);
}

void nd_threads_process(int64_t pid, char *out, size_t size)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%lld/comm", (long long)pid);
    if (pid <= 0 || !read_name(path, out, (int)size))
        *out = 0;
}
