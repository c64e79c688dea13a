// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzz target: any bytes as the format file of a trace event, which a script then reads all fields
// of.
#include "compiler/compile.h"
#include "compiler/front/arena.h"
#include "compiler/kernel/kernel.h"
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENT "events/any/event"

// A description of a kernel that has one event, whose format is a file in memory.
static const char *facts(int *format)
{
    static char dir[] = "/tmp/ndtrace-fuzz-XXXXXX";
    char path[128], link[64];
    const char *part;

    *format = memfd_create("format", 0);
    if (*format < 0 || !mkdtemp(dir))
        abort();
    for (part = EVENT; (part = strchr(part, '/')); part++) {
        snprintf(path, sizeof(path), "%s/%.*s", dir, (int)(part - EVENT), EVENT);
        mkdir(path, 0700);
    }
    snprintf(path, sizeof(path), "%s/" EVENT, dir);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/" EVENT "/format", dir);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", *format);
    if (symlink(link, path))
        abort();
    return dir;
}

// Every field in a key, as it is.
static void use(const struct nd_tp_format *f, const char *dir)
{
    char text[8192] = "tracepoint:any:event { ";
    size_t n = strlen(text);
    struct nd_compile_opts o = {.text = text, .facts = dir};
    struct nd_unit *u;
    uint32_t i;

    for (i = 0; i < f->nfields && n < sizeof(text) - 300; i++)
        if (strlen(f->fields[i].name) < 100)
            n +=
                (size_t)snprintf(text + n, sizeof(text) - n, "@[args.%s] = 1; ", f->fields[i].name);
    strcat(text, "}");
    u = nd_unit_new(&o);
    if (u)
        nd_compile(u, "check");
    nd_unit_free(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *dir;
    static int format;
    const struct nd_tp_format *f;
    struct nd_kernel_opts ko;
    struct nd_arena *a;
    struct nd_kernel *k;
    const char *why;

    if (!dir)
        dir = facts(&format);
    if (ftruncate(format, 0) || pwrite(format, data, size, 0) != (ssize_t)size)
        abort();
    a = nd_arena_new();
    ko = (struct nd_kernel_opts){.facts = dir};
    k = nd_kernel_new(a, &ko);
    if (!nd_kernel_tracepoint(k, "any", "event", &f, &why))
        use(f, dir);
    nd_kernel_free(k);
    nd_arena_free(a);
    return 0;
}
