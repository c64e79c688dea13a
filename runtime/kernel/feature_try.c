// SPDX-License-Identifier: GPL-2.0-or-later
// One small program or map for each feature. A trial that fails for lack of privileges says
// nothing: the feature counts as available, and loading will say what is wrong. Must not know
// scripts.
#include "runtime/kernel/feature_try.h"

#include "runtime/kernel/attach_multi.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct nd_feature_row rows[] = {ND_FEATURES(ND_FEATURE_ROW)};

#define INSN(c, d, s, o, i)                                                 \
    {                                                                       \
        .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) \
    }
#define MOV(d, i) INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define MOVR(d, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define CALL(f) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define SYS_MOUNT_SETATTR 442 // on all architectures; newer than some headers
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define COUNT(code) (sizeof(code) / sizeof((code)[0]))

// A descriptor that is closed at once, or a negative errno.
static int closed(int fd)
{
    int err = errno;

    if (fd >= 0)
        close(fd);
    return fd >= 0 ? 0 : -err;
}

static int load(const struct bpf_insn *code, size_t n)
{
    return bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "nd_try", "GPL", code, n, NULL);
}

static int try_ringbuf(struct nd_features *f)
{
    (void)f;
    return closed(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "nd_try", 0, 0,
                                 (uint32_t)sysconf(_SC_PAGESIZE), NULL));
}

static int try_mmap(struct nd_features *f)
{
    LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_MMAPABLE);

    (void)f;
    return closed(bpf_map_create(BPF_MAP_TYPE_ARRAY, "nd_try", 4, 8, 1, &o));
}

// Global data, and a verifier that knows what is in memory that no one can write (Linux 5.5): else
// it would follow what options that were not given rule out. It loads only if the second way is
// dead.
static int try_globals(struct nd_features *f)
{
    LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_RDONLY_PROG);
    int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "nd_try", 4, 8, 1, &o), err;
    const struct bpf_insn code[] = {
        INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_VALUE, 0, map),
        INSN(0, 0, 0, 0, 0),
        INSN(BPF_LDX | BPF_MEM | BPF_DW, 0, 1, 0, 0),
        INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1, 0),
        INSN(BPF_LDX | BPF_MEM | BPF_DW, 0, 10, 8, 0),
        MOV(0, 0),
        EXIT,
    };

    (void)f;
    if (map < 0)
        return -errno;
    err = bpf_map_freeze(map) ? -errno : closed(load(code, COUNT(code)));
    close(map);
    return err == -EACCES ? -EOPNOTSUPP : err; // the verifier's word, not for want of privileges
}

static int try_loops(struct nd_features *f)
{
    static const struct bpf_insn code[] = {
        MOV(0, 2),
        INSN(BPF_ALU64 | BPF_SUB | BPF_K, 0, 0, 0, 1),
        INSN(BPF_JMP | BPF_JNE | BPF_K, 0, 0, -2, 0),
        EXIT,
    };

    (void)f;
    return closed(load(code, COUNT(code)));
}

static int try_jmp32(struct nd_features *f)
{
    static const struct bpf_insn code[] = {
        MOV(0, 0),
        INSN(BPF_JMP32 | BPF_JEQ | BPF_K, 0, 0, 0, 0),
        EXIT,
    };

    (void)f;
    return closed(load(code, COUNT(code)));
}

static int try_atomics(struct nd_features *f)
{
    static const struct bpf_insn code[] = {
        INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 0),
        MOV(0, 0),
        INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 10, 0, -8, BPF_ADD | BPF_FETCH),
        MOV(0, 0),
        EXIT,
    };

    (void)f;
    return closed(load(code, COUNT(code)));
}

static int try_probe_read_kernel(struct nd_features *f)
{
    static const struct bpf_insn code[] = {
        MOVR(1, 10),
        INSN(BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, -8),
        MOV(2, 8),
        MOV(3, 0),
        CALL(BPF_FUNC_probe_read_kernel),
        MOV(0, 0),
        EXIT,
    };

    (void)f;
    return closed(load(code, COUNT(code)));
}

static int try_ns_pid(struct nd_features *f)
{
    static const struct bpf_insn code[] = {
        MOV(1, 0),   MOV(2, 0),
        MOVR(3, 10), INSN(BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, -8),
        MOV(4, 8),   CALL(BPF_FUNC_get_ns_current_pid_tgid),
        MOV(0, 0),   EXIT,
    };

    (void)f;
    return closed(load(code, COUNT(code)));
}

static int try_boot_clock(struct nd_features *f)
{
    static const struct bpf_insn code[] = {CALL(BPF_FUNC_ktime_get_boot_ns), EXIT};

    (void)f;
    return closed(load(code, COUNT(code)));
}

// With registers that do not fit it is refused for those where it is known, which the log says.
static int try_known(int helper)
{
    struct bpf_insn code[] = {MOV(1, 0), CALL(helper), EXIT};
    char log[512] = "";
    LIBBPF_OPTS(bpf_prog_load_opts, o, .log_buf = log, .log_size = sizeof(log), .log_level = 1);

    if (bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "nd_try", "GPL", code, COUNT(code), &o) < 0 &&
        errno == EPERM)
        return -EPERM;
    return strstr(log, "unknown func") || strstr(log, "invalid func") ? -EINVAL : 0;
}

