// SPDX-License-Identifier: GPL-2.0-or-later
// Filters of system calls are tables of numbers, made into BPF by a loop (seccomp(2)). Each looks
// at the architecture first: numbers of another one mean other calls.
#include "runtime/common/sandbox.h"

#include "runtime/common/caps.h"
#include "runtime/common/sanitized.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif
#define X32 0x40000000u // x86-64: the same calls under other numbers

#define NOBODY 65534
// include/uapi/linux/capability.h; newer than some headers
#define NEW_CAP_PERFMON 38
#define NEW_CAP_BPF 39
#define NEW_CAP_CHECKPOINT_RESTORE 40

// ---- system calls ------------------------------------------------------------------------------

#ifdef ARCH

#define DATA(field) ((uint32_t)offsetof(struct seccomp_data, field))
#define FILTER_MAX 256u

struct filter {
    struct sock_filter v[FILTER_MAX];
    unsigned short n;
};

static void put(struct filter *f, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
    if (f->n < FILTER_MAX)
        f->v[f->n++] = (struct sock_filter){code, yes, no, k};
}

static void answer(struct filter *f, uint32_t how)
{
    put(f, BPF_RET | BPF_K, 0, 0, how);
}

static void begin(struct filter *f, uint32_t other)
{
    f->n = 0;
    put(f, BPF_LD | BPF_W | BPF_ABS, 0, 0, DATA(arch));
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCH);
    answer(f, other);
    put(f, BPF_LD | BPF_W | BPF_ABS, 0, 0, DATA(nr));
    put(f, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32);
    answer(f, other);
}

// The call `nr` gets this answer.
static void one(struct filter *f, uint32_t nr, uint32_t how)
{
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, nr);
    answer(f, how);
}

// The call `nr` with an argument whose low half has any of these bits: refused; otherwise allowed.
static void unless_bits(struct filter *f, uint32_t nr, unsigned int arg, uint32_t bits, int err)
{
    put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, nr);
    put(f, BPF_LD | BPF_W | BPF_ABS, 0, 0, DATA(args) + 8 * arg); // little endian
    put(f, BPF_JMP | BPF_JSET | BPF_K, 0, 1, bits);
    answer(f, SECCOMP_RET_ERRNO | (uint32_t)err);
    answer(f, SECCOMP_RET_ALLOW);
}

static int enter(const struct filter *f)
{
    const struct sock_fprog prog = {.len = f->n, .filter = (struct sock_filter *)f->v};

    if (f->n == FILTER_MAX)
        return -E2BIG;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0))
        return -errno;
    return 0;
}

// What reading, thinking and writing to what is open take.
static const uint32_t reading[] = {
    SYS_read,
    SYS_readv,
    SYS_pread64,
    SYS_write,
    SYS_writev,
    SYS_pwrite64,
    SYS_lseek,
    SYS_close,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_fstatfs,
    SYS_statfs,
    SYS_faccessat,
    SYS_readlinkat,
    SYS_getdents64,
    SYS_getcwd,
    SYS_dup,
    SYS_dup3,
    SYS_ftruncate,
    SYS_fcntl,
    SYS_ioctl,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_brk,
    SYS_futex,
    SYS_getrandom,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_getpid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_uname,
    SYS_sysinfo,
    SYS_sched_getaffinity,
    SYS_sched_yield,
    SYS_getrusage,
    SYS_times,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_ppoll,
    SYS_set_robust_list,
    SYS_set_tid_address,
    SYS_capget,
    SYS_exit,
    SYS_exit_group,
#ifdef __x86_64__
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_getdents,
    SYS_poll,
    SYS_dup2,
    SYS_arch_prctl,
    SYS_time,
#endif
#ifdef SYS_faccessat2
    SYS_faccessat2,
#endif
#ifdef SYS_rseq
    SYS_rseq,
#endif
};

static int only_reading(void)
{
    const uint32_t writes = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
    struct filter f;
    size_t i;

    begin(&f, SECCOMP_RET_KILL);
    for (i = 0; i < sizeof(reading) / sizeof(*reading); i++)
        one(&f, reading[i], SECCOMP_RET_ALLOW);
    unless_bits(&f, SYS_openat, 2, writes, EACCES);
#ifdef __x86_64__
    unless_bits(&f, SYS_open, 1, writes, EACCES);
#endif
    // A C library that asks for a newer call falls back on an older one.
    answer(&f, SECCOMP_RET_ERRNO | ENOSYS);
    return enter(&f);
}

