// SPDX-License-Identifier: GPL-2.0-or-later
// Time of the check that an object must pass before it is loaded, by its parts: the
// shortest of many. Not a test: prints numbers. Links like a unit test. Usage: bench_vet
// OBJECT.ndo...
#include "runtime/kernel/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 2000

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

static void *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "r");
    void *data = malloc(64 << 20);

    *size = f && data ? fread(data, 1, 64 << 20, f) : 0;
    if (f)
        fclose(f);
    return data;
}

static void measure(const char *path)
{
    double open = 1e9, vet = 1e9, all = 1e9, t;
    size_t size;
    void *file = read_file(path, &size);
    struct nd_load l;
    struct nd_vet v;
    uint32_t insns = 0;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        t = now();
        if (nd_load_open(&l, file, size))
            return;
        all = least(all, now() - t);
        t = now();
        nd_vet_open(&v, l.elf, l.elf_size);
        open = least(open, now() - t);
        t = now();
        nd_vet_object(&v, &l.mf);
        vet = least(vet, now() - t);
        insns = v.ninsns;
        nd_vet_close(&v);
        nd_load_free(&l);
    }
    printf("%s: %zu bytes, %u instructions: file and types %.1f us, instructions and maps %.1f us; "
           "with copy, checksum and manifest %.1f us\n",
           path, size, insns, open, vet, all);
    free(file);
}

int main(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++)
        measure(argv[i]);
    return 0;
}
