// SPDX-License-Identifier: GPL-2.0-or-later
// A process whose threads are made late: prints its id, waits for a line on stdin, makes THREADS
// threads that each call getppid() CALLS times and then compute for MS milliseconds of CPU time,
// and ends when they have. Serves t_scope.sh.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long calls, ms;

__attribute__((noipa)) long burn_step(long n)
{
    return n + 1;
}

static long cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *burn(void *arg)
{
    volatile long n = 0;
    long i;

    for (i = 0; i < calls; i++) {
        syscall(SYS_getppid);
        n = burn_step(n);
    }
    while (cpu_ms() < ms)
        n++;
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t t[64];
    long n, i;
    char line[16];

    if (argc != 4)
        return 2;
    n = atol(argv[1]) < 64 ? atol(argv[1]) : 64;
    calls = atol(argv[2]);
    ms = atol(argv[3]);
    printf("%d\n", getpid());
    fflush(stdout);
    if (!fgets(line, sizeof(line), stdin))
        return 1;
    for (i = 0; i < n; i++)
        pthread_create(&t[i], NULL, burn, NULL);
    for (i = 0; i < n; i++)
        pthread_join(t[i], NULL);
    return 0;
}
