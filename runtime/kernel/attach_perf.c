// SPDX-License-Identifier: GPL-2.0-or-later
// perf_event_open(2) in its many forms. Must not know programs. Serves attach.c only.
#include "runtime/kernel/attach_perf.h"

#include "runtime/common/probekinds.h"

#include "runtime/common/caps.h"
#include "runtime/common/kallsyms.h"
#include "runtime/kernel/feature.h"
#include "runtime/kernel/fileplace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PMU "/sys/bus/event_source/devices/"
#define REF_CTR_SHIFT 32 // attr.config bits 32..63: offset of the reference counter, Linux 4.20

void nd_perf_init(struct nd_perf *p)
{
    memset(p, 0, sizeof(*p));
    p->tracefs = -1;
}

void nd_perf_close(struct nd_perf *p)
{
    if (p->tracefs >= 0)
        close(p->tracefs);
    p->tracefs = -1;
}

bool nd_perf_per_cpu(uint32_t kind)
{
    return nd_kind_attaches(kind, ND_AF_CPUS);
}

static int perf_open(struct perf_event_attr *attr, int pid, int cpu)
{
    long fd;

    attr->size = sizeof(*attr);
    fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    return fd < 0 ? -errno : (int)fd;
}

static int open_tracepoint(struct nd_perf *p, const struct nd_mf *mf, const struct nd_mf_attach *a)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .sample_period = 1};
    char path[512];
    int64_t id;

    if (p->tracefs < 0)
        p->tracefs = nd_feature_tracefs();
    if (p->tracefs < 0)
        return p->tracefs == -ENOENT ? -ENODEV : p->tracefs;
    snprintf(path, sizeof(path), "events/%s/%s/id", nd_mf_str(mf, a->s0), nd_mf_str(mf, a->s1));
    id = nd_feature_read_int(p->tracefs, path, "");
    if (id < 0)
        return (int)id;
    attr.config = (uint64_t)id;
    return perf_open(&attr, -1, 0); // the program runs on all CPUs all the same
}

// Type of the uprobe or kprobe PMU and the bit that makes it a return probe.
static int probe_pmu(const char *name, int64_t *type, int64_t *ret)
{
    char path[128];

    if (!*type) {
        snprintf(path, sizeof(path), PMU "%s/type", name);
        *type = nd_feature_read_int(AT_FDCWD, path, "");
        snprintf(path, sizeof(path), PMU "%s/format/retprobe", name);
        *ret = nd_feature_read_int(AT_FDCWD, path, "config:");
    }
    return *type < 0 ? -ENODEV : 0;
}

// Where what is there must be known first, the file is opened; -1 in *file: it need not be.
static int known_place(const struct nd_perf *p, const char *path, uint64_t off,
                       const struct nd_mf_attach *a, int *file)
{
    bool start = p->strict && !(a->flags & (ND_ATF_OPTION | ND_ATF_CHOSEN));
    int fd;

    *file = -1;
    if (p->strict && a->flags & ND_ATF_CHOSEN && a->num)
        return -EADDRNOTAVAIL;
    if (!a->num2 && !start)
        return 0;
    fd = nd_fileplace_open(path, off, a->num2, start);
    if (fd < 0)
        return fd;
    *file = fd;
    return 0;
}

static int open_uprobe(struct nd_perf *p, const struct nd_mf *mf, const struct nd_mf_attach *a,
                       uint32_t pid)
{
    const char *path = p->path ? p->path : nd_mf_str(mf, a->s0);
    struct perf_event_attr attr = {.sample_period = 1};
    int err = probe_pmu("uprobe", &p->uprobe, &p->uret), file, fd;
    char by_fd[64];

    if (err)
        return err;
    attr.type = (uint32_t)p->uprobe;
    if (a->kind == ND_AT_URETPROBE)
        attr.config |= 1ull << (p->uret < 0 ? 0 : p->uret);
    attr.config |= a->num2 << REF_CTR_SHIFT;
    attr.config2 = p->path ? p->off : a->num;
    if (!p->unsafe && nd_fileplace_misread(path, attr.config2))
        return -ENOEXEC;
    err = known_place(p, path, attr.config2, a, &file);
    if (err)
        return err;
    snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d", file);
    attr.config1 = (uint64_t)(uintptr_t)(file >= 0 ? by_fd : path);
    fd = perf_open(&attr, pid ? (int)pid : -1, pid ? -1 : 0);
    if (file >= 0)
        close(file);
    return fd;
}

