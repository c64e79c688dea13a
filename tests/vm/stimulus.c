// SPDX-License-Identifier: GPL-2.0-or-later
// Does a thing a known number of times, so that probes can be held to it: calls of kernel functions
// (in one thread, in several at once), of a function of its own, of a static probe, packets of a
// tap device. Must not know tracers. Serves tests/vm/tests.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sdt.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#define LEN 1000
#define THREADS 6    // by default
#define FIRST 100    // bytes of the first part of a datagram
#define SECOND 50    // of its second
#define FRAME 321    // bytes of a packet of the tap device
#define TAP "ndtap0" // its name
#define SEGMENT 1200 // bytes of a datagram that is part of a larger buffer

__attribute__((noinline)) long nd_target(long a, const char *text);
long nd_target(long a, const char *text)
{
    __asm__ volatile("" ::: "memory");
    return a * 2 + (long)strlen(text);
}

// vfs_fallocate(file, mode, offset, len): nothing else on an idle machine calls it.
static int fallocates(long n)
{
    int fd = memfd_create("stimulus", 0);
    long i, failed = 0;

    for (i = 0; i < n; i++) {
        if (fallocate(fd, 0, i, LEN))
            return 1;
        if (fallocate(fd, 0x1000, i, LEN)) // no such mode: -EOPNOTSUPP
            failed++;
    }
    printf("%ld good, %ld failed\n", n, failed);
    return failed != n;
}

// ---- several threads at once -------------------------------------------------------------------

struct worker {
    pthread_t thread;
    long id, n, failed;
};

static int together(long n, void *(*work)(void *))
{
    struct worker w[THREADS] = {0};
    const char *told = getenv("THREADS");
    long threads = told ? atol(told) : THREADS, i, failed = 0;

    for (i = 0; i < threads && i < THREADS; i++) {
        w[i].id = i;
        w[i].n = n;
        if (pthread_create(&w[i].thread, NULL, work, &w[i]))
            return 1;
    }
    while (i--) {
        pthread_join(w[i].thread, NULL);
        failed += w[i].failed;
    }
    printf("%ld threads, %ld failed\n", threads, failed);
    return failed != 0;
}

// Thread i: n times a length of LEN + i, of which every second with a mode that fails.
static void *fallocates_of(void *arg)
{
    struct worker *w = arg;
    int fd = memfd_create("worker", 0);
    long k;

    for (k = 0; k < w->n; k++)
        w->failed += (fallocate(fd, k % 2 ? 0x1000 : 0, k, LEN + w->id) != 0) != (k % 2);
    close(fd);
    return NULL;
}

static int fallocate_threads(long n)
{
    return together(n, fallocates_of);
}

// Thread i: n naps of 5 (6 - i) ms and i ns, so that who comes first leaves last.
static void *naps_of(void *arg)
{
    struct worker *w = arg;
    struct timespec t = {.tv_nsec = 5000000 * (THREADS - w->id) + w->id};
    long k;

    for (k = 0; k < w->n; k++)
        w->failed += nanosleep(&t, NULL) != 0;
    return NULL;
}

static int naps(long n)
{
    return together(n, naps_of);
}

// ---- system calls ------------------------------------------------------------------------------

// Datagrams of two parts: ip_append_data(..., FIRST + 8, 8, ..., MSG_MORE), then (..., SECOND, 8,
// ..., 0), which has nine parameters.
static int corks(long n)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(to);
    int in = socket(AF_INET, SOCK_DGRAM, 0), out = socket(AF_INET, SOCK_DGRAM, 0);
    char text[FIRST + SECOND] = {0};
    long i;

    if (bind(in, (struct sockaddr *)&to, size) || getsockname(in, (struct sockaddr *)&to, &size) ||
        connect(out, (struct sockaddr *)&to, size))
        return 1;
    for (i = 0; i < n; i++) {
        if (send(out, text, FIRST, MSG_MORE) != FIRST || send(out, text, SECOND, 0) != SECOND ||
            recv(in, text, sizeof(text), 0) != sizeof(text))
            return 1;
    }
    printf("%ld datagrams\n", n);
    return 0;
}

static int sysinfos(long n)
{
    struct sysinfo info;
    long i;

    for (i = 0; i < n; i++) {
        if (sysinfo(&info))
            return 1;
    }
    printf("%ld times\n", n);
    return 0;
}

// tcp_setsockopt(sk, level, optname, sockptr_t optval, optlen): the struct takes two words. With 4
// bytes, then with 3, which is too short: -EINVAL.
static int sockopts(long n)
{
    int s = socket(AF_INET, SOCK_STREAM, 0), v = 77;
    long i, failed = 0;

    for (i = 0; i < n; i++) {
        if (setsockopt(s, IPPROTO_TCP, TCP_KEEPIDLE, &v, 4))
            return 1;
        failed += setsockopt(s, IPPROTO_TCP, TCP_KEEPIDLE, &v, 3) != 0;
    }
    printf("%ld good, %ld failed\n", n, failed);
    return failed != n;
}