static int try_percpu_read(struct nd_features *f)
{
    (void)f;
    return try_known(195 /* map_lookup_percpu_elem */);
}

static int try_each_elem(struct nd_features *f)
{
    (void)f;
    return try_known(164 /* for_each_map_elem */);
}

static int try_tai_clock(struct nd_features *f)
{
    static const struct bpf_insn code[] = {CALL(208 /* ktime_get_tai_ns */), EXIT};

    (void)f;
    return closed(load(code, COUNT(code)));
}

// Without the id of what it traces such a program is never loaded; a kernel that knows the kind
// says so in the log.
static int try_tracing(enum bpf_attach_type at)
{
    static const struct bpf_insn code[] = {MOV(0, 0), EXIT};
    char log[256] = "";
    LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = at, .log_buf = log,
                .log_size = sizeof(log), .log_level = 1);
    int err = closed(bpf_prog_load(BPF_PROG_TYPE_TRACING, "nd_try", "GPL", code, 2, &o));

    return *log ? 0 : err;
}

static int try_tp_btf(struct nd_features *f)
{
    (void)f;
    return try_tracing(BPF_TRACE_RAW_TP);
}

static int try_iter(struct nd_features *f)
{
    (void)f;
    return try_tracing(BPF_TRACE_ITER);
}

// Loading is not enough: architectures and configurations differ in what can be attached, and some
// kernels refuse with EPERM what they are not configured for.
static int try_fentry(struct nd_features *f)
{
    static const struct bpf_insn code[] = {MOV(0, 0), EXIT};
    LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = BPF_TRACE_FENTRY,
                .attach_btf_id = f->trace_id);
    int prog, err = try_tracing(BPF_TRACE_FENTRY);

    if (err) // some kernels without trampolines say -EPERM
        return -EOPNOTSUPP;
    if (!f->trace_id)
        return 0;
    prog = bpf_prog_load(BPF_PROG_TYPE_TRACING, "nd_try", "GPL", code, 2, &o);
    if (prog < 0)
        return -EOPNOTSUPP;
#ifdef __x86_64__ // where it loads it can be attached; a trial would wait for grace periods
    err = 0;
#else
    err = closed(bpf_raw_tracepoint_open(NULL, prog));
#endif
    close(prog);
    return err == -EPERM ? -EOPNOTSUPP : err;
}

static int try_kprobe_multi(struct nd_features *f)
{
    (void)f;
    return nd_multi_try() ? 0 : -EINVAL;
}

static int try_btf(struct nd_features *f)
{
    (void)f;
    return access("/sys/kernel/btf/vmlinux", F_OK) ? -errno : 0;
}

static int try_module_btf(struct nd_features *f)
{
    DIR *d = opendir("/sys/kernel/btf");
    const struct dirent *e;
    int n = 0;

    (void)f;
    while (d && (e = readdir(d)))
        n += e->d_name[0] != '.' && strcmp(e->d_name, "vmlinux") != 0;
    if (d)
        closedir(d);
    return n ? 0 : -ENOENT; // also where no module is loaded: then there is nothing to attach to
}

static int try_test_run(struct nd_features *f)
{
    static const struct bpf_insn code[] = {MOV(0, 0), EXIT};
    LIBBPF_OPTS(bpf_test_run_opts, o);
    int prog = load(code, COUNT(code)), err;

    (void)f;
    if (prog < 0)
        return -errno;
    err = bpf_prog_test_run_opts(prog, &o) ? -errno : 0;
    close(prog);
    return err;
}

static int try_pidfd(struct nd_features *f)
{
    (void)f;
    return closed((int)syscall(SYS_pidfd_open, getpid(), 0));
}

static int try_kprobe(struct nd_features *f)
{
    (void)f;
    return access("/sys/bus/event_source/devices/kprobe/type", F_OK) ? -errno : 0;
}

static int try_func_ip(struct nd_features *f)
{
    static const struct bpf_insn code[] = {CALL(173 /* get_func_ip */), EXIT};

    (void)f;
    return closed(bpf_prog_load(BPF_PROG_TYPE_KPROBE, "nd_try", "GPL", code, COUNT(code), NULL));
}

// Linux takes BTF of such functions since it verifies them.
static int try_global_func(struct nd_features *f)
{
    struct btf *btf = btf__new_empty();
    int id, err = -ENOMEM;

    (void)f;
    if (!btf)
        return -errno;
    id = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
    id = btf__add_func_proto(btf, id);
    if (btf__add_func(btf, "nd_try", BTF_FUNC_GLOBAL, id) > 0)
        err = btf__load_into_kernel(btf) ? -errno : 0;
    btf__free(btf);
    return err;
}

