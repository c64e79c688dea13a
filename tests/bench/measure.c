// SPDX-License-Identifier: GPL-2.0-or-later
// Runs one tracer while a fixed number of packets passes, and prints what it cost: the kernel's
// BPF statistics of the tracer's own programs, time to ready, memory, time to leave.
// Must not know which tracer it is. Serves run.sh.
//
//   measure [-n PACKETS] [-r PER_SECOND] [-s NS -d NS] [-o FILE] [-q] COMMAND...
//
// Prints one line: name=value pairs. "ready" is a line of the tracer's stderr with that word.
#include "traffic.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#define MAX_PROGS 64
#define READY_MS 20000
#define LEAVE_MS 20000

extern char **environ;

struct prog {
    uint32_t id;
    uint64_t ns, runs; // at the start of the traffic, then what was added
};

struct run {
    pid_t pid;
    int err; // our end of the tracer's stderr
    double started, ready, stopped, left;
    struct prog progs[MAX_PROGS];
    int nprogs;
    long rss_self; // KiB, of the tracer when it was told to stop
    struct rusage usage;
    int status;
};

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int start(struct run *r, char **argv, const char *out)
{
    posix_spawn_file_actions_t fa;
    int p[2], err;

    if (pipe2(p, O_CLOEXEC))
        return -errno;
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&fa, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&fa, p[1], 2);
    r->started = now_ms();
    err = posix_spawnp(&r->pid, argv[0], &fa, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&fa);
    close(p[1]);
    r->err = p[0];
    return -err;
}

// The word, not the end of "already".
static bool says_ready(const char *text)
{
    for (const char *p = text; (p = strstr(p, "ready")); p++)
        if (p == text || !isalpha((unsigned char)p[-1]))
            return true;
    return false;
}

// Waits for the word; what the tracer says goes to our stderr unless quiet.
static bool wait_ready(struct run *r, bool quiet)
{
    static char text[65536];
    size_t n = 0;

    while (n < sizeof(text) - 1) {
        struct pollfd p = {.fd = r->err, .events = POLLIN};
        double left = r->started + READY_MS - now_ms();
        ssize_t got;

        if (left <= 0 || poll(&p, 1, (int)left) <= 0)
            break;
        got = read(r->err, text + n, sizeof(text) - 1 - n);
        if (got <= 0)
            break;
        r->ready = now_ms();
        n += (size_t)got;
        text[n] = 0;
        if (says_ready(text)) {
            if (!quiet)
                fputs(text, stderr);
            return true;
        }
    }
    fprintf(stderr, "measure: the tracer was never ready:\n%s", text);
    return false;
}

// Ids of the programs that the tracer holds, directly or through links.
static void find_progs(struct run *r)
{
    char path[300], line[200];
    struct dirent *d;
    DIR *dir;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/fdinfo", r->pid);
    dir = opendir(path);
    while (dir && (d = readdir(dir))) {
        snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", r->pid, d->d_name);
        f = fopen(path, "r");
        while (f && fgets(line, sizeof(line), f)) {
            uint32_t id;
            int i;

            if (sscanf(line, "prog_id: %u", &id) != 1 || !id)
                continue;
            for (i = 0; i < r->nprogs && r->progs[i].id != id; i++)
                ;
            if (i == r->nprogs && i < MAX_PROGS)
                r->progs[r->nprogs++].id = id;
        }
        if (f)
            fclose(f);
    }
    if (dir)
        closedir(dir);
}

static void read_progs(struct run *r)
{
    for (int i = 0; i < r->nprogs; i++) {
        struct bpf_prog_info info = {0};
        uint32_t len = sizeof(info);
        int fd = bpf_prog_get_fd_by_id(r->progs[i].id);

        if (fd < 0)
            continue;
        if (bpf_obj_get_info_by_fd(fd, &info, &len) == 0) {
            r->progs[i].ns = info.run_time_ns - r->progs[i].ns;
            r->progs[i].runs = info.run_cnt - r->progs[i].runs;
        }
        close(fd);
    }
}

static long high_water(pid_t pid)
{
    char path[64], line[200];
    long kib = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

// SIGINT, then what it says last; killed if it does not leave.
static void leave(struct run *r, bool quiet)
{
    char buf[4096];
    double end;

    r->rss_self = high_water(r->pid);
    r->stopped = now_ms();
    end = r->stopped + LEAVE_MS;
    kill(r->pid, SIGINT);
    for (;;) {
        struct pollfd p = {.fd = r->err, .events = POLLIN};
        ssize_t got;

        if (now_ms() > end) {
            fprintf(stderr, "measure: the tracer does not leave\n");
            kill(r->pid, SIGKILL);
            break;
        }
        if (poll(&p, 1, 200) <= 0)
            continue;
        got = read(r->err, buf, sizeof(buf));
        if (got <= 0)
            break;
        if (!quiet)
            fwrite(buf, 1, (size_t)got, stderr);
    }
    wait4(r->pid, &r->status, 0, &r->usage);
    r->left = now_ms();
}

static void print_run(const struct run *r, const struct traffic *t)
{
    double per_event = 0;
    uint64_t runs = 0;

    // What one packet costs that passes each program once.
    for (int i = 0; i < r->nprogs; i++)
        if (r->progs[i].runs) {
            per_event += (double)r->progs[i].ns / (double)r->progs[i].runs;
            if (r->progs[i].runs > runs)
                runs = r->progs[i].runs;
        }
    printf("ns=%.1f runs=%llu progs=%d sent=%u got=%u pps=%.0f ready_ms=%.2f leave_ms=%.2f "
           "rss_self=%ld rss_max=%ld status=%d\n",
           per_event, (unsigned long long)runs, r->nprogs, t->sent, t->got, t->per_second,
           r->ready - r->started, r->left - r->stopped, r->rss_self, r->usage.ru_maxrss,
           WIFEXITED(r->status) ? WEXITSTATUS(r->status) : 128 + WTERMSIG(r->status));
}

int main(int argc, char **argv)
{
    struct traffic t = {.packets = 0};
    struct run r = {.err = -1};
    const char *out = "/dev/null";
    bool quiet = false;
    int c, stats = -1;

    while ((c = getopt(argc, argv, "+n:r:s:d:o:q")) != -1) {
        switch (c) {
        case 'n':
            t.packets = (uint32_t)atoi(optarg);
            break;
        case 'r':
            t.rate = (uint32_t)atoi(optarg);
            break;
        case 's':
            t.src_ns = optarg;
            break;
        case 'd':
            t.dst_ns = optarg;
            break;
        case 'o':
            out = optarg;
            break;
        case 'q':
            quiet = true;
            break;
        default:
            return 2;
        }
    }
    if (optind >= argc)
        return 2;
    if (t.packets) {
        stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
        if (stats < 0 || traffic_open(&t)) {
            perror("measure: statistics or sockets");
            return 1;
        }
    }
    if (start(&r, argv + optind, out)) {
        perror(argv[optind]);
        return 1;
    }
    if (wait_ready(&r, quiet) && t.packets) {
        find_progs(&r);
        traffic_send(&t, 500); // caches, keys of maps, neighbours: not counted
        read_progs(&r);
        traffic_send(&t, t.packets);
        read_progs(&r);
        usleep(100000); // events on their way
    }
    leave(&r, quiet);
    print_run(&r, &t);
    return r.ready > 0 && WIFEXITED(r.status) && !WEXITSTATUS(r.status) ? 0 : 1;
}
