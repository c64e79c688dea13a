// SPDX-License-Identifier: GPL-2.0-or-later
// Sends, receives and, if asked, echoes: batches with sendmmsg, drained after each batch so that
// no socket buffer overflows. Must not know tracing. Serves measure.c and the program traffic.
#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 32u

static double now_s(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int enter(const char *name)
{
    char path[200];
    int fd, err;

    if (!name)
        return 0;
    snprintf(path, sizeof(path), "/run/netns/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    err = setns(fd, CLONE_NEWNET);
    close(fd);
    return err;
}

static int bound(const char *addr, uint16_t port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), size = 4 << 20;

    inet_pton(AF_INET, addr, &sa.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    if (fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa))) {
        close(fd);
        return -1;
    }
    return fd;
}

static int connect_to(int fd, const char *addr, uint16_t port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};

    inet_pton(AF_INET, addr, &sa.sin_addr);
    return connect(fd, (struct sockaddr *)&sa, sizeof(sa));
}

int traffic_open(struct traffic *t)
{
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), err;
    const char *src = t->src_ns ? TRAFFIC_SRC : "127.0.0.1";
    const char *dst = t->dst_ns ? TRAFFIC_DST : "127.0.0.1";

    t->src = t->dst = -1;
    if (home < 0)
        return -1;
    if (enter(t->dst_ns) == 0)
        t->dst = bound(dst, TRAFFIC_DPORT);
    if (t->dst >= 0 && enter(t->src_ns) == 0)
        t->src = bound(src, TRAFFIC_SPORT);
    err = t->src < 0 || connect_to(t->src, dst, TRAFFIC_DPORT) ||
          connect_to(t->dst, src, TRAFFIC_SPORT);
    if (t->src_ns || t->dst_ns)
        err |= setns(home, CLONE_NEWNET);
    close(home);
    return err ? -1 : 0;
}

// Reads what a socket has; returns how many packets.
static uint32_t drain(int fd)
{
    static char data[BATCH][2048];
    struct mmsghdr m[BATCH];
    struct iovec v[BATCH];
    uint32_t n = 0;
    int got;

    memset(m, 0, sizeof(m));
    for (uint32_t i = 0; i < BATCH; i++) {
        v[i] = (struct iovec){data[i], sizeof(data[i])};
        m[i].msg_hdr = (struct msghdr){.msg_iov = &v[i], .msg_iovlen = 1};
    }
    while ((got = recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL)) > 0)
        n += (uint32_t)got;
    return n;
}

static int send_batch(int fd, uint32_t n, uint32_t bytes)
{
    static char data[2048];
    struct mmsghdr m[BATCH];
    struct iovec v = {data, bytes};
    uint32_t at = 0;

    memset(m, 0, sizeof(m));
    for (uint32_t i = 0; i < n; i++)
        m[i].msg_hdr = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1};
    while (at < n) {
        int sent = sendmmsg(fd, m + at, n - at, 0);

        if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ECONNREFUSED))
            continue; // ECONNREFUSED: an answer to an earlier packet
        if (sent < 0)
            return -1;
        at += (uint32_t)sent;
    }
    return 0;
}

int traffic_send(struct traffic *t, uint32_t count)
{
    uint32_t bytes = t->bytes && t->bytes <= 2048 ? t->bytes : 64;
    double start = now_s(), end;

    t->sent = t->got = t->echoed = 0;
    while (t->sent < count) {
        uint32_t n = count - t->sent < BATCH ? count - t->sent : BATCH, arrived;

        if (send_batch(t->src, n, bytes))
            return -1;
        t->sent += n;
        arrived = drain(t->dst);
        t->got += arrived;
        if (t->echo && arrived) {
            for (uint32_t left = arrived; left; left -= left < BATCH ? left : BATCH)
                if (send_batch(t->dst, left < BATCH ? left : BATCH, bytes))
                    return -1;
            t->echoed += drain(t->src);
        }
        while (t->rate && now_s() - start < (double)t->sent / t->rate)
            usleep(50);
    }
    end = now_s();
    t->per_second = (double)t->sent / (end - start);
    usleep(20000); // the last ones may still be on their way
    t->got += drain(t->dst);
    if (t->echo)
        t->echoed += drain(t->src);
    return 0;
}