int nd_perf_open_own(const char *path, uint64_t offset)
{
    struct perf_event_attr attr = {
        .sample_period = 1, .disabled = 1, .config1 = (uint64_t)(uintptr_t)path, .config2 = offset};
    struct nd_perf p;
    int err;

    nd_perf_init(&p);
    err = probe_pmu("uprobe", &p.uprobe, &p.uret);
    attr.type = (uint32_t)p.uprobe;
    return err ? err : perf_open(&attr, getpid(), -1);
}

static int open_kprobe(struct nd_perf *p, const struct nd_mf *mf, const struct nd_mf_attach *a)
{
    struct perf_event_attr attr = {.sample_period = 1};
    const char *func = nd_mf_str(mf, a->s1);
    int err = probe_pmu("kprobe", &p->kprobe, &p->kret);

    if (err)
        return err;
    attr.type = (uint32_t)p->kprobe;
    if (a->kind == ND_AT_KRETPROBE)
        attr.config |= 1ull << (p->kret < 0 ? 0 : p->kret);
    attr.config1 = *func ? (uint64_t)(uintptr_t)func : 0;
    attr.config2 = a->num;
    // By address where several functions have this name, and copies that the compiler made: kernels
    // before 5.0 make an event of the name, which must not have a dot.
    if (a->num2 || strchr(func, '.')) {
        uint32_t which = a->num2 ? (uint32_t)a->num2 : 1;
        uint64_t addr = nd_kallsyms_nth(func, which, nd_mf_str(mf, a->s0));

        if (!addr && a->num2)
            return -ENOENT;
        if (addr) {
            attr.config1 = 0;
            attr.config2 = addr + a->num;
        }
    }
    return perf_open(&attr, -1, 0);
}

// Of all processes, also for -p: the programs see to that. An event of a process would be of one of
// its threads only, and one that inherits misses a thread that is made while it is attached.
static int open_counter(const struct nd_mf_attach *a, int cpu)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE};

    if (a->kind == ND_AT_PROFILE) {
        attr.config = PERF_COUNT_SW_CPU_CLOCK;
        attr.freq = a->num2 == 0;
        attr.sample_period = a->num; // a union with sample_freq
    } else {
        attr.type = a->kind == ND_AT_HARDWARE ? PERF_TYPE_HARDWARE : PERF_TYPE_SOFTWARE;
        attr.config = a->num;
        attr.sample_period = a->num2 ? a->num2 : 1;
    }
    return perf_open(&attr, -1, cpu);
}

// Of all processes as well: another one may have the same address, so -p is what scripts use.
static int open_watch(const struct nd_mf_attach *a, int cpu)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_BREAKPOINT,
                                   .sample_period = 1,
                                   .bp_type = (uint32_t)(a->num2 >> 8),
                                   .bp_addr = a->num,
                                   .bp_len = a->num2 & 255};

    return perf_open(&attr, -1, cpu);
}

int nd_perf_open(struct nd_perf *p, const struct nd_mf *mf, const struct nd_mf_attach *a,
                 uint32_t pid, int cpu)
{
    switch (a->kind) {
    case ND_AT_TRACEPOINT:
        return open_tracepoint(p, mf, a);
    case ND_AT_UPROBE:
    case ND_AT_URETPROBE:
        return open_uprobe(p, mf, a, pid);
    case ND_AT_KPROBE:
    case ND_AT_KRETPROBE:
        return open_kprobe(p, mf, a);
    case ND_AT_WATCHPOINT:
        return open_watch(a, cpu);
    default:
        return open_counter(a, cpu);
    }
}

#define CANNOT_PROBE                                                                         \
    "the kernel refuses kprobes on this function: it is notrace, inline, or on the list of " \
    "functions that must not be probed"
#define CANNOT_TRAMPOLINE                                                         \
    "this function has no room for a trampoline: it is notrace, or a tracer of  " \
    "another kind is using it"