// Loads only where the verifier believes that the read cannot fail, see twin.h: what comes after a
// failure is memory beyond the stack.
static int try_results(struct nd_features *f)
{
    static const struct bpf_insn code[] = {
        MOVR(1, 10),
        INSN(BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, -8),
        MOV(2, 8),
        MOV(3, 0),
        CALL(BPF_FUNC_probe_read_str),
        INSN(BPF_JMP | BPF_JSGE | BPF_K, 0, 0, 1, 0),
        INSN(BPF_LDX | BPF_MEM | BPF_DW, 0, 10, 8, 0),
        MOV(0, 0),
        EXIT,
    };

    (void)f;
    return closed(load(code, COUNT(code))) ? 0 : -EOPNOTSUPP;
}

static int nothing(struct nd_features *f) // what is used finds out by itself
{
    (void)f;
    return 0;
}

static int (*const trials[ND_F_MAX])(struct nd_features *f) = {
    [ND_F_RINGBUF] = try_ringbuf,
    [ND_F_GLOBALS] = try_globals,
    [ND_F_MMAP] = try_mmap,
    [ND_F_LOOPS] = try_loops,
    [ND_F_JMP32] = try_jmp32,
    [ND_F_PROBE_READ_KERNEL] = try_probe_read_kernel,
    [ND_F_BOOT_CLOCK] = try_boot_clock,
    [ND_F_TAI_CLOCK] = try_tai_clock,
    [ND_F_TP_BTF] = try_tp_btf,
    [ND_F_FENTRY] = try_fentry,
    [ND_F_ITER] = try_iter,
    [ND_F_KPROBE] = try_kprobe,
    [ND_F_FUNC_IP] = try_func_ip,
    [ND_F_KPROBE_MULTI] = try_kprobe_multi,
    [ND_F_BTF] = try_btf,
    [ND_F_MODULE_BTF] = try_module_btf,
    [ND_F_TEST_RUN] = try_test_run,
    [ND_F_PERF_LINK] = nothing,
    [ND_F_MAP_BATCH] = nothing,
    [ND_F_PIDFD] = try_pidfd,
    [ND_F_GLOBAL_FUNC] = try_global_func,
    [ND_F_ATOMICS] = try_atomics,
    [ND_F_NS_PID] = try_ns_pid,
    [ND_F_RESULTS] = try_results,
    [ND_F_BTF_TRACE] = nothing, // the compiler finds out
    [ND_F_BTF_NAMES] = nothing,
    [ND_F_PERCPU_READ] = try_percpu_read,
    [ND_F_EACH_ELEM] = try_each_elem,
};

static int find(const char *name, size_t len)
{
    int i;

    for (i = 0; i < ND_F_MAX; i++) {
        if (strlen(rows[i].name) == len && !memcmp(rows[i].name, name, len))
            return i;
    }
    return -1;
}

// What libbpf finds to say of trials is nothing that a user could use; a load has its own log.
static int say_nothing(enum libbpf_print_level level, const char *fmt, va_list ap)
{
    (void)level;
    (void)fmt;
    (void)ap;
    return 0;
}

bool nd_features_init(struct nd_features *f, const char **bad, int *len)
{
    const char *p = getenv("NDTRACE_WITHOUT");
    size_t n;

    memset(f, 0, sizeof(*f));
    libbpf_set_print(say_nothing);
    for (; p && *p; p += n + (p[n] == ',')) {
        n = strcspn(p, ",");
        if (find(p, n) >= 0) {
            f->off |= 1u << find(p, n);
        } else if (n) {
            *bad = p;
            *len = (int)n;
            return false;
        }
    }
    return true;
}

bool nd_features_has(struct nd_features *f, enum nd_feature what)
{
    uint32_t bit = 1u << what;
    int err;

    if (f->off & bit)
        return false;
    if (!(f->tried & bit)) {
        err = trials[what](f);
        f->tried |= bit;
        if (err && err != -EPERM && err != -EACCES && err != -EMFILE && err != -ENOMEM)
            f->lacking |= bit;
    }
    return !(f->lacking & bit);
}

uint32_t nd_features_missing(struct nd_features *f, uint32_t wanted)
{
    uint32_t missing = 0, i;

    for (i = 0; i < ND_F_MAX; i++) {
        if ((wanted >> i & 1) && !nd_features_has(f, i))
            missing |= 1u << i;
    }
    return missing;
}

uint32_t nd_features_profile(struct nd_features *f)
{
    uint32_t missing = 0, i;

    // Linux 5.12; what refuses it in a container only makes us ask.
    if (syscall(SYS_MOUNT_SETATTR, -1, "", 0, NULL, 0) != -1 || errno != ENOSYS)
        return 0;
    for (i = 0; i < ND_F_MAX; i++) {
        if (i != ND_F_MODULE_BTF && !nd_features_has(f, i)) // that depends on what is loaded
            missing |= 1u << i;
    }
    f->tried &= ~ND_F_BIT(FENTRY); // can be asked better when there is a function to trace
    return missing;
}

const struct nd_feature_row *nd_features_row(enum nd_feature what)
{
    return &rows[what];
}
