// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/common/btffile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct place { // around the release, or the module's file with its folder below lib/modules
    const char *before, *after;
};
static const struct place kernels[] = {
    {"/usr/lib/debug/boot/vmlinux-", ""},
    {"/usr/lib/debug/boot/vmlinux-", ".debug"},
    {"/usr/lib/debug/lib/modules/", "/vmlinux"},
    {"/usr/lib/debug/lib/modules/", "/vmlinux.debug"},
    {"/boot/vmlinux-", ""},
    {"/lib/modules/", "/build/vmlinux"},
};
static const struct place modules[] = {
    {"/usr/lib/debug/lib/modules/", ".debug"},
    {"/usr/lib/debug/lib/modules/", ""},
    {"/usr/lib/debug/usr/lib/modules/", ".debug"},
};

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))

bool nd_modfile_is(const char *line, size_t len, const char *module)
{
    const char *end = memchr(line, ':', len), *name = end ? end : line + len;
    size_t n = strlen(module), i, left;

    for (left = (size_t)(name - line); name > line && name[-1] != '/'; name--)
        ;
    left -= (size_t)(name - line);
    if (left < n + 3 || strncmp(name + n, ".ko", 3) != 0)
        return false;
    for (i = 0; i < n; i++) {
        if ((name[i] == '-' ? '_' : name[i]) != (module[i] == '-' ? '_' : module[i]))
            return false;
    }
    return true;
}

// "RELEASE/kernel/net/openvswitch/openvswitch.ko", however the file itself is compressed.
static bool module_file(const char *release, const char *module, char *out, size_t size)
{
    char path[PATH_MAX], *line = NULL, *end;
    size_t room = 0;
    bool found = false;
    FILE *f;

    snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", release);
    f = fopen(path, "re");
    while (f && !found && getline(&line, &room, f) > 0) {
        found = nd_modfile_is(line, strcspn(line, "\n"), module);
        end = found ? strstr(line, ".ko") : NULL;
        if (end)
            snprintf(out, size, "%s/%.*s", release, (int)(end + 3 - line), line);
    }
    free(line);
    if (f)
        fclose(f);
    return found;
}

// What the user names: false if that is not for this.
static bool named(const char *name, const char *module, char *path, size_t size)
{
    struct stat st;
    bool folder = !stat(name, &st) && S_ISDIR(st.st_mode);

    if (!folder && *module)
        return false;
    snprintf(path, size, "%s%s%s", name, folder ? "/" : "",
             !folder   ? ""
             : *module ? module
                       : "vmlinux");
    return true;
}

bool nd_btffile_at(unsigned int i, const char *given, const char *release, const char *module,
                   char *path, size_t size)
{
    const struct place *places = *module ? modules : kernels;
    size_t n = *module ? COUNT(modules) : COUNT(kernels);
    const char *name = given ? given : secure_getenv("NDTRACE_BTF");
    char file[PATH_MAX];

    if (strchr(module, '/'))
        return false;
    if (name && *name && named(name, module, path, size)) {
        if (!i)
            return true;
        i--;
    }
    if (i >= n || (given && !*module) ||
        (*module && !module_file(release, module, file, sizeof(file))))
        return false;
    snprintf(path, size, "%s%s%s", places[i].before, *module ? file : release, places[i].after);
    return true;
}
