// SPDX-License-Identifier: GPL-2.0-or-later
// Each program has its own address, so that they can stay attached: taking a uprobe
// away takes the kernel up to 100 ms. Only this process is traced. Must not know scripts.
#include "runtime/kernel/trigger.h"

#include "runtime/kernel/attach_perf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SLOTS 256

// What the uprobes are on: pieces of code that return at once. nop and ret are the same words on
// all machines of interest.
__asm__(".pushsection .text\n"
        "nd_trigger_slots:\n"
        ".rept 256\n"
        "nop\n"
        "ret\n"
        ".endr\n"
        "nd_trigger_slots_end:\n"
        ".popsection\n");
extern const char nd_trigger_slots[], nd_trigger_slots_end[];

struct nd_trigger {
    int fd[SLOTS]; // perf events, -1: not yet
};

struct nd_trigger *nd_trigger_new(void)
{
    struct nd_trigger *t = malloc(sizeof(*t));
    int i;

    for (i = 0; t && i < SLOTS; i++)
        t->fd[i] = -1;
    return t;
}

static const char *slot(uint32_t index)
{
    return nd_trigger_slots + (nd_trigger_slots_end - nd_trigger_slots) / SLOTS * index;
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

static int hang(const char *at, int prog)
{
    int64_t off = file_offset((uintptr_t)at);
    int perf = off < 0 ? -ENOENT : nd_perf_open_own("/proc/self/exe", (uint64_t)off), err;

    if (perf < 0)
        return perf;
    if (!ioctl(perf, PERF_EVENT_IOC_SET_BPF, prog) && !ioctl(perf, PERF_EVENT_IOC_ENABLE, 0))
        return perf;
    err = -errno;
    close(perf);
    return err;
}

int nd_trigger_run(struct nd_trigger *t, uint32_t index, int prog)
{
    void (*call)(void);

    if (index >= SLOTS)
        return -E2BIG;
    if (t->fd[index] < 0)
        t->fd[index] = hang(slot(index), prog);
    if (t->fd[index] < 0)
        return t->fd[index];
    call = (void (*)(void))(uintptr_t)slot(index);
    call();
    return 0;
}

void nd_trigger_free(struct nd_trigger *t)
{
    int i;

    for (i = 0; t && i < SLOTS; i++) {
        if (t->fd[i] >= 0)
            close(t->fd[i]);
    }
    free(t);
}
