// SPDX-License-Identifier: GPL-2.0-or-later
// Small questions to the kernel. Each tries the thing itself instead of comparing versions.
// Must not know scripts. Serves loading, attaching and maps.
#include "runtime/kernel/feature.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int nd_feature_tracefs(void)
{
    static const char *const mounts[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
    int fs, dir, err;
    size_t i;

    for (i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
        dir = open(mounts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir >= 0 && !faccessat(dir, "events", F_OK, AT_EACCESS))
            return dir;
        if (dir >= 0)
            close(dir);
    }
    fs = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC); // Linux 5.2
    if (fs < 0)
        return -errno;
    dir = -1;
    if (!syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
        dir = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
    err = errno;
    close(fs);
    return dir >= 0 ? dir : -err;
}

// The kernel waits for all programs after an update of a map of maps (maybe_wait_bpf_programs).
static int grace_by_map(void)
{
    LIBBPF_OPTS(bpf_map_create_opts, opts);
    int inner, outer = -1, err = 0;
    uint32_t zero = 0;

    inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "nd_grace_in", 4, 4, 1, NULL);
    if (inner < 0)
        return -errno;
    opts.inner_map_fd = (uint32_t)inner;
    outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "nd_grace", 4, 4, 1, &opts);
    if (outer < 0 || bpf_map_update_elem(outer, &zero, &inner, 0))
        err = -errno;
    if (outer >= 0)
        close(outer);
    close(inner);
    return err;
}

int nd_feature_grace(void)
{
    const struct timespec nap = {.tv_nsec = 200000000};
    int err, cpus[2];

    // A synchronize_rcu, but refused with nohz_full, and left out by the kernel on a single CPU,
    // where a preempted program may still be half way.
    if (nd_feature_online(cpus, 2) > 1 && !syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
        return 0;
    err = grace_by_map();
    if (err)
        nanosleep(&nap, NULL);
    return err;
}

int64_t nd_feature_read_int(int dir, const char *path, const char *prefix)
{
    char text[64];
    size_t skip = strlen(prefix);
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return -errno;
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0)
        return n ? -EIO : -ENODATA;
    text[n] = 0;
    if (strncmp(text, prefix, skip) != 0)
        return -EINVAL;
    return strtoll(text + skip, NULL, 0);
}

int nd_feature_online(int *cpus, int max)
{
    char text[1024], *p = text;
    int fd, n = 0;
    ssize_t got;

    fd = open("/sys/devices/system/cpu/online", O_RDONLY | O_CLOEXEC);
    got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[got > 0 ? got : 0] = 0;
    while (*p >= '0' && *p <= '9') { // "0-3,8,10-11"
        long from = strtol(p, &p, 10), to = from;

        if (*p == '-')
            to = strtol(p + 1, &p, 10);
        for (; from <= to && n < max; from++)
            cpus[n++] = (int)from;
        if (*p == ',')
            p++;
    }
    if (!n && max > 0)
        cpus[n++] = 0;
    return n;
}