// ---- a tap device ------------------------------------------------------------------------------

static int tap_up(struct ifreq *r)
{
    int tap = open("/dev/net/tun", O_RDWR), s = socket(AF_INET, SOCK_DGRAM, 0), rc;

    r->ifr_flags = IFF_TAP | IFF_NO_PI;
    if (tap < 0 || ioctl(tap, TUNSETIFF, r))
        return -1;
    r->ifr_flags = IFF_UP | IFF_RUNNING;
    rc = ioctl(s, SIOCSIFFLAGS, r);
    close(s);
    return rc ? -1 : tap;
}

// n frames to a tap device, and n that come from it.
static int taps(long n)
{
    struct ifreq r = {.ifr_name = TAP};
    int tap = tap_up(&r), raw = socket(AF_PACKET, SOCK_RAW, 0);
    unsigned char frame[FRAME] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
    struct sockaddr_ll at = {.sll_family = AF_PACKET};
    long i;

    if (tap < 0 || raw < 0)
        return 1;
    at.sll_ifindex = (int)if_nametoindex(TAP);
    if (bind(raw, (struct sockaddr *)&at, sizeof(at)))
        return 1;
    for (i = 0; i < n; i++) {
        if (write(raw, frame, FRAME) != FRAME || write(tap, frame, FRAME) != FRAME)
            return 1;
    }
    printf("%ld there, %ld back\n", n, n);
    return 0;
}

// n datagrams to the tap device that say that they are to become segments of TCP.
static int gso(long n)
{
    struct ifreq r = {.ifr_name = TAP};
    int tap = tap_up(&r), raw = socket(AF_PACKET, SOCK_RAW, 0), yes = 1;
    struct {
        struct virtio_net_hdr says;
        unsigned char frame[1400];
    } __attribute__((packed))
    packet = {.says = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                       .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                       .hdr_len = 54,
                       .gso_size = 500,
                       .csum_start = 34,
                       .csum_offset = 16},
              .frame = {2,  0,           0,    0,    0,    1,         2,          0, 0,  0, 0,
                        2,  8,           0,    0x45, 0,    1386 >> 8, 1386 & 255, 0, 1,  0, 0,
                        64, IPPROTO_UDP, 0,    0,    10,   9,         0,          1, 10, 9, 0,
                        2,  0x13,        0x88, 0x13, 0x89, 1366 >> 8, 1366 & 255}};
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(0x0800)};
    long i;

    at.sll_ifindex = (int)if_nametoindex(TAP);
    if (tap < 0 || setsockopt(raw, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof(yes)) ||
        bind(raw, (struct sockaddr *)&at, sizeof(at)))
        return 1;
    for (i = 0; i < n; i++) {
        // The kernel refuses to cut it, once it is at the device.
        if (write(raw, &packet, sizeof(packet)) != (ssize_t)sizeof(packet) && errno != EINVAL)
            return 1;
    }
    return 0;
}

// The frame of hexadecimal digits, n times out of the device. ':' and '.' between them mean
// nothing.
static int frames(const char *dev, long n, const char *hex)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(dev)};
    int raw = socket(AF_PACKET, SOCK_RAW, 0), digits = 0;
    unsigned char frame[2048] = {0};
    long i;

    for (; *hex; hex++) {
        static const char all[] = "0123456789abcdef";
        const char *d = strchr(all, *hex);

        if (!d)
            continue;
        if (digits == 2 * sizeof(frame))
            return 2;
        frame[digits / 2] |= (unsigned char)((d - all) << (digits % 2 ? 0 : 4));
        digits++;
    }
    if (raw < 0 || bind(raw, (struct sockaddr *)&at, sizeof(at)))
        return 1;
    for (i = 0; i < n; i++) {
        if (write(raw, frame, (size_t)digits / 2) != digits / 2)
            return 1;
    }
    return 0;
}

// n buffers of so many bytes to port 5001 of the address, each to become datagrams of SEGMENT bytes
// (UDP_SEGMENT).
static int segments(const char *address, long n, size_t bytes)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(5001)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(5001)};
    bool is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
    int s = socket(is_six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0), size = SEGMENT;
    struct sockaddr *to = is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four;
    static char data[65000];

    if ((!is_six && inet_pton(AF_INET, address, &four.sin_addr) != 1) || bytes > sizeof(data))
        return 2;
    if (setsockopt(s, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)) ||
        connect(s, to, is_six ? sizeof(six) : sizeof(four)))
        return 1;
    while (n--) {
        if (send(s, data, bytes, 0) != (ssize_t)bytes && errno != ECONNREFUSED)
            return 1;
    }
    return 0;
}

