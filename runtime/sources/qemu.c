// SPDX-License-Identifier: GPL-2.0-or-later
// Tap devices of virtual machines: QEMU's command line has the name, its open files the devices.
#include "runtime/sources/qemu.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CMDLINE_MAX (256u << 10)
#define TAPS_MAX 256

// VALUE of -name VALUE, or guest=VALUE in it: is it this name?
static bool names(const char *value, const char *name)
{
    const char *guest = strstr(value, "guest=");
    size_t n;

    value = guest ? guest + strlen("guest=") : value;
    n = strcspn(value, ",");
    return strlen(name) == n && !strncmp(value, name, n);
}

// An option, which QEMU takes with one dash or two.
static bool is_flag(const char *word, const char *flag)
{
    return !strcmp(word, flag) || (*word == '-' && !strcmp(word + 1, flag));
}

// qemu-system-x86_64, qemu-kvm; distributions also call it kvm.
static bool is_qemu(const char *program)
{
    const char *slash = strrchr(program, '/');

    program = slash ? slash + 1 : program;
    return strstr(program, "qemu") || !strcmp(program, "kvm");
}

// Is this the command line (words that end in NUL) of the QEMU of that name or UUID?
static bool is_vm(const char *cmd, size_t size, const char *name)
{
    const char *p, *end = cmd + size, *before = "";

    if (!is_qemu(cmd))
        return false;
    for (p = cmd; p < end; before = p, p += strlen(p) + 1) {
        if (is_flag(before, "-uuid") && !strcasecmp(p, name))
            return true;
        if (is_flag(before, "-name") && names(p, name))
            return true;
    }
    return false;
}

static size_t read_file(const char *path, char *text, size_t size)
{
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, size - 1, f) : 0;

    if (f)
        fclose(f);
    text[n] = 0;
    return n;
}

// The words that follow a flag; "" if it is not there.
static const char *value_of(const char *cmd, size_t size, const char *flag)
{
    const char *p, *end = cmd + size, *before = "";

    for (p = cmd; p < end; before = p, p += strlen(p) + 1) {
        if (is_flag(before, flag))
            return p;
    }
    return "";
}

int nd_qemu_name(int64_t pid, char *out, size_t size)
{
    char path[64], *cmd = malloc(CMDLINE_MAX);
    const char *name, *guest;
    size_t n;

    *out = 0;
    if (!cmd)
        return -ENOMEM;
    snprintf(path, sizeof(path), "/proc/%lld/cmdline", (long long)pid);
    n = read_file(path, cmd, CMDLINE_MAX);
    if (n && is_qemu(cmd)) {
        name = value_of(cmd, n, "-name");
        guest = strstr(name, "guest=");
        name = guest ? guest + strlen("guest=") : name;
        if (!*name)
            name = value_of(cmd, n, "-uuid");
        snprintf(out, size, "%.*s", (int)strcspn(name, ","), name);
        if (!*out)
            snprintf(out, size, "qemu");
    }
    free(cmd);
    return 0;
}

struct taps {
    char name[TAPS_MAX][IFNAMSIZ];
    uint32_t n;
};

static void add_tap(struct taps *t, const char *fdinfo)
{
    const char *iff = strstr(fdinfo, "iff:\t");
    char name[IFNAMSIZ];
    uint32_t i;

    if (!iff || sscanf(iff + 5, "%15s", name) != 1)
        return;
    for (i = 0; i < t->n; i++) { // a file for each queue
        if (!strcmp(t->name[i], name))
            return;
    }
    if (t->n < TAPS_MAX)
        memcpy(t->name[t->n++], name, sizeof(name));
}

static void find_taps(struct taps *t, const char *pid)
{
    char path[300], text[1024];
    struct dirent *e;
    DIR *d;

    snprintf(path, sizeof(path), "/proc/%.20s/fdinfo", pid);
    d = opendir(path);
    while (d && (e = readdir(d))) {
        snprintf(path, sizeof(path), "/proc/%.20s/fdinfo/%.20s", pid, e->d_name);
        if (e->d_name[0] != '.' && read_file(path, text, sizeof(text)))
            add_tap(t, text);
    }
    if (d)
        closedir(d);
}

static int by_name(const void *a, const void *b)
{
    return strverscmp(a, b);
}

static void taps_of(struct taps *t, const char *name, char *cmd)
{
    struct dirent *e;
    char path[64];
    DIR *d = opendir("/proc");

    while (d && (e = readdir(d))) {
        size_t n;

        if (e->d_name[0] < '0' || e->d_name[0] > '9')
            continue;
        snprintf(path, sizeof(path), "/proc/%.20s/cmdline", e->d_name);
        n = read_file(path, cmd, CMDLINE_MAX);
        if (n && is_vm(cmd, n, name))
            find_taps(t, e->d_name);
    }
    if (d)
        closedir(d);
    qsort(t->name, t->n, sizeof(t->name[0]), by_name);
}

int nd_qemu_tap(const char *name, int64_t i, char tap[IFNAMSIZ])
{
    struct taps t = {.n = 0};
    char *cmd = malloc(CMDLINE_MAX);

    *tap = 0;
    if (!cmd)
        return -ENOMEM;
    if (*name)
        taps_of(&t, name, cmd);
    free(cmd);
    if (i >= 0 && i < t.n)
        memcpy(tap, t.name[i], IFNAMSIZ);
    return 0;
}
