// SPDX-License-Identifier: GPL-2.0-or-later
// The limits of the process aside. Files can be opened for reading only, memory is never mapped
// from a file or executable, messages go through one descriptor. Must not know messages.
#include "runtime/common/aside_impl.h"

#include "runtime/common/caps.h"
#include "runtime/common/sanitized.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MEMORY (256ull << 20) // more than it has at the start
#define FILES 512

// ---- descriptors -------------------------------------------------------------------------------

static void close_others(int keep)
{
    struct dirent *e;
    DIR *d;
    int fd;

#ifdef SYS_close_range
    if ((keep <= 3 || !syscall(SYS_close_range, 3u, (unsigned int)keep - 1, 0)) &&
        !syscall(SYS_close_range, (unsigned int)keep + 1, UINT_MAX, 0))
        return;
#endif
    d = opendir("/proc/self/fd");
    while (d && (e = readdir(d))) {
        fd = atoi(e->d_name);
        if (fd > 2 && fd != keep && fd != dirfd(d))
            close(fd);
    }
    if (d)
        closedir(d);
}

// Nothing of ours is held: a program stays attached as long as someone has its descriptor.
static void drop_descriptors(int keep)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;

    for (fd = 0; fd <= 2; fd++) {
        if (null < 0)
            close(fd);
        else if (fd < 2 || !ND_SANITIZED)
            dup2(null, fd);
    }
    close_others(keep);
}

// ---- limits ------------------------------------------------------------------------------------

static uint64_t mapped_now(void)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (f && fscanf(f, "%llu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void limit(__rlimit_resource_t what, rlim_t value)
{
    const struct rlimit r = {value, value};

    setrlimit(what, &r);
}

static void set_limits(void)
{
    if (!ND_SANITIZED)
        limit(RLIMIT_AS, mapped_now() + MEMORY);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, FILES);
}

void nd_aside_cpu(unsigned int seconds)
{
    struct rlimit r = {0, RLIM_INFINITY};
    struct timespec ts;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) || getrlimit(RLIMIT_CPU, &r))
        return;
    r.rlim_cur = (rlim_t)ts.tv_sec + 1 + seconds;
    if (r.rlim_cur < r.rlim_max)
        setrlimit(RLIMIT_CPU, &r);
}

// What is needed to read files of other users and other namespaces, as far as we have it.
static void drop_capabilities(void)
{
    nd_caps_keep(1ull << CAP_DAC_READ_SEARCH | 1ull << CAP_SYS_PTRACE | 1ull << CAP_SYS_ADMIN |
                 1ull << 40 /* CAP_CHECKPOINT_RESTORE */);
}

// ---- system calls ------------------------------------------------------------------------------

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef ARCH
#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS 0x80000000u
#endif
#ifndef SYS_statx
#define SYS_statx (-1)
#endif

enum condition { ANY, FD_IS, READ_ONLY, ANONYMOUS, NOT_EXEC, OWN };

static const struct {
    int nr;
    enum condition condition;
} allowed[] = {
    {SYS_read, ANY},
    {SYS_pread64, ANY},
    {SYS_recvfrom, FD_IS},
    {SYS_sendto, FD_IS},
    {SYS_openat, READ_ONLY},
    {SYS_close, ANY},
    {SYS_fstat, ANY},
    {SYS_newfstatat, ANY},
    {SYS_statx, ANY},
    {SYS_fstatfs, ANY},
    {SYS_readlinkat, ANY},
    {SYS_getdents64, ANY},
    {SYS_lseek, ANY},
    {SYS_mmap, ANONYMOUS},
    {SYS_mprotect, NOT_EXEC},
    {SYS_munmap, ANY},
    {SYS_mremap, ANY},
    {SYS_madvise, ANY},
    {SYS_brk, ANY},
    {SYS_futex, ANY},
    {SYS_clock_gettime, ANY},
    {SYS_getrandom, ANY},
    {SYS_sysinfo, ANY},
    {SYS_prlimit64, OWN},
    {SYS_getpid, ANY},
    {SYS_gettid, ANY},
    {SYS_tgkill, ANY},
    {SYS_rt_sigprocmask, ANY},
    {SYS_rt_sigreturn, ANY},
    {SYS_exit_group, ANY},
#ifdef SYS_open // older C libraries
    {SYS_stat, ANY},
    {SYS_readlink, ANY},
#endif
#if ND_SANITIZED
    {SYS_write, ANY},
    {SYS_sigaltstack, ANY},
    {SYS_sched_getaffinity, ANY},
    {SYS_sched_yield, ANY},
    {SYS_getrusage, ANY},
    {SYS_exit, ANY},
#endif
};

struct filter {
    struct sock_filter v[8 + 8 * sizeof(allowed) / sizeof(allowed[0])];
    unsigned short n;
};

static void put(struct filter *f, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
    f->v[f->n++] = (struct sock_filter){code, yes, no, k};
}

#define ARGUMENT(i) (uint32_t)(offsetof(struct seccomp_data, args) + (i) * sizeof(uint64_t))
#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define EQUAL (BPF_JMP | BPF_JEQ | BPF_K)
#define HAS (BPF_JMP | BPF_JSET | BPF_K)

// The low half of argument i: is it this, or has it none of these bits? Else the next instruction
// but one is the end of this call's.
static void check(struct filter *f, uint32_t i, uint16_t how, uint32_t k)
{
    put(f, LOAD, ARGUMENT(i), 0, 0);
    if (how == EQUAL)
        put(f, EQUAL, k, 1, 0);
    else
        put(f, HAS, k, 0, 1);
    put(f, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
}

static void allow(struct filter *f, size_t i, int fd)
{
    unsigned short jump = f->n;

    put(f, EQUAL, (uint32_t)allowed[i].nr, 0, 0);
    switch (allowed[i].condition) {
    case ANY:
        break;
    case FD_IS:
        check(f, 0, EQUAL, (uint32_t)fd);
        check(f, 4, EQUAL, 0); // no other address
        break;
    case READ_ONLY:
        check(f, 2, HAS, O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND);
        break;
    case ANONYMOUS:
        check(f, 2, HAS, PROT_EXEC);
        check(f, 4, EQUAL, UINT32_MAX);
        break;
    case NOT_EXEC:
        check(f, 2, HAS, PROT_EXEC);
        break;
    case OWN:
        check(f, 0, EQUAL, 0);
        break;
    }
    put(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    f->v[jump].jf = (uint8_t)(f->n - jump - 1);
}

static int filter_calls(int fd)
{
    struct filter f = {.n = 0};
    struct sock_fprog prog = {.filter = f.v};
    size_t i;

    put(&f, LOAD, offsetof(struct seccomp_data, arch), 0, 0);
    put(&f, EQUAL, ARCH, 1, 0);
    put(&f, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        if (allowed[i].nr < 0)
            continue;
        put(&f, LOAD, offsetof(struct seccomp_data, nr), 0, 0);
        allow(&f, i, fd);
    }
    put(&f, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    prog.len = f.n;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
        return errno == EINVAL ? 0 : -errno; // a kernel built without it
    return 0;
}
#else
static int filter_calls(int fd)
{
    (void)fd;
    return 0;
}
#endif

int nd_aside_confine(int fd)
{
    drop_descriptors(fd);
    set_limits();
    drop_capabilities();
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
    return filter_calls(fd);
}
