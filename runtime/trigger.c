// SPDX-License-Identifier: GPL-2.0-or-later
// The function is found in our own executable by its address and the mapping it lies in. Only this
// process is traced. Must not know scripts.
#include "trigger.h"

#include "attach_perf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

// What the uprobe is on. The barrier keeps calls from being folded into one or left out.
__attribute__((noinline, used)) static void target(void)
{
    __asm__ volatile("" ::: "memory");
}

// Offset in the file of an address of ours, or -1.
static int64_t file_offset(uintptr_t address)
{
    FILE *f = fopen("/proc/self/maps", "re");
    unsigned long from, to, off;
    int64_t found = -1;
    char line[512];

    while (f && found < 0 && fgets(line, sizeof(line), f)) {
        if (sscanf(line, "%lx-%lx %*s %lx", &from, &to, &off) == 3 && address >= from &&
            address < to)
            found = (int64_t)(address - from + off);
    }
    if (f)
        fclose(f);
    return found;
}

int nd_trigger(int prog)
{
    int64_t off = file_offset((uintptr_t)target);
    int perf, err = 0;

    if (off < 0)
        return -ENOENT;
    perf = nd_perf_open_own("/proc/self/exe", (uint64_t)off);
    if (perf < 0)
        return perf;
    if (ioctl(perf, PERF_EVENT_IOC_SET_BPF, prog) || ioctl(perf, PERF_EVENT_IOC_ENABLE, 0))
        err = -errno;
    else
        target();
    close(perf);
    return err;
}
