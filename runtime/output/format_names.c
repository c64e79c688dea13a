// SPDX-License-Identifier: GPL-2.0-or-later
// Names of numbers that the kernel and programs have in common: signals and system calls. Must not
// know types. Serves format.c and the VM.
#include "runtime/output/format.h"

#include <stddef.h>

const char *nd_text_signal(int64_t n)
{
    static const char *const names[] = {
        NULL,        "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
        "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
        "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
        "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS",
    };

    return n > 0 && n < (int64_t)(sizeof(names) / sizeof(names[0])) ? names[n] : NULL;
}

const char *nd_text_syscall(int64_t n)
{
    static const char *const names[] = {
#define ND_SYSCALL(name, number) [number] = #name,
#include "runtime/output/syscalls.inc"
    };

    return n >= 0 && n < (int64_t)(sizeof(names) / sizeof(names[0])) ? names[n] : NULL;
}
