// SPDX-License-Identifier: GPL-2.0-or-later
// Time limits that only a hang can reach: what other work takes of the CPUs does not count.
//
//   within SECONDS COMMAND [ARGUMENT...]   ends the command, with all of its group, after that
//   time:
//                                          TERM, 5 s later KILL; exit status 124, or the command's
//   within -w FILE      writes again and again how many ms were lost to other work since it began
//   within -c MICROSECONDS   prints how much slower than a machine that does a fixed piece of work
//   in
//                       that time this one is, in percent, at least 100
//
// TEST_LOST: the file of a watcher, which may run on the host of this emulated machine. TEST_SCALE:
// percent by which limits are longer. Serves the tests of tests/host and tests/vm.
#include "tests/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 200, GRACE_MS = 5000, MOST = 90 };

// ---- how much was lost
// ---------------------------------------------------------------------------

struct load {
    uint64_t total, steal; // ticks of all CPUs
    int running;           // that want a CPU now, without us
};

static void read_load(struct load *l)
{
    uint64_t v[8] = {0};
    char line[1024];
    FILE *f = fopen("/proc/stat", "re");

    memset(l, 0, sizeof(*l));
    while (f && fgets(line, sizeof(line), f)) {
        if (!strncmp(line, "cpu ", 4)) {
            char *p = line + 4;

            for (int i = 0; i < 8; i++) {
                v[i] = strtoull(p, &p, 10);
                l->total += v[i];
            }
            l->steal = v[7];
        } else if (!strncmp(line, "procs_running ", 14)) {
            l->running = atoi(line + 14) - 1;
        }
    }
    if (f)
        fclose(f);
}

// With R that want one of N CPUs, each gets N of R parts of the time.
static double lost_share(const struct load *now, const struct load *before)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    double share = now->running > cpus ? 1 - (double)cpus / now->running : 0;

    if (now->total > before->total)
        share += (double)(now->steal - before->steal) / (double)(now->total - before->total);
    return share * 100 > MOST ? MOST / 100.0 : share;
}

static int watch(const char *path)
{
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    int64_t last = clock_ms();
    struct load before, now;
    double lost = 0;
    char text[32];

    if (fd < 0) {
        fprintf(stderr, "within: %s: %s\n", path, strerror(errno));
        return 1;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    read_load(&before);
    for (;;) {
        int64_t at = clock_ms();

        read_load(&now);
        lost += (double)(at - last) * lost_share(&now, &before);
        before = now;
        last = at;
        // Always as long, so that no reader sees half a number.
        snprintf(text, sizeof(text), "%015lld\n", (long long)lost);
        if (pwrite(fd, text, 16, 0) != 16)
            return 1;
        usleep(TICK_MS * 1000);
    }
}

// ---- how fast this machine is
// --------------------------------------------------------------------

static int calibrate(int64_t reference)
{
    volatile uint32_t sum = 1;
    int64_t best = INT64_MAX;

    for (int round = 0; round < 5; round++) {
        struct timespec a, b;
        int64_t us;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
        for (int i = 0; i < 2000000; i++)
            sum = sum * 1664525 + 1013904223;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
        us = (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000;
        best = us < best ? us : best;
    }
    fprintf(stderr, "within: the fixed piece of work took %lld us\n", (long long)best);
    printf("%lld\n", (long long)(best > reference ? best * 100 / reference : 100));
    return 0;
}

// ---- a command
// -----------------------------------------------------------------------------------

static pid_t start(char **argv, const sigset_t *mask)
{
    pid_t pid = fork();

    if (pid) {
        if (pid > 0)
            setpgid(pid, pid);
        return pid;
    }
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], argv);
    fprintf(stderr, "within: %s: %s\n", argv[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

static int run(int64_t limit, char **argv)
{
    static const int signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    int64_t begin = counted_ms();
    struct timespec tick = {0, TICK_MS * 1000000L};
    sigset_t set, old;
    bool late = false;
    int status, sig;
    pid_t pid;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, &old);
    pid = start(argv, &old);
    if (pid < 0)
        return 125;
    while (waitpid(pid, &status, WNOHANG) != pid) {
        sig = sigtimedwait(&set, NULL, &tick);
        if (sig > 0 && sig != SIGCHLD)
            kill(-pid, sig); // what is for us is for the group
        if (counted_ms() - begin <= limit)
            continue;
        kill(-pid, late ? SIGKILL : SIGTERM);
        kill(-pid, SIGCONT);
        limit += GRACE_MS;
        late = true;
    }
    if (late)
        return 124;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    double limit = argc > 2 ? strtod(argv[1], NULL) * 1000 : 0;

    if (argc == 3 && !strcmp(argv[1], "-w"))
        return watch(argv[2]);
    if (argc == 3 && !strcmp(argv[1], "-c"))
        return calibrate(atoll(argv[2]));
    if (limit <= 0) {
        fprintf(stderr,
                "usage: within SECONDS COMMAND [ARGUMENT...] | -w FILE | -c MICROSECONDS\n");
        return 125;
    }
    return run(scaled_ms((int64_t)limit), argv + 2);
}