#define INSIDE                                                                                 \
    "no instruction of the function begins at this offset; `objdump -d` or `gdb` shows where " \
    "they "                                                                                    \
    "do"
#define NOT_ITS_SEMAPHORE                                                                        \
    "the file has no USDT probe here with this semaphore, and the kernel would write where the " \
    "object says; compile the script again"
#define NO_START                                                                                \
    "no function of the file starts here, and a breakpoint inside an instruction would change " \
    "what the program does; ndtrace --unsafe attaches all the same"
#define MISREAD                                                                                  \
    "it begins with an AVX instruction that the kernel takes for a jump, and the program would " \
    "go "                                                                                        \
    "wrong; ndtrace --unsafe attaches all the same"
#define LOCKED "the kernel is locked down"
#define SEVERAL "several functions have this name; name the module, or give the address"

#define CHOSEN                                                                                     \
    "the library chooses one of several functions for this name when it is loaded (IFUNC), which " \
    "ndtrace only knows of libraries that it uses itself; name one of them, or give its address, " \
    "which a debugger shows in a process: gdb -p PID -batch -ex 'info symbol memcpy'"

// 0 as the kind stands for all kinds, 0 as the error for all errors; the first line that fits.
static const struct {
    uint32_t kind;
    int err;
    const char *why;
} reasons[] = {
    {ND_AT_TRACEPOINT, -ENOENT,
     "this kernel has no such tracepoint; `ndtrace list` shows what it has"},
    {ND_AT_TRACEPOINT, -ENODEV, "this kernel has no tracefs"},
    {ND_AT_RAW_TP, -ENOENT, "this kernel has no such raw tracepoint"},
    {ND_AT_UPROBE, -ENODEV, "this kernel has no uprobes (CONFIG_UPROBE_EVENTS)"},
    {ND_AT_URETPROBE, -ENODEV, "this kernel has no uprobes (CONFIG_UPROBE_EVENTS)"},
    {ND_AT_UPROBE, -ENODATA, "the option that names the file was not given"},
    {ND_AT_URETPROBE, -ENODATA, "the option that names the file was not given"},
    {ND_AT_UPROBE, -ENOTSUP, CHOSEN},
    {ND_AT_URETPROBE, -ENOTSUP, CHOSEN},
    {ND_AT_UPROBE, -ENXIO, "the file has no such function"},
    {ND_AT_URETPROBE, -ENXIO, "the file has no such function"},
    {ND_AT_UPROBE, -ENOENT, "the executable does not exist"},
    {ND_AT_URETPROBE, -ENOENT, "the executable does not exist"},
    {ND_AT_KPROBE, -ENODEV,
     "this kernel has no kprobes (CONFIG_KPROBES is not set); "
     "use a tracepoint or a raw tracepoint instead"},
    {ND_AT_KRETPROBE, -ENODEV,
     "this kernel has no kretprobes (CONFIG_KPROBES is not set); "
     "use a tracepoint or a raw tracepoint instead"},
    {ND_AT_KPROBE, -ENOENT, "this kernel has no such function; is its module loaded?"},
    {ND_AT_KRETPROBE, -ENOENT, "this kernel has no such function; is its module loaded?"},
    {ND_AT_KPROBE, -EINVAL, CANNOT_PROBE},
    {ND_AT_KRETPROBE, -EINVAL, CANNOT_PROBE},
    {ND_AT_KPROBE, -EADDRNOTAVAIL, SEVERAL},
    {ND_AT_KRETPROBE, -EADDRNOTAVAIL, SEVERAL},
    {ND_AT_HARDWARE, -ENOENT,
     "this machine does not offer that hardware counter (virtual machines "
     "often have none)"},
    {ND_AT_HARDWARE, -EOPNOTSUPP, "this machine does not offer that hardware counter"},
    {ND_AT_WATCHPOINT, -ENOSPC, "the processor watches only a few places (4 on x86), all in use"},
    {ND_AT_WATCHPOINT, -EINVAL,
     "the processor cannot watch this: the address must be a multiple of the length"},
    {ND_AT_WATCHPOINT, -EOPNOTSUPP, "this processor cannot watch memory"},
    {0, -ESRCH, "there is no such process"},
    {ND_AT_UPROBE, -EBADMSG, NOT_ITS_SEMAPHORE},
    {ND_AT_URETPROBE, -EBADMSG, NOT_ITS_SEMAPHORE},
    {ND_AT_UPROBE, -ENOEXEC, MISREAD},
    {ND_AT_URETPROBE, -ENOEXEC, MISREAD},
    {ND_AT_UPROBE, -EADDRNOTAVAIL, NO_START},
    {ND_AT_URETPROBE, -EADDRNOTAVAIL, NO_START},
    {ND_AT_KPROBE, -EILSEQ, INSIDE},
    {ND_AT_KRETPROBE, -EILSEQ, INSIDE},
    {ND_AT_UPROBE, -EILSEQ, INSIDE},
    {0, -EPERM, LOCKED},
    {0, -EACCES, LOCKED},
    {0, -EMFILE, "too many open files; raise the limit with ulimit -n"},
    {ND_AT_FENTRY, -EBUSY, CANNOT_TRAMPOLINE},
    {ND_AT_FEXIT, -EBUSY, CANNOT_TRAMPOLINE},
    {ND_AT_FENTRY, 0,
     "this kernel cannot attach to functions this way (fentry needs "
     "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS); use a tracepoint instead"},
    {ND_AT_FEXIT, 0,
     "this kernel cannot attach to functions this way (fexit needs "
     "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS); use a tracepoint instead"},
};