// ---- a segment that is out of the window -------------------------------------------------------

// Connects to port 7001 of the address, and sends n segments of that connection that are far ahead
// of it.
static int ahead(const char *address, long n)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7001)}, own = {0};
    socklen_t size = sizeof(own);
    int s = socket(AF_INET, SOCK_STREAM, 0), raw = socket(AF_INET, SOCK_RAW, IPPROTO_TCP), on = 1,
        queues[] = {TCP_RECV_QUEUE, TCP_SEND_QUEUE};
    unsigned next[2] = {0}, sum = 0, i;
    struct {
        struct in_addr from, to;
        unsigned short proto, length;
        struct tcphdr tcp;
        char data[10];
    } __attribute__((packed))
    packet = {.proto = htons(IPPROTO_TCP), .length = htons(sizeof(struct tcphdr) + 10)};
    const unsigned char *bytes = (const unsigned char *)&packet;

    if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
        connect(s, (struct sockaddr *)&to, sizeof(to)) ||
        getsockname(s, (struct sockaddr *)&own, &size) ||
        setsockopt(s, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)))
        return 1;
    for (i = 0; i < 2; i++) {
        size = sizeof(*next);
        if (setsockopt(s, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queues[i], sizeof(*queues)) ||
            getsockopt(s, IPPROTO_TCP, TCP_QUEUE_SEQ, &next[i], &size))
            return 1;
    }
    packet.from = own.sin_addr;
    packet.to = to.sin_addr;
    packet.tcp.source = own.sin_port;
    packet.tcp.dest = to.sin_port;
    packet.tcp.ack_seq = htonl(next[0]);
    packet.tcp.seq = htonl(next[1] + 1000000000);
    packet.tcp.ack = 1;
    packet.tcp.doff = 5;
    packet.tcp.window = htons(1000);
    for (i = 0; i + 1 < sizeof(packet); i += 2)
        sum += (unsigned)(bytes[i] << 8 | bytes[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    packet.tcp.check = htons((unsigned short)~(sum + (sum >> 16)));
    to.sin_port = 0;
    while (n--) {
        if (sendto(raw, &packet.tcp, sizeof(packet.tcp) + sizeof(packet.data), 0,
                   (struct sockaddr *)&to, sizeof(to)) < 0)
            return 1;
    }
    on = TCP_REPAIR_OFF_NO_WP;
    setsockopt(s, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on));
    close(s);
    return 0;
}

// ---- own functions -----------------------------------------------------------------------------

static int targets(long n)
{
    long i, sum = 0;

    for (i = 0; i < n; i++) {
        sum += nd_target(i, "abc");
        DTRACE_PROBE2(ndtest, step, i, "abc");
    }
    printf("sum %ld\n", sum);
    return 0;
}

static int spin(long ms)
{
    struct timespec t;
    long end;

    clock_gettime(CLOCK_MONOTONIC, &t);
    end = t.tv_sec * 1000 + t.tv_nsec / 1000000 + ms;
    do
        clock_gettime(CLOCK_MONOTONIC, &t);
    while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < end);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(long n);
    } things[] = {{"fallocate", fallocates},
                  {"fallocate_threads", fallocate_threads},
                  {"nap", naps},
                  {"cork", corks},
                  {"sysinfo", sysinfos},
                  {"sockopt", sockopts},
                  {"tap", taps},
                  {"gso", gso},
                  {"target", targets},
                  {"spin", spin}};
    size_t i;

    if (argc == 5 && !strcmp(argv[1], "frame"))
        return frames(argv[2], atol(argv[3]), argv[4]);
    if (argc == 4 && !strcmp(argv[1], "ahead"))
        return ahead(argv[2], atol(argv[3]));
    if (argc == 5 && !strcmp(argv[1], "segments"))
        return segments(argv[2], atol(argv[3]), (size_t)atol(argv[4]));
    for (i = 0; argc == 3 && i < sizeof(things) / sizeof(*things); i++) {
        if (!strcmp(argv[1], things[i].name))
            return things[i].run(atol(argv[2]));
    }
    fprintf(stderr, "usage: stimulus frame DEV N HEX, stimulus segments ADDRESS N BYTES, stimulus "
                    "ahead ADDRESS N, stimulus THING N: ");
    for (i = 0; i < sizeof(things) / sizeof(*things); i++)
        fprintf(stderr, "%s%s", things[i].name,
                i + 1 < sizeof(things) / sizeof(*things) ? ", " : "\n");
    return 2;
}
