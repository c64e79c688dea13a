// SPDX-License-Identifier: GPL-2.0-or-later
// A program to be traced: what it does is known to the number. Waits for a line on stdin, calls
// work() N times, and stays until stdin is closed; or, told "calls", calls functions with many
// arguments and within each other from several threads, N times each, and ends. Serves t_probes.sh
// and t_args.sh.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sdt.h>
#include <unistd.h>

__attribute__((noinline)) long work(int n, const char *text);
__attribute__((noinline)) long work_more(int n);

// What a probe names by its symbol, and constants, which the assembler writes with a sign.
static int row[3] = {1, 2, -5};
static short narrow = -6;
int shared = -8; // has its name also in a stripped library

long work(int n, const char *text)
{
    DTRACE_PROBE2(target, step, n, text);
    if (n < 0)
        row[2] = narrow = shared = 0;
    DTRACE_PROBE5(target, constants, (unsigned int)-1, (unsigned short)-2, (unsigned char)-3, -4,
                  (unsigned long)-5);
    DTRACE_PROBE3(target, symbols, (unsigned short)narrow, row[2], (unsigned int)shared);
    __asm__ volatile("" ::: "memory"); // not to be removed or merged
    return 2l * n;
}

long work_more(int n)
{
    __asm__ volatile("" ::: "memory");
    return n + 1;
}

#ifdef __x86_64__
// Its instructions begin at 0, 5, 8 and 12; a breakpoint at 2 would make another number of the
// first.
__asm__(".pushsection .text\n"
        ".globl steps\n.type steps, @function\nsteps:\n.cfi_startproc\n"
        "movl $0x11223344, %eax\n"
        "addl %edi, %eax\n.byte 0x90\n"
        "leaq 1(%rax), %rax\n"
        "ret\n.cfi_endproc\n.size steps, . - steps\n.popsection\n");
#endif

#define THREADS 4
#define DEPTH 5

__attribute__((noipa)) long deep(long n, long depth);
__attribute__((noipa)) long nine(long a, long b, long c, long d, long e, long f, long g, int h,
                                 const char *i);

long deep(long n, long depth)
{
    if (depth)
        deep(n, depth - 1);
    __asm__ volatile("" ::: "memory");
    return 10 * n + depth;
}

long nine(long a, long b, long c, long d, long e, long f, long g, int h, const char *i)
{
    __asm__ volatile("" ::: "memory");
    return a + b + c + d + e + f + g + h + i[0];
}

struct caller {
    pthread_t thread;
    long id, n;
};

static void *calls_of(void *arg)
{
    const struct caller *c = arg;
    long i;

    for (i = 0; i < c->n; i++) {
        deep(1000 * c->id + i, DEPTH);
        nine(1, 2, 3, 4, 5, 6, 1000 * c->id + i, -7, "stack");
    }
    return NULL;
}

static int calls(long n, long threads)
{
    struct caller c[THREADS];
    long i;

    for (i = 0; i < threads && i < THREADS; i++) {
        c[i].id = i;
        c[i].n = n;
        if (pthread_create(&c[i].thread, NULL, calls_of, &c[i]))
            return 1;
    }
    while (i--)
        pthread_join(c[i].thread, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 100, i;
    char line[64], text[64];
    long sum = 0;

    if (argc > 2 && !strcmp(argv[2], "calls"))
        return calls(n, argc > 3 ? atol(argv[3]) : THREADS);
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