// What a tracer never does once it has attached. Names of control groups come by
// open_by_handle_at().
static const uint32_t not_tracing[] = {
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_writev,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_setns,
    SYS_unshare,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_quotactl,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_name_to_handle_at,
    SYS_mknodat,
    SYS_fchownat,
    SYS_fchown,
    SYS_fchmodat,
    SYS_setuid,
    SYS_setresuid,
    SYS_connect,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
#ifdef __x86_64__
    SYS_iopl,
    SYS_ioperm,
    SYS_mknod,
    SYS_chown,
    SYS_chmod,
#endif
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_move_mount
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
#endif
};

static int only_tracing(void)
{
    struct filter f;
    size_t i;

    begin(&f, SECCOMP_RET_ERRNO | ENOSYS);
    for (i = 0; i < sizeof(not_tracing) / sizeof(*not_tracing); i++)
        one(&f, not_tracing[i], SECCOMP_RET_ERRNO | EPERM);
    // Counters of devices come through netlink; names of this run's instances are unix sockets.
    put(&f, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, SYS_socket);
    put(&f, BPF_LD | BPF_W | BPF_ABS, 0, 0, DATA(args));
    put(&f, BPF_JMP | BPF_JEQ | BPF_K, 2, 0, AF_NETLINK);
    put(&f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AF_UNIX);
    answer(&f, SECCOMP_RET_ERRNO | EPERM);
    answer(&f, SECCOMP_RET_ALLOW);
    return enter(&f);
}

#else // numbers of its calls are not known here

static int only_reading(void)
{
    return -ENOSYS;
}
static int only_tracing(void)
{
    return -ENOSYS;
}

#endif

// ---- what processes become ---------------------------------------------------------------------

static void limit(int what, rlim_t most)
{
    struct rlimit r;

    if (getrlimit((__rlimit_resource_t)what, &r) || r.rlim_cur <= most)
        return;
    r.rlim_cur = most;
    if (r.rlim_max > most)
        r.rlim_max = most;
    setrlimit((__rlimit_resource_t)what, &r);
}

#define CAP(n) (1ull << (n))

// /proc/PID/map_files, by which a file is reached that has no name any more.
static uint64_t mapped_files(void)
{
    return CAP(prctl(PR_CAPBSET_READ, NEW_CAP_CHECKPOINT_RESTORE, 0, 0, 0) == 1
                   ? NEW_CAP_CHECKPOINT_RESTORE
                   : CAP_SYS_ADMIN);
}

int nd_sandbox_reader(bool process)
{
    // Scripts, executables and trace formats may be root's alone; kallsyms hides addresses; the
    // files of a process are reached through /proc.
    const uint64_t keep = CAP(CAP_DAC_READ_SEARCH) | CAP(CAP_SYSLOG) | CAP(CAP_SYS_PTRACE) |
                          (process ? mapped_files() : 0);

    if (ND_SANITIZED)
        return 0;
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_AS, (rlim_t)8 << 30);
    limit(RLIMIT_FSIZE, (rlim_t)256 << 20);
    limit(RLIMIT_CPU, 300);
    if (!geteuid() && !prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)) {
        // Raw calls: those of the C library tell its threads, of which there are none.
        if (!syscall(SYS_setgroups, 0, NULL) && !syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) &&
            syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY)) {
            // A user namespace without that user: it stays what it is.
        }
    }
    nd_caps_keep(keep);
    return only_reading();
}

int nd_sandbox_tracer(bool kill, bool attach)
{
    uint64_t keep = CAP(NEW_CAP_BPF) | CAP(NEW_CAP_PERFMON) | CAP(CAP_DAC_READ_SEARCH) |
                    CAP(CAP_SYSLOG) | CAP(CAP_SYS_PTRACE) | CAP(CAP_IPC_LOCK) | mapped_files() |
                    (kill ? CAP(CAP_KILL) : 0);
    int err;

    // Before Linux 5.8 it stands for the first two, and maps need it then. Some distributions want
    // it for every perf event.
    if (attach || prctl(PR_CAPBSET_READ, NEW_CAP_BPF, 0, 0, 0) != 1)
        keep |= CAP(CAP_SYS_ADMIN);
    err = nd_caps_keep(keep);
    return ND_SANITIZED || err ? err : only_tracing();
}
