// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/common/signals.h"

// SIGHUP only if it is not ignored (nohup); SIGINT always, because shells start background jobs
// with it ignored.
void nd_signals_end(sigset_t *set)
{
    struct sigaction hup;

    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    if (!sigaction(SIGHUP, NULL, &hup) && hup.sa_handler != SIG_IGN)
        sigaddset(set, SIGHUP);
}

void nd_signals_hold(void)
{
    sigset_t set;

    nd_signals_end(&set);
    sigaddset(&set, SIGUSR1); // asks for maps, which are not there yet
    sigprocmask(SIG_BLOCK, &set, NULL);
}

bool nd_signals_pending(void)
{
    sigset_t set;

    return !sigpending(&set) &&
           (sigismember(&set, SIGINT) || sigismember(&set, SIGTERM) || sigismember(&set, SIGHUP));
}
