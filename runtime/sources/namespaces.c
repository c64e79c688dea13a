// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/sources/namespaces.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define INITIAL_PID_NS 0xeffffffcu // PROC_PID_INIT_INO

// Is the process that /proc calls "self" the one we are by our own count?
static bool proc_is_ours(void)
{
    char name[16];
    ssize_t n = readlink("/proc/self", name, sizeof(name) - 1);

    name[n > 0 ? n : 0] = 0;
    return atoi(name) == getpid();
}

struct nd_ns_pid nd_ns_own_pid(void)
{
    struct nd_ns_pid ns = {.own_proc = true};
    struct stat st;

    if (stat("/proc/self/ns/pid", &st) || st.st_ino == INITIAL_PID_NS)
        return ns;
    ns.dev = st.st_dev;
    ns.ino = st.st_ino;
    ns.own_proc = proc_is_ours();
    return ns;
}
