// SPDX-License-Identifier: GPL-2.0-or-later
// A known number of UDP packets from one network namespace to another, in one process.
// Serves measure.c and the program traffic.
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include <stdint.h>

#define TRAFFIC_SRC "10.77.0.1"
#define TRAFFIC_DST "10.77.0.2"
#define TRAFFIC_SPORT 40000
#define TRAFFIC_DPORT 5201

struct traffic {
    const char *src_ns, *dst_ns; // names below /run/netns, NULL: this one, over 127.0.0.1
    uint32_t packets;
    uint32_t rate;  // per second, 0: as fast as it goes
    uint32_t bytes; // of payload, 0: 64
    int echo;       // each packet is sent back
    // results, of the last traffic_send
    uint32_t sent, got, echoed;
    double per_second;
    int src, dst; // sockets
};

int traffic_open(struct traffic *t);                 // 0, or -1 with errno
int traffic_send(struct traffic *t, uint32_t count); // 0, or -1 with errno

#endif
