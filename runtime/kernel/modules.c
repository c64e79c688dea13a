// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's own messages about its objects (uevents), of which modules are some. Must not know
// probes. Serves attaching.
#include "runtime/kernel/modules.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KERNEL_EVENTS 1 // the multicast group of the kernel; udev's is 2

int nd_modules_open(void)
{
    struct sockaddr_nl at = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_EVENTS};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    int err;

    if (fd < 0)
        return -errno;
    if (!bind(fd, (struct sockaddr *)&at, sizeof(at)))
        return fd;
    err = -errno;
    close(fd);
    return err;
}

// The message is "ACTION@DEVPATH", then variables, each ended by a zero byte. Only root can send to
// the group, and only the kernel has port 0.
void nd_modules_read(int fd,
                     void (*fn)(void *arg, enum nd_modules_what what, const char *name, bool here),
                     void *arg)
{
    static const struct {
        const char *head;
        enum nd_modules_what what;
        bool here;
    } actions[] = {{"add@/module/", ND_MODULES_MODULE, true},
                   {"remove@/module/", ND_MODULES_MODULE, false},
                   {"online@/devices/system/cpu/cpu", ND_MODULES_CPU, true},
                   {"offline@/devices/system/cpu/cpu", ND_MODULES_CPU, false}};
    struct sockaddr_nl from;
    char text[4096];
    size_t i;

    for (;;) {
        socklen_t size = sizeof(from);
        ssize_t n = recvfrom(fd, text, sizeof(text) - 1, 0, (struct sockaddr *)&from, &size);

        if (n < 0 && (errno == EINTR || errno == ENOBUFS))
            continue; // lost some: what matters is asked again when the next one comes
        if (n < 0)
            return;
        text[n] = 0;
        for (i = 0; i < sizeof(actions) / sizeof(actions[0]) && !from.nl_pid; i++) {
            size_t len = strlen(actions[i].head);

            if (!strncmp(text, actions[i].head, len))
                fn(arg, actions[i].what, text + len, actions[i].here);
        }
    }
}

bool nd_module_loaded(const char *module)
{
    char path[128];

    snprintf(path, sizeof(path), "/sys/module/%s", module);
    return !access(path, F_OK);
}

int nd_module_btf_next(uint32_t *id, char name[ND_MODULE_NAME])
{
    while (!bpf_btf_get_next_id(*id, id)) {
        struct bpf_btf_info info;
        uint32_t size = sizeof(info);
        int fd = bpf_btf_get_fd_by_id(*id);

        if (fd < 0)
            continue; // gone in between
        memset(&info, 0, sizeof(info));
        name[0] = 0;
        info.name = (uintptr_t)name;
        info.name_len = ND_MODULE_NAME;
        if (!bpf_obj_get_info_by_fd(fd, &info, &size) && info.kernel_btf &&
            strcmp(name, "vmlinux") != 0)
            return fd;
        close(fd);
    }
    return -1;
}
