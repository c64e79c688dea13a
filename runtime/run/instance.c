// SPDX-License-Identifier: GPL-2.0-or-later
// How many of us trace at a time: each takes a name in the kernel's table of local sockets, which
// disappears with it however it ends, and leaves nothing in any folder. Names are those of
// one network namespace. Must not know scripts. Serves the run.
#include "runtime/run/instance.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int nd_instance_take(unsigned int most)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    unsigned int i;

    for (i = 0; fd >= 0 && i < most; i++) {
        struct sockaddr_un name = {.sun_family = AF_UNIX}; // begins with a zero: in no folder
        int n = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "ndtrace-tracing-%u", i);

        if (!bind(fd, (struct sockaddr *)&name,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)))
            return fd;
        if (errno != EADDRINUSE) // unknown: nothing to warn about
            return fd;
    }
    if (fd < 0)
        return -EAGAIN;
    close(fd);
    return -EBUSY;
}