// Which capability is missing for a kind of probe that the kernel refused, in the order in which
// the kernel asks. The rest of the table names what programs of every kind need.
static const struct {
    uint32_t kind; // 0: all
    enum nd_cap cap;
    const char *why;
} caps[] = {
    {ND_AT_UPROBE, ND_CAP_SYS_ADMIN,
     "CAP_SYS_ADMIN is missing, which this kernel wants for uprobes"},
    {ND_AT_URETPROBE, ND_CAP_SYS_ADMIN,
     "CAP_SYS_ADMIN is missing, which this kernel wants for uprobes"},
    {ND_AT_TRACEPOINT, ND_CAP_DAC_READ_SEARCH,
     "CAP_DAC_READ_SEARCH is missing: the number of a tracepoint is in a file of tracefs, which "
     "belongs to root"},
    {0, ND_CAP_PERFMON, "CAP_PERFMON is missing"},
    {0, ND_CAP_BPF, "CAP_BPF is missing"},
};

#define WAY_none false
#define WAY_raw false
#define WAY_perf true
static const bool by_perf[ND_AT_KIND_MAX] = {
#define ND_ATTACH(id, programs, how, attach, flags) [ND_AT_##id] = WAY_##attach,
#include "runtime/common/probes.def"
};

static const char *missing_cap(uint32_t kind)
{
    size_t i;

    if (nd_caps_has(ND_CAP_SYS_ADMIN) && kind != ND_AT_TRACEPOINT)
        return NULL;
    if (!nd_caps_has(ND_CAP_SYS_ADMIN) && by_perf[kind] &&
        nd_feature_read_int(AT_FDCWD, "/proc/sys/kernel/perf_event_paranoid", "") > 2)
        return "CAP_SYS_ADMIN is missing, which this kind of probe needs while sysctl "
               "kernel.perf_event_paranoid is above 2";
    for (i = 0; i < sizeof(caps) / sizeof(*caps); i++) {
        if ((!caps[i].kind || caps[i].kind == kind) && !nd_caps_has(caps[i].cap))
            return caps[i].why;
    }
    return NULL;
}

const char *nd_perf_why(const struct nd_mf_attach *a, int err)
{
    const char *why = err == -EPERM || err == -EACCES ? missing_cap(a->kind) : NULL;
    size_t i;

    if (why)
        return why;
    if ((err == -EPERM || err == -EACCES) && !nd_caps_lockdown())
        return "a security module or a sandbox forbids it";
    for (i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
        if ((!reasons[i].kind || reasons[i].kind == a->kind) &&
            (!reasons[i].err || reasons[i].err == err))
            return reasons[i].why;
    }
    return strerror(-err);
}
