// SPDX-License-Identifier: GPL-2.0-or-later
// A program to be traced: what it does is known to the number. Waits for a line on stdin, calls
// work() N times, and stays until stdin is closed. Serves t_probes.sh.
#include <stdio.h>
#include <stdlib.h>
#include <sys/sdt.h>
#include <unistd.h>

__attribute__((noinline)) long work(int n, const char *text);
__attribute__((noinline)) long work_more(int n);

long work(int n, const char *text)
{
    DTRACE_PROBE2(target, step, n, text);
    __asm__ volatile("" ::: "memory"); // not to be removed or merged
    return 2l * n;
}

long work_more(int n)
{
    __asm__ volatile("" ::: "memory");
    return n + 1;
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 100, i;
    char line[64], text[64];
    long sum = 0;

    if (!fgets(line, sizeof(line), stdin))
        return 1;
    for (i = 0; i < n; i++) {
        snprintf(text, sizeof(text), "step %d", i);
        sum += work(i, text) + work_more(i);
        if (i % 10 == 0)
            sum += getppid() > 0;
    }
    printf("%ld\n", sum);
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin))
        ;
    return 0;
}
