// SPDX-License-Identifier: GPL-2.0-or-later
// How many of us trace at a time: each takes a name in the kernel's table of local sockets, which
// disappears with it however it ends, and leaves nothing in any folder. Anyone can take such a
// name, so one counts only if its holder is root or who we are, which the kernel tells of a socket
// that listens. Names are those of one network namespace. Must not know scripts. Serves the run.
#include "runtime/run/instance.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NAMES 64u // that are tried: a stranger may hold some

static socklen_t name_of(struct sockaddr_un *name, unsigned int i)
{
    int n;

    *name = (struct sockaddr_un){.sun_family = AF_UNIX}; // begins with a zero: in no folder
    n = snprintf(name->sun_path + 1, sizeof(name->sun_path) - 1, "ndtrace-tracing-%u", i);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

// Who holds the name: one who may trace? Does not wait: a stranger need not answer.
static bool is_tracer(const struct sockaddr_un *name, socklen_t size)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t n = sizeof(who);
    bool yes = fd >= 0 && !connect(fd, (const struct sockaddr *)name, size) &&
               !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) &&
               (!who.uid || who.uid == geteuid());

    if (fd >= 0)
        close(fd);
    return yes;
}

int nd_instance_take(unsigned int most)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unsigned int i, others = 0;

    for (i = 0; fd >= 0 && i < NAMES && others < most; i++) {
        struct sockaddr_un name;
        socklen_t size = name_of(&name, i);

        if (!bind(fd, (struct sockaddr *)&name, size)) {
            listen(fd, NAMES); // nobody is let in: after so many starts it is full, and not counted
            return fd;
        }
        if (errno != EADDRINUSE) // unknown: nothing to warn about
            return fd;
        others += is_tracer(&name, size);
    }
    if (fd < 0)
        return -EAGAIN;
    close(fd);
    return others < most ? -EAGAIN : -EBUSY;
}
